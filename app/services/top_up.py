"""Automatic top-up of an account by a saved method: by what a month needs, when free money falls low (AST-101…108).

It never goes beyond the month's maximum, one charge is under way at a time, and after a decline it waits until the
method works again (`services.methods` tells the company).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.money import half_up
from app.models import Account, AutoTopUp, Payer, PaymentAttempt, PaymentMethod, PaymentWay, Seller
from app.rules.lifecycle import AttemptState, PaymentMethodState
from app.rules.policies import PolicyKind
from app.services import attempts, methods, policies, trail
from app.services.methods import TAKEN
from app.services.shop import renewal_list, spending

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Needs:
    """What a month of an account's services costs, at least and at most, and the maximum that is advised."""

    minimum: Decimal
    maximum: Decimal
    margin: int  # per cent, of the Seller's policy (AST-105)

    @property
    def recommended(self) -> Decimal:
        """The forecast and the margin: 682.00 for 620.00 with ten per cent."""
        return half_up(self.maximum * (100 + self.margin) / 100)


def needs_of(session: Session, actor: Actor, account: Account) -> Needs:
    """What a month of this account needs, by its services and the settings of their renewal."""
    actor.need_company(account.company_id)
    margin = policies.calendar_for(session, account.seller_id)[PolicyKind.AUTOPAYMENT_MARGIN]["percent"]
    return Needs(*renewal_list.forecast(session, account), margin)


def setting_of(session: Session, actor: Actor, account_id: int) -> AutoTopUp | None:
    """The automatic top-up of an account of the actor's company."""
    actor.need(Right.CABINET_PAYMENTS)
    account = _account(session, actor, account_id)
    return session.scalars(sa.select(AutoTopUp).where(AutoTopUp.account_id == account.id)).first()


def _account(session: Session, actor: Actor, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    return account


def choices(session: Session, actor: Actor, account: Account) -> list[PaymentMethod]:
    """The saved methods that an account may be topped up by: those that work."""
    working = PaymentMethodState.WORKING.value
    return [one for one in methods.usable(session, actor, account) if one.state == working]


def check(session: Session, method: PaymentMethod, threshold: Decimal, maximum: Decimal | None) -> None:
    """Refused where the limits do not fit each other or the method (AST-104, 106, 107)."""
    for value in (threshold, maximum or NOTHING):
        if value < 0 or value != half_up(value):
            raise Refused(N_("Enter sums that are not less than zero, with two decimals at most."))
    way = session.get_one(PaymentWay, method.way_id)
    limited = way.minimum is not None or way.maximum is not None or method.monthly_maximum is not None
    if maximum is None and limited:
        raise Refused(
            N_("This method takes sums within limits only. Set a month's maximum, or choose a method without limits.")
        )
    least = max(way.minimum or NOTHING, Decimal("0.01"))
    if maximum is not None and maximum < attempts.terms_of(way).charged(least):
        raise Refused(N_("The month's maximum is less than one payment. Enter a larger maximum."))


def switch_on(
    session: Session,
    actor: Actor,
    account_id: int,
    method_id: int,
    payer_id: int | None,
    threshold: Decimal,
    maximum: Decimal | None,
) -> AutoTopUp:
    """Let the payment system charge the method by itself (AST-108); `maximum` None is unlimited (AST-106)."""
    actor.need(Right.CABINET_PAYMENTS)
    account = _account(session, actor, account_id)
    method = methods.method_of(session, actor, method_id)
    if method.id not in {one.id for one in choices(session, actor, account)}:
        raise Refused(N_("This saved method cannot pay for this account. Choose another."))
    check(session, method, threshold, maximum)
    payer = session.get(Payer, payer_id or account.payer_id)
    if payer is None or payer.company_id != account.company_id:
        raise NotFound()
    row = session.scalars(sa.select(AutoTopUp).where(AutoTopUp.account_id == account.id)).first()
    if row is None:
        row = AutoTopUp(company_id=account.company_id, account_id=account.id)
        session.add(row)
    row.method_id, row.payer_id = method.id, payer.id
    row.threshold, row.monthly_maximum = threshold, maximum
    row.is_on, row.paused_until = True, None
    row.confirmed_by, row.confirmed_at = actor.user_id, clock.now()
    session.flush()
    _record(session, actor, "top_up.on", row, method=method.name, threshold=str(threshold), maximum=str(maximum or "∞"))
    return row


def is_paused(row: AutoTopUp) -> bool:
    """Whether it waits after a charge that was declined."""
    return row.paused_until is not None and row.paused_until > clock.now()


def switch_off(session: Session, actor: Actor, account_id: int) -> AutoTopUp:
    """Nothing more is charged by itself; what is under way ends as it ends."""
    row = setting_of(session, actor, account_id)
    if row is None or not row.is_on:
        raise Refused(N_("Automatic top-up is off already."))
    row.is_on = False
    _record(session, actor, "top_up.off", row)
    return row


def history(session: Session, actor: Actor, account_id: int, limit: int = 25) -> Sequence[PaymentAttempt]:
    """The newest automatic payments of an account."""
    actor.need(Right.CABINET_PAYMENTS)
    account = _account(session, actor, account_id)
    query = _made(account.company_id, account.id).order_by(PaymentAttempt.id.desc()).limit(limit)
    return session.scalars(query).all()


def _made(company_id: int, account_id: int) -> sa.Select[PaymentAttempt]:
    """The attempts that automatic top-up began: known by their keys."""
    return sa.select(PaymentAttempt).where(
        PaymentAttempt.account_id == account_id, PaymentAttempt.key.startswith(f"{company_id}:top_up:{account_id}:")
    )


# -- the job ------------------------------------------------------------------------------------------------------


def is_any_on(session: Session) -> bool:
    """Whether anybody is topped up automatically."""
    return session.scalar(sa.select(AutoTopUp.id).where(AutoTopUp.is_on.is_(True)).limit(1)) is not None


def waiting(session: Session, after: int = 0, limit: int = 200) -> list[int]:
    """Top-ups that are on, not paused, and whose method works, by id."""
    query = (
        sa.select(AutoTopUp.id)
        .join(PaymentMethod, PaymentMethod.id == AutoTopUp.method_id)
        .where(AutoTopUp.is_on.is_(True), AutoTopUp.id > after)
        .where(sa.or_(AutoTopUp.paused_until.is_(None), AutoTopUp.paused_until <= clock.now()))
        .where(PaymentMethod.state == PaymentMethodState.WORKING.value, PaymentMethod.deleted_at.is_(None))
    )
    return list(session.scalars(query.order_by(AutoTopUp.id).limit(limit)))


def top_up(session: Session, top_up_id: int) -> str:
    """Top one account up, where it needs it now: «charged», «enough», «underway», «maximum» or «refused»."""
    locked = sa.select(AutoTopUp).where(AutoTopUp.id == top_up_id).with_for_update(of=AutoTopUp)
    row = session.scalars(locked.execution_options(populate_existing=True)).first()
    if row is None or not row.is_on:
        return "enough"
    made = _made(row.company_id, row.account_id)
    waits = (*attempts.OPEN, AttemptState.HELD.value)  # money that is held came: a person decides, then it goes on
    if session.scalars(made.where(PaymentAttempt.state.in_(waits)).limit(1)).first() is not None:
        return "underway"
    account = session.get_one(Account, row.account_id)
    amount = _needed(session, row, account)
    if amount <= 0:
        return "enough"
    amount = _within(session, row, account, amount)
    if amount <= 0:
        return "maximum"
    count = session.scalar(sa.select(sa.func.count()).select_from(made.subquery())) or 0
    try:
        with session.begin_nested():
            key = f"top_up:{account.id}:{count + 1}"
            methods.charge(session, row.method_id, account.id, amount, key=key, payer_id=row.payer_id)
    except DomainError:  # the method's own maximum, or its way was switched off: looked at again next time
        return "refused"
    return "charged"


def _needed(session: Session, row: AutoTopUp, account: Account) -> Decimal:
    """What is missing to a month's need; nothing while free money is not below the threshold."""
    own = spending.room_of(session, account.id).own
    if own >= row.threshold:
        return NOTHING
    _, month = renewal_list.forecast(session, account)
    return half_up(max(month, row.threshold) - own)


def _within(session: Session, row: AutoTopUp, account: Account, amount: Decimal) -> Decimal:
    """As much of it as the month's maximum and the way's limits let through; nothing where that is too little."""
    way = session.get_one(PaymentWay, session.get_one(PaymentMethod, row.method_id).way_id)
    amount = max(amount, way.minimum or NOTHING)
    if way.maximum is not None:
        amount = min(amount, way.maximum)
    if row.monthly_maximum is not None:
        left = row.monthly_maximum - taken(session, row, account)
        amount = min(amount, attempts.terms_of(way).most_within(left))
    return amount if amount >= (way.minimum or NOTHING) else NOTHING


def taken(session: Session, row: AutoTopUp, account: Account) -> Decimal:
    """What automatic payments of this month have taken or may still take, with the commission."""
    seller = session.get_one(Seller, account.seller_id)
    first = clock.today(seller.zone).replace(day=1)
    since = dt.datetime.combine(first, dt.time(), ZoneInfo(seller.zone))
    made = _made(row.company_id, row.account_id)
    made = made.where(PaymentAttempt.state.in_(TAKEN), PaymentAttempt.created_at >= since)
    return (
        session.scalar(made.with_only_columns(sa.func.sum(PaymentAttempt.amount + PaymentAttempt.commission)))
        or NOTHING
    )


def _record(session: Session, actor: Actor, action: str, row: AutoTopUp, **details: object) -> None:
    trail.record(session, actor, action, "auto_top_up", row.id, company_id=row.company_id, **details)
