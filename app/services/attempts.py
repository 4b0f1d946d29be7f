"""Attempts to pay: how one is made, how it ends, when its gateway is asked again; `services.paying` settles them."""

import datetime as dt
import secrets
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_, Refused
from app.gateways.base import Gateway, Keys
from app.gateways.registry import open_gateway
from app.models import Account, PaymentAttempt, PaymentWay
from app.rules.commission import Terms
from app.rules.lifecycle import AttemptState, move
from app.services import sealing, work
from app.services.work import Topic

FIRST_LOOK = dt.timedelta(minutes=2)
LOOKS = 12  # the pause doubles from look to look: the last is about five days later
OPEN = (AttemptState.NEW.value, AttemptState.SENT.value)
TRANSFER = "bank_transfer"  # a way that nobody can be asked about: the bank's statement tells


def terms_of(way: PaymentWay) -> Terms:
    """The terms of a way."""
    return Terms(way.commission_bp, way.commission_fixed, way.cashback_bp, way.minimum, way.maximum)


def gateway_of(session: Session, way: PaymentWay, secret: str) -> Gateway:
    """The gateway behind a way, with the Seller's keys."""
    keys = Keys(way.public_key, sealing.unseal(way.secret, secret), {k: str(v) for k, v in way.settings.items()})
    return open_gateway(way.gateway, session, keys)


def known(session: Session, account: Account, key: str) -> PaymentAttempt | None:
    """The attempt already made under this key of the account's company."""
    mine = f"{account.company_id}:{key}"
    return session.scalars(sa.select(PaymentAttempt).where(PaymentAttempt.key == mine)).first()


def make(
    session: Session,
    account: Account,
    way: PaymentWay | None,
    amount: Decimal,
    key: str,
    *,
    payer_id: int | None = None,
    document_id: int | None = None,
    order_id: int | None = None,
    method_id: int | None = None,
    save_method: bool = False,
    asked_by: int | None = None,
) -> PaymentAttempt:
    """A new attempt by a way of the account's Seller; Refused where the way is off or does not take the amount."""
    if way is None or way.seller_id != account.seller_id or not way.is_on:
        raise Refused(N_("This way to pay is not offered any more. Choose another."))
    terms = terms_of(way)
    terms.need_within(amount)
    attempt = PaymentAttempt(
        company_id=account.company_id,
        seller_id=account.seller_id,
        account_id=account.id,
        payer_id=payer_id or account.payer_id,
        way_id=way.id,
        document_id=document_id,
        order_id=order_id,
        method_id=method_id,
        save_method=save_method,
        order_no=f"k{secrets.token_hex(12)}",
        amount=amount,
        commission=terms.commission(amount),
        cashback=terms.cashback(amount),  # as the payer is shown it, whatever the way's terms become
        currency=account.currency,
        asked_by=asked_by,
        key=f"{account.company_id}:{key}",
        state=AttemptState.NEW.value,
    )
    session.add(attempt)
    session.flush()
    if way.gateway != TRANSFER:
        look_later(session, attempt, 1)
    return attempt


def mark_sent(session: Session, attempt: PaymentAttempt, external_id: str) -> None:
    """The customer, or the charge, is on the way to the gateway."""
    if attempt.state == AttemptState.NEW.value:
        attempt.state = move(AttemptState(attempt.state), AttemptState.SENT).value
    attempt.external_id = attempt.external_id or external_id or None
    session.flush()


def end(attempt: PaymentAttempt, state: AttemptState, reason: str = "") -> None:
    """The attempt is over, as far as is known: money that comes later still counts."""
    attempt.state = move(AttemptState(attempt.state), state).value
    attempt.ended_at = clock.now()
    attempt.reason = reason


def look_later(session: Session, attempt: PaymentAttempt, turn: int) -> None:
    """Ask the gateway about it later: its word may be lost."""
    about = {"attempt_id": attempt.id, "turn": turn}
    put_look(session, Topic.LOOK_AT_PAYMENT, about, f"look:{attempt.id}:{turn}", attempt.company_id)


def put_look(session: Session, topic: Topic, about: dict[str, int], key: str, company_id: int) -> None:
    """Wish for a look at a gateway; each turn waits twice as long as the one before."""
    due_at = clock.now() + FIRST_LOOK * 2 ** (about["turn"] - 1)
    work.put_outbox(session, topic, about, key, company_id=company_id, due_at=due_at)
