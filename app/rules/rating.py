"""What a call, a message or a megabyte costs: destination by the longest prefix, rate by weight and date, steps,
increments, rounding; included packages are used up before money. Worked tables: docs/money.md.

Amounts of a record are whole base units: seconds, bytes, pieces. A record is classified by the local time it began;
a tariff may ask for a call to be split where the class changes.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.core.errors import N_, Refused
from app.rules.workdays import Overrides, is_working_day


class EventKind(StrEnum):
    """What was used."""

    VOICE = "voice"
    SMS = "sms"
    DATA = "data"
    ROAMING = "roaming"
    ONE_OFF = "one-off"


class TimeClass(StrEnum):
    """When it was used, by the provider's clock and calendar (A1-31)."""

    WORK = "work"
    OFF = "off"
    HOLIDAY = "holiday"


class Rounding(StrEnum):
    """How the cost of a record is rounded to the rate's decimals."""

    HALF_UP = "half_up"
    UP = "up"
    DOWN = "down"


BASE_UNITS = {  # what one unit of a record is, for people
    EventKind.VOICE: "second",
    EventKind.ROAMING: "second",
    EventKind.DATA: "byte",
    EventKind.SMS: "piece",
    EventKind.ONE_OFF: "piece",
}
MOST_DECIMALS = 4
LONGEST_PREFIX = 15  # digits of E.164
_ROUNDINGS = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.UP: ROUND_UP, Rounding.DOWN: "ROUND_DOWN"}


# ---- time classes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """By what a moment is classified: zone and country of the Seller, its working hours and calendar."""

    zone: str
    country: str
    begins: dt.time = dt.time(9)
    ends: dt.time = dt.time(18)
    overrides: Overrides = field(default_factory=dict)
    observe_suspended: bool = False
    _days: dict[dt.date, bool] = field(default_factory=dict, repr=False, compare=False)

    def local(self, moment: dt.datetime) -> dt.datetime:
        """The moment on the wall clock of the Seller's zone."""
        return moment.astimezone(_zone(self.zone))

    def is_worked(self, day: dt.date) -> bool:
        """Whether it is a working day; each day is looked up once."""
        known = self._days.get(day)
        if known is None:
            known = is_working_day(self.country, day, self.overrides, self.observe_suspended)
            self._days[day] = known
        return known

    def class_of(self, local: dt.datetime) -> TimeClass:
        """WORK from 09:00:00 up to and without 18:00:00 of a working day, OFF outside these hours, else HOLIDAY."""
        if not self.is_worked(local.date()):
            return TimeClass.HOLIDAY
        return TimeClass.WORK if self.begins <= local.time() < self.ends else TimeClass.OFF

    def split(self, moment: dt.datetime, seconds: int) -> list[tuple[TimeClass, int]]:
        """A call cut where its class changes; neighbours of one class stay together."""
        pieces: list[tuple[TimeClass, int]] = []
        left = seconds
        while left > 0:
            local = self.local(moment)
            piece = min(left, self._until_change(moment, local))
            kind = self.class_of(local)
            if pieces and pieces[-1][0] == kind:
                pieces[-1] = (kind, pieces[-1][1] + piece)
            else:
                pieces.append((kind, piece))
            moment += dt.timedelta(seconds=piece)
            left -= piece
        return pieces or [(self.class_of(self.local(moment)), 0)]

    def _until_change(self, moment: dt.datetime, local: dt.datetime) -> int:
        """Seconds to the next boundary by the real clock: a night of 25 hours has them all."""
        day, zone = local.date(), _zone(self.zone)
        marks = [dt.datetime.combine(day, at, zone) for at in (self.begins, self.ends)]
        marks.append(dt.datetime.combine(day + dt.timedelta(1), dt.time(), zone))
        ahead = [(mark.astimezone(dt.UTC) - moment.astimezone(dt.UTC)).total_seconds() for mark in marks]
        return max(1, int(min(one for one in ahead if one > 0)))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


# ---- numbers and destinations -------------------------------------------------------------------------------------


def international(number: str, country_code: str = "", trunk: str = "") -> str:
    """Digits of a number with its country: «+380 67…», «00380…» and (with the Seller's codes) «067…» are one."""
    text = number.strip()
    digits = "".join(sign for sign in text if "0" <= sign <= "9")
    if text.startswith("+") or not digits:
        return digits
    if digits.startswith("00"):
        return digits[2:]
    if country_code and trunk and digits.startswith(trunk) and not digits.startswith(country_code):
        return country_code + digits[len(trunk) :]
    return digits


def prefixes_of(digits: str) -> Iterable[str]:
    """The prefixes of a number, the longest first; the empty one last."""
    return (digits[:length] for length in range(min(len(digits), LONGEST_PREFIX), -1, -1))


# ---- rates --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """From the unit `start` on: `price` for each `per` units, counted in whole increments."""

    start: int
    price: Decimal
    per: int = 60
    increment: int = 1


@dataclass(frozen=True)
class Rate:
    """What a kind of event costs to a destination in a class of time from a day on.

    Empty `destination` or `time_class` mean any. 60/1 is `first` 60 and an increment of 1.
    """

    id: int
    kind: str
    destination: str
    steps: tuple[Step, ...]
    time_class: str = ""
    weight: int = 0
    valid_from: dt.date = dt.date(1900, 1, 1)
    connect_fee: Decimal = Decimal(0)
    first: int = 0
    rounding: str = Rounding.HALF_UP
    decimals: int = MOST_DECIMALS
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def billed(self, amount: int) -> int:
        """`amount` rounded up to the increments: 60/1 makes 61 of 61, 60/60 makes 120 of it."""
        if amount <= 0:
            return 0
        if amount <= self.first:
            return self.first
        begun = self.first
        for place, step in enumerate(self.steps):
            end = self.steps[place + 1].start if place + 1 < len(self.steps) else None
            start = max(step.start, begun)
            if end is not None and amount > end:
                continue
            return start + -(-(amount - start) // step.increment) * step.increment
        return amount


@dataclass(frozen=True)
class Costing:
    """How a cost came about: what was billed, what of it a package covered, each step's part."""

    amount: Decimal
    billed: int
    covered: int
    connect_fee: Decimal
    parts: tuple[tuple[int, Step, Decimal], ...]  # units, at which step, what they cost
    limited: str = ""  # «minimum» or «maximum» where that decided


def cost_of(rate: Rate, amount: int, covered: int = 0) -> Costing:
    """The cost of a record of `amount` units, `covered` of the billed ones being in a package.

    A record of no length costs nothing. What a package covers is taken off its beginning; where it covers everything
    the connect fee falls away too. The cost is rounded once, then kept between minimum and maximum.
    """
    billed = rate.billed(amount)
    if billed <= 0 or covered >= billed:
        return Costing(Decimal(0), max(billed, 0), min(covered, max(billed, 0)), Decimal(0), ())
    parts = tuple(_parts(rate.steps, covered, billed))
    total = rate.connect_fee + sum((cost for _, _, cost in parts), Decimal(0))
    total = total.quantize(Decimal(1).scaleb(-rate.decimals), rounding=_ROUNDINGS[Rounding(rate.rounding)])
    limited = ""
    if rate.minimum is not None and total < rate.minimum:
        total, limited = rate.minimum, "minimum"
    if rate.maximum is not None and total > rate.maximum:
        total, limited = rate.maximum, "maximum"
    return Costing(total, billed, covered, rate.connect_fee, parts, limited)


def _parts(steps: Sequence[Step], begins: int, ends: int) -> Iterable[tuple[int, Step, Decimal]]:
    for place, step in enumerate(steps):
        start = max(step.start, begins)
        stop = min(steps[place + 1].start, ends) if place + 1 < len(steps) else ends
        if stop > start:
            yield stop - start, step, step.price * (stop - start) / step.per


# ---- packages -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Package:
    """So many units of a kind a month for each subscription before money is asked; no destinations mean any."""

    id: int
    name: str
    kind: str
    amount: int
    destinations: frozenset[str] = frozenset()
    valid_from: dt.date = dt.date(1900, 1, 1)
    valid_to: dt.date | None = None

    def covers(self, kind: str, destination: str, day: dt.date) -> bool:
        """Whether a record of that kind, to there, on that day may use it."""
        return (
            self.kind == kind
            and (not self.destinations or destination in self.destinations)
            and self.valid_from <= day
            and (self.valid_to is None or day < self.valid_to)
        )


# ---- a tariff -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    """A record to be rated: what, to which number, when, how much of it."""

    kind: str
    other_number: str  # international digits
    moment: dt.datetime
    amount: int
    direction: str = "out"
    zone: str = ""  # a destination the record names itself (roaming); the prefix decides where it is empty


@dataclass(frozen=True)
class Rated:
    """What came of a record. `rate_id` is None for what is free by its nature (an incoming call)."""

    amount: Decimal
    destination: str
    time_class: TimeClass
    day: dt.date
    rate_id: int | None = None
    used: tuple[tuple[int, int], ...] = ()  # (package, units)
    costings: tuple[tuple[TimeClass, Rate, Costing], ...] = ()

    @property
    def included(self) -> int:
        """Units that packages covered."""
        return sum(units for _, units in self.used)


NO_RATE = N_("The tariff has no rate for such an event to this number on that day. Add the rate, then try again.")
FREE_DIRECTION = "in"

Left = Callable[[Package], int]


class Tariff:
    """Prefixes, rates and packages ready to rate by; remembers what it looked up and what it computed."""

    def __init__(
        self,
        clock: Clock,
        prefixes: Mapping[str, str],
        rates: Sequence[Rate],
        packages: Sequence[Package] = (),
        *,
        splits: bool = False,
    ) -> None:
        self.clock, self.prefixes, self.packages, self.splits = clock, prefixes, tuple(packages), splits
        self.kinds = {rate.kind for rate in rates}
        self._rates: dict[tuple[str, str], list[Rate]] = {}
        for rate in rates:
            self._rates.setdefault((rate.kind, rate.destination), []).append(rate)
        for listed in self._rates.values():
            listed.sort(key=lambda one: (one.weight, one.valid_from, one.time_class != "", one.id), reverse=True)
        self._zones: dict[str, tuple[str, ...]] = {}
        self._chosen: dict[tuple[str, str, str, str, dt.date], tuple[str, Rate] | None] = {}
        self._costs: dict[tuple[int, int, int], Costing] = {}

    def zones_of(self, number: str) -> tuple[str, ...]:
        """The destinations a number is in, the one of the longest prefix first."""
        known = self._zones.get(number)
        if known is None:
            if len(self._zones) > 50_000:
                self._zones.clear()
            found = (self.prefixes[one] for one in prefixes_of(number) if one in self.prefixes)
            known = self._zones[number] = tuple(dict.fromkeys(found))
        return known

    def rate_for(self, event: Event, kind: TimeClass, day: dt.date) -> tuple[str, Rate] | None:
        """(destination, rate): the longest prefix that has a rate in force; of several the heaviest, then the newest.

        Of two of one weight and first day, the one of a time class wins over the general one.
        A rate without a destination serves where none of the number's has one.
        """
        zones = (event.zone,) if event.zone else self.zones_of(event.other_number)
        key = (event.kind, zones[0] if zones else "", "/".join(zones[1:]), kind.value, day)
        if key in self._chosen:
            return self._chosen[key]
        if len(self._chosen) > 20_000:
            self._chosen.clear()
        found = self._find(event.kind, zones, kind, day)
        self._chosen[key] = found
        return found

    def _find(self, kind: str, zones: Sequence[str], time: TimeClass, day: dt.date) -> tuple[str, Rate] | None:
        for zone in (*zones, ""):
            fit = [
                rate
                for rate in self._rates.get((kind, zone), ())
                if rate.time_class in ("", time.value) and rate.valid_from <= day
            ]
            if fit:
                newest = max(rate.valid_from for rate in fit if rate.weight == fit[0].weight)
                chosen = next(rate for rate in fit if rate.weight == fit[0].weight and rate.valid_from == newest)
                return (zone or (zones[0] if zones else ""), chosen)
        return None

    def rate(self, event: Event, left: Left) -> Rated:
        """Rate a record; `left` says what a package still has. Refused where the tariff has no rate for it."""
        local = self.clock.local(event.moment)
        day, kind = local.date(), self.clock.class_of(local)
        if event.direction == FREE_DIRECTION and event.kind not in (EventKind.ROAMING, EventKind.ONE_OFF):
            return Rated(Decimal(0), event.zone, kind, day)
        found = self.rate_for(event, kind, day)
        if found is None:
            raise Refused(NO_RATE)
        destination, rate = found
        used, covered = self._take(event, destination, day, rate.billed(event.amount), left)
        if self.splits and event.kind == EventKind.VOICE:
            pieces = self.clock.split(event.moment, event.amount)
            if len(pieces) > 1:
                return self._rate_split(event, rate, destination, kind, day, pieces, used, covered)
        costing = self.cost(rate, event.amount, covered)
        return Rated(costing.amount, destination, kind, day, rate.id, used, ((kind, rate, costing),))

    def _take(
        self, event: Event, destination: str, day: dt.date, billed: int, left: Left
    ) -> tuple[tuple[tuple[int, int], ...], int]:
        """Units of each package that covers the event, one package after another."""
        used, covered = [], 0
        for package in self.packages:
            if covered >= billed:
                break
            if package.covers(event.kind, destination, day):
                units = min(left(package), billed - covered)
                if units > 0:
                    used.append((package.id, units))
                    covered += units
        return tuple(used), covered

    def cost(self, rate: Rate, amount: int, covered: int) -> Costing:
        """`cost_of`, remembered: most records of a file cost one of few sums."""
        key = (rate.id, amount, covered)
        known = self._costs.get(key)
        if known is None:
            if len(self._costs) > 20_000:
                self._costs.clear()
            known = self._costs[key] = cost_of(rate, amount, covered)
        return known

    def _rate_split(
        self,
        event: Event,
        first: Rate,
        destination: str,
        kind: TimeClass,
        day: dt.date,
        pieces: Sequence[tuple[TimeClass, int]],
        used: tuple[tuple[int, int], ...],
        covered: int,
    ) -> Rated:
        """Each piece at its class's rate; the connect fee and the increments are those of the first, once a call."""
        billed, begins, total = first.billed(event.amount), 0, Decimal(0)
        costings = []
        for place, (piece_kind, seconds) in enumerate(pieces):
            ends = billed if place == len(pieces) - 1 else min(begins + seconds, billed)
            found = self.rate_for(event, piece_kind, day)
            rate = found[1] if found else first
            fee = first.connect_fee if place == 0 and covered < billed else Decimal(0)
            parts = tuple(_parts(rate.steps, max(begins, covered), ends))
            cost = fee + sum((one for _, _, one in parts), Decimal(0))
            costings.append((piece_kind, rate, Costing(cost, ends - begins, 0, fee, parts)))
            total, begins = total + cost, ends
        total = total.quantize(Decimal(1).scaleb(-first.decimals), rounding=_ROUNDINGS[Rounding(first.rounding)])
        if covered < billed:
            total = max(total, first.minimum) if first.minimum is not None else total
            total = min(total, first.maximum) if first.maximum is not None else total
        return Rated(total, destination, kind, day, first.id, used, tuple(costings))
