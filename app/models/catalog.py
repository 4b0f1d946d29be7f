"""What is sold: categories, products, plans, their priced components and prices that are versions with dates."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Cents, Fine, Id, Stamped, one_of, ref, text
from app.models.seller import Seller

PRICE_MODELS = ("flat", "per_unit", "tiered", "volume")
PRODUCT_KINDS = ("service", "licence", "domain", "certificate")
CHARGED = ("period", "usage", "once")


class Category(Model):
    """A shelf of the catalogue."""

    __tablename__ = "category"
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = text(200)
    parent_id: Mapped[int | None] = ref("category.id", null=True)
    position: Mapped[int] = mapped_column(default=0)
    icon: Mapped[str] = text(40)
    translations: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # {"uk": {"name": …}, …}
    parent: Mapped["Category | None"] = relationship(remote_side="Category.id")

    def __repr__(self) -> str:
        return self.name


class Product(Stamped, Model):
    """What is sold."""

    __tablename__ = "product"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    category_id: Mapped[int | None] = ref("category.id", null=True)
    code: Mapped[str] = text(120)
    name: Mapped[str] = text(255, index=True)
    description: Mapped[str] = mapped_column(sa.Text, default="")
    is_on_sale: Mapped[bool] = mapped_column(default=True)
    attributes: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    kind: Mapped[str] = text(
        12, default="service"
    )  # of PRODUCT_KINDS: what renewal and the lists of subscriptions look at
    position: Mapped[int] = mapped_column(default=0)
    image: Mapped[str] = text(64)  # SHA-256 of its picture in the store; empty: its category's icon
    translations: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # by language
    instructions: Mapped[str] = mapped_column(sa.Text, default="")  # how to set it up, shown when it is paid
    seller: Mapped[Seller] = relationship()
    category: Mapped[Category | None] = relationship()
    __table_args__ = (sa.UniqueConstraint("seller_id", "code"),)

    def __repr__(self) -> str:
        return self.name


class Plan(Stamped, Model):
    """A way to buy a product: its currency, period and priced parts."""

    __tablename__ = "plan"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    product_id: Mapped[int] = ref("product.id")
    code: Mapped[str] = text(120)
    name: Mapped[str] = text(255, index=True)
    currency: Mapped[str] = text(3)
    tax_included: Mapped[bool] = mapped_column(default=True)
    tax_category: Mapped[str] = text(20, default="standard")
    period_months: Mapped[int] = mapped_column(default=1)
    trial_days: Mapped[int] = mapped_column(default=0)
    is_on_sale: Mapped[bool] = mapped_column(default=True)
    translations: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # {"uk": {"name": …}, …}
    needs_identifier: Mapped[bool] = mapped_column(default=False)  # bought with a domain name of its own (AST-076)
    platform: Mapped[str] = text(40, default="simulated")  # who makes it run: a name of `provisioning.registry`
    platform_settings: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, default=dict
    )  # of this plan, as the platform reads
    renews_daily: Mapped[bool] = mapped_column(default=False)  # may be renewed for days too (AST-149)
    for_subscribers: Mapped[bool] = mapped_column(default=False)  # its parts are options of a company's subscribers
    product: Mapped[Product] = relationship()
    components: Mapped[list["Component"]] = relationship(back_populates="plan", order_by="Component.id")
    __table_args__ = (sa.UniqueConstraint("seller_id", "code"),)

    def __repr__(self) -> str:
        return self.name


class Component(Model):
    """A priced part of a plan: how it is charged (period, usage, once) and by which model (`rules.pricing`)."""

    __tablename__ = "component"
    id: Mapped[Id]
    plan_id: Mapped[int] = ref("plan.id", index=False)
    code: Mapped[str] = text(120)
    name: Mapped[str] = text(255)
    unit: Mapped[str] = text(40, default="month")
    charged: Mapped[str] = text(8, default="period")
    model: Mapped[str] = text(10, default="per_unit")
    included: Mapped[Decimal] = mapped_column(Fine, default=Decimal(0))
    minimum: Mapped[Decimal | None] = mapped_column(Fine)
    maximum: Mapped[Decimal | None] = mapped_column(Fine)
    step: Mapped[Decimal | None] = mapped_column(Fine)
    tariff_id: Mapped[int | None] = ref("tariff.id", null=True, index=False)  # usage is rated record by record
    translations: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # {"uk": {"name": …, "unit": …}, …}
    plan: Mapped[Plan] = relationship(back_populates="components")
    prices: Mapped[list["PriceVersion"]] = relationship(back_populates="component", order_by="PriceVersion.valid_from")
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "code"),
        one_of("charged", CHARGED),
        one_of("model", PRICE_MODELS),
    )

    def __repr__(self) -> str:
        return self.name


class PriceVersion(Stamped, Model):
    """The price of a component from a day on. `tiers` is [[from quantity, unit price], …] as text decimals."""

    __tablename__ = "price_version"
    id: Mapped[Id]
    component_id: Mapped[int] = ref("component.id", index=False)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    unit_price: Mapped[Decimal] = mapped_column(Fine, default=Decimal(0))
    per_quantity: Mapped[int] = mapped_column(default=1)  # the price is for so many units (1,000,000 tokens)
    tiers: Mapped[list[list[str]]] = mapped_column(sa.JSON, default=list)
    component: Mapped[Component] = relationship(back_populates="prices")
    __table_args__ = (
        sa.UniqueConstraint("component_id", "valid_from"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", "in_order"),
        sa.CheckConstraint("per_quantity > 0", "per_positive"),
    )


class ShopWindow(Model):
    """One way a Seller's shop is looked at: in a currency and a language ("": products' own words)."""

    __tablename__ = "shop_window"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    currency: Mapped[str] = text(3)
    locale: Mapped[str] = text(8)
    # Products by the id of their category ("": of none), kept with the shelves; NULL: not counted yet.
    counters: Mapped[dict[str, int] | None] = mapped_column(sa.JSON(none_as_null=True))
    __table_args__ = (sa.UniqueConstraint("seller_id", "currency", "locale"),)


class Shelf(Model):
    """A product in a window, with what its card says: kept by `services.shop.shelves`, never written by hand.

    `price` is of `per_months` months, or (0) of `per_quantity` units of what is measured, tax included.
    """

    __tablename__ = "shelf"
    id: Mapped[Id]
    window_id: Mapped[int] = ref("shop_window.id", index=False)
    product_id: Mapped[int] = ref("product.id")
    category_id: Mapped[int | None] = ref("category.id", null=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = text(255)
    words: Mapped[str] = text(1000)  # what it is searched by: names in this and its own language, code
    plan_id: Mapped[int] = ref("plan.id")  # the cheapest: what «Add to cart» on the card puts there
    plans: Mapped[int] = mapped_column(default=1)
    price: Mapped[Decimal] = mapped_column(Fine, default=Decimal(0))
    currency: Mapped[str] = text(3)
    is_foreign: Mapped[bool] = mapped_column(default=False)  # not sold in the window's currency
    per_months: Mapped[int] = mapped_column(default=1)
    per_quantity: Mapped[int] = mapped_column(default=1)
    unit: Mapped[str] = text(40)
    trial_days: Mapped[int] = mapped_column(default=0)
    needs_choice: Mapped[bool] = mapped_column(default=False)  # plans, parameters or a name to be chosen first
    __table_args__ = (
        sa.UniqueConstraint("window_id", "product_id"),
        sa.Index("ix_shelf_window_id_position", "window_id", "position", "name", "product_id"),
        sa.Index("ix_shelf_window_id_name", "window_id", "name", "product_id"),
        sa.Index("ix_shelf_window_id_price", "window_id", "is_foreign", "price", "product_id"),
        sa.Index("ix_shelf_window_id_category_id", "window_id", "category_id", "position", "name"),
    )


class Promotion(Stamped, Model):
    """A promo code or a campaign: a percentage or an amount off, with dates and limits."""

    __tablename__ = "promotion"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id")
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = text(200)
    translations: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)  # {"uk": {"name": …}, …}
    percent_bp: Mapped[int] = mapped_column(default=0)  # 10 % = 1000
    amount: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    use_limit: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0)
    minimum_sum: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    first_purchase_only: Mapped[bool] = mapped_column(default=False)
    product_id: Mapped[int | None] = ref("product.id", null=True)
    product: Mapped[Product | None] = relationship()
    __table_args__ = (
        sa.CheckConstraint("percent_bp >= 0 AND percent_bp <= 10000", "percent_known"),
        sa.CheckConstraint("use_limit IS NULL OR used <= use_limit", "within_limit"),
    )

    def __repr__(self) -> str:
        return self.code
