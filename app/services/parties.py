"""Requisites frozen for documents: one snapshot for each distinct content; an edit of a party makes the next one."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.models import PartySnapshot, Payer, Seller
from app.models.base import Instant
from app.services import sets

Content = tuple[str, int | None, dict[str, Any]]  # digest, company id, requisites
_LEFT_OUT = {"id", "snapshot_id", "created_at", "company_id", "operator", "operator_settings"}


def freeze(session: Session, party: Payer | Seller) -> int:
    """The id of the snapshot of the party as it is now."""
    if party.snapshot_id is None:
        session.flush()
        if isinstance(party, Seller):  # the provider's own row: a company's request may not write it by itself
            with tenancy.seeing(tenancy.EVERYONE, session):
                freeze_all(session, Seller, [party.id])
        else:
            freeze_all(session, type(party), [party.id])
        session.refresh(party, ["snapshot_id"])
    assert party.snapshot_id is not None
    return party.snapshot_id


def freeze_all(session: Session, kind: type[Payer] | type[Seller], ids: list[int]) -> None:
    """Give every party of these its snapshot, made where that content is new; parties in memory are not refreshed."""
    for at in range(0, len(ids), 1000):
        _freeze_some(session, kind, ids[at : at + 1000])


def digest_of(owner: int | None, data: dict[str, Any]) -> str:
    """The digest of frozen requisites: of a payer where a company owns them, else of a Seller."""
    text = json.dumps([(Seller if owner is None else Payer).__tablename__, owner, data], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _freeze_some(session: Session, kind: type[Payer] | type[Seller], ids: list[int]) -> None:
    table: Any = kind.__table__
    digests: dict[int, str] = {}
    contents: dict[str, Content] = {}
    for row in session.execute(sa.select(table).where(table.c.id.in_(ids))).mappings():
        data = {k: _plain(v) for k, v in row.items() if v not in (None, "") and k not in _LEFT_OUT}
        owner = row.get("company_id")
        digest = digests[row["id"]] = digest_of(owner, data)
        contents[digest] = (digest, owner, data)
    known = _known(session, list(contents))
    missing = [content for digest, content in contents.items() if digest not in known]
    if missing:
        known |= _add(session, missing)
    _point(session, table.name, {party: known[digest] for party, digest in digests.items()})


def _add(session: Session, contents: list[Content]) -> dict[str, int]:
    rows = sets.row_source(session, "rows", {"digest": "text", "company_id": "bigint", "data": "json"})
    add = sets.text(
        "INSERT INTO party_snapshot (digest, company_id, data, created_at) "  # noqa: S608 - the source is our own
        f"SELECT r.digest, r.company_id, r.data, :now FROM {rows} RETURNING digest, id",
        now=Instant(),
    )
    return dict(session.execute(add, {"rows": sets.dump(contents), "now": clock.now()}).tuples().all())


def _point(session: Session, table: str, snapshots: dict[int, int]) -> None:
    rows = sets.row_source(session, "rows", {"party": "bigint", "snapshot": "integer"})
    point = f"UPDATE {table} SET snapshot_id = r.snapshot FROM {rows} WHERE {table}.id = r.party"  # noqa: S608
    session.connection().execute(sa.text(point), {"rows": sets.dump(snapshots.items())})


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | bool) else str(value)


def _known(session: Session, digests: list[str]) -> dict[str, int]:
    wanted = sa.select(PartySnapshot.__table__.c.digest, PartySnapshot.__table__.c.id)
    return dict(session.execute(wanted.where(PartySnapshot.__table__.c.digest.in_(digests))).all())


@event.listens_for(Session, "before_flush")
def _forget_snapshot_of_edited(session: Session, context: Any, instances: Any) -> None:
    for party in session.dirty:
        if isinstance(party, Payer | Seller):
            state: Any = sa.inspect(party)
            edited = {a.key for a in state.attrs if a.history.has_changes()} - _LEFT_OUT
            if edited & set(state.mapper.column_attrs.keys()):
                party.snapshot_id = None
