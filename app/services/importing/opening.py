"""An uploaded file, stored by its digest, opened as entries that are applied one after another."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from app.core import files
from app.core.errors import N_, Refused
from app.imports import streaming
from app.imports.catalogs import Catalog, PriceLine, Unpriced, catalog_of_items, catalog_of_sheet, layout_of, spread
from app.imports.cdr import MasterSheet, iter_master, looks_like_master
from app.imports.fields import ImportKind
from app.imports.lines import iter_lines
from app.imports.mapping import Mapping, Problem, guess_mapping, validate_mapping
from app.imports.reading import Items, Sheet, read_items, read_sheet

CHUNK = 1 << 20
TOO_BIG = N_("The file is larger than %(limit)s MiB. Split it into smaller files.")
NO_MASTER = N_(
    "The file is no Master.csv of Asterisk: none of its first lines has 16 to 21 cells and a known disposition."
)
NEED_ID = N_(
    "The file is read line by line and needs a column with the id of each record. Choose one; or, where the file has "
    "none, bring it in parts of 8 MiB at most, without an encoding and a delimiter of your own."
)
LIST_ONLY = N_("A list in JSON can only be a price list. Save the table as CSV or XLSX.")


@dataclass
class Entry:
    """A line of the file with everything it says; `first` where its company stands in the file for the first time."""

    number: int
    things: list[Any]
    errors: list[Problem]
    warnings: list[Problem]
    first: bool = True
    digest: str = ""


@dataclass
class Opened:
    """A file that was read: a sheet or a list, the mapping in force, and what a price list says."""

    kind: ImportKind
    sheet: Sheet | None
    mapping: Mapping | None
    zone: str
    items: Items | None = None
    catalog: Catalog | None = None
    headers: list[str] = field(default_factory=list)

    def entries(self) -> Iterator[Entry]:
        """All lines in the file's order."""
        if self.catalog is not None:
            return _catalog_entries(self.catalog)
        assert self.sheet is not None
        if isinstance(self.sheet, MasterSheet):
            return _master_entries(self.sheet, self.zone)
        assert self.mapping is not None
        return _line_entries(self.sheet, self.mapping, self.zone)


def store_upload(data_dir: Path, source: Path | BinaryIO, limit_megabytes: int = 50) -> Path:
    """Keep an uploaded file under `data_dir`/uploads by its digest: the same file is kept once."""
    folder = data_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".part-")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            digest = _copy(source, out, limit_megabytes)
            out.flush()
            os.fsync(out.fileno())
        target = folder / digest
        part.replace(target)
        return target
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path | BinaryIO, out: BinaryIO, limit_megabytes: int) -> str:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return _copy(stream, out, limit_megabytes)
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit_megabytes * CHUNK:
            raise Refused(TOO_BIG, limit=limit_megabytes)
        digest.update(chunk)
        out.write(chunk)
    return digest.hexdigest()


def stored_upload(data_dir: Path, sha256: str) -> Path:
    """Where the uploaded file of a digest is kept."""
    return data_dir / "uploads" / Path(sha256).name


def digest_of(path: Path) -> str:
    """The SHA-256 of a file that a person named."""
    try:
        return files.digest_of(path)
    except OSError as error:
        raise Refused(N_("There is no file «%(name)s», or it cannot be read."), name=path.name) from error


def open_file(kind: ImportKind, path: Path, mapping: dict[str, Any] | None, zone: str, form: str = "") -> Opened:
    """Read a file; without a mapping its columns are guessed, price lists and call records known by their layout.

    `form` is «asterisk» or «csv» where a person says what a file of usage is.
    """
    if kind == ImportKind.USAGE and path.is_file():
        is_master = form != "csv" and looks_like_master(path)
        if form == "asterisk" and not is_master:
            raise Refused(NO_MASTER)
        if is_master:
            master = MasterSheet(path)
            told = Mapping(kind, settings=_told(mapping))
            return Opened(kind, master, told, told.settings.get("zone") or zone, headers=master.headers)
    if mapping and kind == ImportKind.CATALOG and not mapping.get("columns"):
        mapping = None  # a price list whose layout is known by itself
    given = Mapping.from_dict({**mapping, "kind": kind.value}) if mapping else None
    if kind == ImportKind.RATES and _is_of_a_bank(path):
        listed = read_sheet(path, mode="rates")
        return Opened(kind, listed, guess_mapping(listed.headers, listed.sample(), kind), zone, headers=listed.headers)
    if _is_list(path):
        if kind != ImportKind.CATALOG:
            raise Refused(LIST_ONLY)
        items = _one_a_line(spread(read_items(path)))
        return Opened(kind, None, given, zone, items, catalog_of_items(items, given))
    sheet = _sheet(kind, path, given)
    given = given.fitted(sheet.headers) if given else None
    if kind == ImportKind.CATALOG:
        return _price_table(sheet, given, zone)
    used = given if given and given.columns else guess_mapping(sheet.headers, sheet.sample(), kind)
    if given and used is not given:
        used.settings = given.settings
    if sheet.is_streamed and "source_id" not in used.columns:
        raise Refused(NEED_ID)
    return Opened(kind, sheet, used, zone, headers=sheet.headers)


def _price_table(sheet: Sheet, given: Mapping | None, zone: str) -> Opened:
    """A price list in a table; one that its mapping does not fit is shown with what is missing."""
    used = given
    if used is None and not layout_of(sheet):
        used = guess_mapping(sheet.headers, sheet.sample(), ImportKind.CATALOG)
    is_clear = used is None or not validate_mapping(used, sheet.headers)
    catalog = catalog_of_sheet(sheet, used) if is_clear else None
    return Opened(ImportKind.CATALOG, sheet, used, zone, None, catalog, sheet.headers)


def _told(mapping: dict[str, Any] | None) -> dict[str, str]:
    """What a mapping says of a Master.csv: where its clock stands (Asterisk's `usegmtime` writes UTC)."""
    zone = str((mapping or {}).get("settings", {}).get("zone") or "")
    return {"zone": zone} if zone else {}


def _sheet(kind: ImportKind, path: Path, mapping: Mapping | None) -> Sheet:
    """The table: read whole in the limited child, or walked from the file where it is big or its writing is told."""
    told = mapping.settings if mapping else {}
    if kind != ImportKind.USAGE or not path.is_file():
        return read_sheet(path)
    with path.open("rb") as stream:
        packed = stream.read(4) in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
    if packed or not (path.stat().st_size > streaming.FROM_BYTES or told.get("encoding") or told.get("delimiter")):
        return read_sheet(path)
    return streaming.StreamedSheet(path, told.get("encoding", ""), told.get("delimiter", ""))


class _Places(Items):
    """A list whose items share lines: each is known by its place in the list instead."""

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        for place, (_, item) in enumerate(super().__iter__(), 1):
            yield place, item


def _one_a_line(items: Items) -> Items:
    lines = [line for line, _ in items]
    return items if len(set(lines)) == len(lines) else _Places(items.count, items.encoding, items._store)


def _is_of_a_bank(path: Path) -> bool:
    """Whether the file is a central bank's XML or JSON rather than a table."""
    return _is_list(path) or _head(path).startswith(b"<")


def _is_list(path: Path) -> bool:
    return _head(path)[:1] in (b"[", b"{")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError:
        return b""  # the reader says what is wrong with it
    return head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip()


def _line_entries(sheet: Sheet, mapping: Mapping, zone: str) -> Iterator[Entry]:
    companies: set[str] = set()
    repeats: dict[str, int] = {}
    for line in iter_lines(sheet, mapping, zone):
        code = line.values.get("company_code", "")
        digest = ""
        if sheet.is_streamed:
            yield Entry(line.number, [line], line.errors, line.warnings)
            continue
        if mapping.kind in (ImportKind.USAGE, ImportKind.PAYMENTS):
            digest = _digest(line.row.values, repeats)
        yield Entry(line.number, [line], line.errors, line.warnings, code not in companies, digest)
        companies.add(code)


def _master_entries(sheet: MasterSheet, zone: str) -> Iterator[Entry]:
    for line in iter_master(sheet, zone):
        yield Entry(line.number, [line] if line.values else [], line.errors, line.warnings)


def _digest(cells: list[str], repeats: dict[str, int]) -> str:
    """Of a line's content and of how many lines like it stand before it: the same file twice gives the same ones."""
    content = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:40]
    repeats[content] = repeats.get(content, 0) + 1
    return f"{content}-{repeats[content]}"


def _catalog_entries(catalog: Catalog) -> Iterator[Entry]:
    found: dict[int, Entry] = {}

    def at(line: int) -> Entry:
        return found.setdefault(line, Entry(line, [], [], []))

    things: list[PriceLine | Unpriced] = [*catalog.lines, *catalog.unpriced]
    for thing in things:
        at(thing.line).things.append(thing)
    for line, problem in catalog.errors:
        at(line).errors.append(problem)
    for line, problem in catalog.warnings:
        at(line).warnings.append(problem)
    return iter(sorted(found.values(), key=lambda one: one.number))
