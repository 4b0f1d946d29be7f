"""Alembic's environment: our tables and FAB's are one metadata."""

from alembic import context
from flask_appbuilder import Model

import app.models  # noqa: F401  # fills the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
