"""Things to test with: each maker writes one real row (and what it must stand on) and flushes; it never commits."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app import models as m

PASSWORD = "Correct-horse-7"
# Hashed once and cheaply: a slow hash for each made person would be most of the tests' time.
_HASHED = generate_password_hash(PASSWORD, method="pbkdf2:sha256:1")
_count = itertools.count(1)


def _next() -> int:
    return next(_count)


def _put(session: Session, thing: Any) -> Any:
    session.add(thing)
    session.flush()
    return thing


def seller(session: Session, **more: Any) -> m.Seller:
    """A Ukrainian Seller with a bank account; `code`, `country`, … as given."""
    n = _next()
    known = {
        "code": f"seller-{n}",
        "name": "ТОВ «Зоряні мережі»",
        "short_name": "Зоряні мережі",
        "tax_code": "32855961",
        "iban": "UA213223130000026007233566001",
        "bank_name": "АТ «Приклад Банк»",
        "address": "01001, м. Київ, вул. Прикладна, 1",
        "document_prefix": f"S{n}-",
    }
    return _put(session, m.Seller(**{**known, **more}))


def company(session: Session, of: m.Seller | None = None, **more: Any) -> m.Company:
    """A customer of a Seller (of a new one where none is given)."""
    n = _next()
    of = of or seller(session)
    known = {"code": f"company-{n}", "name": f"ТОВ «Оріон {n}»", "seller_id": of.id, "country": "UA", "locale": "uk"}
    return _put(session, m.Company(**{**known, **more}))


def payer(session: Session, of: m.Company, **more: Any) -> m.Payer:
    """The legal party of a company."""
    known = {
        "company_id": of.id,
        "kind": "legal_entity",
        "country": of.country,
        "locale": of.locale,
        "name": of.name,
        "tax_code": "32855961",
        "settlement_account": "26007233566001",
    }
    return _put(session, m.Payer(**{**known, **more}))


def contract(session: Session, of: m.Company, by: m.Payer | None = None, **more: Any) -> m.Contract:
    """A contract of a company's payer."""
    by = by or payer(session, of)
    known = {
        "company_id": of.id,
        "seller_id": of.seller_id,
        "payer_id": by.id,
        "number": f"D-{_next()}",
        "signed_on": dt.date(2025, 1, 15),
    }
    return _put(session, m.Contract(**{**known, **more}))


def account(session: Session, of: m.Company | None = None, by: m.Payer | None = None, **more: Any) -> m.Account:
    """An account of a company (of a new one where none is given), in hryvnias."""
    of = of or company(session)
    by = by or payer(session, of)
    known = {
        "company_id": of.id,
        "seller_id": of.seller_id,
        "payer_id": by.id,
        "number": f"{2_000_000 + _next()}",
        "currency": "UAH",
    }
    return _put(session, m.Account(**{**known, **more}))


def plan(session: Session, of: m.Seller, price: str = "120.0000", **more: Any) -> m.Plan:
    """A plan with one component («base», charged by period) at `price`, tax included, from 2020 on."""
    n = _next()
    product = _put(session, m.Product(seller_id=of.id, code=f"product-{n}", name=f"Хмара {n}"))
    known = {
        "seller_id": of.id,
        "product_id": product.id,
        "code": f"plan-{n}",
        "name": f"Хмара старт {n}",
        "currency": of.currency,
    }
    made = _put(session, m.Plan(**{**known, **more}))
    component(session, made, price)
    return made


def component(session: Session, of: m.Plan, price: str = "120.0000", **more: Any) -> m.Component:
    """A component of a plan with one price version from 2020 on."""
    known = {"plan_id": of.id, "code": f"part-{_next()}", "name": "Абонплата"}
    made = _put(session, m.Component(**{**known, **more}))
    _put(session, m.PriceVersion(component_id=made.id, valid_from=dt.date(2020, 1, 1), unit_price=Decimal(price)))
    return made


def subscriber(session: Session, of: m.Account, **more: Any) -> m.Subscriber:
    """A line on an account."""
    n = _next()
    known = {
        "company_id": of.company_id,
        "account_id": of.id,
        "number": f"+38067{7_000_000 + n}",
        "name": f"Абонент {n}",
    }
    return _put(session, m.Subscriber(**{**known, **more}))


def subscription(session: Session, of: m.Account, to: m.Plan | None = None, **more: Any) -> m.Subscription:
    """A plan in force on an account since 2026-01-01, with an item for each component."""
    to = to or plan(session, session.get_one(m.Seller, of.seller_id))
    known = {
        "company_id": of.company_id,
        "seller_id": of.seller_id,
        "account_id": of.id,
        "plan_id": to.id,
        "name": to.name,
        "starts_on": dt.date(2026, 1, 1),
    }
    made = _put(session, m.Subscription(**{**known, **more}))
    for part in session.query(m.Component).filter_by(plan_id=to.id):
        session.add(
            m.SubscriptionItem(
                company_id=of.company_id,
                subscription_id=made.id,
                component_id=part.id,
                name=part.name,
                quantity=made.quantity,
                valid_from=made.starts_on,
                valid_to=made.ends_on,
            )
        )
    session.flush()
    return made


def charge(session: Session, of: m.Subscription, amount: str = "120.0000", **more: Any) -> m.Charge:
    """A charge of a subscription for a month (`month` given as its first day; October 2026 else)."""
    month = more.pop("month", dt.date(2026, 10, 1))
    known = {
        "company_id": of.company_id,
        "seller_id": of.seller_id,
        "account_id": of.account_id,
        "subscription_id": of.id,
        "subscriber_id": of.subscriber_id,
        "component_id": session.query(m.Component.id).filter_by(plan_id=of.plan_id).limit(1).scalar(),
        "kind": "period",
        "month": month,
        "starts_on": month,
        "ends_on": (month + dt.timedelta(days=32)).replace(day=1),
        "name": "Абонплата",
        "quantity": Decimal(1),
        "unit_price": Decimal(amount),
        "amount": Decimal(amount),
        "tax_bp": 2000,
    }
    return _put(session, m.Charge(**{**known, **more}))


def document(session: Session, of: m.Account, kind: str = "invoice", total: str = "120.00", **more: Any) -> m.Document:
    """An issued document of an account with one line of `total`, 20 % of tax in it; nothing is posted."""
    n = _next()
    issued = more.pop("issued_on", dt.date(2026, 11, 1))
    last = issued.replace(day=1) - dt.timedelta(days=1)
    gross = Decimal(total)
    tax = (gross / 6).quantize(Decimal("0.01"))
    known = {
        "company_id": of.company_id,
        "seller_id": of.seller_id,
        "account_id": of.id,
        "payer_id": of.payer_id,
        "kind": kind,
        "number": f"T-{n:06d}",
        "sequence": n,
        "issued_on": issued,
        "period_start": last.replace(day=1),
        "period_end": issued.replace(day=1),
        "due_on": issued + dt.timedelta(days=14) if kind == "invoice" else None,
        "currency": of.currency,
        "locale": "uk",
        "net": gross - tax,
        "tax": tax,
        "total": gross,
    }
    made = _put(session, m.Document(**{**known, **more}))
    session.add(
        m.DocumentLine(
            company_id=of.company_id,
            document_id=made.id,
            position=1,
            name="Хмара старт",
            unit="month",
            quantity=Decimal(1),
            unit_price=gross,
            amount=gross,
            tax_bp=2000,
            net=gross - tax,
            tax=tax,
            gross=gross,
        )
    )
    session.flush()
    return made


def payment(session: Session, of: m.Account, amount: str = "120.00", **more: Any) -> m.Payment:
    """Money in, credited and not allocated; nothing is posted (use services.payments for that)."""
    n = _next()
    known = {
        "company_id": of.company_id,
        "seller_id": of.seller_id,
        "account_id": of.id,
        "payer_id": of.payer_id,
        "number": f"P-{n}",
        "sequence": n,
        "paid_on": dt.date(2026, 11, 10),
        "currency": of.currency,
        "amount": Decimal(amount),
        "state": "credited",
        "key": f"test-{n}",
    }
    return _put(session, m.Payment(**{**known, **more}))


def role(session: Session, name: str) -> Role:
    """FAB's row of a role of `access.roles`."""
    return session.query(Role).filter_by(name=name).first() or _put(session, Role(name=name))


def user(session: Session, role_name: str, of: m.Company | None = None, **more: Any) -> m.User:
    """A person who can sign in with PASSWORD, with one role; of a company, or of the provider."""
    n = _next()
    known = {
        "username": f"{role_name}-{n}",
        "first_name": "Ольга",
        "last_name": f"Сікур{n}",
        "email": f"person{n}@example.org",
        "active": True,
        "password": _HASHED,
        "company_id": of.id if of else None,
        "locale": "en",
    }
    made = m.User(**{**known, **more})
    made.roles = [role(session, role_name)]
    return _put(session, made)


def sign_in(client: FlaskClient, who: m.User, password: str = PASSWORD) -> FlaskClient:
    """The client with `who` signed in through the real sign-in page."""
    page = client.get("/login/")
    token = _token(page.get_data(as_text=True))
    answer = client.post("/login/", data={"username": who.username, "password": password, "csrf_token": token})
    assert answer.status_code in (302, 303), answer.get_data(as_text=True)[:2000]
    return client


def _token(page: str) -> str:
    import re

    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page) or re.search(
        r'name="csrf-token"[^>]*content="([^"]+)"', page
    )
    return found[1] if found else ""
