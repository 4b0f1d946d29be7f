"""The wall around a company: every ORM statement and flush, and on PostgreSQL every transaction, is held to one scope.

The scope is EVERYONE (staff, commands, jobs that say so), a company's id, or NOBODY (the default: nothing is seen).
Row-level security reads it as `app.tenant` under the role `kabinet_app` (`reliability.md` §3c).
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, SessionTransaction, with_loader_criteria

from app.core.actor import Actor
from app.core.errors import NotFound
from app.models import BankLine, Company, MaybeOfCompany, OfCompany, Payment, User

EVERYONE = "*"
NOBODY = ""
APP_ROLE = "kabinet_app"

_TOLD = "scope_told"  # in a session's info: what its open transaction was last told
_OWNERS = "row_owners"  # in a session's info: whose rows are that its open transaction has looked at

_scope: ContextVar[int | str] = ContextVar("company_scope", default=NOBODY)


def scope() -> int | str:
    """The scope in force."""
    return _scope.get()


def scope_of(actor: Actor) -> int | str:
    """What an actor may see."""
    if actor.is_staff:
        return EVERYONE
    return actor.company_id if actor.company_id is not None else NOBODY


@contextmanager
def seeing(wanted: int | str, session: Session | None = None) -> Iterator[None]:
    """Hold everything inside to `wanted`; pass the session where its transaction may already be open."""
    token = _scope.set(wanted)
    tell(session)
    try:
        yield
    finally:
        _scope.reset(token)
        tell(session)


def see(wanted: int | str, session: Session) -> Any:
    """Hold the rest of this context to `wanted`; returns the token for `unsee`."""
    token = _scope.set(wanted)
    tell(session)
    return token


def unsee(token: Any) -> None:
    """Return to the scope before `see`."""
    _scope.reset(token)


def tell(session: Session | None) -> None:
    """Tell an open PostgreSQL transaction the scope in force."""
    if callable(session):  # Flask-SQLAlchemy's proxy of the request's session
        session = session()
    if session is not None and session.in_transaction() and session.is_active:
        _tell_connection(session, session.connection())


def _follow(session: Session) -> None:
    """A transaction that outlives a change of scope hears of it before its next statement."""
    if session.info.get(_TOLD, _scope.get()) != _scope.get():
        tell(session)


def _doubt(session: Session, ended: SessionTransaction) -> None:
    """A savepoint rolled back takes along what was told inside it, and rows whose ids come again."""
    session.info.pop(_OWNERS, None)
    if ended.nested:
        session.info[_TOLD] = None
    else:
        session.info.pop(_TOLD, None)


def _tell_connection(session: Session, connection: sa.Connection) -> None:
    session.info[_TOLD] = _scope.get()
    if connection.dialect.name != "postgresql":
        return
    connection.exec_driver_sql(
        "SELECT set_config('role', %s, true), set_config('app.tenant', %s, true)", told(connection)
    )


def told(connection: sa.Connection) -> tuple[str, str]:
    """The role and the company that a PostgreSQL transaction of the scope in force runs as."""
    seen = _scope.get()
    return ("none" if seen == EVERYONE else _role_of(connection)), str(seen).strip(EVERYONE)


def _role_of(connection: sa.Connection) -> str:
    """`kabinet_app` where it exists and this login may become it; looked up once an engine."""
    known: dict[str, str] = connection.engine.__dict__.setdefault("_kabinet_role", {})
    if "role" not in known:
        found = connection.exec_driver_sql(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(session_user, oid, 'member')", (APP_ROLE,)
        ).first()
        known["role"] = APP_ROLE if found else "none"
    return known["role"]


def guard(session_class: Any) -> None:
    """Put the wall into a session class (once, at start)."""
    event.listen(session_class, "do_orm_execute", _narrow)
    event.listen(session_class, "before_flush", _check_flush)
    event.listen(session_class, "after_begin", _begin)
    event.listen(session_class, "after_soft_rollback", _doubt)


def _begin(session: Session, begun: SessionTransaction, connection: sa.Connection) -> None:
    if not begun.nested:
        session.info.pop(_OWNERS, None)
    _tell_connection(session, connection)


def _narrow(state: ORMExecuteState) -> None:
    _follow(state.session)
    if state.is_column_load or not (state.is_select or state.is_update or state.is_delete):
        return
    state.statement = narrowed(state.statement)


def narrowed(statement: Any) -> Any:
    """A statement that finds only rows of the scope in force."""
    seen = _scope.get()
    if seen == EVERYONE:
        return statement
    return statement.options(*_criteria(seen))


@functools.lru_cache(1024)
def _criteria(seen: int | str) -> tuple[Any, ...]:
    """What holds every statement of a scope to it; made once, not for each statement."""
    company = seen if isinstance(seen, int) else -1
    criteria = [
        with_loader_criteria(OfCompany, lambda cls: cls.company_id == company, include_aliases=True),
        with_loader_criteria(MaybeOfCompany, lambda cls: cls.company_id == company, include_aliases=True),
        with_loader_criteria(Company, Company.id == company, include_aliases=True),
        # A bank's line is a company's once it is matched with its payment.
        with_loader_criteria(BankLine, BankLine.payment_id.in_(_payments_of(company)), include_aliases=True),
    ]
    if isinstance(seen, int):  # nobody yet: whoever signs in must be found first
        criteria.append(with_loader_criteria(User, User.company_id == company, include_aliases=True))
    return tuple(criteria)


def _payments_of(company: int) -> Any:
    return sa.select(Payment.id).where(Payment.company_id == company)


def _check_flush(session: Session, context: Any, instances: Any) -> None:
    _follow(session)
    seen = _scope.get()
    for thing in (*session.dirty, *session.deleted):
        state = sa.inspect(thing)
        if state.key is not None:
            session.info.get(_OWNERS, {}).pop((state.mapper.local_table, state.key[1][0]), None)
    for thing in (*session.new, *session.dirty, *session.deleted):
        if isinstance(thing, OfCompany | MaybeOfCompany):
            _check_row(session, thing, seen)


def _check_row(session: Session, thing: Any, seen: int | str) -> None:
    if isinstance(seen, int) and thing in session.new and thing.company_id is None:
        thing.company_id = seen
    if seen != EVERYONE and thing.company_id != seen:
        raise NotFound()
    if thing not in session.deleted:
        _check_links(session, thing)


def _check_links(session: Session, thing: Any) -> None:
    """Refuse a row that points at another company's row (T2)."""
    state = sa.inspect(thing)
    for name, target, mapper in _links(state.mapper):
        value = getattr(thing, name)
        if value is None or not state.attrs[name].history.has_changes():
            continue
        owner = _owner_of(session, target, mapper, value)
        if owner is not None and thing.company_id is not None and owner != thing.company_id:
            raise NotFound()


@functools.cache
def _links(mapper: Mapper[Any]) -> tuple[tuple[str, sa.Table, Mapper[Any] | None], ...]:
    """Attributes of a kind of row that point at rows of companies: (name, table, its mapper)."""
    mappers = {one.local_table: one for one in mapper.registry.mappers}
    return tuple(
        (mapper.get_property_by_column(column).key, key.column.table, mappers.get(key.column.table))
        for column in mapper.local_table.columns
        for key in column.foreign_keys
        if "company_id" in key.column.table.columns and key.column.table.name != "ab_user"
    )


def _owner_of(session: Session, target: sa.Table, mapper: Mapper[Any] | None, value: int) -> int | None:
    """The company of a row: as this session holds it, as its transaction has seen it, or as the database says."""
    held = session.identity_map.get(mapper.identity_key_from_primary_key((value,))) if mapper is not None else None
    if held is not None and "company_id" in held.__dict__ and not _moves(held):
        return int(held.company_id) if held.company_id is not None else None
    seen: dict[tuple[sa.Table, int], int | None] = session.info.setdefault(_OWNERS, {})
    if (target, value) not in seen:
        found = session.connection().execute(sa.select(target.c.company_id).where(target.c.id == value)).first()
        if found is None:
            return None
        seen[target, value] = found[0]
    return seen[target, value]


def _moves(held: Any) -> bool:
    """Whether a loaded row is about to change its company: what the database says counts then."""
    return bool(sa.inspect(held).attrs.company_id.history.has_changes())
