"""What a part of a plan costs: flat, per unit, tiered and volume prices, included amounts, days, discounts.

The database finds which distinct cases a month has; each is decided here once (`services.billing.due`). Amounts have 4
decimals, rounded half-up once a case. Worked tables: docs/money.md.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.core.errors import N_, Refused
from app.core.money import FOUR_PLACES, half_up

Tiers = tuple[tuple[Decimal, Decimal], ...]  # (from quantity, unit price), ascending, first from 0


@dataclass(frozen=True)
class Price:
    """A price version: `unit_price` is for `per_quantity` units; `tiers` replaces it in tiered and volume models."""

    model: str
    unit_price: Decimal = Decimal(0)
    per_quantity: int = 1
    included: Decimal = Decimal(0)
    tiers: Tiers = ()


@dataclass(frozen=True)
class Case:
    """So much of something, for `days` of the `of_days` of its month; `months` is the plan's period."""

    kind: str  # period | usage | once
    quantity: Decimal
    days: int
    of_days: int
    months: int = 1
    percent_bp: int = 0  # of a discount: percent × 100
    off: Decimal = Decimal(0)  # of a discount: an amount a month


def amount_of(price: Price, case: Case) -> Decimal:
    """What is owed, 4 decimals. A discount (`percent_bp` or `off`) is the negative part of the same price."""
    share = Decimal(case.days) / case.of_days
    if case.kind == "usage":
        return half_up(_cost(price, case.quantity, price.included * share), FOUR_PLACES)
    whole = _cost(price, case.quantity, price.included) / case.months
    owed = whole if case.kind == "once" else whole * share
    if case.percent_bp:
        return -half_up(owed * case.percent_bp / 10_000, FOUR_PLACES)
    if case.off:
        return -half_up(min(case.off * share, owed), FOUR_PLACES)
    return half_up(owed, FOUR_PLACES)


def _cost(price: Price, quantity: Decimal, included: Decimal) -> Decimal:
    if price.model == "flat":
        return price.unit_price if quantity > 0 else Decimal(0)
    billable = max(quantity - included, Decimal(0))
    if price.model == "per_unit":
        return billable * price.unit_price / price.per_quantity
    if not price.tiers or price.tiers[0][0] != 0:
        raise Refused(N_("The price has no step from 0. Add one to the price version."))
    if price.model == "volume":
        return billable * _reached(price.tiers, billable) / price.per_quantity
    return _graduated(price.tiers, billable) / price.per_quantity


def _reached(tiers: Tiers, quantity: Decimal) -> Decimal:
    return [unit for start, unit in tiers if start <= quantity][-1]


def _graduated(tiers: Tiers, quantity: Decimal) -> Decimal:
    ends = [start for start, _ in tiers[1:]] + [max(quantity, tiers[-1][0])]
    steps = zip(tiers, ends, strict=True)
    return sum((max(min(quantity, end) - start, Decimal(0)) * unit for (start, unit), end in steps), Decimal(0))
