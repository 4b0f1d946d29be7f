"""Renewal on PostgreSQL, where two workers, a customer and arriving money really meet."""

import datetime as dt
from decimal import Decimal

import pytest

from app import models as m
from app.core import clock
from app.services import payments
from app.services.shop import renewals
from tests.services.shop.buying import SYSTEM
from tests.services.shop.test_renewals import END, EVE, at, card, running
from tests.switching.test_postgres import at_once

pytestmark = pytest.mark.postgres
UNTIL = dt.date(2027, 1, 1)


def renewed(session, made_id: int) -> tuple[list[m.Order], m.Subscription]:
    session.expire_all()
    found = session.query(m.Order).filter_by(kind="renewal").order_by(m.Order.id).all()
    return found, session.get(m.Subscription, made_id)


def test_two_workers_renew_a_service_once(app, session):
    _olga, made = running(session, "3000.00")
    made_id = made.id
    session.commit()
    with at(EVE):
        at_once(app, *[lambda one: renewals.renew_due(one, made_id, EVE)] * 4)
    (order,), made = renewed(session, made_id)
    assert (order.state, made.paid_until) == ("fulfilled", UNTIL)


def test_two_workers_charge_a_card_once(app, session):
    olga, made = running(session)
    renewals.set_method(session, olga.actor, made.id, card(olga).id)
    made_id = made.id
    session.commit()
    with at(EVE):
        at_once(app, *[lambda one: renewals.renew_due(one, made_id, EVE)] * 4)
    (order,), _made = renewed(session, made_id)
    assert order.state == "pending"
    assert session.query(m.PaymentAttempt).filter_by(order_id=order.id).count() == 1


def test_money_that_comes_while_the_job_stops_the_service_renews_it_once(app, session):
    olga, made = running(session)
    made_id, account_id = made.id, olga.account.id
    session.commit()
    with at(EVE):
        assert renewals.renew_due(session, made_id, EVE) == "failed"
        session.commit()

    def pay(one):
        payments.record_payment(one, SYSTEM, account_id, Decimal("300.00"), clock.today(), key="late")
        one.commit()
        renewals.after_money(one, account_id)

    with at(END):
        at_once(
            app, pay, lambda one: renewals.renew_due(one, made_id, END), lambda one: renewals.stop(one, made_id, END)
        )
        if not renewed(session, made_id)[0]:  # the job looked before the money was there
            renewals.after_money(session, account_id)
            session.commit()
    (order,), made = renewed(session, made_id)
    assert (order.total, made.state, made.paid_until) == (Decimal("300.00"), "active", UNTIL)
