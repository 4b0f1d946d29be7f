"""Call records come in from Asterisk and tables, are rated, wait where nobody knows them, and are billed."""

import csv
import datetime as dt
import io
import re
from decimal import Decimal as D
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.core.period import Month
from app.imports.fields import ImportKind
from app.models import (
    Charge,
    Document,
    DocumentLine,
    ImportBatch,
    PackageUse,
    Subscription,
    SubscriptionItem,
    SuspendedUsage,
    Tariff,
    TariffPackage,
    TariffPrefix,
    TariffRate,
    Usage,
)
from app.services import audit, billing, importing
from app.services.importing.opening import open_file
from app.services.rating import again, details, rates, sealing, suspense, tariffs
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
OCTOBER = Month(2026, 10)
SINCE = dt.date(2026, 1, 1)


@pytest.fixture(autouse=True)
def november_10(app):
    with clock.standing_at(dt.date(2026, 11, 10)):
        yield


@pytest.fixture
def seller(session):
    return ensure_defaults(session)


def make_tariff(session, seller, price="0.60", packages=(), **more):
    """Ukraine's mobile numbers at `price` a minute, 60/1; the rest of the world at 12.00."""
    tariff = Tariff(seller_id=seller.id, code=f"t{makers._next()}", name="Office", currency="UAH", **more)
    session.add(tariff)
    session.flush()
    for prefix, where in {"380": "Ukraine", "38067": "Mobile", "48": "Poland"}.items():
        session.add(TariffPrefix(tariff_id=tariff.id, prefix=prefix, destination=where))
    for where, cost in {"Ukraine": price, "Mobile": "0.90", "Poland": "12.00"}.items():
        session.add(TariffRate(tariff_id=tariff.id, destination=where, price=D(cost), increment=1, valid_from=SINCE))
    for code, kind, amount in packages:
        session.add(
            TariffPackage(tariff_id=tariff.id, code=code, name=code, kind=kind, amount=amount, valid_from=SINCE)
        )
    session.flush()
    return tariff


@pytest.fixture
def tariff(session, seller):
    return make_tariff(session, seller)


@pytest.fixture
def line(session, seller, tariff):
    """A subscriber with a plan whose calls are rated."""
    account = makers.account(session, makers.company(session, seller, code="acme"), number="2000018")
    plan = makers.plan(session, seller)
    makers.component(session, plan, code="voice", name="Дзвінки", unit="minute", charged="usage", tariff_id=tariff.id)
    subscriber = makers.subscriber(session, account, number="+380671110001")
    makers.subscription(session, account, plan, subscriber_id=subscriber.id)
    return subscriber


def cdr(uniqueid, src="380671110001", dst="380441112233", start="2026-10-05 10:00:00", seconds=61, **more):
    """A line of Master.csv."""
    cells = ["", src, dst, "default", '"Office" <101>', "SIP/101", "SIP/trunk", "Dial", "SIP/trunk/x,60", start, start]
    ends = [start, str(seconds + 5), str(seconds), more.get("how", "ANSWERED"), "DOCUMENTATION", uniqueid, ""]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([more.get("account", ""), *cells[1:], *ends])
    return out.getvalue().replace("\r\n", "\n")


@pytest.fixture
def bring(session, seller, tmp_path):
    """Show a file and apply all of it."""

    def do(content, name="Master.csv", **more):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        batch, shown = importing.preview_file(session, OFFICE, "usage", path, name, seller_id=seller.id, **more)
        assert not shown.mapping_problems, [str(one) for one in shown.mapping_problems]
        now = importing.apply_batch(session, OFFICE, batch.id, path)
        while now.left:
            now = importing.apply_batch(session, OFFICE, batch.id, path)
        return batch, now

    return do


def usages(session):
    return list(session.scalars(sa.select(Usage).order_by(Usage.occurred_at, Usage.id)))


def test_answered_calls_of_asterisk_become_rated_usage(session, line, bring):
    lines = cdr("1.1") + cdr("1.2", how="NO ANSWER", seconds=0) + cdr("1.3", dst="0671112233", seconds=30)
    _, now = bring(lines)
    assert (now.created, now.skipped, now.rejected, now.suspended) == (2, 1, 0, 0)
    first, second = usages(session)
    assert (first.amount, first.destination, first.time_class) == (D("0.6100"), "Ukraine", "work")
    assert (first.kind, first.direction, first.other_number, first.volume) == ("voice", "out", "380441112233", 61)
    assert (first.quantity, first.source, first.source_id) == (D("1.0167"), "asterisk", "1.1")
    assert (second.amount, second.destination) == (D("0.9000"), "Mobile")
    assert session.get(TariffRate, first.rate_id).destination == "Ukraine"


def test_the_same_calls_come_in_once(session, line, bring):
    bring(cdr("1.1") + cdr("1.2"))
    _, now = bring(cdr("1.2") + cdr("1.3") + cdr("1.3"))
    assert (now.created, now.unchanged) == (1, 2)
    assert len(usages(session)) == 3


def test_an_incoming_call_is_free_and_belongs_to_the_called(session, line, bring):
    bring(cdr("1.1", src="380501234567", dst="380671110001"))
    (call,) = usages(session)
    assert (call.subscriber_id, call.direction, call.amount, call.other_number) == (line.id, "in", 0, "380501234567")


def test_broken_lines_are_given_back_with_their_reason(session, line, bring, tmp_path):
    lines = [
        cdr("1.1"),
        "a,b,c\n",
        cdr("1.2").rstrip("\n") + ",more\n",
        cdr("1.3", start="yesterday"),
        cdr("1.4", how="PERHAPS"),
        cdr("", seconds=5),
        cdr("1.5").replace('"61"', '"-61"'),
        '"unclosed,' + "x" * 20_000 + "\n",
        cdr("1.6"),
    ]
    batch, now = bring("".join(lines))
    assert (now.created, now.rejected) == (2, 7)
    path = importing.rejects_file(session, OFFICE, batch.id, tmp_path / "Master.csv", tmp_path / "rejected")
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert len(rows) == 8
    assert "16–21" in rows[1][-1]
    assert "yesterday" in rows[3][-1]


def test_a_corrected_file_with_reasons_comes_in_again(session, line, bring, tmp_path):
    batch, _ = bring(cdr("1.1") + cdr("1.2", start="yesterday"))
    path = importing.rejects_file(session, OFFICE, batch.id, tmp_path / "Master.csv", tmp_path / "rejected")
    _, now = bring(path.read_text("utf-8-sig").replace("yesterday", "2026-10-06 12:00:00"), "again.csv")
    assert now.created == 1


@pytest.mark.parametrize(
    ("more", "ids"),
    [
        ([], None),  # cdr.conf as it is installed
        (["1793700001.7"], "1793700001.7"),  # loguniqueid
        (["office 5"], None),  # loguserfield
        (["", "", "1793700001.7", "3"], "1793700001.7#3"),  # newcdrcolumns, and no userfield
        (["pbx-1793700001.8", "", "", "pbx-1793700001.7", "4"], "pbx-1793700001.8#4"),
    ],
)
def test_an_exchange_writes_as_many_columns_as_it_is_told(session, line, bring, more, ids):
    always = next(csv.reader([cdr("1.1")]))[:16]
    always[4] = '"ТОВ ""Ромашка""" <101>'
    missed = [*always[:14], "FAILED", *always[15:], *more]
    missed[10] = ""  # nobody answered
    wrong = [*always[:9], "вчора", *always[10:], *more]
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(
        [[*always, *more], missed, wrong, [*always, *more], ["cut", "off"]]
    )
    content = out.getvalue().encode("cp1251")
    assert b"\r\n" in content
    batch, now = bring(content)
    assert (now.created, now.skipped, now.unchanged, now.rejected) == (1, 1, 1, 2)
    (call,) = usages(session)
    assert (call.volume, call.source_id) == (61, ids or call.source_id)
    _, again = bring(content + content.splitlines(keepends=True)[0], "later.csv")
    assert (again.created, again.unchanged) == (0, 3)


def test_names_in_the_callers_alphabet_come_back_as_they_were(session, line, bring, tmp_path):
    wrong = cdr("1.1", start="вчора").replace("Office", "Ромашка")
    batch, _ = bring(wrong.encode("cp1251"))
    path = importing.rejects_file(session, OFFICE, batch.id, tmp_path / "Master.csv", tmp_path / "rejected")
    (_, row) = csv.reader(path.read_text("cp1251").splitlines())
    assert (row[4], row[9]) == ('"Ромашка" <101>', "вчора")


def test_another_record_with_a_known_id_is_given_back_not_lost(session, line, bring):
    _, now = bring(cdr("1.1") + cdr("1.1") + cdr("1.1", start="2026-10-05 10:05:00"))
    assert (now.created, now.unchanged, now.rejected) == (1, 1, 1)
    batch, later = bring(cdr("1.1", seconds=600), "later.csv")
    assert (later.created, later.unchanged, later.rejected) == (0, 0, 1)
    ((text, params),) = batch.options["refused"].values()
    assert "says otherwise" in text
    assert params == {"id": "1.1"}
    assert [one.volume for one in usages(session)] == [61]


def test_an_exchange_that_writes_utc_is_understood(session, line, bring):
    _, now = bring(cdr("1.1"), options={"zone": "UTC"})
    assert now.created == 1
    assert usages(session)[0].occurred_at == dt.datetime(2026, 10, 5, 10, tzinfo=dt.UTC)
    path_of_nowhere = {"settings": {"zone": "Mars/Base"}}
    with pytest.raises(AssertionError, match="Mars"):
        bring(cdr("1.2"), "b.csv", mapping=path_of_nowhere)


def test_a_number_nobody_has_waits(session, line, bring):
    _, now = bring(cdr("1.1", src="380990000000", dst="380990000001"))
    assert (now.created, now.suspended) == (0, 1)
    waiting = session.scalars(sa.select(SuspendedUsage)).one()
    assert (waiting.number, waiting.state) == ("380990000000", "waiting")


def test_a_call_without_a_rate_waits_until_there_is_one(session, tariff, line, bring):
    _, now = bring(cdr("1.1", dst="4915112345678"))
    assert now.suspended == 1
    assert "no rate" in session.scalars(sa.select(SuspendedUsage.reason)).one()
    session.add(TariffRate(tariff_id=tariff.id, destination="", price=D(20), valid_from=SINCE))
    session.flush()
    tariffs.touch(session, [tariff.id])
    _, now = bring(cdr("1.1", dst="4915112345678"))
    assert now.created == 1
    assert usages(session)[0].amount == D("40.0000")  # two minutes begun
    assert not session.scalars(sa.select(SuspendedUsage)).all()


def test_package_minutes_are_used_up_in_the_file_s_order_and_remembered(session, seller, line, bring):
    component = session.query(SubscriptionItem).filter(SubscriptionItem.name == "Дзвінки").one().component
    component.tariff_id = make_tariff(session, seller, packages=[("two minutes", "voice", 120)]).id
    session.flush()
    bring(cdr("1.1", seconds=90) + cdr("1.2", seconds=60, start="2026-10-06 10:00:00"))
    first, second = usages(session)
    assert (first.amount, first.included) == (0, 90)
    assert (second.amount, second.included) == (D("0.3000"), 30)
    bring(cdr("1.3", seconds=60, start="2026-10-07 10:00:00") + cdr("1.4", start="2026-11-02 10:00:00", seconds=60))
    october, november = usages(session)[2:]
    assert (october.amount, november.amount) == (D("0.6000"), 0)
    used = {row.month: row.used for row in session.scalars(sa.select(PackageUse))}
    assert used == {dt.date(2026, 10, 1): 120, dt.date(2026, 11, 1): 60}


def test_the_hour_that_comes_twice_is_told_by_the_call_s_id(session, line, bring):
    early = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    late = early + dt.timedelta(hours=1)
    text = "2026-10-25 03:30:00"  # in Kyiv twice that night
    bring(cdr(f"{early.timestamp():.3f}", start=text) + cdr(f"{late.timestamp():.3f}", start=text))
    assert [one.occurred_at for one in usages(session)] == [early, late]


def test_a_call_at_midnight_belongs_to_the_month_of_the_seller_s_clock(session, line, bring):
    bring(cdr("1.1", start="2026-10-31 23:59:59") + cdr("1.2", start="2026-11-01 00:00:00"))
    assert [one.day for one in usages(session)] == [dt.date(2026, 10, 31), dt.date(2026, 11, 1)]


TABLE = (
    "record;абонент;послуга;кількість;од;час початку;кому\n"
    "a1;+380671110001;дзвінки;90;сек;05.10.2026 19:00:00;+380441112233\n"
    "a2;+380671110001;дзвінки;2;хв;05.10.2026 12:00:00;+380441112233\n"
)


def test_a_table_of_calls_is_rated_too(session, line, bring):
    _, now = bring(TABLE, "calls.csv", mapping=_mapping())
    assert now.created == 2
    noon, evening = usages(session)
    assert (noon.amount, noon.volume, noon.time_class) == (D("1.2000"), 120, "work")
    assert (evening.amount, evening.quantity, evening.time_class) == (D("0.9000"), D("1.5"), "off")


def _mapping(**settings):
    columns = {"source_id": "record", "subscriber_number": "абонент", "service": "послуга", "quantity": "кількість"}
    columns |= {"unit": "од", "started_at": "час початку", "destination": "кому"}
    return {"columns": columns, "settings": settings}


def test_a_mapping_tells_encoding_delimiter_unit_zone_and_date_format(session, line, bring):
    mapping = _mapping(
        encoding="cp1251", delimiter="|", date_format="%d-%m-%y %H.%M", zone="UTC", unit="min", service="voice"
    )
    for name in ("unit", "service"):
        mapping["columns"].pop(name)
    text = "record|абонент|кількість|час початку|кому\nb1|380671110001|3|05-10-26 09.30|380441112233\n"
    _, now = bring(text.encode("cp1251"), "odd.csv", mapping=mapping)
    assert now.created == 1
    (call,) = usages(session)
    assert (call.occurred_at, call.volume) == (dt.datetime(2026, 10, 5, 9, 30, tzinfo=dt.UTC), 180)


WRITTEN = (
    "Ид записи;Абонент;Услуга;Длительность;Дата;Время;Направление\n"
    "z1;+380671110001;Звонки;00:01:05;05.10.2026;10:15:00;0441112233\n"
    "z2;+380671110001;Звонки;1:02:03;2026-10-06;10:15;0441112233\n"
    "z3;+380671110001;Звонки;1,5 мин;06.10.2026;23:59:59;0441112233\n"
    "z4;+380671110001;Звонки;долго;06.10.2026;23:59:59;0441112233\n"
    "z5;+380671110001;Звонки;00:01:05;06.10.2026;25:00;0441112233\n"
)


def test_durations_units_and_times_are_read_as_operators_write_them(session, line, bring):
    batch, now = bring(WRITTEN.encode("cp1251"), "calls.csv")
    assert (now.created, now.rejected) == (3, 2)
    calls = usages(session)
    assert [one.volume for one in calls] == [65, 3723, 90]
    assert [f"{one.occurred_at:%d %H:%M:%S}" for one in calls] == ["05 07:15:00", "06 07:15:00", "06 20:59:59"]


def test_a_quantity_and_its_line_may_not_name_two_units(session, line, bring):
    head, told = "record;абонент;послуга;кількість;од;час початку;кому\n", "05.10.2026 10:00;+380441112233\n"
    lines = [f"{n};+380671110001;дзвінки;{cell};{told}" for n, cell in enumerate(("5 хв;хв", "00:02:00;хв", "5 хв;с"))]
    _, now = bring(head + "".join(lines), "units.csv", mapping=_mapping())
    assert (now.created, now.rejected) == (2, 1)
    assert sorted(one.volume for one in usages(session)) == [120, 300]


def test_data_and_messages_are_rated_in_their_units(session, seller, line, bring):
    tariff = make_tariff(session, seller)
    mega = 1_000_000
    session.add(TariffRate(tariff_id=tariff.id, kind="data", price=D("0.05"), per=mega, first_increment=mega,
                           increment=mega, destination="", valid_from=SINCE))  # fmt: skip
    session.add(TariffRate(tariff_id=tariff.id, kind="sms", price=D("0.70"), per=1, first_increment=1, increment=1,
                           destination="", valid_from=SINCE))  # fmt: skip
    session.flush()
    plan = makers.plan(session, seller)
    makers.component(session, plan, code="all", name="Все інше", unit="event", charged="usage", tariff_id=tariff.id)
    account = session.get_one(Subscription, session.scalars(sa.select(Subscription.id)).first()).account
    makers.subscription(session, account, plan, subscriber_id=line.id)
    table = (
        "record;абонент;послуга;кількість;од;час початку;кому\n"
        "c1;+380671110001;інтернет;1.5;MB;05.10.2026 19:00:00;\n"
        "c2;+380671110001;sms;1;;05.10.2026 12:00:00;+380441112233\n"
        "c3;+380671110001;інтернет;0.123456;MB;05.10.2026 20:00:00;\n"
    )
    _, now = bring(table, "rest.csv", mapping=_mapping())
    assert (now.created, now.suspended, now.rejected) == (3, 0, 0)
    sms, data, fine = usages(session)
    assert (fine.volume, fine.amount) == (123_456, D("0.0500"))
    assert (sms.kind, sms.amount) == ("sms", D("0.7000"))
    assert (data.kind, data.volume, data.amount) == ("data", 1_500_000, D("0.1000"))


def test_a_preview_adds_seconds_and_megabytes_apart_and_warns_of_what_is_kept_rounded(session, line, tmp_path, seller):
    path = tmp_path / "rest.csv"
    path.write_text(
        "record;абонент;послуга;кількість;од;час початку;кому\n"
        "c1;+380671110001;інтернет;1.5;MB;05.10.2026 19:00:00;\n"
        "c2;+380671110001;інтернет;0.123456;mb;05.10.2026 19:10:00;\n"
        "c3;+380671110001;дзвінок;61;сек;05.10.2026 12:00:00;+380441112233\n"
        "c4;+380671110001;sms;1;;05.10.2026 12:00:00;+380441112233\n"
    )
    _, shown = importing.preview_file(
        session, OFFICE, "usage", path, path.name, seller_id=seller.id, mapping=_mapping()
    )
    assert shown.totals == {"quantity|mb": D("1.623456"), "quantity|сек": D(61), "quantity": D(1)}
    assert (shown.good, shown.warned, shown.rejected) == (4, 1, 0)
    assert [(number, tone) for number, tone, _ in shown.problems] == [(3, "warning")]


def test_a_killed_import_goes_on_after_the_last_batch(session, line, tmp_path, seller):
    path = tmp_path / "Master.csv"
    path.write_text("".join(cdr(f"1.{number}") for number in range(30)))
    batch, _ = importing.preview_file(session, OFFICE, "usage", path, path.name, seller_id=seller.id)
    importing.apply_batch(session, OFFICE, batch.id, path, step=12)
    session.commit()
    importing.apply_batch(session, OFFICE, batch.id, path, step=12)
    session.rollback()  # killed in the second batch
    importing.batches._cursors.clear()
    while importing.apply_batch(session, OFFICE, batch.id, path, step=12).left:
        session.commit()
    assert len(usages(session)) == 30
    assert session.get_one(ImportBatch, batch.id).state == "applied"


def test_a_big_table_is_walked_not_kept(session, line, bring, monkeypatch):
    monkeypatch.setattr("app.imports.streaming.FROM_BYTES", 100)
    _, now = bring(TABLE + TABLE.splitlines()[1] + "\n", "big.csv", mapping=_mapping())
    assert (now.created, now.unchanged) == (2, 1)


# --- billing ---------------------------------------------------------------------------------------------------------


def close(session, seller, month=OCTOBER):
    run = billing.start_run(session, OFFICE, seller.id, month)
    while billing.run_batch(session, OFFICE, run.id).left:
        pass
    assert not [line for line in audit.check_all(session) if line[1]]
    return run


def rated_charges(session):
    query = sa.select(Charge).where(Charge.kind.in_(("usage", "correction"))).order_by(Charge.id)
    return list(session.scalars(query))


def test_a_month_charges_the_sum_of_its_records_and_rounds_it_once(session, seller, line, bring):
    bring("".join(cdr(f"1.{n}", seconds=61, start=f"2026-10-{n:02d} 10:00:00") for n in range(1, 4)))
    close(session, seller)
    (charge,) = rated_charges(session)
    assert charge.amount == D("1.8300") == sum(one.amount for one in usages(session))
    assert (charge.explained["rule"], charge.explained["records"]) == ("tariff", 3)
    lines = session.scalars(sa.select(DocumentLine).where(DocumentLine.name == "Дзвінки")).all()
    assert {one.gross for one in lines} == {D("1.83")}


def test_a_late_record_is_billed_as_the_difference_and_nothing_issued_changes(session, seller, line, bring):
    bring(cdr("1.1"))
    close(session, seller)
    before = [(one.number, one.total) for one in session.scalars(sa.select(Document).order_by(Document.id))]
    bring(cdr("1.2", start="2026-10-30 10:00:00", seconds=60))
    close(session, seller)
    assert [one.amount for one in rated_charges(session)] == [D("0.6100"), D("0.6000")]
    after = [(one.number, one.total) for one in session.scalars(sa.select(Document).order_by(Document.id))]
    assert after[: len(before)] == before
    assert len(after) > len(before)
    close(session, seller)
    assert len(rated_charges(session)) == 2


def test_records_of_a_rated_service_without_a_price_wait_in_quarantine(session, seller, line, bring):
    bring(cdr("1.1"))
    usages(session)[0].amount = None
    session.flush()
    run = billing.start_run(session, OFFICE, seller.id, OCTOBER)
    now = billing.run_batch(session, OFFICE, run.id)
    assert now.quarantined == 1


def test_the_same_name_on_the_invoice_is_one_line_for_all_subscribers(session, seller, line, bring):
    account = line.account
    plan = session.scalars(sa.select(Subscription)).one().plan
    second = makers.subscriber(session, account, number="+380671110002")
    makers.subscription(session, account, plan, subscriber_id=second.id)
    bring(cdr("1.1") + cdr("1.2", src="380671110002", seconds=60))
    close(session, seller)
    (shown,) = session.scalars(sa.select(DocumentLine).where(DocumentLine.name == "Дзвінки").limit(1)).all()
    assert (shown.amount, shown.quantity, shown.unit_price) == (D("1.2100"), D("2.0167"), 0)


def test_the_audit_finds_a_record_whose_price_was_changed(session, seller, line, bring):
    bring(cdr("1.1"))
    close(session, seller)
    usages(session)[0].amount = D("0.6200")
    session.flush()
    broken = {name for name, count, _ in audit.check_all(session) if count}
    assert broken == {"rated_charges_are_their_records"}


# --- suspense ----


def test_a_waiting_record_finds_its_place_once_the_subscriber_exists(session, line, bring):
    bring(cdr("1.1", src="380671110009", seconds=60) + cdr("1.2", src="380990000000"))
    plan = session.scalars(sa.select(Subscription)).one().plan
    new = makers.subscriber(session, line.account, number="+380671110009")
    makers.subscription(session, line.account, plan, subscriber_id=new.id)
    tried = suspense.retry_after(session, OFFICE)
    assert (tried.placed, tried.waiting) == (1, 1)
    (call,) = usages(session)
    assert (call.subscriber_id, call.amount, call.source_id) == (new.id, D("0.6000"), "1.1")
    assert session.scalars(sa.select(SuspendedUsage.source_id)).all() == ["1.2"]


def test_a_dropped_record_is_kept_with_its_reason_and_does_not_come_in_again(session, line, bring):
    bring(cdr("1.1", src="380990000000"))
    waiting = session.scalars(sa.select(SuspendedUsage)).one()
    with pytest.raises(Refused, match="Say why"):
        suspense.drop(session, OFFICE, [waiting.id], "  ")
    assert suspense.drop(session, OFFICE, [waiting.id], "a test line of the exchange") == 1
    _, now = bring(cdr("1.1", src="380990000000"))
    assert (now.unchanged, now.suspended) == (1, 0)
    session.refresh(waiting)
    assert (waiting.state, waiting.note) == ("dropped", "a test line of the exchange (olga)")


def test_records_that_came_before_the_tariff_are_rated_afterwards(session, seller, line, bring):
    component = session.query(SubscriptionItem).filter(SubscriptionItem.name == "Дзвінки").one().component
    tariff_id, component.tariff_id = component.tariff_id, None
    session.flush()
    bring(cdr("1.1") + cdr("1.2", dst="15551234567"))
    assert [one.amount for one in usages(session)] == [None, None]
    component.tariff_id = tariff_id
    session.flush()
    done = again.rate_after(session, OFFICE, tariff_id)
    session.expire_all()
    assert (done.rated, done.without, done.is_done) == (1, 1, True)
    assert {one.source_id: one.amount for one in usages(session)} == {"1.1": D("0.6100"), "1.2": None}


# --- rates from a file, and a call tried ----


def test_rates_come_from_a_table_and_a_used_one_is_not_rewritten(session, seller, tariff, line, bring, tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text(
        "prefix;destination;price;increment;valid from\n"
        "49;Germany;3.50;60/1;2026-01-01\n"
        "4915;Germany mobile;5.25;1/1;2026-01-01\n"
        "no;x;1;60/60;2026-01-01\n"
        "44;UK;1;0/0;2026-01-01\n"
    )
    loaded = rates.load_file(session, OFFICE, tariff.id, path)
    assert (loaded.rates, loaded.prefixes, [line for line, _ in loaded.refused]) == (2, 2, [4, 5])
    assert rates.load_file(session, OFFICE, tariff.id, path).unchanged == 2
    bring(cdr("1.1", dst="4915112345678", seconds=30))
    assert usages(session)[0].amount == D("2.6250")
    path.write_text("prefix;destination;price;increment;valid from\n4915;Germany mobile;6;1/1;2026-01-01\n")
    assert "rated by this rate" in str(rates.load_file(session, OFFICE, tariff.id, path).refused[0][1])


def test_a_call_can_be_tried_before_anybody_makes_it(session, tariff):
    asked = rates.Asked("067 111 22 33", dt.date(2026, 10, 5), dt.time(10), 90)
    rated = rates.try_call(session, OFFICE, tariff.id, asked)
    assert (rated.amount, rated.destination, rated.time_class) == (D("1.3500"), "Mobile", "work")


# --- sealed months and reports ----


def as_table(path, **how):
    from openpyxl import load_workbook

    return {page.title: list(page.iter_rows(values_only=True)) for page in load_workbook(path, **how).worksheets}


def test_the_detail_has_every_record_and_its_sums(session, line, bring, tmp_path):
    bring(cdr("1.1") + cdr("1.2", start="2026-10-04 20:00:00", seconds=60) + cdr("1.3", start="2026-11-01 10:00:00"))
    with (tmp_path / "detail.xlsx").open("wb") as out:
        assert details.write(session, OFFICE, line.account_id, OCTOBER, out, str) == 2
    pages = as_table(tmp_path / "detail.xlsx")
    header, first, second = pages["Detail"]
    assert header[:3] == ("Date", "Time", "Subscriber")
    assert (first[0].date(), first[1], first[2], first[3]) == (
        dt.date(2026, 10, 4),
        "20:00:00",
        line.number,
        "380441112233",
    )
    assert (first[7], second[7]) == ("weekends and holidays", "working hours")
    assert [round(row[10] + row[11], 4) for row in (first, second)] == [0.6, 0.61]
    everything = as_table(tmp_path / "detail.xlsx", data_only=True)["Totals"][-1]
    assert (everything[2], round(everything[6], 4)) == (2, 1.21)
    assert _recomputed(tmp_path / "detail.xlsx") == len(pages["Totals"][1:]) * 5 == 30


def _recomputed(path):
    """How many totals there are: each a formula whose figure is what its ranges come to."""
    from openpyxl import load_workbook

    written, shown = load_workbook(path), load_workbook(path, data_only=True)
    cells = [cell for row in written["Totals"].iter_rows(min_row=2, min_col=3) for cell in row]
    for cell in cells:
        value = shown["Totals"][cell.coordinate].value
        assert round(_come_to(shown, cell.value), 4) == round(value, 4), (cell.coordinate, cell.value)
    return len(cells)


def _come_to(book, formula):
    def values(page, area):
        return [row[0].value for row in book[page or "Totals"][area.replace("$", "")]]

    def conditional(found):
        _, page, area, classes_page, classes, asked = found.groups()
        kinds = values(classes_page or page, classes)
        summed = values(page, area) if area else [1] * len(kinds)
        return repr(sum(v or 0 for v, kind in zip(summed, kinds, strict=True) if (kind or "=") == asked))

    area = r"([$A-Z0-9]+:[$A-Z0-9]+)"
    text = re.sub(rf"(SUMIFS)\((?:'([^']+)'!)?{area},(?:'([^']+)'!)?{area},\"([^\"]*)\"\)", conditional, formula[1:])
    text = re.sub(rf"(COUNTIFS)\(()()'([^']+)'!{area},\"([^\"]*)\"\)", conditional, text)
    text = re.sub(rf"SUM\({area}\)", lambda f: repr(sum(v or 0 for v in values("", f[1]))), text)
    text = re.sub(r"\b([A-Z])(\d+)\b", lambda f: repr(book["Totals"][f[0]].value), text)
    return eval(text.replace("ROUND", "round"))  # noqa: S307 - the formulas are ours


def test_totals_of_a_detail_over_two_sheets_are_formulas_over_both(session, line, bring, tmp_path, monkeypatch):
    monkeypatch.setattr(details, "LAST_ROW", 3)
    bring("".join(cdr(f"1.{n}", start=f"2026-10-0{n} 10:00:00") for n in range(1, 7)))
    with (tmp_path / "detail.xlsx").open("wb") as out:
        assert details.write(session, OFFICE, line.account_id, OCTOBER, out, str) == 6
    assert len(as_table(tmp_path / "detail.xlsx")) == 4 and _recomputed(tmp_path / "detail.xlsx") == 30


def test_another_company_s_detail_is_not_found(session, line, seller):
    stranger = Actor(1, "eve", company_id=line.company_id + 1, rights=frozenset({"cabinet_documents.read"}))
    with pytest.raises(NotFound):
        details.open_report(session, stranger, line.account_id, OCTOBER, str)


def test_a_month_is_sealed_once_and_late_records_become_a_further_part(session, seller, line, bring, tmp_path):
    bring(cdr("1.1") + cdr("1.2", start="2026-10-04 20:00:00", seconds=60))
    with pytest.raises(Refused, match="not closed"):
        sealing.seal(session, OFFICE, tmp_path, seller.id, OCTOBER)
    close(session, seller)
    before = list(sealing.totals(session, tmp_path, seller.id, OCTOBER))
    first = sealing.seal(session, OFFICE, tmp_path, seller.id, OCTOBER)
    assert (first.part, first.lines, first.amount) == (1, 2, D("1.2100"))
    digest = sealing.digest_of(tmp_path / first.path)
    assert sealing.seal(session, OFFICE, tmp_path, seller.id, OCTOBER) is None
    assert list(sealing.totals(session, tmp_path, seller.id, OCTOBER)) == before
    bring(cdr("1.3", start="2026-10-05 11:00:00", seconds=60))
    close(session, seller)
    late = sealing.seal(session, OFFICE, tmp_path, seller.id, OCTOBER)
    assert (late.part, late.lines) == (2, 1)
    assert sealing.digest_of(tmp_path / first.path) == digest == first.sha256
    assert sum(one.records for one in sealing.totals(session, tmp_path, seller.id, OCTOBER, line.account_id)) == 3


def test_a_sealed_file_that_was_changed_is_refused(session, seller, line, bring, tmp_path):
    bring(cdr("1.1"))
    close(session, seller)
    made = sealing.seal(session, OFFICE, tmp_path, seller.id, OCTOBER)
    (tmp_path / made.path).write_bytes(b"PAR1 not what was sealed")
    with pytest.raises(Refused, match="not what was sealed"):
        list(sealing.totals(session, tmp_path, seller.id, OCTOBER))


# --- the command, the example, the other database ----


def run_command(app, *words):
    return app.test_cli_runner().invoke(args=["import-usage", *map(str, words)])


def test_the_command_takes_asterisk_s_file_and_ends_with_one_line(app, session, seller, line, tmp_path):
    path = tmp_path / "Master.csv"
    path.write_text(cdr("1.1") + cdr("1.2", how="BUSY") + cdr("1.3", src="380990000000") + "broken\n")
    session.commit()
    done = run_command(app, path, "--format", "asterisk")
    assert done.exit_code == 0, done.output
    last = done.output.strip().splitlines()[-1]
    assert last == ("4 lines: 1 created, 0 changed, 0 unchanged, 1 suspended, 1 not answered; 0 warned, 1 rejected.")
    assert (tmp_path / "Master.rejected.csv").is_file()
    again_ = run_command(app, path, "--format", "asterisk").output.strip().splitlines()[-1]
    assert again_.startswith("4 lines: 0 created, 0 changed, 1 unchanged, 1 suspended, 1 not answered")


def test_the_command_says_in_one_line_that_a_file_is_none_of_asterisk_s(app, session, seller, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a;b\n1;2\n")
    session.commit()
    done = run_command(app, path, "--format", "asterisk")
    assert done.exit_code == 2
    assert "no Master.csv" in done.output
    assert run_command(app, tmp_path / "missing.csv", "--format", "asterisk").exit_code == 2


def test_the_example_of_an_exchange_is_read_as_its_readme_says(seller):
    path = Path(__file__).resolve().parents[2] / "examples" / "Master.csv"
    opened = open_file(ImportKind.USAGE, path, None, "Europe/Kyiv")
    entries = list(opened.entries())
    assert (len(entries), [entry.number for entry in entries if entry.errors]) == (41, [21, 36])
    assert sum(1 for entry in entries if entry.things) > 25


@pytest.mark.postgres
def test_postgresql_imports_rates_bills_and_seals_alike(session, seller, line, bring, tmp_path):
    bring(cdr("1.1") + cdr("1.2", src="380990000000") + cdr("1.3", start="2026-10-04 20:00:00", seconds=60))
    close(session, seller)
    assert [one.amount for one in rated_charges(session)] == [D("1.2100")]
    made = sealing.seal(session, OFFICE, tmp_path, seller.id, OCTOBER)
    assert (made.lines, made.amount) == (2, D("1.2100"))
    classes = {one.time_class: one.amount for one in sealing.totals(session, tmp_path, seller.id, OCTOBER)}
    assert classes == {"work": 6100, "holiday": 6000}
    assert suspense.retry_after(session, OFFICE).waiting == 1
