"""Operators and platforms by name: dotted paths, so that configuration can add one without touching this code."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from app.provisioning.base import Operator, OperatorError
from app.provisioning.platforms import Platform, PlatformError

PATHS: Mapping[str, str] = {
    "simulated": "app.provisioning.simulated:SimulatedOperator",
    "by_hand": "app.provisioning.by_hand:ByHand",
}


def open_operator(
    name: str, settings: Mapping[str, Any], folder: Path, more: Mapping[str, str] | None = None
) -> Operator:
    """The operator of this name with its settings; `folder` is where it may keep files; `more` adds to PATHS."""
    path = {**PATHS, **(more or {})}.get(name)
    if path is None:
        raise OperatorError(f"There is no operator {name!r}. Choose one in the Seller's settings.")
    module, _, attribute = path.partition(":")
    operator: Operator = getattr(import_module(module), attribute)(dict(settings), folder)
    return operator


PLATFORMS: Mapping[str, str] = {
    "simulated": "app.provisioning.simulated_platform:SimulatedPlatform",
    "by_hand": "app.provisioning.by_hand_platform:ByHandPlatform",
}


def open_platform(name: str, folder: Path, more: Mapping[str, str] | None = None) -> Platform:
    """The platform of this name; `folder` is where it may keep files; `more` adds to PLATFORMS."""
    path = {**PLATFORMS, **(more or {})}.get(name)
    if path is None:
        raise PlatformError(f"There is no platform {name!r}. Choose one in the plan.", permanent=True)
    module, _, attribute = path.partition(":")
    platform: Platform = getattr(import_module(module), attribute)(folder)
    return platform
