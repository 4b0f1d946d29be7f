"""Services whose changed size waits for the next period."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade():
    op.add_column("subscription", sa.Column("changes_on", sa.Date()))


def downgrade():
    op.drop_column("subscription", "changes_on")
