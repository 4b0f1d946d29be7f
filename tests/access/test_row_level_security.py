"""PostgreSQL itself hides other companies' rows, FAB's tables stay usable, and the tables go up and down there."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from app.access import tenancy
from app.models import Company, Seller, Ticket, User, migrating

pytestmark = pytest.mark.postgres


def two_companies(session):
    seller = Seller(code="main", name="Main")
    session.add(seller)
    session.flush()
    made = [Company(code=code, name=code, seller_id=seller.id, country="UA") for code in ("orion", "vega")]
    session.add_all(made)
    session.flush()
    for company in made:
        session.add(Ticket(company_id=company.id, subject=f"of {company.code}"))
    session.commit()
    return [company.id for company in made]


def subjects(session):
    """What raw SQL, which the ORM's wall does not see, can read."""
    return sorted(session.connection().exec_driver_sql("SELECT subject FROM ticket").scalars())


def test_tables_go_up_and_down_again(postgres_url):
    engine = sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
    with engine.begin() as connection:
        migrating.downgrade(connection)
    with engine.begin() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
        migrating.upgrade(connection)
    with engine.begin() as connection:
        assert {"ab_user", "posting"} <= set(sa.inspect(connection).get_table_names())


def test_a_company_sees_its_rows_only_even_by_raw_sql(session):
    orion, vega = two_companies(session)
    assert subjects(session) == ["of orion", "of vega"]
    with tenancy.seeing(orion, session):
        assert subjects(session) == ["of orion"]
        session.commit()
        assert subjects(session) == ["of orion"]
    with tenancy.seeing(vega, session):
        assert subjects(session) == ["of vega"]
    with tenancy.seeing(tenancy.NOBODY, session):
        assert subjects(session) == []
    assert subjects(session) == ["of orion", "of vega"]


def test_the_next_transaction_on_a_connection_keeps_nothing_of_the_last(session):
    orion, _ = two_companies(session)
    session.rollback()
    with tenancy.seeing(orion):
        assert subjects(session) == ["of orion"]
        session.commit()
    with tenancy.seeing(tenancy.NOBODY):
        assert subjects(session) == []
        session.rollback()


def test_a_company_cannot_write_into_another_by_raw_sql(session):
    orion, vega = two_companies(session)
    with tenancy.seeing(orion, session):
        changed = session.connection().exec_driver_sql("UPDATE ticket SET subject = 'x' WHERE company_id = %s", (vega,))
        assert changed.rowcount == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            session.connection().exec_driver_sql(
                "UPDATE ticket SET company_id = %s WHERE company_id = %s", (vega, orion)
            )
        session.rollback()


def test_fabs_own_tables_work_inside_a_company(session):
    orion, _ = two_companies(session)
    with tenancy.seeing(orion, session):
        user = User(username="olga", first_name="Olga", last_name="", email="olga@example.test", active=True)
        user.company_id = orion
        session.add(user)
        session.commit()
        assert session.scalars(sa.select(User.username)).all() == ["olga"]
        user.login_count = 2
        session.commit()


def test_every_table_with_a_company_is_behind_the_wall(session):
    rows = session.connection().exec_driver_sql(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'company_id' "
        "WHERE c.relkind = 'r' AND c.relname <> 'ab_user' AND NOT c.relrowsecurity"
    )
    assert rows.scalars().all() == []
