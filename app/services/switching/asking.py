"""From a list to requests: one for each subscriber and option, made step by step, each step kept with its wish to send.

A line is judged again in the transaction that asks for it. Of two administrators who ask for the same option at once
one gets the request; the other's line says that a request is under way (`uq_request_open_option`).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import Job, Request, RequestLine
from app.rules.lifecycle import RequestState, move
from app.rules.policies import midnight
from app.rules.switching import KINDS, Verdict
from app.services import policies, sets, trail, work
from app.services.switching.drafts import batch_of, draft_of
from app.services.switching.judging import Judge, Read
from app.services.work import JobName, Topic

STEP = 1_000  # lines a transaction
CARRIED = 250  # requests one wish carries: a wish each would cost more than the orders
LOOKING = N_("The list is not looked through to its end. Wait for the end, or press «Look again».")
NOTHING = N_("No line of the list can be done. Correct the list or choose another one.")


@dataclass(frozen=True)
class Progress:
    """How far a list is: lines looked at, of how many; requests made."""

    done: int
    total: int
    made: int

    @property
    def left(self) -> int:
        """Lines still to be looked at."""
        return self.total - self.done


def confirm(session: Session, actor: Actor, batch_id: int, page: str = "") -> Request:
    """Ask for what the preview showed; the work is ordered in the same transaction. Asked twice it is asked once."""
    batch = batch_of(session, actor, batch_id, lock=True)
    if batch.state != RequestState.NEW.value:
        return batch
    if "look_job" in batch.details:
        raise Refused(LOOKING)
    if batch.effective_on is None or "summary" not in batch.details:
        raise Refused(NOTHING)
    draft_of(session, actor, batch_id)
    if not batch.details["summary"]["verdicts"].get(Verdict.OK.value):
        raise Refused(NOTHING)
    batch.state = move(RequestState.NEW, RequestState.QUEUED).value
    details = {
        **batch.details,
        "confirmed_at": clock.now().isoformat(),
        "asked_by": actor.name,
        "through": 0,
        "made": 0,
    }
    job = work.order_job(
        session,
        actor,
        JobName.SWITCH_OPTIONS,
        {"batch_id": batch.id, "page": page},
        N_("Options by list"),
        key=f"options:{batch.id}",
    )
    details["job_id"] = job.id
    batch.details, batch.asked_by = details, actor.user_id
    session.flush()
    summary = batch.details["summary"]
    trail.record(
        session,
        actor,
        "options.ask",
        "request",
        batch.id,
        company_id=batch.company_id,
        lines=summary["lines"],
        verdicts=summary["verdicts"],
        option=batch.details["option"],
    )
    return batch


def ask_step(session: Session, actor: Actor, batch_id: int, size: int = STEP) -> Progress:
    """Make the requests of the next lines in the caller's transaction; commit after each call, until none is left."""
    batch = batch_of(session, actor, batch_id, lock=True)
    summary = batch.details.get("summary") or {"lines": 0}
    if batch.state != RequestState.QUEUED.value or batch.details.get("asked"):  # asked: stopped, or undone, meanwhile
        return Progress(summary["lines"], summary["lines"], batch.details.get("made", 0))
    lines = _next_lines(session, batch, size)
    if lines:
        made = _ask(session, batch, lines)
        through = max(at for at, _ in lines)
        batch.details = {**batch.details, "through": through, "made": batch.details["made"] + made}
    left = _count_left(session, batch)
    if not left:
        batch.details = {**batch.details, "asked": True}
        session.flush()
        finish(session, [batch.id])
    session.flush()
    return Progress(summary["lines"] - left, summary["lines"], batch.details["made"])


def _next_lines(session: Session, batch: Request, size: int) -> list[tuple[int, list[str]]]:
    query = (
        sa.select(RequestLine.position, RequestLine.cells)
        .where(RequestLine.request_id == batch.id, RequestLine.position > batch.details["through"])
        .where(RequestLine.verdict == Verdict.OK.value)
        .order_by(RequestLine.position)
        .limit(size)
    )
    return [(at, cells) for at, cells in session.execute(query)]


def _count_left(session: Session, batch: Request) -> int:
    query = sa.select(sa.func.count()).where(
        RequestLine.request_id == batch.id,
        RequestLine.position > batch.details["through"],
        RequestLine.verdict == Verdict.OK.value,
    )
    return session.scalar(query) or 0


def _ask(session: Session, batch: Request, lines: Sequence[tuple[int, list[str]]]) -> int:
    judge = Judge(session, batch.company_id)
    read = judge.read(batch, lines)
    judge.judge(read)
    able = [one for one in read if one.judged and one.judged.verdict is Verdict.OK]
    made = _insert_requests(session, batch, able)
    for one in able:
        if one.at not in made and one.judged:
            one.judged = type(one.judged)(Verdict.OPEN_REQUEST)
    _mark_lines(session, batch, read, made)
    _wish_to_send(session, batch, [(made[one.at], one) for one in able if one.at in made])
    return len(made)


_REQUEST = {
    "subscriber_id": "BIGINT",
    "component_id": "BIGINT",
    "account_id": "BIGINT",
    "kind": "TEXT",
    "state": "TEXT",
    "effective_on": "DATE",
    "details": "JSON",
}
OPEN_INDEX = (
    "ON CONFLICT (subscriber_id, component_id) WHERE state IN ('new', 'queued', 'sent', 'failed') "
    "AND component_id IS NOT NULL DO NOTHING"
)


def insert_children(session: Session, batch: Request, rows: Sequence[list[Any]]) -> dict[tuple[int, int], int]:
    """Requests under a list where none is open: their ids by subscriber and component (columns as `_REQUEST`)."""
    names = ", ".join(_REQUEST)
    source = sets.row_source(session, "rows", _REQUEST)
    statement = sa.text(
        "INSERT INTO request (company_id, created_at, parent_id, asked_by, reason, attempts, reference, "  # noqa: S608
        f"{names}) SELECT :company, :now, :parent, :user, '', 0, '', {names} FROM {source} WHERE true {OPEN_INDEX} "
        "RETURNING id, subscriber_id, component_id"
    ).bindparams(sa.bindparam("now", type_=sa.DateTime()), sa.bindparam("user", type_=sa.BigInteger()))
    bound = {
        "company": batch.company_id,
        "now": clock.now().replace(tzinfo=None),
        "parent": batch.id,
        "user": batch.asked_by,
        "rows": sets.dump(rows),
    }
    return {(subscriber, component): id_ for id_, subscriber, component in session.execute(statement, bound)}


def _insert_requests(session: Session, batch: Request, able: Sequence[Read]) -> dict[int, int]:
    """The ids of the requests that could be made, by their lines."""
    if not able:
        return {}
    rows, lines, today = [], {}, _todays(session, able)
    for one in able:
        assert one.line and one.offer and one.day and one.key and one.judged
        lines[one.key] = one.at
        details = {
            "number": one.line.number,
            "option": one.offer.code,
            "name": one.offer.name,
            "subscription_id": one.judged.subscription_id,
        }
        state = RequestState.NEW if one.day > today[one.offer.seller_id][0] else RequestState.QUEUED
        rows.append([*one.key, one.line.account_id, KINDS[one.action], state.value, one.day.isoformat(), details])
    return {lines[key]: id_ for key, id_ in insert_children(session, batch, rows).items()}


def _todays(session: Session, lines: Iterable[Read]) -> dict[int, tuple[dt.date, str]]:
    """The business day it is at each Seller, and its zone."""
    zones = {
        seller_id: policies.zone_of(session, seller_id) for seller_id in {o.offer.seller_id for o in lines if o.offer}
    }
    return {seller_id: (clock.today(zone), zone) for seller_id, zone in zones.items()}


def _mark_lines(session: Session, batch: Request, read: Iterable[Read], made: Mapping[int, int]) -> None:
    """What came of each line: its request, or the verdict that speaks against it now."""
    query = sa.select(RequestLine.position, RequestLine.id).where(
        RequestLine.request_id == batch.id, RequestLine.position.between(*_span([one.at for one in read]))
    )
    ids = {at: id_ for at, id_ in session.execute(query)}
    rows = [
        [ids[one.at], one.judged.verdict.value, one.judged.detail, made.get(one.at)]
        for one in read
        if one.judged is not None
    ]
    columns = {"verdict": "TEXT", "detail": "TEXT", "made_id": "BIGINT"}
    sets.update_rows(session, "request_line", columns, rows)


def _span(places: Sequence[int]) -> tuple[int, int]:
    return min(places), max(places)


def _wish_to_send(session: Session, batch: Request, made: Sequence[tuple[int, Read]]) -> None:
    days: dict[tuple[int, dt.date], list[int]] = defaultdict(list)
    for request_id, one in made:
        assert one.offer and one.day
        days[one.offer.seller_id, one.day].append(request_id)
    todays = _todays(session, (one for _, one in made))
    for (seller_id, day), ids in days.items():
        today, zone = todays[seller_id]
        due = midnight(day, zone) if day > today else None
        wish_to_send(session, batch.company_id, ids, due)


def wish_to_send(
    session: Session, company_id: int, request_ids: Sequence[int], due_at: dt.datetime | None = None, turn: int = 0
) -> None:
    """Wish for orders to go out, some hundred a wish; `turn` tells tries apart."""
    for start in range(0, len(request_ids), CARRIED):
        some = list(request_ids[start : start + CARRIED])
        key = f"options-send:{some[0]}-{some[-1]}:{len(some)}:{turn}:{clock.now().timestamp() if turn else 0}"
        work.put_outbox(session, Topic.SEND_ORDERS, {"request_ids": some}, key[:160], company_id, due_at)


OPEN = tuple(s.value for s in (RequestState.NEW, RequestState.QUEUED, RequestState.SENT, RequestState.FAILED))


def finish(session: Session, batch_ids: Iterable[int]) -> None:
    """End the lists whose lines are all asked for and whose requests have all ended."""
    ids = {one for one in batch_ids if one is not None}
    query = sa.select(Request).where(Request.id.in_(ids), Request.state == RequestState.QUEUED.value)
    # Its row is held while it is counted: of two transactions that end the last requests, the later sees both
    # («key_share»: a row changed twice in a transaction makes PostgreSQL hold the key of its parent).
    for batch in session.scalars(query.order_by(Request.id).with_for_update(of=Request, key_share=True)).all():
        if not batch.details.get("asked"):
            continue
        counts = counts_of(session, [batch.id])[batch.id]
        if any(counts.get(state) for state in OPEN):
            continue
        ended = next((s for s in ("done", "rejected", "cancelled") if counts.get(s)), "cancelled")
        batch.state, batch.done_at = ended, clock.now()
    session.flush()


def counts_of(session: Session, batch_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many requests of each list are in which state; one statement."""
    found: dict[int, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    if batch_ids:
        query = (
            sa.select(Request.parent_id, Request.state, sa.func.count())
            .where(Request.parent_id.in_(batch_ids))
            .group_by(Request.parent_id, Request.state)
        )
        for parent_id, state, count in session.execute(query):
            found[int(parent_id or 0)][state] = count
    return found


def stop_asking(session: Session, actor: Actor, batch_id: int) -> None:
    """The lines that are not asked for yet will not be."""
    batch = batch_of(session, actor, batch_id, lock=True)
    if batch.state == RequestState.QUEUED.value and not batch.details.get("asked"):
        batch.details = {**batch.details, "asked": True, "stopped": True}
        session.flush()
        finish(session, [batch.id])


def job_of(session: Session, batch: Request) -> Job | None:
    """The work that makes the list's requests."""
    job_id = batch.details.get("job_id")
    return session.get(Job, job_id) if job_id else None
