"""What every number goes through: signs, length, zeros, check digit; and the errors that say so."""

import re
from collections.abc import Callable
from typing import Literal

from stdnum.exceptions import InvalidChecksum, ValidationError

from app.core.errors import N_, DomainError

Severity = Literal["error", "warning"]


class InvalidIdentifier(DomainError):
    """An identifier that cannot be right; a warning where no public rule proves it wrong."""

    severity: Severity = "error"


class DoubtfulIdentifier(InvalidIdentifier):
    """An identifier that looks wrong, though nobody published the rule."""

    severity: Severity = "warning"


def digits(label: str, value: str, *lengths: int) -> str:
    """`value` without blanks and hyphens, all digits, of one of `lengths`, not all zeros."""
    number = re.sub(r"[\s\u00a0-]", "", value)
    if not re.fullmatch(r"[0-9]*", number):
        raise InvalidIdentifier(N_("%(label)s has digits only: remove the letters and signs."), label=label)
    if len(number) not in lengths:
        _refuse_length(label, len(number), lengths)
    if not number.strip("0"):
        raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label=label)
    return number


def _refuse_length(label: str, found: int, lengths: tuple[int, ...]) -> None:
    if len(lengths) == 1:
        raise InvalidIdentifier(
            N_("%(label)s has %(length)s digits, this one has %(found)s."), label=label, length=lengths[0], found=found
        )
    a_choice = N_("%(label)s has %(shorter)s or %(longer)s digits, this one has %(found)s.")
    a_range = N_("%(label)s has from %(shorter)s to %(longer)s digits, this one has %(found)s.")
    raise InvalidIdentifier(
        a_choice if len(lengths) == 2 else a_range,
        label=label,
        shorter=min(lengths),
        longer=max(lengths),
        found=found,
    )


def need_key(label: str, fits: bool) -> None:
    if not fits:
        raise InvalidIdentifier(N_("The check digit of %(label)s does not fit: is a digit mistyped?"), label=label)


def by_library(label: str, validate: Callable[[str], str], number: str) -> str:
    """The library's verdict in our words."""
    try:
        return validate(number)
    except InvalidChecksum:
        need_key(label, False)
    except ValidationError as error:
        raise InvalidIdentifier(
            N_("%(label)s «%(value)s» is not written as such a number is: compare it with the paper."),
            label=label,
            value=number,
        ) from error
    return number


def weighted(number: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
