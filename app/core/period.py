"""Periods of days, half-open: `end` is the first day that is no longer in it."""

import datetime as dt
import re
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Period:
    """Days from `start` up to and without `end`."""

    start: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period must last a day: {self.start} to {self.end}")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> dt.date:
        """The last day that is in it, as documents print it."""
        return self.end - dt.timedelta(days=1)

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day < self.end

    def overlap(self, other: "Period") -> "Period | None":
        """The days both have, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, the period that is billed."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.year <= 9998):
            raise ValueError(f"no such month: {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> "Month":
        """From «2026-10»; ValueError otherwise."""
        found = re.fullmatch(r"(\d{4})-(\d{2})", text.strip())
        if not found:
            raise ValueError(f"a month is written YYYY-MM, not {text!r}")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: dt.date) -> "Month":
        """The month `day` is in."""
        return cls(day.year, day.month)

    @property
    def first_day(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, self.month, 1)

    @property
    def period(self) -> Period:
        """Its days."""
        return Period(self.first_day, self.shift(1).first_day)

    def shift(self, months: int) -> "Month":
        """The month `months` later (earlier where negative)."""
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
