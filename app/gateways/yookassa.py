"""YooKassa (API v3): cards, purses and banks in Russia.

The shop's number and its secret key are Basic authorisation; `Idempotence-Key` is our order number, so the same order
asked for again (within the day that YooKassa remembers keys) is the same payment. Notifications carry no signature:
what they name is read again with our own keys, and the address they come from is checked besides. A payment of two
stages is captured when it is looked at.

Settings of a way: api_url, vat_code (then a fiscal receipt for the advance goes along, to the payer's e-mail).
"""

import base64
import ipaddress
import json
import urllib.parse
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.gateways import wire
from app.gateways.base import Binding, Callback, Forged, GatewayError, Handover, Heard, Keys, Order, Saved, State, Truth

API = "https://api.yookassa.ru/v3"
PAGES = 5  # of the newest payments, looked through for an order whose number at YooKassa we never heard
FROM = tuple(
    ipaddress.ip_network(one)
    for one in (
        "185.71.76.0/27",
        "185.71.77.0/27",
        "77.75.153.0/25",
        "77.75.154.128/25",
        "77.75.156.11/32",
        "77.75.156.35/32",
        "2a02:5180:0:1509::/64",
        "2a02:5180:0:2655::/64",
        "2a02:5180:0:1533::/64",
        "2a02:5180:0:2669::/64",
    )
)
_STATES: dict[str, State] = {"succeeded": "paid", "canceled": "failed"}
REFUSED = (400, 402, 404, 422)  # what is asked cannot be done; 401 and 403 are about our keys


class YooKassaGateway:
    """Cards, purses and banks through YooKassa."""

    code = "yookassa"

    def __init__(self, session: Session, keys: Keys) -> None:
        self.keys = keys
        self.api = (keys.settings.get("api_url") or API).rstrip("/")

    def hand_over(self, order: Order) -> Handover:
        """A payment at YooKassa and the page where it is confirmed."""
        body = self._body(order) | {"confirmation": {"type": "redirect", "return_url": order.return_url}}
        if order.save:
            body["save_payment_method"] = True
        return self._page(self._must("/payments", body, wire.key_of(order.order_no, body)))

    def hand_over_saving(self, order: Order) -> Handover:
        """A card kept without paying."""
        confirmation = {"type": "redirect", "return_url": order.return_url}
        body = {"type": "bank_card", "confirmation": confirmation}
        return self._page(self._must("/payment_methods", body, wire.key_of(order.order_no, body)))

    def hear(self, callback: Callback) -> Heard:
        """What a notification names: nothing of it is believed, but one from elsewhere is not even looked at."""
        if not _is_theirs(callback.address):
            raise Forged("The notification does not come from YooKassa.")
        said = _object(wire.read("YooKassa", callback.body).get("object"))
        external = str(said.get("payment_id") or said.get("id") or "")  # a refund names its payment
        if not external:
            raise Forged("The notification names nothing.")
        return Heard(str(_object(said.get("metadata")).get("order_no") or ""), external)

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """The payment itself; one whose number we never heard is looked for among the newest."""
        found = self._payment(external_id) if external_id else self._search(order_no)
        if found is None:
            return None
        if order_no and _order_no(found) != order_no:
            raise GatewayError("YooKassa answered about another order.", permanent=True)
        if found.get("status") == "waiting_for_capture":
            found = self._must(f"/payments/{_safe(str(found['id']))}/capture", {}, f"capture-{found['id']}"[:64])
        return self._truth(found)

    def ask_saving(self, order_no: str, external_id: str = "") -> Binding | None:
        """Whether the card is kept."""
        status, said = self._call(f"/payment_methods/{_safe(external_id)}") if external_id else (404, {})
        if status == 404:
            return None
        _need_ok(status, said)
        if said.get("status") == "active" and said.get("saved") is True:
            return Binding("saved", _saved(said))
        return Binding("failed" if said.get("status") == "inactive" else "waiting")

    def charge(self, order: Order, token: str) -> Truth:
        """A payment from a kept method, without its owner."""
        body = self._body(order) | {"payment_method_id": token}
        status, said = self._call("/payments", body, order.order_no)
        if status in REFUSED:
            return Truth(order.order_no, "", "failed", order.amount, order.currency)
        _need_ok(status, said)
        return self._truth(said)

    # -- the wire -----------------------------------------------------------------------------------------------

    def _body(self, order: Order) -> dict[str, Any]:
        amount = {"value": f"{order.amount:.2f}", "currency": order.currency}
        body: dict[str, Any] = {
            "amount": amount,
            "capture": True,
            "description": order.purpose[:128],
            "metadata": {"order_no": order.order_no},
        }
        vat = self.keys.settings.get("vat_code")
        if vat and order.email:
            item = {
                "description": order.purpose[:128],
                "quantity": "1.00",
                "amount": amount,
                "vat_code": int(vat),
                "payment_subject": "payment",
                "payment_mode": "advance",
            }
            body["receipt"] = {"customer": {"email": order.email}, "items": [item]}
        return body

    def _page(self, said: dict[str, Any]) -> Handover:
        url = str(_object(said.get("confirmation")).get("confirmation_url") or "")
        if not url:
            raise GatewayError("YooKassa named no page.", permanent=True)
        return Handover(url, external_id=str(said.get("id", "")))

    def _payment(self, external_id: str) -> dict[str, Any] | None:
        status, said = self._call(f"/payments/{_safe(external_id)}")
        if status == 404:
            return None
        _need_ok(status, said)
        return said

    def _search(self, order_no: str) -> dict[str, Any] | None:
        cursor, found = "", []
        for _ in range(PAGES):
            more = f"&cursor={urllib.parse.quote(cursor)}" if cursor else ""
            status, said = self._call(f"/payments?limit=100{more}")
            _need_ok(status, said)
            found += [one for one in map(_object, said.get("items") or []) if _order_no(one) == order_no]
            cursor = str(said.get("next_cursor") or "")
            if found or not cursor:
                break
        return min(found, key=lambda one: one.get("status") != "succeeded", default=None)

    def _must(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        status, said = self._call(path, body, key)
        _need_ok(status, said)
        return said

    def _call(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> tuple[int, dict[str, Any]]:
        pair = base64.b64encode(f"{self.keys.public}:{self.keys.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        if body is None:
            return wire.ask("YooKassa", f"{self.api}{path}", None, headers)
        headers |= {"Content-Type": "application/json", "Idempotence-Key": key[:64]}
        return wire.ask("YooKassa", f"{self.api}{path}", json.dumps(body, ensure_ascii=False).encode(), headers)

    def _truth(self, said: dict[str, Any]) -> Truth:
        shop = str(_object(said.get("recipient")).get("account_id") or self.keys.public)
        if shop != self.keys.public:
            raise GatewayError("YooKassa answered about another shop.", permanent=True)
        amount = _money(said.get("amount"))
        income = _money(said["income_amount"]) if said.get("income_amount") else amount
        back = _money(said["refunded_amount"]) if said.get("refunded_amount") else Decimal(0)
        state = _STATES.get(str(said.get("status", "")), "waiting")
        method = _object(said.get("payment_method"))
        return Truth(
            _order_no(said),
            str(said.get("id", "")),
            "refunded" if state == "paid" and back >= amount else state,
            amount,
            str(_object(said.get("amount")).get("currency", "")),
            max(amount - income, Decimal(0)),
            _saved(method) if method.get("saved") is True else None,
            back,
        )


def _is_theirs(address: str) -> bool:
    """Whether a notification's address is YooKassa's, or tells nothing: a proxy's of our own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return True
    return not found.is_global or any(found in network for network in FROM)


def _need_ok(status: int, said: dict[str, Any]) -> None:
    if status not in (200, 201) or said.get("type") in ("error", "processing"):
        code = str(said.get("code") or status)
        raise GatewayError(f"YooKassa refused: {code[:60]}.", permanent=status != 202)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _order_no(said: dict[str, Any]) -> str:
    return str(_object(said.get("metadata")).get("order_no") or "")


def _money(value: Any) -> Decimal:
    return wire.amount("YooKassa", _object(value).get("value"))


def _saved(method: dict[str, Any]) -> Saved:
    last = _object(method.get("card")).get("last4")
    return Saved(str(method.get("id", "")), f"*{last}" if last else str(method.get("title") or "")[:40])


def _safe(number: str) -> str:
    return urllib.parse.quote(number, safe="")
