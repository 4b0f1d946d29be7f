"""A handler of the test's own, and the processes that jobs live in."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.services import work
from app.services.work import JobName
from jobs import context

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def handle(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Put a function of the test in the place of the housekeeping handler: what jobs do to it is what is tested."""
    context.handlers()
    monkeypatch.setattr(context, "_app", app)

    def put(handler: Any) -> None:
        monkeypatch.setitem(context._handlers, JobName.HOUSEKEEPING, handler)

    return put


@pytest.fixture
def order(session: Any) -> Callable[..., int]:
    """Order a housekeeping job, committed; its id."""

    def make(actor: Any = None, **params: Any) -> int:
        from app.core.actor import Actor

        job_id = work.order_job(session, actor or Actor.system(), JobName.HOUSEKEEPING, params).id
        session.commit()
        session.remove()
        return job_id

    return make


class Processes:
    """Workers and relays as real processes over the app's database and Redis."""

    def __init__(self, app: Flask) -> None:
        settings = app.config["KABINET"]
        self.environment = {
            **os.environ,
            "DATA_DIR": str(settings.data_dir),
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "SECRET_KEY": settings.secret_key,
            "PYTHONPATH": str(ROOT),
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, what: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, str(ROOT / "run.py"), what], env=self.environment, cwd=ROOT)
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.fixture
def processes(app: Flask) -> Iterator[Processes]:
    made = Processes(app)
    yield made
    made.stop()
