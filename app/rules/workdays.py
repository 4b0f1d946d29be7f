"""Working days of a country: its public calendar with transfers, and the days that calendar has wrong."""

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache

import holidays
from holidays.holiday_base import HolidayBase

Overrides = Mapping[dt.date, bool]
_SUSPENDED = {"UA": ("workday",)}  # holidays that are worked while martial law lasts; elsewhere they always were
_SATURDAY = 5


@lru_cache(maxsize=64)
def _calendar(country: str, observe_suspended: bool) -> HolidayBase | None:
    """The country's calendar, growing by years as they are asked for; None for a country nobody published."""
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        return None
    extra = _SUSPENDED.get(country, ()) if observe_suspended else ()
    return holidays.country_holidays(country, categories=("public", *extra))


def is_working_day(
    country: str, day: dt.date, overrides: Overrides | None = None, observe_suspended: bool = False
) -> bool:
    """Whether `day` is worked in `country` (ISO 3166, two letters); `overrides` (True: worked) come first.

    Ukraine's holidays are working days while martial law lasts; `observe_suspended` keeps them free all the same.
    """
    if overrides and day in overrides:
        return overrides[day]
    calendar = _calendar(country.upper(), observe_suspended)
    return calendar.is_working_day(day) if calendar is not None else day.weekday() < _SATURDAY


@lru_cache(maxsize=256)
def holidays_of(country: str, year: int, month: int, language: str = "en") -> Mapping[dt.date, str]:
    """The named days of a month in `country`, worked or not, in `language` where the calendar knows it."""
    country = country.upper()
    if country not in holidays.list_supported_countries(include_aliases=False):
        return {}
    known = getattr(holidays, country).supported_languages
    extra = _SUSPENDED.get(country, ())
    spoken = language if language in known else "en_US" if "en_US" in known else None
    calendar = holidays.country_holidays(country, years=year, categories=("public", *extra), language=spoken)
    return {day: name for day, name in sorted(calendar.items()) if day.month == month}


def next_working_day(
    country: str, day: dt.date, overrides: Overrides | None = None, observe_suspended: bool = False
) -> dt.date:
    """The first working day from `day` on: itself where it is one."""
    while not is_working_day(country, day, overrides, observe_suspended):
        day += dt.timedelta(1)
    return day
