"""What the office's templates share: words, formats, rights, and the search box of the frame."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from flask import Flask, g, url_for
from flask_babel import get_locale, gettext
from markupsafe import Markup

from app.access.permissions import Right
from app.core import clock
from app.extensions import db
from app.services import overview
from app.views import explaining
from app.views.cabinet import words
from app.views.office import cells, codes
from app.views.office.labels import word
from app.views.security import current_actor

FILTERS = {
    "action": codes.action,
    "amount": cells.amount,
    "brief": cells.brief,
    "count": cells.count,
    "day": cells.date,
    "fine": cells.fine,
    "linked": cells.linked,
    "moment": cells.instant,
    "percent": cells.percent,
    "formula": explaining.formula,
    "structure": cells.structure,
    "unit_price": cells.unit_price,
    "word": word,
    "day_text": lambda text: cells.date(dt.date.fromisoformat(text)),
    "money_text": lambda text: cells.amount(Decimal(text)),
    "unit": lambda code: words.word(words.UNITS, code),
}


def linked_number(thing: Any) -> Any:
    """A document by its number alone, leading to its page."""
    if thing is None:
        return cells.NOTHING
    return Markup('<a href="{}">{}</a>').format(cells.address_of(thing), thing.number or f"#{thing.id}")


def country_name(code: str | None) -> str:
    """A country by its name in the reader's language."""
    return get_locale().territories.get(code or "", code or "")


def language_name(code: str | None) -> str:
    """A language by its name in the reader's language."""
    return get_locale().languages.get(code or "", code or "")


def install(app: Flask) -> None:
    """Give templates the office's words; names the other rooms already have are left to them."""
    plain = {"linked_number": linked_number, "plain_amount": lambda value: cells.plain_amount(value, "").strip()}
    for name, made in {**FILTERS, **plain}.items():
        app.jinja_env.filters[name] = made
    app.jinja_env.globals.update(
        may=lambda right: current_actor().may(right),
        state_badge=cells.state,
        last_day=lambda day: day - dt.timedelta(days=1),
        today=lambda: clock.today(),
        country_name=country_name,
        language_name=language_name,
        new_token=lambda: uuid.uuid4().hex,
    )
    app.context_processor(_frame)


def _frame() -> dict[str, Any]:
    actor = current_actor()
    if not actor.is_staff:
        return {}
    shown: dict[str, Any] = {}
    if actor.may(Right.OFFICE_READ):
        shown["kabinet_search_url"] = url_for("SearchPage.index")
        shown["kabinet_search_label"] = gettext("Company, account, document, number…")
        waits = attention()
        shown["kabinet_counts"] = {"ActivationPage": waits.tasks, "HeldPage": waits.held}
    return shown


def attention() -> overview.Attention:
    """What waits for the staff, counted once a request."""
    if "office_attention" not in g:
        g.office_attention = overview.attention(db.session(), current_actor())
    return g.office_attention
