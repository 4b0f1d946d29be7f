"""More or less of a service in the middle of its paid days: quoted, paid, billed to the cent."""

import datetime as dt
import random
from decimal import Decimal as D

import pytest

from app.core import clock
from app.services.setup import ensure_defaults
from app.services.shop import quotes, resizing
from app.services.shop.quotes import Wish
from app.services.shop.resizing import Size
from tests import makers
from tests.services.shop.test_quotes import billed, close, months_between, promotion, random_plan, subscribe

DAY = dt.date(2026, 11, 16)


@pytest.fixture
def seller(session):
    ensure_defaults(session)
    return makers.seller(session)


@pytest.fixture
def account(session, seller):
    return makers.account(session, makers.company(session, seller))


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
