"""Usage of a month apart by working hours, other hours, weekends and holidays (A1-31), read in steady memory.

A record belongs to the class of the local time it began, by the Seller's hours, zone and country; one that was rated
keeps the class it was rated by. What the days of the month were is frozen with the report. A charge is parted into net
and VAT record by record (4 decimals), so that the sums of the sheets are the sums of their rows.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import FINE
from app.core.period import Month, Period
from app.models import Account, Component, Plan, Seller, Subscriber, Usage
from app.models.base import Fine
from app.reports.document import HoursDetail, HoursLine, UsageLine
from app.rules.rating import Clock, TimeClass
from app.services import names, numbers
from app.services.rating.tariffs import clock_for
from app.services.rating.taxes import Service, services_of, split_tax

CLASSES = tuple(one.value for one in TimeClass)
ZERO = Decimal(0)


def frozen(session: Session, seller: Seller, month: Month) -> dict[str, Any]:
    """The hours of a Seller and the days of a month that are not worked, as a report keeps them."""
    clock, period = clock_for(session, seller), month.period
    days = (period.start + dt.timedelta(days=number) for number in range(period.days))
    return {
        "start": f"{clock.begins:%H:%M}",
        "end": f"{clock.ends:%H:%M}",
        "zone": clock.zone,
        "country": clock.country,
        "free": [day.isoformat() for day in days if not clock.is_worked(day)],
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

    def class_sql(self) -> Any:
        """SQL of a record's class: as it was rated, else by the instants at which the days and their hours begin."""
        zone = ZoneInfo(self.clock.zone)
        work, free = [], []
        for number in range(-1, self.period.days + 1):  # a day more on both sides: a record's day may be another zone's
            day = self.period.start + dt.timedelta(days=number)
            if self.clock.is_worked(day):
                work.append(_within(day, self.clock.begins, day, self.clock.ends, zone))
            else:
                free.append(_within(day, dt.time(), day + dt.timedelta(days=1), dt.time(), zone))
        whens: list[Any] = [(Usage.time_class.in_(CLASSES), Usage.time_class)]
        whens += [(sa.or_(*work), TimeClass.WORK.value)] if work else []
        whens += [(sa.or_(*free), TimeClass.HOLIDAY.value)] if free else []
        return sa.case(*whens, else_=TimeClass.OFF.value)

    def services(self) -> dict[int, Service]:
        """What was used, with its tax."""
        account = self.session.get_one(Account, self.account_id)
        used = set(self.session.scalars(self._mine(sa.select(Usage.component_id).distinct())))
        known = services_of(self.session, account, self.session.get_one(Seller, account.seller_id))
        return {one: service for one, service in known.items() if one in used}

    def tax_sql(self) -> Any:
        """SQL of a record's VAT in ten-thousandths, as `split_tax` parts it off."""
        amount, zero = sa.type_coerce(Usage.amount, sa.BigInteger), sa.literal(0, sa.BigInteger)
        whens: list[Any] = []
        for one, service in self.services().items():
            for period, tax_bp in service.taxes_in(self.period):
                within = 10_000 + tax_bp if service.tax_included else 10_000
                tax = (2 * sa.func.abs(amount, type_=sa.BigInteger) * tax_bp + within) // (2 * within)
                days = sa.and_(Usage.day >= period.start, Usage.day < period.end)
                whens.append((sa.and_(Usage.component_id == one, days), sa.case((amount < 0, -tax), else_=tax)))
        return sa.case(*whens, else_=zero) if whens else zero

    def sums(self) -> Any:
        """Quantity, charge before tax and VAT of each subscriber, service and class, by subscriber's number."""
        kind = self.class_sql().label("hours_class")  # grouped by its name: PostgreSQL takes repeated binds for others
        keys = (Subscriber.number, Usage.subscriber_id, Component.name, Component.unit)
        included = sa.select(Plan.tax_included).where(Plan.id == Component.plan_id).scalar_subquery()
        amount, tax = sa.type_coerce(Usage.amount, sa.BigInteger), self.tax_sql()
        net = sa.case((included, amount - tax), else_=amount)
        sums = (sa.func.sum(sa.type_coerce(one, Fine)) for one in (net, tax))
        query = self._joined(sa.select(*keys, kind, sa.func.sum(Usage.quantity), *sums))
        query = query.group_by(*keys, sa.text("hours_class")).order_by(*keys)
        return self.session.execute(query.execution_options(yield_per=1000))

    def events(self, kind: str) -> Any:
        """The records of a class by subscriber's number and time."""
        columns = (
            Usage.subscriber_id,
            Usage.occurred_at,
            Usage.component_id,
            Usage.direction,
            Usage.other_number,
            Usage.destination,
            Usage.quantity,
            sa.type_coerce(Usage.amount, sa.BigInteger),
            Usage.day,
        )
        query = (
            self._joined(sa.select(*columns))
            .where(self.class_sql() == kind)
            .order_by(Subscriber.number, Usage.subscriber_id, Usage.occurred_at, Usage.id)
        )
        return self.session.execute(query.execution_options(yield_per=1000))

    def _joined(self, query: Any) -> Any:
        return (
            self._mine(query.select_from(Usage))
            .join(Component, Component.id == Usage.component_id)
            .outerjoin(Subscriber, Subscriber.id == Usage.subscriber_id)
        )

    def subscribers(self) -> dict[int, tuple[str, str]]:
        """Number and name (the last of the period) of each subscriber of the account."""
        name = names.name_at(names.end_of(self.period.end, self.clock.zone))
        query = sa.select(Subscriber.id, numbers.as_given(), name).where(Subscriber.account_id == self.account_id)
        return {one: (number, text) for one, number, text in self.session.execute(query)}


def _within(first: dt.date, begins: dt.time, last: dt.date, ends: dt.time, zone: ZoneInfo) -> Any:
    """SQL: a record began in a span of the zone's wall clock."""
    start, end = dt.datetime.combine(first, begins, zone), dt.datetime.combine(last, ends, zone)
    return sa.and_(Usage.occurred_at >= start, Usage.occurred_at < end)


@dataclass(frozen=True)
class _Summary:
    """A line for each subscriber, service and unit: quantities and amounts of the three classes."""

    records: Records

    def __iter__(self) -> Iterator[HoursLine]:
        known = self.records.subscribers()
        for (_, subscriber, service, unit), rows in groupby(self.records.sums(), key=lambda row: tuple(row[:4])):
            number, name = known.get(subscriber, ("", ""))
            quantities, nets, taxes = {}, {}, {}
            for *_, kind, quantity, net, tax in rows:
                quantities[kind], nets[kind], taxes[kind] = quantity, net or ZERO, tax or ZERO
            yield HoursLine(number, name, service, unit, quantities, nets, taxes)


@dataclass(frozen=True)
class _Events:
    """The records of one class."""

    records: Records
    kind: str

    def __iter__(self) -> Iterator[UsageLine]:
        known, local, services = self.records.subscribers(), self.records.clock.local, self.records.services()
        for row in self.records.events(self.kind):
            subscriber, moment, component, direction, other, where, quantity, amount, day = row
            number, name = known.get(subscriber, ("", ""))
            at, service = local(moment), services[component]
            net = tax = None
            if amount is not None:
                net, tax = map(_fine, split_tax(amount, service.tax_on(day), service.tax_included))
            about = (service.name, direction, other, where, quantity, service.unit, net, tax)
            yield UsageLine(number, name, at.date(), f"{at:%H:%M:%S}", *about)


def _fine(value: int) -> Decimal:
    return Decimal(value) / FINE
