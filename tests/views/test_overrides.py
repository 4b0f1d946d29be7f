"""Every method and template of FAB that ours stand in for is pinned by its digest: an upgrade that changes one fails.

The list is found, not kept: whoever overrides one more reads the original first, and pins it in `fab_pins.txt`.
"""

import hashlib
import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_appbuilder
import pytest

import app

PINS = Path(__file__).with_name("fab_pins.txt")
THEIRS, OURS = Path(flask_appbuilder.__file__).parent / "templates", Path(app.__file__).parent / "templates"
AFTER = (
    "Read it and ours beside it, mend ours where it must follow, then write this digest into tests/views/fab_pins.txt"
)


def our_classes() -> Iterator[type]:
    """Every class of `app` that stands on one of FAB's."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        for thing in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(thing) and thing.__module__ == module.name and any(map(is_theirs, thing.__mro__)):
                yield thing


def is_theirs(thing: Any) -> bool:
    return str(thing.__module__).startswith("flask_appbuilder.")


def code_of(thing: Any) -> Any:
    """The function behind a method, a property or a class's method; None where it is only a value."""
    thing = thing.fget if isinstance(thing, property) else getattr(thing, "__func__", thing)
    return inspect.unwrap(thing) if inspect.isfunction(thing) else None


def overridden() -> dict[str, str]:
    """«FAB's method» → digest of its source, for each that a class of ours stands in for."""
    found: dict[str, str] = {}
    for ours in our_classes():
        for name, thing in vars(ours).items():
            above = next((one for one in ours.__mro__[1:] if name in vars(one) and is_theirs(one)), None)
            code = code_of(vars(above)[name]) if above is not None else None
            if above is not None and code is not None and code_of(thing) is not None and is_theirs(code):
                source = inspect.getsource(code).encode()
                found[f"{above.__module__}.{above.__qualname__}.{name}"] = hashlib.sha256(source).hexdigest()[:16]
    return found


def shadowed() -> dict[str, str]:
    """«template of FAB» → digest, for each whose name stands in our folder, too."""
    names = sorted(
        str(path.relative_to(OURS)) for path in OURS.rglob("*.html") if (THEIRS / path.relative_to(OURS)).exists()
    )
    return {name: hashlib.sha256((THEIRS / name).read_bytes()).hexdigest()[:16] for name in names}


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {**overridden(), **shadowed()}


@pytest.fixture(scope="module")
def pinned() -> dict[str, str]:
    lines = (line.split() for line in PINS.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return {name: digest for digest, name in lines}


def test_every_override_was_read_beside_its_original(found: dict[str, str], pinned: dict[str, str]) -> None:
    unread = [f"{found[name]} {name}" for name in sorted(set(found) - set(pinned))]
    assert not unread, f"Ours stand in for these of FAB, and nobody has pinned them. {AFTER}:\n" + "\n".join(unread)


def test_no_original_has_changed_since_it_was_read(found: dict[str, str], pinned: dict[str, str]) -> None:
    changed = [f"{found[name]} {name}" for name in sorted(set(found) & set(pinned)) if found[name] != pinned[name]]
    assert not changed, f"FAB has changed what ours stand in for. {AFTER}:\n" + "\n".join(changed)


def test_nothing_is_pinned_that_is_overridden_no_more(found: dict[str, str], pinned: dict[str, str]) -> None:
    assert not set(pinned) - set(found), (
        "FAB has lost these, or ours no longer stand in for them: look, then unpin them"
    )


def test_the_known_overrides_are_among_those_found(found: dict[str, str]) -> None:
    for name in (
        "models.sqla.interface.SQLAInterface.__init__",
        "models.sqla.interface.SQLAInterface.is_integer",
        "models.sqla.interface.SQLAInterface.is_numeric",
        "models.filters.BaseFilterConverter.convert",
        "security.sqla.manager.SecurityManager.register_views",
    ):
        assert any(one.endswith(name) for one in found), name
    assert "appbuilder/baselayout.html" in found
