"""What the demo's companies asked for: lines renamed, options waiting for their day."""

import datetime as dt
import random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Company, Subscriber, User
from app.rules import policies
from app.rules.policies import PolicyKind
from app.rules.switching import ON, Verdict
from app.services import renaming, switching, work
from app.services.demo.calendar import at
from app.services.demo.names import make_name
from app.services.demo.people import actor_of
from app.services.policies import calendar_for
from app.services.switching.asking import job_of

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


def add_option_requests(session: Session, company: Company, manager: User, today: dt.date) -> None:
    """Lists of options asked for today: they wait for the first of the next month; one line of each is refused."""
    actor = actor_of(manager, Role.COMPANY_ADMINISTRATOR)
    lines, day = _some_lines(session, company, RENAMES + 5)[RENAMES:], Month.of(today).shift(1).first_day
    for action, option, some in ((ON, "roaming", lines), (ON, "records", lines[:2])):
        draft = switching.open_draft(session, actor, company.id, switching.Choice(action, option, day))
        numbers = [line.number for line in some]
        switching.take_paste(session, actor, draft.id, "\n".join([*numbers, "067 000 00 00"]))
        if draft.details["summary"]["verdicts"].get(Verdict.OK.value):
            switching.confirm(session, actor, draft.id)
            while switching.ask_step(session, actor, draft.id).left:
                pass
            job = job_of(session, draft)
            assert job is not None
            work.finish(session, job, {"batch_id": draft.id})
