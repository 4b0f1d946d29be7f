"""The office fills the shop: words in each language, pictures, prices; the shelves follow at once."""

import io
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from app import models as m
from app.services.shop import shelves
from tests import makers


@pytest.fixture
def admin(app: Flask, session: Session) -> FlaskClient:
    person = makers.user(session, "administrator")
    session.commit()
    return makers.sign_in(app.test_client(), person)


@pytest.fixture
def plan(session: Session) -> m.Plan:
    plan = makers.plan(session, makers.seller(session), price="100.0000")
    shelves.stock(session, plan.seller_id)
    session.commit()
    return plan


def form_of(client: FlaskClient, path: str) -> dict[str, str]:
    """What the form holds now, as a browser would send it."""
    page = client.get(path).get_data(as_text=True)
    found = {
        name: value
        for tag in re.findall(r"<input[^>]*>", page)
        if (name := attribute(tag, "name")) and attribute(tag, "type") not in ("checkbox", "file", "search")
        for value in [attribute(tag, "value")]
    }
    found |= {
        attribute(tag, "name"): "y" for tag in re.findall(r'<input[^>]*type="checkbox"[^>]*>', page) if "checked" in tag
    }
    for tag, inside in re.findall(r"(<select[^>]*>)(.*?)</select>", page, re.S):
        chosen = re.search(r'<option[^>]*selected[^>]*value="([^"]*)"|<option[^>]*value="([^"]*)"[^>]*selected', inside)
        found[attribute(tag, "name")] = (chosen[1] or chosen[2] or "") if chosen else ""
    for tag, inside in re.findall(r"(<textarea[^>]*>)(.*?)</textarea>", page, re.S):
        found[attribute(tag, "name")] = inside.strip()
    return {name: value for name, value in found.items() if name}


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return found[1] if found else ""


def png() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (30, 30), "blue").save(out, "PNG")
    out.seek(0)
    return out


def cards(session: Session) -> dict[str, m.Shelf]:
    session.expire_all()
    rows = session.execute(sa.select(m.ShopWindow.locale, m.Shelf).join(m.Shelf, m.Shelf.window_id == m.ShopWindow.id))
    return {locale: shelf for locale, shelf in rows}


def test_a_product_gets_its_words_and_picture_and_stands_on_the_shelves_so(app, session, admin, plan):
    path = f"/office/products/edit/{plan.product_id}"
    form = form_of(admin, path)
    form |= {
        "translations-pl-name": "Chmura",
        "translations-pl-description": "Mała",
        "position": "7",
        "kind": "licence",
    }
    answer = admin.post(path, data={**form, "image": (png(), "cloud.png")}, content_type="multipart/form-data")
    assert answer.status_code == 302, re.findall(r"kb-error.*?</div>", answer.get_data(as_text=True), re.S)

    product = session.get_one(m.Product, plan.product_id, populate_existing=True)
    assert product.translations == {"pl": {"name": "Chmura", "description": "Mała"}}
    assert (product.kind, product.position, len(product.image)) == ("licence", 7, 64)
    shown = cards(session)
    assert (shown["pl"].name, shown[""].name, shown["pl"].position) == ("Chmura", product.name, 7)
    assert app.test_client().get(f"/shop/picture/{product.image}").status_code == 200

    again = form_of(admin, path)
    assert again["translations-pl-name"] == "Chmura"
    admin.post(path, data=again, content_type="multipart/form-data")  # sent as it is, nothing is lost
    kept = session.get_one(m.Product, plan.product_id, populate_existing=True)
    assert (kept.image, kept.translations) == (product.image, {"pl": {"name": "Chmura", "description": "Mała"}})
    admin.post(
        path, data={**again, "image-remove": "1", "translations-pl-name": ""}, content_type="multipart/form-data"
    )
    gone = session.get_one(m.Product, plan.product_id, populate_existing=True)
    assert (gone.image, gone.translations) == ("", {"pl": {"description": "Mała"}})


def test_a_file_that_is_no_picture_is_refused_with_the_reason(session, admin, plan):
    path = f"/office/products/edit/{plan.product_id}"
    bad = {**form_of(admin, path), "image": (io.BytesIO(b"<svg onload=alert(1)>"), "x.png")}
    page = admin.post(path, data=bad, content_type="multipart/form-data")
    assert page.status_code == 200 and "This is not a picture" in page.get_data(as_text=True)
    assert session.get_one(m.Product, plan.product_id, populate_existing=True).image == ""


def test_a_changed_price_and_a_plan_off_sale_are_on_the_shelves_at_once(session, admin, plan):
    price = plan.components[0].prices[0]
    path = f"/office/prices/edit/{price.id}"
    assert admin.post(path, data={**form_of(admin, path), "unit_price": "55.5"}).status_code == 302
    assert str(cards(session)[""].price) == "55.5000"
    path = f"/office/plans/edit/{plan.id}"
    form = form_of(admin, path)
    assert form["platform"] == "simulated"
    form.pop("is_on_sale", None)
    assert admin.post(path, data=form).status_code == 302
    assert cards(session) == {}


def test_a_category_stands_inside_another_but_never_inside_of_itself(session, admin):
    cloud = makers._put(session, m.Category(code="cloud", name="Хмара"))
    inside = makers._put(session, m.Category(code="inside", name="Усередині", parent_id=cloud.id))
    session.commit()
    path = f"/office/categories/edit/{cloud.id}"
    form = form_of(admin, path) | {"icon": "fa-cloud", "position": "3", "translations-en-name": "Cloud"}
    assert admin.post(path, data=form).status_code == 302
    kept = session.get_one(m.Category, cloud.id, populate_existing=True)
    assert (kept.icon, kept.position, kept.translations) == ("fa-cloud", 3, {"en": {"name": "Cloud"}})
    page = admin.post(path, data={**form, "parent": str(inside.id)})
    assert "inside of itself" in page.get_data(as_text=True)
    assert session.get_one(m.Category, cloud.id, populate_existing=True).parent_id is None


def test_a_plan_with_a_card_can_be_deleted_and_the_card_goes(session, admin, plan):
    second = makers._put(
        session,
        m.Plan(seller_id=plan.seller_id, product_id=plan.product_id, code="empty", name="Порожній", currency="UAH"),
    )
    session.commit()
    token = {"csrf_token": form_of(admin, f"/office/plans/edit/{second.id}")["csrf_token"]}
    assert admin.post(f"/office/plans/delete/{second.id}", data=token).status_code == 302
    assert session.get(m.Plan, second.id, populate_existing=True) is None
    assert cards(session)[""].plan_id == plan.id
