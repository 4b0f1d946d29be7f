"""What a document says, as data: the input of every kind (parties, lines, totals) and the blocks a layout makes of it.

Layouts turn an input into a `Document`; renderers turn a `Document` into bytes. Neither knows the database. Lines are
any iterable that can be walked again, so that a document of a million lines streams; blocks are made while they are
drawn, which lets the totals under a table be checked against the lines that have just passed.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.core.errors import N_, DomainError
from app.core.period import Period
from app.rules.exchange import Rate

ZERO = Decimal(0)


class DocumentInconsistent(DomainError):
    """The totals a document was given are not those of its lines; nothing is printed."""

    def __init__(self, document: str, name: str, given: Decimal, found: Decimal) -> None:
        super().__init__(
            N_("Document %(document)s says %(name)s %(given)s, its lines make %(found)s. Correct it before printing."),
            document=document,
            name=name,
            given=given,
            found=found,
        )


# ---------------------------------------------------------------- input


@dataclass(frozen=True)
class Party:
    """One side of a document, with its requisites. `tax_ids`: a code of `words` («inn», «nip») or a label → value."""

    name: str
    kind: str = "legal_entity"  # legal_entity | sole_proprietor | individual
    country: str = ""
    tax_ids: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    phone: str = ""
    bank_name: str = ""
    account: str = ""
    bic: str = ""
    corr_account: str = ""
    signatory: str = ""
    signatory_post: str = ""
    basis: str = ""  # «Устава»: what the signatory acts on, in the genitive as it is stored
    accountant: str = ""
    vat_payer: bool = True
    tax_note: str = ""  # «Платник єдиного податку 3 групи, не є платником ПДВ»

    def tax_id(self, *codes: str) -> str:
        """The first of `codes` that this party has."""
        return next((self.tax_ids[code] for code in codes if self.tax_ids.get(code)), "")


@dataclass(frozen=True)
class Reference:
    """Another document this one names: a contract, an invoice, the corrected original."""

    number: str
    date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice or act; `tax_rate` in per cent, None where untaxed (`tax_label` says why: zw, np)."""

    name: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net: Decimal
    tax_rate: Decimal | None
    tax: Decimal
    gross: Decimal
    tax_label: str = ""


@dataclass(frozen=True, kw_only=True)
class LinedData:
    """What an invoice and an act share. Totals are given; a layout refuses them where the lines disagree.

    `locale` empty means the language of the seller's country. A correction names its original in `corrects`; its lines
    and totals are the signed difference.
    """

    number: str
    date: dt.date
    seller: Party
    buyer: Party
    lines: Iterable[Line]
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    locale: str = ""
    prices_include_tax: bool = False
    period: Period | None = None
    contract: Reference | None = None
    corrects: Reference | None = None
    reason: str = ""
    place: str = ""
    notes: Sequence[str] = ()
    payable: Rate | None = None  # the frozen rate it is payable at in the seller's currency
    tax_rate: Rate | None = None  # the frozen rate its tax is said at in the seller's currency
    split_payment: bool = False  # PL: services of annex 15 to the VAT act


@dataclass(frozen=True, kw_only=True)
class InvoiceData(LinedData):
    """A request for payment."""

    due: dt.date | None = None
    personal_account: str = ""
    purpose: str = ""  # payment purpose of the QR code; made from number and account where empty
    with_qr: bool = True


@dataclass(frozen=True, kw_only=True)
class ActData(LinedData):
    """A record of delivered services."""

    invoice: Reference | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A line of a reconciliation act: debit raises what `theirs` owes `ours`, credit lowers it."""

    date: dt.date
    title: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class ContractPart:
    """What one contract has of a reconciliation act over several."""

    contract: Reference | None  # None: accounts that stand on no contract
    opening: Decimal
    lines: Sequence[Operation]
    debit: Decimal
    credit: Decimal
    closing: Decimal


@dataclass(frozen=True, kw_only=True)
class ReconciliationData:
    """Mutual settlements of one currency in a period; balances are debit-positive from `ours`' side.

    Over several contracts the operations are in `parts`, and `lines` are empty.
    """

    number: str = ""
    date: dt.date
    ours: Party
    theirs: Party
    period: Period
    currency: str
    opening: Decimal
    lines: Iterable[Operation]
    debit: Decimal
    credit: Decimal
    closing: Decimal
    contract: Reference | None = None
    parts: Sequence[ContractPart] = ()
    mirrored: bool = False
    locale: str = ""


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A charge of one subscriber for one service; 4 decimals."""

    subscriber: str
    subscriber_name: str
    service: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    period: str = ""
    time_class: str = ""


@dataclass(frozen=True, slots=True)
class ChargeSummary:
    """All charges of a service in the period."""

    service: str
    quantity: Decimal
    unit: str
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class UsageLine:
    """A measured event as a detail prints it, at the local time it began."""

    subscriber: str
    subscriber_name: str
    day: dt.date
    time: str
    service: str
    direction: str
    other_number: str
    destination: str
    quantity: Decimal
    unit: str
    net: Decimal | None
    tax: Decimal | None


@dataclass(frozen=True, slots=True)
class HoursLine:
    """What a subscriber used of a service in each time class (work, off, holiday), and what it came to."""

    subscriber: str
    subscriber_name: str
    service: str
    unit: str
    quantities: Mapping[str, Decimal]
    net: Mapping[str, Decimal]
    tax: Mapping[str, Decimal]


@dataclass(frozen=True)
class HoursDetail:
    """Usage apart by working hours («09:00–18:00»), other hours, weekends and holidays."""

    hours: str
    lines: Iterable[HoursLine]
    events: Mapping[str, Iterable[UsageLine]]
    has_amounts: bool = False


@dataclass(frozen=True, kw_only=True)
class ChargeReportData:
    """Charges of an account in a period: `summary` by service, and where `lines` are given the detail by subscriber.

    Charges have 4 decimals and the totals 2: `rounding` is what a total has above the rounded sum of its column, per
    net, tax and gross, where lines were rounded one by one on the invoice.
    """

    number: str = ""
    date: dt.date
    seller: Party
    buyer: Party
    account: str
    period: Period
    currency: str
    summary: Sequence[ChargeSummary]
    lines: Iterable[ChargeLine] | None = None  # ordered by subscriber
    time_classes: bool = False  # whether the detail has a column of time classes
    net: Decimal
    tax: Decimal
    gross: Decimal
    rounding: tuple[Decimal, Decimal, Decimal] = (ZERO, ZERO, ZERO)
    contract: Reference | None = None
    locale: str = ""
    known_at: str = ""  # of a month that still runs: the moment its figures were known
    by_hours: HoursDetail | None = None


# ---------------------------------------------------------------- blocks


@dataclass(frozen=True)
class Heading:
    """A title line, with a thick rule under it where `rule`."""

    text: str
    size: float = 14
    align: str = "left"
    rule: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Running text, wrapped."""

    text: str
    size: float = 9
    bold: bool = False
    align: str = "left"
    space: float = 2  # millimetres below


@dataclass(frozen=True)
class Fields:
    """Label and value pairs, one under another."""

    rows: Sequence[tuple[str, str]]
    label_width: float = 32
    bold: bool = False


@dataclass(frozen=True)
class Parties:
    """Sides next to each other: (title, lines) each; the first line is the name."""

    columns: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class Cell:
    """A cell of a Grid; `borders` are its drawn sides of L, T, R, B."""

    text: str
    span: int = 1
    borders: str = "LTRB"
    bold: bool = False
    small: bool = False


@dataclass(frozen=True)
class BankBox:
    """A boxed sample of a payment order; `widths` are fractions of the page."""

    widths: Sequence[float]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Column:
    """A column of a Table. `kind`: text int quantity price money fine date percent; width in mm, 0: the rest."""

    key: str
    title: str
    kind: str = "text"
    width: float = 0
    group: str = ""
    only: str = ""  # "xlsx": too much for paper, wanted in a spreadsheet


@dataclass(frozen=True)
class Formula:
    """A figure a spreadsheet recomputes: «[net]» is the table column, «[opening.debit]» a cell of a named row."""

    text: str
    value: Decimal


@dataclass(frozen=True)
class Marked:
    """A row that is not an ordinary line: a balance, a subtotal, a subheading."""

    cells: Sequence[object]
    name: str = ""
    only: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under a header repeated on each page; `carried` columns show a running total at each page break."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[object] | Marked]
    carried: Sequence[str] = ()
    carried_label: str = ""
    size: float = 8
    sheet: str = ""  # a long table takes a page of its own in a workbook
    title: str = ""


@dataclass(frozen=True)
class Total:
    """A figure under the table; an amount of None prints a dash."""

    label: str
    amount: Decimal | None
    formula: str = ""
    name: str = ""
    bold: bool = True


@dataclass(frozen=True)
class Totals:
    """Figures under the last table, right-aligned."""

    rows: Sequence[Total]


@dataclass(frozen=True)
class Signature:
    """A place to sign: who, in which post, whose name in print."""

    title: str
    lines: Sequence[str] = ()
    post: str = ""
    name: str = ""
    stamp: str = ""


@dataclass(frozen=True)
class Signatures:
    """Places to sign next to each other."""

    places: Sequence[Signature]


@dataclass(frozen=True)
class Qr:
    """A payment code with its caption; `sign` is drawn in the middle where the standard wants one (₴)."""

    payload: bytes
    caption: str
    sign: str = ""
    beside: Signatures | None = None  # saves the paper under it


Block = Heading | Paragraph | Fields | Parties | BankBox | Table | Totals | Signatures | Qr


class Blocks(Iterable[Block]):
    """Blocks made anew each time they are walked."""

    def __init__(self, make: Callable[[], Iterator[Block]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Block]:
        return self._make()


@dataclass(frozen=True)
class Document:
    """A laid-out document, ready for a renderer."""

    title: str
    date: dt.date
    locale: str
    sheet: str  # name of its spreadsheet page
    page_label: str  # «Страница {page} из»
    blocks: Iterable[Block]
    landscape: bool = False


class LineSums:
    """Adds up lines while they pass, by tax rate too, and holds the totals a document was given against them."""

    def __init__(self) -> None:
        self.count = 0
        self.net = self.tax = self.gross = ZERO
        self.rates: dict[tuple[Decimal | None, str], tuple[Decimal, Decimal, Decimal]] = {}

    def watch(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The same lines, counted."""
        rates = self.rates
        for line in lines:
            self.count += 1
            self.net += line.net
            self.tax += line.tax
            self.gross += line.gross
            key = (line.tax_rate, line.tax_label)
            net, tax, gross = rates.get(key, (ZERO, ZERO, ZERO))
            rates[key] = (net + line.net, tax + line.tax, gross + line.gross)
            yield line

    def check(self, number: str, net: Decimal, tax: Decimal, gross: Decimal) -> None:
        """Raise DocumentInconsistent where a given total is not the lines' own."""
        for name, given, found in (("net", net, self.net), ("tax", tax, self.tax), ("gross", gross, self.gross)):
            if given != found:
                raise DocumentInconsistent(number, name, given, found)
        if net + tax != gross:
            raise DocumentInconsistent(number, "gross", gross, net + tax)

    def by_rate(self) -> list[tuple[Decimal | None, str, Decimal, Decimal, Decimal]]:
        """(rate, label, net, tax, gross), the highest rate first, untaxed last."""
        order = sorted(self.rates, key=lambda key: (key[0] is None, -(key[0] or 0), key[1]))
        return [(*key, *self.rates[key]) for key in order]
