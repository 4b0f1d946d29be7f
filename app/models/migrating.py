"""Bring a database to the newest tables, or back: Alembic on a given connection."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parents[2]


def _config(connection: sa.Connection) -> Config:
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """To `revision`; the caller commits."""
    command.upgrade(_config(connection), revision)


def downgrade(connection: sa.Connection, revision: str = "base") -> None:
    """Back to `revision`; the caller commits."""
    command.downgrade(_config(connection), revision)


def write_revision(connection: sa.Connection, message: str) -> None:
    """Compare the models with the database and write the difference as a new revision."""
    command.revision(_config(connection), message, autogenerate=True)
