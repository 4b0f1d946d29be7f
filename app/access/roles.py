"""Roles as sets of rights: the only place that says what a role may. `docs/permissions.md` is made from it."""

from enum import StrEnum

from app.access.permissions import CABINET_RIGHTS, OFFICE_RIGHTS, Right


class Role(StrEnum):
    """The provider's four roles and a company's four."""

    ADMINISTRATOR = "administrator"
    BACK_OFFICE = "back_office"
    ACCOUNTANT = "accountant"
    SUPPORT = "support"
    OWNER = "owner"
    COMPANY_ADMINISTRATOR = "company_administrator"
    COMPANY_ACCOUNTANT = "company_accountant"
    EMPLOYEE = "employee"


_READS = frozenset(r for r in OFFICE_RIGHTS if r.value.endswith(".read")) - {
    Right.SETTINGS_READ,
    Right.USERS_READ,
    Right.AUDIT_READ,
}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMINISTRATOR: OFFICE_RIGHTS,
    Role.BACK_OFFICE: _READS
    | {
        Right.CUSTOMERS_WRITE,
        Right.CATALOG_WRITE,
        Right.SUBSCRIPTIONS_WRITE,
        Right.BILLING_RUN,
        Right.DOCUMENTS_ISSUE,
        Right.PAYMENTS_WRITE,
        Right.EXPORTS_RUN,
        Right.IMPORTS_RUN,
        Right.TICKETS_WRITE,
        Right.SETTINGS_READ,
    },
    Role.ACCOUNTANT: _READS | {Right.DOCUMENTS_ISSUE, Right.PAYMENTS_WRITE, Right.EXPORTS_RUN, Right.IMPORTS_RUN},
    Role.SUPPORT: frozenset(
        {
            Right.OFFICE_READ,
            Right.CUSTOMERS_READ,
            Right.CATALOG_READ,
            Right.SUBSCRIPTIONS_READ,
            Right.DOCUMENTS_READ,
            Right.TICKETS_READ,
            Right.TICKETS_WRITE,
            Right.JOBS_READ,
        }
    ),
    Role.OWNER: CABINET_RIGHTS,
    Role.COMPANY_ADMINISTRATOR: CABINET_RIGHTS - {Right.CABINET_BUY},
    Role.COMPANY_ACCOUNTANT: frozenset(
        {
            Right.CABINET_READ,
            Right.CABINET_DOCUMENTS,
            Right.CABINET_PAYMENTS,
            Right.CABINET_SUBSCRIPTIONS,
            Right.CABINET_DELIVERY,
            Right.CABINET_TICKETS,
        }
    ),
    Role.EMPLOYEE: frozenset({Right.CABINET_READ, Right.CABINET_SUBSCRIPTIONS, Right.CABINET_TICKETS}),
}

STAFF = frozenset({Role.ADMINISTRATOR, Role.BACK_OFFICE, Role.ACCOUNTANT, Role.SUPPORT})


def rights_of(role_names: list[str], switched: dict[str, bool], of_company: bool) -> frozenset[Right]:
    """The rights of a person: the roles', with single rights switched on or off; never the other side's.

    A person of a company holds cabinet rights only, whatever roles or switches say; staff hold office rights only.
    """
    held: set[Right] = set()
    for role in Role:
        if role.value in role_names and (role not in STAFF) == of_company:
            held |= RIGHTS[role]
    for name, is_on in switched.items():
        if name in set(Right):
            (held.add if is_on else held.discard)(Right(name))
    return frozenset(held) & (CABINET_RIGHTS if of_company else OFFICE_RIGHTS)
