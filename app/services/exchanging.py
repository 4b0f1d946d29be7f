"""Money in another currency than the account's: turned at the rate of its day, its gain or loss kept in the books.

An exchange account in each of the two currencies joins them, so that each currency's books sum to zero by themselves.
"""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.core.errors import N_, Refused
from app.models import Account, Document, Entry, LedgerAccount, LedgerKind, Payment, Posting
from app.rules.exchange import Rate, share
from app.services import rates
from app.services.ledger import Move

TOO_SMALL = N_("The amount comes to nothing in the account's currency. Check the amount and its currency.")


def rate_for(session: Session, account: Account, day: dt.date, currency: str | None) -> Rate | None:
    """The rate money of `currency` is turned at for an account; None where it is the account's own."""
    payable = rates.payable_currency(account)
    if payable and not currency:
        raise Refused(
            N_("Bills of this account are in %(account)s and paid in %(payable)s. Say which of the two came in."),
            account=account.currency,
            payable=payable,
        )
    if not currency or currency == account.currency:
        return None
    if currency != payable:
        raise Refused(
            N_("The account is in %(account)s, the payment in %(payment)s. Choose the account of that currency."),
            account=account.currency,
            payment=currency,
        )
    return rates.payable_rate(session, account, day)


def keep(payment: Payment, rate: Rate, money: Decimal) -> None:
    """Let a payment know what came in and at which rate it was turned."""
    if payment.amount <= 0:
        raise Refused(TOO_SMALL)
    payment.paid_currency, payment.paid_amount, payment.exchange = rate.quote, money, rate.to_dict()


def receipt(payment: Payment) -> list[Move]:
    """The moves by which a payment comes in."""
    if payment.paid_amount is None:
        return [Move(LedgerKind.CLEARING, LedgerKind.ADVANCES, payment.amount)]
    return [
        Move(LedgerKind.CLEARING, LedgerKind.EXCHANGE, payment.paid_amount, payment.paid_currency),
        Move(LedgerKind.EXCHANGE, LedgerKind.ADVANCES, payment.amount),
    ]


def difference(payment: Payment, invoice: Document, part: Decimal) -> list[Move]:
    """What a part just settled brought more, or less, than its invoice said was payable for it.

    An advance is not valued anew (UA НП(С)БО 21, RU ПБУ 3/2006): only an invoice older than the money has a difference.
    """
    asked = rates.frozen_rate(invoice, "payable")
    if payment.paid_amount is None or asked is None or invoice.issued_on > payment.paid_on:
        return []
    came = share(payment.paid_amount, payment.used - part, part, payment.amount)
    gain = came - share(asked.value_of(invoice.total), invoice.paid - part, part, invoice.total)
    if gain >= 0:
        return [Move(LedgerKind.EXCHANGE, LedgerKind.FX, gain, payment.paid_currency)]
    return [Move(LedgerKind.FX, LedgerKind.EXCHANGE, -gain, payment.paid_currency)]


def take_back(session: Session, payment: Payment) -> list[Move]:
    """The opposite of the differences of a payment that is taken back."""
    if payment.paid_amount is None:
        return []
    gain = _sum_of(session, payment, Posting.credit_id) - _sum_of(session, payment, Posting.debit_id)
    if gain >= 0:
        return [Move(LedgerKind.FX, LedgerKind.EXCHANGE, gain, payment.paid_currency)]
    return [Move(LedgerKind.EXCHANGE, LedgerKind.FX, -gain, payment.paid_currency)]


def _sum_of(session: Session, payment: Payment, side: sa.orm.InstrumentedAttribute[int]) -> Decimal:
    fx = aliased(LedgerAccount)
    query = (
        sa.select(sa.func.sum(Posting.amount))
        .join(Entry, Entry.id == Posting.entry_id)
        .join(fx, fx.id == side)
        .where(Entry.payment_id == payment.id, fx.kind == LedgerKind.FX.value)
    )
    return session.scalar(query) or Decimal(0)
