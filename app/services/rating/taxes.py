"""What was used as a detail shows it: its name and unit, and the VAT parted off each charge."""

import datetime as dt
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import divide_half_up
from app.core.period import Period
from app.models import Account, Component, Plan, Seller, TaxRate


@dataclass
class Service:
    """A component as the detail shows it, and the tax in force on a day."""

    name: str
    unit: str
    tax_included: bool
    rates: list[tuple[dt.date, dt.date | None, int]]
    _by_day: dict[dt.date, int] = field(default_factory=dict)

    def taxes_in(self, period: Period) -> list[tuple[Period, int]]:
        """The days of a period under each rate."""
        ends = ((max(since, period.start), min(until or period.end, period.end), bp) for since, until, bp in self.rates)
        return [(Period(start, end), bp) for start, end, bp in ends if start < end]

    def tax_on(self, day: dt.date) -> int:
        """Percent × 100; 0 where nothing is taxed."""
        known = self._by_day.get(day)
        if known is None:
            fit = (bp for since, until, bp in self.rates if since <= day and (until is None or day < until))
            known = self._by_day[day] = next(fit, 0)
        return known


def split_tax(amount: int, tax_bp: int, is_included: bool) -> tuple[int, int]:
    """(net, tax) of a charge, in ten-thousandths."""
    within = 10_000 + tax_bp if is_included else 10_000
    tax = divide_half_up(amount * tax_bp, within)
    return (amount - tax if is_included else amount), tax


def services_of(session: Session, account: Account, seller: Seller) -> dict[int, Service]:
    """The components an account of this Seller may have used, with their taxes."""
    rates: dict[str, list[tuple[dt.date, dt.date | None, int]]] = {}
    for one in session.scalars(sa.select(TaxRate).where(TaxRate.country == seller.country)):
        rates.setdefault(one.category, []).append((one.valid_from, one.valid_to, one.rate_bp))
    rates.setdefault("telecom", rates.get("standard", []))
    query = sa.select(Component.id, Component.name, Component.unit, Plan.tax_included, Plan.tax_category)
    query = query.join(Plan, Plan.id == Component.plan_id).where(
        Plan.seller_id == account.seller_id, Component.charged == "usage"
    )
    return {
        one: Service(name, unit, included, rates.get(category, []) if seller.vat_payer else [])
        for one, name, unit, included, category in session.execute(query)
    }
