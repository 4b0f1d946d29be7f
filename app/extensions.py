"""What Flask hangs on: database, FAB, CSRF, limiter, translations. Only entry points import it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import AppBuilder, Model
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import event

from app.access import tenancy

db = SQLAlchemy(model_class=Model)
appbuilder = AppBuilder()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address)

# A page that only reads must not take SQLite's one write lock; all else takes it at BEGIN (`reliability.md` §3a).
only_reading: ContextVar[bool] = ContextVar("only_reading", default=False)


@contextmanager
def reading(session: Any) -> Iterator[None]:
    """Only read inside: on SQLite the write lock is left to others, however long it takes."""
    session.commit()
    token = only_reading.set(True)
    try:
        yield
    finally:
        session.rollback()
        only_reading.reset(token)


@event.listens_for(sa.Engine, "connect")
def _open_sqlite(connection: Any, record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "temp_store=MEMORY",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(sa.Engine, "begin")
def _begin_sqlite(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN" if only_reading.get() else "BEGIN IMMEDIATE")


def install_walls() -> None:
    """Hold the scoped session of Flask-SQLAlchemy, and so everything FAB does, to the tenancy wall."""
    if not getattr(db, "_walled", False):
        tenancy.guard(db.session.session_factory)
        db._walled = True  # type: ignore[attr-defined]


def renew_appbuilder() -> AppBuilder:
    """The one AppBuilder as new: it remembers the views of the app before (tests make many apps)."""
    appbuilder.__init__()
    return appbuilder
