"""Documents and registers as workbooks: numbers are numbers, dates are dates, totals are formulas with their figure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from itertools import chain
from typing import Any, BinaryIO

from app.core.errors import N_, DomainError
from app.reports import document as doc
from app.reports.render import sheet as sheets
from app.reports.render.plain import texts
from app.reports.render.text import clean

_PLACE = re.compile(r"\[([a-z_0-9]+)(?:\.([a-z_]+))?\]")
_DEFAULT_WIDTHS = {"text": 30, "int": 8, "money": 15, "fine": 15, "decimal4": 15, "date": 12, "datetime": 17}
_MM_PER_CHARACTER = 1.75
_TEXT_WIDTH = 46


class TooManyRows(DomainError):
    """A formatted document has more lines than a sheet of a workbook holds."""


# ---------------------------------------------------------------- registers


CURRENCIES = 20  # rows kept for totals below a register of several currencies


@dataclass(frozen=True)
class Column:
    """A column of a register. `kind`: text int money decimal4 quantity percent date datetime; width in characters.

    A register with a column of the kind `currency` (a text) has a total row for each currency.
    """

    title: str
    kind: str = "text"
    width: float = 0


def write_register(
    out: BinaryIO,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    totals: Sequence[str] = (),
    sheet: str = "Register",
    total_label: str = "",
    last_row: int = sheets.LAST_ROW,
) -> int:
    """Write `rows` under a frozen, filtered header; columns titled in `totals` are summed below. Returns their count.

    Rows beyond a sheet's 1 048 576 go on to further sheets; memory is that of a few hundred rows.
    """
    book = sheets.Book(out)
    register = _Register(book, columns, totals, sheet, last_row)
    source = iter(rows)
    register.part(source)
    for row in source:  # a row that did not fit begins a further sheet
        register.part(chain([row], source))
    register.end(total_label)
    book.close()
    return register.count


class _Register:
    """Sheets of one register, and what its total row will need."""

    def __init__(
        self, book: sheets.Book, columns: Sequence[Column], totals: Sequence[str], name: str, last: int
    ) -> None:
        self.last_row = last
        self.book, self.columns, self.name = book, columns, name
        self.letters = [sheets.column_letters(at) for at in range(len(columns))]
        kinds = ["text" if column.kind == "currency" else column.kind for column in columns]
        self.writers = [sheets.cell_writer(letter, kind) for letter, kind in zip(self.letters, kinds, strict=True)]
        self.summed = [at for at, column in enumerate(columns) if column.title in totals]
        self.currency = next((at for at, column in enumerate(columns) if column.kind == "currency"), None)
        self.sums: dict[str, dict[int, Decimal]] = {}  # by currency; by "" where there is none
        self.ranges: list[tuple[str, int]] = []  # sheet, last row
        self.count = 0
        self.sheet: sheets.Sheet | None = None

    def part(self, source: Iterator[Sequence[Any]]) -> None:
        """Fill one sheet."""
        if self.sheet is not None:
            self.sheet.end(self._filter())
        self.sheet = self.book.sheet(self.name)
        self.sheet.begin([c.width or _DEFAULT_WIDTHS.get(c.kind, 14) for c in self.columns], frozen_row=1)
        header = sheets.style("header")
        titles = (sheets.text_cell(f"{x}1", c.title, header) for x, c in zip(self.letters, self.columns, strict=True))
        self.sheet.row(1, "".join(titles))
        room, number = self.last_row - (1 if self.currency is None else CURRENCIES), 1  # kept for the totals
        chunk: list[str] = []
        writers, summed, currency = self.writers, self.summed, self.currency
        for row in source:
            number += 1
            cells = "".join([write(value, number) for write, value in zip(writers, row, strict=True)])
            chunk.append(f'<row r="{number}">{cells}</row>')
            sums = self._sums_of("" if currency is None else row[currency] or "")
            for at in summed:
                sums[at] += row[at] or 0
            if len(chunk) == 512:
                self.sheet.raw(chunk)
                chunk.clear()
            if number == room:
                break
        self.sheet.raw(chunk)
        self.count += number - 1
        self.ranges.append((self.book.names[-1], number))

    def _filter(self) -> str:
        return f"A1:{self.letters[-1]}{self.ranges[-1][1]}"

    def _sums_of(self, currency: str) -> dict[int, Decimal]:
        known = self.sums.get(currency)
        if known is None:
            known = self.sums[currency] = dict.fromkeys(self.summed, Decimal(0))
        return known

    def end(self, label: str) -> None:
        """The total rows, one a currency, then the filter over the rows above them."""
        if self.sheet is None:
            return
        if self.summed and self.count:
            for number, currency in enumerate(sorted(self.sums), start=self.ranges[-1][1] + 1):
                cells = [self._total_cell(at, number, label, currency) for at in range(len(self.columns))]
                self.sheet.row(number, "".join(cells))
        self.sheet.end(self._filter())

    def _total_cell(self, at: int, number: int, label: str, currency: str) -> str:
        reference, kind = f"{self.letters[at]}{number}", self.columns[at].kind
        if at in self.summed:
            return sheets.formula_cell(
                reference, self._sum(at, currency), self.sums[currency][at], sheets.style(kind, "total")
            )
        text = label if at == 0 else currency if at == self.currency else ""
        return sheets.text_cell(reference, text, sheets.style("text", "total")) if text else ""

    def _sum(self, at: int, currency: str) -> str:
        parts = [(name, end) for name, end in self.ranges if end > 1]

        def rows(column: int, name: str, end: int) -> str:
            cells = f"{self.letters[column]}2:{self.letters[column]}{end}"
            return cells if name == parts[-1][0] else f"'{name.replace(chr(39), chr(39) * 2)}'!{cells}"

        if self.currency is None:
            return f"=SUM({','.join(rows(at, *part) for part in parts)})"
        by = [f'SUMIF({rows(self.currency, *part)},"{currency}",{rows(at, *part)})' for part in parts]
        return f"={'+'.join(by)}"


# ---------------------------------------------------------------- documents


def render(document: doc.Document) -> bytes:
    """The workbook of `document`."""
    out = BytesIO()
    render_to(document, out)
    return out.getvalue()


def render_to(document: doc.Document, out: BinaryIO) -> None:
    """Write the workbook of `document` to `out`; its lines stream."""
    book = sheets.Book(out, level=3)
    page = _Page(book, document)
    for block in document.blocks:
        page.add(block)
    page.finish()
    book.close()


class _Page:
    """The sheet being filled: what stands above the table waits until the table's columns are known."""

    def __init__(self, book: sheets.Book, document: doc.Document) -> None:
        self.book, self.document = book, document
        self.row = 0
        self.waiting: list[doc.Block] = []
        self.sheet: sheets.Sheet | None = None
        self.columns: Sequence[doc.Column] = ()
        self.letters: list[str] = []
        self.ranges: dict[str, str] = {}
        self.named: dict[tuple[str, str], str] = {}
        self.filtered = ""
        self.merged: list[str] = []
        self.widths: list[float] = []

    def add(self, block: doc.Block) -> None:
        """Write `block`, or keep it until the first table says how wide the columns are."""
        if isinstance(block, doc.Table):
            if block.sheet and self.sheet is not None:
                self._end_sheet()
                self.waiting = [self.waiting_title()]
            if block.title:
                self.add(doc.Paragraph(block.title, bold=True))
            self._open(block)
            self._table(block)
        elif self.sheet is None:
            self.waiting.append(block)
        else:
            self._write(block)

    def waiting_title(self) -> doc.Heading:
        """The document's title, for a sheet of its own."""
        return doc.Heading(self.document.title)

    def finish(self) -> None:
        """Write what still waits and close the sheet."""
        if self.sheet is None:
            self._begin([14] * 6, 0, self.document.sheet)
        self._end_sheet()

    def _open(self, table: doc.Table) -> None:
        if self.sheet is not None:
            return
        widths = [
            max(c.width / _MM_PER_CHARACTER, len(c.title) * 0.6, 6) if c.width else _TEXT_WIDTH for c in table.columns
        ]
        header = 2 if any(column.group for column in table.columns) else 1
        above = sum(_rows_of(block) for block in self.waiting)
        self._begin(widths, above + header, table.sheet or self.document.sheet)

    def _begin(self, widths: Sequence[float], frozen: int, name: str) -> None:
        self.sheet, self.widths = self.book.sheet(name), list(widths)
        self.sheet.begin(widths, frozen, landscape=len(widths) > 6)
        self.row, self.filtered, self.merged = 0, "", []
        self.letters = [sheets.column_letters(at) for at in range(len(widths))]
        for block in self.waiting:
            self._write(block)
        self.waiting = []

    def _end_sheet(self) -> None:
        if self.sheet is not None:
            self.sheet.end(self.filtered, self.merged)
            if self.filtered:
                top = self.filtered.partition(":")[0].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                self.book.define("_xlnm.Print_Titles", f"${top}:${top}")
        self.sheet = None

    # -- rows

    def _cells(self, cells: str, height: float = 0) -> None:
        assert self.sheet is not None
        self.sheet.row(self.row, cells, height)

    def _line(self, text: str, kind: str = "wrap", bold: bool = False) -> None:
        """A text over the whole width."""
        self.row += 1
        if not text:
            return
        number = sheets.style("general", "bold") if bold else sheets.style(kind)
        lines = _lines(text, self.widths)
        if kind == "wrap" and len(self.letters) > 1 and lines > 1:
            self.merged.append(f"A{self.row}:{self.letters[-1]}{self.row}")
            number = sheets.style("wrap")
        self._cells(sheets.text_cell(f"A{self.row}", text, number), 15.0 * lines if lines > 1 else 0)

    def _write(self, block: doc.Block) -> None:
        if isinstance(block, doc.Totals):
            for total in block.rows:
                self._total(total)
            self.row += 1
            return
        kind = "title" if isinstance(block, doc.Heading) else "wrap"
        for text, bold in texts(block):
            self._line(text, kind, bold)
        if isinstance(block, (doc.Fields, doc.Parties, doc.BankBox, doc.Heading)):
            self.row += 1

    def _total(self, total: doc.Total) -> None:
        self.row += 1
        target = self._figure_column()
        label_at = next((at for at, column in enumerate(self.columns) if column.kind == "text"), 0)
        look = "bold"
        cells = [
            sheets.text_cell(f"{self.letters[label_at]}{self.row}", clean(total.label), sheets.style("general", look))
        ]
        if total.amount is not None:
            cells.append(self._figure(self.letters[target], total.formula, total.amount, "money", look))
        self._cells("".join(cells))

    def _figure_column(self) -> int:
        paper = [at for at, column in enumerate(self.columns) if column.kind in {"money", "fine"} and not column.only]
        return paper[-1] if paper else len(self.letters) - 1

    def _figure(self, letters: str, formula: str, value: Decimal, kind: str, look: str) -> str:
        reference = f"{letters}{self.row}"
        resolved = self._resolve(formula)
        if resolved:
            return sheets.formula_cell(reference, resolved, value, sheets.style(kind, look))
        return sheets.number_cell(reference, value, sheets.style(kind, look))

    def _resolve(self, formula: str) -> str:
        """`formula` with its places as references; empty where one of them is not there."""
        missing: list[str] = []

        def place(found: re.Match[str]) -> str:
            first, second = found[1], found[2]
            reference = self.named.get((first, second)) if second else self.ranges.get(first)
            if reference is None:
                missing.append(found[0])
            return reference or ""

        resolved = _PLACE.sub(place, formula)
        return "" if missing else resolved

    # -- tables

    def _table(self, table: doc.Table) -> None:
        if not self.filtered:
            self.columns = table.columns
        first = self._header(table.columns)
        header, start = self.row, 0
        letters = [self.letters[at] for at in first]
        plain = [sheets.cell_writer(x, c.kind, "boxed") for x, c in zip(letters, table.columns, strict=True)]
        last = header
        for row in table.rows:
            if isinstance(row, doc.Marked):
                if row.only != "pdf":
                    self._set_ranges(table, letters, start, last)
                    self.row += 1
                    self._marked(table, row, letters)
                continue
            self.row += 1
            start, last = start or self.row, self.row
            number = self.row
            self._cells("".join([write(value, number) for write, value in zip(plain, row, strict=True)]))
            if number > sheets.LAST_ROW - 50:
                raise TooManyRows(
                    N_("The document has more lines than a sheet holds. Take it as PDF or a shorter period.")
                )
        self._set_ranges(table, letters, start, last)
        if not self.filtered:
            self.filtered = f"{letters[0]}{header}:{letters[-1]}{max(last, header)}"
        self.row += 1

    def _set_ranges(self, table: doc.Table, letters: Sequence[str], start: int, last: int) -> None:
        if start:
            for column, letter in zip(table.columns, letters, strict=True):
                self.ranges[column.key] = f"{letter}{start}:{letter}{last}"

    def _header(self, columns: Sequence[doc.Column]) -> list[int]:
        """The header rows; which sheet columns the table takes (a narrow table stands on the right)."""
        taken = list(range(len(columns)))
        if len(columns) < len(self.letters):
            taken = [1, *range(len(self.letters) - len(columns) + 1, len(self.letters))]
        if any(column.group for column in columns):
            self.row += 1
            self._groups(columns, taken)
        self.row += 1
        header = sheets.style("header")
        cells = (
            sheets.text_cell(f"{self.letters[at]}{self.row}", c.title, header)
            for at, c in zip(taken, columns, strict=True)
        )
        self._cells("".join(cells), 30)
        return taken

    def _groups(self, columns: Sequence[doc.Column], taken: Sequence[int]) -> None:
        header = sheets.style("header")
        cells, before = [], ""
        for at, column in zip(taken, columns, strict=True):
            text = column.group if column.group != before else ""
            cells.append(sheets.text_cell(f"{self.letters[at]}{self.row}", clean(text), header))
            before = column.group
        for group in dict.fromkeys(column.group for column in columns if column.group):
            own = [self.letters[at] for at, column in zip(taken, columns, strict=True) if column.group == group]
            self.merged.append(f"{own[0]}{self.row}:{own[-1]}{self.row}")
        self._cells("".join(cells))

    def _marked(self, table: doc.Table, row: doc.Marked, letters: Sequence[str]) -> None:
        cells = []
        for column, letter, value in zip(table.columns, letters, row.cells, strict=True):
            if row.name:
                self.named[(row.name, column.key)] = f"{letter}{self.row}"
            if isinstance(value, doc.Formula):
                cells.append(self._figure(letter, value.text, value.value, column.kind, "total"))
            else:
                cells.append(sheets.cell_writer(letter, column.kind, "total")(value, self.row))
        self._cells("".join(cells))


def _lines(text: str, widths: Sequence[float]) -> int:
    room = max(sum(widths) * 0.95, 20)
    return sum(max(1, -(-len(part) // int(room))) for part in text.split("\n"))


def _rows_of(block: doc.Block) -> int:
    spaced = isinstance(block, (doc.Fields, doc.Parties, doc.BankBox, doc.Heading))
    return sum(1 for _ in texts(block)) + (1 if spaced else 0)
