"""A small HTTP server on this machine for stand-ins of gateways: real requests, answered by a function."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """What a shop asked."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


HANG_UP = object()  # the connection is closed without an answer: what a time-out looks like to the shop
Answer = tuple[int, Any] | object


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[str]:
    """The address at which `answer` serves."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            said = answer(Request(self.command, self.path, dict(self.headers), self.rfile.read(length)))
            if said is HANG_UP:
                self.close_connection = True
                return
            assert isinstance(said, tuple)
            body = json.dumps(said[1]).encode()
            self.send_response(said[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
