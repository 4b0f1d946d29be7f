"""Two books of one account, matched line by line."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.reconciling import (
    StatementLine,
    Verdict,
    balance_of,
    match_lines,
    reconcile,
    seen_by_us,
)


def act(day, number, amount):
    return StatementLine(dt.date.fromisoformat(day), number, debit=Decimal(amount))


def payment(day, number, amount):
    return StatementLine(dt.date.fromisoformat(day), number, credit=Decimal(amount))


def verdicts(ours, theirs, **settings):
    return [row.verdict.value for row in match_lines(ours, theirs, **settings)]


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        (act("2026-10-31", "A-000123", "100.00"), act("2026-10-31", "B-000123", "100.00"), "number_differs"),
        (act("2026-10-31", "", "100.00"), act("2026-11-02", "", "100.00"), "date_differs"),
        (act("2026-10-31", "A-000123", "100.00"), act("2026-10-31", "№ a 123", "100.00"), "agreed"),
        (act("2026-10-31", "A-123", "100.00"), act("2026-12-01", "A-123", "100.00"), "date_differs"),
        (act("2026-10-31", "A-123", "100.00"), act("2026-10-31", "", "100.00"), "agreed"),
        (payment("2026-10-05", "77", "50.00"), payment("2026-10-08", "4501", "50.00"), "number_differs"),
        (act("2026-10-31", "A-123", "100.00"), act("2026-10-31", "A-123", "10.00"), "amount_differs"),
    ],
)
def test_one_operation_in_both_books_is_one_row(ours, theirs, verdict):
    assert verdicts([ours], [theirs]) == [verdict]


def test_what_is_in_one_book_only_is_said_of_which():
    ours = [act("2026-10-31", "A-123", "100.00"), payment("2026-11-02", "5", "70.00")]
    theirs = [payment("2026-11-02", "5", "70.00"), payment("2026-11-20", "6", "30.00")]
    assert verdicts(ours, theirs) == ["only_ours", "agreed", "only_theirs"]
    rows = match_lines(ours, theirs)
    assert [row.difference for row in rows] == [Decimal(100), Decimal(0), Decimal(30)]


def test_a_debit_never_meets_a_credit_of_the_same_amount():
    assert verdicts([act("2026-10-31", "1", "10")], [payment("2026-10-31", "1", "10")]) == ["only_ours", "only_theirs"]


def test_equal_monthly_amounts_meet_on_their_own_days():
    ours = [act(f"2026-{month:02}-28", "", "10") for month in (1, 2, 3)]
    theirs = [act("2026-02-28", "", "10"), act("2026-03-30", "", "10")]
    assert verdicts(ours, theirs) == ["only_ours", "agreed", "date_differs"]
    assert verdicts(ours, theirs, days_apart=0) == ["only_ours", "agreed", "only_ours", "only_theirs"]


def test_their_book_is_turned_round_before_matching():
    theirs = [StatementLine(dt.date(2026, 10, 31), "A-123", credit=Decimal(100))]
    assert verdicts([act("2026-10-31", "A-123", "100")], seen_by_us(theirs)) == ["agreed"]


def test_the_rows_explain_the_difference_of_the_balances():
    ours = [act("2026-10-31", "A-1", "100.00"), payment("2026-11-02", "5", "70.00")]
    theirs = [act("2026-10-31", "A-1", "10.00")]
    found = reconcile(Decimal(5), ours, Decimal(3), theirs)
    assert (found.ours.closing, found.theirs.closing, found.difference) == (Decimal(35), Decimal(13), Decimal(22))
    assert found.count(Verdict.AMOUNT_DIFFERS) == found.count(Verdict.ONLY_OURS) == 1
    assert not found.is_agreed
    assert reconcile(Decimal(3), theirs, Decimal(3), theirs).is_agreed


MONEY = st.sampled_from([Decimal(n) for n in ("0", "10.00", "10.01", "25.50")])
LINE = st.builds(
    StatementLine,
    st.dates(dt.date(2026, 1, 1), dt.date(2026, 2, 1)),
    st.sampled_from(["", "1", "№ 1", "A-2", "3"]),
    MONEY,
    MONEY,
    line_number=st.integers(1, 99),
)
LINES = st.lists(LINE, max_size=20)


def in_order(lines):
    return sorted(lines, key=lambda line: (line.day, line.line_number, line.number, line.debit, line.credit))


@given(LINES, LINES, st.integers(0, 9))
def test_every_line_is_shown_once_and_the_differences_add_up(ours, theirs, days_apart):
    found = reconcile(Decimal(0), ours, Decimal(7), theirs, days_apart)
    assert in_order(row.ours for row in found.rows if row.ours) == in_order(ours)
    assert in_order(row.theirs for row in found.rows if row.theirs) == in_order(theirs)
    assert found.opening_difference + sum(row.difference for row in found.rows) == found.difference


@given(LINES)
def test_a_book_agrees_with_itself(lines):
    assert {row.verdict for row in match_lines(lines, list(reversed(lines)))} <= {Verdict.AGREED, Verdict.DATE_DIFFERS}
    assert all(row.difference == 0 for row in match_lines(lines, lines))


@given(st.decimals(-1000, 1000, places=2), LINES, LINES)
def test_the_closing_of_one_period_opens_the_next(opening, first, second):
    once = balance_of(opening, first + second)
    assert balance_of(balance_of(opening, first).closing, second).closing == once.closing
    assert once.opening + once.debit - once.credit == once.closing
