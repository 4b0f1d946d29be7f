"""The ledger: double-entry and append-only. A posting moves an amount from one ledger account (credit) to another
(debit), so the books sum to zero per currency by construction; triggers (migration) refuse every update and delete.
"""

import datetime as dt
from decimal import Decimal
from enum import StrEnum

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Cents, Id, MaybeOfCompany, index_where, one_of, ref, text


class LedgerKind(StrEnum):
    """What a ledger account is for (`domain.md` §6.3)."""

    RECEIVABLE = "receivable"
    ADVANCES = "advances"
    REVENUE = "revenue"
    VAT = "vat"
    CLEARING = "clearing"
    FEES = "fees"
    WRITE_OFF = "write_off"
    MARKETING = "marketing"
    VAT_ADVANCES = "vat_advances"  # VAT paid on money that is still an advance: VAT's counter-account
    EXCHANGE = "exchange"  # joins the two currencies of one payment: the same event on both sides of it
    FX = "fx"


class EntryKind(StrEnum):
    """What happened."""

    BILLED = "billed"
    CORRECTED = "corrected"
    PAID = "paid"
    ALLOCATED = "allocated"
    REVERSED = "reversed"
    REFUNDED = "refunded"
    OPENING = "opening"
    TAXED = "taxed"
    FEE = "fee"
    WRITE_OFF = "write_off"
    CASHBACK = "cashback"


class LedgerAccount(MaybeOfCompany, Model):
    """Receivable and advances of each Account; revenue, VAT and clearing of each Seller; one currency each."""

    __tablename__ = "ledger_account"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    account_id: Mapped[int | None] = ref("account.id", null=True, index=False)
    kind: Mapped[str] = text(12)
    currency: Mapped[str] = text(3)
    __table_args__ = (
        one_of("kind", LedgerKind),
        sa.Index("uq_ledger_account_of_account", "account_id", "kind", "currency", unique=True),
        sa.Index(
            "uq_ledger_account_of_seller",
            "seller_id",
            "kind",
            "currency",
            unique=True,
            sqlite_where=sa.text("account_id IS NULL"),
            postgresql_where=sa.text("account_id IS NULL"),
        ),
    )


class Entry(MaybeOfCompany, Model):
    """One event in the books; its key lets it happen once."""

    __tablename__ = "entry"
    id: Mapped[Id]
    company_id: Mapped[int | None] = ref("company.id", null=True, index=False)
    seller_id: Mapped[int] = ref("seller.id", index=False)
    account_id: Mapped[int | None] = ref("account.id", null=True, index=False)
    kind: Mapped[str] = text(10)
    happened_on: Mapped[dt.date]
    document_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("document.id"), index=True)
    payment_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("payment.id"))
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    postings: Mapped[list["Posting"]] = relationship(back_populates="entry")
    __table_args__ = (
        one_of("kind", EntryKind),
        sa.UniqueConstraint("company_id", "id"),  # postings point at both (PostgreSQL, migration 0002)
        index_where("ix_entry_payment_id", "payment_id", "payment_id IS NOT NULL"),
        sa.Index("ix_entry_account_id_happened_on", "account_id", "happened_on"),
    )


class Posting(MaybeOfCompany, Model):
    """`amount` > 0 from the credit account to the debit account, in one currency."""

    __tablename__ = "posting"
    id: Mapped[Id]
    entry_id: Mapped[int] = ref("entry.id")
    debit_id: Mapped[int] = ref("ledger_account.id", index=False)
    credit_id: Mapped[int] = ref("ledger_account.id", index=False)
    happened_on: Mapped[dt.date]
    currency: Mapped[str] = text(3)
    amount: Mapped[Decimal] = mapped_column(Cents)
    entry: Mapped[Entry] = relationship(back_populates="postings")
    __table_args__ = (
        sa.CheckConstraint("amount > 0", "positive"),
        sa.CheckConstraint("debit_id <> credit_id", "two_sides"),
        sa.Index("ix_posting_debit_id_happened_on", "debit_id", "happened_on", "amount"),
        sa.Index("ix_posting_credit_id_happened_on", "credit_id", "happened_on", "amount"),
    )
