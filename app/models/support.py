"""Questions to the provider and messages to people."""

import datetime as dt

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Id, Instant, MaybeOfCompany, OfCompany, Stamped, one_of, ref, state, text
from app.models.company import Company
from app.rules.lifecycle import TicketState


class Ticket(OfCompany, Model):
    """A question to the provider."""

    __tablename__ = "ticket"
    id: Mapped[Id]
    subscription_id: Mapped[int | None] = ref("subscription.id", null=True)
    account_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("account.id"))  # what it is about, if said
    subscriber_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("subscriber.id"))
    department: Mapped[str] = text(60)
    subject: Mapped[str] = text(255)
    state: Mapped[str] = state(TicketState, TicketState.NEW_MESSAGES)
    company: Mapped[Company] = relationship()
    messages: Mapped[list["TicketMessage"]] = relationship(back_populates="ticket", order_by="TicketMessage.id")
    __table_args__ = (one_of("state", TicketState),)

    def __repr__(self) -> str:
        return self.subject


class TicketMessage(OfCompany, Model):
    """What was written, by whom."""

    __tablename__ = "ticket_message"
    id: Mapped[Id]
    ticket_id: Mapped[int] = ref("ticket.id")
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    author: Mapped[str] = text(200)
    body: Mapped[str] = mapped_column(sa.Text)
    ticket: Mapped[Ticket] = relationship(back_populates="messages")


class Notice(MaybeOfCompany, Model):
    """A message to a person through a channel; kept, and readable in the cabinet (AST-184)."""

    __tablename__ = "notice"
    id: Mapped[Id]
    document_id: Mapped[int | None] = ref("document.id", null=True)  # what it is about; a paid one is not sent for
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    event: Mapped[str] = text(60)
    channel: Mapped[str] = text(12, default="in_app")
    recipient: Mapped[str] = text(200)
    subject: Mapped[str] = text(255)
    body: Mapped[str] = mapped_column(sa.Text, default="")
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)  # event, what it is about, channel, recipient
    state: Mapped[str] = mapped_column(sa.String(10), default="sent", server_default="sent")  # NOTICE_STATES
    sent_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    read_at: Mapped[dt.datetime | None] = mapped_column(Instant)


NOTICE_STATES = ("pending", "sent", "dropped", "failed")  # dropped: no longer true when its turn came


class NoticePreference(Stamped, Model):
    """AST-180: four classes of notices × channels, each switchable."""

    __tablename__ = "notice_preference"
    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"))
    notice_class: Mapped[str] = text(20)
    channel: Mapped[str] = text(12)
    is_on: Mapped[bool]
    __table_args__ = (sa.UniqueConstraint("user_id", "notice_class", "channel"),)
