"""What a customer changes of a service that runs: how many, suspended, active again (SMC-01, SMC-69, SMC-70).

A changed quantity is charged by the closing from the day it is changed: one part ends, the next begins. That is for
customers with a contract; what is paid beforehand is changed by `resize`: more is paid for at once, less waits.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import Component, Order, Seller, Subscription, SubscriptionItem
from app.rules.lifecycle import SubscriptionState, move
from app.services import policies, trail
from app.services.shop import activating, orders, owning, resizing
from app.services.shop.resizing import Change, Size

MOST = Decimal(100_000)
RUNS = N_("Only a service that runs can be changed. Look at its state.")


def is_countable(subscription: Subscription, parts: Iterable[Any]) -> bool:
    """Whether its price is so much a piece and it is charged by the month: then the number may be changed here."""
    counted = [part for part in parts if part.charged == "period"]
    by_month = subscription.account.contract_id is not None and subscription.paid_until is None
    return by_month and subscription.subscriber_id is None and len(counted) == 1


def set_quantity(session: Session, actor: Actor, subscription_id: int, quantity: Decimal | None) -> Subscription:
    """From today on so many: charged by days, and the platform is told."""
    subscription = _mine(session, actor, subscription_id)
    if subscription.state != SubscriptionState.ACTIVE.value:
        raise Refused(RUNS)
    if quantity is None or quantity != quantity.to_integral_value() or not 1 <= quantity <= MOST:
        raise Refused(N_("The quantity is a whole number from 1 to %(most)s."), most=int(MOST))
    today = clock.today(policies.zone_of(session, subscription.seller_id))
    item = _counted(session, subscription, today)
    old = item.quantity
    if quantity == old:
        return subscription
    if item.valid_from >= today:
        item.quantity = quantity
    else:
        ends, item.valid_to = item.valid_to, today
        activating.begin_anew(session, item, quantity, today, ends)
    subscription.quantity = quantity
    activating.wish(session, subscription, "change")
    _note(session, actor, "service.quantity", subscription, before=str(old), after=str(quantity))
    return subscription


def _counted(session: Session, subscription: Subscription, today: dt.date) -> SubscriptionItem:
    """The one part that is counted; Refused where there is none, or more than one."""
    if subscription.account.contract_id is None or subscription.paid_until is not None:
        raise Refused(
            N_("It is paid until %(day)s at its quantity: open it and change it there."),
            day=subscription.paid_until or "",
        )
    query = (
        sa.select(SubscriptionItem)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .where(SubscriptionItem.subscription_id == subscription.id, Component.charged == "period")
        .where(sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > today))
        .order_by(SubscriptionItem.id)
    )
    found = list(session.scalars(query))
    if len(found) != 1 or subscription.subscriber_id is not None:
        raise Refused(N_("The number of this service cannot be changed here. Write to us, we will help."))
    return found[0]


# -- what is paid beforehand -------------------------------------------------------------------------------------------


def is_resizable(subscription: Subscription, parts: Iterable[Any]) -> bool:
    """Whether the size of a service that is paid beforehand may be changed, as its parts in force say."""
    paid = subscription.account.contract_id is None and subscription.paid_until is not None
    runs = subscription.state == SubscriptionState.ACTIVE.value and subscription.subscriber_id is None
    by_month = any(part.charged == "period" for part in parts)
    plan = subscription.plan
    return paid and runs and by_month and not plan.trial_days and not plan.needs_identifier


def look(session: Session, actor: Actor, subscription_id: int, wanted: Size | None = None) -> Change:
    """What a changed size costs, and from which day it holds; without `wanted`, as it is."""
    subscription = service_of(session, actor, subscription_id)
    today = clock.today(session.get_one(Seller, subscription.seller_id).zone)
    return resizing.quote(session, subscription, wanted, today)


def service_of(session: Session, actor: Actor, subscription_id: int) -> Subscription:
    """A service that is paid beforehand, with its account; NotFound for another company's."""
    subscription = _mine(session, actor, subscription_id, lock=False)
    _need_paid_beforehand(subscription)
    return subscription


def resize(
    session: Session,
    actor: Actor,
    subscription_id: int,
    wanted: Size,
    method: str = "balance",
    *,
    key: str,
    seen: Decimal | None,
    method_id: int | None = None,
    way_id: int | None = None,
    payer_id: int | None = None,
) -> Order | None:
    """Change the size: ordered where it becomes dearer; None where nothing is to pay and it is written."""
    subscription = _mine(session, actor, subscription_id, lock=False)
    orders.lock_account(session, actor, subscription.account_id)
    subscription = _mine(session, actor, subscription_id)
    _need_paid_beforehand(subscription)
    today = clock.today(policies.zone_of(session, subscription.seller_id))
    known = orders.known_under(session, subscription.company_id, key)
    change = resizing.quote(session, subscription, wanted, today)
    if known is not None or change.total > 0:
        paid_by: dict[str, Any] = {"method_id": method_id, "way_id": way_id, "payer_id": payer_id}
        return orders.place_change(session, actor, subscription, wanted, method, key=key, seen=seen, **paid_by)
    if seen is not None and seen != 0:
        raise orders.Changed(orders.PRICE_CHANGED, total="0.00", currency=subscription.account.currency)
    if not change.ended and not change.begun:
        raise Refused(N_("It is so already: nothing was changed."))
    resizing.write(session, change, today)
    about = {"now": resizing.told(change.now), "then": resizing.told(change.then), "since": str(change.starts_on)}
    _note(session, actor, "service.quantity", subscription, **about)
    return None


def _need_paid_beforehand(subscription: Subscription) -> None:
    if subscription.account.contract_id is not None or subscription.paid_until is None:
        raise Refused(N_("This service is charged by the month on an invoice: change its number on its own page."))


# -- suspended, active -------------------------------------------------------------------------------------------------


def suspend(session: Session, actor: Actor, subscription_id: int) -> Subscription:
    """Stop it for a while, by the customer's wish; it is charged on."""
    subscription = _mine(session, actor, subscription_id)
    if subscription.state != SubscriptionState.ACTIVE.value:
        raise Refused(RUNS)
    return _switch(session, actor, subscription, SubscriptionState.SUSPENDED, "suspend")


def activate(session: Session, actor: Actor, subscription_id: int) -> Subscription:
    """Let what the customer suspended run again."""
    subscription = _mine(session, actor, subscription_id)
    if subscription.state != SubscriptionState.SUSPENDED.value:
        raise Refused(N_("Only a service you have suspended can be activated."))
    return _switch(session, actor, subscription, SubscriptionState.ACTIVE, "resume")


def _switch(
    session: Session, actor: Actor, subscription: Subscription, to: SubscriptionState, action: str
) -> Subscription:
    subscription.state = move(SubscriptionState(subscription.state), to).value
    activating.wish(session, subscription, action)
    _note(session, actor, f"service.{action}", subscription)
    return subscription


def _mine(session: Session, actor: Actor, subscription_id: int, *, lock: bool = True) -> Subscription:
    subscription = owning.subscription_of(session, actor, subscription_id, lock=lock)
    if subscription.subscriber_id is not None:
        raise Refused(N_("Services of a subscriber are switched under «Services by list»."))
    return subscription


def _note(session: Session, actor: Actor, action: str, subscription: Subscription, **details: Any) -> None:
    session.flush()
    trail.record(session, actor, action, "subscription", subscription.id, company_id=subscription.company_id, **details)
