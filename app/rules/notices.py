"""Notices: which there are, of which class, who gets them by default, and which one an unpaid invoice calls for today.

An invoice calls for one notice at a time: each holds from its day to the day of the next. So a schedule that was down
for a week says only what is true now, and nobody is reminded of a day that has passed (AST-120…124).
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

from app.rules import policies
from app.rules.policies import Calendar, InvoiceDates, PolicyKind


class NoticeClass(StrEnum):
    """The four classes a person switches (AST-180)."""

    MONEY = "money"
    SERVICES = "services"
    SUPPORT = "support"
    NEWS = "news"


class NoticeEvent(StrEnum):
    """What a notice says."""

    INVOICE_ISSUED = "invoice_issued"  # AST-120
    DUE_SOON = "due_soon"  # AST-121
    OVERDUE = "overdue"  # AST-122
    BLOCK_SOON = "block_soon"  # AST-123
    BLOCKED = "blocked"  # AST-124
    METHOD_FAILED = "method_failed"  # AST-154
    TICKET_ANSWERED = "ticket_answered"  # AST-177
    ORDER_PLACED = "order_placed"
    ORDER_DONE = "order_done"
    ORDER_CANCELLED = "order_cancelled"
    SERVICE_READY = "service_ready"
    SERVICE_NEEDS_SETUP = "service_needs_setup"  # AST-158
    SERVICE_OUT_OF_STOCK = "service_out_of_stock"
    SERVICE_RENEWED = "service_renewed"
    RENEWAL_FAILED = "renewal_failed"  # AST-154
    SERVICE_STOPPED = "service_stopped"
    SERVICE_ENDED = "service_ended"
    NEWS = "news"  # AST-177


CLASSES = {
    NoticeEvent.INVOICE_ISSUED: NoticeClass.MONEY,
    NoticeEvent.DUE_SOON: NoticeClass.MONEY,
    NoticeEvent.OVERDUE: NoticeClass.MONEY,
    NoticeEvent.BLOCK_SOON: NoticeClass.MONEY,
    NoticeEvent.BLOCKED: NoticeClass.MONEY,
    NoticeEvent.METHOD_FAILED: NoticeClass.MONEY,
    NoticeEvent.TICKET_ANSWERED: NoticeClass.SUPPORT,
    NoticeEvent.ORDER_PLACED: NoticeClass.SERVICES,
    NoticeEvent.ORDER_DONE: NoticeClass.SERVICES,
    NoticeEvent.ORDER_CANCELLED: NoticeClass.SERVICES,
    NoticeEvent.SERVICE_READY: NoticeClass.SERVICES,
    NoticeEvent.SERVICE_NEEDS_SETUP: NoticeClass.SERVICES,
    NoticeEvent.SERVICE_OUT_OF_STOCK: NoticeClass.SERVICES,
    NoticeEvent.SERVICE_RENEWED: NoticeClass.SERVICES,
    NoticeEvent.RENEWAL_FAILED: NoticeClass.MONEY,
    NoticeEvent.SERVICE_STOPPED: NoticeClass.MONEY,
    NoticeEvent.SERVICE_ENDED: NoticeClass.MONEY,
    NoticeEvent.NEWS: NoticeClass.NEWS,
}
CHANNELS = ("in_app", "email")
OFF_BY_DEFAULT = frozenset({(NoticeClass.NEWS.value, "email")})
BLOCK_IS_NEWS_FOR = 7  # days: an older debt was told of, or was not this program's to tell of


def is_wanted(switched: Mapping[tuple[str, str], bool], notice_class: NoticeClass | str, channel: str) -> bool:
    """Whether a person with these switches wants notices of a class through a channel."""
    which = (NoticeClass(notice_class).value, channel)
    return switched.get(which, which not in OFF_BY_DEFAULT)


def dates_by_due(due_on: dt.date, calendar: Calendar) -> InvoiceDates:
    """The days of an invoice to be paid by `due_on`: what was printed on it holds, whatever the calendar says since."""
    return policies.dates_of_invoice(due_on - dt.timedelta(calendar[PolicyKind.INVOICE_DUE]["days"] - 1), calendar)


def event_on(day: dt.date, due_on: dt.date, calendar: Calendar) -> NoticeEvent | None:
    """What an unpaid invoice, issued by `day`, calls for then; None where nothing new is to be said."""
    dates = dates_by_due(due_on, calendar)
    if day >= dates.block_on + dt.timedelta(BLOCK_IS_NEWS_FOR):
        return None
    if day >= dates.block_on:
        return NoticeEvent.BLOCKED
    if day >= dates.overdue_on:
        return NoticeEvent.BLOCK_SOON if day >= dates.warn_on else NoticeEvent.OVERDUE
    return NoticeEvent.DUE_SOON if day >= dates.remind_on > dates.issued_on else NoticeEvent.INVOICE_ISSUED


def first_due_day(day: dt.date, calendar: Calendar) -> dt.date:
    """Invoices to be paid before this day call for nothing on `day` any more."""
    dates = dates_by_due(day, calendar)
    return day - dt.timedelta((dates.block_on - dates.due_on).days + BLOCK_IS_NEWS_FOR - 1)
