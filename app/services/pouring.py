"""Long lists out of the database into a file, in memory that does not grow with them.

A statement is compiled here, with the tenancy wall in it; its rows go from the driver to the writer without becoming
objects. `pour` does that in this process and transaction, `pour_apart` in a small process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.models.base import Cents, Fine, Instant
from app.reports.render.xlsx import Column
from app.services import pouring_child

ROOT = Path(__file__).resolve().parents[2]
# As in `imports.reading`: `app` stands in as an empty package, for app/__init__.py loads the whole web application.
BOOT = (
    "import sys, types; app = types.ModuleType('app'); app.__path__ = [sys.argv[1] + '/app']; "
    "sys.modules['app'] = app; from app.services.pouring_child import main; main()"
)


class LastDay(sa.Date):
    """A type to show the day after a period as the period's last day: `sa.type_coerce(Charge.ends_on, LastDay())`."""


class BasisPoints(sa.Integer):
    """A type to show hundredths of a per cent as per cent."""


READS: tuple[tuple[type, str], ...] = (
    (Cents, "cents"),
    (Fine, "fine"),
    (BasisPoints, "percent"),
    (LastDay, "last day"),
    (sa.Date, "day"),
    (Instant, "instant"),
    (sa.Boolean, "flag"),
)


@dataclass(frozen=True)
class Form:
    """What the file looks like: «xlsx» or «csv», its columns (as many as the statement's), the titles summed below."""

    fmt: str
    columns: Sequence[Column]
    totals: Sequence[str] = ()
    sheet: str = "Register"
    total_label: str = ""
    delimiter: str = ";"
    bom: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for another process."""
        return {**self.__dict__, "columns": [(c.title, c.kind, c.width) for c in self.columns]}


class Poured(NamedTuple):
    """How many rows were written, and the most memory their process had, in kilobytes (0 where that is not known)."""

    rows: int
    peak: int


def pour(session: Session, query: sa.Select[Any], form: Form, out: BinaryIO) -> int:
    """Write the rows of a statement to `out`, those of this transaction too; how many there were."""
    sql, parameters, reads = _compiled(session, query)
    options = {"yield_per": pouring_child.ROWS}
    rows = session.connection().exec_driver_sql(sql, parameters, execution_options=options)
    return pouring_child.write(out, form.to_dict(), pouring_child.read((tuple(row) for row in rows), reads))


def pour_apart(session: Session, query: sa.Select[Any], form: Form, out: BinaryIO) -> Poured:
    """The same by a process of a few megabytes. It sees committed rows only; `out` is a real file."""
    engine = session.connection().engine
    sql, parameters, reads = _compiled(session, query)
    plan = {
        "dialect": engine.dialect.name,
        "sql": sql,
        "parameters": parameters,
        "reads": reads,
        "form": form.to_dict(),
        "file": out.fileno(),
    }
    if engine.dialect.name == "sqlite":
        if engine.url.database in (None, "", ":memory:"):
            return Poured(pour(session, query, form, out), 0)
        plan["database"] = str(Path(engine.url.database).resolve())
    else:
        plan["database"] = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        plan["wall"] = tenancy.told(session.connection())
    out.flush()
    done = subprocess.run(  # noqa: S603  # our own interpreter and code; the plan comes as standard input
        [sys.executable, "-I", "-c", BOOT, str(ROOT)],
        input=json.dumps(plan, default=str),
        capture_output=True,
        text=True,
        pass_fds=[out.fileno()],
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"a list could not be written: {done.stderr.strip()[-2000:]}")
    out.seek(0, 2)
    return Poured(*json.loads(done.stdout))


def _compiled(session: Session, query: sa.Select[Any]) -> tuple[str, Any, list[str]]:
    """The statement as the driver takes it, its parameters as plain values, how each of its columns is read."""
    dialect = session.connection().dialect
    reads = [_read_of(column.type) for column in query.selected_columns]
    compiled = tenancy.narrowed(query).compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    values = {name: _plain(compiled, name, value, dialect) for name, value in compiled.params.items()}
    if compiled.positional:
        return str(compiled), tuple(values[name] for name in compiled.positiontup or ()), reads
    return str(compiled), values, reads


def _plain(compiled: Any, name: str, value: Any, dialect: sa.Dialect) -> Any:
    bound = compiled.binds.get(name)
    processor = bound.type.dialect_impl(dialect).bind_processor(dialect) if bound is not None else None
    return processor(value) if processor else value


def _read_of(kind: Any) -> str:
    return next((name for known, name in READS if isinstance(kind, known)), "")
