"""What is said of a line of a list of options."""

import datetime as dt

from app.rules import switching


def test_a_day_that_is_past_is_told_what_day_it_is():
    today = dt.date(2026, 11, 15)
    facts = switching.Facts(subscriber_id=1, component_id=1, action="on", day=dt.date(2026, 11, 14), today=today)
    judged = switching.judge(facts)
    assert judged.verdict is switching.Verdict.PAST
    told = switching.SENTENCES[judged.verdict] % {"detail": judged.detail}
    assert told == "The day is past: today is 2026-11-15. Choose today or a later day."
