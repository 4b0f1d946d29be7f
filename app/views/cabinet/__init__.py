"""Pages of the companies."""

from flask import Flask
from flask_appbuilder import AppBuilder


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the cabinet's pages."""
