"""What a customer changes of a service that runs: how many, suspended, active again."""

import datetime as dt
from decimal import Decimal

import pytest

from app import models as m
from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.period import Month
from app.services import billing
from app.services.shop import changing
from tests import makers
from tests.services.shop.buying import SYSTEM, Buyer

TODAY = dt.date(2026, 11, 16)


@pytest.fixture(autouse=True)
def on_the_day():
    with clock.standing_at(TODAY):
        yield


def licences(session, quantity: int = 2) -> tuple[Buyer, m.Subscription]:
    olga = Buyer(session, with_contract=True, limit="10000.00")
    made = makers.subscription(session, olga.account, olga.plan("300.0000"), quantity=Decimal(quantity))
    session.query(m.SubscriptionItem).filter_by(subscription_id=made.id).update({"quantity": Decimal(quantity)})
    session.flush()
    return olga, made


@pytest.mark.covers("SMC-01", "SMC-70")
def test_licences_added_today_are_charged_from_today(session):
    olga, made = licences(session)
    changing.set_quantity(session, olga.actor, made.id, Decimal(4))
    assert made.quantity == 4
    assert session.query(m.PlatformOrder).filter_by(action="change").count() == 1
    with clock.standing_at(dt.date(2026, 12, 1)):
        run = billing.start_run(session, SYSTEM, olga.seller.id, Month(2026, 11))
        while billing.run_batch(session, SYSTEM, run.id).left:
            pass
    (invoice,) = session.query(m.Document).filter_by(kind="invoice").all()
    assert invoice.total == Decimal("900.00")  # 2 × 300 for half of the month, 4 × 300 for the other


def test_changed_twice_on_one_day_it_is_one_change(session):
    olga, made = licences(session)
    for number in (5, 3):
        changing.set_quantity(session, olga.actor, made.id, Decimal(number))
    items = session.query(m.SubscriptionItem).order_by(m.SubscriptionItem.id).all()
    assert [(one.quantity, one.valid_from) for one in items] == [(2, dt.date(2026, 1, 1)), (3, TODAY)]


@pytest.mark.parametrize("wrong", [None, Decimal(0), Decimal("1.5"), Decimal(100_001)])
def test_a_quantity_that_cannot_be_is_refused(session, wrong):
    olga, made = licences(session)
    with pytest.raises(Refused, match="whole number"):
        changing.set_quantity(session, olga.actor, made.id, wrong)


def test_what_is_paid_beforehand_keeps_its_quantity(session):
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    olga.order("balance")
    (made,) = olga.subscriptions()
    made.state = "active"
    with pytest.raises(Refused, match="paid until"):
        changing.set_quantity(session, olga.actor, made.id, Decimal(2))


@pytest.mark.covers("SMC-69")
def test_a_service_is_suspended_and_activated_again(session):
    olga, made = licences(session)
    changing.suspend(session, olga.actor, made.id)
    assert made.state == "suspended"
    with pytest.raises(Refused):
        changing.suspend(session, olga.actor, made.id)
    changing.activate(session, olga.actor, made.id)
    assert made.state == "active"
    assert [one.action for one in session.query(m.PlatformOrder).order_by(m.PlatformOrder.id)] == ["suspend", "resume"]


def test_another_company_changes_nothing(session):
    _olga, made = licences(session)
    stranger = Buyer(session)
    for act in (changing.suspend, changing.activate):
        with pytest.raises(NotFound):
            act(session, stranger.actor, made.id)
    with pytest.raises(NotFound):
        changing.set_quantity(session, stranger.actor, made.id, Decimal(3))
