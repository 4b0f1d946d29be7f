"""Renewal and activation on their pages: what a customer sees and does, and what the staff does for it."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.extensions import db
from app.services import methods
from app.services.shop import activating, renewals
from tests import makers
from tests.services.shop.buying import Buyer

TODAY = dt.date(2026, 11, 10)


@pytest.fixture(autouse=True)
def standing() -> Iterator[None]:
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def olga(session: Session) -> Buyer:
    """A customer with a running service, a domain name and 5,000 on the account."""
    buyer = Buyer(session)
    buyer.pay("9000.00")
    buyer.put(buyer.plan("300.0000"))
    domain = buyer.plan("20.0000")
    domain.product.kind = "domain"
    buyer.put(domain, 12)
    buyer.order("balance")
    for one in buyer.subscriptions():
        one.state = "active"
    buyer.user.locale = "en"
    session.commit()
    return buyer


@pytest.fixture
def client(app, olga: Buyer) -> FlaskClient:
    return makers.sign_in(app.test_client(), olga.user)


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.get_data(as_text=True)


def post(client: FlaskClient, page: str, path: str, **data: object):
    text_of(client, page)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text_of(client, "/profile/"))
    return client.post(path, data={"csrf_token": token[1] if token else "", **data}, follow_redirects=True)


def statements(client: FlaskClient, path: str) -> int:
    seen: list[str] = []
    text_of(client, path)
    sa.event.listen(db.engine, "before_cursor_execute", lambda c, cur, sql, *rest: seen.append(sql))
    text_of(client, path)
    return len(seen)


@pytest.mark.covers("AST-147", "AST-150")
def test_the_list_of_renewals_says_what_is_charged_when_and_by_what(client: FlaskClient, olga: Buyer) -> None:
    page = text_of(client, "/my/renewals/")
    assert "Nov 30, 2026" in page and "300.00 UAH" in page
    assert "300.00 UAH (without discounts) will be charged on Nov 30, 2026, and then at the end of every month." in page
    assert "Domain name" in page and "240.00 UAH" in page and "Sep 2, 2027" in page
    assert "From the balance" in page and "Active" in page
    assert "November 2026" in page  # what the months to come need


def test_the_pages_of_renewal_are_read_in_few_statements(client: FlaskClient, olga: Buyer) -> None:
    first = olga.subscriptions()[0].id
    counted = {
        path: statements(client, path)
        for path in (
            "/my/renewals/",
            f"/my/renewals/{first}",
            f"/my/renewals/{first}/by",
            "/my/calendar/?month=2026-11",
        )
    }
    assert counted["/my/renewals/"] <= 8 and counted["/my/calendar/?month=2026-11"] <= 8, counted
    assert counted[f"/my/renewals/{first}/by"] <= 8
    assert counted[f"/my/renewals/{first}"] <= 8, counted


@pytest.mark.covers("AST-149")
def test_a_service_is_renewed_by_hand_for_the_period_chosen(client: FlaskClient, olga: Buyer, session: Session) -> None:
    made = olga.subscriptions()[0]
    path = f"/my/renewals/{made.id}"
    page = text_of(client, f"{path}?period=3")
    assert "900.00 UAH for 3 months" in page and "Feb 28, 2027" in page and "Paid until" in page
    key = re.search(r'name="key" value="(\w+)"', page)
    form = {"key": key[1] if key else "", "period": "3", "seen": "900.00", "pay": "balance"}
    for _ in range(2):  # sent twice, it is one order
        answer = post(client, path, f"{path}/renew", **form).get_data(as_text=True)
        assert "it is paid until Feb 28, 2027" in answer
    assert session.query(m.Order).filter_by(kind="renewal").count() == 1
    assert session.get(m.Subscription, made.id).paid_until == dt.date(2027, 3, 1)


@pytest.mark.covers("AST-149", "AST-054")
def test_a_renewal_by_the_day_goes_into_the_cart_beside_a_purchase_and_is_ordered_with_it(
    client: FlaskClient, olga: Buyer, session: Session
) -> None:
    made, domain = olga.subscriptions()
    other = makers.payer(session, olga.company, name="ФОП Сікур")
    made.plan.renews_daily = True
    bought = olga.put(olga.plan("60.0000"))
    session.commit()
    path = f"/my/renewals/{made.id}"
    page = text_of(client, f"{path}?period=d1")
    assert "9.68 UAH for 1 day" in page and "Dec 1, 2026" in page and "Add to cart" in page
    assert "for 1 day" not in text_of(client, f"/my/renewals/{domain.id}")  # its plan is not renewed by the day
    answer = post(client, path, f"{path}/cart", period="d1").get_data(as_text=True)
    assert "It is in the cart" in answer and "Renewal for 1 day" in answer and f"#{made.id}" in answer
    post(client, path, f"{path}/cart", period="d1")  # a service stands in the cart once
    assert session.query(m.CartItem).count() == 2
    assert made.name in text_of(client, "/cart/mini")
    assert client.get(f"/cart/item/{bought.id + 1}").headers["Location"].endswith(path)
    with client.session_transaction() as kept:
        kept["cart_terms"] = 0
    way = olga.way()
    session.commit()
    post(client, path, "/my/checkout/", pay=f"way:{way.id}", account=olga.account.id)
    post(client, path, "/my/checkout/payer", payer=other.id)
    page = text_of(client, "/my/checkout/confirm")
    assert "Renewal" in page and "ФОП Сікур" in page and "9.68" in page
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    client.post("/my/checkout/place", data={**form, "csrf_token": form.get("csrf_token", "")})
    order = session.query(m.Order).filter_by(state="pending").one()
    assert [(line.renews, line.days) for line in order.lines] == [(False, 0), (True, 1)]
    assert order.payer_id == other.id and order.lines[1].subscription_id == made.id


@pytest.mark.covers("AST-151", "AST-148")
def test_the_method_and_the_period_are_changed_and_renewal_is_switched_off(
    client: FlaskClient, olga: Buyer, session: Session
) -> None:
    made = olga.subscriptions()[0]
    known = {"company_id": olga.company.id, "account_id": olga.account.id, "payer_id": olga.account.payer_id}
    known |= {"gateway": "sandbox", "mask": "•• 4242", "token": "sealed", "way_id": olga.way().id}
    good = m.PaymentMethod(**known, name="Visa •• 4242", state="working")
    bad = m.PaymentMethod(**known, name="Visa •• 0001", state="not_working")
    session.add_all([good, bad])
    session.commit()
    by = f"/my/renewals/{made.id}/by"
    page = text_of(client, by)
    assert "Visa •• 4242" in page and "Does not work" in page and "chosen now" in page
    assert "changed" in post(client, by, f"/my/renewals/{made.id}/method", method=good.id).get_data(as_text=True)
    assert "changed" in post(client, by, f"/my/renewals/{made.id}/period", months=12).get_data(as_text=True)
    post(client, by, f"/my/renewals/{made.id}/switch", is_on="0")
    session.expire_all()
    made = session.get(m.Subscription, made.id)
    assert (made.payment_method_id, made.renew_months, made.auto_renew) == (good.id, 12, False)


@pytest.mark.covers("AST-144")
def test_an_order_whose_card_was_declined_and_deleted_says_so_and_is_paid_another_way(
    client: FlaskClient, olga: Buyer, session: Session
) -> None:
    made = olga.subscriptions()[0]
    known = {"company_id": olga.company.id, "account_id": olga.account.id, "payer_id": olga.account.payer_id}
    card = m.PaymentMethod(**known, gateway="sandbox", name="Visa", token="sealed", way_id=olga.way().id)
    card.state = "working"
    session.add(card)
    session.flush()
    order = renewals.renew(session, olga.actor, made.id, 1, "gateway", key="k1", method_id=card.id)
    session.query(m.PaymentAttempt).update({"state": "failed"})
    card.state = "not_working"
    methods.delete(session, olga.actor, card.id)
    session.commit()
    page = text_of(client, f"/my/orders/{order.id}")
    assert "is deleted: nothing is charged" in page and f"/my/orders/{order.id}/pay" not in page
    said = post(client, f"/my/orders/{order.id}", f"/my/orders/{order.id}/pay")  # of a page opened before
    assert said.status_code == 200 and "is deleted: nothing is charged" in said.get_data(as_text=True)
    post(client, f"/my/orders/{order.id}", f"/my/orders/{order.id}/again")
    session.expire_all()
    assert order.state == "cancelled" and session.query(m.CartItem).one().subscription_id == made.id


def test_the_calendar_and_home_show_the_charges_to_come(client: FlaskClient, olga: Buyer) -> None:
    home = text_of(client, "/")
    assert "Coming charges" in home and "Nov 30, 2026" in home and "300.00 UAH" in home
    assert statements(client, "/") <= 8
    assert "300.00 UAH is charged" in text_of(client, "/my/calendar/?month=2026-11")
    assert "300.00 UAH is charged" in text_of(client, "/my/calendar/?month=2027-02")


@pytest.mark.covers("AST-158")
def test_a_service_that_needs_set_up_leads_to_its_instructions(
    client: FlaskClient, olga: Buyer, session: Session
) -> None:
    made = olga.subscriptions()[0]
    made.state = "needs_setup"
    made.plan.product.instructions = "Point the domain at ns1.example"
    session.commit()
    page = text_of(client, f"/my/subscriptions/{made.id}")
    assert "waits to be set up" in page and "Set up" in page
    page = text_of(client, f"/my/subscriptions/{made.id}/set-up")
    assert "ns1.example" in page
    path = f"/my/subscriptions/{made.id}/set-up"
    assert "being started" in post(client, path, f"/my/subscriptions/{made.id}/is-set-up").get_data(as_text=True)
    session.expire_all()
    made = session.get(m.Subscription, made.id)
    made.state = "active"
    session.commit()
    assert "The service is ready to use." in text_of(client, f"/my/subscriptions/{made.id}")


def test_what_is_out_of_stock_can_be_cancelled(client: FlaskClient, olga: Buyer, session: Session) -> None:
    made = olga.subscriptions()[0]
    made.state, made.reason = "out_of_stock", "None is in stock now."
    session.commit()
    path = f"/my/subscriptions/{made.id}"
    assert "None is in stock now." in text_of(client, path)
    assert "free on your account" in post(client, path, f"{path}/give-up").get_data(as_text=True)
    session.expire_all()
    assert session.get(m.Subscription, made.id).state == "ended"


def test_the_staff_says_what_came_of_a_service_made_by_hand(app, olga: Buyer, session: Session) -> None:
    made = olga.subscriptions()[0]
    made.state = "processing"
    task = activating.wish(session, made, "create")
    task.platform, task.state, task.reference = "by_hand", "sent", "platform-1"
    boss = makers.user(session, "administrator")
    session.commit()
    staff = makers.sign_in(app.test_client(), boss)
    home = text_of(staff, "/")  # who works in the office sees that it waits, in the menu and on the first page
    assert "Services to be activated by hand" in home and 'kb-nav-count">1<' in home
    page = text_of(staff, "/office/activation/")
    assert olga.company.name in page and "Make the service" in page
    path = f"/office/activation/{task.id}/say"
    assert "Write the reason" in post(staff, "/office/activation/", path, outcome="out_of_stock").get_data(as_text=True)
    assert "written down" in post(staff, "/office/activation/", path, outcome="done").get_data(as_text=True)
    session.expire_all()
    assert session.get(m.Subscription, made.id).state == "active"
    assert "Nothing waits for a person" in text_of(staff, "/office/activation/")
    assert "kb-nav-count" not in text_of(staff, "/")


@pytest.mark.covers("SMC-70")
def test_the_quantity_is_changed_on_its_page_and_paid_by_days(client: FlaskClient, olga: Buyer, session: Session):
    made = olga.subscriptions()[0]
    here = f"/my/size/{made.id}"
    assert f'href="{here}"' in text_of(client, f"/my/subscriptions/{made.id}")
    asked = text_of(client, f"{here}?quantity=3")
    for said in ("To pay now", "420.00", "900.00", "How to pay"):  # 600.00 for 21 of 30 days
        assert said in asked, said
    paying = f"{here}/pay?quantity=3&seen=420.00"
    asked = text_of(client, paying)
    assert "From the balance" in asked and "Change and pay" in asked
    key = re.search(r'name="key" value="([^"]+)"', asked)
    form = {"quantity": "3", "seen": "420.00", "pay": "balance", "key": key and key[1]}
    for _ in range(2):  # pressed twice
        page = post(client, here, here, **form)
        assert page.request.path.startswith("/my/orders/")
    session.expire_all()
    assert made.quantity == 3 and session.query(m.Order).filter_by(kind="change").count() == 1
    assert "nothing is given back" in text_of(client, f"{here}?quantity=1")
    done = post(client, here, here, quantity="1", seen="0.00", key="less").get_data(as_text=True)
    assert "It is changed." in done and "Dec 1, 2026" in done
    assert "whole number" in text_of(client, f"{here}?quantity=1.5")
    assert statements(client, f"{here}?quantity=4") <= 8 and statements(client, paying) <= 8


@pytest.mark.covers("SMC-65", "SMC-68", "SMC-72")
def test_subscriptions_have_their_date_price_and_sum_and_orders_the_second(
    client: FlaskClient, olga: Buyer, session: Session
) -> None:
    made = olga.subscriptions()[0]
    (item,) = made.items
    made.quantity = item.quantity = 101
    item.unit_price = "4.5"
    order = session.query(m.Order).first()
    order.ordered_at = dt.datetime(2026, 11, 9, 22, 30, 5, tzinfo=dt.UTC)
    session.commit()
    with client.session_transaction() as kept:
        kept["locale"] = "uk"
    listed = re.sub(r"<[^>]+>", " ", text_of(client, "/my/subscriptions/"))
    for word in ("Кількість", "101", "10.11.2026", "4,50 UAH", "454,50 UAH"):
        assert word in listed, word
    page = re.sub(r"<[^>]+>", " ", text_of(client, f"/my/subscriptions/{made.id}"))
    assert "10.11.2026\u00a000:30:05" in page and "101 × 4,50 = 454,50 UAH" in page
    for path in ("/my/orders/", f"/my/orders/{order.id}"):
        assert "10.11.2026\u00a000:30:05" in text_of(client, path)
