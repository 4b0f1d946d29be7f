"""The customer's half of the policy calendar: what falls due, is overdue or blocks on which day of a month."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.period import Period
from app.models import Account, Document, InstalmentPart, InstalmentPlan
from app.models.document import UNPAID_INVOICE
from app.rules.lifecycle import DocumentState


@dataclass(frozen=True)
class Due:
    """Money of an account that waits: invoices of one day of issue and one due day together."""

    account: str
    currency: str
    issued_on: dt.date
    due_on: dt.date
    left: Decimal


@dataclass(frozen=True)
class PartDue:
    """A part of an instalment plan that is not paid yet."""

    plan_id: int
    name: str
    currency: str
    due_on: dt.date
    left: Decimal


def dues_of(session: Session, actor: Actor, seller_id: int, issued_since: dt.date) -> list[Due]:
    """What the company's unpaid invoices wait for, of those issued since a day; one statement."""
    if not actor.may(Right.CABINET_DOCUMENTS):
        return []
    query = (
        sa.select(
            Account.number,
            Document.currency,
            Document.issued_on,
            Document.due_on,
            sa.func.sum(Document.total - Document.paid),
        )
        .join(Account, Account.id == Document.account_id)
        .where(
            Document.account_id.in_(sa.select(Account.id).where(Account.company_id == actor.company_id)),
            Document.seller_id == seller_id,
            Document.state == DocumentState.ISSUED.value,
            Document.issued_on >= issued_since,
            Document.due_on.is_not(None),
            UNPAID_INVOICE,
        )
        .group_by(Account.number, Document.currency, Document.issued_on, Document.due_on)
        .order_by(Document.due_on, Account.number)
        .limit(500)
    )
    return [
        Due(account, currency, issued_on, due_on or issued_on, left)
        for account, currency, issued_on, due_on, left in session.execute(query)
    ]


def parts_due(session: Session, actor: Actor, period: Period) -> list[PartDue]:
    """Parts of the company's instalment plans that fall due in a period and are not paid; one statement."""
    if not actor.may(Right.CABINET_PAYMENTS):
        return []
    query = (
        sa.select(
            InstalmentPlan.id,
            InstalmentPlan.name,
            Account.currency,
            InstalmentPart.due_on,
            InstalmentPart.amount - InstalmentPart.paid,
        )
        .join(InstalmentPlan, InstalmentPlan.id == InstalmentPart.plan_id)
        .join(Account, Account.id == InstalmentPlan.account_id)
        .where(
            InstalmentPart.company_id == actor.company_id,
            InstalmentPart.state != "paid",
            InstalmentPart.due_on >= period.start,
            InstalmentPart.due_on < period.end,
        )
        .order_by(InstalmentPart.due_on, InstalmentPart.id)
        .limit(500)
    )
    return [PartDue(*row) for row in session.execute(query).tuples()]
