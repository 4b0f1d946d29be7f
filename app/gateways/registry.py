"""Gateways by name: dotted paths, so that configuration can add one without touching this code."""

from collections.abc import Mapping
from importlib import import_module

from sqlalchemy.orm import Session

from app.gateways.base import Gateway, GatewayError, Keys

PATHS: Mapping[str, str] = {
    "sandbox": "app.gateways.sandbox:SandboxGateway",
    "liqpay": "app.gateways.liqpay:LiqPayGateway",
}


def open_gateway(name: str, session: Session, keys: Keys, more: Mapping[str, str] | None = None) -> Gateway:
    """The gateway of this name with a Seller's keys; `more` adds to PATHS or replaces in it."""
    path = {**PATHS, **(more or {})}.get(name)
    if path is None:
        raise GatewayError(f"There is no gateway {name!r}.", permanent=True)
    module, _, attribute = path.partition(":")
    gateway: Gateway = getattr(import_module(module), attribute)(session, keys)
    return gateway
