"""Renewal: by hand or by itself, before the paid days end; what is not paid is stopped, and later ends (AST-145…156).

The schedule asks each Seller's day once. What is due is read from the database, so days that were missed are caught
up; a subscription is locked while it is looked at and its order has the key `renew:<subscription>:<paid until>`, so
whatever runs twice renews a period once. Customers with a contract renew by the closing and are not touched.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.models import (
    Account,
    CartItem,
    Order,
    OrderLine,
    PaymentAttempt,
    PaymentMethod,
    Plan,
    Product,
    Seller,
    Subscription,
)
from app.rules import renewing
from app.rules.lifecycle import AttemptState, OrderState, PaymentMethodState, SubscriptionState, move
from app.rules.notices import NoticeEvent
from app.rules.policies import PolicyKind
from app.rules.renewing import Term
from app.services import methods, policies, trail
from app.services.shop import activating, carts, orders, quotes, spending
from app.services.shop.owning import subscription_of
from app.services.shop.quotes import Quote
from app.services.shop.telling import tell

BOT = Actor.system("renewals")
RENEWED = (SubscriptionState.ACTIVE.value, SubscriptionState.SUSPENDED.value, SubscriptionState.STOPPED.value)
RUNNING = (SubscriptionState.ACTIVE.value, SubscriptionState.SUSPENDED.value)
IN_FLIGHT = (AttemptState.NEW.value, AttemptState.SENT.value, AttemptState.HELD.value)
ONE_DAY = dt.timedelta(1)


# -- what is renewed, and when -----------------------------------------------------------------------------------------


def bought_for(subscription_id: Any = Subscription.id) -> Any:
    """For how many months a subscription was last bought or renewed, as a part of a statement."""
    return (
        sa.select(OrderLine.months)
        .where(OrderLine.subscription_id == subscription_id)
        .order_by(OrderLine.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def months_of(session: Session, subscription: Subscription, plan: Plan) -> int:
    """For how many months a subscription renews: as chosen, as it was bought, or the plan's period."""
    return subscription.renew_months or session.scalar(sa.select(bought_for(subscription.id))) or plan.period_months


def due(session: Session, seller_id: int, day: dt.date, limit: int = 500, after: int = 0) -> list[int]:
    """The ids of subscriptions of a Seller whose renewal is to be tried on `day`, in order."""
    calendar = policies.calendar_for(session, seller_id)
    usual, early = (
        day + dt.timedelta(calendar[kind]["days_before"])
        for kind in (PolicyKind.RENEWAL_ATTEMPT, PolicyKind.RENEWAL_ATTEMPT_EARLY)
    )
    is_early = Product.kind.in_(renewing.EARLY)
    query = (
        _prepaid(seller_id)
        .join(Plan, Plan.id == Subscription.plan_id)
        .join(Product, Product.id == Plan.product_id)
        .where(Subscription.auto_renew.is_(True), Subscription.state.in_(RENEWED), Plan.trial_days == 0)
        .where(sa.or_(Subscription.paid_until <= usual, sa.and_(is_early, Subscription.paid_until <= early)))
        .where(sa.or_(Subscription.renew_failed_on.is_(None), Subscription.renew_failed_on < day))
        .where(Subscription.id > after)
        .order_by(Subscription.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def _prepaid(seller_id: int) -> Any:
    """Ids of subscriptions that are paid beforehand; those of customers with a contract renew by the closing."""
    return (
        sa.select(Subscription.id)
        .join(Account, Account.id == Subscription.account_id)
        .where(Subscription.seller_id == seller_id, Subscription.paid_until.is_not(None), Account.contract_id.is_(None))
    )


def lock(session: Session, subscription_id: int) -> Subscription | None:
    """A subscription that is about to be paid for: its account is locked before it, as everywhere in the shop."""
    account_id = session.scalar(sa.select(Subscription.account_id).where(Subscription.id == subscription_id))
    if account_id is None:
        return None
    orders.lock_account(session, BOT, account_id)
    return _locked(session, subscription_id)


def _locked(session: Session, subscription_id: int) -> Subscription | None:
    query = sa.select(Subscription).where(Subscription.id == subscription_id).with_for_update(of=Subscription)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def term_of(session: Session, subscription: Subscription) -> tuple[Term, Plan]:
    """What the renewal of a subscription depends on."""
    plan = session.get_one(Plan, subscription.plan_id, options=[joinedload(Plan.product)])
    until = subscription.paid_until or subscription.ends_on or subscription.starts_on
    months = months_of(session, subscription, plan)
    return Term(until, months, plan.product.kind, subscription.renew_failed_on), plan


# -- by itself ---------------------------------------------------------------------------------------------------------


def renew_due(session: Session, subscription_id: int, day: dt.date) -> str:
    """Try the renewal of one subscription; in a word what came of it: renewed, charging, failed, nothing."""
    subscription = lock(session, subscription_id)
    if subscription is None or not _is_due(session, subscription, day):
        return "nothing"
    order = waiting_order(session, subscription.id)
    if order is not None and is_being_paid(session, order):
        return "charging"
    term, _plan = term_of(session, subscription)
    key = f"renew:{subscription.id}:{term.until}"
    if subscription.renew_failed_on is not None or _is_taken(session, subscription.company_id, key):
        key = f"{key}:{day}"
    card = _card_of(session, subscription)
    if card is not None and card.state != PaymentMethodState.WORKING.value:
        return _wait_for_card(session, subscription, term, day)
    try:
        with session.begin_nested():
            how, method_id = ("gateway", card.id) if card else ("balance", None)
            made = orders.place_renewal(session, BOT, subscription, term.months, how, method_id, key=key)
    except DomainError as error:
        _fail(session, subscription, term, day, error)
        return "failed"
    return "renewed" if made.state == OrderState.FULFILLED.value else "charging"


def _is_due(session: Session, subscription: Subscription, day: dt.date) -> bool:
    if subscription.paid_until is None or not subscription.auto_renew or subscription.state not in RENEWED:
        return False
    term, _plan = term_of(session, subscription)
    return renewing.attempt_on(term, policies.calendar_for(session, subscription.seller_id)) <= day


def _is_taken(session: Session, company_id: int, key: str) -> bool:
    query = sa.select(Order.id).where(Order.company_id == company_id, Order.idempotency_key == key)
    return session.execute(query).first() is not None


def waiting_order(session: Session, subscription_id: int) -> Order | None:
    """The renewal of a subscription that waits for its money."""
    query = (
        sa.select(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(OrderLine.subscription_id == subscription_id, Order.state == OrderState.PENDING.value)
        .where(OrderLine.renews.is_(True))
        .order_by(Order.id.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def is_being_paid(session: Session, order: Order) -> bool:
    """Whether money for an order is on its way, or held until a person decides."""
    query = sa.select(PaymentAttempt.id).where(PaymentAttempt.order_id == order.id, PaymentAttempt.state.in_(IN_FLIGHT))
    return session.execute(query.limit(1)).first() is not None


def _card_of(session: Session, subscription: Subscription) -> PaymentMethod | None:
    """The saved method that renews a subscription; None: the balance of its account does."""
    if not subscription.payment_method_id:
        return None
    method = session.get(PaymentMethod, subscription.payment_method_id, populate_existing=True)
    return method if method is not None and method.deleted_at is None else None


def _wait_for_card(session: Session, subscription: Subscription, term: Term, day: dt.date) -> str:
    """It is charged again once it works, and nothing else is (AST-156): who looks after it is told once."""
    if subscription.renew_failed_on is not None:
        return "waiting"
    _fail(session, subscription, term, day, Refused(N_("The payment method does not work, so nothing is charged.")))
    return "failed"


def _fail(session: Session, subscription: Subscription, term: Term, day: dt.date, error: DomainError) -> None:
    subscription.renew_failed_on = day
    session.flush()
    trail.record(
        session,
        BOT,
        "renewal.fail",
        "subscription",
        subscription.id,
        company_id=subscription.company_id,
        reason=str(error)[:300],
    )
    with session.no_autoflush:
        price = _price(session, subscription, term)
    _tell_failed(session, subscription, term, day, price)


def _price(session: Session, subscription: Subscription, term: Term) -> Decimal:
    today = clock.today(policies.zone_of(session, subscription.seller_id))
    return quotes.quote_renewal(session, subscription, term.months, max(term.until, today)).first


def _tell_failed(session: Session, subscription: Subscription, term: Term, day: dt.date, price: Decimal) -> None:
    calendar = policies.calendar_for(session, subscription.seller_id)
    method = session.get(PaymentMethod, subscription.payment_method_id) if subscription.payment_method_id else None
    reason: tuple[str, dict[str, str]] = ("renewal_failed_balance", {})
    if method is not None:
        reason = ("renewal_failed_method", {"method": method.called})
    tell(
        session,
        subscription,
        NoticeEvent.RENEWAL_FAILED,
        f"{term.until}:{day}",
        sum=price,
        until=term.until,
        retry=renewing.attempt_on(Term(term.until, term.months, term.kind, day), calendar),
        reason=reason,
    )


def note_failure(session: Session, order_id: int) -> None:
    """A saved method was charged for a renewal and declined: it is tried again as the Seller's policy says."""
    order = session.get(Order, order_id)
    if order is None or order.kind != "renewal" or order.state != OrderState.PENDING.value:
        return
    for line in order.lines:
        subscription = _locked(session, line.subscription_id) if line.subscription_id else None
        if subscription is None:
            continue
        day = clock.today(policies.zone_of(session, subscription.seller_id))
        subscription.renew_failed_on = day
        term, _plan = term_of(session, subscription)
        _tell_failed(session, subscription, term, day, order.total)
    session.flush()


def after_money(session: Session, account_id: int) -> int:
    """Money came to an account: renewals that failed for want of it are tried at once; how many succeeded."""
    query = (
        sa.select(Subscription.id)
        .where(Subscription.account_id == account_id, Subscription.renew_failed_on.is_not(None))
        .where(Subscription.auto_renew.is_(True), Subscription.state.in_(RENEWED))
        .order_by(Subscription.paid_until, Subscription.id)
        .limit(200)
    )
    orders.lock_account(session, BOT, account_id)
    done = 0
    for subscription_id in session.scalars(query).all():
        subscription = _locked(session, subscription_id)
        if subscription is None or _card_of(session, subscription) is not None:
            continue  # its card is charged, on its own day
        failed_on, subscription.renew_failed_on = subscription.renew_failed_on, None
        day = clock.today(policies.zone_of(session, subscription.seller_id))
        term, _plan = term_of(session, subscription)
        price = _price(session, subscription, term)
        if spending.room_of(session, account_id).free < price:
            subscription.renew_failed_on = failed_on
            continue
        done += renew_due(session, subscription_id, day) == "renewed"
    session.flush()
    return done


# -- what is not paid --------------------------------------------------------------------------------------------------


def unpaid(session: Session, seller_id: int, day: dt.date, limit: int = 500, after: int = 0) -> list[int]:
    """Ids of running subscriptions whose paid days have ended by `day`."""
    query = _prepaid(seller_id).where(Subscription.state.in_(RUNNING), Subscription.paid_until <= day)
    return list(session.scalars(query.where(Subscription.id > after).order_by(Subscription.id).limit(limit)))


def stop(session: Session, subscription_id: int, day: dt.date) -> bool:
    """Stop a service nobody paid on; not while its money is on the way."""
    subscription = _locked(session, subscription_id)
    if subscription is None or subscription.state not in RUNNING:
        return False
    until = subscription.paid_until
    if until is None or until > day:
        return False
    order = waiting_order(session, subscription.id)
    if order is not None and order.method_id and is_being_paid(session, order):
        return False  # a saved card is being charged: tomorrow it is known
    subscription.state = move(SubscriptionState(subscription.state), SubscriptionState.STOPPED).value
    subscription.ends_on = until
    activating.wish(session, subscription, "suspend")
    calendar = policies.calendar_for(session, subscription.seller_id)
    facts = {"until": until - ONE_DAY, "ends": renewing.ends_on(until, calendar)}
    tell(session, subscription, NoticeEvent.SERVICE_STOPPED, str(until), **facts)
    return True


def expired(session: Session, seller_id: int, day: dt.date, limit: int = 500, after: int = 0) -> list[int]:
    """Ids of stopped subscriptions whose time to be renewed is over on `day`."""
    grace = policies.calendar_for(session, seller_id)[PolicyKind.RENEWAL_GRACE]["days"]
    query = _prepaid(seller_id).where(
        Subscription.state == SubscriptionState.STOPPED.value, Subscription.paid_until <= day - dt.timedelta(grace)
    )
    return list(session.scalars(query.where(Subscription.id > after).order_by(Subscription.id).limit(limit)))


def end(session: Session, subscription_id: int, day: dt.date) -> bool:
    """End a service that was stopped for so long that nobody renews it any more."""
    subscription = _locked(session, subscription_id)
    if subscription is None or subscription.state != SubscriptionState.STOPPED.value:
        return False
    order = waiting_order(session, subscription.id)
    if order is not None and is_being_paid(session, order):
        return False
    subscription.state = move(SubscriptionState.STOPPED, SubscriptionState.ENDED).value
    subscription.auto_renew, subscription.renew_failed_on = False, None
    activating.wish(session, subscription, "end")
    tell(session, subscription, NoticeEvent.SERVICE_ENDED, "ended", until=day)
    return True


# -- by hand -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A period a service may be renewed for (`days`, where it is for days), and what it costs."""

    months: int
    days: int
    quote: Quote

    @property
    def period(self) -> tuple[int, int]:
        """Months and days, as a form names it."""
        return (0, self.days) if self.days else (self.months, 0)


@dataclass(frozen=True)
class Form:
    """What the renewal form shows (AST-149); `method` renews the service, None: the balance does."""

    subscription: Subscription
    plan: Plan
    until: dt.date
    choices: list[Choice]
    chosen: int
    waiting: Order | None
    attempt_id: int | None
    method: PaymentMethod | None


def form_of(session: Session, actor: Actor, subscription_id: int) -> Form:
    """The periods a service can be renewed for, each with its price and the day it is paid until then."""
    actor.need(Right.CABINET_BUY)
    query = (
        sa.select(Subscription, Seller, PaymentMethod, bought_for().label("bought"), _waiting_id().label("waiting"))
        .join(Seller, Seller.id == Subscription.seller_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Subscription.payment_method_id)
        .where(Subscription.id == subscription_id)
        .options(
            joinedload(Subscription.account, innerjoin=True),
            joinedload(Subscription.plan, innerjoin=True).joinedload(Plan.product, innerjoin=True),
        )
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound()
    subscription, seller, method = row[0], row[1], row[2]
    actor.need_company(subscription.company_id)
    need_renewable(subscription)
    until, plan = subscription.paid_until or subscription.starts_on, subscription.plan
    own = subscription.renew_months or row.bought or plan.period_months
    several = choices_of(plan, own)
    start = max(until, clock.today(seller.zone))
    quoted = zip(several, quotes.quote_renewals(session, subscription, several, start), strict=True)
    found = [Choice(months, days, quote) for (months, days), quote in quoted if quote.refusal is None]
    waiting, attempt_id = _waiting(session, row.waiting) if row.waiting else (None, None)
    works = method is not None and method.deleted_at is None
    return Form(subscription, plan, until, found, own, waiting, attempt_id, method if works else None)


def choices_of(plan: Plan, own: int) -> list[tuple[int, int]]:
    """The periods a plan can be renewed for: months, and days where it is for days (then `own` is what follows)."""
    days = [(own, 1)] if plan.renews_daily and not plan.trial_days else []
    return days + [(months, 0) for months in renewing.choices(plan.period_months, own)]


def _waiting_id() -> Any:
    query = sa.select(sa.func.max(Order.id)).join(OrderLine, OrderLine.order_id == Order.id)
    mine = (OrderLine.subscription_id == Subscription.id, Order.state == OrderState.PENDING.value)
    return query.where(*mine).correlate(Subscription).scalar_subquery()


def _waiting(session: Session, order_id: int) -> tuple[Order, int | None]:
    """A renewal that waits for its money, and the payment begun last for it."""
    query = (
        sa.select(Order, PaymentAttempt.id)
        .outerjoin(PaymentAttempt, PaymentAttempt.order_id == Order.id)
        .where(Order.id == order_id)
        .order_by(PaymentAttempt.id.desc())
        .limit(1)
    )
    order, attempt_id = session.execute(query).one().tuple()
    return order, attempt_id


def need_prepaid(subscription: Subscription) -> None:
    """Refused where a subscription is not one that is paid beforehand."""
    if subscription.account.contract_id is not None or subscription.paid_until is None:
        raise Refused(N_("This service is charged by the month on an invoice: it goes on by itself until you end it."))


def need_renewable(subscription: Subscription) -> None:
    """Refused where it is not paid beforehand, does not run yet, or has ended."""
    need_prepaid(subscription)
    if subscription.state not in RENEWED:
        raise Refused(N_("Only a service that runs or is stopped can be renewed. One that has ended is bought again."))


def renew(
    session: Session,
    actor: Actor,
    subscription_id: int,
    months: int,
    method: str,
    *,
    key: str,
    method_id: int | None = None,
    way_id: int | None = None,
    payer_id: int | None = None,
    seen: Decimal | None = None,
    days: int = 0,
) -> Order:
    """Renew a service now, from the balance, a saved method or through a gateway; the same `key` is one order."""
    orders.lock_account(session, actor, subscription_of(session, actor, subscription_id).account_id)
    subscription = subscription_of(session, actor, subscription_id, lock=True)
    need_renewable(subscription)
    months = _need_choice(session, subscription, months, days)
    made = orders.place_renewal(
        session,
        actor,
        subscription,
        months,
        method,
        method_id,
        key=key,
        way_id=way_id,
        payer_id=payer_id,
        seen=seen,
        days=days,
    )
    trail.record(
        session,
        actor,
        "renewal.ask",
        "subscription",
        subscription.id,
        company_id=subscription.company_id,
        months=0 if days else months,
        days=days,
    )
    return made


def _need_choice(session: Session, subscription: Subscription, months: int, days: int) -> int:
    """The months of a renewal, the service's own where it is for days; Refused where the plan has no such period."""
    own = months_of(session, subscription, subscription.plan)
    months = own if days else months
    if (months, days) not in choices_of(subscription.plan, own):
        raise Refused(N_("Choose one of the periods."))
    return months


def put_in_cart(session: Session, actor: Actor, subscription_id: int, months: int, days: int = 0) -> CartItem:
    """Put the renewal of a service into the person's cart, beside what they buy (AST-149)."""
    subscription = subscription_of(session, actor, subscription_id)
    need_renewable(subscription)
    months = _need_choice(session, subscription, months, days)
    waiting = waiting_order(session, subscription.id)
    if waiting is not None:
        raise orders.AlreadyOrdered(waiting, orders.RENEWAL_WAITS)
    cart = carts.cart_of(session, "", actor)
    seller = session.get_one(Seller, subscription.seller_id)
    return carts.add_renewal(session, seller, cart, subscription, months, days)


def set_auto_renew(session: Session, actor: Actor, subscription_id: int, is_on: bool) -> Subscription:
    """Switch automatic renewal; off, nothing is charged by itself any more and what Kabinet had ordered is dropped."""
    subscription = subscription_of(session, actor, subscription_id)
    waiting = None if is_on else waiting_order(session, subscription.id)
    if waiting is not None and waiting.asked_by is None and not is_being_paid(session, waiting):
        orders.cancel(session, actor, waiting.id)  # before the subscription is locked: the account comes first
    subscription = subscription_of(session, actor, subscription_id, lock=True)
    need_prepaid(subscription)
    if is_on and subscription.plan.trial_days:
        raise Refused(N_("A trial is not renewed by itself. Buy the service before it ends."))
    if subscription.auto_renew == is_on:
        return subscription
    subscription.auto_renew = is_on
    subscription.renew_failed_on = None
    _note(session, actor, "renewal.switch", subscription, is_on=is_on)
    return subscription


def set_method(session: Session, actor: Actor, subscription_id: int, method_id: int | None) -> Subscription:
    """What renews a service from now on: a saved method, or (None) the balance of its account (AST-151)."""
    subscription = subscription_of(session, actor, subscription_id, lock=True)
    need_prepaid(subscription)
    if method_id is not None:
        from_these = {one.id for one in methods.usable(session, actor, subscription.account)}
        if method_id not in from_these:
            raise Refused(N_("This payment method cannot renew the service. Choose another."))
    subscription.payment_method_id = method_id
    _note(session, actor, "renewal.method", subscription, method_id=method_id)
    return subscription


def set_period(session: Session, actor: Actor, subscription_id: int, months: int) -> Subscription:
    """For how long it renews by itself; chosen only for a service that runs already (AST-148)."""
    subscription = subscription_of(session, actor, subscription_id, lock=True)
    need_renewable(subscription)
    if subscription.state != SubscriptionState.ACTIVE.value:
        raise Refused(N_("The period of renewal can be changed only for a service that runs."))
    if months not in renewing.choices(subscription.plan.period_months, subscription.renew_months):
        raise Refused(N_("Choose one of the periods."))
    subscription.renew_months = months
    _note(session, actor, "renewal.period", subscription, months=months)
    return subscription


def _note(session: Session, actor: Actor, action: str, subscription: Subscription, **details: Any) -> None:
    session.flush()
    trail.record(session, actor, action, "subscription", subscription.id, company_id=subscription.company_id, **details)


def days_of_sellers(session: Session, hour: int) -> list[tuple[int, dt.date]]:
    """Sellers in whose zone it is `hour` or later, each with its business day."""
    found = []
    for seller_id, zone in session.execute(sa.select(Seller.id, Seller.zone).order_by(Seller.id)).tuples():
        local = clock.now().astimezone(ZoneInfo(zone))
        if local.hour >= hour:
            found.append((seller_id, local.date()))
    return found
