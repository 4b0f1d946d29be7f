"""The options a company may choose: parts of plans «for subscribers», on sale, in the currency of its accounts.

What is withdrawn from sale may still be on: it can be switched off, is named and is looked for (`parts_at`).
"""

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
    is_sold: bool = True  # on sale, with a price in force


def places_of(session: Session, actor: Actor, company_id: int) -> dict[int, Place]:
    """The Seller and currency of each account of a company, by the account's id."""
    actor.need_company(company_id)
    query = sa.select(Account.id, Account.seller_id, Account.currency).where(Account.company_id == company_id)
    return {row.id: (row.seller_id, row.currency) for row in session.execute(query)}


def parts_at(session: Session, places: Iterable[Place]) -> list[Offer]:
    """Every option at these places, sold or withdrawn: those that are sold first, by name; one statement."""
    wanted = set(places)
    if not wanted:
        return []
    query = (
        sa.select(
            Component,
            Plan.seller_id,
            Plan.currency,
            Plan.tax_included,
            sa.and_(Plan.is_on_sale, Product.is_on_sale),
            PriceVersion,
            Seller.zone,
        )
        .join(Plan, Plan.id == Component.plan_id)
        .join(Product, Product.id == Plan.product_id)
        .join(Seller, Seller.id == Plan.seller_id)
        .outerjoin(PriceVersion, PriceVersion.component_id == Component.id)
        .where(Plan.for_subscribers.is_(True), Component.charged == "period")
        .where(Plan.seller_id.in_({seller for seller, _ in wanted}))
        .order_by(Component.name, Component.id)
    )
    found: dict[int, Offer] = {}
    for one, seller_id, currency, tax_included, on_sale, price, zone in session.execute(query):
        today, known = clock.today(zone), found.get(one.id)
        if (seller_id, currency) not in wanted:
            continue
        holds = price is not None and price.valid_from <= today and (price.valid_to is None or today < price.valid_to)
        if known is None or holds:
            cost = price.unit_price if holds else Decimal(0)
            is_sold = bool(holds and on_sale)
            found[one.id] = Offer(one.id, one.code, one.name, seller_id, currency, cost, tax_included, is_sold)
    return sorted(found.values(), key=lambda part: not part.is_sold)


def offers_at(session: Session, places: Iterable[Place]) -> list[Offer]:
    """What is offered at these places, by name; one statement."""
    return [one for one in parts_at(session, places) if one.is_sold]


def parts_of(session: Session, actor: Actor, company_id: int) -> list[Offer]:
    """Every option a company's subscribers may have, sold or withdrawn."""
    return parts_at(session, places_of(session, actor, company_id).values())


def offers_of(session: Session, actor: Actor, company_id: int) -> list[Offer]:
    """What a company may choose for its subscribers; the same option once for each Seller and currency."""
    return offers_at(session, places_of(session, actor, company_id).values())


def by_word(offers: Sequence[Offer]) -> Mapping[tuple[int, str, str], Offer]:
    """Offers by Seller, currency and what people write: code or name."""
    named = {(one.seller_id, one.currency, one.name.strip().casefold()): one for one in offers}
    return named | {(one.seller_id, one.currency, one.code.strip().casefold()): one for one in offers}


def all_by_word(parts: Sequence[Offer]) -> Mapping[tuple[int, str, str], list[Offer]]:
    """All options that a word may mean, in their order."""
    found: dict[tuple[int, str, str], list[Offer]] = {}
    for one in parts:
        for word in {one.code.strip().casefold(), one.name.strip().casefold()}:
            found.setdefault((one.seller_id, one.currency, word), []).append(one)
    return found
