"""Lines of usage → usage of a subscription's parts, rated where the part has a tariff.

What belongs to nobody known, or cannot be priced, is kept with its reason. A record is known by (source, id).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_, Refused
from app.core.money import FOUR_PLACES, half_up
from app.imports import words
from app.imports.lines import ImportLine
from app.imports.units import UNITS
from app.models import Seller, SuspendedUsage, Usage
from app.rules.rating import Clock, Event, EventKind, Rated, international
from app.services.importing.opening import Entry
from app.services.importing.owners import NOBODY, Books, Owner, Owners, Part
from app.services.importing.work import LOCK, TOO_LONG, Work, rows_in
from app.services.rating import tariffs
from app.services.turns import one_at_a_time

OTHER_RECORD = N_(
    "A record with the id «%(id)s» came in already and says otherwise. Where this is another record, give it an id of "
    "its own; where the first one was wrong, correct it there."
)
OTHER_UNIT = N_("The unit is not the one the part is sold by.")

# Which kind of event a service's name means; what is not here is told by its unit, and only where it is rated.
KINDS = {
    words.fold(word): kind
    for kind, listed in {
        EventKind.VOICE: "voice|call|calls|phone call|telephony|голос|дзвінок|дзвінки|розмова|розмови|звонок|звонки|"
        "разговор|разговоры|rozmowa|rozmowy|połączenie|połączenia",
        EventKind.SMS: "sms|mms|message|messages|смс|ммс|повідомлення|сообщение|сообщения|wiadomość",
        EventKind.DATA: "data|internet|mobile data|gprs|lte|інтернет|мобільний інтернет|интернет|мобильный интернет|"
        "dane",
        EventKind.ROAMING: "roaming|роумінг|роуминг",
        EventKind.ONE_OFF: "one off|one-off|content|event|разова послуга|разовая услуга|usługa jednorazowa",
    }.items()
    for word in listed.split("|")
}
_OF_FAMILY = {"time": EventKind.VOICE, "data": EventKind.DATA}


def converted(quantity: Decimal, unit: str, sold_by: str) -> Decimal | None:
    """The quantity in the unit the part is sold by; None where they do not go together."""
    given, wanted = words.fold(unit), words.fold(sold_by)
    if not given or given == wanted:
        return quantity
    one, other = UNITS.get(given), UNITS.get(wanted)
    if one is None or other is None or one[0] != other[0]:
        return None
    return half_up(quantity * one[1] / other[1], FOUR_PLACES)


def kind_of(found: dict[str, Any], unit: str = "") -> str:
    """Which kind of event a line is: as its service is called, else by its unit; "" where nothing tells."""
    known = found.get("kind") or KINDS.get(words.fold(str(found.get("service", ""))))
    family = UNITS.get(words.fold(found.get("unit") or unit))
    return str(known or (_OF_FAMILY[family[0]] if family and unit else ""))


def volume_of(found: dict[str, Any], sold_by: str) -> int:
    """Whole seconds, bytes or pieces."""
    if "volume" in found:
        return int(found["volume"])
    unit = UNITS.get(words.fold(found.get("unit") or sold_by))
    size = unit[1] if unit else Decimal(1)
    return int((found["quantity"] * size).to_integral_value(rounding=ROUND_CEILING))


@dataclass
class Placed:
    """What became of records: rows written, records known before, and why the others wait (by id)."""

    created: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    differ: set[int] = field(default_factory=set)  # lines with the id of a known record that they are not
    waits: dict[str, str] = field(default_factory=dict)


def apply(work: Work, entries: Sequence[Entry]) -> None:
    """Write lines of usage; one that came in before is left alone, unless it waited and now has a place."""
    good = [(entry.things[0], _source_id(entry)) for entry in entries if _fits(work, entry)]
    placed = place(work.session, work.seller, work.source, good)
    for line, source_id in good:
        if line.number in placed.differ:
            work.refuse(line.number, OTHER_RECORD, id=source_id[:40])
        elif source_id in placed.waits:
            work.mark(line.number, "suspended")
        elif source_id in placed.created:
            placed.created.discard(source_id)  # the same id again in the file is a record already known
            work.mark(line.number, "created")
        else:
            work.mark(line.number, "unchanged")


def _source_id(entry: Entry) -> str:
    return str(entry.things[0].values.get("source_id") or entry.digest)


def _fits(work: Work, entry: Entry) -> bool:
    found = entry.things[0].values
    for name, limit in (("source_id", 120), ("destination", 60), ("zone", 60)):
        if len(found.get(name, "")) > limit:
            work.refuse(entry.number, TOO_LONG, cell=found[name][:40], limit=limit)
    return entry.number not in work.refused


def _known(
    session: Session, source: str, source_ids: Sequence[str]
) -> tuple[dict[str, tuple[dt.datetime, int]], dict[str, tuple[int, str]]]:
    used = sa.select(Usage.source_id, Usage.occurred_at, Usage.volume).where(Usage.source == source)
    waiting = sa.select(SuspendedUsage.id, SuspendedUsage.source_id, SuspendedUsage.state)
    waiting = waiting.where(SuspendedUsage.source == source)
    return (
        {row.source_id: (row.occurred_at, row.volume) for row in rows_in(session, used, Usage.source_id, source_ids)},
        {row.source_id: (row.id, row.state) for row in rows_in(session, waiting, SuspendedUsage.source_id, source_ids)},
    )


@dataclass(frozen=True, slots=True)
class _Record:
    """A line with its owner and the part it uses."""

    line: ImportLine
    source_id: str
    owner: Owner
    part: Part
    local: dt.datetime


def place(session: Session, seller: Seller, source: str, lines: Sequence[tuple[ImportLine, str]]) -> Placed:
    """Write records where they belong, rate those with a tariff, and let the others wait with their reason."""
    one_at_a_time(session, LOCK)
    used, waiting = _known(session, source, [source_id for _, source_id in lines])
    placed = Placed(known=set(used))
    fresh: dict[str, ImportLine] = {}
    for line, source_id in lines:
        if source_id in used or source_id in fresh or waiting.get(source_id, (0, ""))[1] == "dropped":
            placed.known.add(source_id)
            if _differs(line, used.get(source_id) or _said(fresh.get(source_id))):
                placed.differ.add(line.number)
        else:
            fresh[source_id] = line
    times = tariffs.clock_for(session, seller)
    records, rater = _find(session, seller, times, fresh, placed)
    rows = [row for record in records if (row := _row(record, source, rater, seller, placed)) is not None]
    if rows:
        session.connection().execute(sa.insert(Usage.__table__), rows)
    rater.write_use()
    placed.created = {row["source_id"] for row in rows}
    _settle(session, seller, source, fresh, placed, waiting)
    return placed


def _said(line: ImportLine | None) -> tuple[dt.datetime, int] | None:
    return None if line is None else (line.values["started_at"], line.values.get("volume", 0))


def _differs(line: ImportLine, known: tuple[dt.datetime, int] | None) -> bool:
    """Whether a record says another moment, or another length, than the one that came with its id before."""
    if known is None:
        return False
    started_at, volume = known
    moved = line.values["started_at"].astimezone(dt.UTC) != started_at.astimezone(dt.UTC)
    return moved or bool(volume and "volume" in line.values and line.values["volume"] != volume)


def _find(
    session: Session, seller: Seller, times: Clock, fresh: dict[str, ImportLine], placed: Placed
) -> tuple[list[_Record], tariffs.Rater]:
    lines = list(fresh.values())
    owners = Owners(session, seller, lines)
    of = {source_id: owners.of(line) for source_id, line in fresh.items()}
    books = Books(session, (one for one in of.values() if one is not None))
    rater = tariffs.Rater(session, times, tariffs.load(session, books.tariff_ids, times))
    records = []
    for source_id, line in fresh.items():
        owner, kind = of[source_id], kind_of(line.values)
        local = times.local(line.values["started_at"])

        def serves(part: Part, kind: str = kind) -> bool:
            return bool(part.tariff_id) and kind in rater.tariffs[part.tariff_id].kinds  # type: ignore[index]

        is_record, service = "called_number" in line.values, line.values["service"]
        part = NOBODY if owner is None else books.find(owner, service, local.date(), serves, is_record)
        if isinstance(part, str) or owner is None:
            placed.waits[source_id] = str(part)
        else:
            records.append(_Record(line, source_id, owner, part, local))
    rater.read_use(
        (one.part.subscription_id, one.part.company_id, one.local.date().replace(day=1))
        for one in records
        if one.part.tariff_id is not None
    )
    return records, rater


def _row(record: _Record, source: str, rater: tariffs.Rater, seller: Seller, placed: Placed) -> dict[str, Any] | None:
    found, part = record.line.values, record.part
    quantity = converted(found["quantity"], found.get("unit", ""), part.unit)
    rated = None
    kind = kind_of(found)
    volume = 0
    if part.tariff_id is not None:
        kind = kind or kind_of(found, part.unit) or EventKind.ONE_OFF
        volume = volume_of(found, part.unit)
        try:
            rated = rater.rate(part.tariff_id, part.subscription_id, _event(record, kind, volume, seller))
        except Refused as error:
            placed.waits[record.source_id] = error.text
            return None
        quantity = Decimal(1) if quantity is None else quantity
    elif kind:
        volume = volume_of(found, part.unit)
    if quantity is None:
        placed.waits[record.source_id] = OTHER_UNIT
        return None
    return _columns(record, source, rater.clock, kind, volume, quantity, rated)


def _event(record: _Record, kind: str, volume: int, seller: Seller) -> Event:
    found = record.line.values
    zone, other = found.get("zone", ""), record.owner.other_number or found.get("destination", "")
    digits = international(other, *tariffs.dialling(seller.country))
    if not zone and not digits:
        zone = other
    return Event(str(kind), digits, found["started_at"], volume, record.owner.direction, zone)


def _columns(
    record: _Record, source: str, times: Clock, kind: str, volume: int, quantity: Decimal, rated: Rated | None
) -> dict[str, Any]:
    found, part = record.line.values, record.part
    where = rated.destination if rated is not None else found.get("zone") or found.get("destination", "")
    return {
        "company_id": part.company_id,
        "account_id": part.account_id,
        "subscription_id": part.subscription_id,
        "subscriber_id": part.subscriber_id,
        "component_id": part.component_id,
        "source": source,
        "source_id": record.source_id,
        "occurred_at": found["started_at"],
        "day": record.local.date(),
        "quantity": half_up(quantity, FOUR_PLACES),
        "destination": where[:60],
        "time_class": times.class_of(record.local).value if kind else "",
        "kind": str(kind),
        "direction": record.owner.direction if kind else "",
        "other_number": (record.owner.other_number or found.get("destination", ""))[:40] if kind else "",
        "volume": volume,
        "included": rated.included if rated else 0,
        "amount": rated.amount if rated else None,
        "rate_id": rated.rate_id if rated else None,
    }


def _settle(
    session: Session,
    seller: Seller,
    source: str,
    fresh: dict[str, ImportLine],
    placed: Placed,
    waiting: dict[str, tuple[int, str]],
) -> None:
    """What waited and has a place now waits no more; what has none waits, once, with the reason of today."""
    gone = [waiting[one][0] for one in placed.created if one in waiting]
    for at in range(0, len(gone), 500):
        session.execute(sa.delete(SuspendedUsage).where(SuspendedUsage.id.in_(gone[at : at + 500])))
    new = [_suspended(seller, source, one, fresh[one], why) for one, why in placed.waits.items() if one not in waiting]
    if new:
        session.connection().execute(sa.insert(SuspendedUsage.__table__), new)
    table = SuspendedUsage.__table__
    again = [{"i": waiting[one][0], "r": why} for one, why in placed.waits.items() if one in waiting]
    if again:
        update = table.update().where(table.c.id == sa.bindparam("i")).values(reason=sa.bindparam("r"))
        session.connection().execute(update, again)


def _suspended(seller: Seller, source: str, source_id: str, line: ImportLine, reason: str) -> dict[str, Any]:
    found = line.values
    return {
        "source": source,
        "source_id": source_id,
        "reason": reason,
        "record": line.row.cells,
        "line": to_kept(found),
        "seller_id": seller.id,
        "number": str(found.get("subscriber_number") or found.get("account_number") or found.get("company_code", ""))[
            :40
        ],
        "created_at": clock.now(),
    }


def to_kept(found: dict[str, Any]) -> dict[str, str]:
    """What a line says, as JSON keeps it."""
    return {
        name: value.isoformat() if isinstance(value, dt.datetime) else str(value)
        for name, value in found.items()
        if value is not None
    }


def from_kept(kept: dict[str, str]) -> dict[str, Any]:
    """What a line said."""
    found: dict[str, Any] = dict(kept)
    found["started_at"] = dt.datetime.fromisoformat(kept["started_at"])
    found["quantity"] = Decimal(kept["quantity"])
    if "volume" in kept:
        found["volume"] = int(kept["volume"])
    return found
