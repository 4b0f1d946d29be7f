"""JSON lists: one item after another with the line it stands on, numbers kept as written."""

import json
import re
from collections.abc import Iterator
from typing import Any

from app.core.errors import N_, Refused

SPACE = re.compile(r"[ \t\r\n]*")
BROKEN = N_("Line %(line)s is not valid JSON. Save the list again, or check that the file was uploaded whole.")
NO_LIST = N_("The file holds no list of objects. Choose a JSON file that is a list, or an object with a list in it.")

_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def iter_items(text: str) -> Iterator[tuple[int, Any]]:
    """(line, item) of the list `text` is, or of the first list of objects inside the object it is, or of its objects
    with their names as «id»."""
    at = _skip(text, 0)
    if text[at : at + 1] == "{":
        found = _find_list(text, at)
        if found is None:
            yield from _members(text, at)
            return
        at = found
    if text[at : at + 1] != "[":
        raise Refused(NO_LIST)
    yield from _items(text, at)


def _find_list(text: str, at: int) -> int | None:
    """Where the first member that is a list of objects starts; None where every member is an object itself."""
    others = False
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        _, at = _decode(text, at)
        at = _expect(text, at, ":")
        if text[at : at + 1] == "[" and text[_skip(text, at + 1) :][:1] == "{":
            return at
        others = others or text[at : at + 1] != "{"
        _, at = _decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    if others or text[at - 1 : at] == "{":
        raise Refused(NO_LIST)
    return None


def _members(text: str, at: int) -> Iterator[tuple[int, Any]]:
    """Objects that an object holds under their names."""
    line, counted = 1, 0
    at = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        line += text.count("\n", counted, at)
        counted = at
        name, at = _decode(text, at)
        item, at = _decode(text, _expect(text, at, ":"))
        yield line, {"id": name, **item}
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            return
        at = _skip(text, at + 1)


def _items(text: str, at: int) -> Iterator[tuple[int, Any]]:
    line, counted = 1, 0
    at = _skip(text, at + 1)
    if text[at : at + 1] == "]":
        return
    while True:
        line += text.count("\n", counted, at)
        counted = at
        item, at = _decode(text, at)
        yield line, item
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return
        at = _expect(text, at, ",")


def _decode(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except ValueError as error:
        raise _broken(text, getattr(error, "pos", at)) from error


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise _broken(text, at)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _broken(text: str, at: int) -> Refused:
    return Refused(BROKEN, line=text.count("\n", 0, at) + 1)
