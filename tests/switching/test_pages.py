"""Services by list as an administrator works with it: steps forth and back, the list, its result, its history."""

import io

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from app import models as m
from app.extensions import db
from app.imports.reading import read_sheet
from app.services import switching
from tests import makers


@pytest.fixture
def client(app, house) -> FlaskClient:
    user = house.session.get_one(m.User, house.actor.user_id)
    signed = makers.sign_in(app.test_client(), user)
    db.session.rollback()  # a request of the test shares its session: on PostgreSQL its scope must end
    return signed


def post(client, path, data=None, **more):
    from tests.makers import _token

    token = _token(client.get("/my/options/new").get_data(as_text=True))
    answer = client.post(path, data={"csrf_token": token, **(data or {})}, **more)
    db.session.rollback()
    return answer


def begun(client, **choice) -> str:
    answer = post(client, "/my/options/new", {"action": "on", "option": "roaming", "day": "2026-11-16", **choice})
    assert answer.status_code == 302, answer.get_data(as_text=True)[:1500]
    return answer.headers["Location"].removesuffix("/who")


@pytest.mark.covers("A1-16", "A1-37")
def test_an_administrator_goes_through_the_steps_and_back_without_losing_anything(client, house):
    page = client.get("/my/options/new").get_data(as_text=True)
    assert "Роумінг Європа" in page and "95.00 UAH a month" in page and "To the menu" in page
    place = begun(client)
    numbers = house.numbers(0, 1) + "\n+380000000000"
    assert post(client, f"{place}/who", {"how": "paste", "text": numbers}).headers["Location"] == place
    page = client.get(place).get_data(as_text=True)
    assert "Ask for 2" in page and "There is no such subscriber in your company" in page
    assert "95.00 UAH" in page and "190.00 UAH" in page and "Back" in page
    assert house.subscribers[1].number in client.get(f"{place}/who").get_data(as_text=True)
    assert 'value="2026-11-16"' in client.get(f"{place}/what").get_data(as_text=True)
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Request)) == 1
    assert post(client, f"{place}/confirm").status_code == 302
    batch = house.session.scalars(sa.select(m.Request)).one()
    while switching.ask_step(house.session, house.actor, batch.id).left:
        pass
    house.session.commit()
    page = client.get(place).get_data(as_text=True)
    assert "2 requests wait for their day" in page and "Not asked for" in page


def test_the_bar_says_how_far_the_list_is(client, house):
    batch = house.ask(house.list_of(house.numbers(0, 1)))
    house.session.commit()
    told = client.get(f"/my/options/{batch.id}/status").get_json()
    assert told["percent"] == 0 and not told["finished"] and "0 of 2" in told["text"]
    house.run(batch)
    assert client.get(f"/my/options/{batch.id}/status").get_json()["finished"]


@pytest.mark.covers("A1-17")
def test_the_history_shows_the_month_and_two_before_it_and_can_be_narrowed(client, house):
    batch = house.switch(house.numbers(0))
    off = house.switch(house.numbers(0), "off")
    old = house.switch(house.numbers(1))
    old.created_at = old.created_at.replace(month=8, day=31)
    house.session.commit()
    page = client.get("/my/options/").get_data(as_text=True)
    assert f"/my/options/{batch.id}" in page and f"/my/options/{old.id}" not in page
    narrowed = client.get("/my/options/?action=off").get_data(as_text=True)
    assert f"/my/options/{off.id}" in narrowed and f'/my/options/{batch.id}"' not in narrowed
    by_number = client.get(f"/my/options/?q={house.subscribers[2].number}").get_data(as_text=True)
    assert "No list has been asked for" in by_number


def test_the_same_file_comes_back_with_what_came_of_each_line(client, house):
    place = begun(client)
    content = f"Хто;Номер\nОфіс;{house.subscribers[0].number}\nНіхто;+380000000000\n".encode()
    file = (io.BytesIO(content), "lines.csv")
    post(client, f"{place}/who", {"how": "file", "file": file}, content_type="multipart/form-data")
    for fmt in ("xlsx", "csv"):
        answer = client.get(f"{place}/result?format={fmt}")
        sheet = read_sheet(answer.get_data())
        rows = [row.values for row in sheet.rows]
        assert sheet.headers == ["Хто", "Номер", "Result", "Reason"]
        assert [row[0] for row in rows] == ["Офіс", "Ніхто"] and rows[0][2] == "Can be done"
        assert rows[1][2] == "Not asked for" and "no such subscriber" in rows[1][3]


def test_subscribers_are_picked_over_several_searches(client, house):
    place = begun(client)
    first, second = house.subscribers[0].id, house.subscribers[3].id
    post(client, f"{place}/who", {"how": "pick", "subscriber": [first], "shown": [first], "add": "1"})
    page = client.get(f"{place}/who?how=pick").get_data(as_text=True)
    assert "Chosen: 1" in page
    post(client, f"{place}/who", {"how": "pick", "subscriber": [second], "shown": [second]})
    assert "Ask for 2" in client.get(place).get_data(as_text=True)


def test_a_filter_chooses_everybody_who_fits(client, house):
    place = begun(client)
    assert "Who does not have it" in client.get(f"{place}/who?how=filter").get_data(as_text=True)
    post(client, f"{place}/who", {"how": "filter", "option": "roaming", "has": "0"})
    assert "Ask for 4" in client.get(place).get_data(as_text=True)


@pytest.mark.covers("A1-10")
def test_an_option_of_one_subscriber_is_switched_from_its_page(client, house):
    one = house.subscribers[0]
    assert f"/my/options/new?subscriber={one.id}" in client.get(f"/my/subscribers/{one.id}").get_data(as_text=True)
    assert one.number in client.get(f"/my/options/new?subscriber={one.id}").get_data(as_text=True)
    place = begun(client, subscriber=one.id)
    assert "Ask for 1" in client.get(place).get_data(as_text=True)


def test_a_list_is_cancelled_and_undone_from_its_page(client, house):
    batch = house.ask(house.list_of(house.numbers(0, 1)))
    house.session.commit()
    child = house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id)).first()
    assert post(client, f"/my/options/cancel/{child}").status_code == 302
    house.run(batch)
    assert house.states(batch) == ["cancelled", "done"]
    answer = post(client, f"/my/options/{batch.id}/undo")
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "Undo of an earlier list" in page


def test_pages_of_another_company_are_not_there(app, house):
    batch = house.ask(house.list_of(house.numbers(0)))
    other = makers.company(house.session, house.seller)
    stranger = makers.user(house.session, "owner", other)
    draft = house.list_of(house.numbers(1))
    house.session.commit()
    client = makers.sign_in(app.test_client(), stranger)
    for path in (f"{batch.id}", f"{batch.id}/status", f"{batch.id}/result", f"{draft.id}/what", f"{draft.id}/who"):
        assert client.get(f"/my/options/{path}").status_code == 404, path
    for path in (
        f"{draft.id}/confirm",
        f"{batch.id}/undo",
        f"{batch.id}/stop",
        f"{draft.id}/discard",
        f"cancel/{batch.id + 1}",
    ):
        assert post(client, f"/my/options/{path}").status_code == 404, path
    assert house.states(batch) == ["queued"]


def test_a_person_without_the_right_may_not_switch_options(app, house):
    employee = makers.user(house.session, "employee", house.company)
    house.session.commit()
    assert makers.sign_in(app.test_client(), employee).get("/my/options/").status_code == 403
