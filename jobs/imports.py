"""A previewed file applied in batches; a killed job goes on after the last line it kept."""

from app.core.errors import N_, Refused
from app.services import importing
from app.services.work import JobName
from jobs.context import JobContext, Result, job

STEP = 500


@job(JobName.IMPORT_APPLY)
def apply_file(context: JobContext) -> Result:
    """Write the accepted lines of a batch."""
    batch_id = int(context.params["batch_id"])
    folder = context.settings.data_dir.resolve()
    path = (folder / str(context.params["path"])).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Refused(N_("The file is no longer here. Upload it again."))
    while True:
        now = importing.apply_batch(context.session, context.actor, batch_id, path, STEP)
        context.progress(now.done, now.total, N_("Lines are being written"))
        if not now.left:
            break
    return {"batch_id": batch_id, "figures": {"lines": now.total, "accepted": now.accepted, "rejected": now.rejected}}
