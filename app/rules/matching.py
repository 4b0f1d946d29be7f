"""Whether money that came in is the payment a customer spoke of: by amount, number of the document and day."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

TOKEN = re.compile(r"[^\W_]+(?:[-/][^\W_]+)*")
SAME_NUMBER_DAYS = 60  # numbers of payment orders begin anew each year


@dataclass(frozen=True)
class Money:
    """A payment as one side tells it."""

    id: int
    amount: Decimal
    day: dt.date
    reference: str = ""
    purpose: str = ""


class Fit(IntEnum):
    """How well two tellings agree."""

    NOT = 0
    NEAR = 1  # the amount, and nearly the day
    SAME = 2  # the amount, and the number of the bank's document


def fit_of(said: Money, came: Money, days: int) -> Fit:
    """What a customer said against what came in, `days` apart at most; two different numbers are two payments."""
    if said.amount != came.amount:
        return Fit.NOT
    apart = abs((came.day - said.day).days)
    number, other = plain_number(said.reference), plain_number(came.reference)
    named = {other, *(plain_number(token) for token in TOKEN.findall(came.purpose))}
    if number and apart <= SAME_NUMBER_DAYS and number in named:
        return Fit.SAME
    if number and other:
        return Fit.NOT
    return Fit.NEAR if apart <= days else Fit.NOT


def plain_number(text: str) -> str:
    """«№ 000418» and «418» are one number."""
    return re.sub(r"[\W_]", "", text.lower().replace("№", "")).lstrip("0")


def only_one(fits: Iterable[tuple[int, Fit]]) -> int | None:
    """The id that fits best, if no other fits as well; None leaves the choice to a person."""
    found = [(fit, row_id) for row_id, fit in fits if fit is not Fit.NOT]
    if not found:
        return None
    best = max(fit for fit, _ in found)
    chosen = [row_id for fit, row_id in found if fit is best]
    return chosen[0] if len(chosen) == 1 else None


def nearest(asked: Money, others: Sequence[Money], days: int) -> list[Money]:
    """Others of the same amount, the likeliest first: for a person to choose from."""
    same = [other for other in others if other.amount == asked.amount]
    return sorted(same, key=lambda one: (-fit_of(asked, one, days), abs((one.day - asked.day).days), one.id))
