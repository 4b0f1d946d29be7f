"""The calendar of policies as staff and customers see it, and the forms behind it."""

import datetime as dt
import re

import pytest

from app import models as m
from app.core import clock
from app.rules.policies import PolicyKind
from app.services import policies, setup
from app.views.policy_words import GROUPS, KINDS, SETTINGS, UNSHOWN
from tests import makers

ADDRESS = "/office/policy-calendar/"


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(dt.date(2026, 11, 10)):
        yield


@pytest.fixture
def seller(session):
    setup.ensure_defaults(session)
    made = makers.seller(session, country="PL", currency="PLN", zone="Europe/Warsaw")
    session.commit()
    return made


def client_of(app, session, role, company=None):
    who = makers.user(session, role, company)
    session.commit()
    return makers.sign_in(app.test_client(), who)


def squares(page):
    """Day of the month → what its square says."""
    cells = re.findall(r'<td class="([^"]*)"[^>]*>\s*<time datetime="([\d-]+)">(.*?)</td>', page, re.S)
    return {
        int(day[-2:]): re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said))
        for css, day, said in cells
        if "is-outside" not in css
    }


def send(client, address, **fields):
    token = makers._token(client.get(ADDRESS).get_data(as_text=True))
    return client.post(address, data={"csrf_token": token, **fields})


def test_every_policy_and_setting_has_its_words_and_its_place():
    assert sorted(kind for _, kinds in GROUPS for kind in kinds) == sorted(set(PolicyKind) - UNSHOWN) == sorted(KINDS)
    from app.rules.policies import DEFAULTS

    assert set(SETTINGS) == {
        (kind, name) for kind, settings in DEFAULTS.items() if kind not in UNSHOWN for name in settings
    }


@pytest.mark.covers("A1-07", "A1-14")
def test_staff_see_which_day_closes_opens_forms_and_falls_due(app, session, seller):
    page = client_of(app, session, "administrator").get(f"{ADDRESS}?seller={seller.id}&month=2026-11").text
    days = squares(page)
    assert len(days) == 30
    assert "Ordering of invoices closed" in days[1]
    assert "Ordering of invoices closed" in days[3]
    assert "Ordering of invoices opens" in days[4]
    assert "Invoices formed" in days[1]
    assert "Renaming opens" in days[1]
    assert "Last day to pay in time" in days[15]
    assert "Overdue from today" in days[16]
    assert "Renaming closed" in days[29]
    assert "National Independence Day" in days[11]
    assert "today" in days[10]


def test_what_if_says_the_days_of_an_invoice_issued_on_a_day(app, session, seller):
    page = client_of(app, session, "administrator").get(f"{ADDRESS}?seller={seller.id}&issued=2026-01-01").text
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("kb-cal-days") :]))
    assert re.search(r"Jan 15, 2026 Last day to pay in time", said)
    assert re.search(r"Jan 30, 2026 Block of debtors", said)
    assert re.search(r"Jan 1, 2026 Invoices formed · not a working day", said)


def test_a_changed_policy_is_drawn_and_its_default_comes_back(app, session, seller):
    client = client_of(app, session, "administrator")
    more = {"seller": seller.id, "month": "2026-11", "kind": "invoice_closed_window"}
    answer = send(
        client,
        f"{ADDRESS}change",
        **more,
        **{"invoice_closed_window-first_day": "2", "invoice_closed_window-last_day": "5"},
    )
    assert answer.status_code == 302
    days = squares(client.get(answer.location).text)
    assert "closed" not in days[1]
    assert "Ordering of invoices closed" in days[5]
    assert "Ordering of invoices opens" in days[6]
    send(client, f"{ADDRESS}change", **more, reset="1")
    assert policies.calendar_for(session, seller.id)[PolicyKind.INVOICE_CLOSED_WINDOW]["last_day"] == 3


@pytest.mark.parametrize(
    ("kind", "field", "said"),
    [
        ("credit_block", "3", "block must not come before"),
        ("invoice_due", "many", "cannot be"),
        ("grace", "", "cannot"),
    ],
)
def test_a_policy_that_cannot_be_meant_comes_back_with_its_sentence(app, session, seller, kind, field, said):
    client = client_of(app, session, "administrator")
    answer = send(client, f"{ADDRESS}change", seller=seller.id, kind=kind, **{f"{kind}-days": field})
    assert answer.status_code == 422
    assert said in answer.text
    assert f'name="{kind}-days" value="{field}"' in answer.text
    assert session.query(m.Policy).count() == 0


def test_a_day_set_by_hand_is_drawn_as_worked(app, session, seller):
    client = client_of(app, session, "administrator")
    more = {"seller": seller.id, "month": "2026-11", "country": "PL", "day": "2026-11-11"}
    send(client, f"{ADDRESS}day", **more, **{"is": "worked"})
    page = client.get(f"{ADDRESS}?seller={seller.id}&month=2026-11").text
    assert "(worked)" in squares(page)[11]
    send(client, f"{ADDRESS}day", **more, **{"is": "own"})
    assert session.query(m.CalendarOverride).count() == 0


def test_who_may_only_read_settings_sees_no_button_and_cannot_save(app, session, seller):
    client = client_of(app, session, "back_office")
    page = client.get(ADDRESS).text
    assert "Policy calendar" in page
    assert "policy-calendar/change" in page
    assert 'type="submit" class="btn btn-default btn-sm"' not in page
    assert send(client, f"{ADDRESS}change", seller=seller.id, kind="grace", **{"grace-days": "3"}).status_code == 403
    assert client_of(app, session, "support").get(ADDRESS).status_code == 403


@pytest.mark.covers("A1-07", "A1-14")
def test_a_customer_sees_their_own_half(app, session, seller):
    account = makers.account(session, makers.company(session, seller), currency="PLN")
    makers.document(session, account, total="500.00", issued_on=dt.date(2026, 11, 2), currency="PLN")
    other = makers.account(session, makers.company(session, seller), currency="PLN")
    makers.document(session, other, total="999.00", issued_on=dt.date(2026, 11, 2), currency="PLN")
    owner = client_of(app, session, "owner", account.company)
    days = squares(owner.get("/my/calendar/?month=2026-11").text)
    assert "Invoices cannot be ordered" in days[2]
    assert "Invoices can be ordered again" in days[4]
    assert "The invoice for October 2026 is formed" in days[1]
    assert "Pay 500.00 PLN" in days[16]
    assert "overdue" in days[17]
    assert "Renaming waits until it opens" in days[30]
    assert "999" not in "".join(days.values())
    assert "blocked if 500.00" in squares(owner.get("/my/calendar/?month=2026-12").text)[1]


def test_an_employee_is_not_told_of_money(app, session, seller):
    account = makers.account(session, makers.company(session, seller), currency="PLN")
    makers.document(session, account, total="500.00", issued_on=dt.date(2026, 11, 2), currency="PLN")
    page = client_of(app, session, "employee", account.company).get("/my/calendar/?month=2026-11").text
    assert "500" not in "".join(squares(page).values())
    assert "ordered" not in page


def test_months_that_cannot_be_drawn_are_not(app, session, seller):
    client = client_of(app, session, "administrator")
    for month in ("1066-01", "9998-12", "x", "2026-13"):
        assert client.get(f"{ADDRESS}?month={month}&issued=0001-01-01").status_code == 200
