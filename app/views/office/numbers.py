"""What a hand-written form says, read as exact values; what cannot be read leaves a sentence beside its field."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.core.period import Month

WRITTEN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?")  # not «1e9», which Decimal reads too
EARLIEST = dt.date(2000, 1, 1)  # a day before it is a slip of the hand


def amount(text: str, errors: dict[str, str], name: str) -> Decimal | None:
    """Money above zero with two decimals at most: «1 234,50» and «1234.50» are the same."""
    plain = "".join(text.split()).replace(",", ".")
    value = Decimal(plain) if WRITTEN.fullmatch(plain) else Decimal(0)
    if not 0 < value < 10**13 or value != round(value, 2):
        errors[name] = gettext("Write an amount above zero with two decimals at most, for example 1234.50.")
        return None
    return value


def day(text: str, errors: dict[str, str], name: str) -> dt.date | None:
    """A day from a date field."""
    try:
        found = dt.date.fromisoformat(text.strip())
    except ValueError:
        found = dt.date.min
    if found >= EARLIEST:
        return found
    errors[name] = gettext("Choose a day.")
    return None


def month(text: str, default: Month) -> Month:
    """A month from an address; the default where there is none or it cannot be one."""
    try:
        return Month.parse(text)
    except ValueError:
        return default


def whole(text: Any) -> int | None:
    """A row's id, or None."""
    said = str(text or "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None
