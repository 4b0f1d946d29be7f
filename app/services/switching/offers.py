"""The options a company may choose: parts of plans «for subscribers», on sale, in the currency of its accounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.models import Account, Component, Plan, PriceVersion, Product, Seller

Place = tuple[int, str]  # a Seller and a currency


@dataclass(frozen=True)
class Offer:
    """An option of a Seller in a currency, with what it costs a month today."""

    component_id: int
    code: str
    name: str
    seller_id: int
    currency: str
    price: Decimal
    tax_included: bool


def places_of(session: Session, actor: Actor, company_id: int) -> dict[int, Place]:
    """The Seller and currency of each account of a company, by the account's id."""
    actor.need_company(company_id)
    query = sa.select(Account.id, Account.seller_id, Account.currency).where(Account.company_id == company_id)
    return {row.id: (row.seller_id, row.currency) for row in session.execute(query)}


def offers_at(session: Session, places: Iterable[Place]) -> list[Offer]:
    """What is offered at these places, by name; one statement."""
    wanted = set(places)
    if not wanted:
        return []
    query = (
        sa.select(Component, Plan.seller_id, Plan.currency, Plan.tax_included, PriceVersion, Seller.zone)
        .join(Plan, Plan.id == Component.plan_id)
        .join(Product, Product.id == Plan.product_id)
        .join(Seller, Seller.id == Plan.seller_id)
        .join(PriceVersion, PriceVersion.component_id == Component.id)
        .where(Plan.for_subscribers.is_(True), Plan.is_on_sale.is_(True), Product.is_on_sale.is_(True))
        .where(Component.charged == "period", Plan.seller_id.in_({seller for seller, _ in wanted}))
        .order_by(Component.name, Component.id)
    )
    found = []
    for component, seller_id, currency, tax_included, price, zone in session.execute(query):
        today = clock.today(zone)
        if (seller_id, currency) not in wanted or today < price.valid_from or (price.valid_to or today) < today:
            continue
        if price.valid_to == today:
            continue
        found.append(
            Offer(component.id, component.code, component.name, seller_id, currency, price.unit_price, tax_included)
        )
    return found


def offers_of(session: Session, actor: Actor, company_id: int) -> list[Offer]:
    """What a company may choose for its subscribers; the same option once for each Seller and currency."""
    return offers_at(session, places_of(session, actor, company_id).values())


def by_word(offers: Sequence[Offer]) -> Mapping[tuple[int, str, str], Offer]:
    """Offers by Seller, currency and what people write: code or name."""
    named = {(one.seller_id, one.currency, one.name.strip().casefold()): one for one in offers}
    return named | {(one.seller_id, one.currency, one.code.strip().casefold()): one for one in offers}
