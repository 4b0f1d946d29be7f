"""VAT: dated rates as data, splitting at a change of rate, and how tax is rounded over the lines of a document.

Rates: `domain.md` §6.6; rounding: §6.5. Amounts of charges are integers in ten-thousandths (FINE), results are cents.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from app.core.errors import N_, Refused
from app.core.money import CENTS, FINE, divide_half_up, half_up
from app.core.period import Period

STANDARD, TELECOM, REDUCED, ZERO, EXEMPT = "standard", "telecom", "reduced", "zero", "exempt"
CATEGORIES = (STANDARD, TELECOM, REDUCED, ZERO, EXEMPT)
ADVANCE = "advance"  # of money that came before its supply: 22 stands for 22/122 of it
ANY_COUNTRY = "ZZ"  # CLDR's code for «no country known»: the rows of it serve every country without its own
BASIS = 10_000  # basis points of a whole: 20 % is 2000
_ALWAYS = dt.date(1990, 1, 1)


@dataclass(frozen=True)
class VatRate:
    """The rate of a country and category from a day on; `rate` is a percentage."""

    country: str
    category: str
    rate: Decimal
    valid_from: dt.date

    @property
    def rate_bp(self) -> int:
        """The rate in basis points, as `tax_rate` and documents store it."""
        return int(self.rate * 100)

    @property
    def is_taxed(self) -> bool:
        """False where a document says «Without VAT» instead of a rate."""
        return self.category != EXEMPT and self.country != ANY_COUNTRY

    @property
    def label(self) -> str:
        """What a document prints: «20 %», or a sentence id where there is no tax."""
        return f"{self.rate.normalize():f} %" if self.is_taxed else N_("Without VAT")


def _rows(country: str, category: str, *steps: tuple[str, dt.date]) -> list[VatRate]:
    return [VatRate(country, category, Decimal(rate), day) for rate, day in steps]


# The first day of a row without a known law is the oldest day we vouch for; a Seller may add older ones.
INITIAL_RATES: tuple[VatRate, ...] = (
    *_rows("UA", STANDARD, ("20", dt.date(1997, 10, 1))),
    *_rows("UA", REDUCED, ("7", dt.date(2014, 4, 1))),
    *_rows("RU", STANDARD, ("18", dt.date(2004, 1, 1)), ("20", dt.date(2019, 1, 1)), ("22", dt.date(2026, 1, 1))),
    *_rows("RU", REDUCED, ("10", dt.date(2004, 1, 1))),
    *_rows("RU", ADVANCE, ("18", dt.date(2004, 1, 1)), ("20", dt.date(2019, 1, 1)), ("22", dt.date(2026, 1, 1))),
    *_rows("BY", STANDARD, ("20", dt.date(2010, 1, 1))),
    *_rows("BY", TELECOM, ("25", dt.date(2019, 1, 1))),
    *_rows("BY", REDUCED, ("10", dt.date(2010, 1, 1))),
    *_rows("PL", STANDARD, ("23", dt.date(2011, 1, 1))),
    *_rows("PL", REDUCED, ("8", dt.date(2011, 1, 1))),
    *_rows("KZ", STANDARD, ("12", dt.date(2009, 1, 1)), ("16", dt.date(2026, 1, 1))),
    *(row for country in ("UA", "RU", "BY", "PL", "KZ") for row in _rows(country, ZERO, ("0", _ALWAYS))),
    *(row for country in ("UA", "RU", "BY", "PL", "KZ") for row in _rows(country, EXEMPT, ("0", _ALWAYS))),
    *(row for category in CATEGORIES for row in _rows(ANY_COUNTRY, category, ("0", _ALWAYS))),
)


def _history(country: str, category: str, rates: Iterable[VatRate]) -> list[VatRate]:
    """The rows that apply, oldest first: the country's own; else its standard for telecom; else any country's."""
    rows = list(rates)
    known = country if any(row.country == country for row in rows) else ANY_COUNTRY
    own = [row for row in rows if row.country == known and row.category == category]
    if not own and category == TELECOM:
        own = [row for row in rows if row.country == known and row.category == STANDARD]
    return sorted(own, key=lambda row: row.valid_from)


def rate_on(country: str, category: str, day: dt.date, rates: Iterable[VatRate] = INITIAL_RATES) -> VatRate:
    """The rate of supplies made on `day`; Refused where none is known for it."""
    valid = [row for row in _history(country, category, rates) if row.valid_from <= day]
    if not valid:
        raise Refused(
            N_("No VAT rate of %(country)s (%(category)s) is known for %(day)s: add it to the tax rates."),
            country=country,
            category=category,
            day=day.isoformat(),
        )
    return valid[-1]


def slices(
    country: str, category: str, period: Period, rates: Iterable[VatRate] = INITIAL_RATES
) -> list[tuple[Period, VatRate]]:
    """`period` cut where the rate changes, each part with its rate; the parts follow one another without a gap."""
    rows = list(rates)
    changes = {row.valid_from for row in _history(country, category, rows)}
    days = [period.start, *sorted(day for day in changes if period.start < day < period.end), period.end]
    parts = [Period(start, end) for start, end in zip(days, days[1:], strict=False)]
    return [(part, rate_on(country, category, part.start, rows)) for part in parts]


class Split(NamedTuple):
    """An amount with its tax, each to 2 decimals: net + tax = gross."""

    net: Decimal
    tax: Decimal
    gross: Decimal


def split_tax(gross: Decimal, rate: Decimal) -> Split:
    """`gross` with the tax of `rate` percent in it taken apart."""
    whole = half_up(gross)
    tax = half_up(whole * rate / (100 + rate))
    return Split(whole - tax, tax, whole)


def tax_of_advance(rest: Decimal, rate_bp: int) -> Decimal:
    """The estimated tax within what is left of an advance: 22/122 of it where the rate is 22 %."""
    return half_up(rest * rate_bp / (BASIS + rate_bp))


class Line(NamedTuple):
    """A line of a document in cents: net + tax = gross."""

    net: int
    tax: int
    gross: int


def tax_line(amount: int, rate_bp: int, included: bool) -> Line:
    """One amount (ten-thousandths; tax in it where `included`) rounded by itself."""
    cents = divide_half_up(amount, FINE // CENTS)
    if included:
        tax = divide_half_up(cents * rate_bp, BASIS + rate_bp)
        return Line(cents - tax, tax, cents)
    tax = divide_half_up(cents * rate_bp, BASIS)
    return Line(cents, tax, cents + tax)


def per_line(amounts: Sequence[int], rate_bp: int, included: bool) -> list[Line]:
    """Each amount (ten-thousandths) rounded by itself: the Seller's setting «line»."""
    return [tax_line(amount, rate_bp, included) for amount in amounts]


def carry(amounts: Sequence[int], rate_bp: int, included: bool) -> list[Line]:
    """Lines whose sums are the rounded running total (the setting «document», the default).

    Each line is the difference of two running documents, so what an accountant computes from the printed total
    (total × rate) is the sum of the printed taxes. Seed 001: 21.3464, 22.4137, 34.4827, 22.4137 with 20/120 in
    them carry 3.56, 3.73, 5.75, 3.74.
    """
    return carry_mixed([(amount, rate_bp) for amount in amounts], included)


def carry_mixed(amounts: Sequence[tuple[int, int]], included: bool) -> list[Line]:
    """`carry` over lines (amount, rate_bp) of several rates: each rate has its own running total."""
    running: dict[int, tuple[int, Line]] = {}
    lines = []
    for amount, rate_bp in amounts:
        before, old = running.get(rate_bp, (0, Line(0, 0, 0)))
        new = tax_line(before + amount, rate_bp, included)
        running[rate_bp] = (before + amount, new)
        lines.append(Line(new.net - old.net, new.tax - old.tax, new.gross - old.gross))
    return lines


def total(lines: Iterable[Line]) -> Line:
    """The sums of a document's lines."""
    net = tax = 0
    for line in lines:
        net, tax = net + line.net, tax + line.tax
    return Line(net, tax, net + tax)
