"""Two sides' statements of one account, matched line by line, and the arithmetic of a reconciliation act.

Debit is what increases the customer's debt to us, credit what lessens it. The other side keeps the same operations
mirrored: `seen_by_us` turns their lines round before they are matched (`domain.md` §1.6).
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

DAYS_APART = 5  # how far the dates of one operation may lie apart in the two books


@dataclass(frozen=True)
class StatementLine:
    """An operation in one side's book; `line_number` is its place in the file it came from."""

    day: dt.date
    number: str  # of the document, as that side writes it; may be empty
    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    text: str = ""
    line_number: int = 0

    @property
    def effect(self) -> Decimal:
        """What it adds to the customer's debt."""
        return self.debit - self.credit


class Verdict(StrEnum):
    """What was found about a line of either side."""

    AGREED = "agreed"
    DATE_DIFFERS = "date_differs"
    NUMBER_DIFFERS = "number_differs"
    AMOUNT_DIFFERS = "amount_differs"
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"


@dataclass(frozen=True)
class Match:
    """A row of the result: an operation of both sides or of one."""

    verdict: Verdict
    ours: StatementLine | None
    theirs: StatementLine | None

    @property
    def difference(self) -> Decimal:
        """How much more debt our book has by this row."""
        return (self.ours.effect if self.ours else Decimal(0)) - (self.theirs.effect if self.theirs else Decimal(0))

    @property
    def day(self) -> dt.date:
        """Where the row stands in time: our date, else theirs."""
        line = self.ours or self.theirs
        assert line is not None
        return line.day


def seen_by_us(lines: Iterable[StatementLine]) -> list[StatementLine]:
    """The other side's lines in our book's terms: their debit is our credit."""
    return [replace(line, debit=line.credit, credit=line.debit) for line in lines]


def match_lines(
    ours: Iterable[StatementLine], theirs: Iterable[StatementLine], days_apart: int = DAYS_APART
) -> list[Match]:
    """Every line of both sides exactly once, by day; both in our book's terms.

    First by number and amount; then by amount and date up to `days_apart` days, the nearest dates first; then by
    number alone, so that a wrong amount is shown beside the right one. What stays is only in one book.
    """
    left, right = _Side(ours), _Side(theirs)
    pairs = _pair(left, right, _by_number_and_amount, None)
    for apart in dict.fromkeys((0, days_apart)):
        pairs += _pair(left, right, lambda line: line.effect, apart)
    pairs += _pair(left, right, _by_number_and_side, None)
    found = [Match(_verdict(one, two), one, two) for one, two in pairs]
    found += [Match(Verdict.ONLY_OURS, line, None) for line in left.open]
    found += [Match(Verdict.ONLY_THEIRS, None, line) for line in right.open]
    return sorted(found, key=_place)


class _Side:
    """The lines of a side that have no partner yet, by day."""

    def __init__(self, lines: Iterable[StatementLine]) -> None:
        self.open = sorted(lines, key=lambda line: (line.day, line.line_number, line.number))

    def buckets(self, key: Callable[[StatementLine], Hashable]) -> dict[Hashable, list[int]]:
        found: dict[Hashable, list[int]] = defaultdict(list)
        for place, line in enumerate(self.open):
            if (value := key(line)) is not None:
                found[value].append(place)
        return found

    def take(self, places: Sequence[int]) -> None:
        taken = set(places)
        self.open = [line for place, line in enumerate(self.open) if place not in taken]


def _pair(
    left: _Side, right: _Side, key: Callable[[StatementLine], Hashable], days_apart: int | None
) -> list[tuple[StatementLine, StatementLine]]:
    """Lines with the same key, in the order of their days, at most `days_apart` days apart (None: any)."""
    theirs = right.buckets(key)
    places: list[tuple[int, int]] = []
    for value, mine in left.buckets(key).items():
        places += _walk(left.open, mine, right.open, theirs.get(value, []), days_apart)
    pairs = [(left.open[one], right.open[two]) for one, two in places]
    left.take([one for one, _ in places])
    right.take([two for _, two in places])
    return pairs


def _walk(
    left: Sequence[StatementLine],
    mine: Sequence[int],
    right: Sequence[StatementLine],
    theirs: Sequence[int],
    days_apart: int | None,
) -> list[tuple[int, int]]:
    """Pairs of places, both sides being in the order of days: linear, and no possible pair is wasted."""
    found, one, two = [], 0, 0
    while one < len(mine) and two < len(theirs):
        gap = (left[mine[one]].day - right[theirs[two]].day).days
        if days_apart is None or abs(gap) <= days_apart:
            found.append((mine[one], theirs[two]))
            one, two = one + 1, two + 1
        elif gap < 0:
            one += 1
        else:
            two += 1
    return found


def _by_number_and_amount(line: StatementLine) -> Hashable:
    number = _plain_number(line.number)
    return (number, line.effect) if number else None


def _by_number_and_side(line: StatementLine) -> Hashable:
    number = _plain_number(line.number)
    return (number, line.effect < 0) if number else None


def _plain_number(number: str) -> str:
    """«№ СЧ-000 123» and «сч000123» are one number: letters and digits, without leading zeros."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]|№", "", number).casefold())


def _verdict(ours: StatementLine, theirs: StatementLine) -> Verdict:
    if ours.effect != theirs.effect:
        return Verdict.AMOUNT_DIFFERS
    one, two = _plain_number(ours.number), _plain_number(theirs.number)
    if one and two and one != two:
        return Verdict.NUMBER_DIFFERS
    return Verdict.AGREED if ours.day == theirs.day else Verdict.DATE_DIFFERS


def _place(match: Match) -> tuple[dt.date, bool, int, int, str]:
    ours, theirs = match.ours, match.theirs
    return (
        match.day,
        ours is None,
        ours.line_number if ours else 0,
        theirs.line_number if theirs else 0,
        match.verdict.value,
    )


# ---- balances -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Balance:
    """Opening, turnovers and closing of a period: opening + ΣD − ΣC = closing."""

    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal


def balance_of(opening: Decimal, lines: Iterable[StatementLine]) -> Balance:
    """The turnovers of `lines` and the closing balance they lead to."""
    debit = credit = Decimal(0)
    for line in lines:
        debit, credit = debit + line.debit, credit + line.credit
    return Balance(opening, debit, credit, opening + debit - credit)


@dataclass(frozen=True)
class Reconciliation:
    """Both books side by side: balances, rows, and what explains the difference of the closing balances."""

    ours: Balance
    theirs: Balance
    rows: tuple[Match, ...]

    @property
    def difference(self) -> Decimal:
        """How much more debt our book closes with."""
        return self.ours.closing - self.theirs.closing

    @property
    def opening_difference(self) -> Decimal:
        """The part of the difference that is older than the period; the rows explain all the rest."""
        return self.ours.opening - self.theirs.opening

    @property
    def is_agreed(self) -> bool:
        """Whether both books close alike and every row is in both."""
        return self.difference == 0 and all(row.difference == 0 for row in self.rows)

    def count(self, verdict: Verdict) -> int:
        """How many rows have this verdict."""
        return sum(row.verdict is verdict for row in self.rows)


def reconcile(
    our_opening: Decimal,
    ours: Sequence[StatementLine],
    their_opening: Decimal,
    theirs: Sequence[StatementLine],
    days_apart: int = DAYS_APART,
) -> Reconciliation:
    """Both sides, in our book's terms, matched and balanced."""
    rows = tuple(match_lines(ours, theirs, days_apart))
    return Reconciliation(balance_of(our_opening, ours), balance_of(their_opening, theirs), rows)
