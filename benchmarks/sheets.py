"""Registers out of the database and tables into it: CPU seconds of all processes and the peak memory of each.

usage: python -m benchmarks.sheets [ROWS]
"""

import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

ROWS = 100_000
COLUMNS = ("code", "name", "country", "tax_code", "email", "phone", "address", "amount", "day", "note")
HERE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def spent() -> float:
    """CPU seconds of this process and of its ended children."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, HERE))


def timed(work: Callable[[], int]) -> tuple[int, float]:
    """Rows and CPU seconds of a piece of work."""
    before = spent()
    count = work()
    return count, spent() - before


def make_file(folder: Path, count: int) -> int:
    """A workbook of ten mixed columns for the readers."""
    from app.reports.render import xlsx
    from app.reports.render.xlsx import Column

    kinds = ("text",) * 7 + ("money", "date", "text")
    columns = [Column(title, kind) for title, kind in zip(COLUMNS, kinds, strict=True)]
    rows = (
        (f"c{n}", f"ТОВ «Компанія {n}»", "UA", "32855961", f"a{n}@example.org", "+380441234567", "м. Київ", Decimal(n))
        + (dt.date(2026, 1 + n % 12, 1 + n % 28), "=1+1")
        for n in range(count)
    )
    with (folder / "in.xlsx").open("wb") as out:
        xlsx.write_register(out, columns, rows, [], "Rows", "")
    return count


def make_database(folder: Path, count: int) -> int:
    """A database with `count` invoices of a month."""
    from app import create_app
    from app.access import tenancy
    from app.extensions import db
    from app.models import migrating
    from benchmarks.pages import fill
    from tests.conftest import settings_at

    app = create_app(settings_at(folder))
    with app.app_context(), tenancy.seeing(tenancy.EVERYONE):
        with db.engine.begin() as connection:
            migrating.upgrade(connection)
        fill(count)
    return count


def _register(folder: Path, fmt: str, apart: bool) -> tuple[int, float, float]:
    import sqlalchemy as sa
    from sqlalchemy.orm import Session

    import app.extensions  # noqa: F401  # SQLite's pragmas
    from app.access import tenancy
    from app.core.period import Month
    from app.services import pouring, registers

    engine = sa.create_engine(f"sqlite:///{folder}/kabinet.db")
    register, month = registers.REGISTERS["invoices"], Month(2026, 10)
    form = pouring.Form(fmt, register.columns, register.totals)
    assert register.query is not None
    peak = 0.0

    def work() -> int:
        nonlocal peak
        query, _ = register.query(session, month)
        if not apart:
            return pouring.pour(session, query, form, out)
        rows, kilobytes = pouring.pour_apart(session, query, form, out)
        peak = kilobytes / 1024
        return rows

    with Session(engine) as session, tenancy.seeing(tenancy.EVERYONE), (folder / f"out.{fmt}").open("wb") as out:
        return (*timed(work), peak)


def register_xlsx(folder: Path, count: int) -> tuple[int, float, float]:
    """Register of invoices, database to XLSX, as jobs and commands do it: in a small process"""
    return _register(folder, "xlsx", apart=True)


def register_csv(folder: Path, count: int) -> tuple[int, float, float]:
    """Register of invoices, database to CSV, the same way"""
    return _register(folder, "csv", apart=True)


def register_here(folder: Path, count: int) -> tuple[int, float, float]:
    """Register of invoices, database to XLSX inside the program's own process"""
    return _register(folder, "xlsx", apart=False)


def plain_openpyxl(folder: Path, count: int) -> tuple[int, float]:
    """The same rows by ORM objects and openpyxl (a tenth of them)"""
    import openpyxl
    import sqlalchemy as sa
    from sqlalchemy.orm import Session

    from app.models import Document

    engine = sa.create_engine(f"sqlite:///{folder}/kabinet.db")

    def work() -> int:
        book = openpyxl.Workbook()
        sheet: Any = book.active
        with Session(engine) as session:
            for d in session.scalars(sa.select(Document).limit(count // 10)):
                party = (d.company.code, d.company.name, d.account.number, d.account.payer.name, d.currency)
                sheet.append((d.seller.code, d.kind, d.number, d.issued_on, d.due_on, *party, d.net, d.tax, d.total))
        book.save(folder / "plain.xlsx")
        return count // 10

    return timed(work)


def read_checked(folder: Path, count: int) -> tuple[int, float]:
    """XLSX in: checked, parsed in the limited child, walked"""
    from app.imports.limits import MIB, Limits
    from app.imports.reading import read_sheet

    wide = Limits(unpacked_bytes=200 * MIB, wall_seconds=300)  # 100,000 lines of ten columns unpack to more than 50 MB
    return timed(lambda: sum(1 for _ in read_sheet(folder / "in.xlsx", wide).rows))


def read_openpyxl(folder: Path, count: int) -> tuple[int, float]:
    """XLSX in by openpyxl, read only"""
    import openpyxl

    def work() -> int:
        sheet: Any = openpyxl.load_workbook(folder / "in.xlsx", read_only=True).active
        return sum(1 for _ in sheet.iter_rows(values_only=True)) - 1

    return timed(work)


CASES = (register_xlsx, register_csv, register_here, plain_openpyxl, read_checked, read_openpyxl)


def main(arguments: list[str]) -> None:
    """Make the material, run each case in a process of its own, print a table."""
    count = int(arguments[0]) if arguments else ROWS
    with tempfile.TemporaryDirectory() as folder:
        for make in ("make_database", "make_file"):
            child(make, folder, count)
        print("| case | rows | CPU s | rows / CPU s | peak MB |\n|---|---|---|---|---|")
        for case in CASES:
            rows, seconds, peak = child(case.__name__, folder, count)
            print(f"| {case.__doc__} | {rows:,} | {seconds:.2f} | {rows / seconds:,.0f} | {peak:.0f} |", flush=True)


def child(name: str, folder: str, count: int) -> tuple[int, float, float]:
    """Rows, CPU seconds and peak megabytes of a case run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sheets", "--child", name, folder, str(count)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    found = json.loads(said.strip().splitlines()[-1])
    return int(found[0]), float(found[1]), float(found[2])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        result = globals()[sys.argv[2]](Path(sys.argv[3]), int(sys.argv[4]))
        rows, seconds, *own = result if isinstance(result, tuple) else (result, 0.0)
        highest = max(resource.getrusage(who).ru_maxrss for who in HERE) / 1024
        print(json.dumps([rows, seconds, own[0] if own and own[0] else highest]))
    else:
        main(sys.argv[1:])
