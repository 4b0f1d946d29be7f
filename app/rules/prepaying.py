"""What a period paid for in advance costs: month by month, exactly as the closings of those months will bill it.

The slices are those of `services.billing.due` (price versions and tax rates with dates, days of a calendar month), the
amounts are `rules.pricing`, the cents are a document's (`rules.tax`). Worked table: docs/shop.md.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from app.core.errors import N_, Refused
from app.core.money import CENTS, FINE, to_scaled
from app.core.period import Month, Period
from app.rules.pricing import Case, Price, amount_of
from app.rules.tax import Line, tax_line

NO_TAX = -1  # as `due` writes «without VAT»


@dataclass(frozen=True)
class DatedPrice:
    """A price with the days it is in force; `valid_to` None: still."""

    price: Price
    valid_from: dt.date
    valid_to: dt.date | None = None


@dataclass(frozen=True)
class DatedRate:
    """A tax rate in basis points with the days it is in force."""

    rate_bp: int
    valid_from: dt.date
    valid_to: dt.date | None = None


ALWAYS = dt.date(1, 1, 1)
WITHOUT_TAX = (DatedRate(NO_TAX, ALWAYS),)


@dataclass(frozen=True)
class Item:
    """So much of a part, at its own prices; `rates` are those of its plan's tax category."""

    component_id: int
    name: str
    unit: str
    kind: str  # period | once | usage
    quantity: Decimal
    prices: tuple[DatedPrice, ...]
    rates: tuple[DatedRate, ...] = WITHOUT_TAX
    tax_included: bool = True
    months: int = 1  # the plan's period
    valid_from: dt.date = ALWAYS
    valid_to: dt.date | None = None


@dataclass(frozen=True)
class Discount:
    """A promotion in force: a percentage, or an amount a month."""

    promotion_id: int
    name: str
    percent_bp: int = 0
    off: Decimal = Decimal(0)
    valid_from: dt.date = ALWAYS
    valid_to: dt.date | None = None


class Charge(NamedTuple):
    """What a closing will charge for a slice: `amount` in ten-thousandths, in the plan's terms (tax in it or not)."""

    month: dt.date
    component_id: int
    kind: str
    name: str
    unit: str
    unit_price: int
    amount: int
    tax_bp: int
    tax_included: bool


class Slice(NamedTuple):
    """Days of a month at one price and one rate."""

    start: dt.date
    end: dt.date
    of_days: int
    price: DatedPrice
    rate: DatedRate


def first_period(day: dt.date, months: int) -> Period:
    """From `day` to the end of its calendar month, and `months` − 1 whole months more."""
    return Period(day, Month.of(day).shift(months).first_day)


@lru_cache(maxsize=256)
def months_of(period: Period) -> tuple[tuple[Month, Period, int], ...]:
    """A period cut into calendar months, each with the days it has."""
    cut, month = [], Month.of(period.start)
    while month.first_day < period.end:
        if both := month.period.overlap(period):
            cut.append((month, both, month.period.days))
        month = month.shift(1)
    return tuple(cut)


def charges_of(
    items: Iterable[Item], period: Period, discounts: Sequence[Discount] = (), first_purchase: bool = True
) -> list[Charge]:
    """Everything the closings of a period will charge for these parts, usage apart; Refused where a price is missing.

    A part paid once is charged where its first day is in the period (`first_purchase`).
    """
    found: list[Charge] = []
    memo: dict[object, int] = {}
    for item in items:
        for month, cut, of_days in months_of(period):
            days = _within(cut, item.valid_from, item.valid_to)
            if days is not None:
                begins = first_purchase and days.start == period.start
                found += _of_month(item, (month, of_days), days, discounts, memo, begins)
    return found


def _within(period: Period, start: dt.date, end: dt.date | None) -> Period | None:
    if start <= period.start and (end is None or end >= period.end):
        return period
    start, end = max(period.start, start), min(period.end, end or period.end)
    return Period(start, end) if start < end else None


def _of_month(
    item: Item,
    of: tuple[Month, int],
    days: Period,
    discounts: Sequence[Discount],
    memo: dict[object, int],
    begins: bool,
) -> list[Charge]:
    month, of_days = of
    slices = slices_of(item, days, of_days)
    if item.kind == "usage":
        return []
    found = []
    for one in slices:
        if item.kind == "once" and not (begins and one.start == days.start):
            continue
        found.append(_charge(item, month, one, memo))
        if item.kind == "period":
            found += [c for d in discounts if (c := _discounted(item, month, one, d, memo)) is not None]
    return found


def slices_of(item: Item, days: Period, of_days: int) -> list[Slice]:
    """Days of a month cut where the price or the tax changes; Refused where one of them is missing for a day."""
    if len(item.prices) == len(item.rates) == 1 and _lasts(item.prices[0], days) and _lasts(item.rates[0], days):
        return [Slice(days.start, days.end, of_days, item.prices[0], item.rates[0])]
    priced = [(p, s, e) for p in item.prices if (s := max(days.start, p.valid_from)) < (e := _end(p, days))]
    taxed = [(r, s, e) for r in item.rates if (s := max(days.start, r.valid_from)) < (e := _end(r, days))]
    if sum((e - s).days for _, s, e in priced) < days.days:
        raise Refused(N_("«%(name)s» has no price for the whole period. Ask us for it."), name=item.name)
    if sum((e - s).days for _, s, e in taxed) < days.days:
        raise Refused(N_("There is no tax rate for the whole month. Add the rate in the settings."))
    cut = [
        Slice(max(s, t), min(e, u), of_days, price, rate)
        for price, s, e in priced
        for rate, t, u in taxed
        if max(s, t) < min(e, u)
    ]
    return sorted(cut, key=lambda one: one.start)


def _lasts(dated: DatedPrice | DatedRate, days: Period) -> bool:
    return dated.valid_from <= days.start and (dated.valid_to is None or dated.valid_to >= days.end)


def _end(dated: DatedPrice | DatedRate, days: Period) -> dt.date:
    return min(days.end, dated.valid_to or days.end)


def _charge(item: Item, month: Month, one: Slice, memo: dict[object, int]) -> Charge:
    amount = _amount(item, one, one.start, one.end, memo)
    unit_price = to_scaled(one.price.price.unit_price, FINE)
    return _made(item, month, item.kind, item.name, unit_price, amount, one.rate.rate_bp)


def _discounted(item: Item, month: Month, one: Slice, discount: Discount, memo: dict[object, int]) -> Charge | None:
    start, end = max(one.start, discount.valid_from), min(one.end, discount.valid_to or one.end)
    if start >= end:
        return None
    amount = _amount(item, one, start, end, memo, discount)
    return _made(item, month, "discount", discount.name, amount, amount, one.rate.rate_bp)


def _made(item: Item, month: Month, kind: str, name: str, unit_price: int, amount: int, rate: int) -> Charge:
    return Charge(
        month.first_day, item.component_id, kind, name, item.unit, unit_price, amount, rate, item.tax_included
    )


def _amount(
    item: Item, one: Slice, start: dt.date, end: dt.date, memo: dict[object, int], discount: Discount | None = None
) -> int:
    days, of_days = (end - start).days, one.of_days
    if days == of_days:
        days = of_days = 1  # a whole month costs the same however long it is
    percent, off = (discount.percent_bp, discount.off) if discount else (0, Decimal(0))
    key = (id(item), id(one.price), days, of_days, percent, off)
    if key not in memo:
        case = Case(item.kind, item.quantity, days, of_days, item.months, percent, Decimal(0) if percent else off)
        known = discount is None or percent or off
        memo[key] = to_scaled(amount_of(one.price.price, case), FINE) if known else 0
    return memo[key]


# -- an amount off, once -----------------------------------------------------------------------------------------------


def spread_off(owed: Sequence[int], off: int) -> list[int]:
    """How much of `off` is taken from each sum in their order: never more than a sum, until all is taken."""
    taken = []
    for sum_ in owed:
        part = min(max(sum_, 0), off)
        taken.append(part)
        off -= part
    return taken


def take_off(charges: Sequence[Charge], name: str, off: Decimal) -> list[Charge]:
    """The charges of an amount off (in the plan's terms): whole in the first month, what its price cannot bear later.

    Within a month part by part in the order of their ids, as `services.billing.due` does it.
    """
    left, found = to_scaled(off, FINE), []
    owed: dict[tuple[dt.date, int, int, bool], int] = {}
    units: dict[int, str] = {}
    for one in charges:
        key = (one.month, one.component_id, one.tax_bp, one.tax_included)
        owed[key] = owed.get(key, 0) + one.amount
        units[one.component_id] = one.unit
    keys = sorted(owed)
    for key, part in zip(keys, spread_off([owed[k] for k in keys], left), strict=True):
        if part:
            month, component_id, tax_bp, included = key
            found.append(
                Charge(month, component_id, "discount", name, units[component_id], -part, -part, tax_bp, included)
            )
    return found


# -- cents -------------------------------------------------------------------------------------------------------------


@dataclass
class Cents:
    """Rounds charges to cents as the documents of their months will: each month's lines add up to its total."""

    rounding: str = "carry"
    _running: dict[object, tuple[int, Line]] = field(default_factory=dict)

    def add(self, charges: Iterable[Charge]) -> tuple[Decimal, Decimal]:
        """(with tax, the tax in it) that these charges add to the documents."""
        gross = tax = 0
        for one in charges:
            key: tuple[object, ...] = (one.month, one.tax_bp, one.tax_included)
            if self.rounding != "carry":
                key = (*key, one.name, one.unit, one.unit_price)
            before, old = self._running.get(key, (0, Line(0, 0, 0)))
            new = tax_line(before + one.amount, max(one.tax_bp, 0), one.tax_included)
            self._running[key] = (before + one.amount, new)
            gross, tax = gross + new.gross - old.gross, tax + new.tax - old.tax
        return Decimal(gross) / CENTS, Decimal(tax) / CENTS


def share_out(amount: Decimal, prices: Sequence[Decimal]) -> list[Decimal]:
    """An amount in cents split in proportion to prices, adding up to it (or to their sum where that is less)."""
    whole = sum(prices, Decimal(0))
    amount = min(amount, whole)
    shares, before, running = [], Decimal(0), Decimal(0)
    for price in prices:
        running += price
        upto = (amount * running / whole).quantize(Decimal("0.01")) if whole else Decimal(0)
        shares.append(upto - before)
        before = upto
    return shares
