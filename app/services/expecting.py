"""Unconfirmed payments (A1-05): a company says that it has paid; the money counts when the bank's line comes.

Staff match by hand what `matching` could not: with credited money, or with a line of a bank statement that nobody
recognised, which then becomes money.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.money import TWO_PLACES
from app.models import Account, BankLine, ExpectedPayment, Payment, Seller
from app.rules import matching as rules
from app.rules.lifecycle import PaymentState
from app.services import matching, payments, trail

OPEN_LIMIT = 50  # of an account: more is a mistake or mischief
LARGEST = Decimal("9999999999.99")
KEY = "expected:"  # how keys of registered payments begin
CANDIDATES = 5


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
    wanted = sa.select(Account).where(Account.id == account_id).with_for_update(of=Account)
    account = session.scalars(wanted).first()  # locked: its money may be coming in just now
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
        key=f"{KEY}{uuid.uuid4()}",
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
    matching.match_said(session, actor, payment)
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
    _said(session, actor, payment_id)
    return matching.close(session, actor, payment_id, "payment.withdraw")


# ---- the staff's half ---------------------------------------------------------------------------------------------


def match(session: Session, actor: Actor, said_id: int, money_id: int) -> Payment:
    """This credited money is what the company spoke of."""
    actor.need(Right.PAYMENTS_WRITE)
    said = _said(session, actor, said_id)
    money = session.get(Payment, money_id)
    if money is None or money.company_id != said.company_id:
        raise NotFound(N_("There is no such payment of this company. Choose one from the list."))
    return matching.link(session, actor, said_id, money_id)


def match_number(session: Session, actor: Actor, said_id: int, number: str) -> Payment:
    """The same, by the number of the credited payment."""
    actor.need(Right.PAYMENTS_WRITE)
    said = _said(session, actor, said_id)
    query = sa.select(Payment.id).where(Payment.company_id == said.company_id, Payment.number == number.strip())
    money_id = session.scalar(query.limit(1))
    if money_id is None:
        raise Refused(
            N_("There is no payment %(number)s of this company. Look at its list of payments."), number=number
        )
    return matching.link(session, actor, said_id, money_id)


def match_line(session: Session, actor: Actor, said_id: int, line_id: int) -> Payment:
    """This line of the bank is what the company spoke of: it becomes money of its account, once."""
    actor.need(Right.PAYMENTS_WRITE)
    said = _said(session, actor, said_id)
    line = session.scalars(sa.select(BankLine).where(BankLine.id == line_id).with_for_update(of=BankLine)).first()
    if line is None or line.seller_id != said.seller_id:
        raise NotFound(N_("There is no such line of the bank. Choose one from the list."))
    if line.payment_id is not None:
        raise Refused(N_("This line of the bank is credited already. Choose another one."))
    money = payments.record_payment(
        session,
        actor,
        said.account_id,
        line.amount,
        line.booked_on,
        reference=said.reference,
        purpose=line.purpose,
        currency=line.currency,
        key=f"line:{line.id}",
        said_id=said.id,
    )
    line.payment_id = money.id
    row = told_of(session, said)
    if row is not None:
        row.bank_line_id = line.id
    session.flush()
    return money


def unmatch(session: Session, actor: Actor, said_id: int, reason: str) -> Payment:
    """They do not belong together after all: the registered payment waits again, the money stays credited."""
    actor.need(Right.PAYMENTS_WRITE)
    _said(session, actor, said_id)
    return matching.part(session, actor, said_id, _reason(reason))


def refuse(session: Session, actor: Actor, said_id: int, reason: str) -> Payment:
    """The bank has no such payment; its company is told why."""
    actor.need(Right.PAYMENTS_WRITE)
    _said(session, actor, said_id)
    return matching.close(session, actor, said_id, "payment.refuse", _reason(reason))


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused(N_("Say why: the customer reads it."))
    return reason


def _said(session: Session, actor: Actor, payment_id: int) -> Payment:
    said = session.get(Payment, payment_id)
    if said is None or not said.key.startswith(KEY):
        raise NotFound()
    actor.need_company(said.company_id)
    return said


@dataclass(frozen=True)
class Waiting:
    """A registered payment that waits, with what may confirm it: credited money and lines nobody recognised."""

    row: ExpectedPayment
    said: Payment
    money: list[Payment]
    lines: list[BankLine]


def waiting(session: Session, actor: Actor, after: int = 0, limit: int = 25) -> list[Waiting]:
    """Registered payments that wait for the bank, the oldest first, from the place `after` on; four statements."""
    actor.need(Right.PAYMENTS_READ)
    query = (
        sa.select(ExpectedPayment)
        .join(Payment, Payment.id == ExpectedPayment.payment_id)
        .where(Payment.state == sa.literal_column("'unconfirmed'"), ExpectedPayment.id > after)
        .options(_SAID.joinedload(Payment.account), _SAID.joinedload(Payment.company))
        .order_by(ExpectedPayment.id)
        .limit(limit)
    )
    rows = list(session.scalars(query))
    said = [row.payment for row in rows]
    money, lines = _money_for(session, said), _lines_for(session, said)
    return [
        Waiting(row, one, _likely(one, money), _likely_lines(one, lines)) for row, one in zip(rows, said, strict=True)
    ]


_SAID = sa.orm.joinedload(ExpectedPayment.payment)


def _money_for(session: Session, said: list[Payment]) -> list[Payment]:
    """Free money of these accounts and amounts; one statement."""
    if not said:
        return []
    free = (
        sa.select(Payment)
        .outerjoin(ExpectedPayment, ExpectedPayment.money_id == Payment.id)
        .where(
            Payment.account_id.in_({one.account_id for one in said}),
            Payment.amount.in_({one.amount for one in said}),
            Payment.state == PaymentState.CREDITED.value,
            Payment.method.not_in(matching.NOT_FROM_A_BANK),
            ExpectedPayment.id.is_(None),
        )
        .order_by(Payment.id.desc())
        .limit(500)
    )
    return list(session.scalars(free))


def _likely(said: Payment, money: list[Payment]) -> list[Payment]:
    known = {one.id: one for one in money if one.account_id == said.account_id}
    ranked = rules.nearest(matching.as_money(said), [matching.as_money(one) for one in known.values()], 5)
    return [known[one.id] for one in ranked[:CANDIDATES]]


def _lines_for(session: Session, said: list[Payment]) -> list[BankLine]:
    """Lines of the bank that are nobody's yet, of these Sellers and amounts; one statement."""
    if not said:
        return []
    query = sa.select(BankLine).where(
        BankLine.seller_id.in_({one.seller_id for one in said}),
        BankLine.amount.in_({one.amount for one in said}),
        BankLine.payment_id.is_(None),
    )
    return list(session.scalars(query.order_by(BankLine.id.desc()).limit(500)))


def _likely_lines(said: Payment, lines: list[BankLine]) -> list[BankLine]:
    known = {one.id: one for one in lines if (one.seller_id, one.currency) == (said.seller_id, said.currency)}
    told = [rules.Money(one.id, one.amount, one.booked_on, purpose=one.purpose) for one in known.values()]
    return [known[one.id] for one in rules.nearest(matching.as_money(said), told, 5)[:CANDIDATES]]


def settled_lately(session: Session, actor: Actor, limit: int = 25) -> list[ExpectedPayment]:
    """Registered payments confirmed or refused last, the newest first; one statement."""
    actor.need(Right.PAYMENTS_READ)
    query = (
        sa.select(ExpectedPayment)
        .where(ExpectedPayment.decided_at.is_not(None))
        .options(
            _SAID.joinedload(Payment.account),
            _SAID.joinedload(Payment.company),
            sa.orm.joinedload(ExpectedPayment.money),
        )
        .order_by(ExpectedPayment.decided_at.desc(), ExpectedPayment.id.desc())
        .limit(limit)
    )
    return [row for row in session.scalars(query) if row.payment.state != PaymentState.UNCONFIRMED.value]


def told_of(session: Session, payment: Payment) -> ExpectedPayment | None:
    """The registration behind a payment: its own, or the one that this money confirmed; one statement."""
    is_said = payment.key.startswith(KEY)
    column = ExpectedPayment.payment_id if is_said else ExpectedPayment.money_id
    return session.scalars(
        sa.select(ExpectedPayment).where(column == payment.id, ExpectedPayment.company_id == payment.company_id)
    ).first()
