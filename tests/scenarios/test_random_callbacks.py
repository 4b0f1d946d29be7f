"""Days of callbacks as they come: twice, out of order, forged, late, lost, of wrong sums; the books do not mind (T14).

Some two hundred histories in every run; KABINET_HISTORIES=10000 for the measured run (docs/performance.md).
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.gateways.base import Callback, Forged, Order
from app.gateways.sandbox import SandboxGateway
from app.models import Account, HeldMoney, Payment, PaymentAttempt, PaymentWay, SandboxCharge
from app.services import attempts, audit, ledger, paying, sealing
from tests import makers
from tests.gateways.liqpay_standin import LiqPayStandIn, standing

D = Decimal
HISTORIES = int(os.environ.get("KABINET_HISTORIES", "150"))
TOGETHER = 50  # histories whose callbacks come mixed with each other's


class SandboxSide:
    """The sandbox: its books and its signature."""

    def __init__(self, session: Session, way: PaymentWay, secret: str) -> None:
        self.session, self.way, self.secret = session, way, secret
        gateway = attempts.gateway_of(session, way, secret)
        assert isinstance(gateway, SandboxGateway)
        self.gateway = gateway

    def begin(self, order: Order) -> None:
        self.gateway.hand_over(order)

    def happen(self, order_no: str, state: str, amount: Decimal, currency: str) -> str:
        charge = self.session.scalars(sa.select(SandboxCharge).where(SandboxCharge.order_no == order_no)).one()
        charge.state = {"failed": "declined"}.get(state, state)
        charge.amount, charge.currency = amount, currency
        self.session.flush()
        return charge.external_id

    def call(self, order_no: str) -> Callback:
        form = {"order_no": order_no, "signature": self.gateway.sign(order_no)}
        return Callback(os.urandom(8), form, {})


class LiqPaySide:
    """The stand-in of LiqPay, asked over HTTP on this machine."""

    def __init__(self, stand_in: LiqPayStandIn) -> None:
        self.stand_in = stand_in

    def begin(self, order: Order) -> None:
        self.happen(order.order_no, "processing", order.amount, order.currency)

    def happen(self, order_no: str, state: str, amount: Decimal, currency: str) -> str:
        known = self.stand_in.orders.setdefault(order_no, {"payment_id": 1000 + len(self.stand_in.orders)})
        status = {"paid": "success", "failed": "failure"}.get(state, state)
        known |= {"public_key": self.stand_in.public, "order_id": order_no, "status": status}
        known |= {"amount": float(amount), "currency": currency}
        return str(known["payment_id"])

    def call(self, order_no: str) -> Callback:
        return Callback(os.urandom(8), self.stand_in.callback(order_no), {})


@dataclass
class History:
    """One payment: what happens at the gateway and what is heard of it, step by step; what must come of it."""

    attempt: PaymentAttempt
    kind: str
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    credited: Decimal = D(0)
    held: tuple[str, str] | None = None  # the gateway's number, the reason


KINDS = ("right", "right", "right", "short", "excess", "currency", "declined", "again", "late", "nothing", "lost")


@dataclass
class World:
    """A Seller's accounts, one way to pay, and the gateway's side of it."""

    session: Session
    way: PaymentWay
    side: SandboxSide | LiqPaySide
    secret: str
    accounts: list[Account]
    chance: random.Random
    forged: int = 0

    def history(self, number: int) -> History:
        account, chance = self.chance.choice(self.accounts), self.chance
        amount = D(chance.randint(100, 50_000)) / 100
        owner = Actor(None, "Olga", account.company_id, rights=frozenset({"cabinet_payments.read"}))
        attempt = paying.begin(self.session, owner, account.id, self.way.id, amount, key=f"k{number}")
        self.side.begin(Order(attempt.order_no, attempt.charged, attempt.currency, "x", "", ""))
        made = History(attempt, chance.choice(KINDS))
        self._plan(made)
        return made

    def _plan(self, made: History) -> None:
        attempt, chance = made.attempt, self.chance
        sums = {"short": attempt.charged - D("0.01"), "excess": attempt.charged + D("0.01")}
        amount = sums.get(made.kind, attempt.charged)
        currency = "USD" if made.kind == "currency" else attempt.currency
        calls = [("call",)] * chance.randint(1, 3)
        taken = [("happen", "paid", amount, currency)]
        declined = [("happen", "failed", amount, currency)]
        plans: dict[str, list[tuple[Any, ...]]] = {
            "declined": [*declined, *calls],
            "again": [*declined, *calls, *taken, *calls],  # declined, then another card
            "late": [("give up",), *taken, *calls],
            "nothing": calls,
            "lost": [*taken, ("look",)],
        }
        made.steps = [("call",), *plans.get(made.kind, [*taken, *calls])]
        for _ in range(chance.randint(0, 2)):
            made.steps.insert(chance.randint(0, len(made.steps)), ("forge",))
        if made.kind in ("right", "again", "late", "lost"):
            made.credited = attempt.amount

    def play(self, histories: list[History]) -> None:
        """Every step in its history's order, the histories in any; then old callbacks once more."""
        queue = [one for one in histories for _ in one.steps]
        self.chance.shuffle(queue)
        for one in queue:
            self.step(one, *one.steps.pop(0))
        for one in self.chance.sample(histories, len(histories)):
            self.step(one, "call")
        self.session.commit()

    def step(self, one: History, what: str, *args: Any) -> None:
        attempt = one.attempt
        if what == "happen":
            number = self.side.happen(attempt.order_no, *args)
            if one.kind in ("short", "excess", "currency"):
                one.held = (number, one.kind)
        elif what == "call":
            paying.receive(self.session, self.way.id, self.side.call(attempt.order_no), self.secret)
        elif what == "forge":
            self.forge(self.side.call(attempt.order_no))
        else:
            turn = attempts.LOOKS if what == "give up" else 1
            paying.look_again(self.session, attempt.id, turn, self.secret)

    def forge(self, true: Callback) -> None:
        form = dict(true.form)
        form["signature"] = self.chance.choice(["", "AAAA", form["signature"][:-2], form["signature"].swapcase() + "0"])
        before = self.session.scalar(sa.select(sa.func.count()).select_from(Payment))
        with pytest.raises(Forged):
            paying.receive(self.session, self.way.id, Callback(true.body, form, {}), self.secret)
        assert self.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == before
        self.forged += 1


@pytest.fixture(params=["sandbox", "liqpay"])
def world(request: pytest.FixtureRequest, app: Flask, session: Session) -> Iterator[World]:
    secret = app.config["SECRET_KEY"]
    seller = makers.seller(session)
    companies = [makers.company(session, seller) for _ in range(3)]
    accounts = [makers.account(session, one, makers.payer(session, one)) for one in companies]
    with standing() as stand_in:
        way = PaymentWay(seller_id=seller.id, gateway=request.param, name="Card", commission_bp=150, settings={})
        if request.param == "liqpay":
            way.settings = {"request_url": stand_in.url}
            way.public_key = stand_in.public
        way.secret = sealing.seal(stand_in.secret, secret)
        session.add(way)
        session.flush()
        side = SandboxSide(session, way, secret) if request.param == "sandbox" else LiqPaySide(stand_in)
        seed = os.environ.get("KABINET_SEED", "histories")
        yield World(session, way, side, secret, accounts, random.Random(seed))  # noqa: S311


def test_any_day_of_callbacks_ends_in_the_right_books(world: World) -> None:
    count = HISTORIES if world.way.gateway == "sandbox" else max(HISTORIES // 10, 40)
    expected, held = dict.fromkeys((one.id for one in world.accounts), D(0)), set()
    for at in range(0, count, TOGETHER):
        histories = [world.history(at + number) for number in range(min(TOGETHER, count - at))]
        world.play(histories)
        for one in histories:
            expected[one.attempt.account_id] += one.credited
            held |= {one.held} if one.held else set()
    for account_id, amount in expected.items():
        assert ledger.balance(world.session, account_id).net == amount
    assert {(row.external_id, row.reason) for row in world.session.scalars(sa.select(HeldMoney))} == held
    open_still = sa.select(sa.func.count()).where(PaymentAttempt.state.in_(attempts.OPEN))
    assert (world.session.scalar(open_still) or 0) < count  # those that nothing came of are looked at again later
    assert not [name for name, breaches, _ in audit.check_all(world.session) if breaches] and world.forged
