"""Bank transfer as a way to pay: what the customer is told, the request for payment, and the bank's line that settles.

The number in the purpose (`rules.transfers`) names the attempt. Money that is short, in excess or comes twice is held
like any gateway's (`services.paying`).
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.gateways.base import Truth
from app.models import Document, HeldMoney, Order, Payer, PaymentAttempt, PaymentWay, Seller
from app.reports.document import InvoiceData, Line
from app.reports.registry import layout_for
from app.reports.render import pdf, qr
from app.reports.words import locale_for, words_of
from app.rules.commission import included_tax
from app.rules.transfers import ids_in, number_of
from app.services import gathering, paying, rates
from app.services.attempts import TRANSFER

VALID = dt.timedelta(days=14)  # what the request for payment says; money counts later too


@dataclass(frozen=True)
class Told:
    """What to write into the transfer."""

    number: str
    purpose: str
    seller: Seller
    amount: Decimal
    currency: str
    qr: bytes | None  # the country's payment code; None where its standard does not fit


def told(session: Session, attempt: PaymentAttempt, locale: str) -> Told:
    """The Seller's requisites, the purpose and the QR code of an attempt by bank transfer."""
    seller = session.get_one(Seller, attempt.seller_id)
    purpose = purpose_of(session, attempt, locale)
    code = payment_code(seller, attempt.charged, attempt.currency, purpose, attempt.account.number)
    return Told(number_of(attempt.id), purpose, seller, attempt.charged, attempt.currency, code)


def payment_code(seller: Seller, amount: Decimal, currency: str, purpose: str, account: str) -> bytes | None:
    """What the Seller's country writes into a payment QR; None where its standard does not fit."""
    transfer = qr.Transfer(
        name=seller.name,
        account=seller.iban or seller.settlement_account,
        amount=amount,
        currency=currency,
        purpose=purpose,
        tax_id=seller.tax_code,
        bank_name=seller.bank_name,
        bic=seller.bik,
        corr_account=seller.correspondent_account,
        kpp=seller.kpp,
        personal_account=account,
    )
    return qr.payload_for(seller.country, transfer)


def name_of(session: Session, attempt: PaymentAttempt, locale: str) -> str:
    """What is paid for: «Advance payment» (AST-086), an order or an invoice."""
    words = words_of(locale)
    document = session.get(Document, attempt.document_id) if attempt.document_id else None
    order = session.get(Order, attempt.order_id) if attempt.order_id else None
    if document is not None:
        return words("transfer_invoice", number=document.number or document.id)
    return words("transfer_order", number=order.number) if order is not None else words("transfer_advance")


def purpose_of(session: Session, attempt: PaymentAttempt, locale: str) -> str:
    """The purpose to be written, word by word: the number in it is how the money is known."""
    what = name_of(session, attempt, locale)
    return words_of(locale)("transfer_purpose", what=what, account=attempt.account.number, number=number_of(attempt.id))


def request_file(session: Session, attempt: PaymentAttempt, locale: str = "") -> tuple[str, bytes]:
    """The request for payment as a PDF in the payer's language (the company's, where none is asked for)."""
    if attempt.way.gateway != TRANSFER:
        raise Refused(N_("A request for payment is made for bank transfers only."))
    seller, payer = session.get_one(Seller, attempt.seller_id), session.get_one(Payer, attempt.payer_id)
    locale = locale_for(locale or attempt.company.locale, seller.country)
    day = attempt.created_at.date()
    gross = attempt.charged
    rate = rates.standard_vat(session, seller, day)
    tax = included_tax(gross, rate) if rate else Decimal("0.00")
    percent = Decimal(rate) / 100 if rate is not None else None
    name = name_of(session, attempt, locale)
    line = Line(name, Decimal(1), "", gross - tax, gross - tax, percent, tax, gross)
    data = InvoiceData(
        number=number_of(attempt.id),
        date=day,
        seller=gathering.party(_columns(seller), seller.country),
        buyer=gathering.party(_columns(payer), payer.country),
        lines=[line],
        currency=attempt.currency,
        net=gross - tax,
        tax=tax,
        gross=gross,
        locale=locale,
        due=day + VALID,
        personal_account=attempt.account.number,
        purpose=purpose_of(session, attempt, locale),
        notes=[words_of(locale)("transfer_note", number=number_of(attempt.id))],
    )
    return f"{number_of(attempt.id)}.pdf", pdf.render(layout_for("invoice", seller.country)(data))


def _columns(party: Seller | Payer) -> dict[str, Any]:
    names = [column.key for column in sa.inspect(type(party)).column_attrs]
    return {name: value for name in names if (value := getattr(party, name))}


# -- the bank's statement -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Promises:
    """Attempts by transfer that the purposes of a statement name, by id."""

    attempts: dict[int, tuple[PaymentAttempt, PaymentWay]]

    @classmethod
    def of(cls, session: Session, seller_id: int, purposes: Iterable[str]) -> "Promises":
        """Those of one Seller."""
        wanted = sorted({number for purpose in purposes for number in ids_in(purpose)})
        found: dict[int, tuple[PaymentAttempt, PaymentWay]] = {}
        for at in range(0, len(wanted), 500):
            query = (
                sa.select(PaymentAttempt, PaymentWay)
                .join(PaymentWay, PaymentWay.id == PaymentAttempt.way_id)
                .where(PaymentAttempt.id.in_(wanted[at : at + 500]), PaymentAttempt.seller_id == seller_id)
                .where(PaymentWay.gateway == TRANSFER)
            )
            found |= {attempt.id: (attempt, way) for attempt, way in session.execute(query)}
        return cls(found)

    def named(self, purpose: str) -> tuple[PaymentAttempt, PaymentWay] | None:
        """The one attempt a purpose names; None where it names none, or several."""
        ids = [number for number in ids_in(purpose) if number in self.attempts]
        return self.attempts[ids[0]] if len(ids) == 1 else None


def settle_line(
    session: Session,
    actor: Actor,
    promise: tuple[PaymentAttempt, PaymentWay],
    amount: Decimal,
    currency: str,
    money: paying.Money,
) -> str:
    """A bank's line that names an attempt: «paid», or «held» where it is short, in excess, twice or otherwise wrong."""
    attempt, way = promise
    actor.need_company(attempt.company_id)
    truth = Truth(attempt.order_no, money.key[:120], "paid", amount, currency or attempt.currency)
    return paying.settle(session, way, truth, money=money)


def is_held(session: Session, keys: Iterable[str]) -> set[str]:
    """Of these keys of bank lines, those whose money is or was held: it came in before."""
    short = {key[:120]: key for key in keys}
    query = sa.select(HeldMoney.external_id).where(HeldMoney.gateway == TRANSFER)
    found: set[str] = set()
    wanted = list(short)
    for at in range(0, len(wanted), 500):
        rows = session.scalars(query.where(HeldMoney.external_id.in_(wanted[at : at + 500])))
        found |= {short[one] for one in rows}
    return found
