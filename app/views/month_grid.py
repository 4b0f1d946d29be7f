"""A month as a grid of weeks: days, holidays and what happens on them (`kabinet/calendar.html` draws it)."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from babel.dates import get_day_names
from flask_babel import format_date, get_locale

from app.core.period import Month
from app.rules import workdays
from app.rules.workdays import Overrides

EARLIEST, LATEST = Month(2000, 1), Month(2099, 12)


@dataclass(frozen=True)
class Note:
    """A line of a day: what happens, how loud («good», «warn», «bad», «info» or nothing), and where it leads."""

    text: str
    tone: str = ""
    url: str = ""


@dataclass(frozen=True)
class Day:
    """A square of the grid; days of the neighbouring months are `is_outside` and say nothing."""

    day: dt.date
    is_outside: bool
    is_today: bool
    is_free: bool
    holiday: str
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Grid:
    """A month drawn: names of the weekdays (short, whole), weeks from Monday on, and the months beside it."""

    month: Month
    weekdays: list[tuple[str, str]]
    weeks: list[list[Day]]
    previous: Month | None
    following: Month | None


def draw_month(
    month: Month,
    today: dt.date,
    notes: Mapping[dt.date, Iterable[Note]],
    country: str,
    overrides: Overrides,
    observe_suspended: bool = False,
) -> Grid:
    """The grid of `month` with the holidays of `country` and what happens on each day."""
    named = workdays.holidays_of(country, month.year, month.month, str(get_locale() or "en")[:2])
    first = month.first_day - dt.timedelta(month.first_day.weekday())
    count = -(-(month.period.end - first).days // 7)

    def square(day: dt.date) -> Day:
        outside = day not in month.period
        return Day(
            day,
            outside,
            day == today,
            not workdays.is_working_day(country, day, overrides, observe_suspended),
            "" if outside else named.get(day, ""),
            [] if outside else list(notes.get(day, ())),
        )

    weeks = [[square(first + dt.timedelta(7 * week + at)) for at in range(7)] for week in range(count)]
    return Grid(
        month,
        _weekdays(),
        weeks,
        month.shift(-1) if month > EARLIEST else None,
        month.shift(1) if month < LATEST else None,
    )


def _weekdays() -> list[tuple[str, str]]:
    locale: Any = get_locale() or "en"
    short = get_day_names("abbreviated", "stand-alone", locale)
    whole = get_day_names("wide", "stand-alone", locale)
    return [(short[at], whole[at]) for at in range(7)]


def within(month: Month) -> Month:
    """The month itself where it can be drawn, else the nearest that can."""
    return min(max(month, EARLIEST), LATEST)


def title_of(month: Month) -> str:
    """«November 2026», as a heading begins."""
    text = format_date(month.first_day, "LLLL yyyy")
    return text[:1].upper() + text[1:]
