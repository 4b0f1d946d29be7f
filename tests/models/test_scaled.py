"""Money columns stay exact in what SQL computes of them."""

from decimal import Decimal

import sqlalchemy as sa

from app.models import Document
from tests import makers


def test_a_difference_of_money_columns_and_its_sum_are_decimals_in_units(session):
    account = makers.account(session)
    makers.document(session, account, total="120.00", paid=Decimal("20.50"))
    left = Document.total - Document.paid
    assert session.scalar(sa.select(left)) == Decimal("99.50")
    assert session.scalar(sa.select(sa.func.sum(left))) == Decimal("99.50")
    assert session.scalar(sa.select(Document.id).where(left > Decimal("99.49"))) is not None
