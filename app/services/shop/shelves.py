"""The shelves: what the catalogue's pages read, worked out beforehand, for each currency and language of a Seller.

`stock` is called where products, plans or prices change; `restock` by the daily housekeeping, so that a price that
begins on a day stands on its card that day. Only what differs is written.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import DomainError
from app.models import Component, Plan, PriceVersion, Product, Seller, Shelf, ShopWindow, TaxRate
from app.rules.parameters import Range, range_of
from app.rules.pricing import Price
from app.rules.shelves import Priced, Tag, tag_of

AT_ONCE = 1000
WORDS = 1000  # letters kept to be searched
Row = Any
Place = tuple[int, int]  # window, product
OWN = ("category_id", "position", "name", "words", "plan_id", "plans", "price", "currency", "is_foreign")
OF_PRICE = ("per_months", "per_quantity", "unit", "trial_days", "needs_choice")


@dataclass
class Stand:
    """A Seller's shop while it is being filled."""

    session: Session
    seller: Seller
    day: dt.date
    taxes: dict[str, int]
    windows: dict[tuple[str, str], int] = field(default_factory=dict)

    def tax_of(self, category: str) -> int:
        """The tax rate of a category today; a telecom rate of its own only where the country has one."""
        if not self.seller.vat_payer or category == "exempt":
            return 0
        return self.taxes.get(category, self.taxes.get("standard", 0) if category == "telecom" else 0)


@dataclass(frozen=True)
class Choice:
    """A plan that can be bought, with the price on its card."""

    plan: Row
    tag: Tag
    units: dict[str, str]  # of what is measured, by language


def stock(session: Session, seller_id: int, product_ids: Collection[int] | None = None) -> int:
    """Put a Seller's products (or only these) on the shelves as they are now; how many cards changed."""
    session.flush()
    stand = _stand(session, seller_id)
    if product_ids is None or _opens_windows(stand, product_ids):
        return sum(restock(session, seller_id))
    changed = sum(_stock_some(stand, ids) for ids in _some(sorted(product_ids)))
    if changed:
        _count(session, stand.windows.values())
    return changed


def restock(session: Session, seller_id: int) -> Iterator[int]:
    """Put a Seller's whole shop on the shelves, some products a step: how many cards each step changed.

    Between steps whoever asks may commit.
    """
    _dress_windows(_stand(session, seller_id))
    after = 0
    while True:
        query = sa.select(Product.id).where(Product.seller_id == seller_id, Product.id > after)
        ids = session.scalars(query.order_by(Product.id).limit(AT_ONCE)).all()
        if not ids:
            _count(session, _windows(session, seller_id).values())
            yield 0
            return
        after = ids[-1]
        yield _stock_some(_stand(session, seller_id), ids)


def stock_of_plans(session: Session, plan_ids: Collection[int]) -> int:
    """The shelves of the products of these plans."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for ids in _some(sorted(plan_ids)):
        for seller_id, product_id in session.execute(
            sa.select(Plan.seller_id, Plan.product_id).where(Plan.id.in_(ids))
        ):
            found[seller_id].add(product_id)
    return sum(stock(session, seller_id, ids) for seller_id, ids in found.items())


def forget(session: Session, product_id: int) -> None:
    """Take a product off every shelf, before it is deleted."""
    windows = session.scalars(sa.select(Shelf.window_id).where(Shelf.product_id == product_id)).all()
    session.execute(sa.delete(Shelf).where(Shelf.product_id == product_id))
    _count(session, windows)


def _count(session: Session, window_ids: Collection[int]) -> None:
    """Keep how much stands in each category of these windows; locked first, so that the last count is right."""
    ids = sorted(window_ids)
    windows = session.scalars(
        sa.select(ShopWindow).where(ShopWindow.id.in_(ids)).order_by(ShopWindow.id).with_for_update()
    ).all()
    counted = sa.select(Shelf.window_id, Shelf.category_id, sa.func.count()).where(Shelf.window_id.in_(ids))
    found: dict[int, dict[str, int]] = {window.id: {} for window in windows}
    for window_id, category_id, many in session.execute(counted.group_by(Shelf.window_id, Shelf.category_id)):
        found[window_id][str(category_id or "")] = many
    for window in windows:
        if window.counters != found[window.id]:
            window.counters = found[window.id]
    session.flush()


def _stand(session: Session, seller_id: int) -> Stand:
    seller = session.get_one(Seller, seller_id)
    stand = Stand(session, seller, clock.today(seller.zone), {})
    stand.taxes = _taxes(stand)
    stand.windows = _windows(session, seller_id)
    return stand


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))


# -- windows --------------------------------------------------------------------------------------------------------


def _windows(session: Session, seller_id: int) -> dict[tuple[str, str], int]:
    query = sa.select(ShopWindow.currency, ShopWindow.locale, ShopWindow.id).where(ShopWindow.seller_id == seller_id)
    return {(currency, locale): id_ for currency, locale, id_ in session.execute(query)}


def _sold(seller_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        Plan.seller_id == seller_id,
        Plan.is_on_sale.is_(True),
        Plan.for_subscribers.is_(False),
        Product.is_on_sale.is_(True),
    )


def _looks(stand: Stand, among: Iterable[int] | None = None) -> set[tuple[str, str]]:
    """The pairs of currency and language that what is sold asks for."""
    session, sold = stand.session, _sold(stand.seller.id)
    some = sa.true() if among is None else Product.id.in_(list(among))
    currencies = set(
        session.scalars(
            sa.select(Plan.currency).join(Product, Plan.product_id == Product.id).where(sold, some).distinct()
        )
    )
    said = sa.select(Product.translations).where(
        Product.seller_id == stand.seller.id, some, sa.cast(Product.translations, sa.String) != "{}"
    )
    locales = {"", *(locale for words in session.scalars(said) for locale in words or {})}
    return {(currency, locale) for currency in currencies for locale in locales}


def _opens_windows(stand: Stand, product_ids: Iterable[int]) -> bool:
    wanted = set()
    for ids in _some(sorted(product_ids)):
        wanted |= _looks(stand, ids)
    known_locales = {locale for _, locale in stand.windows}
    known_currencies = {currency for currency, _ in stand.windows}
    return any(c not in known_currencies or lo not in known_locales for c, lo in wanted)


def _dress_windows(stand: Stand) -> None:
    """Make the windows that are wanted, and take away those that nothing is sold in any more."""
    session, wanted = stand.session, _looks(stand)
    for currency, locale in sorted(wanted - stand.windows.keys()):
        session.add(ShopWindow(seller_id=stand.seller.id, currency=currency, locale=locale))
    session.flush()
    gone = [stand.windows[key] for key in sorted(stand.windows.keys() - wanted)]
    if gone:
        session.execute(sa.delete(Shelf).where(Shelf.window_id.in_(gone)))
        session.execute(sa.delete(ShopWindow).where(ShopWindow.id.in_(gone)))


# -- cards ----------------------------------------------------------------------------------------------------------


def _stock_some(stand: Stand, product_ids: Sequence[int]) -> int:
    wanted = dict(_cards(stand, product_ids))
    query = sa.select(Shelf).where(Shelf.product_id.in_(product_ids)).with_only_columns(*Shelf.__table__.columns)
    known = {(row.window_id, row.product_id): row for row in stand.session.execute(query)}
    gone = [row.id for place, row in known.items() if place not in wanted]
    new = [card for place, card in wanted.items() if place not in known]
    changed = [
        {"id": known[place].id, **card}
        for place, card in wanted.items()
        if place in known and any(getattr(known[place], name) != card[name] for name in (*OWN, *OF_PRICE))
    ]
    if gone:
        stand.session.execute(sa.delete(Shelf).where(Shelf.id.in_(gone)))
    if new:
        stand.session.execute(sa.insert(Shelf), new)
    if changed:
        stand.session.execute(sa.update(Shelf), changed)
    return len(gone) + len(new) + len(changed)


def _cards(stand: Stand, product_ids: Sequence[int]) -> Iterator[tuple[Place, dict[str, Any]]]:
    table = Product.__table__
    asked = sa.select(table).where(
        table.c.id.in_(product_ids), table.c.is_on_sale, table.c.seller_id == stand.seller.id
    )
    products = {row.id: row for row in stand.session.execute(asked)}
    choices = _choices(stand, list(products))
    for product_id, product in products.items():
        if not choices[product_id]:
            continue
        for (currency, locale), window_id in stand.windows.items():
            yield (window_id, product_id), _card(stand, product, choices[product_id], window_id, currency, locale)


def _card(
    stand: Stand, product: Row, offered: list[Choice], window_id: int, currency: str, locale: str
) -> dict[str, Any]:
    own = [one for one in offered if one.plan.currency == currency]
    at_home = [one for one in offered if one.plan.currency == stand.seller.currency]
    shown = own or at_home or [one for one in offered if one.plan.currency == offered[0].plan.currency]
    paid = [one for one in shown if not one.plan.trial_days] or shown
    best = min(paid, key=lambda one: (one.tag.rank, one.plan.id))
    said = (product.translations or {}).get(locale, {}) if locale else {}
    name = str(said.get("name") or product.name)[:255]
    words = " ".join(dict.fromkeys((name, product.name, product.code, str(said.get("description") or ""))))
    return {
        "window_id": window_id,
        "product_id": product.id,
        "category_id": product.category_id,
        "position": product.position,
        "name": name,
        "words": words.strip()[:WORDS],
        "plan_id": best.plan.id,
        "plans": len(shown),
        "price": best.tag.price,
        "currency": best.plan.currency,
        "is_foreign": not own,
        "per_months": best.tag.months,
        "per_quantity": best.tag.quantity,
        "unit": best.units.get(locale, best.tag.unit) if best.tag.unit else "",
        "trial_days": max(one.plan.trial_days for one in shown),
        "needs_choice": len(shown) > 1 or best.plan.needs_identifier,
    }


# -- plans and their prices -------------------------------------------------------------------------------------------


def _choices(stand: Stand, product_ids: Sequence[int]) -> defaultdict[int, list[Choice]]:
    columns = (
        Plan.id, Plan.product_id, Plan.currency, Plan.tax_included, Plan.tax_category, Plan.period_months,
        Plan.trial_days, Plan.needs_identifier,
    )  # fmt: skip
    sold = (Plan.is_on_sale.is_(True), Plan.for_subscribers.is_(False))
    asked = sa.select(*columns).where(Plan.product_id.in_(product_ids), *sold).order_by(Plan.id)
    plans = stand.session.execute(asked).all()
    parts, units = _parts(stand, [plan.id for plan in plans])
    found: defaultdict[int, list[Choice]] = defaultdict(list)
    for plan in plans:
        tax_bp = 0 if plan.tax_included else stand.tax_of(plan.tax_category)
        try:
            tag = tag_of(parts[plan.id], plan.period_months, tax_bp, plan.trial_days)
        except DomainError:  # its price has no step from 0: it cannot be sold until somebody mends it
            continue
        if tag is not None:
            found[plan.product_id].append(Choice(plan, tag, units.get(plan.id, {})))
    return found


def _parts(stand: Stand, plan_ids: Sequence[int]) -> tuple[defaultdict[int, list[Priced]], dict[int, dict[str, str]]]:
    in_force = sa.and_(
        PriceVersion.component_id == Component.id,
        PriceVersion.valid_from <= stand.day,
        sa.or_(PriceVersion.valid_to.is_(None), PriceVersion.valid_to > stand.day),
    )
    columns = (
        Component.plan_id, Component.code, Component.name, Component.step, Component.charged, Component.model,
        Component.included, Component.minimum, Component.maximum, Component.unit, Component.tariff_id,
        Component.translations, PriceVersion.id.label("version"), PriceVersion.unit_price,
        PriceVersion.per_quantity, PriceVersion.tiers,
    )  # fmt: skip
    query = sa.select(*columns).outerjoin(PriceVersion, in_force).where(Component.plan_id.in_(plan_ids))
    found: defaultdict[int, list[Priced]] = defaultdict(list)
    units: dict[int, dict[str, str]] = {}
    for row in stand.session.execute(query.order_by(Component.id)):
        if row.charged == "usage":
            said = row.translations or {}
            units.setdefault(
                row.plan_id, {locale: words["unit"] for locale, words in said.items() if words.get("unit")}
            )
        found[row.plan_id].append(
            Priced(row.charged, _price(row), range_of_part(row), row.unit, row.tariff_id is not None)
        )
    return found, units


def tags_of(session: Session, seller: Seller, plan: Plan) -> dict[int, Tag]:
    """What each part of a plan costs today, tax included, by the part's id; one without a price is left out.

    Whoever has had the plan quoted has its parts and prices in the session already.
    """
    stand = Stand(session, seller, clock.today(seller.zone), {})
    if not plan.tax_included:
        stand.taxes = _taxes(stand)
    tax_bp = 0 if plan.tax_included else stand.tax_of(plan.tax_category)
    parts = {part.id: _priced(part, stand.day) for part in plan.components}
    tags = ((id_, tag_of([part], plan.period_months, tax_bp)) for id_, part in parts.items() if not part.is_rated)
    return {id_: tag for id_, tag in tags if tag}


def _priced(part: Component, day: dt.date) -> Priced:
    price = next((_price_of(part, one) for one in part.prices if _holds(one, day)), None)
    return Priced(part.charged, price, range_of_part(part), part.unit, part.tariff_id is not None)


def _holds(version: PriceVersion, day: dt.date) -> bool:
    return version.valid_from <= day and (version.valid_to is None or version.valid_to > day)


def range_of_part(part: Any) -> Range | None:
    """What a customer may choose of a part (a `Component` or a row of one); None where it comes as it is."""
    if part.charged == "usage":
        return None
    limits = (part.minimum, part.maximum, part.step)
    return range_of(part.code, part.name, part.unit, limits, part.included)


def _price(row: Row) -> Price | None:
    return None if row.version is None else _price_of(row, row)


def _price_of(part: Any, version: Any) -> Price:
    tiers = tuple((Decimal(start), Decimal(price)) for start, price in version.tiers or ())
    return Price(part.model, version.unit_price, version.per_quantity, part.included, tiers)


def _taxes(stand: Stand) -> dict[str, int]:
    query = sa.select(TaxRate.category, TaxRate.rate_bp).where(
        TaxRate.country == stand.seller.country,
        TaxRate.valid_from <= stand.day,
        sa.or_(TaxRate.valid_to.is_(None), TaxRate.valid_to > stand.day),
    )
    return {category: rate for category, rate in stand.session.execute(query)}
