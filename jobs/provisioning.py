"""Options by list: long lists looked through, requests made step by step, orders sent to operators, answers asked."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core.errors import N_
from app.services import switching
from app.services.switching import running
from app.services.work import JobName, Topic
from config import Settings
from jobs.context import JobContext, Result, Stopped, effect, job


@job(JobName.LOOK_OPTIONS)
def look_through(context: JobContext) -> Result:
    """Judge and price the lines of a long list; one that is stopped stays as it was taken in."""
    look = switching.Look(int(context.params["batch_id"]), int(context.params["turn"]))
    while look.step(context.session, context.actor):
        context.progress(look.done, look.total, N_("Lines are being looked through"))
    return {"batch_id": look.batch_id, "figures": {"lines": look.done}}


@job(JobName.SWITCH_OPTIONS)
def switch_options(context: JobContext) -> Result:
    """Make the requests of a list that was confirmed; one that is stopped asks for nothing more."""
    batch_id = int(context.params["batch_id"])
    try:
        while True:
            now = switching.ask_step(context.session, context.actor, batch_id)
            context.progress(now.done, now.total, N_("Requests are being made"))
            if not now.left:
                break
    except Stopped:
        switching.stop_asking(context.session, context.actor, batch_id)
        switching.cancel_waiting(context.session, context.actor, batch_id)
        context.session.commit()
        raise
    return {"batch_id": batch_id, "figures": {"lines": now.total, "requests": now.made}}


@job(JobName.UNDO_OPTIONS)
def undo_options(context: JobContext) -> Result:
    """Take a long list back part by part; one that is stopped leaves the rest as it is."""
    batch_id = int(context.params["batch_id"])
    try:
        while not (now := switching.undo_step(context.session, context.actor, batch_id)).is_over:
            context.progress(now.done, now.total, N_("The list is being undone"))
    except Stopped:
        switching.stop_undoing(context.session, context.actor, batch_id)
        context.session.commit()
        raise
    return {"batch_id": now.batch_id or batch_id, "figures": {"cancelled": now.cancelled, "requests": now.countered}}


@effect(Topic.SEND_ORDERS)
def send_orders(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Some hundred orders. What was claimed is kept before they go out: sent twice, an order is still one."""
    running.send(session, [int(one) for one in payload["request_ids"]], settings.data_dir, session.commit)


@effect(Topic.ASK_ORDERS)
def ask_orders(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """What came of some hundred orders."""
    ids = [int(one) for one in payload["request_ids"]]
    running.ask(session, ids, int(payload["asked"]), settings.data_dir, session.commit)
