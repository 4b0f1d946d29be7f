"""Addresses as A1-35 wants them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.mailing import InvalidAddress, join_addresses, mask_address, mask_addresses, parse_addresses


@pytest.mark.covers("A1-35")
def test_several_addresses_are_joined_by_a_semicolon_without_a_space():
    assert parse_addresses("olga@example.org;ivan@example.by") == ("olga@example.org", "ivan@example.by")


@pytest.mark.covers("A1-35")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at least one"),
        ("a@example.org; b@example.org", "without a space"),
        ("a@example.org\nBcc:b@example.org", "without a space"),
        ("a@example.org,b@example.org", "not by a comma"),
        ("a@example.org;;b@example.org", "no address beside"),
        ("a@example.org;", "no address beside"),
        ("a@example.org;olga", "«olga» has no «@»"),
        ("olga@example", "end of the domain"),
        ("ol..ga@example.org", "is not an e-mail address"),
        ("@example.org", "is not an e-mail address"),
    ],
)
def test_a_bad_list_is_refused_with_what_to_mend(text, told):
    with pytest.raises(InvalidAddress, match=told):
        parse_addresses(text)


@pytest.mark.covers("A1-35")
def test_two_hundred_characters_fit_and_one_more_does_not():
    tail = ";" + "b" * 60 + "@example.org"
    text = "a@" + "x" * 60 + "." + "y" * (200 - 67 - len(tail)) + ".org" + tail
    assert len(text) == 200
    assert len(parse_addresses(text)) == 2
    with pytest.raises(InvalidAddress, match="201 characters, at most 200"):
        parse_addresses(text + "g")


def test_the_same_address_twice_is_kept_once():
    assert parse_addresses("olga@example.org;OLGA@example.org") == ("olga@example.org",)


def test_addresses_in_national_letters_and_of_test_domains_are_good():
    assert parse_addresses("пошта@приклад.укр;owner@orion.test") == ("пошта@приклад.укр", "owner@orion.test")


@pytest.mark.covers("A1-34")
def test_an_address_is_shown_masked():
    assert mask_address("olga@example.org") == "o***@example.org"
    assert mask_addresses("olga@example.org;ivan@example.by") == "o***@example.org;i***@example.by"
    assert mask_addresses("") == ""
    assert mask_address("no address") == "***"


@given(st.lists(st.sampled_from([f"p{n}@example.org" for n in range(9)]), min_size=1, unique=True))
def test_what_is_joined_is_read_back(addresses):
    assert parse_addresses(join_addresses(tuple(addresses))) == tuple(addresses)
