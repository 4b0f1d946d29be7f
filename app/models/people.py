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
User.company = relationship(Company, foreign_keys=[User.company_id])


class UserRight(Stamped, Model):
    """A right switched on or off for one user, over what the role says (AST-031)."""

    __tablename__ = "user_right"
    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"))
    right: Mapped[str] = text(60)
    is_on: Mapped[bool]
    __table_args__ = (sa.UniqueConstraint("user_id", "right"),)


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


__all__ = ["Agreement", "AgreementAcceptance", "OneTimeCode", "SignInAttempt", "User", "UserRight"]
