"""Money in: payments are numbered, posted and allocated to invoices, named ones first, then the oldest.

What is left over stays an advance and settles later invoices. The same money (`key`) comes in once.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.money import TWO_PLACES
from app.models import (
    Account,
    Allocation,
    Document,
    DocumentKind,
    EntryKind,
    LedgerKind,
    Order,
    Payment,
    Seller,
    Subscription,
)
from app.models.document import UNPAID_INVOICE
from app.rules.exchange import Rate
from app.rules.lifecycle import OrderState, PaymentState, Settlement, move
from app.services import advances, exchanging, ledger, matching, numbering, parts, trail, work
from app.services.ledger import GIVEN, Move
from app.services.shop import spending
from app.services.work import Topic


def record_payment(
    session: Session,
    actor: Actor,
    account_id: int,
    amount: Decimal,
    paid_on: dt.date,
    *,
    method: str = "bank_transfer",
    reference: str = "",
    purpose: str = "",
    invoice_ids: Sequence[int] = (),
    key: str | None = None,
    currency: str | None = None,
    fee: Decimal = Decimal(0),
    said_id: int | None = None,
) -> Payment:
    """Credit `amount` (2 decimals, > 0) to an Account and settle invoices with it; a known `key` gives it back.

    Money in the Seller's `currency` on an account whose bills are paid in it is turned at the rate of its day. `fee`
    is what the gateway kept of it. `said_id` is the registered payment (A1-05) that it confirms, where that is known.
    """
    actor.need(Right.PAYMENTS_WRITE)
    account = _lock_account(session, actor, account_id)
    key = key or f"hand:{account.id}:{paid_on}:{amount}:{reference}:{clock.now().timestamp()}"
    known = session.scalars(sa.select(Payment).where(Payment.key == key)).first()
    if known is not None:
        return known
    _check(session, account, amount, paid_on)
    rate = _check_method(session, account, method, amount, currency, fee, paid_on)
    payment = Payment(
        company_id=account.company_id,
        seller_id=account.seller_id,
        account_id=account.id,
        payer_id=account.payer_id,
        method=method,
        paid_on=paid_on,
        currency=account.currency,
        amount=rate.bought_by(amount) if rate else amount,
        reference=reference,
        purpose=purpose,
        key=key,
        state=PaymentState.NEW.value,
    )
    if rate:
        exchanging.keep(payment, rate, amount)
    session.add(payment)
    _credit(session, account, payment)
    if fee:
        keep_fee(session, actor, payment.id, fee)
    allocate(session, actor, payment.id, invoice_ids)
    matching.match_arrived(session, actor, payment, said_id)
    trail.record(
        session, actor, "payment.record", "payment", payment.id, company_id=account.company_id, amount=str(amount)
    )
    wake_orders(session, account, f"fulfil:{payment.id}")
    return payment


def wake_orders(session: Session, account: Account, key: str) -> None:
    """Money came to an account: let the orders that wait for it be looked at, where there are any.

    How much of its credit limit is in use is right at once.
    """
    spending.refresh_if_used(session, account)
    waiting = sa.select(Order.id).where(Order.account_id == account.id, Order.state == OrderState.PENDING.value)
    unpaid = sa.select(Subscription.id).where(
        Subscription.account_id == account.id, Subscription.renew_failed_on.is_not(None)
    )
    if session.scalar(sa.select(sa.or_(waiting.exists(), unpaid.exists()))):
        work.put_outbox(session, Topic.FULFIL_ORDERS, {"account_id": account.id}, key, company_id=account.company_id)


def _lock_account(session: Session, actor: Actor, account_id: int) -> Account:
    account = session.scalars(sa.select(Account).where(Account.id == account_id).with_for_update(of=Account)).first()
    if account is None:
        raise NotFound(N_("There is no such account. Choose one from the list."))
    actor.need_company(account.company_id)
    return account


def _check(session: Session, account: Account, amount: Decimal, paid_on: dt.date) -> None:
    if amount <= 0 or amount != amount.quantize(TWO_PLACES):
        raise Refused(N_("The amount must be more than zero, with two decimals at most."))
    if paid_on > clock.today(session.get_one(Seller, account.seller_id).zone):
        raise Refused(N_("The payment's date is in the future. Correct the date."))


def _check_method(
    session: Session,
    account: Account,
    method: str,
    amount: Decimal,
    currency: str | None,
    fee: Decimal,
    paid_on: dt.date,
) -> Rate | None:
    """What came in may be in another currency and cost a fee; what the provider gives is neither."""
    if method not in GIVEN:
        return exchanging.rate_for(session, account, paid_on, currency)
    if fee or (currency and currency != account.currency):
        raise Refused(N_("No money comes in here: leave the fee empty and choose the account's currency."))
    if method == "write_off" and amount > open_sum(session, account.id):
        raise Refused(N_("The account owes less than is to be written off. Write off what its invoices wait for."))
    return None


def _credit(session: Session, account: Account, payment: Payment) -> None:
    """NEW or UNCONFIRMED → CREDITED: take its number and post it; `allocate` then taxes what stays an advance."""
    payment.state = move(PaymentState(payment.state), PaymentState.CREDITED).value
    with session.no_autoflush:  # a new payment is written once, whole
        advances.set_rate(session, account.seller, payment)
        _number(session, account, payment)
    session.flush()
    kind = EntryKind(payment.method) if payment.method in GIVEN else EntryKind.PAID
    ledger.post(
        session,
        account,
        kind,
        f"paid:{payment.id}",
        payment.paid_on,
        receipt(payment),
        payment_id=payment.id,
    )


def receipt(payment: Payment) -> list[Move]:
    """The moves by which a payment comes in: from the bank, or from what the provider forgives or gives."""
    source = GIVEN.get(payment.method)
    return [Move(source, LedgerKind.ADVANCES, payment.amount)] if source else exchanging.receipt(payment)


def _number(session: Session, account: Account, payment: Payment) -> None:
    seller = session.get_one(Seller, account.seller_id)
    day = numbering.date_for(session, seller.id, "payment", clock.today(seller.zone))
    payment.sequence, payment.number = numbering.number_next(session, seller, "payment", day)


def allocate(session: Session, actor: Actor, payment_id: int, invoice_ids: Sequence[int] = ()) -> Decimal:
    """Settle invoices with what is left of a payment: the named ones first, then by due date; returns what was used."""
    actor.need(Right.PAYMENTS_WRITE)
    locked = sa.select(Payment).where(Payment.id == payment_id).with_for_update(of=Payment)
    payment = session.scalars(locked.execution_options(populate_existing=True)).first()
    if payment is None:
        raise NotFound()
    if payment.state != PaymentState.CREDITED.value:
        raise Refused(N_("Only a credited payment can settle invoices."))
    account = session.get_one(Account, payment.account_id)
    invoices = _open_invoices(session, payment.account_id, invoice_ids)
    plan = _plan(payment, _in_order(session, invoices, invoice_ids))
    at_once = sum((part for _, part, day in plan if day == payment.paid_on), Decimal(0))
    advances.tax_receipt(session, account, payment, at_once)
    for invoice, part, day in sorted(plan, key=lambda step: step[2]):
        _settle(session, account, payment, invoice, part, day)
    return sum((part for _, part, _ in plan), Decimal(0))


def _plan(payment: Payment, waiting: Sequence[tuple[Document, Decimal]]) -> list[tuple[Document, Decimal, dt.date]]:
    """What of the payment each invoice takes, and on which day: money waits for an invoice, never the other way."""
    plan, rest = [], payment.amount - payment.used
    for invoice, payable in waiting:
        part = min(rest, payable - invoice.paid)
        if part > 0:
            plan.append((invoice, part, max(payment.paid_on, invoice.issued_on)))
            rest -= part
    return plan


def _open_invoices(session: Session, account_id: int, first: Sequence[int]) -> list[Document]:
    query = sa.select(Document).where(
        Document.account_id == account_id,
        UNPAID_INVOICE,
        Document.total > Document.paid,
    )
    query = query.order_by(Document.id).with_for_update(of=Document)  # one lock order for everybody
    found = list(session.scalars(query.execution_options(populate_existing=True)))
    unknown = set(first) - {d.id for d in found}
    if unknown and session.scalar(
        sa.select(sa.func.count())
        .select_from(Document)
        .where(Document.id.in_(unknown), Document.account_id == account_id)
    ) != len(unknown):
        raise NotFound(N_("An invoice of another account was named. Choose invoices of this account."))
    return found


def _in_order(session: Session, found: Sequence[Document], first: Sequence[int]) -> list[tuple[Document, Decimal]]:
    """Open invoices with what may be paid of each: the named ones first, then by due day; of equipment what is due."""
    limits = parts.limits(session, found)

    def place(one: Document) -> tuple[bool, dt.date, int]:
        due = limits[one.id].next_on if one.id in limits else one.due_on or one.issued_on
        return one.id not in first, due, one.id

    whole = set(first)  # who names an invoice may pay ahead
    return [
        (one, limits[one.id].payable if one.id in limits and one.id not in whole else one.total)
        for one in sorted(found, key=place)
    ]


def _settle(
    session: Session, account: Account, payment: Payment, invoice: Document, part: Decimal, day: dt.date
) -> None:
    kept = _settled_before(session, payment, invoice) if payment.used else None
    if kept is None:
        kept = Allocation(
            company_id=account.company_id,
            payment_id=payment.id,
            document_id=invoice.id,
            amount=part,
            allocated_on=day,
        )
        session.add(kept)
    else:
        kept.amount += part
    payment.used += part
    invoice.paid += part
    invoice.settlement = (Settlement.PAID if invoice.paid == invoice.total else Settlement.PARTLY).value
    ledger.post(
        session,
        account,
        EntryKind.ALLOCATED,
        f"allocated:{payment.id}:{invoice.id}:{payment.used}",
        day,
        [
            Move(LedgerKind.ADVANCES, LedgerKind.RECEIVABLE, part),
            *advances.give_back(payment),
            *exchanging.difference(payment, invoice, part),
        ],
        payment_id=payment.id,
        document_id=invoice.id,
    )
    parts.follow(session, invoice)


def _settled_before(session: Session, payment: Payment, invoice: Document) -> Allocation | None:
    mine = sa.select(Allocation).where(Allocation.payment_id == payment.id, Allocation.document_id == invoice.id)
    return session.scalars(mine).first()


def settle_advances(session: Session, actor: Actor, account_ids: Sequence[int]) -> None:
    """Let advances of these Accounts settle their newly issued invoices, oldest payment first."""
    for at in range(0, len(account_ids), 500):
        waiting = sa.select(Payment.id).where(
            Payment.account_id.in_(account_ids[at : at + 500]),
            Payment.state == PaymentState.CREDITED.value,
            Payment.used < Payment.amount,
        )
        for payment_id in session.scalars(waiting.order_by(Payment.paid_on, Payment.id)).all():
            allocate(session, actor, payment_id)


def credit_from_note(
    session: Session, actor: Actor, account: Account, note: Document, corrected_id: int | None
) -> None:
    """What a credit note gives back becomes an advance and settles the invoice it corrects first."""
    key = f"credit_note:{note.id}"
    if session.scalar(sa.select(Payment.id).where(Payment.key == key)) is not None:
        return
    payment = Payment(
        company_id=account.company_id,
        seller_id=account.seller_id,
        account_id=account.id,
        payer_id=account.payer_id,
        method="credit_note",
        paid_on=note.issued_on,
        currency=account.currency,
        amount=-note.total,
        reference=note.number or "",
        key=key,
        state=PaymentState.CREDITED.value,
    )
    session.add(payment)
    session.flush()
    advances.set_rate(session, account.seller, payment)
    _number(session, account, payment)
    session.flush()
    allocate(session, actor, payment.id, [corrected_id] if corrected_id else [])


def reverse_payment(session: Session, actor: Actor, payment_id: int, reason: str = "") -> Payment:
    """Take a credited payment back (returned by the bank, entered by mistake): the books get the opposite entry.

    One that was taken back before is left as it is.
    """
    actor.need(Right.PAYMENTS_WRITE)
    locked = sa.select(Payment).where(Payment.id == payment_id).with_for_update(of=Payment)
    payment = session.scalars(locked.execution_options(populate_existing=True)).first()
    if payment is None:
        raise NotFound()
    if payment.state == PaymentState.REVERSED.value:
        return payment
    if payment.method == "credit_note":
        raise Refused(N_("This advance comes from a credit note. Correct the charges instead."))
    account = _lock_account(session, actor, payment.account_id)
    payment.state = move(PaymentState(payment.state), PaymentState.REVERSED).value
    day = clock.today(session.get_one(Seller, account.seller_id).zone)
    for allocation, invoice in _settled_by(session, payment):
        invoice.paid -= allocation.amount
        invoice.settlement = (Settlement.PARTLY if invoice.paid else Settlement.UNPAID).value
        session.delete(allocation)
        parts.follow(session, invoice)
    moves = [Move(LedgerKind.RECEIVABLE, LedgerKind.ADVANCES, payment.used)]
    moves += [Move(move.credit, move.debit, move.amount, move.currency) for move in receipt(payment)]
    moves += advances.take_back(payment) + exchanging.take_back(session, payment)
    ledger.post(session, account, EntryKind.REVERSED, f"reversed:{payment.id}", day, moves, payment_id=payment.id)
    payment.used = Decimal(0)
    session.flush()
    spending.refresh_if_used(session, account)
    matching.release(session, actor, payment.id, reason)
    trail.record(session, actor, "payment.reverse", "payment", payment.id, company_id=account.company_id, reason=reason)
    return payment


def _settled_by(session: Session, payment: Payment) -> list[tuple[Allocation, Document]]:
    """What a payment settles, as it is now, the invoices locked in the order of everybody."""
    query = (
        sa.select(Allocation, Document)
        .join(Document, Document.id == Allocation.document_id)
        .where(Allocation.payment_id == payment.id)
        .order_by(Document.id)
        .with_for_update(of=Document)
    )
    return [(part, invoice) for part, invoice in session.execute(query.execution_options(populate_existing=True))]


def keep_fee(session: Session, actor: Actor, payment_id: int, fee: Decimal) -> None:
    """Post what the gateway kept of a credited payment, once; the customer is credited the whole all the same."""
    actor.need(Right.PAYMENTS_WRITE)
    payment = session.scalars(sa.select(Payment).where(Payment.id == payment_id).with_for_update(of=Payment)).first()
    if payment is None:
        raise NotFound()
    account = _lock_account(session, actor, payment.account_id)
    came = payment.paid_amount or payment.amount
    if fee <= 0 or fee != fee.quantize(TWO_PLACES) or fee >= came:
        raise Refused(
            N_("The gateway fee must be more than zero and less than the payment, with two decimals at most.")
        )
    if payment.fee or payment.state != PaymentState.CREDITED.value:
        raise Refused(N_("A fee is entered once, on a credited payment. Correct it in the books instead."))
    payment.fee = fee
    kept = Move(LedgerKind.FEES, LedgerKind.CLEARING, fee, payment.paid_currency)
    ledger.post(session, account, EntryKind.FEE, f"fee:{payment.id}", payment.paid_on, [kept], payment_id=payment.id)
    trail.record(session, actor, "payment.fee", "payment", payment.id, company_id=account.company_id, amount=str(fee))


def open_sum(session: Session, account_id: int) -> Decimal:
    """What the Account's issued invoices still wait for."""
    waiting = sa.select(sa.func.sum(Document.total - Document.paid)).where(
        Document.account_id == account_id, Document.kind == DocumentKind.INVOICE.value
    )
    return session.scalar(waiting) or Decimal(0)
