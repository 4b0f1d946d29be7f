"""What a period paid in advance costs, without a database."""

import datetime as dt
from decimal import Decimal as D

import pytest

from app.core.errors import Refused
from app.core.period import Period
from app.rules import prepaying
from app.rules.prepaying import Cents, DatedPrice, DatedRate, Discount, Item
from app.rules.pricing import Price

DAY = dt.date(2026, 11, 22)


def item(price="660", kind="period", **more):
    prices = (DatedPrice(Price("per_unit", D(price)), prepaying.ALWAYS),)
    rates = (DatedRate(2000, prepaying.ALWAYS),)
    return Item(**{"component_id": 1, "name": "VPS", "unit": "month", "kind": kind, "quantity": D(1),
                   "prices": prices, "rates": rates} | more)  # fmt: skip


def total(charges, rounding="carry"):
    return Cents(rounding).add(charges)


@pytest.mark.covers("AST-078")
def test_who_buys_on_22_november_pays_nine_days_of_it_first():
    period = prepaying.first_period(DAY, 1)
    assert period == Period(DAY, dt.date(2026, 12, 1))
    assert total(prepaying.charges_of([item()], period)) == (D("198.00"), D("33.00"))


def test_twelve_months_are_the_rest_of_this_one_and_eleven_whole():
    period = prepaying.first_period(DAY, 12)
    assert period.end == dt.date(2027, 11, 1)
    assert total(prepaying.charges_of([item()], period))[0] == D("198.00") + 11 * D("660")


def test_a_new_price_counts_from_its_day_in_the_middle_of_a_month():
    prices = (
        DatedPrice(Price("per_unit", D(300)), dt.date(2026, 1, 1), dt.date(2026, 12, 11)),
        DatedPrice(Price("per_unit", D(620)), dt.date(2026, 12, 11)),
    )
    charges = prepaying.charges_of([item(prices=prices)], prepaying.first_period(DAY, 2))
    assert [c.amount for c in charges] == [900000, 967742, 4200000]  # 300×9/30, 300×10/31, 620×21/31


def test_a_day_without_a_price_is_refused():
    prices = (DatedPrice(Price("per_unit", D(300)), dt.date(2026, 1, 1), dt.date(2026, 11, 30)),)
    with pytest.raises(Refused, match="no price for the whole period"):
        prepaying.charges_of([item(prices=prices)], prepaying.first_period(DAY, 1))


def test_a_percentage_is_taken_off_each_month_and_never_off_what_is_paid_once():
    items = [item(), item("100", "once", component_id=2)]
    charges = prepaying.charges_of(items, prepaying.first_period(DAY, 2), [Discount(7, "TEN", 1000)])
    discounts = [c.amount for c in charges if c.kind == "discount"]
    assert discounts == [-198000, -660000]
    assert sum(c.amount for c in charges) == 1980000 + 6600000 + 1000000 - 858000


def test_an_amount_off_is_whole_in_the_first_month_or_as_much_as_its_price_bears():
    charges = prepaying.charges_of([item()], prepaying.first_period(DAY, 3))
    off = prepaying.take_off(charges, "GIFT", D("500.00"))
    assert [c.amount for c in off] == [-1980000, -3020000]  # 198.00 in November, the rest in December
    assert sum(c.amount for c in prepaying.take_off(charges, "GIFT", D(5000))) == -sum(c.amount for c in charges)


def test_the_parts_of_a_line_add_up_to_it():
    items = [item(price, component_id=n) for n, price in enumerate(("495", "110", "55"))]
    cents = Cents()
    charges = prepaying.charges_of(items, Period(dt.date(2023, 4, 2), dt.date(2023, 5, 1)))
    parts = [cents.add([c])[0] for c in charges]
    assert sum(parts) == total(charges)[0] == D("638.00")


def test_an_amount_is_split_in_proportion_and_adds_up():
    assert prepaying.share_out(D(100), [D("33.33"), D("33.33"), D("66.66")]) == [D("25.00"), D("25.00"), D("50.00")]
    assert sum(prepaying.share_out(D("0.05"), [D(1)] * 3)) == D("0.05")
    assert prepaying.share_out(D(100), [D(10), D(20)]) == [D(10), D(20)]
