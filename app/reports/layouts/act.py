"""Acts of delivered services: акт надання послуг (UA), акт об оказании услуг (RU, BY, KZ), and one for the rest."""

from collections.abc import Callable, Iterator

from app.reports.document import (
    ActData,
    Block,
    Blocks,
    Document,
    Fields,
    LineSums,
    Paragraph,
    Parties,
    Party,
    Signature,
    Signatures,
    Total,
    Totals,
)
from app.reports.formats import Formats
from app.reports.layouts import parts
from app.reports.words import Words

Body = Callable[[ActData, Words, Formats], Iterator[Block]]


def _document(data: ActData, country: str, body: Body) -> Document:
    words, formats = parts.speech(data.locale, country)
    return Document(
        title=parts.title_text(words, formats, data, "act"),
        date=data.date,
        locale=words.language,
        sheet=words("sheet_act"),
        page_label=words("page", page="{page}"),
        blocks=Blocks(lambda: body(data, words, formats)),
    )


def ukrainian(data: ActData) -> Document:
    """Акт надання послуг with «ЗАТВЕРДЖУЮ» of both sides (domain.md §1.5)."""
    return _document(data, "UA", _ukrainian)


def russian(data: ActData) -> Document:
    """Акт об оказании услуг (ст. 9 402-ФЗ; BY ст. 10 57-З)."""
    return _document(data, data.seller.country if data.seller.country in {"BY", "KZ"} else "RU", _russian)


def polish(data: ActData) -> Document:
    """Protokół wykonania usług: the law asks for none, customers do."""
    return _document(data, "PL", _tabled)


def generic(data: ActData) -> Document:
    """A certificate of services for any other country."""
    return _document(data, "", _tabled)


def _ukrainian(data: ActData, words: Words, formats: Formats) -> Iterator[Block]:
    sums = LineSums()
    yield Parties(
        [
            (words("approve"), _approval(data.seller)),
            (words("approve"), _approval(data.buyer)),
        ]
    )
    yield from parts.title_blocks(words, formats, data, "act")
    yield Paragraph(
        words(
            "act_preamble",
            customer=_represented(data.buyer),
            contractor=_represented(data.seller),
            documents=(parts.documents(words, formats, data) + "," if parts.documents(words, formats, data) else "—"),
        )
    )
    yield from _period(words, formats, data)
    yield parts.line_table(words, data, sums, "service_name")
    sums.check(data.number, data.net, data.tax, data.gross)
    yield Totals(_ladder(words, formats, data, sums))
    yield from parts.closing_words(words, formats, data, sums.count)
    yield from parts.payable_words(words, formats, data)
    yield Paragraph(words("act_claims"))
    yield from parts.notes(data)
    if data.place:
        yield Paragraph(words("place_drawn", place=data.place))
    yield _sides(words, data)


def _approval(party: Party) -> list[str]:
    return [party.signatory_post or " ", party.name, f"________________ {party.signatory}"]


def _represented(party: Party) -> str:
    return " ".join(part for part in (party.name, parts.signer(party)) if part)


def _period(words: Words, formats: Formats, data: ActData) -> Iterator[Block]:
    if data.period is not None:
        yield Paragraph(f"{words('period')}: {formats.period(data.period)}", space=1)


def _ladder(words: Words, formats: Formats, data: ActData, sums: LineSums) -> list[Total]:
    taxes = parts.tax_totals(words, formats, sums, "vat_rate")
    if data.prices_include_tax:
        net, gross = "=SUM([net])", "=SUM([amount])"
    else:
        net, gross = "=SUM([amount])", "=SUM([gross])"
    if not data.tax:
        return [Total(words("works_total") + ":", data.gross, gross), *taxes]
    return [
        Total(words("works_total_net") + ":", data.net, net),
        *taxes,
        Total(words("works_total_gross") + ":", data.gross, gross),
    ]


def _sides(words: Words, data: ActData) -> Signatures:
    return Signatures(
        [
            parts.side(words, words("contractor_caps"), data.seller),
            parts.side(words, words("customer_caps"), data.buyer),
        ]
    )


def _russian(data: ActData, words: Words, formats: Formats) -> Iterator[Block]:
    sums = LineSums()
    yield from parts.title_blocks(words, formats, data, "act")
    yield Fields(
        [
            (words("contractor") + ":", parts.party_in_line(words, data.seller)),
            (words("customer") + ":", parts.party_in_line(words, data.buyer)),
            *parts.terms(words, formats, data),
        ],
        bold=True,
    )
    yield parts.line_table(words, data, sums, "service_name")
    sums.check(data.number, data.net, data.tax, data.gross)
    gross = data.prices_include_tax
    yield Totals(
        [
            Total(words("total") + ":", data.gross if gross else data.net, "=SUM([amount])"),
            *parts.tax_totals(words, formats, sums, "vat_included" if gross else "vat_rate"),
            Total(words("total_with_vat") + ":", data.gross, "=SUM([amount])" if gross else "=SUM([gross])"),
        ][: None if data.tax else 2]
    )
    yield from parts.closing_words(words, formats, data, sums.count)
    yield from parts.payable_words(words, formats, data)
    yield Paragraph(words("act_done"))
    yield from parts.notes(data)
    if data.place:
        yield Paragraph(words("place_drawn", place=data.place))
    yield _sides(words, data)


def _tabled(data: ActData, words: Words, formats: Formats) -> Iterator[Block]:
    sums = LineSums()
    yield from parts.title_blocks(words, formats, data, "act")
    yield Fields(parts.terms(words, formats, data), 45)
    yield Parties(
        [
            (words("contractor"), parts.party_lines(words, data.seller, with_bank=False)),
            (words("customer"), parts.party_lines(words, data.buyer, with_bank=False)),
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
    yield from parts.closing_words(words, formats, data, sums.count)
    yield from parts.payable_words(words, formats, data)
    yield Paragraph(words("act_done"))
    yield from parts.notes(data)
    if data.place:
        yield Paragraph(words("place_drawn", place=data.place))
    yield Signatures(
        [
            Signature(words("contractor"), (data.seller.name,), data.seller.signatory_post, data.seller.signatory),
            Signature(words("customer"), (data.buyer.name,), data.buyer.signatory_post, data.buyer.signatory),
        ]
    )
