"""Cells as amounts, days and flags: exact, found from the column, never guessed."""

import contextlib
import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.values import (
    DateStyle,
    Malformed,
    NumberStyle,
    column_parser,
    infer_dates,
    infer_numbers,
    money_currency,
    parse_country,
    parse_currency,
    parse_date,
    parse_datetime,
    parse_flag,
    parse_int,
    parse_money,
    parse_month,
    parse_service,
)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("29.85", "29.85"), ("20", "20"), ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"), ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"), ("1'234.50", "1234.50"), ("₴20", "20"), ("20 грн", "20"), ("$ 5.10", "5.10"),
        ("PLN 1 200,00", "1200.00"), ("20 руб.", "20"), ("(12.50)", "-12.50"), ("−3,5", "-3.5"), ("-0.10", "-0.10"),
        ("0,061", "0.061"), ("1.234.567", "1234567"), ("1e-07", "0.0000001"), (" 7 ", "7"), (".5", "0.5"),
    ],
)  # fmt: skip
def test_an_amount_is_read_exactly(cell: str, amount: str) -> None:
    assert parse_money(cell) == Decimal(amount)


@pytest.mark.parametrize("cell", ["1,234", "1.234", "12,345", "-1.000"])
def test_an_amount_that_can_be_two_is_refused(cell: str) -> None:
    with pytest.raises(Malformed, match="can be read in two ways"):
        parse_money(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "abc",
        "12 34",
        "1,234,56",
        "12.5%",
        "5 apples",
        "1-2",
        "NaN",
        "inf",
        "٣",
        "--5",
        "1..2",
        "1 2.3",
        "#REF!",
    ],
)
def test_what_is_no_amount_is_refused(cell: str) -> None:
    with pytest.raises(Malformed):
        parse_money(cell)


def test_the_column_tells_the_decimal_sign() -> None:
    assert infer_numbers(["1,234", "2,50"]) == NumberStyle(",")
    assert infer_numbers(["1.234", "2.5", "7"]) == NumberStyle(".")
    assert infer_numbers(["1 234", "7"]) == NumberStyle()
    assert infer_numbers(["2,5", "2.5"]) == NumberStyle()
    assert column_parser("money", ["1,234", "2,50"])("1,234") == Decimal("1.234")
    assert column_parser("money", ["1,234", "2.50"])("1,234") == Decimal(1234)
    assert column_parser("money", ["1,234"], notation=",")("1,234") == Decimal("1.234")
    with pytest.raises(Malformed, match="two ways"):
        column_parser("money", ["1,234", "2,5", "2.5"])("1,234")


@given(
    st.decimals(min_value=0, max_value=10**9, places=2),
    st.sampled_from([(" ", ","), (".", ","), (",", "."), ("'", ".")]),
)
def test_any_amount_comes_back_from_any_notation(amount: Decimal, signs: tuple[str, str]) -> None:
    group, decimal = signs
    written = f"{amount:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", group)
    assert parse_money(written) == amount


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_malformed(cell: str) -> None:
    with contextlib.suppress(Malformed):
        assert parse_money(cell).is_finite()


@given(st.text(alphabet="0123456789-./: T+Z", max_size=25))
def test_any_text_is_a_moment_or_malformed(cell: str) -> None:
    for parse in (parse_date, parse_datetime, parse_month, parse_int):
        with contextlib.suppress(Malformed):
            parse(cell)


def test_the_currency_written_beside_an_amount_is_known() -> None:
    assert [money_currency(cell) for cell in ("₴20", "20 zł", "$5", "5", "5 руб.")] == ["UAH", "PLN", None, None, "RUB"]


@pytest.mark.parametrize(
    "cell",
    [
        "2026-10-31",
        "31.10.2026",
        "2026/10/31",
        "20261031",
        "31/10/2026",
        "10/31/2026",
        "2026-10-31 23:59",
        " 31.10.2026 ",
    ],
)
def test_a_day_is_read(cell: str) -> None:
    assert parse_date(cell) == dt.date(2026, 10, 31)


def test_a_day_that_can_be_two_needs_its_column() -> None:
    with pytest.raises(Malformed, match="day/month or month/day"):
        parse_date("01/02/2026")
    assert parse_date("02/02/2026") == dt.date(2026, 2, 2)
    assert infer_dates(["01/02/2026", "13/02/2026"]) == DateStyle("dmy")
    assert infer_dates(["01/02/2026", "02/13/2026"]) == DateStyle("mdy")
    assert infer_dates(["13/02/2026", "02/13/2026"]) == DateStyle()
    assert parse_date("01/02/2026", DateStyle("mdy")) == dt.date(2026, 1, 2)
    assert parse_date("01.02.2026", DateStyle("mdy")) == dt.date(2026, 2, 1)


@pytest.mark.parametrize(
    "cell", ["31.02.2026", "1.2.6", "2026-13-01", "45000", "31 Feb 2026", "soon", "2026-1", "00.00.0000"]
)
def test_what_is_no_day_is_refused(cell: str) -> None:
    with pytest.raises(Malformed):
        parse_date(cell)


@pytest.mark.parametrize(
    "cell", ["31.10.26", "31-Oct-26", "31 жовтня 2026 р.", "31 октября 2026 г.", "31 października 2026", "Oct 31, 2026"]
)
def test_a_day_in_words_or_with_a_short_year_is_read(cell: str) -> None:
    assert parse_date(cell) == dt.date(2026, 10, 31)


def test_numbers_are_days_where_a_column_has_nothing_else() -> None:
    assert parse_date("46326", infer_dates(["46326", "46327.5"])) == dt.date(2026, 10, 31)
    with pytest.raises(Malformed):
        parse_date("46326", infer_dates(["46326", "2026-10-31"]))


def test_a_moment_is_read_with_or_without_its_zone() -> None:
    assert parse_datetime("2026-10-31T14:05:06Z") == dt.datetime(2026, 10, 31, 14, 5, 6, tzinfo=dt.UTC)
    assert parse_datetime("31.10.2026 4:05").isoformat() == "2026-10-31T04:05:00"
    assert parse_datetime("2026-07-01 12:00", zone="Europe/Kyiv").isoformat() == "2026-07-01T12:00:00+03:00"
    assert parse_datetime("2026-07-01 12:00:00.25-05:30").utcoffset() == dt.timedelta(hours=-5, minutes=-30)
    assert parse_datetime("10/31/2026, 1:05 PM").hour == 13
    assert parse_datetime("2026-10-31").isoformat() == "2026-10-31T00:00:00"
    for cell in ("2026-10-31 25:00", "14:05", "2026-10-31 13:05 PM"):
        with pytest.raises(Malformed):
            parse_datetime(cell)


def test_flags_are_read_in_five_languages() -> None:
    assert all(parse_flag(cell) for cell in ("Yes", "sí", "ТАК", "да", "Tak", "1", "TRUE", "✓"))
    assert not any(parse_flag(cell) for cell in ("No", "ні", "Нет", "nie", "0", "false"))
    with pytest.raises(Malformed, match="neither yes nor no"):
        parse_flag("maybe")


def test_a_service_cell_is_off_on_or_a_value() -> None:
    assert [parse_service(cell) for cell in ("Yes", "No", "No internet service", "DSL", "Нет", "без інтернету")] == [
        "Yes", None, None, "DSL", None, None,
    ]  # fmt: skip


def test_currencies_countries_months_and_counts_are_read() -> None:
    assert [parse_currency(cell) for cell in ("UAH", "грн.", "₽", "zł", "980", "usd")] == [
        "UAH",
        "UAH",
        "RUB",
        "PLN",
        "UAH",
        "USD",
    ]
    assert [parse_country(cell) for cell in ("UA", "Україна", "Польша", "polska", "РФ", "KAZ", "España")] == [
        "UA", "UA", "PL", "PL", "RU", "KZ", "ES",
    ]  # fmt: skip
    assert str(parse_month("10.2026")) == str(parse_month("2026-10")) == str(parse_month("31.10.2026")) == "2026-10"
    assert [parse_int(cell) for cell in ("12", "1 200", "12.0", "-3")] == [12, 1200, 12, -3]
    for parse, cell in (
        (parse_currency, "XYZ1"),
        (parse_country, "Nowhere"),
        (parse_month, "13.2026"),
        (parse_int, "1.5"),
    ):
        with pytest.raises(Malformed):
            parse(cell)
