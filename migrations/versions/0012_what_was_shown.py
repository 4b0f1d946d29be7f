"""What a payer was shown comes back to them; what gateways gave back; names of ways and promotions by language."""

import sqlalchemy as sa
from alembic import op

from app.models.base import Cents

revision = "0012"
down_revision = "0011"


def upgrade():
    op.add_column("payment_attempt", sa.Column("cashback", Cents()))
    op.add_column("held_money", sa.Column("refunded", Cents()))
    op.add_column("payment_way", sa.Column("translations", sa.JSON()))
    op.add_column("promotion", sa.Column("translations", sa.JSON()))


def downgrade():
    op.drop_column("promotion", "translations")
    op.drop_column("payment_way", "translations")
    op.drop_column("held_money", "refunded")
    op.drop_column("payment_attempt", "cashback")
