"""Judging the lines of a list against a company's subscribers: thousands in one statement."""

import gc
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.rules.dialling import is_shortened, likely, spellings
from app.rules.renaming import GOOD, Verdict, judge_name
from app.services.sets import is_postgresql

AT_ONCE = 20_000
LONGEST_CELL = 60  # of a number as written, for the page and the result

# Line, number as written, subscriber (0: none), new name, verdict, remark (a suggestion, a line, an expected name)
Line = list[Any]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection: a hundred thousand lines are none, and walking over them is a sixth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class Where:
    """Whose lines they may be, how their numbers are written, how long a name may be."""

    company_id: int
    countries: tuple[str, ...]
    longest: int


@uncollected()
def judge_rows(session: Session, where: Where, rows: Iterable[tuple[int, str, str]]) -> list[Line]:
    """Every line with its verdict. Another company's number is an unknown one: only the company's own are looked up."""
    lines: list[Line] = []
    numbers: list[str] = []
    countries, longest, fine = where.countries, where.longest, Verdict.OK.value
    for number, cell, text in rows:
        name, verdict, suggestion = judge_name(text, longest)
        said = fine if verdict is None else verdict.value
        wanted = likely(cell, countries)
        if not wanted or (wanted[0] != "+" and is_shortened(cell)):
            wanted, said = "", (Verdict.SHORTENED if cell.strip() else Verdict.NO_NUMBER).value
        numbers.append(wanted)
        lines.append([number, cell[:LONGEST_CELL], 0, name, said, suggestion])
    _meet(lines, numbers, _known_of(session, where, lines, numbers))
    return lines


def _known_of(session: Session, where: Where, lines: Sequence[Line], numbers: list[str]) -> dict[str, tuple[int, str]]:
    """The company's subscribers by number; where the likeliest spelling is nobody's, `numbers` gets another one."""
    known = find_numbers(session, where.company_id, set(numbers) - {""})
    others = {
        place: spellings(line[1], where.countries)[1:]
        for place, (line, number) in enumerate(zip(lines, numbers, strict=True))
        if number and number not in known
    }
    asked = {way for ways in others.values() for way in ways}
    if asked:
        known |= find_numbers(session, where.company_id, asked)
        for place, ways in others.items():
            numbers[place] = next((way for way in ways if way in known), numbers[place])
    return known


def find_numbers(session: Session, company_id: int, numbers: Iterable[str]) -> dict[str, tuple[int, str]]:
    """number → (id, name) of a company's subscribers."""
    ordered = sorted(number for number in numbers if "\x00" not in number)
    found: dict[str, tuple[int, str]] = {}
    statement = _BY_NUMBER_POSTGRESQL if is_postgresql(session) else _BY_NUMBER_SQLITE
    for at in range(0, len(ordered), AT_ONCE):
        some: Any = ordered[at : at + AT_ONCE]
        if not is_postgresql(session):
            some = json.dumps(some)
        rows = session.execute(statement, {"numbers": some, "company": company_id}).all()
        found.update((row[0], (row[1], row[2])) for row in rows)
    return found


_BY_NUMBER_POSTGRESQL = sa.text(
    "SELECT s.number, s.id, s.name FROM unnest(:numbers) r(value) JOIN subscriber s ON s.number = r.value "
    "WHERE s.company_id = :company"
).bindparams(sa.bindparam("numbers", type_=ARRAY(sa.String())), sa.bindparam("company", type_=sa.BigInteger()))
# CROSS JOIN keeps the order that is written: from the list into the index of numbers.
_BY_NUMBER_SQLITE = sa.text(
    "SELECT s.number, s.id, s.name FROM json_each(:numbers) r CROSS JOIN subscriber s "
    "WHERE s.number = r.value AND s.company_id = :company"
)


def _meet(lines: list[Line], numbers: Sequence[str], known: dict[str, tuple[int, str]]) -> None:
    """Put in the subscriber of each line; unknown numbers, unchanged names and doubles get their verdicts."""
    good = {verdict.value for verdict in GOOD}
    seen: dict[int, Line] = {}
    doubles: dict[int, list[Line]] = {}
    for line, number in zip(lines, numbers, strict=True):
        if not number:
            continue
        found = known.get(number)
        if found is None:
            line[4], line[5] = Verdict.UNKNOWN.value, ""
            continue
        line[2] = found[0]
        if line[4] not in good:
            continue
        first = seen.setdefault(found[0], line)
        if first is not line:
            _double(first, line, doubles.setdefault(found[0], []))
        elif line[3] == found[1]:
            line[4], line[5] = Verdict.UNCHANGED.value, ""


def _double(first: Line, line: Line, doubles: list[Line]) -> None:
    """The same name twice is done once; two different names for one number are all refused: nobody may guess.

    `doubles` are the lines before that said the same as the first; each contradiction names a line that differs.
    """
    is_same, said = first[3] == line[3], Verdict.CONTRADICTION.value
    if is_same and first[4] != said:
        line[4], line[5] = Verdict.DUPLICATE.value, first[0]
        doubles.append(line)
        return
    if first[4] != said:
        for one in (first, *doubles):
            one[4], one[5] = said, line[0]
    line[4], line[5] = said, first[5] if is_same else first[0]


def count_verdicts(lines: Iterable[Line]) -> dict[str, int]:
    """Verdict → lines."""
    return dict(Counter(line[4] for line in lines))


def in_packs(lines: list[Line], size: int) -> Iterator[list[Line]]:
    """The lines, `size` at a time."""
    for at in range(0, len(lines), size):
        yield lines[at : at + size]
