"""Options by list: what is said of each line before anything is done, and what a done request changes.

A line is judged from facts alone, so that the preview and the moment of asking say the same.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import N_
from app.core.period import Month
from app.rules.dialling import is_shortened
from app.rules.lifecycle import SubscriberState

ON, OFF = "on", "off"
KINDS = {ON: "option_on", OFF: "option_off"}
OPPOSITE = {ON: OFF, OFF: ON}
ACTION_WORDS = {
    ON: ("on", "1", "+", "yes", "add", "connect", "enable", "activate", "увімкнути", "підключити")
    + ("додати", "так", "увімк", "включить", "подключить", "добавить", "да", "вкл", "włącz", "dodaj", "tak"),
    OFF: ("off", "0", "-", "no", "remove", "disconnect", "disable", "deactivate", "вимкнути", "відключити")
    + ("прибрати", "ні", "вимк", "выключить", "отключить", "удалить", "нет", "откл", "выкл", "wyłącz", "usuń", "nie"),
}
_ACTIONS = {word: action for action, words in ACTION_WORDS.items() for word in words}


class Verdict(StrEnum):
    """What is said of a line."""

    OK = "ok"
    UNKNOWN = "unknown"
    NO_NUMBER = "no_number"
    SHORTENED = "shortened"  # 3.8067E+11
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"
    NO_OPTION = "no_option"
    NO_ACTION = "no_action"
    NO_DAY = "no_day"
    NOT_ACTIVE = "not_active"
    NO_SUBSCRIPTION = "no_subscription"
    NOT_BEGUN = "not_begun"
    ENDED = "ended"
    PAST = "past"
    TOO_SOON = "too_soon"
    CLOSED_MONTH = "closed_month"
    ALREADY_ON = "already_on"
    ALREADY_OFF = "already_off"
    OPEN_REQUEST = "open_request"


SENTENCES: dict[Verdict, str] = {
    Verdict.OK: N_("It can be done."),
    Verdict.UNKNOWN: N_("There is no such subscriber in your company. Compare the number with the list."),
    Verdict.NO_NUMBER: N_("There is no number. Write it with the country code, such as +380671234567."),
    Verdict.SHORTENED: N_(
        "The spreadsheet has shortened the number and its last figures are lost. "
        "Format the column as text and enter the numbers again."
    ),
    Verdict.CONTRADICTION: N_("Line %(detail)s wants another thing of it. Leave one of the two."),
    Verdict.DUPLICATE: N_("Line %(detail)s says the same. One of them is enough."),
    Verdict.NO_OPTION: N_("There is no such option for this subscriber. Write its name or code as in the list."),
    Verdict.NO_ACTION: N_("It is not clear whether to switch on or off. Write «on» or «off»."),
    Verdict.NO_DAY: N_("The day cannot be read. Write it as 2026-11-30."),
    Verdict.NOT_ACTIVE: N_("The subscriber is blocked or released. Its options cannot be switched."),
    Verdict.NO_SUBSCRIPTION: N_("The subscriber has no plan in force to which an option could be added."),
    Verdict.NOT_BEGUN: N_("The subscriber's plan begins on %(detail)s. Choose that day or a later one."),
    Verdict.ENDED: N_("The subscriber's plan ends on %(detail)s. Choose an earlier day."),
    Verdict.PAST: N_("The day is past: today is %(detail)s. Choose today or a later day."),
    Verdict.TOO_SOON: N_("Options are switched from %(detail)s at the earliest. Choose that day or a later one."),
    Verdict.CLOSED_MONTH: N_("The month is closed already. Choose a day from %(detail)s on."),
    Verdict.ALREADY_ON: N_("The option is on already."),
    Verdict.ALREADY_OFF: N_("The option is not on."),
    Verdict.OPEN_REQUEST: N_("A request for this option is under way. Wait for its end or cancel it."),
}


@dataclass(frozen=True)
class Term:
    """A time in force, half-open: of a subscription, an option, a part."""

    id: int
    since: dt.date
    until: dt.date | None

    def holds_on(self, day: dt.date) -> bool:
        """Whether `day` is in it."""
        return self.since <= day and (self.until is None or day < self.until)

    def reaches(self, day: dt.date) -> bool:
        """Whether it holds on `day` or begins later."""
        return self.until is None or day < self.until


@dataclass(frozen=True)
class Facts:
    """What is known of a line; `subscriptions` are those in force now or later, the earliest first."""

    subscriber_id: int | None = None
    number: str = ""  # as it is written
    state: str = ""
    component_id: int | None = None
    action: str = ""
    day: dt.date | None = None
    today: dt.date = dt.date.min
    earliest: dt.date = dt.date.min  # today and the Seller's lead time
    open_from: dt.date = dt.date.min  # the first day after the months that are closed
    said_before: int = 0  # the line that speaks of the same option of the same subscriber
    said_otherwise: bool = False  # and wants another thing of it
    subscriptions: Sequence[Term] = ()
    terms: Sequence[Term] = ()  # in which the option is or will be on
    has_open_request: bool = False


@dataclass(frozen=True)
class Judged:
    """The verdict; `detail` fills its sentence, `subscription_id` is what the option hangs on."""

    verdict: Verdict
    detail: str = ""
    subscription_id: int | None = None


def read_action(text: str) -> str:
    """«on», «off», or nothing where the word says neither."""
    return _ACTIONS.get(text.strip().lower(), "")


def judge(facts: Facts) -> Judged:
    """The first thing that speaks against a line, or OK."""
    return _misread(facts) or _mistimed(facts) or _unfit(facts) or _hung(facts)


def _misread(facts: Facts) -> Judged | None:
    if facts.subscriber_id is None:
        return Judged(_unread(facts.number))
    if facts.component_id is None:
        return Judged(Verdict.NO_OPTION)
    if not facts.action:
        return Judged(Verdict.NO_ACTION)
    if facts.day is None:
        return Judged(Verdict.NO_DAY)
    if facts.said_before:
        verdict = Verdict.CONTRADICTION if facts.said_otherwise else Verdict.DUPLICATE
        return Judged(verdict, str(facts.said_before))
    return None


def _unread(number: str) -> Verdict:
    """What is wrong with a number that is no subscriber's."""
    if not number:
        return Verdict.NO_NUMBER
    return Verdict.SHORTENED if is_shortened(number) else Verdict.UNKNOWN


def _mistimed(facts: Facts) -> Judged | None:
    assert facts.day is not None
    if facts.day < facts.today:
        return Judged(Verdict.PAST, facts.today.isoformat())
    if facts.day < facts.earliest:
        return Judged(Verdict.TOO_SOON, facts.earliest.isoformat())
    if facts.day < facts.open_from:
        return Judged(Verdict.CLOSED_MONTH, facts.open_from.isoformat())
    return None


def _unfit(facts: Facts) -> Judged | None:
    assert facts.day is not None
    if facts.state != SubscriberState.ACTIVE.value:
        return Judged(Verdict.NOT_ACTIVE)
    if facts.has_open_request:
        return Judged(Verdict.OPEN_REQUEST)
    is_on = any(term.reaches(facts.day) for term in facts.terms)
    if facts.action == ON and is_on:
        return Judged(Verdict.ALREADY_ON)
    if facts.action == OFF and not is_on:
        return Judged(Verdict.ALREADY_OFF)
    return None


def _hung(facts: Facts) -> Judged:
    """On what the option hangs: the earliest subscription in force on the day."""
    assert facts.day is not None
    if not facts.subscriptions:
        return Judged(Verdict.NO_SUBSCRIPTION)
    for one in facts.subscriptions:
        if one.holds_on(facts.day):
            return Judged(Verdict.OK, subscription_id=one.id)
    coming = [one.since for one in facts.subscriptions if one.since > facts.day]
    if coming:
        return Judged(Verdict.NOT_BEGUN, min(coming).isoformat())
    ends = [one.until for one in facts.subscriptions if one.until is not None]
    return Judged(Verdict.ENDED, max(ends).isoformat())


def begins_on(asked: dt.date, done: dt.date) -> dt.date:
    """The day an option is charged from: as asked, or the day it was really switched on where that was later."""
    return max(asked, done)


def first_open_day(closed: Sequence[dt.date], day: dt.date) -> dt.date:
    """The first day from `day` on whose month is not among the closed ones (first days of months)."""
    month = Month.of(day)
    while month.first_day in closed:
        month = month.shift(1)
    return max(day, month.first_day)
