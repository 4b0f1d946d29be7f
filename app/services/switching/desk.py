"""What the staff does with requests: tries failed ones again, refuses, and marks what was switched by hand."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Request
from app.rules.lifecycle import RequestState
from app.services import trail
from app.services.switching.asking import finish, wish_to_send
from app.services.switching.operating import ACTION, complete

NOT_FAILED = N_("Only a request that failed can be tried again.")
NO_REASON = N_("Write the reason: the customer reads it.")
ENDED = N_("The request has ended already.")
NOT_SENT = N_("Only a request that is at the operator can be marked as done.")


def _request(session: Session, actor: Actor, request_id: int) -> Request:
    actor.need(Right.SUBSCRIPTIONS_WRITE)
    query = sa.select(Request).where(Request.id == request_id, Request.parent_id.is_not(None))
    found = session.scalars(query.where(Request.kind.in_(ACTION)).with_for_update(of=Request)).first()
    if found is None:
        raise NotFound()
    return found


def try_again(session: Session, actor: Actor, request_ids: Sequence[int]) -> int:
    """Put failed requests back into the queue; how many."""
    actor.need(Right.SUBSCRIPTIONS_WRITE)
    moved = session.execute(
        sa.update(Request)
        .where(Request.id.in_(request_ids), Request.kind.in_(ACTION), Request.state == RequestState.FAILED.value)
        .values(state=RequestState.QUEUED.value, attempts=0, reference="")
        .returning(Request.id, Request.company_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not moved:
        raise Refused(NOT_FAILED)
    by_company: dict[int, list[int]] = defaultdict(list)
    for request_id, company_id in moved:
        by_company[company_id].append(request_id)
    for company_id, ids in by_company.items():
        wish_to_send(session, company_id, sorted(ids), clock.now(), 1)
        trail.record(session, actor, "options.again", "request", ids[0], company_id=company_id, requests=len(ids))
    return len(moved)


def refuse(session: Session, actor: Actor, request_id: int, reason: str) -> Request:
    """End a request without doing it; the reason is what the customer reads."""
    request = _request(session, actor, request_id)
    if not reason.strip():
        raise Refused(NO_REASON)
    if request.state in (RequestState.DONE, RequestState.REJECTED, RequestState.CANCELLED):
        raise Refused(ENDED)
    request.state, request.reason = RequestState.REJECTED.value, reason.strip()[:500]
    request.done_at = clock.now()
    session.flush()
    finish(session, [int(request.parent_id or 0)])
    trail.record(
        session, actor, "options.refuse", "request", request.id, company_id=request.company_id, reason=request.reason
    )
    return request


def mark_done(session: Session, actor: Actor, request_id: int) -> Request:
    """What was switched by hand is done: it is written and billed like any other."""
    request = _request(session, actor, request_id)
    if request.state != RequestState.SENT.value:
        raise Refused(NOT_SENT)
    complete(session, [request.id])
    session.refresh(request)
    if request.state != RequestState.DONE.value:
        raise Refused(request.reason)
    trail.record(session, actor, "options.done", "request", request.id, company_id=request.company_id)
    return request
