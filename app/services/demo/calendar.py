"""Moments of the story that never lie in the future."""

import datetime as dt

from app.core import clock


def at(day: dt.date, hour: int = 9) -> dt.datetime:
    """An hour of a day that is not in the future."""
    return min(dt.datetime.combine(day, dt.time(hour), dt.UTC), clock.now())
