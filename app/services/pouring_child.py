"""The small process that walks one statement and writes its rows into a file; `pouring.py` starts it.

It gets a plan as JSON on standard input and says how many rows it wrote and what memory that took. It knows neither
Flask nor SQLAlchemy: those are most of a process's memory, and rows need neither.
"""

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from app.reports.render import csv, xlsx
from app.reports.render.xlsx import Column

ROWS = 1000  # asked of a database at a time


def _day(value: Any) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _instant(value: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value


# What a driver gives → what stands in a cell, by the name that `pouring.READS` has for a column's type.
READERS: dict[str, Callable[[Any], Any]] = {
    "cents": lambda value: Decimal(value).scaleb(-2),
    "fine": lambda value: Decimal(value).scaleb(-4),
    "percent": lambda value: Decimal(value) / 100,
    "day": _day,
    "last day": lambda value: _day(value) - dt.timedelta(days=1),
    "instant": _instant,
    "flag": lambda value: 1 if value else 0,
}


def read(rows: Iterator[Sequence[Any]], reads: Sequence[str]) -> Iterator[list[Any]]:
    """Rows of a driver as values for a file."""
    steps = [(at, READERS[name]) for at, name in enumerate(reads) if name]
    for row in rows:
        cells = list(row)
        for at, reader in steps:
            if cells[at] is not None:
                cells[at] = reader(cells[at])
        yield cells


def write(out: BinaryIO, form: Mapping[str, Any], rows: Iterator[Sequence[Any]]) -> int:
    """Write rows as the form says; how many there were."""
    columns = [Column(*column) for column in form["columns"]]
    if form["fmt"] == "csv":
        return csv.write_register(out, columns, rows, delimiter=form["delimiter"], bom=form["bom"])
    return xlsx.write_register(out, columns, rows, form["totals"], sheet=form["sheet"], total_label=form["total_label"])


def rows_of_sqlite(plan: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Rows of a SQLite file, which is only read; a sort that outgrows the cache goes to a temporary file."""
    import sqlite3

    connection = sqlite3.connect(f"{Path(plan['database']).as_uri()}?mode=ro", uri=True, timeout=30)
    connection.execute("PRAGMA cache_size=-4096")
    connection.execute("PRAGMA temp_store=FILE")
    cursor = connection.execute(plan["sql"], plan["parameters"])
    while rows := cursor.fetchmany(ROWS):
        yield from rows
    connection.close()


def rows_of_postgresql(plan: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """Rows of PostgreSQL by a cursor of the server, inside the same tenancy wall as the session that asked."""
    import psycopg

    with psycopg.connect(plan["database"]) as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        connection.execute(
            "SELECT set_config('role', %s, true), set_config('app.tenant', %s, true), set_config('jit', 'off', true)",
            plan["wall"],
        )
        with connection.cursor(name="pouring") as cursor:
            cursor.itersize = ROWS
            cursor.execute(plan["sql"], plan["parameters"])
            yield from cursor


def main() -> None:
    """Do the plan of standard input."""
    plan = json.load(sys.stdin)
    source = rows_of_sqlite if plan["dialect"] == "sqlite" else rows_of_postgresql
    with open(plan["file"], "wb") as out:  # noqa: PTH123  # a descriptor that was inherited
        count = write(out, plan["form"], read(source(plan), plan["reads"]))
    json.dump([count, peak()], sys.stdout)


def peak() -> int:
    """Most memory this program had at once, in kilobytes (where the kernel tells; it does not count a parent's)."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
