"""Which line of a table is its header: below titles, a bank's address or an account's particulars."""

from collections.abc import Iterator
from itertools import islice

WINDOW = 60  # lines looked through
TITLE_LINES = 10
NARROWER = 0.6  # lines above the header are at most so wide, as a share of it
LONGEST_NAME = 100

Line = tuple[int, list[str]]


def without_titles(rows: Iterator[Line]) -> Iterator[Line]:
    """The table from its header on."""
    window = list(islice(rows, WINDOW))
    yield from window[_header_at([row for _, row in window]) :]
    yield from rows


def _header_at(rows: list[list[str]]) -> int:
    """The last line of names much wider than every line above it; else the first that is not a title."""
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    at = widest = 0
    for place, count in enumerate(filled):
        follows = place + 1 < len(rows) and filled[place + 1] * 2 >= count
        if place and count >= 3 and widest <= count * NARROWER and follows and _is_of_names(rows[place]):
            at = place
        widest = max(widest, count)
    return at or _below_titles(filled)


def _below_titles(filled: list[int]) -> int:
    """Lines of a single cell before the first line of three or more are titles."""
    for place, count in enumerate(filled):
        if count > 1 or place == TITLE_LINES:
            return 0 if count < 3 or place == TITLE_LINES else place
    return 0


def _is_of_names(row: list[str]) -> bool:
    """Whether every cell that is filled has a letter, more letters than digits, and is no address or sentence."""
    for cell in filter(None, map(str.strip, row)):
        letters = sum(map(str.isalpha, cell))
        if letters <= sum(map(str.isdigit, cell)) or "@" in cell or len(cell) > LONGEST_NAME:
            return False
    return True
