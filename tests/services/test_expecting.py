"""A customer says they paid (A1-05) and the bank's money comes, in any order: it is posted once, both sides see it."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Forbidden, NotFound, Refused
from app.services import audit, expecting, ledger, payments, setup
from tests import makers

CLERK = Actor.system("Оксана")
DAY = dt.date(2026, 11, 9)
SUM = Decimal("3500.00")


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(dt.date(2026, 11, 12)):
        yield


@pytest.fixture
def account(session):
    setup.ensure_defaults(session)
    return makers.account(session)


def owner_of(account):
    rights = frozenset({"cabinet_payments.read"})
    return Actor(user_id=None, name="Ольга", company_id=account.company_id, rights=rights)


def say(session, account, amount=SUM, day=DAY, reference="418"):
    return expecting.register_payment(session, owner_of(account), account.id, amount, day, reference=reference)


def pay(session, account, amount=SUM, day=dt.date(2026, 11, 10), **more):
    return payments.record_payment(session, CLERK, account.id, amount, day, **more)


def row_of(session, said):
    return session.scalars(sa.select(m.ExpectedPayment).where(m.ExpectedPayment.payment_id == said.id)).one()


def all_is_well(session):
    return [name for name, count, _ in audit.check_all(session) if count]


@pytest.mark.covers("A1-05")
def test_money_that_comes_after_it_was_registered_confirms_it(session, account):
    said = say(session, account)
    assert ledger.balance(session, account.id).net == 0
    money = pay(session, account)
    row = row_of(session, said)
    assert (said.state, row.money_id, row.decided_by) == ("confirmed", money.id, "")
    assert row.matched_at == clock.now()
    assert ledger.balance(session, account.id).net == SUM
    assert all_is_well(session) == []


@pytest.mark.covers("A1-05")
def test_money_that_came_before_it_was_registered_confirms_it_at_once(session, account):
    money = pay(session, account)
    said = say(session, account)
    assert (said.state, row_of(session, said).money_id) == ("confirmed", money.id)
    assert ledger.balance(session, account.id).net == SUM


def test_one_payment_of_the_bank_confirms_one_registration_only(session, account):
    first = say(session, account)
    pay(session, account)
    second = say(session, account, reference="419")
    assert (first.state, second.state) == ("confirmed", "unconfirmed")


def test_two_candidates_wait_for_a_person(session, account):
    one, two = say(session, account, reference=""), say(session, account, day=dt.date(2026, 11, 8), reference="")
    money = pay(session, account)
    assert {one.state, two.state} == {"unconfirmed"}
    found = expecting.waiting(session, CLERK)
    assert [[it.id for it in each.money] for each in found] == [[money.id], [money.id]]
    expecting.match(session, CLERK, two.id, money.id)
    assert (one.state, two.state, row_of(session, two).decided_by) == ("unconfirmed", "confirmed", "Оксана")
    with pytest.raises(Refused, match="confirms another"):
        expecting.match(session, CLERK, one.id, money.id)
    with pytest.raises(Refused, match="settled this payment already"):
        expecting.match(session, CLERK, two.id, money.id)


def test_the_number_of_the_payment_order_decides_between_two(session, account):
    one, two = say(session, account, reference="417"), say(session, account, reference="418")
    pay(session, account, reference="000418")
    assert (one.state, two.state) == ("unconfirmed", "confirmed")


@pytest.mark.parametrize("amount", ["3499.99", "7000.00"])
def test_another_amount_is_another_payment(session, account, amount):
    said = say(session, account)
    pay(session, account, Decimal(amount))
    assert said.state == "unconfirmed"


def test_the_same_line_of_the_bank_taken_twice_is_one_payment(session, account):
    said = say(session, account)
    first, second = pay(session, account, key="bank:1"), pay(session, account, key="bank:1")
    assert first is second
    assert (said.state, ledger.balance(session, account.id).net) == ("confirmed", SUM)


def test_a_line_nobody_recognised_becomes_money_once(session, account):
    said = say(session, account)
    line = m.BankLine(
        seller_id=account.seller_id, key="x", booked_on=DAY, currency="UAH", amount=SUM, purpose="за зв'язок"
    )
    session.add(line)
    session.flush()
    assert [each.lines for each in expecting.waiting(session, CLERK)] == [[line]]
    money = expecting.match_line(session, CLERK, said.id, line.id)
    row = row_of(session, said)
    assert (said.state, row.money_id, row.bank_line_id, line.payment_id) == ("confirmed", money.id, line.id, money.id)
    assert ledger.balance(session, account.id).net == SUM
    other = say(session, account, reference="500")
    with pytest.raises(Refused, match="credited already"):
        expecting.match_line(session, CLERK, other.id, line.id)
    assert all_is_well(session) == []


def test_what_was_matched_wrongly_waits_again_with_the_reason(session, account):
    said = say(session, account)
    money = pay(session, account)
    with pytest.raises(Refused, match="Say why"):
        expecting.unmatch(session, CLERK, said.id, "  ")
    expecting.unmatch(session, CLERK, said.id, "Це за інший рахунок")
    row = row_of(session, said)
    assert (said.state, row.money_id, row.reason) == ("unconfirmed", None, "Це за інший рахунок")
    assert (money.state, ledger.balance(session, account.id).net) == ("credited", SUM)


def test_money_the_bank_takes_back_leaves_the_registration_waiting(session, account):
    said = say(session, account)
    money = pay(session, account)
    payments.reverse_payment(session, CLERK, money.id, "Повернуто банком")
    assert (said.state, row_of(session, said).reason) == ("unconfirmed", "Повернуто банком")
    assert ledger.balance(session, account.id).net == 0
    again = pay(session, account, key="again")
    assert (said.state, row_of(session, said).money_id) == ("confirmed", again.id)


def test_a_refusal_says_why_and_moves_no_money(session, account):
    said = say(session, account)
    expecting.refuse(session, CLERK, said.id, "У виписці такого платежу немає")
    assert (said.state, row_of(session, said).reason) == ("refused", "У виписці такого платежу немає")
    money = pay(session, account)
    assert (said.state, money.state) == ("refused", "credited")


def test_only_who_may_write_payments_matches_and_never_over_a_companys_wall(session, account):
    said = say(session, account)
    other = makers.account(session)
    theirs = pay(session, other)
    with pytest.raises(Forbidden):
        expecting.match(session, owner_of(account), said.id, theirs.id)
    with pytest.raises(NotFound):
        expecting.match(session, CLERK, said.id, theirs.id)
    with pytest.raises(NotFound):
        expecting.withdraw(session, owner_of(other), said.id)
    with pytest.raises(NotFound):  # money is no registration
        expecting.refuse(session, CLERK, theirs.id, "x")
    with pytest.raises(Refused, match="no payment P-404"):
        expecting.match_number(session, CLERK, said.id, "P-404")


@pytest.mark.postgres
def test_two_clerks_at_once_confirm_one_registration_each_their_own_once(app, session, account):
    import threading

    from app.access import tenancy
    from app.extensions import db

    one, two = say(session, account, reference=""), say(session, account, day=dt.date(2026, 11, 8), reference="")
    money = pay(session, account)
    session.commit()
    said, money_id, made = [one.id, two.id], money.id, []
    start = threading.Barrier(2)

    def click(which):
        with app.app_context(), tenancy.seeing(tenancy.EVERYONE), clock.standing_at(dt.date(2026, 11, 12)):
            start.wait()
            try:
                expecting.match(db.session, CLERK, which, money_id)
                db.session.commit()
                made.append(which)
            except Exception:
                db.session.rollback()

    threads = [threading.Thread(target=click, args=(which,)) for which in said]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(made) == 1
    session.expire_all()
    assert sorted(row.money_id or 0 for row in session.scalars(sa.select(m.ExpectedPayment))) == [0, money_id]
