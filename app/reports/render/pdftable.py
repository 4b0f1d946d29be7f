"""Tables on pages: measured once, drawn row by row from an iterator, header and running totals on every page."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.reports import document as doc
from app.reports.formats import Formats
from app.reports.render.page import MM, Pages, measure
from app.reports.render.text import clean

_RIGHT = {"quantity", "price", "money", "fine"}
_CENTER = {"int", "date", "percent"}
_ROW_LINES = 12  # lines of one cell; longer texts end there
_CELL_CAP = 600
LEAST = 30 * MM  # a table begins where this much is left
_HEADER_GRAY, _MARKED_GRAY = 0.92, 0.96


class _Grid:
    """Columns of a table in points, and how each formats and aligns its values."""

    def __init__(self, pages: Pages, table: doc.Table, formats: Formats) -> None:
        self.columns = [column for column in table.columns if column.only in {"", "pdf"}]
        self.taken = [at for at, column in enumerate(table.columns) if column.only in {"", "pdf"}]
        self.all_taken = len(self.taken) == len(table.columns)
        self.pages, self.size, self.pad = pages, table.size, 1 * MM
        fixed = sum(column.width for column in self.columns) * MM
        flexible = sum(1 for column in self.columns if not column.width) or 1
        share = max((pages.room - fixed) / flexible, 15 * MM)
        self.widths = [column.width * MM or share for column in self.columns]
        self.lefts = [pages.left + sum(self.widths[:at]) for at in range(len(self.widths))]
        self.right = pages.left + sum(self.widths)
        self.aligns = ["right" if c.kind in _RIGHT else "center" if c.kind in _CENTER else "left" for c in self.columns]
        self.shows: list[Callable[[Any], str]] = [_shower(formats, column.kind) for column in self.columns]
        self.leading = round(table.size * 1.22, 2)
        self.top = self.body_top = pages.y


def _shower(formats: Formats, kind: str) -> Callable[[Any], str]:
    exact = {"money": formats.money, "fine": formats.fine, "price": formats.price, "quantity": formats.quantity}
    show = exact.get(kind)

    def shown(value: Any) -> str:
        if value is None:
            return ""
        if show is not None and type(value) is Decimal:
            return show(value)
        if type(value) is str:
            return clean(value, _CELL_CAP)
        if type(value) is doc.Formula:
            return formats.cell(value.value, kind)
        return formats.cell(value, kind)

    return shown


def draw(pages: Pages, table: doc.Table, formats: Formats) -> None:
    """Draw `table` from `pages.y` down, over as many pages as its rows take."""
    pages.need(LEAST)
    if table.title:
        pages.y -= 14
        pages.aligned(pages.left, pages.room, pages.y + 3, clean(table.title), 10, True)
        pages.y -= 2
    grid = _Grid(pages, table, formats)
    carried = {at: Decimal(0) for at, column in enumerate(grid.columns) if column.key in table.carried}
    _header(grid)
    reserve = grid.leading + 2 * grid.pad if carried else 0
    for row in table.rows:
        if isinstance(row, doc.Marked):
            if row.only not in {"", "pdf"}:
                continue
            cells, marked = row.cells, True
        else:
            cells, marked = row, False
        values = cells if grid.all_taken else [cells[at] for at in grid.taken]
        lines, deepest = _measured(grid, values, marked)
        height = deepest * grid.leading + grid.pad
        if pages.y - height - reserve < pages.bottom:
            _break(grid, table, carried)
        if not marked:
            for at in carried:
                amount = values[at]
                if amount is not None:
                    carried[at] += amount  # type: ignore[operator]
        _row(grid, lines, height, marked)
    _close(grid)
    pages.y -= 2 * MM


def _measured(grid: _Grid, values: Any, bold: bool) -> tuple[list[str | list[str]], int]:
    """Each cell as a line, or as lines where its text wraps; and how many lines the deepest has."""
    size, room, deepest = grid.size, 2 * grid.pad, 1
    ruler = measure(bold)
    cells: list[str | list[str]] = []
    for show, value, align, width in zip(grid.shows, values, grid.aligns, grid.widths, strict=True):
        text = show(value)
        if align == "left" and text and ruler.width(text) * size > width - room:
            lines = ruler.wrap(text, (width - room) / size)
            if len(lines) > _ROW_LINES:
                lines = [*lines[: _ROW_LINES - 1], lines[_ROW_LINES - 1][:-1] + "…"]
            deepest = max(deepest, len(lines))
            cells.append(lines)
        else:
            cells.append(text)
    return cells, deepest


def _row(grid: _Grid, cells: list[str | list[str]], height: float, bold: bool, gray: float = _MARKED_GRAY) -> None:
    pages, size, pad, ruler = grid.pages, grid.size, grid.pad, measure(bold)
    if bold:
        pages.fill(pages.left, pages.y - height, grid.right - pages.left, height, gray)
        pages.line(pages.left, pages.y, grid.right, pages.y)
    first = round(pages.y - pad / 2 - size, 2)
    for text, left, width, align in zip(cells, grid.lefts, grid.widths, grid.aligns, strict=True):
        if not text:
            continue
        if type(text) is list:
            for number, line in enumerate(text):
                pages.text(left + pad, first - number * grid.leading, line, size, bold)
        elif align == "left":
            pages.text(left + pad, first, text, size, bold)  # type: ignore[arg-type]
        else:
            wide = ruler.width(text) * size  # type: ignore[arg-type]
            if wide > width - pad:
                pages.aligned(left + pad / 2, width - pad, first, text, size, bold, align)  # type: ignore[arg-type]
            else:
                slack = width - pad - wide if align == "right" else (width - wide) / 2
                pages.text(left + slack, first, text, size, bold)  # type: ignore[arg-type]
    pages.y -= height
    pages.line(pages.left, pages.y, grid.right, pages.y)


def _header(grid: _Grid) -> None:
    pages = grid.pages
    grid.top = pages.y
    pages.line(pages.left, pages.y, grid.right, pages.y)
    groups = _groups(grid)
    if groups:
        _header_row(grid, groups)
    _header_row(
        grid, [(c.title, left, width) for c, left, width in zip(grid.columns, grid.lefts, grid.widths, strict=True)]
    )
    grid.body_top = pages.y


def _groups(grid: _Grid) -> list[tuple[str, float, float]]:
    groups: list[tuple[str, float, float]] = []
    for column, left, width in zip(grid.columns, grid.lefts, grid.widths, strict=True):
        if not column.group:
            continue
        if groups and groups[-1][0] == column.group:
            title, start, wide = groups[-1]
            groups[-1] = (title, start, wide + width)
        else:
            groups.append((column.group, left, width))
    return groups


def _header_row(grid: _Grid, cells: list[tuple[str, float, float]]) -> None:
    pages, size, ruler = grid.pages, grid.size, measure(True)
    wrapped = [(ruler.wrap(clean(title), (width - grid.pad) / size)[:3], left, width) for title, left, width in cells]
    height = max(len(lines) for lines, _, _ in wrapped) * grid.leading + 1.6 * grid.pad
    pages.fill(pages.left, pages.y - height, grid.right - pages.left, height, _HEADER_GRAY)
    for lines, left, width in wrapped:
        start = pages.y - (height - len(lines) * grid.leading) / 2 - size
        for number, line in enumerate(lines):
            pages.aligned(
                left + grid.pad / 2, width - grid.pad, start - number * grid.leading, line, size, True, "center"
            )
        pages.line(left, pages.y, left, pages.y - height)
    pages.y -= height
    pages.line(pages.left, pages.y, grid.right, pages.y)


def _verticals(grid: _Grid) -> None:
    bottom = grid.pages.y
    for left in (*grid.lefts, grid.right):
        grid.pages.line(left, grid.body_top, left, bottom)


def _close(grid: _Grid) -> None:
    _verticals(grid)
    grid.pages.line(grid.pages.left, grid.top, grid.pages.left, grid.pages.y)
    grid.pages.line(grid.right, grid.top, grid.right, grid.pages.y)


def _break(grid: _Grid, table: doc.Table, carried: dict[int, Decimal]) -> None:
    """The running totals at the foot, then the next page with the header again."""
    if carried:
        cells: list[str | list[str]] = [""] * len(grid.columns)
        label_at = next((at for at, column in enumerate(grid.columns) if column.kind == "text"), 0)
        cells[label_at] = table.carried_label
        for at, amount in carried.items():
            cells[at] = grid.shows[at](amount)
        _row(grid, cells, grid.leading + grid.pad, True)
    _close(grid)
    grid.pages.turn()
    _header(grid)


def draw_totals(pages: Pages, block: doc.Totals, formats: Formats) -> None:
    """Labels and figures at the right margin."""
    size, leading, figure = 9, 12.5, 34 * MM
    pages.need(leading * len(block.rows))
    for row in block.rows:
        pages.y -= leading
        label = clean(row.label)
        pages.aligned(pages.left, pages.room - figure - 2 * MM, pages.y + 3, label, size, row.bold, "right")
        amount = "–" if row.amount is None else formats.money(row.amount)
        pages.aligned(pages.right - figure, figure - 1 * MM, pages.y + 3, amount, size, row.bold, "right")
    pages.y -= 2.5 * MM
