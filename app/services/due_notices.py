"""Notices of unpaid invoices: issued, soon due, overdue, soon blocked, blocked (AST-120…124), each to be said once.

The schedule asks every day (`jobs.notices`). What an invoice calls for today is read from its due day and the Seller's
calendar of policies, so a day missed is caught up by what is true now and a run twice finds nothing more to say.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.models import Account, Company, Document, Notice, Seller
from app.models.document import UNPAID_INVOICE
from app.reports.formats import formats_of
from app.reports.words import words_of
from app.rules import notices as rules
from app.rules.lifecycle import DocumentState
from app.rules.mailing import parse_addresses
from app.rules.notices import NoticeEvent
from app.rules.policies import Calendar, InvoiceDates
from app.services import notices, policies
from app.services.notices import Reader, Row

MONEY = (Right.CABINET_DOCUMENTS, Right.CABINET_PAYMENTS)


@dataclass(frozen=True)
class Call:
    """Unpaid invoices of a Seller with one due day, and what they call for today."""

    seller: Seller
    event: NoticeEvent
    dates: InvoiceDates
    today: dt.date


def calls_now(session: Session, actor: Actor) -> list[Call]:
    """What today calls for, Seller by Seller in the days of its own zone."""
    actor.need(Right.BILLING_RUN)
    found: list[Call] = []
    for seller in session.scalars(sa.select(Seller).order_by(Seller.id)):
        calendar, today = policies.calendar_for(session, seller.id), clock.today(seller.zone)
        days = session.scalars(
            sa.select(Document.due_on)
            .where(UNPAID_INVOICE, Document.due_on >= rules.first_due_day(today, calendar))
            .where(Document.seller_id == seller.id)
            .distinct()
        )
        found += _calls(seller, sorted(day for day in days if day is not None), calendar, today)
    return found


def _calls(seller: Seller, days: Sequence[dt.date], calendar: Calendar, today: dt.date) -> Iterator[Call]:
    for day in days:
        event = rules.event_on(today, day, calendar)
        if event is not None:
            yield Call(seller, event, rules.dates_by_due(day, calendar), today)


def untold(session: Session, call: Call, after: int, limit: int) -> list[Document]:
    """The next invoices of a call that nobody was told of yet, by id."""
    told = sa.exists().where(Notice.document_id == Document.id, Notice.event == call.event.value)
    query = (
        sa.select(Document)
        .join(Document.account)
        .join(Document.company)
        .options(contains_eager(Document.account), contains_eager(Document.company))
        .where(UNPAID_INVOICE, Document.due_on == call.dates.due_on, Document.seller_id == call.seller.id)
        .where(Document.state == DocumentState.ISSUED.value, Document.issued_on <= call.today)
        .where(Document.id > after, Document.total > Document.paid, ~told)
        .order_by(Document.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def tell(session: Session, actor: Actor, call: Call, invoices: Sequence[Document]) -> tuple[int, int]:
    """Tell everybody concerned of these invoices; how many notices in the cabinet and how many letters."""
    actor.need(Right.BILLING_RUN)
    people = notices.readers_of(session, {one.company_id for one in invoices}, MONEY)
    rows: list[Row] = []
    for invoice in invoices:
        readers = [*people.get(invoice.company_id, ()), *_addresses(call, invoice)]
        rows += _rows(call, invoice, readers)
    notices.put(session, rows)
    letters = sum(row["channel"] == "email" for row in rows)
    return len(rows) - letters, letters


def _addresses(call: Call, invoice: Document) -> list[Reader]:
    """Where the account's mail goes; a new invoice that goes there itself is announced by its own letter."""
    account: Account = invoice.account
    company: Company = invoice.company
    is_mailed = account.delivery == "email" and bool(account.delivery_addresses)
    if is_mailed and call.event is NoticeEvent.INVOICE_ISSUED:
        return []
    try:
        found = parse_addresses(account.delivery_addresses or company.email)
    except DomainError:  # an address of an import that is none: people of the company are told all the same
        return []
    return [Reader(address, invoice.locale or company.locale) for address in found]


def _rows(call: Call, invoice: Document, readers: list[Reader]) -> list[Row]:
    said: dict[str, tuple[str, str, str]] = {}

    def say(locale: str) -> tuple[str, str, str]:
        if locale not in said:
            said[locale] = _texts(call, invoice, locale)
        return said[locale]

    about = {"company_id": invoice.company_id, "document_id": invoice.id}
    return notices.rows_for(call.event, str(invoice.id), readers, say, **about)


def _texts(call: Call, invoice: Document, locale: str) -> tuple[str, str, str]:
    words = words_of(locale)
    formats = formats_of(words.language)
    params: dict[str, Any] = {
        "number": invoice.number or invoice.id,
        "date": formats.date(invoice.issued_on),
        "left": f"{formats.money(invoice.total - invoice.paid)} {invoice.currency}",
        "due": formats.date(call.dates.due_on),
        "last_day": formats.date(call.dates.last_day_to_pay),
        "block": formats.date(call.dates.block_on),
    }
    text = words(f"notice_{call.event.value}", **params)
    letter = notices.letter_of(locale, text, call.seller.name, invoice.account.number)
    return words(f"notice_{call.event.value}_subject", **params), text, letter
