"""Pages and APIs: they ask services, show the answer, and are the only ones on the web side to commit."""

from flask import Flask
from flask_appbuilder import AppBuilder


def prepare(app: Flask) -> None:
    """What must stand before FAB does: the languages' catalogues, error pages and the guards of every request."""
    from app.views import base, catalogues

    catalogues.compile_changed()
    base.hook(app)


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add every page, in the order of the menu."""
    from app.views import (
        cabinet,
        cart,
        counts,
        doors,
        invited,
        language,
        office,
        passkeys,
        paying,
        people,
        profile,
        proof,
        roles,
        second_factor,
        shop,
        system,
    )

    counts.install(app)
    language.install(app, appbuilder)
    appbuilder.add_view_no_menu(profile.ProfilePage)
    appbuilder.add_view_no_menu(doors.PasswordPage)
    appbuilder.add_view_no_menu(doors.RegisterPage)
    appbuilder.add_view_no_menu(paying.CallbackPage)
    appbuilder.add_view_no_menu(paying.SandboxPage)
    appbuilder.add_view_no_menu(second_factor.SecondFactorPage)
    appbuilder.add_view_no_menu(second_factor.FactorsPage)
    appbuilder.add_view_no_menu(passkeys.PasskeysPage)
    appbuilder.add_view_no_menu(proof.ProofPage)
    appbuilder.add_view_no_menu(invited.InvitedPage)
    appbuilder.add_view_no_menu(shop.ShopPage)
    appbuilder.add_view_no_menu(cart.CartPage)
    cart.install(app)
    system.register(app, appbuilder)
    office.register(app, appbuilder)
    cabinet.register(app, appbuilder)
    people.register(appbuilder)
    roles.register(appbuilder)
