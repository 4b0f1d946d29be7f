"""The accountant's own book, uploaded: its columns guessed by their headers, its lines read, and matched with ours."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO

from app.core.errors import N_, DomainError, Refused
from app.imports import values
from app.imports.reading import Row, Sheet, read_sheet
from app.rules.reconciling import Reconciliation, StatementLine, reconcile, seen_by_us
from app.services.cabinet.statement import Statement

LONGEST = 50_000
# What a column may be called, in small letters; the first header that fits a word is taken.
HEADERS: dict[str, tuple[str, ...]] = {
    "day": ("date", "дата", "data", "day", "день", "күні"),
    "number": ("number", "номер", "№", "no.", "numer", "nr", "document", "документ", "dokument", "нөмірі"),
    "debit": ("debit", "дебет", "дебіт", "дебет", "winien", "wn", "оплачено", "сплачено"),
    "credit": ("credit", "кредит", "ma", "отримано", "получено", "начислено"),
    "amount": ("amount", "сумма", "сума", "kwota", "сомасы"),
    "text": ("operation", "операц", "purpose", "призначення", "назначение", "зміст", "содержание", "treść", "opis"),
}


@dataclass(frozen=True)
class Unread:
    """A line of their file that could not be read, with the reason (an English sentence and its parameters)."""

    line_number: int
    content: str
    error: DomainError


@dataclass(frozen=True)
class TheirBook:
    """Their lines in their own terms (what they paid is their debit), and those that could not be read."""

    lines: list[StatementLine]
    unread: list[Unread]
    columns: Mapping[str, str]  # our word → their header


def read_book(source: bytes | BinaryIO) -> TheirBook:
    """A CSV or XLSX with a date and either debit and credit, or one amount (a plus is a debit)."""
    sheet = read_sheet(source)
    if sheet.count > LONGEST:
        raise Refused(N_("The file has %(found)s lines, at most %(limit)s fit."), found=sheet.count, limit=LONGEST)
    columns = guess_columns(sheet.headers)
    if "day" not in columns or not ({"debit", "credit"} <= set(columns) or "amount" in columns):
        raise Refused(
            N_("The file needs columns named «Date», «Debit» and «Credit». Found: %(found)s."),
            found=", ".join(sheet.headers[:12]),
        )
    return _read(sheet, columns)


def guess_columns(headers: list[str]) -> dict[str, str]:
    """Our word → the header of theirs; each header is taken once, exact names before those that have a word in them."""
    found: dict[str, str] = {}
    plain = {header: " ".join(header.casefold().split()) for header in headers}
    for exact in (True, False):
        for word, names in HEADERS.items():
            if word in found:
                continue
            for header, text in plain.items():
                fits = text in names if exact else any(len(name) > 2 and name in text for name in names)
                if fits and header not in found.values():
                    found[word] = header
                    break
    return found


def _read(sheet: Sheet, columns: Mapping[str, str]) -> TheirBook:
    sample = [row.cells for row in sheet.sample(500)]
    dates = values.infer_dates([cells[columns["day"]] for cells in sample])
    money = [columns[name] for name in ("debit", "credit", "amount") if name in columns]
    numbers = values.infer_numbers([cells[name] for cells in sample for name in money])
    lines: list[StatementLine] = []
    unread: list[Unread] = []
    for row in sheet.rows:
        try:
            line = _line(row, columns, dates, numbers)
        except DomainError as error:
            unread.append(Unread(row.number, " · ".join(value for value in row.values if value)[:160], error))
            continue
        if line is not None:
            lines.append(line)
    return TheirBook(lines, unread, columns)


def _line(
    row: Row, columns: Mapping[str, str], dates: values.DateStyle, numbers: values.NumberStyle
) -> StatementLine | None:
    cells = row.cells
    day_text = values.clean(cells[columns["day"]])
    debit, credit = (_money(cells.get(columns.get(name, ""), ""), numbers) for name in ("debit", "credit"))
    if "debit" not in columns or "credit" not in columns:
        amount = _money(cells[columns["amount"]], numbers)
        debit, credit = max(amount, Decimal(0)), max(-amount, Decimal(0))
    if not day_text and (not any(values.clean(v).isdigit() for v in row.values) or debit or credit):
        return None  # a total or a balance beneath the table is no operation
    if not debit and not credit:
        return None
    return StatementLine(
        day=values.parse_date(day_text, dates),
        number=values.clean(cells.get(columns.get("number", ""), ""))[:120],
        debit=debit,
        credit=credit,
        text=values.clean(cells.get(columns.get("text", ""), ""))[:300],
        line_number=row.number,
    )


def _money(cell: str, style: values.NumberStyle) -> Decimal:
    return values.parse_money(cell, style) if values.clean(cell) else Decimal(0)


def compare(ours: Statement, book: TheirBook, their_opening: Decimal | None) -> Reconciliation:
    """Both books in our terms. Their opening debt to us is ours where they did not say."""
    start, end = ours.period.start, ours.period.end
    inside = [line for line in book.lines if start <= line.day < end]
    opening = ours.balance.opening if their_opening is None else their_opening
    return reconcile(ours.balance.opening, [one.line for one in ours.operations], opening, seen_by_us(inside))


def outside(ours: Statement, book: TheirBook) -> int:
    """How many of their lines lie outside the period and were left out."""
    days: list[dt.date] = [line.day for line in book.lines]
    return sum(not ours.period.start <= day < ours.period.end for day in days)
