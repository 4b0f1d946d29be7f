"""Usage of a month apart by working hours, other hours, weekends and holidays (A1-31), read in steady memory.

A record belongs to the class of the local time it began, by the Seller's hours, zone and country; one that was rated
keeps the class it was rated by. What the days of the month were is frozen with the report.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.period import Month, Period
from app.models import CalendarOverride, Component, Seller, Subscriber, Usage
from app.reports.document import HoursDetail, HoursLine, UsageLine
from app.rules.policies import PolicyKind
from app.rules.rating import Clock, TimeClass
from app.rules.workdays import is_working_day
from app.services import names
from app.services.policies import calendar_for

CLASSES = tuple(one.value for one in TimeClass)


def frozen(session: Session, seller: Seller, month: Month) -> dict[str, Any]:
    """The hours of a Seller and the days of a month that are not worked, as a report keeps them."""
    calendar = calendar_for(session, seller.id)
    hours, holidays = calendar[PolicyKind.WORKING_HOURS], calendar[PolicyKind.HOLIDAYS]
    period = month.period
    query = sa.select(CalendarOverride.day, CalendarOverride.is_working).where(
        CalendarOverride.country == seller.country,
        CalendarOverride.day >= period.start,
        CalendarOverride.day < period.end,
    )
    overrides = {day: is_working for day, is_working in session.execute(query)}
    days = (period.start + dt.timedelta(days=number) for number in range(period.days))
    free = [day for day in days if not is_working_day(seller.country, day, overrides, holidays["observe_suspended"])]
    return {
        "start": hours["start"],
        "end": hours["end"],
        "zone": seller.zone,
        "country": seller.country,
        "free": [day.isoformat() for day in free],
    }


def clock_of(kept: Mapping[str, Any], period: Period) -> Clock:
    """The clock that frozen hours say: each day of the period is worked or free as it was kept."""
    free = {dt.date.fromisoformat(day) for day in kept["free"]}
    days = (period.start + dt.timedelta(days=number) for number in range(period.days))
    return Clock(
        zone=kept["zone"],
        country=kept["country"],
        begins=dt.time.fromisoformat(kept["start"]),
        ends=dt.time.fromisoformat(kept["end"]),
        overrides={day: day not in free for day in days},
    )


@dataclass(frozen=True)
class Records:
    """The usage of an account in a period, by subscriber and time; what came in after `known_at` is left out."""

    session: Session
    account_id: int
    period: Period
    clock: Clock
    known_at: dt.datetime

    def detail(self) -> HoursDetail | None:
        """What the report prints of it; None where nothing was used."""
        first = self.session.execute(self._mine(sa.select(Usage.id)).limit(1)).first()
        if first is None:
            return None
        priced = self._mine(sa.select(Usage.id)).where(Usage.amount.is_not(None)).limit(1)
        return HoursDetail(
            hours=f"{self.clock.begins:%H:%M}–{self.clock.ends:%H:%M}",
            lines=_Summary(self),
            events={one: _Events(self, one) for one in CLASSES},
            has_amounts=self.session.execute(priced).first() is not None,
        )

    def _mine(self, query: Any) -> Any:
        return query.where(
            Usage.account_id == self.account_id,
            Usage.day >= self.period.start,
            Usage.day < self.period.end,
            Usage.created_at <= self.known_at,
        )

    def rows(self) -> Iterator[Any]:
        """Each record with its class, by subscriber's number and time."""
        columns = sa.select(
            Usage.subscriber_id,
            Usage.occurred_at,
            Usage.time_class,
            Component.name,
            Component.unit,
            Usage.direction,
            Usage.other_number,
            Usage.destination,
            Usage.quantity,
            Usage.amount,
        )
        query = (
            self._mine(columns)
            .join(Component, Component.id == Usage.component_id)
            .outerjoin(Subscriber, Subscriber.id == Usage.subscriber_id)
            .order_by(Subscriber.number, Usage.subscriber_id, Usage.occurred_at, Usage.id)
            .execution_options(yield_per=1000)
        )
        clock = self.clock
        for subscriber, moment, known, *rest in self.session.execute(query):
            local = clock.local(moment)
            yield (subscriber, local, known if known in CLASSES else clock.class_of(local).value, *rest)

    def subscribers(self) -> dict[int, tuple[str, str]]:
        """Number and name (the last of the period) of each subscriber of the account."""
        name = names.name_at(names.end_of(self.period.end, self.clock.zone))
        query = sa.select(Subscriber.id, Subscriber.number, name).where(Subscriber.account_id == self.account_id)
        return {one: (number, text) for one, number, text in self.session.execute(query)}


@dataclass(frozen=True)
class _Summary:
    """A line for each subscriber, service and unit: quantities and amounts of the three classes."""

    records: Records

    def __iter__(self) -> Iterator[HoursLine]:
        known = self.records.subscribers()
        for subscriber, rows in groupby(self.records.rows(), key=lambda row: row[0]):
            sums: dict[tuple[str, str], tuple[dict[str, Decimal], dict[str, Decimal]]] = {}
            for _, _, kind, service, unit, _, _, _, quantity, amount in rows:
                quantities, amounts = sums.setdefault((service, unit), ({}, {}))
                quantities[kind] = quantities.get(kind, Decimal(0)) + quantity
                amounts[kind] = amounts.get(kind, Decimal(0)) + (amount or Decimal(0))
            number, name = known.get(subscriber, ("", ""))
            for (service, unit), (quantities, amounts) in sorted(sums.items()):
                yield HoursLine(number, name, service, unit, quantities, amounts)


@dataclass(frozen=True)
class _Events:
    """The records of one class."""

    records: Records
    kind: str

    def __iter__(self) -> Iterator[UsageLine]:
        known = self.records.subscribers()
        for subscriber, local, kind, service, unit, direction, other, where, quantity, amount in self.records.rows():
            if kind == self.kind:
                number, name = known.get(subscriber, ("", ""))
                yield UsageLine(
                    number, name, local.date(), f"{local:%H:%M:%S}", service, direction, other, where, quantity, unit,
                    amount,
                )  # fmt: skip
