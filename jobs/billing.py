"""Closing a month: batch after batch, each kept; a killed run goes on where it stood."""

from app.core.errors import N_
from app.services import billing
from app.services.work import JobName
from jobs.context import JobContext, Result, job

BATCH = 1000


@job(JobName.BILLING_RUN)
def close_month(context: JobContext) -> Result:
    """Bill whatever of the run is still pending."""
    run_id = int(context.params["run_id"])
    size = int(context.params.get("batch", BATCH))
    while True:
        progress = billing.run_batch(context.session, context.actor, run_id, size=size)
        context.progress(progress.done, progress.total, N_("Invoices are being issued"))
        if not progress.left:
            break
    billing.finish(context.session, context.actor, run_id)
    return {
        "run_id": run_id,
        "figures": {
            "accounts": progress.total,
            "billed": progress.done - progress.nothing - progress.quarantined,
            "nothing_due": progress.nothing,
            "quarantined": progress.quarantined,
        },
    }
