"""By what usage is rated (`rules.rating`): tariffs with prefixes, dated rates and packages; and months sealed in files.

Units of rates and packages are whole base units: seconds, bytes, pieces.
"""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Fine, Id, Instant, OfCompany, Stamped, one_of, ref, text
from app.models.seller import Seller
from app.rules.rating import EventKind, Rounding, TimeClass


class Tariff(Stamped, Model):
    """A Seller's list of rates that components charged by usage may be priced by."""

    __tablename__ = "tariff"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    code: Mapped[str] = text(64)
    name: Mapped[str] = text(200)
    currency: Mapped[str] = text(3)
    splits: Mapped[bool] = mapped_column(default=False)  # a call is cut where its time class changes
    version: Mapped[int] = mapped_column(default=1)  # grows with each change: what was remembered of it is then stale
    seller: Mapped[Seller] = relationship()
    __table_args__ = (sa.UniqueConstraint("seller_id", "code"),)

    def __repr__(self) -> str:
        return self.name


class TariffPrefix(Model):
    """Numbers that begin so are in a destination; the longest prefix decides."""

    __tablename__ = "tariff_prefix"
    id: Mapped[Id]
    tariff_id: Mapped[int] = ref("tariff.id", index=False)
    prefix: Mapped[str] = text(15)
    destination: Mapped[str] = text(60)
    tariff: Mapped[Tariff] = relationship()
    __table_args__ = (sa.UniqueConstraint("tariff_id", "prefix"),)

    def __repr__(self) -> str:
        return f"{self.prefix} {self.destination}"


class TariffRate(Stamped, Model):
    """A step of a rate: what a kind of event costs to a destination in a class of time, from a day on.

    Rows alike but for `group_start` are the steps of one rate: its first minute may cost differently. A rate is never
    rewritten once something was rated by it: a new price is a new row from a day on.
    """

    __tablename__ = "tariff_rate"
    id: Mapped[Id]
    tariff_id: Mapped[int] = ref("tariff.id", index=False)
    kind: Mapped[str] = text(8, default=EventKind.VOICE.value)
    destination: Mapped[str] = text(60)  # empty: any that has no rate of its own
    time_class: Mapped[str] = text(8)  # empty: any
    weight: Mapped[int] = mapped_column(default=0)
    valid_from: Mapped[dt.date]
    group_start: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    connect_fee: Mapped[Decimal] = mapped_column(Fine, default=Decimal(0))
    price: Mapped[Decimal] = mapped_column(Fine, default=Decimal(0))
    per: Mapped[int] = mapped_column(sa.BigInteger, default=60)  # the price is for so many units
    first_increment: Mapped[int] = mapped_column(sa.BigInteger, default=60)
    increment: Mapped[int] = mapped_column(sa.BigInteger, default=60)
    rounding: Mapped[str] = text(8, default=Rounding.HALF_UP.value)
    decimals: Mapped[int] = mapped_column(default=4)
    minimum: Mapped[Decimal | None] = mapped_column(Fine)
    maximum: Mapped[Decimal | None] = mapped_column(Fine)
    tariff: Mapped[Tariff] = relationship()
    __table_args__ = (
        sa.UniqueConstraint(
            "tariff_id", "kind", "destination", "time_class", "valid_from", "weight", "group_start", name="uq_rate"
        ),
        one_of("kind", EventKind),
        one_of("time_class", ("", *TimeClass)),
        one_of("rounding", Rounding),
        sa.CheckConstraint("per > 0 AND increment > 0 AND first_increment >= 0 AND group_start >= 0", "units_positive"),
        sa.CheckConstraint("price >= 0 AND connect_fee >= 0", "not_negative"),
        sa.CheckConstraint("decimals >= 0 AND decimals <= 4", "decimals_known"),
    )

    def __repr__(self) -> str:
        return f"{self.kind} {self.destination or '*'} {self.valid_from}"


class TariffPackage(Stamped, Model):
    """Units a month that each subscription uses up before it pays; destinations are separated by «;», none mean any."""

    __tablename__ = "tariff_package"
    id: Mapped[Id]
    tariff_id: Mapped[int] = ref("tariff.id", index=False)
    code: Mapped[str] = text(64)
    name: Mapped[str] = text(200)
    kind: Mapped[str] = text(8, default=EventKind.VOICE.value)
    destinations: Mapped[str] = text(1000)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    tariff: Mapped[Tariff] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("tariff_id", "code"),
        one_of("kind", EventKind),
        sa.CheckConstraint("amount > 0", "amount_positive"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", "in_order"),
    )

    def __repr__(self) -> str:
        return self.name


class PackageUse(OfCompany, Model):
    """How much of a package a subscription used up in a month."""

    __tablename__ = "package_use"
    id: Mapped[Id]
    subscription_id: Mapped[int] = ref("subscription.id", index=False)
    package_id: Mapped[int] = ref("tariff_package.id")
    month: Mapped[dt.date]
    used: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    __table_args__ = (sa.UniqueConstraint("subscription_id", "package_id", "month"),)


class SealedMonth(Stamped, Model):
    """A part of a Seller's closed month of usage in a file that never changes, with its digest.

    The first part has what was there when the month was billed; what came in late is a further part.
    """

    __tablename__ = "sealed_month"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    month: Mapped[dt.date]
    part: Mapped[int] = mapped_column(default=1)
    first_usage_id: Mapped[int] = mapped_column(sa.BigInteger)
    last_usage_id: Mapped[int] = mapped_column(sa.BigInteger)
    lines: Mapped[int] = mapped_column(sa.BigInteger)
    amount: Mapped[Decimal] = mapped_column(Fine)  # sum of the rated amounts in it
    path: Mapped[str] = text(200)  # below DATA_DIR
    sha256: Mapped[str] = text(64)
    sealed_at: Mapped[dt.datetime] = mapped_column(Instant)
    seller: Mapped[Seller] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("seller_id", "month", "part"),
        sa.CheckConstraint("lines > 0", "not_empty"),
    )
