"""Requisites frozen for documents: one snapshot for each distinct content; an edit of a party makes the next one."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.models import PartySnapshot, Payer, Seller

_LEFT_OUT = {"id", "snapshot_id", "created_at", "company_id"}


def _content(party: Payer | Seller) -> dict[str, Any]:
    columns: Any = sa.inspect(party).mapper.column_attrs
    values = {c.key: getattr(party, c.key) for c in columns if c.key not in _LEFT_OUT}
    return json.loads(json.dumps({k: v for k, v in values.items() if v not in (None, "")}, default=str))


def freeze(session: Session, party: Payer | Seller) -> int:
    """The id of the snapshot of the party as it is now."""
    return freeze_all(session, [party])[party.id]


def freeze_all(session: Session, parties: list[Payer] | list[Seller]) -> dict[int, int]:
    """Snapshot ids of parties by their id, made where missing."""
    fresh = [p for p in parties if p.snapshot_id is None]
    rows = {p.id: (_digest(p), p) for p in fresh}
    known: dict[str, int] = _known(session, [d for d, _ in rows.values()])
    missing = {d: p for d, p in rows.values() if d not in known}
    if missing:
        session.execute(sa.insert(PartySnapshot), [_row(d, p) for d, p in missing.items()])
        known |= _known(session, list(missing))
    for digest, party in rows.values():
        party.snapshot_id = known[digest]
    session.flush()
    return {p.id: p.snapshot_id for p in parties if p.snapshot_id is not None}


def _known(session: Session, digests: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at in range(0, len(digests), 500):
        wanted = sa.select(PartySnapshot.digest, PartySnapshot.id).where(
            PartySnapshot.digest.in_(digests[at : at + 500])
        )
        found |= {digest: id_ for digest, id_ in session.execute(wanted)}
    return found


def _row(digest: str, party: Payer | Seller) -> dict[str, Any]:
    return {"digest": digest, "company_id": getattr(party, "company_id", None), "data": _content(party)}


def _digest(party: Payer | Seller) -> str:
    owner = [type(party).__name__, getattr(party, "company_id", None)]
    text = json.dumps([owner, _content(party)], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@event.listens_for(Session, "before_flush")
def _forget_snapshot_of_edited(session: Session, context: Any, instances: Any) -> None:
    for party in session.dirty:
        if isinstance(party, Payer | Seller):
            state: Any = sa.inspect(party)
            edited = {a.key for a in state.attrs if a.history.has_changes()} - _LEFT_OUT
            if edited & set(state.mapper.column_attrs.keys()):
                party.snapshot_id = None
