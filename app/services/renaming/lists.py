"""The life of a list of new names: read, looked at, ordered, applied pack by pack, undone.

A list is one request; nothing but the list is written before it is ordered, and its lines are judged again when they
are applied. Each pack, its history and the list's progress are one transaction: a killed worker repeats nothing.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.models import Company, Job, RenameList, RenamePack, Request, Subscriber, SubscriberName
from app.rules.lifecycle import JobState, RequestState, move
from app.rules.renaming import GOOD, Outcome, Verdict, judge_name
from app.services import trail, work
from app.services.cabinet.subscribers import countries_of
from app.services.importing.opening import digest_of
from app.services.renaming import words
from app.services.renaming.gate import BILLED, Gate, billing_since, gate_of, month_of
from app.services.renaming.lookup import Line, Where, count_verdicts, in_packs, judge_rows, uncollected
from app.services.renaming.opening import TOO_MANY, Opened
from app.services.renaming.writing import Wish, write_names
from app.services.work import JobName

KIND = "rename"
TITLE = N_("Renaming of subscribers")
PACK = 2_500  # lines; a page reads one pack, a transaction of the job applies four
STEP = 4  # packs
FORGOTTEN = dt.timedelta(minutes=15)  # after this a list whose command was killed is taken over by a job
_LOOK_ALIKE = Verdict.LOOK_ALIKE.value
ENDED = (RequestState.DONE.value, RequestState.CANCELLED.value, RequestState.REJECTED.value)

NOTHING_GOOD = N_("No line of this list can be applied. Correct the list and upload it again.")
NOT_NEW = N_("This list is already ordered. Upload another one.")
NOT_DONE = N_("Only a list that has been applied can be undone.")
NOTHING_DONE = N_("This list changed no name, so there is nothing to undo.")
CANCELLED = N_("This list is already cancelled.")
TOO_LATE = N_("This list has already been applied. You may undo it.")


@dataclass(frozen=True)
class Progress:
    """How far a list is, in lines."""

    done: int
    total: int
    is_over: bool
    waits_until: dt.datetime | None = None  # a freeze has begun before the list was through


# --- making a list ---------------------------------------------------------------------------------------------------


def read_list(
    session: Session,
    actor: Actor,
    company_id: int,
    opened: Opened,
    path: Path,
    file_name: str,
    *,
    source: str = "file",
    key: str | None = None,
    limit: int = 0,
) -> RenameList:
    """Judge every line of an opened list and keep the verdicts: a preview. The same `key` gives the same list.

    `limit` is how many lines there may be in place of the Seller's policy, which is for what a company sends.
    """
    company = _company(session, actor, company_id)
    known = _by_key(session, company.id, key)
    if known is not None:
        return known
    gate = gate_of(session, company.seller_id)
    limit = limit or gate.lines
    if len(opened) > limit:
        raise Refused(TOO_MANY, count=len(opened), limit=limit)
    where = Where(company.id, countries_of(session, company), gate.characters)
    lines = judge_rows(session, where, opened.rows())
    made = RenameList(
        company_id=company.id,
        seller_id=company.seller_id,
        source=source,
        file_name=Path(file_name).name[-255:],
        sha256=digest_of(path),
        columns={**opened.columns.to_dict(), **opened.sheets},
        headers=opened.headers,
        key=_key(company.id, key),
    )
    return _keep(session, actor, made, lines)


def read_rows(
    session: Session, actor: Actor, company_id: int, rows: Sequence[tuple[int, str, str]], name: str
) -> RenameList:
    """`read_list` of (line, number, new name) that stand in no file."""
    company = _company(session, actor, company_id)
    where = Where(company.id, countries_of(session, company), gate_of(session, company.seller_id).characters)
    made = RenameList(company_id=company.id, seller_id=company.seller_id, source="paste", file_name=name[:255])
    return _keep(session, actor, made, judge_rows(session, where, rows))


def _company(session: Session, actor: Actor, company_id: int) -> Company:
    actor.need(Right.CABINET_RENAME)
    actor.need_company(company_id)
    company = session.get(Company, company_id)
    if company is None:
        raise NotFound()
    return company


def _key(company_id: int, key: str | None) -> str | None:
    return f"{company_id}:{key}"[:80] if key else None


def _by_key(session: Session, company_id: int, key: str | None) -> RenameList | None:
    if not key:
        return None
    return session.scalars(sa.select(RenameList).where(RenameList.key == _key(company_id, key))).first()


def _keep(session: Session, actor: Actor, made: RenameList, lines: list[Line]) -> RenameList:
    """Write a judged list with its request and packs; another one with the same key, where that came first."""
    made.lines, made.counts = len(lines), count_verdicts(lines)
    made.request = Request(
        company_id=made.company_id,
        kind=KIND,
        state=RequestState.NEW.value,
        asked_by=actor.user_id,
        details={"list": made.source, "file": made.file_name, "lines": made.lines, "counts": made.counts},
    )
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:  # the same form came a second time before the first was kept
        known = session.scalars(sa.select(RenameList).where(RenameList.key == made.key)).first()
        if known is None:
            raise
        return known
    packs = [_pack(made, place, some) for place, some in enumerate(in_packs(lines, PACK))]
    if packs:
        session.execute(sa.insert(RenamePack), packs)
    made.packs = len(packs)
    session.flush()
    return made


def _pack(made: RenameList, place: int, lines: list[Line]) -> dict[str, Any]:
    return {
        "company_id": made.company_id,
        "list_id": made.id,
        "position": place,
        "first_line": lines[0][0],
        "counts": count_verdicts(lines),
        "lines": json.dumps(lines, ensure_ascii=False, separators=(",", ":")),
    }


def rename_one(session: Session, actor: Actor, subscriber_id: int, name: str, *, key: str | None = None) -> RenameList:
    """Rename one subscriber at once, or, in a freeze that waits, when it ends; a list of one line, undone as any."""
    actor.need(Right.CABINET_RENAME)
    row = session.get(Subscriber, subscriber_id)
    if row is None:
        raise NotFound()
    company = _company(session, actor, row.company_id)
    known = _by_key(session, company.id, key)
    if known is not None:
        return known
    gate = gate_of(session, company.seller_id)
    judged = judge_name(name, gate.characters)
    if judged.verdict is not None and judged.verdict not in GOOD:
        raise words.sentence_of(judged.verdict.value, longest=gate.characters)
    if judged.name == row.name:
        raise words.sentence_of(Verdict.UNCHANGED.value)
    made = RenameList(
        company_id=company.id, seller_id=company.seller_id, source="one", file_name="", key=_key(company.id, key)
    )
    made = _keep(session, actor, made, [[1, row.number, row.id, judged.name, Verdict.OK.value, ""]])
    made.request.subscriber_id, made.request.account_id = row.id, row.account_id
    made = order(session, actor, made.request_id, by_job=False)
    if made.opens_at is None:
        apply_step(session, actor, made.request_id)
        session.expire(row)
    return made


# --- ordering and stopping -------------------------------------------------------------------------------------------


def list_of(session: Session, actor: Actor, request_id: int) -> RenameList:
    """A list of the actor's company by its request; NotFound for any other."""
    actor.need(Right.CABINET_RENAME)
    query = sa.select(RenameList).where(RenameList.request_id == request_id)
    found = session.scalars(query.options(joinedload(RenameList.request))).first()
    if found is None:
        raise NotFound()
    actor.need_company(found.company_id)
    return found


def _locked(session: Session, actor: Actor, request_id: int) -> RenameList:
    found = list_of(session, actor, request_id)
    wanted = sa.select(RenameList).where(RenameList.id == found.id).with_for_update()
    locked = session.scalars(wanted.execution_options(populate_existing=True)).one()
    session.refresh(locked.request)
    return locked


def take_suggestions(session: Session, actor: Actor, request_id: int, takes: bool) -> RenameList:
    """Apply the suggested spellings of look-alikes, or the names as they are written."""
    found = _locked(session, actor, request_id)
    if found.request.state != RequestState.NEW.value:
        raise Refused(NOT_NEW)
    found.takes_suggestions = takes
    session.flush()
    return found


def order(session: Session, actor: Actor, request_id: int, *, by_job: bool = True, page: str = "") -> RenameList:
    """Ask for a previewed list to be applied: now, or when the freeze ends; refused where the Seller's policy refuses.

    Asking twice orders once. Without `by_job` the caller applies it; a job takes over where it dies.
    """
    found = _locked(session, actor, request_id)
    if found.request.state != RequestState.NEW.value:
        return found
    if not good_lines(found.counts):
        raise Refused(NOTHING_GOOD)
    gate = gate_of(session, found.seller_id)
    if gate.refusal is not None and not gate.waits:
        raise gate.refusal
    found.request.state = move(RequestState.NEW, RequestState.QUEUED).value
    found.promised_by = gate.promised_by
    if not gate.is_open:
        found.opens_at = found.due_at = gate.opens_at
    elif by_job:
        _order_job(session, actor, found, page)
    else:
        found.due_at = clock.now() + FORGOTTEN
    _record(session, actor, "rename.order", found)
    session.flush()
    return found


def good_lines(counts: dict[str, int]) -> int:
    """How many lines of a preview will be applied."""
    return sum(counts.get(verdict.value, 0) for verdict in GOOD)


def _order_job(session: Session, actor: Actor, found: RenameList, page: str = "") -> None:
    params = {"request_id": found.request_id, **({"page": page} if page else {})}
    since = f":{found.opens_at:%Y%m%d%H%M}" if found.opens_at is not None else ""  # what a freeze held is another job
    key = f"rename:{found.request_id}{since}"
    job = work.order_job(session, actor, JobName.RENAME_APPLY, params, TITLE, key=key)
    found.job_id, found.due_at = job.id, None


def _record(session: Session, actor: Actor, action: str, found: RenameList, **more: Any) -> None:
    facts = {"file": found.file_name, "sha256": found.sha256, "lines": found.lines, **more}
    trail.record(session, actor, action, "request", found.request_id, company_id=found.company_id, **facts)


def begin_due(session: Session) -> int:
    """Order the work of lists whose minute has come (a freeze has ended, a command was killed); how many."""
    _follow_the_calendar(session)
    due = sa.select(RenameList).where(RenameList.due_at <= clock.now()).order_by(RenameList.id).limit(200)
    found = session.scalars(due.with_for_update(skip_locked=True)).all()
    for one in found:
        if one.request.state in ENDED:
            one.due_at = None
            continue
        asked_by = one.request.asked_by
        actor = Actor(asked_by, "", one.company_id) if asked_by is not None else Actor.system()
        _order_job(session, actor, one)
    session.flush()
    return len(found)


def _follow_the_calendar(session: Session) -> None:
    """Lists that wait for a freeze begin in its first allowed minute as the Seller's calendar says it now."""
    now, gates = clock.now(), dict[int, Gate]()
    waiting = sa.select(RenameList).where(RenameList.due_at > now, RenameList.opens_at > now)
    for found in session.scalars(waiting.order_by(RenameList.id).with_for_update(skip_locked=True)):
        if found.seller_id not in gates:
            gates[found.seller_id] = gate_of(session, found.seller_id)
        gate = gates[found.seller_id]
        if found.opens_at != gate.opens_at:
            _wait_until_open(found, gate)
    session.flush()


def cancel(session: Session, actor: Actor, request_id: int) -> RenameList:
    """Give up a list: whole where it has not begun, else what is left of it (its job stops at its next step)."""
    found = _locked(session, actor, request_id)
    state = found.request.state
    if state in ENDED:
        raise Refused(TOO_LATE if state == RequestState.DONE.value else CANCELLED)
    job = session.get(Job, found.job_id) if found.job_id else None
    if state == RequestState.SENT.value and job is not None and job.state == JobState.RUNNING.value:
        job.cancel_asked = True
        return found
    if job is not None and job.state == JobState.QUEUED.value:
        job.cancel_asked = True
    return _stop(session, actor, found)


def stop(session: Session, actor: Actor, request_id: int) -> RenameList:
    """End a list where it is: what is applied stays (and can be undone), the rest is left as it was."""
    found = _locked(session, actor, request_id)
    return found if found.request.state in ENDED else _stop(session, actor, found)


def _stop(session: Session, actor: Actor, found: RenameList) -> RenameList:
    if found.request.state == RequestState.SENT.value:
        left = _packs(session, found, found.applied_packs, found.packs)
        counts = Counter(found.outcomes)
        counts[Outcome.STOPPED.value] += sum(good_lines(pack.counts) for pack in left)
        found.outcomes, found.is_stopped = dict(+counts), True
        _end(session, actor, found)
        return found
    found.request.state = move(RequestState(found.request.state), RequestState.CANCELLED).value
    found.due_at = None
    _record(session, actor, "rename.cancel", found)
    session.flush()
    return found


# --- applying --------------------------------------------------------------------------------------------------------


def progress_of(found: RenameList) -> Progress:
    """How far a list is."""
    is_over = found.request.state in ENDED
    done = found.lines if is_over else min(found.lines, found.applied_packs * PACK)
    return Progress(done, found.lines, is_over, waits_until(found))


def _wait_until_open(found: RenameList, gate: Gate) -> None:
    found.opens_at = found.due_at = gate.opens_at
    found.promised_by = gate.promised_by


def _hold(session: Session, actor: Actor, found: RenameList, gate: Gate) -> Progress:
    """What is left of a list waits until the freeze is over; the schedule begins it then."""
    _wait_until_open(found, gate)
    _record(session, actor, "rename.hold", found, applied=found.applied_packs, opens=gate.opens_at.isoformat())
    session.flush()
    return progress_of(found)


def waits_until(found: RenameList) -> dt.datetime | None:
    """The instant before which a list that waits for the end of a freeze must not begin; None where it may."""
    if found.opens_at is None or clock.now() >= found.opens_at or found.request.state in ENDED:
        return None
    return found.opens_at


def apply_step(session: Session, actor: Actor, request_id: int, packs: int = STEP) -> Progress:
    """Apply the next packs in the caller's transaction, who commits; after a kill nothing is lost or done twice.

    A list that waits for its day does nothing before it. Where a freeze has begun before it was through, what is left
    of it waits for the first allowed minute, whatever the policy does with lists that are asked for in the freeze.
    """
    found = _locked(session, actor, request_id)
    if found.request.state in (*ENDED, RequestState.NEW.value) or waits_until(found):
        return progress_of(found)
    gate = gate_of(session, found.seller_id)
    if not gate.is_open:
        return _hold(session, actor, found, gate)
    if found.request.state in (RequestState.QUEUED.value, RequestState.FAILED.value):
        found.request.state = RequestState.SENT.value
        found.begun_at = found.begun_at or clock.now()
    some = _packs(session, found, found.applied_packs, found.applied_packs + packs)
    counts = Counter(found.outcomes)
    counts.update(_apply(session, actor, found, some))
    found.outcomes = dict(+counts)
    found.applied_packs += len(some)
    if found.due_at is not None:
        found.due_at = clock.now() + FORGOTTEN
    if found.applied_packs >= found.packs:
        _end(session, actor, found)
    session.flush()
    return progress_of(found)


def _packs(session: Session, found: RenameList, start: int, end: int) -> Sequence[RenamePack]:
    query = sa.select(RenamePack).where(RenamePack.list_id == found.id).order_by(RenamePack.position)
    return session.scalars(query.where(RenamePack.position >= start, RenamePack.position < end)).all()


@uncollected()
def _apply(session: Session, actor: Actor, found: RenameList, packs: Sequence[RenamePack]) -> Counter[str]:
    good = {verdict.value for verdict in GOOD}
    is_undo, takes = found.undo_of_id is not None, found.takes_suggestions
    wishes: list[Wish] = []
    for pack in packs:
        wishes += [
            (one[2], one[5] if takes and one[4] == _LOOK_ALIKE else one[3], one[5] if is_undo else "", is_undo)
            for one in json.loads(pack.lines)
            if one[4] in good
        ]
    written = write_names(session, found.company_id, found.request_id, actor.name or "system", wishes)
    counts = Counter({Outcome.DONE.value: written.changed})
    if written.left:
        targets = {wish[0]: wish[1] for wish in wishes}
        outcomes = {row_id: _why_left(name, targets[row_id]) for row_id, name in written.left.items()}
        counts.update(outcomes.values())
        _note(packs, outcomes, good)
    return counts


def _why_left(name: str | None, target: str) -> str:
    if name is None:
        return Outcome.UNKNOWN.value
    return Outcome.UNCHANGED.value if name == target else Outcome.RENAMED_SINCE.value


def _note(packs: Sequence[RenamePack], outcomes: dict[int, str], good: set[str]) -> None:
    """Keep what came of the good lines that were not done, by line."""
    for pack in packs:
        lines = (line for line in json.loads(pack.lines) if line[4] in good and line[2] in outcomes)
        said = {str(line[0]): outcomes[line[2]] for line in lines}
        if said:
            pack.outcomes = said


def _end(session: Session, actor: Actor, found: RenameList) -> None:
    found.request.state = move(RequestState(found.request.state), RequestState.DONE).value
    found.request.done_at, found.due_at = clock.now(), None
    found.request.details = {**found.request.details, "outcomes": found.outcomes}
    _record(session, actor, "rename.apply", found, outcomes=found.outcomes, undo_of=found.undo_of_id)
    session.flush()


# --- undoing ---------------------------------------------------------------------------------------------------------


def undo_of(session: Session, found: RenameList) -> RenameList | None:
    """The undo of a list that is under way or done, if there is one."""
    query = sa.select(RenameList).join(Request, Request.id == RenameList.request_id)
    query = query.where(RenameList.undo_of_id == found.request_id, Request.state != RequestState.CANCELLED.value)
    return session.scalars(query.order_by(RenameList.id.desc()).limit(1)).first()


def fate_of(session: Session, found: RenameList, gate: Gate) -> tuple[int | None, DomainError | None]:
    """Of a list that is done: the number of its undo, or why it cannot be undone; one statement."""
    undone = (
        sa.select(RenameList.request_id)
        .join(Request, Request.id == RenameList.request_id)
        .where(RenameList.undo_of_id == found.request_id, Request.state != RequestState.CANCELLED.value)
        .order_by(RenameList.id.desc())
        .limit(1)
    )
    assert found.begun_at is not None
    billed = billing_since(found.seller_id, found.begun_at, gate.zone)
    undo_id, is_billed = session.execute(sa.select(undone.scalar_subquery(), billed.exists())).one()
    return undo_id, None if undo_id else _why_not_undone(found, gate, is_billed)


def why_not_undone(session: Session, found: RenameList, gate: Gate) -> DomainError | None:
    """Why a list cannot be undone (any more); None where it can."""
    if found.request.state != RequestState.DONE.value or found.begun_at is None:
        return Refused(NOT_DONE)
    billed = billing_since(found.seller_id, found.begun_at, gate.zone)
    return _why_not_undone(found, gate, session.execute(billed.limit(1)).first() is not None)


def _why_not_undone(found: RenameList, gate: Gate, is_billed: bool) -> DomainError | None:
    assert found.begun_at is not None
    if not found.outcomes.get(Outcome.DONE.value):
        return Refused(NOTHING_DONE)
    if is_billed:
        return Refused(BILLED, month=str(month_of(found.begun_at, gate.zone)))
    return gate.refusal if not gate.is_open and not gate.waits else None


def undo(session: Session, actor: Actor, request_id: int, *, by_job: bool = True, page: str = "") -> RenameList:
    """Give every line its old name back: a list of its own, with its history. Lines renamed since are left.

    Asking twice undoes once; after the next billing run of its month it is refused. A list that still waits is
    cancelled instead, one that a freeze has cut short is ended where it is: then that very list is what comes back.
    """
    found = _locked(session, actor, request_id)
    known = undo_of(session, found)
    if known is not None:
        return known
    state, gate = found.request.state, gate_of(session, found.seller_id)
    if state == RequestState.CANCELLED.value:
        raise Refused(CANCELLED)
    if state == RequestState.QUEUED.value:
        return cancel(session, actor, request_id)
    if state == RequestState.SENT.value and waits_until(found):
        _stop(session, actor, found)
        if not found.outcomes.get(Outcome.DONE.value) or not (gate.is_open or gate.waits):
            return found
    refused = why_not_undone(session, found, gate)
    if refused is not None:
        raise refused
    made = RenameList(
        company_id=found.company_id,
        seller_id=found.seller_id,
        source="undo",
        file_name=found.file_name,
        undo_of_id=found.request_id,
    )
    made = _keep(session, actor, made, _lines_back(session, found))
    if not good_lines(made.counts):
        raise Refused(N_("Every line of this list has been renamed again since, so there is nothing to undo."))
    return order(session, actor, made.request_id, by_job=by_job, page=page)


def _lines_back(session: Session, found: RenameList) -> list[Line]:
    query = (
        sa.select(Subscriber.id, Subscriber.number, Subscriber.name, SubscriberName.old_name, SubscriberName.new_name)
        .join(Subscriber, Subscriber.id == SubscriberName.subscriber_id)
        .where(SubscriberName.request_id == found.request_id, SubscriberName.company_id == found.company_id)
        .where(Subscriber.company_id == found.company_id)
        .order_by(SubscriberName.id)
    )
    return [
        [place, number, row_id, old, (Verdict.OK if name == new else Verdict.RENAMED_SINCE).value, new]
        for place, (row_id, number, name, old, new) in enumerate(session.execute(query), 1)
    ]


# --- clearing away ---------------------------------------------------------------------------------------------------


def forget_drafts(session: Session, before: dt.datetime) -> int:
    """Throw away lists that nobody has ordered since `before`, with their judged lines; how many."""
    old = sa.select(RenameList).join(Request, Request.id == RenameList.request_id)
    old = old.where(Request.state == RequestState.NEW.value, RenameList.created_at < before).limit(1000)
    found = session.scalars(old).all()
    for one in found:
        session.execute(sa.delete(RenamePack).where(RenamePack.list_id == one.id))
        request = one.request
        session.delete(one)
        session.flush()
        session.delete(request)
    session.flush()
    return len(found)
