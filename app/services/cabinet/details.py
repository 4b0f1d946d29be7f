"""Personal information of a company (A1-02, A1-03): payers, contracts, accounts and how each gets its documents."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.models import Account, Contract, Payer

MOST = 100


def payers_of(session: Session, actor: Actor) -> list[Payer]:
    """The legal parties in whose name the company's money moves."""
    actor.need(Right.CABINET_PAYMENTS)
    query = sa.select(Payer).where(Payer.company_id == actor.company_id).order_by(Payer.id).limit(MOST)
    return list(session.scalars(query))


def accounts_of(session: Session, actor: Actor) -> list[Any]:
    """Each account with its payer, contract and delivery; one statement."""
    actor.need(Right.CABINET_PAYMENTS)
    query = (
        sa.select(Account, Payer.name, Contract.number, Contract.signed_on, Contract.ends_on)
        .join(Payer, Payer.id == Account.payer_id)
        .outerjoin(Contract, Contract.id == Account.contract_id)
        .where(Account.company_id == actor.company_id)
        .order_by(Account.number)
        .limit(MOST)
    )
    return list(session.execute(query))
