"""A billing run, its accounts, and the charges it made. The database says what is to be done (`design.md`, law 7)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.errors import DomainError
from app.models.base import BigId, Fine, Id, Instant, OfCompany, Stamped, one_of, ref, state, text
from app.models.company import Account
from app.models.seller import Seller
from app.rules.lifecycle import RunItemState, RunState


class BillingRun(Stamped, Model):
    """Closing of a month for a Seller. Running it again bills only what was not billed."""

    __tablename__ = "billing_run"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    month: Mapped[dt.date]  # its first day
    issue_on: Mapped[dt.date]
    state: Mapped[str] = state(RunState, RunState.DRAFT)
    started_by: Mapped[str] = text(200)
    finished_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    # How many of its items there are, and are in which state: kept by each batch, so that nobody counts a million.
    accounts: Mapped[int] = mapped_column(default=0, server_default="0")
    billed: Mapped[int] = mapped_column(default=0, server_default="0")
    empty: Mapped[int] = mapped_column(default=0, server_default="0")
    quarantined: Mapped[int] = mapped_column(default=0, server_default="0")
    seller: Mapped[Seller] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("seller_id", "month"),
        one_of("state", RunState),
        sa.CheckConstraint("issue_on >= month", "issued_after_start"),
    )

    def __repr__(self) -> str:
        return f"{self.month:%Y-%m}"


class RunItem(OfCompany, Model):
    """One account in a run; the row's lock is the worker's lease."""

    __tablename__ = "run_item"
    id: Mapped[Id]
    run_id: Mapped[int] = ref("billing_run.id", index=False)
    account_id: Mapped[int] = ref("account.id")
    state: Mapped[str] = state(RunItemState, RunItemState.PENDING, index=False)
    reason: Mapped[str] = text(500)
    reason_params: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    attempts: Mapped[int] = mapped_column(default=0)
    run: Mapped[BillingRun] = relationship()
    account: Mapped[Account] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("run_id", "account_id"),
        sa.Index("ix_run_item_run_id_state", "run_id", "state", "id"),
        one_of("state", RunItemState),
    )

    @property
    def trouble(self) -> DomainError | None:
        """Why the account is in quarantine, as a sentence that is said in the reader's language."""
        return DomainError(self.reason, **(self.reason_params or {})) if self.reason else None


class Charge(OfCompany, Model):
    """An amount (4 decimals) owed for a part of a period or for usage. Never changed: a difference is a new one."""

    __tablename__ = "charge"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    account_id: Mapped[int] = ref("account.id", index=False)
    subscription_id: Mapped[int] = ref("subscription.id", index=False)
    subscriber_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("subscriber.id"))
    component_id: Mapped[int] = ref("component.id", index=False)
    promotion_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("promotion.id"))
    document_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("document.id"), index=True)
    kind: Mapped[str] = text(12)  # period | usage | once | discount | correction
    month: Mapped[dt.date]
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date]  # first day it is no longer for
    name: Mapped[str] = text(255)
    quantity: Mapped[Decimal] = mapped_column(Fine)
    unit_price: Mapped[Decimal] = mapped_column(Fine)
    amount: Mapped[Decimal] = mapped_column(Fine)  # tax included or not, as `tax_included` says
    tax_bp: Mapped[int | None]  # percent × 100; NULL: no VAT
    tax_included: Mapped[bool] = mapped_column(default=True)
    price_version_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("price_version.id"))
    explained: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # formula, days and rule behind the amount
    __table_args__ = (
        sa.Index("ix_charge_account_id_month", "account_id", "month", "subscriber_id"),
        sa.Index("ix_charge_subscription_id_month", "subscription_id", "month"),
        sa.CheckConstraint("ends_on > starts_on", "in_order"),
    )
