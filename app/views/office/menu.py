"""The office's menu: groups in the order of a working day, each view under the noun it is about."""

from typing import Any

from flask_appbuilder import AppBuilder
from flask_babel import lazy_gettext as _l

from app.views.office import (
    activation,
    billing,
    catalogue,
    closing,
    customers,
    desk_tools,
    document_page,
    documents,
    held,
    importing,
    instalments,
    issued,
    money,
    news,
    order_page,
    paperwork,
    payment_page,
    policies,
    settings,
    subscriptions,
    tariffs,
    terms,
    waiting,
    work,
)

# group → (label, icon, views with their icons)
GROUPS: list[tuple[str, Any, str, list[tuple[Any, str]]]] = [
    (
        "Customers",
        _l("Customers"),
        "fa-building",
        [
            (customers.Companies, "fa-building"),
            (customers.Accounts, "fa-wallet"),
            (customers.Payers, "fa-file-signature"),
            (customers.Contracts, "fa-handshake"),
            (customers.Subscribers, "fa-sim-card"),
        ],
    ),
    (
        "Catalogue",
        _l("Catalogue"),
        "fa-tags",
        [
            (catalogue.Products, "fa-box"),
            (catalogue.Plans, "fa-layer-group"),
            (catalogue.Components, "fa-puzzle-piece"),
            (catalogue.Prices, "fa-tag"),
            (tariffs.Tariffs, "fa-phone-volume"),
            (catalogue.Promotions, "fa-percent"),
            (catalogue.Categories, "fa-folder-tree"),
        ],
    ),
    (
        "Subscriptions",
        _l("Subscriptions"),
        "fa-rotate",
        [
            (subscriptions.Subscriptions, "fa-rotate"),
            (subscriptions.SubscriptionItems, "fa-list-check"),
            (subscriptions.SubscriptionPromotions, "fa-gift"),
            (subscriptions.Orders, "fa-cart-flatbed"),
            (subscriptions.Carts, "fa-cart-shopping"),
            (subscriptions.Options, "fa-toggle-on"),
            (subscriptions.Seats, "fa-chair"),
            (subscriptions.Extensions, "fa-up-right-and-down-left-from-center"),
            (subscriptions.Requests, "fa-inbox"),
            (subscriptions.Usages, "fa-gauge"),
        ],
    ),
    (
        "Billing",
        _l("Billing"),
        "fa-calculator",
        [
            (billing.BillingRuns, "fa-calendar-check"),
            (billing.RunItems, "fa-list-ol"),
            (billing.Charges, "fa-receipt"),
        ],
    ),
    (
        "Documents",
        _l("Documents"),
        "fa-file-lines",
        [
            (documents.Invoices, "fa-file-invoice"),
            (documents.Acts, "fa-file-circle-check"),
            (documents.CreditNotes, "fa-file-circle-minus"),
            (documents.CorrectionActs, "fa-file-pen"),
            (documents.ReconciliationActs, "fa-scale-balanced"),
            (documents.ChargeReports, "fa-chart-column"),
            (documents.Deliveries, "fa-paper-plane"),
        ],
    ),
    (
        "Money",
        _l("Money"),
        "fa-coins",
        [
            (money.Payments, "fa-coins"),
            (money.Allocations, "fa-arrows-split-up-and-left"),
            (money.BankLines, "fa-building-columns"),
            (money.ExpectedPayments, "fa-comment-dollar"),
            (money.PaymentMethods, "fa-credit-card"),
            (held.PaymentWays, "fa-cash-register"),
            (money.InstalmentPlans, "fa-calendar-days"),
            (money.CreditLimits, "fa-gauge-high"),
            (money.Entries, "fa-book"),
            (money.Postings, "fa-book-open"),
            (money.LedgerAccounts, "fa-book-bookmark"),
        ],
    ),
    (
        "Work",
        _l("Work"),
        "fa-briefcase",
        [
            (work.Tickets, "fa-headset"),
            (work.Jobs, "fa-gears"),
            (work.Outboxes, "fa-box-archive"),
            (work.Notices, "fa-bell"),
            (work.ImportBatches, "fa-file-import"),
            (work.ImportMappings, "fa-table-columns"),
            (work.AuditEvents, "fa-shoe-prints"),
        ],
    ),
    (
        "Settings",
        _l("Settings"),
        "fa-gear",
        [
            (settings.Sellers, "fa-store"),
            (settings.TaxRates, "fa-percent"),
            (settings.NumberSeriesView, "fa-hashtag"),
            (settings.CurrencyRates, "fa-money-bill-transfer"),
            (settings.CalendarOverrides, "fa-calendar"),
        ],
    ),
]
HIDDEN = [
    customers.DeliveryChanges,
    tariffs.TariffRates,
    tariffs.TariffPrefixes,
    tariffs.TariffPackages,
    subscriptions.SuspendedUsages,
    subscriptions.OrderLines,
    subscriptions.CartItems,
    documents.DocumentFiles,
    documents.Documents,
    money.InstalmentParts,
    settings.Policies,
    work.TicketMessages,
    work.NoticePreferences,
]
# group → pages that stand before its tables: page, label, icon
PAGES: dict[str, list[tuple[Any, Any, str]]] = {
    "Catalogue": [(tariffs.RatingPage, _l("Try a call"), "fa-phone")],
    "Subscriptions": [
        (activation.ActivationPage, _l("Activation"), "fa-plug-circle-bolt"),
        (tariffs.SuspensePage, _l("Suspended records"), "fa-circle-question"),
    ],
    "Billing": [(closing.ClosingPage, _l("Close a month"), "fa-calendar-check")],
    "Documents": [
        (issued.SellerDocumentsPage, _l("Documents of the Sellers"), "fa-folder-open"),
        (paperwork.ReconcilePage, _l("New reconciliation act"), "fa-scale-balanced"),
        (paperwork.ChargeReportPage, _l("New charge report"), "fa-chart-column"),
        (tariffs.DetailPage, _l("Detail of usage"), "fa-phone-volume"),
        (paperwork.RegistersPage, _l("Registers"), "fa-table"),
    ],
    "Money": [
        (payment_page.PaymentEntryPage, _l("New payment"), "fa-circle-plus"),
        (instalments.InstalmentPlanPage, _l("New instalment plan"), "fa-mobile-screen"),
        (held.HeldPage, _l("Money held"), "fa-hand-holding-dollar"),
        (waiting.WaitingPaymentsPage, _l("Payments waiting for the bank"), "fa-hourglass-half"),
    ],
    "Customers": [(importing.ImportPage, _l("Import"), "fa-file-import")],
    "Settings": [
        (policies.PolicyCalendarPage, _l("Policy calendar"), "fa-calendar-week"),
        (terms.AgreementsPage, _l("Agreements"), "fa-file-signature"),
        (terms.DataWishesPage, _l("Requests about personal data"), "fa-user-shield"),
        (held.GatewayKeysPage, _l("Keys of gateways"), "fa-key"),
    ],
    "Work": [
        (news.NewsPage, _l("News to customers"), "fa-bullhorn"),
        (desk_tools.MailboxPage, _l("Caught mail"), "fa-envelope-open"),
    ],
}
QUIET = [
    order_page.OrderPage,
    document_page.DocumentPage,
    desk_tools.SearchPage,
    desk_tools.TicketPage,
    desk_tools.OutboxPage,
    subscriptions.RequestDeskPage,
]


def fill(appbuilder: AppBuilder) -> None:
    """Add every view and page; a page's link stands in the group it names."""
    views = {view.__name__: view for _, _, _, listed in GROUPS for view, _ in listed}
    views |= {view.__name__: view for view in HIDDEN}
    for view in views.values():
        view.related_views = [views[name] for name in view.related]
    for view in (*HIDDEN, *QUIET):
        appbuilder.add_view_no_menu(view)
    appbuilder.add_link("Home", href="/", label=_l("Home"), icon="fa-house")
    for group, label, icon, listed in GROUPS:
        more = {"category": f"{group} group", "category_label": label, "category_icon": icon}
        for page, page_label, page_icon in PAGES.get(group, ()):
            appbuilder.add_view(page, page.__name__, label=page_label, icon=page_icon, **more)
        for view, view_icon in listed:
            appbuilder.add_view(view, view.__name__, label=view.names[0], icon=view_icon, **more)
