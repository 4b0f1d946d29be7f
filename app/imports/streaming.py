"""A big CSV walked from the file itself: nothing of it is kept, however many lines it has."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.core.errors import N_, Refused
from app.imports import text
from app.imports.reading import Row, Sheet, clear_names

FROM_BYTES = 8 * 1024 * 1024  # smaller files are read whole, in the limited child
SAMPLE_ROWS = 5_000  # prove how numbers and days are written
SAMPLE_BYTES = 1024 * 1024
WIDEST = 200
LONGEST_CELL = 32_767

NO_TABLE = N_("The file has no line of headers with at least two columns. Check its delimiter.")
UNKNOWN_ENCODING = N_("«%(encoding)s» is no encoding that is known here. Write utf-8 or windows-1251, for example.")
ONE_SIGN = N_("The delimiter is one character, or «tab».")


class StreamedSheet(Sheet):
    """The lines of a CSV file with a header, decoded as they are walked; bytes that do not fit become «�»."""

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "") -> None:
        with path.open("rb") as stream:
            sample = stream.read(SAMPLE_BYTES)
        if b"\x00" in sample[:4096] and not sample.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Refused(text.BINARY)
        encoding = _known(encoding) if encoding else encoding_of(sample)
        delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
        if len(delimiter) > 1:
            raise Refused(ONE_SIGN)
        self.path = path
        with path.open("rb") as stream:
            delimiter = delimiter or text.detect_delimiter(io.TextIOWrapper(stream, encoding, "replace").read(200_000))
        header = next((cells for _, cells in self._records(encoding, delimiter)), [])
        if not 2 <= len(header) <= WIDEST:
            raise Refused(NO_TABLE)
        super().__init__(
            headers=clear_names(header),
            original_headers=header,
            header_line=1,
            count=SAMPLE_ROWS,
            format="csv",
            encoding=encoding,
            delimiter=delimiter,
        )
        self.count = len(self.sample(SAMPLE_ROWS))

    @property
    def proof_rows(self) -> Iterator[Row]:
        """The first lines: they prove the notations of the columns."""
        return iter(self.sample(SAMPLE_ROWS))

    @property
    def is_streamed(self) -> bool:
        """Nothing may be remembered of each line."""
        return True

    @property
    def rows(self) -> Iterator[Row]:
        """All lines with something in them."""
        headers, width = self.headers, len(self.headers)
        records = self._records(self.encoding or "utf-8", self.delimiter or ",")
        next(records, None)
        for number, cells in records:
            short = width - len(cells)
            if short == 0:
                yield Row(number, cells, headers)
            elif short > 0:
                yield Row(number, cells + [""] * short, headers, (), short)
            else:
                surplus = tuple(cells[width:])
                yield Row(number, cells[:width], headers, surplus if any(map(str.strip, surplus)) else ())

    def _records(self, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        with self.path.open("rb") as stream:
            yield from _records(stream, encoding, delimiter)


def _records(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LONGEST_CELL)
    lines = io.TextIOWrapper(stream, encoding, "replace", newline="")
    number = 0
    try:
        for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), 1):
            if any(cells):
                yield number, cells
    except csv.Error as error:
        raise Refused(text.LONG_CELL, line=number + 1, limit=LONGEST_CELL) from error


def _known(encoding: str) -> str:
    try:
        "".encode(encoding)
    except LookupError as error:
        raise Refused(UNKNOWN_ENCODING, encoding=encoding) from error
    return encoding


def encoding_of(sample: bytes) -> str:
    """Of the first mebibyte, which may end inside a character."""
    for cut in range(4):
        if text.misfit(sample[: len(sample) - cut], "utf-8") is None:
            return "utf-8-sig"
    return text.detect_encoding(sample)
