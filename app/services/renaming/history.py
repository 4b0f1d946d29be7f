"""Pages of lists, of their lines and of the company's history of names; what subscribers were called on a past day."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core.actor import Actor
from app.models import RenameList, RenamePack, Request, Subscriber, SubscriberName
from app.rules.lifecycle import RequestState
from app.rules.renaming import GOOD, Outcome, Verdict
from app.services import names, sets
from app.services.renaming.lookup import LONGEST_CELL

PAGE = 50
REFUSED = "refused"  # a filter: every line that is not good


class ListLine(NamedTuple):
    """A line of a list: what is asked, what is thought of it, what came of it («» before it is applied)."""

    line: int
    number: str
    subscriber_id: int
    name: str
    verdict: str
    remark: Any
    outcome: str
    now_called: str = ""


@dataclass(frozen=True)
class Lines:
    """A page of lines; `more` is the line the next page begins after, None at the end."""

    rows: list[ListLine]
    more: int | None


_GOOD = frozenset(verdict.value for verdict in GOOD)
_WANTED = frozenset((REFUSED, *Verdict, *Outcome))


def walk_lines(session: Session, found: RenameList, after: int = 0, want: str = "") -> Iterator[ListLine]:
    """The lines of a list after a line, those of a verdict or outcome only where one is wanted; read pack by pack."""
    packs = sa.select(RenamePack).where(RenamePack.list_id == found.id).order_by(RenamePack.position).limit(1)
    if want and want not in _WANTED:
        return
    if want in set(Verdict) - (set(Outcome) if found.applied_packs else set()):
        packs = packs.where(RenamePack.counts[want].as_integer() > 0)
    place = _place_of(after) if after else RenamePack.position >= 0
    while pack := session.scalars(packs.where(place)).first():
        yield from (one for one in _lines_of(found, pack) if one.line > after and _fits(one, want))
        place = RenamePack.position > pack.position
        session.expunge(pack)
        if pack.position + 1 >= found.packs:
            return


def _place_of(after: int) -> Any:
    """From the pack on in which the line after a line stands."""
    one = sa.orm.aliased(RenamePack)
    last = sa.select(sa.func.max(one.position)).where(one.list_id == RenamePack.list_id, one.first_line <= after + 1)
    return RenamePack.position >= sa.func.coalesce(last.scalar_subquery(), 0)


def _fits(line: ListLine, want: str) -> bool:
    if not want:
        return True
    if want == REFUSED:
        return line.verdict not in _GOOD
    if want == Verdict.LOOK_ALIKE:  # a name of mixed letters is one whatever came of it
        return line.verdict == want
    return line.outcome == want if line.outcome else line.verdict == want


def _lines_of(found: RenameList, pack: RenamePack) -> Iterator[ListLine]:
    is_applied = pack.position < found.applied_packs
    rest = Outcome.DONE.value if is_applied else Outcome.STOPPED.value if found.is_stopped else ""
    said, takes = pack.outcomes or {}, found.takes_suggestions
    for line, number, subscriber_id, name, verdict, remark in json.loads(pack.lines):
        good = verdict in _GOOD
        if takes and good and remark and verdict == "look_alike":
            name = remark
        outcome = said.get(str(line), rest) if good else ""
        yield ListLine(line, number, subscriber_id, name, verdict, remark, outcome)


def page_of_lines(session: Session, found: RenameList, want: str = "", after: int = 0, limit: int = PAGE) -> Lines:
    """A page of a list's lines with what each subscriber is called now; four statements."""
    rows: list[ListLine] = []
    for one in walk_lines(session, found, after, want):
        rows.append(one)
        if len(rows) > limit:
            break
    more = rows[limit - 1].line if len(rows) > limit else None
    rows = rows[:limit]
    ids = [one.subscriber_id for one in rows if one.subscriber_id]
    query = sa.select(Subscriber.id, Subscriber.name).where(
        Subscriber.id.in_(ids), Subscriber.company_id == found.company_id
    )
    names: dict[int, str] = {row_id: name for row_id, name in session.execute(query)} if ids else {}
    return Lines([_called(one, names) for one in rows], more)


def _called(one: ListLine, names: dict[int, str]) -> ListLine:
    return one._replace(number=one.number[:LONGEST_CELL], now_called=names.get(one.subscriber_id, ""))


# --- lists and names of a company ------------------------------------------------------------------------------------


def lists_of(
    session: Session, actor: Actor, before: int | None = None, limit: int = 10
) -> tuple[list[RenameList], int | None]:
    """The company's lists, the newest first, those nobody has ordered left out; and where the next page begins."""
    actor.need(Right.CABINET_RENAME)
    query = (
        sa.select(RenameList)
        .join(Request, Request.id == RenameList.request_id)
        .where(RenameList.company_id == actor.company_id, Request.state != RequestState.NEW.value)
        .options(joinedload(RenameList.request))
    )
    if before is not None:
        query = query.where(RenameList.id < before)
    rows = list(session.scalars(query.order_by(RenameList.id.desc()).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def names_changed(
    session: Session, actor: Actor, request_id: int | None = None, before: int | None = None, limit: int = PAGE
) -> tuple[list[Any], int | None]:
    """Who changed which name from what to what and when, the newest first: of one list, or of the whole company."""
    actor.need(Right.CABINET_SUBSCRIBERS)
    query = (
        sa.select(
            SubscriberName.id,
            SubscriberName.subscriber_id,
            SubscriberName.request_id,
            SubscriberName.old_name,
            SubscriberName.new_name,
            SubscriberName.changed_at,
            SubscriberName.changed_by,
            Subscriber.number,
        )
        .join(Subscriber, Subscriber.id == SubscriberName.subscriber_id)
        .where(SubscriberName.company_id == actor.company_id, Subscriber.company_id == actor.company_id)
    )
    if request_id is not None:
        query = query.where(SubscriberName.request_id == request_id)
    if before is not None:
        query = query.where(SubscriberName.id < before)
    rows = list(session.execute(query.order_by(SubscriberName.id.desc()).limit(limit + 1)).mappings())
    return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


def names_at(session: Session, subscriber_ids: Iterable[int], instant: dt.datetime) -> dict[int, str]:
    """What subscribers were called just before an instant (A1-15: an invoice has the last name of its month).

    One statement for thousands; the rule itself is `names.name_at`.
    """
    wanted = sets.text(f"SELECT r.id FROM {sets.id_source(session, 'ids')}", ids=sa.String())  # noqa: S608
    query = sa.select(Subscriber.id, names.name_at(instant)).where(Subscriber.id.in_(wanted))
    found = session.execute(query, {"ids": sets.dump(subscriber_ids)})
    return {row_id: name for row_id, name in found}
