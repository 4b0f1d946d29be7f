"""Parts that the layouts of several kinds and countries share: parties, line tables, totals, signatures."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from app.core.words import amount_in_words
from app.reports.document import (
    ActData,
    Block,
    Column,
    Heading,
    InvoiceData,
    Line,
    LinedData,
    LineSums,
    Paragraph,
    Party,
    Reference,
    Signature,
    Table,
    Total,
)
from app.reports.formats import Formats, formats_of
from app.reports.words import Words, locale_for, words_of
from app.rules.exchange import SPLIT_PAYMENT_OVER, Rate


def speech(asked: str, country: str) -> tuple[Words, Formats]:
    """Texts and formats of the language asked for, else of the country's layout."""
    words = words_of(locale_for(asked, country))
    return words, formats_of(words.language)


def money(words: Words, formats: Formats, amount: Decimal, currency: str) -> dict[str, str]:
    """The places {amount} and {currency} of a sentence."""
    return {"amount": formats.money(amount), "currency": words.currency(currency)}


def reference(words: Words, formats: Formats, document: Reference) -> str:
    """«№ 12 от 1 октября 2026 г.»; a number that says it all already is left as it is."""
    if document.date is None:
        number = document.number
        return number if number.startswith(("№", "No", "nr")) else words("numbered", number=number)
    return words("numbered_dated", number=document.number, date=formats.long_date(document.date))


def tax_ids(words: Words, party: Party, but: Sequence[str] = ()) -> list[str]:
    """«ИНН 7701234567» of every identifier."""
    return [f"{words.label(code)} {value}" for code, value in party.tax_ids.items() if value and code not in but]


def bank_lines(words: Words, party: Party) -> list[str]:
    """Account, bank, BIC, correspondent account: those that are there."""
    pairs = (
        (party.account, "iban_text" if party.account[:2].isalpha() else "account_text", "account"),
        (party.bank_name, "bank_text", "bank"),
        (party.bic, "bic_text", "bic"),
        (party.corr_account, "corr_text", "account"),
    )
    return [words(key, **{place: value}) for value, key, place in pairs if value]


def tax_status(words: Words, party: Party) -> list[str]:
    """What the party says of its taxes, or that it pays no VAT."""
    if party.tax_note:
        return [party.tax_note]
    return [] if party.vat_payer else [words("not_vat_payer")]


def phone(words: Words, party: Party) -> list[str]:
    """«тел.: …» where there is one."""
    return [words("phone", phone=party.phone)] if party.phone else []


def party_in_line(words: Words, party: Party, with_bank: bool = False) -> str:
    """Name, identifiers, address, telephone (and bank) in one running line, as Russian documents have them."""
    bank = bank_lines(words, party) if with_bank else []
    address = [party.address] if party.address else []
    return ", ".join([party.name, *tax_ids(words, party), *address, *phone(words, party), *bank])


def party_lines(words: Words, party: Party, with_bank: bool = True) -> list[str]:
    """Name, then bank, address, identifiers and tax status on lines of their own."""
    rows = [
        [party.name],
        bank_lines(words, party) if with_bank else [],
        [*([party.address] if party.address else []), *phone(words, party)],
        tax_ids(words, party),
        tax_status(words, party),
    ]
    return [", ".join(row) for row in rows if row]


def signer(party: Party) -> str:
    """«генеральный директор Иванов И. И.»."""
    return " ".join(part for part in (party.signatory_post, party.signatory) if part)


def rate_text(words: Words, formats: Formats, line_rate: Decimal | None, label: str) -> str:
    """«20%», «zw», «без НДС»."""
    return label or (words("no_vat_short") if line_rate is None else formats.percent(line_rate))


def title_blocks(words: Words, formats: Formats, data: LinedData, key: str) -> Iterator[Block]:
    """The title; of a correction also what it corrects and why."""
    yield Heading(title_text(words, formats, data, key), rule=True)
    yield from correction_blocks(words, formats, data)


def correction_blocks(words: Words, formats: Formats, data: LinedData) -> Iterator[Block]:
    """The original and the reason of a correction."""
    if data.corrects is not None:
        original = reference(words, formats, data.corrects)
        yield Paragraph(words("corrects", original=original), size=10, bold=True)
        if data.reason:
            yield Paragraph(words("reason", reason=data.reason))


def title_text(words: Words, formats: Formats, data: LinedData, key: str) -> str:
    """The title of the document, or of its correction."""
    key = f"{key}_correction" if data.corrects is not None else key
    return words(key, number=data.number, date=formats.long_date(data.date))


def line_table(words: Words, data: LinedData, sums: LineSums, title: str = "goods") -> Table:
    """№, name, quantity, unit, price, amount; tax per line in the spreadsheet."""
    gross = data.prices_include_tax
    taxed = data.seller.vat_payer
    price = ("price_gross" if gross else "price_net") if taxed else "price"
    amount = ("amount_gross" if gross else "amount_net") if taxed else "amount"
    columns = (
        Column("no", words("no"), "int", 9),
        Column("name", words(title)),
        Column("quantity", words("quantity"), "quantity", 19),
        Column("unit", words("unit"), "text", 14),
        Column("price", words(price), "price", 26),
        Column("amount", words(amount), "money", 29),
        Column("rate", words("rate"), "percent", 14, only="xlsx"),
        Column("net" if gross else "gross", words("amount_net" if gross else "gross_amount"), "money", 26, only="xlsx"),
        Column("tax", words("tax_amount"), "money", 22, only="xlsx"),
    )
    rows = _plain_rows(words, sums.watch(data.lines), gross)
    return Table(columns, rows, carried=("amount",), carried_label=words("carried"))


def _plain_rows(words: Words, lines: Iterable[Line], gross: bool) -> Iterator[Sequence[object]]:
    no_tax = words("no_vat_short")
    for number, line in enumerate(lines, 1):
        rate = line.tax_label or (no_tax if line.tax_rate is None else line.tax_rate)
        amount, other = (line.gross, line.net) if gross else (line.net, line.gross)
        yield number, line.name, line.quantity, line.unit, _price(line), amount, rate, other, line.tax


def _price(line: Line) -> Decimal | None:
    """None for rated usage: each of its records had its own price."""
    return line.unit_price if line.unit_price or not line.net else None


def tax_table(words: Words, data: LinedData, sums: LineSums) -> Table:
    """Net, rate, tax and gross of each line on paper, as a Faktura needs them."""
    columns = (
        Column("no", words("no"), "int", 9),
        Column("name", words("service_name")),
        Column("quantity", words("quantity"), "quantity", 17),
        Column("unit", words("unit"), "text", 13),
        Column("price", words("price_gross" if data.prices_include_tax else "price_net"), "price", 22),
        Column("net", words("amount_net"), "money", 25),
        Column("rate", words("rate"), "percent", 15),
        Column("tax", words("tax_amount"), "money", 22),
        Column("gross", words("gross_amount"), "money", 26),
    )
    rows = _tax_rows(words, sums.watch(data.lines))
    return Table(columns, rows, carried=("net", "tax", "gross"), carried_label=words("carried"), size=7.5)


def _tax_rows(words: Words, lines: Iterable[Line]) -> Iterator[Sequence[object]]:
    no_tax = words("no_vat_short")
    for number, line in enumerate(lines, 1):
        rate = line.tax_label or (no_tax if line.tax_rate is None else line.tax_rate)
        yield number, line.name, line.quantity, line.unit, _price(line), line.net, rate, line.tax, line.gross


def tax_totals(words: Words, formats: Formats, sums: LineSums, key: str) -> list[Total]:
    """A tax row for each rate; one without a sum where nothing is taxed."""
    rates = [row for row in sums.by_rate() if row[0] is not None]
    if not rates:
        return [Total(words("no_vat"), None)]
    single = len(sums.by_rate()) == 1
    return [
        Total(
            words(key, rate=formats.percent(rate)),
            tax,
            "=SUM([tax])" if single else f"=SUMIF([rate],{rate.normalize():f},[tax])",
        )
        for rate, _, _, tax, _ in rates
        if rate is not None
    ]


def amount_words(words: Words, amount: Decimal, currency: str) -> str:
    """The absolute amount in words."""
    return amount_in_words(abs(amount), currency, words.language)


def closing_words(words: Words, formats: Formats, data: LinedData, count: int) -> Iterator[Block]:
    """«Всего наименований 3, на сумму …» and the amount in words; of a correction which way it goes."""
    if data.corrects is not None:
        key = "to_decrease" if data.gross < 0 else "to_increase"
        yield Paragraph(words(key, **money(words, formats, abs(data.gross), data.currency)), space=1)
    else:
        yield Paragraph(words("items", count=count, **money(words, formats, data.gross, data.currency)), space=1)
    yield Paragraph(amount_words(words, data.gross, data.currency), bold=True, space=2)


def payable_words(words: Words, formats: Formats, data: LinedData) -> Iterator[Block]:
    """What the total comes to in the seller's currency at the frozen rate, in figures and words."""
    rate = data.payable
    if rate is None:
        return
    key = "payable" if isinstance(data, InvoiceData) and data.corrects is None else "equals"
    amount = rate.value_of(abs(data.gross))
    in_words = amount_words(words, amount, rate.quote)
    said = money(words, formats, amount, rate.quote)
    yield Paragraph(words(key, words=in_words, rate=rate_words(words, formats, rate), **said), bold=True, space=2)


def rate_words(words: Words, formats: Formats, rate: Rate) -> str:
    """«НБУ 41,5000 грн за 1 USD на 20.11.2026 плюс 1,5%»."""
    return words(
        "rate_of_more" if rate.markup_bp else "rate_of",
        bank=words.bank(rate.source),
        rate=formats.fine(rate.rate),
        currency=words.currency(rate.quote),
        nominal=rate.nominal,
        base=rate.base,
        date=formats.date(rate.day),
        percent=formats.percent(Decimal(rate.markup_bp) / 100),
    )


def tax_in_own(words: Words, formats: Formats, data: LinedData, sums: LineSums) -> Iterator[Block]:
    """PL: the tax of each rate in zlotys, of an invoice in another currency (P_14_xW)."""
    rate = data.tax_rate
    if rate is None:
        return
    taxed = [(percent, tax) for percent, _, _, tax, _ in sums.by_rate() if percent is not None]
    amounts = "; ".join(f"{formats.percent(p)} – {formats.money(rate.value_of(tax))}" for p, tax in taxed)
    if amounts:
        said = rate_words(words, formats, rate)
        yield Paragraph(words("tax_in_own", currency=words.currency(rate.quote), amounts=amounts, rate=said))


def split_payment(words: Words, data: LinedData) -> Iterator[Block]:
    """PL: the annotation of art. 106e ust. 1 pkt 18a on invoices over 15,000 PLN."""
    in_own = data.tax_rate.value_of(data.gross) if data.tax_rate else data.gross
    if data.split_payment and data.corrects is None and data.tax and in_own > SPLIT_PAYMENT_OVER:
        yield Paragraph(words("split_payment"), bold=True)


def notes(data: LinedData) -> Iterator[Block]:
    """What the seller adds."""
    for note in data.notes:
        yield Paragraph(note, size=8)


def documents(words: Words, formats: Formats, data: LinedData) -> str:
    """«договор № 12 от …, Счет на оплату № 7 от …»: what the delivery rests on."""
    named = []
    if data.contract is not None:
        named.append(f"{words('contract')} {reference(words, formats, data.contract)}")
    if isinstance(data, ActData) and data.invoice is not None:
        named.append(words("invoice_ref", invoice=reference(words, formats, data.invoice)))
    return ", ".join(named)


def terms(words: Words, formats: Formats, data: LinedData) -> list[tuple[str, str]]:
    """Contract, account and period as label and value."""
    rows = []
    basis = documents(words, formats, data)
    if basis:
        rows.append((words("basis") + ":", basis))
    if isinstance(data, InvoiceData) and data.personal_account:
        rows.append((words("account_label") + ":", data.personal_account))
    if data.period is not None:
        rows.append((words("period") + ":", formats.period(data.period)))
    return rows


def side(words: Words, title: str, party: Party) -> Signature:
    """A signature place with the party's requisites above it."""
    requisites = [party.name, *tax_ids(words, party), *([party.address] if party.address else []), *phone(words, party)]
    return Signature(
        title, [*requisites, *bank_lines(words, party)], party.signatory_post, party.signatory, words("stamp")
    )
