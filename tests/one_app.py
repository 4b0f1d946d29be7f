"""One Flask app a test process builds once and every test has anew: FAB takes most of a second to add its pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask

from app import create_app
from app.extensions import appbuilder, db, limiter
from config import Settings

OF_A_TEST = ("KABINET", "SQLALCHEMY_DATABASE_URI")  # all else decides how an app is built
HOOKS = ("before_request_funcs", "after_request_funcs", "teardown_request_funcs", "template_context_processors")

_kept: "_Kept | None" = None


class _Kept:
    """A built app, and what it was when it was new: its configuration, hooks and views."""

    def __init__(self, settings: Settings) -> None:
        self.asked, self.app = settings.flask(), create_app(settings)
        self.config, self.shape, self.security = dict(self.app.config), _shape(self.app), appbuilder.sm

    def is_for(self, asked: dict[str, object]) -> bool:
        """Built as asked, left by tests as it was, and the last one built: FAB and the limiter know only one."""
        same = all(self.asked[key] == value for key, value in asked.items() if key not in OF_A_TEST)
        return same and appbuilder.sm is self.security and _shape(self.app) == self.shape

    def renew(self, asked: dict[str, object]) -> None:
        self.app.config.clear()
        self.app.config.update({**self.config, **{key: asked[key] for key in OF_A_TEST}})
        url, options = self.app.config["SQLALCHEMY_DATABASE_URI"], self.app.config["SQLALCHEMY_ENGINE_OPTIONS"]
        db.engines[None] = sa.create_engine(url, **options)
        limiter.reset()


def _shape(app: Flask) -> list[Any]:
    hooks = [_listed(getattr(app, name)) for name in HOOKS]
    listed = [list(app.teardown_appcontext_funcs), app.view_functions.copy(), list(app.blueprints)]
    return [*hooks, *listed, app.wsgi_app, app.jinja_env.globals.copy(), app.jinja_env.filters.copy()]


def _listed(hooks: dict[Any, list[Callable[..., Any]]]) -> dict[Any, list[Callable[..., Any]]]:
    return {scope: list(those) for scope, those in hooks.items() if those}


@contextmanager
def app_with(settings: Settings) -> Iterator[Flask]:
    """The app over these settings' database, as if just built; one with a Redis of its own is."""
    global _kept
    asked = settings.flask()
    if _kept is None or settings.redis_url or not _kept.is_for(asked):
        _kept = _Kept(settings)
    app = _kept.app
    with app.app_context():
        _kept.renew(asked)
        yield app
        db.session.remove()
        db.engine.dispose()
