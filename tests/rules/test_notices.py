"""Which notice an unpaid invoice calls for on which day."""

import datetime as dt

import pytest

from app.rules import notices, policies
from app.rules.notices import NoticeEvent

CALENDAR = policies.calendar_of()
DUE = dt.date(2026, 1, 15)  # issued on the first


@pytest.mark.parametrize(
    ("day", "event"),
    [
        ("2026-01-01", NoticeEvent.INVOICE_ISSUED),
        ("2026-01-11", NoticeEvent.INVOICE_ISSUED),
        ("2026-01-12", NoticeEvent.DUE_SOON),
        ("2026-01-15", NoticeEvent.DUE_SOON),
        ("2026-01-16", NoticeEvent.OVERDUE),
        ("2026-01-24", NoticeEvent.OVERDUE),
        ("2026-01-25", NoticeEvent.BLOCK_SOON),
        ("2026-01-30", NoticeEvent.BLOCKED),
        ("2026-02-05", NoticeEvent.BLOCKED),
        ("2026-02-06", None),
    ],
)
def test_one_notice_at_a_time_each_until_the_next_ones_day(day: str, event: NoticeEvent | None) -> None:
    assert notices.event_on(dt.date.fromisoformat(day), DUE, CALENDAR) == event


def test_an_invoice_due_at_once_is_said_to_be_issued_and_not_reminded_of_twice() -> None:
    short = policies.calendar_of({"invoice_due": {"days": 2}})
    assert notices.event_on(dt.date(2026, 1, 1), dt.date(2026, 1, 2), short) == NoticeEvent.INVOICE_ISSUED
    assert notices.event_on(dt.date(2026, 1, 3), dt.date(2026, 1, 2), short) == NoticeEvent.OVERDUE


def test_invoices_older_than_the_first_due_day_call_for_nothing() -> None:
    day = dt.date(2026, 1, 20)
    calling = [day + dt.timedelta(n) for n in range(-90, 90) if notices.event_on(day, day + dt.timedelta(n), CALENDAR)]
    assert min(calling) == notices.first_due_day(day, CALENDAR)


def test_people_get_everything_but_news_by_mail_until_they_say_otherwise() -> None:
    assert notices.is_wanted({}, "money", "email")
    assert not notices.is_wanted({}, "news", "email")
    assert notices.is_wanted({("news", "email"): True}, "news", "email")
    assert not notices.is_wanted({("money", "in_app"): False}, "money", "in_app")
