"""Which passwords are taken, and what the others are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.passwords import WeakPassword, classes, failures, need_good


def told(password, **rules):
    found = failures(password, **rules)
    return [failure.text % failure.params if failure.params else failure.text for failure in found]


@pytest.mark.covers("SMC-10")
def test_eight_to_sixty_four_characters():
    assert "at least 8 characters, this one has 7" in told("Kx7-mbv")[0]
    assert told("Kx7-mbvq") == []
    long = "Kx7-mbvq" * 8
    assert told(long) == []
    assert "at most 64 characters, this one has 65" in told(long + "w")[0]


@pytest.mark.covers("SMC-11")
@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("gnomvkusl", False),
        ("GnomVkusl", False),
        ("gnomvk4s7", False),
        ("gnom-vkus", False),
        ("GnomVk4s7", True),
        ("gnom-vk4s7", True),
        ("GNOM-VK4S7", True),
        ("Gnom-Vkus", True),
        ("ГномВкус47", True),
    ],
)
def test_three_of_four_classes(password, is_good):
    assert (told(password) == []) is is_good
    if not is_good:
        assert "three of these four" in told(password)[0]


@pytest.mark.parametrize(
    "password",
    [
        "Password123!",
        "P@ssw0rd!",
        "Пароль123!",
        "Йцукен123!",
        "Йцукен2026",
        "Gfhjkm123!",
        "Ghbdtn2024",
        "Привіт-123",
        "Україна2024!",
        "Polska2024!",
        "Haslo1234!",
        "Qwerty12#",
        "Asdfghjk1!",
        "1qaz2WSX",
        "Zaq1Xsw2!",
        "Abcdefg1!",
        "Aaaaaaa1!",
        "12345678Aa",
        "Admin-2026",
        "Kabinet-2026",
        "Sergej01011990",
        "Summer2026!",
        "Parol2026!",
    ],
)
def test_what_everybody_tries_first_is_refused(password):
    assert "first that others would try" in told(password)[0]


@pytest.mark.parametrize("password", ["kot-Pod-Dozhdem-7", "Three-blue-Lamps", "vR7#kq2Lm", "Сіль-Море-Вітер4"])
def test_words_that_do_not_belong_together_are_taken(password):
    assert told(password) == []
    assert need_good(password) == password


def test_a_persons_own_words_are_refused_to_them_only():
    assert told("Sikorska-77") == []
    assert "first that others" in told("Sikorska-77", personal=("olga.sikorska@example.org",))[0]


def test_the_first_reason_is_raised_and_the_same_letters_are_stored_alike():
    with pytest.raises(WeakPassword, match="at least 12 characters"):
        need_good("Kx7-mbvq", min_length=12)
    assert need_good("Caf\u0065\u0301-lampe-9") == need_good("Caf\u00e9-lampe-9")
    assert "invisible" in told("Kx7-mbv\nqwz")[0]


def test_letters_of_any_alphabet_count():
    assert classes("aЖ7 ") == {"lower", "upper", "digit", "symbol"}


@given(st.text(max_size=80))
def test_any_text_gets_a_verdict(password):
    assert isinstance(failures(password, personal=[password]), list)
