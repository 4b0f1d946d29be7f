"""What customers said they paid (A1-05) and what came in, joined: money is posted once, whoever speaks first.

The registered payment never moves money. When the money itself is credited, the two rows are linked: one registration
to one payment (a unique key in the database), by itself where there is exactly one candidate, else by a person.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import BankLine, ExpectedPayment, Payment
from app.rules import matching as rules
from app.rules.lifecycle import PaymentState, move
from app.rules.matching import Money
from app.rules.policies import PolicyKind
from app.services import trail
from app.services.policies import calendar_for

NOT_FROM_A_BANK = ("credit_note", "opening", "account_balance")
CLOSE_BY = 50  # of one account and one amount: more than anybody registers


def match_arrived(session: Session, actor: Actor, money: Payment, said_id: int | None = None) -> Payment | None:
    """The registered payment that this credited money confirms: `said_id`, or the only candidate; None leaves it."""
    if said_id is not None:
        return link(session, actor, said_id, money.id)
    if money.method in NOT_FROM_A_BANK or _row_of_money(session, money.id) is not None:
        return None
    waiting = sa.select(Payment).where(
        Payment.account_id == money.account_id,
        Payment.state == sa.literal_column("'unconfirmed'"),  # a literal, so that its index can serve
        Payment.amount == money.amount,
    )
    said = [as_money(one) for one in session.scalars(waiting.order_by(Payment.id).limit(CLOSE_BY))]
    if not said:
        return None
    days = days_near(session, money.seller_id)
    chosen = rules.only_one((one.id, rules.fit_of(one, as_money(money), days)) for one in said)
    return link(session, actor, chosen, money.id, by_itself=True) if chosen else None


def match_said(session: Session, actor: Actor, said: Payment) -> Payment | None:
    """The money that came before its customer spoke of it, where there is exactly one candidate."""
    came = [as_money(one) for one in session.scalars(free_money(said).limit(CLOSE_BY))]
    if not came:
        return None
    days = days_near(session, said.seller_id)
    chosen = rules.only_one((one.id, rules.fit_of(as_money(said), one, days)) for one in came)
    if chosen is None:
        return None
    link(session, actor, said.id, chosen, by_itself=True)
    return session.get_one(Payment, chosen)


def free_money(said: Payment) -> sa.Select[Payment]:
    """Credited money of the same account and amount that confirms nothing yet."""
    return (
        sa.select(Payment)
        .outerjoin(ExpectedPayment, ExpectedPayment.money_id == Payment.id)
        .where(
            Payment.account_id == said.account_id,
            Payment.amount == said.amount,
            Payment.state == PaymentState.CREDITED.value,
            Payment.method.not_in(NOT_FROM_A_BANK),
            ExpectedPayment.id.is_(None),
        )
        .order_by(Payment.id.desc())
    )


def link(session: Session, actor: Actor, said_id: int, money_id: int, *, by_itself: bool = False) -> Payment:
    """Join a registration with the money that confirms it; Refused where either is joined already."""
    said, money = _locked(session, said_id, money_id)
    if said.state != PaymentState.UNCONFIRMED.value:
        raise Refused(N_("Somebody has settled this payment already. Open the page again to see its state."))
    if money.state != PaymentState.CREDITED.value:
        raise Refused(N_("Only credited money confirms a payment."))
    if (money.company_id, money.currency) != (said.company_id, said.currency):
        raise Refused(N_("The money is of another company or currency. Choose another payment."))
    if _row_of_money(session, money_id) is not None:
        raise Refused(N_("This money confirms another registered payment already. Choose another one."))
    said.state = move(PaymentState(said.state), PaymentState.CONFIRMED).value
    row = _row_of(session, said)
    row.money_id, row.matched_at = money_id, clock.now()
    row.bank_line_id = session.scalar(sa.select(BankLine.id).where(BankLine.payment_id == money_id).limit(1))
    _decide(session, actor, row, "" if by_itself else actor.name, "")
    _record(session, actor, "payment.match", said, money=money_id, by_itself=by_itself)
    return said


def part(session: Session, actor: Actor, said_id: int, reason: str) -> Payment:
    """Undo `link`: the registered payment waits again; the money stays where it is."""
    (said,) = _locked(session, said_id)
    if said.state != PaymentState.CONFIRMED.value:
        raise Refused(N_("Only a confirmed payment can be unmatched."))
    said.state = move(PaymentState(said.state), PaymentState.UNCONFIRMED).value
    row = _row_of(session, said)
    money, row.money_id, row.bank_line_id, row.matched_at = row.money_id, None, None, None
    _decide(session, actor, row, actor.name, reason)
    _record(session, actor, "payment.unmatch", said, money=money, reason=reason)
    return said


def release(session: Session, actor: Actor, money_id: int, reason: str) -> None:
    """The money was taken back: what it confirmed waits again."""
    row = _row_of_money(session, money_id)
    if row is not None:
        part(session, actor, row.payment_id, reason)


def close(session: Session, actor: Actor, said_id: int, action: str, reason: str = "") -> Payment:
    """A registered payment that will not be confirmed: withdrawn by its company, or refused by the staff."""
    (said,) = _locked(session, said_id)
    if said.state != PaymentState.UNCONFIRMED.value:
        raise Refused(N_("Only a payment that waits for the bank can be withdrawn."))
    said.state = move(PaymentState(said.state), PaymentState.REFUSED).value
    _decide(session, actor, _row_of(session, said), actor.name, reason)
    _record(session, actor, action, said, reason=reason)
    return said


def as_money(payment: Payment) -> Money:
    """A payment as the rules see it."""
    return Money(payment.id, payment.amount, payment.paid_on, payment.reference, payment.purpose)


def days_near(session: Session, seller_id: int) -> int:
    """How many days apart two tellings of one payment may be, as the Seller's policy says."""
    return int(calendar_for(session, seller_id)[PolicyKind.PAYMENT_MATCH]["days"])


def _locked(session: Session, *ids: int) -> list[Payment]:
    """Payments as they are now, held until the transaction ends; always locked in one order."""
    query = sa.select(Payment).where(Payment.id.in_(ids)).order_by(Payment.id).with_for_update(of=Payment)
    found = {one.id: one for one in session.scalars(query.execution_options(populate_existing=True))}
    return [found[one] for one in ids]


def _row_of(session: Session, said: Payment) -> ExpectedPayment:
    row = session.scalars(sa.select(ExpectedPayment).where(ExpectedPayment.payment_id == said.id)).first()
    if row is None:
        row = ExpectedPayment(company_id=said.company_id, payment_id=said.id)
        session.add(row)
    return row


def _row_of_money(session: Session, money_id: int) -> ExpectedPayment | None:
    return session.scalars(sa.select(ExpectedPayment).where(ExpectedPayment.money_id == money_id)).first()


def _decide(session: Session, actor: Actor, row: ExpectedPayment, by: str, reason: str) -> None:
    row.decided_at, row.decided_by, row.reason = clock.now(), by[:120], reason.strip()[:300]
    session.flush()


def _record(session: Session, actor: Actor, action: str, said: Payment, **details: object) -> None:
    trail.record(session, actor, action, "payment", said.id, company_id=said.company_id, **details)
