"""From a bought plan to a service that runs: tasks for platforms, wished for with their cause.

`wish` writes a `PlatformOrder` and the outbox's wish in the caller's transaction. `services.shop.operating_platforms`
hands it over and asks what came of it; here is what that means for the subscription, its dates and its people.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.models import OrderLine, Plan, PlatformOrder, Subscription, SubscriptionItem
from app.rules.lifecycle import RequestState, SubscriptionState, move
from app.services import work
from app.services.work import Topic

OPEN = (RequestState.NEW.value, RequestState.SENT.value, RequestState.FAILED.value)
ACTIONS = ("create", "change", "suspend", "resume", "end")


def wish(session: Session, subscription: Subscription, action: str) -> PlatformOrder:
    """Ask the subscription's platform for an action (create, change, suspend, resume, end), in this transaction.

    Tasks of one subscription are done one after the other; a new subscription is ORDERED until its task is handed over.
    """
    if action not in ACTIONS:
        raise ValueError(f"a platform does not {action}")
    session.flush()
    plan = session.get_one(Plan, subscription.plan_id)
    order = PlatformOrder(
        company_id=subscription.company_id,
        subscription_id=subscription.id,
        platform=plan.platform or "by_hand",
        action=action,
        state=RequestState.NEW.value,
    )
    session.add(order)
    session.flush()
    wish_to_send(session, order, 0)
    return order


def wish_to_send(session: Session, order: PlatformOrder, turn: int, due_at: dt.datetime | None = None) -> None:
    """Wish for an order to be handed over; each `turn` is wished for once."""
    key = f"platform:{order.id}:{turn}:{int(clock.now().timestamp() * 1000) if turn else 0}"
    work.put_outbox(session, Topic.PROVISION, {"order_id": order.id}, key, order.company_id, due_at)


def extend(session: Session, subscription: Subscription, starts_on: dt.date, ends_on: dt.date) -> None:
    """A renewal is paid: the subscription lasts to `ends_on`; days before `starts_on` it did not run stay unpaid.

    What was stopped for want of money runs again.
    """
    was_until = subscription.paid_until or subscription.ends_on
    if was_until is not None and starts_on > was_until:
        _leave_gap(session, subscription, was_until, starts_on)
    subscription.paid_until = subscription.ends_on = ends_on
    subscription.renew_failed_on = None
    if subscription.state == SubscriptionState.STOPPED.value:
        subscription.state = move(SubscriptionState(subscription.state), SubscriptionState.ACTIVE).value
        subscription.reason = ""
        wish(session, subscription, "resume")
    session.flush()


def _leave_gap(session: Session, subscription: Subscription, until: dt.date, since: dt.date) -> None:
    """Parts in force at the end of what was paid end there, and begin again on the first day that is paid."""
    query = sa.select(SubscriptionItem).where(
        SubscriptionItem.subscription_id == subscription.id,
        SubscriptionItem.valid_from < until,
        sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > until),
    )
    for item in session.scalars(query).all():
        ends, item.valid_to = item.valid_to, until
        if ends is not None and ends <= since:
            continue
        session.add(
            SubscriptionItem(
                company_id=item.company_id,
                subscription_id=item.subscription_id,
                component_id=item.component_id,
                name=item.name,
                quantity=item.quantity,
                unit_price=item.unit_price,
                valid_from=since,
                valid_to=ends,
            )
        )


def lines_of(session: Session, subscription: Subscription) -> list[OrderLine]:
    """What was ordered for a subscription, the oldest first."""
    query = sa.select(OrderLine).where(OrderLine.subscription_id == subscription.id).order_by(OrderLine.id)
    return list(session.scalars(query))
