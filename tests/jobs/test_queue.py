"""The doorbell on a real Redis: it runs one function only, rings what is pending, and may lose all its bells."""

import datetime as dt
import os
import time

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.core import clock
from app.extensions import db
from app.models import Job, Outbox
from app.rules.lifecycle import JobState, OutboxState
from app.services import work
from app.services.work import Topic
from jobs import context, relay, schedule
from jobs.queue import QUEUE, Bell, connect, the_queue
from jobs.worker import BellWorker, alive

pytestmark = pytest.mark.redis


@pytest.fixture
def settings(app):
    return app.config["KABINET"]


@pytest.fixture
def queue(settings):
    return the_queue(connect(settings))


def answer_bells(queue):
    db.session.remove()
    db.engine.dispose()  # as worker.main does: no connection is shared with the children
    BellWorker([queue], connection=queue.connection, serializer=JSONSerializer, job_class=Bell).work(
        burst=True, logging_level="CRITICAL"
    )


def later(seconds=4):
    return clock.standing_at(clock.now() + dt.timedelta(seconds=seconds))


def test_a_bell_rung_is_a_job_done(session, handle, order, queue, settings):
    handle(lambda one: {"figures": {"rows": os.getpid()}})
    job_id = order()
    assert relay.ring_pending(session, queue, settings) == 1
    answer_bells(queue)
    session.remove()
    job = session.get(Job, job_id)
    assert job.state == JobState.DONE
    assert job.result["figures"]["rows"] != os.getpid()  # in a child of the worker
    assert relay.ring_pending(session, queue, settings) == 0


def test_two_relays_ring_once_and_again_only_when_nobody_answers(session, handle, order, queue, settings):
    handle(lambda one: None)
    order()
    assert [relay.ring_pending(session, queue, settings) for _ in range(3)] == [1, 0, 0]
    with later():
        assert relay.ring_pending(session, queue, settings) == 1


def test_what_redis_lost_is_rung_again(session, handle, order, queue, settings):
    handle(lambda one: {})
    job_id = order()
    relay.ring_pending(session, queue, settings)
    queue.connection.flushall()
    answer_bells(queue)
    assert session.get(Job, job_id).state == JobState.QUEUED
    with later():
        relay.ring_pending(session, queue, settings)
    answer_bells(queue)
    session.remove()
    assert session.get(Job, job_id).state == JobState.DONE


def test_bells_do_not_pile_up_while_nobody_answers(session, handle, order, queue, settings):
    order()
    for minute in range(400):
        with later(4 * (minute + 1)):
            relay.ring_pending(session, queue, settings)
    assert queue.count <= relay.RINGS_AT_MOST


def test_many_effects_share_a_bell(session, handle, queue, settings, monkeypatch):
    monkeypatch.setitem(context._effects, Topic.RENDER_DOCUMENT, context.Effect(lambda *_: None))
    wishes = [({"document_id": n, "format": "pdf"}, f"render:{n}", None) for n in range(60)]
    work.put_outbox_many(session, Topic.RENDER_DOCUMENT, wishes)
    session.commit()
    assert relay.ring_pending(session, queue, settings) == 60
    assert queue.count == 3
    answer_bells(queue)
    session.remove()
    assert session.query(Outbox).filter_by(state=OutboxState.DONE.value).count() == 60


def test_whoever_writes_into_redis_still_runs_no_code_here(session, handle, queue, tmp_path):
    mark = tmp_path / "owned"
    foreign = Queue(QUEUE, connection=queue.connection, serializer=JSONSerializer)
    foreign.enqueue("os.system", f"touch {mark}")
    foreign.enqueue("jobs.context.perform", "job", [1], on_success="os.abort", on_failure="os.abort")
    answer_bells(queue)
    assert not mark.exists()
    assert queue.count == 0


def test_the_schedule_asked_twice_orders_once_and_catches_up(session, settings):
    noon = dt.datetime(2026, 11, 12, 12, tzinfo=dt.UTC)
    with clock.standing_at(noon):
        for _ in range(3):
            schedule.order_due(session)
    assert session.query(Job).count() == len(schedule.DAILY)
    with clock.standing_at(noon + dt.timedelta(days=3)):
        schedule.order_due(session)
    assert session.query(Job).count() == 2 * len(schedule.DAILY)


def test_a_failed_nightly_check_is_not_ordered_again_the_same_day(session, settings):
    schedule.order_due(session)
    for job in session.query(Job):
        work.begin(session, job)
        work.fail(session, job, "The books do not agree.")
    session.commit()
    schedule.order_due(session)
    assert {job.state for job in session.query(Job)} == {JobState.FAILED.value}


def wait_for(condition, seconds=30.0):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_worker_and_a_relay_as_processes_do_what_is_ordered(session, order, settings, processes):
    job_id = order()
    processes.start("relay")
    worker = processes.start("worker")

    def is_done():
        state = session.get(Job, job_id).state
        session.remove()  # nothing stays open: the worker writes too
        return state == JobState.DONE

    assert wait_for(is_done)
    assert alive(Redis.from_url(settings.redis_url)) == 1
    worker.terminate()
    assert worker.wait(10) == 0
    assert alive(Redis.from_url(settings.redis_url)) == 0
