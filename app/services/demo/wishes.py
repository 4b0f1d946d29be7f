"""What the demo's companies asked for: lines renamed, options waiting for their day."""

import datetime as dt
import random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.period import Month
from app.models import (
    Company,
    Component,
    Plan,
    Request,
    Subscriber,
    SubscriberName,
    User,
)
from app.rules.lifecycle import (
    RequestState,
)
from app.services.demo.calendar import at
from app.services.demo.names import make_name

RENAMES = 12


def add_renames(session: Session, company: Company, manager: User, today: dt.date) -> None:
    """A list of lines renamed a week ago: most done, two refused with their reasons."""
    rng = random.Random("renames")  # noqa: S311
    asked_at = at(today - dt.timedelta(days=7), 10)
    some = _some_lines(session, company, RENAMES)
    with clock.standing_at(asked_at):
        parent = _request(company, "rename", manager, details={"lines": len(some)})
        session.add(parent)
        session.flush()
        for place, line in enumerate(some):
            new = make_name(company.country, rng).full
            is_bad = place >= len(some) - 2 > 0
            row = _request(company, "rename", manager, line, details={"old": line.name, "new": new})
            row.parent_id, row.attempts = parent.id, 1
            if is_bad:
                row.state, row.reason = RequestState.REJECTED.value, "The name is longer than the network allows."
            session.add(row)
            session.flush()
            if not is_bad:
                session.add(_renamed(line, new, row.id, manager, asked_at))
                line.name = new
    session.flush()


def _some_lines(session: Session, company: Company, count: int) -> list[Subscriber]:
    query = sa.select(Subscriber).where(Subscriber.company_id == company.id, Subscriber.state == "active")
    return list(session.scalars(query.order_by(Subscriber.number).limit(count)))


def _request(company: Company, kind: str, by: User, line: Subscriber | None = None, **more: Any) -> Request:
    return Request(
        company_id=company.id,
        account_id=line.account_id if line else None,
        subscriber_id=line.id if line else None,
        kind=kind,
        asked_by=by.id,
        **{"state": RequestState.DONE.value, "done_at": clock.now(), "effective_on": clock.today()} | more,
    )


def _renamed(line: Subscriber, new: str, request_id: int, by: User, moment: dt.datetime) -> SubscriberName:
    return SubscriberName(
        company_id=line.company_id,
        subscriber_id=line.id,
        request_id=request_id,
        old_name=line.name,
        new_name=new,
        changed_at=moment,
        changed_by=f"{by.first_name} {by.last_name}",
    )


def add_option_requests(session: Session, company: Company, manager: User, today: dt.date) -> None:
    """An option asked for today for three lines: it waits for the first of the next month."""
    option = session.scalars(
        sa.select(Component)
        .join(Plan, Plan.id == Component.plan_id)
        .where(Plan.seller_id == company.seller_id, Plan.code == "line-options")
        .order_by(Component.id)
        .limit(1)
    ).one()
    for line in _some_lines(session, company, RENAMES + 3)[-3:]:
        row = _request(company, "option_on", manager, line, details={"option": option.name})
        row.component_id, row.state, row.done_at = option.id, RequestState.QUEUED.value, None
        row.effective_on = Month.of(today).shift(1).first_day
        session.add(row)
    session.flush()
