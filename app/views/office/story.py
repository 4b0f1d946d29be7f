"""The whole story of a customer on one page: what `office/company.html` and `office/account.html` show."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.extensions import db
from app.models import (
    Account,
    AuditEvent,
    Company,
    CreditLimit,
    DeliveryChange,
    Document,
    Entry,
    LedgerAccount,
    Payer,
    Payment,
    Posting,
    Subscriber,
    Subscription,
    Ticket,
    User,
)
from app.models.document import UNPAID_INVOICE
from app.services import ledger
from app.views.office import cells

SHOWN = 8


def as_of() -> dt.date | None:
    """The past day a balance is asked for, or None for now."""
    try:
        return dt.date.fromisoformat(request.args.get("as_of", ""))
    except ValueError:
        return None


def of_company(company: Company, actor: Actor) -> dict[str, Any]:
    """Identity, balances, what is unpaid, the last of everything."""
    day = as_of()
    accounts = list(
        db.session.scalars(
            sa.select(Account)
            .options(joinedload(Account.payer))
            .where(Account.company_id == company.id)
            .order_by(Account.number)
            .limit(50)
        )
    )
    balances = ledger.balances(db.session(), [one.id for one in accounts], day)
    unpaid = open_invoices(Document.company_id == company.id)
    overdue = [one for one in unpaid if one.due_on and one.due_on < clock.today(company.seller.zone)]
    return {
        "title": company.name,
        "company": company,
        "accounts": accounts,
        "account_balances": {one.id: balances.get(one.id, ledger.Balance()) for one in accounts},
        "balances": _by_currency(accounts, balances),
        "as_of": day,
        "unpaid": unpaid,
        "overdue": overdue,
        "overdue_sum": _sums(overdue),
        "payments": _payments(Payment.company_id == company.id),
        "documents": _documents(Document.company_id == company.id),
        "subscriptions": _subscriptions(Subscription.company_id == company.id),
        "subscription_count": _count(Subscription, Subscription.company_id == company.id),
        "subscriber_count": _count(Subscriber, Subscriber.company_id == company.id),
        "payers": list(db.session.scalars(sa.select(Payer).where(Payer.company_id == company.id).limit(SHOWN))),
        "tickets": _tickets(company.id) if actor.may(Right.TICKETS_READ) else [],
        "people": list(db.session.scalars(sa.select(User).where(User.company_id == company.id).limit(20)).unique()),
        "events": _events(actor, AuditEvent.company_id == company.id),
    }


def of_account(account: Account, actor: Actor) -> dict[str, Any]:
    """The balance on any day, the moves behind it, what is unpaid, what is in force."""
    day = as_of()
    mine = account.id
    return {
        "title": account.number,
        "account": account,
        "balance": ledger.balance(db.session(), mine, day),
        "as_of": day,
        "limit": db.session.scalar(sa.select(CreditLimit).where(CreditLimit.account_id == mine)),
        "unpaid": open_invoices(Document.account_id == mine),
        "moves": moves_of(mine),
        "payments": _payments(Payment.account_id == mine),
        "documents": _documents(Document.account_id == mine),
        "subscriptions": _subscriptions(Subscription.account_id == mine),
        "subscriber_count": _count(Subscriber, Subscriber.account_id == mine),
        "deliveries": list(
            db.session.scalars(
                sa.select(DeliveryChange)
                .where(DeliveryChange.account_id == mine)
                .order_by(DeliveryChange.valid_from.desc())
                .limit(SHOWN)
            )
        ),
        "events": _events(actor, AuditEvent.target == "account", AuditEvent.target_id == str(mine)),
    }


def open_invoices(*where: Any, limit: int = 50) -> list[Document]:
    """Invoices not paid in full, the oldest debt first."""
    return list(
        db.session.scalars(
            sa.select(Document).where(*where, UNPAID_INVOICE).order_by(Document.due_on, Document.id).limit(limit)
        )
    )


def moves_of(account_id: int, limit: int = 20) -> list[dict[str, Any]]:
    """The last entries that changed what the account owes or prepaid, as one debit and one credit each."""
    own = dict(
        db.session.execute(
            sa.select(LedgerAccount.id, LedgerAccount.kind).where(LedgerAccount.account_id == account_id)
        ).all()
    )
    entries = (
        db.session.scalars(
            sa.select(Entry)
            .options(joinedload(Entry.document), joinedload(Entry.payment))
            .where(Entry.account_id == account_id, Entry.kind.not_in(ledger.UNSEEN))
            .order_by(Entry.happened_on.desc(), Entry.id.desc())
            .limit(limit)
        )
        .unique()
        .all()
    )
    postings: dict[int, list[Posting]] = {}
    for one in db.session.scalars(sa.select(Posting).where(Posting.entry_id.in_([e.id for e in entries]))):
        postings.setdefault(one.entry_id, []).append(one)
    return [_move(entry, postings.get(entry.id, []), own) for entry in entries]


def _move(entry: Entry, postings: list[Posting], own: dict[int, str]) -> dict[str, Any]:
    change = Decimal(0)  # of what the account has: more is better
    for one in postings:
        change += one.amount * ((one.credit_id in own) - (one.debit_id in own))
    return {
        "id": entry.id,
        "kind": entry.kind,
        "happened_on": entry.happened_on,
        "document": entry.document,
        "payment": entry.payment,
        "charged": -change if change < 0 else None,
        "paid": change if change > 0 else None,
    }


def _by_currency(accounts: list[Account], balances: dict[int, ledger.Balance]) -> dict[str, ledger.Balance]:
    total: dict[str, ledger.Balance] = {}
    for one in accounts:
        sofar, own = total.get(one.currency, ledger.Balance()), balances.get(one.id, ledger.Balance())
        total[one.currency] = ledger.Balance(sofar.receivable + own.receivable, sofar.advances + own.advances)
    return total


def _sums(documents: list[Document]) -> str:
    by: dict[str, Decimal] = {}
    for one in documents:
        by[one.currency] = by.get(one.currency, Decimal(0)) + one.total - one.paid
    return " · ".join(cells.plain_amount(amount, currency) for currency, amount in by.items())


def _payments(*where: Any) -> list[Payment]:
    return list(db.session.scalars(sa.select(Payment).where(*where).order_by(Payment.id.desc()).limit(SHOWN)))


def _documents(*where: Any) -> list[Document]:
    query = sa.select(Document).where(*where).order_by(Document.issued_on.desc(), Document.id.desc()).limit(SHOWN)
    return list(db.session.scalars(query))


def _subscriptions(*where: Any) -> list[Subscription]:
    query = sa.select(Subscription).options(joinedload(Subscription.plan)).where(*where)
    return list(db.session.scalars(query.order_by(Subscription.id.desc()).limit(SHOWN)))


def _count(model: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*where)) or 0


def _tickets(company_id: int) -> list[Ticket]:
    query = sa.select(Ticket).where(Ticket.company_id == company_id).order_by(Ticket.id.desc()).limit(5)
    return list(db.session.scalars(query))


def _events(actor: Actor, *where: Any) -> list[AuditEvent]:
    if not actor.may(Right.AUDIT_READ):
        return []
    return list(db.session.scalars(sa.select(AuditEvent).where(*where).order_by(AuditEvent.id.desc()).limit(SHOWN)))
