"""Instalment plans (A1-09): a plan is looked at before it is made; its page shows the schedule and settles early."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core import clock
from app.core.errors import DomainError
from app.core.period import Month
from app.extensions import db
from app.models import Account, Document, InstalmentPlan
from app.services import instalments
from app.services.instalments import Draft
from app.views.base import OfficePage, attempt, needs, say
from app.views.office import numbers

COUNT = 12


class InstalmentPlanPage(OfficePage):
    """Equipment handed over and paid in parts."""

    route_base = "/office/instalments"

    @expose("/new", methods=["GET", "POST"])
    @needs(Right.DOCUMENTS_ISSUE)
    def index(self) -> Any:
        """The form; with every field filled its schedule; sent, the plan and its invoice."""
        given = request.form if request.method == "POST" else request.args
        errors: dict[str, str] = {}
        account = self._account(given.get("account"))
        read = self._read(given, account, errors) if given.get("total") is not None else None
        if request.method == "POST" and read is not None and account is not None:
            done = gettext("The equipment is invoiced and its parts are planned.")
            made = attempt(instalments.make_plan, account.id, given.get("name", ""), done=done, **read)
            if made is not None:
                return redirect(url_for("InstalmentPlans.show", pk=made.id))
        draft = self._draft(account, read, errors) if account is not None and read is not None else None
        page = self.render_template(
            "office/instalment_new.html",
            title=gettext("New instalment plan"),
            account=account,
            given=given,
            errors=errors,
            draft=draft,
            count=COUNT,
            first_on=Month.of(clock.today(account.seller.zone if account else "UTC")).shift(1).first_day,
        )
        return (page, 422) if request.method == "POST" else page

    def _account(self, given: str | None) -> Account | None:
        row = numbers.whole(given)
        return self.session.get(Account, row) if row is not None else None

    def _read(self, given: Any, account: Account | None, errors: dict[str, str]) -> dict[str, Any] | None:
        if account is None:
            errors["account"] = gettext("Choose the account the equipment is sold to.")
        if not given.get("name", "").strip():
            errors["name"] = gettext("Say what is sold.")
        total = numbers.amount(given.get("total", ""), errors, "total")
        down = Decimal(0)
        if given.get("down", "").strip() not in ("", "0", "0.00", "0,00"):
            down = numbers.amount(given.get("down", ""), errors, "down") or down
        count = numbers.whole(given.get("count"))
        if count is None:
            errors["count"] = gettext("Write the number of parts.")
        first_on = numbers.day(given.get("first_on", ""), errors, "first_on")
        if errors:
            return None
        return {"total": total, "down_payment": down, "count": count, "first_on": first_on}

    def _draft(self, account: Account, read: dict[str, Any], errors: dict[str, str]) -> Draft | None:
        try:
            return instalments.draft_plan(self.session, account, **read)
        except DomainError as error:
            errors["form"] = say(error)
            return None

    @expose("/<int:plan_id>/early", methods=["POST"])
    @needs(Right.DOCUMENTS_ISSUE)
    def early(self, plan_id: int) -> Any:
        """Let money beyond what is due settle further parts, and use what lies on the account now."""
        attempt(instalments.settle_early, plan_id, done=gettext("The plan is settled early: money goes to all parts."))
        return redirect(url_for("InstalmentPlans.show", pk=plan_id))


def story_of(plan: InstalmentPlan) -> dict[str, Any]:
    """Everything `office/instalment_plan.html` shows."""
    invoice = db.session.get(Document, plan.document_id) if plan.document_id else None
    account = db.session.scalars(
        sa.select(Account).where(Account.id == plan.account_id).options(sa.orm.joinedload(Account.company))
    ).one()
    left = [part for part in plan.parts if part.state != "paid"]
    down_due = max(plan.down_payment - invoice.paid, Decimal(0)) if invoice else Decimal(0)
    return {
        "title": plan.name,
        "plan": plan,
        "account": account,
        "invoice": invoice,
        "left": left,
        "remains": down_due + sum((part.amount - part.paid for part in left), Decimal(0)),
        "today": clock.today(account.seller.zone),
    }
