"""Subscribers, price lists, usage and payments come in from files, each once."""

import csv
import datetime as dt
import json
from decimal import Decimal as D

import pytest
import sqlalchemy as sa
from click.testing import Result

from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import (
    Company,
    Component,
    Document,
    ImportBatch,
    Payment,
    Plan,
    PriceVersion,
    Product,
    Subscriber,
    SubscriberName,
    Subscription,
    SuspendedUsage,
    Usage,
)
from app.services import audit, billing, importing, ledger
from app.services.importing.parties import kind_of
from app.services.importing.usage import converted
from app.services.setup import ensure_defaults
from tests import makers
from tests.conftest import SHARED, in_ci

OFFICE = Actor.system("olga")
CATALOGS = SHARED / "samples" / "catalogs"


@pytest.fixture(autouse=True)
def november_10(app):
    with clock.standing_at(dt.date(2026, 11, 10)):
        yield


@pytest.fixture
def seller(session):
    return ensure_defaults(session)


@pytest.fixture
def account(session, seller):
    return makers.account(session, makers.company(session, seller, code="acme"), number="2000018")


@pytest.fixture
def bring(session, seller, tmp_path):
    """Show a file and apply all of it; the batch and its progress."""

    def run(kind, content, name="file.csv", **more):
        path = tmp_path / name
        path.write_text(content, "utf-8")
        return load(session, kind, path, **more)

    return run


def load(session, kind, path, **more):
    batch, shown = importing.preview_file(session, OFFICE, kind, path, path.name, **more)
    assert [str(problem) for problem in shown.mapping_problems] == []
    while (now := importing.apply_batch(session, OFFICE, batch.id, path)).left:
        pass
    session.expire_all()
    return batch, now


def counts(now):
    return now.created, now.changed, now.unchanged, now.suspended, now.rejected


def count(session, model):
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def why(batch):
    return {int(line): text % params for line, (text, params) in batch.options["refused"].items()}


def test_a_released_number_rests_before_another_company_gets_it(session, seller, account, bring):
    other = makers.account(session, makers.company(session, seller, code="beta"), number="2000026")
    line = makers.subscriber(session, account, number="+380671230001", name="Олена")
    makers.subscriber(session, account, number="+380671230002", name="Тарас")
    line.state, line.released_on = "released", dt.date(2026, 8, 13)  # 90 days: until tomorrow
    session.commit()
    content = (
        f"customer code,account number,subscriber number,subscriber name\nbeta,{other.number},{line.number},Нова\n"
    )
    kinds = ("subscribers", "customers")
    for kind in kinds:
        batch, now = bring(kind, content)
        (row,) = why(batch).values()
        assert now.rejected == 1 and "rests for 90 days" in row and "Give it from 2026-11-11" in row, row
    with clock.standing_at(dt.date(2026, 11, 11)):
        assert bring(kinds[0], content)[1].created == 1
        assert bring(kinds[0], content)[1].unchanged == 1
        taken = content.replace("0001", "0002")
        assert bring(kinds[1], taken)[1].rejected == 1  # it is in use: nothing of resting
    rows = session.execute(sa.select(Subscriber.number, Subscriber.name, Subscriber.account_id).order_by(Subscriber.id))
    assert rows.all() == [
        ("+380671230001 (2026-08-13)", "Олена", account.id),
        ("+380671230002", "Тарас", account.id),
        ("+380671230001", "Нова", other.id),
    ]


# --- subscribers -------------------------------------------------------------------------------------------------


def test_subscribers_come_onto_their_accounts_and_are_renamed_with_history(session, account, bring):
    lines = "account number,subscriber number,subscriber name\n2000018,380501,Olga\n2000018,380502,Ivan\n999,380503,X\n"
    batch, now = bring("subscribers", lines)
    assert counts(now) == (2, 0, 0, 0, 1)
    assert "999" in why(batch)[4]
    _, now = bring("subscribers", lines.replace("Ivan", "Petro"))
    assert counts(now) == (0, 1, 1, 0, 1)
    assert session.scalars(sa.select(Subscriber.name).order_by(Subscriber.number)).all() == ["Olga", "Petro"]
    history = session.scalars(sa.select(SubscriberName)).one()
    assert (history.old_name, history.new_name, history.changed_by) == ("Ivan", "Petro", "olga")


def test_a_subscriber_of_another_account_is_not_taken_away(session, seller, account, bring):
    makers.subscriber(session, makers.account(session, number="3000017"), number="380501")
    batch, now = bring("subscribers", "customer code,subscriber number,monthly fee\nacme,380501,10\nacme,380502,10\n")
    assert counts(now) == (1, 0, 0, 0, 1)
    assert "3000017" in why(batch)[2]
    subscription = session.scalars(sa.select(Subscription)).one()
    assert subscription.subscriber.number == "380502"
    assert subscription.account_id == account.id


# --- price lists -------------------------------------------------------------------------------------------------


def test_a_changed_price_ends_the_old_version_and_begins_the_new(session, seller, bring):
    lines = (
        "sku,name,component,unit,unit price,currency\nvm-1,Machine,cpu,hour,0.0000123,UAH\nvm-2,Big,cpu,hour,2,UAH\n"
    )
    _, now = bring("catalog", lines, options={"from": "2026-10-01"})
    assert counts(now) == (2, 0, 0, 0, 0)
    price = session.scalars(sa.select(PriceVersion).order_by(PriceVersion.id)).first()
    assert price.unit_price / price.per_quantity == D("0.0000123")
    assert counts(bring("catalog", lines)[1]) == (0, 0, 2, 0, 0)
    _, now = bring("catalog", lines.replace("hour,2", "hour,2.5"), options={"from": "2026-11-01"})
    assert counts(now) == (0, 1, 1, 0, 0)
    query = sa.select(PriceVersion.unit_price, PriceVersion.valid_from, PriceVersion.valid_to)
    versions = session.execute(
        query.join(Component).join(Plan).where(Plan.code == "vm-2").order_by(PriceVersion.id)
    ).all()
    november = dt.date(2026, 11, 1)
    assert versions == [(D("2.0000"), dt.date(2026, 10, 1), november), (D("2.5000"), november, None)]


def test_the_same_plan_in_two_currencies_is_two_plans(session, seller, bring):
    lines = "sku,name,unit price,currency\na,A,10,UAH\na,A,1,EUR\n"
    assert counts(bring("catalog", lines)[1])[0] == 2
    assert counts(bring("catalog", lines)[1]) == (0, 0, 2, 0, 0)
    assert sorted(session.execute(sa.select(Plan.code, Plan.currency)).all()) == [("a", "UAH"), ("a:EUR", "EUR")]


def catalog(name):
    path = CATALOGS / name
    if not path.exists():
        sentence = "The price lists lie beside the repository in ../shared/samples; they are not here."
        (pytest.fail if in_ci and SHARED.exists() else pytest.skip)(sentence)
    return path


def test_3273_prices_of_a_cloud_lose_no_digit(session, seller):
    path = catalog("ec2_ondemand_2017.csv")
    _, now = load(session, "catalog", path)
    assert counts(now) == (3273, 0, 0, 0, 0)
    query = (
        sa.select(Product.code, PriceVersion.unit_price, PriceVersion.per_quantity)
        .join(Plan, Plan.product_id == Product.id)
        .join(Component, Component.plan_id == Plan.id)
        .join(PriceVersion, PriceVersion.component_id == Component.id)
    )
    kept = {code: price / per for code, price, per in session.execute(query)}
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    price = next(name for name in rows[0] if "price" in name.lower())
    given = {"/".join((row["instance_type"], row["region"], row["os"])): D(row[price]) for row in rows}
    assert kept == given
    assert counts(load(session, "catalog", path)[1]) == (0, 0, 3273, 0, 0)


def test_2330_metered_products_load_and_load_again(session, seller):
    path = catalog("genai_prices_0.2.3.json")
    _, now = load(session, "catalog", path)
    assert counts(now) == (2330, 0, 0, 0, 0)
    assert session.scalar(sa.select(sa.func.count()).where(Product.is_on_sale.is_(False)).select_from(Product)) == 179
    assert counts(load(session, "catalog", path)[1]) == (0, 0, 2330, 0, 0)


def test_rejected_items_of_a_list_come_back_as_a_list(session, seller, bring, tmp_path):
    items = [{"model": "a", "prices_mtok": {"input_mtok": "free"}}, {"model": "b", "prices_mtok": {"input_mtok": 1}}]
    batch, _ = bring("catalog", json.dumps(items), "models.json")
    written = importing.rejects_file(session, OFFICE, batch.id, tmp_path / "models.json", tmp_path / "out")
    (item,) = json.loads(written.read_text("utf-8"))
    assert item["model"] == "a"
    assert "free" in item["Kabinet: Reason"]


# --- usage -------------------------------------------------------------------------------------------------------


@pytest.fixture
def calls(session, seller, account):
    """A subscriber whose plan has calls by the minute, 2.00 each."""
    plan = makers.plan(session, seller, "100.0000")
    makers.component(session, plan, "2.0000", code="calls", name="Дзвінки", unit="minute", charged="usage")
    subscriber = makers.subscriber(session, account, number="380501112233")
    return makers.subscription(session, account, plan, subscriber_id=subscriber.id)


CALLS = """id,number,service,quantity,unit,started at,destination
1,380501112233,calls,90,sec,2026-10-01 00:30:00,380671112233
2,380501112233,Дзвінки,10,minutes,2026-10-31 23:30:00,380671112233
3,380509999999,calls,60,sec,2026-10-05 10:00:00,380671112233
4,380501112233,roaming,60,sec,2026-10-05 10:00:00,380671112233
5,380501112233,calls,1,GB,2026-10-05 10:00:00,380671112233
"""


def test_usage_is_billed_to_its_subscription_by_the_day_of_the_seller(session, seller, account, calls, bring):
    _, now = bring("usage", CALLS)
    assert counts(now) == (2, 0, 0, 3, 0)
    rows = session.execute(sa.select(Usage.day, Usage.quantity).order_by(Usage.id)).all()
    assert rows == [(dt.date(2026, 10, 1), D("1.5000")), (dt.date(2026, 10, 31), D("10.0000"))]
    run = billing.start_run(session, OFFICE, seller.id, Month(2026, 10))
    billing.run_batch(session, OFFICE, run.id)
    assert session.scalars(sa.select(Document.total).where(Document.kind == "invoice")).one() == D("123.00")
    assert [name for name, broken, _ in audit.check_all(session) if broken] == []


def test_usage_of_nobody_known_waits_with_its_reason_until_there_is_a_place(session, account, calls, bring):
    bring("usage", CALLS)
    reasons = dict(session.execute(sa.select(SuspendedUsage.source_id, SuspendedUsage.reason)).all())
    assert set(reasons) == {"3", "4", "5"}
    assert "Nobody" in reasons["3"]
    makers.subscriber(session, account, number="380509999999")
    session.scalars(sa.select(Subscription)).one().subscriber_id = None
    session.flush()
    _, now = bring("usage", CALLS)
    assert counts(now) == (1, 0, 2, 2, 0)
    assert count(session, SuspendedUsage) == 2


def test_the_same_usage_file_adds_nothing_even_without_record_ids(session, account, calls, bring):
    line = "380501112233,calls,60,sec,2026-10-05 10:00:00\n"
    lines = "number,service,quantity,unit,started at\n" + line + line
    assert counts(bring("usage", lines)[1]) == (2, 0, 0, 0, 0)
    assert counts(bring("usage", lines)[1]) == (0, 0, 2, 0, 0)
    assert count(session, Usage) == 2


@pytest.mark.parametrize(
    ("quantity", "unit", "sold_by", "expected"),
    [
        ("90", "sec", "minute", "1.5000"),
        ("2", "год", "хвилина", "120.0000"),
        ("1", "GB", "MB", "1000.0000"),
        ("5", "", "minute", "5"),
        ("5", "GB", "minute", None),
        ("5", "message", "sms", None),
    ],
)
def test_units_are_converted_within_their_family_only(quantity, unit, sold_by, expected):
    assert converted(D(quantity), unit, sold_by) == (D(expected) if expected else None)


# --- payments ----------------------------------------------------------------------------------------------------


def test_payments_find_their_account_and_settle_the_invoice_they_name(session, seller, account, bring):
    makers.subscription(session, account)
    run = billing.start_run(session, OFFICE, seller.id, Month(2026, 10))
    billing.run_batch(session, OFFICE, run.id)
    invoice = session.scalars(sa.select(Document).where(Document.kind == "invoice")).one()
    lines = (
        "date,amount,reference,customer code,account,purpose\n"
        f"2026-11-05,100.00,77,acme,,Оплата за рахунком {invoice.number} від 01.11.2026\n"
        "2026-11-06,20.00,78,,2000018,\n"
        "2026-11-06,5.00,79,,,no such thing\n"
        "2026-11-07,5.00,80,stranger,,\n"
        "2026-12-31,5.00,81,acme,,\n"
    )
    batch, now = bring("payments", lines)
    assert counts(now) == (2, 0, 0, 0, 3)
    assert "in the future" in why(batch)[6]
    session.refresh(invoice)
    assert (invoice.paid, invoice.settlement) == (D("120.00"), "paid")
    assert ledger.balance(session, account.id).net == D("0.00")
    assert counts(bring("payments", lines)[1]) == (0, 0, 2, 0, 3)
    assert count(session, Payment) == 2
    assert [name for name, broken, _ in audit.check_all(session) if broken] == []


def test_payments_without_a_reference_are_known_by_their_line(session, account, bring):
    lines = "date,amount,account\n2026-11-05,10.00,2000018\n2026-11-05,10.00,2000018\n"
    assert counts(bring("payments", lines)[1]) == (2, 0, 0, 0, 0)
    assert counts(bring("payments", lines)[1]) == (0, 0, 2, 0, 0)


def test_a_payment_of_a_company_with_two_accounts_asks_which(session, account, bring):
    makers.account(session, account.company, account.payer, number="2000026")
    batch, now = bring("payments", "date,amount,customer code\n2026-11-05,10.00,acme\n")
    assert counts(now) == (0, 0, 0, 0, 1)
    assert "Several accounts" in why(batch)[2]


@pytest.mark.parametrize(
    ("found", "country", "expected"),
    [
        ({}, "UA", "individual"),
        ({"kind": "ФОП"}, "UA", "sole_proprietor"),
        ({"company_name": "ООО «Вектор»"}, "RU", "legal_entity"),
        ({"company_name": "Orion sp. z o.o."}, "PL", "legal_entity"),
        ({"company_name": "ИП Петров"}, "RU", "sole_proprietor"),
        ({"company_name": "Toolbox", "tax_code": "32855961"}, "UA", "legal_entity"),
        ({"company_name": "Ольга Сікур", "tax_code": "2935277368"}, "UA", "individual"),
    ],
)
def test_the_kind_of_party_is_read_from_what_the_line_says(found, country, expected):
    assert kind_of(found, country) == expected


# --- commands ----------------------------------------------------------------------------------------------------


def command(app, *words) -> Result:
    with clock.standing_at(dt.date(2026, 11, 10)):
        return app.test_cli_runner().invoke(args=[str(word) for word in words])


def test_the_command_loads_good_lines_and_leaves_the_others_beside_the_file(app, session, tmp_path):
    path = tmp_path / "clients.csv"
    path.write_text("customer code,monthly fee\nc-1,10.00\nc-2,ten\n", "utf-8")
    dry = command(app, "import-customers", path, "--dry-run")
    assert (dry.exit_code, count(session, Company), count(session, ImportBatch)) == (0, 0, 0)
    session.rollback()  # it holds SQLite's one lock
    done = command(app, "import-customers", path, "--from", "2026-10-01")
    assert done.exit_code == 0, done.output
    assert "2 lines: 1 created, 0 changed, 0 unchanged; 0 warned, 1 rejected." in done.output
    assert "ten" in (tmp_path / "clients.rejected.csv").read_text("utf-8")
    assert count(session, Company) == 1


@pytest.mark.parametrize("content", [None, b"\x00\x01\x02", b"", b"colour,size\nred,1\n"])
def test_a_file_that_cannot_be_read_is_one_line_and_exit_2(app, session, tmp_path, content):
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)
    for name in ("import-customers", "import-usage", "import-payments"):
        result = command(app, name, path)
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1
    assert count(session, ImportBatch) == 0
