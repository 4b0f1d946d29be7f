"""The renewals of a Seller's day: what is due is charged, what is not paid stops, what stopped long ago ends."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_
from app.services import policies
from app.services.shop import renewals, resizing
from app.services.work import JobName, Topic
from config import Settings
from jobs.context import JobContext, Result, effect, job


@job(JobName.RENEWALS)
def renew(context: JobContext) -> Result:
    """One subscription a transaction: a killed run goes on where it stood, and a second run finds nothing to do."""
    session, seller_id = context.session, int(context.params["seller_id"])
    day = clock.today(policies.zone_of(session, seller_id))
    figures = {"renewed": 0, "charging": 0, "failed": 0, "stopped": 0, "ended": 0, "changed": 0}

    def each(find: Callable[..., list[int]], do: Callable[[int], str]) -> None:
        last = 0
        while ids := find(session, seller_id, day, 200, last):
            for one in ids:
                word = do(one)
                if word in figures:
                    figures[word] += 1
                context.progress(sum(figures.values()), 0, N_("Services are being renewed"))
            last = ids[-1]

    each(renewals.due, lambda one: renewals.renew_due(session, one, day))
    each(renewals.unpaid, lambda one: "stopped" if renewals.stop(session, one, day) else "")
    each(resizing.due, lambda one: "changed" if resizing.switch(session, one, day) else "")
    each(renewals.expired, lambda one: "ended" if renewals.end(session, one, day) else "")
    return {"figures": figures}


@effect(Topic.RENEWAL_FAILED)
def renewal_failed(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """A saved method was declined for an order: where it is a renewal, it is tried again later."""
    renewals.note_failure(session, int(payload["order_id"]))
