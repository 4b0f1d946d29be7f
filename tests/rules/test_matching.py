"""What a customer said against what came in: when the two are one payment, and when a person must look."""

import datetime as dt
from decimal import Decimal

import pytest

from app.rules.matching import Fit, Money, fit_of, nearest, only_one

SAID = Money(1, Decimal("3500.00"), dt.date(2026, 11, 9), "418")


def came(day="2026-11-10", reference="", purpose="", amount="3500.00", row_id=7):
    return Money(row_id, Decimal(amount), dt.date.fromisoformat(day), reference, purpose)


@pytest.mark.covers("A1-05")
@pytest.mark.parametrize(
    ("money", "fit"),
    [
        (came(), Fit.NEAR),
        (came("2026-11-14"), Fit.NEAR),
        (came("2026-11-15"), Fit.NOT),
        (came(amount="3500.01"), Fit.NOT),
        (came(reference="№ 000418"), Fit.SAME),
        (came("2026-12-20", reference="418"), Fit.SAME),
        (came("2027-11-09", reference="418"), Fit.NOT),  # numbers begin anew each year
        (came(reference="419"), Fit.NOT),
        (came(reference="BANK-7", purpose="Оплата за послуги, п/д 418"), Fit.SAME),
        (came(purpose="рахунок 4180"), Fit.NEAR),
    ],
)
def test_two_tellings_are_one_payment_by_amount_and_number_or_day(money, fit):
    assert fit_of(SAID, money, 5) is fit


def test_only_one_best_candidate_is_taken_and_two_wait_for_a_person():
    assert only_one([(1, Fit.NEAR), (2, Fit.NOT)]) == 1
    assert only_one([(1, Fit.NEAR), (2, Fit.SAME)]) == 2
    assert only_one([(1, Fit.NEAR), (2, Fit.NEAR)]) is None
    assert only_one([(1, Fit.NOT)]) is None


def test_a_person_is_shown_the_likeliest_first():
    far, near, same = came("2026-11-01", row_id=1), came(row_id=2), came("2026-11-20", "418", row_id=3)
    assert [one.id for one in nearest(SAID, [far, near, same, came(amount="1.00")], 5)] == [3, 2, 1]
