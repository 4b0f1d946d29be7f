"""A file comes in: guessed mapping, preview with a verdict a line, job, rejected lines back with their reasons."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core.actor import Actor
from app.services import importing
from app.services.setup import ensure_defaults
from tests import makers

CUSTOMERS = (
    "Customer code;Company name;Tax code;Monthly charge\n"
    "a-1;ТОВ «Вишня»;32855961;120.00\n"
    "a-2;ТОВ «Слива»;32855961;80,50\n"
    "a-3;ТОВ «Груша»;32855961;дорого\n"
)


@pytest.fixture
def office(app: Flask, session: Session) -> FlaskClient:
    ensure_defaults(session)
    session.commit()
    client = app.test_client()
    who = makers.user(session, "back_office")
    session.commit()
    return makers.sign_in(client, who)


def send(client: FlaskClient, address: str, **fields: object):
    token = makers._token(client.get("/office/import/").get_data(as_text=True))
    data = {"csrf_token": token, **fields}
    return client.post(address, data=data, follow_redirects=True, content_type="multipart/form-data")


def upload(client: FlaskClient, text: str = CUSTOMERS, kind: str = "customers"):
    return send(client, "/office/import/", kind=kind, file=(io.BytesIO(text.encode()), "клієнти.csv"))


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:2000]
    return answer.get_data(as_text=True)


def test_a_file_is_shown_with_its_mapping_and_bad_lines_before_anything_is_written(office, session):
    page = text_of(upload(office))
    assert "Which column is what" in page
    assert "What is wrong, line by line" in page
    assert session.query(m.ImportBatch).one().rejected == 1
    assert session.query(m.Company).count() == 0


def test_the_mapping_is_corrected_and_saved_under_a_name(office, session):
    upload(office)
    batch = session.query(m.ImportBatch).one()
    fields = {f"column-{name}": column for name, column in batch.mapping["columns"].items()}
    page = text_of(send(office, f"/office/import/{batch.id}/mapping", save_as="Бухгалтерія", **fields))
    assert "read again with your mapping" in page
    assert session.query(m.ImportMapping).one().name == "Бухгалтерія"
    assert session.query(m.ImportBatch).count() == 1
    assert "Бухгалтерія" in text_of(office.get("/office/import/"))


def test_applying_is_ordered_once_as_a_job_and_its_result_is_shown(app, office, session):
    upload(office)
    batch = session.query(m.ImportBatch).one()
    for _ in range(2):
        assert "data-job-url" in text_of(send(office, f"/office/import/{batch.id}/apply"))
    job = session.query(m.Job).one()
    path = app.config["KABINET"].data_dir / job.params["path"]
    while importing.apply_batch(session, Actor.system(), batch.id, path).left:
        session.commit()
    job.state = "done"
    session.commit()
    assert "The file is applied" in text_of(office.get(f"/office/import/{batch.id}"))
    assert session.query(m.Company).count() == 2


def test_rejected_lines_come_back_as_the_same_file_with_reasons(office, session):
    upload(office)
    batch = session.query(m.ImportBatch).one()
    answer = office.get(f"/office/import/{batch.id}/rejects")
    text = answer.get_data().decode("utf-8-sig")
    assert answer.status_code == 200
    assert "Груша" in text
    assert "Вишня" not in text


def test_a_hostile_upload_is_refused_with_a_sentence(office, session):
    page = text_of(
        send(office, "/office/import/", kind="customers", file=(io.BytesIO(b"\x00\x01PK\x03"), "../../x.csv"))
    )
    assert 'class="alert alert-danger' in page
    assert session.query(m.ImportBatch).count() == 0


def test_support_may_not_import(app, session):
    ensure_defaults(session)
    support = makers.sign_in(app.test_client(), makers.user(session, "support"))
    assert support.get("/office/import/").status_code == 403


def test_a_file_of_an_exchange_is_known_and_asked_only_for_its_clock(office, session):
    cells = ["", "380671110001", "0442223344", *[""] * 6, "2026-10-05 10:00:00", "", "", "66", "61", "ANSWERED", "BILL"]
    text = ",".join(f'"{cell}"' for cell in cells) + "\r\n"
    send(office, "/office/import/", kind="usage", source="pbx-2", file=(io.BytesIO(text.encode()), "Master.csv"))
    batch = session.query(m.ImportBatch).one()
    page = text_of(office.get(f"/office/import/{batch.id}"))
    assert "Call records of Asterisk" in page
    assert "column-quantity" not in page
    text_of(send(office, f"/office/import/{batch.id}/mapping", **{"setting-zone": "UTC"}))
    batch = session.query(m.ImportBatch).one()
    assert (batch.mapping["settings"], batch.options["source"]) == ({"zone": "UTC"}, "pbx-2")
    page = text_of(send(office, f"/office/import/{batch.id}/mapping", **{"setting-zone": "Mars"}))
    assert "«Mars» is no time zone" in page


def test_a_price_list_nobody_could_guess_is_mapped_on_its_page(office, session):
    text = "Прайс провайдера\n\nШифр товару;Скільки коштує;Опис\nA1;1.500;Сервер\n"
    page = text_of(upload(office, text, "catalog"))
    assert "The headers stand in line 3" in page and "The mapping needs your attention" in page
    batch = session.query(m.ImportBatch).one()
    fields = {"column-code": "Шифр товару", "column-price": "Скільки коштує", "notation-price": ","}
    page = text_of(send(office, f"/office/import/{batch.id}/mapping", **fields))
    assert "mapping needs your attention" not in page and "How Скільки коштує is written" in page
    again = session.query(m.ImportBatch).one()
    assert (again.accepted, again.mapping["notations"]) == (1, {"price": ","})
