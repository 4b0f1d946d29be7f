"""What gateways share on the wire: JSON asked over HTTPS with a limit and a time-out, and amounts read with care."""

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from app.core.money import half_up
from app.gateways.base import GatewayError

TIMEOUT = 20  # seconds
LARGEST = 1_000_000  # bytes of an answer


def ask(
    who: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of an answer (POST with a body, else GET); GatewayError where nobody answers."""
    asked = urllib.request.Request(url, body, dict(headers or {}))  # noqa: S310  # a setting of the way
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT) as answer:  # noqa: S310
            return answer.status, read(who, answer.read(LARGEST))
    except urllib.error.HTTPError as error:
        with error:
            if error.code >= 500 or error.code == 429:
                raise GatewayError(f"{who} cannot do it now ({error.code}).") from error
            return error.code, read(who, error.read(LARGEST))
    except OSError as error:
        raise GatewayError(f"{who} cannot be reached ({type(error).__name__}).") from error


def read(who: str, content: bytes) -> dict[str, Any]:
    """A JSON object; GatewayError for anything else."""
    try:
        said = json.loads(content, parse_float=Decimal)
    except ValueError as error:
        raise GatewayError(f"{who}'s words cannot be read.") from error
    if not isinstance(said, dict):
        raise GatewayError(f"{who}'s words cannot be read.")
    return said


def amount(who: str, value: Any) -> Decimal:
    """An amount of an answer, two decimals."""
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise GatewayError(f"{who}'s amount cannot be read.") from error
    if not found.is_finite():
        raise GatewayError(f"{who}'s amount cannot be read.")
    return half_up(found)


def key_of(order_no: str, asked: Mapping[str, Any]) -> str:
    """An idempotency key for what is asked about an order: a page in another language is another thing to ask for."""
    said = json.dumps(asked, sort_keys=True, default=str).encode()
    return f"{order_no}-{hashlib.sha256(said).hexdigest()[:12]}"
