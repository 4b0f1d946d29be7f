"""Lines of a list as they are understood, judged and priced, and how they are kept."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.money import FINE, half_up, to_scaled
from app.imports.number_lists import NUMBER
from app.imports.values import parse_date
from app.models import Company, Request
from app.rules.switching import OFF, ON, Facts, Judged, Verdict, judge, read_action
from app.services import sets
from app.services.cabinet.subscribers import countries_of
from app.services.switching import facts, offers
from app.services.switching.effects import Change, Effect, Key, Part, effects_of
from app.services.switching.offers import Offer

ZERO = Decimal(0)
WHEN = ("month", "first")


@dataclass
class Said:
    """What a line that can be done wants; the lines that repeat it, and the first that wants another thing."""

    at: int
    action: str
    day: dt.date | None
    repeated: list[int] = field(default_factory=list)
    against: int = 0

    def is_same(self, action: str, day: dt.date | None) -> bool:
        """Whether a line wants just that."""
        return (self.action, self.day) == (action, day)


@dataclass(frozen=True)
class Choice:
    """What is wanted of every line that does not say otherwise."""

    action: str
    option: str  # a component's code
    day: dt.date


def choice_of(draft: Request) -> Choice:
    """What was chosen for a list."""
    assert draft.effective_on is not None
    return Choice(draft.details["action"], draft.details["option"], draft.effective_on)


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
    choices: Sequence[Offer] = ()  # to switch off: all that its word may mean, withdrawn ones too
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
        self.countries = countries_of(session, session.get_one(Company, company_id))
        self.places = offers.places_of(session, Actor.system(), company_id)
        parts = offers.parts_at(session, self.places.values())
        self.offers = offers.by_word([one for one in parts if one.is_sold])
        self.parts = offers.all_by_word(parts)
        self.days: dict[int, facts.Days] = {}
        self.said: dict[Key, Said] = {}
        self.crossed: dict[int, int] = {}  # lines of parts before → the line of this part that contradicts them

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
        found = facts.find_lines(self.session, self.company_id, self.countries, numbers)
        read = []
        for (at, cells), number in zip(lines, numbers, strict=True):
            said, day = cell(cells, "action"), cell(cells, "day")
            one = Read(at, cells, number, read_action(said) if said else choice.action, choice.day)
            if day:
                one.day = read_day(day)
            one.line = found.get(number)
            if one.line is not None:
                seller_id, one.currency = self.places[one.line.account_id]
                word = (cell(cells, "option") or choice.option).casefold()
                place = (seller_id, one.currency, word)
                one.choices = self.parts.get(place, ()) if one.action == OFF else ()
                one.offer = self.offers.get(place) or next(iter(one.choices), None)
            read.append(one)
        return read

    def judge(self, lines: Sequence[Read]) -> None:
        """A verdict for each, and for those that can be done the change of parts behind it.

        Called for one part of a list after another it knows what lines before have said.
        """
        keys = [one.key for one in lines if one.key is not None]
        components = {key[1] for key in keys} | {part.component_id for one in lines for part in one.choices}
        known = facts.known_of(self.session, self.company_id, {key[0] for key in keys}, components)
        places = {one.at: one for one in lines}
        self.crossed = {}
        for one in lines:
            _settle(one, known)
            one.judged = judge(self._facts(one, known))
            if one.key is None:
                continue
            if one.judged.verdict is Verdict.OK:
                self.said[one.key] = Said(one.at, one.action, one.day)
                one.change = self._change(one, known)
            elif one.judged.verdict is Verdict.DUPLICATE:
                self.said[one.key].repeated.append(one.at)
            elif one.judged.verdict is Verdict.CONTRADICTION:
                self._contradict(self.said[one.key], one.at, places)

    def _contradict(self, said: Said, at: int, places: Mapping[int, Read]) -> None:
        """Two lines that want different things of one option are both refused: nobody may guess which was meant."""
        if said.against:
            return
        said.against = at
        for before in (said.at, *said.repeated):
            if before in places:
                places[before].judged, places[before].change = Judged(Verdict.CONTRADICTION, str(at)), None
            else:
                self.crossed[before] = at

    def price(self, lines: Sequence[Read]) -> None:
        """What each changes on the bills."""
        effects = effects_of(self.session, [one.change for one in lines if one.change is not None])
        for one in lines:
            one.effect = effects.get(one.change.key) if one.change is not None else None

    def _facts(self, one: Read, known: facts.Known) -> Facts:
        if one.line is None:
            return Facts(number=one.number)
        if one.key is None or one.offer is None or one.day is None:
            component_id = one.offer.component_id if one.offer else None
            return Facts(one.line.id, one.number, one.line.state, component_id, one.action, one.day)
        days, before = self.days_of(one.offer.seller_id), self.said.get(one.key)
        return Facts(
            subscriber_id=one.line.id,
            state=one.line.state,
            component_id=one.offer.component_id,
            action=one.action,
            day=one.day,
            today=days.today,
            earliest=days.earliest,
            open_from=days.open_from(one.day) if days.closed else dt.date.min,
            said_before=_differing(before, one) if before else 0,
            said_otherwise=before is not None and (before.against > 0 or not before.is_same(one.action, one.day)),
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


def _differing(before: Said, one: Read) -> int:
    """The line to look at: the one that says the same, or the one that says otherwise where there is such a one."""
    return before.against if before.against and before.is_same(one.action, one.day) else before.at


def _settle(one: Read, known: facts.Known) -> None:
    """Of several options of one word the one that is on is switched off."""
    if one.line is None or one.day is None or len(one.choices) < 2:
        return
    for part in one.choices:
        if any(term.reaches(one.day) for term in known.terms((one.line.id, part.component_id))):
            one.offer = part
            return


def read_day(text: str) -> dt.date | None:
    """The day a cell says, or None."""
    try:
        return parse_date(text)
    except (DomainError, ValueError):
        return None


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


def insert(session: Session, draft: Request, read: Sequence[Read]) -> None:
    """Write lines with their verdicts and prices."""
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
    judged, effect = one.judged, one.effect or Effect()
    return [
        one.at,
        one.cells,
        (one.line.number if one.line else one.number)[:40],
        one.line.name if one.line else "",
        one.line.id if one.line else None,
        one.offer.component_id if one.offer else None,
        judged.subscription_id if judged else None,
        one.action,
        one.day.isoformat() if one.day else None,
        judged.verdict.value if judged else "",
        judged.detail if judged else "",
        one.currency,
        effect.tax_bp,
        effect.tax_included,
        to_scaled(effect.month, FINE),
        to_scaled(effect.first, FINE),
    ]


class Tally:
    """Counts by verdict, and what changes by currency, gathered line by line."""

    def __init__(self) -> None:
        self.verdicts: Counter[str] = Counter()
        self.actions: Counter[str] = Counter()
        self.groups: dict[tuple[str, int | None, bool], dict[str, Decimal]] = defaultdict(
            lambda: dict.fromkeys(WHEN, ZERO)
        )

    def add(self, lines: Sequence[Read]) -> None:
        """Count some lines in."""
        for one in lines:
            verdict = one.judged.verdict if one.judged else Verdict.UNKNOWN
            self.verdicts[verdict.value] += 1
            self.actions[one.action] += verdict is Verdict.OK
            if one.effect is not None:
                group = self.groups[one.currency, one.effect.tax_bp, one.effect.tax_included]
                group["month"] += one.effect.month
                group["first"] += one.effect.first

    def take_back(self, rows: Sequence[Any]) -> None:
        """Lines counted before (of the table) turn out contradicted: they are none that can be done."""
        for row in rows:
            self.verdicts[row.verdict] -= 1
            self.verdicts[Verdict.CONTRADICTION.value] += 1
            if row.verdict != Verdict.OK.value:
                continue
            self.actions[row.action] -= 1
            if row.month_amount or row.first_amount:
                group = self.groups[row.currency, row.tax_bp, row.tax_included]
                group["month"] -= row.month_amount
                group["first"] -= row.first_amount

    def told(self) -> dict[str, Any]:
        """As the list keeps it: sums are rounded once a currency and tax rate, as documents are."""
        sums: dict[str, dict[str, dict[str, Decimal]]] = {}
        for (currency, tax_bp, included), amounts in self.groups.items():
            mine = sums.setdefault(currency, {when: {"net": ZERO, "tax": ZERO, "total": ZERO} for when in WHEN})
            for when in WHEN:
                net, tax = net_and_tax(amounts[when], tax_bp, included)
                for name, value in (("net", net), ("tax", tax), ("total", net + tax)):
                    mine[when][name] += value
        told = {
            currency: {when: {name: str(half_up(value)) for name, value in by.items()} for when, by in mine.items()}
            for currency, mine in sums.items()
        }
        actions = {ON: self.actions[ON], OFF: self.actions[OFF]}
        return {"lines": self.verdicts.total(), "verdicts": dict(+self.verdicts), "sums": told, **actions}


def net_and_tax(amount: Decimal, tax_bp: int | None, included: bool) -> tuple[Decimal, Decimal]:
    """An amount as net and tax, each to the hundredth, as billing splits it."""
    base, rate = half_up(amount), tax_bp or 0
    tax = half_up(base * rate / (10_000 + rate if included else 10_000))
    return (base - tax, tax) if included else (base, tax)
