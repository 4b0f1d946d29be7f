"""Questions to the provider and their answers (A1-11, AST-192…194)."""

from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Account, Company, Seller, Subscriber, Ticket, TicketMessage
from app.reports.words import words_of
from app.rules.lifecycle import TicketState, move
from app.rules.notices import NoticeEvent
from app.services import notices, trail

T = TypeVar("T", Account, Subscriber)
DEPARTMENTS = ("accounting", "technical", "sales", "other")
LONGEST = 20_000  # characters of a message


def _right_of(actor: Actor) -> Right:
    return Right.TICKETS_WRITE if actor.is_staff else Right.CABINET_TICKETS


def open_ticket(
    session: Session,
    actor: Actor,
    subject: str,
    body: str,
    *,
    department: str = "other",
    company_id: int | None = None,
    subscription_id: int | None = None,
    account_id: int | None = None,
    subscriber_id: int | None = None,
) -> Ticket:
    """Ask a question, about an account or a subscriber if one is named; a person of a company asks for their own."""
    actor.need(_right_of(actor))
    owner = company_id if actor.is_staff else actor.company_id
    actor.need_company(owner)
    subject = " ".join(subject.split())[:255]
    if not subject:
        raise Refused(N_("Say in a few words what the question is about."))
    if department not in DEPARTMENTS:
        raise Refused(N_("Choose the department from the list."))
    subscriber = _own(session, Subscriber, subscriber_id, owner)
    account = _own(session, Account, account_id if subscriber is None else subscriber.account_id, owner)
    ticket = Ticket(
        company_id=owner,
        account_id=account.id if account else None,
        subscriber_id=subscriber.id if subscriber else None,
        subject=subject,
        department=department,
        subscription_id=subscription_id,
        state=(TicketState.AWAITS_YOU if actor.is_staff else TicketState.NEW_MESSAGES).value,
    )
    session.add(ticket)
    session.flush()
    _write(session, actor, ticket, body)
    trail.record(session, actor, "ticket.open", "ticket", ticket.id, company_id=owner)
    return ticket


def _own(session: Session, model: type[T], row_id: int | None, company_id: int | None) -> T | None:
    """What a question is about, of the same company; NotFound for any other's."""
    if row_id is None:
        return None
    row: Any = session.get(model, row_id)
    if row is None or row.company_id != company_id:
        raise NotFound()
    return row


def about(session: Session, ticket: Ticket) -> list[tuple[str, Account | Subscriber]]:
    """What a question is about: («account», …), («subscriber», …)."""
    account = session.get(Account, ticket.account_id) if ticket.account_id else None
    subscriber = session.get(Subscriber, ticket.subscriber_id) if ticket.subscriber_id else None
    found: list[tuple[str, Account | Subscriber | None]] = [("account", account), ("subscriber", subscriber)]
    return [(name, row) for name, row in found if row is not None]


def reply(session: Session, actor: Actor, ticket_id: int, body: str) -> Ticket:
    """Write one more message: a company's makes it new for the provider, the provider's awaits the company."""
    actor.need(_right_of(actor))
    ticket = ticket_of(session, actor, ticket_id, lock=True)
    _write(session, actor, ticket, body)
    state = TicketState(ticket.state)
    wanted = TicketState.AWAITS_YOU if actor.is_staff else TicketState.NEW_MESSAGES
    if state is TicketState.ARCHIVED:  # a new message opens it again
        state = move(state, TicketState.NEW_MESSAGES)
    ticket.state = move(state, wanted).value
    return ticket


def archive(session: Session, actor: Actor, ticket_id: int) -> Ticket:
    """Put a settled question away; a reply opens it again."""
    actor.need(_right_of(actor))
    ticket = ticket_of(session, actor, ticket_id, lock=True)
    ticket.state = move(TicketState(ticket.state), TicketState.ARCHIVED).value
    trail.record(session, actor, "ticket.archive", "ticket", ticket.id, company_id=ticket.company_id)
    return ticket


def ticket_of(session: Session, actor: Actor, ticket_id: int, *, lock: bool = False) -> Ticket:
    """A ticket the actor may see; NotFound for any other."""
    actor.need(Right.TICKETS_READ if actor.is_staff else Right.CABINET_TICKETS)
    query = sa.select(Ticket).where(Ticket.id == ticket_id)
    ticket = session.scalars(query.with_for_update(of=Ticket) if lock else query).first()
    if ticket is None:
        raise NotFound()
    actor.need_company(ticket.company_id)
    return ticket


def messages_of(session: Session, ticket: Ticket, limit: int = 200) -> list[TicketMessage]:
    """The last messages of a ticket, the oldest first."""
    query = (
        sa.select(TicketMessage)
        .where(TicketMessage.ticket_id == ticket.id, TicketMessage.company_id == ticket.company_id)
        .order_by(TicketMessage.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))[::-1]


def list_tickets(
    session: Session, actor: Actor, *, archived: bool = False, after: int | None = None, limit: int = 25
) -> tuple[list[Ticket], int | None]:
    """A page of a company's tickets, the newest first; and the id the next page begins after."""
    actor.need(Right.CABINET_TICKETS)
    is_archived = Ticket.state == TicketState.ARCHIVED.value
    query = sa.select(Ticket).where(Ticket.company_id == actor.company_id, is_archived if archived else ~is_archived)
    if after is not None:
        query = query.where(Ticket.id < after)
    found = list(session.scalars(query.order_by(Ticket.id.desc()).limit(limit + 1)))
    shown = found[:limit]
    return shown, (shown[-1].id if len(found) > limit else None)


def _write(session: Session, actor: Actor, ticket: Ticket, body: str) -> None:
    body = body.strip()
    if not body:
        raise Refused(N_("Write the message first."))
    if len(body) > LONGEST:
        raise Refused(
            N_("The message takes %(found)s characters, at most %(limit)s fit."), found=len(body), limit=LONGEST
        )
    message = TicketMessage(
        company_id=ticket.company_id, ticket_id=ticket.id, user_id=actor.user_id, author=actor.name, body=body
    )
    session.add(message)
    session.flush()
    if actor.is_staff:
        _tell(session, ticket, message)


def _tell(session: Session, ticket: Ticket, message: TicketMessage) -> None:
    """The people who wrote in the ticket hear of the answer; where none did, all who may (AST-177)."""
    readers = notices.readers_of(session, [ticket.company_id], [Right.CABINET_TICKETS]).get(ticket.company_id, [])
    writers = set(session.scalars(sa.select(TicketMessage.user_id).where(TicketMessage.ticket_id == ticket.id)))
    readers = [one for one in readers if one.user_id in writers] or readers
    company = session.get_one(Company, ticket.company_id)
    seller = session.get_one(Seller, company.seller_id)

    def say(locale: str) -> tuple[str, str, str]:
        event, words = f"notice_{NoticeEvent.TICKET_ANSWERED}", words_of(locale)
        text = words(event, subject=ticket.subject)
        subject = words(f"{event}_subject", subject=ticket.subject)
        return subject, text, notices.letter_of(locale, text, seller.name)

    rows = notices.rows_for(
        NoticeEvent.TICKET_ANSWERED, str(message.id), readers, say, company_id=ticket.company_id, document_id=None
    )
    notices.put(session, rows)
