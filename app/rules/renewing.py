"""When a service that renews itself is charged, and until when it is paid then. Periods follow the calendar month."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.period import Month
from app.rules import policies
from app.rules.parameters import LONGEST
from app.rules.policies import Calendar, PolicyKind

EARLY = ("domain", "certificate")  # product kinds that are charged long before they expire (AST-153)
MOST_DAYS = 31  # a renewal by the day is for
CHOICES = (1, 3, 6, 12)  # months a person may choose among, as far as the plan allows


def paid_until(start: dt.date, months: int) -> dt.date:
    """The first day that is not paid any more: the rest of the first month, and whole months after it."""
    return Month.of(start).shift(max(months, 1)).first_day


def choices(plan_months: int, own: int | None = None) -> list[int]:
    """For how many months a plan of `plan_months` can be renewed: whole periods of it; `own` is always among them."""
    fitting = {months for months in CHOICES if months % plan_months == 0} | {plan_months}
    if plan_months >= 12:
        fitting |= {years * plan_months for years in (2, 3) if years * plan_months <= LONGEST}
    return sorted(fitting | ({own} if own else set()))


@dataclass(frozen=True)
class Term:
    """What renewal depends on: until when it is paid, for how long it is renewed, the kind of product, a failure."""

    until: dt.date
    months: int
    kind: str = "service"
    failed_on: dt.date | None = None


def attempt_on(term: Term, calendar: Calendar) -> dt.date:
    """The first day the renewal is tried; after a failure the day it is tried again (AST-152, 153, 156).

    What failed by hand, long before, is tried by itself on its own day, no sooner.
    """
    usual = policies.renewal_on(term.until, term.kind in EARLY, calendar)
    if term.failed_on is not None:
        return max(usual, policies.renewal_retry_on(term.failed_on, calendar))
    return usual


def attempts(term: Term, calendar: Calendar, today: dt.date, end: dt.date) -> Iterator[dt.date]:
    """The days before `end` on which it is charged, if every charge succeeds; what is late is charged today."""
    while (day := max(attempt_on(term, calendar), today)) < end:
        yield day
        until = paid_until(max(term.until, today), term.months)
        term = Term(until, term.months, term.kind)


def ends_on(until: dt.date, calendar: Calendar) -> dt.date:
    """The day a service that was paid until `until` is taken away."""
    return until + dt.timedelta(calendar[PolicyKind.RENEWAL_GRACE]["days"])
