"""Renaming of subscribers: one by one and by list, in steps; nothing is written before «Rename» (A1-12…15, A1-37)."""

import io
import secrets
from pathlib import Path
from typing import Any, BinaryIO, cast

from flask import abort, current_app, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.core.errors import DomainError
from app.extensions import db
from app.models import Job, RenameList
from app.rules.lifecycle import JobState
from app.rules.policies import PolicyKind
from app.rules.renaming import Outcome, Verdict, judge_name
from app.services import importing, renaming
from app.services.cabinet import subscribers
from app.services.renaming import words as sentences
from app.views.base import attempt, needs, say
from app.views.cabinet import frame
from app.views.exports import send_path
from app.views.policy_notes import window_note
from app.views.rows import whole
from config import Settings

STEPS = (_l("The list"), _l("Look it through"), _l("Renaming"), _l("Result"))
ONE_STEPS = (_l("The subscriber"), _l("The new name"), _l("Result"))
SHOWN_TEXT = 2_000_000  # characters of a pasted list that come back into the field
VERDICTS: dict[str, tuple[Any, str]] = {
    Verdict.OK: (_l("Will be renamed"), "good"),
    Verdict.LOOK_ALIKE: (_l("Mixed letters"), "warn"),
    Verdict.UNKNOWN: (_l("Unknown number"), "bad"),
    Verdict.CONTRADICTION: (_l("Two names"), "bad"),
    Verdict.DUPLICATE: (_l("Repeated"), "bad"),
    Verdict.UNCHANGED: (_l("Unchanged"), ""),
    Verdict.TOO_LONG: (_l("Too long"), "bad"),
    Verdict.EMPTY: (_l("No name"), "bad"),
    Verdict.CONTROL: (_l("Hidden characters"), "bad"),
    Verdict.NO_NUMBER: (_l("No number"), "bad"),
    Verdict.SHORTENED: (_l("Number shortened"), "bad"),
    Verdict.RENAMED_SINCE: (_l("Renamed since"), "warn"),
}
OUTCOMES: dict[str, tuple[Any, str]] = {
    Outcome.DONE: (_l("Renamed"), "good"),
    Outcome.UNCHANGED: (_l("Unchanged"), ""),
    Outcome.UNKNOWN: (_l("Unknown number"), "bad"),
    Outcome.RENAMED_SINCE: (_l("Renamed since"), "warn"),
    Outcome.STOPPED: (_l("Stopped before"), "warn"),
}
STATES: dict[str, tuple[Any, str]] = {
    "new": (_l("Not ordered"), ""),
    "queued": (_l("Waiting"), "warn"),
    "sent": (_l("Running"), "info"),
    "done": (_l("Done"), "good"),
    "cancelled": (_l("Cancelled"), ""),
    "failed": (_l("Failed"), "bad"),
    "rejected": (_l("Refused"), "bad"),
}
SOURCES: dict[str, Any] = {
    "file": _l("File"),
    "paste": _l("Pasted list"),
    "one": _l("One subscriber"),
    "undo": _l("Undo"),
}


class RenamePage(frame.Page):
    """The steps of renaming, its lists and its history."""

    route_base = "/my/rename"

    @expose("/")
    @needs(Right.CABINET_RENAME)
    def index(self) -> Any:
        """One subscriber or a list; when it will be done; the last lists. «Back» finds everything as it was."""
        before = whole(request.args.get("back", ""))
        kept = renaming.list_of(self.session, self.actor, before) if before is not None else None
        return self._first(kept=kept, text=_text_of(kept) if kept is not None and kept.source == "paste" else "")

    def _first(self, kept: RenameList | None = None, text: str = "") -> Any:
        gate = self._gate(self.company.seller_id)
        rows, more = renaming.lists_of(self.session, self.actor, whole(request.args.get("after", "")))
        return self.show(
            "rename.html",
            steps=[str(step) for step in STEPS],
            gate=gate,
            note=window_note(gate.calendar[PolicyKind.RENAME_FREEZE], self.today),
            is_refused=not gate.is_open and not gate.waits,
            kept=kept,
            text=text,
            form_key=secrets.token_urlsafe(12),
            limit=_settings().upload_megabytes,
            rows=rows,
            more=more,
            title_of=title_of,
            state_of=state_of,
        )

    def _gate(self, seller_id: int) -> renaming.Gate:
        zone = next((line.zone for line in self.accounts if line.seller_id == seller_id), "")
        return renaming.gate_of(self.session, seller_id, zone)

    @expose("/list", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def read(self) -> Any:
        """Read a file or pasted lines and show what they come to."""
        upload, text = request.files.get("file"), request.form.get("text", "")
        company_id, key = cast(int, self.actor.company_id), request.form.get("form_key", "")[:40]
        db.session.rollback()  # the file is read while nobody waits for this page's transaction
        try:
            folder, limit = _settings().data_dir, _settings().upload_megabytes
            if upload is not None and upload.filename:
                path, name = importing.store_upload(folder, cast(BinaryIO, upload.stream), limit), upload.filename
            else:
                path, name = renaming.store_text(folder, text), ""
            opened = renaming.open_list(path)
        except DomainError as error:
            flash(say(error), "danger")
            return self._first(text=text)
        source = "file" if name else "paste"
        made = attempt(renaming.read_list, company_id, opened, path, name, source=source, key=key)
        if made is None:
            return self._first(text=text)
        return redirect(url_for("RenamePage.one_list", request_id=made.request_id))

    @expose("/<int:request_id>")
    @needs(Right.CABINET_RENAME)
    def one_list(self, request_id: int) -> Any:
        """A list: its verdicts before, its bar meanwhile, its results after."""
        found = renaming.list_of(self.session, self.actor, request_id)
        gate = self._gate(found.seller_id)
        want = request.args.get("want", "")
        page = renaming.page_of_lines(self.session, found, want, whole(request.args.get("after", "")) or 0)
        state = found.request.state
        job = self.session.get(Job, found.job_id) if found.job_id and state != "done" else None
        undo, not_undone = renaming.fate_of(self.session, found, gate) if state == "done" else (None, None)
        return self.show(
            "rename_list.html",
            steps=[str(step) for step in STEPS],
            step={"new": 1, "queued": 2, "sent": 2}.get(state, 3),
            found=found,
            state=state,
            title=title_of(found),
            state_of=state_of,
            waits=gate.opens_at if renaming.waits_until(found) else None,  # as the calendar says it now
            gate=gate,
            note=window_note(gate.calendar[PolicyKind.RENAME_FREEZE], self.today),
            is_refused=not gate.is_open and not gate.waits,
            job=job,
            is_running=job is not None and job.state in (JobState.QUEUED.value, JobState.RUNNING.value),
            good=renaming.good_lines(found.counts),
            progress=renaming.progress_of(found),
            tabs=_tabs(found, want),
            rows=[_shown(one, found, gate.characters) for one in page.rows],
            more=page.more,
            want=want,
            columns=_columns(found),
            undo=undo,
            not_undone=say(not_undone) if not_undone is not None else "",
            back=url_for("RenamePage.index", back=request_id),
        )

    @expose("/<int:request_id>/columns", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def columns(self, request_id: int) -> Any:
        """Read the same file again with other columns."""
        found = renaming.list_of(self.session, self.actor, request_id)
        name, source, sha256 = found.file_name, found.source, found.sha256
        company_id, seen = found.company_id, url_for("RenamePage.one_list", request_id=request_id)
        if found.request.state != "new" or not sha256:
            return redirect(seen)
        db.session.rollback()
        number, new = whole(request.form.get("number", "")), whole(request.form.get("name", ""))
        chosen = renaming.Columns(
            -1 if number is None else number, -1 if new is None else new, "header" in request.form
        )
        path = importing.stored_upload(_settings().data_dir, sha256)
        try:
            opened = renaming.open_list(path, chosen)
        except DomainError as error:
            flash(say(error), "danger")
            return redirect(seen)
        made = attempt(renaming.read_list, company_id, opened, path, name, source=source)
        return redirect(url_for("RenamePage.one_list", request_id=made.request_id) if made is not None else seen)

    @expose("/<int:request_id>/suggestions", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def suggestions(self, request_id: int) -> Any:
        """Take the suggested spellings, or leave the names as they are written."""
        attempt(renaming.take_suggestions, request_id, request.form.get("take") == "1")
        return redirect(url_for("RenamePage.one_list", request_id=request_id, want=request.form.get("want") or None))

    @expose("/<int:request_id>/apply", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def apply(self, request_id: int) -> Any:
        """Order the good lines; asking twice orders once."""
        page = url_for("RenamePage.one_list", request_id=request_id)
        attempt(renaming.order, request_id, page=page)
        return redirect(page)

    @expose("/<int:request_id>/cancel", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def cancel(self, request_id: int) -> Any:
        """Give up what is not done yet."""
        attempt(renaming.cancel, request_id)
        return redirect(url_for("RenamePage.one_list", request_id=request_id))

    @expose("/<int:request_id>/undo", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def undo(self, request_id: int) -> Any:
        """Give the old names back, as a list of its own."""
        made = attempt(renaming.undo, request_id)
        return redirect(url_for("RenamePage.one_list", request_id=made.request_id if made is not None else request_id))

    @expose("/<int:request_id>/result")
    @needs(Right.CABINET_RENAME)
    def result(self, request_id: int) -> Any:
        """The same file with a column of results."""
        found = renaming.list_of(self.session, self.actor, request_id)
        folder = _settings().data_dir
        job = self.session.get(Job, found.job_id) if found.job_id else None
        ready = folder / str((job.result or {}).get("file") or "-") if job is not None else None
        if job is not None and ready is not None and job.state == JobState.DONE.value and ready.is_file():
            return send_path(ready, str((job.result or {})["name"]))
        path = importing.stored_upload(folder, found.sha256) if found.sha256 else None
        opened = renaming.reopen(found, path) if path is not None and path.is_file() else None
        out = io.BytesIO()
        renaming.write_list_result(self.session, found, opened, out, say)
        out.seek(0)
        return send_path(cast(Any, out), renaming.result_name(found, opened))

    @expose("/names")
    @needs(Right.CABINET_SUBSCRIBERS)
    def names(self) -> Any:
        """Who renamed whom and when, in the whole company or by one list, the newest first."""
        asked = whole(request.args.get("list", "")) if request.args.get("list") else None
        if asked is not None:
            renaming.list_of(self.session, self.actor, asked)
        elif request.args.get("list"):
            abort(404)
        rows, more = renaming.names_changed(self.session, self.actor, asked, whole(request.args.get("after", "")))
        return self.show("rename_names.html", rows=rows, more=more, asked=asked)

    # -- one by one --------------------------------------------------------------------------------------------------

    @expose("/one", methods=["GET", "POST"])
    @needs(Right.CABINET_RENAME)
    def one(self) -> Any:
        """Choose the subscriber, give the new name; a doubtful spelling is asked about first."""
        asked = whole(request.values.get("subscriber", "")) if request.values.get("subscriber") else None
        if asked is None:
            if request.values.get("subscriber"):
                abort(404)
            return self.show("rename_one.html", steps=[str(step) for step in ONE_STEPS], subscriber=None)
        found = subscribers.subscriber_of(self.session, self.actor, asked)
        gate = self._gate(self.company.seller_id)
        judged = None
        if request.method == "POST":
            name = request.form.get("name", "")
            judged = judge_name(name, gate.characters)
            if not judged.suggestion or request.form.get("keep") == "1":
                key = request.form.get("form_key", "")[:40]
                made = attempt(renaming.rename_one, asked, name, key=key)
                if made is not None:
                    return redirect(url_for("RenamePage.one_list", request_id=made.request_id))
        return self.show(
            "rename_one.html",
            steps=[str(step) for step in ONE_STEPS],
            subscriber=found,
            name=request.values.get("name", found.name),
            suggestion=judged.suggestion if judged is not None else "",
            gate=gate,
            note=window_note(gate.calendar[PolicyKind.RENAME_FREEZE], self.today),
            is_refused=not gate.is_open and not gate.waits,
            form_key=secrets.token_urlsafe(12),
        )


def title_of(found: RenameList) -> str:
    """What a list is called: its file, or where it came from."""
    return found.file_name or str(SOURCES[found.source])


def state_of(found: RenameList) -> Any:
    """The state of a list as a coloured word."""
    word, tone = STATES.get(found.request.state, (found.request.state, ""))
    if found.request.state == "sent" and renaming.waits_until(found):
        word, tone = STATES["queued"]
    if found.is_stopped:
        word, tone = gettext("Stopped"), "warn"
    return word, tone


def _settings() -> Settings:
    return cast(Settings, current_app.config["KABINET"])


def _text_of(found: RenameList) -> str:
    """A pasted list as it was pasted, for «Back»."""
    path: Path = importing.stored_upload(_settings().data_dir, found.sha256)
    return path.read_text("utf-8", "replace")[:SHOWN_TEXT] if found.sha256 and path.is_file() else ""


def _columns(found: RenameList) -> list[tuple[str, str]]:
    """The columns of a list to choose from."""
    if found.columns.get("header"):
        return [(str(at), name) for at, name in enumerate(found.headers)]
    return [
        (str(at), gettext("Column %(number)s: %(cell)s", number=at + 1, cell=cell[:40]))
        for at, cell in enumerate(found.headers)
    ]


def _tabs(found: RenameList, want: str) -> list[dict[str, Any]]:
    """Filters with their counts: verdicts before a list is applied, results after."""
    applied = found.request.state in ("done", "sent")
    labels = {**OUTCOMES, **{name: word for name, word in VERDICTS.items() if name not in OUTCOMES}}
    labels = labels if applied else VERDICTS
    sums = {
        name: count for name, count in found.counts.items() if name in VERDICTS and not (applied and name == Verdict.OK)
    }
    for name, count in found.outcomes.items() if applied else ():
        sums[name] = sums.get(name, 0) + count
    url = {name: url_for("RenamePage.one_list", request_id=found.request_id, want=name) for name in sums}
    everything = {
        "label": gettext("All lines"),
        "url": url_for("RenamePage.one_list", request_id=found.request_id),
        "active": not want,
        "count": found.lines,
    }
    order = list(labels)
    named = sorted((name for name in sums if sums[name] and name in labels), key=order.index)
    rest = [
        {"label": str(labels[name][0]), "url": url[name], "active": want == name, "count": sums[name]} for name in named
    ]
    return [everything, *rest]


def _shown(one: renaming.ListLine, found: RenameList, longest: int) -> dict[str, Any]:
    """A line as the page shows it: a badge and, where something is to be said, a sentence."""
    table, name = (OUTCOMES, one.outcome) if one.outcome else (VERDICTS, one.verdict)
    word, tone = table.get(name, (name, ""))
    taken = one.verdict == Verdict.LOOK_ALIKE and found.takes_suggestions
    is_mixed = one.verdict == Verdict.LOOK_ALIKE and not taken
    is_plain = name in (Verdict.OK, Outcome.DONE) and not is_mixed
    why = "" if is_plain or taken else say(sentences.result_of(one.verdict, one.outcome, one.remark, longest))
    if is_mixed and name == Outcome.DONE:
        tone = "warn"
    if taken and not one.outcome:
        word, tone = gettext("Suggested spelling"), "good"
    return {"one": one, "word": str(word), "tone": tone, "why": why}
