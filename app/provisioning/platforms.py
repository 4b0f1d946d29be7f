"""What every platform is: something that makes a bought service run, changes, suspends, resumes and ends it.

Kabinet calls one of the five, keeps the reference, and calls `ask` at growing pauses until the platform has a last
word. All of them may be called again with the same task after a crash; a task is told apart by its id, ours for good.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class PlatformError(Exception):
    """It was not taken, or could not be asked. `permanent`: never will be, and the text is the reason a person reads.

    Anything else is tried again at growing pauses: a line that is down, a limit of calls, an answer cut in half.
    """

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(text)


class Outcome(StrEnum):
    """How far a task is with the platform."""

    PENDING = "pending"
    DONE = "done"
    NEEDS_SETUP = "needs_setup"  # it is there, and waits for the customer or the staff to set it up
    OUT_OF_STOCK = "out_of_stock"  # there is none to be had now
    REFUSED = "refused"


@dataclass(frozen=True)
class Task:
    """One thing to do with one subscription."""

    id: str  # the same task has the same id for ever: the platform's side does it once
    service: str  # the subscription, ours for good; or the platform's own name of it once it has told us
    product: str  # codes of the catalogue
    plan: str
    quantity: str  # a number as text, exact
    parameters: Mapping[str, str] = field(default_factory=dict)  # component's code → quantity
    identifier: str = ""  # a domain name
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the plan


@dataclass(frozen=True)
class Answer:
    """What came of a task; `reason` is in words for a person, `service` the platform's own name of what it made."""

    outcome: Outcome
    reason: str = ""
    service: str = ""


class Platform(Protocol):
    """The way to one platform. It keeps no state between calls and touches no table of Kabinet's.

    Each of the five hands a task over and returns the platform's reference to it (120 characters at most). Sent again
    with the same id it does nothing new and gives the same reference. All raise PlatformError.
    """

    name: str
    is_silent: bool  # there is nobody to ask: the staff write down what came of it

    def create(self, task: Task) -> str:
        """Make the service."""
        ...

    def change(self, task: Task) -> str:
        """Give it this quantity and these parameters."""
        ...

    def suspend(self, task: Task) -> str:
        """Stop it, keeping what is in it."""
        ...

    def resume(self, task: Task) -> str:
        """Let it run again."""
        ...

    def end(self, task: Task) -> str:
        """Take it away."""
        ...

    def ask(self, reference: str) -> Answer:
        """What came of a task that was handed over. `permanent`: the platform does not know it, and gets it again."""
        ...
