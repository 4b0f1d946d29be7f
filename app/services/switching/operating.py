"""Orders to the operator and what comes back: claimed and kept, sent outside any transaction, recorded and kept.

A request is marked as sent before it goes out, so nobody cancels what may already be at the operator; a worker that
dies in between leaves it without a reference, and the same wish sends it again under the same id. What is done is
written as an option and a part of the subscription, from which billing charges it.
"""

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_
from app.models import Account, Option, Request, Seller, SubscriptionItem
from app.provisioning.base import Answer, Operator, OperatorError, Order, State
from app.rules.lifecycle import RequestState
from app.rules.switching import KINDS, OFF, ON, Term, begins_on
from app.services import policies, sets, work
from app.services.billing.dialect import from_fine
from app.services.switching import facts
from app.services.switching.asking import CARRIED, finish, wish_to_send
from app.services.work import Topic

TRIES = 12  # then the request stays failed until somebody of the staff tries it again
IN_A_ROW = 3  # failures after which an operator is not tried further in this round
LONGEST = 3600  # seconds between two tries or questions
ACTION = {kind: action for action, kind in KINDS.items()}
WAITING = (RequestState.NEW.value, RequestState.QUEUED.value, RequestState.FAILED.value)
TIRED = N_("The operator could not be reached.")
OVER = N_(
    "The subscriber’s plan was no longer in force when the option was switched on, so it is not charged. "
    "Ask for it again once there is a plan."
)
LOST = N_("The operator has lost the order; it is sent again.")

Open = Callable[[str, Mapping[str, Any], Path], Operator]


@dataclass(frozen=True)
class Claimed:
    """A request on its way: whose it is, and the order made of it."""

    request_id: int
    company_id: int
    seller_id: int
    attempts: int
    order: Order
    reference: str = ""


@dataclass(frozen=True)
class Sent:
    """What came of sending one: a reference, or why there is none."""

    claimed: Claimed
    reference: str = ""
    error: str = ""
    permanent: bool = False


def pause(times: int) -> dt.timedelta:
    """How long to wait after so many tries or questions: 2, 4, 8 … seconds, an hour at most."""
    return dt.timedelta(seconds=min(LONGEST, 2 ** min(times, 12)))


# -- sending -----------------------------------------------------------------------------------------------------------


def claim(session: Session, request_ids: Sequence[int]) -> list[Claimed]:
    """Mark what of these still waits as sent, and make its orders. Commit before sending."""
    found = _requests(session, request_ids, (*WAITING, RequestState.SENT.value), lock=True)
    mine = [row for row in found if row.state != RequestState.SENT.value or not row.reference]
    claimed = [_claimed(row, row.attempts + 1) for row in mine]
    if claimed:
        session.execute(
            sa.update(Request)
            .where(Request.id.in_([one.request_id for one in claimed]))
            .values(state=RequestState.SENT.value, attempts=Request.attempts + 1, reason="")
            .execution_options(synchronize_session=False)
        )
    return claimed


def _requests(session: Session, request_ids: Sequence[int], states: Sequence[str], *, lock: bool = False) -> list[Any]:
    columns = (
        Request.id,
        Request.company_id,
        Request.parent_id,
        Request.state,
        Request.reference,
        Request.attempts,
        Request.kind,
        Request.effective_on,
        Request.details,
        Request.subscriber_id,
        Request.component_id,
        Account.seller_id,
    )
    found: list[Any] = []
    for start in range(0, len(request_ids), 500):
        query = (
            sa.select(*columns)
            .join(Account, Account.id == Request.account_id)
            .where(Request.id.in_(request_ids[start : start + 500]), Request.state.in_(states))
            .order_by(Request.id)
        )
        found += session.execute(query.with_for_update(of=Request, key_share=True) if lock else query).all()
    return found


def _claimed(row: Any, attempts: int) -> Claimed:
    order = Order(f"request-{row.id}", row.details["number"], row.details["option"], ACTION[row.kind], row.effective_on)
    return Claimed(row.id, row.company_id, row.seller_id, attempts, order, row.reference)


def operators(session: Session, seller_ids: Iterable[int], folder: Path, open_one: Open) -> dict[int, Operator | None]:
    """The operator of each Seller; None where its setting names none."""
    found: dict[int, Operator | None] = {}
    for seller_id in set(seller_ids):
        seller = session.get_one(Seller, seller_id)
        try:
            found[seller_id] = open_one(seller.operator, seller.operator_settings or {}, folder)
        except (OperatorError, ImportError, AttributeError, ValueError):
            found[seller_id] = None
    return found


def send_orders(claimed: Sequence[Claimed], by: Mapping[int, Operator | None]) -> list[Sent]:
    """Hand the orders over, one by one. No transaction is open here: an operator may take its time."""
    sent: list[Sent] = []
    failures: dict[int, int] = defaultdict(int)
    for one in claimed:
        operator = by[one.seller_id]
        if operator is None or failures[one.seller_id] >= IN_A_ROW:
            sent.append(Sent(one, error=TIRED))
            continue
        try:
            sent.append(Sent(one, reference=operator.send(one.order)[:120]))
            failures[one.seller_id] = 0
        except OperatorError as error:
            failures[one.seller_id] += not error.permanent
            sent.append(Sent(one, error=str(error)[:500], permanent=error.permanent))
    return sent


def record_sent(session: Session, sent: Sequence[Sent]) -> None:
    """Keep references; a refusal for good ends the request, anything else is wished for again later."""
    taken = [one for one in sent if one.reference]
    if taken:
        _set(session, [[one.claimed.request_id, one.reference] for one in taken], "reference", RequestState.SENT)
        _wish_to_ask(session, taken[0].claimed.company_id, [one.claimed.request_id for one in taken], 0)
    refused = [one for one in sent if one.permanent]
    if refused:
        reject(session, {one.claimed.request_id: one.error for one in refused})
    again = [one for one in sent if not one.reference and not one.permanent]
    if again:
        _fail(session, again)


def _fail(session: Session, failed: Sequence[Sent]) -> None:
    rows = [[one.claimed.request_id, one.error] for one in failed]
    _set(session, rows, "reason", RequestState.SENT, to=RequestState.FAILED)
    turns: dict[int, list[int]] = defaultdict(list)
    for one in failed:
        if one.claimed.attempts < TRIES:
            turns[one.claimed.attempts].append(one.claimed.request_id)
    company_id = failed[0].claimed.company_id
    for attempts, ids in turns.items():
        wish_to_send(session, company_id, ids, clock.now() + pause(attempts), attempts)


def _set(
    session: Session,
    rows: Sequence[Sequence[Any]],
    column: str,
    state: RequestState,
    to: RequestState | None = None,
    *,
    ended: bool = False,
) -> list[int]:
    """One column of requests that are in `state`, and their next state; the ids of those that were."""
    columns, after = {column: "TEXT", "state": "TEXT"}, (to or state).value
    values: list[Any] = [[id_, value, after] for id_, value in rows]
    if ended:
        columns["done_at"] = "TIMESTAMP"
        now = str(clock.now().replace(tzinfo=None))
        values = [[*row, now] for row in values]
    return sets.update_rows(session, "request", columns, values, f"request.state = '{state.value}'")


# -- asking ------------------------------------------------------------------------------------------------------------


def _wish_to_ask(session: Session, company_id: int, request_ids: Sequence[int], asked: int) -> None:
    """Wish to ask about orders: at once, then at growing pauses."""
    due = clock.now() + (pause(asked) if asked else dt.timedelta(0))
    for start in range(0, len(request_ids), CARRIED):
        some = list(request_ids[start : start + CARRIED])
        key = f"options-ask:{some[0]}-{some[-1]}:{len(some)}:{asked}:{clock.now().timestamp()}"
        work.put_outbox(session, Topic.ASK_ORDERS, {"request_ids": some, "asked": asked}, key[:160], company_id, due)


def waiting_for_answer(session: Session, request_ids: Sequence[int]) -> list[Claimed]:
    """Those of these requests that are at the operator."""
    found = _requests(session, request_ids, (RequestState.SENT.value,))
    return [_claimed(row, row.attempts) for row in found if row.reference]


def ask_orders(claimed: Sequence[Claimed], by: Mapping[int, Operator | None]) -> dict[int, Answer | None]:
    """What came of each order; None where the operator does not know it. No transaction is open here."""
    answers: dict[int, Answer | None] = {}
    failures: dict[int, int] = defaultdict(int)
    for one in claimed:
        operator = by[one.seller_id]
        answers[one.request_id] = Answer(State.PENDING)
        if operator is None or failures[one.seller_id] >= IN_A_ROW:
            continue
        try:
            answers[one.request_id] = operator.ask(one.reference)
        except OperatorError as error:
            failures[one.seller_id] += not error.permanent
            if error.permanent:
                answers[one.request_id] = None
    return answers


def record_answers(
    session: Session, claimed: Sequence[Claimed], answers: Mapping[int, Answer | None], asked: int
) -> None:
    """Write what is done and what is rejected; what is pending is asked about again later."""
    if not claimed:
        return
    company_id = claimed[0].company_id
    done = [id_ for id_, answer in answers.items() if answer is not None and answer.state is State.DONE]
    complete(session, done)
    reject(session, {i: a.reason for i, a in answers.items() if a is not None and a.state is State.REJECTED})
    pending = [id_ for id_, answer in answers.items() if answer is not None and answer.state is State.PENDING]
    if pending:
        _wish_to_ask(session, company_id, pending, asked + 1)
    lost = [id_ for id_, answer in answers.items() if answer is None]
    if lost:
        _set(session, [[id_, ""] for id_ in lost], "reference", RequestState.SENT, to=RequestState.FAILED)
        _set(session, [[id_, LOST] for id_ in lost], "reason", RequestState.FAILED)
        wish_to_send(session, company_id, lost, clock.now() + pause(1), 1)


# -- ends --------------------------------------------------------------------------------------------------------------


def reject(session: Session, reasons: Mapping[int, str]) -> list[int]:
    """The operator will not do these; the reason is what the administrator reads."""
    if not reasons:
        return []
    rows = [[id_, reason[:500]] for id_, reason in reasons.items()]
    ended = _set(session, rows, "reason", RequestState.SENT, to=RequestState.REJECTED, ended=True)
    finish(session, _parents(session, ended))
    return ended


def _parents(session: Session, request_ids: Sequence[int]) -> list[int]:
    query = sa.select(Request.parent_id).where(Request.id.in_(request_ids), Request.parent_id.is_not(None)).distinct()
    return list(session.scalars(query)) if request_ids else []


def complete(session: Session, request_ids: Sequence[int]) -> list[int]:
    """These are done at the operator: write options and parts of subscriptions, once each; their ids."""
    if not request_ids:
        return []
    rows = [[id_, ""] for id_ in request_ids]
    ended = _set(session, rows, "reason", RequestState.SENT, to=RequestState.DONE, ended=True)
    if not ended:
        return []
    by_company: dict[int, list[Any]] = defaultdict(list)
    for row in _requests(session, ended, (RequestState.DONE.value,)):
        by_company[row.company_id].append(row)
    for company_id, some in by_company.items():
        undone = [row for row in some if row.details.get("counter_of")]
        plain = [row for row in some if not row.details.get("counter_of")]
        known = facts.known_of(
            session, company_id, {row.subscriber_id for row in some}, {row.component_id for row in some}
        )
        late = _switch_on(session, known, [row for row in plain if ACTION[row.kind] == ON])
        if late:
            _set(session, [[id_, OVER] for id_ in late], "reason", RequestState.DONE, to=RequestState.REJECTED)
        _switch_off(session, known, [row for row in plain if ACTION[row.kind] == OFF])
        _undo(session, undone)
    finish(session, _parents(session, ended))
    return ended


def _remember(session: Session, done: Mapping[int, Mapping[str, Any]], rows: Sequence[Any]) -> None:
    """Keep with each request what was written for it: a later undo takes back exactly that."""
    kept = [(row.id, {**row.details, "done": done[row.id]}) for row in rows if row.id in done]
    as_text = not sets.is_postgresql(session)
    details = [[id_, json.dumps(value, ensure_ascii=False) if as_text else value] for id_, value in kept]
    sets.update_rows(session, "request", {"details": "JSON"}, details)


def _switch_on(session: Session, known: facts.Known, rows: Sequence[Any]) -> list[int]:
    """Options and parts from the day on, to the end of the subscription they hang on where it has one.

    Where that has ended meanwhile they hang on the one that followed it; requests for which there is none come back.
    """
    options, items, written, late = [], [], [], []
    todays = {one: clock.today(policies.zone_of(session, one)) for one in {row.seller_id for row in rows}}
    for row in rows:
        since = begins_on(row.effective_on, todays[row.seller_id])
        term = _hung_on(known.subscriptions.get(row.subscriber_id, ()), row.details["subscription_id"], since)
        if term is None:
            late.append(row.id)
            continue
        own = {"company_id": row.company_id, "component_id": row.component_id, "valid_from": since}
        options.append(own | {"subscriber_id": row.subscriber_id, "valid_to": term.until})
        items.append(own | {"subscription_id": term.id, "name": row.details["name"], "valid_to": term.until})
        written.append(row)
    if not written:
        return late
    option_ids, item_ids = _insert(session, Option, options), _insert(session, SubscriptionItem, items)
    done = {
        row.id: {"option_id": option_id, "item_id": item_id, "since": option["valid_from"].isoformat()}
        for row, option_id, item_id, option in zip(written, option_ids, item_ids, options, strict=True)
    }
    _remember(session, done, written)
    return late


def _hung_on(terms: Sequence[Term], asked: int, day: dt.date) -> Term | None:
    """The subscription an option was asked for where it is in force on the day, else another that is."""
    fit = [term for term in terms if term.holds_on(day)]
    return next((term for term in fit if term.id == asked), fit[0] if fit else None)


def _insert(session: Session, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    made = session.execute(sa.insert(model).returning(model.id, sort_by_parameter_order=True), list(rows))
    return list(made.scalars())


def _switch_off(session: Session, known: facts.Known, rows: Sequence[Any]) -> None:
    """Options and parts end on the day; what would have begun on it or later is taken away."""
    done: dict[int, dict[str, Any]] = {}
    for row in rows:
        key, day = (row.subscriber_id, row.component_id), row.effective_on
        terms = [term for term in known.options.get(key, ()) if term.reaches(day)]
        parts = [(id_, part) for id_, part in known.items.get(key, ()) if part.until is None or part.until > day]
        done[row.id] = {
            "options": [[term.id, term.since.isoformat(), _iso(term.until)] for term in terms],
            "items": [
                [i, p.subscription_id, p.since.isoformat(), _iso(p.until), p.quantity, p.unit_price] for i, p in parts
            ],
        }
        _end(session, Option, day, [(term.id, term.since) for term in terms])
        _end(session, SubscriptionItem, day, [(id_, part.since) for id_, part in parts])
    if done:
        _remember(session, done, rows)


def _end(session: Session, model: Any, day: dt.date, rows: Sequence[tuple[int, dt.date]]) -> None:
    ends = [id_ for id_, since in rows if since < day]
    goes = [id_ for id_, since in rows if since >= day]
    plain = {"synchronize_session": False}
    if ends:
        session.execute(sa.update(model).where(model.id.in_(ends)).values(valid_to=day).execution_options(**plain))
    if goes:
        session.execute(sa.delete(model).where(model.id.in_(goes)).execution_options(**plain))


def _undo(session: Session, rows: Sequence[Any]) -> None:
    """Take back what the requests that these undo had written: as if they had never been."""
    if not rows:
        return
    first = {row.details["counter_of"]: row for row in rows}
    undone = session.execute(sa.select(Request.id, Request.details).where(Request.id.in_(first))).all()
    for id_, details in undone:
        done, row = details.get("done") or {}, first[id_]
        if "option_id" in done:
            for model, name in ((Option, "option_id"), (SubscriptionItem, "item_id")):
                session.execute(sa.delete(model).where(model.id == done[name]))
            continue
        for option_id, since, until in done.get("options", ()):
            own = {"subscriber_id": row.subscriber_id, "component_id": row.component_id}
            _restore(session, Option, option_id, since, until, row.company_id, own)
        for item_id, subscription_id, since, until, quantity, unit_price in done.get("items", ()):
            own = {"subscription_id": subscription_id, "component_id": row.component_id, "name": row.details["name"]}
            own |= {"quantity": _fine(quantity), "unit_price": _fine(unit_price)}
            _restore(session, SubscriptionItem, item_id, since, until, row.company_id, own)


def _restore(
    session: Session, model: Any, row_id: int, since: str, until: str | None, company_id: int, own: Mapping[str, Any]
) -> None:
    """Let the row last as before; make it anew where it had been taken away."""
    ends = dt.date.fromisoformat(until) if until else None
    changed = session.execute(sa.update(model).where(model.id == row_id).values(valid_to=ends))
    if not changed.rowcount:  # type: ignore[attr-defined]
        session.execute(
            sa.insert(model).values(
                company_id=company_id, valid_from=dt.date.fromisoformat(since), valid_to=ends, **own
            )
        )


def _fine(scaled: int | None) -> Any:
    return None if scaled is None else from_fine(scaled)


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day is not None else None
