"""Money as exact decimals: one currency each, rounded half-up, never a float.

In the database money is a scaled integer (SQLite has no decimal type): documents in hundredths (CENTS), charges in
ten-thousandths (FINE). `domain.md` §6.5 is the source of the rounding rules.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENTS = 100  # documents, payments, postings: 2 decimals
FINE = 10_000  # charges and unit prices: 4 decimals
TWO_PLACES = Decimal("0.01")
FOUR_PLACES = Decimal("0.0001")


def half_up(amount: Decimal, places: Decimal = TWO_PLACES) -> Decimal:
    """`amount` rounded half away from zero to `places` (0.01 by default)."""
    return amount.quantize(places, rounding=ROUND_HALF_UP)


def divide_half_up(numerator: int, denominator: int) -> int:
    """Integer `numerator / denominator` rounded half away from zero; `denominator` > 0."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient


def to_scaled(amount: Decimal, scale: int) -> int:
    """`amount` × `scale` as an integer; ValueError where that would lose a digit."""
    scaled = amount * scale
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more decimals than 1/{scale}")
    return int(scaled)


@dataclass(frozen=True, order=False)
class Money:
    """An amount of one currency (ISO 4217 code); arithmetic refuses another currency."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("Money takes a Decimal")

    def _same(self, other: "Money") -> Decimal:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def rounded(self) -> "Money":
        """The amount as a document prints it: 2 decimals, half-up."""
        return Money(half_up(self.amount), self.currency)
