"""What the office's first page and the pages of a customer show: a few sums by SQL, never rows added up in Python.

Every figure is one statement over an index; nothing here writes.
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import (
    Account,
    BillingRun,
    Company,
    Document,
    DocumentKind,
    HeldMoney,
    Job,
    Payer,
    Payment,
    PlatformOrder,
    Seller,
    Subscriber,
    Subscription,
    Ticket,
)
from app.models.document import UNPAID_INVOICE
from app.rules.lifecycle import JobState, PaymentState, RequestState, SubscriptionState, TicketState
from app.services import finding, parts
from app.services.ledger import GIVEN

_LATE = parts.waiting_parts().subquery()
AGES = (0, 30, 60, 90)  # days overdue where a step of the age of debt ends
SHOWN = 8
PART = -1  # in place of a number of invoices: the sum is of their parts


@dataclass
class Debt:
    """Open invoices of a currency: all of it, the overdue part, and by age (not due, 1–30, 31–60, 61–90, older)."""

    due: Decimal = Decimal(0)
    overdue: Decimal = Decimal(0)
    invoices: int = 0
    by_age: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * (len(AGES) + 1))


@dataclass(frozen=True)
class Debtor:
    """A company with overdue invoices."""

    company_id: int
    name: str
    currency: str
    overdue: Decimal
    oldest: dt.date


@dataclass(frozen=True)
class Closing:
    """The closing of a month for a Seller: accounts concerned and looked at; `run_id` None where it has not begun."""

    seller_id: int
    seller: str
    month: Month
    run_id: int | None
    state: str
    total: int = 0
    done: int = 0
    quarantined: int = 0


def debts(session: Session, actor: Actor, today: dt.date) -> dict[str, Debt]:
    """Open invoices by currency and age."""
    actor.need(Right.DOCUMENTS_READ)
    whole = (  # in the order and of the columns of one index: a hundred thousand open invoices are 15 ms
        sa.select(Document.currency, Document.due_on, sa.func.sum(Document.total - Document.paid), sa.func.count())
        .where(UNPAID_INVOICE)
        .group_by(Document.due_on, Document.currency)
    )
    part = sa.select(_LATE.c.currency, _LATE.c.due_on, sa.func.sum(_LATE.c.left), sa.literal(PART))
    late = part.where(_LATE.c.due_on < today).group_by(_LATE.c.currency, _LATE.c.due_on)
    found: dict[str, Debt] = {}
    for currency, due_on, amount, count in session.execute(sa.union_all(whole, late)):
        debt, step = found.setdefault(currency, Debt()), _step_of_age(due_on, today)
        debt.by_age[step] += amount
        if step:
            debt.overdue += amount
        if count == PART:
            debt.by_age[0] -= amount  # where its invoice, which has no due day, was counted
        else:
            debt.due += amount
            debt.invoices += count
    return found


def _step_of_age(due_on: dt.date | None, today: dt.date) -> int:
    late = (today - due_on).days if due_on is not None else 0
    return sum(late > days for days in AGES)


def top_debtors(session: Session, actor: Actor, today: dt.date, currency: str, limit: int = SHOWN) -> list[Debtor]:
    """Companies that owe most of what is overdue."""
    actor.need(Right.DOCUMENTS_READ)
    whole = (
        sa.select(
            Document.company_id,
            sa.func.sum(Document.total - Document.paid).label("left"),
            sa.func.min(Document.due_on).label("due_on"),
        )
        .where(
            UNPAID_INVOICE,
            Document.due_on < today,
            Document.currency == currency,
        )
        .group_by(Document.company_id)
    )
    in_parts = sa.select(_LATE.c.company_id, _LATE.c.left, _LATE.c.due_on)
    all_ = sa.union_all(whole, in_parts.where(_LATE.c.due_on < today, _LATE.c.currency == currency)).subquery()
    owed = sa.func.sum(all_.c.left).label("owed")
    query = (
        sa.select(all_.c.company_id, owed, sa.func.min(all_.c.due_on).label("oldest"))
        .group_by(all_.c.company_id)
        .order_by(owed.desc())
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        sa.select(Company.id, Company.name, query.c.owed, query.c.oldest)
        .join(query, query.c.company_id == Company.id)
        .order_by(query.c.owed.desc())
    )
    return [Debtor(i, name, currency, owed_now, oldest) for i, name, owed_now, oldest in rows]


ByMonth = dict[str, dict[Month, Decimal]]  # currency → month → sum


def billed_by_month(session: Session, actor: Actor, since: Month, now: Month) -> ByMonth:
    """Invoices less credit notes by currency and month of issue."""
    actor.need(Right.DOCUMENTS_READ)
    kinds = (DocumentKind.INVOICE.value, DocumentKind.CREDIT_NOTE.value)
    query = (
        sa.select(Document.currency, Document.issued_on, sa.func.sum(Document.total))
        .where(Document.kind.in_(kinds))
        .group_by(Document.currency, Document.issued_on)
    )
    return _by_month(session, query, Document.issued_on, since, now)


def paid_by_month(session: Session, actor: Actor, since: Month, now: Month) -> ByMonth:
    """Money in by currency and month; advances made by credit notes are not money."""
    actor.need(Right.PAYMENTS_READ)
    query = (
        sa.select(Payment.currency, Payment.paid_on, sa.func.sum(Payment.amount))
        .where(Payment.state == PaymentState.CREDITED.value, Payment.method.not_in(("credit_note", *GIVEN)))
        .group_by(Payment.currency, Payment.paid_on)
    )
    return _by_month(session, query, Payment.paid_on, since, now)


# Sums of months gone by hardly change and cost a read of a year: they are kept so long. This month's are always read.
KEPT_SECONDS = 300
_kept: dict[tuple[str, str, Month, Month], tuple[dt.datetime, ByMonth]] = {}


def _by_month(session: Session, query: Any, day: Any, since: Month, now: Month) -> ByMonth:
    key = (str(session.get_bind().engine.url), str(day), since, now)
    known = _kept.get(key)
    if known is None or (clock.now() - known[0]).total_seconds() > KEPT_SECONDS:
        found = _fold(session.execute(query.where(day >= since.first_day)))
        if len(_kept) > 20:
            _kept.clear()
        past = {one: {m: sum_ for m, sum_ in months.items() if m < now} for one, months in found.items()}
        _kept[key] = (clock.now(), past)
        return found
    found = _fold(session.execute(query.where(day >= now.first_day)))
    for currency, months in known[1].items():
        found.setdefault(currency, {}).update(months)
    return found


def _fold(rows: Any) -> ByMonth:
    found: ByMonth = {}
    for currency, day, amount in rows:
        months = found.setdefault(currency, {})
        months[Month.of(day)] = months.get(Month.of(day), Decimal(0)) + amount
    return found


def closings(session: Session, actor: Actor, month: Month) -> list[Closing]:
    """The closing of a month, Seller by Seller."""
    actor.need(Right.BILLING_READ)
    query = (
        sa.select(
            Seller.id,
            Seller.short_name,
            Seller.name,
            BillingRun.id,
            BillingRun.state,
            BillingRun.accounts,
            BillingRun.billed + BillingRun.empty + BillingRun.quarantined,
            BillingRun.quarantined,
        )
        .outerjoin(BillingRun, sa.and_(BillingRun.seller_id == Seller.id, BillingRun.month == month.first_day))
        .order_by(Seller.id)
    )
    return [
        Closing(seller_id, short or name, month, run_id, state or "", total or 0, done or 0, held or 0)
        for seller_id, short, name, run_id, state, total, done, held in session.execute(query)
    ]


def closed_months(session: Session, actor: Actor, seller_id: int, since: Month) -> dict[Month, tuple[int, str]]:
    """Runs of a Seller by month: id and state."""
    actor.need(Right.BILLING_READ)
    query = sa.select(BillingRun.month, BillingRun.id, BillingRun.state).where(
        BillingRun.seller_id == seller_id, BillingRun.month >= since.first_day
    )
    return {Month.of(day): (run_id, state) for day, run_id, state in session.execute(query)}


def open_jobs(session: Session, actor: Actor, limit: int = 5) -> list[Job]:
    """Work under way and waiting."""
    actor.need(Right.JOBS_READ)
    states = (JobState.RUNNING.value, JobState.QUEUED.value)
    return list(session.scalars(sa.select(Job).where(Job.state.in_(states)).order_by(Job.id.desc()).limit(limit)))


def waiting_tickets(session: Session, actor: Actor) -> int:
    """Tickets with messages nobody has answered."""
    actor.need(Right.TICKETS_READ)
    query = sa.select(sa.func.count()).select_from(Ticket).where(Ticket.state == TicketState.NEW_MESSAGES.value)
    return session.scalar(query) or 0


@dataclass(frozen=True)
class Found:
    """One answer of the global search."""

    kind: str
    id: int
    title: str
    text: str


def search(session: Session, actor: Actor, words: str, limit: int = 7) -> list[Found]:
    """Companies, accounts, documents, subscribers and payers whose name, code or number begins with `words`."""
    words = words.strip()
    if len(words) < 2:
        return []
    found: list[Found] = []
    if actor.may(Right.CUSTOMERS_READ):
        found += _companies(session, words, limit)
        found += _accounts(session, words, limit)
        found += _payers(session, words, limit)
        found += _subscribers(session, words, limit)
    if actor.may(Right.DOCUMENTS_READ):
        found += _documents(session, words, limit)
    return found


def starts_with(column: Any, words: str) -> Any:
    """`column` begins with `words`, as a range that a plain index serves on both databases."""
    return sa.and_(column >= words, column < words + "\U0010ffff")


def _companies(session: Session, words: str, limit: int) -> list[Found]:
    """By the beginning of a name as typed or in capitals, or of a code: one range of an index each; else inside."""
    shown = (Company.id, Company.name, Company.code)
    names = dict.fromkeys((words, words.capitalize(), words.upper(), words.title()))
    ranges = [starts_with(Company.name, one) for one in names]
    ranges += [starts_with(Company.code, one) for one in dict.fromkeys((words, words.lower()))]
    parts = (sa.select(sa.select(*shown).where(one).limit(limit).subquery()) for one in ranges)
    rows = session.execute(sa.union(*parts)).all()
    if not rows and len(words) > 2:  # in the middle of a name: «Орион» in «ТОВ «Орион»»
        inside = finding.some_with(session, Company.name, words, limit)
        rows = session.execute(sa.select(*shown).where(Company.id.in_(inside))).all()
    named = sorted(rows, key=lambda row: row[1])[:limit]
    return [Found("company", i, name, code) for i, name, code in named]


def _accounts(session: Session, words: str, limit: int) -> list[Found]:
    rows = session.execute(
        sa.select(Account.id, Account.number, Account.currency, Company.name)
        .join(Company, Company.id == Account.company_id)
        .where(starts_with(Account.number, words))
        .order_by(Account.number)
        .limit(limit)
    )
    return [Found("account", i, f"{number} ({currency})", name) for i, number, currency, name in rows]


def _payers(session: Session, words: str, limit: int) -> list[Found]:
    if not any(sign.isdigit() for sign in words):
        return []
    rows = session.execute(
        sa.select(Payer.company_id, Payer.name, Payer.tax_code)
        .where(starts_with(Payer.tax_code, words))
        .order_by(Payer.tax_code)
        .limit(limit)
    )
    return [Found("payer", i, name, code) for i, name, code in rows]


def _subscribers(session: Session, words: str, limit: int) -> list[Found]:
    if not words.lstrip("+").isdigit():
        return []
    rows = session.execute(
        sa.select(Subscriber.id, Subscriber.number, Subscriber.name)
        .where(starts_with(Subscriber.number, words))
        .order_by(Subscriber.number)
        .limit(limit)
    )
    return [Found("subscriber", i, number, name) for i, number, name in rows]


def numbered(session: Session, words: str) -> Any:
    """Documents whose number begins with `words`: the index begins with Seller and kind, so all of them are named."""
    sellers = list(session.scalars(sa.select(Seller.id)))
    return sa.and_(
        Document.seller_id.in_(sellers),
        Document.kind.in_([kind.value for kind in DocumentKind]),
        sa.or_(starts_with(Document.number, words), starts_with(Document.number, words.upper())),
    )


def _documents(session: Session, words: str, limit: int) -> list[Found]:
    rows = session.execute(
        sa.select(Document.id, Document.kind, Document.number, Document.issued_on)
        .where(numbered(session, words))
        .limit(limit)
    )
    return [Found(kind, i, number or f"#{i}", f"{day:%Y-%m-%d}") for i, kind, number, day in rows]


@dataclass(frozen=True)
class Attention:
    """What waits until somebody of the staff does it: services to be activated by hand, and money held."""

    tasks: int = 0
    held: int = 0


def attention(session: Session, actor: Actor) -> Attention:
    """How much of each waits, as far as the person may see it; one statement over short indexes."""
    count = sa.select(sa.func.count())
    by_hand = (
        count.select_from(PlatformOrder)
        .where(sa.literal_column("platform_order.state IN ('new', 'sent', 'failed')"))  # as the index has it
        .where(
            sa.or_(
                PlatformOrder.state == RequestState.FAILED.value,
                sa.and_(PlatformOrder.state == RequestState.SENT.value, PlatformOrder.platform == "by_hand"),
            )
        )
    )
    sold_out = count.select_from(Subscription).where(Subscription.state == SubscriptionState.OUT_OF_STOCK.value)
    held = count.select_from(HeldMoney).where(HeldMoney.resolved_at.is_(None))
    may_tasks, may_money = actor.may(Right.SUBSCRIPTIONS_READ), actor.may(Right.PAYMENTS_READ)
    if not may_tasks and not may_money:
        return Attention()
    zero = sa.literal(0)
    tasks = by_hand.scalar_subquery() + sold_out.scalar_subquery() if may_tasks else zero
    row = session.execute(sa.select(tasks, held.scalar_subquery() if may_money else zero)).one()
    return Attention(*row)
