"""Closing a month: batch after batch, each kept; a killed run goes on where it stood."""

import time

from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.core.period import Month
from app.models import BillingRun
from app.rules.lifecycle import RunState
from app.services import billing, work
from app.services.rating import sealing
from app.services.work import JobName
from jobs.context import JobContext, Result, Stopped, job

BATCH = 1000
MEANWHILE = 0.2  # seconds; what is left is in another transaction's hands


@job(JobName.BILLING_RUN)
def close_month(context: JobContext) -> Result:
    """Bill whatever of the run is still pending."""
    run_id = int(context.params["run_id"])
    try:
        made = _bill_all(context, run_id, int(context.params.get("batch", BATCH)))
    except Stopped:
        billing.cancel(context.session, context.actor, run_id)
        context.session.commit()
        raise
    _announce(context)
    _seal(context, run_id)
    return {
        "run_id": run_id,
        "figures": {
            "accounts": made.total,
            "billed": made.done,
            "nothing_due": made.nothing,
            "quarantined": made.quarantined,
        },
    }


def _announce(context: JobContext) -> None:
    """People hear of their invoices now, not tomorrow (AST-120)."""
    key, title = f"{JobName.NOTICES}:after:{context.job_id}", N_("Notices of unpaid invoices")
    work.order_job(context.session, Actor.system("schedule"), JobName.NOTICES, title=title, key=key)


def _seal(context: JobContext, run_id: int) -> None:
    """What was used in the month is kept in a file that never changes, for reports (`services.rating.sealing`)."""
    run = context.session.get_one(BillingRun, run_id)
    month = Month.of(run.month)
    if run.state == RunState.DONE.value and sealing.is_needed(context.session, run.seller_id, month):
        params = {"seller_id": run.seller_id, "month": str(month)}
        key, title = f"{JobName.SEAL_MONTH}:after:{context.job_id}", N_("Sealing of a month's usage")
        work.order_job(context.session, Actor.system("billing"), JobName.SEAL_MONTH, params, title, key=key)


def _bill_all(context: JobContext, run_id: int, size: int) -> billing.Progress:
    left = -1
    while True:
        now = billing.run_batch(context.session, context.actor, run_id, size=size)
        context.progress(now.total - now.left, now.total, N_("Invoices are being issued"))
        if not now.left:
            return now
        if now.left == left:
            _check_running(context, run_id)
            time.sleep(MEANWHILE)
        left = now.left


def _check_running(context: JobContext, run_id: int) -> None:
    if context.session.get_one(BillingRun, run_id).state != RunState.RUNNING.value:
        raise Refused(N_("The run was stopped. Start the month again to bill the rest."))
