"""Saved methods charged through real gateways' words on this machine: what is taken once, declined, lost on the way."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.core.errors import NotFound, Refused
from app.gateways.base import Callback, Forged, GatewayError, Handover, Order, Saved
from app.models import Account, AutoTopUp, HeldMoney, Notice, Outbox, Payment, PaymentAttempt, PaymentMethod, PaymentWay
from app.services import methods, paying, sealing
from tests import makers
from tests.gateways import liqpay_standin, stripe_standin, yookassa_standin
from tests.services.paying_kit import net, new_account, olga, perform, sandbox, saved, sound

D = Decimal


@pytest.fixture
def account(session: Session) -> Account:
    return new_account(session)


class Bank:
    """A stand-in with a kept card that pays, and the way to it."""

    def __init__(self, name: str, stand_in: Any) -> None:
        self.name, self.stand_in = name, stand_in

    def way(self, session: Session, account: Account, secret: str) -> PaymentWay:
        key, settings, public = self.stand_in.secret if self.name != "stripe" else "sk_test_1 whsec_1", {}, ""
        if self.name == "liqpay":
            settings, public = {"request_url": self.stand_in.url, "version": "7"}, self.stand_in.public
        if self.name == "yookassa":
            settings, public = {"api_url": self.stand_in.url}, self.stand_in.shop
            self.stand_in.methods["kept"] = {"id": "kept"}
        if self.name == "stripe":
            settings = {"api_base": self.stand_in.url}
        sealed = sealing.seal(key, secret)
        way = PaymentWay(
            seller_id=account.seller_id,
            gateway=self.name,
            name=self.name,
            public_key=public,
            secret=sealed,
            settings=settings,
        )
        session.add(way)
        session.flush()
        return way

    @property
    def token(self) -> str:
        return {"stripe": "cus_1 pm_1", "liqpay": "token1", "yookassa": "kept"}[self.name]

    @property
    def taken(self) -> int:
        """How often money was taken."""
        if self.name == "liqpay":
            return sum(one["status"] == "success" for one in self.stand_in.orders.values())
        rows = self.stand_in.intents if self.name == "stripe" else self.stand_in.payments
        return sum(one["status"] == "succeeded" for one in rows.values())

    def hand_over(self, session: Session, way: PaymentWay, attempt: PaymentAttempt, secret: str) -> Handover:
        """The customer goes to the gateway's page."""
        told = (
            attempt.charged,
            attempt.currency,
            "Advance payment",
            "https://k.example/back",
            "https://k.example/call",
        )
        there = paying.gateway_of(session, way, secret).hand_over(Order(attempt.order_no, *told))
        paying.mark_sent(session, attempt, there.external_id)
        return there

    def call(self, there: Handover, state: str = "paid", amount: str = "100.00", currency: str = "UAH") -> Callback:
        """What the gateway calls back with when the customer did something on its page."""
        if self.name == "liqpay":
            word = {"paid": "success", "failed": "failure", "waiting": "3ds_verify"}[state]
            changed = {"amount": float(amount), "currency": currency}
            return Callback(b"", self.stand_in.checkout(dict(there.fields), word, **changed), {})
        if self.name == "yookassa":
            word = {"paid": "succeeded", "failed": "canceled", "waiting": "pending"}[state]
            money = {"value": amount, "currency": currency}
            return Callback(self.stand_in.pay(there.external_id, word, amount=money), {}, {})
        if state == "paid":
            body, signed = self.stand_in.pay(there.external_id, int(D(amount) * 100), currency.lower())
        else:
            session = self.stand_in.sessions[there.external_id]
            session["status"] = "expired" if state == "failed" else "open"
            body, signed = self.stand_in.webhook("checkout.session.expired", session)
        return Callback(body, {}, signed)

    def forge(self, callback: Callback) -> Callback:
        """The same words from somebody else."""
        if self.name == "liqpay":
            return replace(callback, form={**callback.form, "signature": "c2lnbmF0dXJl"})
        if self.name == "yookassa":
            return replace(callback, address="8.8.8.8")
        return replace(callback, headers={"Stripe-Signature": "t=1,v1=00"})

    def decline(self, session: Session, method: PaymentMethod, secret: str) -> None:
        if self.name == "stripe":
            method.token = sealing.seal(f"cus_1 {stripe_standin.NEVER}", secret)
        else:
            self.stand_in.declines.add(self.token)


@pytest.fixture(params=["liqpay", "yookassa", "stripe"])
def bank(request: pytest.FixtureRequest) -> Iterator[Bank]:
    place = {"liqpay": liqpay_standin, "yookassa": yookassa_standin, "stripe": stripe_standin}[request.param]
    with place.standing() as stand_in:
        yield Bank(request.param, stand_in)


def test_a_kept_card_pays_once_whatever_is_asked_twice(
    app: Flask, session: Session, account: Account, bank: Bank
) -> None:
    secret = app.config["SECRET_KEY"]
    method = saved(session, account, bank.way(session, account, secret), bank.token, secret)
    one, two = (methods.charge(session, method.id, account.id, D("120.00"), key="renew:1") for _ in range(2))
    assert one.id == two.id
    for _ in range(2):
        perform(app, session)
    assert one.state == "paid" and bank.taken == 1 and net(session, account) == D("120.00") and sound(session)


@pytest.mark.covers("AST-138")
def test_money_taken_before_the_line_went_dead_is_found_and_not_taken_again(
    app: Flask, session: Session, account: Account, bank: Bank
) -> None:
    secret = app.config["SECRET_KEY"]
    method = saved(session, account, bank.way(session, account, secret), bank.token, secret)
    attempt = methods.charge(session, method.id, account.id, D("120.00"), key="renew:1")
    bank.stand_in.hangs_up_after = 1
    perform(app, session)
    row = session.query(Outbox).filter_by(topic="charge_method").one()
    assert (attempt.state, row.state, net(session, account)) == ("sent", "pending", 0) and bank.taken == 1
    perform(app, session)
    assert attempt.state == "paid" and bank.taken == 1 and session.query(Payment).count() == 1


@pytest.mark.covers("AST-143", "AST-154", "AST-155")
def test_a_declined_card_does_not_work_until_it_pays_again(
    app: Flask, session: Session, account: Account, bank: Bank
) -> None:
    secret = app.config["SECRET_KEY"]
    user = makers.user(session, Role.OWNER, account.company)
    method = saved(session, account, bank.way(session, account, secret), bank.token, secret)
    topping = AutoTopUp(
        company_id=account.company_id, account_id=account.id, method_id=method.id, payer_id=account.payer_id
    )
    session.add(topping)
    bank.decline(session, method, secret)
    attempt = methods.charge(session, method.id, account.id, D("50.00"), key="a")
    perform(app, session)
    assert (attempt.state, method.state, bank.taken) == ("failed", "not_working", 0) and method.reason
    letters = session.query(Notice).filter_by(event="method_failed", channel="email").all()
    assert [one.recipient for one in letters] == [user.email] and "Bank card *1111" in letters[0].subject
    assert topping.paused_until is not None and topping.paused_until > clock.now()
    assert methods.usable(session, olga(account), account) == [method]  # it may be tried by hand
    if bank.name == "stripe":
        method.token = sealing.seal(bank.token, secret)
    else:
        bank.stand_in.declines.clear()  # the card is topped up
    methods.charge(session, method.id, account.id, D("50.00"), key="b")
    perform(app, session)
    assert method.state == "working" and not method.reason and net(session, account) == D("50.00")


def test_a_gateway_that_is_down_is_asked_again_and_nothing_is_lost(
    app: Flask, session: Session, account: Account, bank: Bank
) -> None:
    secret = app.config["SECRET_KEY"]
    method = saved(session, account, bank.way(session, account, secret), bank.token, secret)
    attempt = methods.charge(session, method.id, account.id, D("50.00"), key="a")
    bank.stand_in.is_down = True
    perform(app, session)
    row = session.query(Outbox).filter_by(topic="charge_method").one()
    assert attempt.state == "sent" and row.attempts == 1 and method.state == "working"
    assert method.token not in row.error and bank.token not in row.error
    bank.stand_in.is_down = False
    perform(app, session)
    assert attempt.state == "paid" and bank.taken == 1


def test_nobody_charges_anothers_card_or_more_than_its_month_allows(
    app: Flask, session: Session, account: Account
) -> None:
    secret = app.config["SECRET_KEY"]
    method = saved(session, account, sandbox(session, account), "pays-1", secret, monthly_maximum=D("100.00"))
    other = makers.company(session)
    stranger = makers.account(session, other, makers.payer(session, other))
    for call in (
        lambda: methods.charge(session, method.id, stranger.id, D("5.00"), key="k"),
        lambda: methods.rename(session, olga(stranger), method.id, "Mine"),
        lambda: methods.delete(session, olga(stranger), method.id),
        lambda: paying.begin_by_method(session, olga(stranger), account.id, method.id, D("5.00"), key="k"),
    ):
        with pytest.raises(NotFound):
            call()
    methods.charge(session, method.id, account.id, D("60.00"), key="one")
    with pytest.raises(Refused, match=r"100\.00"):
        methods.charge(session, method.id, account.id, D("40.01"), key="two")
    with clock.standing_at(clock.now() + dt.timedelta(days=40)):
        methods.charge(session, method.id, account.id, D("100.00"), key="three")


def test_the_maximum_of_a_card_holds_the_commission(app: Flask, session: Session, account: Account) -> None:
    dear = sandbox(session, account, commission_bp=500, commission_fixed=D("10.00"))
    method = saved(session, account, dear, "pays-1", app.config["SECRET_KEY"], monthly_maximum=D("115.00"))
    with pytest.raises(Refused, match=r"115\.00"):
        methods.charge(session, method.id, account.id, D("100.01"), key="more")
    methods.charge(session, method.id, account.id, D("50.00"), key="one")  # 62.50 of the card
    with pytest.raises(Refused, match=r"115\.00"):
        methods.charge(session, method.id, account.id, D("50.00"), key="two")


@pytest.mark.covers("AST-135", "AST-137", "AST-141")
def test_a_remembered_card_is_a_sealed_token_and_a_mask(app: Flask, session: Session, account: Account) -> None:
    secret, way = app.config["SECRET_KEY"], sandbox(session, account)
    for key in ("a", "b"):
        attempt = paying.begin(session, olga(account), account.id, way.id, D("10.00"), key=key, save_method=True)
        truth_args = {"order_no": attempt.order_no, "external_id": key, "state": "paid"}
        money = {"amount": attempt.charged, "currency": "UAH", "saved": Saved("pays-token", "*1111")}
        paying.settle(session, way, paying.Truth(**truth_args, **money), secret)  # type: ignore[arg-type]
    (method,) = methods.list_methods(session, olga(account))  # the same card, remembered twice
    assert (method.mask, method.state, method.name) == ("*1111", "working", "Банківська картка *1111")
    assert "pays-token" not in method.token and methods.token_of(method, secret) == "pays-token"
    assert attempt.method_id == method.id and net(session, account) == D("20.00")


@pytest.mark.covers("AST-144")
def test_deleting_a_method_switches_off_what_hangs_on_it(app: Flask, session: Session, account: Account) -> None:
    secret = app.config["SECRET_KEY"]
    method = saved(session, account, sandbox(session, account), "pays-1", secret)
    linked = [makers.subscription(session, account, payment_method_id=method.id) for _ in range(2)]
    other = makers.subscription(session, account, paid_until=clock.today() + dt.timedelta(9))
    makers.subscription(session, account)  # on invoices: nothing renews it from the balance
    topping = AutoTopUp(
        company_id=account.company_id, account_id=account.id, method_id=method.id, payer_id=account.payer_id
    )
    session.add(topping)
    assert methods.linked(session, olga(account)) == {method.id: 2, None: 1}
    attempt = methods.charge(session, method.id, account.id, D("5.00"), key="a")
    with pytest.raises(Refused, match="under way"):
        methods.delete(session, olga(account), method.id)
    perform(app, session)
    assert attempt.state == "paid"
    assert methods.delete(session, olga(account), method.id) == 2
    session.expire_all()
    assert [one.auto_renew for one in (*linked, other)] == [False, False, True]
    assert not topping.is_on and not methods.list_methods(session, olga(account))
    perform(app, session, "forget_method")
    assert method.token == ""
    with pytest.raises(NotFound):
        methods.charge(session, method.id, account.id, D("5.00"), key="b")


def test_a_deleted_card_is_let_go_of_by_its_gateway_whatever_goes_wrong_on_the_way(
    app: Flask, session: Session, account: Account, bank: Bank
) -> None:
    secret = app.config["SECRET_KEY"]
    method = saved(session, account, bank.way(session, account, secret), bank.token, secret)
    methods.delete(session, olga(account), method.id)
    bank.stand_in.is_down = True
    perform(app, session, "forget_method")
    wish = session.query(Outbox).filter_by(topic="forget_method").one()
    if bank.name != "yookassa":  # it documents no way to let go of a card: its identifier is forgotten here
        assert wish.state == "pending" and method.token  # the gateway was down: asked again
    bank.stand_in.is_down, bank.stand_in.hangs_up_after = False, 1
    for _ in range(2):  # the line goes dead after the gateway has done it, and it is asked once more
        perform(app, session, "forget_method")
    assert (method.token, wish.state) == ("", "done")
    if bank.name == "stripe":
        assert bank.stand_in.cards["pm_1"] is None
    if bank.name == "liqpay":
        assert set(bank.stand_in.deleted) == {"token1"}
    twin = saved(session, account, session.get(PaymentWay, method.way_id), bank.token, secret)
    methods.forget(session, twin.id, secret)  # not deleted: nothing is let go of
    assert twin.token


def test_money_of_a_wrong_sum_from_a_kept_card_is_held(app: Flask, session: Session, account: Account) -> None:
    secret, way = app.config["SECRET_KEY"], sandbox(session, account)
    method = saved(session, account, way, "pays-1", secret)
    attempt = methods.charge(session, method.id, account.id, D("50.00"), key="a")
    truth = paying.Truth(attempt.order_no, "x", "paid", D("49.00"), "UAH")
    assert paying.settle(session, way, truth, secret) == "held"
    assert session.query(HeldMoney).one().reason == "short" and session.query(PaymentAttempt).one().state == "held"


def test_whatever_goes_wrong_at_a_gateway_ends_in_the_right_books(
    app: Flask, session: Session, account: Account, bank: Bank
) -> None:
    secret = app.config["SECRET_KEY"]
    way = bank.way(session, account, secret)

    def begun(key: str) -> tuple[PaymentAttempt, Handover]:
        attempt = paying.begin(session, olga(account), account.id, way.id, D("100.00"), key=key)
        return attempt, bank.hand_over(session, way, attempt, secret)

    def hear(callback: Callback) -> None:
        paying.receive(session, way.id, callback, secret)
        session.flush()

    good, there = begun("good")
    hear(bank.call(there, "waiting"))  # 3-D Secure: the bank asks the owner
    assert good.state == "sent" and net(session, account) == 0
    paid = bank.call(there)
    with pytest.raises(Forged):
        hear(bank.forge(paid))
    for _ in range(3):  # the same word again and again
        hear(paid)
    assert good.state == "paid" and net(session, account) == D("100.00")
    short, there = begun("short")
    hear(bank.call(there, amount="60.00"))
    other, there = begun("other")
    hear(bank.call(there, currency="EUR"))
    assert (short.state, other.state, net(session, account)) == ("held", "held", D("100.00"))
    assert {row.reason for row in session.query(HeldMoney)} == {"short", "currency"}
    declined, there = begun("declined")
    hear(bank.call(there, "failed"))
    assert declined.state in ("failed", "cancelled", "expired") and net(session, account) == D("100.00")
    lost, there = begun("lost")  # the money is taken and the word of it never comes
    bank.call(there)
    paying.look_again(session, lost.id, 1, secret)
    assert lost.state == "paid" and net(session, account) == D("200.00")
    if bank.name != "liqpay":  # LiqPay has no number of its own to ask by
        gateway = paying.gateway_of(session, way, secret)
        with pytest.raises(GatewayError, match="another order"):
            gateway.ask(good.order_no, there.external_id)
    session.commit()
    assert sound(session)
