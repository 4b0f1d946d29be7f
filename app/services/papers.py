"""The papers of a month: what its regular invoice is made of, and in which files it travels.

A regular invoice travels with its act and, where the month was charged by subscriber, with the report on charges; all
in the account's format. `own` papers belong to one invoice or credit note, `month` papers to a whole month.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.models import Charge, Document, DocumentKind
from app.rules.lifecycle import DocumentState
from app.services import documents

OWN, MONTH = "own", "month"
MONEY = (DocumentKind.INVOICE.value, DocumentKind.CREDIT_NOTE.value)
ACTS = (DocumentKind.ACT.value, DocumentKind.CORRECTION_ACT.value)
REGULAR = (*MONEY, *ACTS, DocumentKind.CHARGES.value)
_FILES = {"pdf": ("pdf", "pdf"), "xlsx": ("xlsx", "xlsx"), "xlsx_split": ("xlsx", documents.SPLIT)}
LONG = 2000  # charges; more are rendered by a job, not by the letter's own transaction


@dataclass(frozen=True)
class Paper:
    """A document in one of its formats: pdf, xlsx or split."""

    document: Document
    format: str


def invoice_of(session: Session, account_id: int, month: Month) -> Document | None:
    """The regular invoice of a month (the credit note of a month that came to less than nothing)."""
    found = [one for one in regular_of(session, account_id, month) if one.kind in MONEY]
    return found[0] if found else None


def regular_of(session: Session, account_id: int, month: Month) -> Sequence[Document]:
    """What billing runs issued to an account for a month: each invoice or credit note before its act."""
    query = (
        sa.select(Document)
        .where(
            Document.account_id == account_id,
            Document.kind.in_((*MONEY, *ACTS)),
            Document.period_start == month.first_day,
            Document.run_id.is_not(None),
            Document.state == DocumentState.ISSUED.value,
        )
        .order_by(sa.func.coalesce(Document.basis_id, Document.id), Document.id)
        .options(sa.orm.joinedload(Document.seller), sa.orm.joinedload(Document.company))
    )
    return session.scalars(query).all()


def papers_of(session: Session, actor: Actor, document: Document, extent: str, account_format: str) -> list[Paper]:
    """The papers that travel with an invoice, in an account's format; a missing report on charges is made."""
    month = Month.of(document.period_start)
    regular = regular_of(session, document.account_id, month)
    if extent == OWN:
        regular = [one for one in regular if document.id in (one.id, one.basis_id)]
    plain, detailed = _FILES[account_format]
    papers = [Paper(one, plain) for one in regular or [document]]
    report = _report(session, actor, document.account_id, month, account_format)
    return [*papers, Paper(report, detailed)] if report is not None else papers


def _report(session: Session, actor: Actor, account_id: int, month: Month, account_format: str) -> Document | None:
    """The report on charges, where it says more than the invoice: by subscriber, or by working hours."""
    mine = sa.select(Charge.id).where(Charge.account_id == account_id, Charge.month == month.first_day).limit(1)
    if account_format != "xlsx_split" and not session.scalar(mine.where(Charge.subscriber_id.is_not(None))):
        return None
    try:
        return documents.charge_report(session, actor, account_id, month)
    except Refused:  # nothing was charged: an invoice entered by hand
        return None


def is_long(session: Session, document: Document) -> bool:
    """Whether the month has so many charges that its files are a job's work."""
    query = sa.select(Charge.id).where(Charge.account_id == document.account_id, Charge.month == document.period_start)
    return session.execute(query.limit(1).offset(LONG)).first() is not None
