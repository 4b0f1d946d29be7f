"""What the demo's Sellers sell: one catalogue in three languages and currencies, with every way of charging."""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import half_up
from app.core.period import Month
from app.models import Category, Component, Plan, PriceVersion, Product, Promotion, Seller
from app.services.demo.goods import CATEGORIES, GOODS, Offer, Part

COUNTRIES = ("UA", "RU", "PL")
RATE = {"UA": Decimal(1), "RU": Decimal(2), "PL": Decimal("0.09")}  # prices are written in hryvnias
ALWAYS = dt.date(2020, 1, 1)


def make_price(country: str, price: str) -> Decimal:
    """A price of the catalogue in the currency of a country, to the hundredth."""
    return half_up(Decimal(price) * RATE[country])


def add_categories(session: Session) -> dict[str, int]:
    """The shelves, by code."""
    known: dict[str, int] = {code: id_ for code, id_ in session.execute(sa.select(Category.code, Category.id))}
    for code, name, parent in CATEGORIES:
        if code not in known:
            row = Category(code=code, name=name, parent_id=known[parent] if parent else None)
            session.add(row)
            session.flush()
            known[code] = row.id
    return known


def add_goods(session: Session, seller: Seller, categories: dict[str, int], months: list[Month]) -> None:
    """A Seller's products, plans, components and their prices; `months` are the closed ones, oldest first."""
    word = COUNTRIES.index(seller.country)
    for good in GOODS:
        product = Product(
            seller_id=seller.id,
            category_id=categories[good.category],
            code=good.code,
            name=good.words[word],
            description=good.note[word],
        )
        session.add(product)
        session.flush()
        for offer in good.offers:
            _add_offer(session, seller, product, offer, months)
    session.flush()


def _add_offer(session: Session, seller: Seller, product: Product, offer: Offer, months: list[Month]) -> None:
    word = COUNTRIES.index(seller.country)
    plan = Plan(
        seller_id=seller.id,
        product_id=product.id,
        code=offer.code,
        name=offer.words[word],
        currency=seller.currency,
        tax_category=offer.tax,
        period_months=offer.months,
        for_subscribers=offer.for_subscribers,
    )
    for part in offer.parts:
        component = Component(
            code=part.code,
            name=part.words[word][:1].upper() + part.words[word][1:],
            unit=part.unit[word],
            charged=part.charged,
            model=part.model,
            included=Decimal(part.included),
            maximum=Decimal(offer.limits[part.code]) if part.code in offer.limits else None,
            step=Decimal(1) if part.charged == "period" else None,
        )
        component.prices = _prices(seller.country, part, months)
        plan.components.append(component)
    session.add(plan)


def _prices(country: str, part: Part, months: list[Month]) -> list[PriceVersion]:
    if not part.rise:
        return [_price(country, part, Decimal(1), ALWAYS, None)]
    day = months[len(months) // 2].first_day.replace(day=part.rise_day)
    return [_price(country, part, Decimal(1), ALWAYS, day), _price(country, part, Decimal(part.rise), day, None)]


def _price(country: str, part: Part, factor: Decimal, since: dt.date, until: dt.date | None) -> PriceVersion:
    return PriceVersion(
        valid_from=since,
        valid_to=until,
        unit_price=half_up(make_price(country, part.price) * factor),
        per_quantity=part.per_quantity,
        tiers=[[start, str(half_up(make_price(country, price) * factor))] for start, price in part.tiers],
    )


def add_promotions(session: Session, seller: Seller, months: list[Month]) -> None:
    """A percentage for everybody's server, an amount for newcomers, and a code that is used up."""
    since, land = months[0].first_day, seller.country
    words = {"UA": ("Весняна знижка", "Вітальна знижка"), "RU": ("Весенняя скидка", "Приветственная скидка")}
    spring, hello = words.get(land, ("Rabat wiosenny", "Rabat powitalny"))
    common = {"seller_id": seller.id, "valid_from": since}
    session.add_all(
        [
            Promotion(code=f"SPRING-{land}", name=spring, percent_bp=1000, **common),
            Promotion(
                code=f"HELLO-{land}",
                name=hello,
                amount=make_price(land, "100"),
                valid_to=months[-1].shift(4).first_day,
                use_limit=100,
                first_purchase_only=True,
                minimum_sum=make_price(land, "300"),
                **common,
            ),
            Promotion(code=f"ONCE-{land}", name=hello, percent_bp=5000, use_limit=1, used=1, **common),
        ]
    )
    session.flush()


def plans_of(session: Session, seller: Seller) -> dict[str, Plan]:
    """A Seller's plans by code, with their components loaded."""
    query = sa.select(Plan).where(Plan.seller_id == seller.id).options(sa.orm.selectinload(Plan.components))
    return {plan.code: plan for plan in session.scalars(query)}
