"""Paying through gateways: ways, attempts, what gateways said, money held, the sandbox's books."""

import sqlalchemy as sa
from alembic import op

import app.models.base

revision = "0005"
down_revision = "0004"

OF_COMPANY = ("payment_attempt", "held_money")


def upgrade():
    op.create_table(
        "gateway_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("created_at", app.models.base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_event")),
        sa.UniqueConstraint("digest", name=op.f("uq_gateway_event_digest")),
    )
    with op.batch_alter_table("gateway_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gateway_event_order_no"), ["order_no"], unique=False)

    op.create_table(
        "sandbox_charge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("amount", app.models.base.Cents(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("return_url", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("mask", sa.String(length=20), nullable=False),
        sa.Column("created_at", app.models.base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sandbox_charge")),
        sa.UniqueConstraint("external_id", name=op.f("uq_sandbox_charge_external_id")),
        sa.UniqueConstraint("order_no", name=op.f("uq_sandbox_charge_order_no")),
    )
    op.create_table(
        "payment_way",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("commission_bp", sa.Integer(), nullable=False),
        sa.Column("commission_fixed", app.models.base.Cents(), nullable=False),
        sa.Column("cashback_bp", sa.Integer(), nullable=False),
        sa.Column("minimum", app.models.base.Cents(), nullable=True),
        sa.Column("maximum", app.models.base.Cents(), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("public_key", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", app.models.base.Instant(), nullable=False),
        sa.CheckConstraint(
            "commission_bp >= 0 AND commission_fixed >= 0 AND cashback_bp >= 0",
            name=op.f("ck_payment_way_not_negative"),
        ),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_payment_way_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_way")),
        sa.UniqueConstraint("seller_id", "gateway", "name", name=op.f("uq_payment_way_seller_id_gateway_name")),
    )
    op.create_table(
        "payment_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seller_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("way_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("amount", app.models.base.Cents(), nullable=False),
        sa.Column("commission", app.models.base.Cents(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("ended_at", app.models.base.Instant(), nullable=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", app.models.base.Instant(), nullable=False),
        sa.CheckConstraint(
            "state IN ('new', 'sent', 'paid', 'held', 'failed', 'expired')", name=op.f("ck_payment_attempt_state_known")
        ),
        sa.CheckConstraint("amount > 0 AND commission >= 0", name=op.f("ck_payment_attempt_sums")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_attempt_account_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["ab_user.id"], name=op.f("fk_payment_attempt_asked_by")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_payment_attempt_company_id")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_payment_attempt_document_id")),
        sa.ForeignKeyConstraint(["payer_id"], ["payer.id"], name=op.f("fk_payment_attempt_payer_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_attempt_payment_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name=op.f("fk_payment_attempt_seller_id")),
        sa.ForeignKeyConstraint(["way_id"], ["payment_way.id"], name=op.f("fk_payment_attempt_way_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("key", name=op.f("uq_payment_attempt_key")),
        sa.UniqueConstraint("order_no", name=op.f("uq_payment_attempt_order_no")),
    )
    with op.batch_alter_table("payment_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_attempt_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_document_id"), ["document_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_payer_id"), ["payer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_payment_id"), ["payment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_seller_id"), ["seller_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_way_id"), ["way_id"], unique=False)

    op.create_table(
        "held_money",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gateway", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("order_no", sa.String(length=64), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount", app.models.base.Cents(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("resolution", sa.String(length=300), nullable=False),
        sa.Column("resolved_by", sa.String(length=200), nullable=False),
        sa.Column("resolved_at", app.models.base.Instant(), nullable=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", app.models.base.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name=op.f("fk_held_money_attempt_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_held_money_company_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_held_money_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_money")),
        sa.UniqueConstraint("gateway", "external_id", "reason", name=op.f("uq_held_money_gateway_external_id_reason")),
    )
    with op.batch_alter_table("held_money", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_held_money_attempt_id"), ["attempt_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_held_money_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_held_money_payment_id"), ["payment_id"], unique=False)
    _raise_walls()


def _raise_walls():
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER gateway_event_append_only BEFORE UPDATE OR DELETE ON gateway_event "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        for table in OF_COMPANY:
            mine = "company_id = nullif(current_setting('app.tenant', true), '')::bigint"
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY own_company ON {table} TO kabinet_app USING ({mine}) WITH CHECK ({mine})")
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER gateway_event_no_{what.lower()} BEFORE {what} ON gateway_event "
            "BEGIN SELECT RAISE(ABORT, 'gateway_event is append-only'); END"
        )


def downgrade():
    for table in ("held_money", "payment_attempt", "payment_way", "sandbox_charge", "gateway_event"):
        op.drop_table(table)
