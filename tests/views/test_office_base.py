"""The office's tables: what the hardened base class promises, on a real view over many rows."""

import io
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.extensions import db
from app.models import AuditEvent, Company, User
from app.views.base import OfficeView
from app.views.rows import Rows
from tests import makers

LIST = "/office/companies/list/"


@pytest.fixture
def chief(session: Session) -> User:
    made = makers.user(session, Role.ADMINISTRATOR)
    session.commit()
    return made


@pytest.fixture
def client(app: Flask, chief: User) -> FlaskClient:
    return makers.sign_in(app.test_client(), chief)


@pytest.fixture
def many(session: Session) -> list[Company]:
    seller = makers.seller(session)
    made = [makers.company(session, seller, name=f"Company {n:03d}", code=f"many-{n}") for n in range(260)]
    session.commit()
    return made


@contextmanager
def counted() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(db.engine, "before_cursor_execute", note)


def token_of(client: FlaskClient) -> str:
    return re.search(r'name="csrf-token" content="([^"]+)"', client.get("/profile/").get_data(as_text=True))[1]


def rows_on(page: str) -> int:
    return len(re.findall(r"<tr data-row-href=", page))


def test_a_list_page_asks_at_most_twelve_times(client: FlaskClient, many: list[Company]) -> None:
    client.get(LIST)
    with counted() as seen:
        page = client.get(LIST).get_data(as_text=True)
    asked = [s for s in seen if not s.startswith(("BEGIN", "PRAGMA", "COMMIT", "ROLLBACK"))]
    assert rows_on(page) == 25 and len(asked) <= 12, "\n\n".join(asked)


def test_a_list_page_is_cheap(client: FlaskClient, many: list[Company]) -> None:
    """CPU time, not wall time: other work on the machine does not count."""
    client.get(LIST)
    best = min(_cpu(lambda: client.get(LIST)) for _ in range(8))
    print(f"list page: {best * 1000:.0f} CPU ms")  # noqa: T201
    assert best < 0.12  # the target is 40 ms on an idle core; a shared one is allowed three times that


def _cpu(act: Any) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


def test_a_page_is_never_longer_than_two_hundred_rows(client: FlaskClient, many: list[Company]) -> None:
    assert rows_on(client.get(f"{LIST}?psize_Companies=1000000").get_data(as_text=True)) == 200


@pytest.mark.parametrize(
    "query",
    ["page_Companies=abc", "psize_Companies=abc", "page_Companies=-1", "page_Companies=99999999999999999999", "x=%00"],
)
def test_nonsense_is_refused_with_a_sentence(client: FlaskClient, query: str) -> None:
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 400 and "Go back" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "query",
    [
        "_flt_9_name=x",
        "_flt_0_created_at=yesterday",
        "_flt_1_created_at=2026-01-01",
        "_flt_0_seller=abc",
        "_flt_0_seller=99999999999999999999999",
        "_flt_0_nothing=1",
        "_flt_2_name=%25",
        "_oc_Companies=seller.tax_code&_od_Companies=asc",
        "_oc_Companies=attributes&_od_Companies=asc",
        "_oc_Companies=nothing&_od_Companies=asc",
    ],
)
def test_odd_filters_and_orders_do_no_harm(client: FlaskClient, many: list[Company], query: str) -> None:
    assert client.get(f"{LIST}?{query}").status_code == 200


def test_only_declared_columns_order_a_list(client: FlaskClient, many: list[Company]) -> None:
    with counted() as seen:
        client.get(f"{LIST}?_oc_Companies=seller.tax_code&_od_Companies=asc")
    assert not any("tax_code ASC" in s or re.search(r"ORDER BY .*tax_code", s) for s in seen)


@pytest.mark.parametrize("pk", ["abc", "-1", "99999999999999999999999", "1 OR 1=1", "1.5"])
def test_ids_that_cannot_be_are_not_found(client: FlaskClient, many: list[Company], pk: str) -> None:
    for page in ("show", "edit"):
        assert client.get(f"/office/companies/{page}/{pk}").status_code == 404


def test_a_row_is_not_deleted_by_get(client: FlaskClient, many: list[Company]) -> None:
    assert client.get(f"/office/companies/delete/{many[0].id}").status_code == 405
    assert client.post(f"/office/companies/delete/{many[0].id}").status_code == 400  # no token


def test_there_is_no_download_by_name(client: FlaskClient) -> None:
    assert client.get("/office/companies/download/x.pdf").status_code == 404


def test_a_new_row_is_written_with_its_trail(client: FlaskClient, session: Session) -> None:
    seller = makers.seller(session)
    session.commit()
    form = {"code": "nova", "name": "Нова", "seller": seller.id, "country": "UA", "locale": "uk", "state": "active"}
    answer = client.post("/office/companies/add", data={**form, "csrf_token": token_of(client)})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    made = session.query(Company).filter_by(code="nova").one()
    event = session.query(AuditEvent).filter_by(action="company.added").one()
    assert event.target_id == str(made.id) and event.details["changes"]["code"] == ["", "nova"]


def test_a_refused_form_comes_back_filled_and_without_sql(
    client: FlaskClient, many: list[Company], session: Session
) -> None:
    form = {"code": "many-1", "name": "Друга", "seller": many[0].seller_id, "country": "UA", "locale": "uk"}
    answer = client.post("/office/companies/add", data={**form, "state": "active", "csrf_token": token_of(client)})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and 'value="Друга"' in page
    assert "INSERT" not in page and "UNIQUE" not in page
    assert session.query(Company).filter_by(code="many-1").count() == 1


def test_an_edit_is_written_with_what_it_changed(client: FlaskClient, many: list[Company], session: Session) -> None:
    form = {"code": "many-0", "seller": many[0].seller_id, "country": "UA", "locale": "uk", "state": "active"}
    data = {**form, "name": "Інша", "csrf_token": token_of(client)}
    answer = client.post(f"/office/companies/edit/{many[0].id}", data=data)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    session.expire_all()
    assert session.get(Company, many[0].id).name == "Інша"
    event = session.query(AuditEvent).filter_by(action="company.changed").one()
    assert event.details["changes"]["name"] == ["Company 000", "Інша"]


def test_fields_nobody_offers_change_nothing(client: FlaskClient, many: list[Company], session: Session) -> None:
    form = {"code": "many-0", "name": "A", "seller": many[0].seller_id, "country": "UA", "locale": "uk"}
    planted = {"id": many[1].id, "created_at": "2001-01-01", "attributes": '{"x": 1}', "snapshot_id": "1"}
    data = {**form, **planted, "state": "active", "csrf_token": token_of(client)}
    client.post(f"/office/companies/edit/{many[0].id}", data=data)
    session.expire_all()
    row = session.get(Company, many[0].id)
    assert row.attributes == {} and row.created_at.year == clock.now().year


def test_a_lookup_finds_twenty_at_a_time(client: FlaskClient, many: list[Company]) -> None:
    first = client.get("/office/accounts/lookup/company?q=Company").get_json()
    assert len(first["results"]) == 20 and first["pagination"]["more"]
    one = client.get("/office/accounts/lookup/company?q=Company 007").get_json()
    assert [row["text"].split(" (")[0] for row in one["results"]] == ["Company 007"]
    assert client.get("/office/accounts/lookup/company?q=%25").get_json()["results"] == []
    assert client.get("/office/accounts/lookup/documents").status_code == 404


def test_an_action_on_a_row_that_is_not_there_is_not_found(client: FlaskClient) -> None:
    data = {"csrf_token": token_of(client), "action": "nothing", "rowid": "1"}
    assert client.post("/office/jobs/action_post", data=data).status_code == 404
    assert client.post("/office/jobs/action/nothing/1", data=data).status_code == 404


def test_an_export_is_the_list_as_it_is_filtered(client: FlaskClient, many: list[Company]) -> None:
    csv = client.get("/office/companies/export/csv?_flt_2_name=Company 00").get_data().decode("utf-8-sig").splitlines()
    assert len(csv) == 11 and "Company 000" in csv[1]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/office/companies/export/xlsx").get_data()), read_only=True)
    assert sum(1 for _ in book.active.iter_rows()) >= 261
    assert client.get("/office/companies/export/exe").status_code == 404


def test_an_export_computes_nothing(client: FlaskClient, session: Session) -> None:
    makers.company(session, name='=HYPERLINK("http://evil.example")', code="formula")
    session.commit()
    text = client.get("/office/companies/export/csv").get_data().decode("utf-8-sig")
    assert "'=HYPERLINK" in text
    book = openpyxl.load_workbook(io.BytesIO(client.get("/office/companies/export/xlsx").get_data()))
    assert not any(cell.data_type == "f" for row in book.active.iter_rows() for cell in row)


def test_only_who_may_export_does(app: Flask, session: Session) -> None:
    helper = makers.user(session, Role.SUPPORT)
    session.commit()
    client = makers.sign_in(app.test_client(), helper)
    assert client.get(LIST).status_code == 200
    assert client.get("/office/companies/export/csv").status_code == 403


def test_two_people_searching_at_once_keep_their_own_filters(app: Flask, chief: User, many: list[Company]) -> None:
    """FAB keeps one Filters object a view: with threads one person saw another's search (`fab_facts.md`)."""
    wrong: list[str] = []
    who = SimpleNamespace(username=chief.username)
    db.session.rollback()  # this thread lets go of the database

    def search(word: str) -> None:
        client = makers.sign_in(app.test_client(), who)
        for _ in range(6):
            page = client.get(f"{LIST}?_flt_2_name={word}").get_data(as_text=True)
            active = re.search(r'"active": (\[.*?\]\])', page)
            if not active or word not in active[1]:
                wrong.append(word)

    threads = [threading.Thread(target=search, args=(f"Company 0{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_view_must_say_what_it_shows(app: Flask) -> None:
    with pytest.raises(TypeError, match="says nothing of .*search_columns.*base_order"):
        type("Silent", (OfficeView,), {"datamodel": Rows(Company), "list_columns": ["name"]})
    said = {
        "datamodel": Rows(Company),
        "class_permission_name": "Nonsense",
        "list_title": "x",
        "list_columns": ["name"],
        "show_columns": ["name"],
        "search_columns": [],
        "order_columns": [],
        "base_order": ("name", "asc"),
        "exclude_route_methods": {"add", "edit", "delete"},
    }
    with pytest.raises(TypeError, match="no Right Nonsense.read"):
        type("Nonsense", (OfficeView,), said)
