"""A company's accountant in a real browser: sees the debt, opens the invoice, registers a payment, reconciles."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.services import billing, payments, setup
from tests import makers
from tests.browser.hands import click, fill, fits_the_screen, see, sign_in, take_a_phone

pytestmark = pytest.mark.browser
SYSTEM = Actor.system("test")


@pytest.fixture
def accountant(session: Session) -> tuple[str, str]:
    """The name of an accountant and the number of the unpaid one of their company's two invoices."""
    setup.ensure_defaults(session)
    seller = makers.seller(session)
    account = makers.account(session, makers.company(session, seller, name="ТОВ «Оріон»"))
    makers.subscription(
        session, account, makers.plan(session, seller), subscriber_id=makers.subscriber(session, account).id
    )
    this = Month.of(clock.today())
    for back in (2, 1):
        run = billing.start_run(session, SYSTEM, seller.id, this.shift(-back))
        while billing.run_batch(session, SYSTEM, run.id).left:
            pass
    day = this.first_day - dt.timedelta(days=5)
    payments.record_payment(session, SYSTEM, account.id, Decimal("120.00"), day, reference="77")
    made = makers.user(session, "company_accountant", account.company)
    unpaid = sa.select(m.Document.number).where(m.Document.kind == "invoice", m.Document.settlement != "paid")
    told = (made.username, str(session.scalars(unpaid).one()))
    session.commit()  # and nothing read after it: an open transaction of the test would lock SQLite
    return told


@pytest.mark.covers("A1-01", "A1-05", "AST-067", "AST-118")
def test_an_accountant_pays_asks_and_reconciles(
    browser: Any, live_server: str, accountant: tuple[str, str], tmp_path: Path
) -> None:
    sign_in(browser, live_server, accountant[0])
    see(browser, "Last documents", "−120.00 UAH")

    click(browser, "Documents")
    browser.get(f"{live_server}/my/documents/?unpaid=1&period=custom")
    click(browser, f"Invoice {accountant[1]}")
    see(browser, "How to pay")
    click(browser, "Explain this line", stays=True)
    see(browser, "1 × 120.00")

    click(browser, "Payments")
    click(browser, "I have paid")
    fill(browser, "amount", "120,00")
    fill(browser, "reference", "114")
    click(browser, "Register the payment")
    see(browser, "Waits for the bank")

    click(browser, "Reconciliation")
    see(browser, "Debt at the end")
    click(browser, "Make the act")
    see(browser, "The act is made", "Download PDF")

    click(browser, "Reconciliation")
    click(browser, "Compare with your book")
    book = tmp_path / "book.csv"
    book.write_text("Date;Number;Debit;Credit\n2020-01-01;1;1.00;\n", encoding="utf-8")
    fill(browser, "file", book)
    click(browser, "Compare")
    see(browser, "Only in our books")


def test_nothing_is_wider_than_a_phone(browser: Any, live_server: str, accountant: tuple[str, str]) -> None:
    take_a_phone(browser)
    sign_in(browser, live_server, accountant[0])
    for path in (
        "/",
        "/my/documents/?period=12",
        "/my/charges/",
        "/my/payments/",
        "/my/delivery/",
        "/my/delivery/change",
        "/my/invoices/",
        "/my/invoices/link",
        "/my/invoices/order",
        "/my/subscriptions/",
        "/my/tickets/",
    ):
        browser.get(live_server + path)
        assert browser.execute_script("return performance.getEntriesByType('navigation')[0].responseStatus") == 200, (
            path
        )
        assert fits_the_screen(browser), path
