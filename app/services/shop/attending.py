"""What the staff does with tasks of platforms: says what came of them by hand, tries failed ones again (Office)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Plan, PlatformOrder, Subscription
from app.provisioning.platforms import Answer, Outcome
from app.rules.lifecycle import RequestState, SubscriptionState, move
from app.services import trail
from app.services.shop import activating

PAGE = 50
NEED_REASON = (Outcome.OUT_OF_STOCK, Outcome.NEEDS_SETUP)


def waiting(session: Session, actor: Actor, after: int | None = None) -> tuple[list[PlatformOrder], int | None]:
    """Tasks that a person must look at, the oldest first: given by hand, failed; and what is out of stock."""
    actor.need(Right.SUBSCRIPTIONS_READ)
    query = (
        sa.select(PlatformOrder)
        .join(Subscription, Subscription.id == PlatformOrder.subscription_id)
        .where(_attended())
        .options(
            joinedload(PlatformOrder.subscription, innerjoin=True).options(
                joinedload(Subscription.plan, innerjoin=True).joinedload(Plan.product, innerjoin=True),
                joinedload(Subscription.company, innerjoin=True),
                joinedload(Subscription.account, innerjoin=True),
            )
        )
        .order_by(PlatformOrder.id)
        .limit(PAGE + 1)
    )
    if after is not None:
        query = query.where(PlatformOrder.id > after)
    found = list(session.scalars(query))
    return found[:PAGE], (found[PAGE - 1].id if len(found) > PAGE else None)


def _attended() -> Any:
    by_hand = sa.and_(PlatformOrder.platform == "by_hand", PlatformOrder.state == RequestState.SENT.value)
    sold_out = sa.and_(
        PlatformOrder.answer == Outcome.OUT_OF_STOCK.value,
        PlatformOrder.state == RequestState.REJECTED.value,
        Subscription.state == SubscriptionState.OUT_OF_STOCK.value,
        PlatformOrder.id
        == sa.select(sa.func.max(_other.c.id)).where(_other.c.subscription_id == Subscription.id).scalar_subquery(),
    )
    return sa.or_(by_hand, PlatformOrder.state == RequestState.FAILED.value, sold_out)


_other = PlatformOrder.__table__.alias("other_order")


def _task(session: Session, actor: Actor, order_id: int) -> PlatformOrder:
    actor.need(Right.SUBSCRIPTIONS_WRITE)
    query = sa.select(PlatformOrder).where(PlatformOrder.id == order_id).with_for_update(of=PlatformOrder)
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound()
    return found


def say(session: Session, actor: Actor, order_id: int, outcome: Outcome, reason: str = "") -> PlatformOrder:
    """What came of a task: done, needs to be set up, or out of stock; the customer reads the reason."""
    order = _task(session, actor, order_id)
    if order.state not in (RequestState.SENT.value, RequestState.FAILED.value):
        raise Refused(N_("This task has ended already."))
    if outcome in NEED_REASON and not reason.strip():
        raise Refused(N_("Write the reason: the customer reads it."))
    order.state = RequestState.SENT.value
    activating.settle(session, order, Answer(outcome, reason.strip()[:300]), by=actor.name)
    _note(session, actor, f"platform.{outcome.value}", order)
    return order


def try_again(session: Session, actor: Actor, order_id: int) -> PlatformOrder:
    """Send a task that failed once more; for one that was out of stock a new task is made."""
    order = _task(session, actor, order_id)
    subscription = order.subscription
    if order.state == RequestState.REJECTED.value and subscription.state == SubscriptionState.OUT_OF_STOCK.value:
        subscription.state = move(SubscriptionState.OUT_OF_STOCK, SubscriptionState.PROCESSING).value
        subscription.reason = ""
        again = activating.wish(session, subscription, "create")
    elif order.state == RequestState.FAILED.value:
        again = order
        again.attempts, again.reason, again.answer = 0, "", ""
        activating.wish_to_send(session, again, 1)
    else:
        raise Refused(N_("Only a task that failed or was out of stock can be tried again."))
    _note(session, actor, "platform.again", again)
    return again


def _note(session: Session, actor: Actor, action: str, order: PlatformOrder) -> None:
    trail.record(
        session,
        actor,
        action,
        "subscription",
        order.subscription_id,
        company_id=order.company_id,
        task=order.action,
        reason=order.reason,
    )
