"""Invoices (A1-06…08, A1-18…27, A1-37): order to e-mail, take by link, charges of the running month; step by step.

Every step is an address with what was chosen before in it, so Back loses nothing and a step can be left for later.
"""

import re
import secrets
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core import clock
from app.core.period import Month
from app.models import Job
from app.rules.lifecycle import JobState
from app.rules.mailing import mask_addresses
from app.rules.policies import PolicyKind, months_open
from app.services import work
from app.services.cabinet import accounts as reading
from app.services.cabinet import invoices
from app.services.cabinet.accounts import AccountLine
from app.services.policies import calendar_for
from app.services.work import JobName
from app.views.base import attempt, needs
from app.views.cabinet import frame
from app.views.policy_notes import window_note
from app.views.system import title_of, told

ORDERED = (JobName.SEND_INVOICE.value, JobName.RUNNING_CHARGES.value)


class InvoicesPage(frame.Page):
    """The section «Invoices»."""

    route_base = "/my/invoices"

    @expose("/")
    @needs(Right.CABINET_DOCUMENTS)
    def index(self) -> Any:
        """The four sub-sections, and what is possible today."""
        line = self.accounts[0] if self.accounts else None
        if line is None:
            return self.show("invoices.html", line=None)
        calendar = calendar_for(self.session, line.seller_id)
        months = months_open(calendar[PolicyKind.INVOICE_DOWNLOAD], self.today)
        return self.show("invoices.html", line=line, months=months, this=Month.of(self.today), **self._window(line))

    def _window(self, line: AccountLine, calendar: Any = None) -> dict[str, Any]:
        """The closed window as a page says it beforehand: the sentence, its tone, and whether it is now."""
        policy = (calendar or calendar_for(self.session, line.seller_id))[PolicyKind.INVOICE_CLOSED_WINDOW]
        text, tone = window_note(policy, clock.today(line.zone))
        return {"note": text, "note_tone": tone, "closed": tone == "warning"}

    # -- steps ----------------------------------------------------------------------------------------------------

    def _account(self) -> AccountLine | None:
        """The account chosen; the only one where there is one; None: it is still to be chosen."""
        asked = self.account_asked()
        if asked is None and len(self.accounts) == 1:
            return self.accounts[0]
        return asked

    def _choose_account(self, endpoint: str, title: str, steps: list[str], line: AccountLine | None) -> Any:
        """The first step: which account (A1-21, A1-22)."""
        first = line or (self.accounts[0] if self.accounts else None)
        window = self._window(first) if first else {"note": "", "note_tone": "info", "closed": False}
        return self.show(
            "invoice_account.html", endpoint=endpoint, title=title, steps=steps, line=first, kept=self._kept(), **window
        )

    def _kept(self) -> dict[str, str]:
        """What was chosen in other steps, carried along."""
        return {name: request.values[name] for name in ("month", "format") if request.values.get(name)}

    # -- order to e-mail --------------------------------------------------------------------------------------------

    @expose("/order", methods=["GET", "POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def order(self) -> Any:
        """A regular invoice of any past month again, to the address that holds now (A1-18, A1-19)."""
        title = gettext("Order an invoice to e-mail")
        steps = [gettext("Account"), gettext("Period"), gettext("Confirmation")]
        line, month = self._account(), self.month_asked()
        if line is None or request.values.get("step") == "account":
            return self._choose_account("InvoicesPage.order", title, steps, line)
        if request.method == "POST":
            done = self._order(line, month)
            if done is not None:
                return done
        months = invoices.months_of(self.session, self.actor, line.id)
        chosen = next((one for one in months if one.month == month), None)
        values: dict[str, Any] = {"line": line, "month": month, "title": title, "steps": steps}
        values["options"] = [(str(one.month), _billed(one)) for one in months]
        values |= self._window(line)
        if chosen is None or request.values.get("step") == "period":
            page = self.show("invoice_period.html", **values)
        else:
            page = self.show(
                "invoice_order.html", chosen=chosen, token=secrets.token_hex(8), **values, **self._to(line)
            )
        return (page, 422) if request.method == "POST" else page

    def _order(self, line: AccountLine, month: Month | None) -> Any:
        title = gettext("Invoice for %(month)s, account %(account)s, to e-mail", **_about(line, month))
        page = url_for("InvoicesPage.index")
        job = attempt(invoices.order_repeat, line.id, month, _token(), title=title, page=page)
        return redirect(url_for("InvoicesPage.ordered", job_id=job.id)) if job else None

    def _to(self, line: AccountLine) -> dict[str, Any]:
        """Where it goes and how, as the page says it: masked, with the reason."""
        account = reading.owned(self.session, self.actor, line.id)
        to = invoices.addresses_now(self.session, self.actor, account)
        return {"to": mask_addresses(";".join(to)), "account": account}

    @expose("/ordered/<int:job_id>")
    @needs(Right.CABINET_DOCUMENTS)
    def ordered(self, job_id: int) -> Any:
        """It is on its way: to which address, and how far the work is."""
        job = work.job_for(self.session, self.actor, job_id)
        if job.name not in ORDERED:
            return redirect(url_for("JobsPage.show", job_id=job.id))
        to = mask_addresses(";".join(job.params.get("addresses") or []))
        return self.show("invoice_ordered.html", job=job, told=told(job), title=title_of(job), to=to)

    # -- by link ----------------------------------------------------------------------------------------------------

    @expose("/link", methods=["GET", "POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def link(self) -> Any:
        """The invoice of one of the two last months as a file to take by link (A1-23…26)."""
        title = gettext("Download an invoice by link")
        steps = [gettext("Account"), gettext("Month and format"), gettext("File")]
        line = self._account()
        if line is None or request.values.get("step") == "account":
            return self._choose_account("InvoicesPage.link", title, steps, line)
        if request.method == "POST":
            done = self._form(line)
            if done is not None:
                return done
        calendar = calendar_for(self.session, line.seller_id)
        months = months_open(calendar[PolicyKind.INVOICE_DOWNLOAD], clock.today(line.zone))
        billed = {one.month for one in invoices.months_of(self.session, self.actor, line.id)}
        page = self.show(
            "invoice_link.html",
            line=line,
            title=title,
            steps=steps,
            options=[(str(one), _open(one, one in billed)) for one in months],
            month=self.month_asked(),
            format=request.values.get("format", "pdf"),
            this=Month.of(clock.today(line.zone)),
            files=self._files(),
            **self._window(line, calendar),
        )
        return (page, 422) if request.method == "POST" else page

    def _form(self, line: AccountLine) -> Any:
        month = self.month_asked()
        title = gettext("Invoice for %(month)s, account %(account)s", **_about(line, month))
        form = request.form.get("format", "pdf")
        job = attempt(invoices.order_link, line.id, month, form, title=title, page=url_for("InvoicesPage.formed"))
        return redirect(url_for("InvoicesPage.formed", job=job.id)) if job else None

    @expose("/formed")
    @needs(Right.CABINET_DOCUMENTS)
    def formed(self) -> Any:
        """The files formed by link, those under way with their progress; they are here whenever one comes back."""
        return self.show("invoice_formed.html", files=self._files())

    def _files(self) -> list[dict[str, Any]]:
        return [_file(job) for job in invoices.formed_of(self.session, self.actor)]

    # -- the running month ------------------------------------------------------------------------------------------

    @expose("/running", methods=["GET", "POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def running(self) -> Any:
        """The charges of the current month by subscriber, by e-mail (A1-27)."""
        title = gettext("Charges of the current period")
        steps = [gettext("Account"), gettext("Confirmation")]
        line = self._account()
        if line is None or request.values.get("step") == "account":
            return self._choose_account("InvoicesPage.running", title, steps, line)
        if request.method == "POST":
            done = self._order_running(line)
            if done is not None:
                return done
        page = self.show(
            "invoice_running.html",
            line=line,
            title=title,
            steps=steps,
            this=Month.of(clock.today(line.zone)),
            token=secrets.token_hex(8),
            **self._window(line),
            **self._to(line),
        )
        return (page, 422) if request.method == "POST" else page

    def _order_running(self, line: AccountLine) -> Any:
        month = Month.of(clock.today(line.zone))
        title = gettext("Charges of %(month)s, account %(account)s, to e-mail", **_about(line, month))
        page = url_for("InvoicesPage.index")
        job = attempt(invoices.order_running, line.id, _token(), title=title, page=page)
        return redirect(url_for("InvoicesPage.ordered", job_id=job.id)) if job else None


def _billed(one: invoices.Billed) -> str:
    parts = (frame.month_name(one.month), one.number, frame.money(one.total, one.currency))
    return " · ".join(part for part in parts if part)


def _open(month: Month, has_invoice: bool) -> str:
    name = frame.month_name(month)
    return name if has_invoice else gettext("%(month)s: no invoice", month=name)


def _about(line: AccountLine, month: Month | None) -> dict[str, str]:
    return {"month": frame.month_in_text(month) if month else "—", "account": line.number}


def _token() -> str:
    """What tells a second press of the same button from a second order."""
    return re.sub(r"[^0-9a-f]", "", request.form.get("token", ""))[:32] or secrets.token_hex(8)


def _file(job: Job) -> dict[str, Any]:
    """A formed file as the page lists it; while it is formed, its progress."""
    result = job.result or {}
    is_done = job.state == JobState.DONE.value
    return {
        "title": title_of(job),
        "format": "PDF" if job.params.get("format") == "pdf" else "XLSX",
        "at": job.finished_at or job.created_at,
        "told": told(job),
        "url": url_for("JobsPage.status", job_id=job.id),
        "again": url_for("JobsPage.again", job_id=job.id),
        "links": [_link(one) for one in result.get("files") or []] if is_done else [],
    }


def _link(one: dict[str, Any]) -> dict[str, str]:
    url = url_for("DocumentsPage.file", document_id=one["document_id"], fmt=one["format"])
    return {"label": str(one["title"]), "url": url}


__all__ = ["InvoicesPage"]
