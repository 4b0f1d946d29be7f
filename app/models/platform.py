"""What platforms are asked to do with subscriptions: create, change, suspend, resume, end."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Id, Instant, OfCompany, index_where, one_of, ref, state, text
from app.models.subscription import Subscription
from app.rules.lifecycle import RequestState

PLATFORM_ACTIONS = ("create", "change", "suspend", "resume", "end")


class PlatformOrder(OfCompany, Model):
    """One thing to be done with a subscription; its id is what the platform tells it apart by, for good."""

    __tablename__ = "platform_order"
    id: Mapped[Id]
    subscription_id: Mapped[int] = ref("subscription.id")
    platform: Mapped[str] = text(40)  # a name of `provisioning.registry`, as it was when this was asked for
    action: Mapped[str] = text(10)
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # what it was told
    state: Mapped[str] = state(RequestState, RequestState.NEW, index=False)
    reference: Mapped[str] = text(120)  # under which the platform knows it
    answer: Mapped[str] = text(20)  # its last word: pending, done, needs_setup, out_of_stock, refused
    reason: Mapped[str] = text(300)
    attempts: Mapped[int] = mapped_column(default=0)  # failures in a row
    decided_by: Mapped[str] = text(200)  # of the staff; empty: the platform itself
    done_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    subscription: Mapped[Subscription] = relationship()
    __table_args__ = (
        one_of("state", RequestState),
        one_of("action", PLATFORM_ACTIONS),
        index_where("ix_platform_order_open", "id", "state IN ('new', 'sent', 'failed')"),
    )
