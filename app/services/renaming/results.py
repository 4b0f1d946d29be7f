"""The same list back: its format and columns, and one more: what came of each line, in the person's language."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from app.core.errors import N_, DomainError, Refused
from app.imports.mapping import RESULT_MARK
from app.imports.rejects import file_name, write_result
from app.models import RenameList
from app.reports.render import xlsx
from app.reports.render.xlsx import Column
from app.rules.lifecycle import RequestState
from app.rules.renaming import GOOD, Verdict
from app.services.importing.opening import digest_of
from app.services.renaming import words
from app.services.renaming.gate import gate_of
from app.services.renaming.history import ListLine, walk_lines
from app.services.renaming.opening import Columns, Opened, open_list

_GOOD = frozenset(verdict.value for verdict in GOOD)
Say = Callable[[DomainError], str]
OTHER_FILE = N_("This is not the list that was shown. Upload it again.")
RESULT, NUMBER, NAME = N_("Result"), N_("Number"), N_("New name")


def reopen(found: RenameList, path: Path) -> Opened:
    """The list's own file again, with the columns it was read with."""
    if digest_of(path) != found.sha256:
        raise Refused(OTHER_FILE)
    return open_list(path, Columns.of(found.columns))


def result_name(found: RenameList, opened: Opened | None) -> str:
    """What a list's result is called: «people.csv» → «people-result.csv»."""
    if opened is None:
        return f"rename-{found.request_id}-result.xlsx"
    return file_name(found.file_name or "list", opened.sheet, "result")


def write_list_result(
    session: Session, found: RenameList, opened: Opened | None, target: BinaryIO, say: Say = str, fmt: str = ""
) -> int:
    """Write every line of the list with its result; without its file (an undo) a workbook of three columns.

    `fmt` («xlsx», «csv») is a format other than the list's own.
    """
    told = _teller(session, found, say)
    lines = walk_lines(session, found)
    if opened is None:
        columns = [Column(say(DomainError(title))) for title in (NUMBER, NAME, RESULT)]
        return xlsx.write_register(target, columns, ([one.number, one.name, told(one)] for one in lines))
    results = {one.line: told(one) for one in lines}
    title = say(DomainError(RESULT))
    heading = None if opened.columns.header else results.get(opened.sheet.header_line, RESULT_MARK + title)
    return write_result(opened.sheet, results, target, title, every_line=True, heading=heading, fmt=fmt)


def _teller(session: Session, found: RenameList, say: Say) -> Callable[[ListLine], str]:
    """The sentence of a line, each different one translated once."""
    longest, takes = gate_of(session, found.seller_id).characters, found.takes_suggestions
    is_cancelled = found.request.state == RequestState.CANCELLED.value

    @cache
    def sentence(verdict: str, outcome: str, remark: object) -> str:
        return say(words.result_of(verdict, outcome, remark, longest, takes))

    @cache
    def waiting(text: str) -> str:
        return say(DomainError(text))

    def told(one: ListLine) -> str:
        if one.outcome:
            return sentence(one.verdict, one.outcome, one.remark)
        if one.verdict in _GOOD and found.request.state != RequestState.NEW.value:
            later = waiting(words.NEVER if is_cancelled else words.LATER)
            warns = one.verdict == Verdict.LOOK_ALIKE.value and not takes
            return f"{later} {sentence(one.verdict, '', one.remark)}" if warns else later
        return sentence(one.verdict, "", one.remark)

    return told
