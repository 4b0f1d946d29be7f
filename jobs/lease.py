"""One worker at a time on a row: a lease that the kernel or PostgreSQL takes back when its holder dies.

No clock is involved. SQLite lives on one machine, so there a byte of a lock file is the lease; on PostgreSQL it is a
session's advisory lock, which ends with the connection.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

JOB, OUTBOX = 1, 2
_SHIFT = 48
_open_files: dict[tuple[int, str], int] = {}  # (process, path) → descriptor: closing any would free all its locks


class Lease:
    """A held lease. `is_alive` says whether it still is one."""

    def __init__(self, connection: sa.Connection | None = None) -> None:
        self._connection = connection

    def is_alive(self) -> bool:
        """False where PostgreSQL has closed the connection that held it."""
        if self._connection is None:
            return True
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            return False
        return True


@contextmanager
def held(engine: sa.Engine, folder: Path, kind: int, row_id: int) -> Iterator[Lease | None]:
    """The lease of a row for the time inside, or None where somebody else has it."""
    key = (kind << _SHIFT) + row_id
    if engine.dialect.name == "postgresql":
        with _in_postgresql(engine, key) as lease:
            yield lease
        return
    file = _lock_file(folder)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, key)
    except OSError:
        yield None
        return
    try:
        yield Lease()
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, key)


@contextmanager
def _in_postgresql(engine: sa.Engine, key: int) -> Iterator[Lease | None]:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        if not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (key,)).scalar():
            yield None
            return
        try:
            yield Lease(connection)
        finally:
            _unlock(connection, key)
    finally:
        connection.close()


def _unlock(connection: sa.Connection, key: int) -> None:
    try:
        connection.exec_driver_sql("SELECT pg_advisory_unlock(%s)", (key,))
    except DBAPIError:
        connection.invalidate()  # a lock must not come back with the pooled connection


def _lock_file(folder: Path) -> int:
    path = str(folder / "leases")
    mine = (os.getpid(), path)
    if mine not in _open_files:
        folder.mkdir(parents=True, exist_ok=True)
        _open_files[mine] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return _open_files[mine]
