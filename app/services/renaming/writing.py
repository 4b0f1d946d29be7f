"""New names written by sets: a staging table, the rows locked in the order of their ids, one update, one history.

Which names were before is read under the locks, so that two lists at once each keep the true one.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.services.billing.dialect import Sql

_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

# id, new name, and the name it must still have ("": any) with whether that is asked
Wish = tuple[int, str, str, bool]

_LOCK = """INSERT INTO rename_changed (id, old_name, new_name)
 SELECT s.id, s.name, t.name FROM rename_stage t JOIN subscriber s ON s.id = t.id
 WHERE s.company_id = :company AND s.name <> t.name
 AND (NOT t.is_asked OR s.name = t.expected) ORDER BY s.id FOR NO KEY UPDATE OF s"""
_UPDATE = "UPDATE subscriber s SET name = c.new_name FROM rename_changed c WHERE s.id = c.id"
_HISTORY = """INSERT INTO subscriber_name
 (created_at, company_id, subscriber_id, request_id, old_name, new_name, changed_at, changed_by)
 SELECT :now, :company, id, :request, old_name, new_name, :now, :by FROM rename_changed ORDER BY id"""
_LEFT = """SELECT t.id, s.name FROM rename_stage t LEFT JOIN subscriber s ON s.id = t.id AND s.company_id = :company
 WHERE t.id NOT IN (SELECT id FROM rename_changed)"""
# SQLite has one writer, so nothing changes between its statements: the history is written from what is about to change.
# It joins a scratch table to a big one by a Bloom filter over the whole big one; asked so (IN, and + against the index
# of companies) it looks up each row by its key.
_HISTORY_SQLITE = """INSERT INTO subscriber_name
 (created_at, company_id, subscriber_id, request_id, old_name, new_name, changed_at, changed_by)
 SELECT :now, :company, s.id, :request, s.name, t.name, :now, :by FROM subscriber s CROSS JOIN rename_stage t
 WHERE s.id IN (SELECT id FROM rename_stage) AND t.id = s.id AND +s.company_id = :company AND s.name <> t.name
 AND (NOT t.is_asked OR s.name = t.expected)"""
_LEFT_SQLITE = """SELECT t.id, s.name FROM rename_stage t LEFT JOIN subscriber s
 ON s.id = t.id AND s.company_id = :company WHERE s.id IS NULL
 OR NOT (s.name <> t.name AND (NOT t.is_asked OR s.name = t.expected))"""
_UPDATE_SQLITE = """UPDATE subscriber SET name = (SELECT t.name FROM rename_stage t WHERE t.id = subscriber.id)
 WHERE id IN (SELECT id FROM rename_stage) AND +company_id = :company"""
_FORGET_SQLITE = "DELETE FROM rename_stage WHERE id = ?"


@dataclass(frozen=True)
class Written:
    """How many names were changed, and the wishes that were not met: id → the name it has (None: no such line)."""

    changed: int
    left: dict[int, str | None]


def write_names(session: Session, company_id: int, request_id: int, by: str, wishes: Sequence[Wish]) -> Written:
    """Change the names of a company's subscribers in the caller's transaction, with a history row each."""
    sql = Sql(session, {"company": company_id, "request": request_id, "by": by[:200]})
    return (_write_postgresql if sql.is_postgresql else _write_sqlite)(sql, sorted(wishes))


def _write_postgresql(sql: Sql, wishes: Sequence[Wish]) -> Written:
    sql.scratch("rename_stage", "id BIGINT, name VARCHAR(200), expected VARCHAR(200), is_asked BOOLEAN")
    sql.scratch("rename_changed", "id BIGINT, old_name VARCHAR(200), new_name VARCHAR(200)")
    driver: Any = sql.session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY rename_stage FROM STDIN") as copy:
        copy.write("".join([_copied(*wish) for wish in wishes]))
    sql.learn("rename_stage")
    changed = int(sql.run(_LOCK).rowcount)
    now = _naive(clock.now())  # read under the locks: a later change never has an earlier instant
    if changed:
        sql.learn("rename_changed")
        sql.run(_UPDATE)
        sql.run(_HISTORY, now=now)
    return Written(changed, {row_id: name for row_id, name in sql.run(_LEFT)} if changed < len(wishes) else {})


def _write_sqlite(sql: Sql, wishes: Sequence[Wish]) -> Written:
    connection = sql.session.connection()
    sql.scratch("rename_stage", "id INTEGER PRIMARY KEY, name TEXT, expected TEXT, is_asked BOOLEAN")
    if wishes:
        connection.exec_driver_sql("INSERT INTO rename_stage VALUES (?, ?, ?, ?)", list(wishes))
    changed = int(sql.run(_HISTORY_SQLITE, now=_naive(clock.now())).rowcount)
    left: dict[int, str | None] = {}
    if changed < len(wishes):
        left = {row_id: name for row_id, name in sql.run(_LEFT_SQLITE)}
        if left:
            connection.exec_driver_sql(_FORGET_SQLITE, [(row_id,) for row_id in left])
    if changed:
        sql.run(_UPDATE_SQLITE)
    return Written(changed, left)


def _copied(row_id: int, name: str, expected: str, is_asked: bool) -> str:
    if _SPECIAL.search(name) or _SPECIAL.search(expected):
        name, expected = name.translate(_ESCAPED), expected.translate(_ESCAPED)
    return f"{row_id}\t{name}\t{expected}\t{'t' if is_asked else 'f'}\n"


def _naive(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(tzinfo=None)
