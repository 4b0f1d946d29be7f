"""The first page of staff: what the month looks like, who owes, what is under way."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import request, url_for
from flask_babel import format_date, format_decimal, gettext
from markupsafe import Markup

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.extensions import db
from app.models import Seller
from app.services import overview
from app.views import charts
from app.views.office import cells
from app.views.office.frame import attention
from app.views.security import current_actor

MONTHS = 12


def page(view: Any) -> Any:
    """Draw the home page of staff."""
    return view.render_template("office/home.html", **figures(current_actor()))


def figures(actor: Actor) -> dict[str, Any]:
    """Everything the page shows; each part only for those who may see it."""
    seller = db.session.query(Seller).order_by(Seller.id).first()
    today = clock.today(seller.zone if seller else "UTC")
    now = Month.of(today)
    shown: dict[str, Any] = {"title": gettext("Home"), "now": now, "today": today, "month_name": cells.month(today)}
    if actor.may(Right.DOCUMENTS_READ) and actor.may(Right.PAYMENTS_READ):
        shown |= _money(actor, today, now, seller)
    if actor.may(Right.BILLING_READ):
        month = now.shift(-1)
        shown["closing_month"], shown["closing_name"] = month, format_date(month.first_day, "LLLL yyyy")
        shown["closings"] = [_closing(one) for one in overview.closings(db.session(), actor, month)]
        shown["quarantined"] = sum(one["quarantined"] for one in shown["closings"])
    if actor.may(Right.JOBS_READ):
        shown["jobs"] = overview.open_jobs(db.session(), actor)
    waits = attention()
    if actor.may(Right.SUBSCRIPTIONS_READ):
        shown["tasks"] = waits.tasks
    if actor.may(Right.PAYMENTS_READ):
        shown["held"] = waits.held
    if actor.may(Right.TICKETS_READ):
        shown["tickets"] = overview.waiting_tickets(db.session(), actor)
    return shown


def _closing(one: overview.Closing) -> dict[str, Any]:
    return {
        "seller": one.seller,
        "url": url_for("ClosingPage.run", run_id=one.run_id)
        if one.run_id
        else url_for("ClosingPage.index", seller=one.seller_id, month=str(one.month)),
        "begun": one.run_id is not None,
        "state": one.state,
        "done": one.done,
        "total": one.total,
        "quarantined": one.quarantined,
        "left": one.total - one.done,
    }


def _money(actor: Actor, today: Any, now: Month, seller: Seller | None) -> dict[str, Any]:
    since = now.shift(1 - MONTHS)
    debts = overview.debts(db.session(), actor, today)
    billed = overview.billed_by_month(db.session(), actor, since, now)
    paid = overview.paid_by_month(db.session(), actor, since, now)
    known = sorted({*debts, *billed, *paid})
    main = request.args.get("currency", "")
    if main not in known:
        main = _main_currency(known, billed, seller)
    debt = debts.get(main, overview.Debt())
    months = [since.shift(step) for step in range(MONTHS)]
    return {
        "currency": main,
        "currencies": [
            {"label": one, "url": url_for("HomeView.index", currency=one), "active": one == main} for one in known
        ],
        "due": cells.plain_amount(debt.due, main),
        "overdue": cells.plain_amount(debt.overdue, main),
        "open_invoices": debt.invoices,
        "is_overdue": debt.overdue > 0,
        "paid_now": cells.plain_amount(paid.get(main, {}).get(now, Decimal(0)), main),
        "billed_now": cells.plain_amount(billed.get(main, {}).get(now, Decimal(0)), main),
        "trend": _trend(gettext("Payments"), paid.get(main, {}), months),
        "chart": _billed_and_paid(main, months, billed.get(main, {}), paid.get(main, {})),
        "age_chart": _age(main, debt),
        "debtors": overview.top_debtors(db.session(), actor, today, main),
    }


def _main_currency(known: list[str], billed: Mapping[str, Mapping[Month, Decimal]], seller: Seller | None) -> str:
    if seller and (seller.currency in known or not known):
        return seller.currency
    return max(known, key=lambda one: sum(billed.get(one, {}).values(), Decimal(0)), default="UAH")


def _rounded(value: Decimal) -> str:
    return format_decimal(value, "#,##0")


def _trend(name: str, by_month: Mapping[Month, Decimal], months: list[Month]) -> Markup:
    return charts.sparkline(name, [by_month.get(one, Decimal(0)) for one in months], say=_rounded)


def _billed_and_paid(
    currency: str, months: list[Month], billed: Mapping[Month, Decimal], paid: Mapping[Month, Decimal]
) -> Markup:
    labels = [format_date(one.first_day, "LLL").strip(".") for one in months]
    rows = [
        charts.Series(gettext("Billed"), [billed.get(one, Decimal(0)) for one in months]),
        charts.Series(gettext("Paid"), [paid.get(one, Decimal(0)) for one in months]),
    ]
    title = gettext("Billed and paid by month, %(currency)s", currency=currency)
    return charts.bar_chart(title, rows, labels, say=_rounded, link=lambda n: _invoices_of(months[n]))


def _invoices_of(month: Month) -> str:
    return url_for("SellerDocumentsPage.index", month=str(month), kind="invoice")


def _age(currency: str, debt: overview.Debt) -> Markup:
    names = [
        gettext("Not due yet"),
        gettext("1–30 days"),
        gettext("31–60 days"),
        gettext("61–90 days"),
        gettext("More than 90 days"),
    ]
    slices = [charts.Slice(name, amount) for name, amount in zip(names, debt.by_age, strict=True)]
    return charts.donut(
        gettext("Age of debt, %(currency)s", currency=currency), slices, say=_rounded, total_label=gettext("open")
    )
