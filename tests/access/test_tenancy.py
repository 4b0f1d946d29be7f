"""The wall around a company, row by row, as the ORM sees it on both databases."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core.errors import NotFound
from app.models import BankLine, Company, Payment, Subscriber, User
from tests import makers


def line_of(session: Session, company: Company, payment: Payment | None, number: int) -> BankLine:
    line = BankLine(
        seller_id=company.seller_id,
        key=f"line-{number}",
        booked_on=dt.date(2026, 11, 2),
        currency="UAH",
        amount=Decimal("120.00"),
        payment_id=payment.id if payment else None,
    )
    session.add(line)
    session.flush()
    return line


def test_a_company_sees_the_banks_lines_of_its_own_payments_only(session: Session) -> None:
    mine, theirs = makers.company(session), makers.company(session)
    payments = [makers.payment(session, makers.account(session, one)) for one in (mine, theirs)]
    for number, payment in enumerate([*payments, None]):
        line_of(session, mine, payment, number)
    session.commit()
    wanted = sa.select(BankLine.key)
    assert len(session.scalars(wanted).all()) == 3
    mine_id = mine.id
    session.rollback()
    with tenancy.seeing(mine_id):
        assert session.scalars(wanted).all() == ["line-0"]
        assert session.execute(sa.update(BankLine).values(purpose="x")).rowcount == 1  # type: ignore[attr-defined]
        session.rollback()
    with tenancy.seeing(tenancy.NOBODY):
        assert session.scalars(wanted).all() == []


def test_a_company_sees_its_own_people_only(session: Session) -> None:
    mine, theirs = makers.company(session), makers.company(session)
    names = [makers.user(session, "owner", mine).username]
    stranger, staff = makers.user(session, "owner", theirs), makers.user(session, "administrator")
    ids, mine_id = (stranger.id, staff.id), mine.id
    session.commit()
    session.rollback()
    session.expunge_all()
    with tenancy.seeing(mine_id):
        assert session.scalars(sa.select(User.username)).all() == names
        assert [session.get(User, one) for one in ids] == [None, None]
        aliased = sa.orm.aliased(User)
        assert session.scalars(sa.select(aliased.username)).all() == names


def test_no_row_points_at_another_companys_however_often_that_one_was_looked_at(session: Session) -> None:
    mine, theirs = makers.company(session), makers.company(session)
    account = makers.account(session, mine)
    for is_held in (True, False):  # as the session has loaded it, and as its transaction has seen it
        makers.subscriber(session, account)
        if not is_held:
            session.expunge(account)
            makers.subscriber(session, account)
        with pytest.raises(NotFound), session.begin_nested():
            makers.subscriber(session, account, company_id=theirs.id)
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) == 0
