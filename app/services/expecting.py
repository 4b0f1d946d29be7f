"""Unconfirmed payments (A1-05): a company says that it has paid; the money counts when the bank's line comes."""

import datetime as dt
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.money import TWO_PLACES
from app.models import Account, ExpectedPayment, Payment, Seller
from app.rules.lifecycle import PaymentState, move
from app.services import trail

OPEN_LIMIT = 50  # of an account: more is a mistake or mischief
LARGEST = Decimal("9999999999.99")


def register_payment(
    session: Session,
    actor: Actor,
    account_id: int,
    amount: Decimal,
    paid_on: dt.date,
    *,
    reference: str = "",
    purpose: str = "",
) -> Payment:
    """Say that `amount` was paid on a day; it is shown to both sides and moves no money until the bank confirms it."""
    actor.need(Right.CABINET_PAYMENTS)
    account = session.scalars(sa.select(Account).where(Account.id == account_id)).first()
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    _check(session, account, amount, paid_on, reference)
    payment = Payment(
        company_id=account.company_id,
        seller_id=account.seller_id,
        account_id=account.id,
        payer_id=account.payer_id,
        method="bank_transfer",
        paid_on=paid_on,
        currency=account.currency,
        amount=amount,
        state=PaymentState.UNCONFIRMED.value,
        reference=reference.strip()[:120],
        purpose=purpose.strip()[:500],
        key=f"expected:{uuid.uuid4()}",
        details={"registered_by": actor.name},
    )
    session.add(payment)
    session.flush()
    session.add(ExpectedPayment(company_id=account.company_id, payment_id=payment.id))
    trail.record(
        session,
        actor,
        "payment.expect",
        "payment",
        payment.id,
        company_id=account.company_id,
        amount=str(amount),
        reference=reference,
    )
    return payment


def _check(session: Session, account: Account, amount: Decimal, paid_on: dt.date, reference: str) -> None:
    if not amount.is_finite() or amount <= 0 or amount > LARGEST or amount != amount.quantize(TWO_PLACES):
        raise Refused(N_("The amount must be more than zero, with two decimals at most."))
    today = clock.today(session.scalar(sa.select(Seller.zone).where(Seller.id == account.seller_id)) or "UTC")
    if paid_on > today:
        raise Refused(N_("The payment's date is in the future. Correct the date."))
    if paid_on < today - dt.timedelta(days=366):
        raise Refused(N_("The payment is more than a year old. Write to us about it instead."))
    waiting = sa.select(Payment.amount, Payment.paid_on, Payment.reference).where(
        Payment.account_id == account.id, Payment.state == PaymentState.UNCONFIRMED.value
    )
    known = session.execute(waiting.limit(OPEN_LIMIT + 1)).all()
    if len(known) >= OPEN_LIMIT:
        raise Refused(N_("Too many payments of this account wait for the bank already. Wait until some are confirmed."))
    if (amount, paid_on, reference.strip()[:120]) in {tuple(row) for row in known}:
        raise Refused(N_("This payment is registered already: the same amount, day and number."))


def withdraw(session: Session, actor: Actor, payment_id: int) -> Payment:
    """Take back what was registered by mistake, while it waits."""
    actor.need(Right.CABINET_PAYMENTS)
    payment = session.scalars(sa.select(Payment).where(Payment.id == payment_id).with_for_update(of=Payment)).first()
    if payment is None:
        raise NotFound()
    actor.need_company(payment.company_id)
    if payment.state != PaymentState.UNCONFIRMED.value:
        raise Refused(N_("Only a payment that waits for the bank can be withdrawn."))
    payment.state = move(PaymentState(payment.state), PaymentState.REFUSED).value
    trail.record(session, actor, "payment.withdraw", "payment", payment.id, company_id=payment.company_id)
    return payment
