"""The policy calendar of a Seller: the month drawn, a form for each policy, a what-if, and days set by hand."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext, ngettext

from app.access.permissions import Right
from app.core import clock
from app.core.errors import Refused
from app.core.period import Month
from app.models import Seller
from app.rules import policies as rules
from app.rules import workdays
from app.rules.policies import Calendar, PolicyKind
from app.services import policies
from app.services.numbers import free_days
from app.views import month_grid, policy_words
from app.views.base import OfficePage, attempt, needs, say
from app.views.month_grid import Note
from app.views.office import numbers


class PolicyCalendarPage(OfficePage):
    """What closes, opens, falls due and blocks on which day, and the settings behind it."""

    route_base = "/office/policy-calendar"

    @expose("/")
    @needs(Right.SETTINGS_READ)
    def index(self) -> Any:
        """The month of a Seller with its policies."""
        return self._page()

    @expose("/change", methods=["POST"])
    @needs(Right.SETTINGS_WRITE)
    def change(self) -> Any:
        """Keep the settings of one policy, or go back to the defaults; a refused form comes back filled."""
        form = request.form
        seller, kind = numbers.whole(form.get("seller")) or 0, form.get("kind", "")
        settings = None if form.get("reset") else _settings_of(kind, form)
        try:
            policies.change_policy(self.session, self.actor, seller, kind, settings)
            self.session.commit()
        except Refused as error:
            self.session.rollback()
            return self._page(refused=kind, sentence=say(error)), 422
        flash(gettext("Saved."), "success")
        return redirect(self._address(seller))

    @expose("/day", methods=["POST"])
    @needs(Right.SETTINGS_WRITE)
    def day(self) -> Any:
        """Say that a day is worked or not, or that the country's own calendar is right."""
        form, errors = request.form, dict[str, str]()
        day = numbers.day(form.get("day", ""), errors, "day")
        says = {"worked": True, "free": False, "own": None}
        if day is None or form.get("is") not in says:
            flash(errors.get("day") or gettext("Choose a day."), "danger")
        else:
            attempt(policies.set_working_day, form.get("country", ""), day, says[form["is"]], done=gettext("Saved."))
        return redirect(self._address(numbers.whole(form.get("seller"))))

    def _address(self, seller: int | None) -> str:
        return url_for("PolicyCalendarPage.index", seller=seller, month=request.form.get("month") or None)

    def _page(self, refused: str = "", sentence: str = "") -> Any:
        sellers = list(self.session.scalars(sa.select(Seller).order_by(Seller.id)))
        asked = request.values.get("seller")
        seller = next((one for one in sellers if str(one.id) == asked), sellers[0] if sellers else None)
        if seller is None:
            return self.render_template("office/policy_calendar.html", seller=None)
        today = clock.today(seller.zone)
        month = month_grid.within(numbers.month(request.values.get("month", ""), Month.of(today)))
        calendar = policies.calendar_for(self.session, seller.id)
        period = month.period
        overrides = policies.overrides_of(self.session, seller.country, period.start, period.end)
        free = calendar[PolicyKind.HOLIDAYS]["observe_suspended"]
        issued = _issued(today)
        return self.render_template(
            "office/policy_calendar.html",
            title=gettext("Policy calendar"),
            sellers=[(one.id, one.name) for one in sellers],
            seller=seller,
            month=month,
            month_name=month_grid.title_of(month),
            grid=month_grid.draw_month(
                month, today, self._notes(seller, month, calendar), seller.country, overrides, free
            ),
            overrides=sorted(overrides.items()),
            groups=_groups(calendar, refused, sentence),
            issued=issued,
            days=policy_words.days_of_invoice(rules.dates_of_invoice(issued, calendar)),
            is_free=lambda day: not workdays.is_working_day(seller.country, day, overrides, free),
            today=today,
        )

    def _notes(self, seller: Seller, month: Month, calendar: Calendar) -> dict[dt.date, list[Note]]:
        """What the calendar says, and the days on which released numbers have rested."""
        notes, days = notes_of(month, calendar), calendar[PolicyKind.NUMBER_QUARANTINE]["days"]
        free = free_days(self.session, seller.id, month.period.start, month.period.end, days)
        for day, count in free.items():
            told = ngettext("%(num)s number can be given again", "%(num)s numbers can be given again", count)
            notes.setdefault(day, []).append(Note(told, "good"))
        return notes


def notes_of(month: Month, calendar: Calendar) -> dict[dt.date, list[Note]]:
    """What the calendar says about each day of a month, for staff."""
    found: dict[dt.date, list[Note]] = {}
    for mark in rules.openings_of(month, calendar):
        found.setdefault(mark.day, []).append(Note(str(policy_words.OPENINGS[mark.what]), "good"))
    for mark in rules.marks_of(month, calendar):
        found.setdefault(mark.day, []).append(Note(*policy_words.mark_note(mark)))
    return found


def _issued(today: dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(request.values.get("issued", ""))
    except ValueError:
        return today
    return day if 2000 <= day.year < 2100 else today


def _groups(calendar: Calendar, refused: str, sentence: str) -> list[tuple[Any, list[dict[str, Any]]]]:
    return [
        (title, [_form(calendar, kind, sentence if kind.value == refused else "") for kind in kinds])
        for title, kinds in policy_words.GROUPS
    ]


def _form(calendar: Calendar, kind: PolicyKind, sentence: str) -> dict[str, Any]:
    defaults = rules.DEFAULTS[kind]
    title, meaning = policy_words.KINDS[kind]
    fields = []
    for name, default in defaults.items():
        value = request.form.get(f"{kind.value}-{name}", "") if sentence else calendar[kind][name]
        fields.append(
            {
                "name": f"{kind.value}-{name}",
                "label": policy_words.SETTINGS[kind, name],
                "value": value,
                "kind": "checkbox" if isinstance(default, bool) else "text" if isinstance(default, str) else "number",
                "default": policy_words.value_in_words(default),
            }
        )
        if (kind, name) in policy_words.OPTIONS:
            options = policy_words.OPTIONS[kind, name]
            fields[-1] |= {"kind": "select", "options": options, "default": dict(options)[default]}
    is_own = dict(calendar[kind].settings) != defaults
    return {"kind": kind.value, "title": title, "meaning": meaning, "fields": fields, "own": is_own, "error": sentence}


def _settings_of(kind: str, form: Any) -> dict[str, Any]:
    """The settings as the rules want them; what is no number stays text, and is refused."""
    if kind not in set(PolicyKind):
        return {}
    found: dict[str, Any] = {}
    for name, default in rules.DEFAULTS[PolicyKind(kind)].items():
        text = form.get(f"{kind}-{name}", "").strip()
        if isinstance(default, bool):
            found[name] = bool(text)
        elif isinstance(default, str):
            found[name] = text
        else:
            found[name] = _number(text, default)
    return found


def _number(text: str, default: int | None) -> Any:
    if not text:
        return None if default is None else ""  # only a setting that may be nothing may be emptied
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text
