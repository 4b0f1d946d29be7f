"""Equipment sold in parts (A1-09): one invoice with all its VAT at the handover, parts that say what of it is due when.

A plan hangs on the account, not on a subscription: a change of tariff cannot drop it.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.money import half_up
from app.models import (
    Account,
    Contract,
    Document,
    DocumentKind,
    DocumentLine,
    EntryKind,
    InstalmentPart,
    InstalmentPlan,
    LedgerKind,
    Payer,
    Seller,
)
from app.reports.formats import formats_of
from app.reports.words import words_of
from app.rules import instalments as rules
from app.rules import notices as telling
from app.rules.policies import Calendar
from app.services import ledger, notices, numbering, parties, parts, payments, policies, rates, trail
from app.services.ledger import Move
from app.services.notices import Reader, Row

LARGEST = Decimal("9999999999.99")


@dataclass(frozen=True)
class Draft:
    """A plan before it is made: what is due when, and the VAT that is charged at once."""

    total: Decimal
    down_payment: Decimal
    parts: list[tuple[dt.date, Decimal]]
    tax: Decimal
    tax_bp: int | None

    @property
    def monthly(self) -> Decimal:
        """The sum of all parts but the last."""
        return self.parts[0][1]


def draft_plan(
    session: Session, account: Account, total: Decimal, down_payment: Decimal, count: int, first_on: dt.date
) -> Draft:
    """The schedule and the VAT of a plan; nothing is written."""
    seller = session.get_one(Seller, account.seller_id)
    today = clock.today(seller.zone)
    if not 0 < total <= LARGEST:
        raise Refused(N_("The amount must be more than zero, with two decimals at most."))
    if not today <= first_on <= today + dt.timedelta(366):
        raise Refused(N_("The first part falls due today or within a year. Choose another day."))
    if account.currency != seller.currency:
        raise Refused(N_("Equipment is sold in parts in the currency of the Seller: choose such an account."))
    amounts = rules.split(total, down_payment, count)
    rate = rates.standard_vat(session, seller, today)
    tax = half_up(total * rate / (10_000 + rate)) if rate else Decimal(0)
    return Draft(total, down_payment, list(zip(rules.due_days(first_on, count), amounts, strict=True)), tax, rate)


def make_plan(
    session: Session,
    actor: Actor,
    account_id: int,
    name: str,
    total: Decimal,
    *,
    down_payment: Decimal = Decimal(0),
    count: int,
    first_on: dt.date,
) -> InstalmentPlan:
    """Hand equipment over: issue its whole invoice and plan its parts; an advance pays the down payment at once."""
    actor.need(Right.DOCUMENTS_ISSUE)
    locked = sa.select(Account).where(Account.id == account_id).with_for_update(of=Account)
    account = session.scalars(locked).first()
    if account is None:
        raise NotFound(N_("There is no such account. Choose one from the list."))
    if not name.strip():
        raise Refused(N_("Say what is sold."))
    draft = draft_plan(session, account, total, down_payment, count, first_on)
    invoice = _issue(session, account, name.strip()[:255], draft)
    plan = InstalmentPlan(
        company_id=account.company_id,
        account_id=account.id,
        name=name.strip()[:255],
        total=total,
        down_payment=down_payment,
        starts_on=invoice.issued_on,
        document_id=invoice.id,
    )
    plan.parts = [InstalmentPart(company_id=account.company_id, due_on=day, amount=sum_) for day, sum_ in draft.parts]
    session.add(plan)
    session.flush()
    about = {"total": str(total), "parts": count, "invoice": invoice.number}
    trail.record(session, actor, "instalments.make", "instalment_plan", plan.id, company_id=account.company_id, **about)
    _invoice_parts(session, [plan], parts.invoiced_until(session, account.seller_id))
    payments.settle_advances(session, actor, [account.id])
    return plan


def _issue(session: Session, account: Account, name: str, draft: Draft) -> Document:
    """The invoice of the handover: all of the sum, all of its VAT, and no due day of its own."""
    seller = session.get_one(Seller, account.seller_id)
    payer = session.get_one(Payer, account.payer_id)
    day = numbering.date_for(session, seller.id, DocumentKind.INVOICE.value, clock.today(seller.zone))
    snapshots = parties.freeze(session, seller), parties.freeze(session, payer)
    sequence, number = numbering.number_next(session, seller, DocumentKind.INVOICE.value, day)
    net = draft.total - draft.tax
    invoice = Document(
        company_id=account.company_id,
        kind=DocumentKind.INVOICE.value,
        seller_id=seller.id,
        account_id=account.id,
        payer_id=payer.id,
        contract_id=account.contract_id if session.get(Contract, account.contract_id or 0) else None,
        number=number,
        sequence=sequence,
        issued_on=day,
        period_start=day,
        period_end=day + dt.timedelta(1),
        currency=account.currency,
        locale=payer.locale or account.company.locale,
        net=net,
        tax=draft.tax,
        total=draft.total,
        seller_snapshot_id=snapshots[0],
        payer_snapshot_id=snapshots[1],
    )
    invoice.lines = [
        DocumentLine(
            company_id=account.company_id,
            position=1,
            name=name,
            unit="pcs",
            quantity=Decimal(1),
            unit_price=draft.total,
            amount=draft.total,
            tax_bp=draft.tax_bp,
            net=net,
            tax=draft.tax,
            gross=draft.total,
        )
    ]
    session.add(invoice)
    session.flush()
    moves = [
        Move(LedgerKind.RECEIVABLE, LedgerKind.REVENUE, net),
        Move(LedgerKind.RECEIVABLE, LedgerKind.VAT, draft.tax),
    ]
    ledger.post(session, account, EntryKind.BILLED, f"document:{invoice.id}", day, moves, document_id=invoice.id)
    return invoice


def settle_early(session: Session, actor: Actor, plan_id: int) -> InstalmentPlan:
    """From now on money beyond what is due settles further parts; what is due on which day stays as it was.

    An advance that lies on the account is used now by staff, else by the next morning's round.
    """
    actor.need(Right.DOCUMENTS_ISSUE if actor.is_staff else Right.CABINET_PAYMENTS)
    plan = plan_of(session, actor, plan_id)
    if all(part.state == "paid" for part in plan.parts):
        raise Refused(N_("Everything is paid already."))
    if plan.early_on is None:
        seller_id = session.scalar(sa.select(Account.seller_id).where(Account.id == plan.account_id))
        plan.early_on = clock.today(policies.zone_of(session, seller_id or 0))
        session.flush()
        trail.record(session, actor, "instalments.early", "instalment_plan", plan.id, company_id=plan.company_id)
    if actor.is_staff:
        payments.settle_advances(session, Actor.system(actor.name), [plan.account_id])
    return plan


def plan_of(session: Session, actor: Actor, plan_id: int) -> InstalmentPlan:
    """A plan with its parts, of the actor's company; NotFound for any other."""
    query = sa.select(InstalmentPlan).where(InstalmentPlan.id == plan_id)
    plan = session.scalars(query.with_for_update(of=InstalmentPlan)).first()
    if plan is None:
        raise NotFound()
    actor.need_company(plan.company_id)
    return plan


# ---- every morning ------------------------------------------------------------------------------------------------


def invoice_parts(session: Session, actor: Actor, seller_id: int) -> int:
    """Parts whose turn has come are invoiced, and advances settle them; how many. Asking twice finds nothing more."""
    actor.need(Right.BILLING_RUN)
    until = parts.invoiced_until(session, seller_id)
    plans = _open_plans(session, seller_id)
    made = _invoice_parts(session, plans, until)
    payments.settle_advances(session, actor, sorted({plan.account_id for plan in plans}))
    return made


def _open_plans(session: Session, seller_id: int) -> list[InstalmentPlan]:
    """Plans of a Seller that are not paid."""
    unpaid = sa.select(InstalmentPart.plan_id).where(InstalmentPart.state != "paid")
    query = (
        sa.select(InstalmentPlan)
        .join(Account, Account.id == InstalmentPlan.account_id)
        .where(Account.seller_id == seller_id, InstalmentPlan.id.in_(unpaid), InstalmentPlan.document_id.is_not(None))
        .options(sa.orm.selectinload(InstalmentPlan.parts))
        .order_by(InstalmentPlan.id)
    )
    return list(session.scalars(query))


def _invoice_parts(session: Session, plans: Sequence[InstalmentPlan], until: dt.date) -> int:
    made = 0
    for plan in plans:
        for part in plan.parts:
            if part.state == "planned" and part.due_on <= until:
                part.state, part.document_id = "invoiced", plan.document_id
                made += 1
    session.flush()
    return made


def remind(session: Session, actor: Actor, seller_id: int) -> int:
    """Say of each unpaid part what its day calls for (soon due, overdue, soon blocked), once; how many notices."""
    actor.need(Right.BILLING_RUN)
    seller = session.get_one(Seller, seller_id)
    calendar, today = policies.calendar_for(session, seller_id), clock.today(seller.zone)
    rows: list[Row] = []
    for part, event in _called_for(session, seller_id, calendar, today):
        people = notices.readers_of(session, {part.company_id}, (Right.CABINET_DOCUMENTS, Right.CABINET_PAYMENTS))
        rows += _rows_of(session, seller, part, event, people.get(part.company_id, []), calendar)
    notices.put(session, rows)
    return len(rows)


def _called_for(
    session: Session, seller_id: int, calendar: Calendar, today: dt.date
) -> Iterator[tuple[InstalmentPart, telling.NoticeEvent]]:
    query = (
        sa.select(InstalmentPart)
        .join(InstalmentPlan, InstalmentPlan.id == InstalmentPart.plan_id)
        .join(Account, Account.id == InstalmentPlan.account_id)
        .options(joinedload(InstalmentPart.plan))
        .where(
            Account.seller_id == seller_id,
            InstalmentPart.state == "invoiced",
            InstalmentPart.due_on >= telling.first_due_day(today, calendar),
        )
        .order_by(InstalmentPart.id)
    )
    for part in session.scalars(query):
        event = telling.event_on(today, part.due_on, calendar)
        if event is not None:
            yield part, event


def _rows_of(
    session: Session,
    seller: Seller,
    part: InstalmentPart,
    event: telling.NoticeEvent,
    readers: list[Reader],
    calendar: Calendar,
) -> list[Row]:
    invoice = session.get_one(Document, part.plan.document_id)
    account = session.get_one(Account, part.plan.account_id)
    dates = telling.dates_by_due(part.due_on, calendar)

    def say(locale: str) -> tuple[str, str, str]:
        words = words_of(locale)
        formats = formats_of(words.language)
        params = {
            "number": f"{invoice.number} ({part.plan.name})",
            "date": formats.date(invoice.issued_on),
            "left": f"{formats.money(part.amount - part.paid)} {account.currency}",
            "due": formats.date(part.due_on),
            "last_day": formats.date(dates.last_day_to_pay),
            "block": formats.date(dates.block_on),
        }
        text = words(f"notice_{event.value}", **params)
        letter = notices.letter_of(locale, text, seller.name, account.number)
        return words(f"notice_{event.value}_subject", **params), text, letter

    return notices.rows_for(event, f"part:{part.id}", readers, say, company_id=part.company_id, document_id=None)
