"""A list of subscribers' numbers with what is wanted for each, pasted or from a file: columns found, lines kept.

Shared by every bulk operation on subscribers: each says which columns it wants and by which words they are known. A
list without a header is read too: the first line that holds a number is a line.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.errors import N_, Refused
from app.imports import text as texts
from app.imports.reading import Source, read_sheet
from app.rules.dialling import is_number

NUMBER = "number"
NUMBER_WORDS = (
    *("number", "phone", "phone number", "msisdn", "subscriber", "line", "номер", "номер телефону", "телефон"),
    *("абонент", "номер абонента", "номер телефона", "numer", "numer telefonu", "telefon", "abonent"),
)
MAX_LINES = 50_000
SAMPLE = 50
TITLES = 5  # lines that may stand above the header

NOTHING = N_("The list is empty. Put one subscriber's number on each line.")
TOO_LONG = N_("The list has %(count)s lines; at most %(limit)s are taken at a time. Split it into smaller lists.")
NO_NUMBERS = N_("No column of the list holds subscribers' numbers. Name the column «Number», or put numbers first.")

Columns = Mapping[str, Sequence[str]]  # what is wanted → the words its header may have, in the customary order


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it came: its number in the file (from 1) and its cells."""

    at: int
    cells: list[str]


@dataclass(frozen=True)
class NumberList:
    """A list that was read; `columns` says where what stands."""

    headers: list[str]
    lines: list[Line]
    columns: dict[str, int]
    sheets: dict[str, Any] = field(default_factory=dict)  # which sheet was read, where a workbook has others

    def cell(self, line: Line, what: str) -> str:
        """The cell of a wanted column, trimmed; empty where the list has none."""
        at = self.columns.get(what)
        return line.cells[at].strip() if at is not None and at < len(line.cells) else ""


def read_file(source: Source, columns: Columns, limit: int = MAX_LINES) -> NumberList:
    """An XLSX or CSV."""
    sheet = read_sheet(source)
    first = Line(sheet.header_line, list(sheet.original_headers))
    rest = (Line(row.number, [*row.values, *row.surplus]) for row in sheet.rows)
    found = _listed(first, rest, sheet.count, columns, limit)
    others = sheet.other_sheets
    return replace(found, sheets={"sheet": sheet.sheet_name, "others": others}) if others else found


def read_paste(text: str, columns: Columns, limit: int = MAX_LINES) -> NumberList:
    """Lines from a clipboard: cells apart by tabs, semicolons or commas; one line of numbers is as many lines."""
    lines = [Line(at, cells) for at, cells in _records(text.replace("\x00", "")) if any(map(str.strip, cells))]
    if len(lines) == 1 and len(lines[0].cells) > 1 and all(is_number(cell) for cell in lines[0].cells):
        lines = [Line(at, [cell]) for at, cell in enumerate(lines[0].cells, 1)]
    if not lines:
        raise Refused(NOTHING)
    return _listed(lines[0], lines[1:], len(lines) - 1, columns, limit)


def _records(text: str) -> Iterable[tuple[int, list[str]]]:
    delimiter = next((sign for sign in "\t;|," if sign in text), "\t")
    if '"' not in text:
        return ((at, line.split(delimiter)) for at, line in enumerate(text.splitlines(), 1))
    csv.field_size_limit(texts.SAMPLE)
    try:
        return list(enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1))
    except csv.Error as error:
        raise Refused(texts.OPEN_QUOTE, line=1) from error


def _listed(first: Line, rest: Iterable[Line], count: int, columns: Columns, limit: int) -> NumberList:
    if count + 1 > limit + 1:
        raise Refused(TOO_LONG, count=count, limit=limit)
    lines = [first, *rest]
    header = _header_among(lines[:TITLES], columns)
    if header is None and not any(is_number(cell) for cell in first.cells):
        header = 0
    headers = [cell.strip() for cell in lines[header].cells] if header is not None else []
    lines = lines[header + 1 :] if header is not None else lines
    if not lines:
        raise Refused(NOTHING)
    found = _find(headers, columns) if headers else _by_order(lines[0], columns)
    if NUMBER not in found:
        found[NUMBER] = _column_of_numbers(lines)
    return NumberList(headers, lines, found)


def _header_among(lines: Sequence[Line], columns: Columns) -> int | None:
    """Which of the first lines names the numbers; titles above it are left out."""
    return next((at for at, line in enumerate(lines) if NUMBER in _find(line.cells, columns)), None)


def _find(headers: Sequence[str], columns: Columns) -> dict[str, int]:
    """Wanted columns by their words, each header once."""
    found: dict[str, int] = {}
    spelled = [" ".join(header.lower().replace("_", " ").strip(" .:*№#").split()) for header in headers]
    for what, words in columns.items():
        at = next((at for at, name in enumerate(spelled) if name in words and at not in found.values()), None)
        if at is not None:
            found[what] = at
    return found


def _by_order(line: Line, columns: Columns) -> dict[str, int]:
    """Without a header the columns stand in their customary order, counted from the numbers'."""
    start = next(at for at, cell in enumerate(line.cells) if is_number(cell))
    return {what: start + place for place, what in enumerate(columns)}


def _column_of_numbers(lines: Sequence[Line]) -> int:
    width = max(len(line.cells) for line in lines[:SAMPLE])
    counts = [sum(is_number(line.cells[at]) for line in lines[:SAMPLE] if at < len(line.cells)) for at in range(width)]
    best = max(range(width), key=lambda at: (counts[at], -at))
    if not counts[best]:
        raise Refused(NO_NUMBERS)
    return best
