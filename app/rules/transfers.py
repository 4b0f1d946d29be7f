"""Numbers that a bank transfer names in its purpose: short, and with a check digit, so that a slip finds nothing.

«KB-1230» is the 123rd attempt with the digit of Luhn's sum; banks and people change spaces, hyphens and the case.
"""

import re

PREFIX = "KB"
_NUMBER = re.compile(r"(?<![^\W\d_])(?:KB|КВ)[\s\-–—№#.]{0,3}(\d{2,19})(?!\d)", re.IGNORECASE)  # noqa: RUF001  # КВ too


def number_of(attempt_id: int) -> str:
    """The number of an attempt for the purpose."""
    return f"{PREFIX}-{attempt_id}{_digit(str(attempt_id))}"


def ids_in(purpose: str) -> list[int]:
    """The attempts that a purpose names rightly, each once."""
    found = [number for number in _NUMBER.findall(purpose) if _digit(number[:-1]) == number[-1]]
    return list(dict.fromkeys(int(number[:-1]) for number in found))


def _digit(digits: str) -> str:
    total = 0
    for place, letter in enumerate(reversed(digits)):
        value = int(letter) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
