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


def click(browser: Any, text: str) -> None:
    from selenium.webdriver.common.by import By

    found = [e for e in browser.find_elements(By.CSS_SELECTOR, "a, button, summary") if e.is_displayed()]
    wanted = next(e for e in found if " ".join(e.text.split()) == text)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", wanted)
    wanted.click()


def page(browser: Any) -> str:
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.common.by import By

    for _ in range(20):
        try:
            return browser.find_element(By.TAG_NAME, "body").text.replace("\xa0", " ").replace("\u202f", " ")
        except StaleElementReferenceException:  # the page gave way to the next one while it was read
            continue
    raise AssertionError("the page never stood still")


def fill(browser: Any, name: str, value: str) -> None:
    from selenium.webdriver.common.by import By

    field = browser.find_element(By.NAME, name)
    if field.get_attribute("type") == "date":
        browser.execute_script("arguments[0].value = arguments[1]", field, value)
    else:
        field.clear()
        field.send_keys(value)


@pytest.mark.covers("A1-01", "A1-05", "AST-067", "AST-118")
def test_an_accountant_pays_asks_and_reconciles(
    browser: Any, live_server: str, accountant: tuple[str, str], tmp_path: Path
) -> None:
    browser.get(f"{live_server}/login/")
    fill(browser, "username", accountant[0])
    fill(browser, "password", makers.PASSWORD)
    browser.execute_script("document.querySelector('[name=password]').form.requestSubmit()")
    assert "Last documents" in page(browser) and "−120.00 UAH" in page(browser)

    click(browser, "Documents")
    browser.get(f"{live_server}/my/documents/?unpaid=1&period=custom")
    click(browser, f"Invoice {accountant[1]}")
    assert "How to pay" in page(browser)
    click(browser, "Explain this line")
    assert "1 × 120.00" in page(browser)

    click(browser, "Payments")
    click(browser, "I have paid")
    fill(browser, "amount", "120,00")
    fill(browser, "reference", "114")
    click(browser, "Register the payment")
    assert "Waits for the bank" in page(browser)

    click(browser, "Reconciliation")
    assert "Debt at the end" in page(browser)
    click(browser, "Make the act")
    assert "The act is made" in page(browser) and "Download PDF" in page(browser)

    click(browser, "Reconciliation")
    click(browser, "Compare with your book")
    book = tmp_path / "book.csv"
    book.write_text("Date;Number;Debit;Credit\n2020-01-01;1;1.00;\n", encoding="utf-8")
    fill_file(browser, book)
    click(browser, "Compare")
    assert "Only in our books" in page(browser)


def fill_file(browser: Any, path: Path) -> None:
    from selenium.webdriver.common.by import By

    browser.find_element(By.NAME, "file").send_keys(str(path))


def test_nothing_is_wider_than_a_phone(browser: Any, live_server: str, accountant: tuple[str, str]) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(f"{live_server}/login/")
    fill(browser, "username", accountant[0])
    fill(browser, "password", makers.PASSWORD)
    browser.execute_script("document.querySelector('[name=password]').form.requestSubmit()")
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
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, path
