"""Money of a company: its payments with what they settled, and its balances as of any past day."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import NotFound
from app.models import Account, Allocation, Document, InstalmentPart, InstalmentPlan, Payer, Payment, PaymentAttempt
from app.rules.lifecycle import AttemptState, PaymentState
from app.services import ledger

PAGE = 25
WITH_COMMISSION = sa.and_(  # what was begun with a commission and credited without it
    PaymentAttempt.payment_id == Payment.id,
    PaymentAttempt.state == AttemptState.PAID.value,
    PaymentAttempt.commission > 0,
    PaymentAttempt.amount >= Payment.amount,
)


@dataclass(frozen=True)
class Wanted:
    """Which payments a list shows; `after` is where the page before ended: (paid on, id). `text` is of a number."""

    account_id: int | None = None
    state: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    after: tuple[dt.date, int] | None = None
    text: str = ""


@dataclass(frozen=True)
class Listed:
    """A page of payments; `settled` is payment id → [(document id, number, amount)]."""

    rows: list[Any]
    settled: dict[int, list[Any]]
    more: tuple[dt.date, int] | None


def list_payments(session: Session, actor: Actor, wanted: Wanted | None = None, limit: int = PAGE) -> Listed:
    """Payments of the company, the newest first, with the invoices each settled; two statements."""
    actor.need(Right.CABINET_PAYMENTS)
    rows = session.execute(_narrowed(actor, wanted or Wanted(), limit + 1)).mappings().all()
    shown = list(rows[:limit])
    settled: dict[int, list[Any]] = {}
    query = (
        sa.select(Allocation.payment_id, Document.id, Document.number, Allocation.amount)
        .join(Document, Document.id == Allocation.document_id)
        .where(Allocation.payment_id.in_([row["id"] for row in shown]), Allocation.company_id == actor.company_id)
        .order_by(Allocation.id)
        .limit(1000)
    )
    for payment_id, *about in session.execute(query) if shown else ():
        settled.setdefault(payment_id, []).append(about)
    return Listed(shown, settled, (shown[-1]["paid_on"], shown[-1]["id"]) if len(rows) > limit else None)


def last_payments(session: Session, actor: Actor, limit: int) -> list[Any]:
    """The newest payments, without what they settled; one statement."""
    actor.need(Right.CABINET_PAYMENTS)
    return list(session.execute(_narrowed(actor, Wanted(), limit)).mappings())


def _narrowed(actor: Actor, wanted: Wanted, limit: int) -> Any:
    query = (
        sa.select(
            Payment.id,
            Payment.called.label("called"),
            Payment.paid_on,
            Payment.method,
            Payment.currency,
            Payment.amount,
            Payment.used,
            Payment.state,
            Payment.purpose,
            Payment.reference,
            Payment.paid_currency,
            Payment.paid_amount,
            PaymentAttempt.commission,
            Account.number.label("account"),
            Payer.name.label("payer"),
        )
        .join(Account, Account.id == Payment.account_id)
        .outerjoin(Payer, Payer.id == Payment.payer_id)
        .outerjoin(PaymentAttempt, WITH_COMMISSION)
        .where(Payment.company_id == actor.company_id)
        .order_by(Payment.paid_on.desc(), Payment.id.desc())
        .limit(limit)
    )
    query = _chosen(query, wanted)
    if wanted.after is not None:
        day, row_id = wanted.after
        query = query.where(sa.or_(Payment.paid_on < day, sa.and_(Payment.paid_on == day, Payment.id < row_id)))
    return query


def count_payments(session: Session, actor: Actor, wanted: Wanted) -> int:
    """How many payments the list has in all (AST-094)."""
    actor.need(Right.CABINET_PAYMENTS)
    query = sa.select(sa.func.count()).select_from(Payment).where(Payment.company_id == actor.company_id)
    return session.scalar(_chosen(query, wanted)) or 0


def _chosen(query: Any, wanted: Wanted) -> Any:
    if wanted.text:
        named = (Payment.number, Payment.reference, Payment.purpose)
        query = query.where(sa.or_(*(column.contains(wanted.text, autoescape=True) for column in named)))
    if wanted.account_id is not None:
        query = query.where(Payment.account_id == wanted.account_id)
    if wanted.state:
        query = query.where(Payment.state == wanted.state)
    else:  # what was said and came in is shown once: as the money
        query = query.where(Payment.state != PaymentState.CONFIRMED.value)
    if wanted.since is not None:
        query = query.where(Payment.paid_on >= wanted.since)
    if wanted.until is not None:
        query = query.where(Payment.paid_on <= wanted.until)
    return query


def payment_of(session: Session, actor: Actor, payment_id: int) -> Payment:
    """A payment of the actor's company with its account; NotFound for any other."""
    actor.need(Right.CABINET_PAYMENTS)
    query = (
        sa.select(Payment)
        .where(Payment.id == payment_id, Payment.company_id == actor.company_id)
        .options(sa.orm.joinedload(Payment.account))
    )
    payment = session.scalars(query).first()
    if payment is None:
        raise NotFound()
    return payment


def commission_of(session: Session, payment: Payment) -> Decimal:
    """What was paid above what was credited: the commission of its way."""
    query = sa.select(PaymentAttempt.commission).join(Payment, WITH_COMMISSION).where(Payment.id == payment.id)
    return session.scalar(query.limit(1)) or Decimal(0)


def settled_by(session: Session, payment: Payment) -> list[Any]:
    """What a payment settled: (document id, kind, number, issued on, amount, when)."""
    query = (
        sa.select(
            Document.id,
            Document.kind,
            Document.number,
            Document.issued_on,
            Allocation.amount,
            Allocation.allocated_on,
        )
        .join(Document, Document.id == Allocation.document_id)
        .where(Allocation.payment_id == payment.id, Allocation.company_id == payment.company_id)
        .order_by(Allocation.id)
        .limit(200)
    )
    return list(session.execute(query).mappings())


def balances_on(session: Session, actor: Actor, account_ids: list[int], day: dt.date) -> dict[int, ledger.Balance]:
    """The balances of the company's accounts at the end of a past day, from the books."""
    actor.need(Right.CABINET_PAYMENTS)
    return ledger.balances(session, account_ids, day)


@dataclass(frozen=True)
class Invoiced:
    """The invoice of a handover, and what is paid of it."""

    id: int
    number: str
    paid: Decimal


@dataclass(frozen=True)
class Instalments:
    """A plan of equipment paid in parts: what is left of it (A1-09)."""

    plan: InstalmentPlan
    parts: list[InstalmentPart]
    invoice: Invoiced | None = None

    @property
    def left(self) -> list[InstalmentPart]:
        """The parts not yet paid."""
        return [part for part in self.parts if part.state != "paid"]

    @property
    def down_due(self) -> Decimal:
        """What of the down payment is still to be paid."""
        paid = self.invoice.paid if self.invoice else self.plan.down_payment
        return max(self.plan.down_payment - paid, Decimal(0))

    @property
    def remains(self) -> Decimal:
        """All that is still to be paid: what settling early costs today."""
        return self.down_due + sum((part.amount - part.paid for part in self.left), Decimal(0))


def instalments_of(session: Session, actor: Actor) -> list[Instalments]:
    """Every instalment plan of the company with its parts and its invoice; two statements."""
    actor.need(Right.CABINET_PAYMENTS)
    query = (
        sa.select(InstalmentPlan, Document.id, Document.number, Document.paid)
        .outerjoin(Document, Document.id == InstalmentPlan.document_id)
        .where(InstalmentPlan.company_id == actor.company_id)
        .options(sa.orm.selectinload(InstalmentPlan.parts))
        .order_by(InstalmentPlan.starts_on.desc(), InstalmentPlan.id.desc())
        .limit(100)
    )
    return [
        Instalments(plan, list(plan.parts), Invoiced(row_id, number or "", paid) if row_id else None)
        for plan, row_id, number, paid in session.execute(query).all()
    ]
