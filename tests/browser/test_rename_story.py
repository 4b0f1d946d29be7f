"""An administrator in a browser, in Russian and Ukrainian: pastes a list with bad lines, takes it back, undoes it."""

import time
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.rules.policies import PolicyKind
from jobs import context
from tests import makers
from tests.browser.hands import fill, fits_the_screen, press, see, sign_in, take_a_phone, written

pytestmark = pytest.mark.browser


@pytest.fixture
def locale() -> str:
    """What the administrator reads, where a test names no other language."""
    return "ru"


@pytest.fixture
def administrator(session: Session, locale: str) -> str:
    """The name of an administrator of a company with three subscribers, who reads `locale`; never in a freeze."""
    account = makers.account(session)
    for n in (1, 2, 3):
        makers.subscriber(session, account, number=f"+38067123450{n}", name=f"Прежнее имя {n}")
    session.add(m.Policy(seller_id=account.seller_id, kind=PolicyKind.RENAME_FREEZE.value, settings={"last_days": 0}))
    company = session.get_one(m.Company, account.company_id)
    name = makers.user(session, "company_administrator", company, locale=locale).username
    session.commit()
    return name


def button(address: str) -> str:
    """Where the button is that sends the form of an address, or posts to it."""
    return f"form[action$='{address}'] [type=submit], [data-post$='{address}']"


def answer_bells(session: Session, app: Any) -> None:
    """What the relay and a worker would do."""
    context.use(app)
    ids = list(session.scalars(sa.select(m.Job.id).where(m.Job.name == "rename_apply", m.Job.state == "queued")))
    session.remove()  # type: ignore[attr-defined]
    context.perform("job", ids)


def wait_for_names(session: Session, app: Any, wanted: list[str]) -> None:
    """Answer bells until the names are these."""
    for _ in range(60):
        answer_bells(session, app)
        names = list(session.scalars(sa.select(m.Subscriber.name).order_by(m.Subscriber.number)))
        session.remove()  # type: ignore[attr-defined]
        if names == wanted:
            return
        time.sleep(0.25)
    raise AssertionError(names)


@pytest.mark.covers("A1-12", "A1-37")
@pytest.mark.parametrize(("locale", "subscribers"), [("ru", "Абоненты"), ("uk", "Абоненти")])
def test_a_list_is_pasted_renamed_taken_back_and_undone(
    browser: Any, live_server: str, app: Any, session: Session, administrator: str, subscribers: str
) -> None:
    sign_in(browser, live_server, administrator)
    browser.get(f"{live_server}/my/rename/")
    fill(browser, "text", "0671234501; Мария Петрова\n067 123 45 02; Ивaнов\n0509999999; Никто\n")
    press(browser, button("/my/rename/list"))
    see(browser, "Мария Петрова", "«Иванов»", "Прежнее имя 2")
    number = int(browser.current_url.rsplit("/", 1)[1])
    press(browser, button(f"/{number}/suggestions"))
    browser.back()
    browser.get(f"{live_server}/my/rename/?back={number}")
    assert "Ивaнов" in written(browser, "text")
    browser.get(f"{live_server}/my/rename/{number}")
    press(browser, button(f"/{number}/apply"))
    wait_for_names(session, app, ["Мария Петрова", "Иванов", "Прежнее имя 3"])
    browser.get(f"{live_server}/my/rename/{number}")
    result = f"{live_server}/my/rename/{number}/result"
    text = browser.execute_async_script(
        "const done = arguments[1]; fetch(arguments[0]).then(a => a.text()).then(done)", result
    )
    assert "0509999999; Никто" in text and text.count("\n") >= 3
    press(browser, button(f"/{number}/undo"), stays=True)
    press(browser, "#kb-confirm-ok")
    wait_for_names(session, app, ["Прежнее имя 1", "Прежнее имя 2", "Прежнее имя 3"])
    browser.get(f"{live_server}/my/subscribers/")
    see(browser, subscribers, "Прежнее имя 1", "Прежнее имя 2")


def test_the_steps_fit_a_phone(browser: Any, live_server: str, administrator: str) -> None:
    take_a_phone(browser)
    sign_in(browser, live_server, administrator)
    browser.get(f"{live_server}/my/rename/")
    fill(browser, "text", "0671234501; Мария Петрова\n067 123 45 02; Ивaнов\n0509999999; Никто\n")
    press(browser, button("/my/rename/list"))
    see(browser, "Мария Петрова")
    for path in ("/my/rename/", "/my/rename/one", "/my/rename/names", "/my/subscribers/", ""):
        if path:
            browser.get(live_server + path)
        assert fits_the_screen(browser), path
