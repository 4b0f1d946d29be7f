"""The demo's Sellers: the default one is taken over where nobody has used it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Company, Seller
from app.rules.payer_fields import LEGAL_ENTITY
from app.services import setup
from app.services.demo.parties import make_requisites
from app.services.demo.story import HOUSES, House


def add_sellers(session: Session) -> list[Seller]:
    """A Seller a country, with requisites, a director and number prefixes."""
    unused = _unused_default(session)
    made = []
    for place, house in enumerate(HOUSES):
        seller = unused if unused is not None and place == 0 else Seller()
        for name, value in _values(house, 9000 + place).items():
            setattr(seller, name, value)
        session.add(seller)
        made.append(seller)
    session.flush()
    return made


def _unused_default(session: Session) -> Seller | None:
    """The Seller that `setup` made for an empty installation, still as it was made."""
    seller = setup.ensure_defaults(session)
    is_used = seller.code != "main" or seller.name != "My company" or bool(seller.tax_code)
    has_customers = session.scalar(sa.select(Company.id).where(Company.seller_id == seller.id).limit(1)) is not None
    return None if is_used or has_customers else seller


def _values(house: House, number: int) -> dict[str, object]:
    requisites = make_requisites(house.country, LEGAL_ENTITY, number)
    country, code, city, street = (
        requisites.pop(f"legal_{part}") for part in ("country", "postal_code", "city", "address")
    )
    known = {column.key for column in sa.inspect(Seller).column_attrs}
    return {
        **{name: value for name, value in requisites.items() if name in known},
        "code": f"demo-{country.lower()}",
        "name": house.name,
        "short_name": house.short_name,
        "country": country,
        "currency": house.currency,
        "zone": house.zone,
        "locale": house.locale,
        "rounding": house.rounding,
        "address": f"{code}, {city}, {street}",
        "email": f"office@{country.lower()}.kabinet.example",
        "mail_from": f"invoices@{country.lower()}.kabinet.example",
        "document_prefix": house.prefix,
        "director_name": house.director[0],
        "director_name_genitive": house.director[1],
        "director_post": house.post[0],
        "director_post_genitive": house.post[1],
        "accountant_name": house.accountant,
        "acts_on": house.acts_on,
    }


def sellers_of(session: Session) -> dict[str, Seller]:
    """The demo's Sellers by country."""
    codes = [f"demo-{house.country.lower()}" for house in HOUSES]
    return {seller.country: seller for seller in session.scalars(sa.select(Seller).where(Seller.code.in_(codes)))}
