"""A previewed file applied in batches; a killed job goes on after the last line it kept."""

from pathlib import Path
from typing import Any

from flask_babel import force_locale, gettext

from app.core.errors import N_, Refused
from app.services import importing
from app.services.work import JobName
from app.views.base import say
from jobs.context import JobContext, Result, job


@job(JobName.IMPORT_APPLY)
def apply_file(context: JobContext) -> Result:
    """Write the accepted lines of a batch; the rejected ones are the result's file, with their reasons."""
    batch_id = int(context.params["batch_id"])
    folder = context.settings.data_dir.resolve()
    path = (folder / str(context.params["path"])).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise Refused(N_("The file is no longer here. Upload it again."))
    while True:
        now = importing.apply_batch(context.session, context.actor, batch_id, path)
        context.progress(now.done, now.total, N_("Lines are being written"))
        if not now.left:
            break
    figures = {"lines": now.total, "accepted": now.accepted, "rejected": now.rejected, "warned": now.warned}
    figures |= {"created": now.created, "changed": now.changed, "unchanged": now.unchanged}
    figures |= {name: count for name in ("suspended", "skipped") if (count := getattr(now, name))}
    return {"batch_id": batch_id, "figures": figures, **(_rejects(context, batch_id, path) if now.rejected else {})}


def _rejects(context: JobContext, batch_id: int, path: Path) -> dict[str, Any]:
    target = context.result_path("rejected")
    with force_locale(context.actor.locale):
        written = importing.rejects_file(
            context.session, context.actor, batch_id, path, target, say=say, title=gettext("Reason")
        )
    return {"file": f"results/{context.job_id}/{written.name}", "name": written.name}
