"""Bills in one currency paid in another: at a bank's rate of the day and percent, frozen on the document."""

import datetime as dt
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.models import CurrencyRate, Document, Entry, LedgerAccount, Posting, RunItem
from app.reports.document import Paragraph, Table
from app.services import audit, billing, gathering, ledger, payments
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
MONTH = Month(2026, 10)
PL = {"country": "PL", "currency": "PLN", "zone": "Europe/Warsaw", "locale": "pl"}


def put_rate(session, day, rate, base="USD", quote="UAH", source="NBU"):
    session.add(CurrencyRate(base=base, quote=quote, day=dt.date.fromisoformat(day), rate=D(rate), source=source))
    session.flush()


def in_dollars(session, seller, markup_bp=150, payable=True, price="100.0000", currency="USD"):
    """An account in dollars whose bills are paid in the Seller's currency at the bank's rate and 1.5 percent."""
    company = makers.company(session, seller)
    payer = makers.payer(session, company)
    more = {"payable_currency": seller.currency if payable else "", "rate_markup_bp": markup_bp}
    contract = makers.contract(session, company, payer, **more)
    account = makers.account(session, company, payer, currency=currency, contract_id=contract.id)
    makers.subscription(session, account, makers.plan(session, seller, price, currency=currency))
    return account


def close(session, seller, month=MONTH):
    with clock.standing_at(month.shift(1).first_day + dt.timedelta(days=1)):
        run = billing.start_run(session, OFFICE, seller.id, month)
        billing.run_batch(session, OFFICE, run.id)
    session.expire_all()
    return run


def invoice_of(session, account):
    return session.scalars(
        sa.select(Document).where(Document.account_id == account.id, Document.kind == "invoice")
    ).one()


def pay(session, account, amount, day, **more):
    with clock.standing_at(dt.date.fromisoformat(day)):
        return payments.record_payment(session, OFFICE, account.id, D(amount), dt.date.fromisoformat(day), **more)


def printed(session, document):
    """The paragraphs of a document, its tables walked as a renderer walks them."""
    said = []
    for block in gathering.laid_out(session, document).blocks:
        if isinstance(block, Table):
            list(block.rows)
        elif isinstance(block, Paragraph):
            said.append(block.text.replace("\u00a0", " "))
    return "\n".join(said)


def sum_of(session, seller, kind, currency):
    """Debits less credits of a Seller's ledger account."""
    found = session.scalars(
        sa.select(LedgerAccount).where(
            LedgerAccount.seller_id == seller.id, LedgerAccount.kind == kind, LedgerAccount.currency == currency
        )
    ).first()
    if found is None:
        return D(0)
    put = session.scalar(sa.select(sa.func.sum(Posting.amount)).where(Posting.debit_id == found.id)) or D(0)
    return put - (session.scalar(sa.select(sa.func.sum(Posting.amount)).where(Posting.credit_id == found.id)) or D(0))


def broken(session):
    session.expire_all()
    return [(name, count) for name, count, _ in audit.check_all(session) if count]


def test_an_invoice_in_dollars_says_what_to_pay_in_hryvnias_and_keeps_saying_it(session, seller):
    put_rate(session, "2026-10-30", "41.5000")
    account = in_dollars(session, seller)
    close(session, seller)
    invoice = invoice_of(session, account)
    assert (invoice.currency, invoice.total) == ("USD", D("100.00"))
    text = printed(session, invoice)
    assert "До сплати 4 212,25 грн (Чотири тисячі двісті дванадцять гривень 25 копійок)" in text
    assert "НБУ 41,5000 грн за 1 USD на 30.10.2026 плюс 1,5%" in text
    act = session.scalars(sa.select(Document).where(Document.basis_id == invoice.id)).one()
    assert "Що становить 4 212,25 грн" in printed(session, act)
    session.execute(sa.update(CurrencyRate).values(rate=D("50")))
    session.expire_all()
    assert printed(session, invoice) == text


def test_without_a_rate_the_account_waits_and_says_what_to_do(session, seller):
    in_dollars(session, seller)
    plain = makers.account(session, makers.company(session, seller))
    makers.subscription(session, plain, makers.plan(session, seller))
    with clock.standing_at(dt.date(2026, 11, 2)):
        shown = billing.preview(session, OFFICE, seller.id, MONTH)
    sentence = "There is no rate of USD to UAH (NBU) for 2026-11-01. Import the bank’s rates"
    assert [str(reason).startswith(sentence) for *_, reason in shown.trouble] == [True]
    run = close(session, seller)
    assert [str(reason).startswith(sentence) for *_, reason in billing.quarantine(session, run.id)] == [True]
    item = session.scalars(sa.select(RunItem).where(RunItem.run_id == run.id, RunItem.state == "quarantined")).one()
    assert item.reason_params["base"] == "USD" and "%(base)s" in item.reason  # so that it is said in any language
    assert invoice_of(session, plain).total == D("120.00")
    put_rate(session, "2026-10-30", "41.5000")
    with clock.standing_at(dt.date(2026, 11, 3)):
        assert billing.retry(session, OFFICE, run.id) == 1
        assert billing.run_batch(session, OFFICE, run.id).quarantined == 0
    assert broken(session) == []


def test_an_account_in_dollars_paid_in_dollars_needs_no_rate(session, seller):
    account = in_dollars(session, seller, payable=False)
    close(session, seller)
    assert invoice_of(session, account).data is None
    assert "До сплати" not in printed(session, invoice_of(session, account))
    with pytest.raises(Refused, match="Choose the account of that currency"):
        pay(session, account, "4000.00", "2026-11-10", currency="UAH")


def test_hryvnias_are_turned_at_the_rate_of_their_day_and_the_gain_is_kept(session, seller):
    put_rate(session, "2026-10-30", "41.5000")
    put_rate(session, "2026-11-09", "42.0000")
    account = in_dollars(session, seller, markup_bp=0)
    close(session, seller)
    paid = pay(session, account, "4150.00", "2026-11-10", currency="UAH")
    assert (paid.amount, paid.currency, paid.paid_amount, paid.paid_currency) == (
        D("98.81"),
        "USD",
        D("4150.00"),
        "UAH",
    )
    assert paid.exchange["rate"] == "42.0000"
    assert ledger.balance(session, account.id).net == D("-1.19")
    # 98.81 dollars were asked for as 4,100.62 hryvnias and brought 4,150.00
    assert sum_of(session, seller, "fx", "UAH") == D("-49.38")
    assert sum_of(session, seller, "clearing", "UAH") == D("4150.00")
    assert sum_of(session, seller, "exchange", "USD") == D("98.81")
    rest = pay(session, account, "50.00", "2026-11-11", currency="UAH")
    assert (rest.amount, rest.used) == (D("1.19"), D("1.19"))
    assert invoice_of(session, account).settlement == "paid"
    assert broken(session) == []


def test_a_falling_rate_is_a_loss_and_a_payment_taken_back_takes_it_back(session, seller):
    put_rate(session, "2026-10-30", "41.5000")
    put_rate(session, "2026-11-09", "40.0000")
    account = in_dollars(session, seller, markup_bp=0)
    close(session, seller)
    paid = pay(session, account, "4000.00", "2026-11-10", currency="UAH")
    assert paid.amount == D("100.00")
    assert sum_of(session, seller, "fx", "UAH") == D("150.00")
    with clock.standing_at(dt.date(2026, 11, 12)):
        payments.reverse_payment(session, OFFICE, paid.id)
    for kind, currency in (("fx", "UAH"), ("clearing", "UAH"), ("exchange", "UAH"), ("exchange", "USD")):
        assert sum_of(session, seller, kind, currency) == 0
    assert ledger.balance(session, account.id).net == D("-100.00")
    assert broken(session) == []


def test_an_advance_has_no_difference_when_it_settles(session, seller):
    put_rate(session, "2026-10-20", "40.0000")
    put_rate(session, "2026-10-30", "41.5000")
    account = in_dollars(session, seller, markup_bp=0)
    paid = pay(session, account, "4000.00", "2026-10-21", currency="UAH")
    close(session, seller)
    assert (paid.amount, paid.used) == (D("100.00"), D("100.00"))
    assert sum_of(session, seller, "fx", "UAH") == 0
    assert broken(session) == []


def test_the_money_of_such_an_account_must_say_its_currency(session, seller):
    put_rate(session, "2026-11-09", "42.0000")
    account = in_dollars(session, seller)
    with pytest.raises(Refused, match="Say which of the two came in"):
        pay(session, account, "4150.00", "2026-11-10")
    with pytest.raises(Refused, match="Choose the account of that currency"):
        pay(session, account, "4150.00", "2026-11-10", currency="EUR")
    with pytest.raises(Refused, match="no rate of USD to UAH"):
        pay(session, account, "4150.00", "2026-10-01", currency="UAH")
    assert pay(session, account, "10.00", "2026-11-10", currency="USD").paid_amount is None
    assert session.scalar(sa.select(sa.func.count()).select_from(Entry)) == 1


def test_a_polish_invoice_in_euros_says_its_vat_in_zlotys(session):
    ensure_defaults(session)
    seller = makers.seller(session, **PL)
    put_rate(session, "2026-10-29", "4.2498", "EUR", "PLN", "NBP")
    put_rate(session, "2026-10-31", "4.9999", "EUR", "PLN", "NBP")
    account = in_dollars(session, seller, payable=False, price="123.0000", currency="EUR")
    close(session, seller)
    invoice = invoice_of(session, account)
    assert (invoice.tax, invoice.total) == (D("23.00"), D("123.00"))
    text = printed(session, invoice)
    assert "97,75" in text  # 23.00 × 4.2498, the last rate before the last day of the month
    assert "4,2498" in text and "29.10.2026" in text
    assert broken(session) == []


def test_a_credit_note_keeps_the_rate_of_the_invoice_it_corrects(session, seller):
    put_rate(session, "2026-10-30", "41.5000")
    put_rate(session, "2026-12-01", "45.0000")
    account = in_dollars(session, seller)
    close(session, seller)
    session.execute(sa.text("UPDATE subscription_item SET unit_price = 500000"))
    with clock.standing_at(dt.date(2026, 12, 2)):
        run = billing.start_run(session, OFFICE, seller.id, MONTH)
        billing.run_batch(session, OFFICE, run.id)
    note = session.scalars(sa.select(Document).where(Document.kind == "credit_note")).one()
    assert note.total == D("-50.00")
    assert note.data == invoice_of(session, account).data
    assert "Що становить 2 106,13 грн" in printed(session, note)
    assert broken(session) == []


def test_what_a_polish_seller_must_add_is_frozen_with_the_invoice(session):
    ensure_defaults(session)
    note = "Metoda kasowa"
    seller = makers.seller(session, **PL, split_payment=True, invoice_note=note)
    account = makers.account(session, makers.company(session, seller, locale="pl"), currency="PLN")
    makers.subscription(session, account, makers.plan(session, seller, "18450.0000"))
    close(session, seller)
    invoice = invoice_of(session, account)
    said = printed(session, invoice).splitlines()
    assert "mechanizm podzielonej płatności" in said and note in said
    act = session.scalars(sa.select(Document).where(Document.basis_id == invoice.id)).one()
    assert note not in printed(session, act)
    seller.split_payment, seller.invoice_note = False, ""
    session.flush()
    assert printed(session, invoice).splitlines() == said
