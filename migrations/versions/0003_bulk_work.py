"""Bulk work of a company's administrators: requests, rating of usage, books of advances and currencies.

One function an area; each is additive, so that a database in use is changed in place.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    _notices_up()
    _books_up()


def downgrade():
    _notices_down()
    _books_down()


def hide_other_companies(table):
    """The wall of 0002 around a new table that has a company_id."""
    if op.get_bind().dialect.name != "postgresql":
        return
    mine = "company_id = nullif(current_setting('app.tenant', true), '')::bigint"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY own_company ON {table} TO kabinet_app USING ({mine}) WITH CHECK ({mine})")


def keep_append_only(table):
    """The wall of 0002 around a new table whose rows never change."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        return
    for what in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


_BOOK_KINDS = {
    "ledger_account": (
        ("receivable", "advances", "revenue", "vat", "clearing", "fees", "write_off", "marketing"),
        ("vat_advances", "exchange", "fx"),
    ),
    "entry": (
        ("billed", "corrected", "paid", "allocated", "reversed", "refunded", "opening"),
        ("taxed", "fee", "exchanged", "write_off", "cashback"),
    ),
}


def _book_columns():
    """What the books learn: VAT on advances, fees, money in another currency than the account's."""
    return {
        "seller": (
            sa.Column("vat_on_advances", sa.Boolean(), nullable=False, server_default=sa.true()),
            sa.Column("split_payment", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("rate_source", sa.String(20), nullable=False, server_default=""),
        ),
        "contract": (
            sa.Column("payable_currency", sa.String(3), nullable=False, server_default=""),
            sa.Column("rate_markup_bp", sa.Integer(), nullable=False, server_default="0"),
        ),
        "currency_rate": (sa.Column("nominal", sa.Integer(), nullable=False, server_default="1"),),
        "payment": (
            sa.Column("fee", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("advance_tax_bp", sa.Integer(), nullable=True),
            sa.Column("advance_tax", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("paid_currency", sa.String(3), nullable=False, server_default=""),
            sa.Column("paid_amount", sa.BigInteger(), nullable=True),
            sa.Column("exchange", sa.JSON(), nullable=True),
        ),
    }


def _books_up():
    for table, columns in _book_columns().items():
        for column in columns:
            op.add_column(table, column)
    for table, (known, new) in _BOOK_KINDS.items():
        _list_kinds(table, known, (*known, *new))


def _books_down():
    for table, (known, new) in _BOOK_KINDS.items():
        _list_kinds(table, (*known, *new), known)
    for table, columns in _book_columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)


def _list_kinds(table, before, after):
    """Let a kind be one of `after`: on SQLite as its manual says for a check, in the stored text of the table."""
    old, new = ("kind IN (" + ", ".join(f"'{kind}'" for kind in kinds) + ")" for kinds in (before, after))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_kind_known")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_kind_known CHECK ({new}) NOT VALID")
        return
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?) > 0",
        (old, new, table, old),
    ).rowcount
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")
    if changed != 1:
        raise RuntimeError(f"the kinds of {table} are not as they were")


def _notices_up():
    """What a notice is about, and how its sending went."""
    column = sa.Column("document_id", sa.BigInteger(), sa.ForeignKey("document.id", name="fk_notice_document_id"))
    op.add_column("notice", column, inline_references=True)
    op.add_column("notice", sa.Column("state", sa.String(10), nullable=False, server_default="sent"))
    op.create_index("ix_notice_document_id", "notice", ["document_id"])


def _notices_down():
    op.drop_index("ix_notice_document_id", "notice")
    op.drop_column("notice", "state")
    op.drop_column("notice", "document_id")
