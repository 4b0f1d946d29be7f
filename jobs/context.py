"""What a handler works with, and `perform`: the only function that a bell may call in a worker."""

import datetime as dt
import importlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask_babel import force_locale
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.orm import Session

from app.access import tenancy
from app.channels.base import ChannelError
from app.core.actor import Actor
from app.core.errors import N_, DomainError, Refused
from app.core.files import written_whole
from app.extensions import db, reading
from app.models import Job, Outbox, User
from app.rules.lifecycle import OutboxState
from app.services import work
from app.services.work import JobName, Topic
from app.views.base import say
from app.views.security import actor_of
from config import Settings
from jobs import lease

log = logging.getLogger("kabinet.jobs")

BELL = "jobs.context.perform"
FAMILIES = (
    "billing",
    "documents",
    "doors",
    "personal",
    "exports",
    "imports",
    "instalments",
    "invoices",
    "mail",
    "notices",
    "paying",
    "platforms",
    "provisioning",
    "rating",
    "renaming",
    "shop",
    "renewals",
    "upkeep",
)
PAUSE = dt.timedelta(seconds=5)

Result = Mapping[str, Any] | None
_handlers: dict[JobName, Callable[["JobContext"], Result]] = {}
_effects: dict[Topic, "Effect"] = {}
_app: Flask | None = None


class Stopped(Exception):
    """Somebody asked the job to stop."""


class LeaseLost(Exception):
    """The database no longer counts this process as the job's worker."""


@dataclass
class JobContext:
    """One job being worked on: who asked, with what parameters, and how to say how far it is."""

    session: Session
    actor: Actor
    job_id: int
    params: Mapping[str, Any]
    settings: Settings
    lease: lease.Lease
    kept_at: float = field(default_factory=time.monotonic)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Keep what is done so far and show how far it is. Stops the handler here where somebody asked for that."""
        work.report(self.session, self.session.get_one(Job, self.job_id), done, total, message)
        self.session.commit()
        self._let_others_write()
        if not self.lease.is_alive():
            raise LeaseLost()
        if self.cancelled():
            raise Stopped()

    def _let_others_write(self) -> None:
        """On SQLite: leave the one write lock long enough for those who wait for it (they look each 0.1 s)."""
        if self.session.get_bind().dialect.name == "sqlite":
            time.sleep(min(0.12, (time.monotonic() - self.kept_at) / 3))
        self.kept_at = time.monotonic()

    def cancelled(self) -> bool:
        """Whether somebody asked the job to stop."""
        return work.is_cancel_asked(self.session, self.job_id)

    def remember(self, **facts: Any) -> None:
        """Keep facts with the job and everything done so far, together: what a killed job must not do twice."""
        row = self.session.get_one(Job, self.job_id)
        row.result = {**(row.result or {}), **facts}
        self.session.commit()

    def remembered(self) -> Mapping[str, Any]:
        """The facts kept by an earlier start of this job."""
        return self.session.get_one(Job, self.job_id).result or {}

    def result_path(self, name: str) -> Path:
        """Where the file `name` of this job's result belongs; write it with `kept_file`."""
        folder = self.settings.data_dir / "results" / str(self.job_id)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / Path(name).name

    @contextmanager
    def kept_file(self, name: str) -> Iterator[Path]:
        """A path to write to; whole under its own name after, or not there at all (temporary name, fsync, rename)."""
        with written_whole(self.result_path(name)) as part:
            yield part

    def keep_file(self, path: Path, name: str) -> dict[str, Any]:
        """Move a finished file to this job's results; the result that leads to it."""
        target = self.result_path(name)
        path.replace(target)
        return {"file": str(target.relative_to(self.settings.data_dir)), "name": target.name}

    def reading(self) -> AbstractContextManager[None]:
        """Only read inside: on SQLite the write lock is left to others, however long it takes."""
        return reading(self.session)


def job(name: JobName) -> Callable[[Callable[[JobContext], Result]], Callable[[JobContext], Result]]:
    """Register the handler of a job. It may be killed anywhere and started again: each effect twice is one effect."""

    def register(handler: Callable[[JobContext], Result]) -> Callable[[JobContext], Result]:
        _handlers[name] = handler
        return handler

    return register


@dataclass(frozen=True)
class Effect:
    """What makes an outbox row's effect, and what is done when a row is parked."""

    make: Callable[[Session, Mapping[str, Any], Settings], None]
    given_up: Callable[[Session, Mapping[str, Any]], None] | None = None


def effect(topic: Topic, given_up: Callable[[Session, Mapping[str, Any]], None] | None = None) -> Callable[[Any], Any]:
    """Register what makes an outbox row's effect; it commits nothing and may be called again."""

    def register(handler: Any) -> Any:
        _effects[topic] = Effect(handler, given_up)
        return handler

    return register


def handlers() -> dict[JobName, Callable[[JobContext], Result]]:
    """Every job's handler."""
    _load_families()
    return _handlers


def effects() -> dict[Topic, Effect]:
    """Every outbox topic's handler."""
    _load_families()
    return _effects


def _load_families() -> None:
    for family in FAMILIES:
        importlib.import_module(f"jobs.{family}")


def use(app: Flask) -> None:
    """Work inside this app (the supervisor's, a test's) instead of one made on the first bell."""
    global _app
    _app = app


def the_app() -> Flask:
    """The app this process works in."""
    if _app is None:
        from app import create_app

        use(create_app())
    assert _app is not None
    return _app


def perform(kind: str, row_ids: list[int]) -> None:
    """Answer a bell: do what the rows ask for, whatever of it is still to be done."""
    app = the_app()
    do = {"job": perform_job, "outbox": perform_wish}[kind]
    with app.app_context():
        for row_id in row_ids:
            try:
                do(db.session(), app.config["KABINET"], int(row_id))
            finally:
                db.session.remove()


def perform_job(session: Session, settings: Settings, job_id: int) -> None:
    """Do one job, if nobody else is at it."""
    with lease.held(session.get_bind(), settings.data_dir, lease.JOB, job_id) as mine:  # type: ignore[arg-type]
        if mine is None:
            return
        with tenancy.seeing(tenancy.EVERYONE, session):
            row = session.get(Job, job_id)
            begun = row is not None and work.begin(session, row)
            session.commit()
            if begun and row is not None:
                _run(session, settings, row, mine)


def _run(session: Session, settings: Settings, row: Job, mine: lease.Lease) -> None:
    job_id, locale = row.id, "en"
    try:
        actor = actor_for(session, row)
        locale = actor.locale
        context = JobContext(session, actor, job_id, dict(row.params), settings, mine)
        name = JobName(row.name)
        with tenancy.seeing(tenancy.scope_of(actor), session):
            result = _handled(name, context)
        _close(session, job_id, lambda one: work.finish(session, one, result))
    except Stopped:
        _close(session, job_id, lambda one: work.cancel(session, one, _words(N_("Stopped as asked."), locale)))
    except DomainError as error:
        text = _sentence(error, locale)
        _close(session, job_id, lambda one: work.fail(session, one, text))
    except (LeaseLost, OperationalError, InterfaceError, PendingRollbackError) as error:
        log.warning("job %s interrupted: %s", job_id, type(error).__name__)
        _close(session, job_id, lambda one: work.set_back(session, one, PAUSE))
    except Exception:
        log.exception("job %s failed", job_id)
        text = _words(N_("Something went wrong inside Kabinet. Try again; if it repeats, tell support."), locale)
        _close(session, job_id, lambda one: _after_error(session, one, text))


def _handled(name: JobName, context: JobContext) -> Result:
    try:
        result = handlers()[name](context)
        context.session.commit()
    except BaseException:
        context.session.rollback()  # before the scope is left: a failed transaction cannot be told anything
        raise
    return result


def _after_error(session: Session, row: Job, text: str) -> None:
    if row.attempts >= work.ERROR_LIMIT:
        work.fail(session, row, text)
    else:
        work.set_back(session, row, PAUSE * row.attempts)


def _close(session: Session, job_id: int, write: Callable[[Job], Any]) -> None:
    session.rollback()
    try:
        with tenancy.seeing(tenancy.EVERYONE, session):
            write(session.get_one(Job, job_id))
            session.commit()
    except DBAPIError as error:  # the row stays as it was, and the relay rings for it again
        log.warning("job %s: could not write its end: %s", job_id, type(error).__name__)
        session.rollback()


def actor_for(session: Session, row: Job) -> Actor:
    """Who asked, with the rights they have now: a person who may no longer sign in has none (T33)."""
    if row.user_id is None:
        return Actor.system()
    with tenancy.seeing(tenancy.EVERYONE, session):
        user = session.get(User, row.user_id)
        if user is None or not user.active or user.company_id != row.company_id:
            raise Refused(N_("The person who asked for this may no longer sign in, so it was not done."))
        return actor_of(user)


def _sentence(error: DomainError, locale: str) -> str:
    with force_locale(locale):
        return say(error)


def _words(text: str, locale: str) -> str:
    return _sentence(DomainError(text), locale)


def perform_wish(session: Session, settings: Settings, row_id: int) -> None:
    """Make one outbox row's effect, if nobody else is at it."""
    with lease.held(session.get_bind(), settings.data_dir, lease.OUTBOX, row_id) as mine:  # type: ignore[arg-type]
        if mine is None:
            return
        with tenancy.seeing(tenancy.EVERYONE, session):
            row = session.get(Outbox, row_id)
            if row is None or row.state != OutboxState.PENDING:
                return
            try:
                effects()[Topic(row.topic)].make(session, row.payload, settings)
                work.done_with(session, row)
                session.commit()
            except (OperationalError, InterfaceError, PendingRollbackError) as error:
                log.warning("outbox %s interrupted: %s", row_id, type(error).__name__)
                session.rollback()
            except Exception as error:
                session.rollback()
                _put_off(session, row_id, error)


def _put_off(session: Session, row_id: int, error: Exception) -> None:
    known = isinstance(error, DomainError | ChannelError)
    if not known:
        log.exception("outbox %s failed", row_id)
    text = str(error) if known else f"{type(error).__name__} (see the log)"
    permanent = isinstance(error, DomainError) or getattr(error, "permanent", False)
    row = session.get_one(Outbox, row_id)
    work.try_later(session, row, text, permanent=permanent)
    given_up = effects()[Topic(row.topic)].given_up
    if row.state == OutboxState.PARKED and given_up is not None:
        given_up(session, row.payload)
    session.commit()


def enqueue(queue: Any, kind: str, row_ids: list[int]) -> None:
    """Ring: a bell carries a kind and ids, never data; a bell that is lost is rung again."""
    queue.enqueue(BELL, kind, row_ids, job_timeout=-1, result_ttl=0, failure_ttl=60, ttl=600)


__all__ = ["BELL", "JobContext", "LeaseLost", "Stopped", "effect", "enqueue", "job", "perform", "use"]
