"""Taking back: what is not sent is cancelled, what is done is undone by a list of the opposite requests.

A counter-request takes effect on the day of the one it undoes, so nothing of that one is billed; it may be asked for
until the month of that day is billed. What is at the operator just now can be undone when it has ended.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Account, Request
from app.rules.lifecycle import RequestState
from app.rules.switching import KINDS, OPPOSITE
from app.services import trail
from app.services.switching import facts
from app.services.switching.asking import finish, insert_children, wish_to_send
from app.services.switching.drafts import batch_of
from app.services.switching.operating import ACTION, WAITING

NOT_WAITING = N_("It is at the operator or has ended, so it cannot be cancelled any more.")
NOTHING = N_("Nothing of this list can be undone any more.")


@dataclass(frozen=True)
class Undone:
    """What undoing a list came to, in requests."""

    cancelled: int = 0
    countered: int = 0
    at_operator: int = 0  # to be undone when they have ended
    billed: int = 0  # too late: their month is billed
    batch_id: int | None = None  # the list of counter-requests


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


def undo_batch(session: Session, actor: Actor, batch_id: int) -> Undone:
    """Cancel what waits and ask for the opposite of what is done; Refused where nothing can be undone any more."""
    batch = batch_of(session, actor, batch_id)
    if batch.state == RequestState.NEW.value:
        raise Refused(N_("This list is not asked for yet, so there is nothing to undo."))
    if not batch.details.get("asked"):
        batch.details = {**batch.details, "asked": True, "stopped": True}
        session.flush()
    cancelled = cancel_waiting(session, actor, batch_id)
    done, billed = _undoable(session, batch)
    counter = _counter(session, actor, batch, done) if done else None
    at_operator = _count(session, batch, RequestState.SENT)
    if not cancelled and counter is None and not at_operator:
        raise Refused(NOTHING)
    countered = counter.details["made"] if counter is not None else 0
    trail.record(
        session,
        actor,
        "options.undo",
        "request",
        batch.id,
        company_id=batch.company_id,
        cancelled=cancelled,
        countered=countered,
        by=counter.id if counter is not None else None,
    )
    return Undone(cancelled, countered, at_operator, billed, counter.id if counter is not None else None)


def can_undo(session: Session, batch: Request) -> bool:
    """Whether something of the list is done and can still be taken back."""
    return batch.state != RequestState.NEW.value and bool(_undoable(session, batch, limit=1)[0])


def _count(session: Session, batch: Request, state: RequestState) -> int:
    query = sa.select(sa.func.count()).where(Request.parent_id == batch.id, Request.state == state.value)
    return session.scalar(query) or 0


def _undoable(session: Session, batch: Request, limit: int | None = None) -> tuple[Sequence[Any], int]:
    """The list's done requests that nothing has followed and no bill has caught up with; how many are billed."""
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
        .order_by(Request.id)
    )
    if limit is not None:
        query = query.limit(500)
    closed: dict[int, tuple[dt.date, ...]] = {}
    open_ones, billed = [], 0
    for request in session.execute(query):
        if request.seller_id not in closed:
            closed[request.seller_id] = facts.closed_months(session, request.seller_id, batch.created_at.date())
        if _effect(request).replace(day=1) in closed[request.seller_id]:
            billed += 1
        else:
            open_ones.append(request)
    return open_ones, billed


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


def _counter(session: Session, actor: Actor, batch: Request, done: Sequence[Any]) -> Request:
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
            "asked": True,
        },
    )
    session.add(counter)
    session.flush()
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
    made = insert_children(session, counter, rows)
    _copy_lines(session, batch, counter)
    _summarise(batch, counter, len(made))
    for start in range(0, len(made), 10_000):
        wish_to_send(session, counter.company_id, sorted(made.values())[start : start + 10_000])
    session.flush()
    return counter


def _copy_lines(session: Session, batch: Request, counter: Request) -> None:
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
            "AND q.component_id = l.component_id WHERE l.request_id = :batch AND l.made_id IS NOT NULL"
        ).bindparams(sa.bindparam("now", type_=sa.DateTime())),
        {"now": clock.now().replace(tzinfo=None), "counter": counter.id, "batch": batch.id},
    )


def _summarise(batch: Request, counter: Request, made: int) -> None:
    sums = (batch.details.get("summary") or {}).get("sums") or {} if made == batch.details.get("made") else {}
    turned = {
        currency: {when: {name: _negative(value) for name, value in by.items()} for when, by in mine.items()}
        for currency, mine in sums.items()
    }
    summary = {"lines": made, "verdicts": {"ok": made}, "sums": turned, "on": 0, "off": 0}
    summary[counter.details["action"]] = made
    counter.details = {**counter.details, "summary": summary, "made": made}


def _negative(value: str) -> str:
    return value[1:] if value.startswith("-") else value if not value.strip("0.") else f"-{value}"
