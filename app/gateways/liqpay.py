"""LiqPay: cards and Privat24 in Ukraine.

`data` is JSON in base64, `signature` = base64(H(secret + data + secret)); H is SHA3-256 from version 7 on,
SHA-1 before (liqpay.ua documentation; the vectors are in the tests). The callback is checked by the configured
version's H alone, so a weaker signature opens nothing.

Settings of a way: version (7), checkout_url, request_url, test («1»: payments of the test mode count).
"""

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.parse
import urllib.request
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy.orm import Session

from app.core.money import half_up
from app.gateways.base import Callback, Forged, GatewayError, Handover, Keys, Order, State, Truth

CHECKOUT = "https://www.liqpay.ua/api/3/checkout"
REQUEST = "https://www.liqpay.ua/api/request"
TIMEOUT = 20  # seconds
SHA3_FROM = 7
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
        data = self._data(
            action="pay",
            amount=f"{order.amount:f}",
            currency=order.currency,
            description=order.purpose[:255],
            order_id=order.order_no,
            result_url=order.return_url,
            server_url=order.callback_url,
            language=LANGUAGES.get(order.locale, "en"),
        )
        fields = {"data": data, "signature": self.sign(data)}
        return Handover(self.keys.settings.get("checkout_url") or CHECKOUT, fields)

    def order_of(self, callback: Callback) -> str:
        """The order of a signed callback."""
        data = callback.form.get("data", "")
        if not data or not hmac.compare_digest(callback.form.get("signature", "").encode(), self.sign(data).encode()):
            raise Forged()
        said = _read(base64.b64decode(data))
        if said.get("public_key") != self.keys.public:
            raise Forged("The callback is of another shop.")
        return str(said.get("order_id", ""))

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """The status of an order, asked of LiqPay's server."""
        data = self._data(action="status", order_id=order_no)
        said = self._post({"data": data, "signature": self.sign(data)})
        if (
            said.get("err_code") in ("payment_not_found", "err_payment_not_found")
            or said.get("code") == "payment_not_found"
        ):
            return None
        if str(said.get("order_id", "")) != order_no or said.get("public_key", self.keys.public) != self.keys.public:
            raise GatewayError("LiqPay answered about another order.", permanent=True)
        return Truth(
            order_no,
            str(said.get("payment_id") or said.get("transaction_id") or ""),
            self._state(str(said.get("status", ""))),
            _amount(said.get("amount")),
            str(said.get("currency", "")),
            _amount(said.get("receiver_commission", 0)),
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
        asked = urllib.request.Request(url, urllib.parse.urlencode(fields).encode())  # noqa: S310  # a setting
        try:
            with urllib.request.urlopen(asked, timeout=TIMEOUT) as answer:  # noqa: S310
                return _read(answer.read(1_000_000))
        except OSError as error:
            raise GatewayError(f"LiqPay cannot be reached ({type(error).__name__}).") from error


def _read(content: bytes) -> dict[str, Any]:
    try:
        said = json.loads(content, parse_float=Decimal)
    except ValueError as error:
        raise GatewayError("LiqPay's words cannot be read.") from error
    if not isinstance(said, dict):
        raise GatewayError("LiqPay's words cannot be read.")
    return said


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise GatewayError("LiqPay's amount cannot be read.") from error
    if not amount.is_finite():
        raise GatewayError("LiqPay's amount cannot be read.")
    return half_up(amount)
