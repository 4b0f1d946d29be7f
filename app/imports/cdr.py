"""Call records as Asterisk writes them (Master.csv): no header, read line by line in steady memory.

The first 16 columns are always there; `cdr.conf` and `cdr_csv` add uniqueid (loguniqueid), userfield (loguserfield) and
three more (newcdrcolumns), so a line has 16 to 21. Only answered calls are usage; their length is `billsec`. A line
that cannot be read keeps its cells and its reason.
"""

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from app.core.errors import N_, Refused
from app.imports.lines import ImportLine
from app.imports.mapping import Problem
from app.imports.reading import Row, Sheet
from app.imports.streaming import encoding_of

COLUMNS = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "uniqueid",
    "userfield",
]
WIDTH = len(COLUMNS)
ALWAYS = COLUMNS.index("amaflags") + 1
MOST = WIDTH + 3  # with peeraccount, linkedid and sequence
UNIQUE = re.compile(r"(?:[\w.-]+-)?\d{9,11}\.\d+", re.ASCII)  # the second of the channel and a counter
LOOKED_AT = 200  # lines that say whether this exchange writes uniqueid
ACCOUNTCODE, SRC, DST, START, BILLSEC, DISPOSITION, UNIQUEID = 0, 1, 2, 9, 13, 14, 16
ANSWERED = "ANSWERED"
DISPOSITIONS = frozenset({ANSWERED, "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "UNKNOWN"})
LONGEST_LINE = 16_384  # bytes
LONGEST_CALL = 31 * 86_400  # seconds: more is a broken clock
LONGEST_NUMBER, LONGEST_ID = 40, 120
SERVICE = "voice"

OTHER_WIDTH = N_("The line has %(found)s cells; a line of Master.csv has %(expected)s.")
TOO_LONG_LINE = N_("The line is longer than %(limit)s characters. It is no call record.")
NO_DISPOSITION = N_("«%(cell)s» is not how a call ends. Master.csv says ANSWERED, NO ANSWER, BUSY or FAILED here.")
NO_SECONDS = N_("«%(cell)s» is not a length of a call in whole seconds.")
NO_START = N_("«%(cell)s» is not when a call started. Master.csv writes 2026-10-31 14:05:00.")
NO_ID = N_("The line has no uniqueid, by which a call is known. It would be charged again each time it comes in.")
LONG_CELL = N_("«%(cell)s…» is longer than %(limit)s characters.")


class MasterSheet(Sheet):
    """The lines of a Master.csv: walked any number of times, kept nowhere."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            headers=list(COLUMNS),
            original_headers=list(COLUMNS),
            header_line=0,
            count=0,
            format="csv",
            encoding=_encoding_of(path),
            delimiter=",",
        )
        self.path = path

    @cached_property
    def has_ids(self) -> bool:
        """Whether the exchange writes `uniqueid`. Where it does, a line without it was cut."""
        return any(row.values[UNIQUEID] for row in islice(self.rows, LOOKED_AT) if not row.missing and not row.surplus)

    @property
    def rows(self) -> Iterator[Row]:
        """Every line with something in it, as 18 cells; one that is no record is short or has a surplus."""
        headers, titled = self.headers, False
        for number, cells in _cells(self.path, self.encoding or "utf-8"):
            if number == 1 and cells[:2] == COLUMNS[:2]:
                titled = True  # a file that came from here, with a header and a column of reasons
                continue
            if titled:
                cells = cells[:WIDTH]
            width = len(cells)
            if (shaped := cells if width == WIDTH else _shaped(cells)) is not None:
                yield Row(number, shaped, headers)
            elif width < WIDTH:
                yield Row(number, cells + [""] * (WIDTH - width), headers, (), WIDTH - width)
            else:
                yield Row(number, cells[:WIDTH], headers, tuple(cells[WIDTH:]))


def _shaped(cells: list[str]) -> list[str] | None:
    """A line of another width as 18 cells, None where it is no record. A channel has several records when its call is
    transferred: where a line has their sequence it belongs to the id."""
    always, more = cells[:ALWAYS], cells[ALWAYS:]
    linked = sequence = ""
    if len(more) >= 3 and more[-1].isdigit() and UNIQUE.fullmatch(more[-2]):
        linked, sequence, more = more[-2], more[-1], more[:-3]
    if len(always) < ALWAYS or len(more) > WIDTH - ALWAYS:
        return None
    if len(more) == 1 and not UNIQUE.fullmatch(more[0]):
        more = ["", *more]
    uniqueid, userfield = (*more, "", "")[:2]
    if sequence:
        uniqueid = f"{uniqueid or linked}#{sequence}"
    return [*always, uniqueid, userfield]


def _encoding_of(path: Path) -> str:
    """UTF-8, or an 8-bit one where the names of callers are written in it."""
    with path.open("rb") as stream:
        sample = stream.read(1 << 20)
    try:
        return encoding_of(sample).removesuffix("-sig")
    except Refused:
        return "utf-8"


def _cells(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, list[str]]]:
    """Each line cut into cells by itself: a quote that is never closed spoils one line, not the rest of the file."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(LONGEST_LINE):
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                yield number, [line[:200].decode(encoding, "replace")]
                while line and not line.endswith(b"\n"):
                    line = stream.readline(LONGEST_LINE)
                continue
            text = line.decode(encoding, "replace").strip("\r\n\x00\ufeff")
            if text:
                yield number, next(csv.reader((text.replace("\x00", ""),)), [])


def looks_like_master(path: Path) -> bool:
    """Whether the first lines are Asterisk's: the content decides, not the name."""
    for seen, (_, cells) in enumerate(_cells(path)):
        if seen == 0 and cells[:2] == COLUMNS[:2]:
            return len(cells) >= WIDTH
        if ALWAYS <= len(cells) <= MOST and cells[DISPOSITION] in DISPOSITIONS:
            return True
        if seen >= 5:
            break
    return False


def iter_master(sheet: MasterSheet, zone: str) -> Iterator[ImportLine]:
    """Every line as usage; a call nobody answered has no values and no errors."""
    when, has_ids = _Instants(zone), sheet.has_ids
    for row in sheet.rows:
        line = ImportLine(row.number, row, {}, {}, [], [], [])
        problem = _misfit(row)
        if problem is None and row.values[DISPOSITION] == ANSWERED:
            if not has_ids:
                row.values[UNIQUEID] = row.values[UNIQUEID] or _digest(row.values)
            problem = _read(line, when)
        if problem is not None:
            line.errors.append(problem)
        yield line


def _misfit(row: Row) -> Problem | None:
    if row.missing == WIDTH - 1 and len(row.values[0]) >= 200:
        return Problem("", TOO_LONG_LINE, limit=LONGEST_LINE)
    if row.missing or row.surplus:
        return Problem("", OTHER_WIDTH, found=WIDTH - row.missing + len(row.surplus), expected=f"{ALWAYS}–{MOST}")
    if row.values[DISPOSITION] not in DISPOSITIONS:
        return Problem("", NO_DISPOSITION, cell=row.values[DISPOSITION][:40], column="disposition")
    return None


def _digest(cells: list[str]) -> str:
    """By what a call is known where the exchange writes no id: its channels and times, and all the rest of the line."""
    return "line-" + hashlib.sha256("\x1f".join(cells[:ALWAYS]).encode()).hexdigest()[:40]


def _read(line: ImportLine, when: "_Instants") -> Problem | None:
    cells = line.row.values
    seconds, uniqueid = cells[BILLSEC], cells[UNIQUEID]
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 9 and int(seconds) <= LONGEST_CALL):
        return Problem("", NO_SECONDS, cell=seconds[:40], column="billsec")
    if not uniqueid:
        return Problem("", NO_ID, column="uniqueid")
    for cell, limit in ((uniqueid, LONGEST_ID), (cells[SRC], LONGEST_NUMBER), (cells[DST], LONGEST_NUMBER)):
        if len(cell) > limit:
            return Problem("", LONG_CELL, cell=cell[:40], limit=limit)
    started_at = when.of(cells[START], uniqueid)
    if started_at is None:
        return Problem("", NO_START, cell=cells[START][:40], column="start")
    line.values = {
        "source_id": uniqueid,
        "account_number": cells[ACCOUNTCODE],
        "subscriber_number": cells[SRC],
        "called_number": cells[DST],
        "service": SERVICE,
        "kind": SERVICE,
        "quantity": Decimal(seconds),
        "volume": int(seconds),
        "unit": "s",
        "started_at": started_at,
    }
    return None


class _Instants:
    """Local times as instants; the offset of an hour is looked up once."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._offsets: dict[str, dt.timedelta | None] = {}

    def of(self, text: str, uniqueid: str) -> dt.datetime | None:
        """The instant; None where the text is none. In the hour that comes twice the call's id, which begins with
        the second of its channel, says which of the two it was."""
        try:
            naive = dt.datetime.fromisoformat(text)
        except ValueError:
            return None
        if naive.tzinfo is not None:
            return naive.astimezone(dt.UTC)
        if len(text) < 16:
            return None
        hour = text[:13]
        if hour not in self._offsets:
            if len(self._offsets) > 50_000:
                self._offsets.clear()
            self._offsets[hour] = self._offset(naive.replace(minute=0, second=0, microsecond=0))
        offset = self._offsets[hour]
        if offset is None:
            return self._twice(naive, uniqueid)
        return (naive - offset).replace(tzinfo=dt.UTC)

    def _offset(self, hour: dt.datetime) -> dt.timedelta | None:
        """The offset that holds the whole hour, or None where the clock is changed in it."""
        ends = hour.replace(minute=59, second=59)
        offsets = {one.replace(tzinfo=self._zone, fold=fold).utcoffset() for one in (hour, ends) for fold in (0, 1)}
        return offsets.pop() if len(offsets) == 1 else None

    def _twice(self, naive: dt.datetime, uniqueid: str) -> dt.datetime:
        both = [naive.replace(tzinfo=self._zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)]
        try:
            began = int(uniqueid.rpartition("-")[2].partition(".")[0])
        except ValueError:
            return both[0]
        return min(both, key=lambda one: abs(one.timestamp() - began))
