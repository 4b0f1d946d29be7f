"""Registers as files, streamed: the month may have millions of rows."""

from typing import Any

from flask_babel import force_locale, gettext

from app.core.errors import N_
from app.core.period import Month
from app.services import registers
from app.services.work import JobName
from jobs.context import JobContext, Result, job


@job(JobName.EXPORT_REGISTER)
def export_register(context: JobContext) -> Result:
    """Invoices, acts, payments, charges or balances of a month as XLSX or CSV, in the language of who asked."""
    params = context.params
    form = str(params.get("format") or "xlsx")
    name = f"{params['register']}-{params['month']}.{form}"
    context.progress(0, 0, N_("Rows are being written"))
    with context.reading(), force_locale(context.actor.locale), context.kept_file(name) as part, part.open("wb") as out:
        rows = registers.write(
            context.session,
            context.actor,
            str(params["register"]),
            Month.parse(str(params["month"])),
            form,
            out,
            seller_id=_number(params.get("seller_id")),
            translate=gettext,
            delimiter=str(params.get("separator") or ";"),
            bom=bool(params.get("bom", True)),
            apart=True,
        )
    return {"file": f"results/{context.job_id}/{name}", "name": name, "figures": {"rows": rows}}


def _number(value: Any) -> int | None:
    return int(value) if value else None
