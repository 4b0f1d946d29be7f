"""The books: what is owed and what is prepaid, read from postings and written once an event.

Receivable (debit) and advances (credit) are kept for each Account; revenue, VAT and clearing for each Seller.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.period import Period
from app.models import Account, Entry, EntryKind, LedgerAccount, LedgerKind, Posting

OF_ACCOUNT = (LedgerKind.RECEIVABLE, LedgerKind.ADVANCES)
OF_MONEY = (LedgerKind.REVENUE, LedgerKind.VAT, LedgerKind.CLEARING)  # what a billing run moves between
UNSEEN = tuple(kind.value for kind in (EntryKind.ALLOCATED, EntryKind.TAXED, EntryKind.FEE))  # move no balance

# Ways of «paying» in which no money comes, and what bears them; each has an entry kind of its name.
GIVEN = {"write_off": LedgerKind.WRITE_OFF, "cashback": LedgerKind.MARKETING}


class Move(NamedTuple):
    """`amount` > 0 from `credit` to `debit`; in the Account's own currency unless another is named."""

    debit: LedgerKind
    credit: LedgerKind
    amount: Decimal
    currency: str = ""


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


def accounts_for(session: Session, account: Account, moves: Iterable[Move]) -> dict[tuple[LedgerKind, str], int]:
    """Ids of the ledger accounts that moves of an Account join, by kind and currency; opened where missing."""
    wanted = {(kind, move.currency or account.currency) for move in moves for kind in (move.debit, move.credit)}
    query = sa.select(LedgerAccount.kind, LedgerAccount.currency, LedgerAccount.id).where(
        LedgerAccount.seller_id == account.seller_id,
        sa.or_(LedgerAccount.account_id == account.id, LedgerAccount.account_id.is_(None)),
        LedgerAccount.kind.in_({kind.value for kind, _ in wanted}),
    )
    found = {(LedgerKind(kind), currency): number for kind, currency, number in session.execute(query)}
    return {key: found.get(key) or _open(session, account, *key) for key in wanted}


def ids_of(session: Session, account: Account) -> list[int]:
    """Ids of an Account's own ledger accounts, receivable and advances; empty where nothing was ever posted."""
    return list(session.scalars(sa.select(LedgerAccount.id).where(LedgerAccount.account_id == account.id)))


def open_seller_accounts(session: Session, seller_id: int, currency: str) -> dict[LedgerKind, int]:
    """Ids of a Seller's own ledger accounts in a currency, opened where missing."""
    return {kind: _find_or_add(session, seller_id, None, None, kind, currency) for kind in OF_MONEY}


def _open(session: Session, account: Account, kind: LedgerKind, currency: str) -> int:
    owner, company = (account.id, account.company_id) if kind in OF_ACCOUNT else (None, None)
    return _find_or_add(session, account.seller_id, owner, company, kind, currency)


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
    moves: Sequence[Move],
    *,
    document_id: int | None = None,
    payment_id: int | None = None,
) -> Entry | None:
    """Write one entry of moves, those of zero left out; None where its key is already in the books."""
    moves = [move for move in moves if move.amount]
    with session.no_autoflush:  # what the entry is about is written together with it
        if session.scalar(sa.select(Entry.id).where(Entry.key == key)) is not None:
            return None
        ids = accounts_for(session, account, moves)
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
        Posting(
            debit_id=ids[move.debit, move.currency or account.currency],
            credit_id=ids[move.credit, move.currency or account.currency],
            currency=move.currency or account.currency,
            amount=move.amount,
            **common,
        )
        for move in moves
    ]
    session.add(entry)
    session.flush()
    return entry
