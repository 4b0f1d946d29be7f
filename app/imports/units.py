"""Units of measure as files write them: of time and of data, in the words of four languages."""

from decimal import Decimal

from app.imports import words

TIME, DATA = "time", "data"
# How many seconds, or bytes, a unit has.
UNITS: dict[str, tuple[str, Decimal]] = {}
for _family, _listed in {
    TIME: {
        1: "s|sec|second|seconds|с|сек|секунда|секунди|секунды|секунд|sekunda|sekundy",
        60: "m|min|mins|minute|minutes|хв|хвилина|хвилини|хвилин|мин|минута|минуты|минут|minuta|minuty",
        3600: "h|hr|hour|hours|год|година|години|час|часы|часов|godz|godzina|godziny",
    },
    DATA: {
        1: "b|byte|bytes|б|байт|байти|байты|bajt|bajty",
        10**3: "kb|кб|kilobyte|kilobytes",
        10**6: "mb|мб|megabyte|megabytes",
        10**9: "gb|гб|gigabyte|gigabytes",
        10**12: "tb|тб|terabyte|terabytes",
        1024: "kib|кіб|киб",
        1024**2: "mib|міб|миб",
        1024**3: "gib|гіб|гиб",
    },
}.items():
    for _size, _words in _listed.items():
        UNITS.update({words.fold(word): (_family, Decimal(_size)) for word in _words.split("|")})


def family_of(unit: str) -> str:
    """«time», «data», or "" of a word that is no unit of either."""
    known = UNITS.get(words.fold(unit))
    return known[0] if known else ""
