"""The accounts of a company with what they owe: for the header, the home page and every choice of account."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound
from app.models import Account, Document, InstalmentPlan, Payment, Seller
from app.models.document import UNPAID_INVOICE
from app.rules.lifecycle import DocumentState
from app.services import ledger, notices, parts

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class AccountLine:
    """An account: `balance` < 0 is a debt; `to_pay` is what its invoices still want, `overdue` the late part of it."""

    id: int
    number: str
    currency: str
    seller_id: int
    seller: str
    zone: str
    country: str
    balance: Decimal
    to_pay: Decimal
    overdue: Decimal
    due_on: dt.date | None  # of the earliest invoice that can still be paid in time
    overdue_since: dt.date | None
    waiting: Decimal  # what the company said it paid and the bank has not confirmed; no part of the balance
    later: Decimal  # what of the debt is equipment whose parts are not invoiced yet
    unread: int  # notices of the reader, counted along: every page shows both


def accounts_of(session: Session, actor: Actor) -> list[AccountLine]:
    """Every account of the actor's company, by number: one statement, and the ledger's."""
    asker = {"company": actor.company_id, "reader": actor.user_id}
    rows = session.execute(_statement(), asker).mappings().all()
    books = ledger.balances(session, list({row["id"] for row in rows}))
    return [_line(list(some), books) for _, some in groupby(rows, key=lambda row: row["id"])]


class _Asker:
    """Stands for whoever asks in the statement, which is made once and asked by every page."""

    company_id: Any = sa.bindparam("company", type_=sa.BigInteger())
    user_id: Any = sa.bindparam("reader", type_=sa.Integer())


@cache
def _statement() -> Any:
    actor = _Asker()
    mine = sa.select(Account.id).where(Account.company_id == actor.company_id)
    unpaid = (
        sa.select(Document.account_id, Document.due_on, sa.func.sum(Document.total - Document.paid).label("left"))
        .where(Document.account_id.in_(mine), Document.state == DocumentState.ISSUED.value, UNPAID_INVOICE)
        .group_by(Document.account_id, Document.due_on)
    )
    whole = unpaid.where(Document.due_on.is_not(None))  # the index of unpaid invoices has all of it, but no ids
    undated = unpaid.where(Document.due_on.is_(None), Document.id.not_in(_in_parts(actor)))
    parts_due = parts.waiting_parts().where(InstalmentPlan.company_id == actor.company_id).subquery()
    in_parts = sa.select(parts_due.c.account_id, parts_due.c.due_on, parts_due.c.left)
    down = parts.waiting_down_payments().where(InstalmentPlan.company_id == actor.company_id)
    owed = sa.union_all(whole, undated, in_parts.where(parts_due.c.state == "invoiced"), down).subquery()
    later = (
        sa.select(sa.func.sum(parts_due.c.left))
        .where(parts_due.c.account_id == Account.id, parts_due.c.state == "planned")
        .scalar_subquery()
    )
    return (
        sa.select(
            *_HEAD,
            later.label("later"),
            owed.c.due_on,
            owed.c.left,
            notices.unread_query(actor).scalar_subquery().label("unread"),
        )
        .join(Seller, Seller.id == Account.seller_id)
        .outerjoin(owed, owed.c.account_id == Account.id)
        .where(Account.company_id == actor.company_id)
        .order_by(Account.number, owed.c.due_on)
    )


def _in_parts(actor: _Asker) -> Any:
    """Invoices of equipment: their parts have the due days."""
    plans = sa.select(InstalmentPlan.document_id)
    return plans.where(InstalmentPlan.company_id == actor.company_id, InstalmentPlan.document_id.is_not(None))


_HEAD = (
    Account.id,
    Account.number,
    Account.currency,
    Account.seller_id,
    Seller.name,
    Seller.short_name,
    Seller.zone,
    Seller.country,
    # a literal, so that the index of what waits can serve it
    sa.select(sa.func.sum(Payment.amount))
    .where(Payment.account_id == Account.id, Payment.state == sa.literal_column("'unconfirmed'"))
    .scalar_subquery()
    .label("waiting"),
)


def _line(rows: list[Any], books: dict[int, ledger.Balance]) -> AccountLine:
    first = rows[0]
    today = clock.today(first["zone"])
    owed = [(row["due_on"], row["left"]) for row in rows if row["left"]]
    late = [(day, left) for day, left in owed if day is not None and day < today]
    coming = [day for day, _ in owed if day is not None and day >= today]
    return AccountLine(
        id=first["id"],
        number=first["number"],
        currency=first["currency"],
        seller_id=first["seller_id"],
        seller=first["short_name"] or first["name"],
        zone=first["zone"],
        country=first["country"],
        balance=books.get(first["id"], ledger.Balance()).net,
        to_pay=sum((left for _, left in owed), ZERO),
        overdue=sum((left for _, left in late), ZERO),
        due_on=min(coming, default=None),
        overdue_since=min((day for day, _ in late), default=None),
        waiting=first["waiting"] or ZERO,
        later=first["later"] or ZERO,
        unread=first["unread"],
    )


def account_among(accounts: list[AccountLine], account_id: int | None) -> AccountLine | None:
    """The account asked for; the first where none is; NotFound where it is not the company's."""
    if account_id is None:
        return accounts[0] if accounts else None
    for account in accounts:
        if account.id == account_id:
            return account
    raise NotFound()


def owned(session: Session, actor: Actor, account_id: int) -> Account:
    """An account of the actor's company; NotFound for any other."""
    account = session.scalars(
        sa.select(Account).where(Account.id == account_id, Account.company_id == actor.company_id)
    ).first()
    if account is None:
        raise NotFound()
    return account
