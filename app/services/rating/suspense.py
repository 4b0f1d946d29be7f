"""Records that wait for a place or a price: seen, tried again, or dropped with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.imports.lines import ImportLine
from app.imports.reading import Row
from app.models import Seller, SuspendedUsage
from app.services import trail
from app.services.importing import usage

BATCH = 1_000
NO_REASON = N_("Say why the records are dropped: it is kept with them.")
NONE_CHOSEN = N_("Choose at least one record first.")


@dataclass(frozen=True)
class Tried:
    """What came of trying again: how many found a place, how many wait on, and where the next batch begins."""

    placed: int
    waiting: int
    last_id: int


def waiting(number: str = "", reason: str = "", state: str = "waiting") -> sa.Select[tuple[SuspendedUsage]]:
    """The records of a state, the newest first; `number` from its beginning."""
    query = sa.select(SuspendedUsage).where(SuspendedUsage.state == state).order_by(SuspendedUsage.id.desc())
    if number:
        query = query.where(SuspendedUsage.number.startswith(number, autoescape=True))
    return query.where(SuspendedUsage.reason == reason) if reason else query


def reasons(session: Session) -> list[tuple[str, int]]:
    """Why records wait, the most frequent reason first."""
    count = sa.func.count()
    query = sa.select(SuspendedUsage.reason, count).where(SuspendedUsage.state == "waiting")
    return [
        (why, number) for why, number in session.execute(query.group_by(SuspendedUsage.reason).order_by(count.desc()))
    ]


def retry(session: Session, actor: Actor, ids: Sequence[int]) -> Tried:
    """Try chosen records again: one whose subscriber, service or rate exists now becomes usage."""
    actor.need(Right.IMPORTS_RUN)
    if not ids:
        raise Refused(NONE_CHOSEN)
    query = sa.select(SuspendedUsage).where(SuspendedUsage.id.in_(ids[:BATCH]), SuspendedUsage.state == "waiting")
    return _retry(session, actor, session.scalars(query.with_for_update(skip_locked=True)).all())


def retry_after(session: Session, actor: Actor, last_id: int = 0, size: int = BATCH) -> Tried:
    """Try the next records after an id; commit after each call until none is left."""
    actor.need(Right.IMPORTS_RUN)
    query = sa.select(SuspendedUsage).where(SuspendedUsage.id > last_id, SuspendedUsage.state == "waiting")
    query = query.order_by(SuspendedUsage.id).limit(size).with_for_update(skip_locked=True)
    return _retry(session, actor, session.scalars(query).all())


def _retry(session: Session, actor: Actor, rows: Sequence[SuspendedUsage]) -> Tried:
    groups: dict[tuple[int, str], list[SuspendedUsage]] = {}
    for row in rows:
        if row.seller_id is not None and row.line:
            groups.setdefault((row.seller_id, row.source), []).append(row)
    placed = 0
    for (seller_id, source), group in groups.items():
        lines = [(_line(row), row.source_id) for row in group]
        placed += len(usage.place(session, session.get_one(Seller, seller_id), source, lines).created)
    last_id = max((row.id for row in rows), default=0)
    for row in rows:
        session.expunge(row)  # those with a place are gone, the others have the reason of today
    if placed:
        trail.record(session, actor, "usage.placed", "suspended_usage", 0, placed=placed)
    return Tried(placed, len(rows) - placed, last_id)


def _line(row: SuspendedUsage) -> ImportLine:
    cells = [str(cell) for cell in row.record.values()]
    return ImportLine(0, Row(0, cells, list(row.record)), usage.from_kept(row.line), {}, [], [], [])


def drop(session: Session, actor: Actor, ids: Sequence[int], reason: str) -> int:
    """Give records up, with the reason and who gave them up; they stay on record and do not come in again."""
    actor.need(Right.IMPORTS_RUN)
    reason = " ".join(reason.split())
    if not ids:
        raise Refused(NONE_CHOSEN)
    if not reason:
        raise Refused(NO_REASON)
    note = f"{reason[:200]} ({actor.name[:80]})"
    query = sa.update(SuspendedUsage).where(SuspendedUsage.id.in_(ids[:BATCH]), SuspendedUsage.state == "waiting")
    change = query.values(state="dropped", note=note).execution_options(synchronize_session="fetch")
    count: int = session.execute(change).rowcount  # type: ignore[attr-defined]
    trail.record(session, actor, "usage.dropped", "suspended_usage", 0, records=count, reason=reason[:200])
    return count
