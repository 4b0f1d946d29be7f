"""More or less of a service in the middle of what is paid for: what that costs, and how it is written (SMC-01, SMC-70).

What becomes dearer is so from today and is paid by days to the end of the paid days; what becomes cheaper is so from
the next period, and nothing is given back. The difference is what the closings will bill with the change less what
they would bill without it, each month rounded as its invoice, so it is billed to the cent.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_, DomainError, Refused
from app.core.period import Month, Period
from app.models import Component, Order, OrderLine, Plan, Seller, Subscription, SubscriptionItem
from app.rules import parameters, prepaying
from app.rules.lifecycle import OrderState, SubscriptionState
from app.rules.parameters import Range
from app.rules.prepaying import NO_TAX, Charge
from app.services.shop import activating, quotes
from app.services.shop.quotes import NOTHING, Part, Quote, Wish

KIND = "change"  # of an order
PAID = (OrderState.PAID.value, OrderState.FULFILLED.value)
ONE_DAY = dt.timedelta(1)


@dataclass(frozen=True)
class Size:
    """How much of a service there is: so many pieces, each with its parameters by code."""

    quantity: Decimal = Decimal(1)
    parameters: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A service as it is `now` and as it will be `then`, from the day `starts_on`.

    `lines` are to be paid, one a stretch that was paid for by itself; there are none where nothing is to pay.
    """

    subscription: Subscription
    plan: Plan
    now: Size
    then: Size
    starts_on: dt.date
    lines: list[Quote]
    before: Decimal  # a whole period as it is now, tax included
    after: Decimal
    ended: list[SubscriptionItem]
    begun: list[SubscriptionItem]

    @property
    def total(self) -> Decimal:
        """What is to be paid now, tax included."""
        return sum((one.first for one in self.lines), NOTHING)

    @property
    def tax(self) -> Decimal:
        """The tax in it."""
        return sum((one.tax for one in self.lines), NOTHING)

    @property
    def discount(self) -> Decimal:
        """What promotions take off it, taken off already."""
        return sum((one.discount for one in self.lines), NOTHING)

    @property
    def is_later(self) -> bool:
        """Whether it waits for the next period."""
        return self.starts_on == self.subscription.paid_until


# -- what there is -----------------------------------------------------------------------------------------------------


def why_not(subscription: Subscription, plan: Plan) -> Refused | None:
    """Why the size of a service that is paid beforehand cannot be changed; None where it can."""
    if subscription.state != SubscriptionState.ACTIVE.value:
        return Refused(N_("Only a service that runs can be changed. Look at its state."))
    by_month = any(one.charged == "period" for one in plan.components)
    if subscription.subscriber_id is not None or plan.trial_days or not by_month:
        return Refused(N_("The number of this service cannot be changed here. Write to us, we will help."))
    if plan.needs_identifier and not ranges_of(plan):
        return Refused(N_("A name is bought once: there is nothing to change."))
    return None


def ranges_of(plan: Plan) -> list[Range]:
    """What is set of a service by its parameters; where there are none, its quantity is."""
    by_month = {one.code for one in plan.components if one.charged == "period"}
    return [one for one in quotes.ranges_of(plan) if one.code in by_month]


def size_of(subscription: Subscription, plan: Plan, items: Sequence[SubscriptionItem], day: dt.date) -> Size:
    """The size of a service on a day, from its parts then."""
    sums: dict[int, list[Decimal]] = {}
    for item in items:
        if item.valid_from <= day and (item.valid_to is None or item.valid_to > day):
            sums.setdefault(item.component_id, []).append(item.quantity)
    ranges = {one.code for one in ranges_of(plan)}
    if ranges:
        many = subscription.quantity or Decimal(1)
        found = {c.code: sum(sums.get(c.id, []), Decimal(0)) / many for c in plan.components if c.code in ranges}
        return Size(many, found)
    first = next((sums[c.id] for c in plan.components if c.charged == "period" and c.id in sums), [Decimal(1)])
    return Size(sum(first, Decimal(0)) if quotes.is_alike(plan) else Decimal(len(first)))


# -- what a change costs -----------------------------------------------------------------------------------------------


def quote(session: Session, subscription: Subscription, wanted: Size | None, today: dt.date) -> Change:
    """What a change costs as of today, and from when it holds; Refused where it cannot be. None: as it is."""
    plan = quotes.load_plans(session, [subscription.plan_id])[subscription.plan_id]
    refusal = why_not(subscription, plan)
    if refusal is not None:
        raise refusal
    until = subscription.paid_until
    if until is None or until <= today:
        raise Refused(N_("Its paid days have ended. Renew it first, then change it."))
    desk = _Desk(session, subscription, plan, today, until)
    return desk.change(wanted or desk.now)


def told(size: Size) -> str:
    """A size as the journal keeps it: «5», or «cores 4, disk 100»."""
    values = [f"{code} {value.normalize():f}" for code, value in sorted(size.parameters.items())]
    return ", ".join(values) or f"{size.quantity.normalize():f}"


class _Desk:
    """A service with its parts, prices and promotions, as changes of it are priced."""

    def __init__(
        self, session: Session, subscription: Subscription, plan: Plan, today: dt.date, until: dt.date
    ) -> None:
        self.session, self.subscription, self.plan, self.today, self.until = session, subscription, plan, today, until
        self.seller = session.get_one(Seller, subscription.seller_id)
        self.rates = quotes.Rates(session, self.seller)
        self.since = Month.of(today).first_day  # an invoice is rounded as a whole
        self.items = quotes.items_from(session, subscription, self.since)
        self.promotions = quotes.promotions_from(session, subscription, self.since)
        self.by_id = {one.id: one for one in plan.components}
        self.now = size_of(subscription, plan, self.items, today)

    def change(self, wanted: Size) -> Change:
        """From today where that is dearer, else from the next period."""
        then = self._checked(wanted)
        change = self._from(then, self.today)
        if change.total >= 0:
            return change if change.total > 0 else replace(change, lines=[])
        return replace(self._from(then, self.until), lines=[])

    def _checked(self, wanted: Size) -> Size:
        ranges = ranges_of(self.plan)
        if not ranges:
            return Size(parameters.check_quantity(wanted.quantity, quotes.is_alike(self.plan)))
        given = {**self.now.parameters, **wanted.parameters}
        return Size(self.now.quantity, {one.code: parameters.choose(one, given[one.code]) for one in ranges})

    def _from(self, then: Size, day: dt.date) -> Change:
        ended, begun = self._rows(then, day)
        after = [i for i in self.items if i not in ended] + self._shortened(ended, day) + begun
        lines = self._lines(then, after, day) if day < self.until else []
        before_sum, after_sum = self._whole(self.items, self.today), self._whole(after, max(day, self.today))
        return Change(self.subscription, self.plan, self.now, then, day, lines, before_sum, after_sum, ended, begun)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _rows(self, then: Size, day: dt.date) -> tuple[list[SubscriptionItem], list[SubscriptionItem]]:
        """Parts that end on `day` (or are never to begin), and those that begin."""
        left, ended = self._targets(then), []
        for item in self.items:
            if item.component.charged != "period" or (item.valid_to is not None and item.valid_to <= day):
                continue
            same = (item.component_id, item.quantity, item.unit_price)
            at = next((n for n, one in enumerate(left) if (one.component_id, one.quantity, one.unit_price) == same), -1)
            if at >= 0 and item.valid_to is None and item.valid_from <= day:
                left.pop(at)
            else:
                ended.append(item)
        begun = [self._row(one.component_id, one.quantity, one.unit_price, day) for one in left]
        return ended, begun + self._set_up(then, day)

    def _targets(self, then: Size) -> list[quotes.NewItem]:
        agreed = {i.component_id: i.unit_price for i in self.items if i.unit_price is not None}
        values = {one.code: one.default for one in quotes.ranges_of(self.plan)} | then.parameters
        wish = Wish(self.plan.id, then.quantity)
        return [
            replace(one, unit_price=agreed.get(one.component_id))
            for one in quotes.items_for(self.plan, wish, values)
            if self.by_id[one.component_id].charged == "period" and one.quantity
        ]

    def _set_up(self, then: Size, day: dt.date) -> list[SubscriptionItem]:
        """What is paid once for each piece more."""
        more = then.quantity - self.now.quantity
        once = [c for c in self.plan.components if c.charged == "once"]
        if more <= 0:
            return []
        if quotes.is_alike(self.plan):
            return [self._row(c.id, more, None, day) for c in once]
        return [self._row(c.id, Decimal(1), None, day) for c in once for _ in range(int(more))]

    def _row(self, component_id: int, quantity: Decimal, unit_price: Decimal | None, day: dt.date) -> SubscriptionItem:
        component, name = self.by_id[component_id], self.subscription.name or self.plan.name
        return SubscriptionItem(
            company_id=self.subscription.company_id,
            subscription_id=self.subscription.id,
            component_id=component_id,
            component=component,
            name=quotes.item_name(name, self.plan, component),
            quantity=quantity,
            unit_price=unit_price,
            valid_from=day,
        )

    def _shortened(self, ended: Sequence[SubscriptionItem], day: dt.date) -> list[SubscriptionItem]:
        """What of the parts that end is left before `day`, as rows that are nowhere kept."""
        found = []
        for one in ended:
            if one.valid_from < day:
                row = self._row(one.component_id, one.quantity, one.unit_price, one.valid_from)
                row.name, row.valid_to = one.name, day
                found.append(row)
        return found

    # -- sums ----------------------------------------------------------------------------------------------------------

    def _lines(self, then: Size, after: Sequence[SubscriptionItem], day: dt.date) -> list[Quote]:
        found = self._stretches(then, after, day, self._ends())
        if any(one.first < 0 for one in found):  # dearer now, cheaper later: one sum
            found = self._stretches(then, after, day, [self.until])
        return found

    @cached_property
    def _ordered(self) -> list[tuple[dt.date | None, int, bool]]:
        """What was ordered for it, the oldest first: its last day, months, and whether its days are paid by it."""
        pays = sa.and_(Order.state.in_(PAID), Order.kind != KIND)
        query = (
            sa.select(OrderLine.ends_on, OrderLine.months, pays)
            .join(Order, Order.id == OrderLine.order_id)
            .where(OrderLine.subscription_id == self.subscription.id)
        )
        return list(self.session.execute(query.order_by(OrderLine.id)).tuples())

    def _ends(self) -> list[dt.date]:
        """Where each stretch that was paid for by itself ends."""
        ends = [end for end, _, pays in self._ordered if pays and end is not None]
        return sorted({*(end for end in ends if self.today < end < self.until), self.until})

    def _stretches(
        self, then: Size, after: Sequence[SubscriptionItem], day: dt.date, ends: Sequence[dt.date]
    ) -> list[Quote]:
        old, new = prepaying.Cents(self.seller.rounding), prepaying.Cents(self.seller.rounding)
        found, start = [], self.since
        for end in ends:
            stretch = Period(start, end)
            charged = (self._charges(self.items, stretch), self._charges(after, stretch))
            found.append(self._line(then, charged, (old, new), Period(max(day, start), end)))
            start = end
        return found

    def _charges(self, items: Sequence[SubscriptionItem], stretch: Period) -> list[Charge]:
        """What the closings charge for these parts in a stretch of days."""
        found: list[Charge] = []
        for item in items:
            priced = quotes.priced_item(item, self.rates, self.subscription)
            days, is_first = stretch, False
            if priced.kind == "once":
                if not stretch.start <= item.valid_from < stretch.end:
                    continue
                days, is_first = Period(item.valid_from, stretch.end), True
            found += prepaying.charges_of([priced], days, self.promotions, is_first)
        return found

    def _line(
        self,
        then: Size,
        charged: tuple[list[Charge], list[Charge]],
        cents: tuple[prepaying.Cents, prepaying.Cents],
        days: Period,
    ) -> Quote:
        parts, first, tax = [], NOTHING, NOTHING
        for component in self.plan.components:
            (gross, its_tax) = _difference(charged, cents, [component.id], discounts=False)
            first, tax = first + gross, tax + its_tax
            if gross:
                parts.append(_part(component, self._quantity(then, component), gross))
        off, its_tax = _difference(charged, cents, list(self.by_id), discounts=True)
        wish = Wish(self.plan.id, then.quantity, self.months, then.parameters, self.subscription.identifier)
        return Quote(
            wish,
            self.plan,
            days.start,
            days.end,
            first=first + off,
            tax=tax + its_tax,
            tax_bp=charged[1][0].tax_bp if charged[1] else NO_TAX,
            discount=-off,
            parts=tuple(parts),
        )

    def _quantity(self, then: Size, component: Component) -> Decimal:
        return then.parameters.get(component.code, Decimal(1)) * then.quantity

    @property
    def months(self) -> int:
        """For how long it is renewed: a change leaves that as it is."""
        bought = [months for _, months, _ in self._ordered if months]
        return self.subscription.renew_months or (bought[-1] if bought else self.plan.period_months)

    def _whole(self, items: Sequence[SubscriptionItem], day: dt.date) -> Decimal:
        """A whole period of what is in force on `day`, at the prices after the paid days, without discounts."""
        wanted = [i for i in items if i.valid_from <= day and (i.valid_to is None or i.valid_to > day)]
        priced = [
            replace(quotes.priced_item(i, self.rates, self.subscription), valid_from=prepaying.ALWAYS, valid_to=None)
            for i in wanted
        ]
        try:
            charges = quotes.next_charges(priced, self.until, self.plan.period_months, self.today)
        except DomainError:
            return NOTHING
        return prepaying.Cents(self.seller.rounding).add(charges)[0]


def _difference(
    charged: tuple[list[Charge], list[Charge]],
    cents: tuple[prepaying.Cents, prepaying.Cents],
    component_ids: Sequence[int],
    *,
    discounts: bool,
) -> tuple[Decimal, Decimal]:
    """(with tax, its tax) that these parts, or their discounts, are billed more after a change."""
    wanted = [
        [c for c in side if c.component_id in component_ids and (c.kind == "discount") == discounts] for side in charged
    ]
    (was, was_tax), (will, will_tax) = (one.add(some) for one, some in zip(cents, wanted, strict=True))
    return will - was, will_tax - was_tax


def _part(component: Component, quantity: Decimal, gross: Decimal) -> Part:
    return Part(
        component.id,
        component.code,
        component.name,
        component.unit,
        quantity,
        "",
        gross,
        NOTHING,
        component.charged,
        first_total=gross,
    )


# -- made so -----------------------------------------------------------------------------------------------------------


def quotes_now(session: Session, order: Order, today: dt.date) -> list[Quote]:
    """What a waiting change costs today, line by line; Refused where the service is not as it was."""
    line = order.lines[0]
    subscription = session.get_one(Subscription, line.subscription_id)
    found = quote(session, subscription, wanted_of(line), today)
    if len(found.lines) != len(order.lines):
        raise Refused(N_("The service was renewed or changed meanwhile. Change it again."))
    return found.lines


def wanted_of(line: OrderLine) -> Size:
    """The size an order's line is for."""
    return Size(line.quantity, {code: Decimal(value) for code, value in line.parameters.items()})


def fulfil(session: Session, order: Order) -> None:
    """What was paid for is so from today, and the platform is told."""
    line = order.lines[0]
    subscription = session.get_one(Subscription, line.subscription_id)
    today = clock.today(session.get_one(Seller, subscription.seller_id).zone)
    write(session, quote(session, subscription, wanted_of(line), today), today)


def write(session: Session, change: Change, today: dt.date) -> None:
    """Write a change: parts end and begin; one that waits is made on its day by `switch`."""
    subscription = change.subscription
    for one in change.ended:
        if one.valid_from >= change.starts_on:
            session.delete(one)
        else:
            one.valid_to = change.starts_on
    session.add_all(change.begun)
    if change.starts_on > today:
        subscription.changes_on = min(subscription.changes_on or change.starts_on, change.starts_on)
        session.flush()
        return
    subscription.quantity, subscription.changes_on = change.then.quantity, None
    session.flush()
    if change.then != change.now:
        activating.wish(session, subscription, "change")


def due(session: Session, seller_id: int, day: dt.date, limit: int = 500, after: int = 0) -> list[int]:
    """Ids of running services whose changed size begins by `day`."""
    query = sa.select(Subscription.id).where(
        Subscription.seller_id == seller_id,
        Subscription.changes_on <= day,
        Subscription.state == SubscriptionState.ACTIVE.value,
        Subscription.paid_until > day,  # what is not renewed is not changed: it stops
        Subscription.id > after,
    )
    return list(session.scalars(query.order_by(Subscription.id).limit(limit)))


def switch(session: Session, subscription_id: int, day: dt.date) -> bool:
    """The next period has begun: the service has its new size, and the platform is told."""
    query = sa.select(Subscription).where(Subscription.id == subscription_id).with_for_update(of=Subscription)
    subscription = session.scalars(query.execution_options(populate_existing=True)).one()
    if subscription.changes_on is None or subscription.changes_on > day:
        return False
    plan = quotes.load_plans(session, [subscription.plan_id])[subscription.plan_id]
    items = quotes.items_from(session, subscription, day)
    subscription.quantity = size_of(subscription, plan, items, day).quantity
    later = [i.valid_from for i in items if i.component.charged == "period" and i.valid_from > day]
    subscription.changes_on = min(later, default=None)
    activating.wish(session, subscription, "change")
    return True
