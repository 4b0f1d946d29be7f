"""Background work as rows: asked for once, seen by its own people, stopped, set aside, rung for."""

import datetime as dt

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.models import Job, Outbox, User
from app.rules.lifecycle import JobState, OutboxState
from app.services import work
from app.services.work import JobName, Topic

SYSTEM = Actor.system()


def person(session, name, company_id=None):
    user = User(username=name, first_name=name, last_name="", email=f"{name}@example.test", active=True)
    user.company_id = company_id
    session.add(user)
    session.flush()
    return user


def actor(user, *rights):
    return Actor(user.id, user.username, user.company_id, user.company_id is None, frozenset(rights))


def test_the_same_work_is_asked_for_once(session):
    first = work.order_job(session, SYSTEM, JobName.AUDIT, key="audit:today")
    second = work.order_job(session, SYSTEM, JobName.AUDIT, key="audit:today")
    assert first.id == second.id
    assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


def test_failed_work_is_asked_for_again_under_the_same_key(session):
    job = work.order_job(session, SYSTEM, JobName.AUDIT, key="audit:today")
    work.begin(session, job)
    work.fail(session, job, "The disk is full.")
    again = work.order_job(session, SYSTEM, JobName.AUDIT, key="audit:today")
    assert (again.id, again.state, again.message) == (job.id, JobState.QUEUED, "")


def test_without_a_key_each_wish_is_a_job(session):
    ids = {work.order_job(session, SYSTEM, JobName.AUDIT).id for _ in range(3)}
    assert len(ids) == 3


def test_an_effect_is_wished_for_once(session):
    assert work.put_outbox(session, Topic.RENDER_DOCUMENT, {"document_id": 1, "format": "pdf"}, "render:1:pdf")
    assert work.put_outbox(session, Topic.RENDER_DOCUMENT, {"document_id": 1, "format": "pdf"}, "render:1:pdf") is None
    work.put_outbox_many(
        session, Topic.RENDER_DOCUMENT, [({"document_id": n}, f"render:{n}:pdf", None) for n in (1, 2)]
    )
    assert session.scalar(sa.select(sa.func.count()).select_from(Outbox)) == 2


def test_an_unknown_topic_is_refused(session):
    with pytest.raises(ValueError, match="not a valid Topic"):
        work.put_outbox(session, "format_disk", {}, "x")


def test_a_person_sees_own_jobs_and_staff_with_the_right_see_all(session):
    olga, petro = person(session, "olga"), person(session, "petro")
    job = work.order_job(session, actor(olga), JobName.EXPORT_REGISTER, {"register": "invoices"})
    assert work.job_for(session, actor(olga), job.id) is job
    assert work.job_for(session, actor(petro, "jobs.read"), job.id) is job
    assert work.jobs_of(session, actor(petro)) == []
    with pytest.raises(NotFound):
        work.job_for(session, actor(petro), job.id)


def test_a_strangers_job_and_a_missing_one_are_not_told_apart(session):
    olga = person(session, "olga")
    job = work.order_job(session, actor(olga), JobName.AUDIT)
    stranger = Actor(999, "stranger", 77, False, frozenset({"cabinet_users.write", "jobs.read"}))
    for job_id in (job.id, job.id + 1000):
        with pytest.raises(NotFound):
            work.job_for(session, stranger, job_id)


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(session):
    waiting, running = work.order_job(session, SYSTEM, JobName.AUDIT), work.order_job(session, SYSTEM, JobName.AUDIT)
    work.begin(session, running)
    assert work.ask_cancel(session, SYSTEM, waiting.id).state == JobState.CANCELLED
    assert work.ask_cancel(session, SYSTEM, running.id).state == JobState.RUNNING
    assert work.is_cancel_asked(session, running.id)
    assert work.begin(session, running) is False
    assert running.state == JobState.CANCELLED
    with pytest.raises(Refused, match="already ended"):
        work.ask_cancel(session, SYSTEM, running.id)


def test_an_ended_job_cannot_be_begun_again(session):
    job = work.order_job(session, SYSTEM, JobName.AUDIT)
    work.begin(session, job)
    work.finish(session, job, {"checked": 3})
    assert work.begin(session, job) is False
    with pytest.raises(Refused):
        work.ask_again(session, SYSTEM, job.id)


def test_a_job_that_always_dies_is_set_aside(session):
    job = work.order_job(session, SYSTEM, JobName.AUDIT)
    starts = 0
    while work.begin(session, job):
        starts += 1
    assert (starts, job.state) == (work.DEATH_LIMIT, JobState.FAILED)
    assert work.ask_again(session, SYSTEM, job.id).state == JobState.QUEUED
    assert work.begin(session, job)


def test_progress_clears_the_count_of_deaths(session):
    job = work.order_job(session, SYSTEM, JobName.AUDIT)
    for step in range(3 * work.DEATH_LIMIT):
        assert work.begin(session, job)
        work.report(session, job, step + 1, 100)
    assert job.state == JobState.RUNNING


def test_the_relay_rings_for_what_is_pending_and_not_again_for_three_seconds(session):
    job = work.order_job(session, SYSTEM, JobName.AUDIT)
    assert work.is_anything_pending(session)
    assert [found.id for found in work.pending_jobs(session)] == [job.id]
    job.rung_at = clock.now()
    session.flush()
    assert not work.is_anything_pending(session)
    with clock.standing_at(clock.now() + dt.timedelta(seconds=4)):
        assert [found.id for found in work.pending_jobs(session)] == [job.id]


def test_an_effect_is_tried_later_and_later_then_parked(session):
    work.put_outbox(session, Topic.SEND_DELIVERY, {"delivery_id": 1}, "mail:1")
    wish = work.pending_outbox(session)[0]
    pauses = []
    while wish.state == OutboxState.PENDING:
        work.try_later(session, wish, "The mail server is down.")
        pauses.append(wish.due_at)
    assert len(pauses) == work.OUTBOX_LIMIT
    assert wish.state == OutboxState.PARKED
    assert not work.pending_outbox(session)


def test_a_hopeless_effect_is_parked_at_once(session):
    work.put_outbox(session, Topic.SEND_DELIVERY, {"delivery_id": 1}, "mail:1")
    wish = work.pending_outbox(session)[0]
    work.try_later(session, wish, "No such mailbox.", permanent=True)
    assert wish.state == OutboxState.PARKED
