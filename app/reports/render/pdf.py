"""A Document as PDF: one pass over its blocks, pages written as they fill, the same bytes for the same document."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, BinaryIO

from app.reports import document as doc
from app.reports.formats import Formats, formats_of
from app.reports.render import pdftable, qr
from app.reports.render.page import A4, MM, Pages, Scratch, measure
from app.reports.render.pdffile import PdfFile
from app.reports.render.text import clean, clean_lines

_LEADING = 1.25
_ROOMY = 110 * MM  # with so much left there is nothing to measure
_ENDLESS = 1_000_000
_QR_SIDE = 30 * MM


def render(document: doc.Document) -> bytes:
    """The PDF of `document`."""
    out = BytesIO()
    render_to(document, out)
    return out.getvalue()


def render_to(document: doc.Document, out: BinaryIO) -> None:
    """Write the PDF of `document` to `out` page by page; `out` need not be seekable."""
    width, height = reversed(A4) if document.landscape else A4
    created = f"{document.date:%Y%m%d}000000Z"
    file = PdfFile(out, clean(document.title, 300), created, document.locale, (width, height))
    pages = Pages(file, width, height, (clean(document.title, 300), document.page_label))
    formats = formats_of(document.locale)
    waiting: list[doc.Block] = []
    for block in document.blocks:
        if isinstance(block, doc.Table):
            _draw_above(pages, waiting, formats)
            waiting = []
            pdftable.draw(pages, block, formats)
        else:
            waiting.append(block)
    _draw_together(pages, waiting, formats)
    pages.finish()


def _draw_above(pages: Pages, blocks: Sequence[doc.Block], formats: Formats) -> None:
    """Draw what stands above a table; a bold line right over it goes to the table's page, never alone to a foot."""
    last = blocks[-1] if blocks else None
    if not (isinstance(last, doc.Paragraph) and last.bold):
        _draw_together(pages, blocks, formats)
        return
    _draw_together(pages, blocks[:-1], formats)
    pages.need(_height(pages, [last], formats) + pdftable.LEAST)
    _draw(pages, last, formats)


def _draw_together(pages: Pages, blocks: Sequence[doc.Block], formats: Formats) -> None:
    """Draw what stands between tables; on a new page where that keeps totals, words and signatures together."""
    left = pages.y - pages.bottom
    if left < _ROOMY and pages.y < pages.top:
        height = _height(pages, blocks, formats)
        if left < height < pages.top - pages.bottom:
            pages.turn()
    for block in blocks:
        _draw(pages, block, formats)


def _draw(pages: Pages, block: doc.Block, formats: Formats) -> None:
    if isinstance(block, doc.Totals):
        pdftable.draw_totals(pages, block, formats)
    else:
        _DRAW[type(block)](pages, block)


def _height(pages: Pages, blocks: Sequence[doc.Block], formats: Formats) -> float:
    """How tall the blocks are, drawn on an endless page that is thrown away."""
    scratch = Pages(Scratch(pages.file.codes), pages.width, _ENDLESS, ("", ""))
    for block in blocks:
        _draw(scratch, block, formats)
    return scratch.top - scratch.y


def _flow(
    pages: Pages, text: str, size: float, bold: bool = False, align: str = "left", x: float = 0, room: float = 0
) -> None:
    """Wrapped lines from `pages.y` down, over page ends where it must."""
    x, room = x or pages.left, room or pages.room
    leading = size * _LEADING
    for paragraph in clean_lines(text):
        for line in measure(bold).wrap(paragraph, room / size):
            pages.need(leading)
            pages.y -= leading
            pages.aligned(x, room, pages.y + size * 0.25, line, size, bold, align)


def _heading(pages: Pages, block: doc.Heading) -> None:
    pages.need(block.size * _LEADING + 20 * MM)
    pages.y -= 2 * MM
    wide = measure(True).width(clean(block.text))
    size = min(block.size, max(int(pages.room / wide * 10) / 10, block.size * 0.75)) if wide else block.size
    _flow(pages, block.text, size, True, block.align)
    if block.rule:
        pages.y -= 1.5 * MM
        pages.thick_line(pages.y)
    pages.y -= 3 * MM


def _paragraph(pages: Pages, block: doc.Paragraph) -> None:
    _flow(pages, block.text, block.size, block.bold, block.align)
    pages.y -= block.space * MM


def _fields(pages: Pages, block: doc.Fields) -> None:
    size, indent = 9, block.label_width * MM
    for label, value in block.rows:
        labels = measure().wrap(clean(label), (indent - 2 * MM) / size)
        pages.need(size * _LEADING * len(labels))
        start, page = pages.y, pages.file.page_count
        for number, line in enumerate(labels, 1):
            pages.text(pages.left, start - number * size * _LEADING + size * 0.25, line, size)
        for number, line in enumerate(str(value).split("\n")):
            bold = block.bold or (number == 0 and "\n" in str(value))
            _flow(pages, line, size, bold, x=pages.left + indent, room=pages.room - indent)
        if pages.file.page_count == page:
            pages.y = min(pages.y, start - len(labels) * size * _LEADING)
        pages.y -= 1.4 * MM
    pages.y -= 1.5 * MM


def _parties(pages: Pages, block: doc.Parties) -> None:
    size, gap = 8.5, 8 * MM
    leading = size * _LEADING
    width = (pages.room - gap * (len(block.columns) - 1)) / len(block.columns)
    columns = []
    for title, rows in block.columns:
        lines = [(clean(title), True)]
        for number, row in enumerate(rows):
            lines += [(line, number == 0) for line in measure(number == 0).wrap(clean(row), width / size)][:14]
        columns.append(lines)
    height = max(map(len, columns)) * leading + 3
    pages.need(height)
    for number, lines in enumerate(columns):
        x = pages.left + number * (width + gap)
        for at, (line, bold) in enumerate(lines, 1):
            pages.text(x, pages.y - at * leading + size * 0.25 - (3 if at > 1 else 0), line, size, bold)
        pages.line(x, pages.y - leading - 1, x + width, pages.y - leading - 1)
    pages.y -= height + 4 * MM


def _bank_box(pages: Pages, block: doc.BankBox) -> None:
    widths = [fraction * pages.room for fraction in block.widths]
    pages.need(len(block.rows) * 6 * MM)
    for row in block.rows:
        _box_row(pages, row, widths)
    pages.y -= 4 * MM


def _box_row(pages: Pages, row: "tuple[doc.Cell, ...] | Any", widths: list[float]) -> None:
    pad, placed, at, x = 1.2 * MM, [], 0, pages.left
    for cell in row:
        width = sum(widths[at : at + cell.span])
        size = 7 if cell.small else 8.5
        lines = measure(cell.bold).wrap(clean(cell.text), (width - 2 * pad) / size)[:4]
        placed.append((cell, x, width, size, lines))
        at, x = at + cell.span, x + width
    height = max(len(lines) * size * _LEADING for _, _, _, size, lines in placed) + pad
    for cell, left, width, size, lines in placed:
        for number, line in enumerate(lines, 1):
            pages.text(left + pad, pages.y - pad / 2 - number * size * _LEADING + size * 0.25, line, size, cell.bold)
        top, bottom = pages.y, pages.y - height
        sides = {
            "L": (left, bottom, left, top),
            "R": (left + width, bottom, left + width, top),
            "T": (left, top, left + width, top),
            "B": (left, bottom, left + width, bottom),
        }
        for side in cell.borders:
            pages.line(*sides[side])
    pages.y -= height


def _signatures(pages: Pages, block: doc.Signatures, indent: float = 0) -> None:
    gap, size = 8 * MM, 8
    count = max(len(block.places), 2)
    width = (pages.room - indent - gap * (count - 1)) / count
    leading = size * _LEADING
    texts = [_requisites(place, width, size) for place in block.places]
    head = max(map(len, texts)) * leading
    pages.need(head + 22 * MM)
    pages.y -= 3 * MM
    for number, (place, lines) in enumerate(zip(block.places, texts, strict=True)):
        x = pages.left + indent + number * (width + gap)
        for row, (line, bold) in enumerate(lines, 1):
            pages.text(x, pages.y - row * leading, line, size, bold)
        _sign_here(pages, place, x, pages.y - head - 10 * MM, width)
    pages.y -= head + 18 * MM


def _requisites(place: doc.Signature, width: float, size: float) -> list[tuple[str, bool]]:
    lines = [(line, True) for line in measure(True).wrap(clean(place.title), width / size)[:4]]
    for row in place.lines:
        lines += [(line, False) for line in measure().wrap(clean(row), width / size)][:5]
    if place.post:
        lines += [(line, False) for line in measure().wrap(clean(place.post), width / size)][:2]
    return lines


def _sign_here(pages: Pages, place: doc.Signature, x: float, y: float, width: float) -> None:
    rule = width * 0.5
    pages.line(x, y, x + rule, y)
    pages.aligned(x + rule + 1 * MM, width - rule - 1 * MM, y + 1, f"({clean(place.name)})" if place.name else "", 8)
    if place.stamp:
        pages.text(x, y - 4 * MM, clean(place.stamp), 7)


def _qr(pages: Pages, block: doc.Qr) -> None:
    symbol, side = qr.matrix(block.payload, "M"), _QR_SIDE
    captions = measure().wrap(clean(block.caption), (side + 4 * MM) / 6.5)
    height = side + len(captions) * 8
    pages.need(height + 2 * MM)
    name = pages.file.add_matrix(symbol)
    x, top, y = pages.left + 2 * MM, pages.y, pages.y - side
    pages.draw(f"q {side:.2f} 0 0 {side:.2f} {x:.2f} {y:.2f} cm /{name} Do Q")
    if block.sign:
        mark = side * 0.14
        corner = x + (side - mark) / 2
        pages.fill(corner, y + (side - mark) / 2, mark, mark, 1)
        pages.aligned(corner, mark, y + side / 2 - mark * 0.32, block.sign, round(mark * 0.9, 1), True, "center")
    for number, line in enumerate(captions, 1):
        pages.aligned(pages.left, side + 4 * MM, y - number * 8, line, 6.5, align="center")
    if block.beside is not None:
        _signatures(pages, block.beside, side + 12 * MM)
    pages.y = min(pages.y, top - height - 2 * MM)


_DRAW: dict[type, Callable[[Pages, Any], None]] = {
    doc.Heading: _heading,
    doc.Paragraph: _paragraph,
    doc.Fields: _fields,
    doc.Parties: _parties,
    doc.BankBox: _bank_box,
    doc.Signatures: _signatures,
    doc.Qr: _qr,
}
