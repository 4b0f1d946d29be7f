"""People who sign in: Kabinet's columns on FAB's own User, rights switched one by one, sign-in attempts."""

import datetime as dt

import sqlalchemy as sa
from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Id, Instant, OfCompany, Stamped, ref, text
from app.models.company import Company
from app.models.seller import Seller

# Added to FAB's class itself: a subclass is not what ApiKey.user, AuditMixin or role.user return (fab_facts §2).
User.company_id = mapped_column(
    BigId, sa.ForeignKey("company.id", name="fk_ab_user_company_id"), nullable=True, index=True
)
User.locale = mapped_column(sa.String(8), nullable=True)
User.phone = mapped_column(sa.String(40), nullable=True)
User.phone_confirmed_at = mapped_column(Instant, nullable=True)
User.totp_secret = mapped_column(sa.String(255), nullable=True)  # sealed with the installation's secret
User.totp_step = mapped_column(sa.BigInteger, nullable=True)  # the last half-minute used: a code works once
User.display_name = mapped_column(sa.String(200), nullable=True)  # how the portal calls them (SMC-14)
User.session_epoch = mapped_column(sa.Integer, nullable=False, default=0, server_default="0")
# Sessions a person signed out of, with the second they would have ended by themselves: a stolen copy stays shut out.
User.ended_sessions = mapped_column(sa.JSON, nullable=True)
User.locked_until = mapped_column(Instant, nullable=True)
User.is_first = mapped_column(sa.Boolean, nullable=False, default=False, server_default=sa.text("false"))
User.deleted_at = mapped_column(Instant, nullable=True)  # history still names them; nobody signs in as them
User.restricted_at = mapped_column(Instant, nullable=True)  # the use of their personal data is restricted (AST-023)
User.avatar = mapped_column(sa.String(64), nullable=True)  # SHA-256 of a kept picture
User.company = relationship(Company, foreign_keys=[User.company_id])


class UserRight(Stamped, Model):
    """A right switched on or off for one user, over what the role says (AST-031)."""

    __tablename__ = "user_right"
    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"))
    right: Mapped[str] = text(60)
    is_on: Mapped[bool]
    __table_args__ = (sa.UniqueConstraint("user_id", "right"),)


User.switched = relationship(UserRight, foreign_keys=[UserRight.user_id], viewonly=True)  # read with the person


class SignInAttempt(Model):
    """A failed sign-in, counted by name and address (both hashed): enough to slow guessing, nothing to leak."""

    __tablename__ = "sign_in_attempt"
    id: Mapped[Id]
    name_hash: Mapped[str] = text(64)
    address_hash: Mapped[str] = text(64)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    __table_args__ = (sa.Index("ix_sign_in_attempt_name_hash_at", "name_hash", "at"),)


class OneTimeCode(Model):
    """A code sent to an address: for what, until when, how often tried. The digits are nowhere (`rules.codes`).

    `is_void`: nobody was sent it, and nothing opens it; it is there so that a stranger learns nothing.
    """

    __tablename__ = "one_time_code"
    id: Mapped[Id]
    purpose: Mapped[str] = text(20)
    address_hash: Mapped[str] = text(64)
    asker_hash: Mapped[str] = text(64)
    nonce: Mapped[str] = mapped_column(sa.String(32), unique=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    is_void: Mapped[bool] = mapped_column(default=False)
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[dt.datetime] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    used_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    __table_args__ = (
        sa.Index("ix_one_time_code_address_hash_asked_at", "address_hash", "asked_at"),
        sa.Index("ix_one_time_code_asker_hash_asked_at", "asker_hash", "asked_at"),
    )


class Invitation(OfCompany, Model):
    """Somebody asked by mail to join a company; the link's secret is nowhere (`services.invitations`)."""

    __tablename__ = "invitation"
    id: Mapped[Id]
    email: Mapped[str] = text(320)
    first_name: Mapped[str] = text(64)
    last_name: Mapped[str] = text(64)
    locale: Mapped[str] = text(8, default="en")
    roles: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    nonce: Mapped[str] = mapped_column(sa.String(32), unique=True)  # a fresh one each time it is sent
    sent_times: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[dt.datetime] = mapped_column(Instant)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)
    invited_by: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    accepted_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))  # who they became


class Passkey(Stamped, Model):
    """A key of WebAuthn: on a device or a stick; its private half never leaves it."""

    __tablename__ = "passkey"
    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    name: Mapped[str] = text(60)
    credential: Mapped[str] = mapped_column(sa.String(1400), unique=True)  # base64url; 1023 bytes at most
    public_key: Mapped[str] = mapped_column(sa.Text)
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    transports: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    used_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class UserSession(Stamped, Model):
    """A sign-in that may still be going on: from where, with what; for the person's own list."""

    __tablename__ = "user_session"
    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    sid: Mapped[str] = mapped_column(sa.String(32), unique=True)
    epoch: Mapped[int]
    address: Mapped[str] = text(45)
    device: Mapped[str] = text(120)
    ends_at: Mapped[dt.datetime] = mapped_column(Instant)


class DataWish(OfCompany, Model):
    """A person's wish about their own data, to erase it or to restrict its use; decided by the staff (AST-022, 023)."""

    __tablename__ = "data_wish"
    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    kind: Mapped[str] = text(10)  # erase | restrict | release
    note: Mapped[str] = text(1000)
    state: Mapped[str] = text(10, default="new")  # new | done | refused | cancelled
    reason: Mapped[str] = text(1000)
    decided_by: Mapped[str] = text(200)
    decided_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Agreement(Stamped, Model):
    """Terms of a Seller in a language; a new version is a new row, an accepted one never changes."""

    __tablename__ = "agreement"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    version: Mapped[int]
    locale: Mapped[str] = text(8, default="en")
    title: Mapped[str] = text(200)
    body: Mapped[str] = mapped_column(sa.Text)
    valid_from: Mapped[dt.date]
    changes: Mapped[str] = mapped_column(sa.Text, default="", server_default="")  # what differs from the one before
    seller: Mapped[Seller] = relationship()
    __table_args__ = (sa.UniqueConstraint("seller_id", "version", "locale"),)

    def __repr__(self) -> str:
        return f"{self.title} ({self.version})"


class PrivacyPolicy(Stamped, Model):
    """What a Seller does with personal data, in a language; a new version is a new row (AST-020)."""

    __tablename__ = "privacy_policy"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    version: Mapped[int]
    locale: Mapped[str] = text(8, default="en")
    title: Mapped[str] = text(200)
    body: Mapped[str] = mapped_column(sa.Text)
    valid_from: Mapped[dt.date]
    changes: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    seller: Mapped[Seller] = relationship()
    __table_args__ = (sa.UniqueConstraint("seller_id", "version", "locale"),)

    def __repr__(self) -> str:
        return f"{self.title} ({self.version})"


class AgreementAcceptance(OfCompany, Model):
    """Who accepted which terms for their company, and when (created_at)."""

    __tablename__ = "agreement_acceptance"
    id: Mapped[Id]
    agreement_id: Mapped[int] = ref("agreement.id")
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"))
    __table_args__ = (sa.UniqueConstraint("user_id", "agreement_id"),)


__all__ = [
    "Agreement",
    "AgreementAcceptance",
    "DataWish",
    "Invitation",
    "OneTimeCode",
    "Passkey",
    "PrivacyPolicy",
    "SignInAttempt",
    "User",
    "UserRight",
    "UserSession",
]
