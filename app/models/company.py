"""Customers: companies, the parties that pay, contracts and accounts."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Id, Instant, OfCompany, Stamped, one_of, ref, state, text
from app.models.seller import Seller
from app.rules.lifecycle import CompanyState

PAYER_KINDS = ("individual", "legal_entity", "sole_proprietor")


class Company(Stamped, Model):
    """A customer, the tenant: nothing of one company is ever visible to another."""

    __tablename__ = "company"
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = text(255, index=True)
    seller_id: Mapped[int] = ref("seller.id")
    country: Mapped[str] = text(2)
    locale: Mapped[str] = text(8, default="en")
    email: Mapped[str] = text(200)
    phone: Mapped[str] = text(40)
    address: Mapped[str] = text(500)
    domain_prefix: Mapped[str | None] = mapped_column(sa.String(63), unique=True)
    state: Mapped[str] = state(CompanyState, CompanyState.ACTIVE)
    attributes: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # columns of an import nobody mapped
    seller: Mapped[Seller] = relationship(lazy="joined", innerjoin=True)
    __table_args__ = (one_of("state", CompanyState), sa.Index("ix_company_seller_id_name", "seller_id", "name"))

    def __repr__(self) -> str:
        return f"{self.name} ({self.code})"


class Payer(OfCompany, Model):
    """The legal party in whose name money moves and documents are made (AST-037…053)."""

    __tablename__ = "payer"
    id: Mapped[Id]
    kind: Mapped[str] = text(20, default="legal_entity")
    country: Mapped[str] = text(2)
    locale: Mapped[str] = text(8)
    name: Mapped[str] = text(255, index=True)
    contact_person: Mapped[str] = text(200)
    phone: Mapped[str] = text(40)
    fax: Mapped[str] = text(40)
    email: Mapped[str] = text(200)
    get_in_cabinet: Mapped[bool] = mapped_column(default=True)
    get_by_post: Mapped[bool] = mapped_column(default=False)
    get_by_email: Mapped[bool] = mapped_column(default=False)
    legal_country: Mapped[str] = text(2)
    legal_postal_code: Mapped[str] = text(12)
    legal_city: Mapped[str] = text(120)
    legal_address: Mapped[str] = text(400)
    actual_same_as_legal: Mapped[bool] = mapped_column(default=True)
    actual_country: Mapped[str] = text(2)
    actual_postal_code: Mapped[str] = text(12)
    actual_city: Mapped[str] = text(120)
    actual_address: Mapped[str] = text(400)
    tax_code: Mapped[str] = text(20, index=True)  # ИНН, ЄДРПОУ, РНОКПП, УНП, БИН, NIP
    kpp: Mapped[str] = text(9)
    ogrn: Mapped[str] = text(15)
    okpo: Mapped[str] = text(14)
    vat_number: Mapped[str] = text(20)
    bank_name: Mapped[str] = text(200)
    bik: Mapped[str] = text(12)
    settlement_account: Mapped[str] = text(40)
    correspondent_account: Mapped[str] = text(40)
    iban: Mapped[str] = text(34)
    bookkeeping_note: Mapped[str] = text(500)
    director_name: Mapped[str] = text(200)
    director_post: Mapped[str] = text(200)
    director_name_genitive: Mapped[str] = text(200)
    director_post_genitive: Mapped[str] = text(200)
    director_name_dative: Mapped[str] = text(200)
    director_post_dative: Mapped[str] = text(200)
    acts_on: Mapped[str] = text(200)
    passport: Mapped[str] = text(40)
    passport_issued_on: Mapped[dt.date | None]
    passport_issued_by: Mapped[str] = text(300)
    birth_date: Mapped[dt.date | None]
    registration_city: Mapped[str] = text(120)
    registration_address: Mapped[str] = text(400)
    snapshot_id: Mapped[int | None]  # the frozen requisites in force; emptied by an edit
    company: Mapped[Company] = relationship()
    __table_args__ = (one_of("kind", PAYER_KINDS),)

    def __repr__(self) -> str:
        return self.name


class Contract(OfCompany, Model):
    """An agreement of a Payer with a Seller, with a number and a date."""

    __tablename__ = "contract"
    id: Mapped[Id]
    seller_id: Mapped[int] = ref("seller.id", index=False)
    payer_id: Mapped[int] = ref("payer.id")
    number: Mapped[str] = text(60)
    signed_on: Mapped[dt.date]
    ends_on: Mapped[dt.date | None]
    payable_currency: Mapped[str] = text(3)  # bills in the account's currency are paid in this one; empty: in their own
    rate_markup_bp: Mapped[int] = mapped_column(default=0)  # percent × 100 on top of the bank's rate
    company: Mapped[Company] = relationship()
    payer: Mapped[Payer] = relationship()
    seller: Mapped[Seller] = relationship()
    __table_args__ = (sa.UniqueConstraint("seller_id", "number"),)

    def __repr__(self) -> str:
        return f"{self.number} ({self.signed_on:%Y-%m-%d})"


class Account(OfCompany, Model):
    """A numbered account of a company in one currency: what is billed, paid and reconciled."""

    __tablename__ = "account"
    id: Mapped[Id]
    company_id: Mapped[int] = ref("company.id", index=False)
    seller_id: Mapped[int] = ref("seller.id")
    payer_id: Mapped[int] = ref("payer.id")
    contract_id: Mapped[int | None] = ref("contract.id", null=True)
    number: Mapped[str] = mapped_column(sa.String(32), unique=True)
    currency: Mapped[str] = text(3)
    state: Mapped[str] = state(CompanyState, CompanyState.ACTIVE, index=False)
    delivery: Mapped[str] = text(12, default="collect")  # collect | email
    delivery_format: Mapped[str] = text(12, default="pdf")  # pdf | xlsx | xlsx_split
    delivery_addresses: Mapped[str] = text(200)
    company: Mapped[Company] = relationship()
    payer: Mapped[Payer] = relationship()
    contract: Mapped[Contract | None] = relationship()
    seller: Mapped[Seller] = relationship()
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),  # what belongs to an account points at all three (PostgreSQL, 0002)
        sa.UniqueConstraint("company_id", "seller_id", "id", name="uq_account_company_id_seller_id"),
        one_of("state", CompanyState),
        one_of("delivery", ("collect", "email")),
        one_of("delivery_format", ("pdf", "xlsx", "xlsx_split")),
    )

    def __repr__(self) -> str:
        return f"{self.number} ({self.currency})"


class DeliveryChange(OfCompany, Model):
    """What the delivery of an account was from an instant on: «as at forming» (A1-20)."""

    __tablename__ = "delivery_change"
    id: Mapped[Id]
    account_id: Mapped[int] = ref("account.id", index=False)
    valid_from: Mapped[dt.datetime] = mapped_column(Instant)
    delivery: Mapped[str] = text(12)
    delivery_format: Mapped[str] = text(12)
    delivery_addresses: Mapped[str] = text(200)
    changed_by: Mapped[str] = text(200)
    __table_args__ = (sa.Index("ix_delivery_change_account_id_valid_from", "account_id", "valid_from"),)
