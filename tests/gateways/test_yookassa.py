"""YooKassa by its public words, over HTTP on this machine against a stand-in."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.gateways.base import Callback, Forged, GatewayError, Keys, Order
from app.gateways.yookassa import YooKassaGateway
from tests.gateways.yookassa_standin import YooKassaStandIn, standing

D = Decimal
BACK = "http://shop.example/back"
ORDER = Order("k1", D("115.00"), "RUB", "Авансовый платёж", BACK, "http://shop.example/call", "ru")
KEPT = Order("k2", D("10.00"), "RUB", "Заказ 7", BACK, "", "ru", save=True, email="olga@example.com")


@pytest.fixture
def bank() -> Iterator[YooKassaStandIn]:
    with standing() as stand_in:
        yield stand_in


@pytest.fixture
def shop(bank: YooKassaStandIn) -> YooKassaGateway:
    return YooKassaGateway(Session(), Keys(bank.shop, bank.secret, {"api_url": bank.url, "vat_code": "4"}))


def test_a_payment_goes_there_and_its_truth_comes_back(shop: YooKassaGateway, bank: YooKassaStandIn) -> None:
    assert shop.ask("k1") is None
    there = shop.hand_over(ORDER)
    assert there.url.startswith("https://yoomoney.ru/") and not there.fields
    waiting = shop.ask("k1", there.external_id)
    assert waiting is not None and waiting.state == "waiting"
    heard = shop.hear(Callback(bank.pay(there.external_id), {}, {}, "185.71.76.5"))
    assert (heard.order_no, heard.external_id) == ("k1", there.external_id)
    truth = shop.ask("k1", heard.external_id)
    assert truth is not None and truth.saved is None
    assert (truth.state, truth.amount, truth.currency) == ("paid", D("115.00"), "RUB")
    assert truth.fee == D("4.03")  # 115.00 less the income


def test_asked_again_it_is_the_same_payment(shop: YooKassaGateway, bank: YooKassaStandIn) -> None:
    bank.hangs_up_after = 1
    with pytest.raises(GatewayError) as caught:
        shop.hand_over(ORDER)
    assert not caught.value.permanent
    assert shop.hand_over(ORDER).external_id == shop.hand_over(ORDER).external_id
    assert len(bank.payments) == 1


def test_a_payment_whose_number_was_never_heard_is_found_by_ours(shop: YooKassaGateway, bank: YooKassaStandIn) -> None:
    for number in range(5):
        shop.hand_over(Order(f"k{number}", D("1.00"), "RUB", "x", BACK, ""))
    bank.pay(next(iter(bank.payments)))
    truth = shop.ask("k0")  # on the last page of the list
    assert truth is not None and truth.state == "paid"
    with pytest.raises(GatewayError, match="another order"):
        shop.ask("k1", truth.external_id)


@pytest.mark.parametrize(
    ("status", "changed", "state"),
    [
        ("succeeded", {"refunded_amount": {"value": "30.00", "currency": "RUB"}}, "paid"),  # in part: so much of it
        ("pending", {}, "waiting"),  # 3-D Secure: the customer is at the bank's page
        ("canceled", {}, "failed"),
        ("waiting_for_capture", {}, "paid"),  # captured when it is looked at
        ("succeeded", {"refunded_amount": {"value": "115.00", "currency": "RUB"}}, "refunded"),
    ],
)
def test_every_word_of_theirs_is_one_of_ours(
    shop: YooKassaGateway, bank: YooKassaStandIn, status: str, changed: dict[str, object], state: str
) -> None:
    there = shop.hand_over(ORDER)
    bank.pay(there.external_id, status, **changed)
    truth = shop.ask("k1", there.external_id)
    assert truth is not None and truth.state == state
    assert f"{truth.given_back:.2f}" == dict(changed).get("refunded_amount", {"value": "0.00"})["value"]  # type: ignore[index]


def test_a_card_is_remembered_and_charged_when_its_owner_is_away(shop: YooKassaGateway, bank: YooKassaStandIn) -> None:
    there = shop.hand_over(KEPT)
    assert b'"receipt"' in bank.asked[-1].body and b"olga@example.com" in bank.asked[-1].body
    bank.pay(there.external_id)
    truth = shop.ask("k2", there.external_id)
    assert truth is not None and truth.saved is not None
    assert (truth.saved.token, truth.saved.mask) == (there.external_id, "*4444")
    bank.hangs_up_after = 1
    with pytest.raises(GatewayError):
        shop.charge(ORDER, truth.saved.token)  # the money is taken, and nobody says so
    assert [shop.charge(ORDER, truth.saved.token).state for _ in range(2)] == ["paid", "paid"]
    assert len(bank.payments) == 2
    bank.declines.add(truth.saved.token)
    assert shop.charge(Order("k3", D("5.00"), "RUB", "x", "", ""), truth.saved.token).state == "failed"
    assert shop.charge(Order("k4", D("5.00"), "RUB", "x", "", ""), "unknown").state == "failed"


def test_a_card_is_kept_without_paying(shop: YooKassaGateway, bank: YooKassaStandIn) -> None:
    there = shop.hand_over_saving(Order("m1", D("0.00"), "RUB", "x", BACK, ""))
    waiting = shop.ask_saving("m1", there.external_id)
    assert waiting is not None and waiting.state == "waiting" and shop.ask_saving("m1", "") is None
    heard = shop.hear(Callback(bank.keep(there.external_id), {}, {}))
    kept = shop.ask_saving("m1", heard.external_id)
    assert kept is not None and kept.saved is not None and kept.saved.mask == "*4477"


def test_a_notification_from_elsewhere_is_not_looked_at(shop: YooKassaGateway, bank: YooKassaStandIn) -> None:
    said = bank.pay(shop.hand_over(ORDER).external_id)
    for forged in (Callback(said, {}, {}, "8.8.8.8"), Callback(b'{"object": {}}', {}, {})):
        with pytest.raises(Forged):
            shop.hear(forged)
    with pytest.raises(GatewayError):
        shop.hear(Callback(b"[]", {}, {}))


def test_wrong_keys_need_a_person_and_a_gateway_that_is_down_does_not(bank: YooKassaStandIn) -> None:
    wrong = YooKassaGateway(Session(), Keys(bank.shop, "wrong", {"api_url": bank.url}))
    with pytest.raises(GatewayError) as caught:
        wrong.hand_over(ORDER)
    assert caught.value.permanent and "wrong" not in str(caught.value)
    bank.is_down = True
    with pytest.raises(GatewayError) as caught:
        YooKassaGateway(Session(), Keys(bank.shop, bank.secret, {"api_url": bank.url})).ask("k1", "2c")
    assert not caught.value.permanent
