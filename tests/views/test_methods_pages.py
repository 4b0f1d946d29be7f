"""Saved methods, automatic top-up and bank transfer through the pages, as Olga uses them."""

import re
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.models import Account, AutoTopUp, Outbox, Payment, PaymentAttempt, PaymentMethod, PaymentWay
from app.services import ledger, sealing
from jobs.context import perform_wish
from tests import makers
from tests.gateways import stripe_standin
from tests.services.paying_kit import new_account, sandbox
from tests.views.forms import post

D = Decimal
GOOD, LATER = "4242 4242 4242 4242", "4000 0000 0000 0341"


@pytest.fixture
def account(session: Session) -> Account:
    made = new_account(session)
    sandbox(session, made)
    session.commit()
    return made


@pytest.fixture
def olga(app: Flask, session: Session, account: Account) -> FlaskClient:
    user = makers.user(session, Role.OWNER, account.company)
    session.commit()
    return makers.sign_in(app.test_client(), user)


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.get_data(as_text=True))


def charge(app: Flask, session: Session) -> None:
    row = session.query(Outbox).filter_by(topic="charge_method").order_by(Outbox.id.desc()).first()
    assert row is not None
    perform_wish(session, app.config["KABINET"], row.id)
    session.expire_all()


def add_card(client: FlaskClient, session: Session, card: str) -> PaymentMethod:
    way = session.query(PaymentWay).filter_by(gateway="sandbox").one()
    page = f"/my/methods/add?way={way.id}"
    assert "Payer" in text(client, page) and "New payer" in text(client, page)
    there = post(client, "/my/methods/begin", page=page, way=way.id, key=card[-4:]).location
    assert "Nothing is charged" in text(client, there)
    back = post(client, there, card=card).location
    session.expire_all()
    assert "Works" in text(client, back)
    return session.query(PaymentMethod).order_by(PaymentMethod.id.desc()).first()  # type: ignore[return-value]


@pytest.mark.covers("AST-136", "AST-137", "AST-140", "AST-142")
def test_olga_adds_a_card_without_buying_and_names_it(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    method = add_card(olga, session, GOOD)
    assert method.mask == "*4242" and not session.query(Payment).count()
    listed = text(olga, "/my/methods/")
    assert "Account balance" in listed and "*4242" in listed and method.token not in listed
    one = f"/my/methods/{method.id}"
    post(olga, f"{one}/rename", page=one, name="Corporate Visa")
    assert "Corporate Visa *4242" in text(olga, "/my/methods/")  # AST-137: masked, however it is called
    makers.subscription(session, account, payment_method_id=method.id, name="Hosting for the shop")
    session.commit()
    assert "Hosting for the shop" in text(olga, f"{one}/delete")
    assert post(olga, f"{one}/delete").location.endswith("/my/methods/")
    assert olga.get(one).status_code == 404


@pytest.mark.covers("AST-100", "AST-141", "AST-143", "AST-154")
def test_a_card_remembered_at_paying_pays_later_and_may_be_declined(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    way = session.query(PaymentWay).one()
    page = "/my/pay/?amount=100.00"
    mine = post(olga, "/my/pay/begin", page=page, amount="100.00", way=way.id, key="k1").location
    assert "Remember this card" in text(olga, mine)
    there = post(olga, f"{mine}/go", page=mine, save="1").location
    post(olga, there, card=LATER)
    session.expire_all()
    (method,) = session.query(PaymentMethod)
    assert "Charged at once" in text(olga, page)
    again = post(olga, "/my/pay/begin", page=page, amount="50.00", way=f"saved:{method.id}", key="k2").location
    assert "is being charged" in text(olga, again)
    charge(app, session)
    failed = text(olga, again)
    assert "took no money" in failed and "/my/tickets/new" in failed and "Does not work" in text(olga, "/my/methods/")
    assert ledger.balance(session, account.id).net == D("100.00")


@pytest.mark.covers("AST-102", "AST-103", "AST-104", "AST-106", "AST-107", "AST-108")
def test_olga_sets_automatic_top_up_step_by_step(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    assert "no saved payment method" in text(olga, "/my/top-up/set")
    method = add_card(olga, session, GOOD)
    assert "is off" in text(olga, "/my/top-up/")
    assert "*4242" in text(olga, "/my/top-up/set")
    first = text(olga, "/my/top-up/set")  # the method and the limits stand on the first step
    assert "Recommended maximum" in first and "Details of the payer" in first and "New payer" not in first
    step = f"/my/top-up/set?method={method.id}"
    assert "Enter the sums as numbers" in text(olga, f"{step}&threshold=abc&maximum=5")
    way = session.query(PaymentWay).one()
    way.maximum = D("3000.00")
    session.commit()
    endless = text(olga, f"{step}&threshold=100&unlimited=1")  # AST-107
    assert "up to 3,000.00 UAH" in endless and "Not without a maximum for the month" in endless
    step = f"{step}&threshold=100&maximum=682.00"
    (new,) = re.findall(r'href="(/my/payers/new[?]back=[^"]+)"', text(olga, step))
    assert f"/my/top-up/set?account={account.id}&amp;method={method.id}" in text(olga, new)  # Back to the same step
    step = f"{step}&payer={account.payer_id}"
    details = text(olga, step)
    assert "Street" in details and f"/my/payers/{account.payer_id}?back=" in details
    confirm = f"{step}&seen=1"
    assert "By confirming you let the payment system" in text(olga, confirm)
    given = {"method": method.id, "payer": account.payer_id, "threshold": "100", "maximum": "682.00", "seen": "1"}
    answer = post(olga, "/my/top-up/set", page=confirm, account=account.id, **given)
    assert answer.status_code == 302
    row = session.query(AutoTopUp).one()
    assert row.is_on and row.monthly_maximum == D("682.00") and row.confirmed_at is not None
    assert "682.00" in text(olga, "/my/top-up/")
    post(olga, "/my/top-up/off", page="/my/top-up/", account=account.id)
    session.expire_all()
    assert not row.is_on


@pytest.mark.covers("SMC-64", "AST-084", "AST-094", "AST-095", "AST-096", "AST-097")
def test_olga_pays_by_transfer_sees_it_among_her_payments_and_prints(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    way = PaymentWay(seller_id=account.seller_id, gateway="bank_transfer", name="Bank transfer", settings={})
    session.add(way)
    session.commit()
    page = "/my/pay/?amount=590.00"
    mine = post(olga, "/my/pay/begin", page=page, amount="590.00", way=way.id, key="k1").location
    assert post(olga, f"{mine}/go", page=mine).location.endswith(mine)
    shown = text(olga, mine)
    assert "UA213223130000026007233566001" in shown and "KB-" in shown and "QR code for payment" in shown
    paper = olga.get(f"{mine}/request.pdf")
    assert paper.mimetype == "application/pdf" and paper.data.startswith(b"%PDF")
    listed = text(olga, "/my/payments/")
    assert "Begun and not ended" in listed and "Being paid" in listed and "Total: 0" not in listed
    post(olga, f"{mine}/delete", page="/my/payments/")
    assert "Begun and not ended" not in text(olga, "/my/payments/")
    money = makers.payment(session, account, "590.00")
    session.commit()
    attempt = session.query(PaymentAttempt).one()
    attempt.state, attempt.payment_id = "paid", money.id
    attempt.amount, attempt.commission = Decimal("590.00"), Decimal("39.50")
    session.commit()
    listed = text(olga, "/my/payments/")
    assert "629.50" in listed and "to the account: 590.00" in listed  # what was paid, and what of it counts
    assert "629.50" in text(olga, f"/my/payments/{money.id}")
    for word in ("Id", "Payer", "Receipt", "Total: 1", "Credited"):
        assert word in listed
    assert "Total: 1" in text(olga, f"/my/payments/?text={money.number or money.reference}")
    receipt = olga.get(f"/my/payments/{money.id}/receipt.pdf?download=1")
    assert receipt.data.startswith(b"%PDF") and "attachment" in receipt.headers["Content-Disposition"]


def test_a_stranger_reaches_nothing_of_olgas(app: Flask, session: Session, account: Account, olga: FlaskClient) -> None:
    method = add_card(olga, session, GOOD)
    stranger = makers.sign_in(app.test_client(), makers.user(session, Role.OWNER, makers.company(session)))
    session.commit()
    for path in (f"/my/methods/{method.id}", f"/my/methods/{method.id}/delete", f"/my/top-up/?account={account.id}"):
        assert stranger.get(path).status_code == 404
    token = makers._token(stranger.get("/my/payments/register").get_data(as_text=True))
    for path in ("rename", "delete", "go"):
        answer = stranger.post(f"/my/methods/{method.id}/{path}", data={"csrf_token": token, "name": "Mine"})
        assert answer.status_code == 404


def test_a_customer_is_sent_to_hosts_of_the_gateway_only(
    app: Flask, session: Session, account: Account, olga: FlaskClient
) -> None:
    with stripe_standin.standing() as stripe:
        way = session.query(PaymentWay).one()
        way.gateway, way.settings = "stripe", {"api_base": stripe.url}
        way.secret = sealing.seal(f"{stripe.key} {stripe.webhook_secret}", app.config["SECRET_KEY"])
        session.commit()
        page = "/my/pay/?amount=10.00"
        mine = post(olga, "/my/pay/begin", page=page, amount="10.00", way=way.id, key="k1").location
        leave = post(olga, f"{mine}/go", page=mine).get_data(as_text=True)
        assert 'href="https://checkout.stripe.com/c/pay/cs_test_0"' in leave
        stripe.sessions["cs_test_0"]["url"] = "https://checkout.stripe.com.evil.example/pay"
        assert post(olga, f"{mine}/go", page=mine).location.endswith(mine)
        body, headers = stripe.pay("cs_test_0")
        assert app.test_client().post(f"/pay/callback/{way.id}", data=body, headers=headers).status_code == 200
        assert app.test_client().post(f"/pay/callback/{way.id}", data=b"x" * 70_000).status_code == 413
    session.expire_all()
    assert session.query(PaymentAttempt).one().state == "paid" and "is credited" in text(olga, mine)


def test_staff_set_what_a_gateway_wants_besides_keys(app: Flask, session: Session, account: Account) -> None:
    boss = makers.sign_in(app.test_client(), makers.user(session, Role.ADMINISTRATOR))
    way = session.query(PaymentWay).one()
    way.gateway = "yookassa"
    session.commit()
    place = f"/office/gateway-keys/{way.id}/settings"
    post(boss, place, page="/office/gateway-keys/", settings="vat_code = 4\n\napi_url=https://api.example/v3")
    session.expire_all()
    assert way.settings == {"vat_code": "4", "api_url": "https://api.example/v3"}
    post(boss, place, page="/office/gateway-keys/", settings="secret = 1")
    session.expire_all()
    assert "secret" not in way.settings and "vat_code = 4" in text(boss, "/office/gateway-keys/")
