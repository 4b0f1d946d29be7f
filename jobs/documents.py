"""Documents' files: one by one from the outbox, many with a bar, a month as one ZIP, statements made on demand."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import N_
from app.core.files import file_name
from app.core.period import Month
from app.models import Document, Seller
from app.services import documents, mailing, reconciliation
from app.services.work import JobName, Topic
from config import Settings
from jobs.context import JobContext, Result, effect, job

STEP = 20  # files between two commits: short enough for other writers, long enough to be cheap


@effect(Topic.RENDER_DOCUMENT)
def render_document(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """One file of one document."""
    documents.file_of(
        session, Actor.system("renderer"), int(payload["document_id"]), payload["format"], settings.files_dir
    )


def document_ids(session: Session, params: Mapping[str, Any]) -> Sequence[int]:
    """The documents a job is about: named, or those of a Seller's month."""
    if params.get("document_ids"):
        return [int(one) for one in params["document_ids"]]
    month = Month.parse(params["month"])
    query = (
        sa.select(Document.id)
        .where(Document.seller_id == int(params["seller_id"]), Document.period_start >= month.period.start)
        .where(Document.period_start < month.period.end)
        .order_by(Document.id)
    )
    return session.scalars(query).all()


@job(JobName.RENDER_DOCUMENTS)
def render_documents(context: JobContext) -> Result:
    """Files of many documents, so that nobody waits for them later."""
    formats = context.params.get("formats") or ["pdf"]
    wanted = [(one, form) for one in document_ids(context.session, context.params) for form in formats]
    for place, (document_id, form) in enumerate(wanted, 1):
        documents.file_of(context.session, context.actor, document_id, form, context.settings.files_dir)
        if place % STEP == 0 or place == len(wanted):
            context.progress(place, len(wanted), N_("Files are being made"))
    return {"figures": {"files": len(wanted)}}


@job(JobName.MONTH_ZIP)
def zip_month(context: JobContext) -> Result:
    """The whole month of a Seller as one ZIP."""
    seller_id, month = int(context.params["seller_id"]), Month.parse(context.params["month"])
    formats = tuple(context.params.get("formats") or ("pdf",))

    def show(done: int, total: int) -> None:
        if done % STEP == 0 or done == total:
            context.progress(done, total, N_("Files are being made"))

    made = documents.zip_of_month(
        context.session, context.actor, seller_id, month, context.settings.files_dir, show, formats
    )
    seller = context.session.get_one(Seller, seller_id)
    return context.keep_file(made, f"{seller.code}-{month}.zip")


@job(JobName.RECONCILIATION)
def reconcile(context: JobContext) -> Result:
    """A reconciliation act and its file."""
    params = context.params

    def make() -> Document:
        return reconciliation.make_act(
            context.session,
            context.actor,
            int(params["company_id"]),
            dt.date.fromisoformat(params["start"]),
            dt.date.fromisoformat(params["last"]),
            params.get("account_id"),
        )

    return _made_once(context, make)


@job(JobName.CHARGE_REPORT)
def report_charges(context: JobContext) -> Result:
    """The charges of an account in a month and their file."""
    params = context.params
    month = Month.parse(params["month"])
    return _made_once(
        context, lambda: documents.charge_report(context.session, context.actor, int(params["account_id"]), month)
    )


def _made_once(context: JobContext, make: Callable[[], Document]) -> Result:
    """The document of this job: made and noted in one transaction, so a killed job does not make a second one."""
    known = context.remembered().get("document_id")
    if known is None:
        known = make().id
        context.remember(document_id=known)
    document = context.session.get_one(Document, known)
    form = context.params.get("format") or "pdf"
    documents.file_of(context.session, context.actor, document.id, form, context.settings.files_dir)
    title = mailing.title_of(context.session, document)
    return {"document_id": document.id, "format": form, "name": f"{file_name(title)}.{form}"}
