"""What the cabinet calls kinds, states and methods: the customer's words, one for one thing on every page."""

from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: dict[str, Any] = {
    "invoice": _l("Invoice"),
    "act": _l("Act"),
    "credit_note": _l("Credit note"),
    "correction_act": _l("Correction act"),
    "reconciliation": _l("Reconciliation act"),
    "charges": _l("Charge report"),
}
MANY: dict[str, Any] = {
    "invoice": _l("Invoices"),
    "act": _l("Acts"),
    "credit_note": _l("Credit notes"),
    "correction_act": _l("Correction acts"),
    "reconciliation": _l("Reconciliation acts"),
    "charges": _l("Charge reports"),
}
SETTLEMENTS: dict[str, Any] = {
    "unpaid": _l("To pay"),
    "partly": _l("Partly paid"),
    "paid": _l("Paid"),
    "overdue": _l("Overdue"),
}
PAYMENTS: dict[str, Any] = {
    "new": _l("New"),
    "unconfirmed": _l("Waits for the bank"),
    "credited": _l("Credited"),
    "confirmed": _l("Confirmed by the bank"),
    "refused": _l("Not confirmed"),
    "reversed": _l("Returned"),
}
METHODS: dict[str, Any] = {
    "bank_transfer": _l("Bank transfer"),
    "cash": _l("Cash"),
    "card": _l("Card"),
    "credit_note": _l("Credit note"),
    "account_balance": _l("From the balance"),
    "opening": _l("Opening balance"),
    "sandbox": _l("Card (sandbox)"),
    "cashback": _l("Cashback"),
    "write_off": _l("Write-off"),
    "liqpay": _l("LiqPay"),
    "yookassa": _l("YooKassa"),
    "stripe": _l("Stripe"),
    "other": _l("Other"),
}
STATES: dict[str, Any] = {
    "ordered": _l("Ordered"),
    "processing": _l("Being set up"),
    "needs_setup": _l("Needs set-up"),
    "active": _l("Active"),
    "suspended": _l("Suspended by you"),
    "stopped": _l("Stopped by the provider"),
    "ended": _l("Ended"),
    "out_of_stock": _l("Out of stock"),
    "blocked": _l("Blocked"),
    "released": _l("Released"),
    "closed": _l("Closed"),
}
COMPANY_STATES: dict[str, Any] = {
    "active": _l("Active"),
    "suspended": _l("Suspended"),
    "closed": _l("Closed"),
}
ATTEMPTS: dict[str, Any] = {
    "new": _l("New"),
    "sent": _l("Being paid"),
    "paid": _l("Credited"),
    "held": _l("Being looked at"),
    "failed": _l("Not paid"),
    "expired": _l("Not paid in time"),
}
TICKETS: dict[str, Any] = {
    "new_messages": _l("Sent to us"),
    "in_review": _l("We are working on it"),
    "awaits_you": _l("Awaits your answer"),
    "archived": _l("Archived"),
}
DEPARTMENTS: dict[str, Any] = {
    "accounting": _l("Accounting"),
    "technical": _l("Technical support"),
    "sales": _l("Sales"),
    "other": _l("Other"),
}
NOTICE_CLASSES: dict[str, tuple[Any, Any]] = {
    "money": (_l("Money"), _l("Invoices issued, due days, overdue payments, blocks")),
    "services": (_l("Services"), _l("Services switched on and off, works done")),
    "support": (_l("Feedback"), _l("Answers of our specialists to your questions")),
    "news": (_l("News"), _l("News and offers of the provider")),
}
CHANNELS: dict[str, Any] = {"in_app": _l("In the cabinet"), "email": _l("By e-mail")}
LETTERS: dict[str, Any] = {
    "pending": _l("On its way"),
    "sent": _l("Sent"),
    "dropped": _l("Not sent: settled in the meantime"),
    "failed": _l("Not delivered"),
}
PARTS: dict[str, Any] = {
    "planned": _l("Planned"),
    "invoiced": _l("To pay"),
    "overdue": _l("Overdue"),
    "paid": _l("Paid"),
}
DELIVERY: dict[str, Any] = {"email": _l("E-mail"), "collect": _l("You collect it yourself")}
FORMATS: dict[str, Any] = {
    "pdf": _l("PDF"),
    "xlsx": _l("Excel"),
    "xlsx_split": _l("Excel, detail by working hours"),
}
PAYER_KINDS: dict[str, Any] = {
    "individual": _l("Individual"),
    "legal_entity": _l("Legal entity"),
    "sole_proprietor": _l("Sole proprietor"),
}
UNITS: dict[str, Any] = {
    "month": _l("month"),
    "pcs": _l("pcs"),
    "service": _l("service"),
    "GB": _l("GB"),
    "minute": _l("min"),
    "user": _l("user"),
}
VERDICTS: dict[str, Any] = {
    "agreed": _l("Agrees"),
    "date_differs": _l("The day differs"),
    "number_differs": _l("The number differs"),
    "amount_differs": _l("The amount differs"),
    "only_ours": _l("Only in our books"),
    "only_theirs": _l("Only in your books"),
}
METHOD_STATES: dict[str, Any] = {
    "setting_up": _l("Being set up"),
    "working": _l("Works"),
    "not_working": _l("Does not work"),
}
PRODUCT_KINDS: dict[str, Any] = {
    "service": _l("Service"),
    "licence": _l("Licence"),
    "domain": _l("Domain name"),
    "certificate": _l("Certificate"),
}
ORDER_STATES: dict[str, Any] = {
    "pending": _l("Awaiting payment"),
    "paid": _l("Paid"),
    "fulfilled": _l("Paid"),
    "on_credit": _l("By invoice"),
    "cancelled": _l("Cancelled"),
}
TONES: dict[str, str] = {
    "fulfilled": "good",
    "on_credit": "info",
    "working": "good",
    "not_working": "bad",
    "setting_up": "info",
    "out_of_stock": "bad",
    "paid": "good",
    "credited": "good",
    "active": "good",
    "agreed": "good",
    "sent": "good",
    "pending": "info",
    "failed": "bad",
    "partly": "warn",
    "unpaid": "warn",
    "unconfirmed": "warn",
    "confirmed": "good",
    "invoiced": "warn",
    "suspended": "warn",
    "processing": "info",
    "ordered": "info",
    "needs_setup": "warn",
    "awaits_you": "warn",
    "in_review": "info",
    "new_messages": "info",
    "date_differs": "info",
    "number_differs": "info",
    "overdue": "bad",
    "refused": "",
    "reversed": "bad",
    "stopped": "bad",
    "blocked": "bad",
    "amount_differs": "bad",
    "only_ours": "bad",
    "only_theirs": "bad",
    "new": "info",
    "held": "warn",
    "expired": "bad",
}


def word(words: dict[str, Any], value: Any) -> str:
    """The word for a value in the reader's language; the value itself where none is known."""
    return str(words.get(str(value), value if value not in (None, "") else "—"))


def options(words: dict[str, Any], first: Any = None) -> list[tuple[str, str]]:
    """(value, word) pairs for a select, after a first one that means «any»."""
    return [*([("", str(first))] if first is not None else []), *((key, str(text)) for key, text in words.items())]
