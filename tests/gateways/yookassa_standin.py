"""A stand-in for YooKassa on this machine, written from its public documentation (API v3): it keeps payments, saved
methods and idempotency keys, lets a customer do something on the payment page, and tells what it would notify of. It is
not the live gateway.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.gateways.loopback import HANG_UP, Answer, Request, serving


class YooKassaStandIn:
    """Payments and saved methods by id."""

    def __init__(self, shop: str, secret: str) -> None:
        self.shop, self.secret = shop, secret
        self.payments: dict[str, dict[str, Any]] = {}
        self.methods: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, tuple[str, tuple[int, dict[str, Any]]]] = {}
        self.url = ""
        self.is_down = False
        self.hangs_up_after = 0  # so many next POSTs do their work and never answer
        self.declines: set[str] = set()  # saved methods that have no money
        self.asked: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        pair = base64.b64encode(f"{self.shop}:{self.secret}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {pair}":
            return 401, {"type": "error", "code": "invalid_credentials"}
        if self.is_down:
            return 500, {"type": "error", "code": "internal_server_error"}
        if request.method == "GET":
            return self.get(request.path)
        said = self.post_once(request)
        if self.hangs_up_after:
            self.hangs_up_after -= 1
            return HANG_UP
        return said

    def get(self, path: str) -> Answer:
        parts = urlsplit(path)
        if parts.path == "/payments":
            rows = list(reversed(self.payments.values()))
            at = int(parse_qs(parts.query).get("cursor", ["0"])[0])
            more = {"next_cursor": str(at + 2)} if at + 2 < len(rows) else {}
            return 200, {"type": "list", "items": rows[at : at + 2], **more}
        known = self.methods if parts.path.startswith("/payment_methods/") else self.payments
        found = known.get(parts.path.rpartition("/")[2])
        return (200, found) if found else (404, {"type": "error", "code": "not_found"})

    def post_once(self, request: Request) -> tuple[int, dict[str, Any]]:
        key = request.headers["Idempotence-Key"]
        assert 0 < len(key) <= 64
        digest = request.path + request.body.decode()
        known = self.keys.get(key)
        if known is not None:
            return known[1] if known[0] == digest else (400, {"type": "error", "code": "invalid_request"})
        said = self.post(request.path, json.loads(request.body))
        self.keys[key] = (digest, said)
        return said

    def post(self, path: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if path.endswith("/capture"):
            found = self.payments[path.split("/")[2]]
            found["status"] = "succeeded"
            return 200, found
        number = f"2c{len(self.payments) + len(self.methods):06d}"
        page = {
            "type": "redirect",
            "confirmation_url": f"https://yoomoney.ru/checkout/payments/v2/contract?id={number}",
        }
        if path == "/payment_methods":
            self.methods[number] = {"id": number, "type": "bank_card", "status": "pending", "saved": False}
            return 200, self.methods[number] | {"confirmation": page}
        assert path == "/payments" and len(asked["description"]) <= 128
        made = self.payments[number] = {
            "id": number,
            "status": "pending",
            "amount": asked["amount"],
            "metadata": asked["metadata"],
            "recipient": {"account_id": self.shop, "gateway_id": "1"},
            "keep": bool(asked.get("save_payment_method")),
        }
        token = asked.get("payment_method_id")
        if token is None:
            return 200, made | {"confirmation": page}
        if token not in self.methods:
            return 400, {"type": "error", "code": "invalid_request"}
        made["status"] = "canceled" if token in self.declines else "succeeded"
        return 200, made

    # -- what a customer does, and what is notified of -----------------------------------------------------------

    def pay(self, number: str, status: str = "succeeded", **changed: Any) -> bytes:
        found = self.payments[number]
        found |= {"status": status} | changed
        value = float(found["amount"]["value"])
        found["income_amount"] = {"value": f"{value * 0.965:.2f}", "currency": found["amount"]["currency"]}
        found["payment_method"] = {"id": number, "type": "bank_card", "saved": found["keep"], "card": {"last4": "4444"}}
        if found["keep"]:
            self.methods[number] = found["payment_method"]
        return self.notify(f"payment.{status}", found)

    def keep(self, number: str) -> bytes:
        self.methods[number] |= {"status": "active", "saved": True, "card": {"last4": "4477"}}
        return self.notify("payment_method.active", self.methods[number])

    def notify(self, event: str, about: dict[str, Any]) -> bytes:
        return json.dumps({"type": "notification", "event": event, "object": about}).encode()


@contextmanager
def standing(shop: str = "100500", secret: str = "test_secret") -> Iterator[YooKassaStandIn]:
    """The stand-in served on loopback."""
    stand_in = YooKassaStandIn(shop, secret)
    with serving(stand_in.answer) as url:
        stand_in.url = url
        yield stand_in
