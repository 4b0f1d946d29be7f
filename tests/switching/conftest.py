"""A company whose subscribers have plans, a Seller that offers options, and an operator that does as it is told."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.services import billing, setup, switching
from app.services.switching import running
from tests import makers

TODAY = dt.date(2026, 11, 10)
SYSTEM = Actor.system("test")


@pytest.fixture(autouse=True)
def standing() -> Iterator[None]:
    with clock.standing_at(dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC)):
        yield


@dataclass
class House:
    """What the tests work with; `run` does what the queue would."""

    session: Session
    folder: Path
    seller: m.Seller
    company: m.Company
    account: m.Account
    subscribers: list[m.Subscriber]
    roaming: m.Component
    records: m.Component
    actor: Actor

    def list_of(self, text: str, action: str = "on", day: dt.date = TODAY, option: str = "roaming") -> m.Request:
        draft = switching.open_draft(self.session, self.actor, self.company.id, switching.Choice(action, option, day))
        return switching.take_paste(self.session, self.actor, draft.id, text)

    def numbers(self, *places: int) -> str:
        return "\n".join(self.subscribers[place].number for place in places)

    def ask(self, batch: m.Request) -> m.Request:
        switching.confirm(self.session, self.actor, batch.id)
        while switching.ask_step(self.session, self.actor, batch.id).left:
            pass
        return batch

    def run(self, batch: m.Request, patience: float = 0) -> m.Request:
        running.run_to_end(self.session, batch.id, self.folder, self.session.commit, lambda done, total: None, patience)
        self.session.expire_all()
        return batch

    def switch(self, text: str, action: str = "on", day: dt.date = TODAY) -> m.Request:
        return self.run(self.ask(self.list_of(text, action, day)))

    def verdicts(self, batch: m.Request) -> list[str]:
        query = sa.select(m.RequestLine.verdict).where(m.RequestLine.request_id == batch.id)
        return list(self.session.scalars(query.order_by(m.RequestLine.position)))

    def states(self, batch: m.Request) -> list[str]:
        query = sa.select(m.Request.state).where(m.Request.parent_id == batch.id).order_by(m.Request.id)
        return list(self.session.scalars(query))

    def close(self, month: str) -> None:
        run = billing.start_run(self.session, SYSTEM, self.seller.id, Month.parse(month))
        while billing.run_batch(self.session, SYSTEM, run.id).left:
            pass
        self.session.expire_all()

    def operator(self, **settings: Any) -> None:
        self.seller.operator_settings = settings
        self.session.commit()

    def charged(self, component: m.Component, month: str) -> Decimal:
        query = sa.select(sa.func.coalesce(sa.func.sum(m.Charge.amount), 0)).where(
            m.Charge.component_id == component.id, m.Charge.month == Month.parse(month).first_day
        )
        return Decimal(self.session.scalar(query) or 0)


def house_in(session: Session, folder: Path, lines: int = 4) -> House:
    setup.ensure_defaults(session)
    seller = makers.seller(session)
    company = makers.company(session, seller)
    account = makers.account(session, company)
    plan = makers.plan(session, seller, "150.0000", tax_category="telecom")
    product = m.Product(seller_id=seller.id, code=f"options-{seller.id}", name="Додаткові послуги")
    session.add(product)
    session.flush()
    options = m.Plan(
        seller_id=seller.id,
        product_id=product.id,
        code="line-options",
        name="Послуги лінії",
        currency="UAH",
        tax_category="telecom",
        for_subscribers=True,
    )
    session.add(options)
    session.flush()
    roaming = makers.component(session, options, "95.0000", code="roaming", name="Роумінг Європа")
    records = makers.component(session, options, "45.0000", code="records", name="Запис розмов")
    subscribers = []
    for _ in range(lines):
        one = makers.subscriber(session, account)
        makers.subscription(session, account, plan, subscriber_id=one.id)
        subscribers.append(one)
    user = makers.user(session, "company_administrator", company)
    session.commit()
    actor = Actor(
        user.id, "Ольга Сікур", company.id, rights=frozenset({Right.CABINET_RENAME, Right.CABINET_SUBSCRIBERS})
    )
    return House(session, folder, seller, company, account, subscribers, roaming, records, actor)


@pytest.fixture
def house(session: Session, data_dir: Path) -> House:
    return house_in(session, data_dir)
