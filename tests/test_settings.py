"""Every setting of config.py stands in the table of docs/operating.md with its default, and nothing else does."""

import ast
import inspect
import re
from pathlib import Path

import config
from config import Settings

ROOT = Path(__file__).resolve().parents[1]
READERS = {"get", "_flag", "_number"}


def read_by_config() -> set[str]:
    """Names of the environment that config.py asks for."""
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(config))) if isinstance(node, ast.Call)]
    named = {getattr(node.func, "attr", getattr(node.func, "id", "")): node for node in calls}
    assert set(named) >= READERS
    return {
        str(node.args[0].value)
        for node in calls
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in READERS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def told_by_the_table() -> dict[str, str]:
    """Name → default, as docs/operating.md says; `A`, `B` | 1, 2 are two settings."""
    told: dict[str, str] = {}
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    table = re.search(r"\| name \| default \|.*?\n\n", text, re.DOTALL)
    assert table
    for line in table[0].splitlines()[2:]:
        if line.strip():
            names, default, meaning = [cell.strip() for cell in line.strip("|").split("|", 2)]
            found = re.findall(r"`([A-Z_]+)`", names)
            assert meaning, line
            parts = [part.strip(" `") for part in default.split(",")] if len(found) > 1 else [default.strip(" `")]
            told |= dict(zip(found, parts, strict=True))
    return told


def test_the_table_of_settings_is_what_the_program_reads() -> None:
    assert set(told_by_the_table()) == read_by_config()


def test_the_defaults_of_the_table_are_the_programs() -> None:
    told, ours = told_by_the_table(), Settings()
    for name, default in told.items():
        value = getattr(ours, name.lower(), None)
        if isinstance(value, int) and not isinstance(value, bool):
            assert default == str(value), name
        elif isinstance(value, str) and value and name != "SECRET_KEY":
            assert default in (value, value.removesuffix(".")), name


def test_readme_and_documents_name_no_setting_that_is_not_there() -> None:
    known = read_by_config() | {"ADMINISTRATOR_PASSWORD", "CREATEROLE", "FLUSHALL"}
    for path in (ROOT / "README.md", ROOT / "docs" / "operating.md"):
        named = set(re.findall(r"\b([A-Z][A-Z_]{3,})=", path.read_text("utf-8")))
        assert named <= known, (path.name, named - known)
