"""Usage in the background: rated afterwards, tried again, sealed after its month is billed, given as files."""

from flask_babel import force_locale, gettext

from app.core.errors import N_
from app.core.period import Month
from app.models import Account
from app.services.rating import again, details, sealing, suspense
from app.services.work import JobName
from jobs.context import JobContext, Result, job


@job(JobName.RATE_USAGE)
def rate_usage(context: JobContext) -> Result:
    """Rate the records of a tariff's services that have no price yet, batch by batch."""
    tariff_id, last, rated, without = int(context.params["tariff_id"]), 0, 0, 0
    while True:
        now = again.rate_after(context.session, context.actor, tariff_id, last)
        last, rated, without = now.last_id, rated + now.rated, without + now.without
        context.progress(rated + without, 0, N_("Records are being rated"))
        if now.is_done:
            return {"figures": {"rated": rated, "without_rate": without}}


@job(JobName.RETRY_SUSPENDED)
def retry_suspended(context: JobContext) -> Result:
    """Try every waiting record once more."""
    last, placed, waiting = 0, 0, 0
    while True:
        now = suspense.retry_after(context.session, context.actor, last)
        placed, waiting = placed + now.placed, waiting + now.waiting
        context.progress(placed + waiting, 0, N_("Suspended records are tried again"))
        if not now.last_id:
            return {"figures": {"created": placed, "suspended": waiting}}
        last = now.last_id


@job(JobName.SEAL_MONTH)
def seal_month(context: JobContext) -> Result:
    """Keep a closed month's usage in a file that never changes; done again it only adds what came in late."""
    month = Month.parse(context.params["month"])
    data_dir = context.settings.data_dir.resolve()
    made = sealing.seal(context.session, context.actor, data_dir, int(context.params["seller_id"]), month)
    return {"figures": {"records": made.lines if made else 0}}


@job(JobName.DETAIL_REPORT)
def report_details(context: JobContext) -> Result:
    """Every record of an account's month, or its sums by time class, as XLSX in the language of who asked."""
    params, month = context.params, Month.parse(context.params["month"])
    account_id, is_short = int(params["account_id"]), params.get("extent") == "classes"
    account = context.session.get(Account, account_id)
    number = account.number if account is not None else account_id
    data_dir = context.settings.data_dir.resolve()

    def say(text: str) -> str:
        return str(gettext(text))

    with force_locale(context.actor.locale):
        name = " ".join([gettext("Usage"), str(number), str(month), *([gettext("by time class")] if is_short else [])])
        name += ".xlsx"
        context.progress(0, 0, N_("Rows are being written"))
        with context.reading(), context.kept_file(name) as part, part.open("wb") as out:
            session, actor = context.session, context.actor
            if is_short:
                rows = details.write_classes(session, actor, data_dir, account_id, month, out, say)
            else:
                rows = details.write(session, actor, account_id, month, out, say)
    return {"file": f"results/{context.job_id}/{name}", "name": name, "figures": {"rows": rows}}
