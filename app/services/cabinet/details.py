"""Personal information of a company (A1-02, A1-03): payers, contracts, accounts and how each gets its documents."""

from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.models import Account, Contract, CreditLimit, Payer, PaymentMethod
from app.rules.lifecycle import PaymentMethodState
from app.rules.policies import PolicyKind
from app.services.policies import calendar_for

MOST = 100


@dataclass(frozen=True)
class Terms:
    """An account as the company's personal information shows it (A1-03)."""

    account: Account
    payer: str
    contract: Contract | None
    days: int  # to pay an invoice, the day of issue among them
    limit: Decimal | None  # of credit, where there is one
    methods: list[PaymentMethod]  # saved ways to pay of its payer that work


def accounts_of(session: Session, actor: Actor) -> list[Terms]:
    """Each account with its payer, contract, delivery and form of payment; three statements for one Seller."""
    actor.need(Right.CABINET_PAYMENTS)
    query = (
        sa.select(Account, Payer.name, Contract, CreditLimit.amount)
        .join(Payer, Payer.id == Account.payer_id)
        .outerjoin(Contract, Contract.id == Account.contract_id)
        .outerjoin(CreditLimit, CreditLimit.account_id == Account.id)
        .where(Account.company_id == actor.company_id)
        .order_by(Account.number)
        .limit(MOST)
    )
    rows = session.execute(query).all()
    saved = _methods(session, actor)
    sellers = {account.seller_id for account, *_ in rows}
    days = {one: calendar_for(session, one)[PolicyKind.INVOICE_DUE]["days"] for one in sellers}
    return [
        Terms(account, payer, contract, days[account.seller_id], limit, saved.get(account.payer_id, []))
        for account, payer, contract, limit in rows
    ]


def _methods(session: Session, actor: Actor) -> dict[int | None, list[PaymentMethod]]:
    query = sa.select(PaymentMethod).where(
        PaymentMethod.company_id == actor.company_id, PaymentMethod.state == PaymentMethodState.WORKING.value
    )
    found: dict[int | None, list[PaymentMethod]] = {}
    for one in session.scalars(query.order_by(PaymentMethod.id).limit(MOST)):
        found.setdefault(one.payer_id, []).append(one)
    return found
