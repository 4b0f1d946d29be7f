"""What a batch of lines is applied with: who, for which Seller, from which day; and what came of each line."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import N_, DomainError
from app.imports.mapping import Problem
from app.models import Seller

TOO_LONG = N_("«%(cell)s…» is longer than %(limit)s characters. Shorten it.")
TOO_FINE = N_("«%(cell)s» has more than four decimals, which cannot be charged. Round it.")
LOCK = 7163002  # of PostgreSQL: imports look up and then write, one step at a time
LOOK_UP = 500  # values an IN of one statement


@dataclass
class Work:
    """One step of a batch. `verdicts` are created | changed | unchanged | suspended by line; `refused` the reasons."""

    session: Session
    actor: Actor
    seller: Seller
    start: dt.date
    options: Mapping[str, Any]
    source: str
    columns: Mapping[str, str] = field(default_factory=dict)  # field → header
    lists_services: bool = False
    verdicts: dict[int, str] = field(default_factory=dict)
    refused: dict[int, DomainError] = field(default_factory=dict)
    rested: set[str] = field(default_factory=set)  # released numbers of others that may be given now

    def attempt(self) -> "Work":
        """The same work with nothing done yet."""
        return Work(
            self.session,
            self.actor,
            self.seller,
            self.start,
            self.options,
            self.source,
            self.columns,
            self.lists_services,
        )

    def keep(self, other: "Work") -> None:
        """Take what another attempt did."""
        self.verdicts |= other.verdicts
        self.refused |= other.refused

    def refuse(self, line: int, text: str, **params: object) -> None:
        """The line is left out, with its reason."""
        self.refused.setdefault(line, Problem("", text, **params))

    def mark(self, line: int, verdict: str) -> None:
        """Say what came of a line: «created» outweighs «changed», that outweighs «unchanged»."""
        order = ("", "unchanged", "changed", "created", "suspended")
        if order.index(verdict) > order.index(self.verdicts.get(line, "")):
            self.verdicts[line] = verdict

    def counts(self) -> Counter[str]:
        """How many lines were created, changed, unchanged, suspended, refused."""
        counted = Counter(verdict for line, verdict in self.verdicts.items() if line not in self.refused)
        counted["refused"] = len(self.refused)
        return counted


def insert_all(session: Session, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows (all with the same columns) in few statements; their ids in the same order."""
    if not rows:
        return []
    table, connection = model.__table__, session.connection()
    if connection.dialect.name == "sqlite":  # which has one writer, and returns ids by a statement a row
        first = (connection.scalar(sa.select(sa.func.max(table.c.id))) or 0) + 1
        connection.execute(sa.insert(table), [{**row, "id": first + at} for at, row in enumerate(rows)])
        return list(range(first, first + len(rows)))
    statement = sa.insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, [dict(row) for row in rows]).scalars())


def update_all(session: Session, model: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """Update rows by their `id`; rows may name different columns."""
    table = model.__table__
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        names = tuple(sorted(name for name in row if name != "id"))
        if names:
            groups.setdefault(names, []).append({f"b_{name}": value for name, value in row.items()})
    for names, group in groups.items():
        values: dict[str, Any] = {name: sa.bindparam(f"b_{name}") for name in names}
        statement = table.update().where(table.c.id == sa.bindparam("b_id")).values(values)
        session.connection().execute(statement, group)


def rows_in(session: Session, query: Any, column: Any, values: Iterable[Any]) -> list[Any]:
    """Rows of `query` whose `column` is one of the values."""
    wanted = list(dict.fromkeys(value for value in values if value is not None and value != ""))
    found: list[Any] = []
    for at in range(0, len(wanted), LOOK_UP):
        found.extend(session.execute(query.where(column.in_(wanted[at : at + LOOK_UP]))))
    return found
