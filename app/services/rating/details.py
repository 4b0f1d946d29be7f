"""The detail of an account's month as XLSX, streamed: every record with its charge, sub-totals by subscriber and class.

Charges of the detail have 4 decimals; an invoice line rounds their sum once, so only sums agree with the invoice.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.money import FINE, divide_half_up
from app.core.period import Month
from app.models import Account, Component, Plan, Seller, Subscriber, TaxRate, Usage
from app.reports.render import sheet, xlsx
from app.reports.render.xlsx import Column
from app.rules.rating import Clock, TimeClass
from app.services.rating import sealing, tariffs

NOTHING = N_("Nothing was used on this account in %(month)s.")
LAST_ROW = sheet.LAST_ROW
Say = Callable[[str], str]

# Messages of the columns; entry points pass the translation.
COLUMNS: tuple[tuple[str, str, float], ...] = (
    (N_("Date"), "date", 11),
    (N_("Time"), "text", 10),
    (N_("Subscriber"), "text", 16),
    (N_("Number"), "text", 18),
    (N_("Direction"), "text", 11),
    (N_("Service"), "text", 26),
    (N_("Zone"), "text", 20),
    (N_("Time class"), "text", 16),
    (N_("Volume"), "quantity", 12),
    (N_("Unit"), "text", 10),
    (N_("Net"), "fine", 13),
    (N_("VAT"), "fine", 13),
)
WORDS = {
    "in": N_("incoming"),
    "out": N_("outgoing"),
    TimeClass.WORK.value: N_("working hours"),
    TimeClass.OFF.value: N_("other hours"),
    TimeClass.HOLIDAY.value: N_("weekends and holidays"),
    "": "",
}


@dataclass
class _Service:
    """A component as the detail shows it, and the tax in force on a day."""

    name: str
    unit: str
    tax_included: bool
    rates: list[tuple[dt.date, dt.date | None, int]]
    _by_day: dict[dt.date, int] = field(default_factory=dict)

    def tax_on(self, day: dt.date) -> int:
        """Percent × 100; 0 where nothing is taxed."""
        known = self._by_day.get(day)
        if known is None:
            fit = (bp for since, until, bp in self.rates if since <= day and (until is None or day < until))
            known = self._by_day[day] = next(fit, 0)
        return known


def split_tax(amount: int, tax_bp: int, is_included: bool) -> tuple[int, int]:
    """(net, tax) of a charge, in ten-thousandths."""
    within = 10_000 + tax_bp if is_included else 10_000
    tax = divide_half_up(amount * tax_bp, within)
    return (amount - tax if is_included else amount), tax


@dataclass
class Report:
    """One account's month: where the rows come from and what they are called."""

    session: Session
    account: Account
    month: Month
    say: Say

    def __post_init__(self) -> None:
        seller = self.session.get_one(Seller, self.account.seller_id)
        self.clock: Clock = tariffs.clock_for(self.session, seller)
        self.services = _services(self.session, self.account, seller)
        query = sa.select(Subscriber.id, Subscriber.number).where(Subscriber.account_id == self.account.id)
        self.numbers: dict[int | None, str] = {one: number for one, number in self.session.execute(query)}
        self.words = {word: self.say(text) if text else "" for word, text in WORDS.items()}
        self.sums: dict[tuple[int | None, str], list[int]] = {}

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Every record as cells, subscriber after subscriber; sums are counted on the way."""
        taxes: dict[tuple[int, int, bool], tuple[int, int, Decimal, Decimal]] = {}
        words, numbers, services, sums = self.words, self.numbers, self.services, self.sums
        for row in self._records():
            subscriber, component, moment, other, direction, zone, kind, quantity, amount = row
            local = self.clock.local(moment.replace(tzinfo=dt.UTC))
            service = services[component]
            net = tax = None
            own = sums.get((subscriber, kind))
            if own is None:
                own = sums[subscriber, kind] = [0, 0, 0, 0]
            own[0] += 1
            own[1] += quantity
            if amount is not None:
                key = (amount, service.tax_on(local.date()), service.tax_included)
                known = taxes.get(key)
                if known is None:
                    if len(taxes) > 100_000:
                        taxes.clear()
                    pair = split_tax(*key)
                    known = taxes[key] = (*pair, _fine(pair[0]), _fine(pair[1]))
                net, tax = known[2], known[3]
                own[2] += known[0]
                own[3] += known[1]
            yield (
                local.date(),
                f"{local.hour:02d}:{local.minute:02d}:{local.second:02d}",
                numbers.get(subscriber, ""),
                other,
                words.get(direction, direction),
                service.name,
                zone,
                words.get(kind, kind),
                _fine(quantity),
                service.unit,
                net,
                tax,
            )

    def _records(self) -> Iterator[Any]:
        usage, period = Usage.__table__.c, self.month.period
        query = (
            sa.select(
                usage.subscriber_id,
                usage.component_id,
                sa.type_coerce(usage.occurred_at, sa.DateTime),
                usage.other_number,
                usage.direction,
                usage.destination,
                usage.time_class,
                sa.type_coerce(usage.quantity, sa.BigInteger),
                sa.type_coerce(usage.amount, sa.BigInteger),
            )
            .where(usage.account_id == self.account.id, usage.day >= period.start, usage.day < period.end)
            .order_by(usage.subscriber_id, usage.occurred_at, usage.id)
        )
        return iter(self.session.connection().execute(query, execution_options={"yield_per": 2000}))


def _fine(value: int) -> Decimal:
    return Decimal(value) / FINE


def _services(session: Session, account: Account, seller: Seller) -> dict[int, _Service]:
    """The components an account of this Seller may have used, with their taxes."""
    rates: dict[str, list[tuple[dt.date, dt.date | None, int]]] = {}
    for one in session.scalars(sa.select(TaxRate).where(TaxRate.country == seller.country)):
        rates.setdefault(one.category, []).append((one.valid_from, one.valid_to, one.rate_bp))
    rates.setdefault("telecom", rates.get("standard", []))
    query = sa.select(Component.id, Component.name, Component.unit, Plan.tax_included, Plan.tax_category)
    query = query.join(Plan, Plan.id == Component.plan_id).where(
        Plan.seller_id == account.seller_id, Component.charged == "usage"
    )
    return {
        one: _Service(name, unit, included, rates.get(category, []) if seller.vat_payer else [])
        for one, name, unit, included, category in session.execute(query)
    }


def write(session: Session, actor: Actor, account_id: int, month: Month, out: BinaryIO, say: Say) -> int:
    """Write the detail of an account's month; how many records it has."""
    report = open_report(session, actor, account_id, month, say)
    book = sheet.Book(out)
    count = _write_records(book, report)
    if not count:
        raise Refused(NOTHING, month=str(month))
    _write_sums(book, report)
    book.close()
    return count


def open_report(session: Session, actor: Actor, account_id: int, month: Month, say: Say) -> Report:
    """The account, where this person may see its charges."""
    actor.need(Right.DOCUMENTS_READ if actor.is_staff else Right.CABINET_DOCUMENTS)
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    return Report(session, account, month, say)


def _write_records(book: sheet.Book, report: Report) -> int:
    """Sheets of records with a frozen, filtered header; a subscriber's records stand together."""
    kinds = [kind for _, kind, _ in COLUMNS]
    letters = [sheet.column_letters(at) for at in range(len(COLUMNS))]
    writers = [sheet.cell_writer(letter, kind) for letter, kind in zip(letters, kinds, strict=True)]
    count, number, page = 0, LAST_ROW, None
    for row in report.rows():
        if number >= LAST_ROW:
            if page is not None:
                page.end(f"A1:{letters[-1]}{number}")
            page, number = _begin(book, report.say, N_("Detail"), COLUMNS), 1
        number += 1
        page.row(number, "".join([write(cell, number) for write, cell in zip(writers, row, strict=True)]))  # type: ignore[union-attr]
        count += 1
    if page is not None:
        page.end(f"A1:{letters[-1]}{number}")
    return count


def _begin(book: sheet.Book, say: Say, name: str, columns: tuple[tuple[str, str, float], ...]) -> sheet.Sheet:
    page = book.sheet(say(name))
    page.begin([width for _, _, width in columns], frozen_row=1, landscape=True)
    header = sheet.style("header")
    titles = (sheet.text_cell(f"{sheet.column_letters(at)}1", say(t), header) for at, (t, _, _) in enumerate(columns))
    page.row(1, "".join(titles), 30)
    return page


_SUM_COLUMNS = (
    COLUMNS[2],
    COLUMNS[7],
    (N_("Records"), "int", 10),
    (N_("Volume"), "quantity", 14),
    COLUMNS[10],
    COLUMNS[11],
    (N_("Sum"), "fine", 14),
)


def _write_sums(book: sheet.Book, report: Report) -> None:
    """By subscriber and class, a total a subscriber, then by class and in all."""
    page = _begin(book, report.say, N_("Totals"), _SUM_COLUMNS)
    rows = _Rows(page, _SUM_COLUMNS)
    by_class: dict[str, list[int]] = {}
    everything = [0, 0, 0, 0]
    grouped: dict[int | None, list[tuple[str, list[int]]]] = {}
    for (subscriber, kind), sums in report.sums.items():
        grouped.setdefault(subscriber, []).append((kind, sums))
        _add(by_class.setdefault(kind, [0, 0, 0, 0]), sums)
        _add(everything, sums)
    for subscriber, listed in grouped.items():
        total, number = [0, 0, 0, 0], report.numbers.get(subscriber, "")
        for kind, sums in sorted(listed):
            rows.add(number, report.words.get(kind, kind), sums)
            _add(total, sums)
        rows.add(number, report.say(N_("Total")), total, "bold")
    for kind, sums in sorted(by_class.items()):
        rows.add(report.say(N_("All subscribers")), report.words.get(kind, kind), sums, "total")
    rows.add(report.say(N_("All subscribers")), report.say(N_("Total")), everything, "total")
    page.end()


def _add(into: list[int], what: list[int]) -> None:
    for at, value in enumerate(what):
        into[at] += value


class _Rows:
    """Rows of sums in their looks."""

    def __init__(self, page: sheet.Sheet, columns: tuple[tuple[str, str, float], ...]) -> None:
        self.page, self.number = page, 1
        letters = [sheet.column_letters(at) for at in range(len(columns))]
        self.writers = {
            look: [sheet.cell_writer(x, kind, look) for x, (_, kind, _) in zip(letters, columns, strict=True)]
            for look in ("plain", "bold", "total")
        }

    def add(self, subscriber: str, kind: str, sums: list[int], look: str = "plain") -> None:
        """A row of sums."""
        self.number += 1
        records, quantity, net, tax = sums
        cells = (subscriber, kind, records, _fine(quantity), _fine(net), _fine(tax), _fine(net + tax))
        row = "".join(write(cell, self.number) for write, cell in zip(self.writers[look], cells, strict=True))
        self.page.row(self.number, row)


# ---- by time class ------------------------------------------------------------------------------------------------


def write_classes(
    session: Session, actor: Actor, data_dir: Path, account_id: int, month: Month, out: BinaryIO, say: Say
) -> int:
    """An account's month by subscriber × service × time class: a closed month from its sealed files."""
    report = open_report(session, actor, account_id, month, say)
    kinds = ("text", "text", "text", "int", "quantity", "text", "fine")
    titles = ("Subscriber", "Service", "Time class", "Records", "Volume", "Unit", "Amount")
    columns = [Column(say(title), kind, 18) for title, kind in zip(titles, kinds, strict=True)]
    seller_id = report.account.seller_id
    rows = (
        (
            report.numbers.get(one.subscriber_id, ""),
            report.services[one.component_id].name,
            report.words.get(one.time_class, one.time_class),
            one.records,
            _fine(one.quantity),
            report.services[one.component_id].unit,
            _fine(one.amount),
        )
        for one in sealing.totals(session, data_dir, seller_id, month, account_id)
    )
    count = xlsx.write_register(out, columns, rows, (say("Records"), say("Amount")), say(N_("Totals")), say("Total"))
    if not count:
        raise Refused(NOTHING, month=str(month))
    return count
