"""What every page of a company shares: menu, header figures, choice of account, formats, dates from the address."""

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

from flask import Flask, abort, g, has_request_context, request, url_for
from flask_babel import format_date, format_decimal, get_locale, gettext, lazy_gettext
from markupsafe import Markup

from app.access.permissions import Right
from app.core import clock
from app.core.period import Month
from app.extensions import db
from app.services import notices
from app.services.cabinet import accounts as reading
from app.services.cabinet import payers
from app.services.cabinet.accounts import AccountLine
from app.services.shop.catalogue import Words, words_of
from app.services.shop.order_list import last_day
from app.views import cells
from app.views.base import CabinetPage, here
from app.views.cabinet import words
from app.views.rows import whole
from app.views.security import current_actor

_l = lazy_gettext

# The administrator's main menu (A1-01) in its order: page, label, icon, right, what is there.
MAIN: list[tuple[str, Any, str, Right, Any]] = [
    (
        "DetailsPage.index",
        _l("Personal information"),
        "fa-building",
        Right.CABINET_PAYMENTS,
        _l("Name, tax codes, settlement accounts, delivery of invoices, balance, state, form of payment, contract."),
    ),
    (
        "PaymentsPage.index",
        _l("Payments"),
        "fa-money-bill-transfer",
        Right.CABINET_PAYMENTS,
        _l("History of payments; registering a payment that the bank has not confirmed yet."),
    ),
    (
        "InvoicesPage.index",
        _l("Invoices"),
        "fa-paper-plane",
        Right.CABINET_DOCUMENTS,
        _l("An invoice to e-mail or by a link, charges of the current month, the way and address of delivery."),
    ),
    (
        "InstalmentsPage.index",
        _l("Instalment information"),
        "fa-mobile-screen",
        Right.CABINET_PAYMENTS,
        _l("Payments left for equipment bought in parts, the monthly payment, the repayment date."),
    ),
    (
        "SubscribersPage.index",
        _l("Choice of a subscriber"),
        "fa-sim-card",
        Right.CABINET_SUBSCRIBERS,
        _l("Information about a subscriber, and services for it."),
    ),
    (
        "TicketsPage.index",
        _l("Feedback"),
        "fa-comments",
        Right.CABINET_TICKETS,
        _l("Your requests to our specialists."),
    ),
    (
        "RenamePage.index",
        _l("Renaming of a subscriber"),
        "fa-pen-to-square",
        Right.CABINET_RENAME,
        _l("One by one or many by a list; the last name of the month stands on the invoice."),
    ),
    (
        "OptionsPage.index",
        _l("Services by list of subscribers"),
        "fa-toggle-on",
        Right.CABINET_RENAME,
        _l("Adding and removing services for a list of subscribers; the history of requests."),
    ),
    (
        "SignInView.logout",
        _l("Exit"),
        "fa-arrow-right-from-bracket",
        Right.CABINET_READ,
        _l("End your work here."),
    ),
]
# group, [(page, label, icon, right)]; what the person may not open is not shown, one of several rights is enough
MENU: list[tuple[Any, list[tuple[str, Any, str, Right | tuple[Right, ...]]]]] = [
    (
        "",
        [
            ("HomeView.index", _l("Home"), "fa-house", Right.CABINET_READ),
            ("ShopPage.index", _l("Shop"), "fa-store", Right.CABINET_READ),
            ("CalendarPage.index", _l("Calendar"), "fa-calendar-days", Right.CABINET_READ),
        ],
    ),
    (_l("Main menu"), [entry[:4] for entry in MAIN[:-1]]),  # signing out stands below, apart
    (
        _l("Documents and services"),
        [
            ("DocumentsPage.index", _l("Documents"), "fa-file-invoice", Right.CABINET_DOCUMENTS),
            ("ChargesPage.index", _l("Charges"), "fa-receipt", Right.CABINET_DOCUMENTS),
            ("ReconciliationPage.index", _l("Reconciliation"), "fa-scale-balanced", Right.CABINET_DOCUMENTS),
            ("MethodsPage.index", _l("Payment methods"), "fa-credit-card", Right.CABINET_PAYMENTS),
            ("TopUpPage.index", _l("Automatic top-up"), "fa-rotate", Right.CABINET_PAYMENTS),
            ("OrdersPage.index", _l("Orders"), "fa-bag-shopping", (Right.CABINET_PAYMENTS, Right.CABINET_BUY)),
            ("SubscriptionsPage.index", _l("Subscriptions"), "fa-layer-group", Right.CABINET_SUBSCRIPTIONS),
            ("SubscriptionsPage.licences", _l("On-premises licences"), "fa-compact-disc", Right.CABINET_SUBSCRIPTIONS),
            ("RenewalsPage.index", _l("Renewal of services"), "fa-rotate", Right.CABINET_SUBSCRIPTIONS),
        ],
    ),
    (
        _l("Company"),
        [
            ("DeliveryPage.index", _l("Delivery of documents"), "fa-envelope-open-text", Right.CABINET_DELIVERY),
            ("CompanyPeople.index", _l("People"), "fa-users", Right.CABINET_USERS),
            ("NoticesPage.index", _l("Notices"), "fa-bell", Right.CABINET_READ),
            ("ProfilePage.userinfo", _l("My profile"), "fa-user", Right.CABINET_READ),
            ("PasswordPage.index", _l("Change of password"), "fa-key", Right.CABINET_READ),
            MAIN[-1][:4],
        ],
    ),
]


def install(app: Flask) -> None:
    """Let every page drawn for a person of a company have the cabinet's frame."""
    app.context_processor(_frame)
    app.jinja_env.globals["in_words"] = in_words


def in_words(row: Any) -> Words:
    """Name and description of a way to pay, a promotion or goods, in the language of the page."""
    return words_of(row, str(get_locale() or "en")) if row is not None else Words("")


def _frame() -> dict[str, Any]:
    actor = current_actor()
    if actor.company_id is None or not request.endpoint:
        return {}
    return {
        "kabinet_menu": menu(),
        "kabinet_header": {**header(), "notices": {"count": unread(), "url": url_for("NoticesPage.index")}},
        "kabinet_active": _active(request.endpoint),
        "kabinet_search_url": url_for("SubscribersPage.index") if actor.may(Right.CABINET_SUBSCRIBERS) else "",
        "kabinet_search_label": gettext("Find a subscriber by number or name"),
    }


OWN_ENTRIES = frozenset({"SubscriptionsPage.licences"})  # apart from its page's first entry


def _active(endpoint: str) -> str:
    """Which entry of the menu a page belongs to."""
    return endpoint if endpoint in OWN_ENTRIES else endpoint.split(".")[0]


def menu() -> list[dict[str, Any]]:
    """The groups and pages this person may open."""
    actor, groups = current_actor(), []
    for label, pages in MENU:
        items = [
            {"name": _active(page), "label": str(text), "icon": icon, "url": url_for(page)}
            for page, text, icon, right in pages
            if any(actor.may(one) for one in (right if isinstance(right, tuple) else (right,)))
        ]
        if items:
            groups.append({"label": str(label), "items": items})
    return groups


def main_menu() -> list[dict[str, Any]]:
    """The entries of the main menu this person may open, with what is there."""
    actor = current_actor()
    return [
        {"label": str(text), "icon": icon, "url": url_for(page), "about": str(about)}
        for page, text, icon, right, about in MAIN
        if actor.may(right)
    ]


def accounts() -> list[AccountLine]:
    """The company's accounts with their figures, read once a request."""
    if not has_request_context():  # FAB looks at every attribute of a view when it is added
        return []
    if "cabinet_accounts" not in g:
        g.cabinet_accounts = reading.accounts_of(db.session(), current_actor())
    return g.cabinet_accounts


def unread() -> int:
    """How many notices wait for this person, counted once a request."""
    lines = accounts() if _sees_money() else []
    if "unread_notices" not in g:
        g.unread_notices = lines[0].unread if lines else notices.unread_of(db.session(), current_actor())
    return g.unread_notices


def _sees_money() -> bool:
    actor = current_actor()
    return actor.may(Right.CABINET_PAYMENTS) or actor.may(Right.CABINET_DOCUMENTS)


def header() -> dict[str, Any]:
    """The balance of each currency, always in sight (AST-011), and what is overdue (AST-118)."""
    actor = current_actor()
    if not _sees_money():
        return {"figures": []}
    balance: dict[str, Decimal] = {}
    overdue: dict[str, Decimal] = {}
    for line in accounts():
        balance[line.currency] = balance.get(line.currency, Decimal(0)) + line.balance
        overdue[line.currency] = overdue.get(line.currency, Decimal(0)) + line.overdue
    figures = []
    for currency, amount in sorted(balance.items()):
        figures.append(
            {
                "label": gettext("Balance"),
                "value": money(amount, currency),
                "tone": "bad" if overdue[currency] > 0 else "",
                "url": url_for("PaymentsPage.index") if actor.may(Right.CABINET_PAYMENTS) else "",
            }
        )
    late = [money(amount, currency) for currency, amount in sorted(overdue.items()) if amount > 0]
    if late and actor.may(Right.CABINET_DOCUMENTS):
        url = url_for("DocumentsPage.index", unpaid=1)
        figures.insert(0, {"label": gettext("Overdue"), "value": " · ".join(late), "tone": "bad", "url": url})
    return {"figures": figures}


# -- formats ------------------------------------------------------------------------------------------------------


def money(value: Decimal | None, currency: str = "") -> str:
    """«−1 234,50 UAH»: two decimals."""
    if value is None:
        return "—"
    text = format_decimal(value, "#,##0.00;−#,##0.00")
    return f"{text} {currency}" if currency else text


def fine(value: Decimal | None) -> str:
    """An amount of a charge: four decimals where they say something, never fewer than two (AST-071)."""
    return "—" if value is None else format_decimal(value, "#,##0.00##;−#,##0.00##")


def quantity(value: Decimal | None) -> str:
    """A quantity without needless zeros."""
    return "—" if value is None else format_decimal(value, "#,##0.####;−#,##0.####")


day = cells.day


def moment(value: dt.datetime | None) -> str:
    """An instant in the zone of the accounts' Seller, wherever on the way to the page it is written."""
    accounts()
    return cells.moment(value)


def second(value: dt.datetime | None) -> str:
    """The same to the second (SMC-72)."""
    accounts()
    return cells.second(value)


def days(since: dt.date, until: dt.date) -> str:
    """A period (half-open, as it is kept) by its first and last day: «01.10.2026 – 31.10.2026»."""
    last = until - dt.timedelta(days=1)
    return day(since) if last <= since else f"{day(since)} – {day(last)}"


def month_in_text(value: dt.date | Month) -> str:
    """«October 2026», in small letters where the language writes months so."""
    return format_date(value.first_day if isinstance(value, Month) else value, "LLLL yyyy")


def month_name(value: dt.date | Month) -> str:
    """«October 2026», as a heading begins."""
    text = month_in_text(value)
    return text[:1].upper() + text[1:]


def short_month(value: dt.date) -> str:
    """«Oct», for the axis of a chart."""
    return format_date(value, "LLL").rstrip(".")


def percent(basis_points: int | None) -> str:
    """Percent × 100 as «20 %»; nothing means there is no VAT."""
    if basis_points is None:
        return gettext("without VAT")
    return f"{format_decimal(Decimal(basis_points) / 100, '#,##0.##')} %"


def badge(kinds: dict[str, Any], value: str) -> Markup:
    """A state as a coloured word of the customer's."""
    tone = words.TONES.get(value, "")
    css = f"kb-badge is-{tone}" if tone else "kb-badge"
    return Markup('<span class="{}">{}</span>').format(css, words.word(kinds, value))


def masked(number: str) -> str:
    """An account number of a bank, its end only: «…3001»."""
    return f"…{number[-4:]}" if len(number) > 4 else number


# -- pages --------------------------------------------------------------------------------------------------------


class Page(CabinetPage):
    """A page of a company: templates under cabinet/, the account chosen, days and places from the address."""

    template_folder = None
    shared: ClassVar[dict[str, Any]] = {
        "money": money,
        "fine": fine,
        "quantity": quantity,
        "day": day,
        "days": days,
        "last_day": last_day,
        "moment": moment,
        "second": second,
        "month_name": month_name,
        "month_in_text": month_in_text,
        "percent": percent,
        "badge": badge,
        "words": words,
        "here": here,
        "Right": Right,
    }

    def show(self, template: str, **values: Any) -> Any:
        """The template with what all pages use."""
        return draw(self, template, **values)

    @property
    def accounts(self) -> list[AccountLine]:
        """The company's accounts."""
        return accounts()

    def payer_choices(self) -> list[tuple[str, str]]:
        """Payers for a form, the account's own first; nothing where there is no choice."""
        own = [(str(one.id), one.name) for one in payers.list_payers(db.session(), current_actor())]
        return [("", gettext("The payer of the account")), *own] if len(own) > 1 else []

    def account_asked(self, *, needed: bool = False) -> AccountLine | None:
        """The account of ?account=, or None; the first where one is `needed`; 404 for another company's."""
        raw = request.values.get("account", "")
        if not raw:
            return reading.account_among(self.accounts, None) if needed else None
        number = whole(raw)
        if number is None:
            abort(404)
        return reading.account_among(self.accounts, number)

    @property
    def today(self) -> dt.date:
        """The business day of the company's Seller."""
        return clock.today(self.accounts[0].zone if self.accounts else "UTC")

    def day_asked(self, name: str) -> dt.date | None:
        """A day of the address or a form; None where there is none or it is no day."""
        return as_day(request.values.get(name, ""))

    def place_asked(self) -> tuple[dt.date, int] | None:
        """Where the page before ended: ?after=2026-11-01.123."""
        text, _, number = request.args.get("after", "").partition(".")
        found, row = as_day(text), whole(number)
        return (found, row) if found is not None and row is not None else None

    def month_asked(self) -> Month | None:
        """The month of ?month=2026-10."""
        try:
            return Month.parse(request.values.get("month", ""))
        except ValueError:
            return None


def draw(view: CabinetPage | Any, template: str, **values: Any) -> Any:
    """A cabinet template for any page (the home page is no `Page`)."""
    chosen = [(str(a.id), f"{a.number} · {a.currency}") for a in accounts()]
    return view.render_template(
        f"cabinet/{template}", **{**Page.shared, "actor": current_actor(), "account_options": chosen, **values}
    )


def as_day(text: str) -> dt.date | None:
    """«2026-11-01» as a day; None for anything else."""
    try:
        found = dt.date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2200 else None


def as_amount(text: str) -> Decimal | None:
    """«1 234,50» or «1234.5» as an amount; None for anything else."""
    bare = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".").strip()
    if not bare or not bare.isascii() or not all(ch.isdigit() or ch == "." for ch in bare) or bare.count(".") > 1:
        return None
    return Decimal(bare) if bare != "." and len(bare) < 20 else None


def place(found: tuple[dt.date, int] | None) -> str:
    """A place as it stands in the address."""
    return f"{found[0].isoformat()}.{found[1]}" if found else ""
