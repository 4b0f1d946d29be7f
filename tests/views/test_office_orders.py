"""Orders in the office: the list, the page of one, cancelling with a reason, a second look at waiting ones."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import clock
from app.extensions import db
from tests import makers
from tests.services.shop.buying import Buyer


@pytest.fixture(autouse=True)
def on_the_day():
    with clock.standing_at(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)):
        yield


@pytest.fixture
def staff(app, session: Session) -> FlaskClient:
    person = makers.user(session, "back_office")
    session.commit()
    return makers.sign_in(app.test_client(), person)


def test_staff_see_everything_about_an_order_and_cancel_it_with_a_reason(staff: FlaskClient, session: Session) -> None:
    olga = Buyer(session)
    olga.pay("90.00")
    olga.put(olga.plan("300.0000"))
    order = olga.order("balance")
    session.commit()
    listed = staff.get("/office/orders/list/").get_data(as_text=True)
    assert order.number in listed
    page = staff.get(f"/office/orders/show/{order.id}").get_data(as_text=True)
    assert order.number in page and "90.00" in page and olga.account.number in page and "Cancel the order" in page
    data = {"csrf_token": makers._token(page), "reason": ""}
    assert "Say why" in staff.post(f"/office/order/{order.id}/cancel", data=data, follow_redirects=True).get_data(
        as_text=True
    )
    data["reason"] = "Ordered twice by telephone"
    page = staff.post(f"/office/order/{order.id}/cancel", data=data, follow_redirects=True).get_data(as_text=True)
    assert "Ordered twice by telephone" in page
    session.expire_all()
    assert order.state == "cancelled" and olga.subscriptions()[0].state == "ended"
    owner = makers.sign_in(staff.application.test_client(), olga.user)
    assert "Ordered twice by telephone" in owner.get(f"/my/orders/{order.id}").get_data(as_text=True)


def test_staff_look_again_at_an_order_whose_money_was_held(staff: FlaskClient, session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    session.commit()
    page = staff.get(f"/office/orders/show/{order.id}").get_data(as_text=True)
    data = {"csrf_token": makers._token(page)}
    page = staff.post(f"/office/order/{order.id}/fulfil", data=data, follow_redirects=True).get_data(as_text=True)
    assert "not there yet" in page and "90.00 UAH more are needed" in page
    olga.pay("90.00")
    session.commit()
    page = staff.post(f"/office/order/{order.id}/fulfil", data=data, follow_redirects=True).get_data(as_text=True)
    assert "1 order is fulfilled." in page
    session.expire_all()
    assert (order.state, order.total) == ("fulfilled", Decimal("90.00"))


def test_the_page_of_an_order_stays_cheap(staff: FlaskClient, session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    for _ in range(3):
        olga.put(olga.plan("60.0000"))
    order = olga.order("balance")
    session.commit()
    seen: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda c, cur, sql, *rest: seen.append(sql))
    for path in ("/office/orders/list/", f"/office/orders/show/{order.id}"):
        staff.get(path)
        seen.clear()
        assert staff.get(path).status_code == 200
        assert len(seen) <= 12, (path, len(seen), "\n".join(seen))
