"""What people write into the fields of hand-written forms."""

import datetime as dt
from decimal import Decimal

import pytest

from app.views.office import numbers


@pytest.mark.parametrize("slip", ["1e9", "NaN", "-5", "0", "10.555", "10 UAH", ""])
def test_a_slip_is_no_amount_and_leaves_a_sentence(app, slip):
    errors = {}
    with app.test_request_context():
        assert numbers.amount(slip, errors, "amount") is None
    assert "amount" in errors


def test_spaces_and_a_comma_are_read(app):
    with app.test_request_context():
        assert numbers.amount("1 234,50", {}, "amount") == Decimal("1234.50")


def test_a_day_of_another_century_is_a_slip(app):
    errors = {}
    with app.test_request_context():
        assert numbers.day("0202-10-10", errors, "paid_on") is None
        assert numbers.day("2026-10-10", {}, "paid_on") == dt.date(2026, 10, 10)
    assert "paid_on" in errors
