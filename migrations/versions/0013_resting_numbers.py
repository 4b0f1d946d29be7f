"""Since when a released number rests: it is given to nobody else until its quarantine is over."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# Released before this was kept: since its last plan ended, else since now.
_SINCE = """
UPDATE subscriber SET released_on = coalesce(
 (SELECT max(s.ends_on) FROM subscription s WHERE s.subscriber_id = subscriber.id), CURRENT_DATE)
WHERE state = 'released'"""


def upgrade():
    op.add_column("subscriber", sa.Column("released_on", sa.Date()))
    op.execute(_SINCE)


def downgrade():
    op.drop_column("subscriber", "released_on")
