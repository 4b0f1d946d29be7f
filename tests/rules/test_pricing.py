"""What a part of a plan costs."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Refused
from app.rules.pricing import Case, Price, amount_of

STEPS = ((D(0), D("1")), (D(10), D("0.5")), (D(100), D("0.1")))


@pytest.mark.parametrize(
    ("price", "case", "owed"),
    [
        (Price("flat", D("250")), Case("period", D(1), 31, 31), "250.0000"),
        (Price("flat", D("250")), Case("period", D(1), 10, 31), "80.6452"),
        (Price("flat", D("250")), Case("period", D(0), 31, 31), "0.0000"),
        (Price("per_unit", D("4.5")), Case("period", D(101), 30, 30), "454.5000"),
        (Price("per_unit", D("8"), 1_000_000), Case("usage", D(250_000), 31, 31), "2.0000"),
        (Price("per_unit", D("2"), included=D(100)), Case("usage", D(130), 31, 31), "60.0000"),
        (Price("per_unit", D("2"), included=D(100)), Case("usage", D(130), 10, 20), "160.0000"),
        (Price("tiered", tiers=STEPS), Case("usage", D(150), 30, 30), "60.0000"),
        (Price("volume", tiers=STEPS), Case("usage", D(150), 30, 30), "15.0000"),
        (Price("flat", D("1200")), Case("period", D(1), 31, 31, months=12), "100.0000"),
        (Price("flat", D("99")), Case("once", D(1), 3, 31), "99.0000"),
        (Price("flat", D("250")), Case("period", D(1), 31, 31, percent_bp=1000), "-25.0000"),
        (Price("flat", D("250")), Case("period", D(1), 31, 31, off=D(300)), "-250.0000"),
    ],
)
def test_a_case_costs_what_its_price_says(price, case, owed):
    assert amount_of(price, case) == D(owed)


def test_a_stepped_price_without_a_first_step_is_refused():
    with pytest.raises(Refused, match="no step from 0"):
        amount_of(Price("tiered", tiers=((D(5), D(1)),)), Case("usage", D(10), 1, 1))


@given(st.integers(1, 30), st.decimals("0.0001", "99999", places=4), st.integers(1, 500))
def test_the_parts_of_a_month_add_up_to_the_month(cut, unit, quantity):
    price = Price("per_unit", unit)
    whole = amount_of(price, Case("period", D(quantity), 31, 31))
    parts = sum(amount_of(price, Case("period", D(quantity), days, 31)) for days in (cut, 31 - cut))
    assert abs(whole - parts) <= D("0.0001")


@given(st.decimals(0, 500, places=2), st.decimals(0, 500, places=2))
def test_more_usage_never_costs_less_by_steps(less, more):
    less, more = sorted((less, more))
    price = Price("tiered", tiers=STEPS)
    assert amount_of(price, Case("usage", less, 30, 30)) <= amount_of(price, Case("usage", more, 30, 30))
