"""A tariff's rows as the rule reads them, kept between batches while nothing of them changed."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import phonenumbers
import sqlalchemy as sa
from phonenumbers.phonenumberutil import ndd_prefix_for_region
from sqlalchemy.orm import Session

from app.core.errors import N_, Refused
from app.models import CalendarOverride, PackageUse, Seller, Tariff, TariffPackage, TariffPrefix, TariffRate
from app.rules import rating
from app.rules.policies import PolicyKind
from app.services.policies import calendar_for

NO_FIRST_STEP = N_("The rate «%(rate)s» has no step from 0. Add one.")
KEPT = 16
LOOK_UP = 500
_TRUNKS = {"BY": "80"}  # where the prefix dialled inside the country is more than one digit

_kept: dict[tuple[Any, ...], rating.Tariff] = {}


def clock_for(session: Session, seller: Seller) -> rating.Clock:
    """By what a Seller's records are classified: its zone, working hours, calendar and corrections of it."""
    policies = calendar_for(session, seller.id)
    hours, holidays = policies[PolicyKind.WORKING_HOURS], policies[PolicyKind.HOLIDAYS]
    query = sa.select(CalendarOverride.day, CalendarOverride.is_working)
    overrides = session.execute(query.where(CalendarOverride.country == seller.country))
    return rating.Clock(
        zone=seller.zone,
        country=seller.country,
        begins=dt.time.fromisoformat(hours["start"]),
        ends=dt.time.fromisoformat(hours["end"]),
        overrides={day: is_working for day, is_working in overrides},
        observe_suspended=holidays["observe_suspended"],
    )


def load(session: Session, tariff_ids: Iterable[int], clock: rating.Clock) -> dict[int, rating.Tariff]:
    """Tariffs ready to rate by; one that was loaded before and has not changed is not read again."""
    wanted = sorted(set(tariff_ids))
    if not wanted:
        return {}
    rows = session.execute(sa.select(Tariff.id, Tariff.version, Tariff.splits).where(Tariff.id.in_(wanted)))
    url = str(session.get_bind().engine.url)
    found = {}
    for tariff_id, version, splits in rows:
        hours = (clock.zone, clock.country, clock.begins, clock.ends, clock.observe_suspended)
        key = (url, tariff_id, version, splits, hours, tuple(sorted(clock.overrides.items())))
        known = _kept.pop(key, None) or _read(session, tariff_id, splits, clock)
        _kept[key] = found[tariff_id] = known
        while len(_kept) > KEPT:
            _kept.pop(next(iter(_kept)))
    return found


def _read(session: Session, tariff_id: int, splits: bool, clock: rating.Clock) -> rating.Tariff:
    prefixes = sa.select(TariffPrefix.prefix, TariffPrefix.destination).where(TariffPrefix.tariff_id == tariff_id)
    rates = sa.select(TariffRate).where(TariffRate.tariff_id == tariff_id)
    packages = sa.select(TariffPackage).where(TariffPackage.tariff_id == tariff_id).order_by(TariffPackage.id)
    return rating.Tariff(
        clock,
        {prefix: destination for prefix, destination in session.execute(prefixes)},
        rates_of(session.scalars(rates)),
        [_package(one) for one in session.scalars(packages)],
        splits=splits,
    )


def _key(row: TariffRate) -> tuple[Any, ...]:
    return (row.kind, row.destination, row.time_class, row.valid_from, row.weight)


def rates_of(rows: Iterable[TariffRate]) -> list[rating.Rate]:
    """Rows that are steps of one rate, together; Refused where a rate has no step from 0."""
    made = []
    for key, steps in groupby(sorted(rows, key=lambda row: (*_key(row), row.group_start)), key=_key):
        listed = list(steps)
        first = listed[0]
        if first.group_start:
            raise Refused(NO_FIRST_STEP, rate=" ".join(str(one) for one in key if one))
        made.append(
            rating.Rate(
                id=first.id,
                kind=first.kind,
                destination=first.destination,
                steps=tuple(rating.Step(one.group_start, one.price, one.per, one.increment) for one in listed),
                time_class=first.time_class,
                weight=first.weight,
                valid_from=first.valid_from,
                connect_fee=first.connect_fee,
                first=first.first_increment,
                rounding=first.rounding,
                decimals=first.decimals,
                minimum=first.minimum,
                maximum=first.maximum,
            )
        )
    return made


def _package(row: TariffPackage) -> rating.Package:
    named = frozenset(one.strip() for one in row.destinations.split(";") if one.strip())
    return rating.Package(row.id, row.name, row.kind, row.amount, named, row.valid_from, row.valid_to)


def dialling(country: str) -> tuple[str, str]:
    """(country code, what is dialled before a number inside the country): («380», «0»)."""
    code = phonenumbers.country_code_for_region(country)
    if not code:
        return "", ""
    trunk = _TRUNKS.get(country) or ndd_prefix_for_region(country, True) or ""
    return str(code), trunk


@dataclass
class Rater:
    """Rates records of a batch: tariffs at hand, packages counted down in memory, written back once."""

    session: Session
    clock: rating.Clock
    tariffs: Mapping[int, rating.Tariff]
    used: dict[tuple[int, int, dt.date], int] = field(default_factory=dict)
    _known: dict[tuple[int, int, dt.date], int] = field(default_factory=dict)
    _owners: dict[int, int] = field(default_factory=dict)

    def read_use(self, wanted: Iterable[tuple[int, int, dt.date]]) -> None:
        """What subscriptions (id, company, month) have used of packages so far; one statement for 500 of them."""
        if not any(tariff.packages for tariff in self.tariffs.values()):
            return
        pairs = set(wanted)
        self._owners |= {subscription: company for subscription, company, _ in pairs}
        months = sorted({month for _, _, month in pairs})
        ids = sorted({subscription for subscription, _, _ in pairs})
        table = PackageUse.__table__.c
        for at in range(0, len(ids), LOOK_UP):
            query = sa.select(table.subscription_id, table.package_id, table.month, table.used).where(
                table.subscription_id.in_(ids[at : at + LOOK_UP]), table.month.in_(months)
            )
            for subscription, package, month, used in self.session.execute(query):
                self._known[subscription, package, month] = used
        self.used.update(self._known)

    def rate(self, tariff_id: int, subscription_id: int, event: rating.Event) -> rating.Rated:
        """A record's price; what it takes of packages is taken."""
        tariff = self.tariffs[tariff_id]
        if not tariff.packages:
            return tariff.rate(event, _none_left)
        month = self.clock.local(event.moment).date().replace(day=1)

        def left(package: rating.Package) -> int:
            return package.amount - self.used.get((subscription_id, package.id, month), 0)

        rated = tariff.rate(event, left)
        for package_id, units in rated.used:
            key = (subscription_id, package_id, month)
            self.used[key] = self.used.get(key, 0) + units
        return rated

    def write_use(self) -> None:
        """Keep what was used of packages."""
        changed = [(key, used) for key, used in self.used.items() if self._known.get(key) != used]
        if not changed:
            return
        table = PackageUse.__table__
        old = [_named(key, used) for key, used in changed if key in self._known]
        new = [_named(key, used) for key, used in changed if key not in self._known]
        connection = self.session.connection()
        if old:
            where = (table.c.subscription_id == sa.bindparam("s"), table.c.package_id == sa.bindparam("p"))
            update = table.update().where(*where, table.c.month == sa.bindparam("m"))
            connection.execute(update.values(used=sa.bindparam("u")), old)
        if new:
            rows = [
                {
                    "subscription_id": one["s"],
                    "package_id": one["p"],
                    "month": one["m"],
                    "used": one["u"],
                    "company_id": self._owners[one["s"]],
                }
                for one in new
            ]
            connection.execute(table.insert(), rows)


def _named(key: tuple[int, int, dt.date], used: int) -> dict[str, Any]:
    return {"s": key[0], "p": key[1], "m": key[2], "u": used}


def _none_left(_package: rating.Package) -> int:
    return 0


def touch(session: Session, tariff_ids: Sequence[int]) -> None:
    """Say that tariffs changed: what workers remember of them is read again."""
    session.execute(sa.update(Tariff).where(Tariff.id.in_(tariff_ids)).values(version=Tariff.version + 1))
