"""What an account may still spend: its money, less what is ordered and not yet billed, plus its credit (docs/shop.md).

An order is no invoice: its money lies on the account as an advance until the closings of its months charge it. What
they have not charged yet is outstanding, and is not spent a second time.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_, NotFound, Refused
from app.core.money import half_up
from app.core.period import Month
from app.models import (
    Account,
    BillingRun,
    Charge,
    Component,
    CreditLimit,
    Order,
    OrderLine,
    Payment,
    PaymentAttempt,
    RunItem,
    Seller,
    Subscription,
)
from app.rules.lifecycle import AttemptState, OrderState, PaymentState, RunItemState, SubscriptionState
from app.services import ledger

NOTHING = Decimal("0.00")
SPENT = (OrderState.PAID.value, OrderState.FULFILLED.value)
CANCELLED = OrderState.CANCELLED.value
WAITING = OrderState.PENDING.value  # counted where its own money came: the wish to fulfil it is under way
NOT_RUNNING = (  # closings leave these out: their money waits with them
    SubscriptionState.ORDERED.value,
    SubscriptionState.PROCESSING.value,
    SubscriptionState.NEEDS_SETUP.value,
    SubscriptionState.OUT_OF_STOCK.value,
)


@dataclass(frozen=True)
class Room:
    """`balance` in the books (a debt is negative), `outstanding` orders, `limit` of credit in force, what is `free`."""

    balance: Decimal
    outstanding: Decimal
    limit: Decimal
    free: Decimal
    is_blocked: bool = False

    @property
    def own(self) -> Decimal:
        """What is free without credit."""
        return self.free - self.limit

    @property
    def used(self) -> Decimal:
        """How much of the credit is in use."""
        return max(self.outstanding - self.balance, NOTHING)


def outstanding(session: Session, account_ids: Collection[int]) -> dict[int, Decimal]:
    """What paid orders of these accounts have not been billed for yet, tax included; one statement a thousand.

    A line is settled when the last month it was bought for is closed: what it was charged less stays free money.
    What a changed size cost is billed with the line whose days it is for, and counted with it.
    """
    found: dict[int, Decimal] = {}
    ids = sorted(account_ids)
    for at in range(0, len(ids), 1000):
        lines: dict[int, _Line] = {}
        for row in session.execute(_lines(ids[at : at + 1000])):
            if not _is_settled(row):
                line = lines.setdefault(row.id, _Line(row.account_id, _kept(row), row.kind == "change", _days_of(row)))
                line.billed += _with_tax(row) * _share(row)
        for line in _with_changes(list(lines.values())):
            found[line.account_id] = found.get(line.account_id, NOTHING) + max(
                line.total - half_up(line.billed), NOTHING
            )
    return found


@dataclass
class _Line:
    """A line that is not settled: what was paid for it, and what of that is billed."""

    account_id: int
    total: Decimal
    is_change: bool
    days: tuple[int | None, dt.date | None]
    billed: Decimal = Decimal(0)


def _days_of(row: Any) -> tuple[int | None, dt.date | None]:
    return row.subscription_id, row.ends_on


def _with_changes(lines: list[_Line]) -> list[_Line]:
    """Lines with what changes of them cost; a change whose line is gone stands by itself."""
    kept = [one for one in lines if not one.is_change]
    hosts = {one.days: one for one in kept}
    for one in lines:
        if one.is_change and one.days in hosts:
            hosts[one.days].total += one.total
        elif one.is_change:
            kept.append(one)
    return kept


def own_money() -> Any:
    """A payment begun for an Order that brought its whole sum and still lies on its account: it is for no other one."""
    return (
        sa.select(PaymentAttempt.id)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(
            PaymentAttempt.order_id == Order.id,
            PaymentAttempt.state == AttemptState.PAID.value,
            PaymentAttempt.amount >= Order.total,
            Payment.account_id == Order.account_id,
            Payment.state == PaymentState.CREDITED.value,
            Payment.amount >= Order.total,
        )
        .correlate(Order)
    )


def _lines(account_ids: list[int]) -> Any:
    closed = (
        sa.select(sa.func.max(BillingRun.month))
        .join(RunItem, RunItem.run_id == BillingRun.id)
        .where(
            RunItem.account_id == Order.account_id,
            RunItem.state.in_((RunItemState.DONE.value, RunItemState.NOTHING.value)),
        )
        .scalar_subquery()
    )
    in_orders = sa.select(Component.id).where(Component.charged == "usage")  # usage is in no order
    charged = sa.and_(
        Charge.subscription_id == OrderLine.subscription_id,
        Charge.starts_on < OrderLine.ends_on,
        Charge.ends_on > OrderLine.starts_on,
        Charge.component_id.not_in(in_orders),
    )
    of: Any = (OrderLine.id, Order.account_id, OrderLine.total, OrderLine.ends_on, Subscription.state)
    of = (*of, OrderLine.subscription_id, Order.kind)
    of = (*of, Subscription.ends_on.label("ended_on"), Charge.tax_bp, Charge.tax_included)
    of = (*of, Order.state.label("order_state"), OrderLine.kept)
    of = (*of, OrderLine.starts_on, Charge.starts_on.label("since"), Charge.ends_on.label("until"))
    return (
        sa.select(*of, sa.func.sum(Charge.amount).label("charged"), closed.label("closed"))
        .select_from(OrderLine)
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(Subscription, Subscription.id == OrderLine.subscription_id)
        .outerjoin(Charge, charged)
        .where(Order.account_id.in_(account_ids), OrderLine.total > 0)
        .where(sa.or_(Order.state.in_((*SPENT, CANCELLED)), sa.and_(Order.state == WAITING, own_money().exists())))
        .where(sa.or_(Order.state != CANCELLED, OrderLine.kept > 0))
        .where(sa.or_(OrderLine.starts_on.is_(None), OrderLine.ends_on > OrderLine.starts_on))  # else it was given up
        .where(
            sa.or_(
                OrderLine.ends_on > sa.func.coalesce(closed, dt.date(1990, 1, 1)), Subscription.state.in_(NOT_RUNNING)
            )
        )
        .group_by(*of)
    )


def _is_settled(row: Any) -> bool:
    if row.closed is None or row.ends_on is None or row.state is None or row.state in NOT_RUNNING:
        return False
    end = min(row.ends_on, row.ended_on) if row.ended_on else row.ends_on
    return bool(end <= Month.of(row.closed).period.end)


def _kept(row: Any) -> Decimal:
    """What a line takes of the money: of a cancelled order only what the days that ran cost."""
    amount: Decimal = row.kept if row.order_state == CANCELLED else row.total
    return amount


def _share(row: Any) -> Decimal:
    """How much of a charge is of the line's own days: two lines may have paid for a month, one of them a day of it."""
    if row.since is None or row.starts_on is None or row.until <= row.since:
        return Decimal(1)
    days = (min(row.until, row.ends_on) - max(row.since, row.starts_on)).days
    return Decimal(days) / (row.until - row.since).days


def _with_tax(row: Any) -> Decimal:
    amount: Decimal = row.charged or Decimal(0)
    return amount if row.tax_included or not row.tax_bp else amount * (10_000 + row.tax_bp) / 10_000


def room_of(session: Session, account_id: int, *, lock: bool = False) -> Room:
    """What an account may spend now; with `lock` nobody else spends from it or pays to it until the commit."""
    wanted = sa.select(Account).where(Account.id == account_id)
    if lock:
        wanted = wanted.with_for_update(of=Account).execution_options(populate_existing=True)
    account = session.scalars(wanted).first()
    if account is None:
        raise NotFound()
    limits = session.scalars(sa.select(CreditLimit).where(CreditLimit.account_id == account_id)).all()
    if lock:
        for limit in limits:
            session.refresh(limit)
    balance = ledger.balance(session, account_id).net
    return room(session, account, balance, limits[0] if limits else None)


def room(session: Session, account: Account, balance: Decimal, limit: CreditLimit | None) -> Room:
    """The same where the balance and the limit are known already; only who has a contract orders on credit."""
    ordered = outstanding(session, [account.id]).get(account.id, NOTHING)
    if account.contract_id is None or limit is None:
        return Room(balance, ordered, NOTHING, balance - ordered)
    today = clock.today(session.get_one(Seller, account.seller_id).zone)
    is_blocked = limit.blocked_on is not None and limit.blocked_on <= today
    amount = NOTHING if is_blocked else limit.amount
    return Room(balance, ordered, amount, balance - ordered + amount, is_blocked)


def need(session: Session, account: Account, amount: Decimal, *, on_credit: bool = True) -> Room:
    """Take `amount` of the free money of an account, locked until the commit; Refused where there is less.

    What is paid from the balance takes no credit (`on_credit` False).
    """
    found = room_of(session, account.id, lock=True)
    check(found, account, amount, on_credit=on_credit)
    if account.contract_id is not None:
        after = replace(found, outstanding=found.outstanding + amount, free=found.free - amount)
        _use(session, account, after, found)
    return found


def check(found: Room, account: Account, amount: Decimal, *, on_credit: bool = True) -> None:
    """Refused where `amount` is not there, with what is missing."""
    if not on_credit and amount > found.own:
        raise refusal(replace(found, free=found.own), account, amount, on_credit=False)
    if amount > 0 and amount > found.free:
        raise refusal(found, account, amount)


def refusal(room: Room, account: Account, amount: Decimal, *, on_credit: bool = True) -> Refused:
    """Why `amount` cannot be spent, how much is missing and what to do."""
    missing = f"{amount - room.free:.2f} {account.currency}"
    if account.contract_id is None or not on_credit:
        return Refused(
            N_("%(missing)s are missing on account %(number)s. Top it up, or choose another way to pay."),
            missing=missing,
            number=account.number,
        )
    if room.is_blocked:
        return Refused(
            N_(
                "Credit on account %(number)s is blocked by unpaid invoices, and %(missing)s are missing without it. "
                "Pay the invoices, then order again."
            ),
            missing=missing,
            number=account.number,
        )
    return Refused(
        N_(
            "The credit left on account %(number)s is %(missing)s too little. Pay open invoices or put money on the "
            "account, or ask us for a higher limit."
        ),
        missing=missing,
        number=account.number,
    )


def _use(session: Session, account: Account, after: Room, before: Room) -> None:
    """Keep how much of the limit is in use: never more than it is, whoever changes the limit meanwhile."""
    kept = sa.update(CreditLimit).where(CreditLimit.account_id == account.id, CreditLimit.amount >= after.used)
    done: Any = session.execute(kept.values(used=after.used).execution_options(synchronize_session=False))
    if not done.rowcount and after.used > 0 and after.used > before.used:
        raise refusal(before, account, before.free + after.used)


def refresh(session: Session, account_id: int) -> Room:
    """Write down again how much of the limit is in use: after a payment, a closing, a cancelled order."""
    found = room_of(session, account_id, lock=True)
    least = sa.func.min if session.get_bind().dialect.name == "sqlite" else sa.func.least
    used = least(CreditLimit.amount, sa.literal(found.used, CreditLimit.used.type))
    change = sa.update(CreditLimit).where(CreditLimit.account_id == account_id).values(used=used)
    session.execute(change.execution_options(synchronize_session=False))
    return found


def refresh_if_used(session: Session, account: Account) -> None:
    """Money came or went: what is in use of a limit is right again at once; nothing where none is used or given."""
    if account.contract_id is None:
        return
    mine = sa.select(CreditLimit.id).where(CreditLimit.account_id == account.id)
    if session.scalar(mine.limit(1)) is not None:
        session.flush()
        refresh(session, account.id)
