"""Every noun of product.md has its page in the office, and every list there is taken away as XLSX and CSV."""

import csv
import io
from typing import Any

import pytest
from flask import url_for
from openpyxl import load_workbook

from app.access.roles import Role
from app.views.base import OfficePage, OfficeView
from tests import makers

# product.md's words → what shows them in the office: a table (list, search, show), or a page of its own.
NOUNS = {
    "Seller": "Sellers",
    "Company": "Companies",
    "User": "StaffPeople",
    "Role": "RolesPage",
    "Right": "RolesPage",
    "Payer": "Payers",
    "Contract": "Contracts",
    "Account": "Accounts",
    "Subscriber": "Subscribers",
    "Product": "Products",
    "Plan": "Plans",
    "Component": "Components",
    "Price version": "Prices",
    "Promotion": "Promotions",
    "Cart": "Carts",
    "Order": "Orders",
    "Subscription": "Subscriptions",
    "Seat": "Seats",
    "Extension": "Extensions",
    "Option": "Options",
    "Request": "Requests",
    "Usage": "Usages",
    "Charge": "Charges",
    "Invoice": "Invoices",
    "Act": "Acts",
    "Reconciliation act": "ReconciliationActs",
    "Payment": "Payments",
    "Allocation": "Allocations",
    "Payment method": "PaymentMethods",
    "Credit limit": "CreditLimits",
    "Instalment plan": "InstalmentPlans",
    "Ledger": "Entries",
    "Number series": "NumberSeriesView",
    "Document": "Documents",
    "Ticket": "Tickets",
    "Notice": "Notices",
    "Channel": "NoticePreferences",
    "Job": "Jobs",
    "Outbox": "Outboxes",
    "Audit event": "AuditEvents",
    "Policy calendar": "Policies",
}
# Lists that are pages of their own: endpoint of the list → endpoint of its file.
OWN_LISTS = {
    "StaffPeople.index": "StaffPeople.export_list",
    "RolesPage.index": "RolesPage.export_list",
    "RolesPage.switched": "RolesPage.export_switched",
    "MailboxPage.index": "MailboxPage.export_list",
    "HeldPage.index": "HeldPage.export_list",
    "ActivationPage.index": "ActivationPage.export_list",
    "WaitingPaymentsPage.index": "WaitingPaymentsPage.export_list",
    "AgreementsPage.accepted": "AgreementsPage.export_list",
    "DataWishesPage.index": "DataWishesPage.export_list",
    "SuspensePage.index": "SuspensePage.export_list",
    "SellerDocumentsPage.index": "SellerDocumentsPage.export_list",
}
# Pages with a table that is no list of rows of their own, and why; jobs, batches and news are tables elsewhere, too.
NO_LISTS = {
    "AgreementsPage.index": "a few versions of one text",
    "ClosingPage.index": "a calendar of a year",
    "GatewayKeysPage.index": "keys, never taken away",
    "ImportPage.index": "the list is ImportBatches",
    "NewsPage.index": "the list is Jobs",
    "PolicyCalendarPage.index": "a calendar of a month",
    "SearchPage.index": "hits of several tables, each a list of its own",
    "RegistersPage.index": "every register on it is a file",
}


@pytest.fixture
def admin(app: Any, session: Any) -> Any:
    makers.account(session)
    who = makers.user(session, "administrator")
    session.commit()
    return makers.sign_in(app.test_client(), who)


def views(app: Any, base: type) -> dict[str, Any]:
    return {type(one).__name__: one for one in app.extensions["appbuilder"].baseviews if isinstance(one, base)}


def test_every_noun_of_the_product_has_its_page_with_list_search_show_and_what_hangs_on_it(app: Any) -> None:
    tables, pages = views(app, OfficeView), views(app, OfficePage)
    for noun, name in NOUNS.items():
        if name in tables:
            assert tables[name].list_columns and tables[name].search_columns and tables[name].show_columns, noun
            assert not {"list", "show"} & set(tables[name].exclude_route_methods), noun
        else:
            assert {"index"} <= set(dir(pages[name])) and ({"show", "one"} & set(dir(pages[name]))), noun


def test_every_table_of_the_office_is_taken_away_in_both_formats(app: Any, admin: Any) -> None:
    for name, view in views(app, OfficeView).items():
        assert set(view.method_permission_name) >= {"export"}, name
        for fmt in ("xlsx", "csv"):
            answer = admin.get(f"{view.route_base}/export/{fmt}")
            assert answer.status_code == 200, (name, fmt)
            assert first_line(answer.data, fmt), (name, fmt)


def test_every_list_that_is_a_page_of_its_own_is_taken_away_in_both_formats(app: Any, admin: Any) -> None:
    for page, file in OWN_LISTS.items():
        with app.test_request_context():
            address, files = url_for(page), {fmt: url_for(file, fmt=fmt) for fmt in ("xlsx", "csv")}
        text = admin.get(address).get_data(as_text=True)
        for fmt, where in files.items():
            assert where in text, (page, fmt)
            answer = admin.get(where)
            assert answer.status_code == 200 and first_line(answer.data, fmt), (page, fmt)


def test_no_page_of_the_office_shows_a_list_that_cannot_be_taken_away(app: Any, admin: Any) -> None:
    known = OWN_LISTS.keys() | NO_LISTS.keys()
    for rule in app.url_map.iter_rules():
        view, _, page = rule.endpoint.partition(".")
        if rule.arguments or "GET" not in rule.methods or view not in views(app, OfficePage):
            continue
        answer = admin.get(rule.rule)
        if answer.status_code == 200 and answer.mimetype == "text/html" and rule.endpoint not in known:
            text = answer.get_data(as_text=True)
            assert "kb-pager" not in text and "data-row-href" not in text, f"{rule.endpoint} is a list without a file"


def test_who_may_not_take_lists_away_is_neither_offered_nor_given_a_file(app: Any, session: Any) -> None:
    who = makers.user(session, Role.SUPPORT.value)
    session.commit()
    client = makers.sign_in(app.test_client(), who)
    assert "/office/activation/export" not in client.get("/office/activation/").get_data(as_text=True)
    assert client.get("/office/activation/export/xlsx").status_code == 403


def test_a_role_says_its_rights_and_its_people(app: Any, session: Any, admin: Any) -> None:
    person = makers.user(session, "support", last_name="Кравець")
    session.commit()
    page = admin.get("/office/roles/support").get_data(as_text=True)
    assert "Answer questions of companies" in page and "Кравець" in page and f"/office/people/{person.id}" in page
    assert admin.get("/office/roles/nosuch").status_code == 404
    rows = list(csv.reader(io.StringIO(admin.get("/office/roles/export/csv").data.decode("utf-8-sig")), delimiter=";"))
    assert ["Support", "Provider", "tickets.write", "Answer questions of companies"] in rows


def first_line(content: bytes, fmt: str) -> list[Any]:
    if fmt == "xlsx":
        return [cell.value for cell in load_workbook(io.BytesIO(content), read_only=True).active[1]]
    return next(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
