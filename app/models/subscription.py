"""What a company has: subscribers, subscriptions with their dated parts, seats, options, extensions, requests."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Cents, Fine, Id, Instant, OfCompany, one_of, ref, state, text
from app.models.catalog import Component, Plan, Promotion
from app.models.company import Account, Company
from app.rules.lifecycle import RequestState, SubscriberState, SubscriptionState


class Subscriber(OfCompany, Model):
    """A line on an account: a number with a display name, renamed by the company's administrator."""

    __tablename__ = "subscriber"
    id: Mapped[Id]
    company_id: Mapped[int] = ref("company.id", index=False)  # two indexes below begin with it
    account_id: Mapped[int] = ref("account.id")
    number: Mapped[str] = text(32)
    name: Mapped[str] = text(200)
    state: Mapped[str] = state(SubscriberState, SubscriberState.ACTIVE, index=False)
    released_on: Mapped[dt.date | None]  # since then the number rests
    account: Mapped[Account] = relationship()
    company: Mapped[Company] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.Index("ix_subscriber_company_id_number", "company_id", "number"),
        sa.Index("ix_subscriber_name", "name"),
        sa.Index("ix_subscriber_company_id_name", "company_id", "name"),
        one_of("state", SubscriberState),
    )

    def __repr__(self) -> str:
        return f"{self.number} {self.name}"


class SubscriberName(OfCompany, Model):
    """The history of names: who, when, old, new."""

    __tablename__ = "subscriber_name"
    id: Mapped[Id]
    subscriber_id: Mapped[int] = ref("subscriber.id")
    request_id: Mapped[int | None] = ref("request.id", null=True)
    old_name: Mapped[str] = text(200)
    new_name: Mapped[str] = text(200)
    changed_at: Mapped[dt.datetime] = mapped_column(Instant)
    changed_by: Mapped[str] = text(200)


class Subscription(OfCompany, Model):
    """A plan in force on an account; what it costs is in its dated items."""

    __tablename__ = "subscription"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id")
    account_id: Mapped[int] = ref("account.id")
    plan_id: Mapped[int] = ref("plan.id")
    subscriber_id: Mapped[int | None] = ref("subscriber.id", null=True)
    name: Mapped[str] = text(255)
    quantity: Mapped[Decimal] = mapped_column(Fine, default=Decimal(1))
    starts_on: Mapped[dt.date]
    ends_on: Mapped[dt.date | None]  # first day it is no longer in force
    paid_until: Mapped[dt.date | None]
    state: Mapped[str] = state(SubscriptionState, SubscriptionState.ACTIVE)
    auto_renew: Mapped[bool] = mapped_column(default=True)
    payment_method_id: Mapped[int | None] = ref("payment_method.id", null=True)  # renews; NULL: from the balance
    renew_months: Mapped[int | None]  # renewed for so long; NULL: as it was bought
    renew_failed_on: Mapped[dt.date | None]  # the last renewal that could not be paid
    changes_on: Mapped[dt.date | None]  # the day a size its parts have already begins (`shop.resizing`)
    identifier: Mapped[str] = text(253)  # the domain name it was bought for
    reference: Mapped[str] = text(120)  # under which the platform knows it
    reason: Mapped[str] = text(300)  # why it is not running: the platform's words for a person
    account: Mapped[Account] = relationship()
    plan: Mapped[Plan] = relationship()
    subscriber: Mapped[Subscriber | None] = relationship()
    company: Mapped[Company] = relationship()
    items: Mapped[list["SubscriptionItem"]] = relationship(
        back_populates="subscription", order_by="SubscriptionItem.id"
    )
    __table_args__ = (
        one_of("state", SubscriptionState),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", "in_order"),
        sa.CheckConstraint("quantity >= 0", "not_negative"),
    )

    def __repr__(self) -> str:
        return f"{self.name or self.plan_id} #{self.id}"


class SubscriptionItem(OfCompany, Model):
    """A component in force from a day to a day: a change of quantity or price ends one row and begins the next."""

    __tablename__ = "subscription_item"
    id: Mapped[Id]
    subscription_id: Mapped[int] = ref("subscription.id")
    component_id: Mapped[int] = ref("component.id")
    name: Mapped[str] = text(255)  # as agreed with this customer; the component's name where empty
    quantity: Mapped[Decimal] = mapped_column(Fine, default=Decimal(1))
    unit_price: Mapped[Decimal | None] = mapped_column(Fine)  # agreed with this customer; the price list's where NULL
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    subscription: Mapped[Subscription] = relationship(back_populates="items")
    component: Mapped[Component] = relationship()
    __table_args__ = (
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", "in_order"),
        sa.CheckConstraint("quantity >= 0", "not_negative"),
    )


class SubscriptionPromotion(OfCompany, Model):
    """A promotion given to a subscription from a day to a day."""

    __tablename__ = "subscription_promotion"
    id: Mapped[Id]
    subscription_id: Mapped[int] = ref("subscription.id")
    promotion_id: Mapped[int] = ref("promotion.id")
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    off_once: Mapped[Decimal | None] = mapped_column(Cents)  # this order's share of an amount off, once and whole
    promotion: Mapped[Promotion] = relationship()
    subscription: Mapped[Subscription] = relationship()


class Seat(OfCompany, Model):
    """A licence of a subscription assigned to a user of the company."""

    __tablename__ = "seat"
    id: Mapped[Id]
    subscription_id: Mapped[int] = ref("subscription.id", index=False)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    assigned_at: Mapped[dt.datetime] = mapped_column(Instant)
    subscription: Mapped[Subscription] = relationship()
    __table_args__ = (sa.UniqueConstraint("subscription_id", "user_id"),)


class Extension(OfCompany, Model):
    """A short self-service enlargement of a subscription's limits (FRS-01…15)."""

    __tablename__ = "extension"
    id: Mapped[Id]
    subscription_id: Mapped[int] = ref("subscription.id", index=False)
    period_start: Mapped[dt.date]  # of the main subscription: once in each
    starts_at: Mapped[dt.datetime] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    sessions: Mapped[int] = mapped_column(default=2)
    bases: Mapped[int] = mapped_column(default=8)
    subscription: Mapped[Subscription] = relationship()
    __table_args__ = (sa.UniqueConstraint("subscription_id", "period_start"),)


class Option(OfCompany, Model):
    """An additional service switched on for a subscriber from a day on."""

    __tablename__ = "option"
    id: Mapped[Id]
    subscriber_id: Mapped[int] = ref("subscriber.id", index=False)
    component_id: Mapped[int] = ref("component.id")
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    subscriber: Mapped[Subscriber] = relationship()
    component: Mapped[Component] = relationship()
    __table_args__ = (sa.UniqueConstraint("subscriber_id", "component_id", "valid_from"),)


class Request(OfCompany, Model):
    """Work asked for by a company, single or for a list: rename, option on or off, registration of a payment."""

    __tablename__ = "request"
    id: Mapped[Id]
    parent_id: Mapped[int | None] = ref("request.id", null=True)
    account_id: Mapped[int | None] = ref("account.id", null=True)
    subscriber_id: Mapped[int | None] = ref("subscriber.id", null=True)
    component_id: Mapped[int | None] = ref("component.id", null=True)
    kind: Mapped[str] = text(30)
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state: Mapped[str] = state(RequestState, RequestState.NEW)
    reason: Mapped[str] = text(500)
    effective_on: Mapped[dt.date | None]
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    reference: Mapped[str] = text(120)  # under which the operator's system knows it
    __table_args__ = (
        one_of("state", RequestState),
        sa.Index(
            "uq_request_open_option",
            "subscriber_id",
            "component_id",
            unique=True,
            sqlite_where=sa.text("state IN ('new', 'queued', 'sent', 'failed') AND component_id IS NOT NULL"),
            postgresql_where=sa.text("state IN ('new', 'queued', 'sent', 'failed') AND component_id IS NOT NULL"),
        ),
    )


class Usage(OfCompany, Model):
    """A measured event: so much of a component used by a subscription; (source, source id) comes in once."""

    __tablename__ = "usage"
    id: Mapped[Id]
    account_id: Mapped[int] = ref("account.id", index=False)
    subscription_id: Mapped[int] = ref("subscription.id", index=False)
    subscriber_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("subscriber.id"), index=True)
    component_id: Mapped[int] = ref("component.id", index=False)
    source: Mapped[str] = text(60)
    source_id: Mapped[str] = text(120)
    occurred_at: Mapped[dt.datetime] = mapped_column(Instant)
    day: Mapped[dt.date]  # business day in the Seller's zone
    quantity: Mapped[Decimal] = mapped_column(Fine)
    destination: Mapped[str] = text(60)
    time_class: Mapped[str] = text(8)
    kind: Mapped[str] = text(8)  # `rules.rating.EventKind`; empty for what is only counted
    direction: Mapped[str] = text(3)  # in | out
    other_number: Mapped[str] = text(40)
    volume: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # seconds, bytes or pieces, as measured
    included: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # of them (rounded up) in a package
    amount: Mapped[Decimal | None] = mapped_column(Fine)  # NULL: priced by the component's price for the month
    rate_id: Mapped[int | None] = mapped_column(BigId)  # of tariff_rate; no key, which would cost each record
    __table_args__ = (
        sa.UniqueConstraint("source", "source_id"),
        sa.Index("ix_usage_account_id_day", "account_id", "day"),
        sa.Index("ix_usage_subscription_id_component_id_day", "subscription_id", "component_id", "day"),
    )


class SuspendedUsage(Model):
    """A record that belongs to nobody we know, kept with its reason until somebody says whose it is."""

    __tablename__ = "suspended_usage"
    id: Mapped[Id]
    source: Mapped[str] = text(60)
    source_id: Mapped[str] = text(120)
    reason: Mapped[str] = text(300)
    record: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    line: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # what the record says, to try it again
    seller_id: Mapped[int | None] = ref("seller.id", null=True)
    number: Mapped[str] = text(40)
    state: Mapped[str] = text(8, default="waiting")  # waiting | dropped
    note: Mapped[str] = text(300)  # why it was dropped, and who dropped it
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    __table_args__ = (sa.UniqueConstraint("source", "source_id"), one_of("state", ("waiting", "dropped")))
