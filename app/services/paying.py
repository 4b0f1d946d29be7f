"""Paying online: the ways a Seller offers, attempts that customers begin, and what gateways truly received.

`begin` writes the attempt, the page hands the customer over, and `look` asks the gateway what is true and writes that.
A callback only makes us look. Money that comes twice, short, in excess, in another currency or for nobody is held in
sight of staff (`HeldMoney`), never lost and never credited by guess. So is what a gateway gives back, whole or in part.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.money import half_up
from app.gateways.base import Callback, Gateway, Heard, Keeping, Truth
from app.gateways.registry import SETTINGS, can_keep
from app.models import (
    Account,
    Allocation,
    Company,
    Document,
    DocumentKind,
    EntryKind,
    GatewayEvent,
    HeldMoney,
    LedgerKind,
    Order,
    Payer,
    Payment,
    PaymentAttempt,
    PaymentWay,
    Seller,
)
from app.reports.words import words_of
from app.rules.commission import Terms
from app.rules.lifecycle import AttemptState, OrderState, PaymentState, move
from app.services import ledger, methods, payments, sealing, trail, work
from app.services.attempts import FIRST_LOOK as FIRST_LOOK
from app.services.attempts import LOOKS, OPEN, end, known, look_later, make
from app.services.attempts import gateway_of as gateway_of
from app.services.attempts import mark_sent as mark_sent
from app.services.attempts import terms_of as terms_of
from app.services.ledger import Move

BOT = Actor.system("gateway")


@dataclass(frozen=True)
class Money:
    """What a bank's statement says of money that came: its day, and the key under which it comes in once."""

    paid_on: dt.date
    key: str
    reference: str = ""
    purpose: str = ""


@dataclass(frozen=True)
class Offer:
    """A way to pay an amount: what it costs and brings; `refusal` where it does not take it."""

    way: PaymentWay
    terms: Terms
    commission: Decimal
    charged: Decimal
    cashback: Decimal
    refusal: DomainError | None


def offers_for(session: Session, account: Account, amount: Decimal) -> list[Offer]:
    """Every way of the account's Seller that is on, with what it would cost."""
    query = sa.select(PaymentWay).where(PaymentWay.seller_id == account.seller_id, PaymentWay.is_on.is_(True))
    return [offer_of(way, amount) for way in session.scalars(query.order_by(PaymentWay.id))]


def offer_of(way: PaymentWay, amount: Decimal) -> Offer:
    """What an amount costs and brings by a way; `refusal` where it does not take it."""
    terms = terms_of(way)
    try:
        terms.need_within(amount)
        refusal = None
    except DomainError as error:
        refusal = error
    return Offer(way, terms, terms.commission(amount), terms.charged(amount), terms.cashback(amount), refusal)


def begin(
    session: Session,
    actor: Actor,
    account_id: int,
    way_id: int,
    amount: Decimal,
    *,
    key: str,
    payer_id: int | None = None,
    document_id: int | None = None,
    order_id: int | None = None,
    save_method: bool = False,
) -> PaymentAttempt:
    """Begin to pay `amount` to one's account, an invoice or an order of it; the same `key` is one attempt.

    `save_method`: the card is kept for next time, where the gateway keeps cards (AST-141).
    """
    actor.need(Right.CABINET_PAYMENTS)
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    found = known(session, account, key)
    if found is not None:
        return found
    way = session.get(PaymentWay, way_id)
    attempt = make(
        session,
        account,
        way,
        amount,
        key,
        payer_id=_payer(session, account, payer_id),
        document_id=_document(session, account, document_id),
        order_id=_order(session, account, order_id),
        save_method=save_method and way is not None and can_keep(way.gateway),
        asked_by=actor.user_id,
    )
    trail.record(
        session,
        actor,
        "payment.begin",
        "payment_attempt",
        attempt.id,
        company_id=account.company_id,
        amount=str(amount),
    )
    return attempt


def begin_by_method(
    session: Session,
    actor: Actor,
    account_id: int,
    method_id: int,
    amount: Decimal,
    *,
    key: str,
    payer_id: int | None = None,
    document_id: int | None = None,
    order_id: int | None = None,
) -> PaymentAttempt:
    """`begin` by a saved method: it is charged at once, no gateway's page is needed."""
    actor.need(Right.CABINET_PAYMENTS)
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    return methods.charge(
        session,
        methods.method_of(session, actor, method_id).id,
        account.id,
        amount,
        key=key,
        payer_id=_payer(session, account, payer_id),
        document_id=_document(session, account, document_id),
        order_id=_order(session, account, order_id),
        asked_by=actor.user_id,
    )


def withdraw(session: Session, actor: Actor, attempt_id: int) -> PaymentAttempt:
    """Leave a payment that was begun; money that comes all the same still counts."""
    attempt = attempt_of(session, actor, attempt_id)
    if attempt.state not in OPEN:
        raise Refused(N_("This payment has ended already. Open the page again to see its state."))
    if attempt.method_id is not None:
        raise Refused(N_("The saved method is being charged. Wait until the payment has ended."))
    end(attempt, AttemptState.FAILED, N_("You have deleted this payment. Nothing is waited for."))
    trail.record(
        session, actor, "payment.withdraw_online", "payment_attempt", attempt.id, company_id=attempt.company_id
    )
    return attempt


def _payer(session: Session, account: Account, payer_id: int | None) -> int:
    if payer_id is None:
        return account.payer_id
    payer = session.get(Payer, payer_id)
    if payer is None or payer.company_id != account.company_id:
        raise NotFound()
    return payer.id


def _document(session: Session, account: Account, document_id: int | None) -> int | None:
    if document_id is None:
        return None
    document = session.get(Document, document_id)
    if document is None or document.account_id != account.id or document.kind != DocumentKind.INVOICE.value:
        raise NotFound()
    return document.id


def _order(session: Session, account: Account, order_id: int | None) -> int | None:
    if order_id is None:
        return None
    order = session.get(Order, order_id)
    if order is None or order.account_id != account.id:
        raise NotFound()
    if order.state != OrderState.PENDING.value:
        raise Refused(N_("This order waits for no payment any more. Open it to see how it stands."))
    return order.id


def attempt_of(session: Session, actor: Actor, attempt_id: int) -> PaymentAttempt:
    """An attempt of the actor's company; NotFound for any other."""
    actor.need(Right.CABINET_PAYMENTS)
    attempt = session.get(PaymentAttempt, attempt_id)
    if attempt is None:
        raise NotFound()
    actor.need_company(attempt.company_id)
    return attempt


def open_attempts(session: Session, actor: Actor, limit: int = 10) -> Sequence[PaymentAttempt]:
    """What the company has begun and not ended, or what is held, the newest first."""
    waiting = sa.select(PaymentAttempt).where(
        PaymentAttempt.company_id == actor.company_id,
        PaymentAttempt.state.in_((*OPEN, AttemptState.HELD.value)),
        PaymentAttempt.created_at > clock.now() - dt.timedelta(days=30),
    )
    waiting = waiting.options(sa.orm.joinedload(PaymentAttempt.way), sa.orm.joinedload(PaymentAttempt.account))
    return session.scalars(waiting.order_by(PaymentAttempt.id.desc()).limit(limit)).all()


# -- what gateways say --------------------------------------------------------------------------------------------


def receive(session: Session, way_id: int, callback: Callback, secret: str) -> str:
    """A callback: whose it is is checked, then the gateway is asked what is true. The order it was about."""
    with tenancy.seeing(tenancy.EVERYONE, session):
        way = session.get(PaymentWay, way_id)
        if way is None:
            raise NotFound()
        gateway = gateway_of(session, way, secret)
        heard = gateway.hear(callback)
        heard = Heard(heard.order_no[:64], heard.external_id[:120])
        saving = methods.being_saved(session, way, heard)
        if saving is not None and isinstance(gateway, Keeping):
            verdict = methods.look(session, saving, gateway, secret)
        else:
            verdict = look(session, way, gateway, heard.order_no, secret, heard.external_id)
        if verdict != "unknown":  # what names nothing of ours leaves nothing here: anybody may send it
            _note_event(session, way, callback, heard, verdict)
    return heard.order_no


def look(
    session: Session, way: PaymentWay, gateway: Gateway, order_no: str, secret: str = "", external_id: str = ""
) -> str:
    """Ask the gateway what is true of an order and write it; what came of it in a word."""
    if not external_id:
        query = sa.select(PaymentAttempt.external_id).where(PaymentAttempt.order_no == order_no)
        external_id = session.scalar(query) or ""
    truth = gateway.ask(order_no, external_id)
    if truth is None:
        return "unknown"
    return settle(session, way, truth, secret)


def _note_event(session: Session, way: PaymentWay, callback: Callback, heard: Heard, verdict: str) -> None:
    digest = hashlib.sha256(b"%d\n" % way.id + callback.body).hexdigest()
    values = {
        "gateway": way.gateway,
        "digest": digest,
        "order_no": heard.order_no,
        "external_id": heard.external_id,
        "verdict": verdict,
        "created_at": clock.now(),
    }
    work.insert_once(session, GatewayEvent, values, "digest")


def settle(session: Session, way: PaymentWay, truth: Truth, secret: str = "", money: Money | None = None) -> str:
    """Write what is true of an order, once, whatever the order and number of times it is heard.

    `secret` seals the token of a card that is kept; `money` says the day and the key of money that a bank told of.
    """
    if not truth.external_id and truth.state in ("paid", "refunded"):  # no two payments share an empty number
        truth = replace(truth, external_id=truth.order_no)
    locked = (
        sa.select(PaymentAttempt).where(PaymentAttempt.order_no == truth.order_no).with_for_update(of=PaymentAttempt)
    )
    attempt = session.scalars(locked.execution_options(populate_existing=True)).first()
    if attempt is None or attempt.way_id != way.id:
        verdict = _hold(session, way, truth, None, "nobody") if truth.state == "paid" else "unknown"
        return _note_refund(session, way, truth, None) or verdict
    if truth.state == "paid":
        verdict = _settle_paid(session, way, attempt, truth, money)
        if verdict == "paid":
            methods.worked(session, attempt, truth.saved, secret)
        return _note_refund(session, way, truth, attempt) or verdict
    back = _note_refund(session, way, truth, attempt)
    if truth.state == "refunded" and attempt.state in OPEN:
        end(attempt, AttemptState.FAILED, N_("The gateway took the money and gave it back. Try again."))
    elif truth.state in ("failed", "cancelled") and attempt.state in OPEN:
        end(attempt, AttemptState.FAILED, N_("The gateway took no money. Try again or choose another way."))
        session.flush()
        methods.failed(session, attempt)
    return back or truth.state


def _settle_paid(session: Session, way: PaymentWay, attempt: PaymentAttempt, truth: Truth, money: Money | None) -> str:
    if attempt.state == AttemptState.PAID.value or attempt.payment_id is not None:
        if attempt.state == AttemptState.PAID.value and attempt.external_id == truth.external_id:
            return "paid"
        return "held" if _is_noted(session, attempt, truth) else _hold(session, way, truth, attempt, "twice")
    if _is_noted(session, attempt, truth):  # a person decides about this money, or has
        return "held"
    if attempt.state == AttemptState.HELD.value:  # more money for the same attempt is other money
        return _hold(session, way, truth, attempt, "twice")
    if truth.currency != attempt.currency:
        return _keep_held(session, way, attempt, truth, "currency")
    if truth.amount != attempt.charged:
        return _keep_held(session, way, attempt, truth, "short" if truth.amount < attempt.charged else "excess")
    _credit(session, way, attempt, truth, money)
    return "paid"


def _is_noted(session: Session, attempt: PaymentAttempt, truth: Truth) -> bool:
    """Whether this very money of the attempt came into sight of staff already."""
    query = sa.select(HeldMoney.id).where(
        HeldMoney.attempt_id == attempt.id,
        HeldMoney.external_id == truth.external_id,
        HeldMoney.reason != "refunded",
    )
    return session.scalar(query.limit(1)) is not None


def _note_refund(session: Session, way: PaymentWay, truth: Truth, attempt: PaymentAttempt | None) -> str:
    """Hold what the gateway gave back in sight: beside money nobody has decided about, or of money credited."""
    if not truth.given_back:
        return ""
    came = _held_as(session, way, truth)
    if came is not None and came.resolved_at is None:
        came.refunded = max(truth.given_back, came.refunded or Decimal(0))
        session.flush()
        return "held"
    if not _is_credited(attempt, came, truth):
        return ""
    told = sa.select(HeldMoney.amount).where(
        HeldMoney.gateway == way.gateway,
        HeldMoney.reason == "refunded",
        sa.or_(
            HeldMoney.external_id == truth.external_id,
            HeldMoney.external_id.startswith(f"{truth.external_id}#", autoescape=True),
        ),
    )
    before = session.scalars(told).all()
    known = sum(before, (came.refunded if came else None) or Decimal(0))
    if truth.given_back > known:  # what was told before stands as it was told
        turn = f"#{len(before) + 1}" if before else ""
        number = f"{truth.external_id[: 120 - len(turn)]}{turn}"
        more = replace(truth, external_id=number, amount=truth.given_back - known)
        return _hold(session, way, more, attempt, "refunded")
    return "held"


def given_back(session: Session, attempt: PaymentAttempt) -> Decimal:
    """What the gateway has given back of credited money of an attempt."""
    query = sa.select(sa.func.sum(HeldMoney.amount)).where(
        HeldMoney.attempt_id == attempt.id, HeldMoney.reason == "refunded"
    )
    return session.scalar(query) or Decimal(0)


def _held_as(session: Session, way: PaymentWay, truth: Truth) -> HeldMoney | None:
    """This very money, where it came into sight of staff when it came."""
    query = sa.select(HeldMoney).where(
        HeldMoney.gateway == way.gateway,
        HeldMoney.external_id == truth.external_id,
        HeldMoney.order_no == truth.order_no,
        HeldMoney.reason != "refunded",
    )
    return session.scalars(query.with_for_update(of=HeldMoney)).first()


def _is_credited(attempt: PaymentAttempt | None, came: HeldMoney | None, truth: Truth) -> bool:
    if came is not None:
        return came.payment_id is not None
    return attempt is not None and attempt.payment_id is not None and attempt.external_id == truth.external_id


def _credit(session: Session, way: PaymentWay, attempt: PaymentAttempt, truth: Truth, money: Money | None) -> None:
    seller = session.get_one(Seller, attempt.seller_id)
    money = money or Money(clock.today(seller.zone), f"gateway:{way.gateway}:{truth.external_id}")
    payment = payments.record_payment(
        session,
        BOT,
        attempt.account_id,
        attempt.amount,
        money.paid_on,
        method=way.gateway,
        reference=money.reference or truth.external_id,
        purpose=money.purpose or _purpose(session, attempt),
        invoice_ids=_invoices(session, attempt),
        key=money.key,
        fee=truth.fee if truth.fee < attempt.amount else Decimal(0),
    )
    account = session.get_one(Account, attempt.account_id)
    payment.payer_id = attempt.payer_id  # in whose name it was paid (AST-094)
    if attempt.commission:
        moves = [Move(LedgerKind.CLEARING, LedgerKind.FEES, attempt.commission)]
        key = f"commission:{payment.id}"
        ledger.post(session, account, EntryKind.FEE, key, payment.paid_on, moves, payment_id=payment.id)
    _give_cashback(session, BOT, payment, cashback_of(attempt, way))
    attempt.payment_id, attempt.external_id = payment.id, truth.external_id
    end(attempt, AttemptState.PAID)
    session.flush()


def _purpose(session: Session, attempt: PaymentAttempt) -> str:
    """What a payment is for, as its payer knows it: an order or an invoice by number, else an advance (AST-086)."""
    order = session.get(Order, attempt.order_id) if attempt.order_id else None
    document = session.get(Document, attempt.document_id) if attempt.document_id else None
    number = (order.number if order else "") or (document.number if document else "")
    locale = session.scalar(sa.select(Company.locale).where(Company.id == attempt.company_id)) or "en"
    return number or words_of(locale)("transfer_advance")


def cashback_of(attempt: PaymentAttempt, way: PaymentWay) -> Decimal:
    """What comes back of a payment: as it was shown when it was begun."""
    return terms_of(way).cashback(attempt.amount) if attempt.cashback is None else attempt.cashback


def _give_cashback(session: Session, actor: Actor, payment: Payment, cashback: Decimal) -> None:
    if cashback:
        payments.record_payment(
            session,
            actor,
            payment.account_id,
            cashback,
            payment.paid_on,
            method="cashback",
            reference=f"cashback/{payment.number}",
            key=f"cashback:{payment.id}",
        )


def _invoices(session: Session, attempt: PaymentAttempt) -> list[int]:
    """The invoice meant, where something of it is still open."""
    document = session.get(Document, attempt.document_id) if attempt.document_id else None
    return [document.id] if document is not None and document.paid < document.total else []


def _keep_held(session: Session, way: PaymentWay, attempt: PaymentAttempt, truth: Truth, reason: str) -> str:
    attempt.state = move(AttemptState(attempt.state), AttemptState.HELD).value
    attempt.external_id = truth.external_id
    attempt.reason = N_("The sum that came is not the sum that was asked for. We are looking at it; the money is safe.")
    return _hold(session, way, truth, attempt, reason)


def _hold(session: Session, way: PaymentWay, truth: Truth, attempt: PaymentAttempt | None, reason: str) -> str:
    known = sa.select(HeldMoney.id).where(
        HeldMoney.gateway == way.gateway, HeldMoney.external_id == truth.external_id, HeldMoney.reason == reason
    )
    if session.scalar(known) is None:
        held = HeldMoney(
            company_id=attempt.company_id if attempt else None,
            gateway=way.gateway,
            external_id=truth.external_id,
            order_no=truth.order_no,
            attempt_id=attempt.id if attempt else None,
            amount=truth.amount,
            currency=truth.currency,
            reason=reason,
        )
        try:
            with session.begin_nested():
                session.add(held)
        except IntegrityError:  # another callback about the same money was quicker
            return "held"
    session.flush()
    return "held"


# -- looking again ------------------------------------------------------------------------------------------------


def look_again(session: Session, attempt_id: int, turn: int, secret: str) -> None:
    """A callback may be lost: ask about an attempt that is still open, and later once more; the last look ends it."""
    attempt = session.get(PaymentAttempt, attempt_id)
    if attempt is None or attempt.state not in OPEN:
        return
    way = session.get_one(PaymentWay, attempt.way_id)
    look(session, way, gateway_of(session, way, secret), attempt.order_no, secret)
    session.refresh(attempt)
    if attempt.state not in OPEN:
        return
    if turn >= LOOKS:
        end(attempt, AttemptState.EXPIRED)
        return
    look_later(session, attempt, turn + 1)


# -- held money ---------------------------------------------------------------------------------------------------


def held(session: Session, actor: Actor, limit: int = 200) -> Sequence[HeldMoney]:
    """Held money nobody has decided about, the oldest first."""
    actor.need(Right.PAYMENTS_READ)
    waiting = sa.select(HeldMoney).where(HeldMoney.resolved_at.is_(None))
    return session.scalars(waiting.order_by(HeldMoney.id).limit(limit)).all()


def credit_held(session: Session, actor: Actor, held_id: int, account_id: int) -> HeldMoney:
    """Credit held money to an account of its currency.

    The attempt it belongs to is paid by it only where all that was asked for came to its own account; otherwise the
    attempt ends, and what the account has free decides about its order.
    """
    row = _undecided(session, actor, held_id)
    attempt = _attempt_held(session, row)
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    if account.currency != row.currency:
        raise Refused(
            N_("The account is in %(currency)s. Choose an account of the money's currency."), currency=account.currency
        )
    if row.reason == "refunded":
        raise Refused(N_("The gateway gave this money back. Take it back from the account, then it is right."))
    amount = row.amount - (row.refunded or 0)
    if amount <= 0:
        raise Refused(N_("The gateway gave all of this money back: there is nothing to credit. Close the line."))
    seller = session.get_one(Seller, account.seller_id)
    payment = payments.record_payment(
        session,
        actor,
        account.id,
        amount,
        clock.today(seller.zone),
        method=row.gateway,
        reference=row.external_id,
        purpose=row.order_no,
        key=f"held:{row.id}",
    )
    row.payment_id = payment.id
    _decide(session, actor, row, payment.number or "")
    if attempt is not None and account.id == attempt.account_id:
        attempt.payment_id = payment.id
    if attempt is not None and account.id == attempt.account_id and _is_enough(row, attempt):
        attempt.external_id = row.external_id
        end(attempt, AttemptState.PAID)
    elif attempt is not None:
        _end_held(
            session, attempt, N_("The sum that came is not the sum that was asked for. It is credited as it came.")
        )
    session.flush()
    return row


def _is_enough(row: HeldMoney, attempt: PaymentAttempt) -> bool:
    return row.currency == attempt.currency and row.amount - (row.refunded or 0) >= attempt.charged


def take_back(session: Session, actor: Actor, held_id: int) -> HeldMoney:
    """Correct the books where a gateway gave credited money back, whole or in part.

    The payment is taken back and what is left of it is credited anew, today; commission and cashback likewise.
    """
    row = _undecided(session, actor, held_id)
    if row.reason != "refunded":
        raise Refused(N_("The gateway has not given this money back. Credit it, or write what was done with it."))
    payment = _payment_given_back(session, row)
    is_there = payment is not None and payment.state == PaymentState.CREDITED.value
    if payment is None or not (is_there or _is_taken_back(session, payment)):
        raise Refused(N_("The payment is taken back already. Write that, and close the line."))
    attempt = session.scalars(sa.select(PaymentAttempt).where(PaymentAttempt.payment_id == payment.id)).first()
    came = (payment.paid_amount or payment.amount) if is_there else Decimal(0)
    rest = max(came - row.amount, Decimal(0))
    over = row.amount - (came - rest)  # more than was credited: of the commission
    account = session.get_one(Account, payment.account_id)
    if over:
        day = clock.today(session.get_one(Seller, account.seller_id).zone)
        moves = [Move(LedgerKind.FEES, LedgerKind.CLEARING, over, row.currency)]
        ledger.post(session, account, EntryKind.FEE, f"refund_fee:{row.id}", day, moves)
    cashback, settled = _cashback_given(session, payment), _settled_by(session, payment)
    payments.reverse_payment(session, actor, payment.id, f"{row.gateway} {row.external_id}")
    if cashback is not None:  # before the rest is credited, which settles what the cashback had settled
        payments.reverse_payment(session, actor, cashback.id, row.external_id)
    left = _credit_rest(session, actor, payment, row, rest, settled) if rest else None
    if cashback is not None:
        paid = came + (attempt.commission if attempt is not None else 0)
        if left is not None:
            _give_cashback(session, actor, left, half_up(cashback.amount * (paid - row.amount) / paid))
    if attempt is not None and left is not None:
        attempt.payment_id = left.id
    if left is not None:
        credited = sa.update(HeldMoney).where(HeldMoney.payment_id == payment.id, HeldMoney.reason != "refunded")
        session.execute(credited.values(payment_id=left.id))
    row.payment_id = payment.id
    _decide(session, actor, row, (left.number if left is not None else payment.number) or "")
    session.flush()
    return row


def _payment_given_back(session: Session, row: HeldMoney) -> Payment | None:
    """The payment whose money a gateway gave back: of its attempt, or of held money that was credited."""
    number = row.external_id.partition("#")[0]
    held = sa.select(HeldMoney.payment_id).where(
        HeldMoney.gateway == row.gateway, HeldMoney.external_id == number, HeldMoney.reason != "refunded"
    )
    begun = sa.select(PaymentAttempt.payment_id).where(
        PaymentAttempt.id == row.attempt_id, PaymentAttempt.external_id == number
    )
    credited = held.where(HeldMoney.payment_id.is_not(None)).with_for_update(of=HeldMoney)  # one refund at a time
    found = session.scalars(credited).first() or session.scalars(begun).first()
    return session.get(Payment, found, populate_existing=True, with_for_update={"of": Payment}) if found else None


def _is_taken_back(session: Session, payment: Payment) -> bool:
    """Whether all of a payment went back by a line decided before; what goes back now is of its commission."""
    query = sa.select(HeldMoney.id).where(HeldMoney.payment_id == payment.id, HeldMoney.reason == "refunded")
    return session.scalar(query.limit(1)) is not None


def _cashback_given(session: Session, payment: Payment) -> Payment | None:
    query = sa.select(Payment).where(
        Payment.key == f"cashback:{payment.id}", Payment.state == PaymentState.CREDITED.value
    )
    return session.scalars(query).first()


def _settled_by(session: Session, payment: Payment) -> list[int]:
    query = sa.select(Allocation.document_id).where(Allocation.payment_id == payment.id)
    return list(session.scalars(query.order_by(Allocation.id)))


def _credit_rest(
    session: Session, actor: Actor, payment: Payment, row: HeldMoney, rest: Decimal, invoice_ids: list[int]
) -> Payment:
    seller = session.get_one(Seller, payment.seller_id)
    left = payments.record_payment(
        session,
        actor,
        payment.account_id,
        rest,
        clock.today(seller.zone),
        method=payment.method,
        reference=payment.reference,
        purpose=payment.purpose,
        invoice_ids=invoice_ids,
        key=f"refund:{row.id}",
        currency=payment.paid_currency or None,
    )
    left.payer_id = payment.payer_id
    return left


def close_held(session: Session, actor: Actor, held_id: int, note: str) -> HeldMoney:
    """Decide otherwise (given back, reversed): with a note of what was done."""
    row = _undecided(session, actor, held_id)
    if not note.strip():
        raise Refused(N_("Write what was done with the money."))
    attempt = _attempt_held(session, row)
    _decide(session, actor, row, note.strip()[:300])
    if attempt is not None:
        _end_held(session, attempt, N_("The money that came for this payment is not credited. Ask us about it."))
    session.flush()
    return row


def _attempt_held(session: Session, row: HeldMoney) -> PaymentAttempt | None:
    """The attempt that waits for the decision about this money, locked before any account."""
    if row.attempt_id is None:
        return None
    locked = sa.select(PaymentAttempt).where(PaymentAttempt.id == row.attempt_id).with_for_update(of=PaymentAttempt)
    attempt = session.scalars(locked.execution_options(populate_existing=True)).one()
    return attempt if attempt.state == AttemptState.HELD.value else None


def _end_held(session: Session, attempt: PaymentAttempt, reason: str) -> None:
    """A held attempt ends when nobody has to decide about any money of it any more."""
    session.flush()
    waiting = sa.select(HeldMoney.id).where(HeldMoney.attempt_id == attempt.id, HeldMoney.resolved_at.is_(None))
    if session.scalar(waiting.limit(1)) is None:
        end(attempt, AttemptState.FAILED, reason)


def _undecided(session: Session, actor: Actor, held_id: int) -> HeldMoney:
    actor.need(Right.PAYMENTS_WRITE)
    mine = sa.select(HeldMoney.attempt_id).where(HeldMoney.id == held_id).scalar_subquery()
    begun = sa.select(PaymentAttempt.id).where(PaymentAttempt.id == mine)
    session.execute(begun.with_for_update(of=PaymentAttempt)).all()  # first, as callbacks have it
    locked = sa.select(HeldMoney).where(HeldMoney.id == held_id).with_for_update(of=HeldMoney)
    row = session.scalars(locked.execution_options(populate_existing=True)).first()
    if row is None:
        raise NotFound()
    if row.resolved_at is not None:
        raise Refused(N_("Somebody has decided about this money already."))
    return row


def _decide(session: Session, actor: Actor, row: HeldMoney, resolution: str) -> None:
    row.resolution, row.resolved_by, row.resolved_at = resolution, actor.name[:200], clock.now()
    trail.record(
        session, actor, "held_money.decide", "held_money", row.id, company_id=row.company_id, resolution=resolution
    )


# -- ways ---------------------------------------------------------------------------------------------------------


def keep_secret(session: Session, actor: Actor, way_id: int, text: str, secret: str) -> PaymentWay:
    """Keep a way's secret key, sealed; it is never shown again."""
    actor.need(Right.SETTINGS_WRITE)
    way = session.get(PaymentWay, way_id)
    if way is None:
        raise NotFound()
    if not text.strip():
        raise Refused(N_("Enter the secret key that the gateway gave you."))
    way.secret = sealing.seal(text.strip(), secret)
    trail.record(session, actor, "payment_way.secret", "payment_way", way.id)
    return way


def change_settings(session: Session, actor: Actor, way_id: int, text: str) -> PaymentWay:
    """Set what a gateway wants besides its keys: «name = value», one a line; what is left out is forgotten."""
    actor.need(Right.SETTINGS_WRITE)
    way = session.get(PaymentWay, way_id)
    if way is None:
        raise NotFound()
    known, settings = SETTINGS.get(way.gateway, ()), {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or name not in known:
            raise Refused(
                N_("Write settings as «name = value», one a line. This gateway knows: %(names)s."),
                names=", ".join(known) or "—",
            )
        settings[name] = value[:300]
    way.settings = settings
    trail.record(session, actor, "payment_way.settings", "payment_way", way.id, names=sorted(settings))
    return way
