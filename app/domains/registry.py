"""Registers of domain names by name: dotted paths, so that configuration can add one without touching this code."""

from collections.abc import Mapping
from importlib import import_module

from sqlalchemy.orm import Session

from app.domains.base import DomainRegister, DomainsError

PATHS: Mapping[str, str] = {"own": "app.domains.own:OwnRegister"}


def open_register(
    session: Session, name: str = "own", suffix: str = "", more: Mapping[str, str] | None = None
) -> DomainRegister:
    """The register of this name; `more` adds to PATHS or replaces in it."""
    path = {**PATHS, **(more or {})}.get(name)
    if path is None:
        raise DomainsError(f"There is no register of domains {name!r}.", permanent=True)
    module, _, attribute = path.partition(":")
    register: DomainRegister = getattr(import_module(module), attribute)(session, suffix)
    return register
