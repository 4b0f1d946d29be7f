"""The only source of time. Instants are UTC; business days are days of a zone (IANA name)."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

_stopped: ContextVar[dt.datetime | None] = ContextVar("stopped", default=None)


def now() -> dt.datetime:
    """This instant, aware, in UTC."""
    return _stopped.get() or dt.datetime.now(dt.UTC)


def today(zone: str = "UTC") -> dt.date:
    """The business day it is in `zone`."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def standing_at(moment: dt.datetime | dt.date) -> Iterator[None]:
    """Stand still at `moment` (a date means its noon, UTC): for tests, the demo and what-ifs."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time(12), dt.UTC)
    token = _stopped.set(moment.astimezone(dt.UTC))
    try:
        yield
    finally:
        _stopped.reset(token)
