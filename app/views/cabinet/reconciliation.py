"""Reconciliation: preview the statement of a period, make the act, and lay the accountant's own book beside ours."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core.errors import DomainError
from app.core.period import Month, Period
from app.rules.reconciling import Verdict
from app.services.cabinet import other_side, statement
from app.views.base import attempt, needs, say
from app.views.cabinet import frame

SHOWN = 500  # operations drawn on a page; the act has all
ALL = "all:"  # in front of a currency: every account in it, by contract


@dataclass(frozen=True)
class Chosen:
    """What is reconciled: one account, or all of a currency; `value` is what the form sends."""

    value: str
    ids: list[int]
    account_id: int | None = None
    currency: str | None = None


class ReconciliationPage(frame.Page):
    """Both sides' books of a period."""

    route_base = "/my/reconciliation"

    @expose("/")
    @needs(Right.CABINET_DOCUMENTS)
    def index(self) -> Any:
        """Choose accounts and a period; see the operations and balances the act will have."""
        chosen, period = self._chosen(), self._period()
        found = None
        if chosen is not None and period is not None:
            try:
                found = statement.statement_of(self.session, self.actor, chosen.ids, period)
            except DomainError as error:
                flash(say(error), "warning")
        return self.show(
            "reconciliation.html",
            chosen=chosen.value if chosen else "",
            choices=self._choices(),
            period=period,
            statement=found,
            shown=SHOWN,
            presets=self._presets(),
        )

    def _choices(self) -> list[tuple[str, str]]:
        """Everything of a currency first, where several accounts stand in it; then each account."""
        by = Counter(one.currency for one in self.accounts)
        together = [
            (ALL + one, gettext("All accounts in %(currency)s, by contract", currency=one))
            for one, count in sorted(by.items())
            if count > 1
        ]
        return [*together, *((str(one.id), f"{one.number} ({one.currency})") for one in self.accounts)]

    def _chosen(self) -> Chosen | None:
        asked = request.values.get("account", "")
        if asked.startswith(ALL):
            currency = asked.removeprefix(ALL)
            ids = [one.id for one in self.accounts if one.currency == currency]
            return Chosen(asked, ids, currency=currency) if ids else abort(404)
        account = self.account_asked(needed=True)
        return Chosen(str(account.id), [account.id], account.id) if account else None

    def _period(self) -> Period | None:
        """From the first to the last day asked for; the last quarter where nothing is."""
        since, until = self.day_asked("since"), self.day_asked("until")
        if since is None and until is None:
            return Period(Month.of(self.today).shift(-3).first_day, Month.of(self.today).first_day)
        if since is None or until is None or until < since:
            flash(gettext("Choose a first day and a last day that is not before it."), "warning")
            return None
        if until > self.today:
            flash(gettext("The period ends in the future. Choose a day up to today."), "warning")
            return None
        return Period(since, until + dt.timedelta(days=1))

    def _presets(self) -> list[tuple[str, dt.date, dt.date]]:
        month = Month.of(self.today)
        quarter = Month(month.year, (month.month - 1) // 3 * 3 + 1)
        year = Month(month.year, 1)
        return [
            (gettext("Last month"), month.shift(-1).first_day, month.shift(-1).period.last_day),
            (gettext("Last quarter"), quarter.shift(-3).first_day, quarter.shift(-1).period.last_day),
            (gettext("This year"), year.first_day, self.today),
            (gettext("Last year"), year.shift(-12).first_day, year.shift(-1).period.last_day),
        ]

    @expose("/make", methods=["POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def make(self) -> Any:
        """Make the act and open it."""
        from app.services import reconciliation

        chosen, period = self._chosen(), self._period()
        if period is None or chosen is None:
            return redirect(url_for("ReconciliationPage.index"))
        made = attempt(
            reconciliation.make_act,
            self.actor.company_id,
            period.start,
            period.last_day,
            chosen.account_id,
            chosen.currency,
            done=gettext("The act is made. Download it as PDF or XLSX."),
        )
        if made is None:
            return redirect(url_for("ReconciliationPage.index", account=chosen.value))
        return redirect(url_for("DocumentsPage.one", document_id=made.id))

    @expose("/compare", methods=["GET", "POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def compare(self) -> Any:
        """Upload your side; see what agrees and what does not, line by line."""
        chosen, period = self._chosen(), self._period()
        values: dict[str, Any] = {"period": period, "form": request.values, "result": None}
        values |= {"chosen": chosen.value if chosen else "", "choices": self._choices()}
        if request.method == "POST" and period is not None and chosen is not None:
            values |= self._compared(chosen.ids, period)
        page = self.show("compare.html", only=request.values.get("only", ""), verdicts=list(Verdict), **values)
        return (page, 422) if request.method == "POST" and values["result"] is None else page

    def _compared(self, account_ids: list[int], period: Period) -> dict[str, Any]:
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            flash(gettext("Choose the file with your side of the account first."), "warning")
            return {}
        opening_text = request.form.get("opening", "")
        opening = _signed(opening_text)
        if opening_text.strip() and opening is None:
            flash(gettext("Enter the opening balance as a number, such as 1250.00."), "warning")
            return {}
        try:
            book = other_side.read_book(upload.stream)  # type: ignore[arg-type]
            ours = statement.statement_of(self.session, self.actor, account_ids, period)
            result = other_side.compare(ours, book, opening)
        except DomainError as error:
            flash(say(error), "danger")
            return {}
        unread = [(one.line_number, one.content, say(one.error)) for one in book.unread]
        return {
            "result": result,
            "currency": ours.currency,
            "unread": unread,
            "outside": other_side.outside(ours, book),
            "columns": book.columns,
            "file_name": upload.filename,
        }


def _signed(text: str) -> Any:
    """An amount that may be negative."""
    text = text.strip().replace("−", "-")
    amount = frame.as_amount(text.lstrip("-"))
    return None if amount is None else -amount if text.startswith("-") else amount
