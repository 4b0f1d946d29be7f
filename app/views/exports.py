"""Files to a person: the only module that sends them. Lists keep numbers numbers and dates dates; text is never a
formula (T7: `reports.render` writes both formats)."""

import datetime as dt
import io
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from flask import Response, abort, send_file
from flask_babel import gettext

from app.core import clock
from app.core.errors import N_, Refused
from app.core.files import file_name
from app.reports.render import csv, xlsx
from app.reports.render.xlsx import Column

T = TypeVar("T")
MAX_ROWS = 500_000  # more is a job's work, not a page's
_PEEK = 100
KINDS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def send_path(path: Path | str, name: str, mimetype: str | None = None, inline: bool = False) -> Response:
    """A file of ours, found by its row, never by a name from outside."""
    return send_file(path, mimetype=mimetype, as_attachment=not inline, download_name=file_name(name))


def as_pdf(name: str, content: bytes, *, download: bool = False) -> Response:
    """A small PDF made for this very request; shown in the browser, or kept as a file."""
    out = io.BytesIO(content)
    return send_file(out, mimetype="application/pdf", as_attachment=download, download_name=file_name(name))


def send_rows(title: str, columns: Sequence[Any], rows: Iterable[Sequence[Any]], fmt: str) -> Response:
    """A list as «xlsx» or «csv». A column is its title (the kind is seen from the values) or a `Column`."""
    if fmt not in KINDS:
        abort(404)
    source = iter(rows)
    first = [[plain(v) for v in row] for row in itertools.islice(source, _PEEK)]
    typed = [c if isinstance(c, Column) else Column(str(c), _kind(first, at)) for at, c in enumerate(columns)]
    texts = [column.kind == "text" for column in typed]
    everything = itertools.chain(first, ([plain(v) for v in row] for row in source))
    ready = ([_as_text(v) if is_text else v for v, is_text in zip(row, texts, strict=True)] for row in everything)
    out = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # Flask closes it when it is sent
    if fmt == "xlsx":
        xlsx.write_register(out, typed, _capped(ready), sheet=title[:31] or gettext("List"))
    else:
        csv.write_register(out, typed, _capped(ready))
    out.seek(0)
    name = file_name(f"{title} {clock.today().isoformat()}.{fmt}")
    return send_file(out, mimetype=KINDS[fmt], as_attachment=True, download_name=name)


def all_of(page: Callable[[int | None], tuple[Sequence[T], int | None]]) -> Iterator[T]:
    """Every row of a list that is read page by page: (rows, the place of the next page or None) after a place."""
    rows, place = page(None)
    yield from rows
    while place is not None:
        rows, place = page(place)
        yield from rows


def plain(value: Any) -> Any:
    """A cell of a page as a cell of a file."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if value is None or isinstance(value, Decimal | int | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dt.date):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _kind(rows: list[list[Any]], at: int) -> str:
    """The kind of a column, from what stands in its first rows."""
    seen = {type(row[at]) for row in rows if row[at] is not None}
    if len(seen) != 1:
        return "text"
    if seen == {Decimal}:
        exact = any(row[at] is not None and row[at] != round(row[at], 2) for row in rows)
        return "decimal4" if exact else "money"
    return {int: "int", dt.datetime: "datetime", dt.date: "date"}.get(seen.pop(), "text")


def _capped(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for count, row in enumerate(rows):
        if count >= MAX_ROWS:
            raise Refused(N_("The list is longer than %(limit)s rows. Narrow it with a filter first."), limit=MAX_ROWS)
        yield row
