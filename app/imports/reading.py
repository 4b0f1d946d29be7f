"""The one helper that reads an uploaded or named file: checked and parsed in a limited child process (T8)."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO

from app.core.errors import N_, Refused
from app.imports.limits import MIB, Limits

ROOT = Path(__file__).resolve().parents[2]
# `app` stands in as an empty package: app/__init__.py would load the whole web application into the parser.
BOOT = (
    "import sys, types; app = types.ModuleType('app'); app.__path__ = [sys.argv[1] + '/app']; "
    "sys.modules['app'] = app; from app.imports.child import main; main()"
)

TOO_LARGE = N_("The file is larger than %(limit)s MiB. Split it into smaller files.")
TOO_COSTLY = N_(
    "The file needs more memory or time to read than is allowed. "
    "Delete what stands far below or far to the right of the table, or copy the lines into a new file."
)
NO_FILE = N_("There is no file «%(name)s», or it cannot be read. Check its name and rights.")

Source = str | Path | bytes | BinaryIO


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: `number` as a spreadsheet shows it (the first line is 1), `values` in the file's order.

    `surplus` are cells that stand beyond the last header; `missing` is how many cells the line is short of the header.
    """

    number: int
    values: list[str]
    headers: list[str]
    surplus: tuple[str, ...] = ()
    missing: int = 0

    @property
    def cells(self) -> dict[str, str]:
        """Header → text."""
        return dict(zip(self.headers, self.values, strict=True))


@dataclass
class Sheet:
    """A table that was read; `rows` may be walked any number of times in steady memory."""

    headers: list[str]
    original_headers: list[str]
    header_line: int
    count: int
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet_name: str | None = None
    other_sheets: list[str] = field(default_factory=list)
    number_columns: frozenset[str] = frozenset()
    date_columns: frozenset[str] = frozenset()
    _store: IO[bytes] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return self.count

    @property
    def rows(self) -> Iterator[Row]:
        """All lines with something in them, in the file's order."""
        headers, width = self.headers, len(self.headers)
        for number, *values in _stored(self._store):
            short = width - len(values)
            if short == 0:
                yield Row(number, values, headers)
            elif short > 0:
                values.extend([""] * short)
                yield Row(number, values, headers, (), short)
            else:
                surplus = tuple(values[width:])
                yield Row(number, values[:width], headers, surplus if any(map(str.strip, surplus)) else ())

    @property
    def proof_rows(self) -> Iterator[Row]:
        """The lines that prove how a column writes numbers and days."""
        return self.rows

    @property
    def is_streamed(self) -> bool:
        """Whether the file is too big to remember anything of each line."""
        return False

    def sample(self, count: int = 200) -> list[Row]:
        """The first lines, for guessing a mapping and for a preview."""
        return [row for row, _ in zip(self.rows, range(count), strict=False)]


@dataclass
class Items:
    """A JSON list that was read: (line, item) pairs, every number as the text it was written in."""

    count: int
    encoding: str
    _store: IO[bytes] | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        for number, item in _stored(self._store):  # noqa: UP028 - each stored pair is a list
            yield number, item


def read_sheet(source: Source, limits: Limits | None = None, mode: str = "table") -> Sheet:
    """A CSV or XLSX, by path, bytes or open binary stream; Refused says what is wrong and what to do.

    The name of a file plays no part: its content decides what it is. The mode «rates» reads a central bank's file.
    """
    outcome, store = _run_child(source, limits or Limits(), mode)
    header = outcome.pop("header")
    headers = clear_names(header)
    for kind in ("number_columns", "date_columns"):
        outcome[kind] = frozenset(headers[at] for at in outcome.pop(kind, []) if at < len(headers))
    return Sheet(headers=headers, original_headers=header, _store=store, **outcome)


def read_items(source: Source, limits: Limits | None = None) -> Items:
    """A JSON list of objects, by path, bytes or open binary stream."""
    outcome, store = _run_child(source, limits or Limits(), "list")
    return Items(count=outcome["count"], encoding=outcome["encoding"], _store=store)


def clear_names(header: list[str]) -> list[str]:
    """Header names trimmed; a blank one becomes «Column 3», a repeated one «Name (2)»."""
    names: list[str] = []
    taken = {" ".join(name.split()) for name in header}
    seen: set[str] = set()
    for at, raw in enumerate(header, 1):
        name = " ".join(raw.replace("\ufeff", "").split()) or f"Column {at}"
        unique, turn = name, 2
        while unique in seen or (turn > 2 and unique in taken):
            unique, turn = f"{name} ({turn})", turn + 1
        seen.add(unique)
        names.append(unique)
    return names


def _stored(store: IO[bytes] | None) -> Iterator[list[Any]]:
    """Rows of the child's output; each walk keeps its own place, so two may run at once."""
    if store is None:
        return
    at = 0
    while True:
        store.seek(at)
        line = store.readline()
        if not line:
            return
        at = store.tell()
        yield from json.loads(line)


def _run_child(source: Source, limits: Limits, mode: str) -> tuple[dict[str, Any], IO[bytes]]:
    store = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the sheet
    try:
        with _opened(source, limits) as stream:
            outcome = _outcome(stream, limits, mode, store)
    except BaseException:
        store.close()
        raise
    return outcome, store


def _outcome(stream: IO[bytes], limits: Limits, mode: str, store: IO[bytes]) -> dict[str, Any]:
    command = [sys.executable, "-I", "-c", BOOT, str(ROOT), json.dumps(limits.to_dict()), str(store.fileno()), mode]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and code; the file comes in as standard input
            command,
            stdin=stream,
            capture_output=True,
            pass_fds=[store.fileno()],
            timeout=limits.wall_seconds,
            env={"LC_ALL": "C.UTF-8", "RUST_BACKTRACE": "0"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(TOO_COSTLY) from error
    if done.returncode != 0:
        raise Refused(TOO_COSTLY)
    outcome = json.loads(done.stdout)
    if "refused" in outcome:
        raise Refused(outcome["refused"], **outcome["params"])
    return outcome


def _opened(source: Source, limits: Limits) -> IO[bytes]:
    """The source as a real file of an allowed size (a child can inherit nothing less)."""
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            stream: IO[bytes] = path.open("rb")
            size = path.stat().st_size
        except OSError as error:
            raise Refused(NO_FILE, name=path.name) from error
    else:
        stream, size = _spooled(source, limits)
    if size > limits.file_bytes:
        stream.close()
        raise Refused(TOO_LARGE, limit=limits.file_bytes // MIB)
    return stream


def _spooled(source: bytes | BinaryIO, limits: Limits) -> tuple[IO[bytes], int]:
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    if isinstance(source, bytes):
        size = stream.write(source[: limits.file_bytes + 1])
    else:
        size = 0
        while size <= limits.file_bytes and (chunk := source.read(MIB)):
            size += stream.write(chunk)
    stream.flush()
    stream.seek(0)
    return stream, size
