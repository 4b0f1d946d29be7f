"""Registers as CSV: encoding and separators as an accountant's program takes them, no cell a spreadsheet computes."""

import csv
import datetime as dt
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

from app.core.money import FOUR_PLACES, TWO_PLACES, half_up
from app.reports.render.xlsx import Column

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 1000
_PLACES = {"money": TWO_PLACES, "decimal4": FOUR_PLACES, "fine": FOUR_PLACES}


def write_register(
    out: BinaryIO,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    delimiter: str = ";",
    bom: bool = True,
    decimal_comma: bool = False,
) -> int:
    """Write a header and `rows` as UTF-8; strings that begin like a formula get an apostrophe. Returns the rows' count.

    Dates are ISO; numbers have a point, or a comma where the spreadsheet's country expects it.
    """
    if bom:
        out.write(BOM_UTF8)
    sink = _Lines()
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([neutral(column.title) for column in columns])
    writers = [_cell_writer(column.kind, decimal_comma) for column in columns]
    count = 0
    for chunk in _chunks(rows):
        writer.writerows([[write(value) for write, value in zip(writers, row, strict=True)] for row in chunk])
        count += len(chunk)
        out.write(sink.take())
    out.write(sink.take())
    return count


def neutral(text: str) -> str:
    """`text` that no spreadsheet takes for a formula, on one line."""
    text = text.replace("\x00", "").replace("\r\n", " ").replace("\n", " ")
    return f"'{text}" if text.startswith(_DANGEROUS) or text.lstrip().startswith(_DANGEROUS[:4]) else text


def _cell_writer(kind: str, decimal_comma: bool) -> Callable[[Any], str]:
    places = _PLACES.get(kind)

    def write(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return neutral(value)
        if isinstance(value, Decimal):
            text = f"{half_up(value, places) if places else value:f}"
            return text.replace(".", ",") if decimal_comma else text
        if isinstance(value, dt.datetime):
            return value.isoformat(" ", "seconds")
        if isinstance(value, dt.date):
            return value.isoformat()
        return str(value)

    return write


class _Lines:
    """What the csv module writes into, emptied chunk by chunk."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> int:
        self._lines.append(line)
        return len(line)

    def take(self) -> bytes:
        data = "".join(self._lines).encode("utf-8", "replace")
        self._lines.clear()
        return data


def _chunks(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    chunk: list[Sequence[Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
