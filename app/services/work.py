"""Background work as rows: who asked for what, how far it is, what came of it. The queue only rings (law 7).

`order_job` and `put_outbox` write in the caller's transaction, so the wish and its cause are kept or lost together;
`jobs.relay` rings for whatever is pending. Parameters a job takes (all plain JSON, months as "2026-03"):

| job | params |
|---|---|
| billing_run | run_id |
| render_documents | document_ids, or seller_id and month; formats (default pdf) |
| month_zip | seller_id, month, formats (default pdf) |
| import_apply | batch_id, path (below DATA_DIR) |
| export_register | register, month, seller_id, format, separator, bom |
| reconciliation | company_id, start, last (a day that is in it), account_id, format |
| charge_report | account_id, month, format |
| send_mail | document_ids, or seller_id and month; addresses, formats |
| send_invoice | document_id; of a repeat also addresses, format (of accounts), extent |
| form_invoice | account_id, month, format |
| running_charges | account_id, addresses, format (of accounts) |
| count_charges | account_id |
| look_options | batch_id, turn |
| switch_options, undo_options | batch_id |
| rate_usage | tariff_id |
| retry_suspended | none |
| seal_month | seller_id, month |
| detail_report | account_id, month, extent (records, classes) |
| renewals | seller_id |
| notices, top_up, audit, housekeeping, expire_orders | none |

Each may also have `page`: the path of the page it was ordered from, where its end leads back to.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Job, Outbox
from app.rules.lifecycle import JobState, OutboxState, move

RING_AGAIN = dt.timedelta(seconds=3)  # a bell nobody answered is rung again after this
ERROR_LIMIT = 3  # errors in a row before a person must look
DEATH_LIMIT = 12  # starts in a row that ended without a word (killed, out of memory)
OUTBOX_LIMIT = 10
OPEN_STATES = (JobState.QUEUED.value, JobState.RUNNING.value)


class JobName(StrEnum):
    """Every kind of background work; `jobs` has a handler for each (a test resolves them all)."""

    BILLING_RUN = "billing_run"
    RENDER_DOCUMENTS = "render_documents"
    MONTH_ZIP = "month_zip"
    IMPORT_APPLY = "import_apply"
    EXPORT_REGISTER = "export_register"
    RECONCILIATION = "reconciliation"
    CHARGE_REPORT = "charge_report"
    SEND_MAIL = "send_mail"
    RENAME_APPLY = "rename_apply"
    SEND_INVOICE = "send_invoice"
    FORM_INVOICE = "form_invoice"
    RUNNING_CHARGES = "running_charges"
    NOTICES = "notices"
    NEWS = "news"
    INSTALMENTS = "instalments"
    EXPIRE_ORDERS = "expire_orders"
    COUNT_CHARGES = "count_charges"
    LOOK_OPTIONS = "look_options"
    SWITCH_OPTIONS = "switch_options"
    UNDO_OPTIONS = "undo_options"
    RATE_USAGE = "rate_usage"
    RETRY_SUSPENDED = "retry_suspended"
    SEAL_MONTH = "seal_month"
    DETAIL_REPORT = "detail_report"
    PERSONAL_DATA = "personal_data"
    TOP_UP = "top_up"
    AUDIT = "audit"
    HOUSEKEEPING = "housekeeping"
    RENEWALS = "renewals"


class Topic(StrEnum):
    """Every kind of effect an outbox row can wish for."""

    FULFIL_ORDERS = "fulfil_orders"  # account_id: money came, orders wait for it (`services.shop.fulfilling`)
    LOOK_AT_PAYMENT = "look_at_payment"  # attempt_id, turn (`services.paying`)
    CHARGE_METHOD = "charge_method"  # attempt_id: ask its saved method for the money (`services.methods`)
    LOOK_AT_METHOD = "look_at_method"  # method_id, turn: whether it is saved by now
    FORGET_METHOD = "forget_method"  # method_id: it was deleted, its gateway lets go of the card
    SEND_LETTER = "send_letter"  # letter, address, locale, code_id or user_id (`services.letters`)
    RENDER_DOCUMENT = "render_document"  # document_id, format
    SEND_DELIVERY = "send_delivery"  # delivery_id
    SEND_ORDERS = "send_orders"  # request_ids: options to be switched by an operator
    ASK_ORDERS = "ask_orders"  # request_ids, asked: how often already
    MAIL_DOCUMENT = "mail_document"  # document_id: to the addresses its account had when it was formed
    MAIL_FILE = "mail_file"  # path (below DATA_DIR), name, account_id, address, message_id, title
    SEND_NOTICE = "send_notice"  # notice: its key
    PROVISION = "provision"  # order_id: a task for the platform of a subscription (`services.shop.activating`)
    RENEWAL_FAILED = "renewal_failed"  # order_id: its saved method was declined (`services.shop.renewals`)
    ASK_PLATFORM = "ask_platform"  # order_id, asked: how often already


def order_job(
    session: Session,
    actor: Actor,
    name: JobName,
    params: Mapping[str, Any] | None = None,
    title: str = "",
    key: str | None = None,
) -> Job:
    """Ask for background work; with a `key` the same work is asked for once, and again only after it failed."""
    mine = f"{actor.company_id or 0}:{key}" if key else None
    if mine:
        known = session.scalars(sa.select(Job).where(Job.key == mine)).first()
        if known is not None:
            return _again(known) if known.state in (JobState.FAILED, JobState.CANCELLED) else known
    values = {
        "name": JobName(name).value,
        "title": title[:255],
        "user_id": actor.user_id,
        "company_id": actor.company_id,
        "params": dict(params or {}),
        "key": mine,
        "state": JobState.QUEUED.value,
        "created_at": clock.now(),
    }
    made = insert_once(session, Job, values, "key")
    if made is None:  # another transaction asked between the look and the insert
        return session.scalars(sa.select(Job).where(Job.key == mine)).one()
    return session.get_one(Job, made)


def _again(job: Job) -> Job:
    job.state, job.cancel_asked, job.attempts = JobState.QUEUED.value, False, 0
    job.beat_at = clock.now()  # it waits anew
    job.rung_at = job.finished_at = None  # the result stays: it says what is already done
    job.message, job.done, job.total = "", 0, 0
    return job


def is_ordered(session: Session, key: str) -> bool:
    """Whether Kabinet itself has asked for the work of this key, whatever came of it."""
    return session.execute(sa.select(Job.id).where(Job.key == f"0:{key}")).first() is not None


def insert_once(session: Session, model: Any, values: Mapping[str, Any], unique: str) -> int | None:
    """Insert unless a row with the same `unique` column is there; the new id, or None."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(model).values(**values).on_conflict_do_nothing(index_elements=[unique]).returning(model.id)
    return session.execute(statement).scalar()


def put_outbox(
    session: Session,
    topic: Topic | str,
    payload: Mapping[str, Any],
    key: str,
    company_id: int | None = None,
    due_at: dt.datetime | None = None,
) -> int | None:
    """Wish for an effect in this transaction; the same `key` is wished for once. The row's id where it is new."""
    return insert_once(session, Outbox, _wish(topic, payload, key, company_id, due_at), "key")


def put_outbox_many(
    session: Session, topic: Topic | str, wishes: Sequence[tuple[Mapping[str, Any], str, int | None]]
) -> None:
    """`put_outbox` for many (payload, key, company_id) in one statement."""
    if not wishes:
        return
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [_wish(topic, payload, key, company_id, None) for payload, key, company_id in wishes]
    session.execute(insert(Outbox).on_conflict_do_nothing(index_elements=["key"]), rows)


def _wish(
    topic: Topic | str, payload: Mapping[str, Any], key: str, company_id: int | None, due_at: dt.datetime | None
) -> dict[str, Any]:
    seen = tenancy.scope()
    return {
        "topic": Topic(topic).value,
        "payload": dict(payload),
        "key": key,
        "company_id": seen if company_id is None and isinstance(seen, int) else company_id,
        "state": OutboxState.PENDING.value,
        "attempts": 0,
        "error": "",
        "due_at": due_at or clock.now(),
        "created_at": clock.now(),
    }


def job_for(session: Session, actor: Actor, job_id: int) -> Job:
    """The job, where this actor may see it: their own, their company's (who manages its people), or staff's all."""
    job = session.get(Job, job_id)
    if job is None or not _may_see(actor, job):
        raise NotFound()
    return job


def _may_see(actor: Actor, job: Job) -> bool:
    if actor.user_id is not None and job.user_id == actor.user_id:
        return actor.is_staff or job.company_id == actor.company_id
    if actor.is_staff:
        return actor.may(Right.JOBS_READ)
    return job.company_id is not None and job.company_id == actor.company_id and actor.may(Right.CABINET_USERS)


def jobs_of(session: Session, actor: Actor, limit: int = 50) -> Sequence[Job]:
    """The newest jobs this actor may see."""
    query = sa.select(Job).order_by(Job.id.desc()).limit(limit)
    if actor.is_staff and actor.may(Right.JOBS_READ):
        return session.scalars(query).all()
    if not actor.is_staff:
        query = query.where(Job.company_id == actor.company_id)
    if actor.is_staff or not actor.may(Right.CABINET_USERS):
        query = query.where(Job.user_id == actor.user_id)
    return session.scalars(query).all()


def ask_cancel(session: Session, actor: Actor, job_id: int) -> Job:
    """Ask a job to stop at its next step; one that has not begun is cancelled at once."""
    job = job_for(session, actor, job_id)
    if job.state == JobState.QUEUED:
        return _end(job, JobState.CANCELLED, N_("Cancelled before it began."))
    if job.state != JobState.RUNNING:
        raise Refused(N_("It has already ended."))
    job.cancel_asked = True
    return job


def ask_again(session: Session, actor: Actor, job_id: int) -> Job:
    """Put a failed or cancelled job back into the queue; what it has already done is not done twice."""
    job = job_for(session, actor, job_id)
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise Refused(N_("Only a job that failed or was cancelled can be tried again."))
    return _again(job)


def begin(session: Session, job: Job) -> bool:
    """Take a pending job as its worker, who holds the lease; False where there is nothing (more) to do."""
    if job.state not in OPEN_STATES:
        return False
    if job.cancel_asked:
        _end(job, JobState.CANCELLED, N_("Cancelled."))
        return False
    if job.attempts >= DEATH_LIMIT:
        fail(session, job, N_("It was interrupted too often and is set aside. Ask the administrator to look."))
        return False
    job.state = JobState.RUNNING.value
    job.attempts += 1
    job.started_at = job.started_at or clock.now()
    job.beat_at = clock.now()
    return True


def report(session: Session, job: Job, done: int, total: int, message: str = "") -> None:
    """Say how far a job is; anything done since the last word clears the count of interruptions."""
    if done > job.done:
        job.attempts = 1
    job.done, job.total, job.beat_at = done, total, clock.now()
    if message:
        job.message = message[:500]


def is_cancel_asked(session: Session, job_id: int) -> bool:
    """Whether somebody wants the job to stop (asked of the database, not of memory)."""
    return bool(session.execute(sa.select(Job.cancel_asked).where(Job.id == job_id)).scalar())


def finish(session: Session, job: Job, result: Mapping[str, Any] | None, message: str = "") -> Job:
    """The job is done; `result` says what came of it."""
    job.result = dict(result or {})
    if job.total:
        job.done = job.total
    return _end(job, JobState.DONE, message)


def fail(session: Session, job: Job, message: str) -> Job:
    """The job failed, with a sentence for the person who asked."""
    return _end(job, JobState.FAILED, message)


def cancel(session: Session, job: Job, message: str) -> Job:
    """The job stopped because somebody asked."""
    return _end(job, JobState.CANCELLED, message)


def set_back(session: Session, job: Job, wait: dt.timedelta) -> Job:
    """Back into the queue after an interruption; not rung for `wait`."""
    job.state = move(JobState(job.state), JobState.QUEUED).value
    job.rung_at = job.beat_at = clock.now() + wait
    return job


def _end(job: Job, state: JobState, message: str) -> Job:
    job.state = move(JobState(job.state), state).value if job.state != JobState.QUEUED else state.value
    job.message = message[:500]
    job.finished_at = clock.now()
    return job


def pending_jobs(session: Session, limit: int = 100) -> Sequence[Job]:
    """Jobs to ring for: not ended, and not rung lately. Their rows are locked against other relays."""
    query = (
        sa.select(Job)
        .where(Job.state.in_(OPEN_STATES), _not_rung_lately(Job.rung_at))
        .order_by(Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def pending_outbox(session: Session, limit: int = 500) -> Sequence[Outbox]:
    """Effects to ring for: due, not done, not rung lately. Their rows are locked against other relays."""
    query = (
        sa.select(Outbox)
        .where(Outbox.state == OutboxState.PENDING.value, Outbox.due_at <= clock.now())
        .where(_not_rung_lately(Outbox.rung_at))
        .order_by(Outbox.due_at, Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def _not_rung_lately(column: Any) -> Any:
    return sa.or_(column.is_(None), column < clock.now() - RING_AGAIN)


def is_anything_pending(session: Session) -> bool:
    """A look without a lock: whether a relay has anything to do."""
    job = sa.select(Job.id).where(Job.state.in_(OPEN_STATES), _not_rung_lately(Job.rung_at)).limit(1)
    wish = (
        sa.select(Outbox.id)
        .where(Outbox.state == OutboxState.PENDING.value, Outbox.due_at <= clock.now())
        .where(_not_rung_lately(Outbox.rung_at))
        .limit(1)
    )
    return session.execute(job).first() is not None or session.execute(wish).first() is not None


def oldest_waiting(session: Session) -> dt.datetime | None:
    """Since when the oldest job that nobody has begun has been waiting; one that is to begin later does not wait."""
    since = sa.func.coalesce(Job.beat_at, Job.created_at)
    waiting = sa.select(since).where(Job.state == JobState.QUEUED.value, since <= clock.now())
    return session.scalar(waiting.order_by(since).limit(1))


def done_with(session: Session, wish: Outbox) -> None:
    """The effect is there."""
    wish.state, wish.error = OutboxState.DONE.value, ""


def try_later(session: Session, wish: Outbox, error: str, *, permanent: bool = False) -> None:
    """The effect failed: later again, with growing pauses; parked for a person when it is hopeless."""
    wish.attempts += 1
    wish.error = error[:500]
    if permanent or wish.attempts >= OUTBOX_LIMIT:
        wish.state = OutboxState.PARKED.value
        return
    wish.due_at = clock.now() + dt.timedelta(seconds=min(3600, 5 * 2**wish.attempts))
