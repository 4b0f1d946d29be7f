"""Many order at once on PostgreSQL: promo code, credit limit and key are never used beyond what they allow."""

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.services import audit
from app.services.shop import orders, quotes
from tests import makers
from tests.services.shop.buying import TODAY, Buyer
from tests.services.shop.rushing import rush, shoppers


@pytest.mark.postgres
def test_two_hundred_checkouts_pass_exactly_as_promo_code_and_credit_allow(app: Flask, session: Session) -> None:
    with clock.standing_at(TODAY):
        tight = Buyer(session, with_contract=True, limit="1700.00")  # 20 orders of 81.00
        wide = Buyer(session, with_contract=True, limit="1000000.00")
        wide.company.seller_id = wide.account.seller_id = tight.seller.id
        wide.seller = tight.seller
        goods = tight.plan("300.0000")
        code = m.Promotion(
            seller_id=tight.seller.id, code="FIFTY", percent_bp=1000, valid_from=TODAY, use_limit=50, used=0
        )
        session.add(code)
        session.flush()
        asked = shoppers(session, tight, goods, 100, "FIFTY") + shoppers(session, wide, goods, 100, "FIFTY")
        session.commit()
    mixed = [one for pair in zip(asked[:100], asked[100:], strict=True) for one in pair]
    before = time.process_time()
    became = rush(app, mixed)
    spent = time.process_time() - before
    passed = [one for one in became if not one.startswith("refused")]
    session.expire_all()
    counts = dict(session.execute(sa.select(m.Order.company_id, sa.func.count()).group_by(m.Order.company_id)).all())
    assert (len(passed), len(set(passed)), code.used) == (50, 50, 50)
    assert sum(counts.values()) == 50 and counts.get(tight.company.id, 0) <= 20
    for firm in (tight, wide):
        assert firm.limit.used == Decimal("81.00") * counts.get(firm.company.id, 0)
    assert session.query(m.Subscription).count() == 50
    assert [name for name, breaches, _ in audit.check_all(session) if breaches] == []
    assert spent < 60, spent


@pytest.mark.postgres
def test_one_credit_limit_lets_exactly_what_fits_pass(app: Flask, session: Session) -> None:
    with clock.standing_at(TODAY):
        firm = Buyer(session, with_contract=True, limit="900.00")
        asked = shoppers(session, firm, firm.plan("300.0000"), 40, "")
        session.commit()
    became = rush(app, asked)
    session.expire_all()
    assert sum(not one.startswith("refused") for one in became) == 10
    assert firm.limit.used == Decimal("900.00")


@pytest.mark.postgres
def test_fifty_times_the_same_click_is_one_order(app: Flask, session: Session) -> None:
    with clock.standing_at(TODAY):
        firm = Buyer(session, with_contract=True, limit="100000.00")
        asked = shoppers(session, firm, firm.plan("300.0000"), 1, "")
        session.commit()
    became = rush(app, asked * 50)
    assert len(set(became)) == 1 and not became[0].startswith("refused")
    assert session.query(m.Order).count() == 1 and session.query(m.Subscription).count() == 1


@pytest.mark.postgres
@pytest.mark.parametrize("what", ["trial", "first purchase"])
def test_two_accounts_of_one_company_get_one_trial_and_one_first_purchase(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    with clock.standing_at(TODAY):
        firm = Buyer(session, with_contract=True)
        second = makers.account(session, firm.company, makers.payer(session, firm.company))
        second.contract_id = firm.account.contract_id
        for account in (firm.account, second):
            session.add(
                m.CreditLimit(company_id=firm.company.id, account_id=account.id, amount=Decimal(5000), used=Decimal(0))
            )
        goods = firm.plan("300.0000", trial_days=14 if what == "trial" else 0)
        code = "" if what == "trial" else "FIRST"
        if code:
            session.add(
                m.Promotion(
                    seller_id=firm.seller.id,
                    code=code,
                    percent_bp=1000,
                    valid_from=TODAY,
                    first_purchase_only=True,
                    used=0,
                )
            )
        session.flush()
        asked = shoppers(session, firm, goods, 2, code)
        asked[1] = (asked[1][0], replace(asked[1][1], account_id=second.id), asked[1][2])
        session.commit()
    price = orders.price

    def slowly(*args: Any) -> quotes.Quotes:  # both have looked before either has written
        found = price(*args)
        time.sleep(0.5)
        return found

    monkeypatch.setattr(orders, "price", slowly)
    became = rush(app, asked)
    refused = [one for one in became if one.startswith("refused")]
    assert len(refused) == 1 and session.query(m.Order).count() == 1, became
    assert ("first purchase" if code else "trial") in refused[0]
