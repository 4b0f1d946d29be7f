"""What the blocks of a document say, line by line, for renderers that set no pages."""

from collections.abc import Callable, Iterator
from typing import Any

from app.reports import document as doc
from app.reports.render.text import clean

Spoken = Iterator[tuple[str, bool]]


def texts(block: doc.Block) -> Spoken:
    """The lines of a block without figures, and whether each is in bold."""
    say = _SAY.get(type(block))
    return iter(()) if say is None else say(block)


def _heading(block: doc.Heading) -> Spoken:
    yield clean(block.text), True


def _paragraph(block: doc.Paragraph) -> Spoken:
    for part in str(block.text).split("\n"):
        yield clean(part), block.bold


def _fields(block: doc.Fields) -> Spoken:
    for label, value in block.rows:
        yield clean(f"{label} {', '.join(str(value).splitlines())}"), False


def _parties(block: doc.Parties) -> Spoken:
    for title, rows in block.columns:
        yield clean(f"{title}: {', '.join(row for row in rows if str(row).strip())}"), False


def _bank_box(block: doc.BankBox) -> Spoken:
    for row in block.rows:
        cells = [cell for cell in row if cell.text]
        if cells:
            yield clean("   ".join(cell.text for cell in cells)), any(cell.bold for cell in cells)


def _qr(block: doc.Qr) -> Spoken:
    if block.beside is not None:
        yield from _signatures(block.beside)


def _signatures(block: doc.Signatures) -> Spoken:
    for place in block.places:
        yield "", False
        yield clean(", ".join([place.title, *place.lines[:1]])), True
        yield clean(f"{place.post} ____________________ {place.name}".strip()), False


_SAY: dict[type, Callable[[Any], Spoken]] = {
    doc.Heading: _heading,
    doc.Paragraph: _paragraph,
    doc.Fields: _fields,
    doc.Parties: _parties,
    doc.BankBox: _bank_box,
    doc.Qr: _qr,
    doc.Signatures: _signatures,
}
