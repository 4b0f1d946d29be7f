"""People who sign in: Kabinet's columns on FAB's own User, rights switched one by one, sign-in attempts."""

import datetime as dt

import sqlalchemy as sa
from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Id, Instant, Stamped, text
from app.models.company import Company

# Added to FAB's class itself: a subclass is not what ApiKey.user, AuditMixin or role.user return (fab_facts §2).
User.company_id = mapped_column(
    BigId, sa.ForeignKey("company.id", name="fk_ab_user_company_id"), nullable=True, index=True
)
User.locale = mapped_column(sa.String(8), nullable=True)
User.phone = mapped_column(sa.String(40), nullable=True)
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


__all__ = ["SignInAttempt", "User", "UserRight"]
