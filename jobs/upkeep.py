"""What nobody asks for: the nightly check of the books, and old things cleared away."""

import datetime as dt
import logging
import shutil

import sqlalchemy as sa

from app.core import clock
from app.core.errors import N_, Refused
from app.models import CaughtMail, Job, Outbox, Seller, SignInAttempt
from app.rules.lifecycle import JobState, OutboxState
from app.services import audit, renaming
from app.services.shop import carts, shelves
from app.services.switching.history import forget_drafts
from app.services.work import JobName
from jobs.context import JobContext, Result, job

log = logging.getLogger("kabinet.upkeep")

KEEP = dt.timedelta(days=30)


@job(JobName.AUDIT)
def check_books(context: JobContext) -> Result:
    """Every invariant counted; a breach fails the job, so that people see it."""
    found = audit.check_all(context.session, context.settings.files_dir)
    broken = [f"{name}: {count}" for name, count, _ in found if count]
    if broken:
        log.error("the books do not agree: %s", "; ".join(broken))
        raise Refused(N_("The books do not agree: %(broken)s. Tell the administrator."), broken="; ".join(broken))
    return {"figures": {"invariants": len(found), "breaches": 0}}


@job(JobName.HOUSEKEEPING)
def clear_away(context: JobContext) -> Result:
    """Delete what is older than a month: effects, caught mail, attempts to sign in, results, lists never asked for."""
    before = clock.now() - KEEP
    session = context.session
    _restock(context)
    old = (
        sa.delete(Outbox).where(Outbox.state == OutboxState.DONE.value, Outbox.created_at < before),
        sa.delete(CaughtMail).where(CaughtMail.created_at < before),
        sa.delete(SignInAttempt).where(SignInAttempt.at < before),
    )
    gone = sum(session.execute(statement).rowcount for statement in old)  # type: ignore[attr-defined]
    gone += renaming.forget_drafts(session, before)
    gone += forget_drafts(session, before)
    gone += carts.forget_old(session)
    ended = sa.select(Job.id).where(
        Job.finished_at < before, Job.state.in_([JobState.DONE.value, JobState.FAILED.value, JobState.CANCELLED.value])
    )
    for job_id in session.scalars(ended):
        shutil.rmtree(context.settings.data_dir / "results" / str(job_id), ignore_errors=True)
    for part in context.settings.files_dir.glob(".making-*"):  # left by a process that was killed
        if part.stat().st_mtime < before.timestamp():
            part.unlink(missing_ok=True)
    return {"figures": {"rows": gone}}


def _restock(context: JobContext) -> None:
    """Prices that begin or end today on the shop's cards; kept step by step, so that others can write meanwhile."""
    for seller_id in context.session.scalars(sa.select(Seller.id).order_by(Seller.id)).all():
        for _ in shelves.restock(context.session, seller_id):
            context.progress(0, 0, N_("Refreshing the shelves of the shop"))
