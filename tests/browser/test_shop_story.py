"""A stranger in a real browser, in Ukrainian: chooses, registers, pays with a card, and the service runs."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.services import setup
from app.services.shop import shelves
from jobs import context
from tests import makers
from tests.browser.hands import fill, press, see

pytestmark = pytest.mark.browser
CLICKS, PAGES = 17, 16  # what it takes (docs/performance.md); a field that is typed into is no click


@pytest.fixture
def say(app: Flask) -> Callable[[str], str]:
    """What a word of a button is in Ukrainian."""

    def word(text: str) -> str:
        with app.test_request_context(), force_locale("uk"):
            return " ".join(gettext(text).split())

    return word


@pytest.fixture
def shelf(session: Session) -> str:
    """The code of a product that a Seller sells, with a sandbox to pay in and terms to accept."""
    setup.ensure_roles(session)
    setup.ensure_tax_rates(session)
    seller = makers.seller(session, country="UA")
    plan = makers.plan(session, seller, "300.0000")
    session.add(m.PaymentWay(seller_id=seller.id, gateway="sandbox", name="Картка", is_on=True))
    terms = {"version": 1, "locale": "uk", "title": "Умови", "body": "Будьмо чесні."}
    session.add(m.Agreement(seller_id=seller.id, valid_from=clock.today(), **terms))
    shelves.stock(session, seller.id)
    code = plan.product.code
    session.commit()
    return code


class Walker:
    """A person at a browser who counts clicks and pages."""

    def __init__(self, browser: Any, host: str) -> None:
        self.browser, self.host, self.clicks, self.pages = browser, host, 0, 0

    def go(self, path: str) -> None:
        self.browser.get(f"{self.host}{path}")
        self.pages += 1

    def click(self, css: str, text: str = "") -> None:
        """Click what is shown, and wait for the page it leads to."""
        press(self.browser, css, text)
        self.clicks += 1
        self.pages += 1

    def tick(self, css: str) -> None:
        """Click something that leads nowhere."""
        press(self.browser, css, stays=True)
        self.clicks += 1

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            fill(self.browser, name, value)


def answer_bells(session: Session, app: Flask) -> None:
    """What relay and worker do, until nothing due waits."""
    context.use(app)
    for _ in range(20):
        due = sa.select(m.Outbox.id).where(m.Outbox.state == "pending", m.Outbox.due_at <= clock.now())
        wishes = list(session.scalars(due))
        jobs = list(session.scalars(sa.select(m.Job.id).where(m.Job.state.in_(["queued", "running"]))))
        session.commit()
        session.remove()  # type: ignore[attr-defined]
        if not wishes and not jobs:
            return
        context.perform("outbox", wishes)
        context.perform("job", jobs)


def code_of_mail(session: Session, app: Flask) -> str:
    answer_bells(session, app)
    body = session.scalars(sa.select(m.CaughtMail.body).order_by(m.CaughtMail.id.desc())).first() or ""
    session.commit()
    found = re.search(r"\b\d{6}\b", body)
    assert found, body
    return found[0]


def wait_for_service(session: Session, app: Flask) -> None:
    """The simulated platform takes its seconds."""
    for _ in range(60):
        answer_bells(session, app)
        states = list(session.scalars(sa.select(m.Subscription.state)))
        session.commit()
        if states == ["active"]:
            return
        time.sleep(0.25)
    raise AssertionError(states)


@pytest.mark.covers(
    "SMC-03", "SMC-40", "SMC-46", "SMC-57", "SMC-60", "SMC-61", "SMC-67", "AST-074", "AST-075", "AST-083"
)
def test_a_stranger_registers_buys_and_has_a_running_subscription(
    browser: Any, live_server: str, app: Flask, session: Session, shelf: str, say: Callable[[str], str]
) -> None:
    walk = Walker(browser, live_server)
    browser.get(f"{live_server}/lang/uk")
    walk.go("/shop/")
    walk.click(f"a[href*='/shop/product/{shelf}']")
    walk.click("button", say("Add to cart"))
    walk.tick("[name=agree]")
    walk.click("button[value=checkout]")
    walk.click("a", say("Register"))

    walk.fill(email="olga@contoso.example")
    walk.click("form.kb-form [type=submit]")
    walk.fill(code=code_of_mail(session, app))
    walk.click("form.kb-form [type=submit]")
    walk.fill(given_name="Olga", surname="Sikur", display_name="Olga Sikur", phone="0671234567")
    walk.fill(password="Violet-Harbour-42", again="Violet-Harbour-42")
    walk.click("form.kb-form [type=submit]")
    walk.fill(code=code_of_mail(session, app))
    walk.click("form.kb-form [type=submit]")
    walk.fill(name="ТОВ «Контосо»", country="UA", address="вул. Садова, 1", postal_code="01001", city="Київ")
    walk.fill(phone="+380441234567", prefix="contoso", prefix_again="contoso")
    walk.tick("[name=agree]")
    walk.click("form.kb-form [type=submit]")
    walk.click("button[value=checkout]")  # what was accepted before is still ticked
    walk.click("form.kb-form [type=submit]")
    walk.click("form.kb-form [type=submit]")
    walk.click("form.kb-form [type=submit]", say("Place the order"))
    walk.fill(card="4242 4242 4242 4242", until="12/29", cvv="123")
    walk.click("form.kb-form [type=submit]")
    wait_for_service(session, app)
    walk.click("a", say("Open the order"))
    order = session.scalars(sa.select(m.Order)).one()
    paid = session.scalars(sa.select(m.Payment)).one()
    assert (order.state, paid.amount) == ("fulfilled", order.total)
    see(browser, order.number, say("The service is ready to use"))
    assert walk.clicks <= CLICKS and walk.pages <= PAGES
