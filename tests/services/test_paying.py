"""Paying through gateways: what is credited, what is held, and that nothing comes twice or is lost."""

import datetime as dt
import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.extensions import db
from app.gateways.base import Saved, Truth
from app.models import Account, AuditEvent, HeldMoney, Order, Outbox, Payment, PaymentAttempt, PaymentWay
from app.models.ledger import LedgerAccount, Posting
from app.rules.commission import Terms, included_tax
from app.services import audit, ledger, methods, paying
from app.services.shop import expiring, fulfilling, orders, spending
from tests import makers
from tests.services.shop.buying import SYSTEM, TODAY, Buyer

D = Decimal


@pytest.fixture
def account(session: Session) -> Account:
    company = makers.company(session)
    return makers.account(session, company, makers.payer(session, company))


def owner(account: Account) -> Actor:
    return Actor(None, "Olga", account.company_id, rights=frozenset({"cabinet_payments.read"}))


def way(session: Session, account: Account, **terms: object) -> PaymentWay:
    made = PaymentWay(seller_id=account.seller_id, gateway="sandbox", name="Card", settings={}, **terms)
    session.add(made)
    session.flush()
    return made


def begin(session: Session, account: Account, offered: PaymentWay, amount: str = "100.00") -> PaymentAttempt:
    return paying.begin(session, owner(account), account.id, offered.id, D(amount), key=str(random.random()))


def truth(attempt: PaymentAttempt, **other: object) -> Truth:
    said = {
        "order_no": attempt.order_no,
        "external_id": "x1",
        "state": "paid",
        "amount": attempt.charged,
        "currency": attempt.currency,
    }
    return Truth(**{**said, **other})  # type: ignore[arg-type]


def sound(session: Session) -> bool:
    return not [name for name, breaches, _ in audit.check_all(session) if breaches]


@pytest.mark.covers("AST-090", "AST-091", "AST-092")
def test_commission_tax_and_cashback_are_as_the_seed_says() -> None:
    terms = Terms(500, D("10.00"), 1000)
    assert terms.charged(D("20.00")) == D("31.00") and terms.charged(D("100.00")) == D("115.00")
    assert terms.cashback(D("100.00")) == D("11.50")
    assert included_tax(D("20.00"), 2000) == D("3.33") and included_tax(D("100.00"), 2000) == D("16.67")


@pytest.mark.covers("AST-089")
def test_a_way_says_its_limits(session: Session, account: Account) -> None:
    way(session, account, minimum=D("10.00"), maximum=D("3000.00"))
    offers = [paying.offers_for(session, account, D(amount))[0] for amount in ("9.99", "10.00", "3000.01")]
    assert [bool(offer.refusal) for offer in offers] == [True, False, True]
    with pytest.raises(Refused, match="10.00 or more"):
        begin(session, account, offers[0].way, "9.99")


def test_the_account_is_credited_with_the_amount_and_the_commission_stays(session: Session, account: Account) -> None:
    offered = way(session, account, commission_bp=500, commission_fixed=D("10.00"), cashback_bp=1000)
    attempt = begin(session, account, offered)
    assert paying.settle(session, offered, truth(attempt)) == "paid"
    assert ledger.balance(session, account.id).net == D("111.50")  # 100.00, and 11.50 back
    paid, cashback = session.query(Payment).order_by(Payment.id)
    assert (paid.amount, paid.method, paid.reference) == (D("100.00"), "sandbox", "x1")
    assert paid.purpose == "Авансовий платіж"  # it is for no order and no invoice
    assert cashback.called == f"cashback/{paid.number}" and cashback.method == "cashback"
    assert paid.called == paid.number
    assert sound(session)


def test_the_same_word_twice_credits_once(session: Session, account: Account) -> None:
    offered = way(session, account)
    attempt = begin(session, account, offered)
    assert [paying.settle(session, offered, truth(attempt)) for _ in range(3)] == ["paid"] * 3
    assert session.query(Payment).count() == 1 and session.query(HeldMoney).count() == 0


@pytest.mark.parametrize(
    ("other", "reason"),
    [({"amount": D("99.99")}, "short"), ({"amount": D("100.01")}, "excess"), ({"currency": "USD"}, "currency")],
)
def test_a_sum_that_was_not_asked_for_is_held(
    session: Session, account: Account, other: dict[str, object], reason: str
) -> None:
    offered = way(session, account)
    attempt = begin(session, account, offered)
    for _ in range(2):
        assert paying.settle(session, offered, truth(attempt, **other)) == "held"
    assert [row.reason for row in session.query(HeldMoney)] == [reason]
    assert attempt.state == "held" and session.query(Payment).count() == 0


def test_money_that_comes_twice_or_for_nobody_is_held_and_a_person_credits_it(
    session: Session, account: Account
) -> None:
    offered = way(session, account)
    attempt = begin(session, account, offered)
    paying.settle(session, offered, truth(attempt))
    assert paying.settle(session, offered, truth(attempt, external_id="x2")) == "held"
    assert paying.settle(session, offered, truth(attempt, order_no="k-nobody", external_id="x3")) == "held"
    twice, nobody = paying.held(session, Actor.system())
    assert (twice.reason, nobody.reason, nobody.company_id) == ("twice", "nobody", None)
    clerk = Actor.system("clerk")
    paying.credit_held(session, clerk, twice.id, account.id)
    with pytest.raises(Refused, match="decided"):
        paying.credit_held(session, clerk, twice.id, account.id)
    with pytest.raises(Refused, match="Write what"):
        paying.close_held(session, clerk, nobody.id, " ")
    paying.close_held(session, clerk, nobody.id, "Given back on 20 November")
    assert ledger.balance(session, account.id).net == D("200.00")
    assert not paying.held(session, clerk) and sound(session)


def test_a_failure_after_the_money_changes_nothing_and_money_after_a_failure_counts(
    session: Session, account: Account
) -> None:
    offered = way(session, account)
    attempt = begin(session, account, offered)
    assert paying.settle(session, offered, truth(attempt, state="failed", external_id="")) == "failed"
    assert attempt.state == "failed"
    assert paying.settle(session, offered, truth(attempt)) == "paid"
    assert paying.settle(session, offered, truth(attempt, state="failed")) == "failed"
    assert attempt.state == "paid" and ledger.balance(session, account.id).net == D("100.00")
    assert paying.settle(session, offered, truth(attempt, state="refunded")) == "held"


@pytest.mark.covers("AST-092")
def test_cashback_is_what_the_payer_was_shown(session: Session, account: Account) -> None:
    offered = way(session, account, cashback_bp=1000)
    attempt = begin(session, account, offered)
    offered.cashback_bp, offered.commission_bp = 100, 700
    session.flush()
    assert paying.settle(session, offered, truth(attempt)) == "paid"
    assert [payment.amount for payment in session.query(Payment).order_by(Payment.id)] == [D("100.00"), D("10.00")]


def test_what_a_gateway_gives_back_of_credited_money_corrects_the_books(session: Session, account: Account) -> None:
    offered = way(session, account, commission_bp=500, commission_fixed=D("10.00"), cashback_bp=1000)
    attempt = begin(session, account, offered)
    paying.settle(session, offered, truth(attempt))
    for _ in range(2):  # of 115.00
        assert paying.settle(session, offered, truth(attempt, refunded=D("30.00"))) == "held"
    (row,) = paying.held(session, SYSTEM)
    assert (row.reason, row.amount) == ("refunded", D("30.00"))
    with pytest.raises(Refused, match="Take it back"):
        paying.credit_held(session, SYSTEM, row.id, account.id)
    paying.take_back(session, SYSTEM, row.id)
    assert ledger.balance(session, account.id).net == D("78.50")  # 70.00, and 8.50 of 85.00 back
    assert sound(session) and not paying.held(session, SYSTEM)
    paying.settle(session, offered, truth(attempt, state="refunded"))
    (row,) = paying.held(session, SYSTEM)
    assert row.amount == D("85.00")  # the rest
    assert paying.given_back(session, attempt) == D("115.00")
    paying.take_back(session, SYSTEM, row.id)
    assert ledger.balance(session, account.id).net == 0 and sound(session)
    kept = sa.select(sa.func.sum(sa.case((LedgerAccount.id == Posting.debit_id, 1), else_=-1) * Posting.amount))
    for kind in ("clearing", "fees", "marketing"):
        at = kept.join(LedgerAccount, LedgerAccount.id.in_((Posting.debit_id, Posting.credit_id)))
        assert not session.scalar(at.where(LedgerAccount.kind == kind)), kind
    assert paying.settle(session, offered, truth(attempt, state="refunded")) == "held"
    assert not paying.held(session, SYSTEM)  # heard again, nothing is opened anew


def test_what_goes_back_after_all_that_was_credited_is_of_the_commission(session: Session, account: Account) -> None:
    offered = way(session, account, commission_bp=500, commission_fixed=D("10.00"), cashback_bp=1000)
    attempt = begin(session, account, offered)
    paying.settle(session, offered, truth(attempt))
    for back in ("110.00", "115.00"):
        paying.settle(session, offered, truth(attempt, refunded=D(back)))
        (row,) = paying.held(session, SYSTEM)
        paying.take_back(session, SYSTEM, row.id)
        assert ledger.balance(session, account.id).net == 0 and sound(session)
    fees = sa.select(sa.func.sum(sa.case((LedgerAccount.id == Posting.debit_id, 1), else_=-1) * Posting.amount))
    fees = fees.join(LedgerAccount, LedgerAccount.id.in_((Posting.debit_id, Posting.credit_id)))
    assert not session.scalar(fees.where(LedgerAccount.kind == "fees"))


@pytest.mark.postgres
def test_two_people_take_back_two_parts_of_one_payment_at_once(app: Flask, session: Session, account: Account) -> None:
    offered = way(session, account, cashback_bp=1000)
    attempt = begin(session, account, offered)
    paying.settle(session, offered, truth(attempt))
    for back in ("20.00", "50.00"):
        paying.settle(session, offered, truth(attempt, refunded=D(back)))
    session.commit()
    first, second = (row.id for row in paying.held(session, SYSTEM))
    paying.take_back(session, SYSTEM, first)

    def meanwhile() -> None:
        with app.app_context(), tenancy.seeing(tenancy.EVERYONE):
            paying.take_back(db.session(), SYSTEM, second)
            db.session.commit()
            db.session.remove()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(meanwhile)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)  # the first has not committed
        session.commit()
        waiting.result(timeout=30)
    session.expire_all()
    assert ledger.balance(session, account.id).net == D("55.00") and sound(session)


def test_payments_without_a_number_of_the_gateway_are_apart(session: Session, account: Account) -> None:
    offered = way(session, account)
    for attempt in (begin(session, account, offered), begin(session, account, offered)):
        for _ in range(2):
            assert paying.settle(session, offered, truth(attempt, external_id="")) == "paid"
    assert ledger.balance(session, account.id).net == D("200.00") and sound(session)


def test_what_a_gateway_gives_back_of_held_money_stands_beside_it(session: Session, account: Account) -> None:
    offered = way(session, account)
    short, whole = (begin(session, account, offered) for _ in range(2))
    paying.settle(session, offered, truth(short, amount=D("90.00"), external_id="s1"))
    paying.settle(session, offered, truth(whole, amount=D("90.00"), external_id="w1"))
    for one in (truth(short, amount=D("90.00"), external_id="s1", refunded=D("40.00")),
                truth(whole, amount=D("90.00"), external_id="w1", state="refunded")):  # fmt: skip
        assert paying.settle(session, offered, one) == "held"
    part, gone = paying.held(session, SYSTEM)
    assert (part.refunded, gone.refunded) == (D("40.00"), D("90.00"))
    with pytest.raises(Refused, match="nothing to credit"):
        paying.credit_held(session, SYSTEM, gone.id, account.id)
    paying.close_held(session, SYSTEM, gone.id, "Given back by the gateway")
    paying.credit_held(session, SYSTEM, part.id, account.id)
    assert ledger.balance(session, account.id).net == D("50.00")
    paying.settle(session, offered, truth(short, amount=D("90.00"), external_id="s1", state="refunded"))
    (row,) = paying.held(session, SYSTEM)
    assert (row.reason, row.amount) == ("refunded", D("50.00"))
    paying.take_back(session, SYSTEM, row.id)
    assert ledger.balance(session, account.id).net == 0 and sound(session)


def test_two_clicks_begin_one_payment(session: Session, account: Account) -> None:
    offered = way(session, account)
    one, two = (paying.begin(session, owner(account), account.id, offered.id, D("5.00"), key="k") for _ in range(2))
    assert one.id == two.id


def test_nobody_pays_with_anothers_things(session: Session, account: Account) -> None:
    offered = way(session, account)
    other = makers.company(session)
    stranger = makers.account(session, other, makers.payer(session, other), number="9000017")
    with pytest.raises(NotFound):
        paying.begin(session, owner(stranger), account.id, offered.id, D("5.00"), key="k")
    with pytest.raises(NotFound):
        paying.begin(session, owner(account), account.id, offered.id, D("5.00"), key="k", payer_id=stranger.payer_id)


def test_any_order_of_words_ends_in_the_same_books(session: Session, account: Account) -> None:
    """Random histories of callbacks: duplicated, reordered, short, in another currency, for nobody."""
    chance = random.Random("callbacks")  # noqa: S311
    offered = way(session, account)
    expected, taken = D(0), set()
    for _ in range(150):
        attempt = begin(session, account, offered, f"{chance.randint(1, 500)}.{chance.randint(0, 99):02d}")
        external = f"x{attempt.id}"
        words = [truth(attempt, external_id=external), truth(attempt, state="waiting"), truth(attempt, state="failed")]
        kind = chance.choice(("right", "short", "currency", "nothing"))
        if kind == "short":
            words[0] = truth(attempt, external_id=external, amount=attempt.charged - D("0.01"))
        if kind == "currency":
            words[0] = truth(attempt, external_id=external, currency="USD")
        if kind == "nothing":
            words = words[1:]
        said = [chance.choice(words) for _ in range(chance.randint(0, 4))] + words
        chance.shuffle(said)
        for word in said:
            paying.settle(session, offered, word)
        expected += attempt.amount if kind == "right" else D(0)
        if kind in ("short", "currency"):
            taken.add(external)
    assert ledger.balance(session, account.id).net == expected
    assert {row.external_id for row in session.query(HeldMoney)} == taken
    assert sound(session)


def order_paid_by(session: Session) -> tuple[Buyer, Order, PaymentAttempt]:
    """An order of 90.00 and the attempt begun to pay it."""
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    return olga, order, session.query(PaymentAttempt).filter_by(order_id=order.id).one()


@pytest.mark.parametrize(
    ("came", "elsewhere", "state"),
    [("1.00", False, "pending"), ("95.00", True, "pending"), ("95.00", False, "fulfilled")],
)
def test_held_money_pays_an_order_only_in_full_and_on_its_own_account(
    session: Session, came: str, elsewhere: bool, state: str
) -> None:
    with clock.standing_at(TODAY):
        olga, order, attempt = order_paid_by(session)
        said = truth(attempt, amount=D(came))
        assert paying.settle(session, attempt.way, said) == "held"
        target = olga.account
        if elsewhere:
            target = makers.account(session, olga.company, target.payer, number="9000017")
        (row,) = paying.held(session, SYSTEM)
        paying.credit_held(session, SYSTEM, row.id, target.id)
        fulfilling.fulfil_waiting(session, olga.account.id)
        assert order.state == state and attempt.state == ("paid" if state == "fulfilled" else "failed")
        assert spending.room_of(session, olga.account.id).free >= 0
        for _ in range(2):  # the same word again: nothing is opened anew
            paying.settle(session, attempt.way, said)
        assert not paying.held(session, SYSTEM) and attempt.state != "held"
        assert paying.settle(session, attempt.way, truth(attempt, state="refunded")) == "held"  # staff reverse it
        assert ledger.balance(session, target.id).net == D(came) and sound(session)


def test_an_order_may_be_paid_again_when_its_held_money_was_given_back(session: Session) -> None:
    with clock.standing_at(TODAY):
        olga, order, attempt = order_paid_by(session)
        for external_id in ("x1", "x2"):
            said = truth(attempt, amount=D("1.00"), external_id=external_id)
            assert paying.settle(session, attempt.way, said) == "held"
        one, two = paying.held(session, SYSTEM)
        paying.close_held(session, SYSTEM, one.id, "Given back")
        assert attempt.state == "held"  # somebody still has to decide about the other
        paying.close_held(session, SYSTEM, two.id, "Given back")
        for external_id in ("x1", "x2"):
            paying.settle(session, attempt.way, truth(attempt, amount=D("1.00"), external_id=external_id))
        assert attempt.state == "failed" and not paying.held(session, SYSTEM)
        again = orders.pay_again(session, olga.actor, order.id)
        assert again.id != attempt.id
        assert paying.settle(session, again.way, truth(again, external_id="x3")) == "paid"
        assert fulfilling.fulfil_waiting(session, olga.account.id) == [order] and sound(session)


@pytest.mark.parametrize("token", ["", "t" * 121])
def test_money_counts_where_the_card_cannot_be_kept(session: Session, account: Account, token: str) -> None:
    offered = way(session, account)
    attempt = paying.begin(session, owner(account), account.id, offered.id, D("10.00"), key="k", save_method=True)
    said = truth(attempt, saved=Saved(token, "*1111"))
    assert [paying.settle(session, offered, said, "secret") for _ in range(2)] == ["paid"] * 2
    assert ledger.balance(session, account.id).net == D("10.00") and session.query(Payment).count() == 1
    assert not methods.list_methods(session, owner(account)) and attempt.method_id is None
    assert session.query(AuditEvent).filter_by(action="payment_method.not_kept").count() == 1


def test_the_audit_finds_an_order_behind_a_payment_wrongly_called_paid(session: Session) -> None:
    with clock.standing_at(TODAY):
        olga, order, attempt = order_paid_by(session)
        paying.settle(session, attempt.way, truth(attempt, amount=D("1.00")))
        (row,) = paying.held(session, SYSTEM)
        paying.credit_held(session, SYSTEM, row.id, olga.account.id)
        assert sound(session)
        attempt.state = "paid"  # as it was written before 1.00 of 90.00 was seen to be too little
        session.flush()
        broken = [name for name, count, _ in audit.check_all(session) if count]
        assert broken == ["paid_orders_have_their_money"]
        fulfilling.fulfil_waiting(session, olga.account.id)
        assert order.state == "pending"  # nothing is given for a payment that did not bring its sum
        orders.pay_again(session, olga.actor, order.id)


def test_an_order_whose_money_came_is_looked_at_again_at_night(session: Session) -> None:
    with clock.standing_at(TODAY):
        olga, order, attempt = order_paid_by(session)
        paying.settle(session, attempt.way, truth(attempt))
        session.query(Outbox).delete()  # the wish was lost
        assert list(expiring.expire(session, SYSTEM, olga.seller.id)) == [0]
        assert session.query(Outbox).filter_by(topic="fulfil_orders").count() == 1 and order.state == "pending"
    with clock.standing_at(TODAY + dt.timedelta(days=20)):  # it was paid: nobody says that it was not
        list(expiring.expire(session, SYSTEM, olga.seller.id))
        assert order.state == "pending"
