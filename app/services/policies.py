"""The policy calendar of a Seller: read in one place, changed in one place (what a policy means: `rules.policies`)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import CalendarOverride, Policy, Seller
from app.rules import policies
from app.rules.policies import Calendar, PolicyKind
from app.rules.workdays import Overrides
from app.services import trail


def calendar_for(session: Session, seller_id: int) -> Calendar:
    """The policy calendar of a Seller, its own lines over the defaults; one statement."""
    return policies.calendar_of(_rows(session, seller_id))


def _rows(session: Session, seller_id: int) -> dict[str, dict[str, Any]]:
    rows = session.execute(sa.select(Policy.kind, Policy.settings).where(Policy.seller_id == seller_id)).all()
    return {kind: settings for kind, settings in rows}


def country_and_calendar(session: Session, seller_id: int) -> tuple[str, Calendar]:
    """Where a Seller is, with its policy calendar, in one statement."""
    query = sa.select(Seller.country, Policy.kind, Policy.settings).where(Seller.id == seller_id)
    rows = session.execute(query.outerjoin(Policy, Policy.seller_id == Seller.id)).tuples().all()
    if not rows:
        raise NotFound(N_("There is no such seller. Choose one from the list."))
    return rows[0][0], policies.calendar_of({kind: settings for _, kind, settings in rows if kind})


def zone_of(session: Session, seller_id: int) -> str:
    """The zone in which a Seller's business days are days."""
    zone = session.scalar(sa.select(Seller.zone).where(Seller.id == seller_id))
    if zone is None:
        raise NotFound(N_("There is no such seller. Choose one from the list."))
    return zone


def need_open(session: Session, seller_id: int, kind: PolicyKind, moment: dt.datetime | None = None) -> None:
    """Raise Refused, with the rule and the day it opens, where `kind` closes now (or at `moment`) for this Seller."""
    policy = calendar_for(session, seller_id)[kind]
    refused = policies.closed(policy, moment or clock.now(), zone_of(session, seller_id))
    if refused is not None:
        raise refused


def change_policy(
    session: Session, actor: Actor, seller_id: int, kind: PolicyKind | str, settings: Mapping[str, Any] | None
) -> policies.Policy:
    """Keep a Seller's own settings of a policy; None takes them away: the defaults hold again.

    The whole calendar is checked with the change in it: a block before an invoice is due is refused.
    """
    actor.need(Right.SETTINGS_WRITE)
    kind = _kind(kind)
    seller = session.scalars(sa.select(Seller).where(Seller.id == seller_id).with_for_update(of=Seller)).first()
    if seller is None:
        raise NotFound(N_("There is no such seller. Choose one from the list."))
    rows = _rows(session, seller_id)
    before = rows.pop(kind.value, None)
    own = own_settings(kind, settings)
    calendar = policies.calendar_of({**rows, kind.value: own})
    if own == (before or {}):
        return calendar[kind]
    _keep(session, seller_id, kind, own)
    trail.record(session, actor, "policy.change", "seller", seller_id, kind=kind.value, before=before or {}, after=own)
    return calendar[kind]


def _kind(kind: PolicyKind | str) -> PolicyKind:
    try:
        return PolicyKind(kind)
    except ValueError as error:
        raise NotFound(N_("There is no such policy. Choose one from the list.")) from error


def own_settings(kind: PolicyKind, settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """What differs from the defaults: only that is kept, so that a better default reaches who never changed it."""
    policies.policy_of(kind, settings)
    defaults = policies.DEFAULTS[kind]
    return {name: value for name, value in (settings or {}).items() if value is not None and value != defaults[name]}


def _keep(session: Session, seller_id: int, kind: PolicyKind, own: dict[str, Any]) -> None:
    row = session.scalars(sa.select(Policy).where(Policy.seller_id == seller_id, Policy.kind == kind.value)).first()
    if row is None:
        session.add(Policy(seller_id=seller_id, kind=kind.value, settings=own))
    elif own:
        row.settings = own
    else:
        session.delete(row)
    session.flush()


# ---- days that a country's calendar has wrong ---------------------------------------------------------------------


def overrides_of(session: Session, country: str, since: dt.date, until: dt.date) -> Overrides:
    """Days of a country from `since` and before `until` that are worked (True) or not, whatever its calendar says."""
    rows = sa.select(CalendarOverride.day, CalendarOverride.is_working).where(
        CalendarOverride.country == country, CalendarOverride.day >= since, CalendarOverride.day < until
    )
    return dict(session.execute(rows).tuples().all())


def set_working_day(session: Session, actor: Actor, country: str, day: dt.date, is_working: bool | None) -> None:
    """Say that a day is worked in a country, or not; None: its own calendar is right after all."""
    actor.need(Right.SETTINGS_WRITE)
    if len(country) != 2 or not country.isalpha() or not country.isascii():
        raise Refused(N_("A country is two letters, for example UA."))
    if not 2000 <= day.year <= 2100:
        raise Refused(N_("Choose a day between the years 2000 and 2100."))
    country = country.upper()
    row = session.scalars(
        sa.select(CalendarOverride).where(CalendarOverride.country == country, CalendarOverride.day == day)
    ).first()
    before = row.is_working if row else None
    if before == is_working:
        return
    if row is None:
        session.add(CalendarOverride(country=country, day=day, is_working=is_working))
    elif is_working is None:
        session.delete(row)
    else:
        row.is_working = is_working
    session.flush()
    trail.record(session, actor, "calendar.change", "calendar", country, day=str(day), before=before, after=is_working)
