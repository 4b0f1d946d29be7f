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
from tests.browser import hands
from tests.browser.hands import choose, click, eventually, fill, is_chosen, press, see, written
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
    hands.sign_in(browser, live_server, name)
    click(browser, link)


@pytest.mark.covers("A1-28", "A1-29", "A1-33", "A1-35", "A1-36", "A1-37")
def test_an_administrator_changes_the_e_mail_and_the_format(browser: Any, live_server: str, administrator: str) -> None:
    sign_in(browser, live_server, administrator)
    click(browser, "Переглянути й змінити")
    see(browser, "Забираєте особисто", "Поточний спосіб доставки")
    click(browser, "Змінити")
    choose(browser, "method", "email")
    click(browser, "Далі")
    fill(browser, "addresses", "anna@orion.example; boris@orion.example")
    click(browser, "Далі")
    see(browser, "без пробілу")
    fill(browser, "addresses", "anna@orion.example;boris@orion.example")
    click(browser, "Назад")  # the address is not known yet: back to the method
    see(browser, "Оберіть спосіб доставки")
    choose(browser, "method", "email")
    click(browser, "Далі")
    assert written(browser, "addresses") == "anna@orion.example;boris@orion.example"
    click(browser, "Далі")
    see(browser, "a***@orion.example;b***@orion.example", "Електронна пошта: PDF")

    click(browser, "Змінити")
    choose(browser, "method", "email")
    click(browser, "Далі")
    assert "anna@" not in see(browser, "Поточний e-mail")
    click(browser, "Змінити формат рахунку")
    choose(browser, "format", "xlsx_split")
    click(browser, "Далі")
    see(browser, "Електронна пошта: Excel, деталізація за робочим часом", "a***@orion.example")
    see(browser, "Що використає наступний рахунок і чому")
    click(browser, "До меню")


@pytest.mark.covers("A1-28", "A1-37")
@pytest.mark.parametrize("locale", ["ru"])
def test_the_delivery_is_changed_in_russian(browser: Any, live_server: str, administrator: str) -> None:
    sign_in(browser, live_server, administrator, "Счета")
    browser.get(f"{live_server}/my/delivery/change")
    choose(browser, "method", "email")
    click(browser, "Назад")
    browser.get(f"{live_server}/my/delivery/change")
    assert is_chosen(browser, "method", "email")
    click(browser, "Далее")
    fill(browser, "addresses", "anna@orion.example")
    click(browser, "Далее")
    see(browser, "a***@orion.example", "Электронная почта: PDF")


@pytest.mark.covers("A1-23", "A1-25", "A1-26", "A1-37")
def test_an_administrator_takes_an_invoice_by_link(
    app: Flask, browser: Any, live_server: str, administrator: str, tmp_path: Path
) -> None:
    sign_in(browser, live_server, administrator)
    click(browser, "Оберіть місяць")
    see(browser, "зверніться до відділу обслуговування")
    assert is_chosen(browser, "format", "pdf")
    choose(browser, "format", "xlsx")
    click(browser, "Назад")  # nothing was sent: what is chosen waits in the tab
    click(browser, "Оберіть місяць")
    assert is_chosen(browser, "format", "xlsx")
    click(browser, "До меню")  # which leaves the way, and all that was chosen on it
    click(browser, "Рахунки")
    click(browser, "Оберіть місяць")
    assert is_chosen(browser, "format", "pdf")
    choose(browser, "format", "xlsx")
    click(browser, "Далі")
    see(browser, "Файли, сформовані за посиланням")
    browser.get(f"{live_server}/my/invoices/")  # the page is left while the file is being formed
    work_off(app)
    click(browser, "Файли, сформовані за посиланням")
    see(browser, "XLSX")
    assert browser.execute_script("return document.querySelectorAll(\"a[href*='/file/xlsx']\").length") == 3
    press(browser, "a[href*='/file/xlsx']", stays=True)
    taken = eventually(browser, lambda: list((tmp_path / "downloads").glob("*.xlsx")))
    assert [one.read_bytes()[:2] for one in taken] == [b"PK"]
