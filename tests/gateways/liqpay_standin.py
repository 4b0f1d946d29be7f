"""A stand-in for LiqPay on this machine, written from its public documentation: it keeps orders, checks signatures of
the configured version, answers «status», and tells what it would call back. It is not the live gateway.
"""

import base64
import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LiqPayStandIn:
    """Orders by number, as the gateway would know them."""

    def __init__(self, public: str, secret: str, version: int) -> None:
        self.public, self.secret, self.version = public, secret, version
        self.orders: dict[str, dict[str, Any]] = {}
        self.is_down = False
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
        return self.callback(asked["order_id"])

    def callback(self, order_no: str) -> dict[str, str]:
        data = base64.b64encode(json.dumps(self.orders[order_no]).encode()).decode()
        return {"data": data, "signature": self.sign(data)}

    def answer(self, fields: dict[str, str]) -> dict[str, Any]:
        asked = self.open(fields["data"], fields["signature"])
        assert asked["action"] == "status"
        return self.orders.get(asked["order_id"], {"result": "error", "err_code": "payment_not_found"})


@contextmanager
def standing(public: str = "i0", secret: str = "s0", version: int = 7) -> Iterator[LiqPayStandIn]:
    """The stand-in served on loopback."""
    stand_in = LiqPayStandIn(public, secret, version)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            fields = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
            status = 503 if stand_in.is_down else 200
            content = json.dumps({} if stand_in.is_down else stand_in.answer(fields)).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}/api/request"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
