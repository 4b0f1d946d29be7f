"""How people write a subscriber's number, and the spellings under which it may be kept.

A list of fifty thousand lines passes here, so no library parses each one: what a line may mean is looked up among the
company's own numbers, and a spelling that is not there costs nothing.
"""

import re

_NOISE = str.maketrans("", "", " \t\u00a0\u202f\u2009\u200b\ufeff()-–—‑./")
_DIGITS = re.compile(r"\+?[0-9]{3,20}")
# country → (calling code, what is dialled before a number at home, digits of a number at home)
_AT_HOME: dict[str, tuple[str, str, int]] = {
    "UA": ("380", "0", 9),
    "BY": ("375", "80", 9),
    "RU": ("7", "8", 10),
    "KZ": ("7", "8", 10),
    "PL": ("48", "", 9),
}


def bare(text: str) -> str:
    """«+380 (67) 123-45-67» as «+380671234567»; empty where it is no number."""
    stripped = text.strip().lstrip("'`’").removeprefix("tel:").translate(_NOISE)
    return stripped if _DIGITS.fullmatch(stripped) else ""


def is_number(text: str) -> bool:
    """Whether a cell can only be a number of a line: seven digits or more, and nothing else but signs."""
    return len(bare(text).lstrip("+")) >= 7


def spellings(text: str, country: str = "") -> tuple[str, ...]:
    """The ways a number may be kept, the likeliest first; what is no phone number stands for itself.

    `country` is whose numbers written at home are meant: «067…» and «8029…» are then found too.
    """
    as_written = text.strip().lstrip("'`’")
    digits = bare(text).lstrip("+")
    if not digits:
        return (as_written,) if as_written else ()
    found = ["+" + digits, digits, as_written]
    if digits.startswith("00"):
        found.append("+" + digits[2:])
    if country in _AT_HOME and not bare(text).startswith("+"):
        code, trunk, length = _AT_HOME[country]
        if trunk and digits.startswith(trunk) and len(digits) == len(trunk) + length:
            found.insert(0, f"+{code}{digits[len(trunk) :]}")
        elif len(digits) == length:
            found.insert(0, f"+{code}{digits}")
    return tuple(dict.fromkeys(found))
