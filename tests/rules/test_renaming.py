"""What a person may call a line, and how numbers of a list are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.dialling import is_shortened, looks_like_number, spellings
from app.rules.renaming import Verdict, judge_name, suggest_spelling


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Ивaнов", "Иванов"),  # Latin a
        ("Cергей Пeтров", "Сергей Петров"),  # Latin C and e
        ("Iваненко Оксана", "Іваненко Оксана"),  # Latin I
        ("Олeг-Мapия", "Олег-Мария"),
        ("Smіth", "Smith"),  # Cyrillic і
        ("Офис НОT", "Офис НОТ"),  # every letter of the word may be either: the rest of the name decides
        ("Reception СOM", "Reception COM"),
    ],
)
def test_a_word_of_two_alphabets_is_doubtful_and_the_spelling_is_suggested(written, meant):
    judged = judge_name(written, 100)
    assert (judged.verdict, judged.suggestion, judged.name) == (Verdict.LOOK_ALIKE, meant, written)


@pytest.mark.parametrize(
    "name", ["Wi-Fi роутер", "GSM модем 3", "Ірина O'Brien", "iPhoneЖанны", "Olga Sikur", "Ґалаґан"]
)
def test_two_alphabets_in_different_words_are_nobodys_mistake(name):
    assert judge_name(name, 100).verdict is None


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("", Verdict.EMPTY),
        (" \u00a0 ", Verdict.EMPTY),
        ("\ufeff", Verdict.EMPTY),
        ("И" * 101, Verdict.TOO_LONG),
        ("Иван\x00ов", Verdict.CONTROL),
        ("Иван\nПетров", Verdict.CONTROL),
        ("Иван\u202eвонавИ", Verdict.CONTROL),  # turns the text around
        ("Ива\u200bнов", Verdict.CONTROL),
    ],
)
def test_an_empty_too_long_or_hidden_name_is_refused(written, verdict):
    assert judge_name(written, 100).verdict is verdict


def test_spaces_are_smoothed_and_letters_composed():
    assert judge_name("  Марія \u00a0 Іва\u0301н ", 100).name == "Марія Іва\u0301н"
    assert judge_name("Зои\u0306", 100).name == "Зой"
    assert judge_name("И" * 100, 100).verdict is None


@given(st.text(max_size=60))
def test_a_good_name_is_never_judged_otherwise_the_second_time(text):
    judged = judge_name(text, 50)
    if judged.verdict in (None, Verdict.LOOK_ALIKE):
        assert judge_name(judged.name, 50) == judged
        assert len(judged.name) <= 50 and judged.name.strip()
    assert suggest_spelling(suggest_spelling(text)) == suggest_spelling(text)


@pytest.mark.parametrize(
    ("cell", "country", "number"),
    [
        ("+380 67 123-45-67", "UA", "+380671234567"),
        ("+380671234567", "UA", "+380671234567"),
        ("380671234567", "UA", "+380671234567"),
        ("0671234567", "UA", "+380671234567"),
        ("(067) 123 45 67", "UA", "+380671234567"),
        ("671234567", "UA", "+380671234567"),
        ("00380671234567", "UA", "+380671234567"),
        ("8 029 123-45-67", "BY", "+375291234567"),
        ("80291234567", "BY", "+375291234567"),
        ("8 916 123-45-67", "RU", "+79161234567"),
        ("501 234 567", "PL", "+48501234567"),
        ("line-12", "UA", "line-12"),
    ],
)
def test_a_number_is_recognised_in_its_usual_spellings(cell, country, number):
    assert spellings(cell, (country,))[0] == number


def test_a_number_that_a_spreadsheet_shortened_is_known_as_such():
    assert is_shortened("3.80671E+11") and is_shortened("3,8067e11")
    assert not is_shortened("380671234567")
    assert looks_like_number("067 123 45 67") and not looks_like_number("Иванов 3")
    assert spellings(" ", ("UA",)) == ()
