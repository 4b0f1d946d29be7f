"""The books: what is owed and what is prepaid, read from postings and written once an event.

Receivable (debit) and advances (credit) are kept for each Account; revenue, VAT and clearing for each Seller.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.period import Period
from app.models import Account, Entry, EntryKind, LedgerAccount, LedgerKind, Posting

OF_ACCOUNT = (LedgerKind.RECEIVABLE, LedgerKind.ADVANCES)


@dataclass(frozen=True)
class Balance:
    """An Account's books: `receivable` it owes, `advances` it prepaid; `net` < 0 is a debt, > 0 is money in hand."""

    receivable: Decimal = Decimal(0)
    advances: Decimal = Decimal(0)

    @property
    def net(self) -> Decimal:
        """Advances less receivable."""
        return self.advances - self.receivable


def balance(session: Session, account_id: int, as_of: dt.date | None = None) -> Balance:
    """The balance of an Account now, or at the end of the day `as_of`."""
    return balances(session, [account_id], as_of).get(account_id, Balance())


def balances(session: Session, account_ids: list[int], as_of: dt.date | None = None) -> dict[int, Balance]:
    """Balances of many Accounts in one statement a thousand."""
    sums: dict[int, dict[str, Decimal]] = {}
    for at in range(0, len(account_ids), 1000):
        some = account_ids[at : at + 1000]
        sides = [_side(Posting.debit_id, 1, some, as_of), _side(Posting.credit_id, -1, some, as_of)]
        for account_id, kind, sign, amount in session.execute(sa.union_all(*sides)):
            kinds = sums.setdefault(int(account_id or 0), {})
            kinds[kind] = kinds.get(kind, Decimal(0)) + sign * amount
    zero = Decimal("0.00")
    return {a: Balance(k.get("receivable", zero), -k.get("advances", zero)) for a, k in sums.items()}


def _side(column: Any, sign: int, account_ids: list[int], as_of: dt.date | None) -> Any:
    query = (
        sa.select(LedgerAccount.account_id, LedgerAccount.kind, sa.literal(sign), sa.func.sum(Posting.amount))
        .join(LedgerAccount, LedgerAccount.id == column)
        .where(LedgerAccount.account_id.in_(account_ids))
        .group_by(LedgerAccount.account_id, LedgerAccount.kind)
    )
    return query if as_of is None else query.where(Posting.happened_on <= as_of)


def turnovers(session: Session, account_ids: list[int], period: Period) -> dict[int, tuple[Decimal, Decimal]]:
    """What raised (debit) and what lowered (credit) the debt of each Account in a period; up to 1,000 Accounts."""
    signed = sa.func.sum(
        sa.case((LedgerAccount.id == Posting.debit_id, Posting.amount), else_=0)
        - sa.case((LedgerAccount.id == Posting.credit_id, Posting.amount), else_=0)
    )
    query = (
        sa.select(Entry.account_id, sa.type_coerce(signed, Posting.amount.type))
        .join(Posting, Posting.entry_id == Entry.id)
        .join(LedgerAccount, sa.or_(LedgerAccount.id == Posting.debit_id, LedgerAccount.id == Posting.credit_id))
        .where(
            Entry.account_id.in_(account_ids),
            Entry.happened_on >= period.start,
            Entry.happened_on < period.end,
            Entry.kind != EntryKind.ALLOCATED.value,
            LedgerAccount.account_id == Entry.account_id,
        )
        .group_by(Entry.account_id, Entry.id)
    )
    sums: dict[int, tuple[Decimal, Decimal]] = {}
    for account_id, amount in session.execute(query):
        debit, credit = sums.get(int(account_id or 0), (Decimal(0), Decimal(0)))
        sums[int(account_id or 0)] = (debit + max(amount, Decimal(0)), credit + max(-amount, Decimal(0)))
    return sums


def accounts_of(session: Session, account: Account) -> dict[LedgerKind, int]:
    """Ids of the ledger accounts behind an Account and its Seller, opened where missing."""
    wanted: dict[LedgerKind, int | None] = {
        kind: account.id if kind in OF_ACCOUNT else None for kind in LedgerKind if kind != LedgerKind.FEES
    }
    return {kind: _open(session, account, kind, owner) for kind, owner in wanted.items()}


def ids_of(session: Session, account: Account) -> list[int]:
    """Ids of an Account's own ledger accounts, receivable and advances; empty where nothing was ever posted."""
    return list(session.scalars(sa.select(LedgerAccount.id).where(LedgerAccount.account_id == account.id)))


def open_seller_accounts(session: Session, seller_id: int, currency: str) -> dict[LedgerKind, int]:
    """Ids of a Seller's own ledger accounts in a currency, opened where missing."""
    kinds = [kind for kind in LedgerKind if kind not in OF_ACCOUNT]
    return {kind: _find_or_add(session, seller_id, None, None, kind, currency) for kind in kinds}


def _open(session: Session, account: Account, kind: LedgerKind, owner: int | None) -> int:
    company = account.company_id if owner else None
    return _find_or_add(session, account.seller_id, owner, company, kind, account.currency)


def _find_or_add(
    session: Session, seller_id: int, account_id: int | None, company_id: int | None, kind: LedgerKind, currency: str
) -> int:
    wanted = sa.select(LedgerAccount.id).where(
        LedgerAccount.seller_id == seller_id,
        LedgerAccount.account_id == account_id if account_id else LedgerAccount.account_id.is_(None),
        LedgerAccount.kind == kind.value,
        LedgerAccount.currency == currency,
    )
    found = session.scalar(wanted)
    if found is None:
        row = LedgerAccount(
            seller_id=seller_id, account_id=account_id, company_id=company_id, kind=kind.value, currency=currency
        )
        session.add(row)
        session.flush()
        found = row.id
    return found


def post(
    session: Session,
    account: Account,
    kind: EntryKind,
    key: str,
    day: dt.date,
    moves: list[tuple[LedgerKind, LedgerKind, Decimal]],
    *,
    document_id: int | None = None,
    payment_id: int | None = None,
) -> Entry | None:
    """Write one entry of (debit, credit, amount > 0) moves; None where its key is already in the books."""
    if session.scalar(sa.select(Entry.id).where(Entry.key == key)) is not None:
        return None
    ids = accounts_of(session, account)
    common = {"company_id": account.company_id, "happened_on": day}
    entry = Entry(
        seller_id=account.seller_id,
        account_id=account.id,
        kind=kind.value,
        key=key,
        document_id=document_id,
        payment_id=payment_id,
        **common,
    )
    entry.postings = [
        Posting(debit_id=ids[debit], credit_id=ids[credit], currency=account.currency, amount=amount, **common)
        for debit, credit, amount in moves
        if amount
    ]
    session.add(entry)
    session.flush()
    return entry
