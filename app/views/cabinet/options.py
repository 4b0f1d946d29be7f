"""Services by list: options switched for many subscribers, in steps; nothing is asked for before «Ask for it».

The list is kept from the first step on, so Back loses nothing (A1-16, A1-17, A1-37).
"""

from decimal import Decimal
from typing import Any, BinaryIO, cast

from flask import current_app, flash, jsonify, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.core.errors import DomainError
from app.models import Job, Request
from app.rules.lifecycle import JobState
from app.rules.switching import OFF, ON, SENTENCES, Verdict
from app.services import switching
from app.services.cabinet import subscribers
from app.services.switching import asking, facts, history, results
from app.services.switching.history import LEFT_OUT, Batch, Wanted
from app.views import counts
from app.views.base import attempt, needs, say
from app.views.cabinet import frame
from app.views.exports import send_rows
from app.views.rows import whole
from app.views.system import told as told_of_job

STEPS = (_l("Which option"), _l("For whom"), _l("Look it through"), _l("Requests"))
ACTIONS = {ON: _l("Switch on"), OFF: _l("Switch off")}
BATCH_STATES: dict[str, tuple[Any, str]] = {
    "queued": (_l("Under way"), "info"),
    "done": (_l("Done"), "good"),
    "rejected": (_l("Refused"), "bad"),
    "cancelled": (_l("Cancelled"), ""),
}
TONES = {"new": "info", "queued": "warn", "sent": "info", "done": "good", "rejected": "bad", "failed": "warn"}
TABS = (
    ("", _l("All")),
    ("waiting", _l("Waiting")),
    ("sent", _l("At the operator")),
    ("failed", _l("Tried again")),
    ("done", _l("Done")),
    ("rejected", _l("Refused")),
    ("cancelled", _l("Cancelled")),
    (LEFT_OUT, _l("Not asked for")),
)
WAYS = (
    ("paste", _l("Paste a list")),
    ("file", _l("Upload a file")),
    ("pick", _l("Pick them")),
    ("filter", _l("All that fit a filter")),
)
LONGEST_TEXT = 3_000_000
PICKS = 50


class OptionsPage(frame.Page):
    """The steps, the lists asked for, and each list."""

    route_base = "/my/options"

    @expose("/")
    @needs(Right.CABINET_RENAME)
    def index(self) -> Any:
        """The history: the current month and two before it (A1-17)."""
        wanted = Wanted(
            action=request.args.get("action", ""),
            option=request.args.get("option", "")[:120],
            state=request.args.get("state", ""),
            number=request.args.get("q", "").strip()[:40],
            countries=tuple(dict.fromkeys(line.country for line in self.accounts)),
            after=whole(request.args.get("after", "")),
        )
        seller_id = self.accounts[0].seller_id if self.accounts else self.company.seller_id
        since = history.shown_since(self.session, seller_id, self.today)
        rows, more = history.batches_of(self.session, self.actor, since, self._zone(), wanted)
        names = self._names()
        return self.show(
            "options.html",
            rows=rows,
            more=more,
            wanted=wanted,
            since=since,
            drafts=history.drafts_of(self.session, self.actor),
            title_of=lambda row: title_of(row, names),
            option_choices=[("", gettext("All options")), *names.items()],
            state_of=state_of,
            actions=ACTIONS,
            states=BATCH_STATES,
        )

    def _zone(self) -> str:
        return self.accounts[0].zone if self.accounts else "UTC"

    def _names(self) -> dict[str, str]:
        """Options by code, as this company's are called."""
        names: dict[str, str] = {}
        for one in self._offers():
            names.setdefault(one.code, one.name)
        return names

    def _title(self, row: Request) -> str:
        """What a list is called; one made before its option's name was kept is asked for it."""
        return title_of(row, {} if row.details.get("called") is not None else self._names())

    def _offers(self) -> list[switching.Offer]:
        return switching.parts_at(self.session, {(line.seller_id, line.currency) for line in self.accounts})

    # -- which option ---------------------------------------------------------------------------------------------

    @expose("/new", methods=["GET", "POST"])
    @needs(Right.CABINET_RENAME)
    def new(self) -> Any:
        """The first step: what, on or off, from which day."""
        subscriber_id = whole(request.values.get("subscriber", ""))
        one = subscribers.subscriber_of(self.session, self.actor, subscriber_id) if subscriber_id is not None else None
        if request.method == "GET":
            return self._what(one, request.args)
        choice = self._choice()
        company_id = cast(int, self.actor.company_id)
        draft = attempt(switching.open_draft, company_id, choice) if choice is not None else None
        if draft is None:
            return self._what(one, request.form), 422
        if one is not None:
            attempt(switching.take_picked, draft.id, [one.id])
        return redirect(self._after_choice(draft))

    @expose("/<int:request_id>/what", methods=["GET", "POST"])
    @needs(Right.CABINET_RENAME)
    def what(self, request_id: int) -> Any:
        """The first step again: the list stays and is judged anew."""
        draft = switching.draft_of(self.session, self.actor, request_id, lock=request.method == "POST")
        chosen = switching.choice_of(draft)
        if request.method == "GET":
            values = {"action": chosen.action, "option": chosen.option, "day": chosen.day.isoformat()}
            return self._what(None, values, draft)
        choice = self._choice()
        page = self._list_url(draft)
        if choice is None or attempt(switching.choose, request_id, choice, page) is None:
            return self._what(None, request.form, draft), 422
        return redirect(self._after_choice(draft))

    def _choice(self) -> switching.Choice | None:
        day = self.day_asked("day")
        if day is None or not request.form.get("option"):
            flash(gettext("Choose the option and the day."), "danger")
            return None
        earliest = self._earliest()
        if day < earliest:
            verdict = Verdict.TOO_SOON if day >= self.today else Verdict.PAST
            detail = frame.day(earliest if verdict is Verdict.TOO_SOON else self.today)
            flash(say(DomainError(SENTENCES[verdict], detail=detail)), "danger")
            return None
        return switching.Choice(request.form.get("action", ""), request.form.get("option", "")[:120], day)

    def _earliest(self) -> Any:
        """The first day any of the company's Sellers switches an option on (policy `option_lead`)."""
        return facts.earliest_day(self.session, {line.seller_id: line.zone for line in self.accounts})

    def _after_choice(self, draft: Request) -> str:
        to = "OptionsPage.one_list" if "columns" in draft.details else "OptionsPage.who"
        return url_for(to, request_id=draft.id)

    def _what(self, one: Any, values: Any, draft: Request | None = None) -> Any:
        offers: dict[str, list[Any]] = {}
        for offer in self._offers():
            offers.setdefault(offer.code, []).append(offer)
        return self.show(
            "options_what.html",
            steps=self._steps(draft),
            one=one,
            draft=draft,
            offers=[(code, some[0].name, _prices(some)) for code, some in offers.items()],
            values=values,
            first_day=self._earliest(),
            today=self.today,
        )

    def _steps(self, draft: Request | None) -> list[Any]:
        if draft is None:
            return [str(step) for step in STEPS]
        first = [url_for(f"OptionsPage.{name}", request_id=draft.id) for name in ("what", "who")]
        return [(str(STEPS[0]), first[0]), (str(STEPS[1]), first[1]), *(str(step) for step in STEPS[2:])]

    # -- for whom -------------------------------------------------------------------------------------------------

    @expose("/<int:request_id>/who", methods=["GET", "POST"])
    @needs(Right.CABINET_RENAME)
    def who(self, request_id: int) -> Any:
        """The second step: a pasted list, a file, subscribers picked one by one, or a filter."""
        draft = switching.draft_of(self.session, self.actor, request_id, lock=request.method == "POST")
        how = request.values.get("how") or draft.details.get("how") or "paste"
        if request.method == "POST":
            taken = self._take(draft, how)
            if taken is not None and "add" not in request.form:
                return redirect(url_for("OptionsPage.one_list", request_id=request_id))
            if taken is not None:
                return redirect(
                    url_for("OptionsPage.who", request_id=request_id, how=how, q=request.form.get("q", "")[:60])
                )
        return self._who(draft, how)

    def _take(self, draft: Request, how: str) -> Any:
        form, draft_id, page = request.form, draft.id, self._list_url(draft)
        if how == "file":
            upload = request.files.get("file")
            if upload is None or not upload.filename:
                flash(gettext("Choose a file first."), "warning")
                return None
            return attempt(switching.take_file, draft_id, cast(BinaryIO, upload.stream), upload.filename, page)
        if how == "pick":
            shown, chosen = _ids("shown"), _ids("subscriber")
            picked = (set(draft.details.get("picked") or ()) - shown) | chosen
            return attempt(switching.take_picked, draft_id, picked, page)
        if how == "filter":
            account = self.account_asked()
            wanted = switching.Filter(
                account_id=account.id if account else None,
                text=form.get("q", "").strip()[:60],
                plan_id=whole(form.get("plan", "")),
                option=form.get("option", "")[:120],
                has_option=form.get("has") != "0",
            )
            return attempt(switching.take_filter, draft_id, wanted, page)
        return attempt(switching.take_paste, draft_id, form.get("text", "")[:LONGEST_TEXT], page)

    def _who(self, draft: Request, how: str) -> Any:
        ways = [
            {
                "label": str(label),
                "url": url_for("OptionsPage.who", request_id=draft.id, how=name),
                "active": name == how,
            }
            for name, label in WAYS
        ]
        search = request.args.get("q", "").strip()[:60]
        found = None
        if how == "pick":
            after = request.args.get("after", "")[:32]
            found = subscribers.find(self.session, self.actor, search, None, after, PICKS)
        return self.show(
            "options_who.html",
            steps=self._steps(draft),
            draft=draft,
            how=how,
            ways=ways,
            text=request.form.get("text") or (self._pasted(draft) if how == "paste" else ""),
            found=found,
            search=search,
            picked=set(draft.details.get("picked") or ()),
            given=draft.details.get("filter") or {},
            plans=history.plans_in_use(self.session, self.actor) if how == "filter" else [],
            option_choices=self._names() if how == "filter" else {},
            limit=current_app.config["KABINET"].upload_megabytes,
        )

    def _pasted(self, draft: Request) -> str:
        """The lines as they were pasted, back in the field."""
        if draft.details.get("how") != "paste":
            return ""
        lines = ["\t".join(row["cells"]) for row in history.walk_lines(self.session, draft)]
        headers = draft.details.get("headers") or []
        return "\n".join((["\t".join(headers)] if headers else []) + lines)

    # -- a list ---------------------------------------------------------------------------------------------------

    @expose("/<int:request_id>")
    @needs(Right.CABINET_RENAME)
    def one_list(self, request_id: int) -> Any:
        """What the list would do, before it is asked for; how far each request is, after."""
        row = switching.batch_of(self.session, self.actor, request_id)
        if row.state == "new" and "columns" not in row.details:
            return redirect(url_for("OptionsPage.who", request_id=request_id))
        if "look_job" in row.details:
            return self._looked_through(row)
        undo_job = self.session.get(Job, row.details["undoing"]["job_id"] or 0) if "undoing" in row.details else None
        if undo_job is not None and undo_job.state in (JobState.QUEUED, JobState.RUNNING):
            return self._undoing(row, undo_job)
        want, after = request.args.get("want", ""), whole(request.args.get("after", "")) or 0
        lines = history.lines_of(self.session, row, want, after)
        shown = [self._line(line, row) for line in lines[: history.LINES]]
        more = lines[history.LINES - 1]["position"] if len(lines) > history.LINES else None
        common = {
            "row": row,
            "title": self._title(row),
            "lines": shown,
            "more": more,
            "want": want,
            "summary": row.details.get("summary") or {},
            "sums": _sums(row),
            "steps": self._steps(row) if row.state == "new" else [str(step) for step in STEPS],
            "actions": ACTIONS,
        }
        if row.state == "new":
            return self.show("options_check.html", tabs=self._check_tabs(row, want), **common)
        batch = history.batch_with_counts(self.session, row)
        waiting = sum(batch.counts.get(state, 0) for state in ("new", "queued", "failed"))
        return self.show(
            "options_list.html",
            batch=batch,
            tabs=self._tabs(batch, want),
            state_of=state_of,
            can_undo=bool(waiting) or (bool(batch.counts.get("done")) and switching.can_undo(self.session, row)),
            waiting=waiting,
            undone=_long_undo(row),
            not_undone=told_of_job(undo_job)["text"] if undo_job is not None else "",
            **common,
        )

    def _looked_through(self, row: Request) -> Any:
        """How far the looking through of a long list is; the page comes back by itself when it is done."""
        job = self.session.get_one(Job, row.details["look_job"])
        return self.show(
            "options_looking.html",
            row=row,
            title=self._title(row),
            steps=self._steps(row),
            job=job,
            is_under_way=job.state in (JobState.QUEUED, JobState.RUNNING),
            told=told_of_job(job),
        )

    def _undoing(self, row: Request, job: Job) -> Any:
        """How far the undoing of a long list is; the page comes back by itself when it is done."""
        told = told_of_job(job)
        return self.show("options_undoing.html", row=row, title=self._title(row), job=job, told=told)

    def _line(self, line: Any, row: Request) -> dict[str, Any]:
        word, why = results.told(line, row.state, say, frame.day)
        is_left = line["verdict"] != Verdict.OK.value
        tone = "bad" if is_left else TONES.get(line["state"] or "", "good" if row.state == "new" else "")
        return {**line, "word": word, "why": why, "tone": tone}

    def _check_tabs(self, row: Request, want: str) -> list[dict[str, Any]]:
        summary = row.details["summary"]
        able = summary["verdicts"].get(Verdict.OK.value, 0)
        counts = {"": summary["lines"], Verdict.OK.value: able, LEFT_OUT: summary["lines"] - able}
        labels = {"": _l("All"), Verdict.OK.value: _l("Will be asked for"), LEFT_OUT: _l("Not asked for")}
        return [
            {"label": str(labels[key]), "url": self._list_url(row, key), "active": key == want, "count": count}
            for key, count in counts.items()
        ]

    def _tabs(self, batch: Batch, want: str) -> list[dict[str, Any]]:
        counts = {
            **batch.counts,
            "": batch.lines,
            "waiting": batch.counts.get("new", 0) + batch.counts.get("queued", 0),
            LEFT_OUT: batch.lines - batch.made if batch.row.details.get("asked") else 0,
        }
        return [
            {
                "label": str(label),
                "url": self._list_url(batch.row, key),
                "active": key == want,
                "count": counts.get(key, 0),
            }
            for key, label in TABS
            if not key or counts.get(key)
        ]

    def _list_url(self, row: Request, want: str = "") -> str:
        return url_for("OptionsPage.one_list", request_id=row.id, want=want or None)

    @expose("/<int:request_id>/status")
    @needs(Right.CABINET_RENAME)
    def status(self, request_id: int) -> Any:
        """How far the list is, as the bar asks each second."""
        row = switching.batch_of(self.session, self.actor, request_id)
        job = asking.job_of(self.session, row)
        if job is not None and job.state in (JobState.QUEUED, JobState.RUNNING) and not row.details.get("asked"):
            return jsonify({**told_of_job(job), "finished": False})
        batch = history.batch_with_counts(self.session, row)
        counted = {"ended": batch.ended, "made": batch.made}
        answer = {
            "percent": batch.ended * 100 // batch.made if batch.made else 0,
            "text": gettext("%(ended)s of %(made)s requests have ended", **counts.counted(counted)),
            "finished": not batch.is_moving,
            "failed": False,
            "links": [],
            "cancel_url": None,
        }
        return jsonify(answer)

    @expose("/<int:request_id>/again", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def again(self, request_id: int) -> Any:
        """Judge the list anew, as things stand now."""
        page = url_for("OptionsPage.one_list", request_id=request_id)
        attempt(switching.judge_again, request_id, page)
        return redirect(page)

    @expose("/<int:request_id>/confirm", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def confirm(self, request_id: int) -> Any:
        """Ask for it; pressed twice, it is asked for once."""
        page = url_for("OptionsPage.one_list", request_id=request_id)
        attempt(switching.confirm, request_id, page)
        return redirect(page)

    @expose("/<int:request_id>/undo", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def undo(self, request_id: int) -> Any:
        """Cancel what waits, ask for the opposite of what is done."""
        page = url_for("OptionsPage.one_list", request_id=request_id)
        undone = attempt(switching.undo_batch, request_id, page)
        if undone is None or undone.job_id:
            return redirect(page)
        flash(_told(undone), "success")
        return redirect(url_for("OptionsPage.one_list", request_id=undone.batch_id or request_id))

    @expose("/<int:request_id>/stop", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def stop(self, request_id: int) -> Any:
        """Cancel everything of the list that is not sent yet."""

        def cancel(session: Any, actor: Any) -> int:
            switching.stop_asking(session, actor, request_id)
            return switching.cancel_waiting(session, actor, request_id)

        attempt(cancel, done=gettext("What was not sent yet is cancelled."))
        return redirect(url_for("OptionsPage.one_list", request_id=request_id))

    @expose("/<int:request_id>/discard", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def discard(self, request_id: int) -> Any:
        """Throw a list away that was not asked for."""
        attempt(
            lambda session, actor: history.discard(session, switching.draft_of(session, actor, request_id)),
            done=gettext("The list is thrown away."),
        )
        return redirect(url_for("OptionsPage.index"))

    @expose("/cancel/<int:request_id>", methods=["POST"])
    @needs(Right.CABINET_RENAME)
    def cancel(self, request_id: int) -> Any:
        """Cancel one request that is not sent yet."""
        back = url_for("OptionsPage.index")
        found = self.row(Request, request_id)
        if found.parent_id is not None:
            back = url_for("OptionsPage.one_list", request_id=found.parent_id)
        attempt(switching.cancel_request, request_id, done=gettext("The request is cancelled."))
        return redirect(back)

    @expose("/<int:request_id>/result")
    @needs(Right.CABINET_RENAME)
    def result(self, request_id: int) -> Any:
        """The list back with the result and the reason on each line."""
        row = switching.batch_of(self.session, self.actor, request_id)
        title = gettext("Options, list %(number)s", number=row.id)
        columns = results.columns(row, say)
        return send_rows(
            title,
            columns,
            results.rows(self.session, row, say),
            "csv" if request.args.get("format") == "csv" else "xlsx",
        )


def _ids(name: str) -> set[int]:
    return {found for raw in request.form.getlist(name)[:5000] if (found := whole(raw)) is not None}


def _sums(row: Request) -> dict[str, Any]:
    """The price effect as amounts: currency → first month and whole month → net, tax, total."""
    sums = (row.details.get("summary") or {}).get("sums") or {}
    return {
        currency: {when: {name: Decimal(value) for name, value in by.items()} for when, by in mine.items()}
        for currency, mine in sums.items()
    }


def _prices(offers: list[Any]) -> str:
    """«95,00 UAH a month», once a currency; what is withdrawn can only be switched off."""
    prices = {one.currency: one for one in offers if one.is_sold}
    if not prices:
        return gettext("No longer sold")
    return " · ".join(
        gettext("%(price)s a month", price=frame.money(one.price, one.currency)) for one in prices.values()
    )


def title_of(row: Request, names: dict[str, str]) -> str:
    """«Switch on: Roaming»."""
    action = str(ACTIONS.get(row.details.get("action", ""), ""))
    code = row.details.get("option", "")
    return f"{action}: {row.details.get('called') or names.get(code, code)}"


def state_of(row: Request) -> tuple[str, str]:
    """The word and the tone of a list's state."""
    word, tone = BATCH_STATES.get(row.state, (_l("Not asked for"), ""))
    return str(word), tone


def _long_undo(row: Request) -> dict[str, Any] | None:
    """What came of undoing by a job, and the list of the opposite requests."""
    undone = switching.Undone(**row.details.get("undone", {}))
    return {"text": _told(undone), "batch_id": undone.batch_id} if undone.job_id else None


def _told(undone: switching.Undone) -> str:
    parts = [gettext("Cancelled: %(count)s.", count=counts.count(undone.cancelled))]
    if undone.countered:
        parts.append(gettext("Asked to be undone: %(count)s.", count=counts.count(undone.countered)))
    if undone.at_operator:
        parts.append(
            gettext(
                "At the operator just now: %(count)s; undo again when they have ended.",
                count=counts.count(undone.at_operator),
            )
        )
    if undone.billed:
        parts.append(gettext("Billed already and left as they are: %(count)s.", count=counts.count(undone.billed)))
    return " ".join(parts)
