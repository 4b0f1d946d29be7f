"""What every operator's system is: something that takes an order once, and says later what came of it.

Kabinet calls `send`, keeps the reference, and calls `ask` at growing pauses until it is done or rejected. Both
may be called again with the same order after a crash; an order is told apart by its id, which is ours for good.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class OperatorError(Exception):
    """It was not taken, or could not be asked. `permanent`: never will be, and the text is the reason a person reads.

    Anything else is tried again at growing pauses: a line that is down, a limit of calls, an answer cut in half.
    """

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(text)


class State(StrEnum):
    """How far an order is with the operator."""

    PENDING = "pending"
    DONE = "done"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Order:
    """One option of one subscriber to switch on or off from a day."""

    id: str  # the same order has the same id for ever: the operator's side does it once
    number: str
    option: str  # the component's code
    action: str  # on | off
    effective_on: dt.date


@dataclass(frozen=True)
class Answer:
    """What came of an order; a rejection has the operator's reason in words for a person."""

    state: State
    reason: str = ""


class Operator(Protocol):
    """The way to one operator's system. It keeps no state between calls and touches no table of Kabinet's."""

    name: str

    def send(self, order: Order) -> str:
        """Hand the order over; the operator's reference to it (120 characters at most).

        Sent again with the same id it does nothing new and gives the same reference. Raises OperatorError.
        """
        ...

    def ask(self, reference: str) -> Answer:
        """What came of an order that was sent. Raises OperatorError where the operator cannot be asked now."""
        ...
