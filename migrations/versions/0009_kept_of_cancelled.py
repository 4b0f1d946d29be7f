"""What a cancelled order keeps for the days its services ran."""

import sqlalchemy as sa
from alembic import op

from app.models.base import Cents

revision = "0009"
down_revision = "0008"


def upgrade():
    op.add_column("order_line", sa.Column("kept", Cents()))


def downgrade():
    op.drop_column("order_line", "kept")
