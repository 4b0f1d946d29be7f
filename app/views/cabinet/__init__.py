"""Pages of the companies."""

from flask import Flask
from flask_appbuilder import AppBuilder


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the cabinet's pages; the menu is its own (`frame.MENU`)."""
    from app.views.cabinet import charges, company, documents, frame, payments, reconciliation, services, tickets

    frame.install(app)
    for page in (
        documents.DocumentsPage,
        charges.ChargesPage,
        payments.PaymentsPage,
        payments.InstalmentsPage,
        reconciliation.ReconciliationPage,
        services.SubscriptionsPage,
        services.SubscribersPage,
        company.DetailsPage,
        company.DeliveryPage,
        tickets.TicketsPage,
    ):
        appbuilder.add_view_no_menu(page)
