"""What the shop shows to anybody: whose shop it is, its shelves, products and plans in the reader's language."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import Company, Seller


@dataclass(frozen=True)
class Words:
    """What a row says in one language; where it is not translated, its own words."""

    name: str
    description: str = ""
    unit: str = ""
    instructions: str = ""

    def __str__(self) -> str:
        return self.name


def words_of(row: Any, locale: str) -> Words:
    """Name, description, unit and instructions of a category, product, plan or component in a language."""
    said = (row.translations or {}).get(locale[:2]) or {}
    return Words(*(str(said.get(key) or getattr(row, key, "") or "") for key in Words.__dataclass_fields__))


def seller_of_visit(session: Session, actor: Actor | None, country: str = "") -> Seller:
    """Whose shop a person is in: their company's Seller, else the one that new companies of `country` register with."""
    if actor is not None and actor.company_id is not None:
        company = session.get(Company, actor.company_id)
        if company is not None:
            return company.seller
    own = sa.case((Seller.country == country, 0), else_=1)
    with tenancy.seeing(tenancy.EVERYONE, session):
        seller = session.scalars(sa.select(Seller).order_by(own, Seller.id).limit(1)).first()
    if seller is None:
        raise Refused(N_("The shop is closed for now. Write to the provider."))
    return seller
