"""An order that is paid, or may be paid by invoice, becomes what was bought: subscriptions made or prolonged.

Money that comes to an account wishes for `fulfil_waiting`: each order that waits is priced again as of today, since a
period begins on the day it is paid for. It is fulfilled for what was agreed or less, never for more.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, Refused
from app.models import (
    Account,
    Order,
    OrderLine,
    PaymentAttempt,
    PaymentMethod,
    Promotion,
    Seller,
    Subscription,
    SubscriptionItem,
    SubscriptionPromotion,
)
from app.rules.lifecycle import AttemptState, OrderState, PaymentMethodState, SubscriptionState, move
from app.services import trail
from app.services.shop import activating, order_notices, promotions, quotes, reasons, resizing, spending
from app.services.shop.quotes import Part, Quote, Wish

BOT = Actor.system("orders")
ON_CREDIT = "invoice"


# -- made so ----------------------------------------------------------------------------------------------------------


def fulfil(session: Session, order: Order, actor: Actor = BOT) -> Order:
    """Make or prolong what was ordered; its money or credit is taken already. Twice is once."""
    if order.state == OrderState.FULFILLED.value:
        return order
    order.state = move(OrderState(order.state), OrderState.FULFILLED).value
    order.ended_at = clock.now()
    order.paid_at = None if order.method == ON_CREDIT else order.paid_at or clock.now()
    order.reason = ""
    method_id = order.method_id or _method_kept(session, order)
    if order.kind == resizing.KIND:
        resizing.fulfil(session, order)
    for line in order.lines:
        if line.renews:
            _prolong(session, line)
        elif order.kind != resizing.KIND:
            _subscribe(session, order, line, method_id)
    session.flush()
    trail.record(
        session,
        actor,
        "order.fulfil",
        "orders",
        order.id,
        company_id=order.company_id,
        number=order.number,
        total=str(order.total),
    )
    order_notices.tell_paid(session, order)
    return order


def _prolong(session: Session, line: OrderLine) -> None:
    subscription = session.get_one(Subscription, line.subscription_id)
    assert line.starts_on is not None and line.ends_on is not None
    activating.extend(session, subscription, line.starts_on, line.ends_on)


def _method_kept(session: Session, order: Order) -> int | None:
    """The card that was kept when this order was paid with it."""
    wanted = (
        sa.select(PaymentAttempt.method_id)
        .join(PaymentMethod, PaymentMethod.id == PaymentAttempt.method_id)
        .where(PaymentAttempt.order_id == order.id, PaymentAttempt.state == AttemptState.PAID.value)
        .where(PaymentMethod.deleted_at.is_(None), PaymentMethod.state == PaymentMethodState.WORKING.value)
    )
    return session.scalar(wanted.order_by(PaymentAttempt.id.desc()).limit(1))


def _subscribe(session: Session, order: Order, line: OrderLine, method_id: int | None) -> Subscription:
    assert line.starts_on is not None
    by_closing = order.account.contract_id is not None  # charged month by month, until it is ended
    goes_on = by_closing and line.auto_renew and not line.plan.trial_days
    made = Subscription(
        company_id=order.company_id,
        seller_id=order.account.seller_id,
        account_id=order.account_id,
        plan_id=line.plan_id,
        name=line.name,
        quantity=line.quantity,
        starts_on=line.starts_on,
        ends_on=None if goes_on else line.ends_on,
        paid_until=None if by_closing else line.ends_on,
        state=SubscriptionState.ORDERED.value,
        auto_renew=line.auto_renew and not line.plan.trial_days,
        payment_method_id=method_id,
        identifier=line.identifier,
    )
    session.add(made)
    session.flush()
    line.subscription_id = made.id
    _add_items(session, made, line)
    if line.promotion_id is not None and line.discount > 0:
        _give_discount(session, made, line)
    activating.wish(session, made, "create")
    return made


def _add_items(session: Session, made: Subscription, line: OrderLine) -> None:
    """The parts as they were priced; a trial's cost nothing."""
    components = {component.id: component for component in line.plan.components}
    for part in line.breakdown:
        component = components[part["component_id"]]
        for quantity, unit_price in part["items"]:
            session.add(
                SubscriptionItem(
                    company_id=made.company_id,
                    subscription_id=made.id,
                    component_id=component.id,
                    name=quotes.item_name(line.name, line.plan, component),
                    quantity=Decimal(quantity),
                    unit_price=Decimal(unit_price) if unit_price is not None else None,
                    valid_from=made.starts_on,
                )
            )


def _give_discount(session: Session, made: Subscription, line: OrderLine) -> None:
    """A percentage for the period that was bought; an amount off once, as it was shared out."""
    off_once = next((part["off_once"] for part in line.breakdown if part.get("off_once")), None)
    session.add(
        SubscriptionPromotion(
            company_id=made.company_id,
            subscription_id=made.id,
            promotion_id=line.promotion_id,
            valid_from=made.starts_on,
            valid_to=line.ends_on,
            off_once=Decimal(off_once) if off_once is not None else None,
        )
    )


# -- money came -------------------------------------------------------------------------------------------------------


def fulfil_waiting(session: Session, account_id: int) -> list[Order]:
    """Look at every order of an account that waits for money, the oldest first; those that could be fulfilled.

    An order whose own payment came in full is fulfilled with it, another from free money. One whose price has risen
    since is cancelled with a word: its money stays on the account, and nobody orders dearer for a customer.
    """
    locked = sa.select(Account).where(Account.id == account_id).with_for_update(of=Account)
    account = session.scalars(locked.execution_options(populate_existing=True)).one()
    done = []
    for order in session.scalars(_waiting(account_id)).all():
        if _try(session, account, order):
            done.append(order)
    return done


def _waiting(account_id: int) -> Any:
    return (
        sa.select(Order)
        .where(Order.account_id == account_id, Order.state == OrderState.PENDING.value)
        .options(selectinload(Order.lines))
        .order_by(Order.id)
        .execution_options(populate_existing=True)
    )


def _try(session: Session, account: Account, order: Order) -> bool:
    try:
        found = price_now(session, order)
    except DomainError as error:
        drop(session, order, error, BOT)
        return False
    total = sum((one.first for one in found), Decimal(0))
    if not is_paid_in_full(session, order):
        free = spending.room_of(session, account.id).own  # what waits is to be paid: nobody chose credit for it
        if free < total:
            order.reason = _what_is_missing(account, order, total - free)
            session.flush()
            return False
    fill(order, found)
    fulfil(session, order)
    spending.refresh(session, account.id)
    return True


def _what_is_missing(account: Account, order: Order, missing: Decimal) -> str:
    return reasons.keep(
        Refused(
            N_("It waits for its payment: %(missing)s more are needed on account %(number)s."),
            missing=f"{missing:.2f} {order.currency}",
            number=account.number,
        )
    )


def is_paid_in_full(session: Session, order: Order) -> bool:
    """Whether a payment begun for this very order brought its whole sum, and it still lies on the order's account."""
    paid = sa.select(Order.id).where(Order.id == order.id, spending.own_money().exists())
    return session.scalar(paid) is not None


def price_now(session: Session, order: Order) -> list[Quote]:
    """What the lines of a waiting order cost today; Refused where they are not sold any more or dearer than agreed."""
    seller = session.get_one(Seller, order.account.seller_id)
    today = clock.today(seller.zone)
    with _not_counted(session, order):
        _need_services(session, order)
        is_change = order.kind == resizing.KIND
        found = resizing.quotes_now(session, order, today) if is_change else _quoted(session, order, seller, today)
    total = sum((one.first for one in found), Decimal(0))
    if total > order.total:
        raise Refused(
            N_(
                "Its price is %(now)s now and was %(before)s when it was ordered: a new period has begun or the price "
                "list has changed. Order again; money that came for it is on the account."
            ),
            now=f"{total:.2f} {order.currency}",
            before=f"{order.total:.2f} {order.currency}",
        )
    return found


@contextmanager
def _not_counted(session: Session, order: Order) -> Iterator[None]:
    """While an order is priced again, its own uses of promo codes, trials and first purchases are not in its way."""
    used, state = promotions_of(order), order.state
    order.state = OrderState.CANCELLED.value
    for promotion_id in used:
        promotions.give_back(session, promotion_id)
        session.refresh(session.get_one(Promotion, promotion_id))
    session.flush()
    try:
        yield
    finally:
        for promotion_id in used:
            promotions.use(session, promotion_id)
        order.state = state
        session.flush()


def fill(order: Order, found: list[Quote]) -> None:
    """Keep in an order what was quoted for its lines."""
    for line, quote in zip(order.lines, found, strict=True):
        fill_line(line, quote)
    zero = Decimal("0.00")
    order.total = sum((line.total for line in order.lines), zero)
    order.tax = sum((line.tax for line in order.lines), zero)
    order.discount = sum((line.discount for line in order.lines), zero)


def _need_services(session: Session, order: Order) -> None:
    for line in order.lines:
        if line.renews and session.get_one(Subscription, line.subscription_id).state == SubscriptionState.ENDED.value:
            raise Refused(N_("The subscription has ended meanwhile. Buy it again."))


def _quoted(session: Session, order: Order, seller: Seller, today: dt.date) -> list[Quote]:
    wishes = [_wish(session, order, line) for line in order.lines]
    found = quotes.quote(session, seller, wishes, today, order.promo_code, company_id=order.company_id)
    if found.refusal is not None:
        raise found.refusal
    return [need_quote(one) for one in found.lines]


def need_quote(quote: Quote) -> Quote:
    """The quote, where there is one; its refusal otherwise."""
    if quote.refusal is not None:
        raise quote.refusal
    return quote


def _wish(session: Session, order: Order, line: OrderLine) -> Wish:
    own = session.get(Promotion, line.promotion_id) if line.promotion_id else None
    code = own.code if own is not None and own.code != promotions.normalised(order.promo_code) else ""
    parameters = {name: Decimal(value) for name, value in line.parameters.items()}
    renewed = (line.subscription_id, line.days) if line.renews else ()
    return Wish(line.plan_id, line.quantity, line.months, parameters, line.identifier, code, *renewed)


def promotions_of(order: Order) -> list[int]:
    return sorted({line.promotion_id for line in order.lines if line.promotion_id is not None})


def fill_line(line: OrderLine, quote: Quote) -> None:
    """Keep in a line what was quoted for it."""
    line.total, line.tax, line.discount, line.next_total = quote.first, quote.tax, quote.discount, quote.next
    line.starts_on, line.ends_on, line.promotion_id = quote.starts_on, quote.ends_on, quote.promotion_id
    line.breakdown = [_part(quote, part) for part in quote.parts]
    if quote.off_once is not None and line.breakdown:
        line.breakdown[0]["off_once"] = str(quote.off_once)


def _part(quote: Quote, part: Part) -> dict[str, Any]:
    return {
        "component_id": part.component_id,
        "code": part.code,
        "name": part.name,
        "unit": part.unit,
        "quantity": str(part.quantity),
        "limit": part.limit,
        "unit_price": str(part.unit_price),
        "per_quantity": part.per_quantity,
        "first": str(part.first_total),
        "next": str(part.next_total),
        "items": [
            [str(one.quantity), None if one.unit_price is None else str(one.unit_price)]
            for one in quote.items
            if one.component_id == part.component_id
        ],
    }


# -- undone -----------------------------------------------------------------------------------------------------------


def drop(session: Session, order: Order, why: DomainError | str, actor: Actor) -> None:
    """Cancel an order: its promotion codes may be used again, its money is free on the account."""
    order.state = move(OrderState(order.state), OrderState.CANCELLED).value
    order.ended_at = clock.now()
    order.reason = reasons.keep(why) if isinstance(why, DomainError) else why[: reasons.LIMIT]
    for promotion_id in promotions_of(order):
        promotions.give_back(session, promotion_id)
    session.flush()
    trail.record(
        session,
        actor,
        "order.cancel",
        "orders",
        order.id,
        company_id=order.company_id,
        number=order.number,
        reason=str(why),
    )
    order_notices.tell_cancelled(session, order)
