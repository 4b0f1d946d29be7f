"""A provider closes a month."""

import datetime as dt
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.models import (
    Charge,
    Document,
    DocumentLine,
    NumberSeries,
    Outbox,
    PartySnapshot,
    PriceVersion,
    Promotion,
    RunItem,
    SubscriptionItem,
    SubscriptionPromotion,
    Usage,
)
from app.rules import tax
from app.services import audit, billing, ledger, payments
from app.services.sets import is_postgresql
from app.services.setup import ensure_defaults
from tests import makers

OCTOBER = Month(2026, 10)
OFFICE = Actor.system("olga")


@pytest.fixture(autouse=True)
def november_10(app):
    with clock.standing_at(dt.date(2026, 11, 10)):
        yield


def close(session, seller, month=OCTOBER, size=1000):
    run = billing.start_run(session, OFFICE, seller.id, month)
    while (now := billing.run_batch(session, OFFICE, run.id, size)).left:
        pass
    session.expire_all()
    assert [name for name, count, _ in audit.check_all(session) if count] == []
    return run, now


def documents(session, account, kind="invoice"):
    wanted = sa.select(Document).where(Document.account_id == account.id, Document.kind == kind)
    return list(session.scalars(wanted.order_by(Document.id)))


def item_of(session, subscription):
    return session.scalars(
        sa.select(SubscriptionItem)
        .where(SubscriptionItem.subscription_id == subscription.id)
        .order_by(SubscriptionItem.id)
    ).first()


def test_a_month_closed_gives_an_invoice_and_an_act_over_the_same_sum(session, seller, account):
    makers.subscription(session, account)
    run, now = close(session, seller)
    (invoice,), (act,) = documents(session, account), documents(session, account, "act")
    assert (now.done, now.left, run.state) == (1, 0, "done")
    assert (invoice.net, invoice.tax, invoice.total) == (D("100.00"), D("20.00"), D("120.00"))
    assert (act.total, act.basis_id, act.issued_on) == (D("120.00"), invoice.id, dt.date(2026, 10, 31))
    assert (invoice.issued_on, invoice.due_on) == (dt.date(2026, 11, 1), dt.date(2026, 11, 15))
    assert ledger.balance(session, account.id).net == D("-120.00")


def test_closing_twice_bills_once(session, seller, account):
    makers.subscription(session, account)
    close(session, seller)
    run, now = close(session, seller)
    assert len(documents(session, account)) == 1
    assert now.done == 1


def test_a_subscription_begun_in_mid_month_is_charged_for_its_days(session, seller, account):
    makers.subscription(session, account, starts_on=dt.date(2026, 10, 22))
    close(session, seller)
    charge = session.scalars(sa.select(Charge)).one()
    assert charge.amount == D("38.7097")  # 120 × 10 / 31
    assert charge.explained["days"] == 10
    assert documents(session, account)[0].total == D("38.71")


def test_a_change_of_quantity_inside_the_month_is_charged_by_days(session, seller, account):
    subscription = makers.subscription(session, account)
    item = item_of(session, subscription)
    item.valid_to = dt.date(2026, 10, 11)
    session.add(
        SubscriptionItem(
            company_id=account.company_id,
            subscription_id=subscription.id,
            component_id=item.component_id,
            quantity=D(3),
            valid_from=dt.date(2026, 10, 11),
        )
    )
    session.flush()
    close(session, seller)
    assert sorted(c.amount for c in session.scalars(sa.select(Charge))) == [D("38.7097"), D("243.8710")]
    assert documents(session, account)[0].total == D("282.58")


def test_a_late_change_gives_a_correcting_document_and_leaves_the_invoice(session, seller, account):
    subscription = makers.subscription(session, account)
    close(session, seller)
    item_of(session, subscription).quantity = D(2)
    session.flush()
    close(session, seller)
    first, second = documents(session, account)
    assert (first.total, second.total, second.occurrence, second.corrects_id) == (D(120), D(120), 1, first.id)
    assert len(documents(session, account, "act")) == 2


def test_a_late_cancellation_gives_a_credit_note_that_settles_the_invoice(session, seller, account):
    subscription = makers.subscription(session, account)
    close(session, seller)
    subscription.ends_on = dt.date(2026, 10, 11)
    session.flush()
    close(session, seller)
    (note,) = documents(session, account, "credit_note")
    (invoice,) = documents(session, account)
    assert note.total == D("-81.29")
    assert (note.corrects_id, invoice.paid, invoice.settlement) == (invoice.id, D("81.29"), "partly")
    assert ledger.balance(session, account.id).net == D("-38.71")


def test_usage_is_charged_over_what_is_included(session, seller, account):
    plan = makers.plan(session, seller)
    traffic = makers.component(session, plan, "2.0000", charged="usage", included=D(100), name="Трафік", unit="ГБ")
    subscription = makers.subscription(session, account, plan)
    for day in (3, 17):
        session.add(
            Usage(
                company_id=account.company_id,
                account_id=account.id,
                subscription_id=subscription.id,
                component_id=traffic.id,
                source="t",
                source_id=str(day),
                occurred_at=dt.datetime(2026, 10, day, 9, tzinfo=dt.UTC),
                day=dt.date(2026, 10, day),
                quantity=D("75.5"),
            )
        )
    session.flush()
    close(session, seller)
    usage = session.scalars(sa.select(Charge).where(Charge.kind == "usage")).one()
    assert (usage.quantity, usage.amount) == (D(151), D("102.0000"))
    assert documents(session, account)[0].total == D("222.00")


def test_a_promotion_takes_its_percentage_off_for_its_days(session, seller, account):
    subscription = makers.subscription(session, account)
    promotion = Promotion(
        seller_id=seller.id, code="AUTUMN", name="Осінь", percent_bp=1000, valid_from=dt.date(2026, 1, 1)
    )
    session.add(promotion)
    session.flush()
    session.add(
        SubscriptionPromotion(
            company_id=account.company_id,
            subscription_id=subscription.id,
            promotion_id=promotion.id,
            valid_from=dt.date(2026, 10, 1),
            valid_to=dt.date(2026, 11, 1),
        )
    )
    session.flush()
    close(session, seller)
    assert documents(session, account)[0].total == D("108.00")


def test_a_new_price_counts_from_its_day(session, seller, account):
    subscription = makers.subscription(session, account)
    old = session.scalars(
        sa.select(PriceVersion).where(PriceVersion.component_id == item_of(session, subscription).component_id)
    ).one()
    old.valid_to = dt.date(2026, 10, 16)
    session.add(PriceVersion(component_id=old.component_id, valid_from=dt.date(2026, 10, 16), unit_price=D("240.0000")))
    session.flush()
    close(session, seller)
    assert documents(session, account)[0].total == D("181.94")  # 120 × 15/31 + 240 × 16/31


def test_a_change_of_the_tax_rate_splits_the_month(session):
    ensure_defaults(session)
    russian = makers.seller(session, country="RU", currency="RUB", zone="Europe/Moscow", locale="ru")
    account = makers.account(session, makers.company(session, russian), currency="RUB")
    makers.subscription(session, account, starts_on=dt.date(2025, 12, 16))
    for month, total, rates in ((Month(2025, 12), "61.94", {2000}), (Month(2026, 1), "120.00", {2200})):
        close(session, russian, month)
        document = documents(session, account)[-1]
        assert document.total == D(total)
        lines = session.scalars(sa.select(DocumentLine).where(DocumentLine.document_id == document.id))
        assert {line.tax_bp for line in lines} == rates


@pytest.mark.covers("AST-071")
def test_the_four_charges_of_the_manual_carry_their_tax(session, seller, account):
    plan = makers.plan(session, seller)
    subscription = makers.subscription(session, account, plan)
    item_of(session, subscription).unit_price = D("21.3464")
    for name, price in (("b", "22.4137"), ("c", "34.4827"), ("d", "22.4137")):
        part = makers.component(session, plan, price, name=name)
        session.add(
            SubscriptionItem(
                company_id=account.company_id,
                subscription_id=subscription.id,
                component_id=part.id,
                name=name,
                valid_from=subscription.starts_on,
            )
        )
    item_of(session, subscription).name = "a"
    session.flush()
    close(session, seller)
    taxes = [line.tax for line in documents(session, account)[0].lines]
    assert taxes == [D("3.56"), D("3.73"), D("5.75"), D("3.74")]


@pytest.mark.parametrize("rounding", ["carry", "line"])
@pytest.mark.parametrize("included", [True, False])
def test_the_database_rounds_lines_as_the_rule_does(session, seller, account, rounding, included):
    seller.rounding = rounding
    plan = makers.plan(session, seller, "0.3333", tax_included=included)
    subscription = makers.subscription(session, account, plan)
    prices = [D(p) for p in ("21.3464", "0.0049", "0.0051", "34.4827", "7.7777", "1999.9999")]
    for name, price in zip("bcdefg", prices, strict=True):
        session.add(
            SubscriptionItem(
                company_id=account.company_id,
                subscription_id=subscription.id,
                component_id=item_of(session, subscription).component_id,
                name=name,
                unit_price=price,
                valid_from=subscription.starts_on,
            )
        )
    item_of(session, subscription).name = "a"
    session.flush()
    close(session, seller)
    rule = tax.carry if rounding == "carry" else tax.per_line
    expected = rule([int(p * 10_000) for p in [D("0.3333"), *prices]], 2000, included)
    lines = documents(session, account)[0].lines
    assert [(int(x.net * 100), int(x.tax * 100), int(x.gross * 100)) for x in lines] == [tuple(e) for e in expected]


def test_one_bad_account_is_quarantined_with_its_reason_and_can_be_tried_again(session, seller, account):
    makers.subscription(session, account)
    bad = makers.account(session, makers.company(session, seller), currency="USD")
    makers.subscription(session, bad)
    run, now = close(session, seller)
    item = session.scalars(sa.select(RunItem).where(RunItem.account_id == bad.id)).one()
    assert (now.done, now.quarantined, item.state) == (1, 1, "quarantined")
    assert "currency" in item.reason
    bad.currency = "UAH"
    session.flush()
    assert billing.retry(session, OFFICE, run.id) == 1
    assert billing.run_batch(session, OFFICE, run.id).quarantined == 0
    assert len(documents(session, bad)) == 1


def refuse_documents_of(session, account_id):
    if is_postgresql(session):
        body = "BEGIN RAISE EXCEPTION 'refused'; END"
        session.execute(sa.text(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"))
        calls = "FOR EACH ROW"
        does = "EXECUTE FUNCTION refuse()"
    else:
        calls, does = "", "BEGIN SELECT RAISE(ABORT, 'refused'); END"
    when = f"WHEN (NEW.account_id = {account_id})"
    session.execute(sa.text(f"CREATE TRIGGER refuse BEFORE INSERT ON document {calls} {when} {does}"))


def test_an_account_the_database_refuses_stands_alone_and_the_others_have_whole_documents(session, seller, account):
    makers.subscription(session, account)
    bad = makers.account(session, makers.company(session, seller), number="2000777")
    makers.subscription(session, bad)
    refuse_documents_of(session, bad.id)
    _, now = close(session, seller)
    assert (now.done, now.quarantined) == (1, 1)
    (invoice,) = [d for d in documents(session, account) if d.kind == "invoice"]
    frozen = session.get(PartySnapshot, invoice.seller_snapshot_id)
    assert frozen is not None and frozen.data["name"] == seller.name and frozen.company_id is None


def test_a_part_without_a_price_is_in_trouble_before_the_run(session, seller, account):
    subscription = makers.subscription(session, account)
    session.execute(sa.update(PriceVersion).values(valid_from=dt.date(2026, 10, 5)))
    shown = billing.preview(session, OFFICE, seller.id, OCTOBER)
    assert [t[0] for t in shown.trouble] == [account.id]
    assert "no price" in str(shown.trouble[0][3])
    assert shown.lines == []
    del subscription


def test_a_dry_run_says_what_differs_from_last_month_and_writes_nothing(session, seller, account):
    subscription = makers.subscription(session, account)
    close(session, seller, Month(2026, 9))
    item_of(session, subscription).quantity = D(2)
    session.flush()
    before = session.scalar(sa.select(sa.func.count()).select_from(Charge))
    (line,) = billing.preview(session, OFFICE, seller.id, OCTOBER).lines
    assert (line.total, line.last_total, line.difference) == (D(240), D(120), D(120))
    assert session.scalar(sa.select(sa.func.count()).select_from(Charge)) == before


def test_a_month_that_has_not_begun_is_refused(session, seller):
    with pytest.raises(Refused, match="2026-12 has not begun"):
        billing.start_run(session, OFFICE, seller.id, Month(2026, 12))


def test_an_overpayment_stays_an_advance_and_settles_the_next_invoice(session, seller, account):
    makers.subscription(session, account)
    close(session, seller, Month(2026, 9))
    payments.record_payment(session, OFFICE, account.id, D("200.00"), dt.date(2026, 10, 5))
    assert ledger.balance(session, account.id).advances == D("80.00")
    close(session, seller)
    assert [d.paid for d in documents(session, account)] == [D("120.00"), D("80.00")]
    assert ledger.balance(session, account.id, dt.date(2026, 10, 6)).net == D("80.00")
    assert ledger.balance(session, account.id).net == D("-40.00")


def test_documents_are_numbered_without_gaps_and_never_back_in_time(session, seller):
    for _ in range(7):
        owner = makers.account(session, makers.company(session, seller))
        makers.subscription(session, owner)
    close(session, seller, size=3)
    close(session, seller, Month(2026, 9), size=3)
    invoices = session.scalars(sa.select(Document).where(Document.kind == "invoice").order_by(Document.sequence)).all()
    assert [d.sequence for d in invoices] == list(range(1, 15))
    assert [d.issued_on for d in invoices] == sorted(d.issued_on for d in invoices)


def test_documents_wish_to_be_mailed_in_the_transaction_that_makes_them(session, seller, account):
    account.delivery, account.delivery_addresses = "email", "olga@example.org"
    makers.subscription(session, account)
    close(session, seller)
    assert list(session.scalars(sa.select(Outbox.topic))) == ["mail_document"]


def test_an_issued_document_refuses_every_edit(session, seller, account):
    makers.subscription(session, account)
    close(session, seller)
    documents(session, account)[0].total = D(1)
    with pytest.raises(sa.exc.DatabaseError):
        session.flush()


def test_the_millionth_invoice_of_a_year_has_a_number_of_its_own(session, seller, account):
    plan = makers.plan(session, seller)
    for one in (account, makers.account(session, account.company)):
        makers.subscription(session, one, plan)
    for kind in ("invoice", "act"):
        session.add(NumberSeries(seller_id=seller.id, kind=kind, year=2026, last_number=999_998))
    session.flush()
    run = billing.start_run(session, OFFICE, seller.id, OCTOBER)
    billing.run_batch(session, OFFICE, run.id)
    numbers = session.scalars(sa.select(Document.number).where(Document.kind == "invoice").order_by(Document.sequence))
    assert [number.rpartition("-")[2] for number in numbers] == ["999999", "1000000"]
