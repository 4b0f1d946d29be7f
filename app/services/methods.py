"""Saved ways to pay: only a sealed token and a mask are here, the card itself is with the payment system (AST-134…144).

`charge` asks for money from one without its owner: it writes an attempt and wishes for the effect that asks the
gateway. What comes of it changes the method's state: a decline makes it NOT_WORKING, money makes it WORKING.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.gateways.base import Forgetting, GatewayError, Heard, Keeping, Saved
from app.gateways.registry import can_keep
from app.models import (
    Account,
    AutoTopUp,
    Company,
    Order,
    Payer,
    PaymentAttempt,
    PaymentMethod,
    PaymentWay,
    Seller,
    Subscription,
)
from app.reports.formats import formats_of
from app.reports.words import words_of
from app.rules.lifecycle import AttemptState, PaymentMethodState
from app.rules.notices import NoticeEvent
from app.services import attempts, notices, sealing, trail, work
from app.services.shop.catalogue import words_of as translated
from app.services.work import Topic

READY = (PaymentMethodState.WORKING.value, PaymentMethodState.NOT_WORKING.value)
LONGEST_TOKEN = 120  # sealed, it still fits its column
PAUSE = dt.timedelta(days=1)  # of automatic top-up after a decline
MONEY = (Right.CABINET_DOCUMENTS, Right.CABINET_PAYMENTS)
TAKEN = (AttemptState.NEW.value, AttemptState.SENT.value, AttemptState.PAID.value, AttemptState.HELD.value)


def usable(session: Session, actor: Actor, account: Account) -> list[PaymentMethod]:
    """The saved methods that can pay for this account, those that work first; one that does not may be tried again."""
    actor.need_company(account.company_id)
    query = (
        sa.select(PaymentMethod)
        .join(PaymentWay, PaymentWay.id == PaymentMethod.way_id)
        .where(*is_usable(account), PaymentWay.seller_id == account.seller_id, PaymentWay.is_on.is_(True))
        .order_by(PaymentMethod.state.desc(), PaymentMethod.id)
    )
    return list(session.scalars(query))


def is_usable(account: Account) -> tuple[sa.ColumnElement[bool], ...]:
    """What a saved method must be to pay for an account, its way apart."""
    return (
        PaymentMethod.company_id == account.company_id,
        PaymentMethod.deleted_at.is_(None),
        PaymentMethod.state.in_(READY),
        PaymentMethod.token != "",
    )


def charge(
    session: Session,
    method_id: int,
    account_id: int,
    amount: Decimal,
    *,
    key: str,
    order_id: int | None = None,
    document_id: int | None = None,
    payer_id: int | None = None,
    asked_by: int | None = None,
) -> PaymentAttempt:
    """Ask for `amount` from a saved method without its owner; the same `key` is charged once.

    The gateway is asked by an effect, after the caller's transaction: the attempt says what came of it.
    """
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    found = attempts.known(session, account, key)
    if found is not None:
        return found
    method, way = _chargeable(session, method_id, account)
    need_room(session, method, account, attempts.terms_of(way).charged(amount))
    attempt = attempts.make(
        session,
        account,
        way,
        amount,
        key,
        payer_id=payer_id or method.payer_id,
        order_id=order_id,
        document_id=document_id,
        method_id=method.id,
        asked_by=asked_by,
    )
    work.put_outbox(
        session, Topic.CHARGE_METHOD, {"attempt_id": attempt.id}, f"charge:{attempt.id}", company_id=attempt.company_id
    )
    trail.record(
        session,
        Actor.system(),
        "payment_method.charge",
        "payment_attempt",
        attempt.id,
        company_id=attempt.company_id,
        amount=str(amount),
    )
    return attempt


def _chargeable(session: Session, method_id: int, account: Account) -> tuple[PaymentMethod, PaymentWay]:
    method = session.scalars(
        sa.select(PaymentMethod).where(PaymentMethod.id == method_id).with_for_update(of=PaymentMethod)
    ).first()
    if method is None or method.company_id != account.company_id or method.deleted_at is not None:
        raise NotFound()
    way = session.get(PaymentWay, method.way_id) if method.way_id else None
    if way is None or not method.token or method.state not in READY:
        raise Refused(N_("This saved method cannot pay yet. Choose another, or add it again."))
    return method, way


def need_room(session: Session, method: PaymentMethod, account: Account, charged: Decimal) -> None:
    """Refused where the month's maximum of the method does not leave `charged`: what is paid with the commission."""
    if method.monthly_maximum is None:
        return
    zone = session.scalar(sa.select(Seller.zone).where(Seller.id == account.seller_id)) or "UTC"
    since = clock.today(zone).replace(day=1)
    taken = session.scalar(
        sa.select(sa.func.sum(PaymentAttempt.amount + PaymentAttempt.commission)).where(
            PaymentAttempt.method_id == method.id,
            PaymentAttempt.state.in_(TAKEN),
            PaymentAttempt.created_at >= dt.datetime.combine(since, dt.time(), ZoneInfo(zone)),
        )
    )
    if (taken or Decimal(0)) + charged > method.monthly_maximum:
        raise Refused(
            N_("The maximum of this method for the month is %(maximum)s. Choose another method or raise the maximum."),
            maximum=method.monthly_maximum,
        )


def method_of(session: Session, actor: Actor, method_id: int) -> PaymentMethod:
    """A saved method of the actor's company; NotFound for any other and for one that was deleted."""
    actor.need(Right.CABINET_PAYMENTS)
    method = session.get(PaymentMethod, method_id)
    if method is None or method.deleted_at is not None:
        raise NotFound()
    actor.need_company(method.company_id)
    return method


def list_methods(session: Session, actor: Actor) -> Sequence[PaymentMethod]:
    """The company's saved methods, the oldest first."""
    actor.need(Right.CABINET_PAYMENTS)
    query = sa.select(PaymentMethod).where(
        PaymentMethod.company_id == actor.company_id, PaymentMethod.deleted_at.is_(None)
    )
    return session.scalars(query.order_by(PaymentMethod.id).limit(100)).all()


def linked(session: Session, actor: Actor) -> dict[int | None, int]:
    """How many subscriptions each saved method renews; None: the account's balance does."""
    actor.need(Right.CABINET_PAYMENTS)
    query = (
        sa.select(Subscription.payment_method_id, sa.func.count())
        .where(Subscription.company_id == actor.company_id, Subscription.auto_renew.is_(True))
        .where(Subscription.state != "ended")
        .where(sa.or_(Subscription.paid_until.is_not(None), Subscription.payment_method_id.is_not(None)))
        .group_by(Subscription.payment_method_id)
    )
    return {method_id: count for method_id, count in session.execute(query)}


def names_of_ways(session: Session, rows: Sequence[PaymentMethod], locale: str = "") -> dict[int | None, str]:
    """What the ways of these methods are called in a language."""
    ids = {row.way_id for row in rows if row.way_id}
    if not ids:
        return {}
    query = sa.select(PaymentWay.id, PaymentWay.name, PaymentWay.translations).where(PaymentWay.id.in_(ids))
    return {row.id: translated(row, locale).name for row in session.execute(query)}


def renewed_by(session: Session, method: PaymentMethod) -> Sequence[Subscription]:
    """The subscriptions that this method renews."""
    query = sa.select(Subscription).where(
        Subscription.payment_method_id == method.id, Subscription.auto_renew.is_(True), Subscription.state != "ended"
    )
    return session.scalars(query.order_by(Subscription.paid_until, Subscription.id).limit(200)).all()


def tops_up(session: Session, method: PaymentMethod) -> bool:
    """Whether an account is topped up by it automatically."""
    query = sa.select(AutoTopUp.id).where(AutoTopUp.method_id == method.id, AutoTopUp.is_on.is_(True))
    return session.scalar(query.limit(1)) is not None


def rename(session: Session, actor: Actor, method_id: int, name: str) -> PaymentMethod:
    """Call a saved method as its company likes."""
    method = method_of(session, actor, method_id)
    if not name.strip():
        raise Refused(N_("Enter a name for the payment method."))
    old, method.name = method.name, name.strip()[:120]
    _record(session, actor, "payment_method.rename", method, old=old, new=method.name)
    return method


def delete(session: Session, actor: Actor, method_id: int) -> int:
    """Forget a saved method: what it renewed is not renewed by itself any more (AST-144); how many that were."""
    method = method_of(session, actor, method_id)
    waiting = sa.select(PaymentAttempt.id).where(
        PaymentAttempt.method_id == method.id, PaymentAttempt.state.in_(attempts.OPEN)
    )
    if session.scalar(waiting.limit(1)) is not None:
        raise Refused(N_("A payment from this method is under way. Delete it when the payment has ended."))
    renewed = session.scalars(
        sa.select(Subscription).where(Subscription.payment_method_id == method.id).with_for_update(of=Subscription)
    ).all()
    count = sum(one.auto_renew for one in renewed)
    for one in renewed:
        one.auto_renew, one.payment_method_id = False, None
    topping = session.scalars(sa.select(AutoTopUp).where(AutoTopUp.method_id == method.id)).all()
    for each in topping:
        each.is_on = False
    method.deleted_at = clock.now()
    if method.token:  # it is forgotten here when the gateway has let go of it
        about = {"method_id": method.id}
        work.put_outbox(session, Topic.FORGET_METHOD, about, f"forget_method:{method.id}", method.company_id)
    _record(session, actor, "payment_method.delete", method, name=method.name, renewed=count, top_ups=len(topping))
    return count


def forget(session: Session, method_id: int, secret: str) -> None:
    """Have the gateway let go of a card whose method was deleted, then forget its token; a second time nothing."""
    method = session.get(PaymentMethod, method_id)
    if method is None or method.deleted_at is None or not method.token:
        return
    way = session.get_one(PaymentWay, method.way_id)
    gateway = attempts.gateway_of(session, way, secret)
    token = token_of(method, secret)
    if isinstance(gateway, Forgetting) and not _is_kept_elsewhere(session, method, token, secret):
        gateway.forget(token, f"method{method.id}")
    method.token = ""
    session.flush()


def _is_kept_elsewhere(session: Session, method: PaymentMethod, token: str, secret: str) -> bool:
    """Whether another method, saved anew since or by another company, is charged by the same token."""
    query = sa.select(PaymentMethod.token).where(
        PaymentMethod.way_id == method.way_id,
        PaymentMethod.mask == method.mask,
        PaymentMethod.id != method.id,
        PaymentMethod.deleted_at.is_(None),
    )
    return any(sealing.unseal(one, secret) == token for one in session.scalars(query))


# -- saving without buying (AST-140) ------------------------------------------------------------------------------


def ways_to_save(session: Session, account: Account) -> list[PaymentWay]:
    """The ways of the account's Seller whose gateways keep cards."""
    query = sa.select(PaymentWay).where(PaymentWay.seller_id == account.seller_id, PaymentWay.is_on.is_(True))
    return [way for way in session.scalars(query.order_by(PaymentWay.id)) if can_keep(way.gateway)]


def begin_saving(
    session: Session, actor: Actor, account_id: int, way_id: int, *, key: str, payer_id: int | None = None
) -> PaymentMethod:
    """A method that is being set up; the gateway's page asks for the card. The same `key` is one method."""
    actor.need(Right.CABINET_PAYMENTS)
    account, way = session.get(Account, account_id), session.get(PaymentWay, way_id)
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    order_no = f"m{hashlib.sha256(f'{account.company_id}:{key}'.encode()).hexdigest()[:24]}"
    found = session.scalars(sa.select(PaymentMethod).where(PaymentMethod.order_no == order_no)).first()
    if found is not None:
        return found
    if way is None or way.seller_id != account.seller_id or not way.is_on or not can_keep(way.gateway):
        raise Refused(N_("This way to pay is not offered any more. Choose another."))
    payer = session.get(Payer, payer_id or account.payer_id)
    if payer is None or payer.company_id != account.company_id:
        raise NotFound()
    method = PaymentMethod(
        company_id=account.company_id,
        account_id=account.id,
        payer_id=payer.id,
        way_id=way.id,
        gateway=way.gateway,
        name=translated(way, actor.locale).name,
        order_no=order_no,
        state=PaymentMethodState.SETTING_UP.value,
    )
    session.add(method)
    session.flush()
    _look_later(session, method, 1)
    _record(session, actor, "payment_method.add", method, way=way.name)
    return method


def being_saved(session: Session, way: PaymentWay, heard: Heard) -> PaymentMethod | None:
    """The method a callback is about, where it is about one that is being saved without a payment."""
    known = [PaymentMethod.order_no == heard.order_no] if heard.order_no.startswith("m") else []
    if heard.external_id:
        known.append(PaymentMethod.external_id == heard.external_id)
    if not known:
        return None
    query = sa.select(PaymentMethod).where(
        PaymentMethod.way_id == way.id, PaymentMethod.order_no != "", PaymentMethod.deleted_at.is_(None), sa.or_(*known)
    )
    return session.scalars(query.with_for_update(of=PaymentMethod)).first()


def look(session: Session, method: PaymentMethod, gateway: Keeping, secret: str) -> str:
    """Ask the gateway whether a card was saved and write it; what came of it in a word."""
    if method.state != PaymentMethodState.SETTING_UP.value:
        return method.state
    binding = gateway.ask_saving(method.order_no, method.external_id)
    if binding is None or binding.state == "waiting":
        return "waiting"
    if binding.state == "saved" and binding.saved is not None and _can_seal(binding.saved):
        _seal(session, method, binding.saved, secret)
        _record(session, Actor.system("gateway"), "payment_method.keep", method, name=method.name)
        return "saved"
    _give_up(method)
    return "failed"


def look_again(session: Session, method_id: int, turn: int, secret: str) -> None:
    """The gateway's word may be lost: ask about a method that is still being set up; the last look gives it up."""
    method = session.get(PaymentMethod, method_id)
    if method is None or method.deleted_at is not None or method.state != PaymentMethodState.SETTING_UP.value:
        return
    gateway = attempts.gateway_of(session, session.get_one(PaymentWay, method.way_id), secret)
    if not isinstance(gateway, Keeping) or look(session, method, gateway, secret) != "waiting":
        return
    if turn >= attempts.LOOKS:
        _give_up(method)
        return
    _look_later(session, method, turn + 1)


def _give_up(method: PaymentMethod) -> None:
    method.state = PaymentMethodState.NOT_WORKING.value
    method.reason = N_("The payment system did not save it. Delete it and add it again.")


def _look_later(session: Session, method: PaymentMethod, turn: int) -> None:
    about = {"method_id": method.id, "turn": turn}
    attempts.put_look(session, Topic.LOOK_AT_METHOD, about, f"look_method:{method.id}:{turn}", method.company_id)


# -- what payments do to methods ----------------------------------------------------------------------------------


def token_of(method: PaymentMethod, secret: str) -> str:
    """The token, opened; GatewayError where it cannot be."""
    token = sealing.unseal(method.token, secret)
    if not token:
        raise GatewayError("The token of the saved method cannot be opened.", permanent=True)
    return token


def worked(session: Session, attempt: PaymentAttempt, saved: Saved | None, secret: str) -> None:
    """Money came: the method charged works (AST-155); a card that was to be remembered is kept (AST-141)."""
    if attempt.method_id is not None:
        method = session.get_one(PaymentMethod, attempt.method_id)
        if method.deleted_at is None and method.state != PaymentMethodState.WORKING.value:
            method.state, method.reason = PaymentMethodState.WORKING.value, ""
            _record(session, Actor.system("gateway"), "payment_method.state", method, state=method.state)
        return
    if not (attempt.save_method and saved and secret):
        return
    if not _can_seal(saved):  # the money counts all the same; the card may be saved another time
        trail.record(
            session,
            Actor.system("gateway"),
            "payment_method.not_kept",
            "payment_attempt",
            attempt.id,
            company_id=attempt.company_id,
            token_bytes=len(saved.token.encode()),
        )
        attempt.save_method = False  # said once, however often the gateway repeats itself
        session.flush()
        return
    kept = _same(session, attempt, saved, secret) or _new(session, attempt, saved, secret)
    attempt.method_id = kept.id
    order = session.get(Order, attempt.order_id) if attempt.order_id else None
    if order is not None and order.method_id is None:
        order.method_id = kept.id  # what is bought by it is renewed by it
    session.flush()


def _same(session: Session, attempt: PaymentAttempt, saved: Saved, secret: str) -> PaymentMethod | None:
    """The method of this token, kept before."""
    query = sa.select(PaymentMethod).where(
        PaymentMethod.company_id == attempt.company_id,
        PaymentMethod.way_id == attempt.way_id,
        PaymentMethod.mask == saved.mask,
        PaymentMethod.deleted_at.is_(None),
    )
    found = next((one for one in session.scalars(query) if sealing.unseal(one.token, secret) == saved.token), None)
    if found is not None:
        found.state, found.reason = PaymentMethodState.WORKING.value, ""
    return found


def _new(session: Session, attempt: PaymentAttempt, saved: Saved, secret: str) -> PaymentMethod:
    way = session.get_one(PaymentWay, attempt.way_id)
    method = PaymentMethod(
        company_id=attempt.company_id,
        account_id=attempt.account_id,
        payer_id=attempt.payer_id,
        way_id=way.id,
        gateway=way.gateway,
        name=way.name,
    )
    session.add(method)
    _seal(session, method, saved, secret)
    _record(session, Actor.system("gateway"), "payment_method.keep", method, name=method.name)
    return method


def _can_seal(saved: Saved) -> bool:
    """Whether there is a token, and its column takes it."""
    return 0 < len(saved.token.encode()) <= LONGEST_TOKEN


def _seal(session: Session, method: PaymentMethod, saved: Saved, secret: str) -> None:
    locale = session.scalar(sa.select(Company.locale).where(Company.id == method.company_id)) or "en"
    method.token, method.mask = sealing.seal(saved.token, secret), saved.mask[:40]
    method.name = words_of(locale)("method_card", mask=method.mask or method.name)[:120]
    method.state, method.reason = PaymentMethodState.WORKING.value, ""
    session.flush()


def failed(session: Session, attempt: PaymentAttempt) -> None:
    """A charge was declined: the method does not work, its company is told, automatic top-up by it pauses (AST-154)."""
    if attempt.method_id is None:
        return
    method = session.get_one(PaymentMethod, attempt.method_id)
    if method.deleted_at is not None:
        return
    method.state = PaymentMethodState.NOT_WORKING.value
    method.reason = N_("The payment system declined the last charge. Top up the card or ask its bank.")
    paused = sa.update(AutoTopUp).where(AutoTopUp.method_id == method.id, AutoTopUp.is_on.is_(True))
    session.execute(paused.values(paused_until=clock.now() + PAUSE))
    _record(session, Actor.system("gateway"), "payment_method.state", method, state=method.state)
    _tell(session, attempt, method)
    if attempt.order_id is not None:
        wish = {"order_id": attempt.order_id}
        work.put_outbox(session, Topic.RENEWAL_FAILED, wish, f"renewal-failed:{attempt.id}", attempt.company_id)


def _tell(session: Session, attempt: PaymentAttempt, method: PaymentMethod) -> None:
    company = session.get_one(Company, attempt.company_id)
    account = session.get_one(Account, attempt.account_id)
    seller = session.get_one(Seller, attempt.seller_id)

    def say(locale: str) -> tuple[str, str, str]:
        words = words_of(locale)
        params = {
            "name": method.name,
            "amount": f"{formats_of(words.language).money(attempt.charged)} {attempt.currency}",
        }
        text = words("notice_method_failed", **params)
        letter = notices.letter_of(locale, text, seller.name, account.number)
        return words("notice_method_failed_subject", **params), text, letter

    readers = notices.readers_of(session, [company.id], MONEY).get(company.id, [])
    rows = notices.rows_for(NoticeEvent.METHOD_FAILED, str(attempt.id), readers, say, company_id=company.id)
    notices.put(session, rows)


def _record(session: Session, actor: Actor, action: str, method: PaymentMethod, **details: object) -> None:
    session.flush()
    trail.record(session, actor, action, "payment_method", method.id, company_id=method.company_id, **details)
