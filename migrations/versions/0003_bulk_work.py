"""Bulk work of a company's administrators: requests, rating of usage, books of advances and currencies.

One function an area; each is additive, so that a database in use is changed in place.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    pass


def downgrade():
    pass


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
