"""Registers as bookkeepers take them."""

import csv
import datetime as dt
import io
import itertools
from decimal import Decimal as D

import pytest
from openpyxl import load_workbook

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.reports.render import xlsx
from app.services import billing, payments, registers
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
OCTOBER = Month(2026, 10)


@pytest.fixture
def closed(session, app):
    with clock.standing_at(dt.date(2026, 11, 10)):
        ensure_defaults(session)
        seller = makers.seller(session)
        account = makers.account(session, makers.company(session, seller, name="=HYPERLINK(1)"))
        makers.subscription(session, account)
        for month in (Month(2026, 9), OCTOBER):
            run = billing.start_run(session, OFFICE, seller.id, month)
            billing.run_batch(session, OFFICE, run.id)
        payments.record_payment(session, OFFICE, account.id, D("150.00"), dt.date(2026, 10, 5), reference="17")
        yield account


def written(session, kind, fmt="csv"):
    out = io.BytesIO()
    registers.write(session, OFFICE, kind, OCTOBER, fmt, out)
    return out.getvalue()


def rows_of(data):
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_a_csv_register_has_its_mark_and_semicolons_and_no_formula(session, closed):
    data = written(session, "invoices")
    assert data.startswith(b"\xef\xbb\xbf")
    (row,) = rows_of(data)
    assert (row["Sum"], row["Tax"], row["Company"]) == ("120.00", "20.00", "'=HYPERLINK(1)")


@pytest.mark.parametrize("kind", list(registers.REGISTERS))
def test_an_xlsx_register_opens_with_its_total_as_a_formula(session, closed, kind):
    sheet = load_workbook(io.BytesIO(written(session, kind, "xlsx"))).active
    assert sheet.freeze_panes == "A2"
    assert any(str(cell.value).startswith("=S") for cell in list(sheet.rows)[-1])


def test_a_register_sums_each_currency_by_itself():
    out = io.BytesIO()
    columns = (xlsx.Column("Account"), xlsx.Column("Currency", "currency"), xlsx.Column("Sum", "money"))
    rows = [("a", "UAH", D("10.00")), ("b", "PLN", D("3.00")), ("c", "UAH", D("2.50"))]
    xlsx.write_register(out, columns, rows, ("Sum",), total_label="Total")
    formulas, values = (list(load_workbook(out, data_only=one).active.values)[4:] for one in (False, True))
    assert formulas == [
        ("Total", "PLN", '=SUMIF(B2:B4,"PLN",C2:C4)'),
        ("Total", "UAH", '=SUMIF(B2:B4,"UAH",C2:C4)'),
    ]
    assert [row[2] for row in values] == [3, 12.5]


def test_balances_of_a_month_go_from_opening_to_closing(session, closed):
    (row,) = rows_of(written(session, "balances"))
    figures = [D(row[c]) for c in ("Opening debt", "Billed", "Paid", "Closing debt")]
    assert figures == [D(120), D(120), D(150), D(90)]


def test_payments_and_charges_name_what_they_belong_to(session, closed):
    (payment,), (charge,) = rows_of(written(session, "payments")), rows_of(written(session, "charges"))
    assert (payment["Sum"], payment["Advance"], payment["Invoices"]) == ("150.00", "0.00", "2")
    assert (charge["Amount"], charge["To"]) == ("120.0000", "2026-10-31")


@pytest.mark.covers("A1-15")
@pytest.mark.parametrize("apart", [False, True])
def test_charges_bear_the_last_name_of_their_month_in_each_sellers_zone(session, closed, tmp_path, apart):
    def renamed(account, changes):
        one = makers.subscriber(session, account, name=changes[0][0])
        makers.subscription(session, account, makers.plan(session, account.seller), subscriber_id=one.id)
        with clock.standing_at(dt.date(2026, 11, 10)):
            run = billing.start_run(session, OFFICE, account.seller_id, OCTOBER)
            billing.run_batch(session, OFFICE, run.id)
        for (old, _), (new, at) in itertools.pairwise(changes):
            change = m.SubscriberName(company_id=account.company_id, subscriber_id=one.id, old_name=old, new_name=new)
            change.changed_at, change.changed_by = at, "Olga"
            session.add(change)
            one.name = new
        session.flush()

    last_evening, november = (dt.datetime(2026, 10, 31, *at, tzinfo=dt.UTC) for at in ((21, 30), (22,)))
    session.get_one(m.Seller, closed.seller_id).zone = "Europe/Kyiv"
    renamed(closed, [("September", None), ("October", last_evening), ("November", november)])
    elsewhere = makers.seller(session, code="utc", zone="UTC")
    other = makers.account(session, makers.company(session, elsewhere))
    today = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)
    renamed(other, [("Before", None), ("Later that evening", november), ("Today", today)])
    session.commit()
    with (tmp_path / "charges.csv").open("w+b") as out:
        registers.write(session, OFFICE, "charges", OCTOBER, "csv", out, apart=apart)
    called = {row["Subscriber name"] for row in rows_of((tmp_path / "charges.csv").read_bytes())}
    assert called == {"", "October", "Later that evening"}


def test_an_unknown_register_is_refused_with_the_known_ones(session, closed):
    with pytest.raises(Refused, match="balances"):
        written(session, "sales")
