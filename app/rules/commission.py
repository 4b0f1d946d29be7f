"""What paying through a gateway costs the customer and brings back (AST-089…092)."""

from dataclasses import dataclass
from decimal import Decimal

from app.core.errors import N_, Refused
from app.core.money import TWO_PLACES, half_up

_ALL = Decimal(10_000)  # basis points


@dataclass(frozen=True)
class Terms:
    """The terms of a way to pay; percents in hundredths (5 % is 500), amounts with two decimals."""

    commission_bp: int = 0
    commission_fixed: Decimal = Decimal("0.00")
    cashback_bp: int = 0
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def commission(self, amount: Decimal) -> Decimal:
        """What is added: 5 % + 10.00 of 20.00 is 11.00, of 100.00 is 15.00."""
        return half_up(amount * self.commission_bp / _ALL) + self.commission_fixed

    def charged(self, amount: Decimal) -> Decimal:
        """What the customer pays in all: 31.00 for 20.00."""
        return amount + self.commission(amount)

    def most_within(self, room: Decimal) -> Decimal:
        """The largest amount that is charged with no more than `room`; zero where even a cent does not fit."""
        most = half_up((room - self.commission_fixed) * _ALL / (_ALL + self.commission_bp))
        while most > 0 and self.charged(most) > room:  # a cent or two of rounding
            most -= TWO_PLACES
        return max(most, Decimal("0.00"))

    def cashback(self, amount: Decimal) -> Decimal:
        """What comes back, of all that was paid: 10 % of 115.00 is 11.50."""
        return half_up(self.charged(amount) * self.cashback_bp / _ALL)

    def need_within(self, amount: Decimal) -> None:
        """Refused where this way does not take the amount."""
        if amount <= 0 or amount != amount.quantize(TWO_PLACES):
            raise Refused(N_("The amount must be more than zero, with two decimals at most."))
        if self.minimum is not None and amount < self.minimum:
            raise Refused(N_("This way takes %(minimum)s or more. Enter a larger amount."), minimum=self.minimum)
        if self.maximum is not None and amount > self.maximum:
            raise Refused(
                N_("This way takes %(maximum)s at most. Pay in parts or choose another way."), maximum=self.maximum
            )


def included_tax(amount: Decimal, rate_bp: int) -> Decimal:
    """The tax inside an amount: 20 % of 20.00 is 3.33 (AST-091)."""
    return half_up(amount * rate_bp / (_ALL + rate_bp))
