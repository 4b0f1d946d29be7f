"""VAT rates by day and rounding over the lines."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Refused
from app.core.money import divide_half_up
from app.core.period import Month, Period
from app.rules import tax

SEED = [213464, 224137, 344827, 224137]
AMOUNTS = st.lists(st.integers(-(10**10), 10**10), max_size=30)
DEBTS = st.lists(st.integers(0, 10**8), max_size=30)
RATES = st.sampled_from([0, 500, 700, 800, 1000, 1200, 1600, 2000, 2200, 2300, 2500])


@pytest.mark.parametrize(
    ("country", "category", "day", "percent"),
    [
        ("UA", "standard", "2026-10-01", "20"),
        ("UA", "telecom", "2026-10-01", "20"),
        ("UA", "reduced", "2026-10-01", "7"),
        ("RU", "standard", "2018-12-31", "18"),
        ("RU", "standard", "2025-12-31", "20"),
        ("RU", "standard", "2026-01-01", "22"),
        ("RU", "telecom", "2026-01-01", "22"),
        ("RU", "reduced", "2026-01-01", "10"),
        ("BY", "standard", "2026-01-01", "20"),
        ("BY", "telecom", "2026-01-01", "25"),
        ("PL", "standard", "2026-01-01", "23"),
        ("PL", "reduced", "2026-01-01", "8"),
        ("KZ", "standard", "2025-12-31", "12"),
        ("KZ", "standard", "2026-01-01", "16"),
        ("KZ", "exempt", "2026-01-01", "0"),
        ("PL", "zero", "2026-01-01", "0"),
        ("DE", "standard", "2026-01-01", "0"),
    ],
)
def test_the_rate_is_that_of_the_day_of_supply(country, category, day, percent):
    assert tax.rate_on(country, category, dt.date.fromisoformat(day)).rate == Decimal(percent)


def test_labels_say_the_rate_or_that_there_is_none():
    day = dt.date(2026, 3, 1)
    assert tax.rate_on("RU", "standard", day).label == "22 %"
    assert tax.rate_on("PL", "zero", day).label == "0 %"
    assert tax.rate_on("PL", "exempt", day).label == "Without VAT"
    assert tax.rate_on("DE", "standard", day).label == "Without VAT"
    assert tax.rate_on("BY", "telecom", day).rate_bp == 2500


def test_an_unknown_rate_is_refused_with_its_day():
    with pytest.raises(Refused, match="No VAT rate of RU .* 1999-01-01"):
        tax.rate_on("RU", "standard", dt.date(1999, 1, 1))
    with pytest.raises(Refused, match="KZ .reduced"):
        tax.rate_on("KZ", "reduced", dt.date(2026, 1, 1))


def test_a_period_over_the_change_of_rate_is_split_there():
    parts = tax.slices("RU", "standard", Period(dt.date(2025, 12, 20), dt.date(2026, 1, 20)))
    assert [(part.start, part.end, rate.rate_bp) for part, rate in parts] == [
        (dt.date(2025, 12, 20), dt.date(2026, 1, 1), 2000),
        (dt.date(2026, 1, 1), dt.date(2026, 1, 20), 2200),
    ]
    assert len(tax.slices("RU", "standard", Month(2026, 1).period)) == 1
    assert len(tax.slices("KZ", "telecom", Period(dt.date(2025, 1, 1), dt.date(2027, 1, 1)))) == 2


@given(
    st.sampled_from(["UA", "RU", "BY", "PL", "KZ", "DE"]),
    st.dates(dt.date(2019, 1, 1), dt.date(2030, 1, 1)),
    st.integers(1, 4000),
)
def test_slices_cover_the_period_without_gap_or_overlap(country, start, days):
    period = Period(start, start + dt.timedelta(days))
    parts = [part for part, _ in tax.slices(country, "telecom", period)]
    assert (parts[0].start, parts[-1].end) == (period.start, period.end)
    assert all(one.end == two.start for one, two in zip(parts, parts[1:], strict=False))


@pytest.mark.covers("AST-071")
def test_the_seeds_four_charges_carry_their_tax():
    lines = tax.carry(SEED, 2000, included=True)
    assert [line.tax for line in lines] == [356, 373, 575, 374]
    assert tax.total(lines) == (8388, 1678, 10066)
    assert tax.total(tax.per_line(SEED, 2000, included=True)).tax == 1679


@pytest.mark.covers("AST-091")
@pytest.mark.parametrize(("gross", "included"), [("20.00", "3.33"), ("100.00", "16.67")])
def test_tax_included_in_a_price_is_shown_as_the_seed_shows_it(gross, included):
    assert tax.split_tax(Decimal(gross), Decimal(20)).tax == Decimal(included)


@given(AMOUNTS, RATES, st.booleans())
def test_the_parts_add_up_to_the_whole(amounts, rate_bp, included):
    lines = tax.carry(amounts, rate_bp, included)
    assert all(line.net + line.tax == line.gross for line in lines)
    assert tax.total(lines) == tax.tax_line(sum(amounts), rate_bp, included)
    fixed = tax.total(lines).gross if included else tax.total(lines).net
    assert fixed == divide_half_up(sum(amounts), 100)


@given(AMOUNTS, RATES, st.booleans())
def test_a_correction_mirrors_what_it_corrects(amounts, rate_bp, included):
    def mirror(lines):
        return [(-line.net, -line.tax, -line.gross) for line in lines]

    negative = [-amount for amount in amounts]
    assert tax.carry(negative, rate_bp, included) == mirror(tax.carry(amounts, rate_bp, included))
    assert tax.per_line(negative, rate_bp, included) == mirror(tax.per_line(amounts, rate_bp, included))


@given(DEBTS, RATES, st.booleans())
def test_no_line_of_a_debt_comes_out_negative_and_none_strays_by_more_than_two_cents(amounts, rate_bp, included):
    alone = tax.per_line(amounts, rate_bp, included)
    for carried, single in zip(tax.carry(amounts, rate_bp, included), alone, strict=True):
        assert min(carried) >= 0
        assert all(abs(one - two) <= 2 for one, two in zip(carried, single, strict=True))


@given(AMOUNTS, AMOUNTS)
def test_each_rate_has_its_own_running_total(domestic, reduced):
    mixed = [(amount, 2000) for amount in domestic] + [(amount, 700) for amount in reduced]
    expected = tax.carry(domestic, 2000, True) + tax.carry(reduced, 700, True)
    assert tax.carry_mixed(mixed, True) == expected


@given(st.decimals(-(10**9), 10**9, places=4), st.sampled_from([Decimal(n) for n in (0, 7, 20, 22, 25)]))
def test_the_parts_of_a_split_sum_fit_together(amount, rate):
    taken = tax.split_tax(amount, rate)
    assert taken.net + taken.tax == taken.gross
    assert tax.split_tax(-amount, rate) == tuple(-part for part in taken)
