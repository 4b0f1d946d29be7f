"""A stand-in for LiqPay on this machine, written from its public documentation: it keeps orders, checks signatures of
the configured version, answers «status» and «paytoken», and tells what it would call back. It is not the live gateway.
"""

import base64
import hashlib
import json
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.gateways.loopback import HANG_UP, Answer, Request, serving


class LiqPayStandIn:
    """Orders by number, as the gateway would know them."""

    def __init__(self, public: str, secret: str, version: int) -> None:
        self.public, self.secret, self.version = public, secret, version
        self.orders: dict[str, dict[str, Any]] = {}
        self.is_down = False
        self.hangs_up_after = 0  # so many next charges take the money and never answer
        self.deleted: list[str] = []  # tokens the shop had deleted
        self.declines: set[str] = set()  # tokens of cards without money
        self.url = ""

    def sign(self, data: str) -> str:
        make = hashlib.sha3_256 if self.version >= 7 else hashlib.sha1
        return base64.b64encode(make(f"{self.secret}{data}{self.secret}".encode()).digest()).decode()

    def open(self, data: str, signature: str) -> dict[str, Any]:
        assert signature == self.sign(data), "the shop's signature is wrong"
        asked = json.loads(base64.b64decode(data))
        assert asked["public_key"] == self.public and asked["version"] == self.version
        return dict(asked)

    def checkout(self, fields: dict[str, str], status: str = "success", **changed: Any) -> dict[str, str]:
        """The customer at the payment page does something; the callback the gateway would send."""
        asked = self.open(fields["data"], fields["signature"])
        known = self.orders.setdefault(
            asked["order_id"], {"payment_id": 1000 + len(self.orders), "receiver_commission": 1.5}
        )
        known |= {
            "public_key": self.public,
            "order_id": asked["order_id"],
            "amount": float(asked["amount"]),
            "currency": asked["currency"],
            "status": status,
        } | changed
        if asked.get("recurringbytoken") == "1" and status in ("success", "reversed"):
            known |= {"card_token": f"token{known['payment_id']}", "sender_card_mask2": "424242*42"}
        return self.callback(asked["order_id"])

    def callback(self, order_no: str) -> dict[str, str]:
        data = base64.b64encode(json.dumps(self.orders[order_no]).encode()).decode()
        return {"data": data, "signature": self.sign(data)}

    def answer(self, request: Request) -> Answer:
        fields = dict(urllib.parse.parse_qsl(request.body.decode()))
        if self.is_down:
            return 503, {}
        asked = self.open(fields["data"], fields["signature"])
        unknown = {"result": "error", "err_code": "payment_not_found"}
        if asked["action"] == "status":
            return 200, self.orders.get(asked["order_id"], unknown)
        if asked["action"] == "token_update":
            assert asked["card_token_action"] == "DELETE"
            self.deleted.append(asked["card_token"])
            if self.hangs_up_after:
                self.hangs_up_after -= 1
                return HANG_UP
            gone = {"tokenRef": asked["card_token"], "status": "DELETED"}
            return 200, {"status": "success", "card_token": asked["card_token"], "card_token_info": gone}
        assert asked["action"] == "paytoken"
        said = self.pay_by_token(asked)
        if self.hangs_up_after:
            self.hangs_up_after -= 1
            return HANG_UP
        return 200, said

    def pay_by_token(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["order_id"] in self.orders:
            return {"result": "error", "status": "error", "err_code": "order_id_duplicate"}
        self.orders[asked["order_id"]] = {
            "payment_id": 1000 + len(self.orders),
            "public_key": self.public,
            "order_id": asked["order_id"],
            "amount": float(asked["amount"]),
            "currency": asked["currency"],
            "status": "failure" if asked["card_token"] in self.declines else "success",
        }
        return self.orders[asked["order_id"]]


@contextmanager
def standing(public: str = "i0", secret: str = "s0", version: int = 7) -> Iterator[LiqPayStandIn]:
    """The stand-in served on loopback."""
    stand_in = LiqPayStandIn(public, secret, version)

    with serving(stand_in.answer) as url:
        stand_in.url = f"{url}/api/request"
        yield stand_in
