"""The limited process in which a file is parsed; `reading.py` starts it and reads what it writes.

It gets the file as standard input, writes rows as JSON lines into the inherited descriptor and one JSON object, the
outcome, to standard output. It imports no room but core, so that it starts in hundredths of a second.
"""

import json
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from itertools import dropwhile
from typing import Any, BinaryIO, TextIO

from app.core.errors import N_, DomainError, Refused
from app.imports.header_line import without_titles
from app.imports.limits import Limits
from app.imports.package import DAMAGED, ENCRYPTED, check_package

ROWS_A_LINE = 500
HEADER_CHARACTERS = 200
BLANK = " \t\r\n\v\f,;|\u00a0\ufeff"  # a line of nothing else says nothing

EMPTY = N_("The file is empty. Choose the file again.")
NO_LINES = N_("The file has no lines. Choose the file again.")
TOO_MANY_ROWS = N_("The table has more than %(limit)s lines. Split it into smaller files.")
TOO_MANY_COLUMNS = N_("Line %(line)s has %(count)s columns; at most %(limit)s are read. Delete the columns not needed.")
TOO_MANY_CELLS = N_("The table has more than %(limit)s cells. Delete the columns that are not needed, or split it.")
LONG_CELL = N_("Line %(line)s has a cell longer than %(limit)s characters. Shorten it, or check for a missing quote.")
LONG_HEADER = N_(
    "Column %(column)s has a header longer than %(limit)s characters. Put short column names into the first line."
)
OLD_EXCEL = N_("This is an old Excel file (XLS). Open it, save it as «Excel Workbook (*.xlsx)» and upload that.")
FOREIGN = N_("This is %(what)s, not a table. Save the table as XLSX or CSV and upload that.")
TOO_DEEP = N_("The file is nested too deeply to be a list. Check that it is the right file.")

SIGNATURES = (
    (b"%PDF", N_("a PDF document")),
    (b"{\\rtf", N_("a text document")),
    (b"\x1f\x8b", N_("a packed archive")),
    (b"7z\xbc\xaf\x27\x1c", N_("a packed archive")),
    (b"Rar!", N_("a packed archive")),
    (b"BZh", N_("a packed archive")),
    (b"\xfd7zXZ", N_("a packed archive")),
    (b"\x89PNG", N_("a picture")),
    (b"\xff\xd8\xff", N_("a picture")),
    (b"GIF8", N_("a picture")),
    (b"\x7fELF", N_("a program")),
    (b"MZ\x90", N_("a program")),
    (b"SQLite format 3", N_("a database")),
)
MARKUP = (b"<?xml", b"<!doctype", b"<html", b"<table", b"<workbook")


def main() -> None:
    """Limit this process, parse standard input, report the outcome."""
    limits = Limits(**json.loads(sys.argv[2]))
    restrict(limits)
    with os.fdopen(int(sys.argv[3]), "w", encoding="utf-8", newline="") as out:
        outcome = outcome_of(sys.argv[4], limits, out)
    sys.stdout.write(json.dumps(outcome))


def restrict(limits: Limits) -> None:
    """Memory, processor time and output of this process; no core file of what it read."""
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.result_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (int(value), int(value)))


def outcome_of(mode: str, limits: Limits, out: TextIO) -> dict[str, Any]:
    """What came of parsing: the sheet's description, or the refusal."""
    stream: BinaryIO = sys.stdin.buffer
    try:
        return READERS[mode](stream, limits, out)
    except DomainError as refusal:
        return {"refused": refusal.text, "params": refusal.params}
    except RecursionError:
        return {"refused": TOO_DEEP, "params": {}}


def read_table(stream: BinaryIO, limits: Limits, out: TextIO) -> dict[str, Any]:
    """Write the lines of a table into `out` and describe it."""
    head = stream.read(4096)
    stream.seek(0)
    check_signature(head, stream)
    if head.startswith(b"PK"):
        return read_workbook(stream, limits, out)
    from app.imports.text import iter_records

    encoding, delimiter, records = iter_records(stream, limits)
    description = write_rows(without_titles(nonblank(records, limits)), limits, out, {})
    return {**description, "format": "csv", "encoding": encoding, "delimiter": delimiter}


def read_workbook(stream: BinaryIO, limits: Limits, out: TextIO) -> dict[str, Any]:
    """An XLSX: its package is checked, then its first sheet is read."""
    check_package(stream, limits)
    stream.seek(0)
    from app.imports.spreadsheet import DATE, NUMBER, first_sheet, iter_rows

    name, others, sheet = first_sheet(stream, limits)
    header_line, _ = next(without_titles(nonblank(iter_rows(sheet, {}), limits)), (0, []))
    kinds: dict[int, int] = {}
    rows = nonblank(iter_rows(sheet, kinds), limits)
    table = dropwhile(lambda row: row[0] < header_line, rows)
    description = write_rows(table, limits, out, kinds)
    return {
        **description,
        "format": "xlsx",
        "sheet_name": name,
        "other_sheets": others,
        "number_columns": sorted(column for column, kind in kinds.items() if kind == NUMBER),
        "date_columns": sorted(column for column, kind in kinds.items() if kind == DATE),
    }


def check_signature(head: bytes, stream: BinaryIO) -> None:
    """Refuse what is visibly another kind of file, naming it; the ending of the name plays no part."""
    if not head.strip():
        raise Refused(EMPTY)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        encrypted = "EncryptedPackage".encode("utf-16-le") in stream.read()
        raise Refused(ENCRYPTED if encrypted else OLD_EXCEL)
    for signature, what in SIGNATURES:
        if head.startswith(signature):
            raise Refused(FOREIGN, what=what)
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip().lower()
    if start.startswith(MARKUP):
        raise Refused(FOREIGN, what=N_("a web page or an XML document"))
    if start.startswith((b'{"', b"[{", b"{\n", b"[\n", b"{\r", b"[\r")):
        raise Refused(FOREIGN, what=N_("a JSON list"))


def write_rows(
    pending: Iterator[tuple[int, list[str]]], limits: Limits, out: TextIO, kinds: dict[int, int]
) -> dict[str, Any]:
    """The table from its header on, caps kept: [number, cell, …] in JSON lists of some hundred rows.

    Blank header cells at the end are columns only where some line has something under them.
    """
    header_line, header = next(pending, (0, []))
    if not header_line:
        raise Refused(NO_LINES)
    check_header(header)
    kinds.clear()
    named = filled_width(header)
    count, cells, widest, batch = 0, 0, named, []
    for number, row in pending:
        count += 1
        cells += len(row)
        if len(row) > widest:
            widest = max(widest, filled_width(row))
        batch.append([number, *row])
        if count > limits.rows:
            raise Refused(TOO_MANY_ROWS, limit=limits.rows)
        if cells > limits.cells:
            raise Refused(TOO_MANY_CELLS, limit=limits.cells)
        if len(batch) == ROWS_A_LINE:
            write_batch(batch, out)
            batch = []
    if batch:
        write_batch(batch, out)
    return {"header": header[: max(named, min(len(header), widest))], "header_line": header_line, "count": count}


def filled_width(row: list[str]) -> int:
    """How many cells remain without the blank ones at the end."""
    width = len(row)
    while width and not row[width - 1].strip():
        width -= 1
    return width


def write_batch(batch: list[list[Any]], out: TextIO) -> None:
    """One JSON line."""
    out.write(json.dumps(batch, ensure_ascii=False, check_circular=False, separators=(",", ":")))
    out.write("\n")


def nonblank(rows: Iterable[tuple[int, list[str]]], limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Rows with something in them, each within the caps."""
    longest = limits.cell_characters
    for number, row in rows:
        if not "".join(row).strip(BLANK):
            continue
        if len(row) > limits.columns:
            raise Refused(TOO_MANY_COLUMNS, line=number, count=len(row), limit=limits.columns)
        if len(max(row, key=len)) > longest:
            raise Refused(LONG_CELL, line=number, limit=longest)
        yield number, row


def check_header(header: list[str]) -> None:
    """A header of a thousand characters is no header."""
    for column, name in enumerate(header, 1):
        if len(name.strip()) > HEADER_CHARACTERS:
            raise Refused(LONG_HEADER, column=column, limit=HEADER_CHARACTERS)


def read_list(stream: BinaryIO, limits: Limits, out: TextIO) -> dict[str, Any]:
    """A JSON list of objects (or an object holding one): each item with its line; numbers stay as written."""
    from app.imports.items import iter_items
    from app.imports.text import decode, detect_encoding

    head = stream.read(4096)
    stream.seek(0)
    if not head.strip():
        raise Refused(EMPTY)
    content = stream.read()
    encoding = detect_encoding(content)
    count = 0
    for number, item in iter_items(decode(content, encoding).removeprefix("\ufeff")):
        count += 1
        if count > limits.rows:
            raise Refused(TOO_MANY_ROWS, limit=limits.rows)
        write_batch([[number, item]], out)
    if not count:
        raise Refused(NO_LINES)
    return {"format": "json", "encoding": encoding, "count": count}


def read_rates(stream: BinaryIO, limits: Limits, out: TextIO) -> dict[str, Any]:
    """A central bank's XML or JSON as a table of rates."""
    from app.imports import bankrates

    return bankrates.read_rates(stream, limits, out)


READERS = {"table": read_table, "list": read_list, "rates": read_rates}
__all__ = ["DAMAGED", "main"]
