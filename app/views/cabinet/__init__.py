"""Pages of the companies."""

from flask import Flask
from flask_appbuilder import AppBuilder


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the cabinet's pages; the menu is its own (`frame.MENU`)."""
    from app.views.cabinet import frame
    from app.views.cabinet.calendar import CalendarPage
    from app.views.cabinet.charges import ChargesPage
    from app.views.cabinet.checkout import CheckoutPage
    from app.views.cabinet.company import DetailsPage
    from app.views.cabinet.delivery import DeliveryPage
    from app.views.cabinet.documents import DocumentsPage
    from app.views.cabinet.invoices import InvoicesPage
    from app.views.cabinet.methods import MethodsPage
    from app.views.cabinet.notices import NoticesPage
    from app.views.cabinet.options import OptionsPage
    from app.views.cabinet.orders import OrdersPage
    from app.views.cabinet.payers import PayersPage
    from app.views.cabinet.paying import PayPage
    from app.views.cabinet.payments import InstalmentsPage, PaymentsPage
    from app.views.cabinet.reconciliation import ReconciliationPage
    from app.views.cabinet.renaming import RenamePage
    from app.views.cabinet.renewals import RenewalsPage
    from app.views.cabinet.resizing import SizePage
    from app.views.cabinet.services import SubscribersPage, SubscriptionsPage
    from app.views.cabinet.terms import AgreementPage
    from app.views.cabinet.tickets import TicketsPage
    from app.views.cabinet.top_up import TopUpPage

    frame.install(app)
    for page in (
        InvoicesPage,
        DocumentsPage,
        ChargesPage,
        PaymentsPage,
        PayPage,
        CheckoutPage,
        OrdersPage,
        PayersPage,
        MethodsPage,
        TopUpPage,
        InstalmentsPage,
        ReconciliationPage,
        SubscriptionsPage,
        RenewalsPage,
        SizePage,
        SubscribersPage,
        OptionsPage,
        RenamePage,
        DetailsPage,
        DeliveryPage,
        TicketsPage,
        CalendarPage,
        NoticesPage,
        AgreementPage,
    ):
        appbuilder.add_view_no_menu(page)
