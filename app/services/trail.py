"""The audit trail: who did what to which row. Each event's digest covers the one before it, so tampering shows."""

import hashlib
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.models import AuditEvent
from app.services.turns import one_at_a_time

LINK = 7163001  # of the chain: one is made at a time
HEADS = "trail-heads"  # a file of DATA_DIR; a copy elsewhere shows a tail that was cut off here


def _digest(before: str, event: AuditEvent, *who: object) -> str:
    content = [
        before,
        *who,
        event.at.isoformat(),
        event.actor,
        event.action,
        event.target,
        event.target_id,
        event.company_id,
        event.details,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()


def record(
    session: Session,
    actor: Actor,
    action: str,
    target: str,
    target_id: object = "",
    *,
    company_id: int | None = None,
    **details: Any,
) -> None:
    """Write down that `actor` did `action` («invoice.issue») to `target`; details must be JSON."""
    with tenancy.seeing(tenancy.EVERYONE, session), session.no_autoflush:
        newest = sa.select(AuditEvent.digest).order_by(AuditEvent.id.desc()).limit(1)
        one_at_a_time(session, LINK)
        event = AuditEvent(
            company_id=company_id if company_id is not None else actor.company_id,
            user_id=actor.user_id,
            actor=actor.name,
            action=action,
            target=target,
            target_id=str(target_id),
            details=json.loads(json.dumps(details, default=str)),
            at=clock.now().replace(microsecond=0),
        )
        session.flush()
        event.digest = _digest(session.scalar(newest) or "", event, event.user_id)
        session.add(event)
        session.flush()


def broken_links(session: Session) -> int:
    """How many events do not follow from the one before them."""
    before, broken = "", 0
    for event in session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).yield_per(1000):
        with_user = _digest(before, event, event.user_id)
        broken += event.digest != with_user and event.digest != _digest(before, event)  # older ones left the user out
        before = event.digest
    return broken


def _ends(session: Session) -> tuple[str, AuditEvent] | None:
    """The digest of the first event, which tells one database's trail from another's, and the newest event."""
    newest = session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).first()
    first = session.scalar(sa.select(AuditEvent.digest).order_by(AuditEvent.id).limit(1))
    return None if newest is None else (str(first), newest)


def keep_head(session: Session, folder: Path) -> None:
    """Write down which event is the newest by now: whoever cuts the tail off later must cut this file, too."""
    found = _ends(session)
    if found is None:
        return
    first, newest = found
    with (folder / HEADS).open("a", encoding="ascii") as heads:
        heads.write(f"{first} {newest.id} {newest.digest}\n")


def lost_heads(session: Session, folder: Path) -> int:
    """How many events that were once the newest are no longer there as they were."""
    path, found = folder / HEADS, _ends(session)
    if found is None or not path.exists():
        return 0
    told = {tuple(line.split()[1:]) for line in path.read_text("ascii").splitlines() if line.startswith(f"{found[0]} ")}
    there = sa.select(AuditEvent.digest)
    return sum(session.scalar(there.where(AuditEvent.id == int(number))) != digest for number, digest in told)
