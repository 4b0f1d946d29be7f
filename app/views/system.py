"""Pages of the program itself: its health, and background work with its bar, its end and its file."""

import time
from pathlib import Path
from typing import Any

import redis
from flask import Flask, abort, current_app, jsonify, redirect, request, url_for
from flask_appbuilder import AppBuilder
from flask_appbuilder.baseviews import expose
from flask_babel import gettext, lazy_gettext
from sqlalchemy.exc import SQLAlchemyError

from app.access import tenancy
from app.core import clock
from app.extensions import db, only_reading
from app.models import Job
from app.rules.lifecycle import JobState
from app.services import documents, work
from app.views import cells, counts
from app.views.base import KabinetPage, attempt, for_signed_in, open_to_all
from app.views.exports import send_path
from config import Settings

WORKER_KEYS = "kabinet:worker:*"  # each worker keeps one while it lives (jobs.worker)
ENDED = (JobState.DONE.value, JobState.FAILED.value, JobState.CANCELLED.value)
FIGURES = {
    "accounts": lazy_gettext("Accounts"),
    "companies": lazy_gettext("Companies"),
    "billed": lazy_gettext("Billed"),
    "nothing_due": lazy_gettext("Nothing due"),
    "quarantined": lazy_gettext("In quarantine"),
    "documents": lazy_gettext("Documents"),
    "files": lazy_gettext("Files"),
    "letters": lazy_gettext("Letters"),
    "invoices": lazy_gettext("Invoices"),
    "notices": lazy_gettext("Notices"),
    "lines": lazy_gettext("Lines"),
    "accepted": lazy_gettext("Accepted"),
    "rejected": lazy_gettext("Rejected"),
    "parts": lazy_gettext("Instalments"),
    "cancelled": lazy_gettext("Cancelled"),
    "requests": lazy_gettext("Requests"),
    "rows": lazy_gettext("Rows"),
    "invariants": lazy_gettext("Invariants checked"),
    "breaches": lazy_gettext("Breaches"),
    "renamed": lazy_gettext("Renamed"),
    "refused": lazy_gettext("Left as they were"),
}


class HealthPage(KabinetPage):
    """For load balancers and people on duty."""

    route_base = "/health"

    @expose("")
    @open_to_all
    def index(self) -> Any:
        """200 where database, Redis and this machine's workers answer and no job waits too long, else 503."""
        settings: Settings = current_app.config["KABINET"]
        parts = {**_database(), **_redis(settings)}
        waiting = parts["database"].pop("waiting", None)
        longest = settings.job_wait_minutes * 60
        parts["jobs"] = {"ok": not longest or (waiting or 0) <= longest, "longest_wait_seconds": longest or None}
        is_well = all(part["ok"] for part in parts.values())
        body = {"status": "ok" if is_well else "failing", **parts, "oldest_waiting_job_seconds": waiting}
        return jsonify(body), 200 if is_well else 503


def _database() -> dict[str, dict[str, Any]]:
    session = db.session()
    token = only_reading.set(True)
    try:
        with tenancy.seeing(tenancy.EVERYONE, session):
            since = work.oldest_waiting(session)
            waiting = int((clock.now() - since).total_seconds()) if since else 0
        return {"database": {"ok": True, "kind": session.get_bind().dialect.name, "waiting": waiting}}
    except SQLAlchemyError:
        session.rollback()
        return {"database": {"ok": False}}
    finally:
        only_reading.reset(token)


def _redis(settings: Settings) -> dict[str, dict[str, Any]]:
    try:
        with redis.Redis.from_url(settings.redis, socket_connect_timeout=2, socket_timeout=2) as connection:
            begun = time.perf_counter()
            connection.ping()
            milliseconds = round((time.perf_counter() - begun) * 1000, 1)
            alive = sum(1 for _ in connection.scan_iter(match=WORKER_KEYS, count=100))
        workers = {"ok": alive >= max(1, settings.workers), "alive": alive}  # a frozen one stops saying that it lives
        return {"redis": {"ok": True, "milliseconds": milliseconds}, "workers": workers}
    except (redis.RedisError, OSError):
        return {"redis": {"ok": False}, "workers": {"ok": False, "alive": 0}}


class JobsPage(KabinetPage):
    """Background work of the person who asks (staff with the right see everybody's)."""

    route_base = "/jobs"

    @expose("/")
    @for_signed_in
    def index(self) -> Any:
        """The newest ones."""
        rows = [_row(job) for job in work.jobs_of(self.session, self.actor)]
        return self.render_template(
            "kabinet/jobs.html", title=gettext("Background work"), rows=rows, row_url=lambda row: row["url"]
        )

    @expose("/<int:job_id>")
    @for_signed_in
    def show(self, job_id: int) -> Any:
        """One job: a bar while it runs, then what came of it."""
        job = work.job_for(self.session, self.actor, job_id)
        return self.render_template(
            "kabinet/job.html",
            title=title_of(job),
            job=job,
            told=told(job),
            figures=_figures(job),
            state_word=_state_word(job),
            asked=cells.moment(job.created_at),
            ended=cells.moment(job.finished_at) if job.finished_at else "",
        )

    @expose("/<int:job_id>/status")
    @for_signed_in
    def status(self, job_id: int) -> Any:
        """The same as JSON, asked each second by the page."""
        return jsonify(told(work.job_for(self.session, self.actor, job_id)))

    @expose("/<int:job_id>/cancel", methods=["POST"])
    @for_signed_in
    def cancel(self, job_id: int) -> Any:
        """Stop it at its next step."""
        attempt(work.ask_cancel, job_id)
        return self._back(job_id)

    @expose("/<int:job_id>/again", methods=["POST"])
    @for_signed_in
    def again(self, job_id: int) -> Any:
        """Put a failed or cancelled one back to work."""
        attempt(work.ask_again, job_id)
        return self._back(job_id)

    def _back(self, job_id: int) -> Any:
        if request.accept_mimetypes.best == "application/json":
            return self.status(job_id)
        return redirect(url_for("JobsPage.show", job_id=job_id))

    @expose("/<int:job_id>/result")
    @for_signed_in
    def result(self, job_id: int) -> Any:
        """The file that came of it; found by the job's row, never by a name from the address."""
        job = work.job_for(self.session, self.actor, job_id)
        settings: Settings = current_app.config["KABINET"]
        path = self._file(job, settings)
        if job.state != JobState.DONE or path is None or not path.is_file():
            abort(404)
        return send_path(path, str((job.result or {}).get("name") or path.name))

    def _file(self, job: Job, settings: Settings) -> Path | None:
        result = job.result or {}
        if result.get("document_id"):
            only_reading.set(False)
            path = documents.file_of(
                self.session, self.actor, int(result["document_id"]), str(result["format"]), settings.files_dir
            )
            self.session.commit()
            return path
        if not result.get("file"):
            return None
        path = (settings.data_dir / str(result["file"])).resolve()
        return path if path.is_relative_to(settings.data_dir.resolve() / "results") else None


def told(job: Job) -> dict[str, Any]:
    """A job as kabinet/macros.html's `job_progress` wants it."""
    has_ended = job.state in ENDED
    percent = min(100, job.done * 100 // job.total) if job.total else None
    return {
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "percent": 100 if job.state == JobState.DONE else percent,
        "text": _text(job),
        "finished": has_ended,
        "failed": job.state in (JobState.FAILED, JobState.CANCELLED),
        "links": _links(job),
        "cancel_url": None if has_ended else url_for("JobsPage.cancel", job_id=job.id),
    }


def _row(job: Job) -> dict[str, Any]:
    return {
        "title": title_of(job),
        "state": (job.state, _state_word(job)),
        "progress": f"{counts.count(job.done)} / {counts.count(job.total)}" if job.total else "",
        "asked": cells.moment(job.created_at),
        "url": url_for("JobsPage.show", job_id=job.id),
    }


def title_of(job: Job) -> str:
    """What the job is called, in the reader's language."""
    return gettext(job.title) if job.title else gettext(job.name.replace("_", " ").capitalize())


def _text(job: Job) -> str:
    message = gettext(job.message) if job.message else ""
    if job.state in ENDED:
        return message or _state_word(job)
    if job.cancel_asked:
        return gettext("It will stop in a moment.")
    if job.state == JobState.QUEUED:
        return gettext("It waits for a free worker. You may leave this page; the work goes on.")
    if job.total:
        return gettext("%(message)s: %(done)s of %(total)s", message=message or _state_word(job), **_count(job))
    return message or _state_word(job)


def _count(job: Job) -> dict[str, str]:
    return {"done": counts.count(job.done), "total": counts.count(job.total)}


def _state_word(job: Job) -> str:
    return {
        JobState.QUEUED.value: gettext("Waiting"),
        JobState.RUNNING.value: gettext("Running"),
        JobState.DONE.value: gettext("Done"),
        JobState.FAILED.value: gettext("Failed"),
        JobState.CANCELLED.value: gettext("Cancelled"),
    }[job.state]


def _links(job: Job) -> list[dict[str, str]]:
    result = job.result or {}
    found = []
    if job.state == JobState.DONE and (result.get("file") or result.get("document_id")):
        found.append({"label": gettext("Download"), "url": url_for("JobsPage.result", job_id=job.id)})
    page = _page_of(job)
    if page and job.state in ENDED:
        found.append({"label": gettext("Back to where it was ordered"), "url": page})
    return found


def _page_of(job: Job) -> str:
    """The page the job was ordered from, where its order names one (a path of ours, never an address)."""
    page = str(job.params.get("page") or "")
    return page if page.startswith("/") and not page.startswith(("//", "/\\")) else ""


def _figures(job: Job) -> list[tuple[str, Any]]:
    figures = (job.result or {}).get("figures") or {}
    return [(str(FIGURES.get(name, name.replace("_", " ").capitalize())), value) for name, value in figures.items()]


def register(app: Flask, appbuilder: AppBuilder) -> None:
    """Add the program's own pages."""
    appbuilder.add_view_no_menu(HealthPage)
    appbuilder.add_view_no_menu(JobsPage)


__all__ = ["HealthPage", "JobsPage", "register", "title_of", "told"]
