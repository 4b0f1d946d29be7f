"""Equipment paid in parts (A1-09): VAT at the handover, parts in order, overdue and reminders by part."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Forbidden, NotFound, Refused
from app.rules import instalments as rules
from app.services import audit, instalments, ledger, payments, setup
from tests import makers

CLERK = Actor.system("Оксана")
TODAY = dt.date(2026, 11, 10)


def D(text):
    return Decimal(text)


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def account(session):
    setup.ensure_defaults(session)
    return makers.account(session)


def make(session, account, total="24000.00", down="0.00", count=12, first_on=dt.date(2026, 12, 10)):
    return instalments.make_plan(
        session, CLERK, account.id, "Телефони", D(total), down_payment=D(down), count=count, first_on=first_on
    )


def pay(session, account, amount, day=TODAY, **more):
    key = f"{account.id}:{day}:{amount}:{len(more)}"
    return payments.record_payment(session, CLERK, account.id, D(amount), day, key=key, **more)


def states(plan):
    return [part.state for part in plan.parts]


def breaches(session):
    return [name for name, count, _ in audit.check_all(session) if count]


@pytest.mark.covers("A1-09")
def test_parts_are_equal_and_the_last_takes_the_remainder():
    assert rules.split(D("100.00"), D("0"), 3) == [D("33.33"), D("33.33"), D("33.34")]
    assert rules.split(D("24000.00"), D("4800.00"), 12) == [D("1600.00")] * 12
    assert rules.due_days(dt.date(2026, 12, 31), 3) == [
        dt.date(2026, 12, 31),
        dt.date(2027, 1, 31),
        dt.date(2027, 2, 28),
    ]


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(1, 60), st.integers(0, 10**9))
def test_parts_and_down_payment_are_the_total_and_money_covers_them_in_order(total, down, count, paid):
    whole, first = D(total) / 100, D(down) / 100
    try:
        amounts = rules.split(whole, first, count)
    except Refused:
        return
    assert sum(amounts) + first == whole
    assert amounts[-1] >= amounts[0] > 0
    covered = rules.paid_of_each(D(paid) / 100, first, amounts)
    assert sum(covered) == min(max(D(paid) / 100 - first, 0), sum(amounts))
    assert all(
        part == 0 for part in covered[sum(one == amount for one, amount in zip(covered, amounts, strict=True)) + 1 :]
    )


@pytest.mark.covers("A1-09")
def test_the_whole_vat_is_charged_at_the_handover_and_the_parts_are_receivable_only(session, account):
    plan = make(session, account, down="4800.00")
    invoice = session.get_one(m.Document, plan.document_id)
    assert (invoice.total, invoice.tax, invoice.due_on) == (D("24000.00"), D("4000.00"), None)
    assert ledger.balance(session, account.id).net == D("-24000.00")
    assert [part.amount for part in plan.parts] == [D("1600.00")] * 12
    assert set(states(plan)) == {"planned"}
    assert breaches(session) == []


def test_money_settles_what_is_due_and_the_rest_waits_for_the_next_part(session, account):
    plan = make(session, account, down="4800.00")
    service = makers.document(session, account, total="120.00")
    ledger.post(
        session,
        account,
        m.EntryKind.BILLED,
        "x",
        TODAY,
        [ledger.Move(m.LedgerKind.RECEIVABLE, m.LedgerKind.REVENUE, D("120.00"))],
    )
    payment = pay(session, account, "6000.00")
    assert (service.settlement, payment.used) == ("paid", D("4920.00"))
    assert set(states(plan)) == {"planned"}
    with clock.standing_at(dt.date(2026, 11, 25)):
        assert instalments.invoice_parts(session, CLERK, account.seller_id) == 0
    with clock.standing_at(dt.date(2026, 11, 26)):  # the fifteen days to pay begin
        assert instalments.invoice_parts(session, CLERK, account.seller_id) == 1
        assert instalments.invoice_parts(session, CLERK, account.seller_id) == 0
    assert (plan.parts[0].state, plan.parts[0].paid) == ("invoiced", D("1080.00"))
    pay(session, account, "520.00")
    assert states(plan)[:2] == ["paid", "planned"]
    assert "instalments_follow_their_payments" not in breaches(session)


@pytest.mark.covers("A1-09")
def test_settling_early_lets_money_go_to_further_parts(session, account):
    plan = make(session, account)
    payment = pay(session, account, "6000.00")
    assert payment.used == 0
    owner = Actor(None, "Ольга", account.company_id, rights=frozenset({"cabinet_payments.read"}))
    instalments.settle_early(session, owner, plan.id)
    instalments.invoice_parts(session, CLERK, account.seller_id)
    assert states(plan)[:4] == ["paid", "paid", "paid", "planned"]
    pay(session, account, "18000.00")
    assert set(states(plan)) == {"paid"}
    with pytest.raises(Refused, match="paid already"):
        instalments.settle_early(session, owner, plan.id)
    assert breaches(session) == []


def test_money_that_names_the_invoice_pays_ahead_and_taken_back_opens_the_parts_again(session, account):
    plan = make(session, account, first_on=dt.date(2026, 11, 20))
    assert states(plan)[:2] == ["invoiced", "planned"]
    payment = pay(session, account, "4500.00", invoice_ids=[plan.document_id])
    assert states(plan)[:3] == ["paid", "paid", "planned"]
    assert plan.parts[2].paid == D("500.00")
    payments.reverse_payment(session, CLERK, payment.id, "повернуто")
    assert states(plan)[:3] == ["invoiced", "planned", "planned"]
    assert sum(part.paid for part in plan.parts) == 0
    assert breaches(session) == []


def test_a_change_of_tariff_or_its_end_leaves_the_plan(session, account):
    subscription = makers.subscription(session, account)
    plan = make(session, account)
    subscription.ends_on, subscription.state = TODAY, "ended"
    session.flush()
    assert plan.account_id == account.id
    assert not hasattr(plan, "subscription_id")
    assert sum(part.amount for part in plan.parts) == plan.total


def test_people_are_reminded_of_each_part_once(session, account):
    makers.user(session, "owner", account.company)
    plan = make(session, account, first_on=dt.date(2026, 11, 24))
    with clock.standing_at(dt.date(2026, 11, 21)):
        assert instalments.remind(session, CLERK, account.seller_id) == 2  # in the cabinet and by mail
        instalments.remind(session, CLERK, account.seller_id)
    with clock.standing_at(dt.date(2026, 11, 25)):
        instalments.remind(session, CLERK, account.seller_id)
    said = session.execute(sa.select(m.Notice.event, m.Notice.channel).order_by(m.Notice.id)).tuples().all()
    assert sorted(said) == [("due_soon", "email"), ("due_soon", "in_app"), ("overdue", "email"), ("overdue", "in_app")]
    pay(session, account, "2000.00")
    with clock.standing_at(dt.date(2026, 12, 1)):
        assert instalments.remind(session, CLERK, account.seller_id) == 0
    assert plan.parts[0].state == "paid"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"count": 0}, "from 1 to 60"),
        ({"down": "24000.00"}, "too little remains"),
        ({"total": "0.00"}, "more than zero"),
        ({"total": "10.001"}, "two decimals"),
        ({"first_on": dt.date(2026, 11, 9)}, "today or within a year"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(session, account, more, said):
    with pytest.raises(Refused, match=said):
        make(session, account, **more)
    assert session.scalar(sa.select(sa.func.count()).select_from(m.Document)) == 0


def test_only_who_issues_documents_makes_a_plan_and_nobody_reaches_over_the_wall(session, account):
    support = Actor(1, "support", is_staff=True, rights=frozenset({"documents.read"}))
    with pytest.raises(Forbidden):
        instalments.make_plan(session, support, account.id, "x", D("1"), count=1, first_on=TODAY)
    plan = make(session, account)
    other = makers.account(session)
    stranger = Actor(None, "x", other.company_id, rights=frozenset({"cabinet_payments.read"}))
    with pytest.raises(NotFound):
        instalments.settle_early(session, stranger, plan.id)


@pytest.mark.covers("A1-09")
def test_the_table_of_the_documentation_holds(session, account):
    def balance():
        book = ledger.balance(session, account.id)
        return book.receivable, book.advances

    with clock.standing_at(dt.date(2026, 11, 28)):
        plan = make(session, account, down="4800.00", first_on=dt.date(2027, 1, 10))
        assert balance() == (D("24000.00"), D("0.00"))
        pay(session, account, "5000.00", dt.date(2026, 11, 28))
        assert balance() == (D("19200.00"), D("200.00"))
    with clock.standing_at(dt.date(2026, 12, 26)):
        assert instalments.invoice_parts(session, CLERK, account.seller_id) == 0
    with clock.standing_at(dt.date(2026, 12, 27)):
        assert instalments.invoice_parts(session, CLERK, account.seller_id) == 1
        assert (plan.parts[0].paid, balance()) == (D("200.00"), (D("19000.00"), D("0.00")))
    with clock.standing_at(dt.date(2027, 1, 9)):
        pay(session, account, "1400.00", dt.date(2027, 1, 9))
        assert states(plan) == ["paid"] + ["planned"] * 11
    with clock.standing_at(dt.date(2027, 1, 11)):
        instalments.settle_early(session, CLERK, plan.id)
        pay(session, account, "17600.00", dt.date(2027, 1, 11))
    assert (set(states(plan)), balance()) == ({"paid"}, (D("0.00"), D("0.00")))
    assert breaches(session) == []
