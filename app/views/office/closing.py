"""Closing a month: choose, dry run, run, result. Nothing is written before the run; the run may be repeated."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import abort, make_response, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import BillingRun, Document, Job, RunItem, Seller
from app.rules.lifecycle import RunItemState, RunState
from app.services import billing, overview, work
from app.services.work import JobName
from app.views import charts
from app.views.base import OfficePage, attempt, needs, say
from app.views.office import cells, numbers

STEPS = (_l("Choose the month"), _l("Dry run"), _l("Run"), _l("Result"))
SHOWN = 200
MONTHS = 12


class ClosingPage(OfficePage):
    """The steps of closing a month."""

    route_base = "/office/closing"

    @expose("/")
    @needs(Right.BILLING_READ)
    def index(self) -> Any:
        """Which Seller, which month; what is closed already."""
        sellers = list(self.session.scalars(sa.select(Seller).order_by(Seller.id)))
        seller = next(
            (one for one in sellers if str(one.id) == request.args.get("seller")), sellers[0] if sellers else None
        )
        now = Month.of(clock.today(seller.zone if seller else "UTC"))
        month = numbers.month(request.args.get("month", ""), now.shift(-1))
        return self.render_template(
            "office/closing_choose.html",
            title=gettext("Close a month"),
            steps=[str(step) for step in STEPS],
            sellers=[(one.id, one.name) for one in sellers],
            seller=seller,
            month=month,
            timeline=self._timeline(seller, now, month) if seller else "",
        )

    def _timeline(self, seller: Seller, now: Month, chosen: Month) -> Any:
        since = now.shift(1 - MONTHS)
        closed = overview.closed_months(self.session, self.actor, seller.id, since)
        shown = []
        for step in range(MONTHS):
            one = since.shift(step)
            run_id, state = closed.get(one, (0, ""))
            tone = {"done": "good", "running": "warn", "cancelled": "bad"}.get(state, "")
            words = cells.kind(state) if state else (gettext("Under way") if one == now else gettext("Not closed"))
            address = (
                url_for("ClosingPage.run", run_id=run_id)
                if run_id
                else url_for("ClosingPage.preview", seller=seller.id, month=str(one))
            )
            shown.append(charts.Month(format_date(one.first_day, "LLL yyyy"), words, tone, address, one == chosen))
        return charts.month_timeline(shown, gettext("Months of %(seller)s", seller=seller.name))

    @expose("/preview")
    @needs(Right.BILLING_READ)
    def preview(self) -> Any:
        """What would be billed to whom; nothing is written."""
        seller, month = self._chosen()
        found = attempt(billing.preview, seller.id, month, limit=SHOWN)
        if found is None:
            return redirect(url_for("ClosingPage.index", seller=seller.id, month=str(month)))
        return self.render_template(
            "office/closing_preview.html",
            title=gettext("Dry run"),
            steps=[str(step) for step in STEPS],
            seller=seller,
            month=month,
            month_name=cells.month(month.first_day),
            early=_early(seller, month),
            lines=found.lines,
            accounts=found.accounts,
            is_cut=found.accounts > len(found.lines),
            trouble=found.trouble,
            totals=found.totals,
            last_totals=self._billed(seller.id, month.shift(-1)),
            say=say,
            reasons=lambda line: ", ".join(gettext(text) for text in line.reasons),
            shown=SHOWN,
        )

    @expose("/preview/<fmt>")
    @needs(Right.BILLING_READ, Right.EXPORTS_RUN)
    def preview_file(self, fmt: str) -> Any:
        """The whole dry run as a file."""
        seller, month = self._chosen()
        found = billing.preview(self.session, self.actor, seller.id, month)
        titles = [gettext("Account"), gettext("Company"), gettext("Currency"), gettext("Now"), gettext("Last month")]
        titles += [gettext("Difference"), gettext("Why")]
        rows = (
            [one.number, one.company, one.currency, one.total, one.last_total, one.difference]
            + [", ".join(gettext(text) for text in one.reasons)]
            for one in found.lines
        )
        return self.export(gettext("Dry run %(month)s", month=str(month)), titles, rows, fmt)

    def _chosen(self) -> tuple[Seller, Month]:
        """The Seller and the month asked for; what is no month is not taken for another."""
        seller = self.row(Seller, request.values.get("seller"))
        try:
            return seller, Month.parse(request.values.get("month", ""))
        except ValueError:
            abort(404)

    def _billed(self, seller_id: int, month: Month) -> dict[str, Decimal]:
        query = (
            sa.select(Document.currency, sa.func.sum(Document.total))
            .where(
                Document.seller_id == seller_id,
                Document.kind.in_(("invoice", "credit_note")),
                Document.period_start == month.first_day,
                Document.issued_on >= month.first_day,
            )
            .group_by(Document.currency)
        )
        return {currency: total for currency, total in self.session.execute(query)}

    @expose("/start", methods=["POST"])
    @needs(Right.BILLING_RUN)
    def start(self) -> Any:
        """Open the run and order its work."""
        seller, month = self._chosen()

        def begin(session: Any, actor: Actor) -> int:
            run = billing.start_run(session, actor, seller.id, month)
            _order(session, actor, run)
            return run.id

        run_id = attempt(begin)
        if run_id is None:
            return redirect(url_for("ClosingPage.index", seller=seller.id, month=str(month)))
        return redirect(url_for("ClosingPage.run", run_id=run_id))

    @expose("/run/<run_id>")
    @needs(Right.BILLING_READ)
    def run(self, run_id: str) -> Any:
        """A run: its bar while it runs, then its result."""
        run = self.row(BillingRun, run_id)
        month = Month.of(run.month)
        return self.render_template(
            "office/closing_run.html",
            title=gettext("Closing of %(month)s", month=cells.month(run.month)),
            steps=[str(step) for step in STEPS],
            seller=run.seller,
            month=month,
            month_name=cells.month(run.month),
            early=_early(run.seller, month),
            quarantine=self._quarantine(run.id),
            **self._figures(run),
        )

    @expose("/run/<run_id>/figures")
    @needs(Right.BILLING_READ)
    def figures(self, run_id: str) -> Any:
        """The figures alone, asked for while the run goes on."""
        found = self._figures(self.row(BillingRun, run_id))
        answer = make_response(self.render_template("office/closing_figures.html", **found))
        if not found["is_live"]:
            answer.headers["X-Refresh"] = "done"
        return answer

    def _figures(self, run: BillingRun) -> dict[str, Any]:
        job = self._job(run.id)
        is_running = run.state == RunState.RUNNING.value
        return {
            "run": run,
            "progress": billing.progress(self.session, run.id),
            "job": job,
            "is_running": is_running,
            "is_live": job is not None and job.state in work.OPEN_STATES,
            "totals": self._totals(run.id),
        }

    def _job(self, run_id: int) -> Job | None:
        """The newest job of the run."""
        recent = sa.select(Job).where(Job.name == JobName.BILLING_RUN.value).order_by(Job.id.desc()).limit(100)
        return next((job for job in self.session.scalars(recent) if job.params.get("run_id") == run_id), None)

    def _totals(self, run_id: int) -> list[Any]:
        query = (
            sa.select(Document.kind, Document.currency, sa.func.count(), sa.func.sum(Document.total))
            .where(Document.run_id == run_id)
            .group_by(Document.kind, Document.currency)
            .order_by(Document.kind)
        )
        return list(self.session.execute(query))

    def _quarantine(self, run_id: int) -> list[dict[str, Any]]:
        query = (
            sa.select(RunItem)
            .options(joinedload(RunItem.account))
            .where(RunItem.run_id == run_id, RunItem.state == RunItemState.QUARANTINED.value)
            .order_by(RunItem.id)
            .limit(SHOWN)
        )
        return [
            {"account": one.account, "reason": _reason(one), "attempts": one.attempts}
            for one in self.session.scalars(query)
        ]

    @expose("/run/<run_id>/retry", methods=["POST"])
    @needs(Right.BILLING_RUN)
    def retry(self, run_id: str) -> Any:
        """Put accounts in quarantine back to work: all, or the one named."""
        run = self.row(BillingRun, run_id)
        account_id = numbers.whole(request.form.get("account"))

        def again(session: Any, actor: Actor) -> int:
            count = billing.retry(session, actor, run.id, [account_id] if account_id else None)
            if count:
                _order(session, actor, run)
            return count

        attempt(again, done=gettext("They are tried again."))
        return redirect(url_for("ClosingPage.run", run_id=run.id))

    @expose("/run/<run_id>/stop", methods=["POST"])
    @needs(Right.BILLING_RUN)
    def stop(self, run_id: str) -> Any:
        """Stop between batches: what is issued stays."""
        run = self.row(BillingRun, run_id)
        attempt(billing.cancel, run.id, done=gettext("The run stops after the batch under way. What is issued stays."))
        return redirect(url_for("ClosingPage.run", run_id=run.id))

    @expose("/zip", methods=["POST"])
    @needs(Right.DOCUMENTS_READ, Right.EXPORTS_RUN)
    def zip(self) -> Any:
        """Order the whole month as one ZIP."""
        seller, month = self._chosen()
        params = {"seller_id": seller.id, "month": str(month), "page": request.form.get("page", "")[:200]}
        title = gettext("Documents of %(seller)s, %(month)s", seller=seller.short_name or seller.code, month=str(month))
        job = attempt(work.order_job, JobName.MONTH_ZIP, params, title)
        return redirect(url_for("JobsPage.show", job_id=job.id))


def _early(seller: Seller, month: Month) -> str:
    """What to know before a month that still runs is closed; empty where it has ended."""
    if not billing.is_early(seller, month):
        return ""
    return gettext(
        "%(month)s ends only on %(day)s. What is used or changed until then is billed when you close it again; the "
        "documents are dated %(issued)s.",
        month=cells.month(month.first_day),
        day=cells.day(month.period.last_day),
        issued=cells.day(month.shift(1).first_day),
    )


def _order(session: Any, actor: Actor, run: BillingRun) -> Job:
    params = {"run_id": run.id, "page": url_for("ClosingPage.run", run_id=run.id)}
    title = gettext("Closing of %(month)s", month=f"{run.month:%Y-%m}")
    return work.order_job(session, actor, JobName.BILLING_RUN, params, title)


def _reason(item: RunItem) -> str:
    text = gettext(item.reason) if item.reason else gettext("The reason is not known.")
    try:
        return text % item.reason_params if item.reason_params else text
    except (KeyError, ValueError, TypeError):
        return text
