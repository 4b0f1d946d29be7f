"""How values are shown in pages: money, dates and states in the reader's language (Babel)."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g
from flask_babel import format_date, format_decimal, format_time, get_locale, gettext
from markupsafe import Markup

from app.services import setup
from app.views.fields import words_of

# The colours are kabinet/macros.html's `STATE_TONES`; here the few states that lists show most.
TONES = {
    "good": {"active", "paid", "done", "issued", "credited", "confirmed", "matched", "applied", "sent", "working"},
    "warn": {"partly", "unpaid", "suspended", "unconfirmed", "queued", "pending", "setting_up", "stopped", "previewed"},
    "bad": {"failed", "rejected", "cancelled", "closed", "blocked", "overdue", "not_working", "quarantined", "parked"},
    "info": {"new", "running", "processing", "applying", "ordered", "draft"},
}
_TONE_OF = {name: tone for tone, names in TONES.items() for name in names}


def amount(value: Decimal | None) -> str:
    """«1 234,50»: two decimals, up to four where they are not zeros."""
    if value is None:
        return "—"
    places = max(2, -int(value.normalize().as_tuple().exponent)) if value else 2
    pattern = f"#,##0.{'0' * min(places, 4)}"
    return format_decimal(value, f"{pattern};−{pattern}")


def money(value: Decimal | None, currency: str) -> str:
    """«1 234,50 UAH»."""
    return "—" if value is None else f"{amount(value)} {currency}"


def day(value: dt.date | None) -> str:
    """A day as the reader writes it: «Dec 31, 2026» in English, «31.12.2026» elsewhere; it ends with no point."""
    if value is None:
        return "—"
    return format_date(value, "medium" if str(get_locale() or "en").startswith("en") else "dd.MM.y")


def zone_of_reader() -> str:
    """The zone of the reader's Seller; staff and strangers read times of the country Kabinet is set up for."""
    accounts = g.get("cabinet_accounts")
    if accounts:
        return str(accounts[0].zone)
    company = getattr(g.get("user"), "company", None)
    if company is not None:
        return str(company.seller.zone)
    return setup.COUNTRIES.get(current_app.config["KABINET"].default_country, ("", "UTC", ""))[1]


def moment(value: dt.datetime | None) -> str:
    """An instant as a day and a time of the reader's zone."""
    if value is None:
        return "—"
    local = value.astimezone(ZoneInfo(zone_of_reader()))
    whole_day = day(local.date()).replace(" ", "\u00a0")  # a narrow column breaks before the time
    return f"{whole_day}, {format_time(local, 'short', rebase=False)}"


def day_of(value: dt.datetime) -> str:
    """The day of an instant in the reader's zone."""
    return day(value.astimezone(ZoneInfo(zone_of_reader())).date())


def second(value: dt.datetime | None) -> str:
    """An instant to the second, as orders say when they were placed: «22.11.2026 12:49:52» (SMC-72)."""
    if value is None:
        return "—"
    local = value.astimezone(ZoneInfo(zone_of_reader()))
    return f"{day(local.date())} {local:%H:%M:%S}".replace(" ", "\u00a0")


def yes_no(value: bool | None) -> str:
    """«Yes» or «No»."""
    return "—" if value is None else gettext("Yes") if value else gettext("No")


def badge(value: Any) -> Markup | str:
    """A state as a coloured word."""
    if value in (None, ""):
        return "—"
    name = str(getattr(value, "value", value))
    tone = _TONE_OF.get(name, "")
    css = f"kb-badge is-{tone}" if tone else "kb-badge"
    return Markup('<span class="{}">{}</span>').format(css, gettext(words_of(name)))


def plain(value: Any) -> Any:
    """Anything else: a dash where there is nothing."""
    return "—" if value is None or value == "" else value
