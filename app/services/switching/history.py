"""Lists of options as pages show them: the history a company sees, one list's lines, and what each came to."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.access.permissions import Right
from app.core.actor import Actor
from app.models import Component, Plan, Request, RequestLine, Subscriber, Subscription
from app.rules.dialling import spellings
from app.rules.lifecycle import RequestState
from app.rules.policies import PolicyKind, history_since, midnight
from app.rules.switching import KINDS, Verdict
from app.services import policies
from app.services.switching.asking import counts_of

PAGE, LINES = 20, 100
LEFT_OUT = "left_out"
WAITING = ("new", "queued")


@dataclass(frozen=True)
class Wanted:
    """What of the history is asked for."""

    action: str = ""
    option: str = ""
    state: str = ""
    number: str = ""
    countries: tuple[str, ...] = ()  # in which a number may be meant
    after: int | None = None


@dataclass(frozen=True)
class Batch:
    """A list with how many of its requests are in which state."""

    row: Request
    counts: dict[str, int]

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return int((self.row.details.get("summary") or {}).get("lines", 0))

    @property
    def made(self) -> int:
        """How many requests came of them."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many of those have ended."""
        return sum(self.counts.get(state, 0) for state in ("done", "rejected", "cancelled"))

    @property
    def is_moving(self) -> bool:
        """Whether something will happen to it soon, without anybody's doing."""
        asked = bool(self.row.details.get("asked"))
        return self.row.state == "queued" and (
            not asked or any(self.counts.get(s) for s in ("queued", "sent", "failed"))
        )


def shown_since(session: Session, seller_id: int, today: dt.date) -> dt.date:
    """The first day the history shows: the current month and two before it, or what the Seller says (A1-17)."""
    return history_since(policies.calendar_for(session, seller_id)[PolicyKind.REQUEST_HISTORY], today)


def batches_of(
    session: Session, actor: Actor, since: dt.date, zone: str, wanted: Wanted
) -> tuple[list[Batch], int | None]:
    """The newest lists asked for since a day, and the place the next page begins after."""
    actor.need(Right.CABINET_RENAME)
    query = sa.select(Request).where(
        Request.company_id == actor.company_id,
        Request.parent_id.is_(None),
        Request.kind.in_([KINDS[wanted.action]] if wanted.action in KINDS else KINDS.values()),
        Request.state != RequestState.NEW.value,
        Request.created_at >= midnight(since, zone),
    )
    if wanted.state:
        query = query.where(Request.state == wanted.state)
    if wanted.option:
        query = query.where(Request.details["option"].as_string() == wanted.option)
    if wanted.number:
        query = query.where(Request.id.in_(_lists_with(actor, wanted)))
    if wanted.after is not None:
        query = query.where(Request.id < wanted.after)
    rows = list(session.scalars(query.order_by(Request.id.desc()).limit(PAGE + 1)))
    shown = rows[:PAGE]
    counts = counts_of(session, [row.id for row in shown])
    return [Batch(row, counts[row.id]) for row in shown], shown[-1].id if len(rows) > PAGE else None


def _lists_with(actor: Actor, wanted: Wanted) -> Any:
    """Lists with a request for the subscriber of this number, however it is written."""
    child = aliased(Request)
    ways = spellings(wanted.number[:40], wanted.countries)
    return (
        sa.select(child.parent_id)
        .join(Subscriber, Subscriber.id == child.subscriber_id)
        .where(child.company_id == actor.company_id, Subscriber.number.in_(ways))
    )


def drafts_of(session: Session, actor: Actor) -> list[Request]:
    """Lists this person has begun and not asked for."""
    actor.need(Right.CABINET_RENAME)
    query = sa.select(Request).where(
        Request.company_id == actor.company_id,
        Request.parent_id.is_(None),
        Request.kind.in_(KINDS.values()),
        Request.state == RequestState.NEW.value,
        Request.asked_by == actor.user_id,
    )
    return list(session.scalars(query.order_by(Request.id.desc()).limit(5)))


def discard(session: Session, draft: Request) -> None:
    """Throw a draft and its lines away."""
    session.execute(sa.delete(RequestLine).where(RequestLine.request_id == draft.id))
    session.delete(draft)
    session.flush()


def forget_drafts(session: Session, before: dt.datetime) -> int:
    """Throw away drafts nobody has asked for since `before`; how many."""
    query = sa.select(Request).where(
        Request.parent_id.is_(None),
        Request.kind.in_(KINDS.values()),
        Request.state == RequestState.NEW.value,
        Request.created_at < before,
    )
    found = session.scalars(query).all()
    for draft in found:
        discard(session, draft)
    return len(found)


def batch_with_counts(session: Session, row: Request) -> Batch:
    """A list with its counts."""
    return Batch(row, counts_of(session, [row.id])[row.id])


def lines_of(session: Session, batch: Request, want: str = "", after: int = 0, limit: int = LINES) -> list[Any]:
    """Lines after a place with what came of each; one more than `limit` where there are more."""
    query = _lines(batch).where(RequestLine.position > after)
    if want == LEFT_OUT:
        query = query.where(RequestLine.verdict != Verdict.OK.value)
    elif want == Verdict.OK.value:
        query = query.where(RequestLine.verdict == Verdict.OK.value)
    elif want == "waiting":
        query = query.where(Request.state.in_(WAITING))
    elif want:
        query = query.where(Request.state == want)
    return list(session.execute(query.limit(limit + 1)).mappings())


def walk_lines(session: Session, batch: Request) -> Iterator[Any]:
    """Every line with what came of it, in steady memory."""
    return iter(session.execute(_lines(batch)).yield_per(1_000).mappings())


def _lines(batch: Request) -> Any:
    return (
        sa.select(
            RequestLine.position,
            RequestLine.cells,
            RequestLine.number,
            RequestLine.name,
            RequestLine.subscriber_id,
            RequestLine.action,
            RequestLine.effective_on,
            RequestLine.verdict,
            RequestLine.detail,
            RequestLine.currency,
            RequestLine.month_amount,
            RequestLine.first_amount,
            Component.name.label("option"),
            Request.id.label("made_id"),
            Request.state,
            Request.reason,
            Request.done_at,
        )
        .outerjoin(Component, Component.id == RequestLine.component_id)
        .outerjoin(Request, Request.id == RequestLine.made_id)
        .where(RequestLine.request_id == batch.id)
        .order_by(RequestLine.position)
    )


def plans_in_use(session: Session, actor: Actor) -> Sequence[Any]:
    """The plans a company's subscribers have, to choose by: (id, name)."""
    used = sa.select(Subscription.plan_id).where(
        Subscription.company_id == actor.company_id, Subscription.subscriber_id.is_not(None)
    )
    return session.execute(sa.select(Plan.id, Plan.name).where(Plan.id.in_(used)).order_by(Plan.name)).all()
