"""Payments of a company: history, what each settled, balances of a past day, payments that wait for the bank."""

import datetime as dt
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.models import Payment
from app.rules.lifecycle import PaymentState
from app.services import expecting, instalments, paying, receipts
from app.services.cabinet import money
from app.services.cabinet.accounts import AccountLine
from app.views.base import attempt, needs
from app.views.cabinet import frame
from app.views.exports import as_pdf


class PaymentsPage(frame.Page):
    """Money in."""

    route_base = "/my/payments"

    @expose("/")
    @needs(Right.CABINET_PAYMENTS)
    def index(self) -> Any:
        """The history, and the balances today or as of a past day."""
        account = self.account_asked()
        state = request.args.get("state", "")
        wanted = money.Wanted(
            account_id=account.id if account else None,
            state=state if state in set(PaymentState) else "",
            since=self.day_asked("since"),
            until=self.day_asked("until"),
            after=self.place_asked(),
            text=request.args.get("text", "").strip()[:60],
        )
        as_of = self.day_asked("as_of")
        if as_of is not None and as_of >= self.today:
            as_of = None
        found = money.list_payments(self.session, self.actor, wanted)
        return self.show(
            "payments.html",
            rows=found.rows,
            settled=found.settled,
            more=frame.place(found.more),
            total=money.count_payments(self.session, self.actor, wanted),
            begun=paying.open_attempts(self.session, self.actor) if wanted.after is None else [],
            wanted=wanted,
            account=account,
            as_of=as_of,
            balances=self._balances(as_of),
        )

    def _balances(self, as_of: dt.date | None) -> list[tuple[AccountLine, Any]]:
        if as_of is None:
            return [(line, line.balance) for line in self.accounts]
        books = money.balances_on(self.session, self.actor, [line.id for line in self.accounts], as_of)
        return [(line, books[line.id].net if line.id in books else 0) for line in self.accounts]

    @expose("/<int:payment_id>")
    @needs(Right.CABINET_PAYMENTS)
    def one(self, payment_id: int) -> Any:
        """A payment with what it settled."""
        payment = money.payment_of(self.session, self.actor, payment_id)
        settled = money.settled_by(self.session, payment)
        commission = money.commission_of(self.session, payment)
        return self.show("payment.html", payment=payment, settled=settled, commission=commission, **self._told(payment))

    @expose("/<int:payment_id>/receipt.pdf")
    @needs(Right.CABINET_PAYMENTS)
    def receipt(self, payment_id: int) -> Any:
        """The confirmation of a credited payment, to print or to keep."""
        made = attempt(receipts.receipt_file, payment_id)
        if made is None:
            return redirect(url_for("PaymentsPage.one", payment_id=payment_id))
        return as_pdf(*made, download="download" in request.args)

    def _told(self, payment: Payment) -> dict[str, Any]:
        """What was registered beforehand and when its state changed, on both of its payments."""
        row = expecting.told_of(self.session, payment)
        if row is None:
            return {"told": None}
        other = row.money_id if row.payment_id == payment.id else row.payment_id
        return {"told": row, "is_said": row.payment_id == payment.id, "other": other}

    @expose("/register", methods=["GET", "POST"])
    @needs(Right.CABINET_PAYMENTS)
    def register(self) -> Any:
        """Say that money was sent; it counts when the bank confirms it (A1-05). A refused form comes back filled."""
        errors: dict[str, str] = {}
        if request.method == "POST":
            errors = self._check()
            if not errors and self._keep():
                return redirect(url_for("PaymentsPage.index"))
        page = self.show("register.html", form=request.form, errors=errors, today=self.today)
        return (page, 422) if request.method == "POST" else page

    def _check(self) -> dict[str, str]:
        errors = {}
        if frame.as_amount(request.form.get("amount", "")) is None:
            errors["amount"] = gettext("Enter the amount as a number, such as 1250.00.")
        if self.day_asked("paid_on") is None:
            errors["paid_on"] = gettext("Enter the day the money was sent.")
        return errors

    def _keep(self) -> bool:
        account, amount, paid_on = (
            self.account_asked(needed=True),
            frame.as_amount(request.form["amount"]),
            self.day_asked("paid_on"),
        )
        if account is None or amount is None or paid_on is None:
            flash(gettext("There is no account to pay to yet."), "warning")
            return False
        made = attempt(
            expecting.register_payment,
            account.id,
            amount,
            paid_on,
            reference=request.form.get("reference", ""),
            purpose=request.form.get("purpose", ""),
        )
        if made is None:
            return False
        if made.state == PaymentState.CONFIRMED.value:
            flash(gettext("It is registered, and the bank's line is here already: the payment counts."), "success")
        else:
            flash(gettext("It is registered. It counts when the bank's line comes; until then it waits."), "success")
        return True

    @expose("/<int:payment_id>/withdraw", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def withdraw(self, payment_id: int) -> Any:
        """Take back what was registered by mistake."""
        attempt(expecting.withdraw, payment_id, done=gettext("It is withdrawn."))
        return redirect(url_for("PaymentsPage.index"))


class InstalmentsPage(frame.Page):
    """Equipment paid in parts (A1-09)."""

    route_base = "/my/instalments"

    @expose("/")
    @needs(Right.CABINET_PAYMENTS)
    def index(self) -> Any:
        """Each plan with what remains, the monthly sum and the end."""
        numbers = {line.id: line for line in self.accounts}
        plans = money.instalments_of(self.session, self.actor)
        return self.show("instalments.html", plans=plans, numbers=numbers, today=self.today)

    @expose("/<int:plan_id>/early", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def early(self, plan_id: int) -> Any:
        """Let money beyond what is due settle further parts."""
        done = gettext("From now on what you pay beyond the parts that are due settles further parts.")
        attempt(instalments.settle_early, plan_id, done=done)
        return redirect(url_for("InstalmentsPage.index"))
