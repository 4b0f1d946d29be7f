"""Rings the queue for whatever the database calls pending; any number of copies may run, anywhere."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from itertools import groupby

from flask import Flask
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.extensions import db, only_reading
from app.models import Job
from app.rules.lifecycle import JobState
from app.services import finding, work
from config import Settings
from jobs import lease, schedule
from jobs.context import enqueue
from jobs.queue import connect, the_queue

log = logging.getLogger("kabinet.relay")

LOOK_EVERY = 0.3  # seconds
SCHEDULE_EVERY = 10.0
RINGS_AT_MOST = 200  # waiting bells: more would only repeat what already rings
CHUNK = 25  # outbox rows a bell carries: a bell costs a fork


def ring_pending(session: Session, queue: Queue, settings: Settings) -> int:
    """Ring for jobs and effects that wait and were not rung lately; how many rows were rung for."""
    with tenancy.seeing(tenancy.EVERYONE, session):
        if not _look(session) or queue.count >= RINGS_AT_MOST:
            return 0
        jobs = [row for row in work.pending_jobs(session) if not _is_being_done(session, settings, row)]
        wishes = work.pending_outbox(session)
        for job in jobs:
            job.rung_at = clock.now()
            enqueue(queue, "job", [job.id])
        for wish in wishes:
            wish.rung_at = clock.now()
        for _, group in groupby(wishes, key=lambda row: row.topic):
            for ids in _chunks([row.id for row in group]):
                enqueue(queue, "outbox", ids)
        session.commit()
        return len(jobs) + len(wishes)


def keep_found(session: Session) -> int:
    """Let the search of names and numbers know rows that came or changed, some thousand at a time."""
    with tenancy.seeing(tenancy.EVERYONE, session):
        if not _look(session, finding.is_anything_stale):
            return 0
        settled = finding.catch_up(session)
        session.commit()
        return settled


def _look(session: Session, is_waiting: Callable[[Session], bool] = work.is_anything_pending) -> bool:
    """Whether anything waits, without taking SQLite's write lock."""
    token = only_reading.set(True)
    try:
        return is_waiting(session)
    finally:
        session.rollback()
        only_reading.reset(token)


def _is_being_done(session: Session, settings: Settings, row: Job) -> bool:
    if row.state != JobState.RUNNING:
        return False
    with lease.held(session.get_bind(), settings.data_dir, lease.JOB, row.id) as free:  # type: ignore[arg-type]
        return free is None


def _chunks(ids: Sequence[int]) -> list[list[int]]:
    return [list(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK)]


def run(app: Flask, should_stop: Callable[[], bool]) -> None:
    """Ring and keep the schedule until told to stop; outlives losses of Redis and of the database."""
    settings: Settings = app.config["KABINET"]
    queue = the_queue(connect(settings))
    next_schedule = 0.0
    with app.app_context():
        while not should_stop():
            try:
                if time.monotonic() >= next_schedule:
                    schedule.order_due(db.session())
                    next_schedule = time.monotonic() + SCHEDULE_EVERY
                ring_pending(db.session(), queue, settings)
                keep_found(db.session())
            except (RedisError, SQLAlchemyError) as error:
                log.warning("relay waits: %s", type(error).__name__)
                time.sleep(0.5)
            finally:
                db.session.remove()
            time.sleep(LOOK_EVERY)


def main(app: Flask) -> None:
    """The relay as a process: until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    run(app, stop.is_set)


__all__ = ["main", "ring_pending", "run"]
