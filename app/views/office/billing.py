"""Billing: runs with their accounts, and the charges they made. Read-only: a run is started on its page."""

from flask_babel import lazy_gettext as _l

from app.models import BillingRun, Charge, RunItem
from app.views.base import say
from app.views.office import cells
from app.views.office.desk import Desk


class BillingRuns(Desk):
    """Closed and half-closed months."""

    model = BillingRun
    area = "Billing"
    route_base = "/office/runs"
    names = (_l("Billing runs"), _l("Billing run"))
    list_columns = ["month", "seller", "state", "issue_on", "started_by", "created_at", "finished_at"]
    search_columns = ["month", "state", "seller"]
    formats = {"month": cells.month}


class RunItems(Desk):
    """Accounts in runs, those in quarantine with their reasons."""

    model = RunItem
    area = "Billing"
    route_base = "/office/run-items"
    names = (_l("Accounts in runs"), _l("Account in a run"))
    list_columns = ["account", "run", "state", "trouble", "attempts"]
    show_columns = ["account", "run", "state", "trouble", "attempts"]
    labels = {"trouble": _l("Reason")}
    formats = {"trouble": lambda error: say(error) if error else cells.NOTHING}
    search_columns = ["state", "account", "reason"]


class Charges(Desk):
    """Amounts owed, each with what it was reckoned from."""

    model = Charge
    area = "Billing"
    route_base = "/office/charges"
    names = (_l("Charges"), _l("Charge"))
    list_columns = ["month", "name", "kind", "quantity", "unit_price", "amount", "account", "document"]
    labels = {"explained": _l("Reckoned as")}
    search_columns = ["month", "name", "kind", "starts_on"]
    formats = {
        "month": cells.month,
        "kind": cells.kind,
        "unit_price": cells.unit_price,
        "amount": cells.unit_price,
    }
    show_columns = [
        "name",
        "kind",
        "month",
        "starts_on",
        "ends_on",
        "quantity",
        "unit_price",
        "amount",
        "tax_bp",
        "tax_included",
        "account",
        "document",
        "subscription",
        "component",
        "price_version",
        "explained",
    ]
