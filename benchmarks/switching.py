"""Options by list: the preview with its prices, the requests, the operator's rounds and what billing then reads.

usage: python -m benchmarks.switching [LINES …] [sqlite | postgresql …]
One account of 50,000 subscribers with a plan each. CPU seconds are of this process, of its children (the limited
reader) and, on PostgreSQL, of the backend that works for it.
"""

import io
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.models import migrating
from app.reports.render import xlsx
from app.reports.render.xlsx import Column
from app.services import switching
from app.services.setup import ensure_defaults
from benchmarks.billing import series
from benchmarks.renaming import Meter, urls
from tests import makers

OFFICE = Actor.system("bench")
SUBSCRIBERS = 50_000


def fill(session: Session, count: int = SUBSCRIBERS) -> int:
    """A company with `count` subscribers on one account, each with a plan, and an option to choose; its id."""
    seller = ensure_defaults(session)
    account = makers.account(session, makers.company(session, seller))
    plan = makers.plan(session, seller, "150.0000")
    options = makers.plan(session, seller, "95.0000", for_subscribers=True)
    part = session.scalars(sa.select(m.Component).where(m.Component.plan_id == options.id)).one()
    part.code = "roaming"
    session.flush()
    own = f"'2026-01-01 00:00:00', {account.company_id}, {account.id}"
    session.execute(
        sa.text(
            "INSERT INTO subscriber (created_at, company_id, account_id, number, name, state) "  # noqa: S608
            f"SELECT {own}, '+38067' || CAST(1000000 + n AS VARCHAR), 'Абонент ' || CAST(n AS VARCHAR), 'active' "
            f"FROM {series(session, count)}"
        )
    )
    session.execute(
        sa.text(
            "INSERT INTO subscription (created_at, company_id, account_id, seller_id, plan_id, subscriber_id, name, "  # noqa: S608
            f"quantity, starts_on, state, auto_renew) SELECT {own}, {seller.id}, {plan.id}, s.id, 'Бізнес', 10000, "
            "'2026-01-01', 'active', TRUE FROM subscriber s"
        )
    )
    session.commit()
    session.execute(sa.text("ANALYZE"))
    session.commit()
    return account.company_id


def workbook(first: int, lines: int) -> bytes:
    """A list of numbers as XLSX."""
    out = io.BytesIO()
    rows = ((f"+38067{1000000 + n}", "відділ") for n in range(first, first + lines))
    xlsx.write_register(out, [Column("Номер"), Column("Відділ")], rows)
    return out.getvalue()


def whole(session: Session, company_id: int, first: int, lines: int, folder: Path) -> dict[str, float]:
    """A list from the file to the end; CPU seconds of each part."""
    meter, parts, last = Meter(session), {}, 0.0

    def part(name: str) -> None:
        nonlocal last
        session.commit()
        parts[name], last = sum(meter.spent) - last, sum(meter.spent)

    content, zone = workbook(first, lines), "Europe/Kyiv"
    part("(making the file)")
    choice = switching.Choice("on", "roaming", clock.today(zone))
    draft = switching.open_draft(session, OFFICE, company_id, choice)
    switching.take_file(session, OFFICE, draft.id, io.BytesIO(content), "list.xlsx")
    part("preview")
    switching.confirm(session, OFFICE, draft.id)
    while switching.ask_step(session, OFFICE, draft.id).left:
        session.commit()
    part("requests")
    switching.run_to_end(session, draft.id, folder, session.commit, lambda done, total: None)
    part("operator")
    with (folder / "result.xlsx").open("wb") as out:
        switching.write_result(session, draft, out)
    part("result")
    undone = switching.undo_batch(session, OFFICE, draft.id)
    part("undo")
    done = switching.counts_of(session, [draft.id])[draft.id]
    assert done == {"done": lines} and undone.countered == lines, (done, undone)
    return parts


def measure(url: str, sizes: list[int]) -> None:
    """Each size on one database."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrating.upgrade(connection)
    with Session(engine) as session, tempfile.TemporaryDirectory() as folder, tenancy.seeing(tenancy.EVERYONE, session):
        company_id, first = fill(session), 1
        for lines in sizes:
            parts = whole(session, company_id, first, lines, Path(folder))
            told = " | ".join(f"{parts[name]:.2f}" for name in ("preview", "requests", "operator", "result", "undo"))
            print(f"| {engine.dialect.name} | {lines:,} | {told} |", flush=True)
            first += lines
    engine.dispose()


def main(arguments: list[str]) -> None:
    """Measure on the databases named (both by default)."""
    sizes = [int(a) for a in arguments if a.isdigit()] or [5_000, 40_000]
    wanted = [a for a in arguments if not a.isdigit()] or ["sqlite", "postgresql"]
    print("| database | lines | preview, CPU s | requests | operator | result file | undo |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for url, server in urls(folder, wanted):
            measure(url, sizes)
            if server is not None:
                server.cleanup()


if __name__ == "__main__":
    main(sys.argv[1:])
