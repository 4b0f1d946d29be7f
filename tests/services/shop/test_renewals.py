"""Services that renew: the day before they end, once, from the balance or a card; unpaid they stop and later end."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.period import Month, Period
from app.rules.policies import PolicyKind
from app.services import billing, policies
from app.services.shop import activating, carts, fulfilling, orders, renewal_list, renewals, spending
from tests import makers
from tests.services.shop.buying import SYSTEM, Buyer

FIRST = dt.date(2026, 11, 1)
END = dt.date(2026, 12, 1)
EVE = dt.date(2026, 11, 30)


def at(day: dt.date, hour: int = 12):
    return clock.standing_at(dt.datetime.combine(day, dt.time(hour), dt.UTC))


def running(session: Session, money: str = "300.00", months: int = 1, on: dt.date = FIRST, **more):
    """Somebody whose service, 300.00 a month, runs since the first of the month."""
    kind = more.pop("kind", "service")
    with at(on):
        olga = Buyer(session)
        olga.pay(money)
        plan = olga.plan("300.0000", **more)
        plan.product.kind = kind
        olga.put(plan, months)
        olga.order("balance")
        (made,) = olga.subscriptions()
        made.state = "active"
        session.flush()
    return olga, made


def a_day(session: Session, olga: Buyer, day: dt.date) -> dict[str, int]:
    """What the job does on a day."""
    found: dict[str, int] = {}
    with at(day):
        for one in renewals.due(session, olga.seller.id, day):
            word = renewals.renew_due(session, one, day)
            found[word] = found.get(word, 0) + (word != "nothing")
        for one in renewals.unpaid(session, olga.seller.id, day):
            found["stopped"] = found.get("stopped", 0) + renewals.stop(session, one, day)
        for one in renewals.expired(session, olga.seller.id, day):
            found["ended"] = found.get("ended", 0) + renewals.end(session, one, day)
    session.flush()
    return {word: count for word, count in found.items() if count}


def card(olga: Buyer, state: str = "working", **more) -> m.PaymentMethod:
    known = {"company_id": olga.company.id, "account_id": olga.account.id, "payer_id": olga.account.payer_id}
    known |= {"gateway": "sandbox", "name": "•• 4242", "mask": "•• 4242", "token": "sealed", "way_id": olga.way().id}
    made = m.PaymentMethod(**known, state=state, **more)
    olga.session.add(made)
    olga.session.flush()
    return made


@pytest.mark.covers("AST-085", "AST-152")
def test_a_service_is_renewed_from_the_balance_on_the_day_before_it_ends(session):
    olga, made = running(session, "600.00")
    assert a_day(session, olga, EVE - dt.timedelta(1)) == {}
    assert a_day(session, olga, EVE) == {"renewed": 1}
    assert (made.paid_until, made.ends_on, made.state) == (dt.date(2027, 1, 1), dt.date(2027, 1, 1), "active")
    (order,) = [one for one in olga.orders() if one.kind == "renewal"]
    assert (order.state, order.total, order.idempotency_key) == (
        "fulfilled",
        Decimal("300.00"),
        f"renew:{made.id}:{END}",
    )
    assert a_day(session, olga, EVE) == {}
    said = session.query(m.Notice).filter_by(event="service_renewed", channel="in_app").one()
    assert "2026-12-31" in said.body and "300.00 UAH" in said.body


@pytest.mark.covers("AST-139")
def test_charges_repeat_period_after_period_until_it_is_switched_off(session):
    olga, made = running(session, "2000.00")
    for month in (11, 12):
        assert a_day(session, olga, Month(2026, month).period.last_day) == {"renewed": 1}
    with at(dt.date(2027, 1, 10)):
        renewals.set_auto_renew(session, olga.actor, made.id, False)
    assert a_day(session, olga, dt.date(2027, 1, 31)) == {}
    assert a_day(session, olga, dt.date(2027, 2, 1)) == {"stopped": 1}
    assert made.state == "stopped" and made.paid_until == dt.date(2027, 2, 1)


@pytest.mark.covers("AST-153")
@pytest.mark.parametrize("kind", ["domain", "certificate"])
def test_domain_names_and_certificates_are_renewed_sixty_days_before(session, kind):
    olga, made = running(session, "9000.00", months=12, kind=kind)
    assert made.paid_until == dt.date(2027, 11, 1)
    assert a_day(session, olga, dt.date(2027, 9, 1)) == {}
    assert a_day(session, olga, dt.date(2027, 9, 2)) == {"renewed": 1}
    assert made.paid_until == dt.date(2028, 11, 1)


@pytest.mark.covers("AST-156")
def test_without_money_it_fails_is_tried_again_and_stops_until_money_comes(session):
    olga, made = running(session)
    assert a_day(session, olga, EVE) == {"failed": 1}
    assert made.renew_failed_on == EVE and made.state == "active"
    letter = session.query(m.Notice).filter_by(event="renewal_failed", channel="email").one()
    assert "2026-12-01" in letter.body
    assert a_day(session, olga, EVE) == {}
    assert a_day(session, olga, END) == {"failed": 1, "stopped": 1}
    assert made.state == "stopped"
    assert session.query(m.PlatformOrder).filter_by(action="suspend").count() == 1
    with at(dt.date(2026, 12, 5)):
        olga.pay("300.00")
        assert session.query(m.Outbox).filter_by(topic="fulfil_orders").count() == 1
        assert renewals.after_money(session, olga.account.id) == 1
    assert (made.state, made.paid_until) == ("active", dt.date(2027, 1, 1))
    order = olga.orders()[-1]
    assert order.total == Decimal("261.29")  # 27 of 31 days: those it did not run are not paid for
    assert session.query(m.PlatformOrder).filter_by(action="resume").count() == 1
    items = session.query(m.SubscriptionItem).order_by(m.SubscriptionItem.id).all()
    assert [(one.valid_from, one.valid_to) for one in items] == [(FIRST, END), (dt.date(2026, 12, 5), None)]


def test_what_was_paid_for_is_exactly_what_the_closings_bill(session):
    olga, made = running(session)
    a_day(session, olga, EVE)
    a_day(session, olga, END)
    with at(dt.date(2026, 12, 5)):
        olga.pay("300.00")
        renewals.after_money(session, olga.account.id)
    for month in (Month(2026, 11), Month(2026, 12)):
        with at(month.shift(1).first_day):
            run = billing.start_run(session, SYSTEM, olga.seller.id, month)
            while billing.run_batch(session, SYSTEM, run.id).left:
                pass
    billed = session.query(m.Document).filter_by(kind="invoice", account_id=olga.account.id).all()
    assert [one.total for one in billed] == [Decimal("300.00"), Decimal("261.29")]
    with at(dt.date(2027, 1, 2)):
        room = spending.room_of(session, olga.account.id)
    assert (room.outstanding, room.free) == (Decimal("0.00"), Decimal("38.71"))


def test_a_stopped_service_that_nobody_renews_ends(session):
    olga, made = running(session)
    for day in (EVE, END):
        a_day(session, olga, day)
    assert "ended" not in a_day(session, olga, END + dt.timedelta(29))
    assert a_day(session, olga, END + dt.timedelta(30))["ended"] == 1
    assert (made.state, made.auto_renew) == ("ended", False)
    assert session.query(m.PlatformOrder).filter_by(action="end").count() == 1
    assert session.query(m.Notice).filter_by(event="service_ended").count() == 2
    with pytest.raises(Refused):
        renewals.form_of(session, olga.actor, made.id)


def test_the_sellers_policies_say_when_how_often_and_how_long(session):
    olga, made = running(session)
    for kind, settings in (
        (PolicyKind.RENEWAL_ATTEMPT, {"days_before": 5}),
        (PolicyKind.RENEWAL_RETRY, {"days": 3}),
        (PolicyKind.RENEWAL_GRACE, {"days": 2}),
    ):
        policies.change_policy(session, SYSTEM, olga.seller.id, kind, settings)
    day = dt.date(2026, 11, 26)
    words = [a_day(session, olga, day + dt.timedelta(n)) for n in range(4)]
    assert ["failed" in one for one in words] == [True, False, False, True]
    assert a_day(session, olga, END) == {"stopped": 1}
    assert a_day(session, olga, END + dt.timedelta(2))["ended"] == 1


def test_a_job_that_did_not_run_for_three_days_catches_up(session):
    olga, made = running(session, "900.00")
    assert a_day(session, olga, dt.date(2026, 12, 3)) == {"renewed": 1}
    assert made.state == "active" and made.paid_until == dt.date(2027, 1, 1)


@pytest.mark.parametrize(
    ("on", "eve", "until"),
    [
        (dt.date(2028, 1, 31), dt.date(2028, 1, 31), dt.date(2028, 3, 1)),  # the last day of the month; 29 February
        (dt.date(2028, 2, 29), dt.date(2028, 2, 29), dt.date(2028, 4, 1)),
        (dt.date(2027, 3, 28), dt.date(2027, 3, 31), dt.date(2027, 5, 1)),  # summer time begins
        (dt.date(2027, 10, 31), dt.date(2027, 10, 31), dt.date(2027, 12, 1)),  # and ends
    ],
)
def test_months_of_every_length_are_renewed_on_their_last_day(session, on, eve, until):
    olga, made = running(session, "900.00", on=on)
    if eve > on:
        assert a_day(session, olga, eve - dt.timedelta(1)) == {}
    assert a_day(session, olga, eve) == {"renewed": 1}
    assert made.paid_until == until


def test_the_day_is_the_day_of_the_sellers_zone(session):
    olga, _made = running(session, "900.00")
    olga.seller.zone = "Asia/Almaty"
    session.flush()
    with clock.standing_at(dt.datetime(2026, 11, 29, 20, tzinfo=dt.UTC)):  # one in the morning of the 30th there
        assert (olga.seller.id, EVE) in renewals.days_of_sellers(session, 0)
        assert renewals.days_of_sellers(session, 6) == []


def test_customers_with_a_contract_renew_by_the_closing_and_are_not_touched(session):
    olga, made = running(session, "900.00")
    contract = makers.contract(session, olga.company, session.get(m.Payer, olga.account.payer_id))
    olga.account.contract_id = contract.id
    session.flush()
    assert a_day(session, olga, END) == {}
    with pytest.raises(Refused, match="invoice"):
        renewals.set_auto_renew(session, olga.actor, made.id, False)


@pytest.mark.covers("AST-134", "AST-151")
def test_a_saved_card_is_charged_and_a_declined_one_is_tried_again_when_it_works(session):
    olga, made = running(session)
    good = card(olga)
    renewals.set_method(session, olga.actor, made.id, good.id)
    assert a_day(session, olga, EVE) == {"charging": 1}
    assert a_day(session, olga, EVE) == {"charging": 1}
    attempt = session.query(m.PaymentAttempt).filter_by(method_id=good.id).one()
    order = session.get(m.Order, attempt.order_id)
    assert (attempt.amount, order.state) == (Decimal("300.00"), "pending")
    attempt.state, good.state = "failed", "not_working"
    with at(EVE):
        renewals.note_failure(session, order.id)
    assert made.renew_failed_on == EVE
    assert session.query(m.Notice).filter_by(event="renewal_failed", channel="email").count() == 1
    assert a_day(session, olga, END) == {"waiting": 1, "stopped": 1}  # the card still does not work
    assert session.query(m.Notice).filter_by(event="renewal_failed", channel="email").count() == 1
    good.state = "working"
    assert a_day(session, olga, dt.date(2026, 12, 2)) == {"charging": 1}
    assert session.query(m.PaymentAttempt).filter_by(method_id=good.id, state="new").count() == 1
    with at(dt.date(2026, 12, 2)):
        olga.pay("290.32")
        fulfilling.fulfil_waiting(session, olga.account.id)
    assert (made.state, made.paid_until) == ("active", dt.date(2027, 1, 1))


def test_a_card_that_is_being_charged_on_the_last_day_does_not_stop_the_service(session):
    olga, made = running(session)
    renewals.set_method(session, olga.actor, made.id, card(olga).id)
    assert a_day(session, olga, END) == {"charging": 1}
    assert made.state == "active"


def test_what_failed_by_hand_is_tried_by_itself_on_its_own_day_and_no_sooner(session):
    olga, made = running(session)
    with at(dt.date(2026, 11, 22)):
        made.renew_failed_on = dt.date(2026, 11, 22)
        (row,) = renewal_list.list_renewals(session, olga.actor)[0]
    assert row.next_on == EVE
    assert a_day(session, olga, dt.date(2026, 11, 23)) == {}


@pytest.mark.covers("AST-156")
def test_while_the_card_does_not_work_the_balance_is_not_touched(session):
    olga, made = running(session, "600.00")
    bad = card(olga, "not_working")
    renewals.set_method(session, olga.actor, made.id, bad.id)
    assert a_day(session, olga, EVE) == {"failed": 1}
    assert session.query(m.Notice).filter_by(event="renewal_failed", channel="email").count() == 1
    with at(EVE):
        olga.pay("50.00")
        assert renewals.after_money(session, olga.account.id) == 0
    assert a_day(session, olga, END) == {"waiting": 1, "stopped": 1}
    assert [one.kind for one in olga.orders()] == ["purchase"]
    bad.state = "working"
    assert a_day(session, olga, dt.date(2026, 12, 2)) == {"charging": 1}
    renewals.set_method(session, olga.actor, made.id, None)  # or its owner leaves it to the balance
    session.query(m.PaymentAttempt).update({"state": "failed"})
    assert a_day(session, olga, dt.date(2026, 12, 3)) == {"renewed": 1}


def test_money_that_is_ordered_for_something_else_renews_nothing(session):
    olga, made = running(session, "600.00")
    with at(dt.date(2026, 11, 2)):
        olga.put(olga.plan("300.0000"))
        olga.order("balance")
    assert a_day(session, olga, EVE)["failed"] == 1


@pytest.mark.covers("AST-149")
def test_the_form_shows_periods_with_prices_and_until_when_it_will_be_paid(session):
    olga, made = running(session, "5000.00")
    with at(dt.date(2026, 11, 10)):
        form = renewals.form_of(session, olga.actor, made.id)
        assert form.until == END and form.chosen == 1
        by_months = {one.months: (one.quote.first, one.quote.ends_on) for one in form.choices}
        assert by_months[1] == (Decimal("300.00"), dt.date(2027, 1, 1))
        assert by_months[12] == (Decimal("3600.00"), dt.date(2027, 12, 1))
        with pytest.raises(orders.Changed):
            renewals.renew(session, olga.actor, made.id, 12, "balance", key="k0", seen=Decimal("3000.00"))
        order = renewals.renew(session, olga.actor, made.id, 12, "balance", key="k1", seen=Decimal("3600.00"))
        assert renewals.renew(session, olga.actor, made.id, 12, "balance", key="k1", seen=Decimal("3600.00")) is order
        with pytest.raises(Refused, match="periods"):
            renewals.renew(session, olga.actor, made.id, 5, "balance", key="k2")
    assert made.paid_until == dt.date(2027, 12, 1)
    assert a_day(session, olga, EVE) == {}


@pytest.mark.covers("AST-148")
def test_the_period_of_renewal_is_changed_only_while_the_service_runs(session):
    olga, made = running(session, "2000.00")
    made.state = "processing"
    with pytest.raises(Refused):
        renewals.set_period(session, olga.actor, made.id, 3)
    made.state = "active"
    renewals.set_period(session, olga.actor, made.id, 3)
    assert a_day(session, olga, EVE) == {"renewed": 1}
    assert made.paid_until == dt.date(2027, 3, 1)


@pytest.mark.covers("AST-150")
def test_the_list_says_what_is_charged_next_when_and_by_what(session):
    olga, made = running(session, "5000.00")
    renewals.set_method(session, olga.actor, made.id, card(olga).id)
    with at(dt.date(2026, 11, 10)):
        (row,), more = renewal_list.list_renewals(session, olga.actor)
        assert (row.price, row.next_on, row.months, row.method, row.state) == (
            Decimal("300.0000"),
            EVE,
            1,
            "•• 4242",
            "active",
        )
        assert more is None
        november = renewal_list.charges_in(session, olga.actor, Period(FIRST, END))
        assert [(one.day, one.row.id) for one in november] == [(EVE, made.id)]
        winter = renewal_list.charges_in(session, olga.actor, Period(dt.date(2026, 12, 1), dt.date(2027, 3, 1)))
        assert [one.day for one in winter] == [dt.date(2026, 12, 31), dt.date(2027, 1, 31), dt.date(2027, 2, 28)]
        renewals.set_auto_renew(session, olga.actor, made.id, False)
        (row,), _more = renewal_list.list_renewals(session, olga.actor)
        assert row.next_on is None


def test_the_forecast_is_the_least_and_the_most_a_month_needs(session):
    olga, _made = running(session, "9000.00")
    with at(dt.date(2026, 11, 2)):
        olga.put(olga.plan("100.0000"), months=12)
        olga.order("balance")
        olga.subscriptions()[-1].state = "active"
        session.flush()
        assert renewal_list.forecast(session, olga.account) == (Decimal("300.00"), Decimal("1500.00"))


def test_another_company_sees_and_renews_nothing(session):
    _olga, made = running(session)
    stranger = Buyer(session)
    with pytest.raises(NotFound):
        renewals.renew(session, stranger.actor, made.id, 1, "balance", key="k")
    for act, value in ((renewals.set_auto_renew, False), (renewals.set_method, None), (renewals.set_period, 3)):
        with pytest.raises(NotFound):
            act(session, stranger.actor, made.id, value)
    assert renewal_list.list_renewals(session, stranger.actor) == ([], None)


def test_a_method_of_another_company_renews_nothing(session):
    olga, made = running(session)
    foreign = card(Buyer(session))
    with pytest.raises(Refused):
        renewals.set_method(session, olga.actor, made.id, foreign.id)


def test_what_kabinet_ordered_is_dropped_when_renewal_is_switched_off(session):
    olga, made = running(session)
    renewals.set_method(session, olga.actor, made.id, card(olga).id)
    a_day(session, olga, EVE)
    waiting = renewals.waiting_order(session, made.id)
    session.query(m.PaymentAttempt).filter_by(order_id=waiting.id).update({"state": "failed"})
    with at(EVE):
        renewals.set_auto_renew(session, olga.actor, made.id, False)
    assert waiting.state == "cancelled" and not made.auto_renew


def test_a_change_of_plan_parts_lives_through_a_gap(session):
    """A part charged once is not charged again when a stopped service goes on."""
    olga, made = running(session)
    once = makers.component(session, made.plan, "50.0000", charged="once")
    item = m.SubscriptionItem(
        company_id=made.company_id, subscription_id=made.id, component_id=once.id, name="Connect", valid_from=FIRST
    )
    session.add(item)
    session.flush()
    activating.extend(session, made, dt.date(2026, 12, 5), dt.date(2027, 1, 1))
    again = sa.select(m.SubscriptionItem.component_id).where(m.SubscriptionItem.valid_from == dt.date(2026, 12, 5))
    assert once.id not in session.scalars(again).all()


@pytest.mark.covers("AST-149")
def test_renewals_of_a_day_and_of_a_month_are_ordered_from_the_cart_and_billed_as_paid(session):
    olga, made = running(session, "700.00", renews_daily=True)
    other = makers.plan(session, olga.seller, "60.0000")
    with at(dt.date(2026, 11, 25)):
        renewals.put_in_cart(session, olga.actor, made.id, 0, 1)
        olga.put(other)
        first = olga.order("balance")
        assert (made.paid_until, first.total) == (dt.date(2026, 12, 2), Decimal("9.68") + Decimal("12.00"))
        assert [line.renews for line in first.lines] == [True, False] and len(olga.subscriptions()) == 2
        renewals.put_in_cart(session, olga.actor, made.id, 1)
        item = renewals.put_in_cart(session, olga.actor, made.id, 1)
        assert session.query(m.CartItem).count() == 1 and item.quantity == made.quantity
        with pytest.raises(Refused, match="keeps the discounts"):
            carts.set_promo(session, olga.seller, session.query(m.Cart).one(), "ANY", item.id)
        second = olga.order("balance")
        assert (made.paid_until, second.total) == (dt.date(2027, 1, 1), Decimal("290.32"))
        assert renewals.months_of(session, made, made.plan) == 1  # a day changes nothing of how it renews by itself
        olga.subscriptions()[1].state = "active"
        with pytest.raises(Refused, match="Choose one of the periods"):
            renewals.put_in_cart(session, olga.actor, olga.subscriptions()[1].id, 0, 1)
    for month in (Month(2026, 11), Month(2026, 12)):
        with at(month.shift(1).first_day):
            run = billing.start_run(session, SYSTEM, olga.seller.id, month)
            while billing.run_batch(session, SYSTEM, run.id).left:
                pass
            left = spending.outstanding(session, [olga.account.id]).get(olga.account.id, Decimal(0))
            assert left == (Decimal("300.00") if month.month == 11 else Decimal("0.00"))
    billed = session.scalars(sa.select(m.Document.total).where(m.Document.kind == "invoice")).all()
    assert sum(billed) == Decimal("300.00") + first.total + second.total


def test_a_service_that_renews_itself_is_not_paid_for_again_by_an_order_that_waits(session):
    olga, made = running(session, "600.00")
    with at(dt.date(2026, 11, 25)):
        renewals.put_in_cart(session, olga.actor, made.id, 1)
        olga.put(olga.plan("50.0000"))
        mixed = olga.order("gateway", way_id=olga.way().id)
    assert a_day(session, olga, EVE) == {"charging": 1}  # its payment is under way
    session.query(m.PaymentAttempt).update({"state": "failed"})
    assert a_day(session, olga, EVE) == {"renewed": 1}
    assert mixed.state == "cancelled" and "nothing is paid twice" in mixed.reason
    with at(EVE):
        olga.pay("400.00")
        assert fulfilling.fulfil_waiting(session, olga.account.id) == []
    assert made.paid_until == dt.date(2027, 1, 1) and len(olga.subscriptions()) == 1


def test_a_renewal_in_a_cart_waits_for_no_second_order_and_ends_with_its_service(session):
    olga, made = running(session)
    with at(dt.date(2026, 11, 25)):
        renewals.put_in_cart(session, olga.actor, made.id, 1)
        stranger = Buyer(session)
        with pytest.raises(NotFound):
            renewals.put_in_cart(session, stranger.actor, made.id, 1)
        waiting = olga.order("gateway", way_id=olga.way().id)
        with pytest.raises(orders.AlreadyOrdered, match="waits for its payment already"):
            renewals.put_in_cart(session, olga.actor, made.id, 1)
        orders.order_again(session, olga.actor, waiting.id)
        assert (waiting.state, session.query(m.CartItem).one().subscription_id) == ("cancelled", made.id)
        made.state = "ended"
        with pytest.raises(Refused, match="cannot be renewed any more"):
            olga.order("balance")
