"""Stripe by its official library, over HTTP on this machine against a stand-in."""

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.gateways.base import Callback, Forged, GatewayError, Keys, Order
from app.gateways.stripe_checkout import StripeGateway
from tests.gateways.stripe_standin import ASKS, NEVER, StripeStandIn, standing

D = Decimal
BACK = "http://shop.example/back"
ORDER = Order("k1", D("31.00"), "EUR", "Advance payment", BACK, "")


@pytest.fixture
def bank() -> Iterator[StripeStandIn]:
    with standing() as stand_in:
        yield stand_in


@pytest.fixture
def shop(bank: StripeStandIn) -> StripeGateway:
    return StripeGateway(Session(), Keys("pk", f"{bank.key} {bank.webhook_secret}", {"api_base": bank.url}))


def called(said: tuple[bytes, dict[str, str]]) -> Callback:
    return Callback(said[0], {}, said[1])


def test_a_payment_goes_there_and_its_truth_comes_back(shop: StripeGateway, bank: StripeStandIn) -> None:
    assert shop.ask("k1") is None
    there = shop.hand_over(ORDER)
    assert there.url.startswith("https://checkout.stripe.com/")
    waiting = shop.ask("k1", there.external_id)
    assert waiting is not None and waiting.state == "waiting"  # 3-D Secure is on their page
    heard = shop.hear(called(bank.pay(there.external_id)))
    assert (heard.order_no, heard.external_id) == ("k1", there.external_id)
    for number in ("", heard.external_id):
        truth = shop.ask("k1", number)
        assert truth is not None and truth.saved is None
        assert (truth.state, truth.amount, truth.currency, truth.fee) == ("paid", D("31.00"), "EUR", D("0.59"))
    bank.intents["pi_0"]["latest_charge"]["amount_refunded"] = 1050
    back = shop.ask("k1", "pi_0")
    assert back is not None and (back.state, back.given_back) == ("paid", D("10.50"))
    bank.intents["pi_0"]["latest_charge"]["refunded"] = True
    back = shop.ask("k1", "pi_0")
    assert back is not None and (back.state, back.given_back) == ("refunded", D("31.00"))


def test_asked_again_it_is_the_same_session(shop: StripeGateway, bank: StripeStandIn) -> None:
    bank.hangs_up_after = 1
    with pytest.raises(GatewayError) as caught:
        shop.hand_over(ORDER)
    assert not caught.value.permanent
    assert shop.hand_over(ORDER).external_id == shop.hand_over(ORDER).external_id and bank.posts == 1
    bank.sessions["cs_test_0"]["status"] = "expired"
    ended = shop.ask("k1", "cs_test_0")
    assert ended is not None and ended.state == "cancelled"
    with pytest.raises(GatewayError, match="another order"):
        shop.ask("k9", "cs_test_0")


def test_a_card_is_remembered_and_charged_when_its_owner_is_away(shop: StripeGateway, bank: StripeStandIn) -> None:
    there = shop.hand_over(Order("k2", D("10.00"), "EUR", "x", BACK, "", save=True))
    bank.pay(there.external_id)
    truth = shop.ask("k2", there.external_id)
    assert truth is not None and truth.saved is not None and truth.saved.mask == "*4242"
    bank.hangs_up_after = 1
    with pytest.raises(GatewayError):
        shop.charge(ORDER, truth.saved.token)  # the money is taken, and nobody says so
    found = shop.ask("k1")
    assert found is not None and found.state == "paid"
    assert shop.charge(ORDER, truth.saved.token).external_id == found.external_id
    assert len(bank.intents) == 2


@pytest.mark.parametrize("card", [NEVER, ASKS])
def test_a_kept_card_is_declined(shop: StripeGateway, bank: StripeStandIn, card: str) -> None:
    assert shop.charge(ORDER, f"cus_1 {card}").state == "failed"
    again = shop.ask("k1")
    assert again is not None and again.state == "failed"


def test_a_card_is_kept_without_paying(shop: StripeGateway, bank: StripeStandIn) -> None:
    there = shop.hand_over_saving(Order("m1", D("0.00"), "EUR", "x", BACK, ""))
    waiting = shop.ask_saving("m1", there.external_id)
    assert waiting is not None and waiting.state == "waiting"
    heard = shop.hear(called(bank.keep(there.external_id)))
    kept = shop.ask_saving("m1", heard.external_id)
    assert kept is not None and kept.saved is not None
    assert (kept.saved.token, kept.saved.mask) == ("cus_2 pm_kept", "*5556")


def test_a_foreign_old_or_changed_webhook_opens_nothing(shop: StripeGateway, bank: StripeStandIn) -> None:
    body, headers = bank.pay(shop.hand_over(ORDER).external_id)
    old = bank.webhook("checkout.session.completed", bank.sessions["cs_test_0"], int(time.time()) - 900)
    wrong = {"Stripe-Signature": "t=1,v1=00"}
    for forged in ((body + b" ", headers), (body, {}), (body, wrong), old, (b"\xff", headers)):
        with pytest.raises(Forged):
            shop.hear(called(forged))


def test_wrong_keys_need_a_person_and_a_gateway_that_is_down_does_not(bank: StripeStandIn) -> None:
    with pytest.raises(GatewayError) as caught:
        StripeGateway(Session(), Keys("pk", "sk_wrong whsec", {"api_base": bank.url})).hand_over(ORDER)
    assert caught.value.permanent and "sk_wrong" not in str(caught.value)
    bank.is_down = True
    with pytest.raises(GatewayError) as caught:
        StripeGateway(Session(), Keys("pk", bank.key, {"api_base": bank.url})).ask("k1", "cs_1")
    assert not caught.value.permanent
