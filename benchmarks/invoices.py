"""Papers of one account with many subscribers: its running month by e-mail, its report on charges, the split detail.

usage: python -m benchmarks.invoices [SUBSCRIBERS [RECORDS]]
Each case runs in a process of its own: CPU seconds, size, peak memory. A tenth of the subscribers was renamed; the
bare comparison reads the same rows by plain SQL and writes them with the same writer.
"""

import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

SUBSCRIBERS, RECORDS = 50_000, 200_000
OCTOBER = dt.date(2026, 10, 1)
TODAY = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


def _open(folder: Path, stack: ExitStack) -> Any:
    from app import create_app
    from app.access import tenancy
    from app.core import clock
    from tests.conftest import settings_at

    app = create_app(settings_at(folder))
    stack.enter_context(app.app_context())
    stack.enter_context(clock.standing_at(TODAY))
    stack.enter_context(tenancy.seeing(tenancy.EVERYONE))
    return app


def make(folder: Path, count: int, records: int) -> None:
    """A database with the account: October closed, November running, a tenth renamed, its calls of October."""
    from app import models as m
    from app.core.actor import Actor
    from app.core.period import Month
    from app.extensions import db
    from app.models import migrating
    from app.services import billing, setup
    from benchmarks.pages import copy_row
    from tests import makers

    with ExitStack() as stack:
        _open(folder, stack)
        with db.engine.begin() as connection:
            migrating.upgrade(connection)
        setup.ensure_defaults(db.session())
        seller = makers.seller(db.session(), zone="Europe/Kyiv")
        account = makers.account(db.session(), makers.company(db.session(), seller))
        tariff = makers.plan(db.session(), seller)
        calls = makers.component(db.session(), tariff, "0.5000", name="Дзвінки", charged="usage", unit="minute")
        first = makers.subscriber(db.session(), account)
        made = makers.subscription(db.session(), account, tariff, subscriber_id=first.id)
        names = m.SubscriberName(
            company_id=account.company_id,
            subscriber_id=first.id,
            old_name="Стара",
            new_name="Жовтнева",
            changed_at=dt.datetime(2026, 10, 15, tzinfo=dt.UTC),
            changed_by="bench",
        )
        use = m.Usage(
            company_id=account.company_id,
            account_id=account.id,
            subscription_id=made.id,
            subscriber_id=first.id,
            component_id=calls.id,
            source="bench",
            source_id="0",
            occurred_at=dt.datetime(2026, 10, 1, 8, tzinfo=dt.UTC),
            day=OCTOBER,
            quantity=Decimal(3),
            amount=Decimal("1.5"),
            other_number="380441234567",
            destination="Київ",
        )
        db.session().add_all((names, use))
        db.session().flush()
        named = {"number": "'+38067' || CAST(10000000 + n AS VARCHAR)", "name": "'Абонент ' || n"}
        copy_row("subscriber", first.id, count - 1, named)
        copy_row("subscription", made.id, count - 1, {"subscriber_id": f"{first.id} + n"})
        for item in made.items:
            copy_row("subscription_item", item.id, count - 1, {"subscription_id": f"{made.id} + n"})
        copy_row("subscriber_name", names.id, count // 10, {"subscriber_id": f"{first.id} + n"})
        which = f"n % {count}"
        when = {
            "subscriber_id": f"{first.id} + {which}",
            "subscription_id": f"{made.id} + {which}",
            "source_id": "n",
            "day": "DATE('2026-10-01', '+' || (n % 31) || ' days')",
            "occurred_at": "DATETIME('2026-10-01', '+' || (n % 31) || ' days', '+' || (n % 1200) || ' minutes')"
            " || '.000000'",
        }
        copy_row("usage", use.id, records - 1, when)
        db.session().commit()
        run = billing.start_run(db.session(), Actor.system(), seller.id, Month(2026, 10))
        while billing.run_batch(db.session(), Actor.system(), run.id).left:
            db.session().commit()
        db.session().execute(sa.text("ANALYZE"))
        db.session().commit()


def _account(session: Any) -> Any:
    from app.models import Account

    return session.scalars(sa.select(Account)).first()


def _running(folder: Path, form: str) -> int:
    from app.core.actor import Actor
    from app.extensions import db
    from app.services.cabinet import running

    account = _account(db.session())
    actor = Actor(1, "bench", account.company_id, rights=frozenset({"*"}))
    with (folder / form).open("wb") as out:
        running.write(db.session(), actor, account.id, form, out)
        return out.tell()


def running_xlsx(folder: Path) -> int:
    """charges of the running month, XLSX"""
    return _running(folder, "xlsx")


def running_pdf(folder: Path) -> int:
    """charges of the running month, PDF"""
    return _running(folder, "pdf")


def _report(folder: Path, form: str) -> int:
    from app.core.actor import Actor
    from app.core.period import Month
    from app.extensions import db
    from app.services import documents

    office = Actor.system()
    report = documents.charge_report(db.session(), office, _account(db.session()).id, Month(2026, 10))
    made = documents.make_file(db.session(), office, report.id, form, folder / "files")
    db.session().rollback()
    return made.size


def report_xlsx(folder: Path) -> int:
    """report on charges of the closed month, names of its end, XLSX"""
    return _report(folder, "xlsx")


def report_pdf(folder: Path) -> int:
    """the same, PDF"""
    return _report(folder, "pdf")


def report_split(folder: Path) -> int:
    """the same with the detail by working hours, XLSX"""
    return _report(folder, "split")


def bare(folder: Path) -> int:
    """bare: the charges with present names, plain SQL, the same writer of registers"""
    from app.extensions import db
    from app.reports.render.xlsx import Column, write_register

    query = sa.text(
        "SELECT s.number, s.name, c.name, c.quantity, c.unit_price, c.amount FROM charge c JOIN subscriber s "
        "ON s.id = c.subscriber_id WHERE c.account_id = :account ORDER BY s.number, c.id"
    ).bindparams(account=_account(db.session()).id)
    rows = (tuple(row) for row in db.session().execute(query.execution_options(yield_per=1000)))
    columns = [Column(str(n), "text" if n < 3 else "int") for n in range(6)]
    with (folder / "bare.xlsx").open("wb") as out:
        write_register(out, columns, rows)
        return out.tell()


CASES = (running_xlsx, running_pdf, report_xlsx, report_pdf, report_split, bare)


def main(arguments: list[str]) -> None:
    """Make the account, run each case, print a table."""
    count, records = [*(int(one) for one in arguments), *(SUBSCRIBERS, RECORDS)[len(arguments) :]][:2]
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), count, records)
        print(f"An account with {count:,} subscribers, {records:,} records in the closed month")
        print("| case | CPU s | MB of file | peak MB |\n|---|---|---|---|")
        for case in CASES:
            command = [sys.executable, "-m", "benchmarks.invoices", "--child", case.__name__, folder]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
            seconds, size, peak = json.loads(said.strip().splitlines()[-1])
            print(f"| {case.__doc__} | {seconds:.2f} | {size / 1e6:.1f} | {peak:.0f} |", flush=True)


def child(name: str, folder: Path) -> list[float]:
    """CPU seconds, bytes and peak megabytes of a case in this process."""
    with ExitStack() as stack:
        _open(folder, stack)
        before = time.process_time()
        size = globals()[name](folder)
        return [time.process_time() - before, size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(sys.argv[2], Path(sys.argv[3]))))
    else:
        main(sys.argv[1:])
