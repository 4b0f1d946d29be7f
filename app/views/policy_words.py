"""What policies, their settings and the days they make are called."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.rules.policies import InvoiceDates, Mark, PolicyKind

K = PolicyKind
# group → its policies, as the page of the office lists them
GROUPS: list[tuple[Any, tuple[PolicyKind, ...]]] = [
    (_l("Forming and paying invoices"), (K.INVOICING_DAY, K.INVOICE_CLOSED_WINDOW, K.INVOICE_DUE, K.GRACE)),
    (
        _l("Credit and reminders"),
        (K.CREDIT_BLOCK, K.DUE_REMINDER, K.BLOCK_WARNING, K.PAYMENT_MATCH, K.AUTOPAYMENT_MARGIN),
    ),
    (
        _l("Subscribers and their requests"),
        (K.RENAME_FREEZE, K.RENAME_PROMISE, K.RENAME_LIST, K.REQUEST_HISTORY, K.OPTION_LEAD, K.NUMBER_QUARANTINE),
    ),
    (_l("Documents and working time"), (K.INVOICE_DOWNLOAD, K.DELIVERY_ADDRESSES, K.WORKING_HOURS, K.HOLIDAYS)),
    (
        _l("Renewals of services"),
        (
            K.RENEWAL_ATTEMPT,
            K.RENEWAL_ATTEMPT_EARLY,
            K.RENEWAL_RETRY,
            K.RENEWAL_GRACE,
        ),
    ),
    (_l("Shop and signing in"), (K.ORDER_WAITS, K.SECOND_FACTOR)),
]
# nothing follows them, so a form would promise what is not done
UNSHOWN = frozenset({K.EXTENSION, K.SEAT_ASSIGNMENT, K.MESSENGER})
# kind → what it is called, what it means
KINDS: dict[PolicyKind, tuple[Any, Any]] = {
    K.INVOICE_CLOSED_WINDOW: (
        _l("Ordering of invoices is closed"),
        _l("On these days of each month invoices are being formed: customers can neither order nor download one."),
    ),
    K.RENAME_FREEZE: (
        _l("No renaming at the end of the month"),
        _l("On the last days of a month names stay as they will stand on the invoice."),
    ),
    K.RENAME_PROMISE: (_l("Renaming is done within"), _l("What customers are promised when they rename.")),
    K.RENAME_LIST: (_l("Lists of new names"), _l("How long a list may be, and a name on it.")),
    K.INVOICING_DAY: (_l("Invoices are formed"), _l("The day of the month on which the month before is invoiced.")),
    K.INVOICE_DUE: (_l("Time to pay an invoice"), _l("The day of issue is the first of these days.")),
    K.GRACE: (
        _l("Days of grace"),
        _l("They begin with the first overdue day; on the last one the account is blocked."),
    ),
    K.CREDIT_BLOCK: (
        _l("Block of a debtor"),
        _l("From this day purchases and renewals wait until the debt is paid."),
    ),
    K.DUE_REMINDER: (_l("Reminder to pay"), _l("Sent while the invoice can still be paid in time.")),
    K.BLOCK_WARNING: (_l("Warning of the block"), _l("Sent to a debtor before the block.")),
    K.INVOICE_DOWNLOAD: (
        _l("Invoices to download"),
        _l("For so many closed months customers download invoices themselves."),
    ),
    K.REQUEST_HISTORY: (_l("History of requests"), _l("The current month, and so many months before it.")),
    K.WORKING_HOURS: (
        _l("Working hours"),
        _l("Calls that begin within them on a working day stand apart in a detailed invoice."),
    ),
    K.RENEWAL_ATTEMPT: (_l("Renewal is charged"), _l("Before a subscription ends.")),
    K.RENEWAL_ATTEMPT_EARLY: (
        _l("Early renewal is charged"),
        _l("For what takes long to renew: domain names, certificates."),
    ),
    K.RENEWAL_RETRY: (_l("A failed renewal is tried again"), _l("If there was not enough money.")),
    K.RENEWAL_GRACE: (_l("An unpaid service ends"), _l("It is stopped on the day it is not paid for any more.")),
    K.DELIVERY_ADDRESSES: (_l("Addresses of invoices"), _l("How long the list of addresses may be.")),
    K.AUTOPAYMENT_MARGIN: (
        _l("Margin of automatic top-up"),
        _l("Added to the forecast of a month where a month’s maximum is recommended."),
    ),
    K.OPTION_LEAD: (_l("Lead time of options"), _l("Options are switched so many days after today at the earliest.")),
    K.NUMBER_QUARANTINE: (
        _l("A released number rests"),
        _l("For so many days after its release it is given to no other account, and stays with whoever had it."),
    ),
    K.PAYMENT_MATCH: (
        _l("A registered payment is found"),
        _l("So far apart the day a customer named and the bank’s may be."),
    ),
    K.HOLIDAYS: (
        _l("Holidays that are worked in wartime"),
        _l("In Ukraine holidays are working days while martial law lasts."),
    ),
    K.ORDER_WAITS: (
        _l("An unpaid order waits"),
        _l("After so many days it is cancelled; money that comes later stays on the account."),
    ),
    K.SECOND_FACTOR: (
        _l("Second step of signing in"),
        _l("After the password a code by short message, call, mail or authenticator."),
    ),
}
_DAYS, _BEFORE, _MONTHS = _l("Days"), _l("Days before"), _l("Months")
# (kind, setting) → label with its unit
SETTINGS: dict[tuple[PolicyKind, str], Any] = {
    (K.INVOICE_CLOSED_WINDOW, "first_day"): _l("From this day of the month"),
    (K.INVOICE_CLOSED_WINDOW, "last_day"): _l("To this day of the month, inclusive"),
    (K.RENAME_FREEZE, "last_days"): _l("Last days of the month"),
    (K.RENAME_FREEZE, "queue"): _l("What is asked for then waits for the first allowed minute (else it is refused)"),
    (K.RENAME_PROMISE, "hours"): _l("Hours"),
    (K.RENAME_LIST, "lines"): _l("Lines of a list"),
    (K.RENAME_LIST, "characters"): _l("Characters of a name"),
    (K.INVOICING_DAY, "day"): _l("Day of the month"),
    (K.INVOICE_DUE, "days"): _DAYS,
    (K.GRACE, "days"): _DAYS,
    (K.CREDIT_BLOCK, "days"): _l("Days after the day of issue; empty: the last day of grace"),
    (K.DUE_REMINDER, "days_before"): _BEFORE,
    (K.BLOCK_WARNING, "days_before"): _BEFORE,
    (K.INVOICE_DOWNLOAD, "months"): _MONTHS,
    (K.REQUEST_HISTORY, "months"): _MONTHS,
    (K.WORKING_HOURS, "start"): _l("From, hours and minutes"),
    (K.WORKING_HOURS, "end"): _l("To, hours and minutes"),
    (K.RENEWAL_ATTEMPT, "days_before"): _BEFORE,
    (K.RENEWAL_ATTEMPT_EARLY, "days_before"): _BEFORE,
    (K.RENEWAL_RETRY, "days"): _l("After so many days"),
    (K.RENEWAL_GRACE, "days"): _l("After so many days"),
    (K.DELIVERY_ADDRESSES, "characters"): _l("Characters"),
    (K.AUTOPAYMENT_MARGIN, "percent"): _l("Percent"),
    (K.OPTION_LEAD, "days"): _DAYS,
    (K.NUMBER_QUARANTINE, "days"): _DAYS,
    (K.PAYMENT_MATCH, "days"): _DAYS,
    (K.HOLIDAYS, "observe_suspended"): _l("Count them as days off all the same"),
    (K.ORDER_WAITS, "days"): _DAYS,
    (K.SECOND_FACTOR, "demanded"): _l("Ask every customer for it at each sign-in"),
    (K.SECOND_FACTOR, "kind"): _l("What is accepted; who has none of it sets one up first"),
}
# (kind, setting) → what may be chosen
OPTIONS: dict[tuple[PolicyKind, str], list[tuple[str, Any]]] = {
    (K.SECOND_FACTOR, "kind"): [
        ("any", _l("Any way: passkey, authenticator, telephone, mail")),
        ("strong", _l("A passkey or an authenticator")),
        ("passkey", _l("A passkey only")),
    ],
}
# what a mark of the calendar says to staff, and how loud
MARKS: dict[str, tuple[Any, str]] = {
    K.INVOICE_CLOSED_WINDOW.value: (_l("Ordering of invoices closed"), "warn"),
    K.RENAME_FREEZE.value: (_l("Renaming closed"), "warn"),
    "issued_on": (_l("Invoices formed"), "info"),
    "remind_on": (_l("Reminder to pay"), "info"),
    "due_on": (_l("Last day to pay in time"), "warn"),
    "overdue_on": (_l("Overdue from today"), "bad"),
    "warn_on": (_l("Warning of the block"), "warn"),
    "last_day_to_pay": (_l("Last day before the block"), "warn"),
    "block_on": (_l("Block of debtors"), "bad"),
}
OPENINGS: dict[str, Any] = {
    K.INVOICE_CLOSED_WINDOW.value: _l("Ordering of invoices opens"),
    K.RENAME_FREEZE.value: _l("Renaming opens"),
}


def mark_note(mark: Mark) -> tuple[str, str]:
    """A mark in words with its tone."""
    text, tone = MARKS[mark.what]
    return str(text), tone


def days_of_invoice(dates: InvoiceDates) -> list[tuple[Any, str, str]]:
    """The days of one invoice in order: (day, words, tone); two things of one day stand side by side."""
    order = ("issued_on", "remind_on", "due_on", "overdue_on", "warn_on", "last_day_to_pay", "block_on")
    found = [(getattr(dates, name), str(MARKS[name][0]), MARKS[name][1]) for name in order]
    return sorted(found, key=lambda one: one[0])


def value_in_words(value: Any) -> str:
    """A default as the form says it."""
    if value is None:
        return gettext("empty")
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return str(value)
