"""VAT on advances: Russian Sellers tax money when it comes, and give the tax back as services are supplied for it."""

import datetime as dt
import random
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Entry, LedgerAccount, Posting
from app.rules import tax
from app.services import audit, billing, ledger, payments, reconciliation
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
RU = {"country": "RU", "currency": "RUB", "zone": "Europe/Moscow", "locale": "ru"}


@pytest.fixture
def russian(session):
    """A Russian Seller with a customer who subscribes for 122 roubles a month since December 2025."""
    ensure_defaults(session)
    return _account_of(session, makers.seller(session, **RU))


def _account_of(session, seller, price="122.0000"):
    account = makers.account(session, makers.company(session, seller), currency=seller.currency)
    makers.subscription(session, account, makers.plan(session, seller, price), starts_on=dt.date(2025, 12, 1))
    return account


def close(session, account, month):
    """Bill a month on the second day of the next one."""
    with clock.standing_at(month.shift(1).first_day + dt.timedelta(days=1)):
        run = billing.start_run(session, OFFICE, account.seller_id, month)
        billing.run_batch(session, OFFICE, run.id)
    session.expire_all()


def pay(session, account, amount, day):
    with clock.standing_at(day):
        return payments.record_payment(session, OFFICE, account.id, D(amount), day)


def moved(session, payment):
    """(day, amount) of what was put on VAT on advances (+) and taken from it (−) for a payment."""
    kind = sa.select(LedgerAccount.id).where(LedgerAccount.kind == "vat_advances")
    rows = session.execute(
        sa.select(Posting.happened_on, Posting.amount, Posting.debit_id.in_(kind))
        .join(Entry, Entry.id == Posting.entry_id)
        .where(Entry.payment_id == payment.id, sa.or_(Posting.debit_id.in_(kind), Posting.credit_id.in_(kind)))
        .order_by(Posting.id)
    )
    return [(day, amount if put else -amount) for day, amount, put in rows]


def broken(session):
    session.expire_all()
    return [(name, count) for name, count, _ in audit.check_all(session) if count]


@pytest.mark.parametrize(
    ("rest", "rate_bp", "expected"),
    [("122", 2200, "22.00"), ("120", 2000, "20.00"), ("100", 2200, "18.03"), ("0.03", 2200, "0.01"), ("0", 2200, "0")],
)
def test_the_estimated_rate_takes_the_tax_out_of_the_advance(rest, rate_bp, expected):
    assert tax.tax_of_advance(D(rest), rate_bp) == D(expected)


def test_a_prepayment_is_taxed_when_it_comes_and_the_tax_goes_back_with_the_invoice(session, russian):
    paid = pay(session, russian, "300.00", dt.date(2026, 1, 15))
    assert moved(session, paid) == [(dt.date(2026, 1, 15), D("54.10"))]
    close(session, russian, Month(2026, 1))
    close(session, russian, Month(2026, 2))
    close(session, russian, Month(2026, 3))
    # 300 → 178 → 56 → 0 left: 54.10, 32.10, 10.10 and nothing
    assert [amount for _, amount in moved(session, paid)] == [D("54.10"), D("-22.00"), D("-22.00"), D("-10.10")]
    assert paid.advance_tax == 0
    assert broken(session) == []


def test_an_advance_of_2025_goes_back_at_the_rate_it_was_taxed_by(session, russian):
    paid = pay(session, russian, "120.00", dt.date(2025, 12, 20))
    assert moved(session, paid) == [(dt.date(2025, 12, 20), D("20.00"))]
    close(session, russian, Month(2026, 1))
    assert moved(session, paid)[1:] == [(dt.date(2026, 2, 1), D("-20.00"))]
    invoice = paid.allocations[0].document
    assert (invoice.tax, invoice.total, invoice.paid) == (D("22.00"), D("122.00"), D("120.00"))
    assert broken(session) == []


def test_money_for_an_open_invoice_is_no_advance(session, russian):
    close(session, russian, Month(2025, 12))
    close(session, russian, Month(2026, 1))
    paid = pay(session, russian, "244.00", dt.date(2026, 2, 5))
    assert paid.used == D("244.00")
    assert moved(session, paid) == []
    over = pay(session, russian, "61.00", dt.date(2026, 2, 6))
    assert moved(session, over) == [(dt.date(2026, 2, 6), D("11.00"))]
    assert broken(session) == []


def test_only_what_is_left_after_several_invoices_of_the_day_is_an_advance(session, russian):
    close(session, russian, Month(2025, 12))
    close(session, russian, Month(2026, 1))
    paid = pay(session, russian, "305.00", dt.date(2026, 2, 5))
    assert moved(session, paid) == [(dt.date(2026, 2, 5), D("11.00"))]
    assert broken(session) == []


def test_money_entered_late_was_an_advance_until_its_invoice_came(session, russian):
    close(session, russian, Month(2025, 12))  # its invoice is of 1 January
    with clock.standing_at(dt.date(2026, 1, 10)):
        paid = payments.record_payment(session, OFFICE, russian.id, D("120.00"), dt.date(2025, 12, 28))
    assert moved(session, paid) == [(dt.date(2025, 12, 28), D("20.00")), (dt.date(2026, 1, 1), D("-20.00"))]
    assert broken(session) == []


def test_a_payment_taken_back_takes_its_tax_back(session, russian):
    paid = pay(session, russian, "300.00", dt.date(2026, 1, 15))
    close(session, russian, Month(2026, 1))
    with clock.standing_at(dt.date(2026, 2, 10)):
        payments.reverse_payment(session, OFFICE, paid.id, "returned by the bank")
    assert sum(amount for _, amount in moved(session, paid)) == 0
    assert moved(session, paid)[-1][0] == dt.date(2026, 2, 10)
    assert broken(session) == []


@pytest.mark.parametrize(
    "more", [{"country": "UA", "currency": "UAH"}, {"vat_on_advances": False}, {"vat_payer": False}]
)
def test_sellers_who_do_not_tax_advances_have_no_such_postings(session, more):
    ensure_defaults(session)
    account = _account_of(session, makers.seller(session, **{**RU, **more}))
    paid = pay(session, account, "300.00", dt.date(2026, 1, 15))
    close(session, account, Month(2026, 1))
    assert moved(session, paid) == []
    assert paid.advance_tax_bp is None
    assert broken(session) == []


def test_the_customer_sees_the_same_books_with_and_without_tax_on_advances(session):
    ensure_defaults(session)
    chance = random.Random(7)
    accounts = [
        _account_of(session, makers.seller(session, **RU, vat_on_advances=taxed), "333.3300") for taxed in (True, False)
    ]
    for number in range(1, 7):
        amount = D(chance.randint(1, 60_000)) / 100
        for account in accounts:
            made = pay(session, account, amount, dt.date(2026, number, 10))
            if number == 4:
                with clock.standing_at(dt.date(2026, number, 11)):
                    payments.reverse_payment(session, OFFICE, made.id)
            close(session, account, Month(2026, number))
        assert broken(session) == []
    one, two = (ledger.balance(session, account.id) for account in accounts)
    assert one == two
    acts = [
        reconciliation.statement(session, OFFICE, account.id, dt.date(2026, 1, 1), dt.date(2026, 7, 31))
        for account in accounts
    ]
    assert [(r.day, r.debit, r.credit) for r in acts[0].rows] == [(r.day, r.debit, r.credit) for r in acts[1].rows]
