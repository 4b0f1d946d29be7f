"""Pages of the provider's staff."""

from flask import Flask
from flask_appbuilder import AppBuilder


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the office's pages."""
