"""The rounds in which orders go out and answers come back: what jobs and commands call, keeping after each phase."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Outbox, Request
from app.provisioning.registry import open_operator
from app.rules.lifecycle import JobState, OutboxState, RequestState
from app.services import work
from app.services.switching import operating
from app.services.switching.asking import CARRIED, job_of
from app.services.switching.operating import Open
from app.services.work import Topic

SHORT = 0.2  # seconds between two rounds of a command
PATIENCE = 60.0  # seconds a command waits for an operator that is silent

Keep = Callable[[], None]


def send(session: Session, request_ids: Sequence[int], folder: Path, keep: Keep, open_one: Open = open_operator) -> int:
    """Send what of these requests waits; how many went out. `keep` commits."""
    claimed = operating.claim(session, request_ids)
    by = operating.operators(session, (one.seller_id for one in claimed), folder, open_one)
    keep()
    sent = operating.send_orders(claimed, by)
    if sent:
        operating.record_sent(session, sent)
    return sum(bool(one.reference) for one in sent)


def ask(
    session: Session, request_ids: Sequence[int], asked: int, folder: Path, keep: Keep, open_one: Open = open_operator
) -> None:
    """Ask about those that are at the operator, and write what came of them."""
    claimed = operating.waiting_for_answer(session, request_ids)
    by = operating.operators(session, (one.seller_id for one in claimed), folder, open_one)
    keep()
    answers = operating.ask_orders(claimed, by)
    operating.record_answers(session, claimed, answers, asked)


def run_to_end(
    session: Session,
    batch_id: int,
    folder: Path,
    keep: Keep,
    show: Callable[[int, int], None],
    patience: float = PATIENCE,
    open_one: Open = open_operator,
) -> None:
    """Everything of a list that can be done today, here and now, without the queue: sent, asked about and written."""
    silent_since = time.monotonic()
    before: dict[int, str] = {}
    while True:
        now = _due(session, batch_id)
        total = len(now)
        left = {id_: state for id_, state in now.items() if state in ("queued", "failed", "sent")}
        show(total - len(left), total)
        if not left:
            break
        if now != before:
            before, silent_since = now, time.monotonic()
        elif time.monotonic() - silent_since > patience:
            break
        else:
            time.sleep(SHORT)
        for start in range(0, len(left), CARRIED):
            some = sorted(left)[start : start + CARRIED]
            send(session, some, folder, keep, open_one)
            keep()
            ask(session, some, 0, folder, keep, open_one)
            keep()
    _wishes_done(session, batch_id)
    job = job_of(session, session.get_one(Request, batch_id))
    if job is not None and job.state == JobState.QUEUED.value:
        work.finish(session, job, {"batch_id": batch_id})
    keep()


def _due(session: Session, batch_id: int) -> dict[int, str]:
    """The list's requests but those that wait for their day."""
    query = sa.select(Request.id, Request.state).where(
        Request.parent_id == batch_id, Request.state != RequestState.NEW.value
    )
    return {id_: state for id_, state in session.execute(query)}


def _wishes_done(session: Session, batch_id: int) -> None:
    """What the wishes of this list ask for has been done here; those that still have something to do stay."""
    states = _states(session, batch_id)
    topics = (Topic.SEND_ORDERS.value, Topic.ASK_ORDERS.value)
    waiting = sa.select(Outbox).where(Outbox.topic.in_(topics), Outbox.state == OutboxState.PENDING.value)
    ended = ("done", "rejected", "cancelled")
    for wish in session.scalars(waiting):
        if all(states.get(int(one)) in ended for one in wish.payload["request_ids"]):
            wish.state = OutboxState.DONE.value


def _states(session: Session, batch_id: int) -> dict[int, str]:
    query = sa.select(Request.id, Request.state).where(Request.parent_id == batch_id)
    return {id_: state for id_, state in session.execute(query)}
