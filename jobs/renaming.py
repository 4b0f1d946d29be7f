"""A list of new names applied pack by pack; a killed job goes on after the last pack it kept."""

from flask_babel import force_locale

from app.core.errors import N_
from app.models import RenameList
from app.services import importing, renaming
from app.services.work import JobName
from app.views.base import say
from jobs.context import JobContext, Result, Stopped, job

WAITS = N_("The list waits for the end of the freeze. It begins by itself.")


@job(JobName.RENAME_APPLY)
def apply_list(context: JobContext) -> Result:
    """Apply what is left of a list, then write its result; where somebody stops it, the rest is left as it was."""
    request_id = int(context.params["request_id"])
    try:
        while True:
            now = renaming.apply_step(context.session, context.actor, request_id)
            context.progress(now.done, now.total, WAITS if now.waits_until else N_("Names are being written"))
            if now.is_over or now.waits_until:
                break
    except Stopped:
        renaming.stop(context.session, context.actor, request_id)
        context.session.commit()
        raise
    found = renaming.list_of(context.session, context.actor, request_id)
    outcomes = dict(found.outcomes)
    done = outcomes.pop("done", 0)
    if now.waits_until:  # the schedule orders what is left
        return {"request_id": request_id, "figures": {"lines": found.lines, "renamed": done}}
    figures = {"lines": found.lines, "renamed": done, "refused": found.lines - done}
    return {"request_id": request_id, "figures": figures, **_result(context, found)}


def _result(context: JobContext, found: RenameList) -> dict[str, str]:
    """The file of results, in the language of who asked."""
    path = importing.stored_upload(context.settings.data_dir, found.sha256) if found.sha256 else None
    opened = renaming.reopen(found, path) if path is not None and path.is_file() else None
    name = renaming.result_name(found, opened)
    with context.kept_file(name) as part, part.open("wb") as out, force_locale(context.actor.locale):
        renaming.write_list_result(context.session, found, opened, out, say)
    return {"file": f"results/{context.job_id}/{name}", "name": name}
