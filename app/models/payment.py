"""Money in: payments, what they settle, saved methods, lines of bank statements, instalment plans."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Cents, Id, Instant, OfCompany, Stamped, index_where, one_of, ref, state, text
from app.models.company import Account, Company, Payer
from app.models.document import Document
from app.rules.lifecycle import PaymentMethodState, PaymentState


class Payment(OfCompany, Model):
    """Money in to an Account. `used` is what is allocated; the rest is an advance."""

    __tablename__ = "payment"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    account_id: Mapped[int] = ref("account.id", index=False)
    payer_id: Mapped[int | None] = ref("payer.id", null=True)
    number: Mapped[str | None] = mapped_column(sa.String(60))
    sequence: Mapped[int | None]
    method: Mapped[str] = text(40, default="bank_transfer")
    paid_on: Mapped[dt.date]
    currency: Mapped[str] = text(3)
    amount: Mapped[Decimal] = mapped_column(Cents)
    used: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    state: Mapped[str] = state(PaymentState, PaymentState.NEW)
    purpose: Mapped[str] = text(500)
    reference: Mapped[str] = text(120)  # the number of the bank's or the gateway's document
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)  # the same money comes in once
    details: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    fee: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))  # what the gateway kept, in the money's currency
    advance_tax_bp: Mapped[int | None]  # the rate its advance was taxed at when it came in; NULL: not taxed
    advance_tax: Mapped[Decimal | None] = mapped_column(Cents)  # VAT on what is still an advance
    paid_currency: Mapped[str] = text(3)  # of the money itself where it is not the account's
    paid_amount: Mapped[Decimal | None] = mapped_column(Cents)
    exchange: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # the rate it was turned at (`rules.exchange`)
    account: Mapped[Account] = relationship()
    company: Mapped[Company] = relationship()
    payer: Mapped[Payer | None] = relationship()
    allocations: Mapped[list["Allocation"]] = relationship(back_populates="payment")
    __table_args__ = (
        one_of("state", PaymentState),
        sa.UniqueConstraint("seller_id", "number"),
        sa.CheckConstraint("amount > 0", "positive"),
        sa.CheckConstraint("used >= 0 AND used <= amount", "within"),
        sa.Index("ix_payment_paid_on_id", "paid_on", "id"),
        sa.Index("ix_payment_account_id_paid_on", "account_id", "paid_on"),
        index_where("ix_payment_unconfirmed", "account_id", "state = 'unconfirmed'"),
    )

    @hybrid_property
    def called(self) -> str:
        """The number a customer knows it by: cashback bears that of the payment it is for (AST-092)."""
        return self.reference if self.method == "cashback" else self.number or self.reference

    @called.inplace.expression
    @classmethod
    def _called(cls) -> sa.ColumnElement[str]:
        return sa.case((cls.method == "cashback", cls.reference), else_=sa.func.coalesce(cls.number, cls.reference))

    def __repr__(self) -> str:
        return f"{self.number or self.reference or self.id}"


class Allocation(OfCompany, Model):
    """What a payment settles of an invoice."""

    __tablename__ = "allocation"
    id: Mapped[Id]
    payment_id: Mapped[int] = ref("payment.id", index=False)
    document_id: Mapped[int] = ref("document.id")
    amount: Mapped[Decimal] = mapped_column(Cents)
    allocated_on: Mapped[dt.date]
    payment: Mapped[Payment] = relationship(back_populates="allocations")
    document: Mapped[Document] = relationship()
    __table_args__ = (sa.UniqueConstraint("payment_id", "document_id"), sa.CheckConstraint("amount > 0", "positive"))


class PaymentMethod(OfCompany, Model):
    """A saved way to pay: only a token and a mask are here."""

    __tablename__ = "payment_method"
    id: Mapped[Id]
    payer_id: Mapped[int | None] = ref("payer.id", null=True)
    gateway: Mapped[str] = text(40)
    name: Mapped[str] = text(120)
    mask: Mapped[str] = text(40)
    token: Mapped[str] = text(255)
    way_id: Mapped[int | None] = ref("payment_way.id", null=True)  # whose keys the token belongs to
    account_id: Mapped[int | None] = ref("account.id", null=True)
    deleted_at: Mapped[dt.datetime | None] = mapped_column(Instant)  # payments that used it still name it
    order_no: Mapped[str] = text(64, index=True)  # under which it is being saved at the gateway, without a payment
    external_id: Mapped[str] = text(120)  # the gateway's own number of that
    reason: Mapped[str] = text(300)  # why it does not work
    state: Mapped[str] = state(PaymentMethodState, PaymentMethodState.SETTING_UP)
    monthly_maximum: Mapped[Decimal | None] = mapped_column(Cents)
    __table_args__ = (one_of("state", PaymentMethodState),)

    @property
    def called(self) -> str:
        """Its name, with the mask where the name does not say it: two cards are told apart however they are named."""
        return self.name if self.mask in self.name else f"{self.name} {self.mask}".strip()


class AutoTopUp(OfCompany, Model):
    """Automatic top-up of an account at a low balance, by what a month needs (AST-101…108)."""

    __tablename__ = "auto_top_up"
    id: Mapped[Id]
    account_id: Mapped[int] = ref("account.id", index=False)
    method_id: Mapped[int] = ref("payment_method.id")
    payer_id: Mapped[int] = ref("payer.id")
    threshold: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))  # tops up when free money falls below
    monthly_maximum: Mapped[Decimal | None] = mapped_column(Cents)  # NULL: unlimited
    is_on: Mapped[bool] = mapped_column(default=True)
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    paused_until: Mapped[dt.datetime | None] = mapped_column(Instant)  # after a charge that failed
    account: Mapped[Account] = relationship()
    method: Mapped[PaymentMethod] = relationship()
    __table_args__ = (sa.UniqueConstraint("account_id"),)


class BankLine(Stamped, Model):
    """A line of a bank statement, matched to a payment or waiting for a person."""

    __tablename__ = "bank_line"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id")
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    booked_on: Mapped[dt.date]
    currency: Mapped[str] = text(3)
    amount: Mapped[Decimal] = mapped_column(Cents)
    counterparty: Mapped[str] = text(255)
    tax_code: Mapped[str] = text(20)
    purpose: Mapped[str] = text(500)
    payment_id: Mapped[int | None] = ref("payment.id", null=True)


class InstalmentPlan(OfCompany, Model):
    """Equipment paid in parts: n equal parts, the last takes the remainder."""

    __tablename__ = "instalment_plan"
    id: Mapped[Id]
    account_id: Mapped[int] = ref("account.id")
    name: Mapped[str] = text(255)
    total: Mapped[Decimal] = mapped_column(Cents)
    down_payment: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    starts_on: Mapped[dt.date]
    document_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("document.id"))  # the invoice of the handover
    early_on: Mapped[dt.date | None]  # the day from which money beyond what is due settles further parts
    parts: Mapped[list["InstalmentPart"]] = relationship(back_populates="plan", order_by="InstalmentPart.due_on")
    __table_args__ = (
        sa.CheckConstraint("total > 0 AND down_payment >= 0 AND down_payment <= total", "sums"),
        sa.Index("uq_instalment_plan_document_id", "document_id", unique=True),
    )


class InstalmentPart(OfCompany, Model):
    """One part of an instalment plan: planned, invoiced, paid."""

    __tablename__ = "instalment_part"
    id: Mapped[Id]
    plan_id: Mapped[int] = ref("instalment_plan.id", index=False)
    due_on: Mapped[dt.date]
    amount: Mapped[Decimal] = mapped_column(Cents)
    paid: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    state: Mapped[str] = text(10, default="planned")
    document_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("document.id"))
    plan: Mapped[InstalmentPlan] = relationship(back_populates="parts")
    __table_args__ = (sa.UniqueConstraint("plan_id", "due_on"), one_of("state", ("planned", "invoiced", "paid")))


class ExpectedPayment(OfCompany, Model):
    """An unconfirmed payment (A1-05) and the money that confirmed it, for both sides to see."""

    __tablename__ = "expected_payment"
    id: Mapped[Id]
    payment_id: Mapped[int] = ref("payment.id", index=False)  # what the customer said
    money_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("payment.id"))  # what came in
    bank_line_id: Mapped[int | None] = ref("bank_line.id", null=True)
    matched_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)  # when its state last changed
    decided_by: Mapped[str] = text(120)  # empty: Kabinet itself
    reason: Mapped[str] = text(300)  # why it was refused, withdrawn or unmatched
    payment: Mapped[Payment] = relationship(foreign_keys=[payment_id])
    money: Mapped[Payment | None] = relationship(foreign_keys=[money_id])
    __table_args__ = (
        sa.UniqueConstraint("payment_id"),
        sa.Index("uq_expected_payment_money_id", "money_id", unique=True),  # money confirms one of them at most
    )
