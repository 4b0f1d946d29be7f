"""The calendar of policies: windows, lead times and limits as data, and what they mean on a given day.

A Seller's table of policies holds a kind and its settings; what it leaves out stands in DEFAULTS, the numbers of the
seeds (`product.md`). Days are business days of the Seller's zone; instants are UTC.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from app.core.errors import N_, Refused
from app.core.period import Month, Period


class PolicyKind(StrEnum):
    """What a policy is about; the checklist rows are named beside the defaults."""

    INVOICE_CLOSED_WINDOW = "invoice_closed_window"
    RENAME_FREEZE = "rename_freeze"
    RENAME_PROMISE = "rename_promise"
    RENAME_LIST = "rename_list"
    INVOICING_DAY = "invoicing_day"
    INVOICE_DUE = "invoice_due"
    GRACE = "grace"
    CREDIT_BLOCK = "credit_block"
    DUE_REMINDER = "due_reminder"
    BLOCK_WARNING = "block_warning"
    INVOICE_DOWNLOAD = "invoice_download"
    REQUEST_HISTORY = "request_history"
    OPTION_LEAD = "option_lead"
    WORKING_HOURS = "working_hours"
    RENEWAL_ATTEMPT = "renewal_attempt"
    RENEWAL_ATTEMPT_EARLY = "renewal_attempt_early"
    RENEWAL_RETRY = "renewal_retry"
    RENEWAL_GRACE = "renewal_grace"
    EXTENSION = "extension"
    SEAT_ASSIGNMENT = "seat_assignment"
    DELIVERY_ADDRESSES = "delivery_addresses"
    MESSENGER = "messenger"
    AUTOPAYMENT_MARGIN = "autopayment_margin"
    PAYMENT_MATCH = "payment_match"
    NUMBER_QUARANTINE = "number_quarantine"
    HOLIDAYS = "holidays"
    SECOND_FACTOR = "second_factor"
    ORDER_WAITS = "order_waits"


DEFAULTS: dict[PolicyKind, dict[str, Any]] = {
    PolicyKind.INVOICE_CLOSED_WINDOW: {"first_day": 1, "last_day": 3},  # A1-07
    PolicyKind.RENAME_FREEZE: {"last_days": 2, "queue": True},  # A1-14; queue: wait for the first allowed minute
    PolicyKind.RENAME_PROMISE: {"hours": 24},  # A1-13
    PolicyKind.RENAME_LIST: {"lines": 50_000, "characters": 100},  # A1-12; of a list, and of a name
    PolicyKind.INVOICING_DAY: {"day": 1},  # AST-110
    PolicyKind.INVOICE_DUE: {"days": 15},  # AST-111; the day of issue is the first of them
    PolicyKind.GRACE: {"days": 15},  # AST-112; from the first overdue day
    PolicyKind.CREDIT_BLOCK: {"days": None},  # AST-113; days after issue; None: the last day of grace (issue + 29)
    PolicyKind.DUE_REMINDER: {"days_before": 3},  # AST-121
    PolicyKind.BLOCK_WARNING: {"days_before": 5},  # AST-123
    PolicyKind.INVOICE_DOWNLOAD: {"months": 2},  # A1-23
    PolicyKind.REQUEST_HISTORY: {"months": 2},  # A1-17
    PolicyKind.OPTION_LEAD: {"days": 0},  # so many days before an option can be switched
    PolicyKind.WORKING_HOURS: {"start": "09:00", "end": "18:00"},  # A1-31
    PolicyKind.RENEWAL_ATTEMPT: {"days_before": 1},  # AST-152
    PolicyKind.RENEWAL_ATTEMPT_EARLY: {"days_before": 60},  # AST-153: domain names, SSL certificates
    PolicyKind.RENEWAL_RETRY: {"days": 1},  # AST-156
    PolicyKind.RENEWAL_GRACE: {"days": 30},  # so long a service that is not renewed is stopped before it ends
    PolicyKind.EXTENSION: {"days": 7, "sessions": 2, "bases": 8, "times": 1},  # FRS-03…07
    PolicyKind.SEAT_ASSIGNMENT: {"users": 20},  # M365-12
    PolicyKind.DELIVERY_ADDRESSES: {"characters": 200},  # A1-35
    PolicyKind.MESSENGER: {"characters": 255, "files": 5},  # AST-189
    PolicyKind.AUTOPAYMENT_MARGIN: {"percent": 10},  # AST-105
    PolicyKind.PAYMENT_MATCH: {"days": 5},  # A1-05: so far apart the customer's day and the bank's may be
    PolicyKind.NUMBER_QUARANTINE: {"days": 90},  # domain.md §5
    PolicyKind.HOLIDAYS: {"observe_suspended": False},  # UA: holidays are working days while martial law lasts
    PolicyKind.SECOND_FACTOR: {"demanded": False, "kind": "any"},  # SMC-17; a kind of FACTOR_KINDS
    PolicyKind.ORDER_WAITS: {"days": 14},  # so long an order waits for its money
}
FACTOR_KINDS = ("any", "strong", "passkey")  # strong: an authenticator or a passkey
LARGEST = {"lines": 200_000}  # what is no number of days or hours
WINDOW_KINDS = (PolicyKind.INVOICE_CLOSED_WINDOW, PolicyKind.RENAME_FREEZE)


@dataclass(frozen=True)
class Policy:
    """One line of the calendar, complete: its settings are the Seller's over the defaults."""

    kind: PolicyKind
    settings: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]


Calendar = Mapping[PolicyKind, Policy]


def policy_of(kind: PolicyKind | str, settings: Mapping[str, Any] | None = None) -> Policy:
    """The policy of `kind` with `settings` over the defaults; Refused where one cannot be meant."""
    kind = PolicyKind(kind)
    defaults = DEFAULTS[kind]
    given = {name: value for name, value in (settings or {}).items() if value is not None}
    for name, value in given.items():
        _check_setting(kind, name, value, defaults)
    policy = Policy(kind, {**defaults, **given})
    _check_policy(policy)
    return policy


def calendar_of(rows: Mapping[str, Mapping[str, Any]] | None = None) -> Calendar:
    """The whole calendar of a Seller from its rows (kind → settings); Refused where they contradict each other."""
    calendar = {kind: policy_of(kind, (rows or {}).get(kind.value)) for kind in PolicyKind}
    dates_of_invoice(dt.date(2026, 1, 1), calendar)
    return calendar


def _check_setting(kind: PolicyKind, name: str, value: Any, defaults: Mapping[str, Any]) -> None:
    if name not in defaults:
        raise Refused(
            N_("The policy «%(kind)s» has no setting «%(name)s»: its settings are %(known)s."),
            kind=kind.value,
            name=name,
            known=", ".join(defaults),
        )
    wanted = type(defaults[name]) if defaults[name] is not None else int
    if type(value) is not wanted:  # True is an int for isinstance, not for a person
        raise Refused(
            N_("«%(name)s» of the policy «%(kind)s» cannot be «%(value)s»."), kind=kind.value, name=name, value=value
        )
    if wanted is int and not 0 <= value <= LARGEST.get(name, 3660):
        raise Refused(
            N_("«%(name)s» of the policy «%(kind)s» is a number from 0 to %(largest)s, not %(value)s."),
            kind=kind.value,
            name=name,
            largest=LARGEST.get(name, 3660),
            value=value,
        )


def _check_policy(policy: Policy) -> None:
    if policy.kind is PolicyKind.INVOICE_CLOSED_WINDOW and not 1 <= policy["first_day"] <= policy["last_day"] <= 27:
        raise Refused(N_("The closed window goes from a day of the month to a later one, the 27th at most."))
    if policy.kind is PolicyKind.RENAME_FREEZE and policy["last_days"] > 27:
        raise Refused(N_("The freeze takes the last 27 days of a month at most: some days must stay open."))
    if policy.kind is PolicyKind.INVOICING_DAY and not 1 <= policy["day"] <= 28:
        raise Refused(N_("Invoices are formed on a day from 1 to 28: every month has it."))
    if policy.kind is PolicyKind.INVOICE_DUE and policy["days"] < 1:
        raise Refused(N_("An invoice must leave at least one day to pay it."))
    if policy.kind is PolicyKind.RENEWAL_RETRY and policy["days"] < 1:
        raise Refused(N_("A renewal that failed is tried again after one day at the earliest."))
    if policy.kind is PolicyKind.RENAME_LIST and not (policy["lines"] and 1 <= policy["characters"] <= 200):
        raise Refused(N_("A list of names has at least one line, and a name from 1 to 200 characters."))
    if policy.kind is PolicyKind.WORKING_HOURS:
        _read_hours(policy)
    if policy.kind is PolicyKind.SECOND_FACTOR and policy["kind"] not in FACTOR_KINDS:
        raise Refused(N_("The kind of the second step is one of %(known)s."), known=", ".join(FACTOR_KINDS))


def _read_hours(policy: Policy) -> tuple[dt.time, dt.time]:
    try:
        start, end = dt.time.fromisoformat(policy["start"]), dt.time.fromisoformat(policy["end"])
    except ValueError as error:
        raise Refused(N_("Working hours are written as 09:00 and 18:00.")) from error
    if start >= end:
        raise Refused(N_("Working hours must begin before they end."))
    return start, end


# ---- windows ------------------------------------------------------------------------------------------------------


def window_in(policy: Policy, month: Month) -> Period | None:
    """The days of `month` in which the policy closes something, or None where it closes nothing."""
    days = month.period
    if policy.kind is PolicyKind.INVOICE_CLOSED_WINDOW:
        first = days.start + dt.timedelta(policy["first_day"] - 1)
        return Period(first, days.start + dt.timedelta(policy["last_day"]))
    if policy.kind is PolicyKind.RENAME_FREEZE:
        return Period(days.end - dt.timedelta(policy["last_days"]), days.end) if policy["last_days"] else None
    raise ValueError(f"{policy.kind} is not a window")


def window_on(policy: Policy, day: dt.date) -> Period | None:
    """The closed window `day` is in, or None where the day is open."""
    window = window_in(policy, Month.of(day))
    return window if window and day in window else None


def window_at(policy: Policy, moment: dt.datetime, zone: str) -> Period | None:
    """The closed window an instant is in, by the business day of `zone`."""
    return window_on(policy, moment.astimezone(ZoneInfo(zone)).date())


def next_window(policy: Policy, day: dt.date) -> Period | None:
    """The window `day` is in or the first after it: what a page announces beforehand."""
    for month in (Month.of(day), Month.of(day).shift(1)):
        window = window_in(policy, month)
        if window and day < window.end:
            return window
    return None


def opens_on(policy: Policy, day: dt.date) -> dt.date:
    """The first open day from `day` on: itself where it is open."""
    while window := window_on(policy, day):
        day = window.end
    return day


def opens_at(policy: Policy, moment: dt.datetime, zone: str) -> dt.datetime:
    """The first allowed instant from `moment` on (UTC): itself where it is open, else midnight of the opening day."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    opening = opens_on(policy, day)
    return moment if opening == day else midnight(opening, zone)


def midnight(day: dt.date, zone: str) -> dt.datetime:
    """The instant (UTC) at which a business day of `zone` begins."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)


def closed(policy: Policy, moment: dt.datetime, zone: str) -> Refused | None:
    """The refusal of what is asked inside the policy's window: names the rule and the day it opens; None where open.

    Say it with `raise`; a page shows the same sentence beforehand.
    """
    window = window_at(policy, moment, zone)
    if window is None:
        return None
    day = moment.astimezone(ZoneInfo(zone)).date()
    return Refused(CLOSED[policy.kind], first=window.start, last=window.last_day, opens=opens_on(policy, day))


def resting(policy: Policy, number: str, released_on: dt.date, day: dt.date) -> Refused | None:
    """The refusal of a released number to another account on a day: names the rule and the day it can be given."""
    opens = released_on + dt.timedelta(policy["days"])
    if day >= opens:
        return None
    return Refused(RESTS, number=number, released=released_on, days=policy["days"], opens=opens)


RESTS = N_(
    "The number %(number)s was released on %(released)s, and a released number rests for %(days)s days before it is "
    "given to anybody else. Give it from %(opens)s."
)
CLOSED: dict[PolicyKind, str] = {
    PolicyKind.INVOICE_CLOSED_WINDOW: N_(
        "Invoices are being formed from %(first)s to %(last)s, so they cannot be ordered. Order again from %(opens)s."
    ),
    PolicyKind.RENAME_FREEZE: N_(
        "From %(first)s to %(last)s, the last days of the month, subscribers are renamed by written application only. "
        "Rename here again from %(opens)s."
    ),
}


# ---- an invoice and its credit ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InvoiceDates:
    """What happens to an invoice on which day if it is not paid."""

    issued_on: dt.date
    remind_on: dt.date
    due_on: dt.date  # the last day to pay in time
    overdue_on: dt.date
    warn_on: dt.date
    last_day_to_pay: dt.date  # before the block: the «29 August» of the seed
    block_on: dt.date


def dates_of_invoice(issued_on: dt.date, calendar: Calendar) -> InvoiceDates:
    """The days of an invoice issued on 1 January: due 15, overdue 16, blocked 30 January (AST-110…113, 120…124)."""
    due_days = calendar[PolicyKind.INVOICE_DUE]["days"]
    block_days = calendar[PolicyKind.CREDIT_BLOCK]["days"]
    if block_days is None:
        block_days = max(due_days + calendar[PolicyKind.GRACE]["days"] - 1, due_days)
    if block_days < due_days:
        raise Refused(N_("The block must not come before an invoice is overdue: give it %(days)s days."), days=due_days)

    def on(days: int) -> dt.date:
        return issued_on + dt.timedelta(days)

    return InvoiceDates(
        issued_on=issued_on,
        remind_on=on(max(due_days - 1 - calendar[PolicyKind.DUE_REMINDER]["days_before"], 0)),
        due_on=on(due_days - 1),
        overdue_on=on(due_days),
        warn_on=on(max(block_days - calendar[PolicyKind.BLOCK_WARNING]["days_before"], 0)),
        last_day_to_pay=on(block_days - 1),
        block_on=on(block_days),
    )


# ---- renewals, extensions, downloads ------------------------------------------------------------------------------


def renewal_on(ends_on: dt.date, is_early: bool, calendar: Calendar) -> dt.date:
    """The day a renewal is first charged; `is_early` for domain names and certificates (AST-152, AST-153)."""
    kind = PolicyKind.RENEWAL_ATTEMPT_EARLY if is_early else PolicyKind.RENEWAL_ATTEMPT
    return ends_on - dt.timedelta(calendar[kind]["days_before"])


def renewal_retry_on(failed_on: dt.date, calendar: Calendar) -> dt.date:
    """The day a failed renewal is charged again (AST-156)."""
    return failed_on + dt.timedelta(calendar[PolicyKind.RENEWAL_RETRY]["days"])


def months_open(policy: Policy, day: dt.date) -> tuple[Month, ...]:
    """The closed months whose documents may be taken on `day`, the latest first (A1-23)."""
    return tuple(Month.of(day).shift(-back) for back in range(1, policy["months"] + 1))


def link_opens(calendar: Calendar, month: Month) -> dt.date:
    """The first day the invoice of a running month may be taken: it is formed and the closed window is over (A1-07)."""
    formed = month.shift(1).first_day.replace(day=calendar[PolicyKind.INVOICING_DAY]["day"])
    window = window_on(calendar[PolicyKind.INVOICE_CLOSED_WINDOW], formed)
    return window.end if window else formed


def history_since(policy: Policy, day: dt.date) -> dt.date:
    """The first day a history shows: the current month and the months before it (A1-17)."""
    return Month.of(day).shift(-policy["months"]).first_day


# ---- the month drawn ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """Something the calendar says about a day: `what` is a kind or a field of InvoiceDates."""

    day: dt.date
    what: str


def marks_of(month: Month, calendar: Calendar) -> Iterator[Mark]:
    """What happens on each day of `month`, in order: for the page that draws it."""
    marks = [Mark(day, kind.value) for kind in WINDOW_KINDS for day in _days(window_in(calendar[kind], month))]
    # An invoice of an earlier month may still fall due in this one.
    for back in range(-(-max(calendar[PolicyKind.INVOICE_DUE]["days"], _block_days(calendar)) // 28) + 1):
        issued = month.shift(-back).first_day + dt.timedelta(calendar[PolicyKind.INVOICING_DAY]["day"] - 1)
        dates = vars(dates_of_invoice(issued, calendar))
        marks += [Mark(day, what) for what, day in dates.items() if day in month.period]
    yield from sorted(set(marks), key=lambda mark: (mark.day, mark.what))


def openings_of(month: Month, calendar: Calendar) -> Iterator[Mark]:
    """The days of `month` on which a closed window ends: asked again from then on."""
    for kind in WINDOW_KINDS:
        for one in (month.shift(-1), month):
            window = window_in(calendar[kind], one)
            opening = opens_on(calendar[kind], window.start) if window else None
            if opening is not None and opening in month.period:
                yield Mark(opening, kind.value)


def _block_days(calendar: Calendar) -> int:
    start = dt.date(2026, 1, 1)
    return (dates_of_invoice(start, calendar).block_on - start).days


def _days(period: Period | None) -> Iterator[dt.date]:
    if period:
        yield from (period.start + dt.timedelta(number) for number in range(period.days))
