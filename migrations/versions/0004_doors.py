"""Doors: one-time codes, agreements with versions and who accepted them, a person's name shown in the portal."""

import sqlalchemy as sa
from alembic import op

import app.models.base

revision = "0004"
down_revision = "0003"

USER_COLUMNS = (
    lambda: sa.Column("display_name", sa.String(200), nullable=True),
    lambda: sa.Column("phone_confirmed_at", app.models.base.Instant(), nullable=True),
    lambda: sa.Column("totp_secret", sa.String(255), nullable=True),
    lambda: sa.Column("totp_step", sa.BigInteger(), nullable=True),
)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "one_time_code",
        sa.Column("id", _ID, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("asker_hash", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("is_void", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", app.models.base.Instant(), nullable=False),
        sa.Column("ends_at", app.models.base.Instant(), nullable=False),
        sa.Column("used_at", app.models.base.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_code"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name="fk_one_time_code_user_id"),
        sa.UniqueConstraint("nonce", name="uq_one_time_code_nonce"),
    )
    op.create_index("ix_one_time_code_user_id", "one_time_code", ["user_id"])
    op.create_index("ix_one_time_code_address_hash_asked_at", "one_time_code", ["address_hash", "asked_at"])
    op.create_index("ix_one_time_code_asker_hash_asked_at", "one_time_code", ["asker_hash", "asked_at"])
    op.create_table(
        "agreement",
        sa.Column("id", _ID, nullable=False),
        sa.Column("seller_id", _ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("created_at", app.models.base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agreement"),
        sa.ForeignKeyConstraint(["seller_id"], ["seller.id"], name="fk_agreement_seller_id"),
        sa.UniqueConstraint("seller_id", "version", "locale", name="uq_agreement_seller_id_version_locale"),
    )
    op.create_table(
        "agreement_acceptance",
        sa.Column("id", _ID, nullable=False),
        sa.Column("company_id", _ID, nullable=False),
        sa.Column("agreement_id", _ID, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", app.models.base.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agreement_acceptance"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_agreement_acceptance_company_id"),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name="fk_agreement_acceptance_agreement_id"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name="fk_agreement_acceptance_user_id"),
        sa.UniqueConstraint("user_id", "agreement_id", name="uq_agreement_acceptance_user_id_agreement_id"),
    )
    for column in ("company_id", "agreement_id"):
        op.create_index(f"ix_agreement_acceptance_{column}", "agreement_acceptance", [column])
    for column in USER_COLUMNS:
        op.add_column("ab_user", column())
    if op.get_bind().dialect.name == "postgresql":
        mine = "company_id = nullif(current_setting('app.tenant', true), '')::bigint"
        op.execute("ALTER TABLE agreement_acceptance ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_company ON agreement_acceptance TO kabinet_app USING ({mine}) WITH CHECK ({mine})"
        )


def downgrade():
    for column in reversed(USER_COLUMNS):
        op.drop_column("ab_user", column().name)
    op.drop_table("agreement_acceptance")
    op.drop_table("agreement")
    op.drop_table("one_time_code")
