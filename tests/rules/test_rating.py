"""What a call costs, worked by hand beside the rule."""

import datetime as dt
from decimal import Decimal as D

import pytest

from app.core.errors import Refused
from app.rules import rating
from app.rules.rating import Clock, Event, Package, Rate, Step, Tariff, TimeClass, cost_of

KYIV = Clock("Europe/Kyiv", "UA")
MINSK = Clock("Europe/Minsk", "BY")


def _rate(price="0.60", per=60, first=60, increment=60, **more):
    return Rate(more.pop("id", 1), more.pop("kind", "voice"), more.pop("destination", "mobile"),
                more.pop("steps", (Step(0, D(price), per, increment),)), first=first, **more)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "increment", "seconds", "billed", "cost"),
    [
        (60, 60, 1, 60, "0.6000"),
        (60, 60, 61, 120, "1.2000"),
        (60, 60, 120, 120, "1.2000"),
        (60, 1, 1, 60, "0.6000"),
        (60, 1, 61, 61, "0.6100"),
        (1, 1, 61, 61, "0.6100"),
        (30, 6, 31, 36, "0.3600"),
        (0, 1, 0, 0, "0"),
    ],
)
def test_a_call_is_billed_in_its_increments(first, increment, seconds, billed, cost):
    costing = cost_of(_rate(first=first, increment=increment), seconds)
    assert (costing.billed, costing.amount) == (billed, D(cost))


@pytest.mark.parametrize(
    ("more", "seconds", "cost"),
    [
        ({"connect_fee": D("0.25")}, 60, "0.85"),
        ({"connect_fee": D("0.25")}, 0, "0"),
        ({"minimum": D("1.50")}, 60, "1.50"),
        ({"maximum": D("2")}, 3600, "2"),
        ({"price": "0.3333", "decimals": 2}, 60, "0.33"),
        ({"price": "0.3333", "decimals": 2, "rounding": "up"}, 60, "0.34"),
        ({"price": "0.3355", "decimals": 2, "rounding": "half_up"}, 60, "0.34"),
        ({"price": "0.3399", "decimals": 2, "rounding": "down"}, 60, "0.33"),
        ({"price": "1", "first": 1, "increment": 1}, 1, "0.0167"),
    ],
)
def test_fee_rounding_and_limits_of_a_rate(more, seconds, cost):
    assert cost_of(_rate(**more), seconds).amount == D(cost)


def test_the_first_minute_may_cost_differently():
    rate = _rate(steps=(Step(0, D("1.20"), 60, 60), Step(60, D("0.30"), 60, 1)))
    assert cost_of(rate, 30).amount == D("1.2000")
    assert cost_of(rate, 90).amount == D("1.3500")


@pytest.mark.covers("A1-31")
@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-10-05T09:00:00", TimeClass.WORK),
        ("2026-10-05T17:59:59", TimeClass.WORK),
        ("2026-10-05T18:00:00", TimeClass.OFF),
        ("2026-10-05T08:59:59", TimeClass.OFF),
        ("2026-10-04T12:00:00", TimeClass.HOLIDAY),
        ("2026-11-07T12:00:00", TimeClass.HOLIDAY),  # October Revolution Day
        ("2026-04-25T12:00:00", TimeClass.WORK),  # a working Saturday of Belarus
    ],
)
def test_time_classes_follow_the_provider_s_clock_and_calendar(moment, expected):
    local = dt.datetime.fromisoformat(moment).replace(tzinfo=rating._zone("Europe/Minsk"))
    assert MINSK.class_of(MINSK.local(local.astimezone(dt.UTC))) == expected


def test_a_day_the_office_overrides_decides():
    clock = Clock("Europe/Minsk", "BY", overrides={dt.date(2026, 10, 5): False})
    assert clock.class_of(dt.datetime(2026, 10, 5, 12, tzinfo=dt.UTC)) == TimeClass.HOLIDAY


def _tariff(*rates, prefixes=None, packages=(), splits=False, clock=KYIV):
    prefixes = prefixes or {"380": "Ukraine", "38067": "mobile", "7": "abroad"}
    return Tariff(clock, prefixes, rates, packages, splits=splits)


def _event(number="380671112233", seconds=60, moment="2026-10-05T10:00:00", **more):
    at = dt.datetime.fromisoformat(moment).replace(tzinfo=rating._zone("Europe/Kyiv")).astimezone(dt.UTC)
    return Event(more.pop("kind", "voice"), number, at, seconds, **more)


def _nothing_left(_package):
    return 0


def test_the_longest_prefix_with_a_rate_wins():
    tariff = _tariff(_rate("1", destination="mobile", id=1), _rate("2", destination="Ukraine", id=2))
    assert tariff.rate(_event("380671112233"), _nothing_left).rate_id == 1
    assert tariff.rate(_event("380441112233"), _nothing_left).rate_id == 2
    with pytest.raises(Refused, match="no rate"):
        tariff.rate(_event("79161112233"), _nothing_left)


def test_a_shorter_prefix_serves_where_the_longer_has_no_rate_yet():
    tariff = _tariff(
        _rate("1", destination="mobile", id=1, valid_from=dt.date(2026, 11, 1)), _rate("2", destination="Ukraine", id=2)
    )
    assert tariff.rate(_event(), _nothing_left).rate_id == 2
    assert tariff.rate(_event(moment="2026-11-02T10:00:00"), _nothing_left).rate_id == 1


def test_weight_decides_between_rates_then_the_newest_in_force():
    tariff = _tariff(
        _rate("3", id=1),
        _rate("2", id=2, time_class="holiday", weight=10),
        _rate("1", id=3, valid_from=dt.date(2026, 10, 10)),
    )
    assert tariff.rate(_event(moment="2026-10-04T10:00:00"), _nothing_left).rate_id == 2  # a Sunday
    assert tariff.rate(_event(), _nothing_left).rate_id == 1
    assert tariff.rate(_event(moment="2026-10-12T10:00:00"), _nothing_left).rate_id == 3


@pytest.mark.parametrize(("general", "special"), [(1, 2), (2, 1)])
def test_of_one_weight_and_first_day_the_rate_of_a_time_class_wins(general, special):
    tariff = _tariff(_rate("3", id=general), _rate("2", id=special, time_class="holiday"))
    assert tariff.rate(_event(moment="2026-10-04T10:00:00"), _nothing_left).rate_id == special  # a Sunday
    assert tariff.rate(_event(), _nothing_left).rate_id == general


def test_a_package_is_used_up_before_money_and_the_rest_is_paid():
    tariff = _tariff(_rate("0.60", first=60, increment=1), packages=(Package(7, "100 minutes", "voice", 6000),))
    left = {7: 6000}
    free = tariff.rate(_event(seconds=90), lambda package: left[package.id])
    assert (free.amount, free.used, free.included) == (D(0), ((7, 90),), 90)
    left[7] = 30
    rest = tariff.rate(_event(seconds=90), lambda package: left[package.id])
    assert (rest.amount, rest.used) == (D("0.6000"), ((7, 30),))


def test_a_package_covers_its_kind_and_destinations_only():
    package = Package(7, "Ukraine", "voice", 6000, frozenset({"Ukraine"}), valid_to=dt.date(2026, 12, 1))
    assert package.covers("voice", "Ukraine", dt.date(2026, 11, 30))
    assert not package.covers("voice", "Ukraine", dt.date(2026, 12, 1))
    assert not package.covers("voice", "abroad", dt.date(2026, 11, 30))
    assert not package.covers("sms", "Ukraine", dt.date(2026, 11, 30))


def test_the_connect_fee_falls_away_where_a_package_covers_the_call():
    rate = _rate(connect_fee=D("0.50"))
    assert cost_of(rate, 60, covered=60).amount == 0
    assert cost_of(rate, 61, covered=60).amount == D("1.1000")


def test_a_call_over_the_evening_is_split_only_where_the_tariff_says_so():
    rates = (
        _rate("1.20", id=1, time_class="work", first=1, increment=1),
        _rate("0.60", id=2, time_class="off", first=1, increment=1),
    )
    event = _event(seconds=120, moment="2026-10-05T17:59:00")
    whole, cut = _tariff(*rates).rate(event, _nothing_left), _tariff(*rates, splits=True).rate(event, _nothing_left)
    assert (whole.amount, whole.time_class) == (D("2.4000"), TimeClass.WORK)
    assert (cut.amount, cut.time_class) == (D("1.8000"), TimeClass.WORK)
    assert [(kind, costing.billed) for kind, _, costing in cut.costings] == [(TimeClass.WORK, 60), (TimeClass.OFF, 60)]


def test_the_night_of_25_hours_is_as_long_as_it_is():
    clock = Clock("Europe/Kyiv", "PL")  # a land whose holidays count; the zone changes its clock on 25 October 2026
    start = dt.datetime(2026, 10, 24, 21, tzinfo=dt.UTC)  # midnight in Kyiv
    assert clock.split(start, 25 * 3600 + 60) == [(TimeClass.HOLIDAY, 25 * 3600), (TimeClass.OFF, 60)]


def test_the_month_of_a_call_is_that_of_the_seller_s_clock():
    rate = _tariff(_rate())
    late = Event("voice", "380671112233", dt.datetime(2026, 10, 31, 22, 30, tzinfo=dt.UTC), 60)
    assert rate.rate(late, _nothing_left).day == dt.date(2026, 11, 1)


def test_incoming_calls_are_free_and_roaming_is_rated_by_its_zone():
    tariff = _tariff(_rate("9", kind="roaming", destination="EU", id=4))
    assert tariff.rate(_event(direction="in"), _nothing_left).rate_id is None
    abroad = tariff.rate(_event(kind="roaming", direction="in", zone="EU"), _nothing_left)
    assert (abroad.amount, abroad.rate_id) == (D(9), 4)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+380 (67) 111-22-33", "380671112233"),
        ("00380671112233", "380671112233"),
        ("0671112233", "380671112233"),
        ("380671112233", "380671112233"),
        ("104", "104"),
        ("anonymous", ""),
    ],
)
def test_one_number_is_written_in_many_ways(written, digits):
    assert rating.international(written, "380", "0") == digits
