"""Taking back: what is not sent is cancelled, what is done is undone by a list of the opposite requests.

A counter-request takes effect on the day of the one it undoes, so nothing of that one is billed; it may be asked for
until the month of that day is billed. What is at the operator just now can be undone when it has ended. A list is
undone part by part (`undo_step`), each part kept with the place it came to; a long one by a job.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Account, Job, Request
from app.rules.lifecycle import RequestState
from app.rules.switching import KINDS, OPPOSITE
from app.services import trail, work
from app.services.switching import facts
from app.services.switching.asking import finish, insert_children, wish_to_send
from app.services.switching.drafts import AT_ONCE, batch_of
from app.services.switching.operating import ACTION, WAITING
from app.services.work import JobName

NOT_WAITING = N_("It is at the operator or has ended, so it cannot be cancelled any more.")
NOTHING = N_("Nothing of this list can be undone any more.")
PART = 2_500  # requests a transaction


@dataclass(frozen=True)
class Undone:
    """What undoing a list came to, in requests."""

    cancelled: int = 0
    countered: int = 0
    at_operator: int = 0  # to be undone when they have ended
    billed: int = 0  # too late: their month is billed
    batch_id: int | None = None  # the list of counter-requests
    job_id: int | None = None  # the job that undoes a long list
    done: int = 0  # how far it is, in requests, of `total`
    total: int = 0
    through: int = 0  # the last request that was looked at
    is_over: bool = False


def cancel_request(session: Session, actor: Actor, request_id: int) -> None:
    """One request that is not sent yet will not be done."""
    actor.need(Right.CABINET_RENAME)
    request = session.get(Request, request_id)
    if request is None or request.parent_id is None or request.kind not in ACTION:
        raise NotFound()
    actor.need_company(request.company_id)
    if not _cancel(session, Request.id == request_id):
        raise Refused(NOT_WAITING)
    finish(session, [request.parent_id])
    trail.record(session, actor, "options.cancel", "request", request_id, company_id=request.company_id)


def cancel_waiting(session: Session, actor: Actor, batch_id: int) -> int:
    """All requests of a list that are not sent yet; how many there were."""
    batch = batch_of(session, actor, batch_id)
    count = _cancel(session, Request.parent_id == batch.id)
    finish(session, [batch.id])
    if count:
        trail.record(session, actor, "options.cancel", "request", batch.id, company_id=batch.company_id, requests=count)
    return count


def _cancel(session: Session, which: Any) -> int:
    cancelled = session.execute(
        sa.update(Request)
        .where(which, Request.state.in_(WAITING))
        .values(state=RequestState.CANCELLED.value, done_at=clock.now(), reason="")
        .execution_options(synchronize_session=False)
    )
    return int(cancelled.rowcount)  # type: ignore[attr-defined]


def undo_batch(session: Session, actor: Actor, batch_id: int, page: str = "") -> Undone:
    """Cancel what waits and ask for the opposite of what is done; Refused where nothing can be undone any more.

    From a page (`page`, where its end leads back to) a list of more than AT_ONCE requests is undone by a job.
    """
    begun = begin_undo(session, actor, batch_id, page)
    while not (begun.is_over or begun.job_id):
        begun = undo_step(session, actor, batch_id)
    return begun


def begin_undo(session: Session, actor: Actor, batch_id: int, page: str = "") -> Undone:
    """Make ready to undo a list step by step; one that was begun and not ended goes on."""
    batch = batch_of(session, actor, batch_id, lock=True)
    if batch.state == RequestState.NEW.value:
        raise Refused(N_("This list is not asked for yet, so there is nothing to undo."))
    known = batch.details.get("undoing") or {}
    if page and known.get("job_id") and _is_open(session, known["job_id"]):
        return Undone(**known)
    if not batch.details.get("asked"):
        batch.details = {**batch.details, "asked": True, "stopped": True}
    total = _count(session, batch, *WAITING, RequestState.DONE.value)
    now = Undone(**{**known, "total": total, "done": 0, "through": 0, "job_id": None})
    turn = int(batch.details.get("undo_turn", 0)) + 1
    if page and total > AT_ONCE:
        params = {"batch_id": batch.id, "page": page}
        key = f"options-undo:{batch.id}:{turn}"
        job = work.order_job(session, actor, JobName.UNDO_OPTIONS, params, N_("A list of services is undone"), key=key)
        now = replace(now, job_id=job.id)
    batch.details = {**batch.details, "undoing": asdict(now), "undo_turn": turn}
    session.flush()
    return now


def _is_open(session: Session, job_id: int) -> bool:
    return session.scalar(sa.select(Job.state).where(Job.id == job_id)) in work.OPEN_STATES


def undo_step(session: Session, actor: Actor, batch_id: int) -> Undone:
    """Undo the next part in the caller's transaction; commit after each call, until it is over.

    How far it is stands on the list itself and is kept with what is done: killed and begun anew, it undoes the rest.
    """
    batch = batch_of(session, actor, batch_id, lock=True)
    if "undoing" not in batch.details:
        return Undone(**{**batch.details.get("undone", {}), "is_over": True})
    now = Undone(**batch.details["undoing"])
    some = _waiting(session, batch)
    if some:
        gone = _cancel(session, Request.id.in_(some))
        return _keep(session, batch, replace(now, cancelled=now.cancelled + gone, done=now.done + len(some)))
    counter = session.get_one(Request, now.batch_id) if now.batch_id else None
    done, billed, last = _undoable(session, batch, now.through, PART)
    if last is None or (counter is not None and counter.details["asked"]):  # asked: somebody has stopped it
        return _end(session, actor, batch, now)
    if done:
        counter = counter or _open_counter(session, actor, batch, now.job_id)
        made = _ask_opposite(session, batch, counter, done)
        now = replace(now, batch_id=counter.id, countered=now.countered + made)
    share = min(now.total, now.done + PART)
    return _keep(session, batch, replace(now, billed=now.billed + billed, through=last, done=share))


def stop_undoing(session: Session, actor: Actor, batch_id: int) -> None:
    """What is not undone yet stays as it is."""
    batch = batch_of(session, actor, batch_id, lock=True)
    if "undoing" in batch.details:
        _end(session, actor, batch, Undone(**batch.details["undoing"]), is_stopped=True)


def _waiting(session: Session, batch: Request) -> list[int]:
    query = sa.select(Request.id).where(Request.parent_id == batch.id, Request.state.in_(WAITING))
    return list(session.scalars(query.order_by(Request.id).limit(PART)))


def _keep(session: Session, batch: Request, now: Undone) -> Undone:
    batch.details = {**batch.details, "undoing": asdict(now)}
    session.flush()
    return now


def _end(session: Session, actor: Actor, batch: Request, now: Undone, *, is_stopped: bool = False) -> Undone:
    now = replace(now, at_operator=_count(session, batch, RequestState.SENT.value), is_over=True)
    if not (now.cancelled or now.batch_id or now.at_operator or is_stopped):
        raise Refused(NOTHING)
    kept = {name: value for name, value in batch.details.items() if name != "undoing"}
    batch.details = {**kept, "undone": asdict(now)}
    if now.batch_id:
        counter = session.get_one(Request, now.batch_id)
        _summarise(batch, counter, now.countered)
    session.flush()
    finish(session, [batch.id, *([now.batch_id] if now.batch_id else [])])
    trail.record(
        session,
        actor,
        "options.undo",
        "request",
        batch.id,
        company_id=batch.company_id,
        cancelled=now.cancelled,
        countered=now.countered,
        by=now.batch_id,
    )
    return now


def can_undo(session: Session, batch: Request) -> bool:
    """Whether something of the list is done and can still be taken back."""
    return batch.state != RequestState.NEW.value and bool(_undoable(session, batch, 0, 500)[0])


def _count(session: Session, batch: Request, *states: str) -> int:
    query = sa.select(sa.func.count()).where(Request.parent_id == batch.id, Request.state.in_(states))
    return session.scalar(query) or 0


def _undoable(session: Session, batch: Request, after: int, limit: int) -> tuple[Sequence[Any], int, int | None]:
    """The next of the list's done requests that nothing has followed and no bill has caught up with.

    And how many of those looked at are billed, and the last that was looked at (None where there is none left).
    """
    later = sa.orm.aliased(Request)
    followed = sa.exists().where(
        later.subscriber_id == Request.subscriber_id,
        later.component_id == Request.component_id,
        later.id > Request.id,
        later.state.in_([s.value for s in (*facts.OPEN, RequestState.DONE)]),
    )
    query = (
        sa.select(*_OF_A_REQUEST, Account.seller_id)
        .select_from(Request)
        .join(Account, Account.id == Request.account_id)
        .where(Request.parent_id == batch.id, Request.state == RequestState.DONE.value, ~followed)
        .where(Request.id > after)
        .order_by(Request.id)
        .limit(limit)
    )
    closed: dict[int, tuple[dt.date, ...]] = {}
    open_ones, billed, last = [], 0, None
    for request in session.execute(query):
        last = request.id
        if request.seller_id not in closed:
            closed[request.seller_id] = facts.closed_months(session, request.seller_id, batch.created_at.date())
        if _effect(request).replace(day=1) in closed[request.seller_id]:
            billed += 1
        else:
            open_ones.append(request)
    return open_ones, billed, last


# columns, not objects: of fifty thousand requests those are most of the time
_OF_A_REQUEST = (
    Request.id,
    Request.subscriber_id,
    Request.component_id,
    Request.account_id,
    Request.kind,
    Request.effective_on,
    Request.details,
)


def _effect(request: Any) -> dt.date:
    """The day from which a done request is billed."""
    since = (request.details.get("done") or {}).get("since")
    assert request.effective_on is not None
    return dt.date.fromisoformat(since) if since else request.effective_on


def _open_counter(session: Session, actor: Actor, batch: Request, job_id: int | None) -> Request:
    """The list of opposite requests, with none in it yet."""
    action = OPPOSITE[batch.details["action"]]
    counter = Request(
        company_id=batch.company_id,
        kind=KINDS[action],
        state=RequestState.QUEUED.value,
        asked_by=actor.user_id,
        effective_on=batch.effective_on,
        details={
            **{name: batch.details.get(name) for name in ("option", "called", "headers", "columns")},
            "action": action,
            "asked_by": actor.name,
            "counter_of": batch.id,
            "confirmed_at": clock.now().isoformat(),
            "how": "undo",
            "asked": False,
            "job_id": job_id,
        },
    )
    session.add(counter)
    session.flush()
    return counter


def _ask_opposite(session: Session, batch: Request, counter: Request, done: Sequence[Any]) -> int:
    """Requests that undo some, with their lines and the wishes to send them; how many."""
    rows = [
        [
            one.subscriber_id,
            one.component_id,
            one.account_id,
            KINDS[OPPOSITE[ACTION[one.kind]]],
            RequestState.QUEUED.value,
            one.effective_on.isoformat() if one.effective_on else None,
            {**{n: v for n, v in one.details.items() if n != "done"}, "counter_of": one.id},
        ]
        for one in done
    ]
    made = sorted(insert_children(session, counter, rows).values())
    if made:
        _copy_lines(session, batch, counter, made)
        wish_to_send(session, counter.company_id, made)
    return len(made)


def _copy_lines(session: Session, batch: Request, counter: Request, made: Sequence[int]) -> None:
    """The lines whose requests are undone, turned round: so the counter-list has a page and a result file too."""
    names = "position, cells, number, name, subscriber_id, component_id, subscription_id, effective_on"
    selected = ", ".join(f"l.{name}" for name in names.split(", "))
    session.execute(
        sa.text(
            f"INSERT INTO request_line (company_id, created_at, request_id, {names}, action, verdict, detail, "  # noqa: S608
            "currency, tax_bp, tax_included, month_amount, first_amount, made_id) "
            f"SELECT l.company_id, :now, :counter, {selected}, CASE WHEN l.action = 'on' THEN 'off' ELSE 'on' END, "
            "l.verdict, '', l.currency, l.tax_bp, l.tax_included, -l.month_amount, -l.first_amount, q.id "
            "FROM request_line l JOIN request q ON q.parent_id = :counter AND q.subscriber_id = l.subscriber_id "
            "AND q.component_id = l.component_id WHERE l.request_id = :batch AND l.made_id IS NOT NULL "
            "AND q.id BETWEEN :first AND :last"
        ).bindparams(sa.bindparam("now", type_=sa.DateTime())),
        {"now": clock.now().replace(tzinfo=None), "counter": counter.id, "batch": batch.id}
        | {"first": made[0], "last": made[-1]},
    )


def _summarise(batch: Request, counter: Request, made: int) -> None:
    sums = (batch.details.get("summary") or {}).get("sums") or {} if made == batch.details.get("made") else {}
    turned = {
        currency: {when: {name: _negative(value) for name, value in by.items()} for when, by in mine.items()}
        for currency, mine in sums.items()
    }
    summary = {"lines": made, "verdicts": {"ok": made}, "sums": turned, "on": 0, "off": 0}
    summary[counter.details["action"]] = made
    counter.details = {**counter.details, "summary": summary, "made": made, "asked": True}


def _negative(value: str) -> str:
    return value[1:] if value.startswith("-") else value if not value.strip("0.") else f"-{value}"
