"""The invoice of equipment paid in parts: how much of it may be paid now, and which parts its payments have covered.

The invoice of the handover bears the whole sum with its VAT and no due day: its parts have the days (`docs/money.md`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from app.core import clock
from app.models import Account, Document, InstalmentPart, InstalmentPlan
from app.rules import instalments as rules
from app.rules.policies import PolicyKind
from app.services import policies


@dataclass(frozen=True)
class Limit:
    """Of an invoice paid in parts: what may be paid of it by now, and since when the earliest of it waits."""

    payable: Decimal
    next_on: dt.date


def limits(session: Session, invoices: Sequence[Document]) -> dict[int, Limit]:
    """The limits of those invoices that are paid in parts; one statement (and their parts'), none where none can be."""
    ids = [one.id for one in invoices if one.due_on is None]
    if not ids:
        return {}
    return {plan.document_id: limit_of(plan) for plan in _plans(session, ids) if plan.document_id is not None}


def _plans(session: Session, document_ids: Sequence[int]) -> list[InstalmentPlan]:
    query = sa.select(InstalmentPlan).where(InstalmentPlan.document_id.in_(document_ids))
    return list(session.scalars(query.options(selectinload(InstalmentPlan.parts))))


def limit_of(plan: InstalmentPlan) -> Limit:
    """The down payment and the parts that were invoiced; everything where the customer settles early."""
    invoiced = [part for part in plan.parts if part.state != "planned"]
    payable = plan.down_payment + sum((part.amount for part in invoiced), Decimal(0))
    waiting = [part.due_on for part in plan.parts if part.state != "paid"]
    return Limit(plan.total if plan.early_on else payable, min(waiting, default=plan.starts_on))


def waiting_parts() -> sa.Select[int, int, str, dt.date, Decimal, str]:
    """Every part that is not paid, with what is left of it: what a due day is asked of where its invoice has none."""
    return (
        sa.select(
            InstalmentPlan.company_id,
            InstalmentPlan.account_id,
            Account.currency,
            InstalmentPart.due_on,
            (InstalmentPart.amount - InstalmentPart.paid).label("left"),
            InstalmentPart.state,
        )
        .join(InstalmentPlan, InstalmentPlan.id == InstalmentPart.plan_id)
        .join(Account, Account.id == InstalmentPlan.account_id)
        .where(InstalmentPart.state != "paid", InstalmentPlan.document_id.is_not(None))
    )


def waiting_down_payments() -> sa.Select[int, dt.date, Decimal]:
    """What is left of down payments: they fall due on the day of the handover."""
    left = InstalmentPlan.down_payment - Document.paid
    return (
        sa.select(InstalmentPlan.account_id, InstalmentPlan.starts_on.label("due_on"), left.label("left"))
        .join(Document, Document.id == InstalmentPlan.document_id)
        .where(Document.paid < InstalmentPlan.down_payment)
    )


def follow(session: Session, invoice: Document) -> None:
    """Let the parts show what is paid of their invoice now; nothing where it is not paid in parts."""
    if invoice.due_on is not None:
        return
    for plan in _plans(session, [invoice.id]):
        covered = rules.paid_of_each(invoice.paid, plan.down_payment, [part.amount for part in plan.parts])
        turn = invoiced_until(session, invoice.seller_id)
        for part, paid in zip(plan.parts, covered, strict=True):
            part.paid = paid
            if paid == part.amount:
                part.state = "paid"
            elif part.state == "paid":  # its money was taken back
                part.state = "invoiced" if part.due_on <= turn else "planned"
    session.flush()


def invoiced_until(session: Session, seller_id: int) -> dt.date:
    """Parts due by this day are invoiced today: as long beforehand as an invoice leaves to pay."""
    calendar = policies.calendar_for(session, seller_id)
    today = clock.today(policies.zone_of(session, seller_id))
    return today + dt.timedelta(calendar[PolicyKind.INVOICE_DUE]["days"] - 1)
