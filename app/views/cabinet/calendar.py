"""The calendar of a company: what can be asked for, is formed, falls due or blocks on which day."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from flask import url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core.period import Month
from app.rules import policies as rules
from app.rules.policies import Calendar, PolicyKind
from app.services import policies
from app.services.cabinet import calendar as reading
from app.services.shop import renewal_list
from app.views import month_grid
from app.views.base import needs
from app.views.cabinet import frame
from app.views.month_grid import Note

Noted = tuple[dt.date, Note]


class CalendarPage(frame.Page):
    """One page for what a policy says beforehand."""

    route_base = "/my/calendar"

    @expose("/")
    @needs(Right.CABINET_READ)
    def index(self) -> Any:
        """The month of ?month=, drawn for this company."""
        seller_id = self.accounts[0].seller_id if self.accounts else self.company.seller_id
        month = month_grid.within(self.month_asked() or Month.of(self.today))
        country, calendar = policies.country_and_calendar(self.session, seller_id)
        overrides = policies.overrides_of(self.session, country, month.period.start, month.period.end)
        notes: dict[dt.date, list[Note]] = {}
        for day, note in (*self._of_rules(month, calendar), *self._of_money(month, seller_id, calendar)):
            notes.setdefault(day, []).append(note)
        free = calendar[PolicyKind.HOLIDAYS]["observe_suspended"]
        return self.show(
            "calendar.html",
            grid=month_grid.draw_month(month, self.today, notes, country, overrides, free),
            title=month_grid.title_of(month),
            address=lambda one: url_for("CalendarPage.index", month=str(one) if one else None),
            days=_promises(calendar),
        )

    def _of_rules(self, month: Month, calendar: Calendar) -> Iterator[Noted]:
        """Windows with their openings, and the forming of invoices; only what this person may do."""
        may = self.actor.may
        said: dict[str, tuple[str, str]] = {}
        if may(Right.CABINET_DOCUMENTS):
            said["invoice_closed_window"] = (
                gettext("Invoices cannot be ordered"),
                gettext("Invoices can be ordered again"),
            )
        if may(Right.CABINET_RENAME):
            waits = calendar[PolicyKind.RENAME_FREEZE]["queue"]
            said["rename_freeze"] = (
                gettext("Renaming waits until it opens") if waits else gettext("Renaming is closed"),
                gettext("Renaming opens"),
            )
        for mark in rules.openings_of(month, calendar):
            if mark.what in said:
                yield mark.day, Note(said[mark.what][1], "good")
        for mark in rules.marks_of(month, calendar):
            if mark.what in said:
                yield mark.day, Note(said[mark.what][0], "warn")
            if mark.what == "issued_on" and may(Right.CABINET_DOCUMENTS):
                billed = frame.month_in_text(Month.of(mark.day).shift(-1))
                yield mark.day, Note(gettext("The invoice for %(month)s is formed", month=billed), "info")

    def _of_money(self, month: Month, seller_id: int, calendar: Calendar) -> Iterator[Noted]:
        """The company's own money: what is due, late or blocks in this month."""
        start = rules.dates_of_invoice(month.first_day, calendar)
        reach = max((start.block_on - month.first_day).days, 0) + 1
        for due in reading.dues_of(self.session, self.actor, seller_id, month.first_day - dt.timedelta(reach)):
            about = {"amount": frame.money(due.left, due.currency), "account": due.account}
            blocked = rules.dates_of_invoice(due.issued_on, calendar).block_on
            url = url_for("DocumentsPage.index", unpaid=1)
            said = (
                (due.due_on, gettext("Pay %(amount)s of account %(account)s", **about), "warn"),
                (due.due_on + dt.timedelta(1), gettext("%(amount)s is overdue if not paid", **about), "bad"),
                (blocked, gettext("Purchases are blocked if %(amount)s is not paid", **about), "bad"),
            )
            yield from ((day, Note(text, tone, url)) for day, text, tone in said if day in month.period)
        for part in reading.parts_due(self.session, self.actor, month.period):
            text = gettext(
                "Instalment %(amount)s: %(name)s", amount=frame.money(part.left, part.currency), name=part.name
            )
            yield part.due_on, Note(text, "warn", url_for("InstalmentsPage.index"))
        for one in renewal_list.charges_in(self.session, self.actor, month.period, {seller_id: calendar}):
            amount = frame.money(one.row.price, one.row.currency)
            text = gettext("%(amount)s is charged: %(name)s is renewed", amount=amount, name=one.row.name)
            yield one.day, Note(text, "info", url_for("RenewalsPage.index"))


def _promises(calendar: Calendar) -> list[str]:
    """What holds on every day, in sentences."""
    dates = rules.dates_of_invoice(dt.date(2026, 1, 1), calendar)
    days = calendar[PolicyKind.INVOICE_DUE]["days"]
    block = (dates.block_on - dates.issued_on).days
    return [
        gettext("An invoice is to be paid within %(days)s days; the day of issue is the first of them.", days=days),
        gettext("A debtor is blocked %(days)s days after the day of issue.", days=block),
        gettext("A renaming is done within %(hours)s hours.", hours=calendar[PolicyKind.RENAME_PROMISE]["hours"]),
    ]
