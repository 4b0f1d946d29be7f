"""Equipment paid in parts (A1-09): equal parts, the last takes the remainder; money goes to them in order."""

import datetime as dt
from calendar import monthrange
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from app.core.errors import N_, Refused
from app.core.money import TWO_PLACES
from app.core.period import Month

MOST = 60
CENT = Decimal("0.01")


def split(total: Decimal, down_payment: Decimal, count: int) -> list[Decimal]:
    """The parts of what remains after the down payment: 100.00 in three is 33.33, 33.33, 33.34."""
    if not 1 <= count <= MOST:
        raise Refused(N_("Choose from 1 to %(most)s parts."), most=MOST)
    for amount in (total, down_payment):
        if not amount.is_finite() or amount < 0 or amount != amount.quantize(TWO_PLACES):
            raise Refused(N_("Write the sums with two decimals at most."))
    rest = total - down_payment
    if rest < count * CENT:
        raise Refused(N_("After the down payment too little remains for so many parts. Choose fewer parts."))
    each = (rest / count).quantize(TWO_PLACES, ROUND_DOWN)
    return [each] * (count - 1) + [rest - each * (count - 1)]


def due_days(first_on: dt.date, count: int) -> list[dt.date]:
    """The same day of each month from the first part on; the month's last day where a month is shorter."""
    months = [Month.of(first_on).shift(step) for step in range(count)]
    return [dt.date(m.year, m.month, min(first_on.day, monthrange(m.year, m.month)[1])) for m in months]


def paid_of_each(paid: Decimal, down_payment: Decimal, amounts: Sequence[Decimal]) -> list[Decimal]:
    """How much of each part a sum paid covers: the down payment first, then part after part."""
    rest, covered = max(paid - down_payment, Decimal(0)), []
    for amount in amounts:
        covered.append(min(rest, amount))
        rest -= covered[-1]
    return covered
