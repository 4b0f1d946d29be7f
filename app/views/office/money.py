"""Money: payments, what they settle, saved methods, bank lines, instalments, limits and the ledger."""

from typing import Any

from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.models import (
    Allocation,
    BankLine,
    CreditLimit,
    Entry,
    ExpectedPayment,
    InstalmentPart,
    InstalmentPlan,
    LedgerAccount,
    Payment,
    PaymentMethod,
    Posting,
)
from app.models.ledger import EntryKind, LedgerKind
from app.views.office import cells, instalments, payment_page
from app.views.office.desk import Desk
from app.views.security import current_actor


class Payments(Desk):
    """Money in; a payment's own page is `payment_page`, a new one is entered on the payment form."""

    model = Payment
    area = "Payments"
    route_base = "/office/payments"
    names = (_l("Payments"), _l("Payment"))
    list_columns = ["number", "company", "account", "paid_on", "amount", "used", "fee", "currency", "method", "state"]
    labels = {"used": _l("Allocated")}
    search_columns = ["number", "reference", "company", "account", "paid_on", "state", "purpose"]
    order_columns = ["paid_on"]
    formats = {"method": cells.kind}

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """What came in, what it settled and what is left of it."""
        payment = self._rows_of([pk])[0]
        self.update_redirect()
        return self.render_template("office/payment.html", **payment_page.story_of(payment, current_actor()))


class Allocations(Desk):
    """What payments settle."""

    model = Allocation
    area = "Payments"
    route_base = "/office/allocations"
    names = (_l("Allocations"), _l("Allocation"))
    list_columns = ["payment", "document", "amount", "allocated_on"]
    search_columns = ["allocated_on", "amount"]


class PaymentMethods(Desk):
    """Saved ways to pay: masks only, tokens are never shown."""

    model = PaymentMethod
    area = "Payments"
    route_base = "/office/payment-methods"
    names = (_l("Saved payment methods"), _l("Saved payment method"))
    list_columns = ["name", "company", "gateway", "mask", "state", "monthly_maximum"]
    search_columns = ["name", "gateway", "mask", "state"]
    show_columns = ["name", "company", "gateway", "mask", "state", "monthly_maximum"]


class BankLines(Desk):
    """Lines of bank statements."""

    model = BankLine
    area = "Payments"
    route_base = "/office/bank-lines"
    names = (_l("Bank lines"), _l("Bank line"))
    list_columns = ["booked_on", "counterparty", "tax_code", "amount", "currency", "purpose", "payment"]
    formats = {"purpose": cells.brief}
    search_columns = ["counterparty", "tax_code", "booked_on", "amount", "purpose"]


class ExpectedPayments(Desk):
    """Unconfirmed payments and the bank lines that confirmed them."""

    model = ExpectedPayment
    area = "Payments"
    route_base = "/office/expected-payments"
    names = (_l("Unconfirmed payments"), _l("Unconfirmed payment"))
    list_columns = ["payment", "bank_line", "matched_at", "created_at"]
    search_columns = ["matched_at"]


class InstalmentPlans(Desk):
    """Equipment paid in parts."""

    model = InstalmentPlan
    area = "Payments"
    route_base = "/office/instalment-plans"
    names = (_l("Instalment plans"), _l("Instalment plan"))
    list_columns = ["name", "account", "total", "down_payment", "starts_on"]
    search_columns = ["name", "starts_on"]
    related = ("InstalmentParts",)

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """A plan with its schedule and what remains."""
        plan = self._rows_of([pk])[0]
        self.update_redirect()
        return self.render_template("office/instalment_plan.html", **instalments.story_of(plan))


class InstalmentParts(Desk):
    """Parts of instalment plans."""

    model = InstalmentPart
    area = "Payments"
    route_base = "/office/instalment-parts"
    names = (_l("Instalments"), _l("Instalment"))
    list_columns = ["due_on", "amount", "paid", "state", "document"]
    formats = {"state": cells.state}
    search_columns = ["due_on", "state"]
    base_order = ("id", "asc")
    menu = False


class CreditLimits(Desk):
    """Reserves that let companies order on credit."""

    model = CreditLimit
    area = "Payments"
    route_base = "/office/credit-limits"
    names = (_l("Credit limits"), _l("Credit limit"))
    list_columns = ["account", "company", "amount", "used", "blocked_on"]
    labels = {"amount": _l("Limit")}
    search_columns = ["amount", "used", "blocked_on"]
    form_columns = ["amount", "blocked_on"]
    required = frozenset({"amount"})
    addable = False

    hints = {"amount": _l("It may not be less than what is already used.")}


class LedgerAccounts(Desk):
    """The accounts of the books."""

    model = LedgerAccount
    area = "Ledger"
    route_base = "/office/ledger-accounts"
    names = (_l("Ledger accounts"), _l("Ledger account"))
    list_columns = ["id", "kind", "currency", "account", "seller"]
    formats = {"kind": cells.kind}
    options = {"kind": LedgerKind}
    search_columns = ["kind", "currency"]


class Entries(Desk):
    """Events in the books."""

    model = Entry
    area = "Ledger"
    route_base = "/office/entries"
    names = (_l("Ledger entries"), _l("Ledger entry"))
    list_columns = ["id", "happened_on", "kind", "account", "document", "payment", "key"]
    formats = {"kind": cells.kind}
    options = {"kind": EntryKind}
    search_columns = ["kind", "happened_on", "key"]
    related = ("Postings",)


class Postings(Desk):
    """Moves of money between ledger accounts."""

    model = Posting
    area = "Ledger"
    route_base = "/office/postings"
    names = (_l("Postings"), _l("Posting"))
    list_columns = ["id", "entry", "happened_on", "debit", "credit", "amount", "currency"]
    search_columns = ["happened_on", "amount", "currency"]
