"""What is being bought, and what was bought."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Cents, Fine, Id, Instant, MaybeOfCompany, OfCompany, one_of, ref, state, text
from app.models.catalog import Plan
from app.models.company import Account, Payer
from app.rules.lifecycle import OrderState


class Cart(MaybeOfCompany, Model):
    """What is being bought; survives sign-in by its key."""

    __tablename__ = "cart"
    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    seller_id: Mapped[int | None] = ref("seller.id", null=True)
    currency: Mapped[str] = text(3)
    promo_code: Mapped[str] = text(64)
    touched_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class CartItem(MaybeOfCompany, Model):
    """A plan in a cart with its parameters, or a service of the company that is to be renewed."""

    __tablename__ = "cart_item"
    id: Mapped[Id]
    cart_id: Mapped[int] = ref("cart.id")
    plan_id: Mapped[int] = ref("plan.id")
    quantity: Mapped[Decimal] = mapped_column(Fine, default=Decimal(1))
    months: Mapped[int] = mapped_column(default=1)
    parameters: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    is_selected: Mapped[bool] = mapped_column(default=True)
    identifier: Mapped[str] = text(253)  # the domain name, where the plan needs one
    auto_renew: Mapped[bool] = mapped_column(default=True)
    promo_code: Mapped[str] = text(64)  # of this product; the cart's own is of the whole order
    seen_price: Mapped[Decimal | None] = mapped_column(Cents)  # the first sum last shown: a change is explained
    subscription_id: Mapped[int | None] = ref("subscription.id", null=True)  # what is renewed; None: it is bought
    days: Mapped[int] = mapped_column(default=0)  # a renewal of so many days; 0: of `months`
    plan: Mapped[Plan] = relationship()


class Order(OfCompany, Model):
    """What was bought: never a second one for the same key. A renewal is an order too."""

    __tablename__ = "orders"
    id: Mapped[Id]
    account_id: Mapped[int] = ref("account.id", index=False)
    payer_id: Mapped[int] = ref("payer.id")
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    idempotency_key: Mapped[str] = text(255)
    request_digest: Mapped[str] = text(64)  # of what was asked for under the key
    kind: Mapped[str] = text(10, default="purchase")  # purchase | renewal
    method: Mapped[str] = text(12, default="gateway")  # gateway | balance | invoice
    way_id: Mapped[int | None] = ref("payment_way.id", null=True)
    method_id: Mapped[int | None] = ref("payment_method.id", null=True)  # the saved method it is charged to
    promo_code: Mapped[str] = text(64)
    discount: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))  # inside `total` already
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    agreement_id: Mapped[int | None] = ref("agreement.id", null=True)
    paid_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)  # fulfilled or cancelled
    reason: Mapped[str] = text(300)  # why it waits or was cancelled
    currency: Mapped[str] = text(3)
    total: Mapped[Decimal] = mapped_column(Cents)
    tax: Mapped[Decimal] = mapped_column(Cents)
    state: Mapped[str] = state(OrderState, OrderState.PENDING)
    ordered_at: Mapped[dt.datetime] = mapped_column(Instant)
    account: Mapped[Account] = relationship()
    payer: Mapped[Payer] = relationship()
    lines: Mapped[list["OrderLine"]] = relationship(back_populates="order", order_by="OrderLine.id")
    __table_args__ = (
        sa.UniqueConstraint("company_id", "idempotency_key"),
        one_of("state", OrderState),
        sa.Index("ix_orders_company_id_ordered_at", "company_id", "ordered_at", "id"),
        sa.Index("ix_orders_account_id_state", "account_id", "state"),
    )


class OrderLine(OfCompany, Model):
    """A plan that was bought for a period, with the price agreed then, tax included."""

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
    tax: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    discount: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    next_total: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))  # of one whole period after this one
    starts_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]  # first day it is no longer paid for
    breakdown: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)  # part by part, as it was shown
    identifier: Mapped[str] = text(253)
    auto_renew: Mapped[bool] = mapped_column(default=True)
    renews: Mapped[bool] = mapped_column(default=False)  # it prolongs a service; else it buys one
    days: Mapped[int] = mapped_column(default=0)  # a renewal of so many days; 0: of `months`
    kept: Mapped[Decimal | None] = mapped_column(Cents)  # of a cancelled order: for the days its service ran
    promotion_id: Mapped[int | None] = ref("promotion.id", null=True)
    order: Mapped[Order] = relationship(back_populates="lines")
    plan: Mapped[Plan] = relationship()
