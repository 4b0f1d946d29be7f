"""The house stands: tables migrate, walls hold."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.models import AuditEvent, migrating


def test_tables_go_up_and_down_again(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    with engine.begin() as connection:
        migrating.upgrade(connection)
        assert "posting" in sa.inspect(connection).get_table_names()
    with engine.begin() as connection:
        migrating.downgrade(connection)
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}


def test_nobody_edits_the_audit_trail(session):
    event = AuditEvent(actor="olga", action="test", target="x", target_id="1", at=clock.now())
    session.add(event)
    session.flush()
    event.actor = "somebody else"
    with pytest.raises(IntegrityError, match="append-only"):
        session.flush()
