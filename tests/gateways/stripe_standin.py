"""A stand-in for Stripe on this machine, written from its public documentation: Checkout Sessions, PaymentIntents,
idempotency keys and signed webhooks, asked by the official library. It is not the live gateway.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.gateways.loopback import HANG_UP, Answer, Request, serving

NEVER, ASKS = "pm_declined", "pm_authenticate"  # kept cards: without money, and wanting their owner


class StripeStandIn:
    """Sessions and intents by id."""

    def __init__(self, key: str, webhook_secret: str) -> None:
        self.key, self.webhook_secret = key, webhook_secret
        self.sessions: dict[str, dict[str, Any]] = {}
        self.intents: dict[str, dict[str, Any]] = {}
        self.cards: dict[str, str | None] = {"pm_1": "cus_1", "pm_kept": "cus_2"}  # whose each kept card is
        self.keys: dict[str, tuple[str, tuple[int, dict[str, Any]]]] = {}
        self.url = ""
        self.is_down = False
        self.hangs_up_after = 0
        self.posts = 0

    def answer(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "invalid_request_error", "invalid_api_key")
        if self.is_down:
            return _error(500, "api_error", "down")
        parts = urlsplit(request.path)
        if request.method == "GET":
            return self.get(parts.path, dict(parse_qsl(parts.query)))
        key, digest = request.headers["Idempotency-Key"], request.path + request.body.decode()
        known = self.keys.get(key)
        if known is None:
            self.posts += 1
            known = self.keys[key] = (digest, self.post(parts.path, dict(parse_qsl(request.body.decode()))))
        if known[0] != digest:
            return _error(400, "idempotency_error", "keys")
        if self.hangs_up_after:
            self.hangs_up_after -= 1
            return HANG_UP
        return known[1]

    def get(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/v1/payment_intents/search":
            number = query["query"].split("'")[3]
            rows = [one for one in self.intents.values() if one["metadata"].get("order_no") == number]
            return 200, {"object": "search_result", "data": rows, "has_more": False, "url": path}
        if path.startswith("/v1/payment_methods/"):
            return self.card(path.rpartition("/")[2])
        found = {**self.sessions, **self.intents}.get(path.rpartition("/")[2])
        if found is None:
            return _error(404, "invalid_request_error", "resource_missing")
        setup = found.get("setup_intent")
        if setup and query.get("expand[0]") != "setup_intent.payment_method":
            return 200, found | {"setup_intent": setup["id"]}
        return 200, found

    def card(self, number: str) -> tuple[int, dict[str, Any]]:
        if number not in self.cards:
            return _error(404, "invalid_request_error", "resource_missing")
        return 200, {"id": number, "object": "payment_method", "customer": self.cards[number]}

    def post(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path.endswith("/detach"):
            number = path.split("/")[3]
            if self.cards[number] is None:  # as their documentation says: not attached, so it cannot be detached
                return _error(400, "invalid_request_error", "payment_method_unexpected_state")
            self.cards[number] = None
            return self.card(number)
        metadata = {"order_no": asked["metadata[order_no]"]}
        if path == "/v1/checkout/sessions":
            number = f"cs_test_{len(self.sessions)}"
            self.sessions[number] = {
                "id": number,
                "object": "checkout.session",
                "mode": asked["mode"],
                "status": "open",
                "payment_status": "unpaid",
                "client_reference_id": asked["client_reference_id"],
                "metadata": metadata,
                "amount_total": int(asked.get("line_items[0][price_data][unit_amount]", 0)),
                "currency": asked.get("line_items[0][price_data][currency]", asked.get("currency")),
                "url": f"https://checkout.stripe.com/c/pay/{number}",
                "keep": asked.get("payment_intent_data[setup_future_usage]"),
                "payment_intent": None,
            }
            return 200, self.sessions[number]
        assert path == "/v1/payment_intents" and asked["off_session"] == asked["confirm"] == "true"
        intent = self.intent(metadata | {"kind": "charge"}, int(asked["amount"]), asked["currency"])
        intent["customer"] = asked["customer"]
        if asked["payment_method"] in (NEVER, ASKS):
            intent |= {"status": "requires_payment_method", "amount_received": 0}
            code = "card_declined" if asked["payment_method"] == NEVER else "authentication_required"
            return _error(402, "card_error", code)
        return 200, intent

    def intent(self, metadata: dict[str, str], cents: int, currency: str) -> dict[str, Any]:
        number = f"pi_{len(self.intents)}"
        fee = {"id": f"txn_{number}", "object": "balance_transaction", "fee": 59, "currency": currency}
        made = self.intents[number] = {
            "id": number,
            "object": "payment_intent",
            "status": "succeeded",
            "metadata": metadata,
            "amount": cents,
            "amount_received": cents,
            "currency": currency,
            "payment_method": {"id": f"pm_{number}", "object": "payment_method", "card": {"last4": "4242"}},
            "latest_charge": {"id": "ch_1", "object": "charge", "refunded": False, "balance_transaction": fee},
        }
        return made

    # -- what a customer does, and the webhook ------------------------------------------------------------------

    def pay(self, number: str, cents: int | None = None, currency: str | None = None) -> tuple[bytes, dict[str, str]]:
        session = self.sessions[number]
        intent = self.intent(session["metadata"], cents or session["amount_total"], currency or session["currency"])
        intent |= {"customer": "cus_1", "setup_future_usage": session["keep"]}
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent["id"]}
        return self.webhook("checkout.session.completed", session)

    def keep(self, number: str) -> tuple[bytes, dict[str, str]]:
        method = {"id": "pm_kept", "object": "payment_method", "card": {"last4": "5556"}}
        setup = {"id": "seti_1", "object": "setup_intent", "status": "succeeded", "payment_method": method}
        self.sessions[number] |= {"status": "complete", "customer": "cus_2", "setup_intent": setup}
        return self.webhook("checkout.session.completed", self.sessions[number])

    def webhook(self, kind: str, about: dict[str, Any], at: int | None = None) -> tuple[bytes, dict[str, str]]:
        body = json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": about}}).encode()
        stamp = at or int(time.time())
        signature = hmac.digest(self.webhook_secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hex()
        return body, {"Stripe-Signature": f"t={stamp},v1={signature}"}


def _error(status: int, kind: str, code: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"type": kind, "code": code, "message": code}}


@contextmanager
def standing(key: str = "sk_test_1", webhook_secret: str = "whsec_1") -> Iterator[StripeStandIn]:
    """The stand-in served on loopback."""
    stand_in = StripeStandIn(key, webhook_secret)
    with serving(stand_in.answer) as url:
        stand_in.url = url
        yield stand_in
