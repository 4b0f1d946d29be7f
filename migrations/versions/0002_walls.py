"""Walls in the database: nothing issued changes, books are append-only, PostgreSQL hides other companies' rows."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = ("charge", "document_line", "entry", "posting", "party_snapshot", "audit_event")
MAY_CHANGE = {"document": ("paid", "settlement")}  # every other column of an issued document is frozen


# PostgreSQL pays for each foreign key of each row, so one key of several columns stands for two or three, and says
# more: a charge is of the same company and Seller as its account, a line of the same company as its document.
KEYS_IN_ONE = (
    ("document", ("account_id", "company_id", "seller_id"), "account"),
    ("charge", ("account_id", "company_id", "seller_id"), "account"),
    ("entry", ("account_id", "company_id", "seller_id"), "account"),
    ("run_item", ("account_id", "company_id"), "account"),
    ("ledger_account", ("account_id", "company_id"), "account"),
    ("document_line", ("document_id", "company_id"), "document"),
    ("posting", ("entry_id", "company_id"), "entry"),
)


def _frozen_columns(table):
    columns = [c["name"] for c in sa.inspect(op.get_bind()).get_columns(table)]
    return [c for c in columns if c not in MAY_CHANGE.get(table, ())]


def _company_tables():
    inspector = sa.inspect(op.get_bind())
    for table in sorted(inspector.get_table_names()):
        if table == "ab_user":
            continue
        if any(c["name"] == "company_id" for c in inspector.get_columns(table)):
            yield table, "company_id"
    yield "company", "id"


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        _walls_of_postgresql()
    else:
        _walls_of_sqlite()


def _walls_of_sqlite():
    for table in APPEND_ONLY:
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    columns = ", ".join(f'"{c}"' for c in _frozen_columns("document"))
    op.execute(
        f"CREATE TRIGGER document_no_update BEFORE UPDATE OF {columns} ON document WHEN OLD.state <> 'draft' "
        "BEGIN SELECT RAISE(ABORT, 'an issued document never changes'); END"
    )
    op.execute(
        "CREATE TRIGGER document_no_delete BEFORE DELETE ON document WHEN OLD.state <> 'draft' "
        "BEGIN SELECT RAISE(ABORT, 'an issued document never changes'); END"
    )


def _walls_of_postgresql():
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
    columns = ", ".join(f'"{c}"' for c in _frozen_columns("document"))
    op.execute(
        f"CREATE TRIGGER document_no_update BEFORE UPDATE OF {columns} ON document "
        "FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER document_no_delete BEFORE DELETE ON document "
        "FOR EACH ROW WHEN (OLD.state <> 'draft') EXECUTE FUNCTION refuse_change()"
    )
    _join_keys()
    _hide_other_companies()


def _join_keys():
    for table, columns, parent in KEYS_IN_ONE:
        for column in columns:
            op.drop_constraint(f"fk_{table}_{column}", table, type_="foreignkey")
        op.create_foreign_key(f"fk_{table}_{parent}", table, parent, columns, ("id", *columns[1:]))


def _hide_other_companies():
    """Company requests run as kabinet_app, which row-level security holds to app.tenant (`access.tenancy`)."""
    op.execute(
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'kabinet_app') "
        "THEN CREATE ROLE kabinet_app NOLOGIN; END IF; EXECUTE format('GRANT kabinet_app TO %I', current_user); END $$"
    )
    for privilege, things in (("SELECT, INSERT, UPDATE, DELETE", "TABLES"), ("USAGE, SELECT", "SEQUENCES")):
        op.execute(f"GRANT {privilege} ON ALL {things} IN SCHEMA public TO kabinet_app")
        op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {privilege} ON {things} TO kabinet_app")
    for table, column in _company_tables():
        mine = f"{column} = nullif(current_setting('app.tenant', true), '')::bigint"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_company ON {table} TO kabinet_app USING ({mine}) WITH CHECK ({mine})")


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        for what in ("update", "delete"):
            op.execute(f"DROP TRIGGER document_no_{what} ON document")
        op.execute("DROP FUNCTION refuse_change()")
        for table, _ in _company_tables():
            op.execute(f"DROP POLICY own_company ON {table}")
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        return
    for table in (*APPEND_ONLY, "document"):
        for what in ("update", "delete"):
            op.execute(f"DROP TRIGGER {table}_no_{what}")
