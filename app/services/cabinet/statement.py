"""Our book of a company's accounts as a statement: opening, every operation that changes the debt, closing."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.period import Period
from app.models import Account, Document, Entry, LedgerAccount, Payment, Posting
from app.rules.reconciling import Balance, StatementLine, balance_of
from app.services import ledger

LONGEST = 50_000  # operations of a statement shown or matched on a page


@dataclass(frozen=True)
class Operation:
    """A line of the statement with what it came from."""

    line: StatementLine
    kind: str
    document_id: int | None
    document_kind: str
    payment_id: int | None
    account: str
    saldo: Decimal  # the debt after it


@dataclass(frozen=True)
class Statement:
    """A period of one currency; `balance` holds opening, turnovers and closing as debts to us."""

    period: Period
    currency: str
    operations: list[Operation]
    balance: Balance


def statement_of(session: Session, actor: Actor, account_ids: list[int], period: Period) -> Statement:
    """The operations of some accounts of the company in one currency; four statements."""
    actor.need(Right.CABINET_DOCUMENTS)
    currency = _currency(session, actor, account_ids)
    before = ledger.balances(session, account_ids, period.start - dt.timedelta(days=1))
    opening = -sum((book.net for book in before.values()), Decimal("0.00"))
    rows = session.execute(_query(actor, account_ids, period)).mappings().all()
    if len(rows) > LONGEST:
        raise Refused(N_("The period has too many operations for a page. Choose a shorter one."))
    debt, operations = opening, []
    for number, row in enumerate(rows, 1):
        debt += row["effect"]
        operations.append(_operation(number, row, debt))
    return Statement(period, currency, operations, balance_of(opening, [one.line for one in operations]))


def _currency(session: Session, actor: Actor, account_ids: list[int]) -> str:
    known = session.execute(
        sa.select(Account.id, Account.currency).where(
            Account.id.in_(account_ids), Account.company_id == actor.company_id
        )
    ).all()
    if not known or len(known) != len(set(account_ids)):
        raise NotFound()
    currencies = {currency for _, currency in known}
    if len(currencies) > 1:
        raise Refused(N_("The accounts are in different currencies. Choose accounts of one currency."))
    return currencies.pop()


def _query(actor: Actor, account_ids: list[int], period: Period) -> Any:
    side = sa.or_(LedgerAccount.id == Posting.debit_id, LedgerAccount.id == Posting.credit_id)
    moved = sa.case((LedgerAccount.id == Posting.debit_id, Posting.amount), else_=-Posting.amount)
    effect = sa.func.sum(moved)
    about = (
        Entry.id,
        Entry.happened_on,
        Entry.kind,
        Entry.document_id,
        Entry.payment_id,
        Document.kind.label("document_kind"),
        Document.number.label("document_number"),
        Payment.number.label("payment_number"),
        Payment.reference,
        Account.number.label("account"),
    )
    return (
        sa.select(*about, effect.label("effect"))
        .join(Posting, Posting.entry_id == Entry.id)
        .join(LedgerAccount, side)
        .join(Account, Account.id == Entry.account_id)
        .outerjoin(Document, Document.id == Entry.document_id)
        .outerjoin(Payment, Payment.id == Entry.payment_id)
        .where(
            Entry.account_id.in_(account_ids),
            Entry.company_id == actor.company_id,
            Entry.happened_on >= period.start,
            Entry.happened_on < period.end,
            LedgerAccount.account_id.in_(account_ids),
            LedgerAccount.kind.in_([kind.value for kind in ledger.OF_ACCOUNT]),
        )
        .group_by(*about)
        # An invoice settled from an advance moves no debt.
        .having(effect != sa.literal(Decimal(0), Posting.amount.type))
        .order_by(Entry.happened_on, Entry.id)
        .limit(LONGEST + 1)
    )


def _operation(number: int, row: Any, debt: Decimal) -> Operation:
    effect: Decimal = row["effect"]
    of_document = row["document_number"] is not None
    reference = row["document_number"] if of_document else row["reference"] or row["payment_number"]
    is_credit = effect < 0
    line = StatementLine(
        day=row["happened_on"],
        number=reference or "",
        debit=Decimal(0) if is_credit else effect,
        credit=-effect if is_credit else Decimal(0),
        line_number=number,
    )
    return Operation(
        line=line,
        kind=row["kind"],
        document_id=row["document_id"],
        document_kind=row["document_kind"] or "",
        payment_id=row["payment_id"],
        account=row["account"],
        saldo=debt,
    )
