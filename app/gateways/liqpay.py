"""LiqPay: cards and Privat24 in Ukraine.

`data` is JSON in base64, `signature` = base64(H(secret + data + secret)); H is SHA3-256 from version 7 on,
SHA-1 before (liqpay.ua documentation; the vectors are in the tests). The callback is checked by the configured
version's H alone, so a weaker signature opens nothing.

A card is kept by `recurringbytoken`: the payment's status then names its `card_token`, which `paytoken` charges; one
kept without paying is authorised (`auth`) for a unit of money that is never taken.

Settings of a way: version (7), checkout_url, request_url, test («1»: payments of the test mode count).
"""

import base64
import binascii
import hashlib
import hmac
import json
import urllib.parse
from typing import Any

from sqlalchemy.orm import Session

from app.gateways import wire
from app.gateways.base import Binding, Callback, Forged, GatewayError, Handover, Heard, Keys, Order, Saved, State, Truth

CHECKOUT = "https://www.liqpay.ua/api/3/checkout"
REQUEST = "https://www.liqpay.ua/api/request"
SHA3_FROM = 7
UNKNOWN = frozenset({"payment_not_found", "err_payment_not_found"})
DUPLICATE = frozenset({"order_id_duplicate", "err_order_id_duplicate"})
LANGUAGES = {"uk": "uk", "ru": "uk"}  # the page is Ukrainian or English

# Their words → ours; what is not listed waits (3-D Secure, one-time codes, «money taken, shop not yet verified»).
_STATES: dict[str, State] = {
    "success": "paid",
    "subscribed": "paid",
    "failure": "failed",
    "error": "failed",
    "reversed": "refunded",
    "unsubscribed": "cancelled",
}


class LiqPayGateway:
    """Cards and Privat24 through LiqPay."""

    code = "liqpay"

    def __init__(self, session: Session, keys: Keys) -> None:
        self.keys = keys
        self.version = int(keys.settings.get("version") or SHA3_FROM)
        self.is_test = keys.settings.get("test") == "1"

    def hand_over(self, order: Order) -> Handover:
        """A form to LiqPay's own page; nothing is asked over the network."""
        more = {"recurringbytoken": "1"} if order.save else {}
        return self._checkout(order, action="pay", amount=f"{order.amount:f}", **more)

    def hand_over_saving(self, order: Order) -> Handover:
        """A form that has the card authorised and kept; nothing is taken."""
        return self._checkout(order, action="auth", amount="1.00", recurringbytoken="1")

    def _checkout(self, order: Order, **what: str) -> Handover:
        data = self._data(
            **what,
            currency=order.currency,
            description=order.purpose[:255],
            order_id=order.order_no,
            result_url=order.return_url,
            server_url=order.callback_url,
            language=LANGUAGES.get(order.locale, "en"),
        )
        fields = {"data": data, "signature": self.sign(data)}
        return Handover(self.keys.settings.get("checkout_url") or CHECKOUT, fields)

    def hear(self, callback: Callback) -> Heard:
        """The order of a signed callback."""
        data = callback.form.get("data", "")
        if not data or not hmac.compare_digest(callback.form.get("signature", "").encode(), self.sign(data).encode()):
            raise Forged()
        try:
            said = wire.read("LiqPay", base64.b64decode(data))
        except binascii.Error as error:
            raise Forged("The callback cannot be read.") from error
        if said.get("public_key") != self.keys.public:
            raise Forged("The callback is of another shop.")
        return Heard(str(said.get("order_id", "")))

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """The status of an order, asked of LiqPay's server."""
        said = self._status(order_no)
        return None if said is None else self._truth(order_no, said)

    def ask_saving(self, order_no: str, external_id: str = "") -> Binding | None:
        """Whether the card of an authorisation is kept."""
        said = self._status(order_no)
        if said is None:
            return None
        saved, state = _saved(said), self._state(str(said.get("status", "")))
        if saved is not None and state in ("paid", "refunded"):  # the unit authorised is given back by itself
            return Binding("saved", saved)
        return Binding("failed" if state in ("failed", "cancelled") else "waiting")

    def charge(self, order: Order, token: str) -> Truth:
        """Charge a kept card; an order number serves once, so the second time only its status is read."""
        data = self._data(
            action="paytoken",
            amount=f"{order.amount:f}",
            currency=order.currency,
            description=order.purpose[:255],
            order_id=order.order_no,
            card_token=token,
        )
        said = self._post({"data": data, "signature": self.sign(data)})
        if said.get("err_code") in DUPLICATE:
            said = self._status(order.order_no) or {}
        if "amount" not in said and str(said.get("status", "")) in ("error", "failure"):
            return Truth(order.order_no, "", "failed", order.amount, order.currency)
        return self._truth(order.order_no, said)

    def forget(self, token: str, order_no: str) -> None:
        """The card's token is deleted (`token_update`); what LiqPay says against it is for a person to read."""
        what = {"action": "token_update", "card_token": token, "card_token_action": "DELETE"}
        data = self._data(**what)
        said = self._post({"data": data, "signature": self.sign(data)})
        if "error" in (said.get("result"), said.get("status")):
            raise GatewayError(f"LiqPay refused: {str(said.get('err_code'))[:60]}.", permanent=True)

    def _status(self, order_no: str) -> dict[str, Any] | None:
        data = self._data(action="status", order_id=order_no)
        said = self._post({"data": data, "signature": self.sign(data)})
        return None if UNKNOWN & {said.get("err_code"), said.get("code")} else said

    def _truth(self, order_no: str, said: dict[str, Any]) -> Truth:
        if str(said.get("order_id", "")) != order_no or said.get("public_key", self.keys.public) != self.keys.public:
            raise GatewayError("LiqPay answered about another order.", permanent=True)
        amount, back = wire.amount("LiqPay", said.get("amount")), wire.amount("LiqPay", said.get("refund_amount") or 0)
        state = self._state(str(said.get("status", "")))
        return Truth(
            order_no,
            str(said.get("payment_id") or said.get("transaction_id") or ""),
            "paid" if state == "refunded" and 0 < back < amount else state,  # given back in part
            amount,
            str(said.get("currency", "")),
            wire.amount("LiqPay", said.get("receiver_commission", 0)),
            _saved(said),
            back,
        )

    def sign(self, data: str) -> str:
        """base64(H(secret + data + secret)) with the version's H."""
        make = hashlib.sha3_256 if self.version >= SHA3_FROM else hashlib.sha1
        return base64.b64encode(make(f"{self.keys.secret}{data}{self.keys.secret}".encode()).digest()).decode()

    def _data(self, **fields: str) -> str:
        asked = {"public_key": self.keys.public, "version": self.version, **fields}
        return base64.b64encode(json.dumps(asked, ensure_ascii=False).encode()).decode()

    def _state(self, status: str) -> State:
        if status == "sandbox":
            return "paid" if self.is_test else "failed"
        return _STATES.get(status, "waiting")

    def _post(self, fields: dict[str, str]) -> dict[str, Any]:
        url = self.keys.settings.get("request_url") or REQUEST
        return wire.ask("LiqPay", url, urllib.parse.urlencode(fields).encode())[1]


def _saved(said: dict[str, Any]) -> Saved | None:
    """The kept card an answer names; of its number LiqPay shows the last two digits."""
    token = str(said.get("card_token") or "")
    return Saved(token, f"*{str(said.get('sender_card_mask2') or '').rpartition('*')[2]}") if token else None
