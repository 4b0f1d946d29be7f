"""What is being bought, and what was bought."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Cents, Fine, Id, Instant, MaybeOfCompany, OfCompany, one_of, ref, state, text
from app.models.catalog import Plan
from app.models.company import Account
from app.rules.lifecycle import OrderState


class Cart(MaybeOfCompany, Model):
    """What is being bought; survives sign-in by its key."""

    __tablename__ = "cart"
    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    currency: Mapped[str] = text(3)
    promo_code: Mapped[str] = text(64)


class CartItem(MaybeOfCompany, Model):
    """A plan in a cart with its parameters."""

    __tablename__ = "cart_item"
    id: Mapped[Id]
    cart_id: Mapped[int] = ref("cart.id")
    plan_id: Mapped[int] = ref("plan.id")
    quantity: Mapped[Decimal] = mapped_column(Fine, default=Decimal(1))
    months: Mapped[int] = mapped_column(default=1)
    parameters: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    is_selected: Mapped[bool] = mapped_column(default=True)
    plan: Mapped[Plan] = relationship()


class Order(OfCompany, Model):
    """What was bought: never a second one for the same key."""

    __tablename__ = "orders"
    id: Mapped[Id]
    account_id: Mapped[int] = ref("account.id")
    payer_id: Mapped[int] = ref("payer.id")
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    idempotency_key: Mapped[str] = text(255)
    currency: Mapped[str] = text(3)
    total: Mapped[Decimal] = mapped_column(Cents)
    tax: Mapped[Decimal] = mapped_column(Cents)
    state: Mapped[str] = state(OrderState, OrderState.PENDING)
    ordered_at: Mapped[dt.datetime] = mapped_column(Instant)
    account: Mapped[Account] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(back_populates="order")
    __table_args__ = (sa.UniqueConstraint("company_id", "idempotency_key"), one_of("state", OrderState))


class OrderLine(OfCompany, Model):
    """A plan that was bought, with the price agreed then."""

    __tablename__ = "order_line"
    id: Mapped[Id]
    order_id: Mapped[int] = ref("orders.id")
    plan_id: Mapped[int] = ref("plan.id")
    subscription_id: Mapped[int | None] = ref("subscription.id", null=True)
    name: Mapped[str] = text(255)
    quantity: Mapped[Decimal] = mapped_column(Fine)
    months: Mapped[int] = mapped_column(default=1)
    total: Mapped[Decimal] = mapped_column(Cents)
    parameters: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    order: Mapped[Order] = relationship(back_populates="lines")
