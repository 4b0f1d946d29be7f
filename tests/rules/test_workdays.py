"""Working days: transfers, working Saturdays, suspended holidays and a Seller's own corrections."""

import datetime as dt

import pytest

from app.rules.workdays import is_working_day, next_working_day


@pytest.mark.parametrize(
    ("country", "day", "works"),
    [
        ("BY", "2026-04-25", True),  # a Saturday worked for the Monday before Radonica
        ("BY", "2026-04-20", False),
        ("BY", "2026-04-18", False),
        ("RU", "2026-01-09", False),  # a transfer
        ("RU", "2026-12-31", False),
        ("RU", "2026-01-12", True),
        ("KZ", "2026-03-23", False),
        ("PL", "2026-12-24", False),
        ("PL", "2026-12-23", True),
        ("UA", "2026-08-24", True),  # martial law
        ("ZZ", "2026-01-01", True),
        ("ZZ", "2026-01-03", False),
    ],
)
def test_a_day_is_worked_as_its_country_says(country, day, works):
    assert is_working_day(country, dt.date.fromisoformat(day)) is works


def test_a_seller_may_observe_the_suspended_holidays_of_ukraine():
    assert not is_working_day("UA", dt.date(2026, 8, 24), observe_suspended=True)
    assert is_working_day("UA", dt.date(2026, 8, 25), observe_suspended=True)
    assert is_working_day("PL", dt.date(2026, 8, 24), observe_suspended=True)


def test_a_correction_comes_before_the_calendar():
    saturday, monday = dt.date(2026, 1, 17), dt.date(2026, 1, 19)
    overrides = {saturday: True, monday: False}
    assert is_working_day("RU", saturday, overrides)
    assert not is_working_day("RU", monday, overrides)


def test_working_days_are_counted_over_holidays():
    assert next_working_day("RU", dt.date(2026, 1, 1)) == dt.date(2026, 1, 12)
