"""`python run.py` starts everything under one supervisor; `flask --app run …` runs one command; `run:app` is the web.

The supervisor imports the program once and forks: workers, relay (with the schedule) and web share its memory. What
dies is started again; when the supervisor itself dies, so does all it started. With DATABASE_URL and REDIS_URL the same
program runs on real servers, and any number of machines may run it.
"""

import fcntl
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from config import Settings

PROVIDER_PEOPLE = ("admin", "office", "accountant", "support")
ORION_PEOPLE = ("owner", "manager", "bookkeeper", "employee")
READY_SECONDS = 60
LAST_JOB_SECONDS = 600
LONGEST_PAUSE = 30.0


def say(text: str) -> None:
    """One line to the terminal, at once."""
    print(text, flush=True)


class Child:
    """A process that is kept running."""

    def __init__(self, name: str, start: Callable[[], int], grace: float = 15.0) -> None:
        self.name, self._start, self.grace = name, start, grace
        self.fails, self.next_try, self.pid = 0, 0.0, 0
        self.up()

    def up(self) -> None:
        """Start it."""
        self.born, self.pid = time.monotonic(), self._start()

    def is_dead(self) -> bool:
        """Whether it has ended (and is buried)."""
        if not self.pid:
            return True
        try:
            ended, _ = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            ended = self.pid
        if ended:
            self.pid = 0
        return bool(ended)

    def tend(self) -> None:
        """Start it again where it died, with growing pauses while it keeps dying."""
        if self.pid and self.is_dead():
            self.fails = self.fails + 1 if time.monotonic() - self.born < LONGEST_PAUSE else 1
            pause = min(LONGEST_PAUSE, 0.25 * 2**self.fails)
            self.next_try = time.monotonic() + pause
            say(f"{self.name} ended unexpectedly; starting it again in {pause:.1f} s")
        elif not self.pid and time.monotonic() >= self.next_try:
            self.up()

    def signal(self, number: int) -> None:
        """Tell it something, if it is there."""
        if self.pid:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                self.pid = 0


class Supervisor:
    """Starts, tends and stops the processes of one machine."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.children: list[Child] = []
        self.stops = 0

    def run(self) -> int:
        """Everything, until Ctrl-C or SIGTERM; the exit code."""
        begun = time.monotonic()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        try:
            self._start(begun)
            while not self.stops:
                time.sleep(0.2)
                for child in self.children:
                    child.tend()
        finally:
            self._stop()
        return 0

    def _on_signal(self, *_: object) -> None:
        self.stops += 1
        if self.stops > 1:
            say("Stopping at once; what was not finished goes on at the next start.")

    def _start(self, begun: float) -> None:
        say("Kabinet is starting.")
        if not self.settings.redis_url:
            self._add("redis", lambda: start_redis(self.settings))
        app = prepare(self.settings, lambda: bool(self.stops))
        if self.stops:
            return
        wait_for_redis(self.settings)
        gc.collect()
        gc.freeze()  # pages shared with the children stay shared
        from jobs import relay, worker

        for number in range(1, self.settings.workers + 1):
            self._add(f"worker {number}", forked(lambda: worker.main(app)), LAST_JOB_SECONDS)
        self._add("relay", forked(lambda: relay.main(app)))
        self._add("web", forked(lambda: serve(app, self.settings)))
        self._wait_until_ready()
        if not self.stops:
            greet(app, self.settings, time.monotonic() - begun)

    def _add(self, name: str, start: Callable[[], int], grace: float = 15.0) -> None:
        self.children.append(Child(name, start, grace))

    def _wait_until_ready(self) -> None:
        limit = time.monotonic() + READY_SECONDS
        while not self.stops and time.monotonic() < limit:
            if is_listening(self.settings):
                return
            time.sleep(0.05)
            for child in self.children:
                child.tend()

    def _stop(self) -> None:
        """Web and relay first, then each worker after the job it is at, Redis last."""
        if self.children:
            say("Stopping; a running job is finished first (Ctrl-C again stops at once).")
        for child in reversed(self.children):
            if child.name != "redis":
                child.signal(signal.SIGTERM)
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
            limit = time.monotonic() + child.grace
            while not child.is_dead() and time.monotonic() < limit and self.stops < 2:
                time.sleep(0.02)
            if child.pid:
                child.signal(signal.SIGKILL)
                os.waitpid(child.pid, 0)
        if self.children:
            say("Stopped.")
        self.children.clear()


def forked(work: Callable[[], object]) -> Callable[[], int]:
    """A starter that forks this process and works in the child, in a process group of its own."""

    def start() -> int:
        from jobs.worker import die_with_parent

        parent = os.getpid()
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            os.setpgid(0, 0)  # Ctrl-C in the terminal reaches the supervisor only
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            die_with_parent(signal.SIGTERM, parent)
            work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except BaseException:
            logging.getLogger("kabinet").exception("a process of Kabinet failed")
        finally:
            logging.shutdown()
            os._exit(code)

    return start


def start_redis(settings: Settings) -> int:
    """The embedded Redis: a socket only its owner can reach, an append-only file in the data folder."""
    from jobs.embedded import redis_program

    path = settings.redis_socket
    folder = settings.data_dir / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_uid != os.getuid():
        raise SystemExit(f"{path.parent} belongs to somebody else. Set DATA_DIR to a shorter path.")
    path.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "600",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "loglevel": "warning",
        "maxmemory-policy": "noeviction",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    with (settings.data_dir / "redis.log").open("ab") as out:
        return subprocess.Popen(  # noqa: S603
            [redis_program(), *arguments], stdout=out, stderr=out, preexec_fn=_leave_and_die_with_parent
        ).pid


def _leave_and_die_with_parent() -> None:
    import ctypes

    os.setpgid(0, 0)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def wait_for_redis(settings: Settings) -> None:
    """Return when Redis answers; SystemExit with a sentence when it does not come up."""
    from redis.exceptions import RedisError

    from jobs.queue import connect

    limit = time.monotonic() + READY_SECONDS
    while True:
        try:
            connect(settings).ping()
            return
        except RedisError as error:
            if time.monotonic() > limit:
                where = "REDIS_URL" if settings.redis_url else str(settings.data_dir / "redis.log")
                raise SystemExit(f"Redis does not answer ({type(error).__name__}). Look at {where}.") from error
            time.sleep(0.05)


def prepare(settings: Settings, should_stop: Callable[[], bool]) -> Any:
    """The app over a database with the newest tables, and on the first start with the demo."""
    from app import create_app
    from app.extensions import db

    app = create_app(settings)
    with app.app_context():
        migrate(db.engine, settings.default_country)
        if settings.demo and not should_stop():
            app.config["WITH_OWN_PASSWORD"] = load_demo(settings, should_stop)
        db.session.remove()
        db.engine.dispose()  # no connection is shared with the children
    return app


def migrate(engine: Any, country: str) -> None:
    """Bring the tables to the newest revision and the settings that must exist; several machines may start at once."""
    from app.access import tenancy
    from app.extensions import db
    from app.models import migrating
    from app.services import setup

    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7163000)")
        migrating.upgrade(connection)
    with tenancy.seeing(tenancy.EVERYONE):
        if engine.dialect.name == "postgresql":
            db.session.connection().exec_driver_sql("SELECT pg_advisory_xact_lock(7163000)")
        setup.ensure_defaults(db.session(), country)
        db.session.commit()


def load_demo(settings: Settings, should_stop: Callable[[], bool]) -> list[str]:
    """The demo's companies and people, once; stopped halfway, it goes on from there at the next start.

    The people have DEMO_PASSWORD as it is set today, but who has chosen their own: they are returned.
    """
    from app.access import tenancy
    from app.extensions import db
    from app.services import demo
    from app.services.demo import people

    def show(done: int, total: int, message: str) -> None:
        if should_stop():
            raise SystemExit("The demo is not whole yet; the next start goes on with it.")
        line(done, total, message)

    with tenancy.seeing(tenancy.EVERYONE, db.session()), progress_line("Loading the demo") as line:
        about = (settings.demo_password, settings.demo_size)
        demo.load(db.session(), *about, show, db.session.commit, settings.secret_key)
        own = people.give_password(db.session(), settings.demo_password)
        db.session.commit()
    return own


@contextmanager
def progress_line(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on a terminal, else a line for each tenth."""
    live, shown = sys.stdout.isatty(), -1

    def show(done: int, total: int, detail: str = "") -> None:
        nonlocal shown
        share = min(100, done * 100 // total) if total else 0
        if live:
            print(f"\r{what} [{'#' * (share // 4):<25}] {share:3d} % {detail[:40]:<40}", end="", flush=True)
        elif share // 10 > shown:
            say(f"{what}: {share} % {detail}".rstrip())
        shown = share // 10

    yield show
    if live and shown >= 0:
        print(flush=True)


def serve(app: Any, settings: Settings) -> None:
    """The web server, until SIGTERM."""
    import waitress

    def leave(*_: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a page asks for its files all at once: no alarm
    waitress.serve(
        app, host=settings.host, port=settings.port, threads=8, ident=None, clear_untrusted_proxy_headers=True
    )


def is_listening(settings: Settings) -> bool:
    """Whether the web server takes connections."""
    try:
        with socket.create_connection((settings.host, settings.port), timeout=1):
            return True
    except OSError:
        return False


def greet(app: Any, settings: Settings, seconds: float) -> None:
    """Where it is, and who can sign in."""
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    say(f"\nKabinet runs at {settings.public_url or f'http://{shown}:{settings.port}'}  (ready in {seconds:.1f} s)")
    if settings.demo:
        say(f"Sign in with the password {settings.demo_password} as")
        say(f"  the provider:     {', '.join(PROVIDER_PEOPLE)}")
        say(f"  company «orion»:  {', '.join(ORION_PEOPLE)}")
        say("  company «vega»:   stranger")
        if own := app.config["WITH_OWN_PASSWORD"]:
            say(f"  but with a password they chose themselves: {', '.join(own)}")
    elif nobody_can_sign_in(app):
        say("Nobody can sign in yet. Make the first administrator: flask --app run add-administrator NAME EMAIL")
    say("Ctrl-C stops it.\n")


def nobody_can_sign_in(app: Any) -> bool:
    """Whether there is no active user at all."""
    import sqlalchemy as sa

    from app.access import tenancy
    from app.extensions import db
    from app.models import User

    with app.app_context(), tenancy.seeing(tenancy.EVERYONE):
        try:
            return db.session.execute(sa.select(User.id).where(User.active.is_(True)).limit(1)).first() is None
        finally:
            db.session.remove()
            db.engine.dispose()


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Refuse a second supervisor over the same data folder; the kernel frees the lock however this one ends."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "run.lock").open("w") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SystemExit(
                f"Kabinet already runs over {settings.data_dir}. Stop it first, or set DATA_DIR and PORT."
            ) from error
        yield


def run_alone(what: str, settings: Settings) -> int:
    """One process without a supervisor: `python run.py worker|relay|web`, for machines that have their own."""
    from app import create_app
    from jobs import relay, worker

    app = create_app(settings)
    work: dict[str, Callable[[], object]] = {
        "worker": lambda: worker.main(app),
        "relay": lambda: relay.main(app),
        "web": lambda: serve(app, settings),
    }
    if what not in work:
        raise SystemExit(f"There is no {what!r}. Say worker, relay or web, or nothing for all of them.")
    work[what]()
    return 0


def main(arguments: Sequence[str]) -> int:
    """Everything under one supervisor, or the one process that is named."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = Settings.from_environment()
    if arguments:
        return run_alone(arguments[0], settings)
    with only_one(settings):
        if is_listening(settings):
            raise SystemExit(f"Port {settings.port} is in use. Set PORT to a free one: PORT=8090 make run")
        return Supervisor(settings).run()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

from sqlalchemy.exc import ArgumentError  # noqa: E402

from app import create_app  # noqa: E402  # `python run.py` says a word before this second of imports

try:
    app = create_app(Settings.from_environment())
except (SystemExit, ArgumentError) as wrong:  # commands end with 2; 1 is `audit`'s word for a breach
    reason = wrong.code if isinstance(wrong, SystemExit) else f"DATABASE_URL cannot be used: {wrong}"
    print(str(reason).splitlines()[0], file=sys.stderr)
    raise SystemExit(2) from None
