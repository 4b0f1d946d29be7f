"""A job done under its person's rights, once, with its end written down whatever happens."""

import os

import pytest
import sqlalchemy as sa

from app.access import tenancy
from app.core.errors import Refused
from app.models import Company, Job, Outbox, Ticket
from app.rules.lifecycle import JobState, OutboxState
from app.services import work
from app.services.work import JobName, Topic
from app.views.security import actor_of
from jobs import context, lease
from tests import makers


def state_of(session, job_id):
    """The job as it is in the database now; no transaction stays open, since jobs work in sessions of their own."""
    return read(session, Job, job_id)


def read(session, model, row_id):
    session.remove()
    row = session.get(model, row_id)
    session.expunge(row)
    session.rollback()
    return row


def test_every_job_and_every_topic_has_its_handler():
    assert set(context.handlers()) == set(JobName)
    assert set(context.effects()) == set(Topic)


def test_three_bells_do_a_job_once(session, handle, order):
    calls = []
    handle(lambda one: calls.append(one.job_id) or {"figures": {"rows": 1}})
    job_id = order()
    for _ in range(3):
        context.perform("job", [job_id])
    job = state_of(session, job_id)
    assert (calls, job.state, job.result) == ([job_id], JobState.DONE, {"figures": {"rows": 1}})


def test_what_a_step_kept_stays_and_the_rest_is_rolled_back(session, handle, order):
    def work_half(one):
        one.session.add(makers.company(one.session))
        one.progress(1, 2)
        makers.company(one.session)
        raise Refused("No more.")

    handle(work_half)
    job_id = order()
    context.perform("job", [job_id])
    job = state_of(session, job_id)
    assert (job.state, job.message, job.done, job.total) == (JobState.FAILED, "No more.", 1, 2)
    assert session.scalar(sa.select(sa.func.count()).select_from(Company)) == 1


def test_a_job_asked_to_stop_ends_at_its_next_step(session, handle, order):
    def long_work(one):
        one.progress(1, 100)
        work.ask_cancel(one.session, one.actor, one.job_id)
        one.progress(2, 100)
        raise AssertionError("it went on")

    handle(long_work)
    job_id = order()
    context.perform("job", [job_id])
    job = state_of(session, job_id)
    assert (job.state, job.done) == (JobState.CANCELLED, 2)


def test_an_unforeseen_error_is_tried_again_then_a_person_is_told(session, handle, order):
    calls = []

    def broken(one):
        calls.append(1)
        raise ZeroDivisionError

    handle(broken)
    job_id = order()
    context.perform("job", [job_id])
    assert state_of(session, job_id).state == JobState.QUEUED
    for _ in range(5):
        context.perform("job", [job_id])
    job = state_of(session, job_id)
    assert (len(calls), job.state) == (work.ERROR_LIMIT, JobState.FAILED)
    assert "Something went wrong" in job.message


def test_a_job_started_again_remembers_what_it_has_made(session, handle, order):
    made = []

    def make_one_document(one):
        if not one.remembered().get("document_id"):
            made.append(1)
            one.remember(document_id=7)
        if len(made) == 1 and one.session.get_one(Job, one.job_id).attempts == 1:
            raise ZeroDivisionError
        return {"document_id": one.remembered()["document_id"]}

    handle(make_one_document)
    job_id = order()
    context.perform("job", [job_id])
    context.perform("job", [job_id])
    assert (made, state_of(session, job_id).result) == ([1], {"document_id": 7})


def test_a_job_has_the_rights_and_the_sight_of_its_person_now(session, handle, order):
    seen = {}

    def look(one):
        seen["rights"] = one.actor.rights
        seen["subjects"] = one.session.scalars(sa.select(Ticket.subject)).all()

    handle(look)
    mine, other = makers.company(session), makers.company(session)
    for company in (mine, other):
        session.add(Ticket(company_id=company.id, subject=f"of {company.id}"))
    owner = makers.user(session, "owner", mine)
    session.flush()
    expected, mine_id = actor_of(owner), mine.id
    job_id = order(expected)
    context.perform("job", [job_id])
    assert state_of(session, job_id).state == JobState.DONE
    assert seen == {"rights": expected.rights, "subjects": [f"of {mine_id}"]}
    assert tenancy.scope() == tenancy.EVERYONE


def test_a_person_who_was_switched_off_gets_nothing_done(session, handle, order):
    handle(lambda one: pytest.fail("it was done"))
    who = makers.user(session, "back_office")
    session.flush()
    job_id = order(actor_of(who))
    session.get(type(who), session.get(Job, job_id).user_id).active = False
    session.commit()
    context.perform("job", [job_id])
    job = state_of(session, job_id)
    assert job.state == JobState.FAILED
    assert "may no longer sign in" in job.message


def test_a_file_is_whole_or_not_there(session, handle, order):
    paths = {}

    def write(one):
        paths["target"] = one.result_path("x.csv")
        with one.kept_file("x.csv") as part:
            part.write_text("half")
            assert not paths["target"].exists()
            if one.params.get("break"):
                raise Refused("broken off")

    handle(write)
    context.perform("job", [order(**{"break": True})])
    assert list(paths["target"].parent.iterdir()) == []
    context.perform("job", [order()])
    assert paths["target"].read_text() == "half"


def held_elsewhere(engine, folder, row_id):
    """Hold a lease in another process; returns its pid and a function that lets it go (by ending the process)."""
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        engine.dispose(close=False)
        with lease.held(engine, folder, lease.JOB, row_id) as mine:
            os.write(tell, b"1" if mine else b"0")
            import time

            time.sleep(60)
        os._exit(0)
    assert os.read(ready, 1) == b"1"

    def let_go():
        os.kill(child, 9)
        os.waitpid(child, 0)

    return let_go


@pytest.mark.parametrize("base", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_job_in_another_processs_hands_is_left_alone_until_that_process_dies(
    session, app, handle, order, data_dir, base
):
    calls = []
    handle(lambda one: calls.append(1))
    job_id = order()
    engine = session.get_bind()
    let_go = held_elsewhere(engine, data_dir, job_id)
    context.perform("job", [job_id])
    assert calls == []
    let_go()
    for _ in range(100):
        context.perform("job", [job_id])
        if calls:
            break
        __import__("time").sleep(0.05)
    assert calls == [1]


def wish(session, monkeypatch, make, given_up=None):
    context.effects()
    monkeypatch.setitem(context._effects, Topic.RENDER_DOCUMENT, context.Effect(make, given_up))
    row_id = work.put_outbox(session, Topic.RENDER_DOCUMENT, {"document_id": 1, "format": "pdf"}, "render:1")
    session.commit()
    return row_id


def test_an_effect_is_made_once_however_often_it_is_rung(session, handle, monkeypatch):
    calls = []
    row_id = wish(session, monkeypatch, lambda *_: calls.append(1))
    for _ in range(3):
        context.perform("outbox", [row_id])
    assert (len(calls), read(session, Outbox, row_id).state) == (1, OutboxState.DONE)


def test_an_effect_that_fails_is_put_off_and_one_that_is_refused_is_parked(session, handle, monkeypatch):
    errors, given_up = [ZeroDivisionError("secret /path"), Refused("The document was cancelled.")], []

    def make(*_):
        raise errors.pop(0)

    row_id = wish(session, monkeypatch, make, lambda _, payload: given_up.append(payload["document_id"]))
    context.perform("outbox", [row_id])
    row = read(session, Outbox, row_id)
    assert (row.state, row.attempts, "secret" in row.error) == (OutboxState.PENDING, 1, False)
    context.perform("outbox", [row_id])
    row = read(session, Outbox, row_id)
    assert (row.state, row.error, given_up) == (OutboxState.PARKED, "The document was cancelled.", [1])
