"""XLSX: the first sheet with lines, each cell as the text a person would type."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.core.errors import N_, Refused
from app.imports.limits import Limits
from app.imports.package import DAMAGED

EXACT_INTEGER = 2**53
NO_SHEET = N_("The workbook has no sheet with lines. Put the table on its first sheet and upload it again.")
TOO_MANY_ROWS = N_(
    "The table has %(count)s lines; at most %(limit)s are read. Split it, or delete what stands far below it."
)
TOO_MANY_COLUMNS = N_(
    "The table has %(count)s columns; at most %(limit)s are read. Delete the columns that are not needed."
)
TEXT, NUMBER, DATE = 1, 2, 4


def first_sheet(stream: BinaryIO, limits: Limits) -> tuple[str, list[str], Any]:
    """(its name, the names of the others, the sheet) of the first visible sheet that has cells."""
    try:
        workbook = CalamineWorkbook.from_filelike(stream)
        visible = [
            sheet.name
            for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        for name in visible:
            sheet = workbook.get_sheet_by_name(name)
            if sheet.end is not None:
                _check_size(sheet, limits)
                return name, [other for other in visible if other != name], sheet
    except (CalamineError, OSError, ValueError) as error:
        raise Refused(DAMAGED) from error
    raise Refused(NO_SHEET)


def _check_size(sheet: Any, limits: Limits) -> None:
    last_row, last_column = sheet.end
    if last_column >= limits.columns:
        raise Refused(TOO_MANY_COLUMNS, count=last_column + 1, limit=limits.columns)
    if last_row > limits.rows:
        raise Refused(TOO_MANY_ROWS, count=last_row, limit=limits.rows)


def iter_rows(sheet: Any, kinds: dict[int, int]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the numbers the spreadsheet shows; `kinds` gathers which kinds of cells each column has."""
    for number, row in enumerate(sheet.iter_rows(), 1):
        for column, cell in enumerate(row):
            if cell.__class__ is str:
                if cell:
                    kinds[column] = kinds.get(column, 0) | TEXT
            else:
                row[column], kind = cell_text(cell)
                kinds[column] = kinds.get(column, 0) | kind
        yield number, row


def cell_text(cell: Any) -> tuple[str, int]:
    """The cell as text and its kind: «20» and never «20.0», 15 digits as spreadsheets show, ISO dates."""
    if cell.__class__ is float:
        if cell.is_integer() and abs(cell) < EXACT_INTEGER:
            return str(int(cell)), NUMBER
        text = f"{cell:.15g}"
        return (text if "e" not in text else f"{Decimal(text):f}"), NUMBER
    if cell.__class__ is bool:
        return ("Yes" if cell else "No"), TEXT
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds"), DATE
    if isinstance(cell, dt.date):
        return cell.isoformat(), DATE
    if isinstance(cell, dt.time):
        return cell.isoformat(timespec="seconds"), TEXT
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(int(cell.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}", TEXT
    return str(cell), NUMBER
