"""A list as it comes: a file or pasted lines, its two columns guessed, with or without a header."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from app.core.errors import N_, Refused
from app.imports.fields import SUBSCRIBER_NAME, SUBSCRIBER_NUMBER
from app.imports.limits import Limits
from app.imports.mapping import RESULT_MARK
from app.imports.reading import Sheet, read_sheet
from app.imports.words import compact
from app.rules.dialling import looks_like_number
from app.services.importing import store_upload

SAMPLE = 100
MOST_LINES = Limits().rows  # of a list of the operator's own, whatever the Seller lets companies upload
LEADING = 10  # lines of headings that may stand above the first number

TWO_COLUMNS = N_(
    "A list has two columns: the number and the new name. Here there is only one. "
    "Delete what stands above the table, or part the two with a semicolon or a tab."
)
NO_SUCH_COLUMN = N_("Choose two different columns of the list: one with numbers, one with new names.")
NO_TEXT = N_("Paste the list first: a line for each subscriber, its number and its new name.")
TOO_MANY = N_("The list has %(count)s lines; at most %(limit)s are taken at once. Split it.")

_PARTED = re.compile(r"^[ \t]*(\+?\d[\d ()./–-]{4,24}\d)(?:[ \t]*[:=–—-][ \t]*|[ \t]+)(\S.*)$")
_NEW = frozenset(
    map(compact, ("new name", "новое имя", "новое название", "новое наименование", "нове ім'я", "нова назва"))
) | frozenset(map(compact, ("nowa nazwa", "nowe imię", "nuevo nombre")))
_NAMES = frozenset(map(compact, SUBSCRIBER_NAME.split("|")))
_NUMBERS = frozenset(map(compact, SUBSCRIBER_NUMBER.split("|")))


@dataclass(frozen=True)
class Columns:
    """Which columns of a list hold what, counted from 0, and whether its first line names them."""

    number: int
    name: int
    header: bool

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Columns":
        """From plain data."""
        return cls(int(data["number"]), int(data["name"]), bool(data["header"]))

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"number": self.number, "name": self.name, "header": self.header}


@dataclass
class Opened:
    """A list that was read."""

    sheet: Sheet
    columns: Columns

    @property
    def headers(self) -> list[str]:
        """What the columns are called on the page that lets a person choose them."""
        return list(self.sheet.headers)

    @property
    def sheets(self) -> dict[str, Any]:
        """Which sheet of a workbook was read, where there are others with lines."""
        return {"sheet": self.sheet.sheet_name, "others": self.sheet.other_sheets} if self.sheet.other_sheets else {}

    def __len__(self) -> int:
        return self.sheet.count + (not self.columns.header)

    def rows(self) -> Iterator[tuple[int, str, str]]:
        """(line, number, name) as written; lines of headings above the first number are left out."""
        number, name = self.columns.number, self.columns.name
        leading = LEADING if self.columns.header else 0
        if not self.columns.header:
            first = self.sheet.original_headers
            yield self.sheet.header_line, _cell(first, number), _cell(first, name)
        for row in self.sheet.rows:
            values = row.values
            if leading:
                leading -= 1
                if not any(ch.isdigit() for ch in values[number]) and compact(values[number]) in _NUMBERS:
                    continue
                leading = 0
            yield row.number, values[number], values[name]


def _cell(cells: list[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""


def open_list(source: Path, columns: Columns | None = None, limit: int = 0) -> Opened:
    """Read a list in the limited child; its columns are guessed unless they are given."""
    sheet = read_sheet(source, Limits())
    if len(sheet.headers) < 2:
        raise Refused(TWO_COLUMNS)
    chosen = columns or guess_columns(sheet)
    if chosen.number == chosen.name or not 0 <= min(chosen.number, chosen.name) <= max(
        chosen.number, chosen.name
    ) < len(sheet.headers):
        raise Refused(NO_SUCH_COLUMN)
    opened = Opened(sheet, chosen)
    if limit and len(opened) > limit:
        raise Refused(TOO_MANY, count=len(opened), limit=limit)
    return opened


def guess_columns(sheet: Sheet) -> Columns:
    """The column that looks most like numbers, and the one most likely to hold new names, in either order."""
    sample = [row.values for row in sheet.sample(SAMPLE)] or [sheet.original_headers]
    usable = [at for at, name in enumerate(sheet.headers) if not name.startswith(RESULT_MARK)]
    if len(usable) < 2:
        raise Refused(TWO_COLUMNS)
    share = {at: _share([_cell(values, at) for values in sample]) for at in usable}
    called = [compact(header) for header in sheet.headers]
    number = max(usable, key=lambda at: (share[at], called[at] in _NUMBERS, -at))
    others = [at for at in usable if at != number]
    name = min(others, key=lambda at: (_unlikely(called[at]), share[at] > 0.5, at < number, at))
    return Columns(number, name, not looks_like_number(_cell(sheet.original_headers, number)))


def _share(cells: list[str]) -> float:
    filled = [cell for cell in cells if cell.strip()]
    return round(sum(map(looks_like_number, filled)) / len(filled), 1) if filled else 0.0


def _unlikely(header: str) -> int:
    return 0 if header in _NEW else 1 if header in _NAMES else 2


def store_text(data_dir: Path, text: str) -> Path:
    """Pasted lines kept as a file; «0671234567 Olga» without any separator is cut after its number."""
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        raise Refused(NO_TEXT)
    if not any(sign in line for line in lines[:50] for sign in "\t;|,"):
        lines = [_PARTED.sub(r"\1" + "\t" + r"\2", line) for line in lines]
    stream: BinaryIO = io.BytesIO("\n".join(lines).encode("utf-8", "replace"))
    return store_upload(data_dir, stream)
