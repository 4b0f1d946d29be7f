"""The list back: its own columns, and two more: what came of each line and why."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from app.core.errors import N_, DomainError
from app.models import Request
from app.reports.render import csv, xlsx
from app.reports.render.xlsx import Column
from app.rules.switching import SENTENCES, Verdict
from app.services.switching.history import walk_lines

Say = Callable[[DomainError], str]
RESULT, REASON, COLUMN = N_("Result"), N_("Reason"), N_("Column %(number)s")
TITLES = {"number": N_("Number"), "option": N_("Option"), "action": N_("On or off"), "day": N_("From which day")}
NAME = N_("Name")
STATES = {
    "new": N_("Waits for its day"),
    "queued": N_("In the queue"),
    "sent": N_("Sent to the operator"),
    "done": N_("Done"),
    "rejected": N_("Refused by the operator"),
    "failed": N_("Not reached yet, tried again"),
    "cancelled": N_("Cancelled"),
}
DATED = (Verdict.NOT_BEGUN, Verdict.ENDED, Verdict.TOO_SOON, Verdict.CLOSED_MONTH)
LEFT_OUT = N_("Not asked for")
CAN_BE = N_("Can be done")
NOT_LOOKED = N_("Not looked through yet")
STOPPED = N_("The list was stopped before this line.")


def _iso(day: dt.date) -> str:
    return day.isoformat()


def told(row: Any, batch_state: str, say: Say, day: Callable[[dt.date], str] = _iso) -> tuple[str, str]:
    """The result of a line and its reason, in words; `day` writes a date as the reader does."""
    if not row["verdict"]:
        return say(DomainError(NOT_LOOKED)), ""
    verdict = Verdict(row["verdict"])
    if verdict is not Verdict.OK:
        detail = row["detail"]
        if verdict in DATED and detail:
            detail = day(dt.date.fromisoformat(detail))
        return say(DomainError(LEFT_OUT)), say(DomainError(SENTENCES[verdict], detail=detail))
    if row["state"] is None:
        if batch_state in ("new", "queued"):
            return say(DomainError(CAN_BE)), ""
        return say(DomainError(LEFT_OUT)), say(DomainError(STOPPED))
    return say(DomainError(STATES[row["state"]])), say(DomainError(row["reason"])) if row["reason"] else ""


def columns(batch: Request, say: Say) -> list[str]:
    """The list's own headers and the two of the result."""
    own = list(batch.details.get("headers") or [])
    if not own:
        places = {at: what for what, at in (batch.details.get("columns") or {"number": 0}).items()}
        width = max(places) + 1 if batch.details.get("how") not in ("pick", "filter") else 2
        for at in range(width):
            title = TITLES.get(places.get(at, ""))
            own.append(say(DomainError(title)) if title else say(DomainError(COLUMN, number=at + 1)))
        if batch.details.get("how") in ("pick", "filter"):
            own[1] = say(DomainError(NAME))
    return [*own, say(DomainError(RESULT)), say(DomainError(REASON))]


def rows(session: Session, batch: Request, say: Say) -> Iterator[list[Any]]:
    """Every line of the list with its result and reason; as many cells as `columns`."""
    width, state = len(columns(batch, say)) - 2, batch.state

    @cache
    def words(verdict: str, detail: str, request_state: str | None, reason: str | None) -> tuple[str, str]:
        return told({"verdict": verdict, "detail": detail, "state": request_state, "reason": reason}, state, say)

    for row in walk_lines(session, batch):
        cells = [*row["cells"][:width], *[""] * (width - len(row["cells"]))]
        yield [*cells, *words(row["verdict"], row["detail"], row["state"], row["reason"])]


def write_result(session: Session, batch: Request, out: BinaryIO, as_csv: bool = False, say: Say = str) -> int:
    """The list with its results as a workbook or a CSV; how many lines."""
    titles = [Column(title) for title in columns(batch, say)]
    return (csv if as_csv else xlsx).write_register(out, titles, rows(session, batch, say))
