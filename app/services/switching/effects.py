"""What switching would change on the bills: asked of billing's own statements, with the parts as they would be written.

Each line is priced as it is and as it would be; the difference is its effect. So days, price versions, promotions and
tax are billing's, and a closed month charges what the preview said.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.core.period import Month
from app.models import Seller
from app.services import sets
from app.services.billing import due
from app.services.billing.dialect import Sql, from_fine

ZERO = Decimal(0)
_ITEM = """id BIGINT, subscription_id BIGINT, component_id BIGINT, name VARCHAR(255), quantity BIGINT,
 unit_price BIGINT, valid_from DATE, valid_to DATE, PRIMARY KEY (subscription_id, id)"""
_COLUMNS = {
    "id": "BIGINT",
    "subscription_id": "BIGINT",
    "component_id": "BIGINT",
    "name": "TEXT",
    "quantity": "BIGINT",
    "unit_price": "BIGINT",
    "valid_from": "DATE",
    "valid_to": "DATE",
}
Key = tuple[int, int]  # subscription, component


@dataclass(frozen=True)
class Part:
    """A part of a subscription as it stands or would stand; quantity and price scaled as in the table."""

    subscription_id: int
    component_id: int
    since: dt.date
    until: dt.date | None
    quantity: int = 10_000
    unit_price: int | None = None


@dataclass(frozen=True)
class Change:
    """What a line would change: the parts of one component before and after."""

    account_id: int
    seller_id: int
    day: dt.date
    key: Key
    before: Sequence[Part]
    after: Sequence[Part]


@dataclass
class Effect:
    """The change of a whole month's bill and of the rest of the first month's; less is negative."""

    month: Decimal = ZERO
    first: Decimal = ZERO
    tax_bp: int | None = None
    tax_included: bool = True


def effects_of(session: Session, changes: Sequence[Change]) -> dict[Key, Effect]:
    """The effect of each change; a few statements a Seller and month, whatever the number of lines."""
    found: dict[Key, Effect] = defaultdict(Effect)
    groups: dict[tuple[int, Month], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.seller_id, Month.of(change.day)].append(change)
    for (seller_id, month), some in groups.items():
        seller = session.get_one(Seller, seller_id)
        for key, amount in _differences(session, seller, month, some, found):
            found[key].first += amount
        for key, amount in _differences(session, seller, month.shift(1), some, found):
            found[key].month += amount
    return found


def _differences(
    session: Session, seller: Seller, month: Month, changes: Sequence[Change], found: dict[Key, Effect]
) -> Iterable[tuple[Key, Decimal]]:
    accounts = sorted({change.account_id for change in changes})
    for sign, parts in (
        (1, [part for change in changes for part in change.after]),
        (-1, [part for change in changes for part in change.before]),
    ):
        if not parts:
            continue
        sql = due.month_sql(session, seller, month)
        _open(sql, accounts, parts)
        for row in due.price_items(sql, "switch_item"):
            effect = found[row["subscription_id"], row["component_id"]]
            effect.tax_bp = row["tax_bp"] if row["tax_bp"] >= 0 else None
            effect.tax_included = bool(row["tax_included"])
            yield (row["subscription_id"], row["component_id"]), sign * from_fine(row["amount"])


def _open(sql: Sql, accounts: Sequence[int], parts: Sequence[Part]) -> None:
    """Billing's scratch tables for these accounts, and the parts beside them."""
    due.open_scratch(sql)
    sql.run(
        "INSERT INTO bill_account SELECT a.id, a.company_id, a.payer_id, a.contract_id, a.currency "  # noqa: S608
        f"FROM account a JOIN {sets.id_source(sql.session, 'accounts')} ON r.id = a.id",
        accounts=sets.dump(accounts),
    )
    sql.scratch("switch_item", _ITEM)
    rows = [
        [at, p.subscription_id, p.component_id, "", p.quantity, p.unit_price, p.since.isoformat(), _iso(p.until)]
        for at, p in enumerate(parts)
    ]
    names = ", ".join(_COLUMNS)
    source = sets.row_source(sql.session, "parts", _COLUMNS)
    sql.run(f"INSERT INTO switch_item ({names}) SELECT {names} FROM {source}", parts=sets.dump(rows))  # noqa: S608
    sql.learn("bill_account", "switch_item")


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day is not None else None
