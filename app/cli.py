"""Commands for operators and checks: each calls one service, commits, and says one clear line when it cannot."""

from flask import Flask


def register(app: Flask) -> None:
    """Add every command."""
