"""What a company was charged: closed months by service and by subscriber, and the running month so far."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.models import Account, Charge, Document, DocumentKind, DocumentLine, Seller, Subscriber, Subscription
from app.services import names, numbers
from app.services.billing import due, issue
from app.services.billing.dialect import Sql, from_cents, from_fine
from app.services.cabinet.accounts import owned
from app.services.cabinet.subscribers import matching

PAGE = 50
MONEY_KINDS = (DocumentKind.INVOICE.value, DocumentKind.CREDIT_NOTE.value)


@dataclass(frozen=True)
class ServiceLine:
    """A service of a month: quantity, and what it came to."""

    name: str
    unit: str
    quantity: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True)
class SubscriberLine:
    """What a subscriber (or, with no number, the account itself) was charged; 4 decimals."""

    subscriber_id: int | None
    number: str
    name: str
    amount: Decimal


def months_of(session: Session, actor: Actor, account_id: int, limit: int = 24) -> list[Month]:
    """The closed months an account was billed for, the latest first."""
    query = (
        sa.select(Document.period_start)
        .where(
            Document.account_id == account_id,
            Document.company_id == actor.company_id,
            Document.kind == DocumentKind.INVOICE.value,
            Document.run_id.is_not(None),
        )
        .distinct()
        .order_by(Document.period_start.desc())
        .limit(limit)
    )
    return [Month.of(day) for day in session.scalars(query)]


def services_of(session: Session, actor: Actor, account_id: int, month: Month) -> list[ServiceLine]:
    """A closed month by service, the dearest first, from its documents' lines: it agrees with them to the cent."""
    actor.need(Right.CABINET_DOCUMENTS)
    gross = sa.func.sum(DocumentLine.gross)
    query = (
        sa.select(
            DocumentLine.name,
            DocumentLine.unit,
            sa.func.sum(DocumentLine.quantity),
            sa.func.sum(DocumentLine.net),
            sa.func.sum(DocumentLine.tax),
            gross,
        )
        .join(Document, Document.id == DocumentLine.document_id)
        .where(
            Document.account_id == account_id,
            Document.company_id == actor.company_id,
            Document.kind.in_(MONEY_KINDS),
            Document.period_start == month.first_day,
        )
        .group_by(DocumentLine.name, DocumentLine.unit)
        .order_by(gross.desc(), DocumentLine.name)
    )
    return [ServiceLine(*row) for row in session.execute(query)]


def subscribers_of(
    session: Session,
    actor: Actor,
    account_id: int,
    month: Month,
    search: str = "",
    after: str = "",
    limit: int = PAGE,
    zone: str = "UTC",
) -> tuple[list[SubscriberLine], str]:
    """A page of the account's subscribers by number with what each was charged; and where the next page begins.

    Each bears its last name of the month in the Seller's `zone`, as the month's documents print it (A1-15).
    """
    actor.need(Right.CABINET_DOCUMENTS)
    name = names.name_at(names.end_of(month.period.end, zone))
    query = sa.select(Subscriber.id, Subscriber.number, name).where(
        Subscriber.company_id == actor.company_id, Subscriber.account_id == account_id
    )
    query = matching(session, query, actor, search).where(Subscriber.number > after)
    found = session.execute(query.order_by(Subscriber.number).limit(limit + 1)).all()
    shown = found[:limit]
    sums = _sums_by_subscriber(session, account_id, month, [row[0] for row in shown])
    lines = [SubscriberLine(i, number, name, sums.get(i, Decimal(0))) for i, number, name in shown]
    if not after and not search:
        lines = [*_own(session, actor, account_id, month), *lines]
    return lines, (shown[-1].number if len(found) > limit else "")


def _sums_by_subscriber(session: Session, account_id: int, month: Month, ids: list[int]) -> dict[int, Decimal]:
    query = (
        sa.select(Charge.subscriber_id, sa.func.sum(Charge.amount))
        .where(
            Charge.account_id == account_id,
            Charge.month == month.first_day,
            Charge.subscriber_id.in_(ids),
        )
        .group_by(Charge.subscriber_id)
    )
    return {i: amount for i, amount in session.execute(query) if i is not None}


def _own(session: Session, actor: Actor, account_id: int, month: Month) -> list[SubscriberLine]:
    """Charges of the account itself, subscription by subscription (a hundred at most).

    The company's condition stands on the subscription alone: on the charge it would make SQLite walk all its charges.
    """
    charge = Charge.__table__.c
    query = (
        sa.select(Subscription.name, sa.func.sum(charge.amount))
        .join(Subscription, Subscription.id == charge.subscription_id)
        .where(
            Subscription.company_id == actor.company_id,
            charge.account_id == account_id,
            charge.month == month.first_day,
            charge.subscriber_id.is_(None),
        )
        .group_by(Subscription.id, Subscription.name)
        .order_by(Subscription.name)
        .limit(100)
    )
    return [SubscriberLine(None, "", name, amount) for name, amount in session.execute(query)]


def charges_of_subscriber(session: Session, subscriber: Subscriber, until: dt.date, limit: int = 50) -> list[Charge]:
    """What one subscriber was charged in the thirteen months up to a day, the newest first."""
    months = [Month.of(until).shift(-back).first_day for back in range(13)]  # named, so that the index is walked
    query = (
        sa.select(Charge)
        .where(
            Charge.company_id == subscriber.company_id,
            Charge.account_id == subscriber.account_id,
            Charge.month.in_(months),
            Charge.subscriber_id == subscriber.id,
        )
        .order_by(Charge.month.desc(), Charge.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


@dataclass(frozen=True)
class SoFar:
    """The running month as if it were closed now; `trouble` says why it cannot be counted."""

    month: Month
    lines: list[ServiceLine]
    total: Decimal
    subscribers: list[SubscriberLine]
    more: str
    trouble: Refused | None = None


def so_far(
    session: Session,
    actor: Actor,
    account_id: int,
    *,
    after: str = "",
    search: str = "",
    limit: int | None = PAGE,
) -> SoFar:
    """What the running month will come to by what is known today: the billing run's own statements, nothing kept.

    With no `limit` every subscriber is given.
    """
    actor.need(Right.CABINET_DOCUMENTS)
    account = owned(session, actor, account_id)
    sql, month, trouble = count_running(session, account)
    if trouble:
        return SoFar(month, [], Decimal("0.00"), [], "", trouble)
    rows = sql.run(
        "SELECT name, unit, SUM(quantity), SUM(net), SUM(tax), SUM(gross) FROM bill_line GROUP BY name, unit "
        "ORDER BY SUM(gross) DESC, name"
    ).all()
    lines = [ServiceLine(n, u, from_fine(q), from_cents(t), from_cents(v), from_cents(g)) for n, u, q, t, v, g in rows]
    subscribers, more = _so_far_by_subscriber(sql, after, search.strip(), limit)
    return SoFar(month, lines, sum((line.gross for line in lines), Decimal("0.00")), subscribers, more)


def count_running(session: Session, account: Account) -> tuple[Sql, Month, Refused | None]:
    """Fill the billing run's scratch tables with an account's running month; the trouble that hinders it, or None."""
    seller = session.get_one(Seller, account.seller_id)
    month = Month.of(clock.today(seller.zone))
    sql = due.month_sql(session, seller, month)
    due.open_scratch(sql)
    sql.run(
        "INSERT INTO bill_account SELECT a.id, a.company_id, a.payer_id, a.contract_id, a.currency FROM account a "
        "WHERE a.id = :account",
        account=account.id,
    )
    due.gather(sql)
    trouble = sql.run("SELECT MIN(reason) FROM bill_trouble").scalar()
    if trouble:
        return sql, month, due.refusal_of(trouble)
    issue.round_lines(sql, seller.rounding)
    return sql, month, None


def _so_far_by_subscriber(sql: Any, after: str, search: str, limit: int | None) -> tuple[list[SubscriberLine], str]:
    pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = sql.run(
        "SELECT b.subscriber_id, s.number, s.name, SUM(b.amount) FROM bill_charge b "
        "JOIN subscriber s ON s.id = b.subscriber_id WHERE s.number > :after "
        "AND (s.number LIKE :pattern ESCAPE '\\' OR s.name LIKE :pattern ESCAPE '\\') "
        "GROUP BY b.subscriber_id, s.number, s.name ORDER BY s.number LIMIT :limit",
        after=after,
        pattern=pattern,
        limit=2**62 if limit is None else limit + 1,
    ).all()
    lines = [SubscriberLine(i, number, name, from_fine(amount)) for i, number, name, amount in rows[:limit]]
    return lines, (lines[-1].number if limit is not None and len(rows) > limit else "")


def charged_by_month(session: Session, actor: Actor, since: dt.date) -> list[tuple[dt.date, str, Decimal]]:
    """What the company was billed for each month since a day: (month, currency, total); one statement."""
    query = (
        sa.select(Document.period_start, Document.currency, sa.func.sum(Document.total))
        .where(
            Document.company_id == actor.company_id,
            Document.kind.in_(MONEY_KINDS),
            Document.issued_on >= since,
            Document.period_start >= since,
        )
        .group_by(Document.period_start, Document.currency)
        .order_by(Document.period_start)
    )
    return [(day, currency, total) for day, currency, total in session.execute(query)]


def every_charge(session: Session, actor: Actor, account_id: int, month: Month) -> Any:
    """Each charge of a closed month as plain values, in steady memory: for a file."""
    actor.need(Right.CABINET_DOCUMENTS)
    owned(session, actor, account_id)
    zone = names.zone_of_account(session, account_id)
    query = (
        sa.select(
            Account.number,
            numbers.as_given(),
            names.name_at(names.end_of(month.period.end, zone)),
            Charge.name,
            Charge.starts_on,
            Charge.ends_on,
            Charge.quantity,
            Charge.unit_price,
            Charge.amount,
            Charge.tax_bp,
        )
        .join(Account, Account.id == Charge.account_id)
        .outerjoin(Subscriber, Subscriber.id == Charge.subscriber_id)
        .where(
            Charge.account_id == account_id,
            Charge.company_id == actor.company_id,
            Charge.month == month.first_day,
        )
        .order_by(Charge.id)
        .execution_options(yield_per=1000)
    )
    for row in session.execute(query):
        *head, ends_on, quantity, price, amount, tax_bp = row
        last = ends_on - dt.timedelta(days=1)
        yield [*head, last, quantity, price, amount, None if tax_bp is None else Decimal(tax_bp) / 100]
