"""What is known of the lines of a list: gathered for all of them at once, so that fifty thousand cost a few statements.

Statements here are written out, so each names the company itself: another company's number is as unknown as none.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.models import BillingRun, Option, Subscription, SubscriptionItem
from app.rules.dialling import spellings
from app.rules.lifecycle import RequestState, RunState, SubscriptionState
from app.rules.policies import PolicyKind
from app.rules.switching import Term, first_open_day
from app.services import policies, sets
from app.services.switching.effects import Part

OPEN = (RequestState.NEW, RequestState.QUEUED, RequestState.SENT, RequestState.FAILED)
_OPEN = ", ".join(f"'{state.value}'" for state in OPEN)


@dataclass(frozen=True)
class Line:
    """A subscriber as far as a list is concerned."""

    id: int
    account_id: int
    number: str
    name: str
    state: str


@dataclass(frozen=True)
class Days:
    """What the calendar of a Seller says about days."""

    today: dt.date
    earliest: dt.date
    closed: Sequence[dt.date]  # months that are billed, by their first days

    def open_from(self, day: dt.date) -> dt.date:
        """The first day from `day` on in a month that is not billed."""
        return first_open_day(self.closed, day)


@dataclass
class Known:
    """Facts by subscriber, and by subscriber and component."""

    subscriptions: dict[int, list[Term]] = field(default_factory=lambda: defaultdict(list))
    options: dict[tuple[int, int], list[Term]] = field(default_factory=lambda: defaultdict(list))
    items: dict[tuple[int, int], list[tuple[int, Part]]] = field(default_factory=lambda: defaultdict(list))
    open: set[tuple[int, int]] = field(default_factory=set)

    def terms(self, key: tuple[int, int]) -> list[Term]:
        """When the option is or will be on, from whichever table says so."""
        parts = self.items.get(key, ())
        return [*self.options.get(key, ()), *(Term(item_id, part.since, part.until) for item_id, part in parts)]


def days_of(session: Session, seller_id: int) -> Days:
    """Today, the earliest day and the billed months, from this one on, of a Seller."""
    zone = policies.zone_of(session, seller_id)
    today = clock.today(zone)
    return Days(today, earliest_day(session, {seller_id: zone}), closed_months(session, seller_id, today))


def earliest_day(session: Session, zones: Mapping[int, str]) -> dt.date:
    """The first day on which any of these Sellers (with their zones) switches an option that is asked for now."""
    days = (
        clock.today(zone) + dt.timedelta(days=policies.calendar_for(session, one)[PolicyKind.OPTION_LEAD]["days"])
        for one, zone in zones.items()
    )
    return min(days, default=clock.today())


def closed_months(session: Session, seller_id: int, since: dt.date) -> tuple[dt.date, ...]:
    """The first days of a Seller's months that are billed or being billed, from the month of `since` on."""
    billed = (RunState.RUNNING.value, RunState.DONE.value)
    runs = sa.select(BillingRun.month).where(BillingRun.seller_id == seller_id, BillingRun.state.in_(billed))
    return tuple(session.scalars(runs.where(BillingRun.month >= since.replace(day=1))))


def find_lines(session: Session, company_id: int, countries: tuple[str, ...], texts: Sequence[str]) -> dict[str, Line]:
    """The company's subscribers by the way each number was written; the likeliest spelling is looked for first."""
    found: dict[str, Line] = {}
    waiting = {text: spellings(text, countries) for text in dict.fromkeys(texts)}
    for turn in range(max(map(len, waiting.values()), default=0)):
        asked = [[text, forms[turn]] for text, forms in waiting.items() if turn < len(forms) and text not in found]
        if not asked:
            continue
        source = sets.row_source(session, "asked", {"text": "TEXT", "number": "TEXT"})
        rows = session.execute(
            sa.text(
                "SELECT r.text, s.id, s.account_id, s.number, s.name, s.state "  # noqa: S608
                f"FROM {source} {_then(session)} subscriber s ON s.number = r.number AND s.company_id = :company"
            ),
            {"asked": sets.dump(asked), "company": company_id},
        )
        for text, *line in rows:
            found[text] = Line(*line)
    return found


def _then(session: Session) -> str:
    return "JOIN" if sets.is_postgresql(session) else "CROSS JOIN"  # SQLite: the list first, then by its index


_DATED = {"starts_on": sa.Date, "ends_on": sa.Date, "valid_from": sa.Date, "valid_to": sa.Date}


def known_of(session: Session, company_id: int, subscriber_ids: Iterable[int], components: Collection[int]) -> Known:
    """Subscriptions, options, parts and open requests of these subscribers; four statements."""
    known, ids = Known(), sets.dump(sorted(set(subscriber_ids)))
    chosen = ", ".join(str(int(one)) for one in sorted(components)) or "0"
    since = clock.today() - dt.timedelta(days=1)  # whatever the zone: what ended before is of no account

    def rows(columns: str, joined: str) -> Any:
        source = sets.id_source(session, "ids")
        statement = sa.text(f"SELECT {columns} FROM {source} {_then(session)} {joined}")  # noqa: S608
        names = [column.split(".")[1] for column in columns.split(", ")]
        bound = {"ids": ids, "company": company_id} | ({"today": since} if ":today" in joined else {})
        if "today" in bound:
            statement = statement.bindparams(sa.bindparam("today", type_=sa.Date()))
        typed = statement.columns(*[sa.column(name, _DATED.get(name, sa.BigInteger)()) for name in names])
        return session.execute(typed, bound)

    _add_subscriptions(known, rows)
    for subscriber_id, component_id, row_id, begins, ends in rows(
        "o.subscriber_id, o.component_id, o.id, o.valid_from, o.valid_to",
        f"option o ON o.subscriber_id = r.id AND o.company_id = :company AND o.component_id IN ({chosen}) "
        "AND (o.valid_to IS NULL OR o.valid_to >= :today)",
    ):
        known.options[subscriber_id, component_id].append(Term(row_id, begins, ends))
    _add_items(known, rows, chosen)
    known.open.update(
        (subscriber_id, component_id)
        for subscriber_id, component_id in rows(
            "q.subscriber_id, q.component_id",
            f"request q ON q.subscriber_id = r.id AND q.company_id = :company AND q.component_id IN ({chosen}) "
            f"AND q.state IN ({_OPEN})",
        )
    )
    return known


def _add_subscriptions(known: Known, rows: Any) -> None:
    for subscriber_id, row_id, begins, ends in rows(
        "s.subscriber_id, s.id, s.starts_on, s.ends_on",
        "subscription s ON s.subscriber_id = r.id AND s.company_id = :company "
        f"AND s.state = '{SubscriptionState.ACTIVE.value}' AND (s.ends_on IS NULL OR s.ends_on >= :today) "
        "ORDER BY s.starts_on, s.id",
    ):
        known.subscriptions[subscriber_id].append(Term(row_id, begins, ends))


def _add_items(known: Known, rows: Any, chosen: str) -> None:
    for subscriber_id, item_id, subscription_id, component_id, quantity, price, begins, ends in rows(
        "s.subscriber_id, i.id, i.subscription_id, i.component_id, i.quantity, i.unit_price, i.valid_from, i.valid_to",
        "subscription s ON s.subscriber_id = r.id AND s.company_id = :company JOIN subscription_item i "
        f"ON i.subscription_id = s.id AND i.component_id IN ({chosen}) "
        "AND (i.valid_to IS NULL OR i.valid_to >= :today)",
    ):
        part = Part(subscription_id, component_id, begins, ends, quantity, price)
        known.items[subscriber_id, component_id].append((item_id, part))


def subscribers_with(company_id: int, components: Sequence[int], day: dt.date) -> Any:
    """The ids of a company's subscribers for whom one of these options is on, as a select."""
    options = sa.select(Option.subscriber_id).where(
        Option.company_id == company_id,
        Option.component_id.in_(components),
        Option.valid_from <= day,
        sa.or_(Option.valid_to.is_(None), Option.valid_to > day),
    )
    items = (
        sa.select(Subscription.subscriber_id)
        .join(SubscriptionItem, SubscriptionItem.subscription_id == Subscription.id)
        .where(
            Subscription.company_id == company_id,
            Subscription.subscriber_id.is_not(None),
            SubscriptionItem.component_id.in_(components),
            SubscriptionItem.valid_from <= day,
            sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > day),
        )
    )
    return sa.union(options, items)
