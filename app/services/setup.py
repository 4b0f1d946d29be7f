"""What an empty installation starts with: roles, tax rates and one default Seller."""

from decimal import Decimal

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.models import Seller, TaxRate
from app.rules import tax

# country → (currency, zone, locale)
COUNTRIES = {
    "UA": ("UAH", "Europe/Kyiv", "uk"),
    "RU": ("RUB", "Europe/Moscow", "ru"),
    "BY": ("BYN", "Europe/Minsk", "ru"),
    "KZ": ("KZT", "Asia/Almaty", "ru"),
    "PL": ("PLN", "Europe/Warsaw", "pl"),
}


def ensure_defaults(session: Session, country: str = "UA") -> Seller:
    """Roles, tax rates and the Seller «main», each made only where it is missing; returns a Seller."""
    ensure_roles(session)
    ensure_tax_rates(session)
    seller = session.scalars(sa.select(Seller).order_by(Seller.id).limit(1)).first()
    if seller is None:
        currency, zone, locale = COUNTRIES.get(country, ("EUR", "UTC", "en"))
        seller = Seller(code="main", name="My company", country=country, currency=currency, zone=zone, locale=locale)
        session.add(seller)
        session.flush()
    return seller


def ensure_roles(session: Session) -> None:
    """A row for each role; what a role may is code (`access.roles`)."""
    known = set(session.scalars(sa.select(RoleRow.name)))
    session.add_all(RoleRow(name=role.value) for role in Role if role.value not in known)
    session.flush()


def ensure_tax_rates(session: Session) -> None:
    """The rates of `rules.tax`, each in force until the next of its country and category."""
    known = {(r.country, r.category, r.valid_from) for r in session.scalars(sa.select(TaxRate))}
    rates = sorted(tax.INITIAL_RATES, key=lambda r: (r.country, r.category, r.valid_from))
    for rate, after in zip(rates, [*rates[1:], None], strict=True):
        follows = after is not None and (after.country, after.category) == (rate.country, rate.category)
        if (rate.country, rate.category, rate.valid_from) not in known:
            session.add(
                TaxRate(
                    country=rate.country,
                    category=rate.category,
                    rate_bp=int(Decimal(rate.rate) * 100),
                    valid_from=rate.valid_from,
                    valid_to=after.valid_from if follows and after else None,
                )
            )
    session.flush()
