"""Pages and APIs: they ask services, show the answer, and are the only ones on the web side to commit."""

from flask import Flask
from flask_appbuilder import AppBuilder


def prepare(app: Flask) -> None:
    """What must stand before FAB does: nothing yet but error pages and hooks."""
    from app.views import base

    base.hook(app)


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add every page, in the order of the menu."""
    from app.views import cabinet, office, system

    system.register(app, appbuilder)
    office.register(app, appbuilder)
    cabinet.register(app, appbuilder)
