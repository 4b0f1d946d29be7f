"""The few words in which SQLite and PostgreSQL differ, and how a billing batch writes its set-based statements.

Billing works by sets: one statement a table for a whole batch of accounts (`performance.md` §1). Amounts here are the
scaled integers of the columns. Nothing a person typed is ever part of a statement's text.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Sql:
    """Runs statements written with the words {greatest}, {least}, {json}, {then} (a join after a scratch table)."""

    session: Session
    params: dict[str, Any]

    @property
    def is_postgresql(self) -> bool:
        """Which of the two it is."""
        return self.session.get_bind().dialect.name == "postgresql"

    def run(self, statement: str, **more: Any) -> Any:
        """Execute; dates and other values are bound by name."""
        values = {**self.params, **more}
        words = _POSTGRESQL if self.is_postgresql else _SQLITE
        text = sa.text(statement.format_map(words))
        used = [name for name in values if name in text._bindparams]
        typed = [sa.bindparam(name, type_=_type_of(values[name])) for name in used]
        return self.session.execute(text.bindparams(*typed), {name: values[name] for name in used})

    def scratch(self, name: str, columns: str) -> None:
        """An empty scratch table of this connection."""
        self.session.execute(sa.text(f"DROP TABLE IF EXISTS {name}"))
        ending = " ON COMMIT DROP" if self.is_postgresql else ""
        self.session.execute(sa.text(f"CREATE TEMPORARY TABLE {name} ({columns}){ending}"))

    def learn(self, *tables: str) -> None:
        """Let the database count freshly filled scratch tables, so that it joins them well.

        SQLite takes an unknown table for a large one and builds a Bloom filter over the whole of what it joins to.
        """
        for table in tables:
            self.session.execute(sa.text(f"ANALYZE {table}"))


_POSTGRESQL = {"greatest": "GREATEST", "least": "LEAST", "json": "json_build_object", "d0": "DATE '1900-01-01'"}
_SQLITE = {"greatest": "MAX", "least": "MIN", "json": "json_object", "d0": "'1900-01-01'"}
_POSTGRESQL["days"] = "(ends_on - starts_on)"
_SQLITE["days"] = "CAST(julianday(ends_on) - julianday(starts_on) AS INTEGER)"
_POSTGRESQL["cut_days"] = "(cut_to - cut_from)"
_SQLITE["cut_days"] = "CAST(julianday(cut_to) - julianday(cut_from) AS INTEGER)"
_POSTGRESQL["as_json"], _SQLITE["as_json"] = "::json", ""
# SQLite knows nothing of a scratch table's size and would begin with the big table, whole, for each batch; its CROSS
# JOIN keeps the order that is written.
_POSTGRESQL["then"], _SQLITE["then"] = "JOIN", "CROSS JOIN"


def _type_of(value: Any) -> sa.types.TypeEngine[Any]:
    if isinstance(value, dt.datetime):
        return sa.DateTime()
    if isinstance(value, dt.date):
        return sa.Date()
    if isinstance(value, bool):
        return sa.Boolean()
    if isinstance(value, int):
        return sa.BigInteger()
    return sa.String()


def half_up_sql(numerator: str, denominator: str) -> str:
    """SQL of a whole number divided and rounded half away from zero, as `core.money.divide_half_up`."""
    n, d = f"({numerator})", f"({denominator})"
    return f"(CASE WHEN {n} >= 0 THEN (2*{n}+{d})/(2*{d}) ELSE -((2*(-{n})+{d})/(2*{d})) END)"


def from_fine(value: int | None) -> Decimal:
    """A scaled integer of a charge as a Decimal."""
    return Decimal(int(value or 0)).scaleb(-4)


def from_cents(value: int | None) -> Decimal:
    """A scaled integer of a document as a Decimal."""
    return Decimal(int(value or 0)).scaleb(-2)
