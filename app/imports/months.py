"""Days written with a month's name («31-Jan-26», «1 лютого 2026 р.») and as a spreadsheet's number (46022)."""

import datetime as dt
import re
from functools import cache

from babel import Locale

from app.imports import words

LANGUAGES = ("en", "es", "uk", "ru", "pl", "de", "fr", "pt", "it")
DAY_FIRST = re.compile(
    r"(\d{1,2})\.?[\s/-]+(?:de\s+)?([^\W\d_]+)\.?,?[\s/-]+(?:de\s+)?(\d{4}|\d{2})(?:\s*[^\W\d_]{1,4}\.?)?"
)
MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?\s+(\d{1,2}),?\s+(\d{4})")
SERIAL = re.compile(r"(\d{5})(?:\.\d{1,12})?", re.ASCII)
DAY_ZERO = dt.date(1899, 12, 30)  # spreadsheets count days from here
SERIALS = range(20_000, 80_000)  # from 1954 to 2119


@cache
def month_names() -> dict[str, int]:
    """Folded name or abbreviation → month, in the languages of files; what two languages read otherwise is left out."""
    found: dict[str, int] = {}
    contested: set[str] = set()
    for language in LANGUAGES:
        months = Locale(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context][width].items():
                    word = words.fold(str(name))
                    if found.setdefault(word, number) != number:
                        contested.add(word)
    return {word: number for word, number in found.items() if word not in contested and not word.isdigit()}


def full_year(year: str) -> int:
    """«26» → 2026, «85» → 1985."""
    number = int(year)
    return number if len(year) == 4 else number + (2000 if number < 70 else 1900)


def day_of(text: str, serial_allowed: bool) -> dt.date | None:
    """The day, None where it is written otherwise; ValueError where there is no such day."""
    found = SERIAL.fullmatch(text)
    if found:
        if not serial_allowed:
            return None
        serial = int(found[1])
        return DAY_ZERO + dt.timedelta(days=serial) if serial in SERIALS else None
    for pattern, day, month, year in ((DAY_FIRST, 1, 2, 3), (MONTH_FIRST, 2, 1, 3)):
        found = pattern.fullmatch(text)
        number = month_names().get(words.fold(found[month])) if found else None
        if found and number:
            return dt.date(full_year(found[year]), number, int(found[day]))
    return None
