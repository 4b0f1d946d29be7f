"""A list on its way to becoming requests: chosen, taken in, judged line by line and priced. Nothing is asked for yet.

A draft is a parent request in the state «new» with its lines. Whatever is changed of it, the lines stay, so going back
a step loses nothing.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.money import FINE, half_up, to_scaled
from app.imports import number_lists
from app.imports.number_lists import NUMBER, NUMBER_WORDS, NumberList, Source
from app.imports.values import parse_date
from app.models import Company, Request, RequestLine, Subscriber, Subscription
from app.rules.lifecycle import RequestState
from app.rules.switching import ACTION_WORDS, KINDS, OFF, ON, Facts, Judged, Verdict, judge, read_action
from app.services import sets
from app.services.cabinet import subscribers as finding
from app.services.switching import facts, offers
from app.services.switching.effects import Change, Effect, Key, Part, effects_of
from app.services.switching.offers import Offer

COLUMNS = {
    NUMBER: NUMBER_WORDS,
    "option": ("option", "service", "code", "опція", "послуга", "код", "опция", "услуга", "usługa", "opcja", "kod"),
    "action": ("action", "on/off", "switch", "дія", "действие", "akcja", "operacja", "операція", "операция"),
    "day": ("date", "day", "from", "дата", "день", "з", "с", "data", "dzień", "od"),
}
PICKED = {NUMBER: 0}
CHANGED = N_("This list is asked for already. Begin a new one.")
NO_CHOICE = N_("Choose whether to switch the option on or off.")
NOBODY = N_("No subscriber fits. Change the filter or choose other subscribers.")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Choice:
    """What is wanted of every line that does not say otherwise."""

    action: str
    option: str  # a component's code
    day: dt.date


@dataclass(frozen=True)
class Filter:
    """Which subscribers are meant: all that fit every part that is given."""

    account_id: int | None = None
    text: str = ""
    plan_id: int | None = None
    option: str = ""
    has_option: bool = True


def open_draft(session: Session, actor: Actor, company_id: int | None, choice: Choice, **more: Any) -> Request:
    """A new list of a company."""
    actor.need(Right.CABINET_RENAME)
    actor.need_company(company_id)
    draft = Request(
        company_id=company_id,
        kind=KINDS[ON],
        state=RequestState.NEW.value,
        asked_by=actor.user_id,
        details={"asked_by": actor.name, **more},
    )
    _choose(session, draft, choice)
    session.add(draft)
    session.flush()
    return draft


def draft_of(session: Session, actor: Actor, draft_id: int, *, lock: bool = True) -> Request:
    """A list that is not asked for yet; NotFound for another company's, Refused once it is asked for."""
    batch = batch_of(session, actor, draft_id, lock=lock)
    if batch.state != RequestState.NEW.value:
        raise Refused(CHANGED)
    return batch


def batch_of(session: Session, actor: Actor, batch_id: int, *, lock: bool = False) -> Request:
    """A list of options, asked for or not."""
    actor.need(Right.CABINET_RENAME)
    query = sa.select(Request).where(
        Request.id == batch_id, Request.parent_id.is_(None), Request.kind.in_(KINDS.values())
    )
    batch = session.scalars(query.with_for_update(of=Request, key_share=True) if lock else query).first()
    if batch is None:
        raise NotFound()
    actor.need_company(batch.company_id)
    return batch


def choose(session: Session, actor: Actor, draft_id: int, choice: Choice) -> Request:
    """Another option, action or day for the list; its lines are judged anew."""
    draft = draft_of(session, actor, draft_id)
    _choose(session, draft, choice)
    if "columns" in draft.details:
        judge_again(session, actor, draft_id)
    return draft


def _choose(session: Session, draft: Request, choice: Choice) -> None:
    if choice.action not in KINDS:
        raise Refused(NO_CHOICE)
    draft.kind = KINDS[choice.action]
    draft.effective_on = choice.day
    draft.details = {**draft.details, "action": choice.action, "option": choice.option}


def choice_of(draft: Request) -> Choice:
    """What was chosen for a list."""
    assert draft.effective_on is not None
    return Choice(draft.details["action"], draft.details["option"], draft.effective_on)


# -- lines in ----------------------------------------------------------------------------------------------------------


def take_file(session: Session, actor: Actor, draft_id: int, source: Source, name: str) -> Request:
    """The lines of an XLSX or CSV: numbers, and if it likes an option, an action and a day of their own."""
    draft = draft_of(session, actor, draft_id)
    return _take(session, draft, number_lists.read_file(source, COLUMNS), "file", file_name=name[:200])


def take_paste(session: Session, actor: Actor, draft_id: int, text: str) -> Request:
    """The lines of a clipboard."""
    draft = draft_of(session, actor, draft_id)
    return _take(session, draft, number_lists.read_paste(text, COLUMNS), "paste")


def take_picked(session: Session, actor: Actor, draft_id: int, subscriber_ids: Iterable[int]) -> Request:
    """Subscribers chosen one by one."""
    draft, ids = draft_of(session, actor, draft_id), sorted(set(subscriber_ids))
    rows: list[Any] = []
    for start in range(0, len(ids), 500):
        query = sa.select(Subscriber.number, Subscriber.name).where(
            Subscriber.company_id == draft.company_id, Subscriber.id.in_(ids[start : start + 500])
        )
        rows += session.execute(query.order_by(Subscriber.number)).all()
    return _take_rows(session, draft, rows, "pick", picked=ids)


def take_filter(session: Session, actor: Actor, draft_id: int, wanted: Filter) -> Request:
    """Everybody who fits now; who fits later is not meant."""
    draft = draft_of(session, actor, draft_id)
    query = sa.select(Subscriber.number, Subscriber.name).where(Subscriber.company_id == draft.company_id)
    query = _filtered(session, actor, draft, query, wanted).order_by(Subscriber.number)
    rows = session.execute(query.limit(number_lists.MAX_LINES + 1)).all()
    if len(rows) > number_lists.MAX_LINES:
        raise Refused(
            N_("More than %(limit)s subscribers fit. Narrow the filter, for example to one account."),
            limit=number_lists.MAX_LINES,
        )
    given = {
        "account_id": wanted.account_id,
        "text": wanted.text,
        "plan_id": wanted.plan_id,
        "option": wanted.option,
        "has_option": wanted.has_option,
    }
    return _take_rows(session, draft, rows, "filter", filter=given)


def _filtered(session: Session, actor: Actor, draft: Request, query: Any, wanted: Filter) -> Any:
    query = query.where(Subscriber.state != "released")
    if wanted.account_id is not None:
        query = query.where(Subscriber.account_id == wanted.account_id)
    if wanted.plan_id is not None:
        query = query.where(
            Subscriber.id.in_(
                sa.select(Subscription.subscriber_id).where(
                    Subscription.company_id == draft.company_id,
                    Subscription.plan_id == wanted.plan_id,
                    Subscription.state == "active",
                )
            )
        )
    if wanted.option:
        chosen = [
            one.component_id
            for one in offers.offers_of(session, actor, draft.company_id)
            if one.code.casefold() == wanted.option.casefold()
        ]
        on = facts.subscribers_with(draft.company_id, chosen, clock.today())
        query = query.where(Subscriber.id.in_(on) if wanted.has_option else Subscriber.id.not_in(on))
    if wanted.text.strip():
        query = finding.matching(session, query, actor, wanted.text)
    return query


def _take_rows(session: Session, draft: Request, rows: Sequence[Any], how: str, **more: Any) -> Request:
    if not rows:
        raise Refused(NOBODY)
    lines = [number_lists.Line(at, [number, name]) for at, (number, name) in enumerate(rows, 2)]
    return _take(session, draft, NumberList([], lines, dict(PICKED)), how, **more)


def _take(session: Session, draft: Request, found: NumberList, how: str, **more: Any) -> Request:
    gone = {name: value for name, value in draft.details.items() if name not in ("picked", "filter", "file_name")}
    headers = found.headers or []
    draft.details = {**gone, "how": how, "headers": headers, "columns": found.columns, **more}
    _judge(session, draft, [(line.at, line.cells) for line in found.lines])
    return draft


# -- verdicts and prices -----------------------------------------------------------------------------------------------


def judge_again(session: Session, actor: Actor, draft_id: int) -> Request:
    """Judge the lines anew: what holds now."""
    draft = draft_of(session, actor, draft_id)
    query = sa.select(RequestLine.position, RequestLine.cells).where(RequestLine.request_id == draft.id)
    _judge(session, draft, [(at, cells) for at, cells in session.execute(query.order_by(RequestLine.position))])
    return draft


@dataclass
class Read:
    """A line as it was understood."""

    at: int
    cells: list[str]
    number: str
    action: str
    day: dt.date | None
    line: facts.Line | None = None
    offer: Offer | None = None
    currency: str = ""
    judged: Judged | None = None
    effect: Effect | None = None
    change: Change | None = None

    @property
    def key(self) -> Key | None:
        """Subscriber and component."""
        return (self.line.id, self.offer.component_id) if self.line and self.offer else None


class Judge:
    """Understands and judges lines of one company, as things stand now."""

    def __init__(self, session: Session, company_id: int) -> None:
        self.session, self.company_id = session, company_id
        company = session.get_one(Company, company_id)
        self.country = company.country
        self.places = offers.places_of(session, Actor.system(), company_id)
        self.offers = offers.by_word(offers.offers_at(session, self.places.values()))
        self.days: dict[int, facts.Days] = {}

    def days_of(self, seller_id: int) -> facts.Days:
        """The calendar of a Seller, read once."""
        if seller_id not in self.days:
            self.days[seller_id] = facts.days_of(self.session, seller_id)
        return self.days[seller_id]

    def read(self, draft: Request, lines: Sequence[tuple[int, list[str]]]) -> list[Read]:
        """Numbers, options, actions and days found in the cells."""
        columns: Mapping[str, int] = draft.details["columns"]
        choice = choice_of(draft)

        def cell(cells: list[str], what: str) -> str:
            at = columns.get(what)
            return cells[at].strip() if at is not None and at < len(cells) else ""

        numbers = [cell(cells, NUMBER) for _, cells in lines]
        found = facts.find_lines(self.session, self.company_id, self.country, numbers)
        read = []
        for (at, cells), number in zip(lines, numbers, strict=True):
            said, day = cell(cells, "action"), cell(cells, "day")
            one = Read(at, cells, number, read_action(said) if said else choice.action, choice.day)
            if day:
                one.day = _day(day)
            one.line = found.get(number)
            if one.line is not None:
                seller_id, one.currency = self.places[one.line.account_id]
                word = (cell(cells, "option") or choice.option).casefold()
                one.offer = self.offers.get((seller_id, one.currency, word))
            read.append(one)
        return read

    def judge(self, lines: Sequence[Read]) -> None:
        """A verdict for each, and for those that can be done the change of parts behind it."""
        keys = [one.key for one in lines if one.key is not None]
        known = facts.known_of(self.session, self.company_id, {key[0] for key in keys}, {key[1] for key in keys})
        said: dict[Key, int] = {}
        for one in lines:
            one.judged = judge(self._facts(one, known, said))
            if one.judged.verdict is Verdict.OK and one.key is not None:
                said[one.key] = one.at
                one.change = self._change(one, known)

    def _facts(self, one: Read, known: facts.Known, said: Mapping[Key, int]) -> Facts:
        if one.line is None:
            return Facts()
        if one.key is None or one.offer is None or one.day is None:
            return Facts(
                one.line.id, one.line.state, one.offer.component_id if one.offer else None, one.action, one.day
            )
        days = self.days_of(one.offer.seller_id)
        return Facts(
            subscriber_id=one.line.id,
            state=one.line.state,
            component_id=one.offer.component_id,
            action=one.action,
            day=one.day,
            today=days.today,
            earliest=days.earliest,
            open_from=days.open_from(one.day) if days.closed else dt.date.min,
            said_before=said.get(one.key, 0),
            subscriptions=known.subscriptions.get(one.line.id, ()),
            terms=known.terms(one.key),
            has_open_request=one.key in known.open,
        )

    def _change(self, one: Read, known: facts.Known) -> Change | None:
        assert one.line and one.offer and one.day and one.judged and one.key and one.judged.subscription_id
        place = (one.line.account_id, one.offer.seller_id, one.day)
        if one.action == ON:
            key = (one.judged.subscription_id, one.offer.component_id)
            return Change(*place, key, (), (Part(*key, one.day, None),))
        before = [part for _, part in known.items.get(one.key, ()) if part.until is None or part.until > one.day]
        if not before:
            return None
        after = [Part(p.subscription_id, p.component_id, p.since, one.day, p.quantity, p.unit_price) for p in before]
        key = (before[0].subscription_id, one.offer.component_id)
        return Change(*place, key, before, [part for part in after if part.since < one.day])


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text)
    except (DomainError, ValueError):
        return None


def _judge(session: Session, draft: Request, lines: Sequence[tuple[int, list[str]]]) -> None:
    judge_of = Judge(session, draft.company_id)
    read = judge_of.read(draft, lines)
    judge_of.judge(read)
    changes = [one.change for one in read if one.change is not None]
    effects = effects_of(session, changes)
    for one in read:
        one.effect = effects.get(one.change.key) if one.change is not None else None
    session.execute(sa.delete(RequestLine).where(RequestLine.request_id == draft.id))
    _insert(session, draft, read)
    draft.details = {**draft.details, "summary": _summary(read)}
    session.flush()


_LINE = {
    "position": "INTEGER",
    "cells": "JSON",
    "number": "TEXT",
    "name": "TEXT",
    "subscriber_id": "BIGINT",
    "component_id": "BIGINT",
    "subscription_id": "BIGINT",
    "action": "TEXT",
    "effective_on": "DATE",
    "verdict": "TEXT",
    "detail": "TEXT",
    "currency": "TEXT",
    "tax_bp": "INTEGER",
    "tax_included": "BOOLEAN",
    "month_amount": "BIGINT",
    "first_amount": "BIGINT",
}


def _insert(session: Session, draft: Request, read: Sequence[Read]) -> None:
    columns = ", ".join(_LINE)
    source = sets.row_source(session, "lines", _LINE)
    statement = sa.text(
        f"INSERT INTO request_line (company_id, request_id, created_at, {columns}) "  # noqa: S608
        f"SELECT :company, :request, :now, {columns} FROM {source}"
    ).bindparams(sa.bindparam("now", type_=sa.DateTime()))
    now = clock.now().replace(tzinfo=None)
    for start in range(0, len(read), 10_000):
        rows = [_row(one) for one in read[start : start + 10_000]]
        bound = {"company": draft.company_id, "request": draft.id, "now": now, "lines": sets.dump(rows)}
        session.execute(statement, bound)


def _row(one: Read) -> list[Any]:
    judged, effect = one.judged or Judged(Verdict.UNKNOWN), one.effect or Effect()
    return [
        one.at,
        one.cells,
        (one.line.number if one.line else one.number)[:40],
        one.line.name if one.line else "",
        one.line.id if one.line else None,
        one.offer.component_id if one.offer else None,
        judged.subscription_id,
        one.action,
        one.day.isoformat() if one.day else None,
        judged.verdict.value,
        judged.detail,
        one.currency,
        effect.tax_bp,
        effect.tax_included,
        to_scaled(effect.month, FINE),
        to_scaled(effect.first, FINE),
    ]


def _summary(read: Sequence[Read]) -> dict[str, Any]:
    """Counts by verdict, and what changes by currency: rounded once a currency and tax rate, as documents are."""
    counts = Counter((one.judged.verdict if one.judged else Verdict.UNKNOWN).value for one in read)
    groups: dict[tuple[str, int | None, bool], list[Effect]] = defaultdict(list)
    for one in read:
        if one.effect is not None:
            groups[one.currency, one.effect.tax_bp, one.effect.tax_included].append(one.effect)
    sums: dict[str, dict[str, dict[str, Decimal]]] = {}
    for (currency, tax_bp, included), effects in groups.items():
        mine = sums.setdefault(
            currency, {when: {"net": ZERO, "tax": ZERO, "total": ZERO} for when in ("month", "first")}
        )
        for when in ("month", "first"):
            net, tax = net_and_tax(sum((getattr(one, when) for one in effects), ZERO), tax_bp, included)
            mine[when]["net"] += net
            mine[when]["tax"] += tax
            mine[when]["total"] += net + tax
    told = {
        currency: {when: {name: str(half_up(value)) for name, value in by.items()} for when, by in mine.items()}
        for currency, mine in sums.items()
    }
    actions = Counter(one.action for one in read if one.judged and one.judged.verdict is Verdict.OK)
    return {"lines": len(read), "verdicts": dict(counts), "sums": told, ON: actions[ON], OFF: actions[OFF]}


def net_and_tax(amount: Decimal, tax_bp: int | None, included: bool) -> tuple[Decimal, Decimal]:
    """An amount as net and tax, each to the hundredth, as billing splits it."""
    base, rate = half_up(amount), tax_bp or 0
    tax = half_up(base * rate / (10_000 + rate if included else 10_000))
    return (base - tax, tax) if included else (base, tax)


__all__ = ["ACTION_WORDS", "Choice", "Filter", "Judge", "batch_of", "choose", "draft_of", "judge_again", "open_draft"]
