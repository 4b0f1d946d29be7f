"""Services that renew: what each costs and when it is charged next, and what the months to come will need."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.money import half_up
from app.core.period import Month, Period
from app.models import (
    Account,
    Component,
    PaymentMethod,
    Plan,
    PriceVersion,
    Product,
    Seller,
    Subscriber,
    Subscription,
    SubscriptionItem,
)
from app.rules import renewing
from app.rules.lifecycle import SubscriptionState
from app.rules.policies import Calendar, PolicyKind
from app.rules.renewing import Term
from app.services import policies, rates
from app.services.cabinet.subscriptions import LIVE, Part, month_amount, parts_of, price_on
from app.services.shop.renewals import RENEWED, bought_for

PAGE = 25
SOON = 100  # services that are looked at for the charges to come on home
MOST = 1000  # of which months to come are counted: a company with more sees its first thousand
NOTHING = Decimal("0.00")
MONTHLY = ("active", "suspended", "stopped")


@dataclass
class Row:
    """A service that is paid beforehand; `price` of one whole period of `months`, tax included, without discounts."""

    id: int
    name: str
    identifier: str
    product: str
    kind: str
    account_id: int
    account: str
    seller_id: int
    currency: str
    state: str
    auto_renew: bool
    paid_until: dt.date
    failed_on: dt.date | None
    months: int
    period_months: int
    trial_days: int
    tax_included: bool
    tax_bp: int | None
    zone: str
    method_id: int | None
    method: str
    method_state: str
    price: Decimal = NOTHING
    next_on: dt.date | None = None
    calendar: Calendar = field(default_factory=dict)
    translations: dict[str, Any] = field(default_factory=dict)

    @property
    def term(self) -> Term:
        """What its renewal depends on."""
        return Term(self.paid_until, self.months, self.kind, self.failed_on)

    @property
    def is_renewing(self) -> bool:
        """Whether it will be charged by itself."""
        return self.auto_renew and not self.trial_days and self.state in RENEWED


def list_renewals(
    session: Session, actor: Actor, after: tuple[dt.date, int] | None = None, limit: int = PAGE
) -> tuple[list[Row], tuple[dt.date, int] | None]:
    """A page of the company's services that are paid beforehand, the next to end first (AST-150); and its place."""
    actor.need(Right.CABINET_SUBSCRIPTIONS)
    query = _rows().where(Subscription.company_id == actor.company_id)
    if after is not None:
        day, last = after
        later = sa.and_(Subscription.paid_until == day, Subscription.id > last)
        query = query.where(sa.or_(Subscription.paid_until > day, later))
    found = [Row(**row) for row in session.execute(_in_order(query).limit(limit + 1)).mappings()]
    shown = found[:limit]
    fill(session, shown)
    return shown, ((shown[-1].paid_until, shown[-1].id) if len(found) > limit else None)


def all_of(
    session: Session,
    company_id: int | None = None,
    account_ids: Collection[int] = (),
    calendars: Mapping[int, Calendar] | None = None,
) -> list[Row]:
    """Every service of a company, or of some accounts, that is paid beforehand, with prices and next charges."""
    query = _rows()
    if account_ids:
        query = query.where(Subscription.account_id.in_(account_ids))
    else:
        query = query.where(Subscription.company_id == company_id)
    found = [Row(**row) for row in session.execute(_in_order(query).limit(MOST)).mappings()]
    fill(session, found, calendars)
    return found


def _in_order(query: Any) -> Any:
    return query.order_by(Subscription.paid_until, Subscription.id)


def _rows() -> Any:
    return _services().where(_is_prepaid())


def _services() -> Any:
    months = sa.func.coalesce(Subscription.renew_months, bought_for(), Plan.period_months)
    rate = sa.case((Seller.vat_payer.is_(True), _rate(Seller.country, Plan.tax_category)), else_=0)
    return (
        sa.select(
            Subscription.id,
            sa.func.coalesce(sa.func.nullif(Subscription.name, ""), Plan.name).label("name"),
            Subscription.identifier,
            Product.name.label("product"),
            Product.kind,
            Product.translations,
            Subscription.account_id,
            Account.number.label("account"),
            Subscription.seller_id,
            Plan.currency,
            Subscription.state,
            Subscription.auto_renew,
            Subscription.paid_until,
            Subscription.renew_failed_on.label("failed_on"),
            months.label("months"),
            Plan.period_months,
            Plan.trial_days,
            Plan.tax_included,
            rate.label("tax_bp"),
            Seller.zone,
            Subscription.payment_method_id.label("method_id"),
            sa.func.coalesce(PaymentMethod.name, "").label("method"),
            sa.func.coalesce(PaymentMethod.state, "").label("method_state"),
        )
        .join(Plan, Plan.id == Subscription.plan_id)
        .join(Product, Product.id == Plan.product_id)
        .join(Account, Account.id == Subscription.account_id)
        .join(Seller, Seller.id == Subscription.seller_id)
        .outerjoin(PaymentMethod, PaymentMethod.id == Subscription.payment_method_id)
    )


def _is_prepaid() -> Any:
    states = (*RENEWED, SubscriptionState.PROCESSING.value, SubscriptionState.NEEDS_SETUP.value)
    return sa.and_(Subscription.paid_until.is_not(None), Account.contract_id.is_(None), Subscription.state.in_(states))


def _rate(country: Any, category: Any) -> Any:
    """The tax rate in force today, as a part of a statement."""
    return rates.tax_rate(country, category, clock.today()).scalar_subquery()


def fill(session: Session, rows: list[Row], calendars: Mapping[int, Calendar] | None = None) -> None:
    """Prices and days of the next charge, by the parts in force and the policies of each Seller."""
    if not rows:
        return
    known = dict(calendars or {})
    for seller_id in {row.seller_id for row in rows} - set(known):
        known[seller_id] = policies.calendar_for(session, seller_id)
    day = max(clock.today(row.zone) for row in rows)
    parts = parts_of(session, [row.id for row in rows], day, ended=True)
    for row in rows:
        renewed = [p for p in parts.get(row.id, ()) if _lasts(p, row.paid_until or day)]
        month = sum((p.month_amount for p in renewed if p.month_amount is not None), NOTHING)
        _price(row, month, known[row.seller_id])


def _lasts(part: Part, day: dt.date) -> bool:
    """Whether a part is in force when the paid days end: less of it may have been chosen for then."""
    return part.valid_from <= day and (part.valid_to is None or part.valid_to > day)


def _price(row: Row, month: Decimal, calendar: Calendar) -> None:
    """The price of a period from that of a month without tax or with it, and the day of the next charge."""
    rate = 0 if row.tax_included else row.tax_bp or 0
    row.price = half_up(month * row.months * (10_000 + rate) / 10_000)
    row.calendar = calendar
    row.next_on = next_on(row)


def next_on(row: Row) -> dt.date | None:
    """The day it is charged next; None where it does not renew by itself."""
    if not row.is_renewing:
        return None
    return max(renewing.attempt_on(row.term, row.calendar), clock.today(row.zone))


@dataclass(frozen=True)
class Coming:
    """A charge to come."""

    day: dt.date
    row: Row


def charges_in(
    session: Session, actor: Actor, period: Period, calendars: Mapping[int, Calendar] | None = None
) -> list[Coming]:
    """What will be charged on which day of a period, if every charge succeeds: for the calendar; two statements."""
    if not actor.may(Right.CABINET_SUBSCRIPTIONS):
        return []
    return coming(all_of(session, actor.company_id, calendars=calendars), period)


@dataclass
class Service(Row):
    """A service on the home of its company."""

    quantity: Decimal = NOTHING
    subscriber: str = ""
    account_contract: int | None = None


def for_home(
    session: Session, actor: Actor, period: Period, calendar: Calendar, limit: int
) -> tuple[list[Service], list[Coming]]:
    """The newest services in force, and what will be charged in a period; both in one statement."""
    actor.need(Right.CABINET_SUBSCRIPTIONS)
    rows: dict[int, Service] = {}
    months: dict[int, Decimal] = {}
    for line in session.execute(_at_home(actor, period, calendar, limit)).mappings():
        known = dict(line)
        item, component, version = (known.pop(name) for name in ("SubscriptionItem", "Component", "PriceVersion"))
        row = rows.setdefault(known["id"], Service(**known))
        if item is not None:
            amount = month_amount(item, component, version, row.period_months)
            months[row.id] = months.get(row.id, NOTHING) + (amount or NOTHING)
    prepaid = [row for row in rows.values() if row.paid_until is not None and row.account_contract is None]
    for row in prepaid:
        _price(row, months.get(row.id, NOTHING), calendar)
    return list(rows.values())[:limit], coming(prepaid, period)


def _at_home(actor: Actor, period: Period, calendar: Calendar, limit: int) -> sa.Select[Any]:
    """The newest services in force and those that are charged soon, a row for each of their parts in force."""
    own = Subscription.company_id == actor.company_id
    newest = sa.select(Subscription.id).where(own, Subscription.state.in_(LIVE)).order_by(Subscription.id.desc())
    early = period.end + dt.timedelta(calendar[PolicyKind.RENEWAL_ATTEMPT_EARLY]["days_before"])
    soon = sa.select(Subscription.id).where(
        own, Subscription.auto_renew.is_(True), Subscription.state.in_(RENEWED), Subscription.paid_until < early
    )
    first, next_ = newest.limit(limit).subquery(), soon.order_by(Subscription.paid_until).limit(SOON).subquery()
    ids = sa.union(sa.select(first.c.id), sa.select(next_.c.id)).subquery()
    parts = sa.and_(
        SubscriptionItem.subscription_id == Subscription.id,
        Subscription.paid_until.is_not(None),
        SubscriptionItem.valid_from <= Subscription.paid_until,
        sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > Subscription.paid_until),
    )
    return (
        _services()
        .add_columns(
            Subscription.quantity,
            sa.func.coalesce(Subscriber.number, "").label("subscriber"),
            Account.contract_id.label("account_contract"),
            SubscriptionItem,
            Component,
            PriceVersion,
        )
        .outerjoin(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .outerjoin(SubscriptionItem, parts)
        .outerjoin(Component, Component.id == SubscriptionItem.component_id)
        .outerjoin(PriceVersion, price_on(period.start))
        .where(own, Subscription.id.in_(sa.select(ids.c.id)))
        .order_by(Subscription.id.desc())
    )


def coming(rows: Iterable[Row], period: Period) -> list[Coming]:
    """The charges of these services in a period, in order."""
    found = []
    for row in rows:
        if row.is_renewing:
            days = renewing.attempts(row.term, row.calendar, clock.today(row.zone), period.end)
            found += [Coming(day, row) for day in days if day >= period.start]
    return sorted(found, key=lambda one: (one.day, one.row.id))


def by_month(rows: Iterable[Row], since: Month, months: int = 12) -> dict[str, dict[Month, Decimal]]:
    """What each of the next months will need, by currency."""
    sums: dict[str, dict[Month, Decimal]] = {}
    span = Period(since.first_day, since.shift(months).first_day)
    for one in coming(rows, span):
        of_currency = sums.setdefault(one.row.currency, {since.shift(n): NOTHING for n in range(months)})
        of_currency[Month.of(one.day)] += one.row.price
    return sums


def forecast(session: Session, account: Account) -> tuple[Decimal, Decimal]:
    """The least and the most a month of the coming year needs for an account's services (AST-105)."""
    if account.contract_id is not None:
        month = _by_closing(session, account)
        return month, month
    rows = all_of(session, account_ids=[account.id])
    sums = by_month(rows, Month.of(clock.today(policies.zone_of(session, account.seller_id))).shift(1))
    months = list(sums.get(account.currency, {}).values())
    return (min(months), max(months)) if months else (NOTHING, NOTHING)


def _by_closing(session: Session, account: Account) -> Decimal:
    """What a month of a customer with a contract comes to, tax included, without use."""
    seller = session.get_one(Seller, account.seller_id)
    day = clock.today(seller.zone)
    rate = _rate(seller.country, Plan.tax_category)
    query = (
        sa.select(Subscription.id, Plan.tax_included, rate)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(Subscription.account_id == account.id, Subscription.state.in_(MONTHLY))
        .where(sa.or_(Subscription.ends_on.is_(None), Subscription.ends_on > day))
        .order_by(Subscription.id)
        .limit(MOST)
    )
    found = session.execute(query).tuples().all()
    parts = parts_of(session, [one[0] for one in found], day)
    total = Decimal(0)
    for subscription_id, tax_included, bp in found:
        month = sum((p.month_amount or Decimal(0) for p in parts.get(subscription_id, ())), Decimal(0))
        total += month * (10_000 + (0 if tax_included or not seller.vat_payer else bp or 0)) / 10_000
    return half_up(total)
