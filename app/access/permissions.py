"""Every right there is. FAB's pair (can_read, Customers) is the right `customers.read`."""

from enum import StrEnum


class Right(StrEnum):
    """A right: area.verb. The office's first, the cabinet's (`cabinet_…`) after."""

    CUSTOMERS_READ = "customers.read"
    CUSTOMERS_WRITE = "customers.write"
    CATALOG_READ = "catalog.read"
    CATALOG_WRITE = "catalog.write"
    SUBSCRIPTIONS_READ = "subscriptions.read"
    SUBSCRIPTIONS_WRITE = "subscriptions.write"
    BILLING_READ = "billing.read"
    BILLING_RUN = "billing.run"
    DOCUMENTS_READ = "documents.read"
    DOCUMENTS_ISSUE = "documents.issue"
    PAYMENTS_READ = "payments.read"
    PAYMENTS_WRITE = "payments.write"
    LEDGER_READ = "ledger.read"
    EXPORTS_RUN = "exports.run"
    IMPORTS_RUN = "imports.run"
    TICKETS_READ = "tickets.read"
    TICKETS_WRITE = "tickets.write"
    JOBS_READ = "jobs.read"
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    USERS_READ = "users.read"
    USERS_WRITE = "users.write"
    AUDIT_READ = "audit.read"
    MAIL_READ = "mail.read"
    OFFICE_READ = "office.read"

    CABINET_READ = "cabinet.read"
    CABINET_DOCUMENTS = "cabinet_documents.read"
    CABINET_PAYMENTS = "cabinet_payments.read"
    CABINET_SUBSCRIPTIONS = "cabinet_subscriptions.read"
    CABINET_SUBSCRIBERS = "cabinet_subscribers.read"
    CABINET_BUY = "cabinet_subscriptions.write"
    CABINET_RENAME = "cabinet_subscribers.write"
    CABINET_DELIVERY = "cabinet_delivery.write"
    CABINET_USERS = "cabinet_users.write"
    CABINET_TICKETS = "cabinet_tickets.write"


OFFICE_RIGHTS = frozenset(r for r in Right if not r.value.startswith("cabinet"))
CABINET_RIGHTS = frozenset(Right) - OFFICE_RIGHTS


def right_of(permission: str, view: str) -> Right | None:
    """The right behind FAB's pair («can_read», «Customers»), or None where no role has it."""
    try:
        return Right(f"{view.lower()}.{permission.removeprefix('can_')}")
    except ValueError:
        return None
