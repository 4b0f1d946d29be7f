"""Equipment in parts as staff make it and as the customer sees it."""

import datetime as dt
from decimal import Decimal

import pytest

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.services import instalments, payments, setup, work
from app.services.cabinet import accounts
from app.services.work import JobName
from jobs import context
from tests import makers

CLERK = Actor.system("Оксана")
NEW = "/office/instalments/new"
FORM = {"name": "Телефони", "total": "24 000,00", "down": "4800", "count": "12", "first_on": "2026-12-10"}


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(dt.date(2026, 11, 10)):
        yield


@pytest.fixture
def account(session):
    setup.ensure_defaults(session)
    made = makers.account(session)
    session.commit()
    return made


def client_of(app, session, role, company=None):
    who = makers.user(session, role, company)
    session.commit()
    return makers.sign_in(app.test_client(), who)


def make(session, account, first_on=dt.date(2026, 12, 10), down="4800.00"):
    made = instalments.make_plan(
        session,
        CLERK,
        account.id,
        "Телефони",
        Decimal("24000.00"),
        down_payment=Decimal(down),
        count=12,
        first_on=first_on,
    )
    session.commit()
    return made


@pytest.mark.covers("A1-09")
def test_staff_look_at_the_schedule_and_make_the_plan(app, session, account):
    office = client_of(app, session, "accountant")
    page = office.get(NEW, query_string={"account": account.id, **FORM}).text
    assert 'Total; of it tax, charged at once: <span class="kb-nums kb-nowrap">4,000.00 UAH' in page
    assert 'data-confirm="An invoice of 24,000.00 UAH will be issued. Continue?"' in page
    assert page.count("1,600.00 UAH") == 12
    assert session.query(m.InstalmentPlan).count() == 0
    answer = office.post(NEW, data={"csrf_token": makers._token(page), "account": account.id, **FORM})
    plan = session.query(m.InstalmentPlan).one()
    assert answer.location.endswith(f"/office/instalment-plans/show/{plan.id}")
    shown = office.get(answer.location).text
    assert "24,000.00 UAH" in shown
    assert "Dec 10, 2026" in shown
    assert "Nov 10, 2027" in shown


def test_a_wrong_plan_comes_back_filled(app, session, account):
    office = client_of(app, session, "accountant")
    page = office.get(NEW, query_string={"account": account.id, **FORM, "total": "much", "count": ""}).text
    assert "Write an amount above zero" in page
    assert "Write the number of parts." in page
    assert 'value="much"' in page
    token = makers._token(page)
    wrong = {**FORM, "down": "24000", "csrf_token": token, "account": account.id}
    answer = office.post(NEW, data=wrong)
    assert answer.status_code == 422
    assert "too little remains" in answer.text
    assert client_of(app, session, "support").get(NEW).status_code == 403


@pytest.mark.covers("A1-09")
def test_the_customer_sees_what_remains_the_monthly_sum_and_the_end(app, session, account):
    plan = make(session, account)
    payments.record_payment(session, CLERK, account.id, Decimal("4800.00"), dt.date(2026, 11, 10))
    payments.record_payment(
        session, CLERK, account.id, Decimal("2000.00"), dt.date(2026, 11, 10), invoice_ids=[plan.document_id], key="x"
    )
    session.commit()
    owner = client_of(app, session, "owner", account.company)
    page = " ".join(owner.get("/my/instalments/").text.split())
    for label, value in (
        ("Remaining payments", "11"),
        ("Monthly payment", "1,600.00 UAH"),
        ("Left to pay", "17,200.00 UAH"),
        ("Repayment date", "Nov 10, 2027"),
        ("Next payment", "1,200.00 UAH · Jan 10, 2027"),
    ):
        assert f"<dt>{label}</dt><dd>{value}</dd>" in page
    answer = owner.post(
        f"/my/instalments/{plan.id}/early", data={"csrf_token": makers._token(owner.get("/my/payments/register").text)}
    )
    assert answer.status_code == 302
    assert "You settle early: pay 17,200.00 UAH and nothing remains" in owner.get("/my/instalments/").text


def test_only_parts_whose_turn_has_come_are_to_be_paid(app, session, account):
    make(session, account, first_on=dt.date(2026, 11, 20))
    owner = Actor(None, "Ольга", account.company_id, rights=frozenset())
    line = accounts.accounts_of(session, owner)[0]
    assert (line.to_pay, line.overdue, line.later) == (Decimal("6400.00"), 0, Decimal("17600.00"))
    assert line.balance == Decimal("-24000.00")
    with clock.standing_at(dt.date(2026, 11, 21)):
        late = accounts.accounts_of(session, owner)[0]
        assert (late.overdue, late.overdue_since) == (Decimal("6400.00"), dt.date(2026, 11, 10))


def test_staff_see_late_parts_as_overdue(app, session, account):
    make(session, account, first_on=dt.date(2026, 11, 20), down="0.00")
    client = client_of(app, session, "accountant")
    with clock.standing_at(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)):
        client = client_of(app, session, "accountant")
        page = " ".join(client.get("/").text.split())
    assert account.company.name in page
    assert '<span class="kb-tile-label"><i class="fa fa-fw fa-triangle-exclamation"' in page
    assert "2,000.00 UAH" in page


def test_every_morning_parts_are_invoiced_once(app, session, account, monkeypatch):
    plan_id = make(session, account, first_on=dt.date(2026, 12, 10)).id
    monkeypatch.setattr(context, "_app", app)
    with clock.standing_at(dt.datetime(2026, 11, 26, 6, tzinfo=dt.UTC)):
        for parts in (1, 0):
            job = work.order_job(session, CLERK, JobName.INSTALMENTS, {}).id
            session.commit()
            session.remove()
            context.perform("job", [job])
            assert session.get(m.Job, job).result["figures"]["parts"] == parts
    states = [part.state for part in session.get(m.InstalmentPlan, plan_id).parts]
    assert states[:2] == ["invoiced", "planned"]
