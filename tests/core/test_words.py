"""Amounts in words, plural forms and long dates of the document languages."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from app.core.words import amount_in_words, cardinal, long_date, month_name, plural

DAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "expected"),
    [
        ("12345.07", "RUB", "ru", "Двенадцать тысяч триста сорок пять рублей 07 копеек"),
        ("5000", "RUB", "ru_RU", "Пять тысяч рублей 00 копеек"),
        ("1", "RUB", "ru", "Один рубль 00 копеек"),
        ("1000001.01", "UAH", "ru", "Один миллион одна гривна 01 копейка"),
        ("2000002", "UAH", "ru", "Два миллиона две гривны 00 копеек"),
        ("42.67", "BYN", "ru", "Сорок два белорусских рубля 67 копеек"),
        ("1.21", "KZT", "ru", "Один тенге 21 тиын"),
        ("1000001.22", "UAH", "uk", "Один мільйон одна гривня 22 копійки"),
        ("2002", "UAH", "uk", "Дві тисячі дві гривні 00 копійок"),
        ("59.05", "UAH", "uk", "П’ятдесят дев’ять гривень 05 копійок"),
        ("21", "USD", "uk", "Двадцять один долар США 00 центів"),
        ("12345.67", "PLN", "pl", "Dwanaście tysięcy trzysta czterdzieści pięć złotych 67/100"),
        ("2", "PLN", "pl", "Dwa złote 00/100"),
        ("21", "UAH", "pl", "Dwadzieścia jeden hrywien 00/100"),
        ("1", "UAH", "pl", "Jedna hrywna 00/100"),
        ("12345.67", "USD", "en", "Twelve thousand three hundred and forty-five US dollars 67 cents"),
        ("1", "EUR", "en", "One euro 00 cents"),
        ("7.5", "KZT", "en", "Seven tenge 50 tiyn"),
        ("7.5", "BYN", "en", "Seven Belarusian roubles 50 kopecks"),
        ("3", "CZK", "en", "Three Czech korunas 00/100"),
        ("3", "CZK", "uk", "Три чеські крони 00/100"),
        ("3", "CZK", "xx", "Three Czech korunas 00/100"),
        ("5", "BYN", "be", "Пяць беларускіх рублёў 00 капеек"),
        ("21", "KZT", "kk", "Жиырма бір теңге 00 тиын"),
        ("-3.5", "RUB", "ru", "Минус три рубля 50 копеек"),
        ("1.005", "RUB", "ru", "Один рубль 01 копейка"),
        ("0", "PLN", "pl", "Zero złotych 00/100"),
    ],
)
def test_an_amount_is_written_as_an_accountant_writes_it(amount, currency, locale, expected):
    assert amount_in_words(Decimal(amount), currency, locale) == expected


@given(st.integers(0, 10**11), st.sampled_from([("ru", "RUB"), ("uk", "UAH"), ("pl", "PLN")]))
def test_any_amount_agrees_with_the_currency_path_of_num2words(cents, pair):
    locale, currency = pair
    amount = Decimal(cents) / 100
    theirs = num2words(amount, lang=locale, to="currency", currency=currency, separator="", cents=False)
    theirs = theirs.replace("'", "’").capitalize()
    ours = amount_in_words(amount, currency, locale)
    if locale == "pl":  # «… złotych 67/100» against num2words' «… złotych 67 groszy»
        assert ours.rpartition(" ")[0] == theirs.rsplit(" ", 2)[0]
    else:
        assert ours == theirs


def test_a_feminine_count_changes_only_its_last_word():
    assert cardinal(2_002_002, "ru", "f") == "два миллиона две тысячи две"
    assert cardinal(1_001_001, "uk", "f") == "один мільйон одна тисяча одна"
    assert cardinal(1_000_000, "ru", "f") == "один миллион"


def test_counts_take_their_plural_form():
    forms = ("день", "дня", "дней")
    assert [plural(n, forms, "ru") for n in (1, 2, 5, 11, 21, 112)] == ["день", "дня", "дней", "дней", "день", "дней"]
    assert [plural(n, ("day", "days"), "en") for n in (1, 2, 0)] == ["day", "days", "days"]


def test_dates_are_written_in_the_language_of_the_document():
    assert long_date(DAY, "uk") == "21 листопада 2026 р."
    assert long_date(DAY, "ru") == "21 ноября 2026 г."
    assert long_date(DAY, "pl") == "21 listopada 2026 r."
    assert long_date(DAY, "en") == "21 November 2026"
    assert month_name(DAY, "uk") == "листопад 2026 р."
    assert month_name(DAY, "ru") == "ноябрь 2026 г."
