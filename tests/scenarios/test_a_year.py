"""Two years of a company's life, month by month, each ending with every invariant holding."""

import datetime as dt
import random
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Document, SubscriptionItem
from app.services import audit, billing, ledger, payments, reconciliation
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")


def change_quantity(session, subscription, day, quantity):
    """As the office does: what was in force ends, what is new begins."""
    item = session.scalars(
        sa.select(SubscriptionItem)
        .where(SubscriptionItem.subscription_id == subscription.id)
        .order_by(SubscriptionItem.valid_from.desc())
    ).first()
    if item.valid_from >= day:
        item.quantity = quantity
        return
    item.valid_to = day
    session.add(
        SubscriptionItem(
            company_id=item.company_id,
            subscription_id=item.subscription_id,
            component_id=item.component_id,
            quantity=quantity,
            valid_from=day,
        )
    )


@pytest.mark.parametrize("seed", range(3))
def test_months_of_changes_payments_and_corrections_always_add_up(session, seed):
    chance = random.Random(seed)
    ensure_defaults(session)
    seller = makers.seller(session)
    accounts = [makers.account(session, makers.company(session, seller)) for _ in range(4)]
    subscriptions = [makers.subscription(session, a, starts_on=dt.date(2024, 12, 1)) for a in accounts]
    month = Month(2025, 1)
    for _ in range(14):
        for subscription in subscriptions:
            if chance.random() < 0.4:
                past = month.shift(-chance.choice([0, 0, 1]))
                day = past.first_day + dt.timedelta(days=chance.randrange(27))
                change_quantity(session, subscription, day, D(chance.randint(0, 5)))
        session.flush()
        with clock.standing_at(month.shift(1).first_day + dt.timedelta(days=4)):
            for closed in (month.shift(-1), month):
                run = billing.start_run(session, OFFICE, seller.id, closed)
                billing.run_batch(session, OFFICE, run.id)
            for account in accounts:
                if chance.random() < 0.7:
                    amount = D(chance.randint(1, 60_000)) / 100
                    made = payments.record_payment(session, OFFICE, account.id, amount, month.shift(1).first_day)
                    if chance.random() < 0.15:
                        payments.reverse_payment(session, OFFICE, made.id)
        session.expire_all()
        assert [(n, c) for n, c, _ in audit.check_all(session) if c] == []
        month = month.shift(1)
    assert session.scalar(sa.select(sa.func.count()).where(Document.kind == "credit_note")) > 0
    _statements_chain(session, accounts, month)


def _statements_chain(session, accounts, month):
    """Closing of each month is the opening of the next, down to today's balance."""
    for account in accounts:
        opening = D(0)
        for back in range(16, -2, -1):
            one = month.shift(-back)
            made = reconciliation.statement(session, OFFICE, account.id, one.first_day, one.period.last_day)
            assert made.opening == opening
            opening = made.closing
        assert opening == -ledger.balance(session, account.id).net
