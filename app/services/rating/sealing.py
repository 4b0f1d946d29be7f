"""A closed month of usage in files that never change, and what it comes to by subscriber, service and time class.

Sealing writes the month's records once as Parquet, with the digest in the database; a report of the month reads the
files (after checking the digests) and asks the database nothing. A record that comes in late changes no file: it is
billed by a further run of the month and then sealed as a further part.
"""

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.core.files import digest_of, written_whole
from app.core.money import FINE
from app.core.period import Month
from app.models import Account, BillingRun, SealedMonth, Usage
from app.rules.lifecycle import RunState
from app.services import trail
from app.services.importing.work import LOCK

FOLDER = "sealed"
NOT_CLOSED = N_("%(month)s is not closed yet. Close it first; it is sealed afterwards.")
DAMAGED = N_("The sealed file of %(month)s is not what was sealed. Restore «%(name)s» from a copy of the data.")
MEMORY = "192MB"
CHUNK = 1 << 20
ROWS = 10_000

# What of a record is kept, as DuckDB types it: sums are whole ten-thousandths, as in the database.
_COLUMNS = {
    "id": "BIGINT",
    "account_id": "BIGINT",
    "subscriber_id": "BIGINT",
    "subscription_id": "BIGINT",
    "component_id": "BIGINT",
    "occurred_at": "TIMESTAMP",
    "day": "DATE",
    "kind": "VARCHAR",
    "direction": "VARCHAR",
    "other_number": "VARCHAR",
    "destination": "VARCHAR",
    "time_class": "VARCHAR",
    "quantity": "BIGINT",
    "volume": "BIGINT",
    "included": "BIGINT",
    "amount": "BIGINT",
}


def seal(session: Session, actor: Actor, data_dir: Path, seller_id: int, month: Month) -> SealedMonth | None:
    """Write what of a closed month is not sealed yet as its next part; None where nothing is. Commits nothing.

    Done again it finds nothing; killed halfway it left at most a file that nobody knows, which is written over.
    """
    actor.need(Right.BILLING_RUN)
    _need_closed(session, seller_id, month)
    parts = parts_of(session, seller_id, month)
    first = max((one.last_usage_id for one in parts), default=0) + 1
    last = _last_id(session, seller_id, month)
    if last < first:
        return None
    number = len(parts) + 1
    path = data_dir / FOLDER / f"{seller_id}-{month}-{number}.parquet"
    lines, amount = _write(session, path, seller_id, month, first, last)
    if not lines:
        return None
    made = SealedMonth(
        seller_id=seller_id,
        month=month.first_day,
        part=number,
        first_usage_id=first,
        last_usage_id=last,
        lines=lines,
        amount=Decimal(amount) / FINE,
        path=str(path.relative_to(data_dir)),
        sha256=digest_of(path),
        sealed_at=clock.now(),
    )
    session.add(made)
    session.flush()
    trail.record(
        session, actor, "month.seal", "sealed_month", made.id, month=str(month), lines=lines, sha256=made.sha256
    )
    return made


def _need_closed(session: Session, seller_id: int, month: Month) -> None:
    query = sa.select(BillingRun.state).where(BillingRun.seller_id == seller_id, BillingRun.month == month.first_day)
    if session.scalar(query) != RunState.DONE.value:
        raise Refused(NOT_CLOSED, month=str(month))


def parts_of(session: Session, seller_id: int, month: Month) -> list[SealedMonth]:
    """The sealed parts of a month, in order."""
    query = sa.select(SealedMonth).where(SealedMonth.seller_id == seller_id, SealedMonth.month == month.first_day)
    return list(session.scalars(query.order_by(SealedMonth.part)))


def _last_id(session: Session, seller_id: int, month: Month) -> int:
    """The last record there is. On PostgreSQL no import is half-way then: each holds this lock until it commits."""
    locks = session.get_bind().dialect.name == "postgresql"
    if locks:
        session.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    try:
        found = session.scalar(_of_month(sa.select(sa.func.max(Usage.__table__.c.id)), seller_id, month))
    finally:
        if locks:  # imports go on; what they add has a greater id
            session.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
    return int(found or 0)


def is_needed(session: Session, seller_id: int, month: Month) -> bool:
    """Whether a Seller has records of the month that no sealed part has."""
    last = max((one.last_usage_id for one in parts_of(session, seller_id, month)), default=0)
    query = _of_month(sa.select(Usage.__table__.c.id), seller_id, month).where(Usage.__table__.c.id > last).limit(1)
    return session.execute(query).first() is not None


def _of_month(query: Any, seller_id: int, month: Month) -> Any:
    usage, account = Usage.__table__.c, Account.__table__.c
    return query.where(
        usage.account_id.in_(sa.select(account.id).where(account.seller_id == seller_id)),
        usage.day >= month.period.start,
        usage.day < month.period.end,
    )


def _write(session: Session, path: Path, seller_id: int, month: Month, first: int, last: int) -> tuple[int, int]:
    """Records as a temporary CSV, that as Parquet by DuckDB; whole under its name or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_name(f".{path.name}.{os.getpid()}.csv")
    try:
        usage = Usage.__table__.c
        query = _of_month(sa.select(*(usage[name] for name in _COLUMNS)), seller_id, month)
        _pour(session, query.where(usage.id >= first, usage.id <= last), plain)
        with written_whole(path) as part:
            lines, amount = _pack(plain, part)
            if not lines:
                part.unlink()
        return lines, amount
    finally:
        plain.unlink(missing_ok=True)


def _pack(plain: Path, part: Path) -> tuple[int, int]:
    """The CSV as Parquet, an account's records together; how many lines and what they come to."""
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in _COLUMNS.items())
    cells = ", ".join(f"COALESCE({n}, '') AS {n}" if kind == "VARCHAR" else n for n, kind in _COLUMNS.items())
    source = f"read_csv($source, columns={{{types}}}, header=false, delim=',', quote='\"')"
    target = str(part).replace("'", "''")
    copy = (
        f"COPY (SELECT {cells} FROM {source} ORDER BY account_id, subscriber_id, occurred_at, id) TO '{target}' "  # noqa: S608
        "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
    )
    with _engine(part.parent) as engine:
        engine.execute(copy, {"source": str(plain)})
        counted = engine.execute("SELECT COUNT(*), COALESCE(SUM(amount), 0) FROM read_parquet(?)", [str(part)])
        lines, amount = counted.fetchone() or (0, 0)
    return int(lines), int(amount)


def _pour(session: Session, query: Any, path: Path) -> None:
    """Rows into a CSV in steady memory, as the driver gives them: no object is made of a row."""
    compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    raw = session.connection().connection.driver_connection
    assert raw is not None
    if session.get_bind().dialect.name == "postgresql":
        order = f"COPY ({compiled}) TO STDOUT (FORMAT csv)"
        with path.open("wb") as out, raw.cursor() as cursor, cursor.copy(order) as copy:
            for block in copy:
                out.write(block)
        return
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        cursor = raw.execute(str(compiled))
        while rows := cursor.fetchmany(ROWS):
            writer.writerows(rows)


def _engine(folder: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB for one statement or two: little memory, what does not fit beside the files, nothing from the network."""
    settings: dict[str, Any] = {
        "memory_limit": MEMORY,
        "threads": 2,
        "temp_directory": str(folder),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return duckdb.connect(":memory:", config=settings)


# ---- reports ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sum:
    """What a subscriber used of a service in a class of time; `quantity` and `amount` in ten-thousandths."""

    subscriber_id: int | None
    component_id: int
    time_class: str
    records: int
    quantity: int
    included: int
    amount: int


_KEYS = "subscriber_id, component_id, time_class"
_SUMS = "COUNT(*), SUM(quantity), SUM(included), SUM(COALESCE(amount, 0))"


def totals(
    session: Session, data_dir: Path, seller_id: int, month: Month, account_id: int | None = None
) -> Iterator[Sum]:
    """A month by subscriber × service × time class: from the sealed files, or for an open month from the database."""
    parts = parts_of(session, seller_id, month)
    if parts:
        yield from sealed_totals(data_dir, parts, account_id)
        return
    usage = Usage.__table__.c
    query = sa.select(
        usage.subscriber_id,
        usage.component_id,
        usage.time_class,
        sa.func.count(),
        sa.cast(sa.func.sum(sa.type_coerce(usage.quantity, sa.BigInteger)), sa.BigInteger),
        sa.cast(sa.func.sum(usage.included), sa.BigInteger),
        sa.cast(sa.func.sum(sa.func.coalesce(sa.type_coerce(usage.amount, sa.BigInteger), 0)), sa.BigInteger),
    ).group_by(usage.subscriber_id, usage.component_id, usage.time_class)
    query = query.order_by(usage.subscriber_id, usage.component_id, usage.time_class)
    if account_id is None:
        query = _of_month(query, seller_id, month)
    else:
        period = month.period
        query = query.where(usage.account_id == account_id, usage.day >= period.start, usage.day < period.end)
    for row in session.connection().execute(query, execution_options={"yield_per": 2000}):
        yield Sum(*row)


def sealed_totals(data_dir: Path, parts: Sequence[SealedMonth], account_id: int | None = None) -> Iterator[Sum]:
    """The same from sealed files, whose digests are checked first."""
    paths = [_checked(data_dir, one) for one in parts]
    where, values = ("WHERE account_id = ?", [account_id]) if account_id is not None else ("", [])
    query = f"SELECT {_KEYS}, {_SUMS} FROM read_parquet(?) {where} GROUP BY {_KEYS} ORDER BY {_KEYS}"  # noqa: S608
    with _engine(data_dir / FOLDER) as engine:
        found = engine.execute(query, [paths, *values])
        while rows := found.fetchmany(ROWS):
            for row in rows:
                yield Sum(row[0], row[1], row[2] or "", row[3], int(row[4]), int(row[5]), int(row[6]))


def _checked(data_dir: Path, part: SealedMonth) -> str:
    path = data_dir / part.path
    if not path.is_file() or digest_of(path) != part.sha256:
        raise Refused(DAMAGED, month=f"{part.month:%Y-%m}", name=part.path)
    return str(path)
