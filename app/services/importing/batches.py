"""A file shown before anything is written, then applied step by step; a killed import goes on where it stopped."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.period import Month
from app.imports.cdr import MasterSheet
from app.imports.fields import FIELDS, ImportKind
from app.imports.mapping import SETTINGS, Problem, settings_problems, validate_mapping
from app.imports.pricelines import PriceLine
from app.models import ImportBatch, ImportMapping, Seller
from app.services import trail
from app.services.importing import catalog, customers, payments, rates, subscribers, usage
from app.services.importing.opening import Entry, Opened, digest_of, open_file
from app.services.importing.work import LOCK, Work
from app.services.turns import one_at_a_time

STEP = 500
USAGE_STEP = 5_000  # records of usage are small and many
SHOWN = 100
OTHER_FILE = N_("This is not the file that was shown. Upload it again.")
UNFIT = N_("The line's data do not fit together with what is already here.")
BAD_DAY = N_("«%(day)s» is not a date. Write it like 2026-10-01.")

APPLY: dict[ImportKind, Callable[[Work, Sequence[Entry]], None]] = {
    ImportKind.CUSTOMERS: customers.apply,
    ImportKind.SUBSCRIBERS: subscribers.apply,
    ImportKind.CATALOG: catalog.apply,
    ImportKind.USAGE: usage.apply,
    ImportKind.PAYMENTS: payments.apply,
    ImportKind.RATES: rates.apply,
}
COUNTED = ("created", "changed", "unchanged", "suspended", "skipped", "refused")
UNITS_SHOWN = 12  # totals of a preview, at most


@dataclass
class Preview:
    """What a file holds: nothing of it is written yet. `problems` are (line, error | warning, sentence)."""

    kind: ImportKind
    mapping: dict[str, Any]
    headers: list[str]
    unmapped: list[str]
    start: dt.date
    lines: int = 0
    good: int = 0
    warned: int = 0
    rejected: int = 0
    problems: list[tuple[int, str, Problem]] = field(default_factory=list)
    mapping_problems: list[Problem] = field(default_factory=list)
    totals: dict[str, Decimal] = field(default_factory=dict)  # sums over the good lines, by field
    sample: list[dict[str, str]] = field(default_factory=list)
    other_sheets: list[str] = field(default_factory=list)
    header_line: int = 0


@dataclass(frozen=True)
class Progress:
    """How far a batch is, in lines of its file."""

    done: int
    total: int
    accepted: int
    rejected: int
    warned: int
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    suspended: int = 0
    skipped: int = 0  # call records of calls nobody answered

    @property
    def left(self) -> int:
        """Lines still to be looked at."""
        return self.total - self.done


# --- preview -----------------------------------------------------------------------------------------------------


def look_at_file(
    session: Session,
    actor: Actor,
    kind: ImportKind | str,
    path: Path,
    file_name: str,
    *,
    seller_id: int | None = None,
    mapping: dict[str, Any] | None = None,
    mapping_name: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[ImportBatch, Preview]:
    """Read a file and say what it holds; nothing is written, so that nobody waits for a long file (SQLite).

    The batch is not kept yet. `options`: «from» is the day changes begin, «source» whose usage it is, «zone» where its
    clock stands, «format» what it is.
    """
    actor.need(Right.IMPORTS_RUN)
    kind = _kind(kind)
    seller = _seller(session, seller_id)
    if mapping_name:
        mapping = saved_mapping(session, kind, mapping_name).mapping
    if zone := (options or {}).get("zone"):
        mapping = {**(mapping or {}), "settings": {**(mapping or {}).get("settings", {}), "zone": str(zone)}}
    start = _start(seller, options or {})
    opened = open_file(kind, path, mapping, seller.zone, str((options or {}).get("format") or ""))
    shown = _look(opened, start)
    batch = ImportBatch(
        seller_id=seller.id,
        kind=kind.value,
        file_name=Path(file_name).name[-255:],
        sha256=digest_of(path),
        mapping=opened.mapping.to_dict() if opened.mapping else {},
        options={**_source_of(opened), **(options or {}), "from": start.isoformat()},
        lines=shown.lines,
        accepted=shown.good,
        rejected=shown.rejected,
        warned=shown.warned,
        created_by=actor.name[:200],
    )
    return batch, shown


def preview_file(session: Session, actor: Actor, *args: Any, **named: Any) -> tuple[ImportBatch, Preview]:
    """`look_at_file`, and keep the batch."""
    batch, shown = look_at_file(session, actor, *args, **named)
    session.add(batch)
    session.flush()
    return batch, shown


def _source_of(opened: Opened) -> dict[str, str]:
    return {"source": "asterisk", "format": "asterisk"} if isinstance(opened.sheet, MasterSheet) else {}


def step_of(batch: ImportBatch) -> int:
    """How many lines of a batch one transaction takes."""
    return USAGE_STEP if batch.kind == ImportKind.USAGE else STEP


def _kind(kind: ImportKind | str) -> ImportKind:
    try:
        return ImportKind(kind)
    except ValueError as error:
        raise Refused(N_("There is no import of «%(kind)s». Choose one from the list."), kind=kind) from error


def _seller(session: Session, seller_id: int | None) -> Seller:
    if seller_id is not None:
        seller = session.get(Seller, seller_id)
    else:
        seller = session.scalars(sa.select(Seller).order_by(Seller.id).limit(1)).first()
    if seller is None:
        raise NotFound(N_("There is no such Seller. Choose one from the list."))
    return seller


def _start(seller: Seller, options: Mapping[str, Any]) -> dt.date:
    """The day from which what the file says holds: the first day of last month unless another is named."""
    given = options.get("from")
    if isinstance(given, dt.date):
        return given
    if given:
        try:
            return dt.date.fromisoformat(str(given))
        except ValueError as error:
            raise Refused(BAD_DAY, day=str(given)) from error
    return Month.of(clock.today(seller.zone)).shift(-1).first_day


def _look(opened: Opened, start: dt.date) -> Preview:
    mapping = opened.mapping
    shown = Preview(
        kind=opened.kind,
        mapping=mapping.to_dict() if mapping else {},
        headers=opened.headers,
        unmapped=[] if mapping is None or isinstance(opened.sheet, MasterSheet) else mapping.unmapped(opened.headers),
        start=start,
        mapping_problems=_misfits(opened),
    )
    if opened.sheet is not None:
        shown.sample = [row.cells for row in opened.sheet.sample(5)]
        shown.other_sheets = list(opened.sheet.other_sheets)
        shown.header_line = opened.sheet.header_line
    if not shown.mapping_problems:
        for entry in opened.entries():
            _count(shown, entry)
    elif opened.sheet is not None:
        shown.lines = len(opened.sheet)
    return shown


def _misfits(opened: Opened) -> list[Problem]:
    if opened.mapping is None or opened.sheet is None:
        return []
    if isinstance(opened.sheet, MasterSheet):  # whose columns are known
        return list(settings_problems(opened.mapping))
    return validate_mapping(opened.mapping, opened.headers)


def _count(shown: Preview, entry: Entry) -> None:
    shown.lines += 1
    shown.rejected += bool(entry.errors)
    if not entry.errors:
        shown.good += 1
        shown.warned += bool(entry.warnings)
        for thing in entry.things if shown.kind != ImportKind.RATES else ():
            _add_up(shown, thing)
    if len(shown.problems) < SHOWN:
        shown.problems.extend((entry.number, "error", one) for one in entry.errors)
        shown.problems.extend((entry.number, "warning", one) for one in entry.warnings)


def _add_up(shown: Preview, thing: Any) -> None:
    if isinstance(thing, PriceLine):
        shown.totals["prices"] = shown.totals.get("prices", Decimal(0)) + len(thing.tiers)
        return
    for name, value in getattr(thing, "values", {}).items():
        if isinstance(value, Decimal):
            told = _measured(shown, name, thing.values.get("unit", ""))
            shown.totals[told] = shown.totals.get(told, Decimal(0)) + value


def _measured(shown: Preview, name: str, unit: str) -> str:
    """Seconds and megabytes are no one sum: a quantity of usage is added up by its unit («quantity|mb»)."""
    if shown.kind != ImportKind.USAGE or name != "quantity" or not unit:
        return name
    told = f"{name}|{unit.strip().casefold()[:20]}"
    return told if told in shown.totals or len(shown.totals) < UNITS_SHOWN else f"{name}|…"


# --- applying ----------------------------------------------------------------------------------------------------


class _Cursor:
    """A file being walked, kept between the steps of one process; another process walks to the same line again."""

    def __init__(self, opened: Opened, after: int) -> None:
        self.opened, self.last = opened, after
        self._entries: Iterator[Entry] = opened.entries()
        self._waiting: Entry | None = None
        for entry in self._entries:
            if entry.number > after:
                self._waiting = entry
                break

    def take(self, count: int) -> list[Entry]:
        """The next entries."""
        taken: list[Entry] = []
        while self._waiting is not None and len(taken) < count:
            taken.append(self._waiting)
            self._waiting = next(self._entries, None)
        if taken:
            self.last = taken[-1].number
        return taken

    @property
    def is_at_end(self) -> bool:
        return self._waiting is None


_cursors: dict[tuple[str, int, str], _Cursor] = {}


def apply_batch(session: Session, actor: Actor, batch_id: int, path: Path, step: int | None = None) -> Progress:
    """Write the next `step` lines (else as `step_of` says) in the caller's transaction, who commits.

    A repeated line changes nothing.
    """
    actor.need(Right.IMPORTS_RUN)
    batch = _locked(session, batch_id)
    if batch.state == "applied":
        return progress(batch)
    seller = _seller(session, batch.seller_id)
    key = (str(session.get_bind().engine.url), batch.id, batch.sha256)
    cursor = _cursor(key, batch, path, seller)
    entries = cursor.take(step or step_of(batch))
    work = _work(session, actor, seller, batch, cursor.opened)
    with session.no_autoflush:
        _apply(work, [entry for entry in entries if entry.things and (not entry.errors or cursor.opened.catalog)])
    _keep(batch, work, entries)
    if cursor.is_at_end:
        batch.state = "applied"
        _cursors.pop(key, None)
        trail.record(session, actor, "import.apply", "import_batch", batch.id, kind=batch.kind, **_facts(batch))
    session.flush()
    return progress(batch)


def _locked(session: Session, batch_id: int) -> ImportBatch:
    one_at_a_time(session, LOCK)
    wanted = sa.select(ImportBatch).where(ImportBatch.id == batch_id).with_for_update()
    batch = session.scalars(wanted.execution_options(populate_existing=True)).first()
    if batch is None:
        raise NotFound()
    return batch


def _cursor(key: tuple[str, int, str], batch: ImportBatch, path: Path, seller: Seller) -> _Cursor:
    cursor = _cursors.pop(key, None)
    if cursor is None or cursor.last != batch.applied_through:
        if digest_of(path) != batch.sha256:
            raise Refused(OTHER_FILE)
        form = str(batch.options.get("format") or "")
        opened = open_file(ImportKind(batch.kind), path, batch.mapping or None, seller.zone, form)
        cursor = _Cursor(opened, batch.applied_through)
    while len(_cursors) > 1:
        _cursors.pop(next(iter(_cursors)))
    _cursors[key] = cursor
    return cursor


def _work(session: Session, actor: Actor, seller: Seller, batch: ImportBatch, opened: Opened) -> Work:
    mapping = opened.mapping
    return Work(
        session=session,
        actor=actor,
        seller=seller,
        start=dt.date.fromisoformat(batch.options["from"]),
        options={**batch.options, "kind": batch.kind},
        source=str(batch.options.get("source") or "file")[:60],
        columns=mapping.columns if mapping else {},
        lists_services=bool(mapping and mapping.services),
    )


def _apply(work: Work, entries: Sequence[Entry]) -> None:
    """Write entries together; where the database refuses, by halves, until the bad line stands alone."""
    if not entries:
        return
    attempt = work.attempt()
    try:
        with work.session.begin_nested():
            APPLY[ImportKind(work.options["kind"])](attempt, entries)
            work.session.flush()
        work.keep(attempt)
    except (DomainError, IntegrityError, DataError, ValueError, ArithmeticError) as error:
        if len(entries) == 1:
            reason = error if isinstance(error, DomainError) else Problem("", UNFIT)
            work.refused.setdefault(entries[0].number, reason)
            return
        middle = len(entries) // 2
        _apply(work, entries[:middle])
        _apply(work, entries[middle:])


def _keep(batch: ImportBatch, work: Work, entries: Sequence[Entry]) -> None:
    counts = Counter(batch.options.get("counts", {}))
    counts.update(work.counts())
    counts["done"] += len(entries)
    counts["skipped"] += sum(1 for entry in entries if not entry.things and not entry.errors)
    said = {str(line): [error.text, _plain(error.params)] for line, error in work.refused.items()}
    newly = [line for line in work.refused if str(line) not in batch.options.get("refused", {})]
    batch.options = {
        **batch.options,
        "counts": dict(counts),
        "refused": {**batch.options.get("refused", {}), **said},
    }
    batch.rejected += len(newly)
    batch.accepted -= len(newly)
    batch.state = "applying"
    if entries:
        batch.applied_through = entries[-1].number


def _plain(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}


def _facts(batch: ImportBatch) -> dict[str, Any]:
    counts = batch.options.get("counts", {})
    return {
        "file": batch.file_name,
        "sha256": batch.sha256,
        "lines": batch.lines,
        "rejected": batch.rejected,
        **{name: counts.get(name, 0) for name in COUNTED[:-1]},
    }


def progress(batch: ImportBatch) -> Progress:
    """How far a batch is."""
    counts = batch.options.get("counts", {})
    done = batch.lines if batch.state == "applied" else counts.get("done", 0)
    return Progress(
        done=done,
        total=batch.lines,
        accepted=batch.accepted,
        rejected=batch.rejected,
        warned=batch.warned,
        **{name: counts.get(name, 0) for name in COUNTED[:-1]},
    )


# --- saved mappings ----------------------------------------------------------------------------------------------


def save_mapping(
    session: Session, actor: Actor, kind: ImportKind | str, name: str, mapping: dict[str, Any]
) -> ImportMapping:
    """Keep a mapping under a name; the same name is written over."""
    actor.need(Right.IMPORTS_RUN)
    kind, name = _kind(kind), name.strip()[:80]
    if not name:
        raise Refused(N_("Give the mapping a name."))
    known = sa.select(ImportMapping).where(ImportMapping.kind == kind.value, ImportMapping.name == name)
    row = session.scalars(known).first()
    if row is None:
        row = ImportMapping(kind=kind.value, name=name, mapping={})
        session.add(row)
    row.mapping = {
        "kind": kind.value,
        "columns": {str(k): str(v) for k, v in mapping.get("columns", {}).items() if v and k in FIELDS[kind].by_name},
        "services": [str(one) for one in mapping.get("services", [])],
        "notations": {str(k): str(v) for k, v in mapping.get("notations", {}).items() if v},
        "settings": {str(k): str(v) for k, v in mapping.get("settings", {}).items() if v and k in SETTINGS},
    }
    session.flush()
    trail.record(session, actor, "import.mapping", "import_mapping", row.id, kind=kind.value, name=name)
    return row


def mappings(session: Session, kind: ImportKind | str) -> Sequence[ImportMapping]:
    """The saved mappings of a kind, by name."""
    wanted = sa.select(ImportMapping).where(ImportMapping.kind == _kind(kind).value)
    return session.scalars(wanted.order_by(ImportMapping.name)).all()


def saved_mapping(session: Session, kind: ImportKind | str, name: str) -> ImportMapping:
    """A saved mapping by its name."""
    for row in mappings(session, kind):
        if row.name == name:
            return row
    known = ", ".join(row.name for row in mappings(session, kind)) or "-"
    raise NotFound(N_("There is no saved mapping «%(name)s». Known: %(known)s."), name=name, known=known)
