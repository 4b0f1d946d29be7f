"""How the office shows values: words for states and kinds, links to rows, what an amount was reckoned from."""

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

from flask import current_app, url_for
from flask_babel import format_date, format_decimal, gettext
from markupsafe import Markup, escape

from app.models import Account, Company, Document, Entry, LedgerAccount, PriceVersion, Seller
from app.views.cells import day, moment
from app.views.office import codes
from app.views.office.labels import TONES, word

NOTHING = Markup('<span class="kb-muted">—</span>')
instant = moment
SHOWN: dict[type, str] = {}  # model → name of its view; filled as views are made


def date(value: dt.date | None) -> Any:
    """A day, never broken over two lines."""
    return NOTHING if value is None else Markup('<span class="kb-nowrap">{}</span>').format(day(value))


def amount(value: Decimal | None, currency: str = "") -> Any:
    """«1 234,50 UAH»: two decimals, grouped."""
    if value is None:
        return NOTHING
    text = _signed(value, "#,##0.00")
    return Markup('<span class="kb-nums kb-nowrap">{}</span>').format(f"{text} {currency}" if currency else text)


def plain_amount(value: Decimal, currency: str) -> str:
    """The same without markup, for tiles and sentences."""
    return f"{_signed(value, '#,##0.00')} {currency}"


def fine(value: Decimal | None) -> Any:
    """A quantity: no needless zeros, up to four decimals."""
    return NOTHING if value is None else Markup('<span class="kb-nums">{}</span>').format(_signed(value, "#,##0.####"))


def picture(value: str | None) -> Any:
    """A product's picture, small."""
    if not value:
        return NOTHING
    return Markup('<img class="kb-thumb" src="{}" alt="" width="160">').format(
        url_for("ShopPage.picture", sha256=value)
    )


def unit_price(value: Decimal | None) -> Any:
    """A price: two to four decimals."""
    return NOTHING if value is None else Markup('<span class="kb-nums">{}</span>').format(_signed(value, "#,##0.00##"))


def _signed(value: Decimal, pattern: str) -> str:
    """Below zero with a minus sign, as in the cabinet: a hyphen is broken off its number and read as a dash."""
    return format_decimal(value, f"{pattern};−{pattern}")


def count(value: int | None) -> Any:
    """A whole number, grouped."""
    return NOTHING if value is None else Markup('<span class="kb-nums">{}</span>').format(format_decimal(value))


def percent(value: int | None) -> str:
    """Percent × 100 as «20 %»; nothing means there is no VAT."""
    if value is None:
        return gettext("without VAT")
    return f"{format_decimal(Decimal(value) / 100, '#,##0.##')} %"


def month(value: dt.date | None) -> Any:
    """«October 2026»."""
    return NOTHING if value is None else format_date(value, "LLLL yyyy").capitalize()


def state(value: Any) -> Any:
    """A state as a coloured word."""
    if not value:
        return NOTHING
    tone = f"is-{TONES[value]}" if value in TONES else ""
    return Markup('<span class="kb-badge {}">{}</span>').format(tone, word(value))


def kind(value: Any) -> str:
    """A kind as a word."""
    return word(value)


def whole(value: str | None) -> Any:
    """A number of a document or an account, never broken over two lines."""
    return Markup('<span class="kb-nowrap">{}</span>').format(value) if value else NOTHING


def number(value: Any) -> str:
    """A number that is a name: a year, an id."""
    return "—" if value is None else str(value)


def address_of(thing: Any) -> str:
    """The page of a row, or nothing where it has none or this person may not open it."""
    view = SHOWN.get(type(thing))
    return url_for(f"{view}.show", pk=thing.id) if view and _may_open(view) else ""


def _may_open(view: str) -> bool:
    builder = current_app.appbuilder  # type: ignore[attr-defined]
    one = next((one for one in builder.baseviews if type(one).__name__ == view), None)
    name = getattr(one, "method_permission_name", {}).get("show", "show")
    return one is not None and builder.sm.has_access(f"can_{name}", one.class_permission_name)


def linked(thing: Any) -> Any:
    """A row by its name, leading to its page."""
    if thing is None:
        return NOTHING
    address = address_of(thing)
    return Markup('<a href="{}">{}</a>').format(address, name_of(thing)) if address else name_of(thing)


def name_of(thing: Any) -> str:
    """What a row is called."""
    if isinstance(thing, Company | Account):
        return thing.name if isinstance(thing, Company) else thing.number
    if isinstance(thing, Seller):
        return thing.short_name or thing.name
    if isinstance(thing, Document):
        return f"{word(thing.kind)} {thing.number or thing.id}"
    if isinstance(thing, LedgerAccount):
        return f"{word(thing.kind)} · {thing.currency} · {thing.id}"
    if isinstance(thing, Entry):
        return f"{word(thing.kind)} · {thing.id}"
    if isinstance(thing, PriceVersion):
        price = _signed(thing.unit_price, "#,##0.00##")
        return gettext("%(price)s from %(day)s", price=price, day=day(thing.valid_from))
    return str(thing)


def structure(value: Any) -> Any:
    """JSON as lines a person reads: columns by their labels, codes by their words."""
    if value in (None, {}, [], ""):
        return NOTHING
    if isinstance(value, dict):
        line = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
        rows = (line.format(codes.detail(key), _inner(key, one)) for key, one in value.items())
        return Markup('<dl class="kb-dl is-compact">{}</dl>').format(Markup("").join(rows))
    if isinstance(value, list):
        return Markup("<br>").join(_inner("", part) for part in value[:200])
    return escape(str(value))


def _inner(key: str, value: Any) -> Any:
    if isinstance(value, dict) and value:
        return structure(value)
    if isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        return escape(json.dumps(value, ensure_ascii=False)[:2000])
    return escape(_scalar(key, value))


def _scalar(key: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_scalar(key, part) for part in value)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, int) and key.endswith("_bp"):
        return percent(value)
    if isinstance(value, str) and key.endswith(("_on", "_date")) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return day(dt.date.fromisoformat(value))
    return codes.value_of(key, value)


def brief(value: Any) -> Any:
    """JSON or a long text cut to what fits a cell."""
    if value in (None, {}, [], ""):
        return NOTHING
    text = value if isinstance(value, str) else _in_a_line(value)
    text = text.strip().replace("\n", " ")
    return (text[:90] + "…") if len(text) > 90 else text


def _in_a_line(value: Any) -> str:
    """«Name: before → after; State: Active»."""
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    parts = []
    for key, one in value.items():
        if key == "changes" and isinstance(one, dict):
            parts += [f"{codes.detail(name)}: {' → '.join(map(str, pair))}" for name, pair in one.items()]
        else:
            parts.append(f"{codes.detail(key)}: {_in_a_line(one) if isinstance(one, dict) else _scalar(key, one)}")
    return "; ".join(parts)
