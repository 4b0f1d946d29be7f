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
from tests.browser import hands
from tests.browser.hands import fill, press, see, sign_in

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
    hands.click(browser, text, "main")


def test_a_provider_loads_customers_closes_their_month_and_reconciles(
    browser: Any, live_server: str, app: Flask, office: str, tmp_path: Path
) -> None:
    sign_in(browser, live_server, office)
    see(browser, "Closing of")

    click(browser, "Import")
    file = tmp_path / "клієнти.csv"
    file.write_text(CUSTOMERS, encoding="utf-8")
    fill(browser, "file", file)
    click(browser, "Read the file")
    see(browser, "Which column is what")
    see(browser, "rejected")
    click(browser, "Apply 2 lines")
    see(browser, "Import of")
    work_off(app)
    see(browser, "The file is applied")

    browser.get(f"{live_server}/office/closing/")
    click(browser, "Dry run")
    see(browser, "Who would be billed")
    see(browser, "200.50 UAH")
    hands.click(browser, "Start the run", "main", stays=True)
    press(browser, "#kb-confirm-ok")
    see(browser, "Closing of")
    work_off(app)
    see(browser, "Documents of the run")
    see(browser, "200.50 UAH")

    click(browser, "Documents of the run")
    click(browser, "ТОВ «Вишня»")
    see(browser, "Unpaid invoices")
    see(browser, "−120.00 UAH")

    click(browser, "New payment")
    fill(browser, "amount", "100,00")
    fill(browser, "reference", "114")
    click(browser, "Enter the payment")
    see(browser, "The payment is entered.")
    see(browser, "100.00 UAH")

    click(browser, "ТОВ «Вишня»")
    see(browser, "−20.00 UAH")
    click(browser, "Reconciliation act")
    this = Month.of(clock.today())
    fill(browser, "start", this.shift(-1).first_day.isoformat())
    fill(browser, "last", clock.today().isoformat())
    click(browser, "Look")
    see(browser, "What the act would say")
    click(browser, "Make the act")
    see(browser, "The act is made.")
    see(browser, "PDF", "XLSX")
