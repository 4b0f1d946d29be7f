"""More or less of a service in the middle of its paid days: quoted, paid, billed to the cent."""

import datetime as dt
import random
from decimal import Decimal as D

import pytest

from app import models as m
from app.core import clock
from app.core.errors import NotFound, Refused
from app.core.period import Month
from app.services.shop import changing, fulfilling, orders, quotes, renewal_list, renewals, resizing, spending
from app.services.shop.quotes import Wish
from app.services.shop.resizing import Size
from tests import makers
from tests.services.shop.buying import Buyer
from tests.services.shop.test_quotes import billed, close, months_between, promotion, random_plan, subscribe

DAY = dt.date(2026, 11, 16)


def change_of(rnd, plan):
    ranged = {c.code: D(rnd.randint(1, 100)) for c in plan.components if c.maximum and c.charged == "period"}
    return Size(D(rnd.randint(1, 9)), ranged)


@pytest.mark.covers("SMC-70")
@pytest.mark.parametrize("rounding", ["carry", "line"])
@pytest.mark.parametrize("seed", range(5))
def test_closings_bill_to_the_cent_what_a_purchase_and_its_changes_were_quoted(
    session, seller, account, seed, rounding
):
    rnd = random.Random(f"{rounding}{seed}")
    seller.rounding = rounding
    promotion(session, seller, "TEN", percent_bp=rnd.randint(1, 9000), valid_to=dt.date(2026, 2, 10))
    plan = random_plan(session, seller, rnd)
    ranged = {c.code: D(rnd.randint(1, 100)) for c in plan.components if c.maximum and c.charged != "usage"}
    wish = Wish(plan.id, D(1) if ranged else D(3), 6, ranged)
    bought = dt.date(2026, 1, rnd.randint(1, 31))
    (line,) = quotes.quote(session, seller, [wish], bought, rnd.choice(("", "TEN")), account.company_id).lines
    made = subscribe(session, account, line)
    made.quantity = wish.quantity
    paid, tax, day = line.first, line.tax, bought
    for _ in range(3):
        day += dt.timedelta(rnd.randint(0, 40))
        change = resizing.quote(session, made, change_of(rnd, plan), day)
        assert (change.total > 0) == (change.starts_on == day and bool(change.lines))
        paid, tax = paid + change.total, tax + change.tax
        resizing.write(session, change, day)
        session.expire_all()
    with clock.standing_at(line.ends_on + dt.timedelta(days=9)):
        close(session, seller, months_between(bought, line.ends_on))
    assert billed(session, account) == (paid, tax)


def test_more_is_paid_by_days_and_less_waits_for_the_next_period(session, seller, account):
    (line,) = quotes.quote(session, seller, [Wish(makers.plan(session, seller, "300").id, D(2))], DAY).lines
    made = subscribe(session, account, line)
    made.quantity = D(2)
    more = resizing.quote(session, made, Size(D(5)), DAY)
    assert (more.total, more.before, more.after, more.starts_on) == (D("450.00"), D("600.00"), D("1500.00"), DAY)
    less = resizing.quote(session, made, Size(D(1)), DAY)
    assert (less.total, less.after, less.starts_on) == (D(0), D("300.00"), dt.date(2026, 12, 1)) and less.is_later
    resizing.write(session, less, DAY)
    assert (made.quantity, made.changes_on) == (2, dt.date(2026, 12, 1))
    assert quotes.quote_renewal(session, made, 1, dt.date(2026, 12, 1)).first == D("300.00")
    session.expire_all()
    back = resizing.quote(session, made, Size(D(2)), DAY)
    assert back.total == 0
    resizing.write(session, back, DAY)
    assert (made.quantity, made.changes_on) == (2, None)
    session.expire_all()
    assert quotes.quote_renewal(session, made, 1, dt.date(2026, 12, 1)).first == D("600.00")


# -- by orders ---------------------------------------------------------------------------------------------------------


def running(session, money="600.00", price="300.0000", **more):
    """Ольга has two of a service, paid for the whole of November."""
    with clock.standing_at(dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)):
        olga = Buyer(session)
        olga.pay(money)
        olga.put(olga.plan(price, **more), quantity=D(2))
        olga.order("balance")
        (made,) = olga.subscriptions()
        made.state = "active"
        session.query(m.PlatformOrder).update({"state": "done"})
        session.flush()
    return olga, made


def free(session, olga):
    return spending.room_of(session, olga.account.id).free


@pytest.fixture
def on_the_day():
    with clock.standing_at(dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC)):
        yield


@pytest.mark.covers("SMC-01", "SMC-70")
def test_more_licences_are_paid_for_the_rest_of_the_days_and_pressed_twice_are_one_order(session, on_the_day):
    olga, made = running(session)
    with pytest.raises(Refused, match="450.00"):  # nothing is free
        changing.resize(session, olga.actor, made.id, Size(D(5)), key="one", seen=D("450.00"))
    olga.pay("500.00")
    with pytest.raises(Refused, match="450.00 UAH now"):
        changing.resize(session, olga.actor, made.id, Size(D(5)), key="two", seen=D("400.00"))
    order = changing.resize(session, olga.actor, made.id, Size(D(5)), key="three", seen=D("450.00"))
    assert changing.resize(session, olga.actor, made.id, Size(D(5)), key="three", seen=D("450.00")) is order
    assert (order.kind, order.state, order.total, made.quantity) == ("change", "fulfilled", D("450.00"), 5)
    assert free(session, olga) == D("50.00")
    assert [one.action for one in session.query(m.PlatformOrder).order_by(m.PlatformOrder.id)] == ["create", "change"]
    assert made.paid_until == dt.date(2026, 12, 1)
    with clock.standing_at(dt.datetime(2026, 12, 3, 12, tzinfo=dt.UTC)):
        close(session, olga.seller, [Month(2026, 11)])
        assert billed(session, olga.account)[0] == D("1050.00")
        assert free(session, olga) == D("50.00")


def test_while_a_month_is_not_closed_its_money_is_not_free_and_after_it_the_rest_is_kept(session, on_the_day):
    olga, made = running(session, "1200.00")
    with clock.standing_at(dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)):
        orders.place_renewal(session, olga.actor, made, 1, "balance", key="r")  # December, too
    olga.pay("1350.00")
    order = changing.resize(session, olga.actor, made.id, Size(D(5)), key="k", seen=D("1350.00"))
    assert [(str(one.starts_on), str(one.ends_on), one.total) for one in order.lines] == [
        ("2026-11-16", "2026-12-01", D("450.00")),
        ("2026-12-01", "2027-01-01", D("900.00")),
    ]
    with clock.standing_at(dt.datetime(2026, 12, 3, 12, tzinfo=dt.UTC)):
        close(session, olga.seller, [Month(2026, 11)])
        assert free(session, olga) == 0  # 1,500.00 of December are outstanding


@pytest.mark.covers("SMC-70")
def test_fewer_licences_begin_with_the_next_period_and_are_renewed_as_so_many(session, on_the_day):
    olga, made = running(session)
    assert changing.resize(session, olga.actor, made.id, Size(D(1)), key="k", seen=D(0)) is None
    assert made.quantity == 2
    (row,) = renewal_list.all_of(session, olga.company.id)
    assert row.price == D("300.00")  # of one, as it is renewed
    olga.pay("300.00")
    renewals.renew_due(session, made.id, dt.date(2026, 11, 30))
    assert made.paid_until == dt.date(2027, 1, 1)
    assert resizing.due(session, made.seller_id, dt.date(2026, 11, 30)) == []
    (one,) = resizing.due(session, made.seller_id, dt.date(2026, 12, 2))  # a day late: still done
    assert resizing.switch(session, one, dt.date(2026, 12, 2)) and not resizing.switch(
        session, one, dt.date(2026, 12, 2)
    )
    assert (made.quantity, made.changes_on) == (1, None)
    assert session.query(m.PlatformOrder).filter_by(action="change").count() == 1


def test_a_change_that_waits_for_its_payment_is_priced_again_on_the_day_it_is_paid(session, on_the_day):
    olga, made = running(session)
    way = olga.way()
    order = changing.resize(
        session, olga.actor, made.id, Size(D(3)), "gateway", key="k", seen=D("150.00"), way_id=way.id
    )
    assert order.state == "pending" and made.quantity == 2
    with pytest.raises(orders.AlreadyOrdered, match="waits for its payment"):
        changing.resize(session, olga.actor, made.id, Size(D(4)), key="other", seen=D("300.00"))
    with clock.standing_at(dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)):
        olga.pay("150.00")
        fulfilling.fulfil_waiting(session, olga.account.id)
        assert (order.state, order.total, made.quantity) == ("fulfilled", D("100.00"), 3)
        assert free(session, olga) == D("50.00")


def test_what_is_set_up_once_is_paid_once_for_each_piece_more(session, on_the_day):
    with clock.standing_at(dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)):
        olga = Buyer(session)
        olga.pay("1000.00")
        plan = olga.plan("300.0000")
        for part in plan.components:
            part.model = "per_unit"
        makers.component(session, plan, "40.0000", name="Setting up", charged="once", model="per_unit")
        session.expire_all()
        olga.put(plan, quantity=D(2))
        olga.order("balance")
        (made,) = olga.subscriptions()
        made.state = "active"
    order = changing.resize(session, olga.actor, made.id, Size(D(3)), key="k", seen=D("190.00"))
    assert order.total == D("190.00")  # half a month of 300.00, and 40.00
    with clock.standing_at(dt.datetime(2026, 12, 3, 12, tzinfo=dt.UTC)):
        close(session, olga.seller, [Month(2026, 11)])
        assert billed(session, olga.account)[0] == D("870.00")


def test_what_cannot_be_changed_says_why(session, on_the_day):
    olga, made = running(session)
    for wrong in (D(0), D("1.5"), D(5000)):
        with pytest.raises(Refused, match="whole number"):
            changing.look(session, olga.actor, made.id, Size(wrong))
    with pytest.raises(NotFound):
        changing.look(session, Buyer(session).actor, made.id, Size(D(3)))
    with pytest.raises(Refused, match="so already"):
        changing.resize(session, olga.actor, made.id, Size(D(2)), key="k", seen=D(0))
    made.state = "stopped"
    with pytest.raises(Refused, match="service that runs"):
        changing.look(session, olga.actor, made.id, Size(D(3)))
