"""The shop: what a catalogue shows, carts and orders in full, saved methods, automatic top-up.

One function an area; each is additive, so that a database in use is changed in place.
"""

import sqlalchemy as sa
from alembic import op

from app.models.base import Cents, Instant

revision = "0006"
down_revision = "0005"


def upgrade():
    _core_up()


def downgrade():
    _core_down()


def hide_other_companies(table):
    """The wall of 0002 around a new table that has a company_id."""
    if op.get_bind().dialect.name != "postgresql":
        return
    mine = "company_id = nullif(current_setting('app.tenant', true), '')::bigint"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON {table} TO kabinet_app USING ({mine}) WITH CHECK ({mine})")


def _id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name, length):
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def _json(name, empty):
    return sa.Column(name, sa.JSON(), nullable=False, server_default=empty)


def _cents(name):
    return sa.Column(name, Cents(), nullable=False, server_default="0")


def _flag(name, value):
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true() if value else sa.false())


def _ref(table, name, target):
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}"))


def _columns():
    number = sa.Integer()
    return {
        "category": [
            sa.Column("position", number, nullable=False, server_default="0"),
            _words("icon", 40),
            _json("translations", "{}"),
        ],
        "product": [
            _words("kind", 12),
            sa.Column("position", number, nullable=False, server_default="0"),
            _words("image", 64),
            _json("translations", "{}"),
            sa.Column("instructions", sa.Text(), nullable=False, server_default=""),
        ],
        "plan": [_json("translations", "{}"), _flag("needs_identifier", False), _words("platform", 40)],
        "cart": [_ref("cart", "seller_id", "seller"), sa.Column("touched_at", Instant())],
        "cart_item": [
            _words("identifier", 253),
            _flag("auto_renew", True),
            _words("promo_code", 64),
            sa.Column("seen_price", Cents()),
        ],
        "orders": [
            _words("request_digest", 64),
            _words("kind", 10),
            _words("method", 12),
            _ref("orders", "way_id", "payment_way"),
            _ref("orders", "method_id", "payment_method"),
            _words("promo_code", 64),
            _cents("discount"),
            sa.Column("asked_by", number, sa.ForeignKey("ab_user.id", name="fk_orders_asked_by")),
            _ref("orders", "agreement_id", "agreement"),
            sa.Column("paid_at", Instant()),
            sa.Column("ended_at", Instant()),
            _words("reason", 300),
        ],
        "order_line": [
            _cents("tax"),
            _cents("discount"),
            _cents("next_total"),
            sa.Column("starts_on", sa.Date()),
            sa.Column("ends_on", sa.Date()),
            _json("breakdown", "[]"),
            _words("identifier", 253),
            _flag("auto_renew", True),
            _ref("order_line", "promotion_id", "promotion"),
        ],
        "payment_attempt": [
            _ref("payment_attempt", "order_id", "orders"),
            _ref("payment_attempt", "method_id", "payment_method"),
            _flag("save_method", False),
        ],
        "payment_method": [
            _ref("payment_method", "way_id", "payment_way"),
            _ref("payment_method", "account_id", "account"),
            sa.Column("deleted_at", Instant()),
        ],
        "subscription": [
            sa.Column("renew_months", number),
            sa.Column("renew_failed_on", sa.Date()),
            _words("identifier", 253),
            _words("reference", 120),
            _words("reason", 300),
        ],
        "subscription_promotion": [sa.Column("off_once", Cents())],
    }


_INDEXES = (
    ("cart", "seller_id"),
    ("orders", "way_id"),
    ("orders", "method_id"),
    ("orders", "agreement_id"),
    ("order_line", "promotion_id"),
    ("payment_attempt", "order_id"),
    ("payment_attempt", "method_id"),
    ("payment_method", "way_id"),
    ("payment_method", "account_id"),
)
_AS_IT_WAS = {  # what rows made before the shop were
    "product": {"kind": "service"},
    "plan": {"platform": "simulated"},
    "orders": {"kind": "purchase", "method": "gateway"},
}


def _core_up():
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column, inline_references=True)
    for table, values in _AS_IT_WAS.items():
        for column, value in values.items():
            op.execute(sa.update(sa.table(table, sa.column(column))).values({column: value}))
    for table, column in _INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.drop_index("ix_orders_account_id", "orders")
    op.create_index("ix_orders_account_id_state", "orders", ["account_id", "state"])
    op.create_index("ix_orders_company_id_ordered_at", "orders", ["company_id", "ordered_at", "id"])
    op.create_table(
        "auto_top_up",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("company_id", _id(), sa.ForeignKey("company.id", name="fk_auto_top_up_company_id"), nullable=False),
        sa.Column("account_id", _id(), sa.ForeignKey("account.id", name="fk_auto_top_up_account_id"), nullable=False),
        sa.Column(
            "method_id", _id(), sa.ForeignKey("payment_method.id", name="fk_auto_top_up_method_id"), nullable=False
        ),
        sa.Column("payer_id", _id(), sa.ForeignKey("payer.id", name="fk_auto_top_up_payer_id"), nullable=False),
        sa.Column("threshold", Cents(), nullable=False),
        sa.Column("monthly_maximum", Cents()),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), sa.ForeignKey("ab_user.id", name="fk_auto_top_up_confirmed_by")),
        sa.Column("confirmed_at", Instant()),
        sa.Column("paused_until", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.UniqueConstraint("account_id", name="uq_auto_top_up_account_id"),
    )
    for column in ("company_id", "method_id", "payer_id"):
        op.create_index(f"ix_auto_top_up_{column}", "auto_top_up", [column])
    hide_other_companies("auto_top_up")


def _core_down():
    op.drop_table("auto_top_up")
    op.drop_index("ix_orders_company_id_ordered_at", "orders")
    op.drop_index("ix_orders_account_id_state", "orders")
    op.create_index("ix_orders_account_id", "orders", ["account_id"])
    for table, column in _INDEXES:
        op.drop_index(f"ix_{table}_{column}", table)
    for table, columns in _columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
