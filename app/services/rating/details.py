"""The detail of an account's month as XLSX, streamed: every record with its charge, sub-totals by subscriber and class.

Totals are formulas over the records, with the figures they come to: what is kept for them is where the rows of each
subscriber stand, so memory is that of the subscribers and not of the records.
Charges of the detail have 4 decimals; an invoice line rounds their sum once, so only sums agree with the invoice.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.money import FINE
from app.core.period import Month
from app.models import Account, Seller, Subscriber, Usage
from app.reports.render import sheet, xlsx
from app.reports.render.xlsx import Column
from app.rules.rating import Clock, TimeClass
from app.services.numbers import as_given
from app.services.rating import sealing, tariffs
from app.services.rating.taxes import services_of, split_tax

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
class Report:
    """One account's month: where the rows come from and what they are called."""

    session: Session
    account: Account
    month: Month
    say: Say

    def __post_init__(self) -> None:
        seller = self.session.get_one(Seller, self.account.seller_id)
        self.clock: Clock = tariffs.clock_for(self.session, seller)
        self.services = services_of(self.session, self.account, seller)
        query = sa.select(Subscriber.id, as_given()).where(Subscriber.account_id == self.account.id)
        self.numbers: dict[int | None, str] = {one: number for one, number in self.session.execute(query)}
        self.words = {word: self.say(text) if text else "" for word, text in WORDS.items()}
        self.sums: dict[tuple[int | None, str], list[int]] = {}
        self.at: int | None = None  # the subscriber of the record that was read last
        self.places: dict[int | None, list[tuple[str, int, int]]] = {}  # sheet, first and last row of their records

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
            self.at = subscriber
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
    count, number, page, name, known = 0, LAST_ROW, None, "", False
    places: list[tuple[str, int, int]] = []
    at: int | None = None
    for row in report.rows():
        if number >= LAST_ROW:
            if page is not None:
                page.end(f"A1:{letters[-1]}{number}")
            page, number, known = _begin(book, report.say, N_("Detail"), COLUMNS), 1, False
            name = book.names[-1].replace("'", "''")
        number += 1
        if not known or report.at != at:
            at, known = report.at, True
            places = report.places.setdefault(at, [])
            places.append((name, number, number))
        else:
            places[-1] = (name, places[-1][1], number)
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
            word = report.words.get(kind, kind)
            rows.add(number, word, sums, _of_records(report.places[subscriber], word))
            _add(total, sums)
        first, last = rows.number - len(listed) + 1, rows.number
        rows.add(number, report.say(N_("Total")), total, _sum_of(first, last), "bold")
    last, everybody = rows.number, report.say(N_("All subscribers"))
    for kind, sums in sorted(by_class.items()):
        word = report.words.get(kind, kind)
        rows.add(everybody, word, sums, _of_class(last, word), "total")
    rows.add(everybody, report.say(N_("Total")), everything, _sum_of(last + 1, rows.number), "total")
    page.end()


Formula = Callable[[str], str]  # of a column of the totals, by its letter
_SOURCE = {"D": "I", "E": "K", "F": "L"}  # column of the totals → column of the records


def _sum_of(first: int, last: int) -> Formula:
    """Of rows of the totals."""
    return lambda letter: f"SUM({letter}{first}:{letter}{last})"


def _of_class(last: int, word: str) -> Formula:
    """Of the rows of the totals down to one, those of a class."""
    return lambda letter: f"SUMIFS({letter}$2:{letter}${last},B$2:B${last},{_asked(word)})"


def _of_records(places: list[tuple[str, int, int]], word: str) -> Formula:
    """Of a subscriber's records, which stand together (on two sheets where one is full), those of a class."""

    def formula(letter: str) -> str:
        parts = []
        for name, first, last in places:
            classes = f"'{name}'!H{first}:H{last},{_asked(word)}"
            source = _SOURCE.get(letter)
            parts.append(
                f"SUMIFS('{name}'!{source}{first}:{source}{last},{classes})" if source else f"COUNTIFS({classes})"
            )
        return "+".join(parts)

    return formula


def _asked(word: str) -> str:
    """A class as a condition: its word, or cells with nothing in them."""
    return f'"{word}"' if word else '"="'


def _add(into: list[int], what: list[int]) -> None:
    for at, value in enumerate(what):
        into[at] += value


class _Rows:
    """Rows of sums in their looks."""

    def __init__(self, page: sheet.Sheet, columns: tuple[tuple[str, str, float], ...]) -> None:
        self.page, self.number, self.columns = page, 1, columns
        letters = [sheet.column_letters(at) for at in range(len(columns))]
        self.writers = {
            look: [sheet.cell_writer(x, kind, look) for x, (_, kind, _) in zip(letters, columns, strict=True)]
            for look in ("plain", "bold", "total")
        }

    def add(self, subscriber: str, kind: str, sums: list[int], formula: Formula, look: str = "plain") -> None:
        """A row of sums: formulas and what they come to."""
        self.number += 1
        at, (records, quantity, net, tax) = self.number, sums
        figures = (records, _fine(quantity), _fine(net), _fine(tax), _fine(net + tax))
        cells = [write(cell, at) for write, cell in zip(self.writers[look], (subscriber, kind), strict=False)]
        for letter, figure, (_, form, _width) in zip("CDEFG", figures, self.columns[2:], strict=True):
            told = f"ROUND(E{at}+F{at},4)" if letter == "G" else _rounded(formula(letter), letter)
            cells.append(sheet.formula_cell(f"{letter}{at}", f"={told}", figure, sheet.style(form, look)))
        self.page.row(at, "".join(cells))


def _rounded(formula: str, letter: str) -> str:
    """Sums of binary fractions come to the fourth decimal that is printed; a count is whole anyway."""
    return formula if letter == "C" else f"ROUND({formula},4)"


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
