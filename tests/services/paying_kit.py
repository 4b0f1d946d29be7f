"""What tests of paying share: an owner, a way of the sandbox, a saved method, and the effects of the outbox."""

from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.models import Account, Outbox, PaymentMethod, PaymentWay
from app.services import audit, ledger, sealing
from jobs.context import perform_wish
from tests import makers


def new_account(session: Session) -> Account:
    """An account of a company of its own."""
    company = makers.company(session)
    return makers.account(session, company, makers.payer(session, company))


def olga(account: Account) -> Actor:
    return Actor(None, "Olga", account.company_id, rights=frozenset({"cabinet_payments.read"}))


def saved(session: Session, account: Account, way: PaymentWay, token: str, secret: str, **more: Any) -> PaymentMethod:
    made = PaymentMethod(
        company_id=account.company_id,
        account_id=account.id,
        payer_id=account.payer_id,
        way_id=way.id,
        gateway=way.gateway,
        name="Bank card *1111",
        token=sealing.seal(token, secret),
        state="working",
        **more,
    )
    session.add(made)
    session.flush()
    return made


def perform(app: Flask, session: Session, topic: str = "charge_method") -> None:
    session.commit()
    row = session.query(Outbox).filter_by(topic=topic).order_by(Outbox.id.desc()).first()
    assert row is not None
    perform_wish(session, app.config["KABINET"], row.id)
    session.expire_all()


def net(session: Session, account: Account) -> Decimal:
    return ledger.balance(session, account.id).net


def sound(session: Session) -> bool:
    return not [name for name, breaches, _ in audit.check_all(session) if breaches]


def sandbox(session: Session, account: Account, **more: Any) -> PaymentWay:
    terms = {"name": "Card", **more}
    way = PaymentWay(seller_id=account.seller_id, gateway="sandbox", settings={}, **terms)
    session.add(way)
    session.flush()
    return way
