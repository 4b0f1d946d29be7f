"""The company itself: personal information, and how each account's documents reach it."""

import datetime as dt
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core.errors import DomainError
from app.core.period import Month
from app.rules.mailing import mask_addresses, parse_addresses
from app.rules.policies import PolicyKind
from app.services import delivering
from app.services.cabinet import accounts as reading
from app.services.cabinet import details
from app.services.policies import calendar_for
from app.views.base import attempt, needs, say
from app.views.cabinet import frame


class DetailsPage(frame.Page):
    """Personal information (A1-02, A1-03)."""

    route_base = "/my/company"

    @expose("/")
    @needs(Right.CABINET_PAYMENTS)
    def index(self) -> Any:
        """Who the company is to us: parties, contracts, accounts, delivery."""
        return self.show(
            "details.html",
            company=self.company,
            payers=details.payers_of(self.session, self.actor),
            rows=details.accounts_of(self.session, self.actor),
            lines={line.id: line for line in self.accounts},
            mask=mask_addresses,
            masked=frame.masked,
        )


class DeliveryPage(frame.Page):
    """Delivery of an account's regular documents (A1-28…36)."""

    route_base = "/my/delivery"

    @expose("/")
    @needs(Right.CABINET_DELIVERY)
    def index(self) -> Any:
        """What holds now, what the next invoice will use and why, and what held before."""
        line = self.account_asked(needed=True)
        if line is None:
            return self.show("delivery.html", line=None)
        account = reading.owned(self.session, self.actor, line.id)
        forms_on = self._forms_on(line.seller_id)
        return self.show(
            "delivery.html",
            line=line,
            account=account,
            mask=mask_addresses,
            forms_on=forms_on,
            history=delivering.history_of(self.session, account),
        )

    def _forms_on(self, seller_id: int) -> dt.date:
        calendar = calendar_for(self.session, seller_id)
        on = calendar[PolicyKind.INVOICING_DAY]["day"]
        month = Month.of(self.today) if self.today.day < on else Month.of(self.today).shift(1)
        return month.first_day + dt.timedelta(days=on - 1)

    @expose("/change", methods=["GET", "POST"])
    @needs(Right.CABINET_DELIVERY)
    def change(self) -> Any:
        """Choose method, format and addresses; a refused form comes back filled."""
        line = self.account_asked(needed=True)
        if line is None:
            return redirect(url_for("DeliveryPage.index"))
        account = reading.owned(self.session, self.actor, line.id)
        calendar = calendar_for(self.session, line.seller_id)
        longest = calendar[PolicyKind.DELIVERY_ADDRESSES]["characters"]
        error = ""
        if request.method == "POST":
            error = self._refusal(account, longest)
            if not error and self._keep(line.id, longest):
                return redirect(url_for("DeliveryPage.index", account=line.id))
        page = self.show(
            "delivery_change.html",
            line=line,
            account=account,
            mask=mask_addresses,
            longest=longest,
            error=error,
            form=request.form,
        )
        return (page, 422) if request.method == "POST" else page

    def _refusal(self, account: Any, longest: int) -> str:
        """What is wrong with the addresses, beside their field."""
        text = request.form.get("addresses", "")
        if request.form.get("method") != "email" or (not text.strip() and account.delivery_addresses):
            return ""
        try:
            parse_addresses(text, longest)
        except DomainError as error:
            return say(error)
        return ""

    def _keep(self, account_id: int, longest: int) -> bool:
        form = request.form
        made = attempt(
            delivering.change_delivery,
            account_id,
            form.get("method", ""),
            form.get("format", ""),
            form.get("addresses", ""),
            max_length=longest,
            done=gettext("It is kept. Documents formed from now on go this way."),
        )
        return made is not None
