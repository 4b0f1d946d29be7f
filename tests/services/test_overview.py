"""What the office's first page says is owed, and what it costs to say."""

import datetime as dt
from decimal import Decimal as D

import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.extensions import db
from app.services import billing, overview
from app.services.sets import is_postgresql
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
TODAY = dt.date(2026, 11, 30)


def test_what_is_owed_is_told_by_its_age_to_the_day(session):
    account = makers.account(session)
    for days, total in ((0, "1.00"), (1, "10.00"), (30, "20.00"), (31, "100.00"), (60, "200.00"), (91, "1000.00")):
        makers.document(session, account, total=total, due_on=TODAY - dt.timedelta(days=days))
    makers.document(session, account, total="2.00", due_on=None)
    makers.document(session, account, total="7.00", due_on=dt.date(2026, 1, 1), settlement="paid", paid=D("7.00"))
    debt = overview.debts(session, OFFICE, TODAY)["UAH"]
    assert debt.by_age == [D("3.00"), D("30.00"), D("300.00"), D(0), D("1000.00")]
    assert (debt.due, debt.overdue, debt.invoices) == (D("1333.00"), D("1330.00"), 7)


def test_a_closing_is_told_seller_by_seller_whether_begun_or_not(session):
    with clock.standing_at(dt.date(2026, 11, 5)):
        ensure_defaults(session)
        begun, other = makers.seller(session), makers.seller(session)
        for _ in range(3):
            makers.subscription(session, makers.account(session, makers.company(session, begun)))
        run = billing.start_run(session, OFFICE, begun.id, Month(2026, 10))
        closings = {one.seller_id: one for one in overview.closings(session, OFFICE, Month(2026, 10))}
        first, second = closings[begun.id], closings[other.id]
        assert (first.run_id, first.total, first.done, second.run_id) == (run.id, 3, 0, None)
        billing.run_batch(session, OFFICE, run.id)
        closings = {one.seller_id: one for one in overview.closings(session, OFFICE, Month(2026, 10))}
        first, second = closings[begun.id], closings[other.id]
        assert (first.total, first.done, second.run_id, second.total) == (3, 3, None, 0)


def test_the_first_page_takes_twelve_statements_however_long_ago_it_was_asked_for(app, session):
    with clock.standing_at(TODAY):
        ensure_defaults(session)
        makers.document(session, makers.account(session), due_on=dt.date(2026, 11, 1))
        client = makers.sign_in(app.test_client(), makers.user(session, "administrator"))
        said = []
        sa.event.listen(db.engine, "before_cursor_execute", lambda c, cursor, sql, *rest: said.append(sql))
        for _ in range(2):
            said.clear()
            overview._kept.clear()
            assert client.get("/").status_code == 200
            assert len(said) <= 12


def test_what_is_owed_is_added_up_from_an_index_alone(session):
    explain = "EXPLAIN QUERY PLAN"
    if is_postgresql(session):  # which walks a table of one page unless it is told not to
        explain = "EXPLAIN"
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
    owed = (
        "SELECT due_on, currency, sum(total - paid), count(*) FROM document "
        "WHERE kind = 'invoice' AND settlement != 'paid' GROUP BY due_on, currency"
    )
    plan = str(session.execute(sa.text(f"{explain} {owed}")).all())
    assert "ix_document_unpaid_due_on" in plan and "TEMP B-TREE" not in plan and "Sort" not in plan
