"""A regular invoice: whose name, address and format it has, what travels with it, and how its usage is split."""

import datetime as dt
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.models import CalendarOverride, CaughtMail, Delivery, Outbox, SubscriberName, Usage
from app.services import billing, delivering, documents, hours, mailing, names, papers
from app.services.cabinet import running
from app.services.mailing import Post
from app.services.setup import ensure_defaults
from app.services.work import Topic
from app.views.security import actor_of
from jobs import mail
from tests import makers

OFFICE = Actor.system("olga")
OCTOBER = Month(2026, 10)
NOVEMBER_1 = dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC)


@pytest.fixture
def account(session, app):
    """An account by e-mail with one subscriber's subscription; nothing is closed yet."""
    with clock.standing_at(dt.date(2026, 10, 1)):
        ensure_defaults(session)
        seller = makers.seller(session, zone="Europe/Kyiv")
        account = makers.account(session, makers.company(session, seller))
        account.delivery, account.delivery_addresses = "email", "books@orion.example"
        subscriber = makers.subscriber(session, account, name="Перша назва")
        makers.subscription(session, account, subscriber_id=subscriber.id)
    return account


def close(session, account, month=OCTOBER, at=NOVEMBER_1):
    with clock.standing_at(at):
        run = billing.start_run(session, OFFICE, account.seller_id, month)
        while billing.run_batch(session, OFFICE, run.id).left:
            pass
    return papers.invoice_of(session, account.id, month)


def rename(session, account, new, at):
    """A row of the history as the renaming service writes it."""
    subscriber = session.scalars(
        sa.select(makers.m.Subscriber).where(makers.m.Subscriber.account_id == account.id)
    ).one()
    session.add(
        SubscriberName(
            company_id=account.company_id,
            subscriber_id=subscriber.id,
            old_name=subscriber.name,
            new_name=new,
            changed_at=at,
            changed_by="Ольга",
        )
    )
    subscriber.name = new
    session.flush()
    return subscriber


def kyiv(*parts):
    from zoneinfo import ZoneInfo

    return dt.datetime(*parts, tzinfo=ZoneInfo("Europe/Kyiv")).astimezone(dt.UTC)


def shown_names(session, account, month=OCTOBER):
    from app.services import gathering

    report = documents.charge_report(session, OFFICE, account.id, month)
    return [line.subscriber_name for line in gathering.ChargeLines(session, report)]


# ---- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-15")
def test_the_last_name_of_the_month_stands_on_its_papers_whatever_comes_later(session, account, tmp_path):
    rename(session, account, "Друга назва", kyiv(2026, 10, 12, 9))
    rename(session, account, "Остання жовтня", kyiv(2026, 10, 31, 23, 59, 59))
    rename(session, account, "Вже листопад", kyiv(2026, 11, 1, 0, 0, 0))
    close(session, account)
    assert shown_names(session, account) == ["Остання жовтня"]
    rename(session, account, "Ще пізніше", kyiv(2026, 11, 20, 12))
    assert shown_names(session, account) == ["Остання жовтня"]
    report = documents.charge_report(session, OFFICE, account.id, OCTOBER)
    path = documents.file_of(session, OFFICE, report.id, "xlsx", tmp_path)
    cells = {cell.value for sheet in load(path, tmp_path) for row in sheet for cell in row}
    assert "Остання жовтня" in cells and not cells & {"Друга назва", "Вже листопад", "Ще пізніше"}


@pytest.mark.covers("A1-15")
def test_a_name_first_changed_after_the_month_is_still_the_old_one(session, account):
    close(session, account)
    assert shown_names(session, account) == ["Перша назва"]
    subscriber = rename(session, account, "Нова", kyiv(2026, 11, 2, 10))
    assert shown_names(session, account) == ["Перша назва"]
    now = sa.select(names.name_at(kyiv(2026, 11, 3))).where(makers.m.Subscriber.id == subscriber.id)
    assert session.scalar(now) == "Нова"


# ---- as at forming --------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-20")
def test_a_regular_invoice_goes_where_it_was_to_go_when_it_was_formed(session, account):
    with clock.standing_at(kyiv(2026, 10, 5, 12)):
        delivering.change_delivery(session, OFFICE, account.id, "email", "xlsx", "october@orion.example")
    with clock.standing_at(kyiv(2026, 10, 20, 12)):
        delivering.change_delivery(session, OFFICE, account.id, "email", "xlsx", "forming@orion.example")
    invoice = close(session, account)
    with clock.standing_at(NOVEMBER_1 + dt.timedelta(minutes=1)):
        delivering.change_delivery(session, OFFICE, account.id, "email", "pdf", "later@orion.example")
        [wish] = session.scalars(sa.select(Outbox).where(Outbox.topic == Topic.MAIL_DOCUMENT)).all()
        for _ in range(2):
            mail.mail_document(session, wish.payload, None)
        sent = session.execute(sa.select(Delivery.address, Delivery.format, Delivery.document_id)).all()
        assert sent == [("forming@orion.example", "xlsx", invoice.id)]


@pytest.mark.covers("A1-20")
def test_one_who_collects_in_person_after_forming_still_gets_what_was_formed_for_the_address(session, account):
    invoice = close(session, account)
    with clock.standing_at(NOVEMBER_1 + dt.timedelta(hours=1)):
        delivering.change_delivery(session, OFFICE, account.id, "collect", "pdf")
        assert mailing.send_regular(session, OFFICE, invoice.id) == 1
    assert session.scalars(sa.select(Delivery.address)).all() == ["books@orion.example"]


def test_the_next_forming_is_told_by_the_policy_and_by_what_is_formed():
    from app.rules.policies import calendar_of

    calendar = calendar_of({"invoicing_day": {"day": 2}})
    november, december = Month(2026, 11), Month(2026, 12)
    first, second, third = dt.date(2026, 12, 1), dt.date(2026, 12, 2), dt.date(2026, 12, 3)
    assert delivering.next_forming(calendar, first, False) == (november, second)
    assert delivering.next_forming(calendar, third, False) == (november, third)  # late, and still awaited
    assert delivering.next_forming(calendar, third, True) == (december, dt.date(2027, 1, 2))
    assert delivering.next_forming(calendar, dt.date(2026, 12, 4), False) == (december, dt.date(2027, 1, 2))


# ---- the letter -----------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-30")
@pytest.mark.parametrize(
    ("form", "endings"), [("pdf", ["pdf"] * 3), ("xlsx", ["xlsx"] * 3), ("xlsx_split", ["xlsx"] * 3)]
)
def test_the_invoice_its_act_and_its_charges_come_in_one_letter(session, account, tmp_path, form, endings):
    with clock.standing_at(kyiv(2026, 10, 5, 12)):
        delivering.change_delivery(session, OFFICE, account.id, "email", form, "a@orion.example;b@orion.example")
    invoice = close(session, account)
    mailing.send_regular(session, OFFICE, invoice.id)
    deliveries = session.scalars(sa.select(Delivery)).all()
    for one in deliveries:
        mailing.deliver(session, one.id, Post(tmp_path / "files"))
    letters = session.scalars(sa.select(CaughtMail).order_by(CaughtMail.id)).all()
    assert [letter.recipient for letter in letters] == ["a@orion.example", "b@orion.example"]
    names_of = [file["name"] for file in letters[0].attachments]
    assert [name.rpartition(".")[2] for name in names_of] == endings
    assert names_of[0].startswith("Рахунок") and names_of[1].startswith("Акт")
    assert invoice.number in letters[0].subject and "Акт" in letters[0].body


def test_a_long_month_is_sent_by_a_job_and_not_by_the_letter_itself(session, account, monkeypatch):
    invoice = close(session, account)
    monkeypatch.setattr(papers, "LONG", 0)
    for _ in range(2):
        mail.mail_document(session, {"document_id": invoice.id}, None)
    assert session.scalars(sa.select(makers.m.Job.name)).all() == ["send_invoice"]
    assert session.scalars(sa.select(Delivery.id)).all() == []


# ---- working hours --------------------------------------------------------------------------------------------------


def load(path, folder, values=False):
    copy = folder / "copy.xlsx"
    copy.write_bytes(path.read_bytes())
    return load_workbook(copy, data_only=values)


def use(session, account, local, quantity="1", **more):
    """One call of the account's subscriber at a local time in Kyiv."""
    subscription = session.scalars(
        sa.select(makers.m.Subscription).where(makers.m.Subscription.account_id == account.id)
    ).one()
    part = session.scalars(sa.select(makers.m.Component).where(makers.m.Component.code == "calls")).first()
    if part is None:
        plan = session.get_one(makers.m.Plan, subscription.plan_id)
        part = makers.component(session, plan, "0.5000", code="calls", name="Дзвінки", charged="usage", unit="minute")
        item = makers.m.SubscriptionItem(
            company_id=account.company_id,
            subscription_id=subscription.id,
            component_id=part.id,
            name="Дзвінки",
            valid_from=dt.date(2026, 1, 1),
        )
        session.add(item)
    number = session.scalar(sa.select(sa.func.count()).select_from(Usage))
    known = {
        "company_id": account.company_id,
        "account_id": account.id,
        "subscription_id": subscription.id,
        "subscriber_id": subscription.subscriber_id,
        "component_id": part.id,
        "source": "test",
        "source_id": str(number),
        "occurred_at": kyiv(*local),
        "day": dt.date(*local[:3]),
        "quantity": D(quantity),
        "destination": "Київ",
    }
    session.add(Usage(**{**known, **more}))
    session.flush()


@pytest.mark.covers("A1-31")
def test_a_split_report_has_a_sheet_for_each_time_class_with_sub_totals(session, account, tmp_path):
    with clock.standing_at(kyiv(2026, 10, 30, 12)):
        session.add(CalendarOverride(country="UA", day=dt.date(2026, 10, 26), is_working=False))
        use(session, account, (2026, 10, 1, 9, 0), "1")  # Thursday, the first minute of work
        use(session, account, (2026, 10, 1, 17, 59), "2")
        use(session, account, (2026, 10, 1, 18, 0), "4")  # no longer
        use(session, account, (2026, 10, 1, 8, 59), "8")
        use(session, account, (2026, 10, 3, 12, 0), "16")  # Saturday
        use(session, account, (2026, 10, 26, 12, 0), "32")  # a Monday that the calendar calls free
        use(session, account, (2026, 10, 27, 12, 0), "64", time_class="off")  # as it was rated
        use(session, account, (2026, 10, 27, 12, 0), "128", time_class="evening")  # a word of somebody else's
    close(session, account)
    with clock.standing_at(NOVEMBER_1):
        report = documents.charge_report(session, OFFICE, account.id, OCTOBER)
    made = documents.file_of(session, OFFICE, report.id, "split", tmp_path)
    book, values = load(made, tmp_path), load(made, tmp_path, values=True)
    assert book.sheetnames[-4:] == ["За робочим часом", "Робочий час", "Неробочий час", "Вихідні та святкові"]
    totals = [row for row in values["За робочим часом"].iter_rows(values_only=True) if row[2] == "Дзвінки"]
    assert [tuple(row[4:7]) for row in totals] == [(131, 76, 48)] * 2  # the subscriber's line, then the sub-total
    formulas = [row[4] for row in book["За робочим часом"].iter_rows(values_only=True) if row[2] == "Дзвінки"]
    assert formulas[1].startswith("=SUMPRODUCT(")
    work = [row for row in book["Робочий час"].iter_rows(values_only=True) if row[4] == "Дзвінки"]
    assert [(row[3], row[8]) for row in work] == [("09:00:00", 1), ("17:59:00", 2), ("12:00:00", 128)]
    free = [row for row in book["Вихідні та святкові"].iter_rows(values_only=True) if row[4] == "Дзвінки"]
    assert [row[8] for row in free] == [16, 32]


@pytest.mark.covers("A1-31")
@pytest.mark.parametrize(
    ("country", "zone", "holiday", "is_free"),
    [
        ("PL", "Europe/Warsaw", dt.date(2026, 11, 11), True),  # Święto Niepodległości, a Wednesday
        ("RU", "Europe/Moscow", dt.date(2026, 11, 4), True),  # День народного единства, a Wednesday
        ("UA", "Europe/Kyiv", dt.date(2026, 8, 24), False),  # День Незалежності, a Monday: worked in wartime
        ("UA", "Europe/Kyiv", dt.date(2026, 8, 24), True),  # … unless the Seller's policy observes it
    ],
)
def test_records_of_a_month_are_classed_by_the_holidays_of_the_country(session, country, zone, holiday, is_free):
    seller = makers.seller(session, country=country, zone=zone)
    if is_free and country == "UA":
        session.add(makers.m.Policy(seller_id=seller.id, kind="holidays", settings={"observe_suspended": True}))
    account = makers.account(session, makers.company(session, seller))
    plan = makers.plan(session, seller, "10.0000")
    subscription = makers.subscription(session, account, plan)
    part = makers.component(session, plan, "0.5000", code="calls", charged="usage", unit="minute")
    saturday = holiday + dt.timedelta(days=(5 - holiday.weekday()) % 7)
    moments = {"free": (holiday, 12), "weekend": (saturday, 12), "worked": (holiday + dt.timedelta(days=1), 12)}
    moments["late"] = (holiday + dt.timedelta(days=1), 18)
    for name, (day, hour) in moments.items():
        own = {"company_id": account.company_id, "account_id": account.id, "subscription_id": subscription.id}
        at = dt.datetime.combine(day, dt.time(hour), ZoneInfo(zone)).astimezone(dt.UTC)
        about = {"component_id": part.id, "source": "t", "source_id": name, "occurred_at": at, "day": day}
        session.add(Usage(**own, **about, quantity=D("1"), other_number=name))
    session.flush()
    month = Month.of(holiday)
    kept = hours.clock_of(hours.frozen(session, seller, month), month.period)
    known_at = dt.datetime.now(dt.UTC) + dt.timedelta(days=9)
    detail = hours.Records(session, account.id, month.period, kept, known_at).detail()
    found = {line.other_number: kind for kind, lines in detail.events.items() for line in lines}
    national = "holiday" if is_free else "work"
    assert found == {"free": national, "weekend": "holiday", "worked": "work", "late": "off"}


@pytest.mark.covers("A1-31")
def test_working_hours_are_the_sellers_policy_and_stay_with_the_report(session, account, tmp_path):
    session.add(
        makers.m.Policy(seller_id=account.seller_id, kind="working_hours", settings={"start": "08:00", "end": "20:00"})
    )
    with clock.standing_at(kyiv(2026, 10, 30, 12)):
        use(session, account, (2026, 10, 1, 8, 0))
        use(session, account, (2026, 10, 1, 19, 59))
    close(session, account)
    with clock.standing_at(NOVEMBER_1):
        report = documents.charge_report(session, OFFICE, account.id, OCTOBER)
    session.execute(sa.delete(makers.m.Policy))
    book = load(documents.file_of(session, OFFICE, report.id, "split", tmp_path), tmp_path)
    assert book["Робочий час"].max_row > 4 and "08:00–20:00" in str(list(book["Робочий час"].values))


@pytest.mark.covers("A1-31")
def test_a_split_report_has_net_and_vat_of_each_record_that_was_rated(session, account, tmp_path):
    with clock.standing_at(kyiv(2026, 10, 30, 12)):
        use(session, account, (2026, 10, 1, 9, 0), "1", amount=D("1.2000"))
        use(session, account, (2026, 10, 1, 10, 0), "1", amount=D("0.1001"))
        use(session, account, (2026, 10, 3, 12, 0), "1", amount=D("0.0000"))
    close(session, account)
    with clock.standing_at(NOVEMBER_1):
        report = documents.charge_report(session, OFFICE, account.id, OCTOBER)
    book = load(documents.file_of(session, OFFICE, report.id, "split", tmp_path), tmp_path, values=True)
    rows = list(book["Робочий час"].values)
    (header,) = [row for row in rows if "Без ПДВ" in row]
    net = header.index("Без ПДВ")
    assert [(row[net], row[net + 1]) for row in rows if row[4] == "Дзвінки"] == [(1.0, 0.2), (0.0834, 0.0167)]
    totals = [row for row in book["За робочим часом"].iter_rows(values_only=True) if row[2] == "Дзвінки"]
    assert [tuple(row[4:7]) for row in totals] == [(2, 1.0834, 0.2167)] * 2


def test_only_a_report_on_charges_comes_split(session, account, tmp_path):
    invoice = close(session, account)
    with pytest.raises(Refused, match="PDF or XLSX"):
        documents.file_of(session, OFFICE, invoice.id, "split", tmp_path)


# ---- the running month ----------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-27")
@pytest.mark.parametrize("form", ["pdf", "xlsx", "xlsx_split"])
def test_the_running_month_comes_to_what_its_invoice_will(session, account, tmp_path, form):
    owner = actor_of(makers.user(session, "owner", account.company))
    path = tmp_path / "running"
    with clock.standing_at(kyiv(2026, 10, 20, 12)):
        use(session, account, (2026, 10, 1, 9, 0), "10")
        data = running.report_of(session, account, by_hours=False)
        lines = [(line.subscriber_name, line.service, line.gross) for line in data.lines]
        with path.open("wb") as out:
            title = running.write(session, owner, account.id, form, out)
    assert {name for name, _, _ in lines} == {"Перша назва"} and sum(gross for *_, gross in lines) == D("125.0000")
    assert account.number in title and data.known_at == "20.10.2026 12:00"
    head = path.read_bytes()[:4]
    assert head == (b"%PDF" if form == "pdf" else b"PK\x03\x04")
    if form != "pdf":
        cells = {cell.value for sheet in load(path, tmp_path) for row in sheet for cell in row}
        assert {"Перша назва", "Дзвінки"} <= cells and any("Попередньо" in str(cell) for cell in cells)
    assert close(session, account).total == data.gross == D("125.00")


def test_a_month_with_nothing_charged_has_nothing_to_send(session, account):
    session.execute(sa.update(makers.m.Subscription).values(starts_on=dt.date(2027, 1, 1)))
    with clock.standing_at(kyiv(2026, 10, 20, 12)), pytest.raises(Refused, match="Nothing is charged"):
        running.report_of(session, account, by_hours=False)
