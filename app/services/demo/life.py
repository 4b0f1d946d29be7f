"""A year of the demo: months closed, invoices paid in time, late, in part or not at all, and what goes wrong between.

Everything is done through the services, standing at the day it happened.
"""

import datetime as dt
import random
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.money import half_up
from app.core.period import Month
from app.models import (
    Account,
    Company,
    Component,
    CreditLimit,
    Document,
    DocumentKind,
    Outbox,
    Seller,
    Subscriber,
    Subscription,
    SubscriptionItem,
)
from app.rules.lifecycle import CompanyState, OutboxState, SubscriberState, SubscriptionState
from app.services import billing, payments
from app.services.demo.story import Client

OFFICE = Actor.system("demo")
_PURPOSES = {
    "UA": "Оплата за послуги за рахунком {}",
    "RU": "Оплата услуг по счёту {}",
    "PL": "Opłata za usługi, faktura {}",
}


def close_month(session: Session, seller: Seller, month: Month) -> None:
    """A run of the month, to its end, on the first day of the next one."""
    run = billing.start_run(session, OFFICE, seller.id, month)
    while billing.run_batch(session, OFFICE, run.id).left:
        pass


def forget_wishes(session: Session) -> None:
    """Files and letters of the past are not made again: who opens an old document gets its file then."""
    session.execute(
        sa.update(Outbox)
        .where(Outbox.state == OutboxState.PENDING.value, Outbox.created_at <= clock.now())
        .values(state=OutboxState.DONE.value)
        .execution_options(synchronize_session=False)
    )


# -- payments ----------------------------------------------------------------------------------------------------------


def pay_month(session: Session, clients: dict[int, Client], month: Month, after: int) -> None:
    """Payments that came in during `month`; `after` so many closed months still follow."""
    planned = []
    for account, client, owed, number in _open_accounts(session, clients):
        rng = random.Random(f"pay:{account.number}:{month}")  # noqa: S311
        choice = _choose(client, owed, month, after, rng)
        if choice is not None and client.code == "orion" and not after and account.id not in _with_lines(session):
            choice = choice[0], half_up(owed / 2)  # something is left to pay in the cabinet that visitors open
        if choice is not None:
            planned.append((*choice, account, client, number))
    planned.sort(key=lambda one: (one[0], one[2].id))
    for day, amount, account, client, number in planned:
        if day <= clock.today(account.seller.zone):
            _pay(session, account, client, day, amount, number)


def _open_accounts(session: Session, clients: dict[int, Client]) -> list[tuple[Account, Client, Decimal, str | None]]:
    waiting = (
        sa.select(Document.account_id, sa.func.sum(Document.total - Document.paid), sa.func.max(Document.number))
        .where(Document.kind == DocumentKind.INVOICE.value, Document.total > Document.paid)
        .where(Document.company_id.in_(clients), Document.due_on.is_not(None))  # phones in parts are paid apart
        .group_by(Document.account_id)
    )
    open_sums = {account_id: (owed, number) for account_id, owed, number in session.execute(waiting)}
    query = sa.select(Account).where(Account.id.in_(open_sums)).order_by(Account.id)
    return [(a, clients[a.company_id], *open_sums[a.id]) for a in session.scalars(query)]


def _with_lines(session: Session) -> set[int]:
    return set(session.scalars(sa.select(Subscriber.account_id).distinct()))


def _choose(
    client: Client, owed: Decimal, month: Month, after: int, rng: random.Random
) -> tuple[dt.date, Decimal] | None:
    """The day and the amount, by the client's way of paying."""
    first = month.first_day
    early, late = first + dt.timedelta(days=rng.randint(3, 13)), first + dt.timedelta(days=rng.randint(16, 26))
    if client.fate == "blocked" and after < 2 or client.paying == "debtor" and after < 3:
        return None
    if client.paying == "late":
        return late, owed
    if client.paying == "partial":
        return early, max(half_up(owed * Decimal("0.7")), Decimal("0.01"))
    if client.paying == "over":
        return early, (owed / 500).to_integral_value("ROUND_CEILING") * 500
    if client.paying == "ahead":
        return early, half_up(owed * Decimal("3.2"), Decimal(1)) + 1
    return early, owed


def _pay(session: Session, account: Account, client: Client, day: dt.date, amount: Decimal, number: str | None) -> None:
    rng = random.Random(f"method:{account.number}:{day}")  # noqa: S311
    method = "bank_transfer" if client.kind != "individual" and rng.random() < 0.9 else "card"
    with clock.standing_at(dt.datetime.combine(day, dt.time(rng.randint(7, 12), rng.randint(0, 59)), dt.UTC)):
        payments.record_payment(
            session,
            OFFICE,
            account.id,
            amount,
            day,
            method=method,
            reference=f"{'card-' if method == 'card' else ''}{rng.randint(100, 99_999)}",
            purpose=_PURPOSES[client.country].format(number or ""),
            key=f"demo:{account.number}:{day}",
        )


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def cut_seats(session: Session, company: Company, day: dt.date) -> bool:
    """Fewer licences from a day of a month that is already closed: billing it again gives a credit note."""
    item = session.scalars(
        sa.select(SubscriptionItem)
        .join(Subscription, Subscription.id == SubscriptionItem.subscription_id)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .where(
            SubscriptionItem.company_id == company.id,
            Subscription.subscriber_id.is_(None),
            Component.charged == "period",
            SubscriptionItem.quantity > 1,
            SubscriptionItem.valid_from < day,
            SubscriptionItem.valid_to.is_(None),
        )
        .order_by(SubscriptionItem.quantity.desc(), SubscriptionItem.id)
        .limit(1)
    ).first()
    if item is None:
        return False
    item.valid_to = day
    session.add(
        SubscriptionItem(
            company_id=company.id,
            subscription_id=item.subscription_id,
            component_id=item.component_id,
            name=item.name,
            quantity=(item.quantity * Decimal("0.6")).to_integral_value(),
            unit_price=item.unit_price,
            valid_from=day,
        )
    )
    session.flush()
    return True


def end_company(session: Session, company: Company, day: dt.date, state: CompanyState) -> None:
    """Suspend or close a company: its services end (or rest) on `day`, and nothing more is charged."""
    ended = state == CompanyState.CLOSED
    live = sa.select(Subscription).where(Subscription.company_id == company.id, Subscription.ends_on.is_(None))
    for subscription in session.scalars(live).all():
        subscription.state = (SubscriptionState.ENDED if ended else SubscriptionState.SUSPENDED).value
        if ended:
            subscription.ends_on = max(day, subscription.starts_on)
    parts = sa.update(SubscriptionItem).where(SubscriptionItem.company_id == company.id)
    parts = parts.where(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_from < day)
    session.execute(parts.values(valid_to=day).execution_options(synchronize_session=False))
    later = sa.delete(SubscriptionItem).where(SubscriptionItem.company_id == company.id)
    later = later.where(SubscriptionItem.valid_from >= day)
    session.execute(later.execution_options(synchronize_session=False))
    lines = sa.update(Subscriber).where(Subscriber.company_id == company.id)
    lines = lines.where(Subscriber.state == SubscriberState.ACTIVE.value)
    after = SubscriberState.RELEASED if ended else SubscriberState.BLOCKED
    lines = lines.values(state=after.value, released_on=day if ended else None)
    session.execute(lines.execution_options(synchronize_session=False))
    if not ended:
        company.state = state.value
    session.flush()
    session.expire_all()


def shut_accounts(session: Session, company: Company) -> None:
    """The last month of a closed company is billed: nothing more comes."""
    company.state = CompanyState.CLOSED.value
    for account in session.scalars(sa.select(Account).where(Account.company_id == company.id)):
        account.state = CompanyState.CLOSED.value
    session.flush()


def use_credit(session: Session, clients: dict[int, Client], today: dt.date) -> None:
    """Credit limits show what is owed; who has not paid for long is blocked."""
    limits = sa.select(CreditLimit).where(CreditLimit.company_id.in_(clients))
    for limit in session.scalars(limits).all():
        limit.used = min(limit.amount, payments.open_sum(session, limit.account_id))
        if clients[limit.company_id].fate == "blocked" and limit.used:
            limit.blocked_on = today.replace(day=1)
    session.flush()
