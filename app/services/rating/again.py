"""Records that came in before their service had a tariff: rated afterwards, batch by batch, in open months only."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import Refused
from app.models import Component, Plan, SealedMonth, Seller, Tariff, Usage
from app.rules.rating import Event, EventKind, international
from app.services.importing.usage import kind_of, volume_of
from app.services.rating import tariffs

BATCH = 2_000


@dataclass(frozen=True)
class Again:
    """How many records got a price, how many found no rate, and where the next batch begins."""

    rated: int
    without: int
    last_id: int
    is_done: bool


def rate_after(session: Session, actor: Actor, tariff_id: int, last_id: int = 0, size: int = BATCH) -> Again:
    """Rate the next records without a price of a tariff's components; commit after each call."""
    actor.need(Right.CATALOG_WRITE)
    tariff = session.get_one(Tariff, tariff_id)
    seller = session.get_one(Seller, tariff.seller_id)
    rows = _rows(session, tariff_id, last_id, size)
    times = tariffs.clock_for(session, seller)
    rater = tariffs.Rater(session, times, tariffs.load(session, [tariff_id], times))
    rater.read_use((row.subscription_id, row.company_id, row.day.replace(day=1)) for row in rows)
    sealed = _sealed(session, seller.id)
    changes = []
    for row in rows:
        if row.id <= sealed.get(row.day.replace(day=1), 0):
            continue  # a sealed month stays as it was reported
        found = {"kind": row.kind, "service": row.name, "quantity": row.quantity}
        kind = kind_of(found, row.unit) or EventKind.ONE_OFF
        volume = row.volume or volume_of(found, row.unit)
        number = international(row.other_number or row.destination, *tariffs.dialling(seller.country))
        event = Event(str(kind), number, row.occurred_at, volume, row.direction or "out", _zone(row, number))
        try:
            rated = rater.rate(tariff_id, row.subscription_id, event)
        except Refused:
            continue
        changes.append(
            {
                "i": row.id,
                "a": rated.amount,
                "n": rated.included,
                "r": rated.rate_id,
                "t": rated.time_class.value,
                "k": str(kind),
                "v": volume,
                "d": rated.destination[:60],
            }
        )
    _write(session, changes)
    rater.write_use()
    last = rows[-1].id if rows else last_id
    return Again(len(changes), len(rows) - len(changes), last, len(rows) < size)


def _sealed(session: Session, seller_id: int) -> dict[dt.date, int]:
    last = sa.func.max(SealedMonth.last_usage_id)
    query = sa.select(SealedMonth.month, last).where(SealedMonth.seller_id == seller_id).group_by(SealedMonth.month)
    return {month: usage_id for month, usage_id in session.execute(query)}


def _zone(row: Any, number: str) -> str:
    return "" if number else str(row.destination)


def _rows(session: Session, tariff_id: int, last_id: int, size: int) -> list[Any]:
    query = (
        sa.select(
            Usage.id,
            Usage.company_id,
            Usage.subscription_id,
            Usage.day,
            Usage.occurred_at,
            Usage.quantity,
            Usage.kind,
            Usage.volume,
            Usage.direction,
            Usage.other_number,
            Usage.destination,
            Component.name,
            Component.unit,
        )
        .join(Component, Component.id == Usage.component_id)
        .join(Plan, Plan.id == Component.plan_id)
        .where(Component.tariff_id == tariff_id, Usage.amount.is_(None), Usage.id > last_id)
        .order_by(Usage.id)
        .limit(size)
    )
    return list(session.execute(query))


def _write(session: Session, changes: list[dict[str, Any]]) -> None:
    if not changes:
        return
    table = Usage.__table__
    values = {
        "amount": "a",
        "included": "n",
        "rate_id": "r",
        "time_class": "t",
        "kind": "k",
        "volume": "v",
        "destination": "d",
    }
    update = table.update().where(table.c.id == sa.bindparam("i"))
    session.connection().execute(update.values({name: sa.bindparam(key) for name, key in values.items()}), changes)
