"""The audit trail: who did what to which row. Each event's digest covers the one before it, so tampering shows."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.models import AuditEvent


def _digest(before: str, event: AuditEvent) -> str:
    content = [
        before,
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
        if session.get_bind().dialect.name == "postgresql":
            session.execute(sa.text("SELECT pg_advisory_xact_lock(7163001)"))  # one link of the chain at a time
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
        event.digest = _digest(session.scalar(newest) or "", event)
        session.add(event)
        session.flush()


def broken_links(session: Session) -> int:
    """How many events do not follow from the one before them."""
    before, broken = "", 0
    for event in session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).yield_per(1000):
        broken += event.digest != _digest(before, event)
        before = event.digest
    return broken
