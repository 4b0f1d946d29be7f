"""What a customer changes of a service that runs: how many, suspended, active again (SMC-01, SMC-69, SMC-70).

A changed quantity is charged by the closing from the day it is changed: one part ends, the next begins. That is for
customers with a contract; what is paid beforehand was paid for at its quantity, and more of it is bought.
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Component, Subscription, SubscriptionItem
from app.rules.lifecycle import SubscriptionState, move
from app.services import policies, trail
from app.services.shop import activating

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
        _begin_anew(session, item, quantity, today)
    subscription.quantity = quantity
    activating.wish(session, subscription, "change")
    _note(session, actor, "service.quantity", subscription, before=str(old), after=str(quantity))
    return subscription


def _counted(session: Session, subscription: Subscription, today: dt.date) -> SubscriptionItem:
    """The one part that is counted; Refused where there is none, or more than one."""
    if subscription.account.contract_id is None or subscription.paid_until is not None:
        raise Refused(
            N_("It is paid until %(day)s at its quantity. Buy what you need beside it in the shop."),
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


def _begin_anew(session: Session, item: SubscriptionItem, quantity: Decimal, today: dt.date) -> None:
    ends, item.valid_to = item.valid_to, today
    session.add(
        SubscriptionItem(
            company_id=item.company_id,
            subscription_id=item.subscription_id,
            component_id=item.component_id,
            name=item.name,
            quantity=quantity,
            unit_price=item.unit_price,
            valid_from=today,
            valid_to=ends,
        )
    )


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


def _mine(session: Session, actor: Actor, subscription_id: int) -> Subscription:
    actor.need(Right.CABINET_BUY)
    query = (
        sa.select(Subscription)
        .where(Subscription.id == subscription_id)
        .options(joinedload(Subscription.account, innerjoin=True))
        .with_for_update(of=Subscription)
        .execution_options(populate_existing=True)
    )
    subscription = session.scalars(query).first()
    if subscription is None:
        raise NotFound()
    actor.need_company(subscription.company_id)
    if subscription.subscriber_id is not None:
        raise Refused(N_("Services of a subscriber are switched under «Services by list»."))
    return subscription


def _note(session: Session, actor: Actor, action: str, subscription: Subscription, **details: Any) -> None:
    session.flush()
    trail.record(session, actor, action, "subscription", subscription.id, company_id=subscription.company_id, **details)
