"""Notices in the cabinet: the bell, the list, the letters kept for the company, and what comes to whom."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from tests import makers


def notice(session: Session, of: m.User, **more: object) -> m.Notice:
    known = {"company_id": of.company_id, "user_id": of.id, "event": "overdue", "recipient": of.email}
    made = m.Notice(**{**known, "key": f"k{of.id}{more}"[:160], "sent_at": clock.now(), **more})
    session.add(made)
    session.flush()
    return made


@pytest.fixture
def company(session: Session) -> m.Company:
    return makers.company(session)


@pytest.fixture
def owner(session: Session, company: m.Company) -> m.User:
    return makers.user(session, "owner", company)


@pytest.fixture
def client(app: Flask, session: Session, owner: m.User) -> FlaskClient:
    session.commit()
    return makers.sign_in(app.test_client(), owner)


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def post(client: FlaskClient, path: str, status: int = 302, **data: object) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', page(client, "/my/notices/preferences"))
    assert token
    assert client.post(path, data={"csrf_token": token[1], **data}).status_code == status


def bell(client: FlaskClient) -> int:
    found = re.search(r'href="/my/notices/" aria-label="[^"(]*\((\d+)\)"', page(client, "/"))
    assert found
    return int(found[1])


def test_the_bell_counts_what_is_unread_until_it_is_read(client: FlaskClient, owner: m.User, session: Session) -> None:
    first = notice(session, owner, subject="Рахунок № 1 прострочено", body="Не сплачено 120,00 UAH.")
    notice(session, owner, subject="Рахунок № 2 прострочено")
    first_id = first.id
    session.commit()
    assert bell(client) == 2
    shown = page(client, "/my/notices/")
    assert "Рахунок № 1 прострочено" in shown and "Не сплачено 120,00 UAH." in shown
    post(client, f"/my/notices/{first_id}/read")
    assert bell(client) == 1
    post(client, "/my/notices/read")
    assert bell(client) == 0
    assert "Mark as read" not in page(client, "/my/notices/")


def test_a_notice_leads_to_its_invoice(client: FlaskClient, owner: m.User, session: Session) -> None:
    account = makers.account(session, owner.company)
    invoice = makers.document(session, account)
    notice(session, owner, subject="Due", document_id=invoice.id)
    path = f"/my/documents/{invoice.id}"
    session.commit()
    assert f'href="{path}"' in page(client, "/my/notices/")


@pytest.mark.covers("AST-184")
def test_letters_are_kept_for_everybody_of_the_company_who_sees_money(
    app: Flask, client: FlaskClient, owner: m.User, company: m.Company, session: Session
) -> None:
    letter = {"channel": "email", "user_id": None, "recipient": "books@orion.example", "subject": "Letter one"}
    notice(session, owner, **letter)
    stranger = makers.user(session, "owner")
    stranger.company_id = makers.company(session).id
    notice(session, stranger, channel="email", subject="Letter of others")
    bookkeeper = makers.user(session, "company_accountant", company)
    employee = makers.user(session, "employee", company)
    session.commit()
    for who, sees in ((bookkeeper, True), (employee, False)):
        shown = page(makers.sign_in(app.test_client(), who), "/my/notices/?letters=1")
        assert ("Letter one" in shown) is sees
        assert "Letter of others" not in shown
    assert "books@orion.example" in page(client, "/my/notices/?letters=1")


def test_anothers_notice_is_not_there(client: FlaskClient, company: m.Company, session: Session) -> None:
    sister = makers.user(session, "company_administrator", company)
    theirs = notice(session, sister, subject="Not yours")
    theirs_id = theirs.id
    session.commit()
    assert "Not yours" not in page(client, "/my/notices/")
    post(client, f"/my/notices/{theirs_id}/read", status=404)
    assert session.get_one(m.Notice, theirs_id).read_at is None


def test_each_class_is_switched_for_each_channel(client: FlaskClient, owner: m.User, session: Session) -> None:
    boxes = re.findall(r'value="(\w+\.\w+)"[^>]*?( checked)?>', page(client, "/my/notices/preferences"))
    assert [name for name, _ in boxes] == [
        f"{name}.{way}" for name in ("money", "services", "support", "news") for way in ("in_app", "email")
    ]
    assert [name for name, on in boxes if not on] == ["news.email"]
    post(client, "/my/notices/preferences", on=["money.in_app", "news.email", "nonsense", "x.y"])
    boxes = re.findall(r'value="(\w+\.\w+)"[^>]*?( checked)?>', page(client, "/my/notices/preferences"))
    assert [name for name, on in boxes if on] == ["money.in_app", "news.email"]
    stored = session.scalar(sa.select(sa.func.count()).select_from(m.NoticePreference))
    assert stored == 7, "what stays as it is by default is not written down"
