"""Notices of the day and news: people are told batch after batch, each once."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core.errors import N_
from app.services import due_notices, mailing, news, notices
from app.services.work import JobName, Topic
from config import Settings
from jobs.context import JobContext, Result, effect, job

STEP = 200  # invoices a transaction


@job(JobName.NOTICES)
def tell_of_invoices(context: JobContext) -> Result:
    """Say what is to be said today and was not said yet; a killed run goes on where it stood."""
    session, actor = context.session, context.actor
    figures = {"invoices": 0, "notices": 0, "letters": 0}
    for call in due_notices.calls_now(session, actor):
        last = 0
        while invoices := due_notices.untold(session, call, last, STEP):
            last = invoices[-1].id
            told, letters = due_notices.tell(session, actor, call, invoices)
            figures["invoices"] += len(invoices)
            figures["notices"] += told
            figures["letters"] += letters
            context.progress(figures["invoices"], 0, N_("Notices are being written"))
    return {"figures": figures}


@job(JobName.NEWS)
def tell_news(context: JobContext) -> Result:
    """Tell a piece of news to the people of every customer of its Seller; a killed run tells nobody twice."""
    session, said = context.session, news.from_params(context.params)
    total = news.receivers(session, context.actor, said.seller_id).companies
    figures = {"companies": 0, "notices": 0, "letters": 0}
    last = 0
    while companies := news.companies_after(session, said.seller_id, last, STEP):
        last = companies[-1]
        told, letters = news.tell(session, context.actor, said, str(context.job_id), companies)
        figures["companies"] += len(companies)
        figures["notices"] += told
        figures["letters"] += letters
        context.progress(min(figures["companies"], total), total, N_("Notices are being written"))
    return {"figures": figures}


def _given_up(session: Session, payload: Mapping[str, Any]) -> None:
    notices.mark_failed(session, str(payload["notice"]))


@effect(Topic.SEND_NOTICE, given_up=_given_up)
def send_notice(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """One letter to one address, if it is still true."""
    post = mailing.Post(settings.files_dir, settings.smtp_url, settings.mail_from)
    notices.send(session, str(payload["notice"]), post)
