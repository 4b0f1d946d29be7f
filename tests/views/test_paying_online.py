"""Paying online through the pages: from the amount to the credited payment, and what strangers cannot do."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.models import Account, AuditEvent, HeldMoney, Outbox, Payment, PaymentAttempt, PaymentWay
from app.services import ledger, sealing
from jobs.context import perform_wish
from tests import makers
from tests.gateways.liqpay_standin import LiqPayStandIn, standing
from tests.views.forms import post

D = Decimal
GOOD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"
ASKS, LOST = "4000 0025 0000 3155", "4000 0000 0000 0259"


@pytest.fixture
def account(session: Session) -> Account:
    company = makers.company(session)
    made = makers.account(session, company, makers.payer(session, company))
    session.add(PaymentWay(seller_id=made.seller_id, gateway="sandbox", name="Card", settings={}, maximum=D("3000")))
    session.commit()
    return made


@pytest.fixture
def olga(app: Flask, session: Session, account: Account) -> FlaskClient:
    user = makers.user(session, Role.OWNER, account.company)
    session.commit()
    return makers.sign_in(app.test_client(), user)


def begin(client: FlaskClient, session: Session, amount: str = "100.00", **more: Any) -> str:
    page = f"/my/pay/?amount={amount}"
    way_id = session.query(PaymentWay).one().id
    answer = post(client, "/my/pay/begin", page=page, amount=amount, way=way_id, key=more.pop("key", "k1"), **more)
    assert answer.status_code == 302
    return str(answer.location)


def net(session: Session, account: Account) -> Decimal:
    session.expire_all()
    return ledger.balance(session, account.id).net


@pytest.mark.covers("AST-087", "AST-088", "AST-098", "SMC-61")
def test_olga_puts_money_on_her_account_by_card(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    page = olga.get("/my/pay/?amount=100").get_data(as_text=True)
    assert "Card" in page and "/my/payers/new?back=" in page
    mine = begin(olga, session)
    there = post(olga, f"{mine}/go", page=mine).location
    assert there.startswith("/sandbox/")
    assert post(olga, there, card="4242 4242 4242 4241").status_code == 422
    assert post(olga, there, card=GOOD).location.endswith(mine)
    assert "is credited" in olga.get(mine).get_data(as_text=True)
    assert net(session, account) == D("100.00")
    assert olga.get(there).status_code == 302  # the card's page is done with
    assert session.query(Payment).one().method == "sandbox"


@pytest.mark.covers("AST-054")
def test_an_invoice_is_still_meant_after_a_payer_is_added_or_a_way_is_refused(
    session: Session, account: Account, olga: FlaskClient
) -> None:
    invoice = makers.document(session, account)
    session.commit()
    page = f"/my/pay/?invoice={invoice.id}"
    assert f"invoice%3D{invoice.id}" in olga.get(page).get_data(as_text=True)  # the way back from a new payer
    way = session.query(PaymentWay).one().id
    answer = post(olga, "/my/pay/begin", page=page, amount="9000", way=way, invoice=invoice.id)
    assert answer.location.endswith(f"invoice={invoice.id}") and olga.get(answer.location).status_code == 200


def test_a_declined_or_left_payment_credits_nothing(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    for key, what in (("a", {"card": DECLINED}), ("b", {"cancel": "1"})):
        mine = begin(olga, session, key=key)
        there = post(olga, f"{mine}/go", page=mine).location
        post(olga, there, **what)
        assert "took no money" in olga.get(mine).get_data(as_text=True)
    assert net(session, account) == 0


def test_a_callback_that_never_came_is_made_up_for(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    mine = begin(olga, session)
    post(olga, f"{mine}/go", page=mine)
    from app.models import SandboxCharge

    there = f"/sandbox/{session.query(SandboxCharge).one().external_id}"
    assert post(olga, there, card=LOST).location.endswith(mine)  # the bank took it, and its word was lost
    assert net(session, account) == 0 and "We wait for the payment system" in olga.get(mine).get_data(as_text=True)
    row = session.query(Outbox).filter_by(topic="look_at_payment").one()
    perform_wish(session, app.config["KABINET"], row.id)
    assert net(session, account) == D("100.00")


@pytest.mark.covers("SMC-61")
def test_the_bank_may_ask_the_owner_of_the_card_and_a_purse_pays_as_well(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    for key, what, word in (("a", {"bank": "no"}, "took no money"), ("b", {"bank": "yes"}, "is credited")):
        mine = begin(olga, session, key=key)
        there = post(olga, f"{mine}/go", page=mine).location
        assert post(olga, there, card=GOOD, until="01/20").status_code == 422  # not valid any more
        assert "3-D Secure" in post(olga, there, card=ASKS, until="12/40").get_data(as_text=True)
        assert "Awaiting" not in olga.get(mine).get_data(as_text=True)
        assert post(olga, there, **what).location.endswith(mine)
        assert word in olga.get(mine).get_data(as_text=True)
    mine = begin(olga, session, key="c")
    there = post(olga, f"{mine}/go", page=mine).location
    page = olga.get(there).get_data(as_text=True)
    assert "user agreement" in page and "Cancel the payment" in page and "100.00" in page
    assert post(olga, there, purse="1").location.endswith(mine)
    assert net(session, account) == D("200.00")


def test_a_stranger_sees_no_payment_of_olgas(app: Flask, session: Session, account: Account, olga: FlaskClient) -> None:
    mine = begin(olga, session)
    stranger = makers.sign_in(app.test_client(), makers.user(session, Role.OWNER, makers.company(session)))
    session.commit()
    assert stranger.get(mine).status_code == 404
    token = makers._token(stranger.get("/my/payments/register").get_data(as_text=True))
    assert stranger.post(f"{mine}/go", data={"csrf_token": token}).status_code == 404
    assert stranger.get(f"/my/pay/?account={account.id}").status_code == 404


def liqpay_way(app: Flask, session: Session, account: Account, liqpay: LiqPayStandIn) -> PaymentWay:
    session.query(PaymentWay).delete()
    made = PaymentWay(
        seller_id=account.seller_id,
        gateway="liqpay",
        name="LiqPay",
        public_key=liqpay.public,
        secret=sealing.seal(liqpay.secret, app.config["SECRET_KEY"]),
        settings={"request_url": liqpay.url, "version": str(liqpay.version)},
    )
    session.add(made)
    session.commit()
    return made


@pytest.mark.covers("SMC-56")
def test_olga_pays_by_liqpay_and_only_its_own_word_counts(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    with standing() as liqpay:
        way = liqpay_way(app, session, account, liqpay)
        mine = begin(olga, session)
        leave = post(olga, f"{mine}/go", page=mine)
        page = leave.get_data(as_text=True)
        assert "https://www.liqpay.ua" in leave.headers["Content-Security-Policy"]
        fields = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("data", "signature")}
        called = liqpay.checkout(fields)
        back, anybody = f"/pay/callback/{way.id}", app.test_client()
        assert anybody.post(back, data={**called, "signature": "forged"}).status_code == 400
        assert anybody.post(f"/pay/callback/{way.id + 1}", data=called).status_code == 400
        assert net(session, account) == 0
        liqpay.is_down = True
        assert anybody.post(back, data=called).status_code == 503  # they will call again
        liqpay.is_down = False
        assert [anybody.post(back, data=called).status_code for _ in range(3)] == [200] * 3
        assert net(session, account) == D("100.00")
        assert session.query(Payment).one().fee == D("1.50")


def test_a_short_sum_is_held_and_staff_decide(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    with standing() as liqpay:
        way = liqpay_way(app, session, account, liqpay)
        mine = begin(olga, session)
        page = post(olga, f"{mine}/go", page=mine).get_data(as_text=True)
        fields = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("data", "signature")}
        app.test_client().post(f"/pay/callback/{way.id}", data=liqpay.checkout(fields, amount=60.0))
    assert "the money is safe" in olga.get(mine).get_data(as_text=True)
    assert net(session, account) == 0 and session.query(HeldMoney).one().reason == "short"
    clerk = makers.sign_in(app.test_client(), makers.user(session, Role.ACCOUNTANT))
    session.commit()
    assert "Less came than was asked for" in clerk.get("/office/held/").get_data(as_text=True)
    held = session.query(HeldMoney).one().id
    post(clerk, f"/office/held/{held}/credit", page="/office/held/", account=account.number)
    assert net(session, account) == D("60.00")
    assert session.query(PaymentAttempt).one().state == "failed"  # not what was asked for: the account has it


def test_staff_keep_a_ways_secret_sealed(app: Flask, session: Session, account: Account) -> None:
    boss = makers.sign_in(app.test_client(), makers.user(session, Role.ADMINISTRATOR))
    session.commit()
    add = "/office/payment-ways/add"
    assert (
        post(boss, add, seller=account.seller_id, gateway="liqpay", name="LiqPay", public_key="i1").status_code == 302
    )
    way = session.query(PaymentWay).filter_by(gateway="liqpay").one()
    post(boss, f"/office/gateway-keys/{way.id}", page="/office/gateway-keys/", secret="s-e-c-r-e-t")
    session.expire_all()
    assert sealing.unseal(way.secret, app.config["SECRET_KEY"]) == "s-e-c-r-e-t"
    page = boss.get("/office/gateway-keys/").get_data(as_text=True)
    assert "s-e-c-r-e-t" not in page and way.secret not in page and f"/pay/callback/{way.id}" in page
    assert "s-e-c-r-e-t" not in str([event.details for event in session.query(AuditEvent)])
