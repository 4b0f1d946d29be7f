"""A corporate administrator in a browser, in Ukrainian and Russian: changes the delivery, takes an invoice by link."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.services import billing, setup
from tests import makers
from tests.browser.test_cabinet_story import click, fill, page
from tests.browser.test_office_story import work_off

pytestmark = pytest.mark.browser
SYSTEM = Actor.system("test")


@pytest.fixture
def locale() -> str:
    """What the administrator reads, where a test names no other language."""
    return "uk"


@pytest.fixture
def administrator(session: Session, locale: str) -> str:
    """The user name of an administrator whose company has two closed months; the window is not today."""
    setup.ensure_defaults(session)
    seller = makers.seller(session)
    window = {"first_day": 20, "last_day": 22} if clock.today().day < 15 else {"first_day": 1, "last_day": 3}
    session.add(m.Policy(seller_id=seller.id, kind="invoice_closed_window", settings=window))
    account = makers.account(session, makers.company(session, seller, name="ТОВ «Оріон»"))
    makers.subscription(
        session, account, makers.plan(session, seller), subscriber_id=makers.subscriber(session, account).id
    )
    for back in (2, 1):
        run = billing.start_run(session, SYSTEM, seller.id, Month.of(clock.today()).shift(-back))
        while billing.run_batch(session, SYSTEM, run.id).left:
            pass
    made = makers.user(session, "company_administrator", account.company, locale=locale)
    name = made.username
    session.commit()  # and nothing read after it: an open transaction of the test would lock SQLite
    return name


def sign_in(browser: Any, live_server: str, name: str, link: str = "Рахунки") -> None:
    browser.get(f"{live_server}/login/")
    fill(browser, "username", name)
    fill(browser, "password", makers.PASSWORD)
    browser.execute_script("document.querySelector('[name=password]').form.requestSubmit()")
    click(browser, link)


def choose(browser: Any, name: str, value: str) -> None:
    from selenium.webdriver.common.by import By

    field = browser.find_element(By.CSS_SELECTOR, f"[name={name}][value={value}]")
    browser.execute_script("arguments[0].click()", field)


@pytest.mark.covers("A1-28", "A1-29", "A1-33", "A1-35", "A1-36", "A1-37")
def test_an_administrator_changes_the_e_mail_and_the_format(browser: Any, live_server: str, administrator: str) -> None:
    sign_in(browser, live_server, administrator)
    click(browser, "Переглянути й змінити")
    assert "Забираєте особисто" in page(browser) and "Поточний спосіб доставки" in page(browser)
    click(browser, "Змінити")
    choose(browser, "method", "email")
    click(browser, "Далі")
    fill(browser, "addresses", "anna@orion.example; boris@orion.example")
    click(browser, "Далі")
    assert "без пробілу" in page(browser)
    fill(browser, "addresses", "anna@orion.example;boris@orion.example")
    click(browser, "Назад")  # the address is not known yet: back to the method
    assert "Оберіть спосіб доставки" in page(browser)
    choose(browser, "method", "email")
    click(browser, "Далі")
    from selenium.webdriver.common.by import By

    typed = browser.find_element(By.NAME, "addresses").get_attribute("value")
    assert typed == "anna@orion.example;boris@orion.example"
    click(browser, "Далі")
    assert "a***@orion.example;b***@orion.example" in page(browser) and "Електронна пошта: PDF" in page(browser)

    click(browser, "Змінити")
    choose(browser, "method", "email")
    click(browser, "Далі")
    assert "Поточний e-mail" in page(browser) and "anna@" not in page(browser)
    click(browser, "Змінити формат рахунку")
    choose(browser, "format", "xlsx_split")
    click(browser, "Далі")
    shown = page(browser)
    assert "Електронна пошта: Excel, деталізація за робочим часом" in shown and "a***@orion.example" in shown
    assert "Що використає наступний рахунок і чому" in shown
    click(browser, "До меню")


@pytest.mark.covers("A1-28", "A1-37")
@pytest.mark.parametrize("locale", ["ru"])
def test_the_delivery_is_changed_in_russian(browser: Any, live_server: str, administrator: str) -> None:
    from selenium.webdriver.common.by import By

    sign_in(browser, live_server, administrator, "Счета")
    browser.get(f"{live_server}/my/delivery/change")
    choose(browser, "method", "email")
    click(browser, "Назад")
    browser.get(f"{live_server}/my/delivery/change")
    assert browser.find_element(By.CSS_SELECTOR, "[name=method][value=email]").is_selected()
    click(browser, "Далее")
    fill(browser, "addresses", "anna@orion.example")
    click(browser, "Далее")
    assert "a***@orion.example" in page(browser) and "Электронная почта: PDF" in page(browser)


@pytest.mark.covers("A1-23", "A1-25", "A1-26", "A1-37")
def test_an_administrator_takes_an_invoice_by_link(
    app: Flask, browser: Any, live_server: str, administrator: str, tmp_path: Path
) -> None:
    from selenium.webdriver.common.by import By

    sign_in(browser, live_server, administrator)
    click(browser, "Оберіть місяць")
    assert "зверніться до відділу обслуговування" in page(browser)
    assert browser.find_element(By.CSS_SELECTOR, "[name=format][value=pdf]").is_selected()
    choose(browser, "format", "xlsx")
    click(browser, "Назад")  # nothing was sent: what is chosen waits in the tab
    click(browser, "Оберіть місяць")
    assert browser.find_element(By.CSS_SELECTOR, "[name=format][value=xlsx]").is_selected()
    click(browser, "До меню")  # which leaves the way, and all that was chosen on it
    click(browser, "Рахунки")
    click(browser, "Оберіть місяць")
    assert browser.find_element(By.CSS_SELECTOR, "[name=format][value=pdf]").is_selected()
    choose(browser, "format", "xlsx")
    click(browser, "Далі")
    assert "Файли, сформовані за посиланням" in page(browser)
    browser.get(f"{live_server}/my/invoices/")  # the page is left while the file is being formed
    work_off(app)
    click(browser, "Файли, сформовані за посиланням")
    links = browser.find_elements(By.CSS_SELECTOR, "a[href*='/file/xlsx']")
    assert len(links) == 3 and "XLSX" in page(browser)
    links[0].click()
    downloads = tmp_path / "downloads"
    for _ in range(100):
        if list(downloads.glob("*.xlsx")):
            break
        browser.implicitly_wait(0.1)
        browser.find_elements(By.CSS_SELECTOR, ".nothing-of-the-kind")
    assert [one.read_bytes()[:2] for one in downloads.glob("*.xlsx")] == [b"PK"]
