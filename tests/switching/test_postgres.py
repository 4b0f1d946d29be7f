"""The same on PostgreSQL, where two administrators, two workers and a company's own role really meet."""

import threading

import pytest
import sqlalchemy as sa

from app import models as m
from app.access import tenancy
from app.core import clock
from app.extensions import db
from app.services import switching
from app.services.switching import operating
from tests.switching.conftest import SYSTEM

pytestmark = pytest.mark.postgres


def at_once(app, *calls):
    """Run the calls in threads that all start together, each in a session and a moment of its own."""
    gate, moment, errors = threading.Barrier(len(calls)), clock.now(), []

    def work(call):
        try:
            with app.app_context(), clock.standing_at(moment), tenancy.seeing(tenancy.EVERYONE):
                gate.wait()
                call(db.session())
                db.session.commit()
                db.session.remove()
        except Exception as error:  # noqa: BLE001  # told to the test below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors, [str(error) for error in errors]


def test_of_two_lists_asked_for_at_once_each_option_gets_one_request(app, house):
    lists = [house.list_of(house.numbers(0, 1, 2, 3)) for _ in range(2)]
    for one in lists:
        switching.confirm(house.session, house.actor, one.id)
    house.session.commit()
    ids = [one.id for one in lists]
    at_once(app, *[lambda session, id_=id_: switching.ask_step(session, SYSTEM, id_) for id_ in ids])
    house.session.expire_all()
    assert sum(len(house.states(one)) for one in lists) == 4
    verdicts = sorted(verdict for one in lists for verdict in house.verdicts(one))
    assert verdicts == ["ok"] * 4 + ["open_request"] * 4
    for one in lists:
        house.run(one)
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 4
    assert sorted(one.state for one in lists) == ["cancelled", "done"]


def test_two_workers_that_end_the_last_requests_at_once_end_the_list(app, house):
    batch = house.ask(house.list_of(house.numbers(0, 1, 2, 3)))
    ids = list(house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id)))
    operating.claim(house.session, ids)
    house.session.commit()
    at_once(app, *[lambda session, some=some: operating.complete(session, some) for some in (ids[:2], ids[2:])])
    house.session.expire_all()
    assert house.states(batch) == ["done"] * 4 and batch.state == "done"


def test_cancelling_and_sending_at_once_leave_each_request_in_one_state(app, house):
    batch = house.ask(house.list_of(house.numbers(0, 1, 2, 3)))
    ids = list(house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id)))
    house.session.commit()
    claimed = []
    at_once(
        app,
        lambda session: claimed.extend(operating.claim(session, ids)),
        lambda session: switching.cancel_waiting(session, SYSTEM, batch.id),
    )
    house.session.expire_all()
    states = house.states(batch)
    assert states.count("sent") == len(claimed) and states.count("cancelled") == 4 - len(claimed)


def test_an_administrator_behind_row_level_security_previews_asks_and_undoes(app, house):
    company, numbers = house.company.id, house.numbers(0, 1)
    with tenancy.seeing(company, house.session):
        batch = house.list_of(numbers)
        assert house.verdicts(batch) == ["ok", "ok"]
        house.ask(batch)
        house.session.commit()
    house.run(batch)
    assert house.states(batch) == ["done", "done"]
    with tenancy.seeing(company, house.session):
        assert switching.undo_batch(house.session, house.actor, batch.id).countered == 2
        house.session.commit()
    with tenancy.seeing(company + 1, house.session):
        assert house.session.scalar(sa.select(sa.func.count()).select_from(m.RequestLine)) == 0
