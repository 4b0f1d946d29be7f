"""Which language a page is in: what the person chose now, what they keep, what their browser asks for."""

from typing import Any

from flask import Flask, current_app, has_request_context, request, session


def chosen() -> str:
    """The locale of this request; never writes the session (FAB's own selector does, for every stranger)."""
    known = list(current_app.config["LANGUAGES"])
    default = str(current_app.config["BABEL_DEFAULT_LOCALE"])
    if not has_request_context():
        return default
    kept = session.get("locale")
    if kept in known:
        return str(kept)
    return request.accept_languages.best_match(known) or default


def install(app: Flask, appbuilder: Any) -> None:
    """Ask `chosen` instead of FAB; GET /lang/<locale> touches only the session, and leads back to an own page."""
    app.extensions["babel"].locale_selector = chosen
    page = appbuilder.bm.locale_view
    type(page).index._open_to_all = True
