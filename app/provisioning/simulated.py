"""An operator that exists only here, for demos, tests and installations without a system to connect.

It keeps its orders in a file of its own, so that it remembers across restarts and forgets nothing when Kabinet's
transaction is undone, as a real one. What it does follows from its settings alone:

| setting | meaning |
|---|---|
| delay_seconds | how long after it was taken an order is done (0) |
| refuse_ending | orders for numbers that end so are rejected, «13» |
| fail_times | so many times it cannot be reached before it takes an order (0) |
| is_down | it cannot be reached at all (false) |
"""

import datetime as dt
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any

from app.core import clock
from app.core.errors import N_
from app.provisioning.base import Answer, OperatorError, Order, State
from app.provisioning.book import open_book

FILE = "operator.db"
REFUSED = N_("The operator does not offer this option on the number.")
DOWN = N_("The operator cannot be reached.")
UNKNOWN = N_("The operator knows no such order.")
TABLE = """CREATE TABLE IF NOT EXISTS orders (
 id TEXT PRIMARY KEY, number TEXT NOT NULL, option TEXT NOT NULL, action TEXT NOT NULL, effective_on TEXT NOT NULL,
 failed INTEGER NOT NULL DEFAULT 0, taken_at TEXT, times INTEGER NOT NULL DEFAULT 0)"""


class SimulatedOperator:
    """Delays, refuses and fails as it is told."""

    name = "simulated"

    def __init__(self, settings: dict[str, Any], folder: Path) -> None:
        self.path = folder / FILE
        self.delay = dt.timedelta(seconds=int(settings.get("delay_seconds") or 0))
        self.refuse_ending = str(settings.get("refuse_ending") or "")
        self.fail_times = int(settings.get("fail_times") or 0)
        self.is_down = bool(settings.get("is_down"))

    @cached_property
    def _book(self) -> sqlite3.Connection:
        return open_book(self.path, TABLE)

    def send(self, order: Order) -> str:
        """Take the order, once whatever it is sent; fail first as often as it was told to."""
        if self.is_down:
            raise OperatorError(DOWN)
        book = self._book
        book.execute(
            "INSERT OR IGNORE INTO orders (id, number, option, action, effective_on) VALUES (?, ?, ?, ?, ?)",
            (order.id, order.number, order.option, order.action, order.effective_on.isoformat()),
        )
        failed, taken = book.execute("SELECT failed, taken_at FROM orders WHERE id = ?", (order.id,)).fetchone()
        if taken is None and failed < self.fail_times:
            book.execute("UPDATE orders SET failed = failed + 1 WHERE id = ?", (order.id,))
            raise OperatorError(DOWN)
        now = clock.now().isoformat()
        book.execute(
            "UPDATE orders SET taken_at = COALESCE(taken_at, ?), times = times + 1 WHERE id = ?", (now, order.id)
        )
        return f"SIM-{order.id}"

    def ask(self, reference: str) -> Answer:
        """Done after the delay; rejected where the number ends as it was told to refuse."""
        if self.is_down:
            raise OperatorError(DOWN)
        known = self._book.execute(
            "SELECT number, taken_at FROM orders WHERE id = ? AND taken_at IS NOT NULL",
            (reference.removeprefix("SIM-"),),
        ).fetchone()
        if known is None:
            raise OperatorError(UNKNOWN, permanent=True)
        number, taken_at = known
        if dt.datetime.fromisoformat(taken_at) + self.delay > clock.now():
            return Answer(State.PENDING)
        if self.refuse_ending and number.endswith(self.refuse_ending):
            return Answer(State.REJECTED, REFUSED)
        return Answer(State.DONE)

    def orders(self) -> list[dict[str, Any]]:
        """What it was told, for tests and the curious: `times` is how often an order came in."""
        found = self._book.execute("SELECT * FROM orders ORDER BY rowid")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]
