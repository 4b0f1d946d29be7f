"""A company's documents: the list with its filters, one document with its lines, and what is behind a line."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import NotFound
from app.models import (
    Account,
    Allocation,
    Charge,
    Document,
    DocumentKind,
    DocumentLine,
    Payment,
    Subscriber,
)
from app.models.document import UNPAID_INVOICE
from app.rules.lifecycle import DocumentState
from app.services import names

PAGE = 25
LINES = 100  # a page of a document's lines
BEHIND = 50  # charges shown behind a line


@dataclass(frozen=True)
class Wanted:
    """Which documents a list shows. `after` is where the page before ended: (issued on, id)."""

    kind: str = ""
    account_id: int | None = None
    since: dt.date | None = None
    until: dt.date | None = None  # the last day that is in
    unpaid_only: bool = False
    after: tuple[dt.date, int] | None = None


@dataclass(frozen=True)
class Listed:
    """A page of rows; `more` is the place the next page begins after, None at the end."""

    rows: list[Any]
    more: tuple[dt.date, int] | None


COLUMNS = (
    Document.id,
    Document.kind,
    Document.number,
    Document.issued_on,
    Document.period_start,
    Document.period_end,
    Document.due_on,
    Document.currency,
    Document.total,
    Document.paid,
    Document.settlement,
    Document.state,
)


def list_documents(session: Session, actor: Actor, wanted: Wanted, limit: int = PAGE) -> Listed:
    """Documents of the company, the newest first; one statement."""
    actor.need(Right.CABINET_DOCUMENTS)
    query = (
        sa.select(*COLUMNS, Account.number.label("account"))
        .join(Account, Account.id == Document.account_id)
        .where(Document.company_id == actor.company_id, Document.state != DocumentState.DRAFT.value)
        .order_by(Document.issued_on.desc(), Document.id.desc())
        .limit(limit + 1)
    )
    rows = session.execute(_narrowed(query, wanted)).mappings().all()
    shown = list(rows[:limit])
    return Listed(shown, (shown[-1]["issued_on"], shown[-1]["id"]) if len(rows) > limit else None)


def _narrowed(query: Any, wanted: Wanted) -> Any:
    kinds = [wanted.kind] if wanted.kind in set(DocumentKind) else [kind.value for kind in DocumentKind]
    if wanted.unpaid_only:
        kinds = [DocumentKind.INVOICE.value] if DocumentKind.INVOICE in kinds else []
        query = query.where(UNPAID_INVOICE)
    query = query.where(Document.kind.in_(kinds))
    if wanted.account_id is not None:
        query = query.where(Document.account_id == wanted.account_id)
    if wanted.since is not None:
        query = query.where(Document.issued_on >= wanted.since)
    if wanted.until is not None:
        query = query.where(Document.issued_on <= wanted.until)
    if wanted.after is not None:
        day, row_id = wanted.after
        query = query.where(Document.issued_on <= day)  # where an index begins
        query = query.where(sa.or_(Document.issued_on < day, Document.id < row_id))
    return query


def document_of(session: Session, actor: Actor, document_id: int) -> Document:
    """A document of the actor's company; NotFound for any other."""
    actor.need(Right.CABINET_DOCUMENTS)
    query = (
        sa.select(Document)
        .where(Document.id == document_id, Document.company_id == actor.company_id)
        .where(Document.state != DocumentState.DRAFT.value)
        .options(sa.orm.joinedload(Document.account), sa.orm.joinedload(Document.seller))
    )
    document = session.scalars(query).first()
    if document is None:
        raise NotFound()
    return document


def lines_of(session: Session, document: Document, after: int = 0, limit: int = LINES) -> list[DocumentLine]:
    """A page of the lines that are printed; an act prints its invoice's."""
    owner = document.basis_id if document.kind == DocumentKind.ACT.value and document.basis_id else document.id
    query = (
        sa.select(DocumentLine)
        .where(DocumentLine.document_id == owner, DocumentLine.position > after)
        .order_by(DocumentLine.position)
        .limit(limit + 1)
    )
    return list(session.scalars(query))


def related_to(session: Session, document: Document) -> list[Any]:
    """What belongs together with a document: its act, its invoice, what corrects it."""
    one = aliased(Document)
    linked = sa.select(
        sa.literal("document").label("what"),
        one.id.label("id"),
        one.kind.label("kind"),
        one.number.label("number"),
        one.issued_on.label("day"),
        one.total.label("amount"),
    ).where(
        one.company_id == document.company_id,
        one.state != DocumentState.DRAFT.value,
        sa.or_(
            one.id.in_([known for known in (document.basis_id, document.corrects_id) if known]),
            one.basis_id == document.id,
            one.corrects_id == document.id,
        ),
    )
    return list(session.execute(linked.order_by(one.issued_on, one.id).limit(50)).mappings())


def payments_of(session: Session, document: Document) -> list[Any]:
    """What settled an invoice: (payment id, number, day, amount)."""
    query = (
        sa.select(Payment.id, Payment.number, Payment.paid_on, Allocation.amount)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.document_id == document.id, Allocation.company_id == document.company_id)
        .order_by(Payment.paid_on, Payment.id)
        .limit(50)
    )
    return list(session.execute(query).mappings())


@dataclass(frozen=True)
class Behind:
    """A line with the first of the charges it was made of; `more` where there are others."""

    document: Document
    line: DocumentLine
    charges: list[Any]
    more: bool


def explain_line(session: Session, actor: Actor, document_id: int, line_id: int) -> Behind:
    """The charges behind a line: days, formula, price and rule of each."""
    document = document_of(session, actor, document_id)
    owner = document.basis_id if document.kind == DocumentKind.ACT.value and document.basis_id else document.id
    line = session.scalars(
        sa.select(DocumentLine).where(DocumentLine.id == line_id, DocumentLine.document_id == owner)
    ).first()
    if line is None:
        raise NotFound()
    charge = Charge.__table__.c  # the document is the company's; a second condition would make SQLite walk all charges
    query = (
        sa.select(
            charge.name,
            charge.starts_on,
            charge.ends_on,
            charge.quantity,
            charge.unit_price,
            charge.amount,
            charge.explained,
            Subscriber.number.label("subscriber"),
            names.name_at(names.end_of(document.period_end, document.seller.zone)).label("subscriber_name"),
        )
        .select_from(Charge.__table__)
        .outerjoin(Subscriber, Subscriber.id == charge.subscriber_id)
        .where(
            charge.document_id == owner,
            charge.name == line.name,
            charge.tax_bp == line.tax_bp if line.tax_bp is not None else charge.tax_bp.is_(None),
        )
        .order_by(charge.id)
    )
    return _behind(session, document, line, query)


def _behind(session: Session, document: Document, line: DocumentLine, query: Any) -> Behind:
    own_price = query.where(Charge.__table__.c.unit_price == line.unit_price)
    for narrowed in (own_price, query):  # lines of one name at different prices stay apart; a mean price has all
        rows = session.execute(narrowed.limit(BEHIND + 1)).all()
        if rows:
            break
    return Behind(document, line, list(rows[:BEHIND]), len(rows) > BEHIND)
