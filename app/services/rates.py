"""The rates of a day: the bank's that a Seller uses, what a foreign account is payable in, and the taxes in force."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.models import Account, CurrencyRate, Document, Seller, TaxRate
from app.rules.exchange import BANKS, LASTS, NO_RATE, Rate
from app.rules.tax import STANDARD


def bank_of(seller: Seller) -> str:
    """The bank whose rates a Seller uses: its own setting, else its country's central bank."""
    return seller.rate_source or BANKS.get(seller.country, "")


def rate_on(session: Session, seller: Seller, base: str, quote: str, day: dt.date, markup_bp: int = 0) -> Rate:
    """The rate in force on a day; Refused, saying what to do, where there is none."""
    bank = bank_of(seller)
    query = sa.select(CurrencyRate).where(
        CurrencyRate.base == base,
        CurrencyRate.quote == quote,
        CurrencyRate.day <= day,
        CurrencyRate.day >= day - LASTS,
    )
    if bank:
        query = query.where(CurrencyRate.source == bank)
    row = session.scalars(query.order_by(CurrencyRate.day.desc(), CurrencyRate.source).limit(1)).first()
    if row is None:
        raise Refused(NO_RATE, base=base, quote=quote, source=bank or "—", day=day.isoformat())
    return Rate(base, quote, row.rate, row.nominal, row.day, row.source, markup_bp)


def payable_currency(account: Account) -> str:
    """The Seller's currency where the account's bills are paid in it, "" where they are paid in their own."""
    contract = account.contract
    asked = contract.payable_currency if contract else ""
    return asked if asked == account.seller.currency and asked != account.currency else ""


def payable_rate(session: Session, account: Account, day: dt.date) -> Rate:
    """The rate, with the contract's markup, that an account's bills are paid at on a day."""
    markup = account.contract.rate_markup_bp if account.contract else 0
    return rate_on(session, account.seller, account.currency, account.seller.currency, day, markup)


def frozen_rate(document: Document, name: str) -> Rate | None:
    """A rate that a document was issued with: «payable», or in Poland «tax»."""
    kept = (document.data or {}).get(name)
    return Rate.from_dict(kept) if kept else None


def tax_rate(country: Any, category: Any, day: dt.date) -> sa.Select[int]:
    """The statement that finds the tax rate in force on a day; country and category may be columns of another."""
    return (
        sa.select(TaxRate.rate_bp)
        .where(TaxRate.country == country, TaxRate.category == category, TaxRate.valid_from <= day)
        .where(sa.or_(TaxRate.valid_to.is_(None), TaxRate.valid_to > day))
        .order_by(TaxRate.valid_from.desc())
        .limit(1)
    )


def standard_vat(session: Session, seller: Seller, day: dt.date) -> int | None:
    """The rate whose tax is inside a sum; None for a Seller without VAT."""
    return session.scalar(tax_rate(seller.country, STANDARD, day)) if seller.vat_payer else None
