"""The provider's side: its legal entities, number series, tax rates, currency rates and policies."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Cents, Fine, Id, Stamped, one_of, ref, text


class Seller(Stamped, Model):
    """A legal entity of the provider: issues documents in its own series under its own tax rules."""

    __tablename__ = "seller"
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(sa.String(32), unique=True)
    name: Mapped[str] = text(255)
    short_name: Mapped[str] = text(80)
    country: Mapped[str] = text(2, default="UA")
    currency: Mapped[str] = text(3, default="UAH")
    zone: Mapped[str] = text(64, default="Europe/Kyiv")
    locale: Mapped[str] = text(8, default="uk")
    vat_payer: Mapped[bool] = mapped_column(default=True)
    rounding: Mapped[str] = text(8, default="carry")  # carry | line (`domain.md` §6.5)
    vat_on_advances: Mapped[bool] = mapped_column(default=True)  # where its country has a rate «advance»
    split_payment: Mapped[bool] = mapped_column(default=False)  # PL: services of zał. 15 to the VAT act
    rate_source: Mapped[str] = text(20)  # the bank whose rates it uses; empty: its country's
    tax_code: Mapped[str] = text(20)
    kpp: Mapped[str] = text(9)
    ogrn: Mapped[str] = text(15)
    vat_number: Mapped[str] = text(20)
    address: Mapped[str] = text(500)
    phone: Mapped[str] = text(40)
    email: Mapped[str] = text(200)
    bank_name: Mapped[str] = text(200)
    bik: Mapped[str] = text(12)
    settlement_account: Mapped[str] = text(40)
    correspondent_account: Mapped[str] = text(40)
    iban: Mapped[str] = text(34)
    director_name: Mapped[str] = text(200)
    director_post: Mapped[str] = text(200)
    director_name_genitive: Mapped[str] = text(200)
    director_post_genitive: Mapped[str] = text(200)
    accountant_name: Mapped[str] = text(200)
    acts_on: Mapped[str] = text(200)
    number_digits: Mapped[int] = mapped_column(default=6)
    snapshot_id: Mapped[int | None]  # the frozen requisites in force; emptied by an edit (no key: sellers come first)
    document_prefix: Mapped[str] = text(20)
    mail_from: Mapped[str] = text(200)
    invoice_note: Mapped[str] = text(300)  # what invoices must also say: a cash method, the ground of an exemption
    operator: Mapped[str] = text(40, default="simulated")  # who switches options: a name of `provisioning.registry`
    operator_settings: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    __table_args__ = (one_of("rounding", ("carry", "line")),)

    def __repr__(self) -> str:
        return f"{self.name} ({self.code})"


class TaxRate(Model):
    """VAT as data: the rate of a country and category from a day on; percent × 100 in `rate_bp` (20 % = 2000)."""

    __tablename__ = "tax_rate"
    id: Mapped[Id]
    country: Mapped[str] = text(2)
    category: Mapped[str] = text(20, default="standard")
    rate_bp: Mapped[int]
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    __table_args__ = (
        sa.UniqueConstraint("country", "category", "valid_from"),
        sa.CheckConstraint("rate_bp >= 0", "not_negative"),
    )


class NumberSeries(Model):
    """The last number taken of a Seller's kind of document in a year: no gaps (`services.numbering`)."""

    __tablename__ = "number_series"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    kind: Mapped[str] = text(20)
    year: Mapped[int]
    last_number: Mapped[int] = mapped_column(default=0)
    last_date: Mapped[dt.date | None]  # documents of a series never go back in time
    __table_args__ = (sa.UniqueConstraint("seller_id", "kind", "year"),)


class CurrencyRate(Model):
    """Units of `quote` for `nominal` units of `base` from a day on, with the bank it was taken from."""

    __tablename__ = "currency_rate"
    id: Mapped[Id]
    base: Mapped[str] = text(3)
    quote: Mapped[str] = text(3)
    day: Mapped[dt.date]
    rate: Mapped[Decimal] = mapped_column(Fine)
    nominal: Mapped[int] = mapped_column(default=1)  # banks quote 100 yen, so that four decimals are enough
    source: Mapped[str] = text(20)
    __table_args__ = (sa.UniqueConstraint("base", "quote", "day", "source"),)


class Policy(Model):
    """One line of the policy calendar of a Seller: a window or an offset in days (`rules.policies`)."""

    __tablename__ = "policy"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    kind: Mapped[str] = text(40)
    settings: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    __table_args__ = (sa.UniqueConstraint("seller_id", "kind"),)


class CalendarOverride(Model):
    """A day that a country's calendar has wrong: working or not (`domain.md` §5)."""

    __tablename__ = "calendar_override"
    id: Mapped[Id]
    country: Mapped[str] = text(2)
    day: Mapped[dt.date]
    is_working: Mapped[bool]
    __table_args__ = (sa.UniqueConstraint("country", "day"),)


class CreditLimit(Model):
    """Reserve that lets a company order on credit (AST-109); one current row an account."""

    __tablename__ = "credit_limit"
    id: Mapped[Id]
    company_id: Mapped[int] = ref("company.id")
    account_id: Mapped[int] = ref("account.id", index=False)
    amount: Mapped[Decimal] = mapped_column(Cents)
    used: Mapped[Decimal] = mapped_column(Cents, default=Decimal(0))
    blocked_on: Mapped[dt.date | None]
    __table_args__ = (
        sa.UniqueConstraint("account_id"),
        sa.CheckConstraint("amount >= 0", "not_negative"),
        sa.CheckConstraint("used >= 0 AND used <= amount", "within"),
    )
