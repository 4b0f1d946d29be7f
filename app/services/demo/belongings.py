"""What the demo's companies own: saved cards, seats, an extension, phones in parts, orders."""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.period import Month
from app.models import (
    Account,
    Company,
    Component,
    Extension,
    InstalmentPlan,
    Order,
    OrderLine,
    PaymentMethod,
    PaymentWay,
    Plan,
    Seat,
    Seller,
    Subscription,
    User,
)
from app.rules.lifecycle import (
    OrderState,
    PaymentMethodState,
)
from app.services import instalments, numbering, payments, sealing
from app.services.demo.calendar import at
from app.services.demo.life import OFFICE
from app.services.demo.story import Client


def add_cards(session: Session, clients: dict[int, Client], secret: str) -> None:
    """Saved ways to pay, in each state; the sandbox charges those that work."""
    states = list(PaymentMethodState)
    for number, (company_id, client) in enumerate(sorted(clients.items())):
        if client.code not in ("orion", "vega") and number % 5:
            continue
        mine = sa.select(Account).where(Account.company_id == company_id)
        account = session.scalars(mine.order_by(Account.id).limit(1)).first()
        state = PaymentMethodState.WORKING if client.code == "orion" else states[number % len(states)]
        if account is None:
            continue
        way = sa.select(PaymentWay.id).where(PaymentWay.seller_id == account.seller_id, PaymentWay.gateway == "sandbox")
        session.add(
            PaymentMethod(
                company_id=company_id,
                account_id=account.id,
                payer_id=account.payer_id,
                way_id=session.scalar(way.order_by(PaymentWay.id).limit(1)),
                gateway="sandbox",
                name="Visa" if number % 2 else "Mastercard",
                mask=f"*{1000 + number * 37:04d}",
                token="" if state == PaymentMethodState.SETTING_UP else sealing.seal(f"pays-{client.code}", secret),
                state=state.value,
                monthly_maximum=Decimal(20_000) if state == PaymentMethodState.WORKING else None,
            )
        )
    session.flush()


def _subscription_to(session: Session, company: Company, offer: str) -> Subscription | None:
    query = sa.select(Subscription).join(Plan, Plan.id == Subscription.plan_id)
    return session.scalars(query.where(Subscription.company_id == company.id, Plan.code == offer).limit(1)).first()


def add_seats(session: Session, company: Company, people: dict[str, User]) -> None:
    """Licences: some assigned to the company's people, the rest idle."""
    subscription = _subscription_to(session, company, "office-month")
    if subscription is None:
        return
    own = [user for user in people.values() if user.company_id == company.id]
    session.add_all(
        Seat(company_id=company.id, subscription_id=subscription.id, user_id=user.id, assigned_at=clock.now())
        for user in own[:3]
    )
    session.flush()


def add_extension(session: Session, company: Company, today: dt.date) -> None:
    """A short enlargement that was used last month."""
    subscription = _subscription_to(session, company, "books-base")
    if subscription is None:
        return
    period = Month.of(today).shift(-1).first_day
    starts_at = at(period + dt.timedelta(days=9))
    session.add(
        Extension(
            company_id=company.id,
            subscription_id=subscription.id,
            period_start=period,
            starts_at=starts_at,
            ends_at=starts_at + dt.timedelta(days=7),
        )
    )
    session.flush()


def hand_over_phones(session: Session, company: Company) -> None:
    """Phones sold in twelve parts today, the down payment paid at once; the first part falls due in six weeks."""
    account_id = session.scalars(
        sa.select(Account.id).where(Account.company_id == company.id).order_by(Account.id).limit(1)
    ).one()
    today = clock.today()
    plan = instalments.make_plan(
        session,
        OFFICE,
        account_id,
        "Телефони, 12 частин",
        Decimal(24_000),
        down_payment=Decimal(4_800),
        count=12,
        first_on=Month.of(today).shift(2).first_day.replace(day=10),
    )
    _pay_phones(session, plan, plan.down_payment)


def pay_phones(session: Session, company: Company) -> None:
    """The part whose turn has come is invoiced and paid."""
    instalments.invoice_parts(session, OFFICE, company.seller_id)
    query = sa.select(InstalmentPlan).where(InstalmentPlan.company_id == company.id)
    for plan in session.scalars(query):
        for part in plan.parts:
            if part.state == "invoiced":
                _pay_phones(session, plan, part.amount - part.paid)


def _pay_phones(session: Session, plan: InstalmentPlan, amount: Decimal) -> None:
    assert plan.document_id is not None
    payments.record_payment(
        session,
        OFFICE,
        plan.account_id,
        amount,
        clock.today(),
        purpose="Оплата частини за телефони",
        invoice_ids=[plan.document_id],
        key=f"demo:phones:{plan.id}:{clock.today()}",
    )


def add_orders(session: Session, company: Company, months: list[Month]) -> None:
    """What was bought through the shop: an order for each of the newest services, one still unpaid."""
    seller = session.get_one(Seller, company.seller_id)
    query = sa.select(Subscription).where(Subscription.company_id == company.id, Subscription.subscriber_id.is_(None))
    bought = list(session.scalars(query.order_by(Subscription.starts_on, Subscription.id)))[-3:]
    first = sorted((max(one.starts_on, months[0].first_day), place, one) for place, one in enumerate(bought))
    for place, (day, _, subscription) in enumerate(first):
        total = _month_price(session, subscription)
        dated = numbering.date_for(session, seller.id, "order", day)  # the shop has taken numbers since
        _, number = numbering.number_next(session, seller, "order", dated)
        account = session.get_one(Account, subscription.account_id)
        state = OrderState.PENDING if place == len(first) - 1 else OrderState.FULFILLED
        order = Order(
            company_id=company.id,
            account_id=account.id,
            payer_id=account.payer_id,
            number=number,
            idempotency_key=f"demo-{subscription.id}",
            currency=account.currency,
            total=total,
            tax=(total - total / Decimal("1.2")).quantize(Decimal("0.01")),
            state=state.value,
            ordered_at=at(day),
        )
        order.lines.append(
            OrderLine(
                company_id=company.id,
                plan_id=subscription.plan_id,
                subscription_id=subscription.id if state == OrderState.FULFILLED else None,
                name=subscription.name,
                quantity=subscription.quantity,
                total=total,
            )
        )
        session.add(order)
        session.flush()


def _month_price(session: Session, subscription: Subscription) -> Decimal:
    prices = session.scalars(
        sa.select(Component).where(Component.plan_id == subscription.plan_id, Component.charged == "period")
    )
    total = sum((part.prices[-1].unit_price * subscription.quantity for part in prices), Decimal(0))
    return max(total, Decimal(1)).quantize(Decimal("0.01"))
