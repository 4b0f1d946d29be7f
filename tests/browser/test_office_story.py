"""The main job in a real browser: a file comes in, its month is closed, money is entered, an act is made."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.period import Month
from app.extensions import db
from app.services import setup
from jobs import context
from tests import makers

pytestmark = pytest.mark.browser

CUSTOMERS = (
    "Customer code;Company name;Tax code;Monthly charge\n"
    "vyshnia;ТОВ «Вишня»;32855961;120.00\n"
    "slyva;ТОВ «Слива»;32855961;80,50\n"
    "hrusha;ТОВ «Груша»;32855961;дорого\n"
)


@pytest.fixture
def office(session: Session) -> str:
    """The name of a person of the back office; a Seller is there, no customer yet."""
    setup.ensure_defaults(session)
    name = makers.user(session, "back_office").username
    session.commit()  # an open transaction of the test would lock SQLite
    return name


def work_off(app: Flask) -> None:
    """Do what waits, as a worker would."""
    context.use(app)
    waiting = list(db.session.scalars(sa.select(m.Job.id).where(m.Job.state == "queued")))
    db.session.rollback()
    context.perform("job", waiting)


def click(browser: Any, text: str) -> None:
    from selenium.webdriver.common.by import By

    found = [one for one in browser.find_elements(By.CSS_SELECTOR, "main a, main button") if one.is_displayed()]
    wanted = next((one for one in found if " ".join(one.text.split()) == text), None)
    assert wanted is not None, f"no «{text}» among {[one.text for one in found]}"
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", wanted)
    wanted.click()


def fill(browser: Any, name: str, value: str) -> None:
    from selenium.webdriver.common.by import By

    field = browser.find_element(By.NAME, name)
    if field.get_attribute("type") in ("date", "month"):
        browser.execute_script("arguments[0].value = arguments[1]", field, value)
    else:
        field.clear()
        field.send_keys(value)


def page(browser: Any) -> str:
    from selenium.webdriver.common.by import By

    return browser.find_element(By.TAG_NAME, "main").text.replace("\xa0", " ").replace("\u202f", " ")


def agree(browser: Any) -> None:
    """Answer a confirmation."""
    from selenium.webdriver.common.by import By

    browser.find_element(By.ID, "kb-confirm-ok").click()


def wait_for(browser: Any, text: str) -> None:
    """Until the page says so; a page that is being left while it is read is read again."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    wait = WebDriverWait(browser, 20, ignored_exceptions=[StaleElementReferenceException])
    wait.until(lambda one: text in page(one), f"«{text}» did not appear")


def test_a_provider_loads_customers_closes_their_month_and_reconciles(
    browser: Any, live_server: str, app: Flask, office: str, tmp_path: Path
) -> None:
    from selenium.webdriver.common.by import By

    browser.get(f"{live_server}/login/")
    fill(browser, "username", office)
    fill(browser, "password", makers.PASSWORD)
    browser.execute_script("document.querySelector('[name=password]').form.requestSubmit()")
    wait_for(browser, "Closing of")

    click(browser, "Import")
    file = tmp_path / "клієнти.csv"
    file.write_text(CUSTOMERS, encoding="utf-8")
    browser.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(file))
    click(browser, "Read the file")
    wait_for(browser, "Which column is what")
    assert "rejected" in page(browser)
    click(browser, "Apply 2 lines")
    wait_for(browser, "Import of")
    work_off(app)
    wait_for(browser, "The file is applied")

    browser.get(f"{live_server}/office/closing/")
    click(browser, "Dry run")
    wait_for(browser, "Who would be billed")
    assert "200.50 UAH" in page(browser)
    click(browser, "Start the run")
    agree(browser)
    wait_for(browser, "Closing of")
    work_off(app)
    wait_for(browser, "Documents of the run")
    assert "200.50 UAH" in page(browser)

    click(browser, "Documents of the run")
    browser.find_element(By.PARTIAL_LINK_TEXT, "ТОВ «Вишня»").click()
    wait_for(browser, "Unpaid invoices")
    assert "−120.00 UAH" in page(browser)

    click(browser, "New payment")
    fill(browser, "amount", "100,00")
    fill(browser, "reference", "114")
    click(browser, "Enter the payment")
    wait_for(browser, "The payment is entered.")
    assert "100.00 UAH" in page(browser)

    browser.find_element(By.LINK_TEXT, "ТОВ «Вишня»").click()
    wait_for(browser, "−20.00 UAH")
    click(browser, "Reconciliation act")
    this = Month.of(clock.today())
    fill(browser, "start", this.shift(-1).first_day.isoformat())
    fill(browser, "last", clock.today().isoformat())
    click(browser, "Look")
    wait_for(browser, "What the act would say")
    click(browser, "Make the act")
    wait_for(browser, "The act is made.")
    assert "PDF" in page(browser) and "XLSX" in page(browser)
