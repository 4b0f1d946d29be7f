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
    _policies_up()
    _promised_money_up()
    _tickets_up()
    _invoices_up()
    _rating_up()
    _options_up()
    _renaming_up()
    _speed_up()
    _search_up()


def downgrade():
    _search_down()
    _speed_down()
    _renaming_down()
    _options_down()
    _rating_down()
    _invoices_down()
    _tickets_down()
    _promised_money_down()
    _policies_down()
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


def _renaming_up():
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "rename_list",
        sa.Column("id", big, primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("company_id", big, sa.ForeignKey("company.id", name="fk_rename_list_company_id"), nullable=False),
        sa.Column("request_id", big, sa.ForeignKey("request.id", name="fk_rename_list_request_id"), nullable=False),
        sa.Column("seller_id", big, sa.ForeignKey("seller.id", name="fk_rename_list_seller_id"), nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("takes_suggestions", sa.Boolean(), nullable=False),
        sa.Column("packs", sa.Integer(), nullable=False),
        sa.Column("applied_packs", sa.Integer(), nullable=False),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime()),
        sa.Column("opens_at", sa.DateTime()),
        sa.Column("promised_by", sa.DateTime()),
        sa.Column("begun_at", sa.DateTime()),
        sa.Column("job_id", big, sa.ForeignKey("job.id", name="fk_rename_list_job_id")),
        sa.Column("undo_of_id", big, sa.ForeignKey("request.id", name="fk_rename_list_undo_of_id")),
        sa.Column("key", sa.String(80)),
        sa.UniqueConstraint("request_id", name="uq_rename_list_request_id"),
        sa.UniqueConstraint("key", name="uq_rename_list_key"),
        sa.CheckConstraint("source IN ('file', 'paste', 'one', 'undo')", name="source_known"),
    )
    for column in ("company_id", "seller_id", "sha256", "due_at", "job_id", "undo_of_id"):
        op.create_index(f"ix_rename_list_{column}", "rename_list", [column])
    op.create_table(
        "rename_pack",
        sa.Column("id", big, primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("company_id", big, sa.ForeignKey("company.id", name="fk_rename_pack_company_id"), nullable=False),
        sa.Column("list_id", big, sa.ForeignKey("rename_list.id", name="fk_rename_pack_list_id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("outcomes", sa.JSON()),
        sa.UniqueConstraint("list_id", "position", name="uq_rename_pack_list_id_position"),
    )
    op.create_index("ix_rename_pack_company_id", "rename_pack", ["company_id"])
    for table in ("rename_list", "rename_pack"):
        hide_other_companies(table)
    op.drop_index("ix_subscriber_company_id", "subscriber")  # each rename paid for it, and two others begin so




def _renaming_down():
    op.create_index("ix_subscriber_company_id", "subscriber", ["company_id"])
    op.drop_table("rename_pack")
    op.drop_table("rename_list")


_BOOK_KINDS = {
    "ledger_account": (
        ("receivable", "advances", "revenue", "vat", "clearing", "fees", "write_off", "marketing"),
        ("vat_advances", "exchange", "fx"),
    ),
    "entry": (
        ("billed", "corrected", "paid", "allocated", "reversed", "refunded", "opening"),
        ("taxed", "fee", "write_off", "cashback"),
    ),
}


def _book_columns():
    """What the books learn: VAT on advances, fees, money in another currency than the account's."""
    return {
        "seller": (
            sa.Column("vat_on_advances", sa.Boolean(), nullable=False, server_default=sa.true()),
            sa.Column("split_payment", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("rate_source", sa.String(20), nullable=False, server_default=""),
            sa.Column("invoice_note", sa.String(300), nullable=False, server_default=""),
        ),
        "contract": (
            sa.Column("payable_currency", sa.String(3), nullable=False, server_default=""),
            sa.Column("rate_markup_bp", sa.Integer(), nullable=False, server_default="0"),
        ),
        "currency_rate": (sa.Column("nominal", sa.Integer(), nullable=False, server_default="1"),),
        "payment": (
            sa.Column("fee", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("advance_tax_bp", sa.Integer(), nullable=True),
            sa.Column("advance_tax", sa.BigInteger(), nullable=True),
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


def _list_kinds(table, before, after, column="kind"):
    """Let a kind be one of `after`: on SQLite as its manual says for a check, in the stored text of the table."""
    old, new = (f"{column} IN (" + ", ".join(f"'{kind}'" for kind in kinds) + ")" for kinds in (before, after))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column}_known")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column}_known CHECK ({new}) NOT VALID")
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


_SELLER_DAYS = {"due_days": 14, "grace_days": 15, "block_days": 29}  # after the day of issue, as they were counted


def _policies_up():
    """When an invoice is due and an account blocked is said by policies alone; a Seller's own days become its own."""
    bind = op.get_bind()
    policy = sa.table(
        "policy", sa.column("seller_id", sa.BigInteger), sa.column("kind", sa.String), sa.column("settings", sa.JSON)
    )
    rows = bind.execute(sa.text("SELECT id, due_days, grace_days, block_days FROM seller")).all()
    taken = set(bind.execute(sa.text("SELECT seller_id, kind FROM policy")).tuples())
    for seller_id, due, grace, block in rows:
        own = {"invoice_due": due + 1, "grace": grace, "credit_block": max(block, due + 1)}
        usual = {"invoice_due": 15, "grace": 15, "credit_block": due + grace}
        for kind, days in own.items():
            if days != usual[kind] and (seller_id, kind) not in taken:
                bind.execute(policy.insert().values(seller_id=seller_id, kind=kind, settings={"days": days}))
    for column in _SELLER_DAYS:
        op.drop_column("seller", column)


def _policies_down():
    for column, days in _SELLER_DAYS.items():
        op.add_column("seller", sa.Column(column, sa.Integer(), nullable=False, server_default=str(days)))


def _invoices_up():
    """A letter says which papers go with its document."""
    op.add_column("delivery", sa.Column("papers", sa.String(10), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "postgresql":  # files of a company print the Seller's requisites
        op.execute("CREATE POLICY of_sellers ON party_snapshot FOR SELECT TO kabinet_app USING (company_id IS NULL)")


def _invoices_down():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP POLICY of_sellers ON party_snapshot")
    op.drop_column("delivery", "papers")


def _rating_columns():
    """What a record of usage, a suspended one and a component learn about rating."""
    words = dict(nullable=False, server_default="")
    return {
        "usage": (
            sa.Column("kind", sa.String(8), **words),
            sa.Column("direction", sa.String(3), **words),
            sa.Column("other_number", sa.String(40), **words),
            sa.Column("volume", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("included", sa.BigInteger(), nullable=False, server_default="0"),
            sa.Column("amount", sa.BigInteger(), nullable=True),
            sa.Column("rate_id", sa.BigInteger(), nullable=True),
        ),
        "suspended_usage": (
            sa.Column("line", sa.JSON(), nullable=False, server_default="{}"),
            sa.Column(
                "seller_id",
                sa.BigInteger(),
                sa.ForeignKey("seller.id", name="fk_suspended_usage_seller_id"),
                nullable=True,
            ),
            sa.Column("number", sa.String(40), **words),
            sa.Column("state", sa.String(8), nullable=False, server_default="waiting"),
            sa.Column("note", sa.String(300), **words),
        ),
        "component": (
            sa.Column(
                "tariff_id", sa.BigInteger(), sa.ForeignKey("tariff.id", name="fk_component_tariff_id"), nullable=True
            ),
        ),
    }


def _rating_up():
    """Tariffs, what they rate, and months sealed in files."""
    numbered = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    fine, day, long = sa.BigInteger(), sa.Date(), sa.BigInteger()

    def key(table, column, target):
        return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")

    def begun(table, *parts):
        op.create_table(
            table, sa.Column("id", numbered, nullable=False), *parts, sa.PrimaryKeyConstraint("id", name=f"pk_{table}")
        )

    made = sa.DateTime()
    begun(
        "tariff",
        sa.Column("seller_id", long, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("splits", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", made, nullable=False),
        key("tariff", "seller_id", "seller"),
        sa.UniqueConstraint("seller_id", "code", name="uq_tariff_seller_id_code"),
    )
    begun(
        "tariff_prefix",
        sa.Column("tariff_id", long, nullable=False),
        sa.Column("prefix", sa.String(15), nullable=False),
        sa.Column("destination", sa.String(60), nullable=False),
        key("tariff_prefix", "tariff_id", "tariff"),
        sa.UniqueConstraint("tariff_id", "prefix", name="uq_tariff_prefix_tariff_id_prefix"),
    )
    kinds = "kind IN ('voice', 'sms', 'data', 'roaming', 'one-off')"
    begun(
        "tariff_rate",
        sa.Column("tariff_id", long, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("destination", sa.String(60), nullable=False),
        sa.Column("time_class", sa.String(8), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("valid_from", day, nullable=False),
        sa.Column("group_start", long, nullable=False),
        sa.Column("connect_fee", fine, nullable=False),
        sa.Column("price", fine, nullable=False),
        sa.Column("per", long, nullable=False),
        sa.Column("first_increment", long, nullable=False),
        sa.Column("increment", long, nullable=False),
        sa.Column("rounding", sa.String(8), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=False),
        sa.Column("minimum", fine, nullable=True),
        sa.Column("maximum", fine, nullable=True),
        sa.Column("created_at", made, nullable=False),
        key("tariff_rate", "tariff_id", "tariff"),
        sa.UniqueConstraint(
            "tariff_id", "kind", "destination", "time_class", "valid_from", "weight", "group_start", name="uq_rate"
        ),
        sa.CheckConstraint(kinds, name="kind_known"),
        sa.CheckConstraint("time_class IN ('', 'work', 'off', 'holiday')", name="time_class_known"),
        sa.CheckConstraint("rounding IN ('half_up', 'up', 'down')", name="rounding_known"),
        sa.CheckConstraint(
            "per > 0 AND increment > 0 AND first_increment >= 0 AND group_start >= 0",
            name="units_positive",
        ),
        sa.CheckConstraint("price >= 0 AND connect_fee >= 0", name="not_negative"),
        sa.CheckConstraint("decimals >= 0 AND decimals <= 4", name="decimals_known"),
    )
    begun(
        "tariff_package",
        sa.Column("tariff_id", long, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("destinations", sa.String(1000), nullable=False),
        sa.Column("amount", long, nullable=False),
        sa.Column("valid_from", day, nullable=False),
        sa.Column("valid_to", day, nullable=True),
        sa.Column("created_at", made, nullable=False),
        key("tariff_package", "tariff_id", "tariff"),
        sa.UniqueConstraint("tariff_id", "code", name="uq_tariff_package_tariff_id_code"),
        sa.CheckConstraint(kinds, name="kind_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="in_order"),
    )
    begun(
        "package_use",
        sa.Column("subscription_id", long, nullable=False),
        sa.Column("package_id", long, nullable=False),
        sa.Column("month", day, nullable=False),
        sa.Column("used", long, nullable=False),
        sa.Column("company_id", long, nullable=False),
        sa.Column("created_at", made, nullable=False),
        key("package_use", "subscription_id", "subscription"),
        key("package_use", "package_id", "tariff_package"),
        key("package_use", "company_id", "company"),
        sa.UniqueConstraint(
            "subscription_id", "package_id", "month", name="uq_package_use_subscription_id_package_id_month"
        ),
    )
    op.create_index("ix_package_use_package_id", "package_use", ["package_id"])
    op.create_index("ix_package_use_company_id", "package_use", ["company_id"])
    hide_other_companies("package_use")
    begun(
        "sealed_month",
        sa.Column("seller_id", long, nullable=False),
        sa.Column("month", day, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("first_usage_id", long, nullable=False),
        sa.Column("last_usage_id", long, nullable=False),
        sa.Column("lines", long, nullable=False),
        sa.Column("amount", fine, nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sealed_at", made, nullable=False),
        sa.Column("created_at", made, nullable=False),
        key("sealed_month", "seller_id", "seller"),
        sa.UniqueConstraint("seller_id", "month", "part", name="uq_sealed_month_seller_id_month_part"),
        sa.CheckConstraint("lines > 0", name="not_empty"),
    )
    for table, columns in _rating_columns().items():
        for column in columns:
            op.add_column(table, column, inline_references=True)
    op.create_index("ix_suspended_usage_seller_id", "suspended_usage", ["seller_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "ALTER TABLE suspended_usage ADD CONSTRAINT ck_suspended_usage_state_known CHECK "
            "(state IN ('waiting', 'dropped'))"
        )


def _rating_down():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE suspended_usage DROP CONSTRAINT ck_suspended_usage_state_known")
    op.drop_index("ix_suspended_usage_seller_id", "suspended_usage")
    for table, columns in _rating_columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)
    for table in ("sealed_month", "package_use", "tariff_package", "tariff_rate", "tariff_prefix", "tariff"):
        op.drop_table(table)


def _open_option_index(states):
    op.drop_index("uq_request_open_option", "request")
    where = sa.text(f"state IN ({', '.join(repr(state) for state in states)}) AND component_id IS NOT NULL")
    op.create_index(
        "uq_request_open_option",
        "request",
        ["subscriber_id", "component_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _options_up():
    """Lists of options to switch, who switches them, and what a company may choose; a failed request is still open."""
    op.add_column("request", sa.Column("reference", sa.String(120), nullable=False, server_default=""))
    op.add_column("seller", sa.Column("operator", sa.String(40), nullable=False, server_default="simulated"))
    op.add_column("seller", sa.Column("operator_settings", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("plan", sa.Column("for_subscribers", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE plan SET for_subscribers = TRUE WHERE code = 'line-options'")
    _open_option_index(("new", "queued", "sent", "failed"))
    numbered = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    keys = {
        name: sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], name=f"fk_request_line_{name}_id")
        for name in ("company", "request", "subscriber", "component", "subscription")
    }
    op.create_table(
        "request_line",
        sa.Column("id", numbered, nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=True),
        sa.Column("component_id", sa.BigInteger(), nullable=True),
        sa.Column("subscription_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(3), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("detail", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("tax_bp", sa.Integer(), nullable=True),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("month_amount", sa.BigInteger(), nullable=False),
        sa.Column("first_amount", sa.BigInteger(), nullable=False),
        sa.Column("made_id", numbered, nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        *keys.values(),
        sa.PrimaryKeyConstraint("id", name="pk_request_line"),
        sa.UniqueConstraint("request_id", "position", name="uq_request_line_request_id_position"),
    )
    op.create_index("ix_request_line_request_id_verdict", "request_line", ["request_id", "verdict", "position"])
    hide_other_companies("request_line")


def _options_down():
    op.drop_table("request_line")
    _open_option_index(("new", "queued", "sent"))
    op.drop_column("plan", "for_subscribers")
    op.drop_column("seller", "operator_settings")
    op.drop_column("seller", "operator")
    op.drop_column("request", "reference")


_PAYMENT_STATES = ("new", "unconfirmed", "credited", "refused", "reversed")


def _promised_money_columns():
    """What the bank's money confirmed, and the invoice that an instalment plan pays in parts."""
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")

    def points_at(name, table, of):
        return sa.Column(name, big, sa.ForeignKey(f"{table}.id", name=f"fk_{of}_{name}"), nullable=True)

    return {
        "expected_payment": (
            points_at("money_id", "payment", "expected_payment"),
            sa.Column("decided_at", sa.DateTime(), nullable=True),
            sa.Column("decided_by", sa.String(120), nullable=False, server_default=""),
            sa.Column("reason", sa.String(300), nullable=False, server_default=""),
        ),
        "instalment_plan": (
            points_at("document_id", "document", "instalment_plan"),
            sa.Column("early_on", sa.Date(), nullable=True),
        ),
        "instalment_part": (sa.Column("paid", sa.BigInteger(), nullable=False, server_default="0"),),
    }


def _promised_money_up():
    for table, columns in _promised_money_columns().items():
        for column in columns:
            op.add_column(table, column, inline_references=True)
    _list_kinds("payment", _PAYMENT_STATES, (*_PAYMENT_STATES, "confirmed"), "state")
    here = {"postgresql_where": sa.text("state = 'unconfirmed'"), "sqlite_where": sa.text("state = 'unconfirmed'")}
    op.create_index("ix_payment_unconfirmed", "payment", ["account_id"], **here)
    op.create_index("uq_expected_payment_money_id", "expected_payment", ["money_id"], unique=True)
    op.create_index("uq_instalment_plan_document_id", "instalment_plan", ["document_id"], unique=True)
    op.execute("UPDATE instalment_part SET paid = amount WHERE state = 'paid'")


def _promised_money_down():
    op.drop_index("uq_instalment_plan_document_id", "instalment_plan")
    op.drop_index("uq_expected_payment_money_id", "expected_payment")
    op.drop_index("ix_payment_unconfirmed", "payment")
    op.execute("UPDATE payment SET state = 'refused' WHERE state = 'confirmed'")
    _list_kinds("payment", (*_PAYMENT_STATES, "confirmed"), _PAYMENT_STATES, "state")
    for table, columns in _promised_money_columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)


UNPAID = "settlement <> 'paid' AND kind = 'invoice'"


# Keys of the tables that a billing run fills, checked for a whole statement at once: PostgreSQL's own check of a key
# takes 5 to 7 µs a row, most of a run. What it does besides, keeping a parent from being deleted meanwhile, is done
# from the parent's side: it is append-only, or whoever deletes it waits for those who write its children, then looks.
# table → (column, parent, further columns that must agree)
KEYS_BY_STATEMENT = {
    "document": (
        ("account_id", "account", "company_id seller_id"),
        ("run_id", "billing_run", ""),
        ("payer_id", "payer", ""),
        ("contract_id", "contract", ""),
        ("payer_snapshot_id", "party_snapshot", ""),
        ("seller_snapshot_id", "party_snapshot", ""),
        ("basis_id", "document", ""),
        ("corrects_id", "document", ""),
    ),
    "document_line": (("document_id", "document", "company_id"),),
    "charge": (
        ("account_id", "account", "company_id seller_id"),
        ("subscription_id", "subscription", ""),
        ("subscriber_id", "subscriber", ""),
        ("component_id", "component", ""),
        ("price_version_id", "price_version", ""),
        ("promotion_id", "promotion", ""),
        ("document_id", "document", ""),
    ),
    "entry": (
        ("account_id", "account", "company_id seller_id"),
        ("document_id", "document", ""),
        ("payment_id", "payment", ""),
    ),
    "posting": (
        ("entry_id", "entry", "company_id"),
        ("debit_id", "ledger_account", ""),
        ("credit_id", "ledger_account", ""),
    ),
    "ledger_account": (("account_id", "account", "company_id"), ("seller_id", "seller", "")),
    "run_item": (("account_id", "account", "company_id"), ("run_id", "billing_run", "")),
}
NEVER_DELETED = ("party_snapshot", "entry")  # append-only since 0002


def _key_name(table, column, parent, also):
    return f"fk_{table}_{parent}" if also else f"fk_{table}_{column}"


def _children_of():
    """Parent → its columns that keys name, and (child, column) of the keys checked by statement."""
    found = {}
    for table, keys in KEYS_BY_STATEMENT.items():
        for column, parent, also in keys:
            if parent not in NEVER_DELETED:
                columns, children = found.setdefault(parent, ({"id"}, []))
                columns.update(also.split())
                children.append((table, column))
    return found


def _speed_up():
    op.drop_index("ix_document_unpaid_due_on", "document")
    op.execute(
        "CREATE INDEX ix_document_unpaid_due_on ON document (due_on, currency, company_id, total, paid) "
        f"WHERE {UNPAID}"
    )
    if op.get_bind().dialect.name == "postgresql":
        _check_by_statement()


def _function(name, variables, body):
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public "
        f"AS $$ DECLARE {variables} BEGIN {body} END $$"
    )


def _check_by_statement():
    _function(
        "refuse_unknown",
        "missing bigint; more text; also text;",
        "FOR at IN 0 .. TG_NARGS / 3 - 1 LOOP more := ''; "
        "FOREACH also IN ARRAY string_to_array(TG_ARGV[at * 3 + 2], ' ') LOOP "
        "more := more || format(' AND (f.%1$I IS NULL OR p.%1$I = f.%1$I)', also); END LOOP; "
        "EXECUTE format('SELECT MIN(f.%1$I) FROM fresh f WHERE f.%1$I IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM %2$I p WHERE p.id = f.%1$I%3$s)', TG_ARGV[at * 3], TG_ARGV[at * 3 + 1], more) INTO missing; "
        "IF missing IS NOT NULL THEN RAISE EXCEPTION '%.% = % is not in %', TG_TABLE_NAME, TG_ARGV[at * 3], missing, "
        "TG_ARGV[at * 3 + 1] USING ERRCODE = 'foreign_key_violation'; END IF; END LOOP; RETURN NULL;",
    )
    _function(
        "refuse_unknown_row",
        "known bigint; more text := ''; also text;",
        "FOREACH also IN ARRAY string_to_array(TG_ARGV[2], ' ') LOOP "
        "more := more || format(' AND ($1 ->> %1$L IS NULL OR %1$I = ($1 ->> %1$L)::bigint)', also); END LOOP; "
        "EXECUTE format('SELECT id FROM %I WHERE id = ($1 ->> %L)::bigint%s', TG_ARGV[1], TG_ARGV[0], more) "
        "INTO known USING to_jsonb(NEW); "
        "IF known IS NULL THEN RAISE EXCEPTION '%.% is not in %', TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[1] "
        "USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL;",
    )
    _function(
        "refuse_known",
        "found integer;",
        "FOR at IN 0 .. TG_NARGS / 2 - 1 LOOP "
        "EXECUTE format('LOCK TABLE %I IN SHARE MODE', TG_ARGV[at * 2]); "
        "EXECUTE format('SELECT 1 FROM %I WHERE %I = $1 LIMIT 1', TG_ARGV[at * 2], TG_ARGV[at * 2 + 1]) "
        "INTO found USING OLD.id; "
        "IF found IS NOT NULL THEN RAISE EXCEPTION '% % is in %.%', TG_TABLE_NAME, OLD.id, TG_ARGV[at * 2], "
        "TG_ARGV[at * 2 + 1] USING ERRCODE = 'foreign_key_violation'; END IF; END LOOP; "
        "IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF; RETURN OLD;",
    )
    for table, keys in KEYS_BY_STATEMENT.items():
        for column, parent, also in keys:
            op.drop_constraint(_key_name(table, column, parent, also), table, type_="foreignkey")
            columns = [column, *also.split()]
            changed = " OR ".join(f"NEW.{one} IS DISTINCT FROM OLD.{one}" for one in columns)
            op.execute(
                f"CREATE TRIGGER {table}_knows_{column} AFTER UPDATE OF {', '.join(columns)} ON {table} FOR EACH ROW "
                f"WHEN (NEW.{column} IS NOT NULL AND ({changed})) "
                f"EXECUTE FUNCTION refuse_unknown_row('{column}', '{parent}', '{also}')"
            )
        said = ", ".join(f"'{word}'" for key in keys for word in key)
        op.execute(
            f"CREATE TRIGGER {table}_knows AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_unknown({said})"
        )
    for parent, (columns, children) in _children_of().items():
        said = ", ".join(f"'{word}'" for child in children for word in child)
        changed = " OR ".join(f"NEW.{one} IS DISTINCT FROM OLD.{one}" for one in sorted(columns))
        draft = "OLD.state = 'draft' AND " if parent == "document" else ""  # an issued one is frozen altogether
        for what, when in (("DELETE", "TRUE"), (f"UPDATE OF {', '.join(sorted(columns))}", f"({changed})")):
            op.execute(
                f"CREATE TRIGGER {parent}_is_known_{what.split()[0].lower()} BEFORE {what} ON {parent} FOR EACH ROW "
                f"WHEN ({draft}{when}) EXECUTE FUNCTION refuse_known({said})"
            )


def _speed_down():
    op.drop_index("ix_document_unpaid_due_on", "document")
    op.execute(f"CREATE INDEX ix_document_unpaid_due_on ON document (due_on) WHERE {UNPAID}")
    if op.get_bind().dialect.name != "postgresql":
        return
    for parent in _children_of():
        for what in ("delete", "update"):
            op.execute(f"DROP TRIGGER {parent}_is_known_{what} ON {parent}")
    for table, keys in KEYS_BY_STATEMENT.items():
        op.execute(f"DROP TRIGGER {table}_knows ON {table}")
        for column, parent, also in keys:
            op.execute(f"DROP TRIGGER {table}_knows_{column} ON {table}")
            columns = [column, *also.split()]
            op.create_foreign_key(_key_name(table, column, parent, also), table, parent, columns, ["id", *columns[1:]])
    for name in ("refuse_unknown", "refuse_unknown_row", "refuse_known"):
        op.execute(f"DROP FUNCTION {name}()")


SEARCHED = {
    "account": ("number",),
    "company": ("name", "code"),
    "document": ("number",),
    "payer": ("name", "tax_code"),
    "payment": ("number", "reference", "purpose"),
    "subscriber": ("number", "name"),
}


def _search_up():
    """Three-letter parts of what is searched by words, and notes of the rows they do not know yet."""
    if op.get_bind().dialect.name == "postgresql":
        _search_of_postgresql()
    elif _knows_parts():
        _search_of_sqlite()


def _knows_parts():
    connection = op.get_bind()
    try:
        connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.find_try USING fts5(said, tokenize='trigram')")
    except sa.exc.OperationalError:
        return False
    connection.exec_driver_sql("DROP TABLE temp.find_try")
    return True


def _search_of_sqlite():
    for table, columns in SEARCHED.items():
        op.execute(f"CREATE TABLE find_{table}_stale (seq INTEGER PRIMARY KEY, id INTEGER NOT NULL)")
        for what in ("INSERT", f"UPDATE OF {', '.join(columns)}"):
            op.execute(
                f"CREATE TRIGGER find_{table}_{what.split()[0].lower()} AFTER {what} ON {table} "
                f"BEGIN INSERT INTO find_{table}_stale (id) VALUES (NEW.id); END"
            )
        for column in columns:
            op.execute(
                f"CREATE VIRTUAL TABLE find_{table}_{column} USING fts5(said, tokenize='trigram', content='', "
                "columnsize=0, detail=none)"
            )
        op.execute(f"INSERT INTO find_{table}_stale (id) SELECT id FROM {table} ORDER BY id")


def _search_of_postgresql():
    op.execute(
        "CREATE FUNCTION find_parts(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
        "SELECT array_agg(DISTINCT substr(lower(said), n, 3)) FROM generate_series(1, length(said) - 2) n $$"
    )
    op.execute(
        "CREATE FUNCTION note_new_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS "
        "$$ BEGIN EXECUTE format('INSERT INTO find_%s_stale (id) SELECT id FROM fresh', TG_TABLE_NAME); "
        "RETURN NULL; END $$"
    )
    for table, columns in SEARCHED.items():
        op.execute(
            f"CREATE TABLE find_{table}_stale (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id BIGINT NOT NULL)"
        )
        op.execute(
            f"CREATE FUNCTION note_changed_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
            f"SET search_path = public AS $$ BEGIN INSERT INTO find_{table}_stale (id) VALUES (NEW.id); "
            "RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER find_{table}_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh "
            "FOR EACH STATEMENT EXECUTE FUNCTION note_new_rows()"
        )
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
        op.execute(
            f"CREATE TRIGGER find_{table}_update AFTER UPDATE OF {', '.join(columns)} ON {table} "
            f"FOR EACH ROW WHEN ({changed}) EXECUTE FUNCTION note_changed_{table}()"
        )
        hidden = [f"find_{table}_stale"]
        for column in columns:
            hidden.append(f"find_{table}_{column}")
            op.execute(f"CREATE TABLE find_{table}_{column} (id BIGINT PRIMARY KEY, parts text[])")
            op.execute(f"CREATE INDEX ix_find_{table}_{column} ON find_{table}_{column} USING gin (parts)")
        op.execute(f"INSERT INTO find_{table}_stale (id) SELECT id FROM {table} ORDER BY id")
        op.execute(f"REVOKE ALL ON {', '.join(hidden)} FROM kabinet_app")


def _search_down():
    postgresql = op.get_bind().dialect.name == "postgresql"
    here = set(sa.inspect(op.get_bind()).get_table_names())
    for table, columns in SEARCHED.items():
        if f"find_{table}_stale" not in here:
            continue
        for what in ("insert", "update"):
            op.execute(f"DROP TRIGGER find_{table}_{what}" + (f" ON {table}" if postgresql else ""))
        for name in ("stale", *columns):
            op.execute(f"DROP TABLE find_{table}_{name}")
        if postgresql:
            op.execute(f"DROP FUNCTION note_changed_{table}()")
    if postgresql:
        op.execute("DROP FUNCTION note_new_rows()")
        op.execute("DROP FUNCTION find_parts(text)")


def _tickets_up():
    """What a question is about."""
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    for table in ("account", "subscriber"):
        key = sa.ForeignKey(f"{table}.id", name=f"fk_ticket_{table}_id")
        op.add_column("ticket", sa.Column(f"{table}_id", big, key, nullable=True), inline_references=True)


def _tickets_down():
    op.drop_column("ticket", "subscriber_id")
    op.drop_column("ticket", "account_id")
