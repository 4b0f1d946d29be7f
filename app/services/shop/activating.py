"""From a bought plan to a service that runs: tasks for platforms, wished for with their cause.

`wish` writes a `PlatformOrder` and the outbox's wish in the caller's transaction. `services.shop.platforms`
hands it over and asks what came of it; here is what that means for the subscription, its dates and its people.
"""

import datetime as dt
import secrets
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import (
    Account,
    Component,
    OrderLine,
    Plan,
    PlatformOrder,
    Subscription,
    SubscriptionItem,
    SubscriptionPromotion,
)
from app.provisioning.platforms import Answer, Outcome
from app.rules.lifecycle import RequestState, SubscriptionState, move
from app.rules.notices import NoticeEvent
from app.services import payments, policies, trail, work
from app.services.shop.owning import subscription_of
from app.services.shop.telling import tell
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
    """Wish for an order to be handed over, for the first time (`turn` 0, wished for once) or again."""
    key = f"platform:{order.id}:{turn}:{secrets.token_hex(6) if turn else ''}"
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
    _tell_renewed(session, subscription, starts_on, ends_on)


def _tell_renewed(session: Session, subscription: Subscription, starts_on: dt.date, ends_on: dt.date) -> None:
    paid = session.scalar(
        sa.select(OrderLine.total)
        .where(OrderLine.subscription_id == subscription.id)
        .where(OrderLine.starts_on == starts_on, OrderLine.ends_on == ends_on)
        .order_by(OrderLine.id.desc())
        .limit(1)
    )
    facts = {"sum": paid or Decimal("0.00"), "until": ends_on - dt.timedelta(1)}
    tell(session, subscription, NoticeEvent.SERVICE_RENEWED, str(ends_on), **facts)


def _leave_gap(session: Session, subscription: Subscription, until: dt.date, since: dt.date) -> None:
    """Parts in force at the end of what was paid end there, and begin again on the first day that is paid."""
    query = (
        sa.select(SubscriptionItem, Component.charged)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .where(SubscriptionItem.subscription_id == subscription.id, SubscriptionItem.valid_from < until)
        .where(sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > until))
    )
    for item in session.scalars(_waiting_items(subscription, until, since)).all():
        item.valid_from = since  # a size that was to begin with the next period
    for item, charged in session.execute(query).tuples().all():
        ends, item.valid_to = item.valid_to, until
        if charged == "once" or (ends is not None and ends <= since):
            continue  # what is charged once is not charged again by beginning anew
        begin_anew(session, item, item.quantity, since, ends)


def begin_anew(
    session: Session, item: SubscriptionItem, quantity: Decimal, since: dt.date, until: dt.date | None
) -> None:
    """The same part once more, from a day on, in another quantity perhaps."""
    session.add(
        SubscriptionItem(
            company_id=item.company_id,
            subscription_id=item.subscription_id,
            component_id=item.component_id,
            name=item.name,
            quantity=quantity,
            unit_price=item.unit_price,
            valid_from=since,
            valid_to=until,
        )
    )


def _waiting_items(subscription: Subscription, until: dt.date, since: dt.date) -> sa.Select[SubscriptionItem]:
    return sa.select(SubscriptionItem).where(
        SubscriptionItem.subscription_id == subscription.id,
        SubscriptionItem.valid_from >= until,
        SubscriptionItem.valid_from < since,
    )


def lines_of(session: Session, subscription: Subscription) -> list[OrderLine]:
    """What was ordered for a subscription, the oldest first."""
    query = sa.select(OrderLine).where(OrderLine.subscription_id == subscription.id).order_by(OrderLine.id)
    return list(session.scalars(query))


# -- what a platform's last word means ---------------------------------------------------------------------------------


def settle(session: Session, order: PlatformOrder, answer: Answer, by: str = "") -> None:
    """The task has ended: what that means for its subscription and its people; the next task goes out."""
    subscription = order.subscription
    order.answer, order.reason = answer.outcome.value, answer.reason[:300]
    order.decided_by, order.done_at = by[:200], clock.now()
    if answer.outcome is Outcome.REFUSED:
        order.state = RequestState.FAILED.value  # a person looks: the customer's money is in it
        order.done_at = None
        session.flush()
        return
    ended = RequestState.REJECTED if answer.outcome is Outcome.OUT_OF_STOCK else RequestState.DONE
    order.state = move(RequestState(order.state), ended).value
    if answer.service:
        subscription.reference = answer.service[:120]
    _follow(session, subscription, order.action, answer)
    _next(session, order)
    session.flush()


def _follow(session: Session, subscription: Subscription, action: str, answer: Answer) -> None:
    state = SubscriptionState(subscription.state)
    if state not in (SubscriptionState.PROCESSING, SubscriptionState.ORDERED):
        return  # it runs, is stopped or has ended: the task changed nothing a person sees
    if answer.outcome is Outcome.DONE:
        _begin_to_run(session, subscription)
    elif answer.outcome is Outcome.NEEDS_SETUP:
        subscription.state = move(SubscriptionState.PROCESSING, SubscriptionState.NEEDS_SETUP).value
        subscription.reason = answer.reason[:300]
        tell(session, subscription, NoticeEvent.SERVICE_NEEDS_SETUP, "setup")
    elif answer.outcome is Outcome.OUT_OF_STOCK and action == "create":
        subscription.state = move(state, SubscriptionState.OUT_OF_STOCK).value
        subscription.reason = answer.reason[:300]
        tell(session, subscription, NoticeEvent.SERVICE_OUT_OF_STOCK, str(clock.today()))


def _begin_to_run(session: Session, subscription: Subscription) -> None:
    """It runs from today: what was paid for is all of it ahead, however long the platform took."""
    today = clock.today(policies.zone_of(session, subscription.seller_id))
    late = (today - subscription.starts_on).days
    if late > 0:
        _put_off(session, subscription, dt.timedelta(late))
    subscription.state = move(SubscriptionState(subscription.state), SubscriptionState.ACTIVE).value
    subscription.reason = ""
    tell(session, subscription, NoticeEvent.SERVICE_READY, "ready", day=today)


def _put_off(session: Session, subscription: Subscription, by: dt.timedelta) -> None:
    """Everything that was to begin when it was ordered begins, and ends, so many days later."""
    for name in ("ends_on", "starts_on", "paid_until"):
        day = getattr(subscription, name)
        setattr(subscription, name, day + by if day else None)
    mine = SubscriptionItem.subscription_id == subscription.id
    given = SubscriptionPromotion.subscription_id == subscription.id
    dated: list[SubscriptionItem | SubscriptionPromotion] = [
        *session.scalars(sa.select(SubscriptionItem).where(mine)),
        *session.scalars(sa.select(SubscriptionPromotion).where(given)),
    ]
    for row in dated:
        row.valid_to = row.valid_to + by if row.valid_to else None
        row.valid_from += by
    for line in lines_of(session, subscription):
        line.starts_on = line.starts_on + by if line.starts_on else None
        line.ends_on = line.ends_on + by if line.ends_on else None
    session.flush()


def _next(session: Session, order: PlatformOrder) -> None:
    """The subscription's next task, which waited for this one."""
    waiting = (
        sa.select(PlatformOrder)
        .where(PlatformOrder.subscription_id == order.subscription_id, PlatformOrder.id > order.id)
        .where(PlatformOrder.state == RequestState.NEW.value)
        .order_by(PlatformOrder.id)
        .limit(1)
    )
    session.flush()
    following = session.scalars(waiting).first()
    if following is not None:
        wish_to_send(session, following, 1)


# -- what people do ----------------------------------------------------------------------------------------------------


def set_up(session: Session, actor: Actor, subscription_id: int) -> Subscription:
    """The customer has set the service up as its instructions say: the platform is asked to let it run (AST-158)."""
    subscription = subscription_of(session, actor, subscription_id, lock=True)
    if subscription.state != SubscriptionState.NEEDS_SETUP.value:
        raise Refused(N_("Nothing is left to set up here."))
    subscription.state = move(SubscriptionState.NEEDS_SETUP, SubscriptionState.PROCESSING).value
    subscription.reason = ""
    wish(session, subscription, "change")
    trail.record(session, actor, "service.set_up", "subscription", subscription.id, company_id=subscription.company_id)
    return subscription


def cancel(session: Session, actor: Actor, subscription_id: int) -> Subscription:
    """Give up a service that cannot be made: its money is free again on the account."""
    subscription = subscription_of(session, actor, subscription_id, lock=True)
    if subscription.state != SubscriptionState.OUT_OF_STOCK.value:
        raise Refused(N_("Only a service that is out of stock can be cancelled here. Ask us about any other."))
    subscription.state = move(SubscriptionState.OUT_OF_STOCK, SubscriptionState.ENDED).value
    subscription.auto_renew = False
    subscription.ends_on = subscription.starts_on
    subscription.paid_until = None
    for line in lines_of(session, subscription):
        line.ends_on = line.starts_on  # nothing was delivered for it: `spending` counts it no more
    drop_waiting(session, subscription)
    account = session.get_one(Account, subscription.account_id)
    payments.wake_orders(session, account, f"freed:subscription:{subscription.id}")
    trail.record(session, actor, "service.cancel", "subscription", subscription.id, company_id=subscription.company_id)
    return subscription


def drop_waiting(session: Session, subscription: Subscription) -> None:
    """Tasks that have not gone out are not sent any more."""
    session.flush()
    mine = PlatformOrder.subscription_id == subscription.id
    session.execute(
        sa.update(PlatformOrder)
        .where(mine, PlatformOrder.state == RequestState.NEW.value)
        .values(state=RequestState.CANCELLED.value, done_at=clock.now())
    )
