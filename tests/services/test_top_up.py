"""Automatic top-up: what a month needs, never beyond the maximum, one at a time, and quiet after a decline."""

import datetime as dt
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.gateways.base import Truth
from app.models import Account, AutoTopUp, EntryKind, Job, LedgerKind, PaymentMethod, PaymentWay
from app.rules.policies import PolicyKind
from app.services import ledger, paying, policies, sealing, top_up
from app.services.top_up import Needs
from jobs.schedule import order_due
from tests import makers
from tests.services.paying_kit import net, new_account, olga, perform, sandbox, saved

D = Decimal
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture
def account(session: Session) -> Account:
    return new_account(session)


@pytest.fixture
def method(app: Flask, session: Session, account: Account) -> PaymentMethod:
    made = makers.plan(session, account.seller, "620.0000")
    makers.subscription(session, account, made, paid_until=dt.date(2026, 12, 1), renew_months=1)
    return saved(session, account, sandbox(session, account), "pays-1", app.config["SECRET_KEY"])


def switch_on(session: Session, account: Account, method: PaymentMethod, maximum: str | None = "682.00") -> AutoTopUp:
    limit = D(maximum) if maximum else None
    return top_up.switch_on(session, olga(account), account.id, method.id, None, D("100.00"), limit)


@pytest.mark.covers("AST-105")
def test_the_maximum_advised_is_the_forecast_and_ten_per_cent(
    session: Session, account: Account, method: PaymentMethod
) -> None:
    assert Needs(D("60.00"), D("620.00"), 10).recommended == D("682.00")
    yearly = makers.plan(session, account.seller, "10.0000")
    with clock.standing_at(NOON):
        makers.subscription(session, account, yearly, paid_until=dt.date(2027, 3, 1), renew_months=12)
        found = top_up.needs_of(session, olga(account), account)
        assert (found.minimum, found.maximum, found.recommended) == (D("620.00"), D("740.00"), D("814.00"))
        kind = PolicyKind.AUTOPAYMENT_MARGIN
        policies.change_policy(session, Actor.system(), account.seller_id, kind, {"percent": 25})
        assert top_up.needs_of(session, olga(account), account).recommended == D("925.00")


@pytest.mark.covers("AST-101", "AST-104")
def test_an_account_is_topped_up_by_a_month_but_never_beyond_the_maximum(
    app: Flask, session: Session, account: Account, method: PaymentMethod
) -> None:
    with clock.standing_at(NOON):
        row = switch_on(session, account, method, "900.00")
        assert top_up.top_up(session, row.id) == "charged"
        assert top_up.top_up(session, row.id) == "underway"
        perform(app, session)
        assert net(session, account) == D("620.00")
        assert top_up.top_up(session, row.id) == "enough"
        _spend(session, account, "600.00")
        assert top_up.top_up(session, row.id) == "charged"  # 280.00 is what the maximum leaves
        perform(app, session)
        assert net(session, account) == D("300.00")
        _spend(session, account, "250.00")
        assert top_up.top_up(session, row.id) == "maximum"
        assert [one.amount for one in top_up.history(session, olga(account), account.id)] == [D("280.00"), D("620.00")]
    with clock.standing_at(NOON + dt.timedelta(days=12)):
        assert top_up.top_up(session, row.id) == "charged"  # another month


def _spend(session: Session, account: Account, amount: str) -> None:
    """Money that was there is there no more."""
    key = f"spent:{amount}:{clock.now().timestamp()}"
    moves = [ledger.Move(LedgerKind.ADVANCES, LedgerKind.CLEARING, D(amount))]
    ledger.post(session, account, EntryKind.FEE, key, clock.today(), moves)


def test_after_a_decline_it_waits_until_the_card_works(
    app: Flask, session: Session, account: Account, method: PaymentMethod
) -> None:
    method.token = sealing.seal("never-1", app.config["SECRET_KEY"])
    row = switch_on(session, account, method)
    assert top_up.waiting(session) == [row.id] and top_up.top_up(session, row.id) == "charged"
    perform(app, session)
    assert method.state == "not_working" and top_up.is_paused(row) and not top_up.waiting(session)
    with clock.standing_at(clock.now() + dt.timedelta(days=2)):
        assert not top_up.waiting(session)
        method.state = "working"
        session.flush()
        assert top_up.waiting(session) == [row.id]


@pytest.mark.covers("AST-106", "AST-107")
def test_without_a_maximum_only_a_method_without_limits_will_do(
    app: Flask, session: Session, account: Account, method: PaymentMethod
) -> None:
    assert switch_on(session, account, method, None).monthly_maximum is None
    limited = sandbox(session, account, name="Limited", minimum=D(10), maximum=D(300))
    narrow = saved(session, account, limited, "pays-2", app.config["SECRET_KEY"])
    with pytest.raises(Refused, match="within limits only"):
        switch_on(session, account, narrow, None)
    with pytest.raises(Refused, match="less than one payment"):
        switch_on(session, account, narrow, "9.99")
    assert switch_on(session, account, narrow, "500.00").method_id == narrow.id


def test_it_is_switched_off_and_is_nobody_elses(session: Session, account: Account, method: PaymentMethod) -> None:
    row = switch_on(session, account, method)
    other = makers.company(session)
    stranger = makers.account(session, other, makers.payer(session, other))
    with pytest.raises(NotFound):
        top_up.switch_off(session, olga(stranger), account.id)
    with pytest.raises(NotFound):
        top_up.switch_on(session, olga(stranger), stranger.id, method.id, None, D(0), D(10))
    top_up.switch_off(session, olga(account), account.id)
    assert not top_up.waiting(session) and top_up.top_up(session, row.id) == "enough"
    with pytest.raises(Refused, match="off already"):
        top_up.switch_off(session, olga(account), account.id)


def test_the_schedule_asks_each_hour_where_anybody_has_it(
    session: Session, account: Account, method: PaymentMethod
) -> None:
    def asked() -> int:
        order_due(session)
        return session.query(Job).filter_by(name="top_up").count()

    with clock.standing_at(NOON):
        assert asked() == 0
        switch_on(session, account, method)
        assert [asked(), asked()] == [1, 1]
    with clock.standing_at(NOON + dt.timedelta(hours=1)):
        assert asked() == 2


@pytest.mark.covers("AST-104")
def test_the_maximum_holds_what_the_card_pays_with_the_commission(
    app: Flask, session: Session, account: Account, method: PaymentMethod
) -> None:
    dear = sandbox(session, account, name="Dear", commission_bp=500, commission_fixed=D("10.00"))
    card = saved(session, account, dear, "pays-3", app.config["SECRET_KEY"])
    with clock.standing_at(NOON):
        with pytest.raises(Refused, match="less than one payment"):
            switch_on(session, account, card, "10.00")
        row = switch_on(session, account, card, "100.00")
        assert top_up.top_up(session, row.id) == "charged"
        made = top_up.history(session, olga(account), account.id)[0]
        assert (made.amount, made.charged) == (D("85.71"), D("100.00"))
        assert top_up.taken(session, row, account) == D("100.00")
        perform(app, session)
        assert top_up.top_up(session, row.id) == "maximum"


def test_while_money_is_held_nothing_more_is_charged(session: Session, account: Account, method: PaymentMethod) -> None:
    row = switch_on(session, account, method, None)
    with clock.standing_at(NOON):
        assert top_up.top_up(session, row.id) == "charged"
        made = top_up.history(session, olga(account), account.id)[0]
        less = Truth(made.order_no, "x1", "paid", made.charged - 1, made.currency)
        assert paying.settle(session, session.get_one(PaymentWay, made.way_id), less) == "held"
        assert top_up.top_up(session, row.id) == "underway"
        paying.credit_held(session, Actor.system(), paying.held(session, Actor.system())[0].id, account.id)
        assert top_up.top_up(session, row.id) == "enough" and net(session, account) == D("619.00")
