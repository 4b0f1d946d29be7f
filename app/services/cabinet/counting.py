"""The running month of a large account: counted by a job into a file, and read from it by the page.

What the billing run would charge is counted by its own statements; of fifty thousand subscribers that takes seconds,
so it is not done while a page waits. The file has a line a subscriber, by number; it holds for an hour, and is
counted anew at once where a person asks for that.
"""

import datetime as dt
import itertools
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_
from app.core.period import Month
from app.models import Job, Subscriber, Usage
from app.rules.lifecycle import JobState
from app.services import work
from app.services.cabinet.accounts import owned
from app.services.cabinet.charges import PAGE, ServiceLine, SoFar, SubscriberLine, so_far
from app.services.work import JobName

AT_ONCE = {Subscriber: 1_000, Usage: 20_000}  # subscribers, and records of the month, that a page waits for
HOLDS = dt.timedelta(hours=1)


def is_long(session: Session, account_id: int, month: Month) -> bool:
    """Whether an account has more to count than a page may wait for; one statement, ended at the limit."""
    lines = sa.select(Subscriber.id).where(Subscriber.account_id == account_id).limit(AT_ONCE[Subscriber] + 1)
    records = sa.select(Usage.id).where(Usage.account_id == account_id, Usage.day >= month.first_day)
    both = [lines.subquery(), records.limit(AT_ONCE[Usage] + 1).subquery()]
    counts = session.execute(
        sa.select(*(sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in both))
    ).one()
    return counts[0] > AT_ONCE[Subscriber] or counts[1] > AT_ONCE[Usage]


def latest(session: Session, actor: Actor, account_id: int, month: Month) -> Job | None:
    """The count of this person's that is under way, has failed, or still holds; the keys of counts sort by time."""
    actor.need(Right.CABINET_DOCUMENTS)
    key = f"{actor.company_id}:{_key(actor, account_id, month)}"
    query = sa.select(Job).where(Job.key >= key, Job.key < f"{key}~", Job.company_id == actor.company_id)
    found = session.scalars(query.order_by(Job.key.desc()).limit(1)).first()
    is_open = found is not None and found.state in work.OPEN_STATES
    return found if found is not None and (is_open or found.created_at > clock.now() - HOLDS) else None


def order(session: Session, actor: Actor, account_id: int, month: Month, page: str) -> Job:
    """Have the account counted; while a count is under way it is that one."""
    account = owned(session, actor, account_id)
    found = latest(session, actor, account_id, month)
    if found is not None and found.state in work.OPEN_STATES:
        return found
    key = f"{_key(actor, account_id, month)}{clock.now():%Y%m%dT%H%M%S%f}"
    params = {"account_id": account.id, "page": page}
    return work.order_job(session, actor, JobName.COUNT_CHARGES, params, N_("Charges of this month"), key=key)


def _key(actor: Actor, account_id: int, month: Month) -> str:
    return f"so-far:{account_id}:{actor.user_id}:{month}:"


def count(session: Session, actor: Actor, account_id: int, out: Path) -> dict[str, Any]:
    """Write what each subscriber comes to into a file; what the services come to is the answer."""
    found = so_far(session, actor, account_id, limit=None)
    if found.trouble:
        raise found.trouble
    with out.open("w", encoding="utf-8") as file:
        for one in found.subscribers:
            line = [one.subscriber_id, one.number, one.name, str(one.amount)]
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    services = [[s.name, s.unit, *map(str, (s.quantity, s.net, s.tax, s.gross))] for s in found.lines]
    return {"month": str(found.month), "services": services, "at": clock.now().isoformat()}


def is_there(job: Job, folder: Path) -> bool:
    """Whether the file of a count that has ended is still kept."""
    return job.state == JobState.DONE.value and (folder / str((job.result or {}).get("counted", "-"))).is_file()


def read(job: Job, folder: Path, *, after: str = "", search: str = "", limit: int = PAGE) -> SoFar:
    """What was counted: the services, and a page of the subscribers."""
    result = job.result or {}
    lines = [ServiceLine(name, unit, *map(Decimal, sums)) for name, unit, *sums in result["services"]]
    with (folder / result["counted"]).open(encoding="utf-8") as file:
        fitting = _fitting(file, after, search.strip().casefold())
        found = [SubscriberLine(i, number, name, Decimal(amount)) for i, number, name, amount in _first(fitting, limit)]
    more = found[limit - 1].number if len(found) > limit else ""
    total = sum((line.gross for line in lines), Decimal("0.00"))
    return SoFar(Month.parse(result["month"]), lines, total, found[:limit], more)


def _first(lines: Iterator[Any], limit: int) -> Iterator[Any]:
    return itertools.islice(lines, limit + 1)


def _fitting(file: Iterable[str], after: str, search: str) -> Iterator[Any]:
    for raw in file:
        if after and raw.split('"', 2)[1] <= after:  # most lines are left out before they are taken apart
            continue
        if search and search not in raw.casefold():
            continue
        line = json.loads(raw)
        if not search or search in line[1] or search in line[2].casefold():
            yield line
