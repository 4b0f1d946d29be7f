"""Reconciliation acts (domain.md §1.6): two halves, balances, the conclusion in words, two signatures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from app.reports.document import (
    ZERO,
    Block,
    Blocks,
    Column,
    ContractPart,
    Document,
    DocumentInconsistent,
    Formula,
    Heading,
    Marked,
    Operation,
    Paragraph,
    Party,
    ReconciliationData,
    Signature,
    Signatures,
    Table,
)
from app.reports.formats import Formats
from app.reports.layouts import parts
from app.reports.words import Words

MOST_SUMMED = 150  # contracts a spreadsheet adds up in one formula; beyond them the sums stand as figures


def _document(data: ReconciliationData, country: str, title: str = "reconciliation") -> Document:
    words, formats = parts.speech(data.locale, country)
    return Document(
        title=f"{words(title)}: {data.ours.name} – {data.theirs.name}, {formats.period(data.period)}",
        date=data.date,
        locale=words.language,
        sheet=words("sheet_reconciliation"),
        page_label=words("page", page="{page}"),
        blocks=Blocks(lambda: _body(data, words, formats, title)),
    )


def ukrainian(data: ReconciliationData) -> Document:
    """Акт звірки взаємних розрахунків."""
    return _document(data, "UA")


def russian(data: ReconciliationData) -> Document:
    """Акт сверки взаимных расчетов."""
    return _document(data, data.ours.country if data.ours.country in {"BY", "KZ"} else "RU")


def polish(data: ReconciliationData) -> Document:
    """Potwierdzenie salda with Wn and Ma."""
    return _document(data, "PL", "balance_confirmation")


def generic(data: ReconciliationData) -> Document:
    """A reconciliation act for any other country."""
    return _document(data, "")


class _Turnover:
    """Adds up operations while they pass and holds the given turnovers and balance against them."""

    def __init__(self) -> None:
        self.debit = self.credit = ZERO

    def watch(self, lines: Iterable[Operation]) -> Iterator[Operation]:
        for line in lines:
            self.debit += line.debit
            self.credit += line.credit
            yield line

    def add(self, part: ContractPart) -> None:
        self.debit += part.debit
        self.credit += part.credit

    def check(self, data: ReconciliationData | ContractPart, number: str) -> None:
        number = number or "reconciliation"
        closing = data.opening + self.debit - self.credit
        for name, given, found in (
            ("debit", data.debit, self.debit),
            ("credit", data.credit, self.credit),
            ("closing", data.closing, closing),
        ):
            if given != found:
                raise DocumentInconsistent(number, name, given, found)


def _body(data: ReconciliationData, words: Words, formats: Formats, title: str) -> Iterator[Block]:
    turnover = _Turnover()
    yield Heading(words(title), align="center")
    yield Paragraph("\n".join(_subtitle(data, words, formats)), size=10, align="center")
    yield Paragraph(words("reconciliation_intro", ours=_side(data.ours), theirs=_side(data.theirs)))
    if data.parts:
        yield from _by_contract(data, words, formats, turnover)
    else:
        yield _table(data, words, _rows(data, data, words, turnover))
    turnover.check(data, data.number)
    yield from _conclusion(data, words, formats)
    yield Signatures(
        [
            Signature(
                words("from_side", name=party.name),
                parts.tax_ids(words, party),
                party.signatory_post,
                party.signatory,
                stamp,
            )
            for party, stamp in ((data.ours, words("stamp")), (data.theirs, words("stamp")))
        ]
    )


def _subtitle(data: ReconciliationData, words: Words, formats: Formats) -> list[str]:
    rows = [words("numbered_dated", number=data.number, date=formats.long_date(data.date))] if data.number else []
    rows.append(words("settlement_period", period=formats.period(data.period)))
    rows.append(words("between", ours=data.ours.name, theirs=data.theirs.name))
    if data.contract is not None:
        rows.append(words("under_contract", contract=parts.reference(words, formats, data.contract)))
    return rows


def _side(party: Party) -> str:
    return " ".join(part for part in (party.signatory_post, party.name, party.signatory) if part)


def _by_contract(
    data: ReconciliationData, words: Words, formats: Formats, total: _Turnover
) -> Iterator[Paragraph | Table]:
    """A table for each contract with its own balances, then the totals of all."""
    for number, part in enumerate(data.parts, 1):
        turnover = _Turnover()
        yield Paragraph(_contract_title(part, words, formats), size=10, bold=True, space=1)
        yield _table(data, words, _rows(data, part, words, turnover, str(number)))
        turnover.check(part, data.number)
        total.add(part)
    yield Paragraph(words("all_contracts"), size=10, bold=True, space=1)
    yield _table(data, words, _totals(data, words))


def _contract_title(part: ContractPart, words: Words, formats: Formats) -> str:
    if part.contract is None:
        return words("without_contract")
    return words("by_contract", contract=parts.reference(words, formats, part.contract))


def _totals(data: ReconciliationData, words: Words) -> Iterator[Marked]:
    """Opening, turnovers and closing of all contracts: sums of theirs."""
    yield _balance_row(data, words("opening"), "opening", data.opening)
    yield Marked(_turnover_cells(data, data, words("turnover"), _sums_of_contracts(data)), "turnover")
    yield Marked(_closing_cells(data, data, words("closing")), "closing")


def _sums_of_contracts(data: ReconciliationData) -> dict[str, str]:
    if len(data.parts) > MOST_SUMMED:
        return {}
    numbers = range(1, len(data.parts) + 1)
    columns = ("debit", "credit", "their_debit", "their_credit")
    return {column: "=" + "+".join(f"[turnover{n}.{column}]" for n in numbers) for column in columns}


def _table(data: ReconciliationData, words: Words, rows: Iterable[Sequence[object] | Marked]) -> Table:
    currency = words.currency(data.currency)
    ours = words("by_data", name=data.ours.name, currency=currency)
    theirs = words("by_data", name=data.theirs.name, currency=currency)
    columns = (
        Column("date", words("operation_date"), "date", 17, ours),
        Column("title", words("operation"), "text", 0, ours),
        Column("debit", words("debit"), "money", 22, ours),
        Column("credit", words("credit"), "money", 22, ours),
        Column("their_date", words("operation_date"), "date", 17, theirs),
        Column("their_title", words("operation"), "text", 0, theirs),
        Column("their_debit", words("debit"), "money", 22, theirs),
        Column("their_credit", words("credit"), "money", 22, theirs),
    )
    carried = ("debit", "credit", "their_credit", "their_debit") if data.mirrored else ("debit", "credit")
    return Table(columns, rows, carried, words("carried"), size=7)


def _rows(
    data: ReconciliationData, part: ReconciliationData | ContractPart, words: Words, turnover: _Turnover, name: str = ""
) -> Iterator[Sequence[object] | Marked]:
    """The rows of the act, or of one contract's `part`, whose named rows end in `name`."""
    yield _balance_row(data, words("opening"), f"opening{name}", part.opening)
    mirrored = data.mirrored
    for line in turnover.watch(part.lines):
        debit, credit = line.debit or None, line.credit or None
        if mirrored:
            yield line.date, line.title, debit, credit, line.date, line.title, credit, debit
        else:
            yield line.date, line.title, debit, credit, None, None, None, None
    columns = ("debit", "credit", "their_debit", "their_credit")
    sums = {} if name and not part.lines else {column: f"=SUM([{column}])" for column in columns}
    yield Marked(_turnover_cells(data, part, words("turnover"), sums), f"turnover{name}")
    yield Marked(_closing_cells(data, part, words("closing"), name), f"closing{name}")


def _split(balance: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """(debit, credit) of a balance: on its own side only; a zero is printed, on the debit side."""
    return (balance, None) if balance >= 0 else (None, -balance)


def _balance_row(data: ReconciliationData, label: str, name: str, balance: Decimal) -> Marked:
    debit, credit = _split(balance)
    theirs = (None, label, credit, debit) if data.mirrored else (None, label, None, None)
    return Marked((None, label, debit, credit, *theirs), name)


def _turnover_cells(
    data: ReconciliationData, part: ReconciliationData | ContractPart, label: str, sums: Mapping[str, str]
) -> tuple[object, ...]:
    def figure(column: str, value: Decimal) -> object:
        return Formula(sums[column], value) if column in sums else value

    debit, credit = figure("debit", part.debit), figure("credit", part.credit)
    if not data.mirrored:
        return None, label, debit, credit, None, label, None, None
    their_debit, their_credit = figure("their_debit", part.credit), figure("their_credit", part.debit)
    return None, label, debit, credit, None, label, their_debit, their_credit


def _closing_cells(
    data: ReconciliationData, part: ReconciliationData | ContractPart, label: str, name: str = ""
) -> tuple[object, ...]:
    debit, credit = _split(part.closing)
    sums = f"[opening{name}.debit]-[opening{name}.credit]+[turnover{name}.debit]-[turnover{name}.credit]"
    ours = (
        None if debit is None else Formula(f"=ROUND({sums},2)", debit),
        None if credit is None else Formula(f"=ROUND(-({sums}),2)", credit),
    )
    theirs: tuple[object, object] = (ours[1], ours[0]) if data.mirrored else (None, None)
    return (None, label, *ours, None, label, *theirs)


def _conclusion(data: ReconciliationData, words: Words, formats: Formats) -> Iterator[Block]:
    day = formats.date(data.period.last_day)
    yield Paragraph(words("by_data_of", name=data.ours.name), space=0.5)
    if not data.closing:
        yield Paragraph(words("no_debt", date=day), bold=True)
        return
    creditor = data.ours if data.closing > 0 else data.theirs
    amount = abs(data.closing)
    in_words = parts.amount_words(words, amount, data.currency)
    figures = parts.money(words, formats, amount, data.currency)
    yield Paragraph(words("owes", date=day, creditor=creditor.name, words=in_words, **figures), bold=True)
