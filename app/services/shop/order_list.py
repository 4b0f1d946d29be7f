"""Orders as people read them: what waits for its payment, what is paid, and the whole story of one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.access.permissions import Right
from app.core.actor import Actor
from app.models import AuditEvent, Order, OrderLine, Payment, PaymentAttempt, Plan, Subscription
from app.rules.lifecycle import AttemptState, OrderState
from app.services.shop import orders

WAITING = (OrderState.PENDING.value,)
DONE = (OrderState.PAID.value, OrderState.FULFILLED.value)
CANCELLED = (OrderState.CANCELLED.value,)
MOST_WAITING = 50


def last_day(ends_on: dt.date | None) -> dt.date | None:
    """The last day that is paid for, as people read a period."""
    return ends_on - dt.timedelta(days=1) if ends_on is not None else None


@dataclass(frozen=True)
class Row:
    """An order of a list with what became of its lines, and the last attempt to pay it."""

    order: Order
    subscriptions: dict[int, Subscription]
    attempt: PaymentAttempt | None = None


def _need(actor: Actor) -> None:
    if not actor.may(Right.CABINET_BUY):
        actor.need(Right.CABINET_PAYMENTS)


def list_orders(
    session: Session, actor: Actor, states: Sequence[str], after: int | None = None, limit: int = 25
) -> tuple[list[Row], int | None]:
    """A page of the company's orders in these states, the newest first, and the id the next page begins after."""
    _need(actor)
    query = sa.select(Order).where(Order.company_id == actor.company_id, Order.state.in_(states))
    if after is not None:
        query = query.where(Order.id < after)
    query = query.options(joinedload(Order.account), selectinload(Order.lines))
    found = list(session.scalars(query.order_by(Order.id.desc()).limit(limit + 1)))
    more = found[limit - 1].id if len(found) > limit else None
    return _rows(session, found[:limit]), more


def _rows(session: Session, found: Sequence[Order]) -> list[Row]:
    made = subscriptions_of(session, [line for order in found for line in order.lines])
    waiting = [order.id for order in found if order.state in WAITING]
    last: dict[int | None, PaymentAttempt] = {}
    if waiting:
        query = sa.select(PaymentAttempt).where(PaymentAttempt.order_id.in_(waiting)).order_by(PaymentAttempt.id)
        last = {one.order_id: one for one in session.scalars(query)}
    return [Row(order, made, last.get(order.id)) for order in found]


def subscriptions_of(session: Session, lines: Sequence[OrderLine]) -> dict[int, Subscription]:
    """What became of lines, by the subscription's id; one statement."""
    ids = {line.subscription_id for line in lines if line.subscription_id is not None}
    if not ids:
        return {}
    query = sa.select(Subscription).where(Subscription.id.in_(ids))
    return {one.id: one for one in session.scalars(query)}


@dataclass(frozen=True)
class Story:
    """Everything about one order."""

    order: Order
    subscriptions: dict[int, Subscription]
    attempts: list[PaymentAttempt]
    payments: dict[int, Payment]
    events: list[AuditEvent]

    @property
    def open_attempt(self) -> PaymentAttempt | None:
        """The payment that is under way, or held."""
        going = (AttemptState.NEW.value, AttemptState.SENT.value, AttemptState.HELD.value)
        return next((one for one in self.attempts if one.state in going), None)


def story_of(session: Session, actor: Actor, order_id: int) -> Story:
    """One order with its lines, attempts, payments and history; NotFound where it is another company's."""
    if not actor.is_staff:
        _need(actor)
    order = orders.order_of(session, actor, order_id)
    session.scalars(  # plans, products and parts of the lines, read at once
        sa.select(Plan)
        .where(Plan.id.in_({line.plan_id for line in order.lines}))
        .options(joinedload(Plan.product), selectinload(Plan.components))
    ).unique().all()
    query = sa.select(PaymentAttempt).where(PaymentAttempt.order_id == order.id).order_by(PaymentAttempt.id.desc())
    begun = list(session.scalars(query.options(joinedload(PaymentAttempt.way)).limit(50)))
    paid = [one.payment_id for one in begun if one.payment_id is not None]
    money = {one.id: one for one in session.scalars(sa.select(Payment).where(Payment.id.in_(paid)))} if paid else {}
    done = sa.select(AuditEvent).where(AuditEvent.target == "orders", AuditEvent.target_id == str(order.id))
    events = list(session.scalars(done.order_by(AuditEvent.id).limit(50)))
    return Story(order, subscriptions_of(session, order.lines), begun, money, events)
