"""What the demo's companies asked for: lines renamed, options waiting for their day."""

import datetime as dt
import random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import (
    Company,
    Component,
    Plan,
    Request,
    Subscriber,
    User,
)
from app.rules import policies
from app.rules.lifecycle import (
    RequestState,
)
from app.rules.policies import PolicyKind
from app.services import renaming
from app.services.demo.calendar import at
from app.services.demo.names import make_name
from app.services.demo.people import actor_of
from app.services.policies import calendar_for

RENAMES = 12


def add_renames(session: Session, company: Company, manager: User, today: dt.date) -> None:
    """Two lists of lines renamed: a week ago, with two lines refused; and a fresh one that can still be undone."""
    rng = random.Random("renames")  # noqa: S311
    actor = actor_of(manager, Role.COMPANY_ADMINISTRATOR)
    some = _some_lines(session, company, RENAMES)
    new = [make_name(company.country, rng).full for _ in some]
    rows = [(place, line.number, name) for place, (line, name) in enumerate(zip(some, new, strict=True), 2)]
    last = len(rows) + 2
    refused = [(last, "3.80671E+11", new[0]), (last + 1, some[0].number[:-3], "Склад, " * 20)] if some else []
    _rename(session, actor, company, [*rows[: RENAMES - 2], *refused], _open_day(session, company, today, 7))
    _rename(session, actor, company, rows[RENAMES - 4 :], _open_day(session, company, today, 0))


def _open_day(session: Session, company: Company, today: dt.date, back: int) -> dt.date:
    """The last day at least `back` days ago on which names could be changed."""
    freeze = calendar_for(session, company.seller_id)[PolicyKind.RENAME_FREEZE]
    day = today - dt.timedelta(days=back)
    while policies.window_on(freeze, day):
        day -= dt.timedelta(days=1)
    return day


def _rename(session: Session, actor: Actor, company: Company, rows: list[tuple[int, str, str]], day: dt.date) -> None:
    """A list of new names, applied on a day."""
    if not rows:
        return
    with clock.standing_at(at(day, 10)):
        made = renaming.read_rows(session, actor, company.id, rows, f"Абоненти {day:%d.%m}.xlsx")
        if not renaming.good_lines(made.counts):
            return
        renaming.order(session, actor, made.request_id, by_job=False)
        while not renaming.apply_step(session, actor, made.request_id).is_over:
            pass


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
