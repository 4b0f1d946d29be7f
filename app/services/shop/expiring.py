"""Orders nobody pays: after the days of a policy, or when the price no longer fits, they are cancelled with a word."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, Refused
from app.models import Account, CreditLimit, Order
from app.rules.lifecycle import OrderState
from app.rules.policies import PolicyKind
from app.services import payments, policies
from app.services.shop import fulfilling, orders, spending

BATCH = 50  # orders a transaction


def expire(session: Session, actor: Actor, seller_id: int) -> Iterator[int]:
    """Look at every order of a Seller that waits, some at a time: how many of each lot were cancelled."""
    actor.need(Right.SUBSCRIPTIONS_WRITE)
    days = policies.calendar_for(session, seller_id)[PolicyKind.ORDER_WAITS]["days"]
    oldest = clock.now() - dt.timedelta(days)
    last = 0
    while ids := session.scalars(_waiting(seller_id, last)).all():
        last = ids[-1]
        yield sum(_look(session, actor, order_id, oldest, days) for order_id in ids)


def _waiting(seller_id: int, after: int) -> sa.Select[int]:
    return (
        sa.select(Order.id)
        .join(Account, Account.id == Order.account_id)
        .where(Order.state == OrderState.PENDING.value, Order.id > after, Account.seller_id == seller_id)
        .order_by(Order.id)
        .limit(BATCH)
    )


def _look(session: Session, actor: Actor, order_id: int, oldest: dt.datetime, days: int) -> bool:
    order = orders.order_of(session, actor, order_id)
    orders.lock_account(session, actor, order.account_id)
    session.refresh(order)
    if order.state != OrderState.PENDING.value:
        return False
    why = _why_not(session, order, oldest, days)
    if why is None:
        _wake_paid(session, order)
        return False
    orders.give_up_paying(session, order.id)
    fulfilling.drop(session, order, why, actor)
    return True


def _why_not(session: Session, order: Order, oldest: dt.datetime, days: int) -> DomainError | None:
    if fulfilling.is_paid_in_full(session, order):
        return None  # its money is here: those who fulfil decide
    if order.ordered_at < oldest:
        return Refused(N_("It was not paid within %(days)s days. Order again if you still need it."), days=days)
    try:
        fulfilling.price_now(session, order)
    except DomainError as error:
        return error
    return None


def _wake_paid(session: Session, order: Order) -> None:
    """Its own money is here and nobody fulfilled it: a wish was lost, or it was called paid by mistake once."""
    if fulfilling.is_paid_in_full(session, order):
        payments.wake_orders(session, order.account, f"fulfil_night:{order.id}:{clock.now().date()}")


def refresh_limits(session: Session, seller_id: int) -> int:
    """Write down again how much of each credit limit is in use: payments and closings have changed it."""
    wanted = sa.select(CreditLimit.account_id).join(Account, Account.id == CreditLimit.account_id)
    ids = session.scalars(wanted.where(Account.seller_id == seller_id, CreditLimit.used > 0)).all()
    for account_id in ids:
        spending.refresh(session, account_id)
    return len(ids)
