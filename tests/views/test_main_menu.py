"""The administrator's main menu (A1-01), personal information (A1-02, A1-03) and feedback (A1-11)."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.services import setup
from tests import makers


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(dt.date(2026, 11, 10)):
        yield


@pytest.fixture
def account(session):
    setup.ensure_defaults(session)
    seller = makers.seller(session, country="BY", currency="BYN")
    company = makers.company(session, seller, name="ООО «Орион»", country="BY")
    payer = makers.payer(
        session,
        company,
        tax_code="190000000",
        okpo="37526626",
        iban="BY20OLMP31350000001000000933",
        kind="legal_entity",
    )
    payer.settlement_account = ""
    contract = makers.contract(session, company, payer, number="А-17", signed_on=dt.date(2024, 5, 2))
    made = makers.account(session, company, payer, currency="BYN", contract_id=contract.id)
    made.delivery, made.delivery_addresses = "email", "books@orion.example"
    session.commit()
    return made


def client_of(app, session, role, company=None, **more):
    who = makers.user(session, role, company, **more)
    session.commit()
    return makers.sign_in(app.test_client(), who)


def text(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.covers("A1-01")
def test_the_main_menu_has_nine_entries_in_their_order_and_each_opens(app, session, account):
    client = client_of(app, session, "company_administrator", account.company)
    page = client.get("/").text
    menu = page[page.index('class="kb-main-menu"') :]
    found = re.findall(r'<a href="([^"]+)">.*?<strong>([^<]+)</strong>', menu[: menu.index("</ul>")])
    assert [label for _, label in found] == [
        "Personal information",
        "Payments",
        "Invoices",
        "Instalment information",
        "Choice of a subscriber",
        "Feedback",
        "Renaming of a subscriber",
        "Services by list of subscribers",
        "Exit",
    ]
    for url, label in found:
        assert client.get(url).status_code == 200, label


def test_a_person_sees_only_the_entries_they_may_open(app, session, account):
    page = client_of(app, session, "employee", account.company).get("/").text
    assert "Your requests to our specialists" in page
    assert "History of payments" not in page


@pytest.mark.covers("A1-02", "A1-03")
def test_personal_information_has_all_that_the_provider_knows(app, session, account):
    session.add(
        m.CreditLimit(company_id=account.company_id, account_id=account.id, amount=Decimal("500.00"), used=Decimal(0))
    )
    page = client_of(app, session, "owner", account.company).get("/my/company/").text
    rows = dict(re.findall(r"<dt>([^<]+)</dt><dd>(.*?)</dd>", page, re.S))
    said = {label: text(value).strip() for label, value in rows.items()}
    assert "ООО «Орион»" in page
    assert said["УНП"] == "190000000"
    assert said["ОКПО"] == "37526626"
    assert said["Расчётный счёт (IBAN)"] == "BY20OLMP31350000001000000933"
    assert said["Balance"] == "0.00 BYN"
    assert said["State"] == "Active"
    assert said["Form of payment"] == "by invoice, within 15 days; credit limit 500.00 BYN"
    assert said["Contract"] == "А-17 of May 2, 2024 · without an end"
    assert said["Delivery of documents"] == "E-mail: PDF"
    assert said["Delivered to"] == "b***s@orion.example" or "*" in said["Delivered to"]
    assert "books@orion.example" not in page


@pytest.mark.covers("A1-11")
def test_a_question_about_a_subscriber_reaches_staff_with_its_subject(app, session, account):
    line = makers.subscriber(session, account, number="+375291112233", name="Сікур Ольга")
    client = client_of(app, session, "company_administrator", account.company)
    page = client.get("/my/tickets/new", query_string={"subscriber": line.id}).text
    assert "+375291112233 · Сікур Ольга" in page
    form = {
        "csrf_token": makers._token(page),
        "department": "technical",
        "subject": "Нет роуминга",
        "body": "Третий день",
        "subscriber": line.id,
    }
    answer = client.post("/my/tickets/new", data=form)
    assert answer.status_code == 302
    ticket = session.scalars(sa.select(m.Ticket)).one()
    assert (ticket.subscriber_id, ticket.account_id) == (line.id, account.id)
    assert "+375291112233" in client.get(answer.location).text
    office = client_of(app, session, "support")
    page = office.get(f"/office/tickets/show/{ticket.id}").text
    assert "Нет роуминга" in page
    assert account.number in page
    assert "+375291112233" in page


def test_nobody_asks_about_another_companys_subscriber(app, session, account):
    other = makers.subscriber(session, makers.account(session))
    client = client_of(app, session, "company_administrator", account.company)
    assert client.get("/my/tickets/new", query_string={"subscriber": other.id}).status_code == 404
    token = makers._token(client.get("/my/tickets/new").text)
    form = {"csrf_token": token, "department": "technical", "subject": "x", "body": "y", "subscriber": other.id}
    assert client.post("/my/tickets/new", data=form).status_code == 404
    assert session.scalar(sa.select(sa.func.count()).select_from(m.Ticket)) == 0
