"""The reconciliation act: what both sides' accounts say of a period, read from the ledger, frozen and numbered.

Debit raises what the company owes (invoices with their acts), credit lowers it (payments, credit notes).
 Opening + debits
− credits = closing, and the closing of one period is the opening of the next.
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.period import Period
from app.models import Account, Company, Contract, Document, DocumentKind, Entry, EntryKind, Payment, Posting, Seller
from app.reports.words import Words, words_of
from app.services import ledger, numbering, parties, trail

ZERO = Decimal("0.00")
_SHOWN = (
    EntryKind.BILLED,
    EntryKind.CORRECTED,
    EntryKind.PAID,
    EntryKind.WRITE_OFF,
    EntryKind.CASHBACK,
    EntryKind.REVERSED,
    EntryKind.REFUNDED,
)
_PAID = {EntryKind.PAID: "entry_payment", EntryKind.WRITE_OFF: "entry_write_off", EntryKind.CASHBACK: "entry_cashback"}


@dataclass(frozen=True)
class Row:
    """One operation: either debit or credit is not zero."""

    day: dt.date
    title: str
    debit: Decimal
    credit: Decimal
    document_id: int | None = None
    payment_id: int | None = None


@dataclass(frozen=True)
class Part:
    """Operations between two balances: opening + debits − credits = closing."""

    opening: Decimal
    rows: list[Row] = field(default_factory=list)

    @property
    def debit(self) -> Decimal:
        """The turnover that raised the debt."""
        return sum((r.debit for r in self.rows), ZERO)

    @property
    def credit(self) -> Decimal:
        """The turnover that lowered it."""
        return sum((r.credit for r in self.rows), ZERO)

    @property
    def closing(self) -> Decimal:
        """Opening + debits − credits; positive: the company owes."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True)
class OfContract(Part):
    """What one contract has of a statement over several; without a contract where accounts stand on none."""

    contract: Contract | None = None
    accounts: tuple[Account, ...] = ()


@dataclass(frozen=True)
class Statement(Part):
    """What our books say of one or more Accounts of a currency in a period, by contract where there are several."""

    accounts: tuple[Account, ...] = ()
    period: Period = field(kw_only=True)
    groups: tuple[OfContract, ...] = ()


def _period(start: dt.date, last: dt.date) -> Period:
    if last < start:
        raise Refused(N_("The period ends before it begins. Correct its dates."))
    return Period(start, last + dt.timedelta(days=1))


def need_past(last: dt.date, today: dt.date) -> None:
    """Both sides sign for what has happened: a period that is not over yet ends today at the latest."""
    if last > today:
        raise Refused(
            N_("The period ends in the future, on %(last)s. Choose a last day up to today, %(today)s."),
            last=last.isoformat(),
            today=today.isoformat(),
        )


def statement(session: Session, actor: Actor, account_id: int, start: dt.date, last: dt.date) -> Statement:
    """Our books of an Account from `start` to `last`, both days included."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    return statement_of(session, actor, [account], start, last)


def statement_of(session: Session, actor: Actor, accounts: list[Account], start: dt.date, last: dt.date) -> Statement:
    """Our books of several Accounts of one company and currency together, by contract where they have several."""
    for account in accounts:
        actor.need_company(account.company_id)
    actor.need(Right.LEDGER_READ if actor.is_staff else Right.CABINET_DOCUMENTS)
    period = _period(start, last)
    before, after = (_debts(session, accounts, day) for day in (start - dt.timedelta(days=1), last))
    rows = {account.id: _rows(session, account, period) for account in accounts}
    groups = []
    for contract, own in _by_contract(accounts):
        found = sorted((row for a in own for row in rows[a.id]), key=lambda row: row.day)
        group = OfContract(sum((before[a.id] for a in own), ZERO), found, contract, tuple(own))
        _need_sum(group, sum((after[a.id] for a in own), ZERO))
        groups.append(group)
    everything = sorted((row for a in accounts for row in rows[a.id]), key=lambda row: row.day)
    made = Statement(
        sum(before.values(), ZERO),
        everything,
        tuple(accounts),
        period=period,
        groups=tuple(groups) if len(groups) > 1 else (),
    )
    _need_sum(made, sum(after.values(), ZERO))
    return made


def _need_sum(part: Part, closing: Decimal) -> None:
    if part.closing != closing:
        raise Refused(N_("The books do not add up for this period. Tell the administrator."))


def _by_contract(accounts: list[Account]) -> list[tuple[Contract | None, list[Account]]]:
    """Accounts with their contract, the oldest contract first, those without one last."""
    groups: dict[int | None, list[Account]] = {}
    for account in accounts:
        groups.setdefault(account.contract_id, []).append(account)
    found = [(own[0].contract, own) for own in groups.values()]
    return sorted(found, key=lambda g: (g[0] is None, g[0].signed_on, g[0].id) if g[0] else (True, dt.date.max, 0))


def _debts(session: Session, accounts: list[Account], day: dt.date) -> dict[int, Decimal]:
    books = ledger.balances(session, [a.id for a in accounts], day)
    return {a.id: -books.get(a.id, ledger.Balance()).net for a in accounts}


def _rows(session: Session, account: Account, period: Period) -> list[Row]:
    ids = ledger.ids_of(session, account)
    moved = sa.func.sum(
        sa.case((Posting.debit_id.in_(ids), Posting.amount), else_=0)
        - sa.case((Posting.credit_id.in_(ids), Posting.amount), else_=0)
    )
    act = aliased(Document)
    query = (
        sa.select(Entry, Document, act, Payment, sa.type_coerce(moved, Posting.amount.type))
        .join(Posting, Posting.entry_id == Entry.id)
        .outerjoin(Document, Document.id == Entry.document_id)
        .outerjoin(act, act.basis_id == Document.id)
        .outerjoin(Payment, Payment.id == Entry.payment_id)
        .where(
            Entry.account_id == account.id,
            Entry.happened_on >= period.start,
            Entry.happened_on < period.end,
            Entry.kind.in_([kind.value for kind in _SHOWN]),
        )
        .group_by(Entry.id, Document.id, act.id, Payment.id)
        .order_by(Entry.happened_on, Entry.id)
    )
    words = words_of(account.payer.locale or account.company.locale or "en")
    rows = []
    for entry, document, its_act, payment, amount in session.execute(query):
        if amount:
            title = _title(words, entry, document, its_act, payment, account.seller.country)
            debit, credit = (amount, ZERO) if amount > 0 else (ZERO, -amount)
            rows.append(Row(entry.happened_on, title, debit, credit, entry.document_id, entry.payment_id))
    return rows


_ENTRY_WORDS = {
    DocumentKind.INVOICE: "entry_invoice",
    DocumentKind.ACT: "entry_act",
    DocumentKind.CREDIT_NOTE: "entry_correction",
    DocumentKind.CORRECTION_ACT: "entry_correction",
}


def _title(
    words: Words, entry: Entry, document: Document | None, act: Document | None, payment: Payment | None, country: str
) -> str:
    shown = document if country == "PL" else act or document  # in Poland the invoice itself is the primary document
    if shown is not None:
        key = _ENTRY_WORDS[DocumentKind(shown.kind)]
        return words(key, number=shown.number, date=f"{shown.issued_on:%d.%m.%Y}")
    reference = f", {payment.reference}" if payment and payment.reference else ""
    key = _PAID.get(EntryKind(entry.kind), "entry_return")
    return words(key, number=payment.number if payment else "") + reference


def make_act(
    session: Session,
    actor: Actor,
    company_id: int,
    start: dt.date,
    last: dt.date,
    account_id: int | None = None,
    currency: str | None = None,
) -> Document:
    """A reconciliation act of a company for a period (both days included), numbered and frozen.

    One act has one currency: it is over all the company's accounts of it, by contract where there are several, or over
    the account named.
    """
    accounts = accounts_of(session, actor, company_id, account_id, currency)
    account = accounts[0]
    seller = session.get_one(Seller, account.seller_id)
    need_past(last, clock.today(seller.zone))
    made = statement_of(session, actor, accounts, start, last)
    day = numbering.date_for(session, seller.id, DocumentKind.RECONCILIATION, clock.today(seller.zone))
    act = Document(
        company_id=account.company_id,
        kind=DocumentKind.RECONCILIATION.value,
        seller_id=seller.id,
        account_id=account.id,
        payer_id=account.payer_id,
        contract_id=None if made.groups else account.contract_id,
        issued_on=day,
        period_start=made.period.start,
        period_end=made.period.end,
        currency=account.currency,
        locale=account.payer.locale or account.company.locale,
        settlement="paid",
        seller_snapshot_id=parties.freeze(session, seller),
        payer_snapshot_id=parties.freeze(session, account.payer),
        data=_frozen(made),
    )
    act.sequence, act.number = numbering.number_next(session, seller, DocumentKind.RECONCILIATION, day)
    session.add(act)
    session.flush()
    trail.record(session, actor, "reconciliation.make", "document", act.id, company_id=account.company_id)
    return act


def account_named(session: Session, actor: Actor, company_id: int, number: str) -> int:
    """The id of a company's account by its number."""
    actor.need_company(company_id)
    found = session.scalar(sa.select(Account.id).where(Account.company_id == company_id, Account.number == number))
    if found is None:
        raise NotFound(N_("The company has no such account. Choose one of its accounts."))
    return found


def accounts_of(
    session: Session, actor: Actor, company_id: int, account_id: int | None = None, currency: str | None = None
) -> list[Account]:
    """The accounts one act of a company is over: the one named, or all (of a currency) that may stand together."""
    company = session.get(Company, company_id)
    if company is None:
        raise NotFound(N_("There is no such company. Check its code."))
    actor.need_company(company.id)
    accounts = list(session.scalars(sa.select(Account).where(Account.company_id == company.id).order_by(Account.id)))
    if account_id is not None:
        accounts = [a for a in accounts if a.id == account_id]
    if currency:
        accounts = [a for a in accounts if a.currency == currency]
    if not accounts:
        raise NotFound(N_("The company has no such account. Choose one of its accounts."))
    if len({(a.currency, a.seller_id, a.payer_id) for a in accounts}) > 1:
        raise Refused(
            N_("The company's accounts differ in currency, Seller or payer. Name one of: %(numbers)s."),
            numbers=", ".join(a.number for a in accounts),
        )
    return accounts


def _frozen(made: Statement) -> dict[str, object]:
    frozen: dict[str, object] = {**_frozen_part(made), "accounts": [a.number for a in made.accounts]}
    if made.groups:
        frozen["lines"] = []  # each contract has its own
        frozen["contracts"] = [
            {
                **_frozen_part(group),
                "number": group.contract.number if group.contract else "",
                "signed_on": group.contract.signed_on.isoformat() if group.contract else "",
                "accounts": [a.number for a in group.accounts],
            }
            for group in made.groups
        ]
    return frozen


def _frozen_part(part: Part) -> dict[str, object]:
    return {
        "opening": str(part.opening),
        "lines": [[r.day.isoformat(), r.title, str(r.debit), str(r.credit)] for r in part.rows],
        "debit": str(part.debit),
        "credit": str(part.credit),
        "closing": str(part.closing),
    }
