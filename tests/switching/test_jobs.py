"""A list from «Ask for it» to the end by bells alone, and a worker that is killed with orders in its hands."""

import datetime as dt
import os
import signal
import time

import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.extensions import db
from app.provisioning.simulated import SimulatedOperator
from app.services import switching
from jobs import context


@pytest.fixture
def bells(app, house, monkeypatch):
    """Answer whatever waits, as relay and worker do, until nothing is due; how many bells there were."""
    monkeypatch.setattr(context, "_app", app)

    def answer(limit=50):
        rung = 0
        for _ in range(limit):
            house.session.expire_all()
            jobs = list(house.session.scalars(sa.select(m.Job.id).where(m.Job.state.in_(["queued", "running"]))))
            due = sa.select(m.Outbox.id).where(m.Outbox.state == "pending", m.Outbox.due_at <= clock.now())
            wishes = list(house.session.scalars(due))
            house.session.commit()
            house.session.remove()
            if not jobs and not wishes:
                return rung
            rung += len(jobs) + len(wishes)
            context.perform("job", jobs)
            context.perform("outbox", wishes)
        raise AssertionError("it never ends")

    return answer


def states(house, batch_id):
    query = sa.select(m.Request.state).where(m.Request.parent_id == batch_id).order_by(m.Request.id)
    found = list(house.session.scalars(query))
    house.session.commit()
    return found


@pytest.mark.covers("A1-16")
def test_a_list_goes_from_asking_to_done_by_itself(house, bells):
    batch = house.list_of(house.numbers(0, 1, 2))
    batch_id = batch.id
    switching.confirm(house.session, house.actor, batch_id, "/my/options/1")
    house.session.commit()
    assert bells() >= 3
    assert states(house, batch_id) == ["done"] * 3
    assert house.session.get_one(m.Request, batch_id).state == "done"
    job = house.session.scalars(sa.select(m.Job)).one()
    assert job.result["figures"] == {"lines": 3, "requests": 3}


def test_a_job_that_is_stopped_cancels_what_is_not_sent(house, bells):
    batch = house.list_of(house.numbers(0, 1))
    batch_id = batch.id
    switching.confirm(house.session, house.actor, batch_id)
    job = house.session.scalars(sa.select(m.Job)).one()
    job.cancel_asked, job.state = True, "running"
    house.session.commit()
    bells()
    assert set(states(house, batch_id)) <= {"cancelled"}


def test_a_worker_killed_with_orders_in_its_hands_leaves_a_list_that_finishes_exactly_once(
    app, house, bells, monkeypatch
):
    batch_id = house.ask(house.list_of(house.numbers(0, 1, 2, 3))).id
    [wish] = house.session.scalars(sa.select(m.Outbox.id).where(m.Outbox.topic == "send_orders"))
    house.session.commit()
    house.session.remove()
    pid = os.fork()
    if pid == 0:  # the worker: dies in the middle of its third order
        try:
            with app.app_context():
                db.engine.dispose(close=False)  # a worker has connections of its own: the parent's live on
            taken = SimulatedOperator.send

            def send(self, order):
                reference = taken(self, order)
                if len(self.orders()) == 3:
                    os.kill(os.getpid(), signal.SIGKILL)
                return reference

            monkeypatch.setattr(SimulatedOperator, "send", send)
            context.perform("outbox", [wish])
        finally:
            os._exit(0)
    for _ in range(600):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.05)
    assert os.WIFSIGNALED(status)
    assert states(house, batch_id) == ["sent"] * 4
    assert len(SimulatedOperator({}, house.folder).orders()) == 3
    with clock.standing_at(clock.now() + dt.timedelta(seconds=30)):
        bells()
    assert states(house, batch_id) == ["done"] * 4
    assert [one["times"] for one in SimulatedOperator({}, house.folder).orders()] == [2, 2, 2, 1]
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 4
