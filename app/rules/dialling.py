"""How people write a subscriber's number: one list, several spellings, and the ways a spreadsheet spoils one."""

import re
from functools import lru_cache

from phonenumbers import PhoneMetadata

LONGEST_NUMBER = 32
_FILLING = str.maketrans("", "", " ()-–—‑./\u00a0\u202f\u2009\u200b\u200e\u200f\u2060\ufeff\t'’`\u202a\u202c")
_EXPONENT = re.compile(r"(\d+)(?:[.,](\d+))?[eE]\+?(\d+)", re.ASCII)
_FLOAT = re.compile(r"(\+?\d{3,20})[.,]0+", re.ASCII)
_DIGITS = re.compile(r"\d{3,20}", re.ASCII)
_ONCE = {"UA": "80"}  # what used to be dialled before a number inside the country, and is still written
_SURE = 7  # figures: so many, and nothing else, are a number and no year or quantity


@lru_cache(maxsize=64)
def _plan(country: str) -> tuple[str, "re.Pattern[str] | None", frozenset[int]] | None:
    """(calling code, what stands before a number inside the country, how long a number is) of a country."""
    found = PhoneMetadata.metadata_for_region(country, None)
    if found is None:
        return None
    lengths = {length for part in (found.mobile, found.fixed_line) if part for length in part.possible_length}
    prefix = found.national_prefix_for_parsing
    return str(found.country_code), re.compile(prefix) if prefix else None, frozenset(lengths)


def _unspoiled(text: str) -> str:
    """The number behind «380671234567.0», «3.80671234567E+11» and «tel:+380…»; any other text as it is."""
    bare = text.strip().removeprefix("tel:")
    if found := _FLOAT.fullmatch(bare):
        return found[1]
    if found := _EXPONENT.fullmatch(bare):
        digits = found[1] + (found[2] or "")
        return digits if len(found[1]) == 1 and len(digits) == int(found[3]) + 1 else bare
    return bare


def is_shortened(text: str) -> bool:
    """Whether a spreadsheet has written the number as «3.80671E+11» and its last digits are gone."""
    return bool(_EXPONENT.fullmatch(_unspoiled(text)))


def is_number(text: str) -> bool:
    """Whether a cell can only be a number of a line, well or badly written."""
    digits = _unspoiled(text).translate(_FILLING).removeprefix("+")
    return (len(digits) >= _SURE and bool(_DIGITS.fullmatch(digits))) or is_shortened(text)


def looks_like_number(text: str) -> bool:
    """Whether a cell can be a telephone number: for guessing columns."""
    bare = _unspoiled(text).translate(_FILLING)
    return bool(_DIGITS.fullmatch(bare[1:] if bare[:1] == "+" else bare)) or is_shortened(text)


def likely(text: str, countries: tuple[str, ...]) -> str:
    """The likeliest of `spellings`, quickly: most lines of a list need no other."""
    if text.isascii():
        if len(text) == 13 and text[0] == "+" and text[1:].isdigit():
            return text
        if text.isdigit() and 3 <= len(text) <= 20 and countries and (whole := _whole(text, countries[0])):
            return whole
    ways = spellings(text, countries)
    return ways[0] if ways else ""


def spellings(text: str, countries: tuple[str, ...]) -> tuple[str, ...]:
    """What number a cell may mean, the likeliest first: «0671234567» in Ukraine is +380671234567; () of nothing."""
    text = _unspoiled(text)
    bare = text.translate(_FILLING)
    if not bare:
        return ()
    digits = bare[1:] if bare[0] == "+" else bare
    if not _DIGITS.fullmatch(digits):
        return (text.strip()[: LONGEST_NUMBER + 1],)
    if bare[0] == "+":
        return tuple(dict.fromkeys((bare, digits, text.strip())))
    if digits.startswith("00"):
        return ("+" + digits[2:], digits, digits[2:])
    found = [whole for country in countries if (whole := _whole(digits, country))]
    return tuple(dict.fromkeys((*found, "+" + digits, digits, text.strip())))


def _whole(digits: str, country: str) -> str:
    """The number with its country's code, or "" where it is none of that country's."""
    plan = _plan(country)
    if plan is None:
        return ""
    code, prefix, lengths = plan
    if digits.startswith(code) and len(digits) - len(code) in lengths:
        return "+" + digits
    inner = prefix.match(digits) if prefix else None
    if inner and len(digits) - inner.end() in lengths:
        return f"+{code}{digits[inner.end() :]}"
    once = _ONCE.get(country)
    if once and digits.startswith(once) and len(digits) - len(once) in lengths:
        return f"+{code}{digits[len(once) :]}"
    return f"+{code}{digits}" if len(digits) in lengths else ""
