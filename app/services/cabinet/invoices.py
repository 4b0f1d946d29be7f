"""Regular invoices for a company (A1-18…27): ordered again to e-mail, by link, and the charges of the running month.

While invoices are formed none of it is done (A1-07): each refusal names the rule and the day it opens. What is asked
for twice with the same token is one job.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.core.period import Month
from app.models import Account, Document, DocumentKind, Job, User
from app.rules import policies
from app.rules.mailing import parse_addresses
from app.rules.policies import PolicyKind
from app.services import papers, work
from app.services.cabinet.accounts import owned
from app.services.policies import calendar_for, need_open, zone_of
from app.services.work import JobName

FORMATS = ("pdf", "xlsx")  # of a file by link (A1-26); what is mailed comes in the account's format
SHOWN = 20  # formed files on the page


@dataclass(frozen=True)
class Billed:
    """A month that has a regular invoice."""

    month: Month
    number: str
    total: Decimal
    currency: str


def months_of(session: Session, actor: Actor, account_id: int) -> list[Billed]:
    """Every month of an account with a regular invoice, the latest first: its number and what it came to in all."""
    actor.need(Right.CABINET_DOCUMENTS)
    first = sa.case((Document.kind == DocumentKind.INVOICE.value, Document.number))
    query = (
        sa.select(Document.period_start, sa.func.min(first), sa.func.sum(Document.total), Document.currency)
        .where(
            Document.account_id == account_id,
            Document.company_id == actor.company_id,
            Document.kind.in_(papers.MONEY),
            Document.run_id.is_not(None),
        )
        .group_by(Document.period_start, Document.currency)
        .order_by(Document.period_start.desc())
    )
    rows = session.execute(query)
    return [Billed(Month.of(day), number or "", total, currency) for day, number, total, currency in rows]


def has_invoice(session: Session, account_id: int, month: Month) -> bool:
    """Whether the regular invoice of a month has been formed."""
    query = sa.select(Document.id).where(
        Document.account_id == account_id,
        Document.kind.in_(papers.MONEY),
        Document.period_start == month.first_day,
        Document.run_id.is_not(None),
    )
    return session.execute(query.limit(1)).first() is not None


def months_by_link(session: Session, seller_id: int) -> tuple[Month, ...]:
    """The closed months whose invoices may be taken by link today, the latest first (A1-23)."""
    policy = calendar_for(session, seller_id)[PolicyKind.INVOICE_DOWNLOAD]
    return policies.months_open(policy, clock.today(zone_of(session, seller_id)))


def need_invoices_open(session: Session, document: Document) -> None:
    """Refuse a document of the regular kinds while the Seller's invoices are formed (A1-07); others are always open."""
    if document.kind in papers.REGULAR:
        need_open(session, document.seller_id, PolicyKind.INVOICE_CLOSED_WINDOW)


def addresses_now(session: Session, actor: Actor, account: Account) -> tuple[str, ...]:
    """Where what is ordered now goes: the account's addresses; the person's own where it is collected in person."""
    if account.delivery == "email" and account.delivery_addresses:
        return parse_addresses(account.delivery_addresses)
    own = session.get(User, actor.user_id) if actor.user_id is not None else None
    if own is None or not own.email:
        raise Refused(N_("There is no e-mail address to send to. Set one in the delivery of documents."))
    return (own.email,)


def order_repeat(session: Session, actor: Actor, account_id: int, month: Month | None, token: str, **about: Any) -> Job:
    """Order the regular invoice of any past month to the addresses that hold now (A1-18, A1-19)."""
    actor.need(Right.CABINET_DOCUMENTS)
    account = owned(session, actor, account_id)
    need_open(session, account.seller_id, PolicyKind.INVOICE_CLOSED_WINDOW)
    document = papers.invoice_of(session, account.id, month) if month is not None else None
    if document is None:
        raise Refused(N_("There is no regular invoice of this month. Choose another month."))
    params = {
        "document_id": document.id,
        "addresses": list(addresses_now(session, actor, account)),
        "format": account.delivery_format,
        "extent": papers.MONTH,
    }
    return _order(session, actor, JobName.SEND_INVOICE, params, f"repeat:{account.id}:{month}:{token}", about)


def order_link(session: Session, actor: Actor, account_id: int, month: Month | None, form: str, **about: Any) -> Job:
    """Have the invoice of one of the last months formed, to be taken by link (A1-23…26); formed once, known again."""
    actor.need(Right.CABINET_DOCUMENTS)
    account = owned(session, actor, account_id)
    need_open(session, account.seller_id, PolicyKind.INVOICE_CLOSED_WINDOW)
    if form not in FORMATS:
        raise Refused(N_("Documents come as PDF or XLSX. Choose one of them."))
    _need_by_link(session, account, month)
    regular = papers.regular_of(session, account.id, month) if month is not None else []
    if month is None or not regular:
        raise Refused(N_("There is no regular invoice of this month. Choose another month."))
    params = {"account_id": account.id, "month": str(month), "format": form}
    last = max(one.id for one in regular)  # a correction makes it another file
    return _order(session, actor, JobName.FORM_INVOICE, params, f"link:{account.id}:{month}:{form}:{last}", about)


def _need_by_link(session: Session, account: Account, month: Month | None) -> None:
    """Refuse a month that is not taken by link today, with the months that are or the day it will be."""
    calendar = calendar_for(session, account.seller_id)
    today = clock.today(zone_of(session, account.seller_id))
    taken = policies.months_open(calendar[PolicyKind.INVOICE_DOWNLOAD], today)
    if month in taken:
        return
    if month is not None and month >= Month.of(today):
        opens = policies.link_opens(calendar, month)
        text = N_(
            "The month runs until %(last)s: its invoice can be taken by link from %(opens)s. "
            "Until then ask the service department for it, or take an earlier month."
        )
        raise Refused(text, last=month.period.last_day, opens=opens)
    if not taken:
        raise Refused(N_("Only the last months can be taken by link. Order the invoice of an earlier one to e-mail."))
    text = N_(
        "Only the last months can be taken by link (closed months: %(months)s, from %(first)s to %(last)s). "
        "Order the invoice of an earlier one to e-mail."
    )
    raise Refused(text, months=len(taken), first=taken[-1].first_day, last=taken[0].period.last_day)


def order_running(session: Session, actor: Actor, account_id: int, token: str, **about: Any) -> Job:
    """Order the charges of the running month by subscriber, by e-mail (A1-27)."""
    actor.need(Right.CABINET_DOCUMENTS)
    account = owned(session, actor, account_id)
    need_open(session, account.seller_id, PolicyKind.INVOICE_CLOSED_WINDOW)
    params = {
        "account_id": account.id,
        "addresses": list(addresses_now(session, actor, account)),
        "format": account.delivery_format,
    }
    return _order(session, actor, JobName.RUNNING_CHARGES, params, f"running:{account.id}:{token}", about)


def _order(
    session: Session, actor: Actor, name: JobName, params: dict[str, Any], key: str, about: dict[str, Any]
) -> Job:
    """The job, known by who asked: another person's order is another's to see. `about`: its title and its page."""
    page = {"page": about["page"]} if about.get("page") else {}
    return work.order_job(
        session, actor, name, {**params, **page}, title=str(about.get("title", "")), key=f"{actor.user_id}:{key}"[:140]
    )


def formed_of(session: Session, actor: Actor) -> Sequence[Job]:
    """The files this person had formed by link, the newest first."""
    actor.need(Right.CABINET_DOCUMENTS)
    query = (
        sa.select(Job)
        .where(
            Job.user_id == actor.user_id,
            Job.company_id == actor.company_id,
            Job.name == JobName.FORM_INVOICE.value,
        )
        .order_by(Job.id.desc())
        .limit(SHOWN)
    )
    return session.scalars(query).all()
