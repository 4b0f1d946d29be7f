"""Subscribers of a company among tens of thousands: found by any part of a number or a name, and one with its story."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, NotFound
from app.models import Account, Company, Component, Option, Plan, Seller, Subscriber, SubscriberName, Subscription
from app.reports.render import csv, xlsx
from app.reports.render.xlsx import Column
from app.rules.dialling import spellings
from app.services import finding

PAGE = 50
FOUND = 500  # at most so many are looked at when a part from the middle is asked for
WHOLE = 9  # figures: fewer are part of a number
COMMON = 1000  # so many begin alike that walking the list finds a page sooner
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Found:
    """A page of subscribers by number; `more` is the number the next page begins after."""

    rows: list[Any]
    more: str


def _spellings(text: str) -> list[str]:
    """SQLite compares Cyrillic letters by case: the ways a person may have meant a word."""
    return list(dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.title())))


def _as_number(text: str) -> str:
    """«+380 (67) 123-45» as «+3806712345»; empty where it is no part of a number."""
    bare = "".join(ch for ch in text if ch not in " ()-–\u00a0")
    return bare if bare and all(ch.isdigit() or ch == "+" for ch in bare) else ""


def _between(column: Any, text: str) -> Any:
    """`column` begins with `text`, as a range that an index walks in both databases."""
    return sa.and_(column >= text, column < text + _LAST)


def _prefix(text: str) -> list[Any]:
    number = _as_number(text)
    tests = [_between(Subscriber.name, one) for one in _spellings(text)]
    if number:
        tests += [_between(Subscriber.number, one) for one in dict.fromkeys((number, "+" + number.lstrip("+")))]
    return tests


def _having(session: Session, query: Any, actor: Actor, text: str) -> Any:
    """`query` narrowed to those with `text` anywhere: proposed by the parts of everybody's words, or walked to."""
    number = _as_number(text)
    tests = [finding.has(session, Subscriber.name, text)]
    if number:  # figures know no capitals
        tests = [
            column.contains(word, autoescape=True)
            for column, word in ((Subscriber.number, number), (Subscriber.name, text))
        ]
    proposed = finding.own_subscribers(session, actor.company_id, number, text) if actor.company_id else None
    if proposed is None:
        return query.where(Subscriber.id.in_(_walked(actor, tests)))
    return query.where(Subscriber.id.in_(proposed), sa.or_(*tests))


def _walked(actor: Actor, tests: list[Any]) -> Any:
    """Ids of the company's that fit; walks over covering indexes of its rows, cut at FOUND."""
    mine = Subscriber.company_id == actor.company_id
    parts = [sa.select(Subscriber.id).where(mine, test) for test in tests]
    whole: list[Any] = [sa.select(sa.literal_column("id")).select_from(part.limit(FOUND).subquery()) for part in parts]
    return whole[0] if len(whole) == 1 else sa.union(*whole)


def _in_ranges(session: Session, actor: Actor, tests: list[Any]) -> set[int]:
    """Ids of the company's subscribers in any of some ranges, COMMON at most."""
    if not tests:
        return set()
    mine = Subscriber.company_id == actor.company_id
    ranges = [sa.select(Subscriber.id).where(mine, test).limit(COMMON).subquery() for test in tests]
    found: list[Any] = [sa.select(one.c.id) for one in ranges]
    return set(session.scalars(sa.union_all(*found).limit(COMMON)))


def countries_of(session: Session, company: Company) -> tuple[str, ...]:
    """Whose ways of writing numbers are understood: the countries of the company's accounts, then its own."""
    query = sa.select(Seller.country).join(Account, Account.seller_id == Seller.id)
    found = session.scalars(query.where(Account.company_id == company.id).distinct().order_by(Seller.country))
    return tuple(dict.fromkeys((*found, company.country)))


def _as_at_home(session: Session, actor: Actor, text: str) -> list[Any]:
    """A whole number as it is dialled in the country of an account: 067 123 45 67."""
    number = _as_number(text)
    if len(number) < WHOLE or number.startswith("+"):
        return []
    query = sa.select(Seller.country).join(Account, Account.seller_id == Seller.id)
    countries = session.scalars(query.where(Account.company_id == actor.company_id).distinct()).all()
    return [Subscriber.number == way for way in spellings(number, tuple(countries)) if way != number]


def matching(session: Session, query: Any, actor: Actor, text: str) -> Any:
    """`query` over Subscriber narrowed to those that begin with `text`, or, where none does, to those that have it.

    A few are named by their ids, found by ranges of indexes; many are soon met by whoever walks the list.
    """
    text = text.strip()[:60]
    if not text:
        return query
    ids = _in_ranges(session, actor, _prefix(text)) or _in_ranges(session, actor, _as_at_home(session, actor, text))
    if ids:
        return query.where(Subscriber.id.in_(ids) if len(ids) < COMMON else sa.or_(*_prefix(text)))
    return _having(session, query, actor, text)


def find(
    session: Session,
    actor: Actor,
    text: str = "",
    account_id: int | None = None,
    after: str = "",
    limit: int = PAGE,
) -> Found:
    """Subscribers whose number or name begins with `text`, else has it anywhere; a page by number."""
    actor.need(Right.CABINET_SUBSCRIBERS)
    query = sa.select(Subscriber.id, Subscriber.number, Subscriber.name, Subscriber.state, Subscriber.account_id).where(
        Subscriber.company_id == actor.company_id
    )
    if account_id is not None:
        query = query.where(Subscriber.account_id == account_id)
    query = matching(session, query, actor, text).where(Subscriber.number > after)
    rows = session.execute(query.order_by(Subscriber.number).limit(limit + 1)).mappings().all()
    shown = list(rows[:limit])
    return Found(shown, shown[-1]["number"] if len(rows) > limit else "")


def subscriber_of(session: Session, actor: Actor, subscriber_id: int) -> Subscriber:
    """A subscriber of the actor's company; NotFound for any other."""
    actor.need(Right.CABINET_SUBSCRIBERS)
    query = (
        sa.select(Subscriber)
        .where(Subscriber.id == subscriber_id, Subscriber.company_id == actor.company_id)
        .options(joinedload(Subscriber.account))
    )
    found = session.scalars(query).first()
    if found is None:
        raise NotFound()
    return found


def services_of(session: Session, subscriber: Subscriber) -> list[Any]:
    """Subscriptions and options of a subscriber, one statement: (what, id, name, from, to, state)."""
    subscriptions = (
        sa.select(
            sa.literal("subscription").label("what"),
            Subscription.id,
            sa.func.coalesce(sa.func.nullif(Subscription.name, ""), Plan.name).label("name"),
            Subscription.starts_on.label("starts_on"),
            Subscription.ends_on.label("ends_on"),
            Subscription.state.label("state"),
        )
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(Subscription.subscriber_id == subscriber.id, Subscription.company_id == subscriber.company_id)
    )
    options = (
        sa.select(
            sa.literal("option"), Option.id, Component.name, Option.valid_from, Option.valid_to, sa.literal("active")
        )
        .join(Component, Component.id == Option.component_id)
        .where(Option.subscriber_id == subscriber.id, Option.company_id == subscriber.company_id)
    )
    return list(session.execute(sa.union_all(subscriptions, options).limit(200)).mappings())


def names_of(session: Session, subscriber: Subscriber) -> list[SubscriberName]:
    """How a subscriber was called before: who changed it, when."""
    query = (
        sa.select(SubscriberName)
        .where(SubscriberName.subscriber_id == subscriber.id, SubscriberName.company_id == subscriber.company_id)
        .order_by(SubscriberName.changed_at.desc(), SubscriberName.id.desc())
        .limit(20)
    )
    return list(session.scalars(query))


COLUMNS = (N_("Number"), N_("Name"), N_("Account"), N_("State"))


def write_list(
    session: Session,
    actor: Actor,
    company_id: int,
    fmt: str,
    out: BinaryIO,
    *,
    translate: Callable[[str], str] = str,
    delimiter: str = ";",
    bom: bool = True,
) -> int:
    """All subscribers of a company by number, read and written as a stream: a list to fill in with new names."""
    actor.need(Right.CABINET_SUBSCRIBERS)
    actor.need_company(company_id)
    query = (
        sa.select(Subscriber.number, Subscriber.name, Account.number, Subscriber.state)
        .join(Account, Account.id == Subscriber.account_id)
        .where(Subscriber.company_id == company_id)
        .order_by(Subscriber.number)
        .execution_options(yield_per=5_000)
    )
    columns = [Column(translate(title)) for title in COLUMNS]
    rows = ((number, name, account, translate(state)) for number, name, account, state in session.execute(query))
    if fmt == "csv":
        return csv.write_register(out, columns, rows, delimiter=delimiter, bom=bom)
    return xlsx.write_register(out, columns, rows, sheet=translate(N_("Subscribers")))
