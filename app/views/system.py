"""Pages of the program itself: its health."""

from flask import Flask
from flask_appbuilder import AppBuilder


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the program's own pages."""
