"""Delivery of an account's documents (A1-28…37): what holds and why, then method, e-mail or format, new value."""

from typing import Any

from flask import redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core import clock
from app.core.errors import DomainError
from app.core.period import Month
from app.models import Account
from app.rules import policies
from app.rules.mailing import mask_addresses, parse_addresses
from app.rules.policies import PolicyKind
from app.services import delivering
from app.services.cabinet import accounts as reading
from app.services.cabinet import invoices
from app.services.cabinet.accounts import AccountLine
from app.services.policies import calendar_for
from app.views.base import attempt, needs, say
from app.views.cabinet import frame

DRAFT = "delivery_draft"  # addresses typed and left by «Back», an account's at a time


class DeliveryPage(frame.Page):
    """How documents reach the company, and the steps of changing it."""

    route_base = "/my/delivery"

    @expose("/")
    @needs(Right.CABINET_DELIVERY)
    def index(self) -> Any:
        """What holds now, what the next invoice will use and why, and what held before."""
        line = self.account_asked(needed=True)
        if line is None:
            return self.show("delivery.html", line=None)
        account = reading.owned(self.session, self.actor, line.id)
        history = delivering.history_of(self.session, account)
        return self.show(
            "delivery.html",
            line=line,
            account=account,
            mask=mask_addresses,
            history=history,
            change=history[0] if len(history) > 1 else None,
            **self._forming(line),
        )

    def _forming(self, line: AccountLine) -> dict[str, Any]:
        """The next regular invoice: its month, the day it is formed, and the days on which names are frozen."""
        calendar = calendar_for(self.session, line.seller_id)
        today = clock.today(line.zone)
        is_formed = invoices.has_invoice(self.session, line.id, Month.of(today).shift(-1))
        month, forms_on = delivering.next_forming(calendar, today, is_formed)
        freeze = policies.window_in(calendar[PolicyKind.RENAME_FREEZE], month)
        return {"month": month, "forms_on": forms_on, "last_day": month.period.last_day, "freeze": freeze}

    def _chosen(self) -> tuple[AccountLine, Account] | None:
        line = self.account_asked(needed=True)
        return None if line is None else (line, reading.owned(self.session, self.actor, line.id))

    def _step(self, template: str, line: AccountLine, account: Account, now: int, **values: Any) -> Any:
        steps = [gettext("Method"), gettext("E-mail or format"), gettext("New value")]
        return self.show(template, line=line, account=account, mask=mask_addresses, steps=steps, now=now, **values)

    @expose("/change", methods=["GET", "POST"])
    @needs(Right.CABINET_DELIVERY)
    def change(self) -> Any:
        """The method: collected in person, or by e-mail (A1-28, A1-30, A1-32)."""
        chosen = self._chosen()
        if chosen is None:
            return redirect(url_for("DeliveryPage.index"))
        line, account = chosen
        if request.method == "GET":
            method = request.args.get("method", account.delivery)
            return self._step("delivery_method.html", line, account, 0, method=method)
        if request.form.get("method") == "email":
            return redirect(url_for("DeliveryPage.email", account=line.id))
        kept = self._keep(line.id, request.form.get("method", ""), account.delivery_format)
        return kept or (self._step("delivery_method.html", line, account, 0, method=account.delivery), 422)

    @expose("/email", methods=["GET", "POST"])
    @needs(Right.CABINET_DELIVERY)
    def email(self) -> Any:
        """The current e-mail, masked, and the current format: which of them to change (A1-33, A1-34)."""
        chosen = self._chosen()
        if chosen is None:
            return redirect(url_for("DeliveryPage.index"))
        line, account = chosen
        if not account.delivery_addresses:
            return redirect(url_for("DeliveryPage.address", account=line.id))
        if request.method == "POST":  # from «collects in person» back to the address that is still known
            kept = self._keep(line.id, "email", account.delivery_format)
            if kept is not None:
                return kept
        return self._step("delivery_email.html", line, account, 1)

    @expose("/address", methods=["GET", "POST"])
    @needs(Right.CABINET_DELIVERY)
    def address(self) -> Any:
        """New addresses, several by «;» without a space (A1-35); a refused form comes back filled."""
        chosen = self._chosen()
        if chosen is None:
            return redirect(url_for("DeliveryPage.index"))
        line, account = chosen
        longest = calendar_for(self.session, line.seller_id)[PolicyKind.DELIVERY_ADDRESSES]["characters"]
        text, error = self._typed(line.id), ""
        if request.method == "POST":
            if request.form.get("back"):
                session[DRAFT] = {"account": line.id, "text": text[:500]}
                return redirect(self._before_address(line, account))
            error = _refusal(text, longest)
            kept = error or self._keep(line.id, "email", self._format(account), text, longest=longest)
            if kept is not None and not error:
                session.pop(DRAFT, None)
                return kept
        page = self._step(
            "delivery_address.html",
            line,
            account,
            2,
            longest=longest,
            error=error,
            text=text,
            format=self._format(account),
        )
        return (page, 422) if request.method == "POST" else page

    def _typed(self, account_id: int) -> str:
        """What stands in the field: what is sent, else what was left by «Back»."""
        if "addresses" in request.form:
            return request.form["addresses"]
        draft = session.get(DRAFT) or {}
        return str(draft.get("text", "")) if draft.get("account") == account_id else ""

    def _before_address(self, line: AccountLine, account: Account) -> str:
        if account.delivery_addresses:
            return url_for("DeliveryPage.email", account=line.id)
        return url_for("DeliveryPage.change", account=line.id, method="email")

    def _format(self, account: Account) -> str:
        asked = request.values.get("format", "")
        return asked if asked in delivering.FORMATS else account.delivery_format

    @expose("/format", methods=["GET", "POST"])
    @needs(Right.CABINET_DELIVERY)
    def format(self) -> Any:
        """The format, from the list of those there are (A1-31, A1-36)."""
        chosen = self._chosen()
        if chosen is None:
            return redirect(url_for("DeliveryPage.index"))
        line, account = chosen
        calendar = calendar_for(self.session, line.seller_id)
        hours = calendar[PolicyKind.WORKING_HOURS]
        if request.method == "POST":
            if not account.delivery_addresses:
                return redirect(url_for("DeliveryPage.address", account=line.id, format=self._format(account)))
            kept = self._keep(line.id, "email", request.form.get("format", ""))
            if kept is not None:
                return kept
        page = self._step(
            "delivery_format.html",
            line,
            account,
            2,
            format=self._format(account),
            hours=f"{hours['start']}–{hours['end']}",
        )
        return (page, 422) if request.method == "POST" else page

    def _keep(self, account_id: int, method: str, form: str, addresses: str = "", *, longest: int | None = None) -> Any:
        """Change the delivery and go back to what holds; None where it was refused (its sentence is flashed)."""
        limit = {"max_length": longest} if longest is not None else {}
        done = gettext("It is kept. Documents formed from now on go this way.")
        made = attempt(delivering.change_delivery, account_id, method, form, addresses, done=done, **limit)
        return None if made is None else redirect(url_for("DeliveryPage.index", account=account_id))


def _refusal(text: str, longest: int) -> str:
    """What is wrong with the addresses, beside their field."""
    try:
        parse_addresses(text, longest)
    except DomainError as error:
        return say(error)
    return ""
