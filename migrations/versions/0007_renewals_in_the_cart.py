"""Renewals in carts and orders beside purchases, and plans that are renewed by the day."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _flag(name):
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _days():
    return sa.Column("days", sa.Integer(), nullable=False, server_default="0")


def upgrade():
    service = sa.ForeignKey("subscription.id", name="fk_cart_item_subscription_id")
    op.add_column("plan", _flag("renews_daily"), inline_references=True)
    op.add_column("cart_item", sa.Column("subscription_id", sa.BigInteger(), service), inline_references=True)
    op.add_column("cart_item", _days(), inline_references=True)
    op.add_column("order_line", _flag("renews"), inline_references=True)
    op.add_column("order_line", _days(), inline_references=True)
    op.create_index("ix_cart_item_subscription_id", "cart_item", ["subscription_id"])
    op.execute("UPDATE order_line SET renews = true WHERE order_id IN (SELECT id FROM orders WHERE kind = 'renewal')")


def downgrade():
    op.drop_index("ix_cart_item_subscription_id", "cart_item")
    for table, column in (
        ("order_line", "days"), ("order_line", "renews"), ("cart_item", "days"), ("cart_item", "subscription_id"),
        ("plan", "renews_daily"),
    ):  # fmt: skip
        op.drop_column(table, column)
