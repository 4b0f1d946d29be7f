"""Which layout makes which document: (kind, country) → dotted path, extendable by configuration."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from app.core.errors import N_, DomainError
from app.reports.document import Document

KINDS = ("invoice", "act", "reconciliation", "charges")
GENERIC = "*"
_FAMILIES = {"UA": "ukrainian", "RU": "russian", "BY": "russian", "KZ": "russian", "PL": "polish", GENERIC: "generic"}

Layout = Callable[[Any], Document]

_paths: dict[tuple[str, str], str] = {
    (kind, country): f"app.reports.layouts.{kind}:{family}" for kind in KINDS for country, family in _FAMILIES.items()
}


class NoSuchLayout(DomainError):
    """No layout is known for this kind of document."""


def register(kind: str, country: str, path: str) -> None:
    """Let «package.module:function» lay out documents of `kind` of the seller's `country` («*»: any other)."""
    _paths[(kind, country)] = path


def layout_for(kind: str, country: str) -> Layout:
    """The layout of `kind` for a seller of `country` (ISO 3166 alpha-2); the generic one otherwise."""
    path = _paths.get((kind, country)) or _paths.get((kind, GENERIC))
    if path is None:
        raise NoSuchLayout(
            N_("There is no layout for documents of the kind %(kind)s. Add one to the registry."), kind=kind
        )
    module, _, function = path.partition(":")
    layout: Layout = getattr(import_module(module), function)
    return layout
