"""A list on its way to becoming requests: chosen, taken in, judged line by line and priced. Nothing is asked for yet.

A draft is a parent request in the state «new» with its lines. Whatever is changed of it, the lines stay, so going back
a step loses nothing. A list of more than AT_ONCE lines that comes from a page (`page`, where its end leads back to) is
judged by a job (`looking`); until it ends the draft has no summary and cannot be asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.imports import number_lists
from app.imports.number_lists import NUMBER, NUMBER_WORDS, NumberList, Source
from app.models import Request, RequestLine, Subscriber, Subscription
from app.rules.lifecycle import RequestState
from app.rules.switching import ACTION_WORDS, KINDS, ON, read_action
from app.services import work
from app.services.cabinet import subscribers as finding
from app.services.switching import facts, judging, offers
from app.services.switching.judging import Choice, Judge, Read, choice_of
from app.services.work import JobName

COLUMNS = {
    NUMBER: NUMBER_WORDS,
    "option": ("option", "option code", "service", "code", "опція", "послуга", "код", "опция", "услуга")
    + ("usługa", "opcja", "kod"),
    "action": ("action", "operation", "on/off", "switch", "дія", "действие", "akcja", "operacja")
    + ("операція", "операция"),
    "day": ("date", "effective date", "day", "from", "дата", "день", "з", "с", "data", "dzień", "od"),
}
PICKED = {NUMBER: 0}
CHANGED = N_("This list is asked for already. Begin a new one.")
NO_CHOICE = N_("Choose whether to switch the option on or off.")
NOBODY = N_("No subscriber fits. Change the filter or choose other subscribers.")
AT_ONCE = 2_000  # lines a page waits for
OF_A_WAY = ("picked", "filter", "file_name", "sheet", "others")  # details of how the lines came


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


def choose(session: Session, actor: Actor, draft_id: int, choice: Choice, page: str = "") -> Request:
    """Another option, action or day for the list; its lines are judged anew."""
    draft = draft_of(session, actor, draft_id)
    _choose(session, draft, choice)
    if "columns" in draft.details:
        judge_again(session, actor, draft_id, page)
    return draft


def _choose(session: Session, draft: Request, choice: Choice) -> None:
    if choice.action not in KINDS:
        raise Refused(NO_CHOICE)
    draft.kind = KINDS[choice.action]
    draft.effective_on = choice.day
    parts = offers.parts_of(session, Actor.system(), draft.company_id)
    names = {one.code: one.name for one in reversed(parts)}  # what is sold has the last word
    called = names.get(choice.option, choice.option)
    draft.details = {**draft.details, "action": choice.action, "option": choice.option, "called": called}


# -- lines in ----------------------------------------------------------------------------------------------------------


def take_file(session: Session, actor: Actor, draft_id: int, source: Source, name: str, page: str = "") -> Request:
    """The lines of an XLSX or CSV: numbers, and if it likes an option, an action and a day of their own."""
    draft = draft_of(session, actor, draft_id)
    found = number_lists.read_file(source, COLUMNS)
    return _take(session, actor, draft, found, "file", page, file_name=name[:200], **found.sheets)


def take_paste(session: Session, actor: Actor, draft_id: int, text: str, page: str = "") -> Request:
    """The lines of a clipboard."""
    draft = draft_of(session, actor, draft_id)
    return _take(session, actor, draft, number_lists.read_paste(text, COLUMNS), "paste", page)


def take_picked(
    session: Session, actor: Actor, draft_id: int, subscriber_ids: Iterable[int], page: str = ""
) -> Request:
    """Subscribers chosen one by one."""
    draft, ids = draft_of(session, actor, draft_id), sorted(set(subscriber_ids))
    rows: list[Any] = []
    for start in range(0, len(ids), 500):
        query = sa.select(Subscriber.number, Subscriber.name).where(
            Subscriber.company_id == draft.company_id, Subscriber.id.in_(ids[start : start + 500])
        )
        rows += session.execute(query.order_by(Subscriber.number)).all()
    return _take_rows(session, actor, draft, rows, "pick", page, picked=ids)


def take_filter(session: Session, actor: Actor, draft_id: int, wanted: Filter, page: str = "") -> Request:
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
    return _take_rows(session, actor, draft, rows, "filter", page, filter=given)


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
            for one in offers.parts_of(session, actor, draft.company_id)
            if one.code.casefold() == wanted.option.casefold()
        ]
        on = facts.subscribers_with(draft.company_id, chosen, clock.today())
        query = query.where(Subscriber.id.in_(on) if wanted.has_option else Subscriber.id.not_in(on))
    if wanted.text.strip():
        query = finding.matching(session, query, actor, wanted.text)
    return query


def _take_rows(
    session: Session, actor: Actor, draft: Request, rows: Sequence[Any], how: str, page: str, **more: Any
) -> Request:
    if not rows:
        raise Refused(NOBODY)
    lines = [number_lists.Line(at, [number, name]) for at, (number, name) in enumerate(rows, 2)]
    return _take(session, actor, draft, NumberList([], lines, dict(PICKED)), how, page, **more)


def _take(
    session: Session, actor: Actor, draft: Request, found: NumberList, how: str, page: str, **more: Any
) -> Request:
    gone = {name: value for name, value in draft.details.items() if name not in OF_A_WAY}
    headers = found.headers or []
    if not headers:
        _leave_strangers(session, actor, draft, found)
    draft.details = {**gone, "how": how, "headers": headers, "columns": found.columns, **more}
    lines = [(line.at, line.cells) for line in found.lines]
    if not page or len(lines) <= AT_ONCE:
        _judge(session, draft, lines)
        return draft
    choice, at = choice_of(draft), found.columns[NUMBER]
    _replace(session, draft, [Read(n, cells, cells[at].strip(), choice.action, choice.day) for n, cells in lines])
    _look_later(session, actor, draft, len(lines), page)
    return draft


def _leave_strangers(session: Session, actor: Actor, draft: Request, found: NumberList) -> None:
    """Without a header a column of names is taken for options by its place only; where nothing fits, it is none."""
    words = {word for _, _, word in offers.by_word(offers.parts_of(session, actor, draft.company_id))}
    means = {"option": lambda text: text.casefold() in words, "action": read_action, "day": judging.read_day}
    some = [(what, found.cell(line, what)) for line in found.lines[: number_lists.SAMPLE] for what in means]
    if not any(text and means[what](text) for what, text in some):
        for what in means:
            found.columns.pop(what, None)


# -- verdicts and prices -----------------------------------------------------------------------------------------------


def judge_again(session: Session, actor: Actor, draft_id: int, page: str = "") -> Request:
    """Judge the lines anew: what holds now."""
    draft = draft_of(session, actor, draft_id)
    count = session.scalar(sa.select(sa.func.count()).where(RequestLine.request_id == draft.id)) or 0
    if page and count > AT_ONCE:
        _look_later(session, actor, draft, count, page)
        return draft
    query = sa.select(RequestLine.position, RequestLine.cells).where(RequestLine.request_id == draft.id)
    _judge(session, draft, [(at, cells) for at, cells in session.execute(query.order_by(RequestLine.position))])
    return draft


def _judge(session: Session, draft: Request, lines: Sequence[tuple[int, list[str]]]) -> None:
    judge, tally = Judge(session, draft.company_id), judging.Tally()
    read = judge.read(draft, lines)
    judge.judge(read)
    judge.price(read)
    tally.add(read)
    _replace(session, draft, read)
    draft.details = {**_unlooked(draft), "summary": tally.told()}
    session.flush()


def _replace(session: Session, draft: Request, read: Sequence[Read]) -> None:
    session.execute(sa.delete(RequestLine).where(RequestLine.request_id == draft.id))
    judging.insert(session, draft, read)


def _unlooked(draft: Request) -> dict[str, Any]:
    """The draft's details without what was said of its lines; a job that still looks at them finds its turn over."""
    known = {name: value for name, value in draft.details.items() if name not in ("summary", "look_job", "lines")}
    return {**known, "turn": int(draft.details.get("turn", 0)) + 1}


def _look_later(session: Session, actor: Actor, draft: Request, lines: int, page: str) -> None:
    details = _unlooked(draft)
    params = {"batch_id": draft.id, "turn": details["turn"], "page": page}
    key = f"options-look:{draft.id}:{details['turn']}"
    job = work.order_job(session, actor, JobName.LOOK_OPTIONS, params, N_("A list is looked through"), key=key)
    draft.details = {**details, "lines": lines, "look_job": job.id}
    session.flush()


__all__ = ["ACTION_WORDS", "Choice", "Filter", "batch_of", "choice_of", "choose", "draft_of", "open_draft"]
