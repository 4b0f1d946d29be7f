"""Subscribers of the demo's telecom customers: thousands at once, each with a plan, some with options."""

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.period import Month
from app.models import Account, Option, Plan, Subscriber, Subscription, SubscriptionItem
from app.rules.lifecycle import SubscriberState, SubscriptionState
from app.services.demo.names import make_line_name
from app.services.demo.story import Client

_NUMBERS = {"UA": "+38077", "RU": "+7999000", "PL": "+48799"}
_WIDTHS = {"UA": 7, "RU": 4, "PL": 6}
_PLANS, _PLAN_WEIGHTS = ("mobile-150", "mobile-250", "mobile-400"), (60, 28, 12)
ONE = Decimal(1)


def add_lines(
    session: Session, client: Client, account: Account, plans: dict[str, Plan], months: list[Month], first: int
) -> None:
    """The client's subscribers with their subscriptions and options; numbers count from `first`."""
    rng = random.Random(f"lines:{client.code}")  # noqa: S311
    own = {"company_id": account.company_id, "account_id": account.id}
    lines = [_line(client, first + place, months, rng) for place in range(client.lines)]
    subscribers = _insert(
        session,
        Subscriber,
        [own | {key: one[key] for key in ("number", "name", "state", "released_on")} for one in lines],
    )
    chosen = [plans[rng.choices(_PLANS, _PLAN_WEIGHTS)[0]] for _ in lines]
    subscriptions = _insert(
        session,
        Subscription,
        [
            own
            | {
                "seller_id": account.seller_id,
                "plan_id": plan.id,
                "subscriber_id": subscriber_id,
                "name": plan.name,
                "starts_on": one["starts_on"],
                "ends_on": one["ends_on"],
                "state": (SubscriptionState.ENDED if one["ends_on"] else SubscriptionState.ACTIVE).value,
            }
            for one, plan, subscriber_id in zip(lines, chosen, subscribers, strict=True)
        ],
    )
    items: list[dict[str, Any]] = []
    options: list[dict[str, Any]] = []
    for one, plan, subscriber_id, subscription_id in zip(lines, chosen, subscribers, subscriptions, strict=True):
        common = {"company_id": account.company_id, "subscription_id": subscription_id, "quantity": ONE}
        items += (common | row for row in _parts(plan, one))
        for row in _options(plans["line-options"], one, months, rng):
            items.append(common | row)
            dated = {key: row[key] for key in ("component_id", "valid_from", "valid_to")}
            options.append({"company_id": account.company_id, "subscriber_id": subscriber_id, **dated})
    session.execute(sa.insert(SubscriptionItem), items)
    if options:
        session.execute(sa.insert(Option), options)


def _insert(session: Session, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows; their ids in the rows' order."""
    made = session.execute(sa.insert(model).returning(model.id, sort_by_parameter_order=True), rows)
    return list(made.scalars())


def _line(client: Client, number: int, months: list[Month], rng: random.Random) -> dict[str, Any]:
    starts_on = months[0].shift(-rng.randint(1, 6)).first_day
    ends_on = None
    chance = rng.random()
    if chance < 0.08:
        starts_on = rng.choice(months[1:]).first_day + dt.timedelta(days=rng.randint(0, 27))
    elif chance < 0.11:
        ends_on = rng.choice(months[1:]).first_day + dt.timedelta(days=rng.randint(1, 27))
    state = SubscriberState.RELEASED if ends_on else SubscriberState.ACTIVE
    if not ends_on and rng.random() < 0.01:
        state = SubscriberState.BLOCKED
    return {
        "number": f"{_NUMBERS[client.country]}{number:0{_WIDTHS[client.country]}d}",
        "name": make_line_name(client.country, number, rng),
        "state": state.value,
        "released_on": ends_on,
        "starts_on": starts_on,
        "ends_on": ends_on,
    }


def _parts(plan: Plan, line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in plan.components:
        yield {
            "component_id": part.id,
            "name": f"{plan.name}: {part.name[:1].lower()}{part.name[1:]}",
            "valid_from": line["starts_on"],
            "valid_to": line["ends_on"],
        }


def _options(plan: Plan, line: dict[str, Any], months: list[Month], rng: random.Random) -> Iterator[dict[str, Any]]:
    """About a third of the lines have an option; some switched it on or off inside the year."""
    if rng.random() > 0.3:
        return
    for part in rng.sample(plan.components, rng.choice((1, 1, 1, 2))):
        since, until = line["starts_on"], line["ends_on"]
        if not until and rng.random() < 0.2:
            since = max(since, rng.choice(months).first_day + dt.timedelta(days=rng.choice((0, 4, 9, 14))))
        elif not until and rng.random() < 0.1:
            until = max(since, months[-3].first_day) + dt.timedelta(days=rng.choice((5, 10, 15)))
        yield {"component_id": part.id, "name": part.name, "valid_from": since, "valid_to": until}
