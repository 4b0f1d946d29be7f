"""What every page shares: the request's scope and actor, commit or roll back, errors as sentences."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, flash, g, request
from flask_babel import gettext

from app.core.errors import DomainError
from app.extensions import db, only_reading
from app.views.security import current_actor, open_scope

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def say(error: DomainError) -> str:
    """The error's sentence in the reader's language."""
    text = gettext(error.text)
    return text % error.params if error.params else text


def hook(app: Flask) -> None:
    """Hold each request to its person's scope."""

    @app.before_request
    def begin() -> None:
        only_reading.set(request.method in SAFE_METHODS)
        g.pop("actor", None)
        open_scope()


def run(service: Callable[..., Any], ids: Iterable[int], done: str) -> bool:
    """Call `service(session, actor, id)` for each id; commit all or nothing, and say what happened."""
    actor = current_actor()
    try:
        for one in ids:
            service(db.session, actor, one)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        flash(say(error), "danger")
        return False
    flash(done, "success")
    return True
