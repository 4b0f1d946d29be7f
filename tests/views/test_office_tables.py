"""Every table of the office opens, searches, sorts and exports; only what a person may edit can be edited."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import models as m
from app.extensions import appbuilder, db
from app.views.base import OfficeView
from tests import makers

STATEMENTS = 12  # `performance.md` §8


def tables() -> list[OfficeView]:
    return [view for view in appbuilder.baseviews if isinstance(view, OfficeView)]


@pytest.fixture
def world(session: Session) -> dict[str, object]:
    """A seller's customer with something of everything that lists show."""
    seller = makers.seller(session, code="main")
    company = makers.company(session, seller, name="ТОВ «Орион Телеком»", code="orion")
    account = makers.account(session, company)
    plan = makers.plan(session, seller)
    subscription = makers.subscription(session, account, plan)
    subscriber = makers.subscriber(session, account)
    invoice = makers.document(session, account)
    makers.document(session, account, kind="act")
    payment = makers.payment(session, account)
    charge = makers.charge(session, subscription, document_id=invoice.id)
    session.add(
        m.Allocation(
            company_id=company.id,
            payment_id=payment.id,
            document_id=invoice.id,
            amount=Decimal("20.00"),
            allocated_on=payment.paid_on,
        )
    )
    session.commit()
    return {
        "seller": seller,
        "company": company,
        "account": account,
        "plan": plan,
        "subscription": subscription,
        "subscriber": subscriber,
        "invoice": invoice,
        "payment": payment,
        "charge": charge,
    }


@pytest.fixture
def admin(app: Flask, session: Session):
    client = app.test_client()
    makers.sign_in(client, makers.user(session, "administrator"))
    return client


def statements(engine: sa.Engine) -> list[str]:
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda c, cur, text, *more: seen.append(text))
    return seen


def test_every_list_opens_within_twelve_statements(admin, world):
    seen = statements(db.engine)
    over, broken = [], []
    for view in tables():
        seen.clear()
        answer = admin.get(f"{view.route_base}/list/")
        if answer.status_code != 200:
            broken.append((view.route_base, answer.status_code))
        asked = [text for text in seen if not text.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
        if len(asked) > STATEMENTS:
            over.append((view.route_base, len(asked)))
    assert not broken
    assert not over


def test_every_row_that_can_be_shown_is_shown(admin, world, session):
    broken = []
    for view in tables():
        for row in session.scalars(sa.select(view.datamodel.obj).limit(3)):
            answer = admin.get(f"{view.route_base}/show/{row.id}")
            if answer.status_code not in (200, 404):
                broken.append((view.route_base, row.id, answer.status_code))
    assert not broken


def test_every_form_opens(admin, world, session):
    broken = []
    for view in tables():
        if "add" not in view.exclude_route_methods:
            answer = admin.get(f"{view.route_base}/add")
            if answer.status_code != 200:
                broken.append((view.route_base, "add", answer.status_code))
        if "edit" not in view.exclude_route_methods:
            for row in session.scalars(sa.select(view.datamodel.obj).limit(1)):
                answer = admin.get(f"{view.route_base}/edit/{row.id}")
                if answer.status_code != 200:
                    broken.append((view.route_base, "edit", answer.status_code))
    assert not broken


@pytest.mark.parametrize("base", ["documents", "invoices", "entries", "postings", "charges", "audit", "payments"])
def test_what_is_written_once_cannot_be_edited_by_anybody(admin, world, base):
    for method in ("add", "edit/1", "delete/1"):
        assert admin.get(f"/office/{base}/{method}").status_code in (404, 405)
        assert admin.post(f"/office/{base}/{method}").status_code in (400, 404, 405)
