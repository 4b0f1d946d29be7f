"""The section «Invoices» as an administrator uses it: order, take by link, the running month, change delivery."""
# ruff: noqa: F811  # `world` is a fixture of another module

import datetime as dt
import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.services import delivering, work
from app.services.work import JobName
from jobs import context
from tests import makers
from tests.views.test_cabinet_pages import SYSTEM, World, client_of, post, text_of, world  # noqa: F401  # noqa: F401

TODAY = dt.date(2026, 11, 10)
DAY_4 = dt.datetime(2026, 12, 4, tzinfo=ZoneInfo("Europe/Kyiv"))


@pytest.fixture(autouse=True)
def standing() -> Iterator[None]:
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def owner(app: Flask, session: Session, world: World, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    monkeypatch.setattr(context, "_app", app)
    return client_of(app, session, "owner", world.orion)


def at_kyiv(session: Session, world: World) -> None:
    """Let the Seller's days be Kyiv's."""
    session.execute(sa.update(m.Seller).values(zone="Europe/Kyiv"))
    session.commit()


def work_all(session: Session) -> None:
    """What a worker does: every job, then every wish, until nothing waits."""
    for _ in range(5):
        jobs = session.scalars(sa.select(m.Job.id).where(m.Job.state == "queued")).all()
        wishes = session.scalars(sa.select(m.Outbox.id).where(m.Outbox.state == "pending")).all()
        session.remove()
        if not jobs and not wishes:
            return
        context.perform("job", list(jobs))
        context.perform("outbox", list(wishes))


def by_mail(session: Session, world: World, addresses: str = "books@example.org", form: str = "pdf") -> None:
    delivering.change_delivery(session, SYSTEM, world.account.id, "email", form, addresses)
    session.execute(
        sa.update(m.Outbox).values(state="done")
    )  # what closing the months wished for is not looked at here
    session.commit()


def token_of(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]+)"', client.get(path).get_data(as_text=True))
    assert found, path
    return found[1]


# ---- the section ----------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-06", "A1-08")
def test_the_section_has_four_ways_and_says_what_is_open_today(owner: FlaskClient, world: World) -> None:
    page = text_of(owner, "/my/invoices/")
    for title, path in (
        ("Order an invoice to e-mail", "/my/invoices/order"),
        ("Download an invoice by link", "/my/invoices/link"),
        ("Change the delivery", "/my/delivery/"),
        ("Charges of the current period", "/my/invoices/running"),
    ):
        assert f"<h2>{title}</h2>" in page and f'href="{path}"' in page, title
    assert "Open today: September 2026 – October 2026." in page and "Open today: November 2026 so far." in page
    assert "From Dec 1, 2026 to Dec 3, 2026 invoices are being formed" in page


# ---- order to e-mail ------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-06", "A1-18", "A1-19", "A1-21")
def test_an_invoice_of_a_past_month_is_ordered_to_the_address_that_holds_now(
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    by_mail(session, world, "october@example.org")
    with clock.standing_at(dt.datetime(2026, 11, 10, 12, 5, tzinfo=dt.UTC)):
        by_mail(session, world, "anna@example.org;boris@example.org")
        period, number = text_of(owner, "/my/invoices/order"), str(world.invoices[0].number)
        assert number in period and "September 2026" in period  # older than a file by link
        path = "/my/invoices/order?month=2026-09&step=confirm"
        page = text_of(owner, path)
        assert "a***@example.org;b***@example.org" in page and "anna@" not in page and "its act" in page
        form = {"account": world.account.id, "month": "2026-09", "token": token_of(owner, path)}
        status, page = post(owner, path, "/my/invoices/order", **form)
        assert status == 200 and "It is ordered and goes to a***@example.org;b***@example.org" in page
        post(owner, path, "/my/invoices/order", **form)  # the same button pressed twice
        work_all(session)
    assert session.scalars(sa.select(m.Job.name)).all() == ["send_invoice"]
    letters = session.scalars(sa.select(m.CaughtMail).order_by(m.CaughtMail.id)).all()
    assert [letter.recipient for letter in letters] == ["anna@example.org", "boris@example.org"]
    assert number in letters[0].subject and len(letters[0].attachments) == 3
    job = session.scalars(sa.select(m.Job.id)).one()
    assert "It is on its way to a***@example.org" in text_of(owner, f"/my/invoices/ordered/{job}")


@pytest.mark.covers("A1-22")
def test_with_several_accounts_the_account_is_chosen_first_and_nothing_is_lost_on_back(
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    second = makers.account(session, session.get_one(m.Company, world.orion.id))
    session.commit()
    number, other = second.number, second.id
    for path in ("/my/invoices/order", "/my/invoices/link", "/my/invoices/running"):
        page = text_of(owner, path)
        assert "Choose the account" in page and number in page and world.account.number in page
        assert "Next" in page and "To the menu" in page and "Back" in page
    period = text_of(owner, f"/my/invoices/order?account={world.account.id}&month=2026-09&step=period")
    assert re.search(r'<option value="2026-09" selected', period)
    back = re.search(r'href="(/my/invoices/order\?[^"]*step=account[^"]*)"', period)
    assert back
    chosen = text_of(owner, back[1].replace("&amp;", "&"))
    assert re.search(rf'<option value="{world.account.id}" selected', chosen)
    assert '<input type="hidden" name="month" value="2026-09">' in chosen
    assert "This account has no invoice yet" in text_of(owner, f"/my/invoices/order?account={other}")


@pytest.mark.covers("A1-21", "A1-37")
def test_with_one_account_its_step_is_skipped_and_the_account_is_still_shown(
    owner: FlaskClient,
    world: World,
) -> None:
    for path in ("/my/invoices/order", "/my/invoices/link", "/my/invoices/running"):
        page = text_of(owner, path)
        assert "Choose the account" not in page and f"Account {world.account.number}" in page
        assert "Back" in page and "To the menu" in page, path


def test_one_who_collects_in_person_gets_it_to_the_own_address(
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    path = "/my/invoices/order?month=2026-10&step=confirm"
    assert "this goes to your own address" in text_of(owner, path)
    form = {"account": world.account.id, "month": "2026-10", "token": token_of(owner, path)}
    post(owner, path, "/my/invoices/order", **form)
    [job] = session.scalars(sa.select(m.Job)).all()
    assert job.params["addresses"] == [session.scalars(sa.select(m.User.email)).one()]


def test_a_month_without_an_invoice_is_refused_with_a_sentence(owner: FlaskClient, world: World) -> None:
    path = "/my/invoices/order?month=2026-10&step=confirm"
    form = {"account": world.account.id, "month": "2025-01", "token": "0"}
    status, page = post(owner, path, "/my/invoices/order", **form)
    assert status == 422 and "There is no regular invoice of this month" in page


# ---- by link --------------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-23", "A1-24", "A1-25", "A1-26")
@pytest.mark.parametrize(("form", "head"), [("pdf", b"%PDF"), ("xlsx", b"PK")])
def test_an_invoice_is_formed_in_the_background_and_taken_by_link(
    owner: FlaskClient,
    world: World,
    session: Session,
    form: str,
    head: bytes,
) -> None:
    page = text_of(owner, "/my/invoices/link")
    assert "October 2026</option>" in page and "September 2026</option>" in page and "August 2026" not in page
    assert re.search(r'value="pdf" checked', page)
    assert "For the invoice of the current month (November 2026) ask the service department" in page
    assert 'href="/my/tickets/new"' in page
    order = {"account": world.account.id, "month": "2026-10", "format": form}
    status, page = post(owner, "/my/invoices/link", "/my/invoices/link", **order)
    assert status == 200 and "data-job-url" in page and "Invoice for October 2026" in page
    work_all(session)
    page = text_of(owner, "/my/invoices/formed")  # left and come back
    links = re.findall(r'href="(/my/documents/\d+/file/\w+)"', page)
    assert len(links) == 3 and "data-job-url" not in page
    for link in links:
        assert owner.get(link).data.startswith(head)
    post(owner, "/my/invoices/link", "/my/invoices/link", **order)  # known again, not formed again
    assert len(session.scalars(sa.select(m.Job.id)).all()) == 1


@pytest.mark.covers("A1-23", "A1-24")
@pytest.mark.parametrize(
    ("month", "sentence"),
    [
        ("2026-11", "The month runs until Nov 30, 2026: its invoice can be taken by link from Dec 4, 2026"),
        ("2026-08", "(closed months: 2, from Sep 1, 2026 to Oct 31, 2026)"),
    ],
)
def test_only_the_two_months_before_are_taken_by_link(
    owner: FlaskClient,
    world: World,
    session: Session,
    month: str,
    sentence: str,
) -> None:
    order = {"account": world.account.id, "month": month, "format": "pdf"}
    status, page = post(owner, "/my/invoices/link", "/my/invoices/link", **order)
    assert status == 422 and sentence in page
    assert session.scalars(sa.select(m.Job.id)).all() == []


def test_another_person_does_not_see_what_was_formed_for_the_first(
    app: Flask,
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    order = {"account": world.account.id, "month": "2026-10", "format": "pdf"}
    post(owner, "/my/invoices/link", "/my/invoices/link", **order)
    accountant = client_of(app, session, "company_accountant", world.orion)
    assert "No file has been formed yet" in text_of(accountant, "/my/invoices/formed")
    status, page = post(accountant, "/my/invoices/link", "/my/invoices/link", **order)
    assert status == 200 and "data-job-url" in page


# ---- the running month ----------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-27")
def test_the_charges_of_this_month_come_by_e_mail(owner: FlaskClient, world: World, session: Session) -> None:
    by_mail(session, world, form="xlsx")
    page = text_of(owner, "/my/invoices/running")
    assert "November 2026" in page and "b***@example.org" in page
    form, number = {"account": world.account.id, "token": token_of(owner, "/my/invoices/running")}, world.account.number
    for _ in range(2):
        status, page = post(owner, "/my/invoices/running", "/my/invoices/running", **form)
    assert status == 200 and "goes to b***@example.org" in page
    work_all(session)
    [letter] = session.scalars(sa.select(m.CaughtMail)).all()
    assert letter.recipient == "books@example.org" and letter.attachments[0]["name"].endswith(".xlsx")
    assert number in letter.body and "Звіт" in letter.subject


# ---- closed ---------------------------------------------------------------------------------------------------------

FORMING = [
    dt.datetime(
        2026, 12, 1, tzinfo=ZoneInfo("Europe/Kyiv")
    ),  # the first instant of the first day, 22:00 UTC of November
    DAY_4 - dt.timedelta(seconds=1),
]
OPEN = [FORMING[0] - dt.timedelta(seconds=1), DAY_4]


def orders(world: World) -> list[tuple[str, dict[str, object]]]:
    account = {"account": world.account.id}
    return [
        ("/my/invoices/order", {**account, "month": "2026-09", "token": "a"}),
        ("/my/invoices/link", {**account, "month": "2026-10", "format": "pdf"}),
        ("/my/invoices/running", {**account, "token": "b"}),
    ]


def signed_in_at(app: Flask, session: Session, world: World, moment: dt.datetime) -> FlaskClient:
    with clock.standing_at(moment):
        return client_of(app, session, "owner", world.orion)


@pytest.mark.covers("A1-07")
@pytest.mark.parametrize("moment", FORMING)
def test_while_invoices_are_formed_all_of_it_refuses_and_names_the_day(
    app: Flask,
    owner: FlaskClient,
    world: World,
    session: Session,
    moment: dt.datetime,
) -> None:
    at_kyiv(session, world)
    owner = signed_in_at(app, session, world, moment)
    with clock.standing_at(moment):
        sentence = "Invoices are being formed from Dec 1, 2026 to Dec 3, 2026"
        page = text_of(owner, "/my/invoices/")
        assert sentence in page and "Closed today." in page and "Order again from Dec 4, 2026" in page
        for path, form in orders(world):
            status, page = post(owner, "/my/tickets/new", path, **form)
            assert status == 422 and page.count(sentence) >= 2 and "Dec 4, 2026" in page, path
            assert "data-disabled" in page, path
        for kind in ("invoice", "act"):
            mine = sa.select(m.Document.id).where(m.Document.account_id == world.account.id, m.Document.kind == kind)
            document = session.scalars(mine).first()
            answer = owner.get(f"/my/documents/{document}/file/pdf", follow_redirects=True)
            assert sentence in answer.get_data(as_text=True).replace("\xa0", " ")
            assert sentence in post(owner, f"/my/documents/{document}", f"/my/documents/{document}/mail")[1]
        assert "Send the charges" in text_of(owner, "/my/invoices/running")
        assert text_of(owner, "/my/delivery/change")  # changing the delivery is always open
    assert session.scalars(sa.select(m.Job.id)).all() == []
    assert session.scalars(sa.select(m.Delivery.id)).all() == []


@pytest.mark.covers("A1-07")
@pytest.mark.parametrize("moment", OPEN)
def test_the_last_second_before_and_the_first_after_are_open(
    app: Flask,
    owner: FlaskClient,
    world: World,
    session: Session,
    moment: dt.datetime,
) -> None:
    at_kyiv(session, world)
    owner = signed_in_at(app, session, world, moment)
    with clock.standing_at(moment):
        for path, form in orders(world):
            status, page = post(owner, "/my/tickets/new", path, **form)
            assert status == 200 and "cannot be ordered. Order again" not in page, path
        assert owner.get(f"/my/documents/{world.invoices[0].id}/file/pdf").data.startswith(b"%PDF")
    assert len(session.scalars(sa.select(m.Job.id)).all()) == 3


def test_another_companys_account_is_as_unknown(owner: FlaskClient, world: World, session: Session) -> None:
    foreign = world.vega_account.id
    for number in (foreign, 999_999):
        for path in ("/my/invoices/order", "/my/invoices/link", "/my/invoices/running"):
            text_of(owner, f"{path}?account={number}", 404)
            assert post(owner, "/my/invoices/running", path, account=number, month="2026-10")[0] == 404
        for path in ("", "change", "email", "address", "format"):
            text_of(owner, f"/my/delivery/{path}?account={number}", 404)
        assert post(owner, "/my/delivery/change", "/my/delivery/change", account=number, method="collect")[0] == 404
    job = work.order_job(session, SYSTEM, JobName.SEND_INVOICE, {"addresses": ["x@example.org"]})
    session.commit()
    text_of(owner, f"/my/invoices/ordered/{job.id}", 404)


# ---- delivery -------------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-28", "A1-29", "A1-30", "A1-32", "A1-33", "A1-34", "A1-35")
def test_delivery_is_changed_step_by_step_and_shown_masked(
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    page = text_of(owner, "/my/delivery/")
    assert "You collect it yourself" in page and "None: PDF and Excel are here, by link" in page and "Change" in page
    page = text_of(owner, "/my/delivery/change")
    assert "Nothing is sent by post or e-mail" in page and "as PDF; or, if you choose so, as Excel" in page
    account = {"account": world.account.id}
    status, page = post(owner, "/my/delivery/change", "/my/delivery/change", **account, method="email")
    assert status == 200 and "E-mail address for the invoices" in page and "maxlength" not in page  # none is cut
    wrong = {**account, "addresses": "a@example.org; b@example.org"}
    status, page = post(owner, "/my/delivery/address", "/my/delivery/address", **wrong)
    assert status == 422 and "without a space" in page and "a@example.org; b@example.org" in page
    long = {**account, "addresses": ";".join(f"somebody{n}@example.org" for n in range(10))}
    status, page = post(owner, "/my/delivery/address", "/my/delivery/address", **long)
    assert status == 422 and "at most 200 fit" in page
    good = {**account, "addresses": "anna@example.org;boris@example.org"}
    status, page = post(owner, "/my/delivery/address", "/my/delivery/address", **good)
    assert status == 200 and "E-mail: PDF" in page and "a***@example.org;b***@example.org" in page
    assert "anna@" not in page and "Changed by" in page
    page = text_of(owner, "/my/delivery/email")
    assert "Change the current e-mail" in page and "Change the format of the invoice" in page
    assert "a***@example.org" in page and "anna@" not in page and "PDF" in page
    changes = session.scalars(sa.select(m.DeliveryChange).order_by(m.DeliveryChange.id)).all()
    assert [change.delivery for change in changes] == ["collect", "email"]


@pytest.mark.covers("A1-31", "A1-36")
def test_the_format_is_chosen_from_the_list_and_the_address_stays(
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    by_mail(session, world)
    page = text_of(owner, "/my/delivery/format")
    assert "09:00–18:00 of working days, other hours, weekends and holidays apart" in page
    form = {"account": world.account.id, "format": "xlsx_split"}
    status, page = post(owner, "/my/delivery/format", "/my/delivery/format", **form)
    assert status == 200 and "E-mail: Excel, detail by working hours" in page and "b***@example.org" in page
    status, page = post(owner, "/my/delivery/format", "/my/delivery/format", account=world.account.id, format="exe")
    assert status == 422 and "from the lists" in page


@pytest.mark.covers("A1-32", "A1-37")
def test_collecting_in_person_keeps_the_address_for_a_way_back(
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    by_mail(session, world)
    account = {"account": world.account.id}
    status, page = post(owner, "/my/delivery/change", "/my/delivery/change", **account, method="collect")
    assert status == 200 and "You collect it yourself" in page and "It is kept" in page
    status, page = post(owner, "/my/delivery/change", "/my/delivery/change", **account, method="email")
    assert "Send to this address from now on" in page and "b***@example.org" in page
    status, page = post(owner, "/my/delivery/email", "/my/delivery/email", **account)
    assert status == 200 and "E-mail: PDF" in page
    for path in ("/my/delivery/change", "/my/delivery/email", "/my/delivery/address", "/my/delivery/format"):
        page = text_of(owner, path)
        assert "Back" in page and "To the menu" in page, path


@pytest.mark.covers("A1-37")
def test_addresses_typed_are_still_there_after_back(owner: FlaskClient, world: World) -> None:
    form = {"account": world.account.id, "addresses": "half@exam", "back": "1"}
    status, page = post(owner, "/my/delivery/address", "/my/delivery/address", **form)
    assert status == 200 and "Choose the method of delivery" in page
    assert 'value="half@exam"' in text_of(owner, f"/my/delivery/address?account={world.account.id}")


@pytest.mark.covers("A1-20")
def test_the_page_says_what_the_next_invoice_will_use_and_why(
    owner: FlaskClient,
    world: World,
    session: Session,
) -> None:
    page = text_of(owner, "/my/delivery/")
    assert "The invoice for November 2026 is formed on Dec 1, 2026." in page and "it is not sent" in page
    assert "This holds since the account was opened." in page
    by_mail(session, world)
    page = text_of(owner, "/my/delivery/")
    assert "As things stand it goes to b***@example.org as PDF" in page
    assert "This holds since Nov 10, 2026" in page and "it was set by test." in page
    assert "last name of the month, as it is at the end of Nov 30, 2026" in page
    assert "From Nov 29, 2026 to Nov 30, 2026 names are not changed in the cabinet" in page
