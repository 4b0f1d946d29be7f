"""The lines of a list that a company gave: as they came, what was found of each, and what it would cost."""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import BigId, Fine, Id, OfCompany, ref, text


class RequestLine(OfCompany, Model):
    """A line of a bulk request; `verdict` is a value of `rules.switching.Verdict`, sums are changes (an end is < 0)."""

    __tablename__ = "request_line"
    id: Mapped[Id]
    company_id: Mapped[int] = ref("company.id", index=False)
    request_id: Mapped[int] = ref("request.id", index=False)
    position: Mapped[int]  # in the file, as a spreadsheet shows it
    cells: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    number: Mapped[str] = text(40)
    name: Mapped[str] = text(200)
    subscriber_id: Mapped[int | None] = ref("subscriber.id", null=True, index=False)
    component_id: Mapped[int | None] = ref("component.id", null=True, index=False)
    subscription_id: Mapped[int | None] = ref("subscription.id", null=True, index=False)
    action: Mapped[str] = text(3)  # on | off
    effective_on: Mapped[dt.date | None]
    verdict: Mapped[str] = text(20)
    detail: Mapped[str] = text(40)  # what fills the verdict's sentence: a day, the line that says the same
    currency: Mapped[str] = text(3)
    tax_bp: Mapped[int | None]
    tax_included: Mapped[bool] = mapped_column(default=True)
    month_amount: Mapped[Decimal] = mapped_column(Fine, default=Decimal(0))  # of a whole month
    first_amount: Mapped[Decimal] = mapped_column(Fine, default=Decimal(0))  # of the rest of the first month
    made_id: Mapped[int | None] = mapped_column(BigId)  # the request that came of it
    __table_args__ = (
        sa.UniqueConstraint("request_id", "position"),
        sa.Index("ix_request_line_request_id_verdict", "request_id", "verdict", "position"),
    )
