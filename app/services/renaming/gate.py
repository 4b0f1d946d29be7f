"""When subscribers may be renamed: the freeze of the Seller's calendar, what it does, and what is promised."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_, Refused
from app.core.period import Month
from app.models import BillingRun
from app.rules import policies as rules
from app.rules.lifecycle import RunState
from app.rules.policies import Calendar, PolicyKind
from app.services import policies

BILLED = N_(
    "The names of %(month)s are already on its invoices, so this list can no longer be undone. "
    "Rename the subscribers again instead."
)


@dataclass(frozen=True)
class Gate:
    """Whether names may be changed now, and what happens to what is asked for meanwhile."""

    calendar: Calendar
    zone: str
    refusal: Refused | None
    waits: bool  # what is asked for in the freeze is done when it opens
    opens_at: dt.datetime

    @property
    def is_open(self) -> bool:
        """Outside the freeze."""
        return self.refusal is None

    @property
    def lines(self) -> int:
        """How many lines a list may have."""
        return int(self.calendar[PolicyKind.RENAME_LIST]["lines"])

    @property
    def characters(self) -> int:
        """How long a name may be."""
        return int(self.calendar[PolicyKind.RENAME_LIST]["characters"])

    @property
    def hours(self) -> int:
        """Within how many hours names are changed (A1-13)."""
        return int(self.calendar[PolicyKind.RENAME_PROMISE]["hours"])

    @property
    def promised_by(self) -> dt.datetime:
        """Until when what is asked for now will be done."""
        return self.opens_at + dt.timedelta(hours=self.hours)


def gate_of(session: Session, seller_id: int, zone: str = "") -> Gate:
    """The gate of a Seller as it stands now; one statement, two where the Seller's zone is not known yet."""
    calendar, now = policies.calendar_for(session, seller_id), clock.now()
    zone = zone or policies.zone_of(session, seller_id)
    freeze = calendar[PolicyKind.RENAME_FREEZE]
    return Gate(
        calendar=calendar,
        zone=zone,
        refusal=rules.closed(freeze, now, zone),
        waits=bool(freeze["queue"]),
        opens_at=rules.opens_at(freeze, now, zone),
    )


def month_of(instant: dt.datetime, zone: str) -> Month:
    """The month an instant is in, in the Seller's zone."""
    return Month.of(instant.astimezone(rules.ZoneInfo(zone)).date())


def billing_since(seller_id: int, begun_at: dt.datetime, zone: str) -> sa.Select[int]:
    """The billing runs that have already put what was renamed on invoices, or are putting it now."""
    return (
        sa.select(BillingRun.id)
        .where(BillingRun.seller_id == seller_id, BillingRun.month >= month_of(begun_at, zone).first_day)
        .where(BillingRun.state.in_((RunState.RUNNING.value, RunState.DONE.value)))
        .where(sa.or_(BillingRun.finished_at.is_(None), BillingRun.finished_at >= begun_at))
    )
