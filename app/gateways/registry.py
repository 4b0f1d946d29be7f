"""Gateways by name: dotted paths, so that configuration can add one without touching this code."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.gateways.base import Gateway, GatewayError, Keys

PATHS: Mapping[str, str] = {
    "sandbox": "app.gateways.sandbox:SandboxGateway",
    "bank_transfer": "app.gateways.bank_transfer:BankTransferGateway",
    "liqpay": "app.gateways.liqpay:LiqPayGateway",
    "yookassa": "app.gateways.yookassa:YooKassaGateway",
    "stripe": "app.gateways.stripe_checkout:StripeGateway",
}

HOSTS: Mapping[str, tuple[str, ...]] = {  # where a customer may be sent to pay
    "liqpay": ("www.liqpay.ua",),
    "yookassa": ("yoomoney.ru", "yookassa.ru"),
    "stripe": ("checkout.stripe.com",),
}
SETTINGS: Mapping[str, tuple[str, ...]] = {  # what staff may set of a way, besides its keys
    "liqpay": ("version", "test", "checkout_url", "request_url", "hosts"),
    "yookassa": ("api_url", "vat_code", "hosts"),
    "stripe": ("api_base", "hosts"),
}


def is_known_host(name: str, url: str, settings: Mapping[str, str]) -> bool:
    """Whether customers may be sent to `url`: one of the gateway's own hosts over HTTPS, or one that staff named."""
    parts = urlsplit(url)
    if parts.hostname in settings.get("hosts", "").split():
        return parts.scheme in ("https", "http")
    return parts.scheme == "https" and parts.hostname in HOSTS.get(name, ())


def can_keep(name: str) -> bool:
    """Whether this gateway keeps cards for later (`base.Keeping`)."""
    path = PATHS.get(name)
    return path is not None and hasattr(_class_at(path), "charge")


def can_forget(name: str) -> bool:
    """Whether this gateway can be told to let go of a kept card (`base.Forgetting`)."""
    path = PATHS.get(name)
    return path is not None and hasattr(_class_at(path), "forget")


def open_gateway(name: str, session: Session, keys: Keys, more: Mapping[str, str] | None = None) -> Gateway:
    """The gateway of this name with a Seller's keys; `more` adds to PATHS or replaces in it."""
    path = {**PATHS, **(more or {})}.get(name)
    if path is None:
        raise GatewayError(f"There is no gateway {name!r}.", permanent=True)
    gateway: Gateway = _class_at(path)(session, keys)
    return gateway


def _class_at(path: str) -> Any:
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)
