"""Numbers and dates as a document of a language prints them: plain string work, a million cells are formatted so."""

import datetime as dt
from decimal import Decimal
from functools import cache

from app.core.period import Month, Period
from app.core.words import language_of, long_date, month_name

_GROUPED = str.maketrans({",": "\xa0", ".": ","})


class Formats:
    """Formats of one language; English keeps 1,234.50 and ISO dates, the others print 1 234,50 and 31.12.2026."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._english = language == "en"

    def _local(self, text: str) -> str:
        return text if self._english else text.translate(_GROUPED)

    def money(self, value: Decimal) -> str:
        """2 decimals."""
        return self._local(f"{value:,.2f}")

    def fine(self, value: Decimal) -> str:
        """4 decimals, as charges are kept."""
        return self._local(f"{value:,.4f}")

    def price(self, value: Decimal) -> str:
        """2 decimals, up to 8 where they are not zeros."""
        whole, _, part = f"{value:,.8f}".partition(".")
        return self._local(f"{whole}.{part[:2]}{part[2:].rstrip('0')}")

    def quantity(self, value: Decimal) -> str:
        """As many decimals as there are, at most 6."""
        text = f"{value:,.6f}".rstrip("0").rstrip(".")
        return self._local(text)

    def percent(self, value: Decimal) -> str:
        """«20%»."""
        return f"{self.quantity(value)}%"

    def date(self, day: dt.date) -> str:
        """«31.12.2026», in English «2026-12-31»."""
        return day.isoformat() if self._english else f"{day.day:02d}.{day.month:02d}.{day.year:04d}"

    def long_date(self, day: dt.date) -> str:
        """«31 декабря 2026 г.»."""
        return long_date(day, self.language)

    def period(self, period: Period) -> str:
        """«октябрь 2026 г.» of a whole month, else its first and last day."""
        if Month.of(period.start).period == period:
            return month_name(period.start, self.language)
        return f"{self.date(period.start)} – {self.date(period.last_day)}"

    def cell(self, value: object, kind: str) -> str:
        """`value` as a table cell of a column of `kind` prints it."""
        if value is None or isinstance(value, str):
            return value or ""
        if isinstance(value, dt.date):
            return self.date(value)
        if isinstance(value, Decimal) and kind != "text":
            return str(getattr(self, "money" if kind == "int" else kind)(value))
        return str(value)


@cache
def formats_of(locale: str) -> Formats:
    """The formats of a document language."""
    return Formats(language_of(locale))
