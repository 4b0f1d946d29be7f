"""Rates and prefixes of a tariff from a file; and what a call would cost, explained."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.money import FOUR_PLACES
from app.imports import values, words
from app.imports.reading import Row, read_sheet
from app.models import Seller, Tariff, TariffPrefix, TariffRate, Usage
from app.rules import rating
from app.rules.rating import EventKind, Rounding, TimeClass
from app.services import trail
from app.services.rating import tariffs

NO_PRICE_COLUMN = N_("The file has no column «%(column)s». Name its columns as the page shows.")
NOT_ONE_OF = N_("«%(cell)s» is none of: %(known)s.")
NOT_PREFIX = N_("«%(cell)s» is no prefix: write up to 15 digits with the country's code, like 38067.")
NOT_INCREMENT = N_("«%(cell)s» is no increment. Write it like 60/1: the first, then each next.")
TOO_FINE = N_("«%(cell)s» has more than four decimals. Round it, or price more units.")
IN_USE = N_("Records are rated by this rate already. Give the new price a later first day.")
NO_PLACE = N_("The line has neither a prefix nor a destination.")
NEGATIVE = N_("«%(cell)s» must not be negative.")

_COLUMNS = {
    "prefix": "prefix|code|dial code|префікс|код|префикс|prefiks|kierunkowy",
    "destination": "destination|zone|direction|напрямок|зона|направление|kierunek|strefa",
    "price": "price|rate|cost|ціна|тариф|цена|cena|stawka",
    "kind": "kind|type|event|вид|тип|rodzaj",
    "time_class": "time class|time|class|клас часу|класс времени|klasa czasu",
    "valid_from": "valid from|from|activation|effective from|діє з|действует с|ważny od|obowiązuje od",
    "connect_fee": "connect fee|setup fee|плата за з'єднання|плата за соединение|opłata za połączenie",
    "per": "per|unit|price per|за одиниць|за единиц|za",
    "increment": "increment|step|rounding step|крок|шаг|krok|naliczanie",
    "group_start": "group start|from second|з секунди|с секунды|od sekundy",
    "weight": "weight|вага|вес|waga",
    "rounding": "rounding|округлення|округление|zaokrąglanie",
    "decimals": "decimals|знаків|знаков|miejsc",
    "minimum": "minimum|min|мінімум|минимум|minimalnie",
    "maximum": "maximum|max|максимум|maksimum",
}
SAMPLE = ("prefix", "destination", "price", "kind", "time_class", "valid_from", "connect_fee", "per", "increment")
_PER = {EventKind.VOICE: 60, EventKind.ROAMING: 60, EventKind.DATA: 1_000_000}


@dataclass
class Loaded:
    """What came of a file of rates."""

    rates: int = 0
    prefixes: int = 0
    unchanged: int = 0
    refused: list[tuple[int, DomainError]] = field(default_factory=list)


def load_file(session: Session, actor: Actor, tariff_id: int, path: Path) -> Loaded:
    """Add a file's rates and prefixes to a tariff; lines that cannot be meant are left out with their reason."""
    actor.need(Right.CATALOG_WRITE)
    tariff = _tariff(session, tariff_id)
    seller = session.get_one(Seller, tariff.seller_id)
    sheet = read_sheet(path)
    places = _places(sheet.headers)
    if "price" not in places:
        raise Refused(NO_PRICE_COLUMN, column="price")
    reader = _Reader(places, clock.today(seller.zone))
    book = _Book(session, tariff)
    for row in sheet.rows:
        try:
            book.take(reader.read(row))
        except DomainError as error:
            book.loaded.refused.append((row.number, error))
    session.flush()
    tariffs.touch(session, [tariff.id])
    loaded = book.loaded
    trail.record(
        session, actor, "tariff.rates", "tariff", tariff.id, rates=loaded.rates, prefixes=loaded.prefixes,
        refused=len(loaded.refused),
    )  # fmt: skip
    return loaded


def _tariff(session: Session, tariff_id: int) -> Tariff:
    tariff = session.get(Tariff, tariff_id)
    if tariff is None:
        raise NotFound()
    return tariff


def _places(headers: list[str]) -> dict[str, int]:
    known = {words.fold(one): name for name, listed in _COLUMNS.items() for one in (name, *listed.split("|"))}
    places: dict[str, int] = {}
    for at, header in enumerate(headers):
        name = known.get(words.fold(header))
        if name and name not in places:
            places[name] = at
    return places


class _Reader:
    """A line of the file as a prefix and a rate."""

    def __init__(self, places: dict[str, int], today: dt.date) -> None:
        self.places, self.today = places, today

    def _cell(self, row: Row, name: str) -> str:
        return values.clean(row.values[self.places[name]]) if name in self.places else ""

    def read(self, row: Row) -> dict[str, Any]:
        """Typed values; raises the first that cannot be meant."""
        kind = self._one_of(row, "kind", EventKind, EventKind.VOICE)
        prefix = self._cell(row, "prefix").lstrip("+")
        if prefix and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= rating.LONGEST_PREFIX):
            raise Refused(NOT_PREFIX, cell=values.shown(prefix))
        destination = self._cell(row, "destination")[:60] or prefix
        if not destination and kind in (EventKind.VOICE, EventKind.ROAMING):
            raise Refused(NO_PLACE)
        day = self._cell(row, "valid_from")
        first, increment = self._increments(row, kind)
        return {
            "prefix": prefix,
            "destination": destination,
            "kind": kind,
            "time_class": self._one_of(row, "time_class", TimeClass, ""),
            "valid_from": values.parse_date(day) if day else self.today,
            "weight": self._whole(row, "weight", 0),
            "group_start": self._whole(row, "group_start", 0),
            "price": self._money(row, "price") or Decimal(0),
            "connect_fee": self._money(row, "connect_fee") or Decimal(0),
            "per": self._whole(row, "per", _PER.get(EventKind(kind), 1)) or 1,
            "first_increment": first,
            "increment": increment,
            "rounding": self._one_of(row, "rounding", Rounding, Rounding.HALF_UP),
            "decimals": min(self._whole(row, "decimals", 4), 4),
            "minimum": self._money(row, "minimum"),
            "maximum": self._money(row, "maximum"),
        }

    def _one_of(self, row: Row, name: str, known: Any, default: str) -> str:
        cell = self._cell(row, name).lower()
        if not cell:
            return str(default)
        if cell not in set(known):
            raise Refused(NOT_ONE_OF, cell=values.shown(cell), known=", ".join(known))
        return cell

    def _whole(self, row: Row, name: str, default: int) -> int:
        cell = self._cell(row, name)
        if not cell:
            return default
        number = values.parse_int(cell)
        if number < 0:
            raise Refused(NEGATIVE, cell=values.shown(cell))
        return number

    def _money(self, row: Row, name: str) -> Decimal | None:
        cell = self._cell(row, name)
        if not cell:
            return None
        amount = values.parse_money(cell)
        if amount < 0:
            raise Refused(NEGATIVE, cell=values.shown(cell))
        if amount != amount.quantize(FOUR_PLACES):
            raise Refused(TOO_FINE, cell=values.shown(cell))
        return amount

    def _increments(self, row: Row, kind: str) -> tuple[int, int]:
        cell = self._cell(row, "increment")
        if not cell:
            return (60, 60) if kind in (EventKind.VOICE, EventKind.ROAMING) else (1, 1)
        first, _, after = cell.partition("/")
        if not (first.isdigit() and (after or first).isdigit() and int(after or first) > 0):
            raise Refused(NOT_INCREMENT, cell=values.shown(cell))
        return int(first), int(after or first)


_RATE_KEY = ("kind", "destination", "time_class", "valid_from", "weight", "group_start")


class _Book:
    """What a tariff has, and what the file adds to it."""

    def __init__(self, session: Session, tariff: Tariff) -> None:
        self.session, self.tariff, self.loaded = session, tariff, Loaded()
        rates = session.scalars(sa.select(TariffRate).where(TariffRate.tariff_id == tariff.id))
        self._rates = {tuple(getattr(one, name) for name in _RATE_KEY): one for one in rates}
        prefixes = session.scalars(sa.select(TariffPrefix).where(TariffPrefix.tariff_id == tariff.id))
        self._prefixes = {one.prefix: one for one in prefixes}

    def take(self, found: dict[str, Any]) -> None:
        """A line's prefix and rate."""
        prefix = found.pop("prefix")
        self._take_rate(found)
        if prefix:
            self._take_prefix(prefix, found["destination"])

    def _take_rate(self, found: dict[str, Any]) -> None:
        key = tuple(found[name] for name in _RATE_KEY)
        known = self._rates.get(key)
        if known is None:
            self._rates[key] = row = TariffRate(tariff_id=self.tariff.id, **found)
            self.session.add(row)
            self.loaded.rates += 1
        elif any(getattr(known, name) != value for name, value in found.items()):
            if known.id and is_used(self.session, known.id):
                raise Refused(IN_USE)
            for name, value in found.items():
                setattr(known, name, value)
            self.loaded.rates += 1
        else:
            self.loaded.unchanged += 1

    def _take_prefix(self, prefix: str, destination: str) -> None:
        known = self._prefixes.get(prefix)
        if known is None:
            self._prefixes[prefix] = row = TariffPrefix(
                tariff_id=self.tariff.id, prefix=prefix, destination=destination
            )
            self.session.add(row)
            self.loaded.prefixes += 1
        elif known.destination != destination:
            known.destination = destination
            self.loaded.prefixes += 1


def is_used(session: Session, rate_id: int) -> bool:
    """Whether a record was rated by this rate, or by the rate that this row is a step of."""
    return session.execute(sa.select(Usage.id).where(Usage.rate_id == rate_id).limit(1)).first() is not None


# ---- try a call ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A call to try: to which number, on which day and time of the Seller's clock, how long."""

    number: str
    day: dt.date
    time: dt.time
    amount: int
    kind: str = EventKind.VOICE.value
    zone: str = ""
    has_package: bool = False  # whether packages are still full


def try_call(session: Session, actor: Actor, tariff_id: int, asked: Asked) -> rating.Rated:
    """What the call would cost; nothing is written."""
    actor.need(Right.CATALOG_READ)
    tariff = _tariff(session, tariff_id)
    seller = session.get_one(Seller, tariff.seller_id)
    times = tariffs.clock_for(session, seller)
    loaded = tariffs.load(session, [tariff.id], times)[tariff.id]
    moment = dt.datetime.combine(asked.day, asked.time, ZoneInfo(seller.zone)).astimezone(dt.UTC)
    number = rating.international(asked.number, *tariffs.dialling(seller.country))
    event = rating.Event(asked.kind, number, moment, asked.amount, zone=asked.zone)
    return loaded.rate(event, (lambda package: package.amount) if asked.has_package else (lambda package: 0))
