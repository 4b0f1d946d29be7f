"""Mail: one letter from the outbox, at least once; many ordered by a job."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import N_
from app.models import Document
from app.services import mailing, papers, work
from app.services.work import JobName, Topic
from config import Settings
from jobs.context import JobContext, Result, effect, job
from jobs.documents import document_ids

STEP = 100


def _given_up(session: Session, payload: Mapping[str, Any]) -> None:
    mailing.mark_failed(session, int(payload["delivery_id"]))


@effect(Topic.SEND_DELIVERY, given_up=_given_up)
def send_delivery(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """One letter to one address."""
    post = mailing.Post(settings.files_dir, settings.smtp_url, settings.mail_from)
    mailing.deliver(session, int(payload["delivery_id"]), post)


@effect(Topic.MAIL_DOCUMENT)
def mail_document(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Letters for what a run has issued, as the delivery was at forming; ordered once however often this runs."""
    document_id = int(payload["document_id"])
    document = session.get(Document, document_id)
    if document is not None and papers.is_long(session, document):
        params = {"document_id": document_id}
        work.order_job(session, Actor.system("post"), JobName.SEND_INVOICE, params, key=f"regular:{document_id}")
        return
    mailing.send_regular(session, Actor.system("post"), document_id)


@effect(Topic.MAIL_FILE)
def mail_file(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """One letter with a file that a job made."""
    post = mailing.Post(settings.files_dir, settings.smtp_url, settings.mail_from)
    mailing.deliver_file(session, payload, settings.data_dir, post)


@job(JobName.SEND_MAIL)
def send_mail(context: JobContext) -> Result:
    """Order letters for documents: to the given addresses, or as each account says."""
    ids = list(document_ids(context.session, context.params))
    addresses = context.params.get("addresses") or []
    formats = context.params.get("formats") or ["pdf"]
    occasion, ordered = f"job-{context.job_id}", 0
    for start in range(0, len(ids), STEP):
        part = ids[start : start + STEP]
        if addresses:
            for one in part:
                ordered += len(
                    mailing.send_document(context.session, context.actor, one, addresses, formats, occasion=occasion)
                )
        else:
            ordered += mailing.send_as_agreed(context.session, context.actor, part, occasion=occasion)
        context.progress(min(start + STEP, len(ids)), len(ids), N_("Letters are being prepared"))
    return {"figures": {"documents": len(ids), "letters": ordered}}
