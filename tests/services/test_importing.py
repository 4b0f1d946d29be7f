"""An operator imports customers, and the month that is closed after comes to the file's charges."""

import csv
import datetime as dt
from decimal import Decimal as D
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Forbidden, Refused
from app.core.period import Month
from app.models import (
    Account,
    AuditEvent,
    Company,
    Component,
    Contract,
    Document,
    ImportBatch,
    Payer,
    Plan,
    Subscriber,
    Subscription,
    SubscriptionItem,
)
from app.rules import identifiers
from app.services import audit, billing, importing
from app.services.setup import ensure_defaults
from tests import makers
from tests.conftest import SHARED, in_ci

OFFICE = Actor.system("olga")
OCTOBER = Month(2026, 10)
TELCO = SHARED / "samples" / "customers" / "telco_customers.csv"
FILE = """Customer ID,Name,Customer type,Online backup,Internet service,Monthly charge,Contract kind,Colour
c-1,ТОВ «Оріон»,,Yes,DSL,29.85,Two year,blue
c-2,Ольга Сікур,,No,No,0.10,Month-to-month,red
c-3,,Business,Yes,Fiber optic,1200.5,One year,
"""


@pytest.fixture(autouse=True)
def november_10(app):
    with clock.standing_at(dt.date(2026, 11, 10)):
        yield


@pytest.fixture
def seller(session):
    return ensure_defaults(session)


@pytest.fixture
def bring(session, seller, tmp_path):
    """Show a file and apply all of it; the batch and its progress."""

    def run(content, kind="customers", step=500, **more):
        path = tmp_path / "file.csv"
        path.write_text(content, "utf-8")
        batch, _ = importing.preview_file(session, OFFICE, kind, path, path.name, **more)
        return batch, finish(session, batch, path, step)

    return run


def finish(session, batch, path, step=500):
    while (now := importing.apply_batch(session, OFFICE, batch.id, path, step)).left:
        pass
    session.expire_all()
    return now


def close(session, seller, month=OCTOBER):
    run = billing.start_run(session, OFFICE, seller.id, month)
    while (now := billing.run_batch(session, OFFICE, run.id)).left:
        pass
    assert [name for name, count, _ in audit.check_all(session) if count] == []
    assert now.quarantined == 0


def billed(session):
    sums = (
        sa.select(Company.code, sa.func.sum(Document.total))
        .join(Company, Company.id == Document.company_id)
        .where(Document.kind.in_(("invoice", "credit_note")))
        .group_by(Company.code)
    )
    return {code: total for code, total in session.execute(sums)}


def counts(now):
    return now.created, now.changed, now.unchanged, now.rejected


def one(session, model, *where):
    return session.scalars(sa.select(model).where(*where)).one()


def items_of(session, code):
    query = (
        sa.select(Component.code, SubscriptionItem.unit_price, SubscriptionItem.valid_from, SubscriptionItem.valid_to)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .join(Company, Company.id == SubscriptionItem.company_id)
        .where(Company.code == code)
        .order_by(SubscriptionItem.id)
    )
    return [tuple(row) for row in session.execute(query)]


def test_a_preview_writes_nothing_but_the_batch(session, seller, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(FILE + "c-4,,,No,No,twelve,,\n", "utf-8")
    batch, shown = importing.preview_file(session, OFFICE, "customers", path, "customers.csv")
    assert session.scalar(sa.select(sa.func.count()).select_from(Company)) == 0
    assert (shown.lines, shown.good, shown.rejected) == (4, 3, 1)
    assert shown.totals["monthly_charge"] == D("1230.45")
    assert shown.problems[0][0] == 5
    assert "twelve" in str(shown.problems[0][2])
    assert (batch.state, batch.lines, batch.options["from"]) == ("previewed", 4, "2026-10-01")


def test_a_customer_gets_a_company_a_payer_an_account_and_a_subscription(session, bring):
    _, now = bring(FILE)
    assert counts(now) == (3, 0, 0, 0)
    company = one(session, Company, Company.code == "c-1")
    assert company.name == "ТОВ «Оріон»"
    assert company.attributes == {"Contract kind": "Two year", "Colour": "blue"}
    account = one(session, Account, Account.company_id == company.id)
    assert identifiers.check("account_number", account.number) == account.number
    assert account.currency == "UAH"
    subscription = one(session, Subscription, Subscription.account_id == account.id)
    assert subscription.starts_on == dt.date(2026, 10, 1)
    assert subscription.plan.tax_included
    assert items_of(session, "c-1") == [
        ("monthly", D("29.8500"), dt.date(2026, 10, 1), None),
        ("service-online-backup", D("0.0000"), dt.date(2026, 10, 1), None),
        ("service-internet-service-dsl", D("0.0000"), dt.date(2026, 10, 1), None),
    ]


def test_the_kind_of_a_payer_comes_from_the_line_or_the_name(session, bring):
    bring(FILE)
    query = sa.select(Company.code, Payer.kind).join(Company, Company.id == Payer.company_id)
    kinds = dict(session.execute(query).all())
    assert kinds == {"c-1": "legal_entity", "c-2": "individual", "c-3": "legal_entity"}
    assert one(session, Company, Company.code == "c-3").name == "c-3"


def test_the_closed_month_comes_to_the_charges_of_each_customer(session, seller, bring):
    bring(FILE)
    close(session, seller)
    assert billed(session) == {"c-1": D("29.85"), "c-2": D("0.10"), "c-3": D("1200.50")}


def test_the_same_file_again_changes_nothing(session, seller, bring):
    bring(FILE)
    _, now = bring(FILE)
    assert counts(now) == (0, 0, 3, 0)
    assert session.scalar(sa.select(sa.func.count()).select_from(SubscriptionItem)) == 7


def test_a_changed_charge_ends_the_price_and_begins_another_from_the_named_day(session, seller, bring):
    bring(FILE)
    close(session, seller)
    _, now = bring(FILE.replace("29.85", "35.00"), options={"from": "2026-11-01"})
    assert counts(now) == (0, 1, 2, 0)
    november = dt.date(2026, 11, 1)
    assert items_of(session, "c-1")[0] == ("monthly", D("29.8500"), dt.date(2026, 10, 1), november)
    assert items_of(session, "c-1")[-1] == ("monthly", D("35.0000"), november, None)
    close(session, seller, Month(2026, 11))
    assert billed(session)["c-1"] == D("64.85")


def test_a_changed_charge_of_a_closed_month_bills_the_difference(session, seller, bring):
    bring(FILE)
    close(session, seller)
    bring(FILE.replace("29.85", "20.00"))
    close(session, seller)
    assert billed(session)["c-1"] == D("20.00")


def test_a_service_switched_off_in_the_file_ends(session, bring):
    bring(FILE)
    _, now = bring(FILE.replace("Оріон»,,Yes", "Оріон»,,No"), options={"from": "2026-11-01"})
    assert counts(now) == (0, 1, 2, 0)
    ends = {code: end for code, _, _, end in items_of(session, "c-1")}
    assert ends == {
        "monthly": None,
        "service-online-backup": dt.date(2026, 11, 1),
        "service-internet-service-dsl": None,
    }


def test_a_killed_import_goes_on_after_its_last_line(session, seller, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(FILE, "utf-8")
    batch, _ = importing.preview_file(session, OFFICE, "customers", path, "customers.csv")
    session.commit()
    batch_id = batch.id
    importing.apply_batch(session, OFFICE, batch_id, path, 1)
    session.commit()
    importing.apply_batch(session, OFFICE, batch_id, path, 1)
    session.rollback()  # the worker died before it kept this line
    now = importing.apply_batch(session, OFFICE, batch_id, path, 500)
    assert (now.done, now.left, counts(now)) == (3, 0, (3, 0, 0, 0))
    assert importing.apply_batch(session, OFFICE, batch_id, path, 500) == now
    assert session.scalar(sa.select(sa.func.count()).select_from(Subscription)) == 3


def test_another_file_is_not_applied_for_the_one_shown(session, seller, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(FILE, "utf-8")
    batch, _ = importing.preview_file(session, OFFICE, "customers", path, "customers.csv")
    path.write_text(FILE.replace("29.85", "1.00"), "utf-8")
    with pytest.raises(Refused, match="not the file"):
        importing.apply_batch(session, OFFICE, batch.id, path)


def test_who_lacks_the_right_imports_nothing(session, seller, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(FILE, "utf-8")
    with pytest.raises(Forbidden):
        importing.preview_file(session, Actor(1, "ivan", is_staff=True), "customers", path, "customers.csv")


def test_rejected_lines_come_back_with_their_reasons(session, seller, bring, tmp_path):
    other = makers.account(session, makers.company(session, seller), number="4000000")
    content = "customer code,account number,monthly charge\na,,x\nb,4000000,5.00\nc,,7.12345\nd,,1.00\n"
    batch, now = bring(content)
    assert counts(now) == (1, 0, 0, 3)
    written = importing.rejects_file(session, OFFICE, batch.id, tmp_path / "file.csv", tmp_path / "out.rejected")
    assert written.name == "out.rejected.csv"
    rows = list(csv.reader(written.open(encoding=None if written.read_bytes()[:1] != b"\xef" else "utf-8-sig")))
    assert [row[0] for row in rows[1:]] == ["a", "b", "c"]
    assert "not an amount" in rows[1][-1]
    assert other.company.code in rows[2][-1]
    assert "four decimals" in rows[3][-1]
    assert session.scalars(sa.select(Company.code).where(Company.code.in_(list("abcd")))).all() == ["d"]


def test_an_applied_file_leaves_its_trace(session, bring):
    batch, _ = bring(FILE)
    event = one(session, AuditEvent, AuditEvent.action == "import.apply")
    assert (event.target_id, event.details["created"], event.details["sha256"]) == (str(batch.id), 3, batch.sha256)


def test_a_customer_may_have_several_accounts_and_subscribers_in_one_file(session, seller, bring):
    content = (
        "customer code,account number,contract number,subscriber number,subscriber name,monthly charge,currency\n"
        "c-1,1001,K-1,380501112233,Front desk,10.00,UAH\n"
        "c-1,1001,K-1,380501112244,Store,15.00,UAH\n"
        "c-1,1002,,,,3.00,EUR\n"
    )
    _, now = bring(content)
    assert counts(now) == (3, 0, 0, 0)
    assert session.scalars(sa.select(Subscriber.name).order_by(Subscriber.id)).all() == ["Front desk", "Store"]
    assert one(session, Account, Account.number == "1001").contract_id == one(session, Contract).id
    assert one(session, Account, Account.number == "1002").currency == "EUR"
    close(session, seller)
    totals = dict(
        session.execute(
            sa.select(Account.number, Document.total)
            .join(Account, Account.id == Document.account_id)
            .where(Document.kind == "invoice")
        ).all()
    )
    assert totals == {"1001": D("25.00"), "1002": D("3.00")}
    assert counts(bring(content)[1]) == (0, 0, 3, 0)


def test_a_line_may_name_a_plan_of_the_catalogue(session, seller, bring):
    plan = makers.plan(session, seller, "120.0000")
    content = f"customer code,plan,monthly charge\nc-1,{plan.code},\nc-2,{plan.name},99.90\nc-3,No such plan,\n"
    batch, now = bring(content)
    assert counts(now) == (2, 0, 0, 1)
    assert "No such plan" in str(batch.options["refused"])
    assert session.scalar(sa.select(sa.func.count()).select_from(Plan)) == 1
    close(session, seller)
    assert billed(session) == {"c-1": D("120.00"), "c-2": D("99.90")}


def test_a_subscription_that_ended_is_not_billed_after_its_last_day(session, seller, bring):
    content = (
        "customer code,monthly charge,start date,end date\n"
        "c-1,31.00,2026-01-01,2026-10-10\nc-2,31.00,2026-10-22,\nc-3,31.00,2025-01-01,2026-09-30\n"
    )
    bring(content)
    close(session, seller)
    assert billed(session) == {"c-1": D("10.00"), "c-2": D("10.00")}


def test_a_bad_line_among_thousands_does_not_take_others_with_it(session, seller, bring):
    content = "customer code,domain,monthly charge\n" + "".join(f"k-{n},x,{n}.00\n" for n in range(1, 60))
    content = content.replace("k-7,x,7.00", "k-7,x,999999999999999.00")  # more than the column holds
    _, now = bring(content)
    assert now.created == 58
    assert now.rejected == 1


def test_a_mapping_is_saved_under_a_name_and_used_again(session, seller, bring, tmp_path):
    mapping = {"columns": {"company_code": "A", "monthly_charge": "B", "nonsense": "C"}}
    importing.save_mapping(session, OFFICE, "customers", "Billing export", mapping)
    importing.save_mapping(session, OFFICE, "customers", "Billing export", mapping)
    (row,) = importing.mappings(session, "customers")
    assert row.mapping["columns"] == {"company_code": "A", "monthly_charge": "B"}
    _, now = bring("a,b\nc-1,12.50\n", mapping_name="Billing export")
    assert now.created == 1


def test_an_upload_is_kept_once_by_its_digest(tmp_path):
    source = tmp_path / "x.csv"
    source.write_text(FILE, "utf-8")
    first = importing.store_upload(tmp_path / "data", source)
    with source.open("rb") as stream:
        second = importing.store_upload(tmp_path / "data", stream)
    assert first == second == importing.stored_upload(tmp_path / "data", first.name)
    assert first.read_text("utf-8") == FILE
    assert [path.name for path in first.parent.iterdir()] == [first.name]


@pytest.fixture
def telco():
    if not TELCO.exists():
        sentence = "The telecom's customers lie beside the repository in ../shared/samples; they are not here."
        (pytest.fail if in_ci and SHARED.exists() else pytest.skip)(sentence)
    return TELCO


def telco_charges(path: Path):
    with path.open(encoding="utf-8") as stream:
        return {row["ClienteID"]: D(row["Cargos mensuales"]) for row in csv.DictReader(stream)}


def test_7043_customers_of_a_telecom_are_billed_to_the_cent(session, seller, telco):
    batch, shown = importing.preview_file(session, OFFICE, "customers", telco, telco.name)
    assert (shown.lines, shown.good, shown.warned, shown.rejected) == (7043, 7043, 11, 0)
    assert len([p for p in shown.problems if "Cargos totales" in str(p[2])]) == 11
    now = finish(session, batch, telco)
    assert counts(now) == (7043, 0, 0, 0)
    close(session, seller)
    charges, invoices = telco_charges(telco), billed(session)
    assert invoices == charges
    assert sum(invoices.values()) == sum(charges.values())
    again, _ = importing.preview_file(session, OFFICE, "customers", telco, telco.name)
    assert counts(finish(session, again, telco)) == (0, 0, 7043, 0)
    assert session.scalar(sa.select(sa.func.count()).select_from(ImportBatch)) == 2
