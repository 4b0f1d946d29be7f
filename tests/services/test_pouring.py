"""Long lists go from the database into a file; a bookkeeper gets the same file whichever process wrote it."""

import datetime as dt
import tempfile
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Company, Document, Subscriber
from app.reports.render.xlsx import Column
from app.services import billing, payments, pouring, registers
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
OCTOBER = Month(2026, 10)
MEGABYTE = 1024
BOTH = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], ids=["sqlite", "postgresql"]
)


@pytest.fixture
def closed(session):
    with clock.standing_at(dt.date(2026, 11, 10)):
        ensure_defaults(session)
        seller = makers.seller(session)
        for name in ("=HYPERLINK(1)", "ТОВ «Ластівка»"):
            account = makers.account(session, makers.company(session, seller, name=name))
            makers.subscription(session, account)
            payments.record_payment(
                session, OFFICE, account.id, Decimal("150.00"), dt.date(2026, 10, 5), reference="17"
            )
        run = billing.start_run(session, OFFICE, seller.id, OCTOBER)
        billing.run_batch(session, OFFICE, run.id)
        session.commit()
        yield seller


def poured(work):
    with tempfile.TemporaryFile() as out:
        work(out)
        out.seek(0)
        return out.read()


@BOTH
@pytest.mark.parametrize("fmt", registers.FORMATS)
@pytest.mark.parametrize("kind", list(registers.REGISTERS))
def test_a_register_is_the_same_file_from_a_process_of_its_own(session, closed, kind, fmt, database):
    here, there = (
        poured(
            lambda out, apart=apart: registers.write(
                session, OFFICE, kind, OCTOBER, fmt, out, seller_id=closed.id, translate=str.upper, apart=apart
            )
        )
        for apart in (False, True)
    )
    assert here == there and len(here) > 300


@BOTH
def test_a_company_finds_its_own_rows_only_in_that_process_too(session, closed, database):
    mine, other = session.scalars(sa.select(Company).order_by(Company.id))
    query = sa.select(Document.number, Document.company_id).order_by(Document.id)
    form = pouring.Form("csv", [Column("Number"), Column("Company", "int")], bom=False)
    with tenancy.seeing(mine.id, session):
        assert session.execute(query).all()
        lines = poured(lambda out: pouring.pour_apart(session, query, form, out)).decode().splitlines()
    with tenancy.seeing(tenancy.NOBODY, session):
        nothing = poured(lambda out: pouring.pour_apart(session, query, form, out)).decode().splitlines()
    assert len(lines) > 1 and all(line.endswith(f";{mine.id}") for line in lines[1:]) and len(nothing) == 1


@BOTH
@pytest.mark.parametrize("fmt", ["xlsx", "csv"])
def test_thirty_thousand_rows_take_no_more_memory_than_three_thousand(session, fmt, database):
    account = makers.account(session)
    session.execute(
        sa.insert(Subscriber),
        [
            {"company_id": account.company_id, "account_id": account.id, "number": f"+38067{n:07}", "name": f"Ім’я {n}"}
            for n in range(30_000)
        ],
    )
    session.commit()
    wanted = sa.select(Subscriber.number, Subscriber.name, Subscriber.created_at).order_by(Subscriber.name)
    form = pouring.Form(fmt, [Column("Number"), Column("Name"), Column("Made", "datetime")])
    with tempfile.TemporaryFile() as out:
        few = pouring.pour_apart(session, wanted.limit(3_000), form, out)
    with tempfile.TemporaryFile() as out:
        many = pouring.pour_apart(session, wanted, form, out)
    assert (few.rows, many.rows) == (3_000, 30_000)
    assert many.peak < 64 * MEGABYTE and many.peak < few.peak + 6 * MEGABYTE


def test_a_list_that_cannot_be_read_says_what_the_database_said(session):
    form = pouring.Form("csv", [Column("Number")])
    with tempfile.TemporaryFile() as out, pytest.raises(RuntimeError, match="no such table|does not exist"):
        pouring.pour_apart(session, sa.select(sa.column("number")).select_from(sa.table("nobody")), form, out)
