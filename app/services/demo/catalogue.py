"""What the demo's Sellers sell: one catalogue in four languages, with every way of charging, and promo codes."""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import FOUR_PLACES, TWO_PLACES, half_up
from app.core.period import Month
from app.models import Category, Component, Plan, PriceVersion, Product, Promotion, Seller
from app.services.demo.goods import CATEGORIES, GOODS, Offer, Part, Words
from app.services.demo.wares import ENGLISH, LANGUAGES, SHELVES, UNITS, WARES, Deal, Said, Slice
from app.services.shop import shelves

COUNTRIES = ("UA", "RU", "PL")
RATE = {"UA": Decimal(1), "RU": Decimal(2), "PL": Decimal("0.09")}  # prices are written in hryvnias
ALWAYS = dt.date(2020, 1, 1)
KINDS = {"office": "licence", "books": "licence", "assistant": "licence", "domain": "domain"}  # of `goods`


def make_price(country: str, price: str) -> Decimal:
    """A price of the catalogue in the currency of a country, to the hundredth."""
    return half_up(Decimal(price) * RATE[country])


def add_categories(session: Session) -> dict[str, int]:
    """The shelves, by code, in four languages."""
    known: dict[str, int] = {code: id_ for code, id_ in session.execute(sa.select(Category.code, Category.id))}
    plain = {code: name for code, name, _ in CATEGORIES}
    for place, (code, parent, icon, said) in enumerate(SHELVES):
        if code not in known:
            row = Category(
                code=code,
                name=plain.get(code, said[-1]),
                parent_id=known[parent] if parent else None,
                position=place,
                icon=icon,
                translations=_in_languages({"name": said}),
            )
            session.add(row)
            session.flush()
            known[code] = row.id
    return known


def _in_languages(words: dict[str, Said]) -> dict[str, dict[str, str]]:
    """{"name": (uk, ru, pl, en)} as translations are kept."""
    return {
        locale: {key: said[place] for key, said in words.items() if said[place]}
        for place, locale in enumerate(LANGUAGES)
    }


def _with_english(words: Words, code: str) -> Said:
    return (*words, ENGLISH[code])


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
            kind=KINDS.get(good.code, "service"),
            is_on_sale=good.code != "mobile",  # lines are connected by the desk, not by the shop
            position=100,
            translations=_in_languages({"name": _with_english(good.words, good.code), "description": (*good.note, "")}),
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
        needs_identifier=product.kind == "domain",
        translations=_in_languages({"name": _with_english(offer.words, offer.code)}),
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
            step=Decimal(1) if part.code in offer.limits else None,
            translations=_in_languages(
                {"name": _capital(_with_english(part.words, part.code)), "unit": UNITS[part.unit[0]]}
            ),
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


def _capital(words: Said) -> Said:
    uk, ru, pl, en = (word[:1].upper() + word[1:] for word in words)
    return (uk, ru, pl, en)


def add_wares(session: Session, seller: Seller, categories: dict[str, int]) -> None:
    """What the shop sells beside the goods that the demo's companies have had for a year; then the shelves."""
    word = COUNTRIES.index(seller.country)
    for place, ware in enumerate(WARES):
        product = Product(
            seller_id=seller.id,
            category_id=categories[ware.category],
            code=ware.code,
            name=ware.said[word],
            description=ware.note[word],
            kind=ware.kind,
            position=place,
            instructions=ware.instructions[word],
            translations=_in_languages(
                {"name": ware.said, "description": ware.note, "instructions": ware.instructions}
            ),
        )
        session.add(product)
        for deal in ware.deals:
            session.add(_plan_of(seller, product, deal, seller.currency, RATE[seller.country]))
            if deal.dollars:
                session.add(_plan_of(seller, product, deal, "USD", Decimal(deal.dollars)))
    session.flush()
    shelves.stock(session, seller.id)


def _plan_of(seller: Seller, product: Product, deal: Deal, currency: str, rate: Decimal) -> Plan:
    word = COUNTRIES.index(seller.country)
    return Plan(
        seller_id=seller.id,
        product=product,
        code=deal.code if currency == seller.currency else f"{deal.code}-{currency.lower()}",
        name=deal.said[word],
        currency=currency,
        tax_category=deal.tax,
        period_months=deal.months,
        trial_days=deal.trial_days,
        needs_identifier=deal.needs_identifier,
        renews_daily=deal.renews_daily,
        translations=_in_languages({"name": deal.said}),
        components=[_part_of(part, word, rate) for part in deal.slices],
    )


def _part_of(part: Slice, word: int, rate: Decimal) -> Component:
    places = FOUR_PLACES if part.charged == "usage" else TWO_PLACES
    least, most, step = (Decimal(one) for one in part.range) if part.range else (None, None, None)
    return Component(
        code=part.code,
        name=part.said[word],
        unit=part.unit[word],
        charged=part.charged,
        model=part.model,
        included=Decimal(part.included),
        minimum=least,
        maximum=most,
        step=step,
        translations=_in_languages({"name": part.said, "unit": part.unit}),
        prices=[
            PriceVersion(
                valid_from=ALWAYS,
                unit_price=half_up(Decimal(part.price) * rate, places),
                tiers=[[start, str(half_up(Decimal(price) * rate, places))] for start, price in part.tiers],
            )
        ],
    )


DISCOUNTS = {  # language → what the two kinds of promotions are called
    "en": ("Spring discount", "Welcome discount"),
    "uk": ("Весняна знижка", "Вітальна знижка"),
    "ru": ("Весенняя скидка", "Приветственная скидка"),
    "pl": ("Rabat wiosenny", "Rabat powitalny"),
}


def add_promotions(session: Session, seller: Seller, months: list[Month]) -> None:
    """For orders: a percentage, an amount for newcomers, one used up, one for fifty; and one for a product alone."""
    since, land = months[0].first_day, seller.country
    spring, hello = (
        {
            "name": DISCOUNTS[seller.locale][place],
            "translations": {locale: {"name": said[place]} for locale, said in DISCOUNTS.items()},
        }
        for place in (0, 1)
    )
    common = {"seller_id": seller.id, "valid_from": since}
    suite = session.scalars(
        sa.select(Product.id).where(Product.seller_id == seller.id, Product.code == "office-suite")
    ).one()
    session.add_all(
        [
            Promotion(code=f"SPRING-{land}", **spring, percent_bp=1000, **common),
            Promotion(
                code=f"HELLO-{land}",
                **hello,
                amount=make_price(land, "100"),
                valid_to=months[-1].shift(4).first_day,
                use_limit=100,
                first_purchase_only=True,
                minimum_sum=make_price(land, "300"),
                **common,
            ),
            Promotion(code=f"OFFICE-{land}", **hello, percent_bp=2000, product_id=suite, **common),
            Promotion(code=f"FIFTY-{land}", **spring, percent_bp=500, use_limit=50, **common),
            Promotion(code=f"ONCE-{land}", **hello, percent_bp=5000, use_limit=1, used=1, **common),
        ]
    )
    session.flush()


def plans_of(session: Session, seller: Seller) -> dict[str, Plan]:
    """A Seller's plans by code, with their components loaded."""
    query = sa.select(Plan).where(Plan.seller_id == seller.id).options(sa.orm.selectinload(Plan.components))
    return {plan.code: plan for plan in session.scalars(query)}
