"""Import of a file: choose, look and correct the mapping, apply as a job, take back what was left out."""

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, DomainError, Refused
from app.extensions import reading
from app.imports.fields import FIELDS, ImportKind
from app.imports.mapping import NOTATIONS, SETTINGS, Problem
from app.models import ImportBatch, ImportMapping, Job, Seller
from app.rules.lifecycle import JobState
from app.services import importing, work
from app.services.importing import Preview
from app.services.work import JobName
from app.views.base import OfficePage, attempt, needs, say
from app.views.exports import send_path
from app.views.office import cells, numbers
from config import Settings

STEPS = (_l("File"), _l("Look and correct"), _l("Apply"), _l("Result"))
KINDS = {
    ImportKind.CUSTOMERS: (_l("Customers"), _l("Companies with accounts, subscriptions and their monthly charges")),
    ImportKind.SUBSCRIBERS: (_l("Subscribers"), _l("Lines of accounts: numbers and names")),
    ImportKind.CATALOG: (_l("Plans and prices"), _l("A price list, CSV, XLSX or JSON")),
    ImportKind.USAGE: (_l("Usage"), _l("Measured events; each record comes in once")),
    ImportKind.PAYMENTS: (_l("Payments"), _l("Money in, from the bank or a gateway; the same money comes in once")),
    ImportKind.RATES: (_l("Currency rates"), _l("A table, or the XML or JSON of NBU, CBR or NBP")),
}


class ImportPage(OfficePage):
    """The steps of an import; nothing is written before «Apply»."""

    route_base = "/office/import"

    @expose("/", methods=["GET", "POST"])
    @needs(Right.IMPORTS_RUN)
    def index(self) -> Any:
        """What, whose, which file."""
        if request.method == "POST":
            batch = self._read_upload()
            if batch is not None:
                return redirect(url_for("ImportPage.show", batch_id=batch.id))
        kind = request.values.get("kind", "customers")
        recent = sa.select(ImportBatch).order_by(ImportBatch.id.desc()).limit(8)
        return self.render_template(
            "office/import_file.html",
            title=gettext("Import"),
            steps=[str(step) for step in STEPS],
            kinds=[(one.value, label, hint) for one, (label, hint) in KINDS.items()],
            kind=kind,
            sellers=[(one.id, one.name) for one in self.session.scalars(sa.select(Seller).order_by(Seller.id))],
            saved=self._saved(),
            recent=list(self.session.scalars(recent)),
            given=request.values,
            limit=_settings().upload_megabytes,
        )

    def _saved(self) -> list[tuple[str, Any]]:
        rows = self.session.scalars(sa.select(ImportMapping).order_by(ImportMapping.kind, ImportMapping.name))
        named = [(f"{one.kind}:{one.name}", f"{cells.kind(one.kind)}: {one.name}") for one in rows]
        return [("", gettext("Guess from the headers")), *named]

    def _read_upload(self) -> ImportBatch | None:
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            flash(gettext("Choose a file first."), "warning")
            return None
        settings, form = _settings(), request.form
        kind, _, name = form.get("mapping", "").partition(":")
        options = {"from": form["from"]} if form.get("from") else {}
        if form.get("kind") == ImportKind.USAGE.value and (source := form.get("source", "").strip()[:60]):
            options["source"] = source

        def look(session: Any, actor: Actor) -> ImportBatch:
            path = importing.store_upload(settings.data_dir, cast(BinaryIO, upload.stream), settings.upload_megabytes)
            return _look(
                session,
                actor,
                form.get("kind", ""),
                path,
                str(upload.filename),
                seller_id=numbers.whole(form.get("seller")),
                mapping_name=name if name and kind == form.get("kind") else None,
                options=options,
            )

        with reading(self.session):
            batch = attempt(look)
        return None if batch is None else attempt(_keep, batch)

    @expose("/<batch_id>")
    @needs(Right.IMPORTS_RUN)
    def show(self, batch_id: str) -> Any:
        """The mapping and what it makes of the lines; then the bar; then the result."""
        batch = self.row(ImportBatch, batch_id)
        job = self.session.get(Job, batch.job_id) if batch.job_id else None
        is_running = job is not None and job.state in (JobState.QUEUED.value, JobState.RUNNING.value)
        kind = ImportKind(batch.kind)
        shown = dict(batch.options.get("shown") or {})
        step = 3 if batch.state == "applied" else 2 if job is not None else 1
        return self.render_template(
            "office/import_batch.html",
            title=gettext("Import of %(file)s", file=batch.file_name),
            steps=[str(one) for one in STEPS],
            step=step,
            batch=batch,
            kind_label=KINDS[kind][0],
            job=job,
            is_running=is_running,
            progress=importing.progress(batch),
            fields=[(one, batch.mapping.get("columns", {}).get(one.name, "")) for one in FIELDS[kind].fields],
            columns=[("", "—"), *((one, one) for one in shown.get("headers", []))],
            notations=batch.mapping.get("notations", {}),
            signs=_signs(),
            services=batch.mapping.get("services", []),
            has_services=FIELDS[kind].has_services,
            is_master=batch.options.get("format") == "asterisk",
            shown=shown,
            problems=[(line, tone, _sentence(text)) for line, tone, text in shown.get("problems", [])],
            mapping_problems=[_sentence(text) for text in shown.get("mapping_problems", [])],
            totals=[_total(kind, name, value) for name, value in shown.get("totals", {}).items()],
            refused=[(line, _sentence(text)) for line, text in list(batch.options.get("refused", {}).items())[:50]],
        )

    @expose("/<batch_id>/mapping", methods=["POST"])
    @needs(Right.IMPORTS_RUN)
    def remap(self, batch_id: str) -> Any:
        """Read the file again with the corrected mapping; keep the mapping under a name where one is given."""
        batch = self.row(ImportBatch, batch_id)
        mapping = _mapping_from(request.form, ImportKind(batch.kind))

        def look(session: Any, actor: Actor) -> ImportBatch:
            _need_previewed(batch)
            options = {key: value for key, value in batch.options.items() if key in ("from", "source")}
            path = importing.stored_upload(_settings().data_dir, batch.sha256)
            return _look(
                session,
                actor,
                batch.kind,
                path,
                batch.file_name,
                seller_id=batch.seller_id,
                mapping=mapping,
                options=options,
            )

        def put_in_its_place(session: Any, actor: Actor) -> ImportBatch:
            before = self.row(ImportBatch, batch_id)
            _need_previewed(before)  # while the file was read again somebody may have applied it
            again = _keep(session, actor, looked)
            session.delete(before)
            if name := request.form.get("save_as", "").strip():
                importing.save_mapping(session, actor, kind, name, mapping)
            return again

        kind = batch.kind
        with reading(self.session):
            looked = attempt(look)
        done = gettext("The file is read again with your mapping.")
        made = None if looked is None else attempt(put_in_its_place, done=done)
        return redirect(url_for("ImportPage.show", batch_id=made.id if made is not None else batch_id))

    @expose("/<batch_id>/apply", methods=["POST"])
    @needs(Right.IMPORTS_RUN)
    def apply(self, batch_id: str) -> Any:
        """Order the work; asking twice orders it once."""
        batch = self.row(ImportBatch, batch_id)

        def order(session: Any, actor: Actor) -> Job:
            params = {
                "batch_id": batch.id,
                "path": f"uploads/{batch.sha256}",
                "page": url_for("ImportPage.show", batch_id=batch.id),
            }
            title = gettext("Import of %(file)s", file=batch.file_name)
            job = work.order_job(session, actor, JobName.IMPORT_APPLY, params, title, key=f"import:{batch.id}")
            batch.job_id = job.id
            return job

        attempt(order)
        return redirect(url_for("ImportPage.show", batch_id=batch.id))

    @expose("/<batch_id>/rejects")
    @needs(Right.IMPORTS_RUN)
    def rejects(self, batch_id: str) -> Any:
        """The lines that were left out, as the same file with a column of reasons."""
        batch = self.row(ImportBatch, batch_id)
        batch_id_, stem = batch.id, Path(batch.file_name).stem
        path = importing.stored_upload(_settings().data_dir, batch.sha256)
        with tempfile.TemporaryDirectory() as folder:
            try:
                target = Path(folder) / "rejected"
                made = importing.rejects_file(
                    self.session, self.actor, batch_id_, path, target, say=say, title=gettext("Reason")
                )
            except Refused as error:
                self.session.rollback()
                flash(say(error), "warning")
                return redirect(url_for("ImportPage.show", batch_id=batch_id_))
            self.session.rollback()  # nothing of a look is kept
            answer = send_path(made, f"{stem}-{gettext('rejected')}{made.suffix}")
            answer.direct_passthrough = False
            answer.get_data()  # the folder goes away with this block
            return answer


def _settings() -> Settings:
    return current_app.config["KABINET"]


def _need_previewed(batch: ImportBatch) -> None:
    if batch.state != "previewed" or batch.job_id:
        raise Refused(N_("This file is applied already. Upload it again to read it in another way."))


def _look(session: Any, actor: Actor, kind: str, path: Path, name: str, **more: Any) -> ImportBatch:
    """Read the file; the batch, not kept yet, with what its page shows."""
    batch, found = importing.look_at_file(session, actor, kind, path, name, **more)
    batch.options = {**batch.options, "shown": _kept(found)}
    return batch


def _keep(session: Any, actor: Actor, batch: ImportBatch) -> ImportBatch:
    actor.need(Right.IMPORTS_RUN)
    session.add(batch)
    session.flush()
    return batch


def _kept(found: Preview) -> dict[str, Any]:
    return {
        "headers": found.headers[:300],
        "unmapped": found.unmapped[:300],
        "sample": [{key: value[:60] for key, value in row.items()} for row in found.sample],
        "totals": {name: str(value) for name, value in found.totals.items()},
        "other_sheets": found.other_sheets[:20],
        "header_line": found.header_line,
        "problems": [[line, tone, _told(problem)] for line, tone, problem in found.problems],
        "mapping_problems": [_told(problem) for problem in found.mapping_problems],
    }


def _total(kind: ImportKind, name: str, value: str) -> tuple[str, Any]:
    name, _, unit = name.partition("|")
    known = FIELDS[kind].by_name.get(name)
    shown = cells.amount if known and known.type == "money" else cells.fine
    label = gettext(known.label) if known else cells.kind(name)
    return f"{label}, {unit}" if unit else label, shown(Decimal(value))


def _told(problem: Problem) -> list[Any]:
    return [problem.text, {name: str(value)[:120] for name, value in problem.params.items()}]


def _sentence(told: list[Any]) -> str:
    text, params = told
    return say(DomainError(text, **_in_words(params)))


def _in_words(params: dict[str, str]) -> dict[str, str]:
    """Labels of fields are message ids themselves."""
    return {name: gettext(value) if name in ("label", "labels") and value else value for name, value in params.items()}


def _signs() -> dict[str, list[tuple[str, str]]]:
    """How a column of a type may be written, where the column itself does not tell."""
    asked = ("", gettext("as the column shows"))
    amounts = [asked, (".", gettext("decimal point, like 1234.56")), (",", gettext("decimal comma, like 1234,56"))]
    days = [asked, ("dmy", gettext("day before month")), ("mdy", gettext("month before day"))]
    return {"money": amounts, "number": amounts, "measure": amounts, "date": days, "datetime": days}


def _mapping_from(form: Any, kind: ImportKind) -> dict[str, Any]:
    columns = {one.name: form.get(f"column-{one.name}", "") for one in FIELDS[kind].fields}
    return {
        "kind": kind.value,
        "columns": {name: column for name, column in columns.items() if column},
        "services": form.getlist("service"),
        "notations": {
            name: sign for name in columns if (sign := form.get(f"notation-{name}", "")) in NOTATIONS and columns[name]
        },
        "settings": {name: text for name in SETTINGS if (text := form.get(f"setting-{name}", "").strip()[:60])},
    }
