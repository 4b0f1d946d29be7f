"""The cabinet as a company's people use it: each page, on real closed months, within its budget of statements."""

import datetime as dt
import io
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.extensions import db
from app.services import billing, payments, setup
from tests import makers

TODAY = dt.date(2026, 11, 10)
SYSTEM = Actor.system("test")


@dataclass
class World:
    """Two companies of one Seller, two closed months; Orion has paid one invoice of two."""

    seller: m.Seller
    orion: m.Company
    account: m.Account
    subscriber: m.Subscriber
    subscription: m.Subscription
    invoices: list[m.Document]
    payment: m.Payment
    vega: m.Company
    vega_account: m.Account
    vega_invoice: m.Document
    vega_payment: m.Payment
    vega_subscriber: m.Subscriber
    vega_subscription: m.Subscription


def close(session: Session, seller: m.Seller, month: str) -> None:
    run = billing.start_run(session, SYSTEM, seller.id, Month.parse(month))
    while billing.run_batch(session, SYSTEM, run.id).left:
        pass


@pytest.fixture(autouse=True)
def standing() -> Iterator[None]:
    with clock.standing_at(TODAY):
        yield


@pytest.fixture
def world(session: Session) -> World:
    setup.ensure_defaults(session)
    seller = makers.seller(session)
    tariff = makers.plan(session, seller, "120.0000")
    made = []
    for name in ("ТОВ «Оріон»", "ТОВ «Вега»"):
        company = makers.company(session, seller, name=name)
        account = makers.account(session, company)
        account.contract_id = makers.contract(session, company, session.get_one(m.Payer, account.payer_id)).id
        subscriber = makers.subscriber(session, account)
        subscription = makers.subscription(session, account, tariff, subscriber_id=subscriber.id)
        made.append((company, account, subscriber, subscription))
    with clock.standing_at(dt.date(2026, 10, 1)):
        close(session, seller, "2026-09")
    with clock.standing_at(dt.date(2026, 11, 1)):
        close(session, seller, "2026-10")
    paid = []
    for _, account, _, _ in made:
        paid.append(
            payments.record_payment(
                session, SYSTEM, account.id, Decimal("120.00"), dt.date(2026, 10, 9), reference="77", purpose="Оплата"
            )
        )
    session.commit()

    def invoices(account: m.Account) -> list[m.Document]:
        query = sa.select(m.Document).where(m.Document.account_id == account.id, m.Document.kind == "invoice")
        return list(session.scalars(query.order_by(m.Document.issued_on)))

    (orion, account, subscriber, subscription), (vega, vega_account, vega_subscriber, vega_subscription) = made
    return World(
        seller,
        orion,
        account,
        subscriber,
        subscription,
        invoices(account),
        paid[0],
        vega,
        vega_account,
        invoices(vega_account)[0],
        paid[1],
        vega_subscriber,
        vega_subscription,
    )


def client_of(app: Flask, session: Session, role: str, company: m.Company) -> FlaskClient:
    who = makers.user(session, role, company)
    session.commit()
    return makers.sign_in(app.test_client(), who)


@pytest.fixture
def owner(app: Flask, session: Session, world: World) -> FlaskClient:
    return client_of(app, session, "owner", world.orion)


def text_of(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status, (path, answer.status_code, re.sub(r"\s+", " ", page)[-1500:])
    return page.replace("\xa0", " ").replace("\u202f", " ")


def post(client: FlaskClient, page: str, path: str, **data: object) -> tuple[int, str]:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).get_data(as_text=True))
    assert token, page
    answer = client.post(path, data={"csrf_token": token[1], **data}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True).replace("\xa0", " ")


def pages(world: World) -> list[str]:
    invoice = world.invoices[-1]
    line = db.session.scalars(sa.select(m.DocumentLine.id).where(m.DocumentLine.document_id == invoice.id)).first()
    return [
        "/",
        "/my/documents/",
        "/my/documents/?kind=invoice&period=6",
        "/my/documents/?unpaid=1",
        f"/my/documents/{invoice.id}",
        f"/my/documents/{invoice.id}/lines/{line}",
        "/my/charges/",
        "/my/charges/?month=2026-09&q=+380",
        "/my/payments/",
        "/my/payments/?as_of=2026-10-05",
        f"/my/payments/{world.payment.id}",
        "/my/payments/register",
        "/my/instalments/",
        "/my/subscriptions/",
        f"/my/subscriptions/{world.subscription.id}",
        "/my/subscribers/",
        "/my/subscribers/?q=70",
        f"/my/subscribers/{world.subscriber.id}",
        "/my/company/",
        "/my/delivery/",
        "/my/delivery/change",
        "/my/tickets/",
        "/my/tickets/new",
        "/my/reconciliation/",
        "/my/reconciliation/compare",
    ]


def test_every_page_opens_in_few_statements(owner: FlaskClient, world: World) -> None:
    seen: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda c, cur, sql, *rest: seen.append(sql))
    counted = {}
    for path in pages(world):
        text_of(owner, path)  # templates are compiled once
        seen.clear()
        before = time.process_time()
        text_of(owner, path)
        spent = (time.process_time() - before) * 1000
        counted[path] = (len([sql for sql in seen if not sql.startswith(("SAVEPOINT", "RELEASE"))]), round(spent, 1))
        if counted[path][0] > 8:
            print(path, *[" ".join(sql.split())[:150] for sql in seen], sep="\n   ")
    for path, figures in counted.items():
        print(*figures, path)
    assert max(count for count, _ in counted.values()) <= 8, counted
