"""Payments waiting for the bank (A1-05): what customers said they paid, matched by hand, refused, or unmatched."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.services import expecting
from app.services.expecting import Waiting
from app.views.base import OfficePage, attempt, needs
from app.views.cells import day as day_of
from app.views.exports import all_of
from app.views.office import numbers

SHOWN = 25


class WaitingPaymentsPage(OfficePage):
    """What customers registered and the bank has not confirmed yet."""

    route_base = "/office/waiting-payments"

    @expose("/")
    @needs(Right.PAYMENTS_READ)
    def index(self) -> Any:
        """Each waiting payment with what may confirm it; then what was decided last."""
        after = numbers.whole(request.args.get("after")) or 0
        found = expecting.waiting(self.session, self.actor, after, SHOWN + 1)
        return self.render_template(
            "office/waiting_payments.html",
            title=gettext("Payments waiting for the bank"),
            rows=found[:SHOWN],
            more=found[SHOWN - 1].row.id if len(found) > SHOWN else None,
            is_later=bool(after),
            options=options_of,
            lately=expecting.settled_lately(self.session, self.actor),
            files=self.files("export_list"),
        )

    @expose("/export/<fmt>")
    @needs(Right.PAYMENTS_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """All that waits, as a file."""
        titles = [gettext("Company"), gettext("Account"), gettext("Paid on"), gettext("Amount"), gettext("Currency")]

        def page(after: int | None) -> tuple[list[Waiting], int | None]:
            found = expecting.waiting(self.session, self.actor, after or 0, SHOWN + 1)
            return found[:SHOWN], found[SHOWN - 1].row.id if len(found) > SHOWN else None

        rows = (
            [one.said.company.name, one.said.account.number, one.said.paid_on, one.said.amount, one.said.currency]
            + [one.said.reference, one.said.purpose, len(one.money) + len(one.lines)]
            for one in all_of(page)
        )
        titles += [gettext("Reference"), gettext("Purpose"), gettext("Candidates")]
        return self.export(gettext("Payments waiting for the bank"), titles, rows, fmt)

    @expose("/<int:payment_id>/match", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def match(self, payment_id: int) -> Any:
        """The chosen money, line of the bank or number is what the company spoke of."""
        done = gettext("They are matched: both sides see the payment as confirmed.")
        number = request.form.get("number", "").strip()[:60]
        kind, _, chosen = request.form.get("chosen", "").partition(":")
        row = numbers.whole(chosen)
        if number:
            attempt(expecting.match_number, payment_id, number, done=done)
        elif row is not None and kind == "line":
            attempt(expecting.match_line, payment_id, row, done=done)
        elif row is not None and kind == "money":
            attempt(expecting.match, payment_id, row, done=done)
        else:
            flash(gettext("Choose the money, or write the number of the payment."), "danger")
        return redirect(url_for("WaitingPaymentsPage.index"))

    @expose("/<int:payment_id>/refuse", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def refuse(self, payment_id: int) -> Any:
        """The bank has no such payment."""
        done = gettext("It is refused; the customer sees why.")
        attempt(expecting.refuse, payment_id, request.form.get("reason", ""), done=done)
        return redirect(url_for("WaitingPaymentsPage.index"))

    @expose("/<int:payment_id>/unmatch", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def unmatch(self, payment_id: int) -> Any:
        """They do not belong together after all."""
        done = gettext("They are unmatched: the registered payment waits again, the money stays credited.")
        attempt(expecting.unmatch, payment_id, request.form.get("reason", ""), done=done)
        return redirect(url_for("WaitingPaymentsPage.index"))


def options_of(one: Waiting) -> list[tuple[str, str]]:
    """What may confirm a payment, the likeliest first, as a select shows it."""
    money = [
        (
            f"money:{it.id}",
            gettext("Payment %(number)s of %(day)s", number=it.number or it.id, day=day_of(it.paid_on)),
        )
        for it in one.money
    ]
    lines = [
        (
            f"line:{it.id}",
            gettext("Bank line of %(day)s: %(who)s", day=day_of(it.booked_on), who=it.counterparty or it.purpose),
        )
        for it in one.lines
    ]
    return [*money, *lines]
