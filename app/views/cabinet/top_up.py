"""Automatic top-up of an account: method and limits, payer, the payer's details, confirmation (AST-101…108)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core.errors import DomainError
from app.models import Account, AutoTopUp, Payer, PaymentMethod, PaymentWay
from app.services import top_up
from app.services.cabinet import payers
from app.views.base import attempt, needs, say
from app.views.cabinet import frame
from app.views.cabinet.payers import lines_of
from app.views.rows import whole

STEPS = ("method", "payer", "details", "confirm")


class TopUpPage(frame.Page):
    """Money that comes by itself when there is little left."""

    route_base = "/my/top-up"

    @expose("/")
    @needs(Right.CABINET_PAYMENTS)
    def index(self) -> Any:
        """Whether it is on, by what, within which limits, and what it has done."""
        account = self._account()
        row = top_up.setting_of(self.session, self.actor, account.id) if account else None
        return self.show(
            "top_up.html",
            account=account,
            row=row,
            is_paused=row is not None and top_up.is_paused(row),
            method=self.session.get(PaymentMethod, row.method_id) if row else None,
            taken=top_up.taken(self.session, row, account) if row and account else None,
            rows=top_up.history(self.session, self.actor, account.id) if row and account else [],
        )

    def _account(self) -> Account | None:
        line = self.account_asked(needed=True)
        return self.session.get_one(Account, line.id) if line else None

    @expose("/set", methods=["GET", "POST"])
    @needs(Right.CABINET_PAYMENTS)
    def set(self) -> Any:
        """One step after another; nothing is kept before the confirmation."""
        account = self._account()
        if account is None:
            return redirect(url_for("TopUpPage.index"))
        given = self._given(account)
        now = self._step(given)
        if request.method == "POST" and now == "confirm" and self._keep(account, given):
            return redirect(url_for("TopUpPage.index", account=account.id))
        usable = top_up.choices(self.session, self.actor, account)
        payer = given["payer"]
        return self.show(
            "top_up_set.html",
            account=account,
            step=now,
            number=STEPS.index(now),
            methods=usable,
            limits=self._limits_of(usable, account.currency),
            payers=[(str(one.id), one.name) for one in payers.list_payers(self.session, self.actor)],
            payer_lines=lines_of(payer) if payer is not None else [],
            needs=top_up.needs_of(self.session, self.actor, account) if now == "method" else None,
            asked=self._limits(given),
            **given,
        )

    def _given(self, account: Account) -> dict[str, Any]:
        """What the steps so far chose; what is another company's is nothing."""
        method = self.session.get(PaymentMethod, whole(request.values.get("method", "") or "0") or 0)
        payer = self.session.get(Payer, whole(request.values.get("payer", "") or "0") or 0)
        return {
            "method": method if method is not None and method.company_id == account.company_id else None,
            "payer": payer if payer is not None and payer.company_id == account.company_id else None,
            "threshold_text": request.values.get("threshold", ""),
            "maximum_text": request.values.get("maximum", ""),
            "unlimited": "unlimited" in request.values,
        }

    def _step(self, given: dict[str, Any]) -> str:
        """The first step whose answer is missing or does not fit, or the one gone back to."""
        back = request.values.get("back", "")
        if given["method"] is None or "threshold" not in request.values or back == "method":
            return "method"
        threshold, maximum = self._limits(given)
        if threshold is None or (maximum is None and not given["unlimited"]):
            flash(gettext("Enter the sums as numbers, such as 620.00."), "danger")
            return "method"
        try:
            top_up.check(self.session, given["method"], threshold, maximum)
        except DomainError as error:
            flash(say(error), "danger")
            return "method"
        if given["payer"] is None or back == "payer":
            return "payer"
        return "confirm" if "seen" in request.values else "details"

    def _limits_of(self, usable: Sequence[PaymentMethod], currency: str) -> dict[int, str]:
        """What each method says of the sums it takes; those that say nothing take any."""
        found = {}
        for one in usable:
            way = self.session.get_one(PaymentWay, one.way_id)
            said = [gettext("from %(amount)s", amount=frame.money(way.minimum, currency))] if way.minimum else []
            if way.maximum is not None:
                said.append(gettext("up to %(amount)s", amount=frame.money(way.maximum, currency)))
            if one.monthly_maximum is not None:
                month = frame.money(one.monthly_maximum, currency)
                said.append(gettext("%(amount)s a month at most", amount=month))
            if said:
                found[one.id] = " ".join(said)
        return found

    def _limits(self, given: dict[str, Any]) -> tuple[Decimal | None, Decimal | None]:
        maximum = None if given["unlimited"] else frame.as_amount(given["maximum_text"])
        return frame.as_amount(given["threshold_text"]), maximum

    def _keep(self, account: Account, given: dict[str, Any]) -> AutoTopUp | None:
        threshold, maximum = self._limits(given)
        made: AutoTopUp | None = attempt(
            top_up.switch_on,
            account.id,
            given["method"].id,
            given["payer"].id,
            threshold,
            maximum,
            done=gettext("Automatic top-up is on."),
        )
        return made

    @expose("/off", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def off(self) -> Any:
        """Nothing more is charged by itself."""
        account = self._account()
        if account is not None:
            attempt(top_up.switch_off, account.id, done=gettext("Automatic top-up is off."))
        return redirect(url_for("TopUpPage.index", account=account.id if account else None))
