"""Charges of a company: the running month so far, and any closed month by service and by subscriber."""

from decimal import Decimal
from typing import Any

from flask import abort, current_app, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core import clock
from app.core.period import Month
from app.extensions import only_reading
from app.rules.lifecycle import JobState
from app.services import work
from app.services.cabinet import charges, counting
from app.services.work import JobName
from app.views.base import attempt, needs, say
from app.views.cabinet import frame
from app.views.system import told as told_of_job


class ChargesPage(frame.Page):
    """What was charged, month by month."""

    route_base = "/my/charges"

    @expose("/")
    @needs(Right.CABINET_DOCUMENTS)
    def index(self) -> Any:
        """A closed month: by service, and by subscriber a page at a time."""
        account = self.account_asked(needed=True)
        if account is None:
            return self.show("charges.html", account=None)
        months = charges.months_of(self.session, self.actor, account.id)
        month = self.month_asked() or (months[0] if months else None)
        search, after = request.args.get("q", "").strip()[:60], request.args.get("after", "")[:32]
        services: list[Any] = []
        subscribers: tuple[list[Any], str] = ([], "")
        if month is not None:
            services = charges.services_of(self.session, self.actor, account.id, month)
            subscribers = charges.subscribers_of(
                self.session, self.actor, account.id, month, search, after, zone=account.zone
            )
        return self.show(
            "charges.html",
            account=account,
            months=months,
            month=month,
            services=services,
            subscribers=subscribers[0],
            more=subscribers[1],
            search=search,
        )

    @expose("/current")
    @needs(Right.CABINET_DOCUMENTS)
    def current(self) -> Any:
        """The running month as if it were closed now."""
        account = self.account_asked(needed=True)
        if account is None:
            return self.show("charges.html", account=None)
        search, after = request.args.get("q", "").strip()[:60], request.args.get("after", "")[:32]
        month = Month.of(clock.today(account.zone))
        if counting.is_long(self.session, account.id, month):
            return self._counted(account, month, search, after)
        found = charges.so_far(self.session, self.actor, account.id, after=after, search=search)
        trouble = say(found.trouble) if found.trouble else ""
        return self.show("current.html", account=account, found=found, search=search, trouble=trouble)

    def _counted(self, account: Any, month: Month, search: str, after: str) -> Any:
        """The figures of a large account as a job counted them; first how far it is."""
        folder = current_app.config["KABINET"].data_dir
        job = counting.latest(self.session, self.actor, account.id, month)
        if job is None or (job.state == JobState.DONE and not counting.is_there(job, folder)):
            only_reading.set(False)
            job = self._order_count(account.id, month)
        shown = {"account": account, "job": job, "told": told_of_job(job), "month": month, "search": search}
        if job.state in (JobState.QUEUED, JobState.RUNNING):
            return self.show("current_counting.html", **shown)
        if job.state != JobState.DONE:
            found = charges.SoFar(month, [], Decimal(0), [], "")
            return self.show("current.html", found=found, trouble=shown["told"]["text"], **shown)
        found = counting.read(job, folder, after=after, search=search)
        return self.show("current.html", found=found, trouble="", **shown)

    def _order_count(self, account_id: int, month: Month) -> Any:
        page = url_for("ChargesPage.current", account=account_id)
        return attempt(counting.order, account_id, month, page)

    @expose("/current/again", methods=["POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def again(self) -> Any:
        """Count the running month of a large account anew."""
        account = self.account_asked(needed=True)
        if account is None:
            abort(404)
        self._order_count(account.id, Month.of(clock.today(account.zone)))
        return redirect(url_for("ChargesPage.current", account=account.id))

    @expose("/file/<any(xlsx, csv):fmt>")
    @needs(Right.CABINET_DOCUMENTS)
    def file(self, fmt: str) -> Any:
        """Every charge of a closed month, streamed into a file."""
        account, month = self.account_asked(needed=True), self.month_asked()
        if account is None or month is None:
            abort(404)
        rows = charges.every_charge(self.session, self.actor, account.id, month)
        return self.export(_title(account.number, month), _columns(), rows, fmt)

    @expose("/details", methods=["POST"])
    @needs(Right.CABINET_DOCUMENTS)
    def details(self) -> Any:
        """Every record of a month, or its sums by time class, as a file made in the background."""
        account, month = self.account_asked(needed=True), self.month_asked()
        if account is None or month is None:
            abort(404)
        extent = "classes" if request.values.get("extent") == "classes" else "records"
        page = url_for("ChargesPage.index", account=account.id, month=str(month))
        params = {"account_id": account.id, "month": str(month), "extent": extent, "page": page}
        title = gettext("Usage of %(account)s in %(month)s", account=account.number, month=str(month))
        job = attempt(work.order_job, JobName.DETAIL_REPORT, params, title)
        return redirect(url_for("JobsPage.show", job_id=job.id))


def _title(number: str, month: Month) -> str:
    return gettext("Charges %(account)s %(month)s", account=number, month=str(month))


def _columns() -> list[str]:
    return [
        gettext("Account"),
        gettext("Subscriber"),
        gettext("Name"),
        gettext("Service"),
        gettext("From"),
        gettext("To"),
        gettext("Quantity"),
        gettext("Price"),
        gettext("Amount"),
        gettext("Tax rate"),
    ]
