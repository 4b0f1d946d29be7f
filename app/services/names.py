"""The name a subscriber bore at an instant: what documents of a month print is its last name of that month (A1-15)."""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from app.models import Account, Seller, Subscriber, SubscriberName
from app.models.base import Instant
from app.rules import policies


def name_at(moment: Any) -> Any:
    """SQL of the name of `Subscriber`'s row just before `moment` (an instant, or SQL of one).

    The last change before it says the new name; without one the first change after it says the old; else it never
    changed. History is only ever added to, so the answer for a past instant stays the same for ever.
    """
    change = SubscriberName.__table__.c
    at = sa.bindparam(None, moment, Instant()) if isinstance(moment, dt.datetime) else moment
    own = change.subscriber_id == Subscriber.__table__.c.id
    before = sa.select(change.new_name).where(own, change.changed_at < at)
    after = sa.select(change.old_name).where(own, change.changed_at >= at)
    return sa.func.coalesce(
        _one(before.order_by(change.changed_at.desc(), change.id.desc())),
        _one(after.order_by(change.changed_at, change.id)),
        Subscriber.name,
    )


def _one(query: Any) -> Any:
    return query.limit(1).correlate(Subscriber.__table__).scalar_subquery()


def end_of(period_end: dt.date, zone: str) -> dt.datetime:
    """The instant a period ends in the Seller's zone; `period_end` is the first day that is no longer in it."""
    return policies.midnight(period_end, zone)


def zone_of_account(session: Any, account_id: int) -> str:
    """The zone of the Seller of an account."""
    query = sa.select(Seller.zone).join(Account, Account.seller_id == Seller.id).where(Account.id == account_id)
    return str(session.scalar(query) or "UTC")
