"""What the demo's subscriptions used in a month, as measured events; the running month has its days so far."""

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.period import Month
from app.models import Component, Plan, Seller, Subscription, SubscriptionItem, Usage
from app.rules.lifecycle import SubscriptionState

SOURCE = "demo"
CALLERS = 150  # lines whose calls are kept one by one in the newest months
_DESTINATIONS = ("own network", "other networks", "fixed", "service numbers", "roaming EU")
_A_MONTH = {  # component → (smallest, largest amount a month, events a month)
    "traffic": (60, 1800, 4),
    "stored": (80, 2600, 1),
    "requests": (20_000, 900_000, 4),
    "tokens": (200_000, 9_000_000, 4),
}


def add_usage(session: Session, seller: Seller, month: Month, *, with_calls: bool = False) -> int:
    """Everything a Seller's customers used in the days of a month that have passed; returns how many events."""
    rng = random.Random(f"usage:{seller.code}:{month}")  # noqa: S311
    last = min(month.period.last_day, clock.today(seller.zone))
    rows: list[dict[str, Any]] = []
    callers = 0
    for part in _metered(session, seller, month):
        if part.subscriber_id is None:
            rows += _machine(part, month, last, rng)
        elif part.code == "voice" and with_calls and callers < CALLERS:
            callers += 1
            rows += _calls(part, month, last, rng)
        else:
            rows += _line(part, month, last, rng)
    for place, row in enumerate(rows):
        row["source"], row["source_id"] = SOURCE, f"{seller.code}:{month}:{place}"
    for at in range(0, len(rows), 5000):
        session.execute(sa.insert(Usage), rows[at : at + 5000])
    return len(rows)


def _metered(session: Session, seller: Seller, month: Month) -> list[Any]:
    """Usage components in force through the whole month."""
    query = (
        sa.select(
            Subscription.company_id,
            Subscription.account_id,
            Subscription.id,
            Subscription.subscriber_id,
            Component.id.label("component_id"),
            Component.code,
            Component.included,
        )
        .join(SubscriptionItem, SubscriptionItem.subscription_id == Subscription.id)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .join(Plan, Plan.id == Component.plan_id)
        .where(
            Subscription.seller_id == seller.id,
            Component.charged == "usage",
            Component.tariff_id.is_(None),  # rated records are made by `calls`
            SubscriptionItem.valid_from <= month.first_day,
            sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to >= month.period.end),
            sa.or_(Subscription.ends_on.is_(None), Subscription.ends_on >= month.period.end),
            Subscription.state.in_((SubscriptionState.ACTIVE.value, SubscriptionState.ENDED.value)),
        )
        .order_by(SubscriptionItem.id)
    )
    return list(session.execute(query))


def _row(part: Any, day: dt.date, moment: dt.datetime, quantity: int, **more: str) -> dict[str, Any]:
    return {
        "company_id": part.company_id,
        "account_id": part.account_id,
        "subscription_id": part.id,
        "subscriber_id": part.subscriber_id,
        "component_id": part.component_id,
        "occurred_at": moment,
        "day": day,
        "quantity": Decimal(quantity),
        "destination": "",
        "time_class": "",
    } | more


def _when(month: Month, last: dt.date, rng: random.Random) -> tuple[dt.date, dt.datetime]:
    """A day from the first to `last`, and an instant of it that has passed."""
    day = month.first_day + dt.timedelta(days=rng.randint(0, (last - month.first_day).days))
    moment = dt.datetime.combine(day, dt.time(rng.randint(6, 18), rng.randint(0, 59)), dt.UTC)
    return day, min(moment, clock.now())


def _line(part: Any, month: Month, last: dt.date, rng: random.Random) -> Iterator[dict[str, Any]]:
    if rng.random() < (0.9 if part.code == "data" else 0.35):
        share = (last - month.first_day).days + 1
        amount = int(int(part.included) * rng.triangular(0.1, 1.5, 0.6) * share / month.period.days) + 1
        yield _row(part, *_when(month, last, rng), amount)


def _calls(part: Any, month: Month, last: dt.date, rng: random.Random) -> Iterator[dict[str, Any]]:
    for _ in range(rng.randint(6, 14)):
        day, moment = _when(month, last, rng)
        where = rng.choices(_DESTINATIONS, (30, 35, 20, 10, 5))[0]
        when = "day" if 8 <= moment.hour < 18 else "evening"
        yield _row(part, day, moment, rng.randint(1, 95), destination=where, time_class=when)


def _machine(part: Any, month: Month, last: dt.date, rng: random.Random) -> Iterator[dict[str, Any]]:
    low, high, events = _A_MONTH[part.code]
    share = (last - month.first_day).days + 1
    for _ in range(events):
        amount = rng.randint(low, high) // events
        yield _row(part, *_when(month, last, rng), amount if events == 1 else amount * share // month.period.days)


def add_stray(session: Session, company_id: int, month: Month) -> bool:
    """Usage of a service its subscription does not have: the account waits in quarantine for a person."""
    found = session.execute(
        sa.select(Subscription.id, Subscription.account_id, Subscription.seller_id)
        .where(
            Subscription.company_id == company_id,
            Subscription.subscriber_id.is_(None),
            Subscription.starts_on <= month.first_day,
        )
        .order_by(Subscription.id)
    ).first()
    if found is None:
        return False
    foreign = (
        sa.select(Component.id)
        .join(Plan, Plan.id == Component.plan_id)
        .where(Plan.seller_id == found.seller_id, Component.charged == "usage", Component.tariff_id.is_(None))
        .where(
            Component.id.not_in(
                sa.select(SubscriptionItem.component_id).where(SubscriptionItem.subscription_id == found.id)
            )
        )
        .order_by(Component.id)
    )
    day = month.first_day + dt.timedelta(days=9)
    session.add(
        Usage(
            company_id=company_id,
            account_id=found.account_id,
            subscription_id=found.id,
            component_id=session.scalars(foreign.limit(1)).one(),
            source=SOURCE,
            source_id=f"stray:{month}",
            occurred_at=dt.datetime.combine(day, dt.time(10), dt.UTC),
            day=day,
            quantity=Decimal(37),
        )
    )
    session.flush()
    return True
