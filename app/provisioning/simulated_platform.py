"""A platform that exists only here, for demos, tests and installations without a system to connect.

It keeps its tasks in a file of its own, so that it remembers across restarts and forgets nothing when Kabinet's
transaction is undone, as a real one. What it does follows from the settings of the plan alone:

| setting | meaning |
|---|---|
| delay_seconds | how long after it was taken a task is done (3) |
| fail_times | so many times it cannot be reached before it takes a task (0) |
| is_down | it cannot be reached at all (false) |
| stock | so many services of the plan it can make, counted here; none: any number |
| needs_setup | a service is ready only after somebody has set it up (false) |
| refuse_ending | services whose identifier ends so are refused, «.test» |
"""

import datetime as dt
import json
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any

from app.core import clock
from app.core.errors import N_
from app.provisioning.book import open_book
from app.provisioning.platforms import Answer, Outcome, PlatformError, Task

FILE = "platform.db"
DELAY = 3
DOWN = N_("The platform cannot be reached.")
UNKNOWN = N_("The platform knows no such task.")
SOLD_OUT = N_("None is in stock now.")
SETUP = N_("Set the service up as its instructions say.")
REFUSED = N_("The platform does not serve this name.")
TABLE = """CREATE TABLE IF NOT EXISTS tasks (
 id TEXT PRIMARY KEY, action TEXT NOT NULL, service TEXT NOT NULL, plan TEXT NOT NULL, told TEXT NOT NULL,
 failed INTEGER NOT NULL DEFAULT 0, taken_at TEXT, outcome TEXT NOT NULL DEFAULT '',
 times INTEGER NOT NULL DEFAULT 0)"""


class SimulatedPlatform:
    """Takes time, runs out, wants to be set up and fails, as it is told."""

    name = "simulated"
    is_silent = False

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    @cached_property
    def _book(self) -> sqlite3.Connection:
        return open_book(self.path, TABLE)

    def create(self, task: Task) -> str:
        """Make the service, if there is one left."""
        return self._take("create", task)

    def change(self, task: Task) -> str:
        """Give it another size; one that waited to be set up runs from then on."""
        return self._take("change", task)

    def suspend(self, task: Task) -> str:
        """Stop it."""
        return self._take("suspend", task)

    def resume(self, task: Task) -> str:
        """Let it run again."""
        return self._take("resume", task)

    def end(self, task: Task) -> str:
        """Take it away."""
        return self._take("end", task)

    def _take(self, action: str, task: Task) -> str:
        """Take the task, once whatever it is sent; fail first as often as the plan says."""
        told = task.settings
        if told.get("is_down"):
            raise PlatformError(DOWN)
        book = self._book
        values = {"settings": dict(told), "quantity": task.quantity, "parameters": dict(task.parameters)}
        book.execute(
            "INSERT OR IGNORE INTO tasks (id, action, service, plan, told) VALUES (?, ?, ?, ?, ?)",
            (task.id, action, task.service, task.plan, json.dumps(values | {"identifier": task.identifier})),
        )
        failed, taken = book.execute("SELECT failed, taken_at FROM tasks WHERE id = ?", (task.id,)).fetchone()
        if taken is None and failed < int(told.get("fail_times") or 0):
            book.execute("UPDATE tasks SET failed = failed + 1 WHERE id = ?", (task.id,))
            raise PlatformError(DOWN)
        ending = str(told.get("refuse_ending") or "")
        if action == "create" and ending and task.identifier.endswith(ending):
            raise PlatformError(REFUSED, permanent=True)
        book.execute(
            "UPDATE tasks SET taken_at = COALESCE(taken_at, ?), times = times + 1 WHERE id = ?",
            (clock.now().isoformat(), task.id),
        )
        return f"SIM-{task.id}"

    def ask(self, reference: str) -> Answer:
        """What came of a task after its delay; the answer stays what it was."""
        found = self._book.execute(
            "SELECT id, action, plan, told, taken_at, outcome FROM tasks WHERE id = ? AND taken_at IS NOT NULL",
            (reference.removeprefix("SIM-"),),
        ).fetchone()
        if found is None:
            raise PlatformError(UNKNOWN, permanent=True)
        task_id, action, plan, told, taken_at, outcome = found
        settings = json.loads(told)["settings"]
        delay = settings.get("delay_seconds")
        ready = dt.datetime.fromisoformat(taken_at) + dt.timedelta(seconds=int(DELAY if delay is None else delay))
        if not outcome and ready > clock.now():
            return Answer(Outcome.PENDING)
        if not outcome:
            outcome = self._decide(action, plan, settings).value
            self._book.execute("UPDATE tasks SET outcome = ? WHERE id = ?", (outcome, task_id))
        reason = {Outcome.OUT_OF_STOCK.value: SOLD_OUT, Outcome.NEEDS_SETUP.value: SETUP}.get(outcome, "")
        return Answer(Outcome(outcome), reason, f"sim-{task_id}" if action == "create" else "")

    def _decide(self, action: str, plan: str, settings: dict[str, Any]) -> Outcome:
        if action != "create":
            return Outcome.DONE
        if settings.get("stock") is not None:
            made = "SELECT COUNT(*) FROM tasks WHERE plan = ? AND action = 'create' AND outcome IN (?, ?)"
            taken = self._book.execute(made, (plan, Outcome.DONE.value, Outcome.NEEDS_SETUP.value)).fetchone()[0]
            if taken >= int(settings["stock"]):
                return Outcome.OUT_OF_STOCK
        return Outcome.NEEDS_SETUP if settings.get("needs_setup") else Outcome.DONE

    def tasks(self) -> list[dict[str, Any]]:
        """What it was told, for tests and the curious: `times` is how often a task came in."""
        found = self._book.execute("SELECT * FROM tasks ORDER BY rowid")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]
