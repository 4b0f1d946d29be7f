"""Pages of the provider's staff: tables over the whole model, and the pages of the main job."""

from flask import Flask
from flask_appbuilder import AppBuilder


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the office's pages, in the order of the menu."""
    from app.views.office import frame, menu

    frame.install(app)
    menu.fill(appbuilder)
