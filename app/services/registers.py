"""Registers for bookkeepers: invoices, acts, payments, charges and balances of a month, streamed as XLSX or CSV."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.core.money import half_up
from app.core.period import Month
from app.models import (
    Account,
    Allocation,
    Charge,
    Company,
    Component,
    Document,
    DocumentKind,
    Payer,
    Payment,
    Seller,
    Subscriber,
)
from app.reports.render.xlsx import Column
from app.services import ledger, names
from app.services.numbers import as_given
from app.services.pouring import BasisPoints, Form, LastDay, pour, pour_apart
from app.services.pouring_child import write as write_rows

FORMATS = ("xlsx", "csv")
Translate = Callable[[str], str]


@dataclass(frozen=True)
class Register:
    """Columns (titles are message ids), the titles summed below, and where its rows come from.

    `query` gives a statement and the column that says whose row it is; `rows` is for what no one statement gives.
    """

    columns: tuple[Column, ...]
    totals: tuple[str, ...]
    query: Callable[[Session, Month], tuple[Any, Any]] | None = None
    rows: Callable[[Session, Month, int | None], Iterator[Sequence[Any]]] | None = None


def write(
    session: Session,
    actor: Actor,
    kind: str,
    month: Month,
    fmt: str,
    out: BinaryIO,
    *,
    seller_id: int | None = None,
    translate: Translate = lambda text: text,
    delimiter: str = ";",
    bom: bool = True,
    apart: bool = False,
) -> int:
    """Write the register of a month (of one Seller, or of all) to `out`; returns the number of its rows.

    `apart` reads and writes in a small process of its own: committed rows only, into a real file.
    """
    actor.need(Right.EXPORTS_RUN)
    if kind not in REGISTERS:
        raise Refused(
            N_("There is no register %(name)s. Choose one of: %(known)s."), name=kind, known=", ".join(REGISTERS)
        )
    if fmt not in FORMATS:
        raise Refused(N_("A register comes as xlsx or csv. Choose one of them."))
    register = REGISTERS[kind]
    columns = [Column(translate(c.title), c.kind, c.width) for c in register.columns]
    totals = [translate(title) for title in register.totals]
    form = Form(fmt, columns, totals, f"{kind} {month}", translate(N_("Total")), delimiter, bom)
    if register.rows is not None:
        return write_rows(out, form.to_dict(), register.rows(session, month, seller_id))
    assert register.query is not None
    query, seller = register.query(session, month)
    if seller_id is not None:
        query = query.where(seller == seller_id)
    return pour_apart(session, query, form, out).rows if apart else pour(session, query, form, out)


_PARTY = (Company.code, Company.name, Account.number, Payer.name.label("payer"), Payer.tax_code)


def _documents(kinds: tuple[DocumentKind, ...]) -> Callable[[Session, Month], tuple[Any, Any]]:
    def asked(session: Session, month: Month) -> tuple[Any, Any]:
        query = (
            sa.select(
                Seller.code,
                Document.kind,
                Document.number,
                Document.issued_on,
                Document.due_on,
                *_PARTY,
                Document.currency,
                Document.net,
                Document.tax,
                Document.total,
                Document.paid,
                (Document.total - Document.paid),
            )
            .join(Seller, Seller.id == Document.seller_id)
            .join(Company, Company.id == Document.company_id)
            .join(Account, Account.id == Document.account_id)
            .join(Payer, Payer.id == Document.payer_id)
            .where(Document.kind.in_([k.value for k in kinds]), Document.period_start == month.first_day)
            .order_by(Document.issued_on, Document.id)
        )
        return query, Document.seller_id

    return asked


def _payments(session: Session, month: Month) -> tuple[Any, Any]:
    settled = sa.select(sa.func.count()).where(Allocation.payment_id == Payment.id).scalar_subquery()
    query = (
        sa.select(
            Seller.code,
            Payment.number,
            Payment.paid_on,
            *_PARTY,
            Payment.method,
            Payment.reference,
            Payment.purpose,
            Payment.currency,
            Payment.amount,
            Payment.paid_amount,
            Payment.paid_currency,
            Payment.fee,
            Payment.used,
            (Payment.amount - Payment.used),
            settled,
            Payment.state,
        )
        .join(Seller, Seller.id == Payment.seller_id)
        .join(Company, Company.id == Payment.company_id)
        .join(Account, Account.id == Payment.account_id)
        .outerjoin(Payer, Payer.id == Payment.payer_id)
        .where(Payment.paid_on >= month.period.start, Payment.paid_on < month.period.end)
        .order_by(Payment.paid_on, Payment.id)
    )
    return query, Payment.seller_id


def _charges(session: Session, month: Month) -> tuple[Any, Any]:
    """Each subscriber bears its last name of the month, as the month's documents print it (A1-15)."""
    query = (
        sa.select(
            Seller.code,
            Company.code,
            Company.name,
            Account.number,
            as_given(),
            names.name_at(names.ends_of(session, month.period.end)),
            Charge.name,
            Charge.kind,
            Charge.starts_on,
            sa.type_coerce(Charge.ends_on, LastDay()),
            Charge.quantity,
            Component.unit,
            Charge.unit_price,
            Account.currency,
            Charge.amount,
            sa.type_coerce(Charge.tax_bp, BasisPoints()),
            Charge.tax_included,
            Document.number,
        )
        .join(Seller, Seller.id == Charge.seller_id)
        .join(Account, Account.id == Charge.account_id)
        .join(Company, Company.id == Charge.company_id)
        .join(Component, Component.id == Charge.component_id)
        .outerjoin(Subscriber, Subscriber.id == Charge.subscriber_id)
        .outerjoin(Document, Document.id == Charge.document_id)
        .where(Charge.month == month.first_day)
        .order_by(Charge.account_id, Charge.id)
    )
    return query, Charge.seller_id


def _balances(session: Session, month: Month, seller_id: int | None) -> Iterator[Sequence[Any]]:
    """Opening and closing of every account in the month: positive is what the company owes."""
    query = (
        sa.select(Account.id, Seller.code, *_PARTY, Account.currency)
        .join(Seller, Seller.id == Account.seller_id)
        .join(Company, Company.id == Account.company_id)
        .join(Payer, Payer.id == Account.payer_id)
        .order_by(Account.id)
        .limit(1000)
    )
    if seller_id is not None:
        query = query.where(Account.seller_id == seller_id)
    before, last = month.first_day - dt.timedelta(days=1), month.period.last_day
    reached = 0
    while some := session.execute(query.where(Account.id > reached)).all():
        reached = some[-1][0]
        numbers = [row[0] for row in some]
        opening, closing = ledger.balances(session, numbers, before), ledger.balances(session, numbers, last)
        turnover = ledger.turnovers(session, numbers, month.period)
        for row in some:
            start, end = opening.get(row[0], ledger.Balance()), closing.get(row[0], ledger.Balance())
            debit, credit = turnover.get(row[0], (Decimal(0), Decimal(0)))
            yield (*row[1:], -start.net, debit, credit, half_up(-end.net), end.receivable, end.advances)


_ISSUED = (
    Column(N_("Seller"), "text", 12),
    Column(N_("Kind"), "text", 14),
    Column(N_("Number"), "text", 20),
    Column(N_("Date"), "date", 12),
    Column(N_("Due"), "date", 12),
    Column(N_("Company code"), "text", 18),
    Column(N_("Company"), "text", 36),
    Column(N_("Account"), "text", 16),
    Column(N_("Payer"), "text", 36),
    Column(N_("Tax code"), "text", 16),
    Column(N_("Currency"), "currency", 9),
    Column(N_("Net"), "money", 14),
    Column(N_("Tax"), "money", 14),
    Column(N_("Sum"), "money", 14),
    Column(N_("Paid"), "money", 14),
    Column(N_("Left to pay"), "money", 14),
)
_SUMS = (N_("Net"), N_("Tax"), N_("Sum"), N_("Paid"), N_("Left to pay"))
REGISTERS: dict[str, Register] = {
    "invoices": Register(_ISSUED, _SUMS, _documents((DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE))),
    "acts": Register(_ISSUED, _SUMS[:3], _documents((DocumentKind.ACT, DocumentKind.CORRECTION_ACT))),
    "payments": Register(
        (
            Column(N_("Seller"), "text", 12),
            Column(N_("Number"), "text", 20),
            Column(N_("Date"), "date", 12),
            *_ISSUED[5:10],
            Column(N_("Method"), "text", 16),
            Column(N_("Reference"), "text", 20),
            Column(N_("Purpose"), "text", 40),
            Column(N_("Currency"), "currency", 9),
            Column(N_("Sum"), "money", 14),
            Column(N_("Came in"), "money", 14),
            Column(N_("Came in, currency"), "text", 9),
            Column(N_("Gateway fee"), "money", 14),
            Column(N_("Used"), "money", 14),
            Column(N_("Advance"), "money", 14),
            Column(N_("Invoices"), "int", 10),
            Column(N_("State"), "text", 12),
        ),
        (N_("Sum"), N_("Gateway fee"), N_("Used"), N_("Advance")),
        _payments,
    ),
    "charges": Register(
        (
            Column(N_("Seller"), "text", 12),
            Column(N_("Company code"), "text", 18),
            Column(N_("Company"), "text", 36),
            Column(N_("Account"), "text", 16),
            Column(N_("Subscriber"), "text", 18),
            Column(N_("Subscriber name"), "text", 30),
            Column(N_("Service"), "text", 36),
            Column(N_("Kind"), "text", 12),
            Column(N_("From"), "date", 12),
            Column(N_("To"), "date", 12),
            Column(N_("Quantity"), "decimal4", 12),
            Column(N_("Unit"), "text", 10),
            Column(N_("Price"), "decimal4", 14),
            Column(N_("Currency"), "currency", 9),
            Column(N_("Amount"), "decimal4", 14),
            Column(N_("Tax, %"), "percent", 9),
            Column(N_("Tax included"), "int", 12),
            Column(N_("Document"), "text", 20),
        ),
        (N_("Amount"),),
        _charges,
    ),
    "balances": Register(
        (
            Column(N_("Seller"), "text", 12),
            *_ISSUED[5:11],
            Column(N_("Opening debt"), "money", 14),
            Column(N_("Billed"), "money", 14),
            Column(N_("Paid"), "money", 14),
            Column(N_("Closing debt"), "money", 14),
            Column(N_("Receivable"), "money", 14),
            Column(N_("Advances"), "money", 14),
        ),
        (N_("Opening debt"), N_("Billed"), N_("Paid"), N_("Closing debt"), N_("Receivable"), N_("Advances")),
        rows=_balances,
    ),
}
