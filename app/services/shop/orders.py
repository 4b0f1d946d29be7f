"""Orders: what a person confirmed, written once. Never a second order for the same key, cart or click.

`place` prices the selected lines of the cart as of today and compares them with what was shown: anything else than
that is refused with what has changed. From the balance and by invoice it is fulfilled at once; through a gateway it
waits for its money (`shop.fulfilling`).
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.period import Period
from app.models import (
    Account,
    Cart,
    CartItem,
    Company,
    Order,
    OrderLine,
    Payer,
    PaymentAttempt,
    PaymentMethod,
    PaymentWay,
    Plan,
    Seller,
    Subscription,
)
from app.rules.lifecycle import AttemptState, CompanyState, OrderState, SubscriptionState, move
from app.services import attempts, doors, methods, numbering, paying, payments, trail
from app.services.shop import (
    activating,
    carts,
    catalogue,
    fulfilling,
    order_notices,
    promotions,
    quotes,
    resizing,
    spending,
)
from app.services.shop.fulfilling import fulfil as fulfil
from app.services.shop.fulfilling import fulfil_waiting as fulfil_waiting
from app.services.shop.quotes import Quote, Quotes, Wish

BALANCE, INVOICE, GATEWAY = "balance", "invoice", "gateway"
METHODS = (BALANCE, INVOICE, GATEWAY)
PRICE_CHANGED = N_("The price has changed since you looked: it is %(total)s %(currency)s now. Confirm again.")
SERVICE_WAITS = N_("Order %(number)s for this service waits for its payment. Pay or cancel it first.")
RENEWAL_WAITS = N_("A renewal waits for its payment already: order %(number)s.")
REPLACED = Refused(N_("It was not paid; the renewal is tried again."))
RENEWED_MEANWHILE = Refused(
    N_("It was not paid, and a service in it is renewed by itself: nothing is paid twice. Order the rest again.")
)
METHOD_GONE = N_(
    "The saved method this order was to be paid by is deleted: nothing is charged. Pay another way, or cancel the "
    "order and begin again on the page of the service."
)
LATELY = dt.timedelta(days=1)  # an empty cart is explained by an order of so long ago
RUNNING = (SubscriptionState.ACTIVE.value, SubscriptionState.SUSPENDED.value, SubscriptionState.STOPPED.value)


class AlreadyOrdered(Refused):
    """There is nothing to order: it was ordered before, as `order_id`."""

    def __init__(self, order: Order, text: str = N_("This was ordered already: order %(number)s.")) -> None:
        super().__init__(text, number=order.number)
        self.order_id = order.id


class Changed(Refused):
    """What was confirmed is not what it is now: look and confirm again."""


@dataclass(frozen=True)
class Checkout:
    """What a person confirmed: the cart, the account, the method, the payer, and a digest of the sums they saw."""

    cart_id: int
    account_id: int
    method: str
    seen: str
    way_id: int | None = None
    method_id: int | None = None
    payer_id: int | None = None
    save_method: bool = False
    terms: str = ""  # what the page said is charged and comes back, where it said so (`terms_of`)
    auto_renew: Mapping[int, bool] = field(default_factory=dict)  # by cart item; as in the cart where not said

    def digest(self) -> str:
        """Of all that was asked for under one key."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        said["auto_renew"] = sorted(self.auto_renew.items())
        return _sha(said)


def _sha(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def seen_of(found: Quotes) -> str:
    """The digest of what a page shows of the sums: lines, periods, prices, discount, tax and total."""
    lines = [
        [
            one.wish.plan_id,
            str(one.wish.quantity.normalize()),
            one.wish.months,
            *([one.wish.subscription_id, one.wish.days] if one.wish.subscription_id else []),
            sorted((name, str(Decimal(value).normalize())) for name, value in one.wish.parameters.items()),
            one.wish.identifier,
            f"{one.first:.2f}",
            f"{one.next:.2f}",
            str(one.starts_on),
            str(one.ends_on),
        ]
        for one in found.lines
    ]
    return _sha([lines, f"{found.total:.2f}", f"{found.tax:.2f}", f"{found.discount:.2f}", found.currency])


# -- placing ----------------------------------------------------------------------------------------------------------


def place(session: Session, actor: Actor, checkout: Checkout, key: str) -> Order:
    """Order the selected lines of a cart; the same `key` is the same order, with other contents it is refused."""
    actor.need(Right.CABINET_BUY)
    if checkout.method_id is not None:  # it is charged at once
        actor.need(Right.CABINET_PAYMENTS)
    cart = _lock_cart(session, actor, checkout.cart_id)
    account = lock_account(session, actor, checkout.account_id)
    known = _known(session, account, key, checkout.digest())
    if known is not None:
        return known
    need_served(account)
    _lock_company(session, account)
    _lock_renewed(session, cart)
    items = _items(session, actor, cart)
    seller = session.get_one(Seller, account.seller_id)
    found = price(session, seller, cart, items, account.company_id)
    _need_as_seen(found, checkout, account)
    need_account_of_renewals(found, account)
    for item in items:
        if item.subscription_id is not None:
            _replace_waiting(session, actor, item.subscription_id)
    _need_terms_as_seen(session, account, checkout, found)
    order = _write(session, actor, account, seller, found.lines, checkout, key)
    order.promo_code = found.promotion.code if found.promotion is not None else ""
    order.request_digest = checkout.digest()
    for line, item in zip(order.lines, items, strict=True):
        line.auto_renew = checkout.auto_renew.get(item.id, item.auto_renew)
        session.delete(item)
    cart.promo_code = ""
    session.flush()
    _settle(session, actor, account, order, checkout.save_method)
    return order


def price(session: Session, seller: Seller, cart: Cart, items: list[CartItem], company_id: int | None) -> Quotes:
    """What the selected lines of a cart cost today."""
    wishes = [carts.wish_of(item) for item in items]
    return quotes.quote(session, seller, wishes, clock.today(seller.zone), cart.promo_code, company_id)


def _lock_cart(session: Session, actor: Actor, cart_id: int) -> Cart:
    locked = sa.select(Cart).where(Cart.id == cart_id).with_for_update(of=Cart)
    cart = session.scalars(locked.execution_options(populate_existing=True)).first()
    if cart is None or cart.user_id != actor.user_id:
        raise NotFound()
    return cart


def lock_account(session: Session, actor: Actor, account_id: int) -> Account:
    """The account, locked until the commit: whoever orders or pays on it waits."""
    locked = sa.select(Account).where(Account.id == account_id).with_for_update(of=Account)
    account = session.scalars(locked.execution_options(populate_existing=True)).first()
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    return account


def _lock_company(session: Session, account: Account) -> None:
    """The company, locked after its account: trials and first purchases are one for all of its accounts."""
    locked = sa.select(Company.id).where(Company.id == account.company_id)
    session.execute(locked.with_for_update(key_share=True)).all()  # rows that only refer to it do not wait


def _known(session: Session, account: Account, key: str, digest: str) -> Order | None:
    found = known_under(session, account.company_id, key)
    if found is not None and found.request_digest != digest:
        raise AlreadyOrdered(
            found,
            N_(
                "This form was sent already, with other contents: order %(number)s. Look at it; to order something "
                "else, begin at the cart again."
            ),
        )
    return found


def need_served(account: Account) -> None:
    """Refused where an account or its company may not order."""
    if account.state != CompanyState.ACTIVE.value or account.company.state != CompanyState.ACTIVE.value:
        raise Refused(
            N_("Account %(number)s is suspended or closed: nothing can be ordered on it. Write to us."),
            number=account.number,
        )


def _items(session: Session, actor: Actor, cart: Cart) -> list[CartItem]:
    wanted = sa.select(CartItem).where(CartItem.cart_id == cart.id, CartItem.is_selected.is_(True))
    items = list(session.scalars(wanted.order_by(CartItem.id)))
    if not items:
        raise nothing_to_order(session, actor)
    return items


def nothing_to_order(session: Session, actor: Actor) -> Refused:
    """Why an empty cart orders nothing: it was ordered a moment ago, or nothing is selected."""
    newest = sa.select(Order).where(
        Order.company_id == actor.company_id, Order.asked_by == actor.user_id, Order.kind == "purchase"
    )
    last = session.scalars(newest.order_by(Order.ordered_at.desc(), Order.id.desc()).limit(1)).first()
    if last is not None and clock.now() - last.ordered_at < LATELY:
        return AlreadyOrdered(last, N_("This cart was ordered already: order %(number)s. Nothing was ordered again."))
    return Refused(N_("Nothing is selected in the cart. Choose what to order."))


def _lock_renewed(session: Session, cart: Cart) -> None:
    """Services whose renewal is selected, locked after their account: whoever else renews them waits."""
    mine = sa.select(CartItem.subscription_id).where(CartItem.cart_id == cart.id, CartItem.is_selected.is_(True))
    query = sa.select(Subscription).where(Subscription.id.in_(mine)).order_by(Subscription.id)
    session.scalars(query.with_for_update(of=Subscription).execution_options(populate_existing=True)).all()


def need_account_of_renewals(found: Quotes, account: Account) -> None:
    """Refused where a service that is renewed is charged to another account than the one ordered on."""
    for line in found.lines:
        if line.service is not None and line.service.account_id != account.id:
            raise Refused(
                N_("«%(name)s» is on another account than %(number)s: order its renewal by itself."),
                name=line.name,
                number=account.number,
            )


def _need_as_seen(found: Quotes, checkout: Checkout, account: Account) -> None:
    if found.refusal is not None:
        raise found.refusal
    for line in found.lines:
        fulfilling.need_quote(line)
    if found.currency != account.currency:
        raise Refused(
            N_("The cart is in %(cart)s and the account in %(account)s. Choose an account in %(cart)s."),
            cart=found.currency,
            account=account.currency,
        )
    if seen_of(found) != checkout.seen:
        raise Changed(
            N_(
                "Prices, days or contents of the cart have changed since you looked: it is %(total)s %(currency)s now. "
                "Nothing was ordered. Look at it and confirm again."
            ),
            total=f"{found.total:.2f}",
            currency=found.currency,
        )


def terms_of(charged: Decimal, cashback: Decimal) -> str:
    """What a way to pay was shown to take and to give back, as a form carries it."""
    return f"{charged:.2f} {cashback:.2f}"


def _need_terms_as_seen(session: Session, account: Account, checkout: Checkout, found: Quotes) -> None:
    """Refused where the way's commission or cashback is another by now than the one that was shown."""
    method = session.get(PaymentMethod, checkout.method_id) if checkout.method_id else None
    way = session.get(PaymentWay, method.way_id if method is not None else checkout.way_id or 0)
    if not checkout.terms or checkout.method != GATEWAY or not found.total or way is None:
        return
    offer = paying.offer_of(way, found.total)
    if way.seller_id == account.seller_id and terms_of(offer.charged, offer.cashback) != checkout.terms:
        raise Changed(
            N_(
                "The terms of this way to pay have changed since you looked: it takes %(charged)s %(currency)s now. "
                "Nothing was ordered. Look at it and confirm again."
            ),
            charged=f"{offer.charged:.2f}",
            currency=found.currency,
        )


def _write(
    session: Session, actor: Actor, account: Account, seller: Seller, found: list[Quote], asked: Checkout, key: str
) -> Order:
    order = Order(
        company_id=account.company_id,
        account_id=account.id,
        payer_id=_payer(session, account, asked),
        idempotency_key=key,
        method=_method(account, asked, sum((one.first for one in found), Decimal(0))),
        way_id=asked.way_id if asked.method == GATEWAY and not asked.method_id else None,
        method_id=asked.method_id if asked.method == GATEWAY else None,
        asked_by=actor.user_id,
        currency=account.currency,
        state=OrderState.PENDING.value,
        ordered_at=clock.now(),
    )
    terms = doors.terms_of(session, seller, actor.locale)
    order.agreement_id = terms.id if terms is not None else None
    order.account = account
    for quote in found:
        order.lines.append(_line(session, order, quote, account.company.locale))
    fulfilling.fill(order, found)
    for promotion_id in fulfilling.promotions_of(order):
        promotions.use(session, promotion_id)
    _take(session, account, order)
    day = numbering.date_for(session, seller.id, "order", clock.today(seller.zone))
    order.number = numbering.number_next(session, seller, "order", day)[1]
    session.add(order)
    session.flush()
    return order


def _line(session: Session, order: Order, quote: Quote, locale: str) -> OrderLine:
    plan = session.get_one(Plan, quote.wish.plan_id)
    line = OrderLine(
        company_id=order.company_id,
        plan_id=plan.id,
        name=quote.service.name if quote.service is not None and quote.service.name else name_of(plan, locale),
        quantity=quote.wish.quantity,
        months=quote.wish.months,
        days=quote.wish.days,
        renews=quote.wish.subscription_id is not None,
        subscription_id=quote.wish.subscription_id,
        parameters={name: str(value) for name, value in quote.wish.parameters.items()},
        identifier=quote.wish.identifier,
    )
    line.plan = plan
    return line


def name_of(plan: Plan, locale: str) -> str:
    """What a plan is called on orders, subscriptions and invoices: the product, and the plan where that says more."""
    product, own = catalogue.words_of(plan.product, locale).name, catalogue.words_of(plan, locale).name
    return (own if product.lower() in own.lower() else f"{product} — {own}")[:255]


def _method(account: Account, asked: Checkout, total: Decimal) -> str:
    if asked.method not in METHODS:
        raise Refused(N_("Choose how to pay."))
    if asked.method == INVOICE and account.contract_id is None:
        raise Refused(N_("Only customers with a contract pay by invoice. Choose another way to pay."))
    if total == 0 and asked.method == GATEWAY:
        return BALANCE  # there is nothing to pay
    if asked.method == GATEWAY and asked.way_id is None and asked.method_id is None:
        raise Refused(N_("Choose how to pay."))
    return asked.method


def _payer(session: Session, account: Account, asked: Checkout) -> int:
    if asked.payer_id is None:
        return account.payer_id
    payer = session.get(Payer, asked.payer_id)
    if payer is None or payer.company_id != account.company_id:
        raise NotFound()
    return payer.id


def _take(session: Session, account: Account, order: Order) -> None:
    """Money or credit for what is fulfilled at once; what waits for a gateway takes none."""
    if order.method != GATEWAY and order.total > 0:
        spending.need(session, account, order.total, on_credit=order.method == INVOICE)


def _settle(session: Session, actor: Actor, account: Account, order: Order, save_method: bool = False) -> None:
    trail.record(
        session,
        actor,
        "order.place",
        "orders",
        order.id,
        company_id=order.company_id,
        number=order.number,
        total=str(order.total),
        method=order.method,
    )
    if order.method != GATEWAY:
        fulfil(session, order, actor)
        return
    _begin_paying(session, actor, account, order, f"order:{order.id}:1", save_method)
    if order.kind == "purchase":
        order_notices.tell_placed(session, order)


def _begin_paying(
    session: Session, actor: Actor, account: Account, order: Order, key: str, save_method: bool = False
) -> PaymentAttempt | None:
    if order.method_id is not None:
        if is_method_gone(session, order):
            raise Refused(METHOD_GONE)
        return methods.charge(session, order.method_id, account.id, order.total, order_id=order.id, key=key)
    if order.way_id is None or not actor.may(Right.CABINET_PAYMENTS):
        return None  # who may buy but not pay leaves it to a colleague
    return paying.begin(
        session,
        actor,
        account.id,
        order.way_id,
        order.total,
        key=key,
        payer_id=order.payer_id,
        order_id=order.id,
        save_method=save_method,
    )


def is_method_gone(session: Session, order: Order) -> bool:
    """Whether the saved method an order is paid by was deleted since (AST-144)."""
    method = session.get(PaymentMethod, order.method_id) if order.method_id else None
    return method is not None and method.deleted_at is not None


def place_renewal(
    session: Session,
    actor: Actor,
    subscription: Subscription,
    months: int,
    method: str,
    method_id: int | None = None,
    *,
    key: str,
    way_id: int | None = None,
    payer_id: int | None = None,
    save_method: bool = False,
    seen: Decimal | None = None,
    days: int = 0,
) -> Order:
    """Prolong a subscription by `months` (or by `days`); one that waits for payment is not begun twice.

    Where `seen` is given, the price must still be that. Kabinet itself replaces a renewal that could not be paid.
    """
    actor.need(Right.CABINET_BUY)
    account = lock_account(session, actor, subscription.account_id)
    asked = Checkout(0, account.id, method, "", way_id, method_id, payer_id, save_method)
    digest = _sha([asked.digest(), subscription.id, months, *([days] if days else [])])
    known = _known(session, account, key, digest)
    if known is not None:
        return known
    need_served(account)
    seller = session.get_one(Seller, account.seller_id)
    _replace_waiting(session, actor, subscription.id)
    day = quotes.renewal_day(subscription, clock.today(seller.zone))
    quote = fulfilling.need_quote(quotes.quote_renewal(session, subscription, months, day, days))
    if seen is not None and seen != quote.first:
        raise Changed(PRICE_CHANGED, total=f"{quote.first:.2f}", currency=account.currency)
    order = _write(session, actor, account, seller, [quote], asked, key)
    order.kind, order.request_digest = "renewal", digest
    order.lines[0].auto_renew = subscription.auto_renew
    session.flush()
    _settle(session, actor, account, order, save_method)
    return order


def place_change(
    session: Session,
    actor: Actor,
    subscription: Subscription,
    wanted: resizing.Size,
    method: str,
    method_id: int | None = None,
    *,
    key: str,
    way_id: int | None = None,
    payer_id: int | None = None,
    seen: Decimal | None = None,
) -> Order:
    """Order what a service becomes dearer by in its paid days; the account and the subscription are locked."""
    actor.need(Right.CABINET_BUY)
    account = lock_account(session, actor, subscription.account_id)
    asked = Checkout(0, account.id, method, "", way_id, method_id, payer_id)
    parameters = sorted((code, str(value)) for code, value in wanted.parameters.items())
    digest = _sha([asked.digest(), resizing.KIND, subscription.id, str(wanted.quantity), parameters])
    known = _known(session, account, key, digest)
    if known is not None:
        return known
    need_served(account)
    _need_nothing_waiting(session, subscription.id)
    seller = session.get_one(Seller, account.seller_id)
    found = resizing.quote(session, subscription, wanted, clock.today(seller.zone))
    if seen is not None and seen != found.total:
        raise Changed(PRICE_CHANGED, total=f"{found.total:.2f}", currency=account.currency)
    order = _write(session, actor, account, seller, found.lines, asked, key)
    order.kind, order.request_digest = resizing.KIND, digest
    for line in order.lines:
        line.subscription_id, line.auto_renew = subscription.id, subscription.auto_renew
        line.name = subscription.name or line.name
    session.flush()
    _settle(session, actor, account, order)
    return order


def known_under(session: Session, company_id: int, key: str) -> Order | None:
    """What was ordered under a key, whatever was asked for."""
    wanted = sa.select(Order).where(Order.company_id == company_id, Order.idempotency_key == key)
    return session.scalars(wanted).first()


def _need_nothing_waiting(session: Session, subscription_id: int) -> None:
    wanted = (
        sa.select(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.subscription_id == subscription_id, Order.state == OrderState.PENDING.value)
    )
    waiting = session.scalars(wanted.limit(1)).first()
    if waiting is not None:
        raise AlreadyOrdered(waiting, SERVICE_WAITS)


def _replace_waiting(session: Session, actor: Actor, subscription_id: int) -> None:
    """A person is told of the renewal that waits; Kabinet drops it: nothing is renewed, or paid for, twice."""
    wanted = (
        sa.select(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.subscription_id == subscription_id, Order.state == OrderState.PENDING.value)
        .where(OrderLine.renews.is_(True))
    )
    for waiting in session.scalars(wanted).all():
        if actor.user_id is not None:
            raise AlreadyOrdered(waiting, RENEWAL_WAITS)
        give_up_paying(session, waiting.id)
        fulfilling.drop(session, waiting, REPLACED if waiting.kind == "renewal" else RENEWED_MEANWHILE, actor)


# -- afterwards -------------------------------------------------------------------------------------------------------


def order_of(session: Session, actor: Actor, order_id: int) -> Order:
    """An order with its lines; NotFound where it is another company's."""
    query = sa.select(Order).where(Order.id == order_id)
    query = query.options(joinedload(Order.account), joinedload(Order.payer), selectinload(Order.lines))
    order = session.scalars(query).first()
    if order is None:
        raise NotFound()
    actor.need_company(order.company_id)
    return order


def pay_again(session: Session, actor: Actor, order_id: int) -> PaymentAttempt:
    """Begin to pay an order that waits once more, by the method it was ordered with; an open attempt goes on."""
    actor.need(Right.CABINET_PAYMENTS)
    order = order_of(session, actor, order_id)
    account = lock_account(session, actor, order.account_id)
    session.refresh(order)
    if order.state != OrderState.PENDING.value:
        raise Refused(N_("This order waits for no payment any more. Open it to see how it stands."))
    fulfilling.fill(order, fulfilling.price_now(session, order))
    session.flush()
    begun = sa.select(PaymentAttempt).where(PaymentAttempt.order_id == order.id).order_by(PaymentAttempt.id.desc())
    known = session.scalars(begun).all()
    if known and (known[0].state == AttemptState.HELD.value or fulfilling.is_paid_in_full(session, order)):
        raise Refused(N_("Money for this order has come and is being looked at. Do not pay again; it is safe."))
    if known and known[0].state in attempts.OPEN and known[0].amount == order.total:
        return known[0]
    made = _begin_paying(session, actor, account, order, f"order:{order.id}:{len(known) + 1}")
    if made is None:
        raise Refused(N_("This way to pay is not offered any more. Cancel the order and order again."))
    return made


def give_up_paying(session: Session, order_id: int) -> None:
    """Attempts nobody has paid end; money that comes for one all the same stays on the account."""
    begun = sa.select(PaymentAttempt).where(
        PaymentAttempt.order_id == order_id, PaymentAttempt.state.in_(attempts.OPEN)
    )
    for attempt in session.scalars(
        begun.order_by(PaymentAttempt.id).with_for_update(skip_locked=True)
    ).all():  # money just coming: left
        attempts.end(attempt, AttemptState.EXPIRED, N_("The order was cancelled."))


def cancel(session: Session, actor: Actor, order_id: int, reason: str = "") -> Order:
    """Cancel an order: its customer while it waits, staff (with a reason) also afterwards.

    After payment the money is free on the account again and what was ordered ends; nothing is deleted.
    """
    actor.need(Right.SUBSCRIPTIONS_WRITE if actor.is_staff else Right.CABINET_BUY)
    order = order_of(session, actor, order_id)
    lock_account(session, actor, order.account_id)
    session.refresh(order)
    if order.state == OrderState.CANCELLED.value:
        return order
    was_done = order.state != OrderState.PENDING.value
    if was_done and not actor.is_staff:
        raise Refused(N_("The order is paid. To give the service up, cancel its subscription or write to us."))
    if was_done and order.kind == resizing.KIND:
        raise Refused(N_("What was changed runs already. Set the number back on the page of the service."))
    if actor.is_staff and not reason.strip():
        raise Refused(N_("Say why: the customer reads it."))
    give_up_paying(session, order.id)
    fulfilling.drop(session, order, reason.strip() or Refused(N_("Cancelled by the customer.")), actor)
    if was_done:
        for line in order.lines:
            _take_back(session, order, line)
    session.flush()
    spending.refresh(session, order.account_id)
    payments.wake_orders(session, order.account, f"freed:{order.id}")
    return order


def order_again(session: Session, actor: Actor, order_id: int) -> Cart:
    """Put the goods of an order into the cart once more; one that still waits for its payment is cancelled."""
    actor.need(Right.CABINET_BUY)
    order = order_of(session, actor, order_id)
    if order.kind == resizing.KIND or (order.kind == "renewal" and order.state != OrderState.PENDING.value):
        raise Refused(N_("A renewal or a change is begun on the page of its service."))
    if order.state == OrderState.PENDING.value:
        cancel(session, actor, order.id)
    seller = session.get_one(Seller, order.account.seller_id)
    cart = carts.cart_of(session, "", actor)
    for line in order.lines:
        if line.renews and line.subscription_id is not None:
            service = session.get_one(Subscription, line.subscription_id)
            carts.add_renewal(session, seller, cart, service, line.months, line.days)
            continue
        chosen = {name: Decimal(value) for name, value in line.parameters.items()}
        wish = Wish(line.plan_id, line.quantity, line.months, chosen, line.identifier)
        carts.add(session, seller, cart, wish, line.auto_renew)
    cart.promo_code = order.promo_code
    session.flush()
    return cart


def _take_back(session: Session, order: Order, line: OrderLine) -> None:
    """What was ordered ends; the days it ran stay to be paid for (`kept`), the money for the others is free."""
    if line.subscription_id is None or line.starts_on is None or line.ends_on is None:
        return
    subscription = session.get_one(Subscription, line.subscription_id)
    has_ended = subscription.state == SubscriptionState.ENDED.value
    today = clock.today(session.get_one(Seller, order.account.seller_id).zone)
    ran = subscription.state in RUNNING
    end = max(line.starts_on, today) if ran else line.starts_on
    if has_ended:
        end = max(line.starts_on, subscription.ends_on or line.starts_on)
    line.kept = _cost_of_days(session, subscription, line, min(end, line.ends_on))
    if has_ended:
        return
    subscription.paid_until = subscription.ends_on = end
    if line.renews and end > today:
        return  # it runs on to the end of what was paid before
    subscription.state = move(SubscriptionState(subscription.state), SubscriptionState.ENDED).value
    subscription.auto_renew = False
    session.flush()
    activating.wish(session, subscription, "end")


def _cost_of_days(session: Session, subscription: Subscription, line: OrderLine, end: dt.date) -> Decimal:
    """What a line's days up to `end` cost, never more than was paid for all of them."""
    assert line.starts_on is not None
    if end <= line.starts_on:
        return Decimal("0.00")
    days = Period(line.starts_on, end)
    return min(quotes.cost_of_days(session, subscription, days, is_first=not line.renews), line.total)
