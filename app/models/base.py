"""What every table is made of: the base, exact money, instants in UTC, and the mark of a company's rows.

Money columns hold scaled integers (SQLite has no decimal type): `Cents` for documents, `Fine` for
charges and quantities.
Sums in SQL keep the column's type and are exact in both databases.
"""

import datetime as dt
import math
from decimal import Decimal
from typing import Annotated, Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, declared_attr, mapped_column
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from app.core import clock
from app.core.money import CENTS, FINE, to_scaled

Model.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Scaled(TypeDecorator[Decimal]):
    """A Decimal kept as a whole number of 1/`scale`; a value with more decimals is refused, never rounded silently."""

    impl = sa.BigInteger
    cache_ok = True

    class comparator_factory(TypeDecorator.Comparator[Decimal], sa.BigInteger.Comparator[Decimal]):  # noqa: N801
        """A sum or a difference of two such columns is one again: «total - paid» is a Decimal too."""

        def _adapt_expression(self, op: Any, other_comparator: Any) -> Any:
            if op in (operators.add, operators.sub):
                return op, self.type
            return super()._adapt_expression(op, other_comparator)

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self.exponent = -round(math.log10(scale))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError("money is never a float")
        return to_scaled(Decimal(value), self.scale)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(self.exponent)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class Cents(Scaled):
    """Hundredths: documents, payments, postings."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(CENTS)


class Fine(Scaled):
    """Ten-thousandths: unit prices, charges, quantities."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(FINE)


class Instant(TypeDecorator[dt.datetime]):
    """An aware instant, kept as naive UTC (SQLite knows no zones)."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant has a zone")
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        return None if value is None else value.replace(tzinfo=dt.UTC)


BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite numbers rows only in INTEGER columns
Id = Annotated[int, mapped_column(BigId, primary_key=True)]


def ref(target: str, *, null: bool = False, index: bool = True, **more: Any) -> Any:
    """A column that points at `target` («company.id»), indexed unless another index begins with it."""
    return mapped_column(BigId, sa.ForeignKey(target, **more), nullable=null, index=index)


def text(length: int, *, null: bool = False, default: str | None = "", index: bool = False) -> Any:
    """A text column of at most `length` characters; empty by default."""
    return mapped_column(sa.String(length), nullable=null, default=None if null else default, index=index)


def state(states: type, default: Any, *, index: bool = True) -> Any:
    """A state column holding the values of a StrEnum of `rules.lifecycle`."""
    return mapped_column(sa.String(20), nullable=False, default=default.value, index=index, info={"states": states})


def one_of(column: str, values: Any, name: str = "") -> sa.CheckConstraint:
    """A check that `column` holds one of the values."""
    listed = ", ".join(f"'{getattr(v, 'value', v)}'" for v in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def index_where(name: str, column: str, condition: str) -> sa.Index:
    """An index of the rows that meet a condition: the others cost it nothing."""
    return sa.Index(name, column, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


class Stamped:
    """When a row was made."""

    @declared_attr
    def created_at(cls) -> Mapped[dt.datetime]:
        return mapped_column(Instant, nullable=False, default=clock.now)


class OfCompany(Stamped):
    """A row of one company: behind the tenancy walls (`access.tenancy`, row-level security)."""

    @declared_attr
    def company_id(cls) -> Mapped[int]:
        return mapped_column(BigId, sa.ForeignKey("company.id"), nullable=False, index=True)


class MaybeOfCompany(Stamped):
    """A row of one company, or (NULL) of the provider's alone; behind the same walls."""

    @declared_attr
    def company_id(cls) -> Mapped[int | None]:
        return mapped_column(BigId, sa.ForeignKey("company.id"), nullable=True, index=True)
