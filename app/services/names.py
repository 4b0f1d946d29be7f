"""The name a subscriber bore at an instant: what documents of a month print is its last name of that month (A1-15)."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from app.models import Account, Seller, Subscriber, SubscriberName
from app.models.base import Instant
from app.rules import policies


def name_at(moment: dt.datetime | sa.ColumnElement[Any]) -> Any:
    """SQL of the name that `Subscriber`'s row bore just before `moment` (`ends_of`: each Seller's own).

    It is the old name of the first change at or after it, else today's. History is only ever added to, so the answer
    for a past instant stays the same for ever. (`renaming.names_at` says it for given subscribers.)
    """
    change = SubscriberName.__table__.c
    at = sa.bindparam(None, moment, Instant()) if isinstance(moment, dt.datetime) else moment
    after = (
        sa.select(change.old_name)
        .where(change.subscriber_id == Subscriber.__table__.c.id, change.changed_at >= at)
        .order_by(change.changed_at, change.id)
        .limit(1)
        .correlate(Subscriber.__table__, Seller.__table__)
        .scalar_subquery()
    )
    return sa.func.coalesce(after, Subscriber.name)


def end_of(period_end: dt.date, zone: str) -> dt.datetime:
    """The instant a period ends in the Seller's zone; `period_end` is the first day that is no longer in it."""
    return policies.midnight(period_end, zone)


def ends_of(session: Any, period_end: dt.date) -> sa.ColumnElement[Any]:
    """SQL of the instant a period ends for the Seller of a row, each in its own zone."""
    zones = session.scalars(sa.select(Seller.zone).distinct()).all() or ["UTC"]
    ends = {zone: sa.literal(end_of(period_end, zone), Instant()) for zone in sorted(zones)}
    *some, (_, last) = ends.items()
    return sa.case(*((Seller.__table__.c.zone == zone, end) for zone, end in some), else_=last) if some else last


def zone_of_account(session: Any, account_id: int) -> str:
    """The zone of the Seller of an account."""
    query = sa.select(Seller.zone).join(Account, Account.seller_id == Seller.id).where(Account.id == account_id)
    return str(session.scalar(query) or "UTC")
