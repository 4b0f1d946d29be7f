"""Staff match what customers registered; both sides see the state and its date."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.extensions import db
from app.models import Payment
from app.services import expecting, ledger, payments, setup
from tests import makers

CLERK = Actor.system("Оксана")
PAGE = "/office/waiting-payments/"
SUM = Decimal("3500.00")


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(dt.date(2026, 11, 12)):
        yield


@pytest.fixture
def account(session):
    setup.ensure_defaults(session)
    made = makers.account(session)
    session.commit()
    return made


def say(session, account, reference="418", day=dt.date(2026, 11, 9)):
    owner = Actor(None, "Ольга", account.company_id, rights=frozenset({"cabinet_payments.read"}))
    said = expecting.register_payment(session, owner, account.id, SUM, day, reference=reference)
    session.commit()
    return said


def pay(session, account, **more):
    made = payments.record_payment(session, CLERK, account.id, SUM, dt.date(2026, 11, 10), **more)
    session.commit()
    return made


def client_of(app, session, role, company=None):
    who = makers.user(session, role, company)
    session.commit()
    return makers.sign_in(app.test_client(), who)


def send(client, address, **fields):
    token = makers._token(client.get(PAGE).text)
    return client.post(address, data={"csrf_token": token, **fields}, follow_redirects=True).text


@pytest.mark.covers("A1-05")
def test_a_clerk_matches_and_both_sides_see_it(app, session, account):
    said = say(session, account, reference="")
    twin = say(session, account, reference="", day=dt.date(2026, 11, 8))
    money = pay(session, account)
    office = client_of(app, session, "accountant")
    page = office.get(PAGE).text
    assert f'value="money:{money.id}"' in page and "&lt;span" not in page
    assert "Ольга" in page
    owner = client_of(app, session, "owner", account.company)
    assert "You told us of 7,000.00 UAH more; we wait for the bank" in owner.get("/my/payments/").text
    assert "we wait for the bank" in owner.get("/").text
    answer = send(office, f"{PAGE}{said.id}/match", chosen=f"money:{money.id}")
    assert "They are matched" in answer
    seen = owner.get(f"/my/payments/{said.id}").text
    assert "The bank confirmed it" in seen
    assert "Nov 12, 2026" in seen.replace("\N{NO-BREAK SPACE}", " ")
    assert f'href="/my/payments/{money.id}"' in seen
    assert "You registered the payment" in owner.get(f"/my/payments/{money.id}").text
    listed = owner.get("/my/payments/").text
    assert f'"/my/payments/{money.id}"' in listed
    assert f'"/my/payments/{said.id}"' not in listed
    assert f'"/my/payments/{twin.id}"' in listed
    answer = send(office, f"{PAGE}{said.id}/unmatch", reason="Не той рахунок")
    assert "They are unmatched" in answer
    assert "Не той рахунок" in owner.get(f"/my/payments/{said.id}").text
    assert ledger.balance(session, account.id).net == SUM


def test_a_refusal_is_read_by_the_customer(app, session, account):
    said = say(session, account)
    office = client_of(app, session, "accountant")
    assert "Say why" in send(office, f"{PAGE}{said.id}/refuse", reason=" ")
    assert "It is refused" in send(office, f"{PAGE}{said.id}/refuse", reason="У виписці його немає")
    assert "No payment waits for the bank" in office.get(PAGE).text
    page = client_of(app, session, "owner", account.company).get(f"/my/payments/{said.id}").text
    assert "It is not confirmed" in page
    assert "У виписці його немає" in page


@pytest.mark.covers("A1-05")
def test_the_customer_hears_at_once_that_the_money_is_here(app, session, account):
    pay(session, account)
    owner = client_of(app, session, "owner", account.company)
    token = makers._token(owner.get("/my/payments/register").text)
    form = {"account": account.id, "amount": "3500", "paid_on": "2026-11-09", "csrf_token": token}
    page = owner.post("/my/payments/register", data=form, follow_redirects=True).text
    assert "the bank&#39;s line is here already" in page
    assert "we wait for the bank" not in page


def test_who_only_reads_payments_cannot_decide(app, session, account):
    said = say(session, account)
    support = client_of(app, session, "support")
    assert support.get(PAGE).status_code == 403
    owner = client_of(app, session, "owner", account.company)
    token = makers._token(owner.get("/my/payments/register").text)
    fields = {"csrf_token": token, "reason": "x"}
    assert owner.post(f"{PAGE}{said.id}/refuse", data=fields).status_code == 404
    office = client_of(app, session, "accountant")
    assert "Choose the money" in send(office, f"{PAGE}{said.id}/match", chosen="")
    assert "There is no payment P-9" in send(office, f"{PAGE}{said.id}/match", number="P-9")
    fields = {"csrf_token": makers._token(office.get(PAGE).text), "chosen": "money:999999"}
    assert office.post(f"{PAGE}{said.id}/match", data=fields).status_code == 404


@pytest.mark.covers("A1-05")
def test_an_imported_statement_confirms_what_was_registered_and_only_once(app, session, account, tmp_path):
    said_id, account_id = say(session, account).id, account.id
    content = f"Account;Date;Amount;Reference\n{account.number};2026-11-10;3500.00;0418\n"
    seller = account.seller.code
    session.remove()  # an open transaction of the test would lock SQLite
    for line in ("first", "again"):
        path = tmp_path / f"{line}.csv"
        path.write_text(content + "\n" * len(line), encoding="utf-8")  # another file with the same money
        result = app.test_cli_runner().invoke(args=["import-payments", str(path), "--seller", seller])
        assert result.exit_code == 0, result.output
        assert "0 rejected" in result.output, result.output
    assert session.get(Payment, said_id).state == "confirmed"
    assert ledger.balance(session, account_id).net == SUM


def test_the_pages_ask_few_questions_of_the_database(app, session, account):
    for day in range(1, 10):
        say(session, account, reference=str(day), day=dt.date(2026, 11, day))
    pay(session, account, key="one")
    session.commit()
    pages = {
        "accountant": (PAGE, "/office/instalments/new"),
        "administrator": ("/office/policy-calendar/",),
        "owner": ("/my/calendar/", "/my/company/", "/my/instalments/", "/my/payments/"),
    }
    for role, paths in pages.items():
        client = client_of(app, session, role, account.company if role == "owner" else None)
        for path in paths:
            client.get(path)
            asked = []

            def note(conn, cursor, statement, *rest, asked=asked):
                asked.append(statement)

            sa.event.listen(db.engine, "before_cursor_execute", note)
            try:
                assert client.get(path).status_code == 200
            finally:
                sa.event.remove(db.engine, "before_cursor_execute", note)
            assert len(asked) <= (8 if role == "owner" else 12), (path, len(asked), asked)
