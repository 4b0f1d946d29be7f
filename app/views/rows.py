"""Rows of a table as FAB sees them, with its holes closed: typed filters, cheap counts, ids that are numbers.

FAB keeps one Filters object a view and changes it on each request: with threads one person reads another's search
(`fab_facts.md`, «Tenancy»). Importing this module gives each request its own.
"""

import copy
import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask import flash, g, has_request_context
from flask_appbuilder.api import ModelRestApi
from flask_appbuilder.baseviews import BaseModelView
from flask_appbuilder.models.filters import BaseFilter, Filters
from flask_appbuilder.models.sqla import filters as fab
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import selectinload

from app.models.base import Instant, Scaled
from app.services import finding

BIGGEST = 2**63 - 1
FOUND = 1000  # matches of a searched word that are counted; beyond, a list says «1000+»
COUNTED = 10_000  # rows that are counted anew each time; beyond, the exact number is remembered for a while
REMEMBERED = 60.0  # seconds


def whole(value: Any) -> int | None:
    """A row's id from an address or a form, or None where it cannot be one."""
    try:
        number = int(str(value))
    except ValueError:
        return None
    return number if 0 <= number <= BIGGEST else None


class PerRequestFilters:
    """A descriptor for FAB's `_filters`: the template outside of requests, a copy of its own inside of each."""

    def __get__(self, view: Any, owner: Any = None) -> Any:
        if view is None:
            return self
        template = view.__dict__.get("_filters_template")
        if template is None or not has_request_context():
            return template
        store: dict[int, Filters] = g.setdefault("view_filters", {})
        if id(view) not in store:
            own = copy.copy(template)
            own.clear_filters()
            store[id(view)] = own
        return store[id(view)]

    def __set__(self, view: Any, value: Any) -> None:
        view.__dict__["_filters_template"] = value


BaseModelView._filters = ModelRestApi._filters = PerRequestFilters()


class TypedFilters(Filters):
    """FAB's Filters; an operator that does not exist is ignored, and a join costs nothing."""

    def add_filter_index(self, column_name: str, filter_instance_index: int, value: Any) -> None:
        known = self._all_filters.get(column_name, [])
        if filter_instance_index < len(known):
            self._add_filter(known[filter_instance_index], value)

    def get_joined_filters(self, filters: Filters) -> "TypedFilters":
        joined = copy.copy(self)
        joined.filters = self.filters + filters.filters
        joined.values = self.values + filters.values
        return joined

    def copy(self) -> "TypedFilters":
        return self.get_joined_filters(self.__class__.__new__(self.__class__)._emptied())

    def _emptied(self) -> "TypedFilters":
        self.clear_filters()
        return self


def _number(text: str) -> Decimal:
    return Decimal("".join(text.split()).replace(",", "."))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text.strip()[:10])


def _yes(text: str) -> bool:
    return text.strip().lower() in ("y", "yes", "1", "true", "on")


def _moment(text: str) -> dt.datetime:
    read = dt.datetime.fromisoformat(text.strip())
    return read if read.tzinfo else read.replace(tzinfo=dt.UTC)


class Typed(BaseFilter):
    """A comparison whose value is read as the column's type; what cannot be read finds nothing and says so."""

    compare: Callable[[Any, Any], Any]

    def read(self, text: Any) -> Any:
        kind = self.datamodel.list_columns[self.column_name].type
        if isinstance(kind, Scaled):
            value = _number(str(text))
            return value if value == round(value, 4) and abs(value) < 10**14 else None
        if isinstance(kind, Instant):
            return _moment(str(text))
        if isinstance(kind, sa.Date):
            return text if isinstance(text, dt.date) else _day(str(text))
        if isinstance(kind, sa.Boolean):
            return text if isinstance(text, bool) else _yes(str(text))
        number = int(str(text))
        return number if abs(number) <= BIGGEST else None

    def apply(self, query: Any, value: Any) -> Any:
        if value in ("", None):
            return query
        try:
            read = self.read(value)
        except (ValueError, InvalidOperation, OverflowError):
            read = None
        if read is None:
            flash(
                gettext(
                    "“%(value)s” cannot be searched for here: enter a number, or a date as YYYY-MM-DD.", value=value
                )
            )
            return query.filter(sa.false())
        query, field = fab.get_field_setup_query(query, self.model, self.column_name)
        return query.filter(type(self).compare(field, read))


class Equal(Typed):
    """Is."""

    name = lazy_gettext("Equal to")
    arg_name = "eq"
    compare = staticmethod(lambda field, value: field == value)


class Greater(Typed):
    """Is more, or later."""

    name = lazy_gettext("Greater than")
    arg_name = "gt"
    compare = staticmethod(lambda field, value: field > value)


class Smaller(Typed):
    """Is less, or earlier."""

    name = lazy_gettext("Smaller than")
    arg_name = "lt"
    compare = staticmethod(lambda field, value: field < value)


class NotEqual(Typed):
    """Is not."""

    name = lazy_gettext("Not Equal to")
    arg_name = "neq"
    compare = staticmethod(lambda field, value: field != value)


def spellings(text: str) -> list[str]:
    """The ways a person may have meant a word: an index compares letters by case."""
    return list(dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.title())))


class BeginsWith(BaseFilter):
    """A text begins with the word: ranges that a plain index walks on both databases."""

    name = lazy_gettext("Starts with")
    arg_name = "sw"

    def apply(self, query: Any, value: Any) -> Any:
        query, field = fab.get_field_setup_query(query, self.model, self.column_name)
        ranges = [sa.and_(field >= one, field < one + "\U0010ffff") for one in spellings(str(value))]
        if len(ranges) > 1:  # one range is walked in the order of the list; several would be gathered and sorted
            there = self.datamodel.session.execute(sa.select(*(sa.exists().where(one) for one in ranges))).one()
            ranges = [one for one, some in zip(ranges, there, strict=True) if some] or ranges[:1]
        return query.filter(sa.or_(*ranges))


class Contains(BaseFilter):
    """A text has the word anywhere, in capitals or not."""

    name = lazy_gettext("Contains")
    arg_name = "ct"

    def apply(self, query: Any, value: Any) -> Any:
        query, field = fab.get_field_setup_query(query, self.model, self.column_name)
        return query.filter(finding.has(self.datamodel.session, field, str(value)))


_TEXT = {fab.FilterStartsWith: BeginsWith, fab.FilterContains: Contains}
_IN_ORDER = [Equal, Greater, Smaller, NotEqual]
_TYPED = {
    "is_integer": _IN_ORDER,
    "is_float": _IN_ORDER,
    "is_numeric": _IN_ORDER,
    "is_date": _IN_ORDER,
    "is_datetime": _IN_ORDER,
    "is_boolean": [Equal, NotEqual],
}


class Converter(fab.SQLAFilterConverter):
    """FAB's table of filters (its numbers stand in addresses), the typed ones replaced; none over JSON."""

    conversion_table = tuple(
        (kind, _TYPED.get(kind, [_TEXT.get(one, one) for one in found]))
        for kind, found in fab.SQLAFilterConverter.conversion_table
        if kind not in ("is_json", "is_binary")
    )

    def convert(self, col_name: str) -> list[BaseFilter] | None:
        for kind, found in self.conversion_table:
            if getattr(self.datamodel, kind)(col_name):
                return [item(col_name, self.datamodel) for item in found]
        return None


class AtLeast(int):
    """A number of rows that was not counted to its end."""

    def __str__(self) -> str:
        return f"{int(self)}+"


_counts: dict[Any, tuple[float, int]] = {}


class Rows(SQLAInterface):
    """The rows of one model. `eager` names relations read together with a list, dotted where nested."""

    filter_converter_class = Converter

    def __init__(self, obj: Any, session: Any = None, eager: tuple[str, ...] = ()) -> None:
        super().__init__(obj, session)
        self.eager: list[Any] = []
        self.read_with(eager)

    def read_with(self, names: Any) -> None:
        """Read these relations («account», «account.company») with a list, a statement each.

        Not in one joined statement: where a relation joins further, SQLite builds that whole join for each page.
        """
        self.eager = []
        for name in dict.fromkeys(names):
            option, owner = None, self.obj
            for part in name.split("."):
                attribute = getattr(owner, part)
                option = option.selectinload(attribute) if option else selectinload(attribute)
                owner = attribute.property.mapper.class_
            self.eager.append(option)

    def get_filters(self, search_columns: Any = None, search_filters: Any = None) -> TypedFilters:
        return TypedFilters(self.filter_converter_class, self, search_columns or [], search_filters or {})

    def is_integer(self, col_name: str) -> bool:
        return not self.is_money(col_name) and super().is_integer(col_name)

    def is_numeric(self, col_name: str) -> bool:
        return self.is_money(col_name) or super().is_numeric(col_name)

    def is_money(self, col_name: str) -> bool:
        """Whether the column is an exact amount or quantity (`models.base.Scaled`)."""
        column = self.list_columns.get(col_name)
        return column is not None and isinstance(getattr(column, "type", None), Scaled)

    def states(self, col_name: str) -> Any:
        """The StrEnum a state column holds, or None."""
        column = self.list_columns.get(col_name)
        return getattr(column, "info", {}).get("states") if column is not None else None

    def query_count(self, query: Any, filters: Any = None, select_columns: Any = None) -> int:
        if filters:
            query = filters.apply_all(query)
        key = self.get_pk()
        few = query.order_by(None).with_entities(key).limit(COUNTED + 1).subquery()
        count = int(self.session.scalar(sa.select(sa.func.count()).select_from(few)))
        if count <= COUNTED:
            return count
        return self._remembered(query.order_by(None).with_entities(sa.func.count(key)), filters)

    def _remembered(self, counting: Any, filters: Any) -> int:
        values = zip(filters.filters, filters.values, strict=True) if filters else ()
        asked = tuple((type(one).__name__, one.column_name, repr(value)) for one, value in values)
        key = (str(self.session.get_bind().url), self.obj.__name__, asked)
        known, now = _counts.get(key), time.monotonic()
        if known is None or now - known[0] > REMEMBERED:
            if len(_counts) > FOUND:
                _counts.clear()
            known = _counts[key] = (now, int(counting.scalar()))
        return known[1]

    def chosen(self, filters: Any, order_column: str, order_direction: str) -> Any:
        """The query of a list, in its order, without its limits: what an export writes."""
        query = self.session.query(self.obj).options(*self.eager)
        query = self.apply_filters(query, filters)
        return self.apply_order_by(query, order_column, order_direction, aliases_mapping={}, add_pk=True)

    def query(  # noqa: PLR0913  # FAB's signature
        self,
        filters: Any = None,
        order_column: str = "",
        order_direction: str = "",
        page: int | None = None,
        page_size: int | None = None,
        select_columns: Any = None,
        outer_default_load: bool = False,
    ) -> tuple[int, list[Any]]:
        if page_size and filters and any(isinstance(one, BeginsWith | Contains) for one in filters.filters):
            return self._searched(filters, order_column, order_direction, page or 0, page_size)
        count = self.query_count(self.session.query(self.obj), filters)
        if not count:
            return 0, []
        if not page_size:
            return count, self.chosen(filters, order_column, order_direction).all()
        keys = self._keys(filters, order_column, order_direction, count, (page or 0) * page_size, page_size)
        return count, self._read(keys)

    def _searched(
        self, filters: Any, order_column: str, order_direction: str, page: int, page_size: int
    ) -> tuple[int, list[Any]]:
        """A page of what a word finds. Those of a rare word are found once, then ordered."""
        pk, proposed = self.get_pk(), self._proposed(filters)
        query = self.apply_filters(self.session.query(self.obj), filters).order_by(None)
        if proposed is not None:
            keys = proposed.keys(self.session, query, pk, FOUND + 1)
        else:
            keys = [key for (key,) in query.with_entities(pk).limit(FOUND + 1)]
        if len(keys) > FOUND:
            count, offset = AtLeast(FOUND), page * page_size
            by = getattr(self.obj, order_column, None) if self._is_own(order_column) else None
            if proposed is not None and by is not None and not proposed.is_common(self.session):
                ordered = proposed.page(self.session, query, pk, by, order_direction, offset, page_size)
                return count, self._read(ordered)
            if proposed is None and by is not None and finding.are_few(self.session, query, pk):
                return count, self._read(
                    finding.in_order(self.session, query, pk, by, order_direction, offset, page_size)
                )
            return count, self._read(self._keys(filters, order_column, order_direction, count, offset, page_size))
        found = self.session.query(self.obj).options(*self.eager).filter(pk.in_(keys))
        found = self.apply_order_by(found, order_column, order_direction, aliases_mapping={}, add_pk=True)
        return len(keys), self.apply_pagination(found, page, page_size).all() if keys else []

    def _proposed(self, filters: Any) -> finding.Proposal | None:
        """Where to look for the word of a filter; the first that is not walked."""
        for one, value in zip(filters.filters, filters.values, strict=True):
            if isinstance(one, Contains) and self._is_own(one.column_name):
                word = value[0] if isinstance(value, list) else value  # FAB keeps what an address said in a list
                found = finding.proposal(self.session, getattr(self.obj, one.column_name), str(word))
                if found is not None:
                    return found
        return None

    def _is_own(self, column_name: str) -> bool:
        """Whether it is a plain column of this table."""
        return column_name in self.obj.__mapper__.columns

    def _keys(  # noqa: PLR0913, PLR0917
        self, filters: Any, order_column: str, order_direction: str, count: int, offset: int, size: int
    ) -> list[Any]:
        """Keys of a page, without the tables joined for its cells; the second half is counted from the end."""
        flipped = bool(order_column) and not isinstance(count, AtLeast) and offset < count < offset * 2
        if flipped:
            size = min(size, count - offset)
            offset = count - offset - size
            order_direction = "desc" if order_direction == "asc" else "asc"
        query = self.apply_filters(self.session.query(self.obj), filters)
        query = self.apply_order_by(query, order_column, order_direction, aliases_mapping={}, add_pk=True)
        keys = [key for (key,) in query.with_entities(self.get_pk()).offset(offset).limit(size)]
        return keys[::-1] if flipped else keys

    def _read(self, keys: list[Any]) -> list[Any]:
        pk = self.get_pk()
        rows = self.session.query(self.obj).options(*self.eager).filter(pk.in_(keys))
        place = {key: at for at, key in enumerate(keys)}
        return sorted(rows, key=lambda row: place[self.get_pk_value(row)])

    def get(self, id: Any, filters: Any = None, select_columns: Any = None, outer_default_load: bool = False) -> Any:
        key = whole(id)
        if key is None:
            return None
        query = self.apply_filters(self.session.query(self.obj), filters)
        return query.filter(self.get_pk() == key).one_or_none()

    def get_related_obj(self, col_name: str, value: Any) -> Any:
        key = whole(value[0] if isinstance(value, list) and value else value)
        return None if key is None else self.session.get(self.get_related_model(col_name), key)
