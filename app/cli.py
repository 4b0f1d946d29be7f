"""Commands for operators and checks: each calls one service, commits, and says one clear line when it cannot."""

import click
from flask import Flask, current_app


def register(app: Flask) -> None:
    """Add every command."""
    app.cli.add_command(sync_permissions)


@click.command("sync-permissions")
def sync_permissions() -> None:
    """Make the rows of roles and of FAB's permissions that the code names; safe to repeat."""
    from app.access import tenancy
    from app.extensions import db
    from app.services import people

    views = current_app.extensions["appbuilder"].baseviews
    pairs = {(name, view.class_permission_name) for view in views for name in view.base_permissions}
    with tenancy.seeing(tenancy.EVERYONE, db.session()):
        roles, permissions = people.sync_permissions(db.session(), pairs)
        db.session.commit()
    click.echo(f"Roles made: {roles}; permissions made: {permissions}.")
