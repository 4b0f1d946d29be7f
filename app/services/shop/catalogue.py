"""What the shop shows to anybody: whose shop it is, its shelves, products and plans in the reader's language.

Lists read the shelves (`shop.shelves`); the page of one product reads its plans and prices themselves.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, selectinload

from app.access import tenancy
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Category, Company, Component, Plan, Product, Seller, Shelf, ShopWindow
from app.rules import shelves
from app.rules.parameters import Range
from app.services import finding
from app.services.shop.shelves import range_of_part, tags_of

ORDERS = ("position", "name", "cheap", "dear", "new")  # what lists may be ordered by
SIZES = (15, 30, 60)
WORDS = 5  # of a search that are looked for
WALKED = 10_000  # products of a shop that are looked through sooner than asked for by their three-letter parts


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


# -- windows ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Front:
    """The shop as a person looks at it: whose it is, the window in use, and the currencies there are."""

    seller: Seller
    window_id: int | None  # None while nothing is for sale
    currency: str
    locale: str
    currencies: tuple[str, ...]
    counters: dict[str, int] | None = None  # as the window keeps them


def open_front(session: Session, seller: Seller, currency: str, locale: str) -> Front:
    """The window of a currency and language: the chosen currency where it is sold in, else the Seller's own."""
    query = sa.select(ShopWindow).where(ShopWindow.seller_id == seller.id).order_by(ShopWindow.currency)
    windows = session.scalars(query).all()
    currencies = tuple(dict.fromkeys(window.currency for window in windows))
    wanted = next((code for code in (currency, seller.currency, *currencies[:1]) if code in currencies), "")
    fitting = {window.locale: window for window in windows if window.currency == wanted}
    language = locale[:2]
    window = fitting.get(language, fitting.get(""))
    id_, counters = (window.id, window.counters) if window is not None else (None, {})
    return Front(seller, id_, wanted or seller.currency, language, currencies, counters)


# -- categories -------------------------------------------------------------------------------------------------------


@dataclass
class Branch:
    """A category that has something to sell in it or below it."""

    id: int
    code: str
    name: str
    icon: str
    parent_id: int | None
    own: int  # products of its own
    count: int = 0  # with those of the categories below
    depth: int = 0


@dataclass(frozen=True)
class Tree:
    """The categories in their order, parents before children, with counters (SMC-42)."""

    branches: tuple[Branch, ...]
    total: int

    def find(self, code: str) -> Branch:
        """A category by its code; NotFound where nothing is sold in it."""
        for branch in self.branches:
            if branch.code == code:
                return branch
        raise NotFound()

    def path(self, branch: Branch) -> list[Branch]:
        """A category with those it stands in, from the top."""
        known = {one.id: one for one in self.branches}
        found = [branch]
        while (above := known.get(found[0].parent_id or 0)) is not None:
            found.insert(0, above)
        return found

    def below(self, branch: Branch) -> list[int]:
        """The ids of a category and all below it."""
        place = self.branches.index(branch)
        ids = [branch.id]
        for one in self.branches[place + 1 :]:
            if one.depth <= branch.depth:
                break
            ids.append(one.id)
        return ids


def tree_of(session: Session, front: Front) -> Tree:
    """All categories that hold something in this window; one statement."""
    if front.counters is not None:
        own = front.counters
        every = session.scalars(sa.select(Category).order_by(Category.position, Category.name))
        return _tree([(row, own.get(str(row.id), 0)) for row in every], front, sum(own.values()))
    counted = (
        sa.select(Shelf.category_id.label("id"), sa.func.count().label("own"))
        .where(Shelf.window_id == (front.window_id or 0))
        .group_by(Shelf.category_id)
        .subquery()
    )
    held = sa.select(Category, counted.c.own).outerjoin(counted, counted.c.id == Category.id)
    unshelved = sa.select(counted.c.own).where(counted.c.id.is_(None)).scalar_subquery()
    rows = session.execute(held.add_columns(unshelved).order_by(Category.position, Category.name)).all()
    loose = (rows[0][2] or 0) if rows else _all_of(session, front)
    return _tree([(row, own or 0) for row, own, _ in rows], front, loose + sum(own or 0 for _, own, _ in rows))


def _tree(rows: Iterable[tuple[Category, int]], front: Front, total: int) -> Tree:
    children: defaultdict[int, list[Branch]] = defaultdict(list)
    for row, own in rows:
        name = words_of(row, front.locale).name
        children[row.parent_id or 0].append(Branch(row.id, row.code, name, row.icon, row.parent_id, own))
    return Tree(tuple(_walk(children, 0, 0)), total)


def _all_of(session: Session, front: Front) -> int:
    """How much stands in a shop without any category."""
    return session.scalar(sa.select(sa.func.count()).where(Shelf.window_id == (front.window_id or 0))) or 0


def _walk(children: dict[int, list[Branch]], parent_id: int, depth: int) -> Iterable[Branch]:
    for branch in children.pop(parent_id, ()):
        branch.depth = depth
        below = list(_walk(children, branch.id, depth + 1))
        branch.count = branch.own + sum(one.own for one in below)
        if branch.count:
            yield branch
            yield from below


# -- lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What a list is asked for; pages count from 1."""

    words: str = ""
    order: str = "position"
    page: int = 1
    size: int = 15


@dataclass(frozen=True)
class Card:
    """A product on a shelf."""

    shelf: Shelf
    code: str
    description: str
    image: str
    icon: str


@dataclass(frozen=True)
class Leaf:
    """A page of a list. A page that is not there shows the last one."""

    cards: list[Card]
    total: int
    page: int
    pages: int
    first: int

    @property
    def last(self) -> int:
        return self.first + len(self.cards) - 1 if self.cards else 0


def list_products(session: Session, front: Front, tree: Tree, branch: Branch | None, asked: Asked) -> Leaf:
    """Products of a category (or of all) with the words asked for: one statement, up to three more for words."""
    query = session.query(Shelf).filter(Shelf.window_id == (front.window_id or 0))
    if branch is not None:
        ids = tree.below(branch)
        query = query.filter(Shelf.category_id == ids[0] if len(ids) == 1 else Shelf.category_id.in_(ids))
    total, first = branch.count if branch is not None else tree.total, []
    words = asked.words.split()[:WORDS]
    if words:
        query = _with_words(session, query, words, tree.total)
        first = _cards(session, front, query, asked, (0, asked.size)) if asked.page <= 1 else []
        if first and len(first) < asked.size:  # all there are: nothing is left to count
            return Leaf(first, len(first), 1, 1, 1)
        total = query.count() if first or asked.page > 1 else 0
    pages = max(1, math.ceil(total / asked.size))
    page = min(max(asked.page, 1), pages)
    offset = (page - 1) * asked.size
    cards = first or (_cards(session, front, query, asked, (offset, total)) if total else [])
    return Leaf(cards, total, page, pages, offset + 1 if cards else 0)


def _with_words(session: Session, query: Any, words: Sequence[str], among: int) -> Any:
    """Narrowed to what has every word; in a large shop they are looked for by their three-letter parts."""
    for word in words:
        query = query.filter(finding.has(session, Shelf.words, word))
    proposed = finding.proposal(session, Shelf.words, *words) if among > WALKED else None
    if proposed is None or proposed.is_common(session):
        return query
    found = sa.union(proposed.source, proposed.stale).subquery()
    return query.filter(Shelf.id.in_(sa.select(found.c.id)))


def _cards(session: Session, front: Front, query: Any, asked: Asked, place: tuple[int, int]) -> list[Card]:
    """Cards from a place among so many; those behind the middle are reached from the end."""
    (offset, total), in_order = place, _ORDERED[asked.order]
    size = min(asked.size, total - offset)
    ids = query.with_entities(Shelf.id).order_by(*in_order).limit(size).offset(offset).subquery()
    if offset > total // 2:
        back = query.with_entities(Shelf.id).order_by(*_BACKWARDS[asked.order])
        ids = back.limit(size).offset(total - offset - size).subquery()
    shown = (
        sa.select(Shelf, Product.code, Product.description, Product.translations, Product.image, Category.icon)
        .join(Product, Shelf.product_id == Product.id)
        .outerjoin(Category, Shelf.category_id == Category.id)
        .where(Shelf.id.in_(sa.select(ids.c.id)))
        .order_by(*in_order)
    )
    return [
        Card(shelf, code, ((said or {}).get(front.locale) or {}).get("description") or description, image, icon or "")
        for shelf, code, description, said, image, icon in session.execute(shown)
    ]


_ORDERED: dict[str, tuple[Any, ...]] = {
    "position": (Shelf.position, Shelf.name, Shelf.product_id),
    "name": (Shelf.name, Shelf.product_id),
    "cheap": (Shelf.is_foreign, Shelf.price, Shelf.product_id),
    "dear": (Shelf.is_foreign, Shelf.price.desc(), Shelf.product_id.desc()),
    "new": (Shelf.product_id.desc(),),
}
_BACKWARDS: dict[str, tuple[Any, ...]] = {
    "position": (Shelf.position.desc(), Shelf.name.desc(), Shelf.product_id.desc()),
    "name": (Shelf.name.desc(), Shelf.product_id.desc()),
    "cheap": (Shelf.is_foreign.desc(), Shelf.price.desc(), Shelf.product_id.desc()),
    "dear": (Shelf.is_foreign.desc(), Shelf.price, Shelf.product_id),
    "new": (Shelf.product_id,),
}


# -- one product ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """A part of a plan whose quantity the customer sets."""

    code: str
    name: str
    unit: str
    start: Decimal
    minimum: Decimal
    maximum: Decimal | None
    step: Decimal


@dataclass(frozen=True)
class Included:
    """A part of a plan that comes as it is: a fee, an amount included, what is measured."""

    name: str
    unit: str
    charged: str
    included: Decimal
    tag: shelves.Tag | None = None


@dataclass(frozen=True)
class Offer:
    """A plan as it is chosen on the page of its product."""

    plan: Plan
    name: str
    periods: tuple[int, ...]
    parameters: list[Parameter]
    others: list[Included]
    is_foreign: bool


@dataclass(frozen=True)
class Ware:
    """A product with the plans it can be bought by."""

    product: Product
    words: Words
    offers: list[Offer]


def show_product(session: Session, front: Front, code: str) -> Ware:
    """A product on sale with its plans in the chosen currency, or with all it has; NotFound for any other code."""
    sold = sa.and_(Plan.product_id == Product.id, Plan.is_on_sale.is_(True), Plan.for_subscribers.is_(False))
    query = (
        sa.select(Product, Plan)
        .where(Product.seller_id == front.seller.id, Product.code == code, Product.is_on_sale.is_(True))
        .outerjoin(Product.category)
        .outerjoin(Plan, sold)
        .outerjoin(Plan.components)
        .options(contains_eager(Product.category), contains_eager(Plan.components))
        .order_by(Plan.id, Component.id)
    )
    rows = session.execute(query).unique().all()
    if not rows:
        raise NotFound()
    product = rows[0][0]
    offers = [_offer(plan, front) for _, plan in rows if plan is not None and plan.components]
    own = [offer for offer in offers if not offer.is_foreign]
    return Ware(product, words_of(product, front.locale), own or offers)


def show_offer(session: Session, front: Front, plan_id: int) -> Offer:
    """A plan that is on sale in this shop; NotFound for any other."""
    query = (
        sa.select(Plan)
        .join(Product, Plan.product_id == Product.id)
        .where(
            Plan.id == plan_id,
            Plan.seller_id == front.seller.id,
            Plan.is_on_sale.is_(True),
            Plan.for_subscribers.is_(False),
            Product.is_on_sale.is_(True),
        )
        .options(selectinload(Plan.components))
    )
    plan = session.scalars(query).one_or_none()
    if plan is None:
        raise NotFound()
    return _offer(plan, front)


def priced(session: Session, front: Front, offer: Offer) -> list[Included]:
    """What comes with an offer as it is, each with its price of today."""
    tags = tags_of(session, front.seller, offer.plan)
    parts = [part for part in offer.plan.components if range_of_part(part) is None]
    return [replace(one, tag=tags.get(part.id)) for one, part in zip(offer.others, parts, strict=True)]


def _offer(plan: Plan, front: Front) -> Offer:
    ranges = {part.id: range_of_part(part) for part in plan.components}
    return Offer(
        plan,
        words_of(plan, front.locale).name,
        shelves.periods_of(plan.period_months, plan.trial_days),
        [_parameter(part, found, front.locale) for part in plan.components if (found := ranges[part.id])],
        [_included(part, front.locale) for part in plan.components if not ranges[part.id]],
        plan.currency != front.currency,
    )


def _parameter(part: Component, found: Range, locale: str) -> Parameter:
    said = words_of(part, locale)
    return Parameter(part.code, said.name, said.unit, found.default, found.minimum, found.maximum, found.step)


def _included(part: Component, locale: str) -> Included:
    said = words_of(part, locale)
    return Included(said.name, said.unit, part.charged, part.included)
