"""Report on the charges of a period: a summary by service, the detail by subscriber and service where asked for."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice

from app.core.money import FOUR_PLACES, TWO_PLACES, half_up
from app.core.words import amount_in_words
from app.reports.document import (
    ZERO,
    Block,
    Blocks,
    ChargeLine,
    ChargeReportData,
    ChargeSummary,
    Column,
    Document,
    DocumentInconsistent,
    Fields,
    Formula,
    Heading,
    HoursDetail,
    HoursLine,
    Marked,
    Paragraph,
    Table,
    Total,
    Totals,
    UsageLine,
)
from app.reports.formats import Formats
from app.reports.layouts import parts
from app.reports.words import Words


def _document(data: ChargeReportData, country: str) -> Document:
    words, formats = parts.speech(data.locale, country)
    return Document(
        title=f"{words('charges')}: {data.buyer.name}, {data.account}, {formats.period(data.period)}",
        date=data.date,
        locale=words.language,
        sheet=words("sheet_charges"),
        page_label=words("page", page="{page}"),
        blocks=Blocks(lambda: _body(data, words, formats)),
        landscape=data.lines is not None,
    )


def ukrainian(data: ChargeReportData) -> Document:
    """Звіт про нарахування."""
    return _document(data, "UA")


def russian(data: ChargeReportData) -> Document:
    """Отчет о начислениях."""
    return _document(data, data.seller.country if data.seller.country in {"BY", "KZ"} else "RU")


def polish(data: ChargeReportData) -> Document:
    """Zestawienie opłat."""
    return _document(data, "PL")


def generic(data: ChargeReportData) -> Document:
    """A report on charges for any other country."""
    return _document(data, "")


Figures = tuple[Decimal, Decimal, Decimal]  # net, tax, gross


class _Sums:
    """Net, tax and gross of what has passed."""

    def __init__(self) -> None:
        self.net = self.tax = self.gross = ZERO
        self.count = 0

    def add(self, line: ChargeLine | ChargeSummary) -> None:
        self.net += line.net
        self.tax += line.tax
        self.gross += line.gross
        self.count += 1

    def rounding(self, data: ChargeReportData, allowed: Decimal) -> Figures:
        """What the totals have above the rounded sums; refused beyond the given rounding and `allowed`."""
        given = (("net", data.net), ("tax", data.tax), ("gross", data.gross))
        found = (half_up(self.net), half_up(self.tax), half_up(self.gross))
        for (name, total), summed, rounding in zip(given, found, data.rounding, strict=True):
            if abs(total - summed - rounding) > allowed:
                raise DocumentInconsistent(data.number or data.account, name, total, summed + rounding)
        return data.net - found[0], data.tax - found[1], data.gross - found[2]


def _body(data: ChargeReportData, words: Words, formats: Formats) -> Iterator[Block]:
    title = f"{words('charges')} {words('numbered', number=data.number)}" if data.number else words("charges")
    yield Heading(title, rule=True)
    yield Fields(_terms(data, words, formats), 38)
    if data.known_at:
        yield Paragraph(words("charges_running", moment=data.known_at), bold=True)
    if not data.summary:
        yield Paragraph(words("no_charges"), bold=True)
        return
    yield _summary(data, words)
    if data.lines is None:
        yield from _totals(data, words, _summed(data).rounding(data, ZERO))
        return
    _summed(data).rounding(data, ZERO)
    sums = _Sums()
    yield _detail(data, data.lines, words, sums)
    yield from _totals(data, words, sums.rounding(data, _apart(sums)))
    if data.by_hours is not None:
        yield _by_hours(data.by_hours, words)
        for kind, events in data.by_hours.events.items():
            yield from _events(data.by_hours, kind, events, words)


def _terms(data: ChargeReportData, words: Words, formats: Formats) -> list[tuple[str, str]]:
    rows = [
        (words("seller") + ":", parts.party_in_line(words, data.seller)),
        (words("customer") + ":", parts.party_in_line(words, data.buyer)),
        (words("account_label") + ":", data.account),
        (words("period") + ":", formats.period(data.period)),
    ]
    if data.contract is not None:
        rows.insert(2, (words("contract") + ":", parts.reference(words, formats, data.contract)))
    return rows


def _summed(data: ChargeReportData) -> _Sums:
    sums = _Sums()
    for line in data.summary:
        sums.add(line)
    return sums


def _apart(sums: _Sums) -> Decimal:
    """How far the taxes of single charges, each of 4 decimals, may lie from the tax of their sum: half a digit each."""
    return half_up(sums.count * FOUR_PLACES / 2) + TWO_PLACES


def _amounts(words: Words, kind: str = "fine") -> tuple[Column, ...]:
    return (
        Column("net", words("net_amount"), kind, 26),
        Column("tax", words("vat"), kind, 24),
        Column("gross", words("gross_short"), kind, 26),
    )


def _summary(data: ChargeReportData, words: Words) -> Table:
    columns = (
        Column("service", words("service")),
        Column("quantity", words("quantity"), "quantity", 24),
        Column("unit", words("unit"), "text", 16),
        *_amounts(words),
    )
    rows: list[Sequence[object] | Marked] = [
        (line.service, line.quantity, line.unit, line.net, line.tax, line.gross) for line in data.summary
    ]
    if data.lines is not None:  # the report's totals stand under the detail, on another sheet
        sums = _summed(data)
        added = (
            Formula("=SUM([net])", sums.net),
            Formula("=SUM([tax])", sums.tax),
            Formula("=SUM([gross])", sums.gross),
        )
        rows.append(Marked((words("total"), None, None, *added)))
    return Table(columns, rows, ("net", "tax", "gross"), words("carried"), 7.5, title=words("charges_summary"))


def _detail(data: ChargeReportData, lines: Iterable[ChargeLine], words: Words, sums: _Sums) -> Table:
    columns = (
        Column("subscriber", words("subscriber"), "text", 30),
        Column("subscriber_name", words("subscriber_name"), "text", 38),
        Column("service", words("service")),
        Column("period", words("period"), "text", 27),
        *((Column("time_class", words("time_class"), "text", 22),) if data.time_classes else ()),
        Column("quantity", words("quantity"), "quantity", 18),
        Column("unit", words("unit"), "text", 13),
        Column("price", words("price"), "fine", 20),
        *(Column(c.key, c.title, c.kind, 22) for c in _amounts(words)),
    )
    return Table(
        columns,
        _detail_rows(lines, words, sums, data.time_classes),
        ("net", "tax", "gross"),
        words("carried"),
        7,
        words("sheet_charges_detail"),
        words("charges_detail"),
    )


def _detail_rows(
    lines: Iterable[ChargeLine], words: Words, sums: _Sums, classes: bool
) -> Iterator[Sequence[object] | Marked]:
    one, subscriber, count = _Sums(), None, 0
    for line in lines:
        if line.subscriber != subscriber:
            if count > 1 and subscriber:
                yield _subscriber_row(words, subscriber, one, classes)
            one, subscriber, count = _Sums(), line.subscriber, 0
        one.add(line)
        sums.add(line)
        count += 1
        yield (
            line.subscriber,
            line.subscriber_name,
            line.service,
            line.period,
            *((line.time_class,) if classes else ()),
            line.quantity,
            line.unit,
            line.unit_price if line.unit_price or not line.net else None,  # by tiers: no one price
            line.net,
            line.tax,
            line.gross,
        )
    if count > 1 and subscriber:
        yield _subscriber_row(words, subscriber, one, classes)


def _subscriber_row(words: Words, subscriber: str | None, sums: _Sums, classes: bool) -> Marked:
    label = words("subscriber_total", subscriber=subscriber)
    blank = (None,) * (5 if classes else 4)
    return Marked((None, None, label, *blank, sums.net, sums.tax, sums.gross), only="pdf")


def _totals(data: ChargeReportData, words: Words, rounding: Figures) -> Iterator[Block]:
    rows = [
        _total(words("net_amount"), data.net, "net", rounding[0]),
        _total(words("vat"), data.tax, "tax", rounding[1]),
        _total(words("to_pay"), data.gross, "gross", rounding[2]),
    ]
    if rounding[2]:
        rows.insert(2, Total(words("rounding") + ":", rounding[2], bold=False))
    yield Totals(rows)
    yield Paragraph(amount_in_words(data.gross, data.currency, words.language), bold=True)


def _total(label: str, amount: Decimal, column: str, rounding: Decimal) -> Total:
    extra = f"{rounding:+f}" if rounding else ""
    return Total(label + ":", amount, f"=ROUND(SUM([{column}]),2){extra}")


# ---- by working hours -----------------------------------------------------------------------------------------------

TIME_CLASSES = ("work", "off", "holiday")
EVENTS_OF_SHEET = 1_000_000  # a sheet holds 1 048 576 rows


def _by_hours(detail: HoursDetail, words: Words) -> Table:
    """A line a subscriber and service with its three classes; below, the sub-totals of each service."""
    columns = [
        Column("subscriber", words("subscriber"), "text", 30),
        Column("subscriber_name", words("subscriber_name"), "text", 38),
        Column("service", words("service"), "text", 45),
        Column("unit", words("unit"), "text", 16),
    ]
    for kind in TIME_CLASSES:
        group = words(f"time_{kind}", hours=detail.hours)
        columns.append(Column(f"{kind}_quantity", words("quantity"), "quantity", 22, group))
        if detail.has_amounts:
            columns.append(Column(f"{kind}_net", words("net_amount"), "fine", 22, group))
            columns.append(Column(f"{kind}_tax", words("vat"), "fine", 20, group))
    title = words("charges_hours")
    return Table(columns, _hours_rows(detail, words), (), "", 7, words("sheet_charges_hours"), title)


def _hours_rows(detail: HoursDetail, words: Words) -> Iterator[Sequence[object] | Marked]:
    totals: dict[tuple[str, str], dict[str, Decimal]] = {}
    for line in detail.lines:
        figures = _figures(detail, line)
        sums = totals.setdefault((line.service, line.unit), {})
        for name, value in figures.items():
            sums[name] = sums.get(name, ZERO) + value
        yield (line.subscriber, line.subscriber_name, line.service, line.unit, *figures.values())
    last = len(totals)
    for at, ((service, unit), sums) in enumerate(sorted(totals.items())):
        mine = f"([service]=[sub_{at}.service])*([unit]=[sub_{at}.unit])"
        added = [Formula(f"=SUMPRODUCT({mine}*[{name}])", value) for name, value in sums.items()]
        yield Marked((words("total"), None, service, unit, *added), f"sub_{at}")
    if detail.has_amounts and last > 1:  # of all services: money, for their units differ
        every = {name: sum((sums.get(name, ZERO) for sums in totals.values()), ZERO) for name in _names(detail)}
        money = [
            None if name.endswith("quantity") else Formula(f"=SUM([{name}])", value) for name, value in every.items()
        ]
        yield Marked((words("total"), None, None, None, *money), f"sub_{last}")


def _names(detail: HoursDetail) -> list[str]:
    """The columns of figures, in their order."""
    parts = ("quantity", "net", "tax") if detail.has_amounts else ("quantity",)
    return [f"{kind}_{part}" for kind in TIME_CLASSES for part in parts]


def _figures(detail: HoursDetail, line: HoursLine) -> dict[str, Decimal]:
    """The figures of a line in the order of its columns."""
    parts = {"quantity": line.quantities, "net": line.net, "tax": line.tax}
    split = (name.split("_") for name in _names(detail))
    return {f"{kind}_{part}": parts[part].get(kind, ZERO) for kind, part in split}


def _events(detail: HoursDetail, kind: str, events: Iterable[UsageLine], words: Words) -> Iterator[Table]:
    """The events of a class on a sheet of their own; on further ones where one does not hold them."""
    name = words(f"time_{kind}", hours=detail.hours)
    columns = [
        Column("subscriber", words("subscriber"), "text", 30),
        Column("subscriber_name", words("subscriber_name"), "text", 38),
        Column("day", words("operation_date"), "date", 20),
        Column("time", words("event_time"), "text", 16),
        Column("service", words("service"), "text", 45),
        Column("direction", words("direction"), "text", 20),
        Column("other_number", words("other_number"), "text", 30),
        Column("destination", words("destination"), "text", 30),
        Column("quantity", words("quantity"), "quantity", 20),
        Column("unit", words("unit"), "text", 16),
    ]
    if detail.has_amounts:
        columns += [Column("net", words("net_amount"), "fine", 22), Column("tax", words("vat"), "fine", 20)]
    source = (_event_row(detail, line, words) for line in events)
    for first in source:  # each round is a sheet
        yield Table(
            columns, chain([first], islice(source, EVENTS_OF_SHEET - 1)), (), "", 7, words(f"sheet_time_{kind}"), name
        )


def _event_row(detail: HoursDetail, line: UsageLine, words: Words) -> Sequence[object]:
    direction = words(f"direction_{line.direction}") if line.direction in ("in", "out") else line.direction
    row = (
        line.subscriber,
        line.subscriber_name,
        line.day,
        line.time,
        line.service,
        direction,
        line.other_number,
        line.destination,
        line.quantity,
        line.unit,
    )
    return (*row, line.net, line.tax) if detail.has_amounts else row
