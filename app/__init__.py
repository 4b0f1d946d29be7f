"""Kabinet: the back office and the customer cabinet of a provider of subscriptions."""

from flask import Flask

from config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The program with its configuration, extensions and views; nothing else happens here."""
    from app import cli, views
    from app.extensions import csrf, db, install_walls, limiter, renew_appbuilder

    app = Flask(__name__)
    app.config.from_mapping((settings or Settings.from_environment()).flask())
    views.prepare(app)
    csrf.init_app(app)
    limiter.init_app(app)
    db.init_app(app)
    install_walls()
    with app.app_context():
        appbuilder = renew_appbuilder()
        appbuilder.init_app(app, db.session)
        views.register(app, appbuilder)
    cli.register(app)
    return app
