"""The calendar of policies on the days that the seeds name."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Refused
from app.core.period import Month, Period
from app.rules import policies
from app.rules.policies import DEFAULTS, PolicyKind, calendar_of, policy_of

CALENDAR = calendar_of()
CLOSED = CALENDAR[PolicyKind.INVOICE_CLOSED_WINDOW]
FREEZE = CALENDAR[PolicyKind.RENAME_FREEZE]
DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1))


def day(text):
    return dt.date.fromisoformat(text)


def instant(text):
    return dt.datetime.fromisoformat(text)


@pytest.mark.covers("A1-07")
@pytest.mark.parametrize(
    ("today", "is_closed"), [("2026-06-30", False), ("2026-07-01", True), ("2026-07-03", True), ("2026-07-04", False)]
)
def test_invoices_are_closed_from_the_first_to_the_third(today, is_closed):
    assert bool(policies.window_on(CLOSED, day(today))) is is_closed
    assert policies.opens_on(CLOSED, day(today)) == (day("2026-07-04") if is_closed else day(today))


@pytest.mark.covers("A1-14")
@pytest.mark.parametrize(
    ("today", "opens"),
    [
        ("2026-02-26", "2026-02-26"),
        ("2026-02-27", "2026-03-01"),
        ("2026-02-28", "2026-03-01"),
        ("2028-02-27", "2028-02-27"),
        ("2028-02-28", "2028-03-01"),
        ("2026-12-31", "2027-01-01"),
    ],
)
def test_renaming_rests_on_the_last_two_days_of_the_month(today, opens):
    assert policies.opens_on(FREEZE, day(today)) == day(opens)


@pytest.mark.covers("A1-14")
def test_what_is_asked_in_the_freeze_is_done_from_midnight_of_the_providers_zone():
    asked = instant("2026-06-29T21:30:00+00:00")  # already the 30th in Minsk, the 29th (frozen too) in London
    assert policies.opens_at(FREEZE, asked, "Europe/Minsk") == instant("2026-06-30T21:00:00+00:00")
    before = instant("2026-06-28T20:59:59+00:00")
    assert policies.opens_at(FREEZE, before, "Europe/Minsk") == before
    assert policies.window_at(FREEZE, instant("2026-06-28T21:00:00+00:00"), "Europe/Minsk") is not None


def test_the_next_window_is_announced_before_it_comes():
    assert policies.next_window(FREEZE, day("2026-06-10")) == Period(day("2026-06-29"), day("2026-07-01"))
    assert policies.next_window(CLOSED, day("2026-06-10")) == Period(day("2026-07-01"), day("2026-07-04"))
    assert policies.next_window(policy_of("rename_freeze", {"last_days": 0}), day("2026-06-30")) is None


@pytest.mark.covers("AST-110", "AST-111", "AST-112", "AST-113", "AST-121", "AST-122", "AST-123", "AST-124")
def test_the_seeds_january():
    dates = policies.dates_of_invoice(day("2026-01-01"), CALENDAR)
    assert CALENDAR[PolicyKind.INVOICING_DAY]["day"] == 1
    assert dates.remind_on == day("2026-01-12")
    assert dates.due_on == day("2026-01-15")
    assert dates.overdue_on == day("2026-01-16")
    assert dates.warn_on == day("2026-01-25")
    assert dates.block_on == day("2026-01-30")


@pytest.mark.covers("AST-128", "AST-130")
def test_both_of_the_seeds_august_texts_are_true():
    dates = policies.dates_of_invoice(day("2026-08-01"), CALENDAR)
    assert (dates.due_on, dates.block_on) == (day("2026-08-15"), day("2026-08-30"))
    assert dates.last_day_to_pay == day("2026-08-29")


def test_a_sellers_own_terms_move_the_block_with_them():
    own = calendar_of({"invoice_due": {"days": 10}, "grace": {"days": 5}})
    assert policies.dates_of_invoice(day("2026-01-01"), own).block_on == day("2026-01-15")
    fixed = calendar_of({"credit_block": {"days": 40}})
    assert policies.dates_of_invoice(day("2026-01-01"), fixed).block_on == day("2026-02-10")
    with pytest.raises(Refused, match="must not come before"):
        calendar_of({"credit_block": {"days": 3}})


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        ("rename_freeze", {"days": 2}, "its settings are last_days, queue"),
        ("rename_freeze", {"last_days": "two"}, "cannot be «two»"),
        ("rename_freeze", {"last_days": 28}, "last 27 days"),
        ("invoice_closed_window", {"first_day": 5, "last_day": 3}, "to a later one"),
        ("invoice_closed_window", {"first_day": True}, "cannot be «True»"),
        ("invoicing_day", {"day": 31}, "from 1 to 28"),
        ("invoice_due", {"days": 0}, "at least one day"),
        ("working_hours", {"start": "9"}, "written as 09:00"),
        ("working_hours", {"start": "19:00"}, "before they end"),
        ("extension", {"days": -1}, "from 0 to 3660"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(kind, settings, told):
    with pytest.raises(Refused, match=told):
        policy_of(kind, settings)


def test_the_numbers_of_the_seeds_are_the_defaults():
    assert DEFAULTS[PolicyKind.EXTENSION] == {"days": 7, "sessions": 2, "bases": 8, "times": 1}
    assert DEFAULTS[PolicyKind.MESSENGER] == {"characters": 255, "files": 5}
    assert DEFAULTS[PolicyKind.SEAT_ASSIGNMENT] == {"users": 20}
    assert set(DEFAULTS) == set(PolicyKind)


@pytest.mark.covers("AST-152", "AST-153", "AST-156")
def test_renewals_and_retries_fall_on_their_days():
    assert policies.renewal_on(day("2026-03-21"), False, CALENDAR) == day("2026-03-20")
    assert policies.renewal_on(day("2026-03-21"), True, CALENDAR) == day("2026-01-20")
    assert policies.renewal_retry_on(day("2026-03-20"), CALENDAR) == day("2026-03-21")


@pytest.mark.covers("A1-17", "A1-23")
def test_two_months_back_are_open_over_the_turn_of_the_year():
    download, history = CALENDAR[PolicyKind.INVOICE_DOWNLOAD], CALENDAR[PolicyKind.REQUEST_HISTORY]
    assert policies.months_open(download, day("2026-01-10")) == (Month(2025, 12), Month(2025, 11))
    assert policies.history_since(history, day("2026-01-10")) == day("2025-11-01")


def test_a_running_months_invoice_is_taken_once_it_is_formed_and_the_window_is_over():
    assert policies.link_opens(CALENDAR, Month(2026, 12)) == dt.date(2027, 1, 4)
    assert policies.link_opens(calendar_of({"invoicing_day": {"day": 20}}), Month(2026, 11)) == dt.date(2026, 12, 20)


def test_the_month_is_drawn_with_what_happens_in_it():
    marks = {(mark.day.day, mark.what) for mark in policies.marks_of(Month(2026, 1), CALENDAR)}
    assert {(1, "issued_on"), (15, "due_on"), (16, "overdue_on"), (30, "block_on")} <= marks
    assert {(1, "invoice_closed_window"), (3, "invoice_closed_window"), (30, "rename_freeze")} <= marks
    assert (4, "invoice_closed_window") not in marks
    late = calendar_of({"invoicing_day": {"day": 20}})
    assert (3, "due_on") in {(mark.day.day, mark.what) for mark in policies.marks_of(Month(2026, 2), late)}


@given(DAYS, st.integers(1, 27), st.integers(0, 26))
def test_the_opening_day_is_open_and_every_day_before_it_is_closed(today, first, more):
    policy = policy_of("invoice_closed_window", {"first_day": first, "last_day": min(first + more, 27)})
    opening = policies.opens_on(policy, today)
    assert policies.window_on(policy, opening) is None
    assert all(policies.window_on(policy, today + dt.timedelta(n)) for n in range((opening - today).days))


@given(DAYS, st.integers(1, 60), st.integers(0, 60))
def test_the_days_of_an_invoice_follow_one_another(issued_on, due, grace):
    calendar = calendar_of({"invoice_due": {"days": due}, "grace": {"days": grace}})
    dates = policies.dates_of_invoice(issued_on, calendar)
    assert issued_on <= dates.remind_on <= dates.due_on < dates.overdue_on <= dates.block_on
    assert dates.last_day_to_pay < dates.block_on
    assert dates.warn_on <= dates.block_on
