"""The office's own pages: a customer's story, money in, closing a month, statements, mail."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.services import billing, ledger
from tests import makers

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
OCTOBER = Month(2026, 10)


@pytest.fixture(autouse=True)
def november():
    with clock.standing_at(NOON):
        yield


@pytest.fixture
def seller(session: Session) -> m.Seller:
    from app.services.setup import ensure_defaults

    made = ensure_defaults(session)
    session.commit()
    return made


@pytest.fixture
def account(session: Session, seller: m.Seller) -> m.Account:
    company = makers.company(session, seller, name="ТОВ «Орион Телеком»", code="orion", email="books@orion.example")
    made = makers.account(session, company, number="7700001")
    makers.subscription(session, made, makers.plan(session, seller))
    session.commit()
    return made


@pytest.fixture
def office(app: Flask, session: Session, seller: m.Seller) -> FlaskClient:
    client = app.test_client()
    who = makers.user(session, "back_office")
    session.commit()
    return makers.sign_in(client, who)


def close_october(session: Session, seller: m.Seller) -> m.BillingRun:
    system = Actor.system()
    run = billing.start_run(session, system, seller.id, OCTOBER)
    while billing.run_batch(session, system, run.id).left:
        pass
    session.commit()
    return run


def post(client: FlaskClient, address: str, **fields: object):
    token = makers._token(client.get("/office/payment/new").get_data(as_text=True))
    return client.post(address, data={"csrf_token": token, **fields}, follow_redirects=True)


def text_of(answer) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:3000]
    return answer.get_data(as_text=True)


def test_home_shows_the_month_the_debts_and_the_work(office, session, seller, account):
    close_october(session, seller)
    page = text_of(office.get("/"))
    assert "120.00 UAH" in page
    assert "Closing of October 2026" in page


def test_home_opens_on_an_empty_database(office):
    text_of(office.get("/"))


def test_the_story_of_a_company_is_on_one_page(office, session, seller, account):
    close_october(session, seller)
    page = text_of(office.get(f"/office/companies/show/{account.company_id}"))
    for part in ("7700001", "−120.00 UAH", "Unpaid invoices", "Хмара старт"):
        assert part in page


def test_a_balance_can_be_seen_as_of_a_past_day(office, session, seller, account):
    close_october(session, seller)
    page = text_of(office.get(f"/office/accounts/show/{account.id}?as_of=2026-10-15"))
    assert "−120.00" not in page.split("Unpaid invoices")[0]


def test_a_document_explains_its_lines(office, session, seller, account):
    close_october(session, seller)
    invoice = session.scalars(sa.select(m.Document).where(m.Document.kind == "invoice")).one()
    page = text_of(office.get(f"/office/documents/show/{invoice.id}"))
    assert "Why each amount is what it is" in page
    assert "In the books" in page


def test_a_document_comes_as_pdf_and_xlsx(office, session, seller, account):
    close_october(session, seller)
    invoice = session.scalars(sa.select(m.Document).where(m.Document.kind == "invoice")).one()
    for fmt, begins in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        answer = office.get(f"/office/document/{invoice.id}/file/{fmt}")
        assert answer.status_code == 200
        assert answer.data.startswith(begins)


def test_a_document_is_mailed_to_the_addresses_typed(office, session, seller, account):
    close_october(session, seller)
    invoice = session.scalars(sa.select(m.Document).where(m.Document.kind == "invoice")).one()
    page = text_of(post(office, f"/office/document/{invoice.id}/send", addresses="a@orion.example", formats="pdf"))
    assert "a@orion.example" in page
    assert session.query(m.Delivery).count() == 1


def test_a_payment_settles_the_oldest_invoice_and_is_entered_once(office, session, seller, account):
    close_october(session, seller)
    fields = {"account": account.id, "amount": "50,00", "paid_on": "2026-11-20", "token": "abc123"}
    page = text_of(post(office, "/office/payment/new", **fields))
    assert "50.00 UAH" in page
    text_of(post(office, "/office/payment/new", **fields))
    assert session.query(m.Payment).count() == 1
    assert ledger.balance(session, account.id).net == Decimal("-70.00")


def test_a_refused_payment_comes_back_filled(office, account):
    fields = {"account": account.id, "amount": "10.005", "paid_on": "2026-11-20", "purpose": "За жовтень"}
    page = text_of(post(office, "/office/payment/new", **fields))
    assert "За жовтень" in page
    assert "two decimals at most" in page


def test_a_payment_is_reversed_with_a_reason(office, session, seller, account):
    close_october(session, seller)
    post(office, "/office/payment/new", account=account.id, amount="120", paid_on="2026-11-20")
    payment = session.query(m.Payment).one()
    page = text_of(post(office, f"/office/payment/{payment.id}/reverse", reason="by mistake"))
    assert "Reversed" in page
    assert ledger.balance(session, account.id).net == Decimal("-120.00")


def test_accounts_on_several_contracts_are_reconciled_in_one_act(office, session, seller, account):
    company, payer = account.company, account.payer
    for place in (1, 2):
        contract = makers.contract(session, company, payer, number=f"ДГ-{place}")
        more = makers.account(session, company, payer, contract_id=contract.id)
        makers.subscription(session, more, makers.plan(session, seller, f"{place}00"))
    session.commit()
    close_october(session, seller)
    asked = f"company={company.id}&start=2026-10-01&last=2026-10-31"
    page = text_of(office.get(f"/office/reconciliation/?show=1&{asked}"))
    assert "All accounts in UAH, by contract" in page and "ДГ-1" in page and "ДГ-2" in page
    fields = {"company": company.id, "account": "all:UAH", "start": "2026-10-01", "last": "2026-10-31"}
    made = text_of(post(office, "/office/reconciliation/make", **fields))
    assert made.count("Closing balance, UAH") == 3 and "<dt>Corrects" not in made and "<dt>Total" not in made
    act = session.scalars(sa.select(m.Document).where(m.Document.kind == "reconciliation")).one()
    assert [part["number"] for part in act.data["contracts"]] == ["ДГ-1", "ДГ-2", ""]
    alone = text_of(office.get(f"/office/reconciliation/?show=1&{asked}&account={account.id}"))
    assert "ДГ-1" not in alone.split("What the act would say")[1]


def test_the_gateways_fee_is_entered_with_the_payment_or_later(office, session, seller, account):
    close_october(session, seller)
    fields = {"account": account.id, "amount": "120", "paid_on": "2026-11-20", "method": "card", "fee": "3,30"}
    assert "3.30 UAH" in text_of(post(office, "/office/payment/new", **fields))
    post(office, "/office/payment/new", account=account.id, amount="10", paid_on="2026-11-20", method="card")
    later = session.query(m.Payment).order_by(m.Payment.id.desc()).first()
    assert "0.28 UAH" in text_of(post(office, f"/office/payment/{later.id}/fee", fee="0,28"))
    refused = text_of(post(office, "/office/payment/new", **{**fields, "amount": "119", "fee": "119"}))
    assert "less than the payment" in refused
    assert session.query(m.Payment).count() == 2


def test_money_in_hryvnias_comes_to_an_account_in_dollars(office, session, seller):
    company = makers.company(session, seller)
    payer = makers.payer(session, company)
    contract = makers.contract(session, company, payer, payable_currency="UAH", rate_markup_bp=150)
    account = makers.account(session, company, payer, currency="USD", contract_id=contract.id)
    session.commit()
    page = text_of(office.get(f"/office/payment/new?account={account.id}"))
    assert "turned at the rate of its day" in page
    fields = {"account": account.id, "amount": "4212,25", "paid_on": "2026-11-20", "currency": "UAH"}
    assert "Import the bank’s rates" in text_of(post(office, "/office/payment/new", **fields))
    rate = {"day": dt.date(2026, 11, 19), "base": "USD", "quote": "UAH", "rate": Decimal("41.5"), "source": "NBU"}
    session.add(m.CurrencyRate(**rate))
    session.commit()
    page = text_of(post(office, "/office/payment/new", **fields))
    assert "100.00 USD" in page and "4,212.25 UAH" in page and "41.5000 UAH / 1 USD, NBU" in page and "1.5 %" in page


def test_closing_a_month_shows_a_dry_run_first_and_writes_nothing(office, session, seller, account):
    page = text_of(office.get(f"/office/closing/preview?seller={seller.id}&month=2026-10"))
    assert "120.00 UAH" in page
    assert "first bill" in page
    assert session.query(m.Document).count() == 0


def test_the_run_is_ordered_as_a_job_and_its_result_is_shown(office, session, seller, account):
    page = text_of(post(office, "/office/closing/start", seller=seller.id, month="2026-10"))
    assert "data-job-url" in page
    run = session.query(m.BillingRun).one()
    assert session.query(m.Job).one().params["run_id"] == run.id
    close_october(session, seller)
    page = text_of(office.get(f"/office/closing/run/{run.id}"))
    assert "What was issued" in page
    assert "120.00 UAH" in page


def test_an_account_in_quarantine_is_shown_with_its_reason_and_tried_again(office, session, seller, account):
    session.query(m.PriceVersion).update({"valid_from": dt.date(2027, 1, 1)})
    session.commit()
    run = close_october(session, seller)
    page = text_of(office.get(f"/office/closing/run/{run.id}"))
    assert "Quarantine" in page
    post(office, f"/office/closing/run/{run.id}/retry", account=account.id)
    session.expire_all()
    assert session.query(m.RunItem).one().state == "pending"


def test_a_reconciliation_act_is_looked_at_then_made(office, session, seller, account):
    close_october(session, seller)
    address = f"/office/reconciliation/?company={account.company_id}&start=2026-10-01&last=2026-11-12&show=1"
    assert "What the act would say" in text_of(office.get(address))
    fields = {"company": account.company_id, "account": account.id, "start": "2026-10-01", "last": "2026-11-12"}
    page = text_of(post(office, "/office/reconciliation/make", **fields))
    assert "Reconciliation act" in page


def test_a_charge_report_is_made_for_a_month(office, session, seller, account):
    close_october(session, seller)
    assert "October 2026" in text_of(office.get(f"/office/charge-report/?account={account.id}"))
    page = text_of(post(office, "/office/charge-report/", account=account.id, month="2026-10"))
    assert "Charge report" in page


def test_documents_are_found_by_seller_month_and_state(office, session, seller, account):
    close_october(session, seller)
    assert "120.00 UAH" in text_of(office.get("/office/issued/?settlement=open"))
    assert "No documents here" in text_of(office.get("/office/issued/?settlement=paid"))


@pytest.mark.parametrize("words", ["7700", "orion", "Орион", "32855961"])
def test_the_search_opens_what_it_finds(office, account, words):
    page = text_of(office.get("/office/search/", query_string={"q": words}, follow_redirects=True))
    assert "Орион Телеком" in page


def test_caught_mail_is_shown_with_its_attachments(app, office, session):
    mail = m.CaughtMail(
        message_id="<1@x>",
        recipient="a@b.example",
        subject="Рахунок",
        body="Добрий день",
        attachments=[{"name": "r.pdf", "sha256": "0" * 64, "media_type": "application/pdf"}],
    )
    session.add(mail)
    session.commit()
    admin = makers.sign_in(app.test_client(), makers.user(session, "administrator"))
    assert "Рахунок" in text_of(admin.get("/office/mail/"))
    assert "r.pdf" in text_of(admin.get(f"/office/mail/{mail.id}"))
    assert admin.get(f"/office/mail/{mail.id}/attachment/0").status_code == 404


def test_a_ticket_is_answered(office, session, account):
    ticket = m.Ticket(company_id=account.company_id, subject="Рахунок?", department="accounting")
    session.add(ticket)
    session.commit()
    page = text_of(post(office, f"/office/ticket/{ticket.id}/reply", body="Надіслали."))
    assert "Надіслали." in page
    assert "Accounting" in page  # the department in words, here and in the list
    assert "Accounting" in text_of(office.get("/office/tickets/list/?_flt_0_department=accounting"))


def test_support_may_look_but_not_bill_or_take_money(app, session, seller, account):
    support = makers.sign_in(app.test_client(), makers.user(session, "support"))
    text_of(support.get("/"))
    text_of(support.get(f"/office/companies/show/{account.company_id}"))
    for address in ("/office/closing/", "/office/payment/new", "/office/registers/", "/office/reconciliation/"):
        assert support.get(address).status_code == 403
