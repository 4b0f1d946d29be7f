"""Random operations on the books, beside a model that only adds up: no order of events may break an invariant.

Each run is one seed. What is checked after every operation is the account's balance; at checkpoints every invariant of
the audit, the balance of each account as the sum of its postings, and that nothing posted before has changed.
"""

import datetime as dt
import os
import random
from collections import Counter
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.core.period import Month
from app.models import Account, CurrencyRate, Document, LedgerAccount, Payment, Posting
from app.rules import exchange, tax
from app.services import audit, billing, ledger, payments, reconciliation
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
RU = {"country": "RU", "currency": "RUB", "zone": "Europe/Moscow", "locale": "ru"}
# An operation is a whole payment, reversal, … by its service, some 20 ms with its checks; LEDGER_OPERATIONS and
# LEDGER_SEED make a longer run or another one.
SEED, OF_A_MONTH = int(os.environ.get("LEDGER_SEED", "2026")), 50
SQLITE_OPERATIONS = int(os.environ.get("LEDGER_OPERATIONS", "320"))
POSTGRESQL_OPERATIONS = SQLITE_OPERATIONS // 4


class Books:
    """Three Sellers' accounts (taxed advances, hryvnias, dollars paid in hryvnias) and the model beside them."""

    def __init__(self, session, seed):
        self.session, self.chance = session, random.Random(seed)
        ensure_defaults(session)
        russian, own = makers.seller(session, **RU), makers.seller(session)
        self.sellers = [russian, own]
        plain = [
            makers.account(session, makers.company(session, s), currency=s.currency) for s in (russian, russian, own)
        ]
        self.accounts = [*plain, self._in_dollars(own)]
        for place, account in enumerate(self.accounts):
            plan = makers.plan(session, account.seller, f"{90 + 37 * place}.3300", currency=account.currency)
            makers.subscription(session, account, plan, starts_on=dt.date(2025, 9, 1))
        self.net = {account.id: D(0) for account in self.accounts}
        self.month, self.frozen, self.done = Month(2025, 10), {}, Counter()

    def _in_dollars(self, seller):
        session = self.session
        company = makers.company(session, seller)
        payer = makers.payer(session, company)
        contract = makers.contract(session, company, payer, payable_currency="UAH", rate_markup_bp=150)
        for place in range(150):
            day, rate = dt.date(2025, 9, 1) + dt.timedelta(days=7 * place), D(400_000 + 613 * (place % 29)) / 10_000
            session.add(CurrencyRate(base="USD", quote="UAH", day=day, rate=rate, source="NBU"))
        session.flush()
        return makers.account(session, company, payer, currency="USD", contract_id=contract.id)

    def act(self):
        """One operation, on a day of the running month; a refusal is an operation too and changes nothing."""
        what = self.chance.choices(list(DOES), [weight for weight, _ in DOES.values()])[0]
        account = self.session.get_one(Account, self.chance.choice(self.accounts).id)
        day = self.month.first_day + dt.timedelta(days=self.chance.randrange(27))
        with clock.standing_at(self.month.period.last_day):
            try:
                with self.session.begin_nested():
                    change = DOES[what][1](self, account, day) or D(0)
                self.net[account.id] += change
                self.done[what] += 1
            except DomainError:
                self.done[f"{what} refused"] += 1
        assert ledger.balance(self.session, account.id).net == self.net[account.id], what

    def pay(self, account, day):
        """Money comes in: sometimes back in time, in hryvnias for dollars, with a fee, for invoices named."""
        amount, chance = D(self.chance.randint(1, 40_000)) / 100, self.chance.random()
        dollars = account.currency == "USD"
        named = list(self.session.scalars(sa.select(Document.id).where(Document.account_id == account.id)).all())
        made = payments.record_payment(
            self.session,
            OFFICE,
            account.id,
            amount,
            day - dt.timedelta(days=40 if chance < 0.1 else 0),
            key=f"op:{sum(self.done.values())}:{chance}",
            currency=self.chance.choice(["UAH", "UAH", "USD"]) if dollars else None,
            fee=amount / 100 if chance > 0.8 and amount == round(amount) else D(0),
            invoice_ids=[self.chance.choice(named)] if named and chance < 0.3 else (),
        )
        return made.amount

    def give(self, account, day):
        """A debt is written off, or cashback given."""
        method = self.chance.choice(["write_off", "cashback"])
        amount = D(self.chance.randint(1, 9_000)) / 100
        key = f"op:{sum(self.done.values())}"
        return payments.record_payment(self.session, OFFICE, account.id, amount, day, method=method, key=key).amount

    def reverse(self, account, day):
        """A payment goes back; one that went back before is left alone."""
        ids = list(self.session.scalars(sa.select(Payment.id).where(Payment.account_id == account.id)).all())
        if not ids:
            return None
        chosen = self.session.get_one(Payment, self.chance.choice(ids))
        was = chosen.state
        payments.reverse_payment(self.session, OFFICE, chosen.id)
        return -chosen.amount if was == "credited" else None

    def keep_fee(self, account, day):
        """The gateway's fee is known later."""
        ids = list(self.session.scalars(sa.select(Payment.id).where(Payment.account_id == account.id)).all())
        if ids:
            payments.keep_fee(self.session, OFFICE, self.chance.choice(ids), D(self.chance.randint(1, 500)) / 100)

    def settle(self, account, day):
        """What is left of payments settles what is open: nothing but what is open."""
        payments.settle_advances(self.session, OFFICE, [account.id])

    def change(self, account, day):
        """A price changes for a month that was billed: the next run corrects it."""
        price = self.chance.randint(10, 2_500_000)
        self.session.execute(
            sa.text(
                "UPDATE subscription_item SET unit_price = :price WHERE subscription_id IN "
                "(SELECT id FROM subscription WHERE account_id = :account)"
            ),
            {"price": price, "account": account.id},
        )

    def end_month(self):
        """Close the month (and the one before it again), then look at everything."""
        with clock.standing_at(self.month.shift(1).first_day + dt.timedelta(days=1)):
            for seller in self.sellers:
                for month in (self.month.shift(-1), self.month):
                    run = billing.start_run(self.session, OFFICE, seller.id, month)
                    assert billing.run_batch(self.session, OFFICE, run.id).quarantined == 0
        for account in self.accounts:
            billed = self.session.scalar(
                sa.select(sa.func.sum(Document.total)).where(
                    Document.account_id == account.id, Document.kind.in_(("invoice", "credit_note"))
                )
            )
            self.net[account.id] = self._money(account.id) - billed
        self.month = self.month.shift(1)
        self.check()

    def _money(self, account_id):
        of = sa.select(sa.func.sum(Payment.amount)).where(Payment.account_id == account_id)
        credited = of.where(Payment.state == "credited", Payment.method != "credit_note")
        return self.session.scalar(credited) or D(0)

    def check(self):
        """Every invariant, every balance, and that what was posted stays as it was."""
        session = self.session
        session.expire_all()
        assert [(name, count) for name, count, _ in audit.check_all(session) if count] == []
        rows = session.execute(sa.select(Posting.id, Posting.debit_id, Posting.credit_id, Posting.amount)).all()
        now = {row.id: tuple(row) for row in rows}
        assert {key: now.get(key) for key in self.frozen} == self.frozen
        self.frozen = now
        owners = dict(session.execute(sa.select(LedgerAccount.id, LedgerAccount.account_id)).all())
        sums: Counter[int | None] = Counter()
        for _, debit, credit, amount in now.values():
            sums[owners[debit]] -= amount
            sums[owners[credit]] += amount
        for account in self.accounts:
            assert sums[account.id] == self.net[account.id] == ledger.balance(session, account.id).net
            last = self.month.shift(-1).period.last_day
            made = reconciliation.statement(session, OFFICE, account.id, dt.date(2025, 1, 1), last)
            assert made.opening == 0 and made.closing == -ledger.balance(session, account.id, last).net


# what → (how often, operation); the operation returns how the balance changes
DOES = {
    "pay": (50, Books.pay),
    "give": (10, Books.give),
    "reverse": (15, Books.reverse),
    "keep_fee": (8, Books.keep_fee),
    "settle": (12, Books.settle),
    "change": (5, Books.change),
}


def live(session, seed, operations):
    books = Books(session, seed)
    for number in range(1, operations + 1):
        books.act()
        if not number % OF_A_MONTH:
            books.end_month()
    assert min(books.done[what] for what in DOES) > operations // 100
    return books


def test_no_order_of_operations_breaks_the_books(session):
    books = live(session, SEED, SQLITE_OPERATIONS)
    assert books.done["pay refused"] <= SQLITE_OPERATIONS // 100  # a kopeck comes to no cent


@pytest.mark.postgres
def test_no_order_of_operations_breaks_the_books_of_postgresql(session):
    live(session, SEED + 1, POSTGRESQL_OPERATIONS)


def test_a_hundred_thousand_parts_of_advances_and_exchanges_come_to_their_wholes():
    chance, parts = random.Random(3), 0
    while parts < 100_000:
        amount, rate_bp = D(chance.randint(1, 10_000_000)) / 100, chance.choice([1800, 2000, 2200])
        money = D(chance.randint(1, 900_000_000)) / 100
        left, taxed, given, valued = amount, tax.tax_of_advance(amount, rate_bp), D(0), D(0)
        while left:
            part = min(left, D(chance.randint(1, int(amount * 100))) / 100)
            valued += exchange.share(money, amount - left, part, amount)
            left -= part
            rest = tax.tax_of_advance(left, rate_bp)
            assert 0 <= rest <= taxed - given
            given += taxed - given - rest
            parts += 1
        assert (given, valued) == (taxed, money)
