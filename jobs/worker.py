"""Answers bells: RQ's forking worker on one queue; its child dies with it, and it says that it lives."""

import ctypes
import os
import signal
import sys
import time
from typing import Any

import redis
from flask import Flask
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from app.extensions import db
from config import Settings
from jobs import context
from jobs.queue import QUEUE, Bell, connect

PR_SET_PDEATHSIG = 1
ALIVE = "kabinet:worker:"
ALIVE_SECONDS = 30
TTL = 16  # seconds; RQ waits for a bell 15 s less than this, and looks whether to stop after each wait
MAINTENANCE = 15  # seconds; RQ's ten minutes would leave a lost bell unseen that long


def die_with_parent(how: int = signal.SIGKILL, parent: int | None = None) -> None:
    """End this process when its parent ends (Linux); at once where the parent has already ended."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


class BellWorker(Worker):
    """RQ's worker with the three things a ledger needs of it (`reliability.md` §3b)."""

    job_class = Bell

    def main_work_horse(self, job: RqJob, queue: Queue) -> None:
        """In the child: never outlive the worker, or the same job would run twice at once."""
        die_with_parent(parent=self.pid)
        super().main_work_horse(job, queue)

    def _shutdown(self) -> None:
        """SIGTERM only leaves word: RQ raises right here, wherever the program is, and a destructor swallows that."""
        self._stop_requested = True

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Say that this worker lives, also after Redis came back empty; between two jobs, stop where asked to."""
        if self._stop_requested and pipeline is None and not self.horse_pid:
            raise StopRequested()
        super().heartbeat(timeout, pipeline)
        target = pipeline if pipeline is not None else self.connection
        target.set(ALIVE + self.name, int(time.time()), ex=ALIVE_SECONDS)

    def register_death(self) -> None:
        """Say that this worker has stopped."""
        super().register_death()
        self.connection.delete(ALIVE + self.name)


def main(app: Flask) -> None:
    """The worker as a process: until SIGTERM, then after the job it is at."""
    settings: Settings = app.config["KABINET"]
    context.use(app)
    context.handlers()
    with app.app_context():
        db.engine.dispose(close=False)  # connections stay the parent's; each child opens its own
    worker = BellWorker(
        [QUEUE],
        connection=connect(settings),
        serializer=JSONSerializer,
        job_class=Bell,
        worker_ttl=TTL,
        job_monitoring_interval=10,
        maintenance_interval=MAINTENANCE,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")


def alive(connection: redis.Redis) -> int:
    """How many workers said lately that they live."""
    return sum(1 for _ in connection.scan_iter(match=ALIVE + "*", count=100))
