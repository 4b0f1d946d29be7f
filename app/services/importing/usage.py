"""Lines of usage → usage of a subscription's parts; what belongs to nobody known is kept with its reason."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.core import clock
from app.core.errors import N_
from app.core.money import FOUR_PLACES, half_up
from app.imports import words
from app.imports.lines import ImportLine
from app.models import Account, Company, Component, Subscriber, Subscription, SubscriptionItem, SuspendedUsage, Usage
from app.services.importing.opening import Entry
from app.services.importing.work import TOO_FINE, TOO_LONG, Work, insert_all, rows_in

NOBODY = N_("Nobody here has this number, account or customer code.")
NO_SERVICE = N_("No subscription in force on that day has a part charged by usage of this name.")
SEVERAL = N_("Several subscriptions have a part of this name.")
OTHER_UNIT = N_("The unit is not the one the part is sold by.")

# How many seconds, or bytes, a unit has.
UNITS: dict[str, tuple[str, Decimal]] = {}
for _family, _listed in {
    "time": {
        1: "s|sec|second|seconds|с|сек|секунда|секунди|секунды|секунд|sekunda|sekundy",
        60: "m|min|mins|minute|minutes|хв|хвилина|хвилини|хвилин|мин|минута|минуты|минут|minuta|minuty",
        3600: "h|hr|hour|hours|год|година|години|час|часы|часов|godz|godzina|godziny",
    },
    "data": {
        10**6: "mb|мб|megabyte|megabytes",
        10**9: "gb|гб|gigabyte|gigabytes",
        10**12: "tb|тб|terabyte|terabytes",
    },
}.items():
    for _size, _words in _listed.items():
        UNITS.update({words.fold(word): (_family, Decimal(_size)) for word in _words.split("|")})


@dataclass(frozen=True, slots=True)
class Part:
    """A part charged by usage, in force from a day to a day."""

    company_id: int
    account_id: int
    subscriber_id: int | None
    subscription_id: int
    component_id: int
    unit: str
    start: dt.date
    end: dt.date | None

    def covers(self, day: dt.date) -> bool:
        """Whether it is in force that day."""
        return self.start <= day and (self.end is None or day < self.end)


class Books:
    """The accounts that lines mean, and the parts they have in force, by account and folded name."""

    def __init__(self, work: Work, lines: Sequence[ImportLine]) -> None:
        self.numbers, self.accounts, self.companies = _owners(work, lines)
        ids = {row.account_id for row in self.numbers.values()} | set(self.accounts.values())
        ids |= {one for group in self.companies.values() for one in group}
        self.parts: dict[tuple[int, str], list[Part]] = {}
        for row in rows_in(work.session, _parts_query(), Subscription.account_id, sorted(ids)):
            end = min((day for day in (row.valid_to, row.ends_on) if day), default=None)
            part = Part(
                row.company_id,
                row.account_id,
                row.subscriber_id,
                row.subscription_id,
                row.component_id,
                row.unit,
                max(row.valid_from, row.starts_on),
                end,
            )
            for name in {words.fold(row.code), words.fold(row.name)}:
                self.parts.setdefault((row.account_id, name), []).append(part)

    def find(self, line: ImportLine, day: dt.date) -> Part | str:
        """The part a line is usage of, or why there is none."""
        found = line.values
        subscriber = self.numbers.get(found.get("subscriber_number", ""))
        if subscriber is not None:
            accounts = [subscriber.account_id]
        elif found.get("account_number") in self.accounts:
            accounts = [self.accounts[found["account_number"]]]
        else:
            accounts = self.companies.get(found.get("company_code", ""), [])
        if not accounts:
            return NOBODY
        name = words.fold(found["service"])
        parts = [part for one in accounts for part in self.parts.get((one, name), ()) if part.covers(day)]
        return _chosen(parts, subscriber.id if subscriber is not None else None)


def _chosen(parts: list[Part], subscriber_id: int | None) -> Part | str:
    """The subscriber's own part before the account's; the account's before a subscriber's where none is named."""
    for wanted in dict.fromkeys((subscriber_id, None)):
        own = [part for part in parts if part.subscriber_id == wanted]
        if own:
            return own[0] if len({part.subscription_id for part in own}) == 1 else SEVERAL
    if subscriber_id is None and len(parts) == 1:
        return parts[0]
    return SEVERAL if parts and subscriber_id is None else NO_SERVICE


def _owners(work: Work, lines: Sequence[ImportLine]) -> tuple[dict[str, Any], dict[str, int], dict[str, list[int]]]:
    def named(name: str) -> list[str]:
        return [line.values.get(name, "") for line in lines]

    seller = Account.seller_id == work.seller.id
    subscribers = sa.select(Subscriber.id, Subscriber.number, Subscriber.account_id)
    subscribers = subscribers.join(Account, Account.id == Subscriber.account_id).where(seller)
    numbers = {
        row.number: row for row in rows_in(work.session, subscribers, Subscriber.number, named("subscriber_number"))
    }
    accounts = sa.select(Account.id, Account.number).where(seller)
    by_number = {row.number: row.id for row in rows_in(work.session, accounts, Account.number, named("account_number"))}
    owned = sa.select(Account.id, Company.code).join(Company, Company.id == Account.company_id).where(seller)
    by_code: dict[str, list[int]] = {}
    for row in rows_in(work.session, owned.order_by(Account.id), Company.code, named("company_code")):
        by_code.setdefault(row.code, []).append(row.id)
    return numbers, by_number, by_code


def _parts_query() -> Any:
    return (
        sa.select(
            Subscription.company_id,
            Subscription.account_id,
            Subscription.subscriber_id,
            SubscriptionItem.subscription_id,
            SubscriptionItem.component_id,
            Component.code,
            Component.name,
            Component.unit,
            Subscription.starts_on,
            Subscription.ends_on,
            SubscriptionItem.valid_from,
            SubscriptionItem.valid_to,
        )
        .join(SubscriptionItem, SubscriptionItem.subscription_id == Subscription.id)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .where(Component.charged == "usage")
    )


def converted(quantity: Decimal, unit: str, sold_by: str) -> Decimal | None:
    """The quantity in the unit the part is sold by; None where they do not go together."""
    given, wanted = words.fold(unit), words.fold(sold_by)
    if not given or given == wanted:
        return quantity
    one, other = UNITS.get(given), UNITS.get(wanted)
    if one is None or other is None or one[0] != other[0]:
        return None
    return half_up(quantity * one[1] / other[1], FOUR_PLACES)


def apply(work: Work, entries: Sequence[Entry]) -> None:
    """Write lines of usage; one that came in before is left alone, unless it waited and now has a place."""
    good = [(entry.things[0], _source_id(entry)) for entry in entries if _fits(work, entry)]
    used, waiting = _known(work, [source_id for _, source_id in good])
    books = Books(work, [line for line, _ in good])
    zone = ZoneInfo(work.seller.zone)
    rows: list[dict[str, Any]] = []
    suspended: list[dict[str, Any]] = []
    placed: list[int] = []
    for line, source_id in good:
        if source_id in used:
            work.mark(line.number, "unchanged")
            continue
        day = line.values["started_at"].astimezone(zone).date()
        part = books.find(line, day)
        quantity = None
        if isinstance(part, Part):
            quantity = converted(line.values["quantity"], line.values.get("unit", ""), part.unit)
        if isinstance(part, Part) and quantity is not None:
            rows.append(_usage(work, line, source_id, part, day, quantity))
            work.mark(line.number, "created")
            if source_id in waiting:
                placed.append(waiting[source_id])
            continue
        work.mark(line.number, "suspended")
        if source_id not in waiting:
            suspended.append(_suspended(work, line, source_id, part if isinstance(part, str) else OTHER_UNIT))
    insert_all(work.session, Usage, rows)
    insert_all(work.session, SuspendedUsage, suspended)
    if placed:
        work.session.execute(sa.delete(SuspendedUsage).where(SuspendedUsage.id.in_(placed)))


def _source_id(entry: Entry) -> str:
    return str(entry.things[0].values.get("source_id") or entry.digest)


def _fits(work: Work, entry: Entry) -> bool:
    found = entry.things[0].values
    for name, limit in (("source_id", 120), ("destination", 60)):
        if len(found.get(name, "")) > limit:
            work.refuse(entry.number, TOO_LONG, cell=found[name][:40], limit=limit)
    if found["quantity"] != found["quantity"].quantize(FOUR_PLACES):
        work.refuse(entry.number, TOO_FINE, cell=f"{found['quantity']:f}")
    return entry.number not in work.refused


def _known(work: Work, source_ids: Sequence[str]) -> tuple[set[str], dict[str, int]]:
    used = sa.select(Usage.source_id).where(Usage.source == work.source)
    waiting = sa.select(SuspendedUsage.id, SuspendedUsage.source_id).where(SuspendedUsage.source == work.source)
    return (
        {row.source_id for row in rows_in(work.session, used, Usage.source_id, source_ids)},
        {row.source_id: row.id for row in rows_in(work.session, waiting, SuspendedUsage.source_id, source_ids)},
    )


def _usage(work: Work, line: ImportLine, source_id: str, part: Part, day: dt.date, quantity: Decimal) -> dict[str, Any]:
    return {
        "company_id": part.company_id,
        "account_id": part.account_id,
        "subscription_id": part.subscription_id,
        "subscriber_id": part.subscriber_id,
        "component_id": part.component_id,
        "source": work.source,
        "source_id": source_id,
        "occurred_at": line.values["started_at"],
        "day": day,
        "quantity": quantity,
        "destination": line.values.get("destination", ""),
    }


def _suspended(work: Work, line: ImportLine, source_id: str, reason: str) -> dict[str, Any]:
    return {
        "source": work.source,
        "source_id": source_id,
        "reason": reason,
        "record": line.row.cells,
        "created_at": clock.now(),
    }
