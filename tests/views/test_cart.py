"""The cart in the browser's eyes: strangers, people of a company, and what they read there."""

import datetime as dt
import re
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.services.shop import carts
from tests import makers

DAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def on_22_november(app):
    with clock.standing_at(DAY):
        yield


@pytest.fixture
def client(app):
    return in_english(app)


def in_english(app):
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def seller(session):
    session.add(m.TaxRate(country="UA", category="standard", rate_bp=2000, valid_from=dt.date(2020, 1, 1)))
    return makers.seller(session)


@pytest.fixture
def company(session, seller):
    made = makers.company(session, seller)
    makers.account(session, made)
    return made


def words(page):
    page = page.get_data(as_text=True)
    page = page[page.find("<main") : page.find("</main")] if "<main" in page else page
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


def token(client, address="/cart/"):
    return makers._token(client.get(address).get_data(as_text=True))


def send(client, address, **fields):
    """A POST with the CSRF token, followed."""
    fields = {"csrf_token": token(client, "/shop/"), **fields}
    return client.post(address, data=fields, follow_redirects=True)


def terms(session, seller):
    return makers._put(
        session,
        m.Agreement(
            seller_id=seller.id, version=1, locale="en", title="Terms", body="…", valid_from=dt.date(2020, 1, 1)
        ),
    )


@pytest.fixture
def server(session, seller):
    """A server for 660.00 a month with addresses to choose and traffic paid as used."""
    plan = makers.plan(session, seller, "600.0000", name="Server S")
    part = {"charged": "period", "minimum": D(0), "maximum": D(8), "step": D(1)}
    makers.component(session, plan, "60.0000", code="ipv4", name="IPv4", unit="pcs", **part)
    makers.component(session, plan, "0.5000", code="gib", name="Traffic", unit="GiB", charged="usage", included=D(5120))
    session.commit()
    session.expire_all()
    return plan


def put(client, plan, **more):
    return send(client, "/cart/add", **{"plan": plan.id, "quantity": "1", "months": "1", "p_ipv4": "1", **more})


@pytest.mark.covers("SMC-46", "SMC-48", "SMC-49", "SMC-51", "AST-078", "AST-079", "AST-080", "AST-147")
def test_a_stranger_reads_what_is_paid_now_and_what_comes_next(client, session, server):
    page = put(client, server)
    text = words(page)
    assert page.request.path == "/cart/"
    for said in (
        "It is in the cart.",
        "Picture Products Price Quantity Total Remove",
        f"#{server.id}",
        "Purchase for 1 month, until Nov 30, 2026",
        "then: 660.00 ₴ per month",
        "Tax in the price: 33.00 ₴",
        "Service Value Limit Until Nov 30, 2026 Then for 1 month",
        "IPv4 1 pcs 18.00 ₴ 60.00 ₴",
        "Traffic 5,120 GiB Present as used: 0.50 ₴ per GiB",
        "Subtotal 198.00 ₴ Delivery Not required Tax, in the total 33.00 ₴ Total 198.00 ₴",
        "660.00 ₴ (without discounts) will be charged on Nov 30, 2026 and then on the last day of each month.",
        "Continue shopping",
        "Check out",
    ):
        assert said in text, said
    assert 'action="/cart/update"' in page.get_data(as_text=True)


@pytest.mark.covers("AST-078")
def test_tax_that_the_list_price_does_not_have_is_told(client, session, seller):
    plan = makers.plan(session, seller, "600", tax_included=False)
    session.commit()
    assert "Tax that the list price does not have: 36.00 ₴" in words(put(client, plan))


@pytest.mark.covers("SMC-47")
def test_the_header_counts_the_cart_and_shows_it_quickly(client, session, server):
    put(client, server, quantity="2")
    assert "Cart (1)" in client.get("/shop/").get_data(as_text=True)
    text = words(client.get("/cart/mini"))
    assert "Server S" in text and "198.00 ₴ × 2 396.00 ₴" in text and "Show the cart" in text


@pytest.mark.covers("SMC-49", "AST-082")
def test_quantities_are_updated_lines_edited_and_removed(client, session, server):
    put(client, server)
    item = session.scalars(sa.select(m.CartItem)).one()
    page = send(client, "/cart/update", do="update", shown=item.id, chosen=item.id, **{f"quantity_{item.id}": "3"})
    assert "Total 594.00 ₴" in words(page)
    edit = client.get(f"/cart/item/{item.id}").get_data(as_text=True)
    assert 'type="range" min="0" max="8" step="1" value="1"' in edit
    page = send(client, f"/cart/item/{item.id}", p_ipv4="8", months="12", quantity="1", auto_renew="1")
    assert "12 months" in words(page) and "IPv4 8 pcs" in words(page)
    wrong = send(client, f"/cart/item/{item.id}", p_ipv4="9", months="12", quantity="1")
    assert "IPv4: at most 8. Choose less." in words(wrong)
    assert "The cart is empty." in words(send(client, "/cart/update", do=f"remove:{item.id}", shown=item.id))


@pytest.mark.covers("AST-081")
def test_lines_are_selected_all_or_some_and_removed_together(client, session, seller, server):
    other = makers.plan(session, seller, "300")
    session.commit()
    put(client, server)
    put(client, other)
    first, second = session.scalars(sa.select(m.CartItem).order_by(m.CartItem.id)).all()
    both = {"shown": [first.id, second.id]}
    assert "Total 90.00 ₴" in words(send(client, "/cart/update", do="update", chosen=second.id, **both))
    assert "Choose products to go on." in words(send(client, "/cart/update", do="none", **both))
    assert "Total 288.00 ₴" in words(send(client, "/cart/update", do="all", **both))
    page = send(client, "/cart/update", do="remove-chosen", chosen=first.id, **both)
    assert "Cart 1 line" in words(page) and "Server S" not in words(page)
    assert "Hide all details" in words(client.get("/cart/?details=all"))


@pytest.mark.covers("SMC-50", "AST-082")
def test_codes_are_entered_for_the_order_or_a_product_and_guessing_is_slowed(client, session, seller, server):
    since = {"valid_from": dt.date(2026, 1, 1)}
    session.add(m.Promotion(seller_id=seller.id, code="TEN", name="Autumn", percent_bp=1000, **since))
    half = m.Promotion(
        seller_id=seller.id, code="HALF", name="Half", percent_bp=5000, product_id=server.product_id, **since
    )
    session.add(half)
    session.commit()
    put(client, server)
    item = session.scalars(sa.select(m.CartItem)).one()
    line = {"shown": item.id, "chosen": item.id}
    text = words(send(client, "/cart/update", do="promo", promo="ten", **line))
    assert "Discount Autumn −19.80 ₴" in text and "Total 178.20 ₴" in text
    send(client, "/cart/update", do="promo-off", **line)
    assert text == words(send(client, "/cart/update", do="update", promo="ten", **line))  # Enter in the field
    text = words(send(client, "/cart/update", do=f"line-promo:{item.id}", **{f"promo_{item.id}": "half"}, **line))
    assert "Promo code of this product: HALF" in text and "Total 99.00 ₴" in text
    send(client, "/cart/update", do=f"line-promo-off:{item.id}", **line)
    assert "Total 198.00 ₴" in words(send(client, "/cart/update", do="promo-off", **line))
    for _ in range(5):
        text = words(send(client, "/cart/update", do="promo", promo="GUESS", **line))
        assert "There is no promo code GUESS." in text
    assert "Too many wrong promo codes." in words(send(client, "/cart/update", do="promo", promo="TEN", **line))


@pytest.mark.covers("SMC-53")
def test_nothing_is_ordered_before_the_terms_are_accepted(client, session, seller, server):
    terms(session, seller)
    session.commit()
    put(client, server)
    item = session.scalars(sa.select(m.CartItem)).one()
    line = {"do": "checkout", "shown": item.id, "chosen": item.id}
    assert "Tick that you accept the terms" in words(send(client, "/cart/update", **line))
    page = send(client, "/cart/update", agree="1", **line)
    assert page.request.path == "/cart/enter" and "Who is ordering?" in words(page)
    again = put(client, server, do="pay")  # the terms are accepted for this visit
    assert again.request.path == "/cart/enter"


@pytest.mark.covers("AST-145")
def test_a_product_is_paid_at_once_and_renews_only_where_it_was_ticked(client, session, seller, server):
    terms(session, seller)
    dns = makers.plan(session, seller, "100.0000", name="DNS")
    session.commit()
    put(client, dns)
    page = put(client, server, do="pay", renewal="asked")
    assert "Accept the terms there and go on." in words(page)
    lines = {one.plan_id: one for one in session.scalars(sa.select(m.CartItem))}
    assert [lines[dns.id].is_selected, lines[server.id].is_selected] == [False, True]
    assert lines[dns.id].auto_renew and not lines[server.id].auto_renew
    put(client, server, renewal="asked", auto_renew="1")
    session.expire_all()
    assert lines[server.id].auto_renew


def test_a_line_that_is_no_longer_sold_says_so_and_cannot_be_chosen(client, session, server):
    put(client, server)
    server.is_on_sale = False
    session.commit()
    page = client.get("/cart/")
    assert "«Server S» is no longer sold. Remove it from the cart." in words(page)
    assert re.search(r'name="chosen" value="\d+" disabled', page.get_data(as_text=True))


def test_the_cart_survives_signing_in(client, session, company, server):
    owner = makers.user(session, "owner", company, locale="en")
    session.commit()
    put(client, server)
    makers.sign_in(client, owner)
    page = client.get("/cart/")
    assert "Server S" in words(page) and "Cart (1)" in page.get_data(as_text=True)
    assert "Cart (1)" in client.get("/").get_data(as_text=True)
    session.expire_all()
    assert [(c.user_id, c.company_id) for c in session.scalars(sa.select(m.Cart))] == [(owner.id, company.id)]
    with client.session_transaction() as kept:
        assert "cart_key" not in kept


def test_nobody_opens_the_line_of_another_cart(app, client, session, company, server):
    put(client, server)
    line = session.scalars(sa.select(m.CartItem)).one()
    stranger, person = in_english(app), in_english(app)
    owner = makers.user(session, "owner", company, locale="en")
    session.commit()
    makers.sign_in(person, owner)
    for other in (stranger, person):
        assert other.get(f"/cart/item/{line.id}").status_code == 404
        put(other, server)
        fields = {"csrf_token": token(other), "do": f"remove:{line.id}"}
        assert other.post("/cart/update", data=fields).status_code == 404
    assert session.scalar(sa.select(sa.func.count(m.CartItem.id))) == 3


def test_who_may_not_buy_has_no_cart(client, session, company, server):
    reader = makers.user(session, "reader", company)
    session.commit()
    makers.sign_in(client, reader)
    assert "data-kb-cart" not in client.get("/shop/").get_data(as_text=True)
    fields = {"csrf_token": token(client, "/shop/"), "plan": server.id}
    answer = client.post("/cart/add", data=fields, follow_redirects=True)
    assert "You may not buy for your company" in answer.get_data(as_text=True)
    assert session.query(m.CartItem).count() == 0


def test_a_page_of_twenty_lines_asks_the_database_eight_times_at_most(client, session, seller, company):
    owner = makers.user(session, "owner", company, locale="en")
    cart = makers._put(session, m.Cart(key="k", user_id=owner.id, company_id=company.id, currency="UAH"))
    for _ in range(20):
        plan = makers.plan(session, seller)
        session.add(m.CartItem(cart_id=cart.id, company_id=company.id, plan_id=plan.id))
    session.add(m.Promotion(seller_id=seller.id, code="TEN", name="", percent_bp=1000, valid_from=dt.date(2026, 1, 1)))
    cart.promo_code = "TEN"
    terms(session, seller)
    session.commit()
    makers.sign_in(client, owner)
    client.get("/cart/")
    seen = []
    engine = session.get_bind()
    listen = lambda *args: seen.append(args[2])  # noqa: E731
    sa.event.listen(engine, "before_cursor_execute", listen)
    for address in ("/cart/", "/cart/mini"):
        seen.clear()
        assert client.get(address).status_code == 200
        assert len(seen) <= 8, "\n".join(seen)
    sa.event.remove(engine, "before_cursor_execute", listen)


def test_old_carts_of_strangers_are_cleared_away(client, session, server):
    put(client, server)
    with clock.standing_at(DAY + dt.timedelta(days=40)):
        assert carts.forget_old(session) == 1
        session.commit()
    assert "The cart is empty." in words(client.get("/cart/"))


@pytest.mark.covers("SMC-50")
def test_the_office_writes_a_promo_code_and_reads_what_customers_will(client, session, seller, server):
    olga = makers.user(session, "administrator", locale="en")
    session.commit()
    makers.sign_in(client, olga)
    asked = {
        "csrf_token": token(client, "/office/promotions/add"), "seller": seller.id, "code": " autumn ", "name": "Autumn",  # noqa: E501
        "percent_bp": "10", "valid_from": "2026-11-01", "valid_to": "2027-01-01", "use_limit": "50",
        "minimum_sum": "500.00", "first_purchase_only": "y",
    }  # fmt: skip
    refused = words(client.post("/office/promotions/add", data={**asked, "amount": "5"}, follow_redirects=True))
    assert "Give either a percentage or an amount" in refused
    page = client.post("/office/promotions/add", data={**asked, "amount": "0"}, follow_redirects=True)
    made = session.scalars(sa.select(m.Promotion)).one()
    assert (made.code, made.use_limit, made.percent_bp) == ("AUTUMN", 50, 1000)
    said = "10 % off the first period, until Dec 31, 2026, for orders from 500.00 UAH, for a first purchase"
    assert said in words(page)
