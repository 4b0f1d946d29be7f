"""The provider's staff over requests of all companies: what failed, what is refused, what was switched by hand."""

import pytest
import sqlalchemy as sa

from app import models as m
from app.extensions import db
from tests import makers
from tests.makers import _token


@pytest.fixture
def office(app, house):
    user = makers.user(house.session, "back_office")
    house.session.commit()
    return signed_in(app, user)


def signed_in(app, user):
    client = makers.sign_in(app.test_client(), user)
    db.session.rollback()  # a request of the test shares its session: on PostgreSQL its scope must end
    return client


def post(client, path, **data):
    page = client.get("/office/requests/list/").get_data(as_text=True)
    answer = client.post(path, data={"csrf_token": _token(page), **data})
    db.session.rollback()
    return answer


def child(house, batch):
    return house.session.scalars(sa.select(m.Request).where(m.Request.parent_id == batch.id)).first()


def test_requests_of_all_companies_are_listed_with_what_can_be_done(office, house):
    house.operator(is_down=True)
    batch = house.run(house.ask(house.list_of(house.numbers(0))))
    page = office.get("/office/requests/list/").get_data(as_text=True)
    assert house.subscribers[0].number in page and house.company.name in page
    page = office.get(f"/office/requests/show/{child(house, batch).id}").get_data(as_text=True)
    assert "Try again" in page and "Refuse the request" in page


def test_a_failed_request_is_tried_again(office, house):
    house.operator(is_down=True)
    batch = house.run(house.ask(house.list_of(house.numbers(0))))
    assert house.states(batch) == ["failed"]
    house.operator()
    post(office, f"/office/request/{child(house, batch).id}/again")
    house.session.expire_all()
    assert house.states(batch) == ["queued"]
    house.run(batch)
    assert house.states(batch) == ["done"]


def test_several_failed_requests_are_tried_again_at_once(office, house):
    house.operator(is_down=True)
    batch = house.run(house.ask(house.list_of(house.numbers(0, 1))))
    ids = list(house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id)))
    post(office, "/office/requests/action_post", action="again", rowid=ids)
    house.session.expire_all()
    assert house.states(batch) == ["queued", "queued"]


def test_a_refusal_by_hand_is_what_the_customer_reads(office, house):
    batch = house.ask(house.list_of(house.numbers(0)))
    house.session.commit()
    post(office, f"/office/request/{child(house, batch).id}/refuse", reason="")
    assert house.states(batch) == ["queued"]
    post(office, f"/office/request/{child(house, batch).id}/refuse", reason="Немає покриття")
    house.session.expire_all()
    assert house.states(batch) == ["rejected"] and child(house, batch).reason == "Немає покриття"
    assert batch.state == "rejected"


def test_what_was_switched_by_hand_is_marked_as_done_and_written(office, house):
    house.seller.operator = "by_hand"
    batch = house.switch(house.numbers(0))
    post(office, f"/office/request/{child(house, batch).id}/done")
    house.session.expire_all()
    assert house.states(batch) == ["done"] and batch.state == "done"
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 1


def test_people_who_only_read_change_nothing(app, house):
    batch = house.ask(house.list_of(house.numbers(0)))
    reader = makers.user(house.session, "support")
    house.session.commit()
    client = signed_in(app, reader)
    id_ = child(house, batch).id
    assert "Refuse the request" not in client.get(f"/office/requests/show/{id_}").get_data(as_text=True)
    for what in ("again", "done", "refuse"):
        assert post(client, f"/office/request/{id_}/{what}", reason="x").status_code == 403
