"""Fifty writers take numbers at once: no gap, no double, whoever gives up in between."""

import datetime as dt
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core.errors import Refused
from app.models import NumberSeries, Seller
from app.services import numbering
from app.services.setup import ensure_defaults

DAY = dt.date(2026, 11, 1)


def seller_in(engine):
    with Session(engine) as session, tenancy.seeing(tenancy.EVERYONE):
        seller_id = ensure_defaults(session).id
        session.commit()
    return seller_id


def write(engine, seller_id, writer, times):
    """Take numbers one a transaction; every tenth transaction is given up."""
    chance, kept = random.Random(writer), []
    for _ in range(times):
        with Session(engine) as session, tenancy.seeing(tenancy.EVERYONE):
            number = numbering.take_numbers(session, seller_id, "invoice", DAY)
            if chance.random() < 0.1:
                session.rollback()
            else:
                session.commit()
                kept.append(number)
    return kept


def race(engine, writers, times):
    seller_id = seller_in(engine)
    with ThreadPoolExecutor(writers) as pool:
        kept = [n for some in pool.map(lambda w: write(engine, seller_id, w, times), range(writers)) for n in some]
    with Session(engine) as session:
        last = session.scalar(sa.select(NumberSeries.last_number))
    assert sorted(kept) == list(range(1, last + 1))
    assert len(kept) > writers * times * 0.8


@pytest.mark.postgres
def test_fifty_writers_leave_no_gap_on_postgresql(postgres_url):
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = sa.create_engine(url, pool_size=50, max_overflow=0)
    race(engine, writers=50, times=10)
    engine.dispose()


def test_eight_writers_leave_no_gap_on_sqlite(app):
    from app.extensions import db

    engine = sa.create_engine(db.engine.url, pool_size=8)
    race(engine, writers=8, times=20)
    engine.dispose()


def test_a_series_never_goes_back_in_time(session):
    seller = ensure_defaults(session)
    numbering.take_numbers(session, seller.id, "invoice", dt.date(2026, 11, 5))
    assert numbering.date_for(session, seller.id, "invoice", DAY) == dt.date(2026, 11, 5)
    with pytest.raises(Refused, match="later date"):
        numbering.take_numbers(session, seller.id, "invoice", DAY)


def test_a_number_names_its_series_and_year(session):
    seller = ensure_defaults(session)
    seller.document_prefix = "KB-"
    assert numbering.number_next(session, session.get_one(Seller, seller.id), "credit_note", DAY) == (
        1,
        "KB-C-2026-000001",
    )
