"""A person's own pages: picture, names, sessions, confidentiality, a copy of one's data, requests about it."""

import csv
import datetime as dt
import io
from functools import partial

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.core.errors import Refused
from app.models import AuditEvent, DataWish, Job, PrivacyPolicy, User
from app.services import avatars, notices
from jobs.context import perform_job
from tests import makers
from tests.views import forms
from tests.views.forms import letters

post = partial(forms.post, page="/profile/")


@pytest.fixture
def olga(session: Session) -> User:
    made = makers.user(session, Role.OWNER, makers.company(session))
    made.email = "olga@example.org"
    session.commit()
    return made


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 320)) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **({"exif": b"Exif\x00\x00secret-place"} if kind == "JPEG" else {}))
    out.seek(0)
    return out


@pytest.mark.covers("SMC-36", "SMC-37", "AST-013", "AST-019")
def test_the_click_on_ones_name_leads_to_ones_own_page(app: Flask, session: Session, olga: User) -> None:
    client = makers.sign_in(app.test_client(), olga)
    home = client.get("/").get_data(as_text=True)
    assert f'<a href="/profile/"><strong>{olga.get_full_name()}</strong></a>' in home
    page = client.get("/profile/").get_data(as_text=True)
    for thing in ("olga@example.org", "Purchase history", "/my/payments/", "/profile/safety", "/profile/data"):
        assert thing in page
    for section in ("/profile/safety", "/profile/confidentiality", "/profile/data", "/profile/factors/"):
        assert client.get(section).status_code == 200
    post(client, "/profile/edit", first_name="Ольга", last_name="Нова", display_name="Olga N")
    session.expire_all()
    assert (olga.last_name, olga.display_name) == ("Нова", "Olga N")


@pytest.mark.covers("AST-025")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_cropped_shown_and_removed(app: Flask, session: Session, olga: User, kind: str) -> None:
    client = makers.sign_in(app.test_client(), olga)
    post(client, "/profile/picture", picture=(picture(kind), "me"))
    session.expire_all()
    assert olga.avatar and f"/profile/picture/{olga.avatar}" in client.get("/").get_data(as_text=True)
    answer = client.get(f"/profile/picture/{olga.avatar}")
    assert answer.mimetype == "image/png" and b"secret-place" not in answer.data
    assert Image.open(io.BytesIO(answer.data)).size == (256, 256)
    other = makers.user(session, Role.EMPLOYEE, olga.company)
    session.commit()
    assert makers.sign_in(app.test_client(), other).get(f"/profile/picture/{olga.avatar}").status_code == 404
    post(client, "/profile/picture", remove="1")
    session.expire_all()
    assert olga.avatar is None


@pytest.mark.parametrize(
    "content", [b"<svg onload='x'/>", b"GIF89a" + b"\0" * 50, b"\x89PNG\r\n\x1a\n broken", b"x" * 2_100_000]
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        avatars.square(content)


def test_one_signs_out_on_another_device(app: Flask, session: Session, olga: User) -> None:
    lost, client = (makers.sign_in(app.test_client(), olga) for _ in range(2))
    page = client.get("/profile/safety").get_data(as_text=True)
    assert page.count("Sign out there") == 1 and "This device" in page
    number = int(page.split("/profile/sessions/")[1].split("/")[0])
    post(client, f"/profile/sessions/{number}/end")
    assert lost.get("/profile/").status_code == 302 and client.get("/profile/").status_code == 200
    stranger = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    theirs = makers.sign_in(app.test_client(), stranger)
    mine = client.get("/profile/safety").get_data(as_text=True)
    assert "Sign out there" not in mine
    assert post(theirs, "/profile/sessions/1/end").status_code == 404


@pytest.mark.covers("AST-020")
def test_the_privacy_policy_tells_what_changed_and_what_was_done(app: Flask, session: Session, olga: User) -> None:
    since = {"seller_id": olga.company.seller_id, "locale": "en", "title": "Privacy"}
    session.add(PrivacyPolicy(**since, version=1, body="We keep little.", valid_from=dt.date(2026, 1, 1)))
    session.add(
        PrivacyPolicy(**since, version=2, body="Less.", changes="Calls go.", valid_from=clock.today() + dt.timedelta(9))
    )
    session.commit()
    client = makers.sign_in(app.test_client(), olga)
    page = client.get("/profile/confidentiality").get_data(as_text=True)
    assert "Calls go." in page and "Announced" in page and "We keep little." in page and "Signed in" in page


@pytest.mark.covers("AST-021")
def test_a_copy_of_ones_data_comes_by_mail(app: Flask, session: Session, olga: User) -> None:
    olga.first_name = "=cmd|calc"
    session.commit()
    client = makers.sign_in(app.test_client(), olga)
    assert "/jobs/" in post(client, "/profile/data/export").location
    post(client, "/profile/data/export")
    job = session.query(Job).filter_by(name="personal_data").one()  # asked twice, made once
    perform_job(session, app.config["KABINET"], job.id)
    letter = letters(app, session)[-1]
    assert letter.recipient == "olga@example.org"
    path = app.config["KABINET"].data_dir / f"results/{job.id}/personal-data.csv"
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert ["person", "e-mail", "olga@example.org"] in rows and ["person", "first name", "'=cmd|calc"] in rows
    assert any(row[0] == "actions" and "user.sign_in" in row[2] for row in rows)


@pytest.mark.covers("AST-022")
def test_personal_data_are_erased_and_documents_stay(app: Flask, session: Session, olga: User) -> None:
    clerk, chief = makers.user(session, Role.EMPLOYEE, olga.company), makers.user(session, Role.ADMINISTRATOR)
    clerk.email, clerk.phone, name = "clerk@example.org", "+380671234567", clerk.get_full_name()
    session.commit()
    client = makers.sign_in(app.test_client(), clerk)
    post(client, "/profile/data/ask", kind="erase", note="I leave")
    wish = session.query(DataWish).one()
    staff = makers.sign_in(app.test_client(), chief)
    assert "I leave" in staff.get("/office/data-wishes/").get_data(as_text=True)
    post(staff, f"/office/data-wishes/{wish.id}", decision="refuse")
    session.expire_all()
    assert wish.state == "new"  # a refusal says why
    post(staff, f"/office/data-wishes/{wish.id}", decision="do", reason="")
    session.expire_all()
    gone = session.get(User, clerk.id)
    assert wish.state == "done" and gone.deleted_at and name not in gone.get_full_name()
    assert gone.phone is None and gone.email != "clerk@example.org" and client.get("/profile/").status_code == 302
    assert session.query(AuditEvent).filter_by(user_id=clerk.id).count() > 0  # the trail stays
    assert letters(app, session)[-1].recipient == "clerk@example.org"


@pytest.mark.covers("AST-023")
def test_the_use_of_data_is_restricted_and_released(app: Flask, session: Session, olga: User) -> None:
    chief = makers.user(session, Role.ADMINISTRATOR)
    session.commit()
    client, staff = makers.sign_in(app.test_client(), olga), makers.sign_in(app.test_client(), chief)
    post(client, "/profile/data/ask", kind="restrict")
    post(client, "/profile/data/ask", kind="erase")
    wish = session.query(DataWish).one()  # one at a time
    post(staff, f"/office/data-wishes/{wish.id}", decision="do")
    session.expire_all()
    assert olga.restricted_at and "olga@example.org" not in staff.get(f"/office/people/?q={olga.username}").get_data(
        as_text=True
    )
    assert not notices.readers_of(session, [olga.company_id], ["cabinet_payments.read"])
    post(client, "/profile/data/ask", kind="release")
    post(client, f"/profile/data/{session.query(DataWish).filter_by(state='new').one().id}/cancel")
    assert olga.restricted_at and client.get("/my/documents/").status_code == 200


@pytest.mark.covers("SMC-39", "SMC-66")
def test_the_menu_leads_to_ones_own_things_and_licences_stand_apart(app: Flask, session: Session, olga: User) -> None:
    account = makers.account(session, olga.company)
    for name, kind in (("Office on site", "licence"), ("Cloud mail", "service")):
        plan = makers.plan(session, olga.company.seller)
        plan.product.kind = kind
        makers.subscription(session, account, plan, name=name)
    session.commit()
    client = makers.sign_in(app.test_client(), olga)
    page = client.get("/my/subscriptions/licences").get_data(as_text=True)
    assert "Office on site" in page and "Cloud mail" not in page
    for address in ("/profile/", "/forgotten/", "/my/orders/", "/my/payments/", "/my/subscriptions/"):
        assert f'href="{address}"' in page


@pytest.mark.covers("SMC-37")
def test_an_employee_is_led_only_to_pages_that_open(app: Flask, session: Session, olga: User) -> None:
    petro = makers.user(session, Role.EMPLOYEE, olga.company)
    session.commit()
    client = makers.sign_in(app.test_client(), petro)
    page = client.get("/profile/").get_data(as_text=True)
    assert "/my/subscriptions/" in page and "/my/orders/" not in page and "/my/payments/" not in page
    assert client.get("/my/subscriptions/").status_code == 200
