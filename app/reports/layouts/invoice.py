"""Invoices: рахунок на оплату (UA), счет на оплату (RU, BY, KZ), faktura (PL), and one for the rest of the world."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from app.reports.document import (
    BankBox,
    Block,
    Blocks,
    Cell,
    Column,
    Document,
    Fields,
    Formula,
    Heading,
    InvoiceData,
    LineSums,
    Marked,
    Paragraph,
    Parties,
    Qr,
    Signature,
    Signatures,
    Table,
    Total,
    Totals,
)
from app.reports.formats import Formats
from app.reports.layouts import parts
from app.reports.render import qr
from app.reports.words import Words

Body = Callable[[InvoiceData, Words, Formats], Iterator[Block]]


def _document(data: InvoiceData, country: str, body: Body, title_key: str = "invoice") -> Document:
    words, formats = parts.speech(data.locale, country)
    return Document(
        title=parts.title_text(words, formats, data, title_key),
        date=data.date,
        locale=words.language,
        sheet=words("sheet_invoice"),
        page_label=words("page", page="{page}"),
        blocks=Blocks(lambda: body(data, words, formats)),
    )


def ukrainian(data: InvoiceData) -> Document:
    """Рахунок на оплату (domain.md §1.2)."""
    return _document(data, "UA", _ukrainian)


def russian(data: InvoiceData) -> Document:
    """Счет на оплату as 1C prints it (domain.md §1.1); Belarus and Kazakhstan with their own requisites (§1.4)."""
    return _document(data, data.seller.country if data.seller.country in {"BY", "KZ"} else "RU", _russian)


def polish(data: InvoiceData) -> Document:
    """Faktura VAT with the content of art. 106e (domain.md §1.3)."""
    return _document(data, "PL", _tabled, "vat_invoice")


def generic(data: InvoiceData) -> Document:
    """An invoice for any other country."""
    return _document(data, "", _tabled)


def _ukrainian(data: InvoiceData, words: Words, formats: Formats) -> Iterator[Block]:
    sums, seller = LineSums(), data.seller
    if data.corrects is None:
        yield Paragraph(words("warning_ua"), size=7.5, align="center")
        yield _ukrainian_box(words, data)
    yield from parts.title_blocks(words, formats, data, "invoice")
    yield Fields(
        [
            (words("supplier") + ":", "\n".join(parts.party_lines(words, seller))),
            (words("buyer") + ":", "\n".join(parts.party_lines(words, data.buyer, with_bank=False))),
            *parts.terms(words, formats, data),
        ],
    )
    yield parts.line_table(words, data, sums)
    sums.check(data.number, data.net, data.tax, data.gross)
    yield Totals(_ladder(words, formats, data, sums, "total", "vat_rate", "total_with_vat"))
    yield from parts.closing_words(words, formats, data, sums.count)
    yield from parts.payable_words(words, formats, data)
    tax = (
        words("incl_vat", **parts.money(words, formats, data.tax, data.currency)) if data.tax else words("without_vat")
    )
    yield Paragraph(tax)
    yield from parts.notes(data)
    if data.due is not None and data.corrects is None:
        yield Paragraph(words("invoice_valid", date=formats.date(data.due)), align="right", bold=True)
    sign = Signature(words("issued_by"), (), seller.signatory_post, seller.signatory, words("stamp"))
    yield _ending(words, data, Signatures([sign]))


def _ukrainian_box(words: Words, data: InvoiceData) -> BankBox:
    seller = data.seller
    code = seller.tax_id("edrpou", "rnokpp", "inn", "unp", "bin", "nip")
    return BankBox(
        (0.62, 0.38),
        (
            (Cell(words("payment_sample"), 2, "LTR", bold=True),),
            (Cell(f"{words('recipient')}: {seller.name}", 1, "L", bold=True), Cell("", 1, "R")),
            (Cell(f"{words('code')}: {code}", 1, "L"), Cell(words("iban"), 1, "R", small=True)),
            (Cell(words("recipient_bank"), 1, "L", small=True), Cell(seller.account, 1, "LTRB", bold=True)),
            (
                Cell(seller.bank_name, 1, "LB", bold=True),
                Cell(seller.bic and words("bic_text", bic=seller.bic), 1, "RB"),
            ),
        ),
    )


def _russian(data: InvoiceData, words: Words, formats: Formats) -> Iterator[Block]:
    sums, seller = LineSums(), data.seller
    if data.corrects is None:
        yield Paragraph(words("warning_ru"), size=7.5, align="center")
        yield _russian_box(words, data)
    yield from parts.title_blocks(words, formats, data, "invoice")
    yield Fields(
        [
            (f"{words('supplier')} ({words('contractor')}):", parts.party_in_line(words, seller)),
            (f"{words('buyer')} ({words('customer')}):", parts.party_in_line(words, data.buyer)),
            *parts.terms(words, formats, data),
        ],
        bold=True,
    )
    yield parts.line_table(words, data, sums)
    sums.check(data.number, data.net, data.tax, data.gross)
    yield Totals(_ladder(words, formats, data, sums, "total", "vat_rate", "to_pay"))
    yield from parts.closing_words(words, formats, data, sums.count)
    yield from parts.payable_words(words, formats, data)
    for status in parts.tax_status(words, seller):
        yield Paragraph(status, size=8)
    yield from parts.notes(data)
    if data.due is not None and data.corrects is None:
        yield Paragraph(words("invoice_valid", date=formats.date(data.due)), size=8)
    director = Signature(words("director"), (), "", seller.signatory, words("stamp"))
    accountant = Signature(words("accountant"), (), "", seller.accountant)
    yield _ending(words, data, Signatures([director, accountant]))


def _russian_box(words: Words, data: InvoiceData) -> BankBox:
    seller = data.seller
    account = {"BY": "iban", "KZ": "iik"}.get(seller.country, "acc_label")
    first, second = _box_ids(words, data)
    corr = words("corr_label") if seller.corr_account else ""
    return BankBox(
        (0.29, 0.29, 0.09, 0.33),
        (
            (Cell(seller.bank_name, 2, "LTR"), Cell(words("bic_label"), 1, "LTRB"), Cell(seller.bic, 1, "LTR")),
            (
                Cell(words("recipient_bank"), 2, "LBR", small=True),
                Cell(corr, 1, "LTR"),
                Cell(seller.corr_account, 1, "LBR"),
            ),
            (
                *((Cell(first), Cell(second)) if second else (Cell(first, 2),)),
                Cell(words(account), 1, "LTR"),
                Cell(seller.account, 1, "LTR"),
            ),
            (Cell(seller.name, 2, "LR"), Cell("", 1, "LR"), Cell("", 1, "LR")),
            (Cell(words("recipient"), 2, "LBR", small=True), Cell("", 1, "LBR"), Cell("", 1, "LBR")),
        ),
    )


def _box_ids(words: Words, data: InvoiceData) -> tuple[str, str]:
    ids = parts.tax_ids(words, data.seller)
    return (ids + ["", ""])[0], (ids + ["", ""])[1]


def _ladder(
    words: Words, formats: Formats, data: InvoiceData, sums: LineSums, first: str, tax: str, last: str
) -> list[Total]:
    """Total, tax, total to pay: the tax on top where prices are net, within where they are gross."""
    gross = data.prices_include_tax
    shown = data.gross if gross else data.net
    total = "=SUM([amount])" if gross else "=SUM([gross])"
    return [
        Total(words(first) + ":", shown, "=SUM([amount])"),
        *parts.tax_totals(words, formats, sums, "vat_included" if gross else tax),
        Total(words(last if data.corrects is None else "total_with_vat") + ":", data.gross, total),
    ]


def _tabled(data: InvoiceData, words: Words, formats: Formats) -> Iterator[Block]:
    sums, seller = LineSums(), data.seller
    key = "vat_invoice" if seller.country == "PL" else "invoice"
    yield Heading(parts.title_text(words, formats, data, key), rule=True)
    yield from parts.correction_blocks(words, formats, data)
    yield Fields(_dates(words, formats, data), 45)
    yield Parties(
        [
            (words("seller"), parts.party_lines(words, seller, with_bank=False)),
            (words("buyer"), parts.party_lines(words, data.buyer, with_bank=False)),
        ]
    )
    yield parts.tax_table(words, data, sums)
    sums.check(data.number, data.net, data.tax, data.gross)
    yield Totals(
        [
            Total(words("total_net") + ":", data.net, "=SUM([net])", bold=False),
            Total(words("tax_amount") + ":", data.tax, "=SUM([tax])", bold=False),
            Total(words("total_with_vat") + ":", data.gross, "=SUM([gross])"),
        ]
    )
    yield _rates(words, formats, sums)
    yield from parts.tax_in_own(words, formats, data, sums)
    yield from _amount_due(data, words, formats)
    yield from parts.payable_words(words, formats, data)
    yield from parts.split_payment(words, data)
    yield Fields(_payment(words, formats, data), 45)
    yield from parts.notes(data)
    issued = Signature(words("issued_by"), (), "", seller.signatory)
    received = Signature(words("received_by"), (), "", data.buyer.signatory)
    yield _ending(words, data, Signatures([issued, received]))


def _dates(words: Words, formats: Formats, data: InvoiceData) -> list[tuple[str, str]]:
    rows = [(words("issue_date") + ":", formats.date(data.date))]
    if data.place:
        rows.append((words("place") + ":", data.place))
    if data.period is not None:
        rows.append((words("supply_date") + ":", formats.period(data.period)))
    if data.contract is not None:
        rows.append((words("contract") + ":", parts.reference(words, formats, data.contract)))
    if data.personal_account:
        rows.append((words("account_label") + ":", data.personal_account))
    return rows


def _rates(words: Words, formats: Formats, sums: LineSums) -> Table:
    columns = (
        Column("rates", words("by_rates"), "text"),
        Column("rate_net", words("amount_net"), "money", 30),
        Column("rate_tax", words("tax_amount"), "money", 30),
        Column("rate_gross", words("gross_amount"), "money", 30),
    )
    rows = [
        Marked((parts.rate_text(words, formats, rate, label), *_rate_figures(rate, label, net, tax, gross)))
        for rate, label, net, tax, gross in sums.by_rate()
    ]
    return Table(columns, rows)


def _rate_figures(rate: Decimal | None, label: str, *figures: Decimal) -> list[Formula | Decimal]:
    if rate is None or label:
        return list(figures)
    keys = ("net", "tax", "gross")
    made = (f"=SUMIF([rate],{rate.normalize():f},[{key}])" for key in keys)
    return [Formula(text, figure) for text, figure in zip(made, figures, strict=True)]


def _amount_due(data: InvoiceData, words: Words, formats: Formats) -> Iterator[Block]:
    key = "due_amount"
    if data.corrects is not None:
        key = "to_decrease" if data.gross < 0 else "to_increase"
    yield Paragraph(
        words(key, **parts.money(words, formats, abs(data.gross), data.currency)), size=11, bold=True, space=1
    )
    yield Paragraph(words("in_words", words=parts.amount_words(words, data.gross, data.currency)))


def _payment(words: Words, formats: Formats, data: InvoiceData) -> list[tuple[str, str]]:
    seller = data.seller
    rows = []
    if data.due is not None and data.corrects is None:
        rows.append((words("due_date") + ":", formats.date(data.due)))
    if seller.account:
        rows.append((words("payment_form") + ":", words("transfer")))
        rows.append((words("acc_label") + ":", seller.account))
    if seller.bank_name:
        rows.append((words("bank") + ":", seller.bank_name))
    if seller.bic:
        rows.append((words("swift") + ":", seller.bic))
    return rows


def _ending(words: Words, data: InvoiceData, signatures: Signatures) -> Qr | Signatures:
    """The payment code with the signatures beside it, or these alone."""
    if not data.with_qr or data.corrects is not None:
        return signatures
    payload = qr.payload_for(data.seller.country, _transfer(words, data))
    if payload is None:
        return signatures
    return Qr(payload, words("qr"), "₴" if payload.startswith(qr.NBU_PREFIX.encode()) else "", signatures)


def _transfer(words: Words, data: InvoiceData) -> qr.Transfer:
    seller = data.seller
    purpose = data.purpose or words("purpose", invoice=words("numbered", number=data.number))
    if data.personal_account and not data.purpose:
        purpose = f"{purpose}, {words('purpose_account', account=data.personal_account)}"
    return qr.Transfer(
        name=seller.name,
        account=seller.account,
        amount=data.payable.value_of(data.gross) if data.payable else data.gross,
        currency=data.payable.quote if data.payable else data.currency,
        purpose=purpose,
        tax_id=seller.tax_id("edrpou", "rnokpp", "inn", "nip"),
        bank_name=seller.bank_name,
        bic=seller.bic,
        corr_account=seller.corr_account,
        kpp=seller.tax_id("kpp"),
        personal_account=data.personal_account,
    )
