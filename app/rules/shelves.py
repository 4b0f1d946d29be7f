"""What a card of the catalogue says of a plan: where its sliders stand, which periods it is sold for, its price «from».

The price is what one whole period costs at the smallest configuration; what is only measured is priced by its unit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.core.money import FOUR_PLACES, half_up
from app.rules.parameters import Range
from app.rules.pricing import Case, Price, amount_of

PERIODS = (1, 3, 6, 12)  # months a customer may pay for at once, where the plan's own period divides them
ONE = Decimal(1)


@dataclass(frozen=True)
class Priced:
    """A part of a plan with its price in force; None where it has none."""

    charged: str  # period | usage | once
    price: Price | None
    range: Range | None = None  # where a customer sets how much
    unit: str = ""
    is_rated: bool = False  # by a tariff, record by record: it needs no price


@dataclass(frozen=True)
class Tag:
    """A price «from»: of so many months, or (0 months) of so many units; no unit either: paid once."""

    price: Decimal
    months: int
    quantity: int = 1
    unit: str = ""

    @property
    def rank(self) -> tuple[bool, int, Decimal]:
        """Which plan of a product its card shows: the shortest period first, then the cheapest; measures last."""
        return self.months == 0, self.months, self.price


def periods_of(period_months: int, trial_days: int = 0) -> tuple[int, ...]:
    """The numbers of months a plan can be bought for; a trial only for its own."""
    fitting = tuple(months for months in PERIODS if months % period_months == 0)
    return fitting if fitting and not trial_days else (period_months,)


def tag_of(parts: Sequence[Priced], months: int, tax_bp: int, trial_days: int = 0) -> Tag | None:
    """The price on a plan's card, tax included (`tax_bp` is what is added); None where it cannot be sold."""
    needed = [part for part in parts if not part.is_rated]
    if not parts or any(part.price is None for part in needed):
        return None
    if trial_days:
        return Tag(Decimal(0), months)
    of_period = [part for part in needed if part.charged == "period"]
    if of_period:
        return Tag(_gross(_whole(of_period), tax_bp), months)
    measured = next((part for part in needed if part.charged == "usage"), None)
    if measured is not None and measured.price is not None:
        unit_price = measured.price.tiers[0][1] if measured.price.tiers else measured.price.unit_price
        return Tag(_gross(unit_price, tax_bp), 0, measured.price.per_quantity, measured.unit)
    return Tag(_gross(_whole(needed), tax_bp), 0)


def _whole(parts: Iterable[Priced]) -> Decimal:
    total = Decimal(0)
    for part in parts:
        price = part.price
        assert price is not None  # `tag_of` looked
        quantity = part.range.default if part.range else ONE
        total += amount_of(price, Case("period", quantity, 1, 1))
    return total


def _gross(net: Decimal, tax_bp: int) -> Decimal:
    return half_up(net * (10_000 + tax_bp) / 10_000, FOUR_PLACES)
