"""Turns: what is counted first and written then goes one at a time, until the commit of whoever came first."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.sets import is_postgresql


def one_at_a_time(session: Session, *names: int | str) -> None:
    """Whoever else takes its turn by one of these names waits until the commit; SQLite has one writer anyway."""
    if is_postgresql(session):
        for number in sorted({name if isinstance(name, int) else _number_of(name) for name in names}):
            session.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": number})  # in one order for all


def _number_of(name: str) -> int:
    """A name as a number that PostgreSQL can lock: 64 bits with a sign."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
