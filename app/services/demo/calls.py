"""Office lines of the demo's telecom customer: a tariff with prefixes and a package, and calls as an exchange has them.

The calls go through the import's own rating; two of them belong to nobody and wait.
"""

import datetime as dt
import random
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.period import Month
from app.imports.lines import ImportLine
from app.imports.reading import Row
from app.models import (
    Account,
    Category,
    Company,
    Component,
    Plan,
    Product,
    Seller,
    Subscriber,
    Subscription,
    SubscriptionItem,
    Tariff,
    TariffPackage,
    TariffPrefix,
    TariffRate,
)
from app.rules.lifecycle import SubscriberState, SubscriptionState
from app.services.importing import usage

COMPANY, LINES, SOURCE = "orion", 40, "exchange"
HOME, MOBILE, NEAR, FAR = "Україна, міські", "Україна, мобільні", "Європа", "Інші країни"
_PREFIXES = {
    HOME: ("380",),
    MOBILE: (
        "38039",
        "38050",
        "38063",
        "38066",
        "38067",
        "38068",
        "38073",
        "38077",
        "38091",
        "38095",
        "38096",
        "38099",
    ),
    NEAR: ("48", "49", "33", "39", "420", "421", "40", "36"),
}
# destination → (price a minute in working hours, at other times, connect fee, first/next increments)
_RATES = {
    HOME: ("0.30", "0.20", "0", 60, 1),
    MOBILE: ("0.55", "0.40", "0", 60, 1),
    NEAR: ("6.50", "6.50", "0.50", 60, 60),
    "": ("18.00", "18.00", "1.00", 60, 60),
}
_NUMBERS = ("38044", "38032", "38067", "38050", "38073", "48600", "49151", "1212")
_HOW_OFTEN = (30, 12, 25, 18, 10, 3, 2, 1)


def add_tariff(session: Session, seller: Seller, since: dt.date) -> None:
    """The tariff, a plan whose calls it rates, and forty lines that have it from a day on."""
    tariff = Tariff(seller_id=seller.id, code="office-calls", name="Дзвінки офісу", currency=seller.currency)
    session.add(tariff)
    session.flush()
    for destination, prefixes in _PREFIXES.items():
        session.add_all(TariffPrefix(tariff_id=tariff.id, prefix=one, destination=destination) for one in prefixes)
    for destination, (work, off, fee, first, increment) in _RATES.items():
        common = {"tariff_id": tariff.id, "destination": destination, "valid_from": since, "connect_fee": Decimal(fee)}
        common |= {"first_increment": first, "increment": increment}
        session.add(TariffRate(price=Decimal(off), **common))
        if work != off:
            session.add(TariffRate(price=Decimal(work), time_class="work", weight=10, **common))
    session.add(
        TariffPackage(
            tariff_id=tariff.id,
            code="hour-home",
            name="60 хвилин по Україні",
            kind="voice",
            amount=3600,
            destinations=f"{HOME};{MOBILE}",
            valid_from=since,
        )
    )
    session.flush()
    _add_lines(session, _add_part(session, seller, tariff), since)


def _add_part(session: Session, seller: Seller, tariff: Tariff) -> Component:
    shelf = session.scalar(sa.select(Category.id).where(Category.code == "telecom"))
    product = Product(
        seller_id=seller.id, category_id=shelf, code="office-line", name="Телефонія офісу", is_on_sale=False
    )
    session.add(product)
    session.flush()
    plan = Plan(
        seller_id=seller.id,
        product_id=product.id,
        code="office-line",
        name="Лінія офісу",
        currency=seller.currency,
        tax_category="telecom",
    )
    part = Component(code="office-calls", name="дзвінки офісу", unit="хв", charged="usage", tariff_id=tariff.id)
    plan.components.append(part)
    session.add(plan)
    session.flush()
    return part


def _add_lines(session: Session, part: Component, since: dt.date) -> None:
    query = (
        sa.select(Subscriber.id, Subscriber.company_id, Subscriber.account_id, Account.seller_id)
        .join(Account, Account.id == Subscriber.account_id)
        .join(Company, Company.id == Subscriber.company_id)
        .where(Company.code == COMPANY, Subscriber.state == SubscriberState.ACTIVE.value)
        .order_by(Subscriber.number)
        .limit(LINES)
    )
    for subscriber_id, company_id, account_id, seller_id in session.execute(query).all():
        subscription = Subscription(
            company_id=company_id,
            seller_id=seller_id,
            account_id=account_id,
            plan_id=part.plan_id,
            subscriber_id=subscriber_id,
            name="Лінія офісу",
            starts_on=since,
            state=SubscriptionState.ACTIVE.value,
        )
        item = SubscriptionItem(
            company_id=company_id, component_id=part.id, name="Дзвінки офісу", quantity=Decimal(1), valid_from=since
        )
        subscription.items.append(item)
        session.add(subscription)
    session.flush()


def add_calls(session: Session, seller: Seller, month: Month) -> None:
    """The calls of the days of a month that have passed, a dozen or two a line; and two of nobody."""
    rng = random.Random(f"calls:{month}")  # noqa: S311
    query = (
        sa.select(Subscriber.number)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(Plan.seller_id == seller.id, Plan.code == "office-line")
        .order_by(Subscriber.number)
    )
    last = min(month.period.last_day, clock.today(seller.zone))
    callers = [number for number in session.scalars(query) for _ in range(rng.randint(8, 22))]
    if callers and last < month.period.last_day:
        callers += ["+380441999999", "+380441999998"]
    moments = sorted(_moment(month, last, seller.zone, rng) for _ in callers)
    rng.shuffle(callers)
    lines = [
        (_line(caller, moment, rng), f"{month}.{place}")
        for place, (caller, moment) in enumerate(zip(callers, moments, strict=True))
        if moment <= clock.now()
    ]
    if lines:
        usage.place(session, seller, SOURCE, lines)


def _moment(month: Month, last: dt.date, zone: str, rng: random.Random) -> dt.datetime:
    day = month.first_day + dt.timedelta(days=rng.randint(0, (last - month.first_day).days))
    hour = rng.choices((8, 10, 12, 15, 17, 20), (10, 30, 20, 25, 10, 5))[0]
    local = dt.datetime.combine(day, dt.time(hour, rng.randint(0, 59), rng.randint(0, 59)), ZoneInfo(zone))
    return local.astimezone(dt.UTC)


def _line(caller: str, moment: dt.datetime, rng: random.Random) -> ImportLine:
    called = f"{rng.choices(_NUMBERS, _HOW_OFTEN)[0]}{rng.randint(0, 9_999_999):07d}"[:12]
    seconds = min(int(rng.expovariate(1 / 140)) + 1, 3600)
    found: dict[str, Any] = {
        "subscriber_number": caller,
        "called_number": called,
        "account_number": "",
        "service": "voice",
        "kind": "voice",
        "quantity": Decimal(seconds),
        "volume": seconds,
        "unit": "s",
        "started_at": moment,
    }
    cells = {"src": caller, "dst": called, "start": f"{moment:%Y-%m-%d %H:%M:%S}", "billsec": str(seconds)}
    return ImportLine(0, Row(0, list(cells.values()), list(cells)), found, {}, [], [], [])
