"""The same walls on PostgreSQL: with row-level security and the ORM's guard, and with either of them alone."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from app import create_app
from app.access import tenancy
from app.access.roles import Role
from app.extensions import appbuilder, db
from tests.conftest import settings_at
from tests.views import world
from tests.views.crawler import Findings
from tests.views.test_crawler import HolesPage
from tests.views.test_isolation import Stage, crawl, finish, shared_out

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
VERSION = "SELECT pg_snapshot_xmax(pg_current_snapshot())"


class PostgresStage(Stage):
    """A database made from a kept copy, and made again after each change."""

    counts_commits = False


@pytest.fixture(scope="module")
def pg(tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.Engine) -> Iterator[PostgresStage]:
    base = postgres_server.url

    def command(sql: str) -> Any:
        with postgres_server.connect() as connection:
            return connection.exec_driver_sql(sql)

    command("CREATE DATABASE isolation TEMPLATE kabinet_template")
    url = base.set(database="isolation", drivername="postgresql").render_as_string(hide_password=False)
    app = create_app(settings_at(tmp_path_factory.mktemp("pg"), database_url=url))
    monitor = sa.create_engine(base.set(database="isolation"), poolclass=sa.NullPool)

    def copy(source: str, target: str) -> None:
        with app.app_context():
            db.engine.dispose()
        command(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        command(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy")

    watching = postgres_server.connect()  # one for all: two a request were a third of the crawl

    def version() -> int:
        return int(watching.exec_driver_sql(VERSION).scalar())

    yield PostgresStage(
        app, monitor, lambda: copy("isolation", "isolation_kept"), lambda: copy("isolation_kept", "isolation"), version
    )
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    watching.close()
    for name in ("isolation", "isolation_kept"):
        command(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def without_rls(pg: PostgresStage) -> Iterator[None]:
    """As where the login may not become `kabinet_app`: only the ORM's guard and the services stand."""
    with pg.app.app_context():
        known = db.engine.__dict__.setdefault("_kabinet_role", {})
    before, known["role"] = known.get("role"), "none"
    yield
    known.pop("role") if before is None else known.update(role=before)


@pytest.fixture
def without_guard() -> Iterator[None]:
    """As where a statement slipped past the ORM's guard: only row-level security and the services stand."""
    event.remove(db.session.session_factory, "do_orm_execute", tenancy._narrow)
    yield
    event.listen(db.session.session_factory, "do_orm_execute", tenancy._narrow)


@pytest.mark.parametrize("role", shared_out([Role.OWNER, Role.EMPLOYEE, "stranger"], "isolation-postgres"))
def test_both_walls_hold(pg: PostgresStage, role: Any) -> None:
    found, started = Findings(), time.monotonic()
    crawl(pg, role, found)
    finish(found, pg, started, f"PostgreSQL, both walls, {role}")


@pytest.mark.xdist_group("isolation-postgres-1")
def test_the_guard_holds_alone(pg: PostgresStage, without_rls: None) -> None:
    found, started = Findings(), time.monotonic()
    crawl(pg, Role.OWNER, found)
    finish(found, pg, started, "PostgreSQL, the ORM's guard alone, owner")


@pytest.mark.xdist_group("isolation-postgres-2")
def test_row_level_security_holds_alone(pg: PostgresStage, without_guard: None) -> None:
    found, started = Findings(), time.monotonic()
    crawl(pg, Role.OWNER, found)
    finish(found, pg, started, "PostgreSQL, row-level security alone, owner")


@pytest.mark.xdist_group("isolation-postgres-0")
def test_staff_meet_no_fault_on_postgresql(pg: PostgresStage) -> None:
    found, started = Findings(), time.monotonic()
    crawl(pg, Role.ADMINISTRATOR, found)
    finish(found, pg, started, "PostgreSQL, administrator")


@pytest.fixture
def holed(pg: PostgresStage) -> Flask:
    if not any(isinstance(view, HolesPage) for view in pg.app.extensions["appbuilder"].baseviews):
        pg.app._got_first_request = False
        with pg.app.app_context():
            appbuilder.add_view_no_menu(HolesPage)
    return pg.app


def ask_raw_holes(pg: PostgresStage) -> tuple[int, bool]:
    """The status of a read by raw SQL, and whether a blind write hit."""
    crawler = pg.crawler(Role.EMPLOYEE, Findings())
    read = crawler.client.get(f"/holes/amount/{world.B}").status_code
    crawler.client.post(f"/holes/blind/{world.B}", data={"csrf_token": crawler.token})
    with pg.look() as connection:
        written = world.rows_of(connection, world.B) != pg.before[world.B]
    pg.put_back()
    return read, written


def test_row_level_security_holds_raw_sql_too(pg: PostgresStage, holed: Flask) -> None:
    """What the ORM's guard cannot see: SQL written by hand."""
    read, written = ask_raw_holes(pg)
    assert read == 404 and not written


def test_without_it_raw_sql_would_leak(pg: PostgresStage, holed: Flask, without_rls: None) -> None:
    read, written = ask_raw_holes(pg)
    assert read == 200 and written
