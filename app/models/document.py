"""Documents: frozen, numbered, with the parties and lines they were made from. Nothing issued ever changes.

Database triggers (migration) let only `paid`, `settlement` and the DRAFT → ISSUED step be written after insertion.
"""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Cents, Fine, Id, Instant, OfCompany, Stamped, index_where, one_of, ref, text
from app.models.company import Account, Company
from app.models.seller import Seller
from app.rules.lifecycle import DocumentState, Settlement


class DocumentKind(StrEnum):
    """What a document is; each kind of a Seller has its own number series."""

    INVOICE = "invoice"
    ACT = "act"
    CREDIT_NOTE = "credit_note"
    CORRECTION_ACT = "correction_act"
    RECONCILIATION = "reconciliation"
    CHARGES = "charges"


class PartySnapshot(Stamped, Model):
    """The requisites of a party as they were when a document was made; one row for each distinct content."""

    __tablename__ = "party_snapshot"
    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("company.id"), index=True)  # NULL: a Seller
    data: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class Document(OfCompany, Model):
    """A numbered document. An act (`basis_id`) shares the lines of its invoice; a correction names what it corrects."""

    __tablename__ = "document"
    id: Mapped[Id]
    company_id: Mapped[int] = ref("company.id", index=False)
    kind: Mapped[str] = text(16)
    seller_id: Mapped[int] = ref("seller.id", index=False)
    account_id: Mapped[int] = ref("account.id", index=False)
    payer_id: Mapped[int] = ref("payer.id", index=False)
    contract_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("contract.id"))
    run_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("billing_run.id"))
    basis_id: Mapped[int | None] = ref("document.id", null=True, index=False)
    corrects_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("document.id"))
    state: Mapped[str] = text(10, default=DocumentState.ISSUED.value)
    number: Mapped[str | None] = mapped_column(sa.String(60))
    sequence: Mapped[int | None]  # the number inside its series
    issued_on: Mapped[dt.date]
    period_start: Mapped[dt.date]
    period_end: Mapped[dt.date]  # first day it is no longer for
    occurrence: Mapped[int] = mapped_column(default=0)  # 0: the regular one of the period; 1…: corrections
    due_on: Mapped[dt.date | None]
    currency: Mapped[str] = text(3)
    locale: Mapped[str] = text(8)
    net: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    tax: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    total: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    paid: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    settlement: Mapped[str] = text(8, default=Settlement.UNPAID.value)
    seller_snapshot_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("party_snapshot.id"))
    payer_snapshot_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("party_snapshot.id"))
    data: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # reconciliation: its rows; charges: its parameters
    company: Mapped[Company] = relationship()
    account: Mapped[Account] = relationship()
    seller: Mapped[Seller] = relationship()
    lines: Mapped[list["DocumentLine"]] = relationship(back_populates="document", order_by="DocumentLine.position")
    basis: Mapped["Document | None"] = relationship(foreign_keys=[basis_id], remote_side="Document.id")
    corrects: Mapped["Document | None"] = relationship(foreign_keys=[corrects_id], remote_side="Document.id")
    __table_args__ = (
        one_of("kind", DocumentKind),
        one_of("state", DocumentState),
        one_of("settlement", Settlement),
        sa.UniqueConstraint("number", "seller_id", "kind"),  # the number first: lists are searched by it
        sa.UniqueConstraint("company_id", "id"),  # lines point at both (PostgreSQL, migration 0002)
        index_where("ix_document_basis_id", "basis_id", "basis_id IS NOT NULL"),
        sa.Index(
            "uq_document_period",
            "account_id",
            "kind",
            "period_start",
            "occurrence",
            unique=True,
            sqlite_where=sa.text("run_id IS NOT NULL"),
            postgresql_where=sa.text("run_id IS NOT NULL"),
        ),
        sa.Index("ix_document_issued_on_id", "issued_on", "id"),
        sa.Index("ix_document_company_id_issued_on", "company_id", "issued_on", "id"),
        sa.Index("ix_document_run_id_account_id", "run_id", "account_id"),
        sa.Index(
            "ix_document_unpaid",
            "account_id",
            "due_on",
            "company_id",
            "state",
            "total",
            "paid",
            sqlite_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"),
            postgresql_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"),
        ),
        sa.Index(
            "ix_document_unpaid_due_on",
            "due_on",
            "currency",
            "company_id",
            "total",
            "paid",
            sqlite_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"),
            postgresql_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"),
        ),
        sa.CheckConstraint("net + tax = total", "adds_up"),
        sa.CheckConstraint("period_end > period_start", "in_order"),
    )

    def __repr__(self) -> str:
        return f"{self.kind} {self.number}"


# Said in literals, not in parameters, so that the index of unpaid invoices can serve it.
UNPAID_INVOICE = sa.and_(
    Document.kind == sa.literal_column("'invoice'"), Document.settlement != sa.literal_column("'paid'")
)


class DocumentLine(OfCompany, Model):
    """A printed line: net and tax rounded once, by running total or by line as the Seller's setting says."""

    __tablename__ = "document_line"
    id: Mapped[Id]
    document_id: Mapped[int] = ref("document.id", index=False)
    position: Mapped[int]
    name: Mapped[str] = text(255)
    unit: Mapped[str] = text(40)
    quantity: Mapped[Decimal] = mapped_column(Fine)
    unit_price: Mapped[Decimal] = mapped_column(Fine)
    amount: Mapped[Decimal] = mapped_column(Fine)  # the sum of its charges, before rounding
    tax_bp: Mapped[int | None]
    net: Mapped[Decimal] = mapped_column(Cents)
    tax: Mapped[Decimal] = mapped_column(Cents)
    gross: Mapped[Decimal] = mapped_column(Cents)
    document: Mapped[Document] = relationship(back_populates="lines")
    __table_args__ = (
        sa.UniqueConstraint("document_id", "position"),
        sa.CheckConstraint("net + tax = gross", "adds_up"),
    )


class DocumentFile(OfCompany, Model):
    """A rendered file, stored under its SHA-256; rendering again gives the same bytes."""

    __tablename__ = "document_file"
    id: Mapped[Id]
    document_id: Mapped[int] = ref("document.id", index=False)
    format: Mapped[str] = text(8)
    sha256: Mapped[str] = text(64)
    size: Mapped[int]
    document: Mapped[Document] = relationship()
    __table_args__ = (sa.UniqueConstraint("document_id", "format"),)


class Delivery(OfCompany, Model):
    """A document sent to an address, with the state of the sending."""

    __tablename__ = "delivery"
    id: Mapped[Id]
    document_id: Mapped[int] = ref("document.id")
    address: Mapped[str] = text(200)
    format: Mapped[str] = text(12)
    papers: Mapped[str] = text(10)  # "": the document alone; own: with its act and charges; month: all of its month
    state: Mapped[str] = text(10, default="pending")  # pending | sent | failed
    sent_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    message_id: Mapped[str] = mapped_column(sa.String(120), unique=True)
