"""What a gateway keeps of a payment, what is written off, what is given: none of it is the customer's loss."""

import csv
import datetime as dt
import io
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.models import LedgerAccount, Payment, Posting
from app.services import audit, billing, importing, ledger, payments, reconciliation, registers
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")


@pytest.fixture
def account(session):
    """An account that owes 120.00 for October 2026."""
    ensure_defaults(session)
    seller = makers.seller(session)
    account = makers.account(session, makers.company(session, seller), number="2000777")
    makers.subscription(session, account)
    with clock.standing_at(dt.date(2026, 11, 2)):
        run = billing.start_run(session, OFFICE, seller.id, Month(2026, 10))
        billing.run_batch(session, OFFICE, run.id)
    return account


def pay(session, account, amount, **more):
    with clock.standing_at(dt.date(2026, 11, 10)):
        return payments.record_payment(session, OFFICE, account.id, D(amount), dt.date(2026, 11, 10), **more)


def turnover(session, seller_id, kind):
    """(debits, credits) of a Seller's ledger account."""
    found = sa.select(LedgerAccount.id).where(LedgerAccount.seller_id == seller_id, LedgerAccount.kind == kind)
    sums = [
        sa.select(sa.func.sum(Posting.amount)).where(side.in_(found)) for side in (Posting.debit_id, Posting.credit_id)
    ]
    return tuple(session.scalar(one) or D(0) for one in sums)


def broken(session):
    session.expire_all()
    return [(name, count) for name, count, _ in audit.check_all(session) if count]


def test_the_gateway_keeps_its_fee_and_the_customer_is_credited_the_whole(session, account):
    paid = pay(session, account, "120.00", method="card", fee=D("3.30"))
    assert ledger.balance(session, account.id).net == 0
    assert turnover(session, account.seller_id, "fees") == (D("3.30"), D(0))
    assert turnover(session, account.seller_id, "clearing") == (D("120.00"), D("3.30"))
    with pytest.raises(Refused, match="entered once"):
        payments.keep_fee(session, OFFICE, paid.id, D("1.00"))
    assert broken(session) == []


def test_a_fee_may_be_known_later_but_never_more_than_the_payment(session, account):
    paid = pay(session, account, "50.00", method="card")
    for fee in ("0", "-1", "50.00", "1.005"):
        with pytest.raises(Refused, match="gateway fee"):
            payments.keep_fee(session, OFFICE, paid.id, D(fee))
    payments.keep_fee(session, OFFICE, paid.id, D("1.38"))
    assert turnover(session, account.seller_id, "fees") == (D("1.38"), D(0))
    with clock.standing_at(dt.date(2026, 11, 12)):
        payments.reverse_payment(session, OFFICE, paid.id)  # the money went back, the gateway keeps what it kept
    assert turnover(session, account.seller_id, "fees") == (D("1.38"), D(0))
    assert broken(session) == []


def test_the_payments_file_has_a_column_for_the_fee(session, account, tmp_path):
    path = tmp_path / "payments.csv"
    path.write_text(
        "Особовий рахунок;Сума;Дата оплати;Номер платежу;Комісія\n"
        "2000777;60,00;10.11.2026;G-1;1,65\n2000777;40,00;10.11.2026;G-2;\n2000777;10,00;10.11.2026;G-3;10,00\n",
        "utf-8",
    )
    with clock.standing_at(dt.date(2026, 11, 11)):
        batch, shown = importing.preview_file(session, OFFICE, "payments", path, path.name, seller_id=account.seller_id)
        assert shown.mapping["columns"]["fee"] == "Комісія"
        done = importing.apply_batch(session, OFFICE, batch.id, path)
    assert (done.created, done.rejected) == (2, 1)
    fees = session.execute(sa.select(Payment.reference, Payment.fee).order_by(Payment.reference)).all()
    assert [tuple(row) for row in fees] == [("G-1", D("1.65")), ("G-2", D("0.00"))]
    assert broken(session) == []


def test_the_register_of_payments_says_the_fee(session, account):
    pay(session, account, "120.00", method="card", fee=D("3.30"))
    out = io.BytesIO()
    registers.write(session, OFFICE, "payments", Month(2026, 11), "csv", out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert (rows[0]["Sum"], rows[0]["Gateway fee"], rows[0]["Came in"]) == ("120.00", "3.30", "")


def test_a_debt_is_written_off_up_to_what_is_owed(session, account):
    with pytest.raises(Refused, match="owes less"):
        pay(session, account, "120.01", method="write_off")
    with pytest.raises(Refused, match="No money comes in"):
        pay(session, account, "20.00", method="write_off", fee=D("1.00"))
    paid = pay(session, account, "20.00", method="write_off", reference="наказ 7")
    assert paid.used == D("20.00")
    assert turnover(session, account.seller_id, "write_off") == (D("20.00"), D(0))
    assert turnover(session, account.seller_id, "clearing") == (D(0), D(0))
    made = reconciliation.statement(session, OFFICE, account.id, dt.date(2026, 10, 1), dt.date(2026, 11, 30))
    assert [(row.title.split(" № ")[0], row.credit) for row in made.rows][1:] == [("Списання боргу", D("20.00"))]
    assert made.closing == D("100.00")
    assert broken(session) == []


def test_cashback_is_an_expense_of_marketing_and_may_be_taken_back(session, account):
    given = pay(session, account, "150.00", method="cashback")
    assert turnover(session, account.seller_id, "marketing") == (D("150.00"), D(0))
    assert ledger.balance(session, account.id).net == D("30.00")
    with clock.standing_at(dt.date(2026, 11, 12)):
        payments.reverse_payment(session, OFFICE, given.id)
    assert turnover(session, account.seller_id, "marketing") == (D("150.00"), D("150.00"))
    assert ledger.balance(session, account.id).net == D("-120.00")
    assert broken(session) == []


def test_a_payment_taken_back_twice_goes_back_once(session, account):
    paid = pay(session, account, "100.00")
    again = pay(session, account, "20.00")
    with clock.standing_at(dt.date(2026, 11, 12)):
        for _ in range(2):
            payments.reverse_payment(session, OFFICE, paid.id)
    assert again.allocations[0].document.paid == D("20.00")
    assert ledger.balance(session, account.id).net == D("-100.00")
    assert broken(session) == []
