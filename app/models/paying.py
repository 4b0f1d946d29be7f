"""Paying through a gateway: ways that Sellers offer, what customers began, what gateways said, money held."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Cents, Id, Instant, MaybeOfCompany, OfCompany, Stamped, one_of, ref, state, text
from app.models.company import Account, Company
from app.models.seller import Seller
from app.rules.lifecycle import AttemptState


class PaymentWay(Stamped, Model):
    """A gateway that a Seller offers, on its terms; percents × 100. The secret is sealed."""

    __tablename__ = "payment_way"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    gateway: Mapped[str] = text(40)
    name: Mapped[str] = text(120)
    description: Mapped[str] = text(300)
    translations: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # {"uk": {"name": …, "description": …}}
    commission_bp: Mapped[int] = mapped_column(default=0)
    commission_fixed: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    cashback_bp: Mapped[int] = mapped_column(default=0)
    minimum: Mapped[Decimal | None] = mapped_column(Cents)
    maximum: Mapped[Decimal | None] = mapped_column(Cents)
    is_on: Mapped[bool] = mapped_column(default=True)
    public_key: Mapped[str] = text(200)
    secret: Mapped[str] = mapped_column(sa.Text, default="")
    settings: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    seller: Mapped[Seller] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("seller_id", "gateway", "name"),
        sa.CheckConstraint("commission_bp >= 0 AND commission_fixed >= 0 AND cashback_bp >= 0", "not_negative"),
    )

    def __repr__(self) -> str:
        return self.name


class PaymentAttempt(OfCompany, Model):
    """A payment a customer began: `amount` goes to the account, `charged` is with the commission."""

    __tablename__ = "payment_attempt"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id")
    account_id: Mapped[int] = ref("account.id")
    payer_id: Mapped[int] = ref("payer.id")
    way_id: Mapped[int] = ref("payment_way.id")
    document_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("document.id"), index=True)
    order_id: Mapped[int | None] = ref("orders.id", null=True)  # the order it pays
    method_id: Mapped[int | None] = ref("payment_method.id", null=True)  # the saved method it is charged to
    save_method: Mapped[bool] = mapped_column(default=False)  # keep the card for next time (AST-141)
    order_no: Mapped[str] = mapped_column(sa.String(64), unique=True)
    amount: Mapped[Decimal] = mapped_column(Cents)
    commission: Mapped[Decimal] = mapped_column(Cents)
    cashback: Mapped[Decimal | None] = mapped_column(Cents)  # as the payer was shown it; NULL: begun before it was kept
    currency: Mapped[str] = text(3)
    state: Mapped[str] = state(AttemptState, AttemptState.NEW)
    external_id: Mapped[str | None] = mapped_column(sa.String(120))
    reason: Mapped[str] = text(300)
    payment_id: Mapped[int | None] = ref("payment.id", null=True)
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)  # the same form sent twice is one attempt
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    account: Mapped[Account] = relationship()
    company: Mapped[Company] = relationship()
    way: Mapped[PaymentWay] = relationship()
    __table_args__ = (
        one_of("state", AttemptState),
        sa.CheckConstraint("amount > 0 AND commission >= 0", "sums"),
    )

    @property
    def charged(self) -> Decimal:
        """What the customer pays in all."""
        return self.amount + self.commission


class GatewayEvent(Stamped, Model):
    """What a gateway said, once: by the digest of its words; never changed."""

    __tablename__ = "gateway_event"
    id: Mapped[Id]
    gateway: Mapped[str] = text(40)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    order_no: Mapped[str] = text(64, index=True)
    external_id: Mapped[str] = text(120)
    verdict: Mapped[str] = text(40)


class HeldMoney(MaybeOfCompany, Model):
    """Money a gateway took that fits no attempt as it should: a person decides; it is never lost (`product.md`)."""

    __tablename__ = "held_money"
    id: Mapped[Id]
    gateway: Mapped[str] = text(40)
    external_id: Mapped[str] = text(120)
    order_no: Mapped[str] = text(64)
    attempt_id: Mapped[int | None] = ref("payment_attempt.id", null=True)
    amount: Mapped[Decimal] = mapped_column(Cents)
    currency: Mapped[str] = text(3)
    refunded: Mapped[Decimal | None] = mapped_column(Cents)  # what of it the gateway gave back before anybody decided
    reason: Mapped[str] = text(40)
    payment_id: Mapped[int | None] = ref("payment.id", null=True)
    resolution: Mapped[str] = text(300)
    resolved_by: Mapped[str] = text(200)
    resolved_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    __table_args__ = (sa.UniqueConstraint("gateway", "external_id", "reason"),)


class SandboxCharge(Stamped, Model):
    """The sandbox's own books: what a shop asked for and what the card's owner did; 0.00 only keeps a card."""

    __tablename__ = "sandbox_charge"
    id: Mapped[Id]
    order_no: Mapped[str] = mapped_column(sa.String(64), unique=True)
    external_id: Mapped[str] = mapped_column(sa.String(120), unique=True)
    amount: Mapped[Decimal] = mapped_column(Cents)
    currency: Mapped[str] = text(3)
    purpose: Mapped[str] = text(300)
    return_url: Mapped[str] = text(300)
    state: Mapped[str] = text(12, default="waiting")  # waiting | asks (3-D Secure) | paid | declined | cancelled
    mask: Mapped[str] = text(20)
    keep: Mapped[bool] = mapped_column(default=False)  # the shop asked to keep the card
    token: Mapped[str] = text(60)  # by which the kept card is charged
