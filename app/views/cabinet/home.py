"""The home of a company: what it owes and by when, what happened last, and what happens on which day."""

import datetime as dt
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup

from app.access.permissions import Right
from app.core import clock
from app.core.period import Month, Period
from app.extensions import db
from app.rules import policies
from app.rules.policies import PolicyKind
from app.services.cabinet import accounts as reading
from app.services.cabinet import charges, documents, money
from app.services.policies import calendar_for
from app.services.shop import renewal_list
from app.views import charts
from app.views.base import KabinetPage
from app.views.cabinet import frame
from app.views.security import current_actor

SHOWN = 5
AHEAD = 31  # days of coming charges


def page(view: KabinetPage) -> Any:
    """Draw the home page; what the person may not see is neither read nor shown."""
    actor, session, lines = current_actor(), db.session(), frame.accounts()
    today = clock.today(lines[0].zone if lines else "UTC")
    values: dict[str, Any] = {"documents": [], "payments": [], "chart": Markup("")}
    if actor.may(Right.CABINET_DOCUMENTS):
        values["documents"] = documents.list_documents(session, actor, documents.Wanted(), SHOWN).rows
        values["chart"] = chart_of_months(charges.charged_by_month(session, actor, year_before(today)), today)
    if actor.may(Right.CABINET_PAYMENTS):
        values["payments"] = money.last_payments(session, actor, SHOWN)
    calendar = calendar_for(session, lines[0].seller_id) if lines else {}
    if actor.may(Right.CABINET_SUBSCRIPTIONS):
        values["subscriptions"], values["coming"] = [], []
        if lines:
            month = Period(today, today + dt.timedelta(AHEAD))
            values["subscriptions"], coming = renewal_list.for_home(session, actor, month, calendar, SHOWN)
            values["coming"] = coming[:SHOWN]
    values["days"] = days_ahead(lines, today, calendar) if actor.may(Right.CABINET_DOCUMENTS) else []
    values["main"] = frame.main_menu()
    return frame.draw(view, "home.html", lines=lines, today=today, name=_first_name(actor.name), **values)


def _first_name(name: str) -> str:
    return name.split(" ")[0]


def year_before(today: dt.date) -> dt.date:
    """The first of the twelve months a chart shows: the last is the month before this one."""
    return Month.of(today).shift(-12).first_day


def chart_of_months(sums: list[tuple[dt.date, str, Decimal]], today: dt.date) -> Markup:
    """Twelve closed months of charges as bars, a chart for each currency; each bar leads to its month."""
    months = [Month.of(today).shift(-back) for back in range(12, 0, -1)]
    drawn = []
    for currency in sorted({currency for _, currency, _ in sums}):
        known = dict.fromkeys(months, Decimal(0))
        for day, code, total in sums:  # an invoice of its own, of equipment, begins amid a month
            if code == currency and Month.of(day) in known:
                known[Month.of(day)] += total
        drawn.append(
            charts.bar_chart(
                gettext("Charges by month, %(currency)s", currency=currency),
                [charts.Series(gettext("Charged"), [known[month] for month in months])],
                [frame.short_month(month.first_day) for month in months],
                say=lambda value: frame.money(value),
                link=lambda index: url_for("ChargesPage.index", month=str(months[index])),
                heading=False,
            )
        )
    return Markup("").join(drawn)


def days_ahead(lines: list[reading.AccountLine], today: dt.date, calendar: policies.Calendar) -> list[dict[str, Any]]:
    """What happens on which day, from the policy calendar of the Seller: windows, forming, due and block days."""
    if not lines:
        return []
    found = [*_windows(calendar, today), *_forming(calendar, today), *_dues(lines, calendar)]
    return sorted(found, key=lambda one: one["day"])


def _windows(calendar: policies.Calendar, today: dt.date) -> list[dict[str, Any]]:
    window = policies.next_window(calendar[PolicyKind.INVOICE_CLOSED_WINDOW], today)
    if window is None:
        return []
    span = {"start": frame.day(window.start), "end": frame.day(window.last_day)}
    if today in window:
        text = gettext("Invoices are being formed. Ordering them opens on %(day)s.", day=frame.day(window.end))
        return [{"day": window.end, "text": text, "tone": "warn"}]
    text = gettext("Invoices cannot be ordered from %(start)s to %(end)s: they are being formed.", **span)
    return [{"day": window.start, "text": text, "tone": ""}]


def _forming(calendar: policies.Calendar, today: dt.date) -> list[dict[str, Any]]:
    on = calendar[PolicyKind.INVOICING_DAY]["day"]
    month = Month.of(today) if today.day < on else Month.of(today).shift(1)
    forms = month.first_day + dt.timedelta(days=on - 1)
    text = gettext(
        "The invoice for %(month)s is formed; it is to be paid by %(due)s.",
        month=frame.month_in_text(month.shift(-1)),
        due=frame.day(policies.dates_of_invoice(forms, calendar).due_on),
    )
    return [{"day": forms, "text": text, "tone": "info"}]


def _dues(lines: list[reading.AccountLine], calendar: policies.Calendar) -> list[dict[str, Any]]:
    found = []
    for line in lines:
        about = {"amount": frame.money(line.to_pay - line.overdue, line.currency), "account": line.number}
        if line.due_on:
            text = gettext("Pay %(amount)s of account %(account)s by this day.", **about)
            found.append({"day": line.due_on, "text": text, "tone": "warn"})
        if line.overdue_since:
            found.append(_block(line, calendar))
    return found


def _block(line: reading.AccountLine, calendar: policies.Calendar) -> dict[str, Any]:
    """From the due day back to the day of issue, and on to the block (AST-128…131)."""
    assert line.overdue_since is not None
    issued = line.overdue_since - dt.timedelta(days=calendar[PolicyKind.INVOICE_DUE]["days"] - 1)
    dates = policies.dates_of_invoice(issued, calendar)
    text = gettext(
        "%(amount)s of account %(account)s is overdue. "
        "From this day renewals and purchases are blocked until it is paid.",
        amount=frame.money(line.overdue, line.currency),
        account=line.number,
    )
    return {"day": dates.block_on, "text": text, "tone": "bad"}
