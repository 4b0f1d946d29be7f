"""Numbers of subscribers: given, released, and given again once they have rested (policy `number_quarantine`).

A number that goes to another account begins there as a new subscriber: nothing of who had it before is carried over.
The former holder's line stays theirs, with its history, under the number and the day it was released on.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, Refused
from app.models import Account, Request, Seller, Subscriber, SubscriberName, Subscription
from app.rules import policies as rules
from app.rules.lifecycle import RequestState, SubscriberState, SubscriptionState
from app.rules.policies import PolicyKind
from app.services import policies

TAKEN = N_("The number %(number)s is on the account %(account)s. Correct one of the two, or release it there first.")
IN_USE = N_("The number has services in force or requests under way. End them first, then release it.")
_DATED = " (____-__-__)"  # what the number of a former holder's line ends with
_OPEN = tuple(one.value for one in (RequestState.NEW, RequestState.QUEUED, RequestState.SENT, RequestState.FAILED))


def as_given(column: Any = Subscriber.number) -> Any:
    """SQL of a number as documents print it: without the day it was released on, of a line that no longer has it."""
    return sa.case(
        (column.like(f"%{_DATED}"), sa.func.substr(column, 1, sa.func.length(column) - len(_DATED))), else_=column
    )


def why_resting(session: Session, seller_id: int, number: str, released_on: dt.date | None) -> Refused | None:
    """Why a released number cannot be given to another account yet, with the rule and the day it can; None: it can."""
    day = clock.today(policies.zone_of(session, seller_id))
    policy = policies.calendar_for(session, seller_id)[PolicyKind.NUMBER_QUARANTINE]
    return rules.resting(policy, number, released_on or day, day)


def vacate(session: Session, rows: Iterable[tuple[int, str, dt.date | None]]) -> None:
    """Free the numbers of released lines (id, number, day of release), which are given to others now."""
    for row_id, number, released_on in rows:
        former = f"{number[: 32 - len(_DATED)]} ({released_on or clock.today():%Y-%m-%d})"
        session.execute(
            sa.update(Subscriber)
            .where(Subscriber.id == row_id, Subscriber.state == SubscriberState.RELEASED.value)
            .values(number=former)
            .execution_options(synchronize_session=False)
        )


def take(session: Session, number: str) -> None:
    """Make a number free for a new line: refused where somebody has it, or had it and it rests."""
    query = sa.select(Subscriber.id, Subscriber.state, Subscriber.released_on, Account.seller_id, Account.number)
    query = query.join(Account, Account.id == Subscriber.account_id).where(Subscriber.number == number)
    with tenancy.seeing(tenancy.EVERYONE, session):
        row = session.execute(query).first()
        if row is None:
            return
        if row.state != SubscriberState.RELEASED.value:
            raise Refused(TAKEN, number=number, account=row.number)
        refused = why_resting(session, row.seller_id, number, row.released_on)
        if refused is not None:
            raise refused
        vacate(session, [(row.id, number, row.released_on)])


def keep_changes(session: Session, actor: Actor, row: Subscriber) -> None:
    """What follows from a line's new name or state, before it is written: its history, and since when its number rests.

    A released line may go back into force on its own account at any time.
    """
    history: dict[str, Any] = {name: sa.inspect(row).attrs[name].history for name in ("name", "state")}
    if history["name"].deleted and history["name"].deleted[0] != row.name:
        _remember(session, actor, row, history["name"].deleted[0])
    if not history["state"].has_changes():
        return
    if row.state != SubscriberState.RELEASED.value:
        row.released_on = None
        return
    with session.no_autoflush:
        if is_used(session, row.id):
            raise Refused(IN_USE)
        zone = session.scalar(
            sa.select(Seller.zone).join(Account, Account.seller_id == Seller.id).where(Account.id == row.account_id)
        )
    row.released_on = clock.today(str(zone or "UTC"))


def _remember(session: Session, actor: Actor, row: Subscriber, old_name: str) -> None:
    change = {"old_name": old_name, "new_name": row.name, "changed_at": clock.now(), "changed_by": actor.name[:200]}
    session.add(SubscriberName(company_id=row.company_id, subscriber_id=row.id, **change))


def is_used(session: Session, subscriber_id: int) -> bool:
    """Whether a plan of the line is in force (or will be), or a request under way."""
    ended = sa.and_(Subscription.ends_on.is_not(None), Subscription.ends_on <= clock.today())
    plans = sa.select(Subscription.id).where(Subscription.subscriber_id == subscriber_id, sa.not_(ended))
    plans = plans.where(Subscription.state != SubscriptionState.ENDED.value)
    asked = sa.select(Request.id).where(Request.subscriber_id == subscriber_id, Request.state.in_(_OPEN))
    return any(session.execute(query.limit(1)).first() is not None for query in (plans, asked))


def need_forgettable(session: Session, row: Subscriber) -> None:
    """A line whose number rests is not deleted: with it would go the day from which the number is free."""
    if row.state == SubscriberState.RELEASED.value:
        seller_id = session.get_one(Account, row.account_id).seller_id
        refused: DomainError | None = why_resting(session, seller_id, row.number, row.released_on)
        if refused is not None:
            raise refused


def free_days(session: Session, seller_id: int, since: dt.date, until: dt.date, days: int) -> dict[dt.date, int]:
    """How many released numbers of a Seller can be given again on which day, from `since` and before `until`."""
    rests = dt.timedelta(days=days)
    query = (
        sa.select(Subscriber.released_on, sa.func.count())
        .join(Account, Account.id == Subscriber.account_id)
        .where(Account.seller_id == seller_id, Subscriber.state == SubscriberState.RELEASED.value)
        .where(Subscriber.released_on >= since - rests, Subscriber.released_on < until - rests)
        .where(Subscriber.number.not_like(f"%{_DATED}"))
        .group_by(Subscriber.released_on)
    )
    return {day + rests: count for day, count in session.execute(query) if day is not None}
