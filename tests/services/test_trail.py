"""The audit trail is append-only, and whoever gets past that is found: edits, deletions, another order, a cut tail."""

import random
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.services import trail

EVENTS = 12
MUTATIONS = 1_000
COLUMNS = ("actor", "action", "target", "target_id", "details", "at", "company_id", "user_id")


@pytest.fixture
def rows(session: Session) -> list[dict[str, Any]]:
    """A trail, as the rows of its table, with nothing left that forbids a change."""
    for number in range(EVENTS):
        trail.record(session, Actor.system("olga"), f"step.{number}", "invoice", number, total=f"{number}.00")
    session.commit()
    named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
    for name in list(session.scalars(sa.text(named))):
        session.execute(sa.text(f"DROP TRIGGER {name}"))  # who has the database can do so
    session.commit()
    return [dict(row) for row in session.execute(sa.text("SELECT * FROM audit_event ORDER BY id")).mappings()]


def put(session: Session, rows: list[dict[str, Any]]) -> None:
    session.execute(sa.text("DELETE FROM audit_event"))
    if rows:
        names = list(rows[0])
        into = f"INSERT INTO audit_event ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"  # noqa: S608
        session.execute(sa.text(into), rows)
    session.expire_all()


def edited(rows: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    at, column = chance.randrange(len(rows)), chance.choice(COLUMNS)
    forged = {
        "details": '{"total": "0.01"}',
        "at": "2001-01-01 00:00:00.000000",
        "company_id": 7,
        "user_id": 7,
    }.get(column, "forged")
    return [{**row, column: forged} if place == at else row for place, row in enumerate(rows)]


def deleted(rows: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    at = chance.randrange(len(rows) - 1)
    return [row for place, row in enumerate(rows) if place != at]


def reordered(rows: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    one, other = chance.sample(range(len(rows)), 2)
    ids = {one: rows[other]["id"], other: rows[one]["id"]}
    return [{**row, "id": ids.get(place, row["id"])} for place, row in enumerate(rows)]


def cut(rows: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    return rows[: chance.randrange(1, len(rows))]


def test_a_thousand_ways_to_tamper_with_the_trail_are_all_found(
    session: Session, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    chance = random.Random(23)
    assert trail.broken_links(session) == 0
    trail.keep_head(session, tmp_path)
    assert trail.lost_heads(session, tmp_path) == 0
    session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
    for _ in range(MUTATIONS):
        way = chance.choice((edited, deleted, reordered, cut))
        with session.begin_nested() as saved:
            put(session, way(rows, chance))
            assert trail.broken_links(session) or trail.lost_heads(session, tmp_path), way.__name__
            saved.rollback()
    session.expire_all()
    assert trail.broken_links(session) == 0 and trail.lost_heads(session, tmp_path) == 0


def test_another_databases_head_is_not_missed_here(session: Session, tmp_path: Path) -> None:
    (tmp_path / trail.HEADS).write_text(f"{'a' * 64} 5 {'b' * 64}\n")
    trail.record(session, Actor.system("olga"), "first", "x")
    assert trail.lost_heads(session, tmp_path) == 0
