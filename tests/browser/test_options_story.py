"""An administrator in a real browser, in Ukrainian and Russian: services for a list, their price, what came of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from jobs import context
from tests.browser.hands import choose, click, fill, fits_the_screen, see, sign_in, take_a_phone, written
from tests.switching.conftest import House, house_in

pytestmark = pytest.mark.browser


@pytest.fixture
def locale() -> str:
    """What the administrator reads, where a test names no other language."""
    return "uk"


@pytest.fixture
def house(session: Session, data_dir: Path, locale: str) -> House:
    made = house_in(session, data_dir)
    made.session.get_one(m.User, made.actor.user_id).locale = locale
    made.operator(refuse_ending=made.subscribers[1].number[-3:])
    return made


@pytest.fixture
def words(app: Flask, locale: str) -> Callable[..., str]:
    """What a sentence is called in the administrator's language."""

    def say(text: str, **params: object) -> str:
        with app.test_request_context(), force_locale(locale):
            return " ".join(gettext(text, **params).split())

    return say


def answer_bells(house: House) -> None:
    """What relay and worker do, until nothing waits."""
    for _ in range(20):
        jobs = list(house.session.scalars(sa.select(m.Job.id).where(m.Job.state.in_(["queued", "running"]))))
        due = sa.select(m.Outbox.id).where(m.Outbox.state == "pending", m.Outbox.due_at <= clock.now())
        wishes = list(house.session.scalars(due))
        house.session.commit()
        house.session.remove()
        if not jobs and not wishes:
            return
        context.perform("job", jobs)
        context.perform("outbox", wishes)


@pytest.mark.covers("A1-16", "A1-17", "A1-37")
@pytest.mark.parametrize("locale", ["uk", "ru"])
def test_an_administrator_switches_services_for_a_list(
    browser: Any, live_server: str, app: Flask, house: House, words: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_app", app)
    username = house.session.get_one(m.User, house.actor.user_id).username
    numbers = [one.number for one in house.subscribers]
    house.session.commit()  # and nothing read after it: an open transaction of the test would lock SQLite
    sign_in(browser, live_server, username)
    see(browser, words("Services by list of subscribers"))

    browser.get(f"{live_server}/my/options/")
    click(browser, words("Switch options"))
    see(browser, "Роумінг Європа", "95,00 UAH")
    choose(browser, "option", "roaming")
    choose(browser, "action", "on")
    click(browser, words("Next"))
    fill(browser, "text", "\n".join([numbers[0], numbers[1], "+380000000000"]))
    click(browser, words("Next"))

    see(browser, "190,00 UAH", words("Price effect"))
    see(browser, words("There is no such subscriber in your company. Compare the number with the list."))
    click(browser, words("Back"))
    assert numbers[1] in written(browser, "text")
    click(browser, words("Next"))
    click(browser, words("Ask for %(count)s", count=2))
    see(browser, words("Requests are under way"))

    answer_bells(house)
    browser.get(browser.current_url)
    see(browser, words("Done"), words("Refused by the operator"), words("Not asked for"))
    see(browser, words("The operator does not offer this option on the number."))

    click(browser, words("Services by list"))
    see(browser, f"{words('Switch on')}: Роумінг Європа")


def test_the_steps_fit_a_phone(browser: Any, live_server: str, house: House) -> None:
    today = clock.today("Europe/Kyiv")
    batch = house.switch(house.numbers(0, 1), day=today)
    draft = house.list_of(house.numbers(2), day=today)
    username = house.session.get_one(m.User, house.actor.user_id).username
    places = [
        "",
        "new",
        f"{draft.id}/what",
        f"{draft.id}/who",
        f"{draft.id}/who?how=pick",
        f"{draft.id}",
        f"{batch.id}",
    ]
    house.session.commit()
    take_a_phone(browser)
    sign_in(browser, live_server, username)
    for place in places:
        browser.get(f"{live_server}/my/options/{place}")
        assert fits_the_screen(browser), place
