"""What a purchase costs: the first period from today, and whole periods after it, as the closings will bill them.

A quote reads the price list, the tax rates and the promotions in a fixed number of statements, however many lines it
has; `rules.prepaying` prices it. What is wrong with a line is its `refusal`, a sentence; nothing is raised.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.money import FINE, half_up
from app.core.period import Month, Period
from app.models import (
    Component,
    Order,
    OrderLine,
    Plan,
    PriceVersion,
    Promotion,
    Seller,
    Subscription,
    SubscriptionItem,
    SubscriptionPromotion,
    TaxRate,
)
from app.rules import parameters, prepaying, renewing
from app.rules.lifecycle import OrderState, SubscriptionState
from app.rules.parameters import Range
from app.rules.prepaying import NO_TAX, WITHOUT_TAX, Charge, DatedPrice, DatedRate, Discount
from app.rules.pricing import Price
from app.services.shop import promotions

NOTHING = Decimal("0.00")
FOR_PURCHASES = N_("A promo code is for what is bought: a renewal keeps the discounts of its service. Remove the code.")
RENEWED = (SubscriptionState.ACTIVE.value, SubscriptionState.SUSPENDED.value, SubscriptionState.STOPPED.value)
_Dated = TypeVar("_Dated", DatedPrice, DatedRate)
_DOMAIN = re.compile(r"(?=.{4,253}$)([^\W_]([^\W_]|-){0,62}\.)+[^\W\d_]([^\W_]|-){0,61}[^\W_]")


@dataclass(frozen=True)
class Wish:
    """A plan somebody wants, for so many months, with the parameters chosen by code.

    With a `subscription_id` that service is renewed: for `days`, where there are any, else for `months`.
    """

    plan_id: int
    quantity: Decimal = Decimal(1)
    months: int = 1
    parameters: dict[str, Decimal] = field(default_factory=dict)
    identifier: str = ""
    promo_code: str = ""
    subscription_id: int | None = None
    days: int = 0


@dataclass(frozen=True)
class Part:
    """A part of a line: `first` and `next` as closings charge them (4 decimals, tax as in the plan).

    `first_total` and `next_total` are cents with tax: over the parts they add up to the line without its discount.
    """

    component_id: int
    code: str
    name: str
    unit: str
    quantity: Decimal
    limit: str  # «present» where so much is included and more is charged as used
    first: Decimal
    next: Decimal
    charged: str = "period"
    included: Decimal = Decimal(0)
    unit_price: Decimal = Decimal(0)
    per_quantity: int = 1
    first_total: Decimal = NOTHING
    next_total: Decimal = NOTHING


@dataclass(frozen=True)
class NewItem:
    """A subscription item that fulfilment is to write; `unit_price` 0 where the trial is free."""

    component_id: int
    quantity: Decimal
    unit_price: Decimal | None = None


@dataclass(frozen=True)
class Quote:
    """A line's price. `first` and `next` are with tax; `alone` is what `first` would be by itself, undiscounted."""

    wish: Wish
    plan: Plan | None
    starts_on: dt.date
    ends_on: dt.date
    first: Decimal = NOTHING
    tax: Decimal = NOTHING
    tax_bp: int = NO_TAX  # of the first day; -1: without tax
    discount: Decimal = NOTHING  # with tax, taken off `first` already
    next: Decimal = NOTHING  # of `wish.months` whole months, without discounts
    parts: tuple[Part, ...] = ()
    promotion_id: int | None = None
    refusal: DomainError | None = None
    items: tuple[NewItem, ...] = ()
    off_once: Decimal | None = None  # of an amount off: for SubscriptionPromotion.off_once
    alone: Decimal = NOTHING
    next_tax: Decimal = NOTHING
    is_trial: bool = False
    promotion: Promotion | None = None
    promo_refusal: DomainError | None = None  # of the line's own code: the line itself may be sold
    service: Subscription | None = None  # what is renewed

    @property
    def name(self) -> str:
        """What the subscription and its order line are called."""
        own = self.service.name if self.service is not None else ""
        return own or (self.plan.name if self.plan else "")

    @property
    def price(self) -> Decimal:
        """The line before its discount, with tax."""
        return self.first + self.discount

    @property
    def tax_included(self) -> bool:
        """Whether prices of the plan have the tax in them."""
        return self.plan is None or self.plan.tax_included


@dataclass(frozen=True)
class Quotes:
    """An order's price: what can be sold of it adds up to `total`; `refusal` is the first thing against it."""

    lines: list[Quote]
    total: Decimal
    tax: Decimal
    discount: Decimal
    currency: str
    refusal: DomainError | None = None
    promotion: Promotion | None = None  # of the whole order
    promo_refusal: DomainError | None = None

    @property
    def subtotal(self) -> Decimal:
        """Before discounts, with tax."""
        return self.total + self.discount


# -- choosing ----------------------------------------------------------------------------------------------------------


def ranges_of(plan: Plan) -> list[Range]:
    """What a customer sets when buying a plan."""
    found = (
        parameters.range_of(c.code, c.name, c.unit, (c.minimum, c.maximum, c.step), c.included)
        for c in plan.components
        if c.charged != "usage"
    )
    return [one for one in found if one is not None]


def is_alike(plan: Plan) -> bool:
    """Whether the price is so much a piece: then many pieces are one item, not many."""
    return all(c.model == "per_unit" and not c.included for c in plan.components if c.charged != "usage")


def chosen(plan: Plan, wish: Wish) -> dict[str, Decimal]:
    """Every parameter of a plan with the value wished for, or its default; Refused where it may not be so."""
    ranges = {one.code: one for one in ranges_of(plan)}
    strange = sorted(set(wish.parameters) - set(ranges))
    if strange:
        raise Refused(
            N_("«%(code)s» cannot be chosen here any more. Open the product and choose again."), code=strange[0]
        )
    return {code: parameters.choose(one, wish.parameters.get(code, one.default)) for code, one in ranges.items()}


def check_identifier(plan: Plan, identifier: str) -> str:
    """The domain name a plan is bought for, in small letters; Refused where it is missing or none."""
    name = identifier.strip().lower().rstrip(".")
    if not plan.needs_identifier:
        return name
    if not _DOMAIN.fullmatch(name):
        raise Refused(N_("Write the domain name «%(plan)s» is for, like example.com."), plan=plan.name)
    return name


def _check(plan: Plan | None, wish: Wish, seller: Seller) -> dict[str, Decimal]:
    if plan is None or plan.seller_id != seller.id:
        raise Refused(N_("It is no longer sold. Remove it from the cart."))
    if not (plan.is_on_sale and plan.product.is_on_sale) or plan.for_subscribers:
        raise Refused(N_("«%(name)s» is no longer sold. Remove it from the cart."), name=plan.name)
    parameters.check_months(wish.months, plan.period_months)
    parameters.check_quantity(wish.quantity, is_alike(plan))
    if plan.trial_days and wish.quantity != 1:
        raise Refused(N_("A trial is taken once. Set its quantity to 1."))
    check_identifier(plan, wish.identifier)
    return chosen(plan, wish)


def items_for(plan: Plan, wish: Wish, values: dict[str, Decimal]) -> tuple[NewItem, ...]:
    """Items of a purchase: several pieces of what is not so much a piece are several items, each at its own price."""
    found: list[NewItem] = []
    own = Decimal(0) if plan.trial_days else None
    alike = is_alike(plan)
    for component in plan.components:
        quantity = values.get(component.code, Decimal(1))
        if component.charged == "usage":
            found.append(NewItem(component.id, Decimal(1), own))
        elif alike:
            found.append(NewItem(component.id, quantity * wish.quantity, own))
        elif quantity:
            found += [NewItem(component.id, quantity, own)] * int(wish.quantity)
    return tuple(found)


# -- reading -----------------------------------------------------------------------------------------------------------


def load_plans(session: Session, ids: Iterable[int]) -> dict[int, Plan]:
    """Plans with product, parts and prices, in one statement."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    found = session.scalars(
        sa.select(Plan)
        .where(Plan.id.in_(wanted))
        .options(joinedload(Plan.product), joinedload(Plan.components).joinedload(Component.prices))
    )
    return {plan.id: plan for plan in found.unique()}


class Rates:
    """The tax rates of a Seller, chosen as the closing chooses them."""

    def __init__(self, session: Session, seller: Seller) -> None:
        rows = session.scalars(sa.select(TaxRate).where(TaxRate.country == seller.country)).all()
        self.taxed = seller.vat_payer and bool(rows)
        self.by: dict[str, list[DatedRate]] = {}
        for row in rows:
            self.by.setdefault(row.category, []).append(DatedRate(row.rate_bp, row.valid_from, row.valid_to))

    def of(self, category: str) -> tuple[DatedRate, ...]:
        """The dated rates of a tax category."""
        if not self.taxed or category == "exempt":
            return WITHOUT_TAX
        if category == "telecom" and category not in self.by:
            category = "standard"
        return tuple(self.by.get(category, ()))


def _prices(component: Component, own: Decimal | None) -> tuple[DatedPrice, ...]:
    if own is not None or component.tariff_id is not None:
        unit = own or Decimal(0)
        price = Price(component.model, unit, 1, component.included, ((Decimal(0), unit),))
        return (DatedPrice(price, prepaying.ALWAYS),)
    return tuple(DatedPrice(_price(component, v), v.valid_from, v.valid_to) for v in component.prices)


def _price(component: Component, version: PriceVersion) -> Price:
    tiers = tuple((Decimal(start), Decimal(unit)) for start, unit in version.tiers)
    return Price(component.model, version.unit_price, version.per_quantity, component.included, tiers)


def _priced(
    component: Component, plan: Plan, quantity: Decimal, own: Decimal | None, rates: Rates, name: str
) -> prepaying.Item:
    return prepaying.Item(
        component.id,
        name,
        component.unit,
        component.charged,
        quantity,
        _prices(component, own),
        rates.of(plan.tax_category),
        plan.tax_included,
        plan.period_months,
    )


def item_name(name: str, plan: Plan, component: Component) -> str:
    """What documents call a part of a plan that is sold as `name`: lines of one name may be rounded together."""
    return (name if len(plan.components) == 1 else f"{name}: {component.name}")[:255]


# -- pricing a line ----------------------------------------------------------------------------------------------------


@dataclass
class _Line:
    """A line on its way to a quote."""

    quote: Quote
    priced: list[prepaying.Item] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    next_charges: list[Charge] = field(default_factory=list)
    discounts: list[Charge] = field(default_factory=list)
    names: list[tuple[Component, Decimal]] = field(default_factory=list)  # of a renewal: its parts and how much of each

    @property
    def is_sold(self) -> bool:
        return self.quote.refusal is None

    def refuse(self, refusal: DomainError) -> None:
        self.quote = replace(self.quote, refusal=refusal)


def _period(plan: Plan, day: dt.date, months: int) -> Period:
    if plan.trial_days:
        return Period(day, day + dt.timedelta(days=plan.trial_days))
    return prepaying.first_period(day, months)


def next_charges(items: list[prepaying.Item], ends_on: dt.date, months: int, day: dt.date) -> list[Charge]:
    """Whole months after the first period; at today's prices where those of that time are not known."""
    start = Month.of(ends_on)
    period = Period(start.first_day, start.shift(months).first_day)
    try:
        return prepaying.charges_of(items, period, first_purchase=False)
    except DomainError:
        kept = [replace(i, prices=_in_force(i.prices, day), rates=_in_force(i.rates, day)) for i in items]
        return prepaying.charges_of(kept, period, first_purchase=False)


def _in_force(dated: tuple[_Dated, ...], day: dt.date) -> tuple[_Dated, ...]:
    now = [d for d in dated if d.valid_from <= day and (d.valid_to is None or d.valid_to > day)]
    return tuple(replace(d, valid_from=prepaying.ALWAYS, valid_to=None) for d in now)


def _line(wish: Wish, plan: Plan | None, seller: Seller, rates: Rates, day: dt.date) -> _Line:
    line = _Line(Quote(wish, plan, day, day))
    try:
        values = _check(plan, wish, seller)
        assert plan is not None
        period = _period(plan, day, wish.months)
        items = items_for(plan, wish, values)
        by_id = {c.id: c for c in plan.components}
        line.priced = [
            _priced(c := by_id[i.component_id], plan, i.quantity, i.unit_price, rates, item_name(plan.name, plan, c))
            for i in items
        ]
        line.charges = prepaying.charges_of(line.priced, period)
        if not plan.trial_days:
            line.next_charges = next_charges(line.priced, period.end, wish.months, day)
        line.quote = replace(
            line.quote,
            ends_on=period.end,
            items=items,
            is_trial=bool(plan.trial_days),
            tax_bp=line.charges[0].tax_bp if line.charges else NO_TAX,
            alone=prepaying.Cents(seller.rounding).add(line.charges)[0],
        )
    except DomainError as refusal:
        line.refuse(refusal)
    return line


def _finish(line: _Line, cents: prepaying.Cents, seller: Seller, names: Sequence[tuple[Component, Decimal]]) -> Quote:
    """Round a line after those before it: its parts, its discount, and the next period by itself."""
    later = prepaying.Cents(seller.rounding)
    first = tax = following = following_tax = NOTHING
    parts = []
    for component, quantity in names:
        id_ = component.id
        now = [c for c in line.charges if c.component_id == id_]
        then = [c for c in line.next_charges if c.component_id == id_]
        (total, its_tax), (next_total, next_tax) = cents.add(now), later.add(then)
        first, tax = first + total, tax + its_tax
        following, following_tax = following + next_total, following_tax + next_tax
        parts.append(_part(component, quantity, line, (now, total), (then, next_total)))
    off, its_tax = cents.add(line.discounts)
    return replace(
        line.quote,
        first=first + off,
        tax=tax + its_tax,
        discount=-off,
        next=following,
        next_tax=following_tax,
        parts=tuple(parts),
    )


def _part(
    component: Component,
    quantity: Decimal,
    line: _Line,
    now: tuple[list[Charge], Decimal],
    then: tuple[list[Charge], Decimal],
) -> Part:
    version = _version(component, line.quote.starts_on)
    return Part(
        component.id,
        component.code,
        component.name,
        component.unit,
        quantity,
        "present" if component.charged == "usage" else "",
        _fine(now[0]),
        _fine(then[0]),
        component.charged,
        component.included,
        version.unit_price if version and not line.quote.is_trial else Decimal(0),
        version.per_quantity if version else 1,
        now[1],
        then[1],
    )


def _version(component: Component, day: dt.date) -> PriceVersion | None:
    now = (v for v in component.prices if v.valid_from <= day and (v.valid_to is None or v.valid_to > day))
    return next(now, None)


def _fine(charges: list[Charge]) -> Decimal:
    return (Decimal(sum(c.amount for c in charges)) / FINE).quantize(Decimal("0.0001"))


# -- an order ----------------------------------------------------------------------------------------------------------


def quote(
    session: Session,
    seller: Seller,
    wishes: Sequence[Wish],
    day: dt.date,
    promo_code: str = "",
    company_id: int | None = None,
    left_out: Collection[int] = (),
) -> Quotes:
    """What these wishes cost together on `day`; refusals stand on the lines and on the whole, nothing is raised.

    Those at the places `left_out` are priced by themselves and are in no total.
    """
    plans = load_plans(session, (wish.plan_id for wish in wishes))
    rates = Rates(session, seller)
    services = _services(session, [w.subscription_id for w in wishes if w.subscription_id is not None], day)
    every = [
        _line(wish, plans.get(wish.plan_id), seller, rates, day)
        if wish.subscription_id is None
        else _renewal_in_cart(wish, services.get(wish.subscription_id), plans, seller, rates, day, company_id)
        for wish in wishes
    ]
    lines = [x for at, x in enumerate(every) if at not in left_out]
    currency = next((x.quote.plan.currency for x in lines if x.is_sold and x.quote.plan), seller.currency)
    _refuse_other_currencies(lines, currency)
    _refuse_taken_trials(session, every, company_id)
    promotion, refusal = _promote(session, seller, lines, day, promo_code, currency, company_id)
    cents = prepaying.Cents(seller.rounding)
    quotes = [
        _finish(x, prepaying.Cents(seller.rounding) if at in left_out else cents, seller, x.names or _named(x))
        if x.is_sold
        else x.quote
        for at, x in enumerate(every)
    ]
    counted = [q for at, q in enumerate(quotes) if at not in left_out]
    wrong = [q.refusal or q.promo_refusal for q in counted if q.refusal or q.promo_refusal]
    return Quotes(
        quotes,
        sum((q.first for q in counted), NOTHING),
        sum((q.tax for q in counted), NOTHING),
        sum((q.discount for q in counted), NOTHING),
        currency,
        wrong[0] if wrong else refusal,
        promotion,
        refusal,
    )


def _named(line: _Line) -> list[tuple[Component, Decimal]]:
    plan = line.quote.plan
    assert plan is not None
    values: dict[int, Decimal] = {}
    for item in line.quote.items:
        values[item.component_id] = values.get(item.component_id, Decimal(0)) + item.quantity
    return [(c, values.get(c.id, Decimal(0))) for c in plan.components]


def _refuse_other_currencies(lines: list[_Line], currency: str) -> None:
    for line in lines:
        if line.is_sold and line.quote.plan and line.quote.plan.currency != currency:
            line.refuse(
                Refused(
                    N_("«%(name)s» is sold in %(currency)s: buy it in an order of its own."),
                    name=line.quote.name,
                    currency=line.quote.plan.currency,
                )
            )


def _refuse_taken_trials(session: Session, lines: list[_Line], company_id: int | None) -> None:
    trials = [x for x in lines if x.is_sold and x.quote.is_trial and x.quote.plan]
    if not trials:
        return
    products = {x.quote.plan.product_id for x in trials if x.quote.plan}
    taken = _trials_taken(session, company_id, products) if company_id is not None else set()
    for line in trials:
        assert line.quote.plan is not None
        if line.quote.plan.product_id in taken:
            line.refuse(
                Refused(
                    N_("The trial of «%(name)s» has been used: it is given once. Buy the product instead."),
                    name=line.quote.plan.product.name,
                )
            )
        taken.add(line.quote.plan.product_id)


def _trials_taken(session: Session, company_id: int, products: set[int]) -> set[int]:
    of_trial = (Plan.trial_days > 0, Plan.product_id.in_(products))
    running = sa.select(Plan.product_id).join(Subscription, Subscription.plan_id == Plan.id)
    ordered = (
        sa.select(Plan.product_id)
        .join(OrderLine, OrderLine.plan_id == Plan.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(OrderLine.company_id == company_id, Order.state != OrderState.CANCELLED.value, *of_trial)
    )
    both = sa.union_all(running.where(Subscription.company_id == company_id, *of_trial), ordered)
    return set(session.scalars(both))


# -- promotions --------------------------------------------------------------------------------------------------------


def _promote(
    session: Session,
    seller: Seller,
    lines: list[_Line],
    day: dt.date,
    promo_code: str,
    currency: str,
    company_id: int | None,
) -> tuple[Promotion | None, DomainError | None]:
    """Give each line its discount: by its own code, else by the order's. Returns the order's promotion, or why not.

    A renewal keeps the discounts of its service: codes are for what is bought.
    """
    sold = [x for x in lines if x.is_sold and x.quote.wish.subscription_id is None]
    codes = {promo_code, *(x.quote.wish.promo_code for x in sold)} - {""}
    if not codes or not sold:
        only_renewals = bool(promo_code and lines) and all(x.quote.wish.subscription_id for x in lines)
        return None, (Refused(FOR_PURCHASES) if only_renewals else None)
    known = promotions.find(session, seller, codes)
    asks = any(p.first_purchase_only for p in known.values())
    is_first = promotions.is_first_purchase(session, company_id) if asks else True

    def examine(code: str, among: list[_Line]) -> Promotion:
        return promotions.examine(
            known.get(promotions.normalised(code)),
            code,
            goods=[(x.quote.plan.product_id, x.quote.alone) for x in among if x.quote.plan],
            day=day,
            seller=seller,
            currency=currency,
            is_first=is_first,
        )

    _promote_by_own_codes(sold, examine)
    return _promote_the_rest(sold, promo_code, examine) if promo_code else (None, None)


_Examine = Callable[[str, list[_Line]], Promotion]  # a code and the lines it is asked for; Refused where it is none


def _promote_by_own_codes(sold: list[_Line], examine: _Examine) -> None:
    for line in sold:
        if line.quote.wish.promo_code:
            try:
                _discount(examine(line.quote.wish.promo_code, [line]), [line])
            except DomainError as refusal:
                line.quote = replace(line.quote, promo_refusal=refusal)


def _promote_the_rest(
    sold: list[_Line], promo_code: str, examine: _Examine
) -> tuple[Promotion | None, DomainError | None]:
    free = [x for x in sold if x.quote.promotion_id is None]
    try:
        promotion = examine(promo_code, sold)
    except DomainError as refusal:
        return None, refusal
    _discount(promotion, [x for x in free if promotion.product_id in (None, x.quote.plan and x.quote.plan.product_id)])
    return promotion, None


def _discount(promotion: Promotion, lines: list[_Line]) -> None:
    """A percentage off each line, or an amount split over them in proportion to their prices."""
    lines = [x for x in lines if x.quote.alone > 0]
    if promotion.percent_bp:
        for line in lines:
            _discount_percent(promotion, line)
        return
    shares = prepaying.share_out(promotion.amount, [x.quote.alone for x in lines])
    for line, share in zip(lines, shares, strict=True):
        rate = 0 if line.quote.tax_included else max(line.quote.tax_bp, 0)
        off = half_up(share * 10_000 / (10_000 + rate))
        line.discounts = prepaying.take_off(line.charges, name_of(promotion), off)
        line.quote = replace(line.quote, promotion_id=promotion.id, promotion=promotion, off_once=off)


def _discount_percent(promotion: Promotion, line: _Line) -> None:
    off = Discount(promotion.id, name_of(promotion), promotion.percent_bp, valid_from=promotion.valid_from)
    period = Period(line.quote.starts_on, line.quote.ends_on)
    both = prepaying.charges_of(line.priced, period, [off])
    line.discounts = [c for c in both if c.kind == "discount"]
    line.quote = replace(line.quote, promotion_id=promotion.id, promotion=promotion)


def name_of(promotion: Promotion) -> str:
    """What a document calls a promotion."""
    return promotion.name or promotion.code


# -- renewal -----------------------------------------------------------------------------------------------------------


def renewal_day(subscription: Subscription, today: dt.date) -> dt.date:
    """The first day a renewal is for: where the paid days end, or today where they have ended."""
    return max(subscription.paid_until or subscription.ends_on or today, today)


def quote_renewal(session: Session, subscription: Subscription, months: int, from_day: dt.date, days: int = 0) -> Quote:
    """What a subscription costs from `from_day` on as its parts are then, its promotions counted."""
    return quote_renewals(session, subscription, [(months, days)], from_day)[0]


def quote_renewals(
    session: Session, subscription: Subscription, several: Sequence[tuple[int, int]], from_day: dt.date
) -> list[Quote]:
    """The same for several periods (months; days, where it is for days) to choose among, read once."""
    seller = session.get(Seller, subscription.seller_id)
    if seller is None:
        raise NotFound()
    plan = session.get_one(Plan, subscription.plan_id)
    items, given = items_from(session, subscription, from_day), promotions_from(session, subscription, from_day)
    service, rates = _Service(subscription, items, given), Rates(session, seller)
    known = (plan.id, subscription.quantity)
    wishes = [Wish(*known, months, {}, subscription.identifier, "", subscription.id, days) for months, days in several]
    lines = [_renewal(wish, service, plan, seller, rates, from_day) for wish in wishes]
    return [
        _finish(one, prepaying.Cents(seller.rounding), seller, one.names) if one.is_sold else one.quote for one in lines
    ]


def cost_of_days(session: Session, subscription: Subscription, days: Period, *, is_first: bool) -> Decimal:
    """What the closings charge for days a service ran, tax included; with `is_first` what is paid once, too."""
    seller = session.get_one(Seller, subscription.seller_id)
    rates = Rates(session, seller)
    items = [priced_item(i, rates, subscription) for i in items_from(session, subscription, days.start)]
    charges = prepaying.charges_of(items, days, promotions_from(session, subscription, days.start), is_first)
    once = sa.select(SubscriptionPromotion.off_once).where(
        SubscriptionPromotion.subscription_id == subscription.id, SubscriptionPromotion.off_once.is_not(None)
    )
    for off in session.scalars(once).all() if is_first else ():
        charges += prepaying.take_off(charges, "", off or NOTHING)
    return prepaying.Cents(seller.rounding).add(charges)[0]


@dataclass(frozen=True)
class _Service:
    """A subscription that is to be renewed, with its parts and promotions."""

    subscription: Subscription
    items: Sequence[SubscriptionItem]
    promotions: Sequence[Discount]


def _services(session: Session, ids: Sequence[int], day: dt.date) -> dict[int, _Service]:
    """Subscriptions with their parts and promotions, in three statements however many they are."""
    if not ids:
        return {}
    account = joinedload(Subscription.account, innerjoin=True)
    found = session.scalars(sa.select(Subscription).where(Subscription.id.in_(set(ids))).options(account)).all()
    items, given = _items_of(session, ids, day), _promotions_of(session, ids, day)
    return {one.id: _Service(one, items.get(one.id, ()), given.get(one.id, ())) for one in found}


def _renewal_in_cart(
    wish: Wish,
    service: _Service | None,
    plans: dict[int, Plan],
    seller: Seller,
    rates: Rates,
    today: dt.date,
    company_id: int | None,
) -> _Line:
    plan, line = plans.get(wish.plan_id), _Line(Quote(wish, plans.get(wish.plan_id), today, today))
    subscription = service.subscription if service is not None else None
    if plan is None or service is None or subscription is None or subscription.company_id != company_id:
        line.refuse(Refused(N_("It cannot be renewed. Remove it from the cart.")))
    elif (
        subscription.seller_id != seller.id
        or subscription.state not in RENEWED
        or subscription.paid_until is None
        or subscription.account.contract_id is not None
    ):
        name = subscription.name or plan.name
        line.refuse(Refused(N_("«%(name)s» cannot be renewed any more. Remove it from the cart."), name=name))
    else:
        line = _renewal(wish, service, plan, seller, rates, renewal_day(subscription, today))
    return line


def _renewal(wish: Wish, service: _Service, plan: Plan, seller: Seller, rates: Rates, from_day: dt.date) -> _Line:
    items = [i for i in service.items if i.valid_to is None or i.valid_to > from_day]
    quote = Quote(wish, plan, from_day, from_day, service=service.subscription)
    line = _Line(quote, [priced_item(i, rates, service.subscription) for i in items])
    try:
        period = _renewed_for(wish, plan, from_day)
        both = prepaying.charges_of(line.priced, period, service.promotions, False)
        line.charges = [c for c in both if c.kind != "discount"]
        line.discounts = [c for c in both if c.kind == "discount"]
        line.next_charges = next_charges(line.priced, period.end, wish.months, from_day)
    except DomainError as refusal:
        line.refuse(refusal)
        return line
    line.quote = replace(
        line.quote,
        ends_on=period.end,
        tax_bp=line.charges[0].tax_bp if line.charges else NO_TAX,
        alone=prepaying.Cents(seller.rounding).add(line.charges)[0],
        items=tuple(NewItem(i.component_id, i.quantity, i.unit_price) for i in items),
    )
    sums: dict[int, tuple[Component, Decimal]] = {}
    for item in items:
        before = sums.get(item.component_id, (item.component, Decimal(0)))[1]
        sums[item.component_id] = (item.component, before + item.quantity)
    line.names = list(sums.values())
    return line


def _renewed_for(wish: Wish, plan: Plan, from_day: dt.date) -> Period:
    """The days a renewal pays for; Refused where the plan is not renewed for so long."""
    if plan.trial_days:
        raise Refused(N_("A trial is not renewed. Buy «%(name)s» instead."), name=plan.product.name)
    if wish.days:
        if not plan.renews_daily or not 0 < wish.days <= renewing.MOST_DAYS:
            raise Refused(N_("«%(name)s» is not renewed for so many days. Choose another period."), name=plan.name)
        return Period(from_day, from_day + dt.timedelta(wish.days))
    parameters.check_months(wish.months, plan.period_months)
    return prepaying.first_period(from_day, wish.months)


def items_from(session: Session, subscription: Subscription, day: dt.date) -> list[SubscriptionItem]:
    """The parts of a subscription that are not over on `day`, with their components and prices."""
    return _items_of(session, [subscription.id], day).get(subscription.id, [])


def _items_of(session: Session, ids: Sequence[int], day: dt.date) -> dict[int, list[SubscriptionItem]]:
    wanted = (
        sa.select(SubscriptionItem)
        .where(
            SubscriptionItem.subscription_id.in_(set(ids)),
            sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > day),
        )
        .order_by(SubscriptionItem.id)
        .options(
            joinedload(SubscriptionItem.component).options(joinedload(Component.prices), joinedload(Component.plan))
        )
    )
    found: dict[int, list[SubscriptionItem]] = {}
    for item in session.scalars(wanted).unique():
        found.setdefault(item.subscription_id, []).append(item)
    return found


def priced_item(item: SubscriptionItem, rates: Rates, subscription: Subscription) -> prepaying.Item:
    """A part in force as `rules.prepaying` prices it."""
    component = item.component
    name = item.name or subscription.name or component.name
    priced = _priced(component, component.plan, item.quantity, item.unit_price, rates, name)
    return replace(priced, valid_from=item.valid_from, valid_to=item.valid_to)


def promotions_from(session: Session, subscription: Subscription, day: dt.date) -> list[Discount]:
    """The promotions of a subscription that are not over on `day`; amounts off once apart."""
    return _promotions_of(session, [subscription.id], day).get(subscription.id, [])


def _promotions_of(session: Session, ids: Sequence[int], day: dt.date) -> dict[int, list[Discount]]:
    given = session.execute(
        sa.select(SubscriptionPromotion, Promotion)
        .join(Promotion, Promotion.id == SubscriptionPromotion.promotion_id)
        .where(
            SubscriptionPromotion.subscription_id.in_(set(ids)),
            SubscriptionPromotion.off_once.is_(None),
            sa.or_(SubscriptionPromotion.valid_to.is_(None), SubscriptionPromotion.valid_to > day),
        )
    )
    found: dict[int, list[Discount]] = {}
    for own, promotion in given:
        off = Decimal(0) if promotion.percent_bp else promotion.amount
        since, until = max(own.valid_from, promotion.valid_from), own.valid_to or promotion.valid_to
        discount = Discount(promotion.id, name_of(promotion), promotion.percent_bp, off, since, until)
        found.setdefault(own.subscription_id, []).append(discount)
    return found
