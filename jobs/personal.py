"""A person's own data as a file, mailed to the address of their settings (AST-021)."""

from app.core.errors import N_
from app.services import personal
from app.services.work import JobName
from jobs.context import JobContext, Result, job

NAME = "personal-data.csv"


@job(JobName.PERSONAL_DATA)
def export_personal_data(context: JobContext) -> Result:
    """Everything kept about who asked; the letter is one however often this runs."""
    context.progress(0, 0, N_("Rows are being written"))
    with context.reading(), context.kept_file(NAME) as part:
        rows = personal.export(context.session, context.actor, part)
    path = f"results/{context.job_id}/{NAME}"
    personal.mail(context.session, context.actor, path, NAME, f"personal-{context.job_id}")
    return {"file": path, "name": NAME, "figures": {"rows": rows, "letters": 1}}
