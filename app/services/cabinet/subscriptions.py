"""What a company has in force: plans with their parts, prices, periods and what the next charge comes to."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import DomainError, NotFound
from app.models import (
    Charge,
    Component,
    Order,
    OrderLine,
    Plan,
    PriceVersion,
    Product,
    Subscriber,
    Subscription,
    SubscriptionItem,
)
from app.rules.lifecycle import SubscriptionState
from app.rules.pricing import Case, Price, amount_of

PAGE = 25
LIVE = (
    SubscriptionState.ACTIVE.value,
    SubscriptionState.SUSPENDED.value,
    SubscriptionState.STOPPED.value,
    SubscriptionState.PROCESSING.value,
    SubscriptionState.NEEDS_SETUP.value,
    SubscriptionState.ORDERED.value,
    SubscriptionState.OUT_OF_STOCK.value,
)


@dataclass(frozen=True)
class Part:
    """A part of a subscription in force: its agreed or listed price, and what a whole month of it comes to."""

    item_id: int
    name: str
    unit: str
    charged: str
    quantity: Decimal
    unit_price: Decimal | None
    is_agreed: bool
    valid_from: dt.date
    valid_to: dt.date | None
    month_amount: Decimal | None  # None: by use, or no price is known


@dataclass(frozen=True)
class Row:
    """A subscription in a list."""

    id: int
    name: str
    plan: str
    product: str
    account_id: int
    subscriber: str
    quantity: Decimal
    currency: str
    period_months: int
    starts_on: dt.date
    ends_on: dt.date | None
    state: str
    auto_renew: bool
    ordered_at: dt.datetime | None = None
    parts: list[Part] = field(default_factory=list)

    @property
    def month_amount(self) -> Decimal:
        """What a whole month comes to, without use."""
        return sum((part.month_amount for part in self.parts if part.month_amount is not None), Decimal(0))

    @property
    def price(self) -> Decimal:
        """What one of them costs a month."""
        return price_of_one(self.month_amount, self.quantity)


def price_of_one(month_amount: Decimal, quantity: Decimal) -> Decimal:
    """What one of so many costs, to the fraction of a cent that charges have."""
    return (month_amount / quantity).quantize(Decimal("0.0001")) if quantity else month_amount


@dataclass(frozen=True)
class Wanted:
    """Which subscriptions a list shows; `after` is the id the page before ended with."""

    account_id: int | None = None
    is_live: bool = True
    search: str = ""
    after: int | None = None
    kind: str = ""  # of the product: «licence» alone


def list_subscriptions(
    session: Session, actor: Actor, day: dt.date, wanted: Wanted | None = None, limit: int = PAGE
) -> tuple[list[Row], int | None]:
    """A page of subscriptions, the newest first, with what a month of each comes to; two statements."""
    actor.need(Right.CABINET_SUBSCRIPTIONS)
    wanted = wanted or Wanted()
    query = _rows().where(Subscription.company_id == actor.company_id)
    if wanted.is_live:
        query = query.where(Subscription.state.in_(LIVE))
    if wanted.account_id is not None:
        query = query.where(Subscription.account_id == wanted.account_id)
    if wanted.kind:
        query = query.where(Plan.product_id.in_(sa.select(Product.id).where(Product.kind == wanted.kind)))
    if wanted.search:
        tests = [
            column.contains(text, autoescape=True)
            for column in (Subscription.name, Plan.name, Subscriber.number)
            for text in dict.fromkeys((wanted.search, wanted.search.lower(), wanted.search.capitalize()))
        ]
        query = query.where(sa.or_(*tests))
    if wanted.after is not None:
        query = query.where(Subscription.id < wanted.after)
    found = session.execute(query.order_by(Subscription.id.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    parts = parts_of(session, [row.id for row in shown], day)
    rows = [Row(**row._mapping, parts=parts.get(row.id, [])) for row in shown]
    return rows, (rows[-1].id if len(found) > limit else None)


def _rows() -> Any:
    return (
        sa.select(
            Subscription.id,
            sa.func.coalesce(sa.func.nullif(Subscription.name, ""), Plan.name).label("name"),
            Plan.name.label("plan"),
            Product.name.label("product"),
            Subscription.account_id,
            sa.func.coalesce(Subscriber.number, "").label("subscriber"),
            Subscription.quantity,
            Plan.currency,
            Plan.period_months,
            Subscription.starts_on,
            Subscription.ends_on,
            Subscription.state,
            Subscription.auto_renew,
            ordered_at().label("ordered_at"),
        )
        .join(Plan, Plan.id == Subscription.plan_id)
        .join(Product, Product.id == Plan.product_id)
        .outerjoin(Subscriber, Subscriber.id == Subscription.subscriber_id)
    )


def ordered_at(subscription_id: Any = Subscription.id) -> Any:
    """When a subscription was first ordered, as a part of a statement; nothing where it was entered by the staff."""
    return (
        sa.select(sa.func.min(Order.ordered_at))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.subscription_id == subscription_id)
        .scalar_subquery()
    )


def parts_of(
    session: Session, subscription_ids: list[int], day: dt.date, *, ended: bool = False
) -> dict[int, list[Part]]:
    """The parts in force on `day` (all parts with `ended`) by subscription; one statement."""
    query = (
        sa.select(SubscriptionItem, Component, PriceVersion, Plan.period_months)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .join(Plan, Plan.id == Component.plan_id)
        .outerjoin(PriceVersion, price_on(day))
        .where(SubscriptionItem.subscription_id.in_(subscription_ids))
        .order_by(SubscriptionItem.id)
    )
    if not ended:
        begun = sa.or_(SubscriptionItem.valid_from <= day, SubscriptionItem.valid_from <= Subscription.starts_on)
        query = query.join(Subscription, Subscription.id == SubscriptionItem.subscription_id).where(begun)
        query = query.where(sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > day))
    found: dict[int, list[Part]] = {}
    for item, component, version, months in session.execute(query):
        found.setdefault(item.subscription_id, []).append(_part(item, component, version, months))
    return found


def price_on(day: dt.date) -> Any:
    """How the price of a part in force on `day` is joined."""
    return sa.and_(
        PriceVersion.component_id == Component.id,
        PriceVersion.valid_from <= day,
        sa.or_(PriceVersion.valid_to.is_(None), PriceVersion.valid_to > day),
    )


def _part(item: SubscriptionItem, component: Component, version: PriceVersion | None, months: int) -> Part:
    price = item.unit_price if item.unit_price is not None else version.unit_price if version else None
    return Part(
        item_id=item.id,
        name=item.name or component.name,
        unit=component.unit,
        charged=component.charged,
        quantity=item.quantity,
        unit_price=price,
        is_agreed=item.unit_price is not None,
        valid_from=item.valid_from,
        valid_to=item.valid_to,
        month_amount=month_amount(item, component, version, months),
    )


def month_amount(
    item: SubscriptionItem, component: Component, version: PriceVersion | None, months: int
) -> Decimal | None:
    """What a whole month of a part comes to; None: by use, or no price is known."""
    if component.charged != "period" or (item.unit_price is None and version is None):
        return None
    if item.unit_price is not None or version is None:
        own = item.unit_price or Decimal(0)
        price = Price(component.model, own, 1, component.included, ((Decimal(0), own),))
    else:
        tiers = tuple((Decimal(start), Decimal(unit)) for start, unit in version.tiers)
        price = Price(component.model, version.unit_price, version.per_quantity, component.included, tiers)
    try:
        return amount_of(price, Case("period", item.quantity, 1, 1, months))
    except DomainError:
        return None


def subscription_of(session: Session, actor: Actor, subscription_id: int) -> Subscription:
    """A subscription of the actor's company with its plan; NotFound for any other."""
    actor.need(Right.CABINET_SUBSCRIPTIONS)
    query = (
        sa.select(Subscription)
        .where(Subscription.id == subscription_id, Subscription.company_id == actor.company_id)
        .options(
            joinedload(Subscription.plan).joinedload(Plan.product),
            joinedload(Subscription.account),
            joinedload(Subscription.subscriber),
        )
    )
    found = session.scalars(query).first()
    if found is None:
        raise NotFound()
    return found


def charges_of(session: Session, subscription: Subscription, limit: int = 36) -> list[Charge]:
    """The last charges of a subscription, the newest first."""
    query = (
        sa.select(Charge)
        .where(Charge.subscription_id == subscription.id, Charge.company_id == subscription.company_id)
        .order_by(Charge.month.desc(), Charge.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))
