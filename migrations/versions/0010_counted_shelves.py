"""How many products stand in each category of a window, counted when shelves change."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade():
    op.add_column("shop_window", sa.Column("counters", sa.JSON()))


def downgrade():
    op.drop_column("shop_window", "counters")
