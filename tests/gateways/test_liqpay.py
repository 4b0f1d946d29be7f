"""LiqPay by its public words: signatures of both versions, callbacks, statuses asked over HTTP on this machine."""

import dataclasses
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.gateways.base import Callback, Forged, GatewayError, Keys, Order
from app.gateways.liqpay import LiqPayGateway
from tests.gateways.liqpay_standin import LiqPayStandIn, standing

D = Decimal
SECRET = "a4825234f4bae72a0be04eafe9e8e2bada209255"  # of the public documentation's example
DATA = (
    "eyJwdWJsaWNfa2V5IjoiaTAwMDAwMDAwIiwidmVyc2lvbiI6NywiYWN0aW9uIjoicGF5IiwiYW1vdW50IjoiMyIsImN1cnJlbmN5IjoiVUFIIiwi"
    "ZGVzY3JpcHRpb24iOiJ0ZXN0Iiwib3JkZXJfaWQiOiIwMDAwMDEifQ=="
)
ORDER = Order("k1", D("31.00"), "UAH", "Рахунок 5", "http://shop.example/back", "http://shop.example/callback", "uk")


def gateway(session: Session, stand_in: LiqPayStandIn, **settings: str) -> LiqPayGateway:
    said = {"version": str(stand_in.version), "request_url": stand_in.url, **settings}
    return LiqPayGateway(session, Keys(stand_in.public, stand_in.secret, said))


def test_the_documented_signature_comes_out(session: Session) -> None:
    assert LiqPayGateway(session, Keys("i", SECRET)).sign(DATA) == "0adgJ8F2Ds5HCVkcz4AlmdLMRoIJf7IxsL3QmeFRz/s="


@pytest.mark.parametrize("version", [7, 3])
def test_a_payment_goes_there_and_its_truth_comes_back(session: Session, version: int) -> None:
    with standing(version=version) as liqpay:
        shop = gateway(session, liqpay)
        assert shop.ask("k1") is None
        fields = dict(shop.hand_over(ORDER).fields)
        called = liqpay.checkout(fields)
        assert shop.hear(Callback(b"", called, {})).order_no == "k1"
        truth = shop.ask("k1")
        assert truth is not None
        assert (truth.state, truth.amount, truth.currency, truth.fee) == ("paid", D("31.00"), "UAH", D("1.50"))


def test_a_weaker_or_foreign_signature_opens_nothing(session: Session) -> None:
    with standing(version=7) as liqpay:
        shop = gateway(session, liqpay)
        called = liqpay.checkout(dict(shop.hand_over(ORDER).fields))
        weak = LiqPayStandIn(liqpay.public, liqpay.secret, 3)
        other = LiqPayStandIn("i9", liqpay.secret, 7)
        other.orders["k1"] = {"public_key": "i9", "order_id": "k1"}
        for form in (
            {**called, "signature": weak.sign(called["data"])},
            {**called, "signature": ""},
            {"signature": called["signature"]},
            other.callback("k1"),
        ):
            with pytest.raises(Forged):
                shop.hear(Callback(b"", form, {}))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("failure", "failed"),
        ("error", "failed"),
        ("3ds_verify", "waiting"),
        ("otp_verify", "waiting"),
        ("wait_accept", "waiting"),
        ("processing", "waiting"),
        ("reversed", "refunded"),
        ("sandbox", "failed"),
    ],
)
def test_every_word_of_theirs_is_one_of_ours(session: Session, status: str, state: str) -> None:
    with standing() as liqpay:
        shop = gateway(session, liqpay)
        liqpay.checkout(dict(shop.hand_over(ORDER).fields), status)
        truth = shop.ask("k1")
        assert truth is not None and truth.state == state


@pytest.mark.parametrize("status", ["success", "reversed"])
def test_what_they_gave_back_in_part_is_told(session: Session, status: str) -> None:
    with standing() as liqpay:
        shop = gateway(session, liqpay)
        liqpay.checkout(dict(shop.hand_over(ORDER).fields), status, refund_amount=10.5)
        truth = shop.ask("k1")
        assert truth is not None and (truth.state, f"{truth.given_back:.2f}") == ("paid", "10.50")


def test_the_test_mode_counts_where_the_way_says_so(session: Session) -> None:
    with standing() as liqpay:
        shop = gateway(session, liqpay, test="1")
        liqpay.checkout(dict(shop.hand_over(ORDER).fields), "sandbox")
        truth = shop.ask("k1")
        assert truth is not None and truth.state == "paid"


def test_a_gateway_that_is_down_can_be_asked_later(session: Session) -> None:
    with standing() as liqpay:
        shop = gateway(session, liqpay)
        liqpay.is_down = True
        with pytest.raises(GatewayError) as caught:
            shop.ask("k1")
        assert not caught.value.permanent


def test_a_card_is_remembered_and_charged_when_its_owner_is_away(session: Session) -> None:
    with standing() as liqpay:
        shop = gateway(session, liqpay)
        liqpay.checkout(dict(shop.hand_over(dataclasses.replace(ORDER, save=True)).fields))
        truth = shop.ask("k1")
        assert truth is not None and truth.saved is not None and truth.saved.mask == "*42"
        later = dataclasses.replace(ORDER, order_no="k2")
        liqpay.hangs_up_after = 1
        with pytest.raises(GatewayError):
            shop.charge(later, truth.saved.token)  # the money is taken, and nobody says so
        assert shop.charge(later, truth.saved.token).state == "paid" and len(liqpay.orders) == 2
        liqpay.declines.add(truth.saved.token)
        assert shop.charge(dataclasses.replace(ORDER, order_no="k3"), truth.saved.token).state == "failed"


def test_a_card_is_kept_without_paying(session: Session) -> None:
    with standing() as liqpay:
        shop = gateway(session, liqpay)
        assert shop.ask_saving("m1") is None
        fields = dict(shop.hand_over_saving(dataclasses.replace(ORDER, order_no="m1")).fields)
        liqpay.checkout(fields, "3ds_verify")
        waiting = shop.ask_saving("m1")
        liqpay.checkout(fields, "reversed")  # the unit that was authorised is given back
        kept = shop.ask_saving("m1")
        assert waiting is not None and waiting.state == "waiting"
        assert kept is not None and kept.state == "saved" and kept.saved is not None
