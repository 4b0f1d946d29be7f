"""The shop: what a catalogue shows, carts and orders in full, saved methods, automatic top-up.

One function an area; each is additive, so that a database in use is changed in place.
"""

import sqlalchemy as sa
from alembic import op

from app.models.base import Cents, Fine, Instant

revision = "0006"
down_revision = "0005"


def upgrade():
    _core_up()
    _platform_up()
    _shelves_up()
    _people_up()
    _run_up()
    _gateways_up()
    _finding_up()


def downgrade():
    _finding_down()
    _gateways_down()
    _run_down()
    _people_down()
    _shelves_down()
    _platform_down()
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


def _shelves_up():
    """What the catalogue's pages read, and what they are searched by."""
    op.add_column("component", _json("translations", "{}"), inline_references=True)
    op.create_table(
        "shop_window",
        sa.Column("id", _id(), primary_key=True),
        sa.Column("seller_id", _id(), sa.ForeignKey("seller.id", name="fk_shop_window_seller_id"), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.UniqueConstraint("seller_id", "currency", "locale", name="uq_shop_window_seller_id"),
    )
    links = {
        name: sa.Column(
            f"{name}_id",
            _id(),
            sa.ForeignKey(f"{target}.id", name=f"fk_shelf_{name}_id"),
            nullable=name == "category",
        )
        for name, target in (
            ("window", "shop_window"), ("product", "product"), ("category", "category"), ("plan", "plan"),
        )
    }  # fmt: skip
    op.create_table(
        "shelf",
        sa.Column("id", _id(), primary_key=True),
        *links.values(),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("words", sa.String(1000), nullable=False),
        sa.Column("plans", sa.Integer(), nullable=False),
        sa.Column("price", Fine(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("is_foreign", sa.Boolean(), nullable=False),
        sa.Column("per_months", sa.Integer(), nullable=False),
        sa.Column("per_quantity", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("trial_days", sa.Integer(), nullable=False),
        sa.Column("needs_choice", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("window_id", "product_id", name="uq_shelf_window_id"),
    )
    for column in ("product_id", "category_id", "plan_id"):
        op.create_index(f"ix_shelf_{column}", "shelf", [column])
    for name, columns in _SHELF_ORDERS.items():
        op.create_index(f"ix_shelf_window_id_{name}", "shelf", ["window_id", *columns])
    if op.get_bind().dialect.name == "postgresql":
        _shelf_search_of_postgresql()
    elif sa.inspect(op.get_bind()).has_table("find_company_name"):
        _shelf_search_of_sqlite()


_SHELF_ORDERS = {
    "position": ["position", "name", "product_id"],
    "name": ["name", "product_id"],
    "price": ["is_foreign", "price", "product_id"],
    "category_id": ["category_id", "position", "name"],
}


def _shelf_search_of_sqlite():
    op.execute("CREATE TABLE find_shelf_stale (seq INTEGER PRIMARY KEY, id INTEGER NOT NULL)")
    for what in ("INSERT", "UPDATE OF words"):
        op.execute(
            f"CREATE TRIGGER find_shelf_{what.split()[0].lower()} AFTER {what} ON shelf "
            "BEGIN INSERT INTO find_shelf_stale (id) VALUES (NEW.id); END"
        )
    op.execute(
        "CREATE VIRTUAL TABLE find_shelf_words USING fts5(said, tokenize='trigram', content='', columnsize=0, "
        "detail=none)"
    )


def _shelf_search_of_postgresql():
    """As 0003 does it, but everybody may read it: a catalogue is no secret."""
    op.execute(
        "CREATE TABLE find_shelf_stale (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id BIGINT NOT NULL)"
    )
    op.execute(
        "CREATE FUNCTION note_changed_shelf() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = "
        "public AS $$ BEGIN INSERT INTO find_shelf_stale (id) VALUES (NEW.id); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER find_shelf_insert AFTER INSERT ON shelf REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION note_new_rows()"
    )
    op.execute(
        "CREATE TRIGGER find_shelf_update AFTER UPDATE OF words ON shelf "
        "FOR EACH ROW WHEN (OLD.words IS DISTINCT FROM NEW.words) EXECUTE FUNCTION note_changed_shelf()"
    )
    op.execute("CREATE TABLE find_shelf_words (id BIGINT PRIMARY KEY, parts text[])")
    op.execute("CREATE INDEX ix_find_shelf_words ON find_shelf_words USING gin (parts)")
    for table in ("find_shelf_stale", "find_shelf_words"):
        op.execute(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM kabinet_app")


def _shelves_down():
    postgresql = op.get_bind().dialect.name == "postgresql"
    if sa.inspect(op.get_bind()).has_table("find_shelf_stale"):
        for what in ("insert", "update"):
            op.execute(f"DROP TRIGGER find_shelf_{what}" + (" ON shelf" if postgresql else ""))
        for name in ("stale", "words"):
            op.execute(f"DROP TABLE find_shelf_{name}")
        if postgresql:
            op.execute("DROP FUNCTION note_changed_shelf()")
    op.drop_table("shelf")
    op.drop_table("shop_window")
    op.drop_column("component", "translations")


def _platform_up():
    op.add_column("plan", _json("platform_settings", "{}"), inline_references=True)
    known = "state IN ('new', 'queued', 'sent', 'done', 'rejected', 'failed', 'cancelled')"
    actions = "action IN ('create', 'change', 'suspend', 'resume', 'end')"
    op.create_table(
        "platform_order",
        sa.Column("id", _id(), primary_key=True),
        sa.Column(
            "company_id", _id(), sa.ForeignKey("company.id", name="fk_platform_order_company_id"), nullable=False
        ),
        sa.Column(
            "subscription_id",
            _id(),
            sa.ForeignKey("subscription.id", name="fk_platform_order_subscription_id"),
            nullable=False,
        ),
        sa.Column("platform", sa.String(40), nullable=False),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("answer", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("done_at", Instant()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(known, name="ck_platform_order_state_known"),
        sa.CheckConstraint(actions, name="ck_platform_order_action_known"),
    )
    for column in ("company_id", "subscription_id"):
        op.create_index(f"ix_platform_order_{column}", "platform_order", [column])
    still_open = sa.text("state IN ('new', 'sent', 'failed')")
    op.create_index(
        "ix_platform_order_open", "platform_order", ["id"], sqlite_where=still_open, postgresql_where=still_open
    )
    hide_other_companies("platform_order")


def _platform_down():
    op.drop_table("platform_order")
    op.drop_column("plan", "platform_settings")


def _user_column(table, name, *, null=False):
    return sa.Column(name, sa.Integer(), sa.ForeignKey("ab_user.id", name=f"fk_{table}_{name}"), nullable=null)


def _must(name, kind):
    return sa.Column(name, kind, nullable=False)


def _people_tables():
    text, moment, number = sa.String, Instant(), sa.Integer()
    return {
        "invitation": [
            sa.Column(
                "company_id", _id(), sa.ForeignKey("company.id", name="fk_invitation_company_id"), nullable=False
            ),
            _must("email", text(320)),
            _must("first_name", text(64)),
            _must("last_name", text(64)),
            _must("locale", text(8)),
            _must("roles", sa.JSON()),
            _must("nonce", text(32)),
            _must("sent_times", number),
            _must("sent_at", moment),
            _must("ends_at", moment),
            _user_column("invitation", "invited_by", null=True),
            sa.Column("accepted_at", moment),
            sa.Column("withdrawn_at", moment),
            _user_column("invitation", "user_id", null=True),
            sa.UniqueConstraint("nonce", name="uq_invitation_nonce"),
        ],
        "passkey": [
            _user_column("passkey", "user_id"),
            _must("name", text(60)),
            _must("credential", text(1400)),
            _must("public_key", sa.Text()),
            _must("sign_count", sa.BigInteger()),
            _must("transports", sa.JSON()),
            sa.Column("used_at", moment),
            sa.UniqueConstraint("credential", name="uq_passkey_credential"),
        ],
        "user_session": [
            _user_column("user_session", "user_id"),
            _must("sid", text(32)),
            _must("epoch", number),
            _must("address", text(45)),
            _must("device", text(120)),
            _must("ends_at", moment),
            sa.UniqueConstraint("sid", name="uq_user_session_sid"),
        ],
        "data_wish": [
            sa.Column("company_id", _id(), sa.ForeignKey("company.id", name="fk_data_wish_company_id"), nullable=False),
            _user_column("data_wish", "user_id"),
            _must("kind", text(10)),
            _must("note", text(1000)),
            _must("state", text(10)),
            _must("reason", text(1000)),
            _must("decided_by", text(200)),
            sa.Column("decided_at", moment),
        ],
        "privacy_policy": [
            sa.Column(
                "seller_id", _id(), sa.ForeignKey("seller.id", name="fk_privacy_policy_seller_id"), nullable=False
            ),
            _must("version", number),
            _must("locale", text(8)),
            _must("title", text(200)),
            _must("body", sa.Text()),
            _must("valid_from", sa.Date()),
            sa.Column("changes", sa.Text(), nullable=False, server_default=""),
            sa.UniqueConstraint("seller_id", "version", "locale", name="uq_privacy_policy_seller_id_version_locale"),
        ],
    }


_PEOPLE_INDEXES = (
    ("invitation", "company_id"),
    ("passkey", "user_id"),
    ("user_session", "user_id"),
    ("data_wish", "company_id"),
    ("data_wish", "user_id"),
)


def _people_up():
    for table, columns in _people_tables().items():
        op.create_table(
            table,
            sa.Column("id", _id(), primary_key=True),
            *columns,
            sa.Column("created_at", Instant(), nullable=False),
        )
    for table, column in _PEOPLE_INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.add_column("agreement", sa.Column("changes", sa.Text(), nullable=False, server_default=""))
    for column in (
        sa.Column("deleted_at", Instant()),
        sa.Column("restricted_at", Instant()),
        sa.Column("avatar", sa.String(64)),
    ):
        op.add_column("ab_user", column)
    hide_other_companies("invitation")
    hide_other_companies("data_wish")


def _people_down():
    for column in ("avatar", "restricted_at", "deleted_at"):
        op.drop_column("ab_user", column)
    op.drop_column("agreement", "changes")
    for table in reversed(_people_tables()):
        op.drop_table(table)


# -- figures of a billing run ---------------------------------------------------------------------------------------

_RUN = {"accounts": "", "billed": "done", "empty": "nothing", "quarantined": "quarantined"}


def _run_up():
    for name, state in _RUN.items():
        op.add_column("billing_run", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        counted = "SELECT COUNT(*) FROM run_item i WHERE i.run_id = billing_run.id"
        only = f" AND i.state = '{state}'" if state else ""
        op.execute(f"UPDATE billing_run SET {name} = ({counted}{only})")


def _run_down():
    for name in reversed(_RUN):
        op.drop_column("billing_run", name)


_GATEWAYS = {
    "payment_method": lambda: [_words("order_no", 64), _words("external_id", 120), _words("reason", 300)],
    "sandbox_charge": lambda: [_flag("keep", False), _words("token", 60)],
}


def _gateways_up():
    for table, columns in _GATEWAYS.items():
        for column in columns():
            op.add_column(table, column, inline_references=True)
    op.create_index("ix_payment_method_order_no", "payment_method", ["order_no"])


def _gateways_down():
    op.drop_index("ix_payment_method_order_no", "payment_method")
    for table, columns in _GATEWAYS.items():
        for column in reversed(columns()):
            op.drop_column(table, column.name)


# --- parts of words, for a company's own subscribers -------------------------------------------------------------------


def _finding_up():
    """On PostgreSQL a company may not read the parts of everybody's names: this function reads them for it."""
    if op.get_bind().dialect.name != "postgresql":
        return
    sources = {"n": ("find_subscriber_number", "f"), "w": ("find_subscriber_name", "g")}
    parts = ", ".join(
        f"{name} AS MATERIALIZED (SELECT id FROM {table} WHERE {asked} <> '{{}}' AND parts @> {asked} LIMIT most)"  # noqa: S608
        for name, (table, asked) in sources.items()
    )
    stale = "s AS MATERIALIZED (SELECT id FROM find_subscriber_stale LIMIT most)"
    counts = " OR ".join(f"(SELECT count(*) FROM {name}) >= most" for name in (*sources, "s"))  # noqa: S608
    mine = " UNION ".join(
        f"SELECT t.id FROM {name} JOIN subscriber t ON t.id = {name}.id WHERE t.company_id = company"  # noqa: S608
        for name in (*sources, "s")
    )
    op.execute(
        "CREATE FUNCTION find_own_subscribers(company bigint, figures text, word text, most integer) RETURNS SETOF "  # noqa: S608
        "bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public SET enable_seqscan = off AS $$ "
        "DECLARE f text[] := coalesce(find_parts(figures), '{}'); g text[] := coalesce(find_parts(word), '{}'); BEGIN "
        "IF nullif(current_setting('app.tenant', true), '')::bigint <> company THEN RETURN; END IF; "
        f"RETURN QUERY WITH {parts}, {stale}, m AS MATERIALIZED (SELECT {counts} AS many) SELECT NULL::bigint FROM m "
        f"WHERE many UNION ALL SELECT own.id FROM m CROSS JOIN LATERAL ({mine}) own WHERE NOT many; END $$"
    )


def _finding_down():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION find_own_subscribers(bigint, text, text, integer)")
