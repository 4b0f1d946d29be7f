"""Two companies with a row in every table, each text and amount of which is a canary and a stored-XSS payload.

Every row of company A has the id 555, of company B 777; what belongs to nobody has 111; 999 is nobody's id. So an id
in an address, a form or a query means the same stranger's thing whatever table it is of.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model

from app import models  # noqa: F401  # fills the metadata
from app.access.roles import STAFF, Role
from app.models.base import Instant, Scaled
from tests import makers

SHARED, A, B, NOBODY = 111, 555, 777, 999
MARK = {SHARED: "qzSHAREDqz", A: "qzALPHAqz", B: "qzBETAqz"}
PAYLOAD = "\"'></script><zz-xss onerror=1>{{7*7}}"
AMOUNT = {SHARED: Decimal("111.11"), A: Decimal("424242.42"), B: Decimal("731337.13")}
AMOUNT_OF_B = re.compile(r"731[\s,.\u00a0\u202f]{0,6}337[.,]13")
SPECIAL = {"currency": "UAH", "country": "UA", "locale": "uk", "code": ""}
ZERO = {"document.tax", "document.paid", "document_line.tax"}  # a document's net and tax make its total
FIRST, LAST = dt.date(2026, 10, 1), dt.date(2026, 11, 1)


@dataclass
class World:
    """What was written, and who may sign in."""

    people: dict[str, str] = field(default_factory=dict)  # role → user name
    stranger: str = ""
    tables: list[str] = field(default_factory=list)  # with rows of both companies


def _checked(table: sa.Table) -> dict[str, list[str]]:
    """column → the values its CHECK allows."""
    found = {}
    for constraint in table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            listed = re.fullmatch(r"\s*(\w+) IN \((.*)\)\s*", str(constraint.sqltext))
            if listed:
                found[listed[1]] = re.findall(r"'([^']*)'", listed[2])
    return found


def _text_value(column: sa.Column[Any], owner: int) -> str:
    length = getattr(column.type, "length", None) or 400
    for ending, value in SPECIAL.items():
        if value and (column.name == ending or column.name.endswith(f"_{ending}")) and length <= 16:
            return value
    mark = MARK[owner]
    if length >= len(mark) + len(PAYLOAD):
        return mark + PAYLOAD
    return mark if length >= len(mark) else {SHARED: "s", A: "a", B: "b"}[owner] * length


# A draft is not shown to anybody; the others are words the code knows and no CHECK holds.
GIVEN = {
    "document.state": "issued",
    "seller.zone": "Europe/Kyiv",
    "import_batch.kind": "customers",
    "import_mapping.kind": "customers",
    "rename_pack.lines": "[]",
    "tariff_rate.decimals": 4,
    "invitation.roles": [],
    "data_wish.kind": "erase",
    "data_wish.state": "new",
    "payment.exchange": None,  # frozen by us, never by a person
    "order_line.breakdown": [],
    "order_line.parameters": {},
    "cart_item.parameters": {},
}


def _value(column: sa.Column[Any], owner: int, allowed: dict[str, list[str]]) -> Any:  # noqa: C901  # a table of types
    if str(column) in GIVEN:
        return GIVEN[str(column)]
    if column.name in allowed:
        return allowed[column.name][0]
    states = column.info.get("states")
    if states:
        return next(iter(states)).value
    kind = column.type
    late = column.name.startswith(("end", "period_end", "valid_to", "due")) or column.name.endswith(("_to", "_end"))
    if isinstance(kind, Scaled):
        return Decimal(0) if str(column) in ZERO else AMOUNT[owner]
    if isinstance(kind, Instant):
        return dt.datetime.combine(LAST if late else FIRST, dt.time(9), dt.UTC)
    if isinstance(kind, sa.Date):
        return LAST if late else FIRST
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.JSON):
        return {"canary": MARK[owner] + PAYLOAD}
    if isinstance(kind, sa.Integer):
        return owner
    if isinstance(kind, sa.String):
        return _text_value(column, owner)
    raise TypeError(f"{column}: no canary for {kind!r}")


def owner_tables() -> list[sa.Table]:
    """Tables whose rows are of a company."""
    return [t for t in Model.metadata.sorted_tables if "company_id" in t.columns and t.name != "ab_user"]


def _row(table: sa.Table, owner: int) -> dict[str, Any]:
    allowed, values = _checked(table), {}
    for column in table.columns:
        if column.name == "id":
            values["id"] = owner
        elif column.name == "company_id":
            values["company_id"] = None if owner == SHARED else owner
        elif column.foreign_keys:
            target = next(iter(column.foreign_keys)).column.table
            theirs = target.name in ("company", "ab_user") or "company_id" in target.columns
            nobodys = owner == SHARED and theirs and target.name != "ab_user"
            values[column.name] = None if target is table or nobodys else _link(target, owner)
        elif column.nullable and (isinstance(column.type, sa.Date | Instant) or column.name.endswith("_id")):
            continue
        else:
            values[column.name] = _value(column, owner, allowed)
    if table.name == "posting":
        values["credit_id"] = owner + 1
    return values


def _link(target: sa.Table, owner: int) -> int:
    return owner if target.name in ("company", "ab_user") or "company_id" in target.columns else SHARED


def build(session: Any) -> World:
    """Write both companies (nothing is committed)."""
    world = World()
    _people_of_nobody(session, world)
    connection = session.connection()
    for table in Model.metadata.sorted_tables:
        if table.name.startswith("ab_"):
            continue
        if table.name == "company":
            for owner in (A, B):
                connection.execute(table.insert().values(**_row(table, owner)))
            _people_of_companies(session, world)
        elif "company_id" in table.columns:
            for owner in (A, B):
                row = _row(table, owner)
                connection.execute(table.insert().values(**row))
                if table.name == "ledger_account":  # a posting has two sides
                    other = {"id": owner + 1, "kind": _checked(table)["kind"][1]}
                    connection.execute(table.insert().values(**{**row, **other}))
            world.tables.append(table.name)
        elif [c.name for c in table.primary_key.columns] == ["id"]:
            owners = (A, B) if _is_of_somebody(table) else (SHARED,)
            for owner in owners if table.name != "passkey" else ():  # who has one passes a second step
                connection.execute(table.insert().values(**_row(table, owner)))
    return world


def _is_of_somebody(table: sa.Table) -> bool:
    """Whether a row must hang on a person's or a company's row, though it names no company."""
    return any(
        not column.nullable and (key.column.table.name == "ab_user" or "company_id" in key.column.table.columns)
        for column in table.columns
        for key in column.foreign_keys
    )


def _person(session: Any, role: Role, number: int, company: int | None) -> Any:
    name = f"{role.value}-{number}"
    mark = MARK[company or SHARED]
    more = {"last_name": mark, "email": f"{mark}{number}@example.org", "phone": mark, "username": name, "id": number}
    user = makers.user(session, role, None, **more)
    user.company_id = company
    session.flush()
    return user


def _people_of_nobody(session: Any, world: World) -> None:
    for n, role in enumerate(sorted(STAFF)):
        world.people[role.value] = _person(session, role, SHARED + n, None).username


def _people_of_companies(session: Any, world: World) -> None:
    for n, role in enumerate([Role.OWNER, Role.COMPANY_ADMINISTRATOR, Role.COMPANY_ACCOUNTANT, Role.EMPLOYEE]):
        world.people[role.value] = _person(session, role, A + n, A).username
    world.stranger = _person(session, Role.OWNER, B, B).username


# -- detectors ----------------------------------------------------------------------------------------------------


def rows_of(connection: sa.Connection, owner: int) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a company, by table."""
    found = {}
    for table in owner_tables():
        where = table.c.company_id == owner
        found[table.name] = [
            tuple(map(str, r)) for r in connection.execute(sa.select(table).where(where).order_by(table.c.id))
        ]
    for name, column in (("company", "id"), ("ab_user", "company_id")):
        table = Model.metadata.tables[name]
        rows = connection.execute(sa.select(table).where(table.c[column] == owner).order_by(table.c.id))
        found[name] = [tuple(map(str, r)) for r in rows]
    return found


def crosslinks(connection: sa.Connection, mine: int, theirs: int) -> list[str]:
    """Foreign keys by which a row of `mine` points at a row of `theirs`."""
    found = []
    for table in owner_tables():
        for column in table.columns:
            for key in column.foreign_keys:
                target = key.column.table
                if target.name in ("company",) or "company_id" not in target.columns:
                    continue
                other = target.alias()
                count = connection.scalar(
                    sa.select(sa.func.count())
                    .select_from(table.join(other, column == other.c.id))
                    .where(table.c.company_id == mine, other.c.company_id == theirs)
                )
                if count:
                    found.append(f"{table.name}.{column.name}")
    return found
