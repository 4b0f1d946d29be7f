"""CSV: which encoding, which delimiter, which records. The content decides, the same way each time."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from app.core.errors import N_, Refused
from app.imports.limits import Limits

DELIMITERS = (";", "\t", "|", ",")  # the rarest inside a text first: it wins a tie
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE = 256 * 1024
MIXTURE = 1024 * 1024
HIGH = re.compile(rb"[\x80-\xff]")
HIGH_LETTERS = rb"\x8a\x8c-\x8f\x9a\x9c-\x9f\xa1-\xa3\xa5\xa8\xaa\xaf\xb2-\xb4\xb8-\xba\xbc-\xff"
PURE_WORD = re.compile(rb"(?<![A-Za-z%b])[%b]{2,}(?![A-Za-z%b])" % ((HIGH_LETTERS,) * 3))
MIXED_WORD = re.compile(rb"[A-Za-z]+[%b]|[%b]+[A-Za-z]" % ((HIGH_LETTERS,) * 2))
POLISH_BYTES = re.compile(
    rb"[\xa5\xa3\xaf\x8c\x8f\x9c\x9f\xb3\xb9\xbf\xc6\xca\xe6\xea]|[\xd1\xf1](?![aeiouAEIOU\xe1\xf3])"
)
WESTERN_BYTES = re.compile(
    rb"[\xc0\xc3\xc5\xc8\xcc\xd2\xd5\xd8\xe0\xe3\xe5\xe8\xec\xf0\xf2\xf5\xf8\xf9\xfb]"
    rb"|[\xd1\xf1](?=[aeiouAEIOU\xe1\xf3])"
)

BINARY = N_("This is not a table: the file contains binary data. Save it as XLSX or CSV and upload that.")
MIXED = N_("Line %(line)s is written in another encoding than the rest of the file. Save the whole file as UTF-8.")
CUT = N_("The file ends in the middle of a character: it was not uploaded whole. Upload it again.")
UNREADABLE = N_("The text of the file cannot be read as %(encoding)s. Save it as «CSV UTF-8» and upload that.")
LONG_CELL = N_("Line %(line)s has a cell longer than %(limit)s characters. Shorten it, or check for a missing quote.")
OPEN_QUOTE = N_("A quote opened in line %(line)s is never closed. Close it and upload the file again.")


def detect_encoding(content: bytes) -> str:
    """The encoding of a whole file: its mark, valid UTF-8, UTF-16 without a mark, else an 8-bit one by its letters."""
    for mark, name in BOMS:
        if content.startswith(mark):
            return name
    if b"\x00" in content[:SAMPLE]:
        return _utf16_without_mark(content)
    if b"\x00" in content:
        raise Refused(BINARY)
    bad = misfit(content, "utf-8")
    if bad is None:
        return "utf-8"
    _refuse_mixture(content, bad)
    return _eight_bit(content)


def _utf16_without_mark(content: bytes) -> str:
    sample = content[:SAMPLE]
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    for name, zeros, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if half > 1 and zeros / half > 0.2 and other == 0:
            return name
    raise Refused(BINARY)


def misfit(content: bytes, encoding: str) -> int | None:
    """Where the encoding stops fitting, None where it fits to the end; decoded chunk by chunk to spare memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for at in range(0, len(content) + 1, SAMPLE):
        chunk = content[at : at + SAMPLE]
        try:
            decoder.decode(chunk, final=at + SAMPLE > len(content))
        except UnicodeDecodeError as error:
            return at + len(chunk) - len(error.object) + error.start
    return None


def _refuse_mixture(content: bytes, start: int) -> None:
    """Mostly valid UTF-8 with foreign bytes is a mixture: reading it in either encoding would spoil half of it."""
    around = content[max(0, start - MIXTURE) : start + MIXTURE]
    text = around.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - bad
    if good > 2 * bad:
        if start >= len(content) - 3:
            raise Refused(CUT)
        raise Refused(MIXED, line=content.count(b"\n", 0, start) + 1)


def _eight_bit(content: bytes) -> str:
    """cp1251 where whole words are of high bytes, cp1250 or cp1252 where high bytes stand among Latin letters."""
    first = HIGH.search(content)
    sample = content[max(0, first.start() - 1) :][:MIXTURE] if first else b""
    if len(PURE_WORD.findall(sample)) > len(MIXED_WORD.findall(sample)):
        return _readable(content, "cp1251")
    polish, western = len(POLISH_BYTES.findall(sample)), len(WESTERN_BYTES.findall(sample))
    return _readable(content, "cp1250" if polish > western else "cp1252")


def _readable(content: bytes, encoding: str) -> str:
    return encoding if misfit(content, encoding) is None else "latin-1"


def decode(content: bytes, encoding: str) -> str:
    """The text, or Refused where the named encoding does not fit."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused(UNREADABLE, encoding=encoding) from error
    if "\x00" in text:
        raise Refused(BINARY)
    return text


def count_quotes(content: bytes, encoding: str) -> int:
    """How many quotes the text has, found chunk by chunk; Refused where the encoding does not fit to the end."""
    decoder = codecs.getincrementaldecoder(encoding)()
    quotes = 0
    try:
        for at in range(0, len(content), SAMPLE):
            text = decoder.decode(content[at : at + SAMPLE])
            if "\x00" in text:
                raise Refused(BINARY)
            quotes += text.count('"')
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Refused(UNREADABLE, encoding=encoding) from error
    return quotes


def detect_delimiter(text: str) -> str:
    """The delimiter that cuts most sample records into as many cells as the header; a tab where none cuts."""
    sample = text[:SAMPLE]
    best: tuple[float, int, int] = (0.0, 0, 0)
    chosen = "\t"
    for rank, delimiter in enumerate(reversed(DELIMITERS)):
        score = _consistency(sample, delimiter)
        if score and (*score, rank) > best:
            best, chosen = (*score, rank), delimiter
    return chosen


def _consistency(sample: str, delimiter: str) -> tuple[float, int] | None:
    widths = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in record):
                widths.append(len(record))
            if len(widths) >= 60:
                break
    except csv.Error:
        return (0.1, len(widths)) if widths and widths[0] > 1 else None
    first = widths[:3] if max(widths[:3], default=0) > 1 else [width for width in widths if width > 1]  # below titles
    if not first:
        return None
    usual = max(set(first), key=lambda width: (widths.count(width), width))
    if usual < 2:
        return None
    return widths.count(usual) / len(widths), usual


def iter_records(stream: BinaryIO, limits: Limits) -> tuple[str, str, Iterator[tuple[int, list[str]]]]:
    """(encoding, delimiter, records numbered as a spreadsheet numbers its rows); the text is decoded as it is read."""
    content = stream.read(limits.file_bytes + 1)
    encoding = detect_encoding(content)
    unclosed = bool(count_quotes(content, encoding) % 2)
    sample = codecs.getincrementaldecoder(encoding)().decode(content[:SAMPLE])
    del content
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    hint = re.match(r"sep=(.)\r?\n", sample)  # spreadsheets' own hint line
    if hint:
        text.readline()
    delimiter = hint[1] if hint else detect_delimiter(sample)
    return encoding, delimiter, _records(text, delimiter, 1 if hint else 0, unclosed, limits)


def _records(
    text: TextIO, delimiter: str, skipped: int, unclosed: bool, limits: Limits
) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(limits.cell_characters)
    number = skipped
    record: list[str] = []
    try:
        for record in csv.reader(text, delimiter=delimiter):
            number += 1
            yield number, record
    except csv.Error as error:
        raise Refused(LONG_CELL, line=number + 1, limit=limits.cell_characters) from error
    if unclosed and record and "\n" in record[-1]:
        raise Refused(OPEN_QUOTE, line=number)
