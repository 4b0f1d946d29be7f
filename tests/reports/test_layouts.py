"""What each kind of document of each country says, held to golden texts (KABINET_GOLDEN=write renews them)."""

import datetime as dt
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from app.reports import document as doc
from app.reports.formats import formats_of
from app.reports.layouts import parts
from app.reports.registry import NoSuchLayout, layout_for, register
from app.reports.render.plain import texts
from app.reports.words import LANGUAGES, words_of
from app.rules.exchange import Rate
from tests.reports.papers import (
    BUYERS,
    CURRENCY,
    DAY,
    MAKERS,
    SELLERS,
    act,
    charges,
    invoice,
    lined,
    lines,
    reconciliation,
)

GOLDEN = Path(__file__).parent / "golden"


def spoken(document):
    """Everything a document says, as plain lines."""
    formats, said = formats_of(document.locale), [f"# {document.title}"]
    for block in document.blocks:
        if isinstance(block, doc.Table):
            said += table_text(block, formats)
        elif isinstance(block, doc.Totals):
            said += [
                f"{t.label} {'–' if t.amount is None else formats.money(t.amount)}  {t.formula}" for t in block.rows
            ]
        else:
            said += [text for text, _ in texts(block)]
        if isinstance(block, doc.Qr):
            said.append(f"[QR {len(block.payload)} bytes: {block.caption}]")
        if isinstance(block, doc.Signatures):
            said += [f"  ({'; '.join(place.lines)})" for place in block.places]
    return "\n".join(line.replace("\xa0", " ").rstrip() for line in said) + "\n"


def table_text(table, formats):
    shown = [f"== {table.title}"] if table.title else []
    shown.append(
        " | ".join(f"{c.group + ' / ' if c.group else ''}{c.title}{'*' if c.only else ''}" for c in table.columns)
    )
    for row in table.rows:
        cells = row.cells if isinstance(row, doc.Marked) else row
        values = [cell.value if isinstance(cell, doc.Formula) else cell for cell in cells]
        text = " | ".join(formats.cell(value, column.kind) for value, column in zip(values, table.columns, strict=True))
        shown.append(f"{'> ' if isinstance(row, doc.Marked) else ''}{text}")
    return shown


def held_to_golden(name, text):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("KABINET_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("country", ["UA", "RU", "BY", "KZ", "PL", "DE"])
@pytest.mark.parametrize("kind", list(MAKERS))
def test_each_document_of_each_country_says_what_its_form_wants(kind, country):
    held_to_golden(f"{kind}_{country}", spoken(layout_for(kind, country)(MAKERS[kind](country))))


@pytest.mark.parametrize(("country", "locale"), [("UA", "en"), ("UA", "pl"), ("RU", "uk"), ("PL", "ru")])
def test_a_document_speaks_the_language_of_its_payer(country, locale):
    text = spoken(layout_for("invoice", country)(invoice(country, locale=locale)))
    held_to_golden(f"invoice_{country}_{locale}", text)


@pytest.mark.parametrize(
    ("country", "words"), [("UA", "До зменшення: 4"), ("RU", "К уменьшению: 4"), ("PL", "Kwota zmniejszenia: 4")]
)
def test_a_correction_is_a_second_document_that_names_the_original(country, words):
    made = [replace(x, quantity=-x.quantity, net=-x.net, tax=-x.tax, gross=-x.gross) for x in lines(country, 2)]
    original = doc.Reference("К-000100", dt.date(2026, 10, 31))
    data = doc.InvoiceData(**lined(country, made, corrects=original, reason="обсяг"))
    text = spoken(layout_for("invoice", country)(data))
    assert "К-000100" in text and words in text and "QR" not in text
    assert "мінус" not in text and "минус" not in text and "minus" not in text.lower()


def test_every_language_has_every_text():
    tables = {language: words_of(language)._table for language in LANGUAGES}
    keys = {language: {k for k in table if not k.startswith("currency_")} for language, table in tables.items()}
    assert all(own == keys["en"] for own in keys.values())


def test_a_seller_without_vat_says_so_and_shows_no_tax():
    seller = replace(SELLERS["UA"], vat_payer=False, tax_note="Платник єдиного податку 3 групи, не є платником ПДВ")
    made = [replace(x, tax_rate=None, tax=Decimal(0), gross=x.net) for x in lines("UA", 2)]
    text = spoken(layout_for("invoice", "UA")(doc.InvoiceData(**{**lined("UA", made), "seller": seller})))
    assert "Платник єдиного податку 3 групи" in text
    assert "Без податку (ПДВ) –" in text and "Без ПДВ" in text


def test_prices_with_tax_show_the_tax_within():
    text = spoken(layout_for("invoice", "RU")(invoice("RU", prices_include_tax=True)))
    assert "В том числе НДС (22%) 1 647,00  =SUM([tax])" in text
    assert "Цена с НДС | Сумма с НДС" in text


def test_several_rates_are_summed_apart():
    first, second = lines("PL", 2)
    tax = (second.net * 8 / 100).quantize(Decimal("0.01"))
    made = [first, replace(second, tax_rate=Decimal(8), tax=tax, gross=second.net + tax)]
    text = spoken(layout_for("invoice", "PL")(doc.InvoiceData(**lined("PL", made))))
    assert "> 23% | 1 150,25 | 264,56 | 1 414,81" in text
    assert "> 8% | 2 446,72 | 195,74 | 2 642,46" in text


@pytest.mark.parametrize(
    ("price", "annotated"), [("12195.12", False), ("12195.13", True)], ids=["15000.00", "15000.01"]
)
def test_polish_services_of_annex_15_over_15000_zlotys_are_paid_by_split_payment(price, annotated):
    net = Decimal(price)
    tax = (net * 23 / 100).quantize(Decimal("0.01"))
    (line,) = lines("PL", 1)
    made = [replace(line, quantity=Decimal(1), unit_price=net, net=net, tax=tax, gross=net + tax)]
    data = invoice("PL", made=made, split_payment=True)
    paper = layout_for("invoice", "PL")
    assert ("mechanizm podzielonej płatności" in spoken(paper(data))) is annotated
    assert "mechanizm podzielonej" not in spoken(paper(replace(data, split_payment=False)))
    assert "mechanizm podzielonej" not in spoken(paper(replace(data, corrects=doc.Reference("К-000001", DAY))))


def test_a_polish_invoice_in_euros_is_measured_against_the_limit_in_zlotys():
    rate = Rate("EUR", "PLN", Decimal("4.2500"), 1, dt.date(2026, 10, 29), "NBP")
    data = invoice("PL", currency="EUR", split_payment=True, tax_rate=rate)
    text = spoken(layout_for("invoice", "PL")(data))
    assert data.gross < 15_000 < rate.value_of(data.gross)
    assert "mechanizm podzielonej płatności" in text
    assert f"Kwota VAT w zł: 23% – {plain(formats_of('pl').money(rate.value_of(data.tax)))}" in text
    assert "kurs NBP 4,2500 zł za 1 EUR z dnia 29.10.2026" in text


@pytest.mark.parametrize("country", ["UA", "RU", "PL", "DE", "BY", "KZ"])
def test_a_bill_payable_in_the_sellers_currency_says_its_rate(country):
    own = {"UA": "UAH", "RU": "RUB", "PL": "PLN", "DE": "EUR", "BY": "BYN", "KZ": "KZT"}[country]
    rate = Rate("USD", own, Decimal("41.5000"), 1, dt.date(2026, 10, 30), "NBU", 150)
    data = invoice(country, currency="USD", payable=rate)
    text = spoken(layout_for("invoice", country)(data))
    local = formats_of(parts.speech(data.locale, country)[0].language)
    assert plain(local.money(rate.value_of(data.gross))) in text
    assert local.fine(Decimal("41.5")) in text and local.percent(Decimal("1.5")) in text
    paper = layout_for("act", country)(act(country, currency="USD", payable=rate))
    assert plain(local.money(rate.value_of(act(country).gross))) in spoken(paper)


def test_the_payment_code_asks_for_what_is_payable():
    rate = Rate("USD", "RUB", Decimal("81.1234"), 1, dt.date(2026, 10, 30), "CBR")
    data = invoice("RU", currency="USD", payable=rate)
    code = next(one for one in _walked(layout_for("invoice", "RU")(data)) if isinstance(one, doc.Qr))
    assert f"|Sum={rate.value_of(data.gross) * 100:.0f}|".encode() in code.payload
    plain = _walked(layout_for("invoice", "RU")(replace(data, payable=None)))
    assert not [one for one in plain if isinstance(one, doc.Qr)]


def plain(figure):
    """A figure with ordinary spaces, as `spoken` has them."""
    return figure.replace("\u00a0", " ")


def _walked(document):
    """The blocks of a document, its tables walked."""
    for block in document.blocks:
        if isinstance(block, doc.Table):
            list(block.rows)
        yield block


def test_corrections_are_called_as_the_interface_calls_them():
    kept = doc.Reference("К-000001", DAY)
    assert "Коригувальний рахунок № К-000127" in spoken(layout_for("invoice", "UA")(invoice("UA", corrects=kept)))
    assert "Коригувальний акт № К-000127" in spoken(layout_for("act", "UA")(act("UA", corrects=kept)))


@pytest.mark.parametrize("name", ["net", "tax", "gross"])
def test_totals_that_are_not_the_lines_own_are_refused(name):
    data = invoice("UA")
    wrong = replace(data, **{name: getattr(data, name) + Decimal("0.01")})
    with pytest.raises(doc.DocumentInconsistent):
        spoken(layout_for("invoice", "UA")(wrong))


def test_a_reconciliation_act_whose_balance_does_not_follow_is_refused():
    data = reconciliation("UA")
    with pytest.raises(doc.DocumentInconsistent):
        spoken(layout_for("reconciliation", "UA")(replace(data, closing=data.closing + 1)))


def test_a_charge_report_shows_its_rounding_or_is_refused():
    data = charges("UA")
    cent = Decimal("0.01")
    shifted = replace(data, gross=data.gross + cent)
    with pytest.raises(doc.DocumentInconsistent):
        spoken(layout_for("charges", "UA")(shifted))
    text = spoken(layout_for("charges", "UA")(replace(shifted, rounding=(Decimal(0), Decimal(0), cent))))
    assert "Округлення: 0,01" in text


def test_taxes_rounded_line_by_line_may_lie_a_little_off_the_summary():
    data = charges("UA", 200)
    lines = [replace(line, tax=line.tax + Decimal("0.00005"), net=line.net - Decimal("0.00005")) for line in data.lines]
    assert "Всього до сплати: " in spoken(layout_for("charges", "UA")(replace(data, lines=lines)))
    with pytest.raises(doc.DocumentInconsistent):
        spoken(layout_for("charges", "UA")(replace(data, lines=data.lines[:-1])))


@pytest.mark.parametrize(
    ("opening", "said"),
    [
        ("500.00", "заборгованість на користь ТОВ «Хмара Плюс» 1 200,38 грн (Одна тисяча двісті гривень 38 копійок)"),
        ("-5000.00", "заборгованість на користь ПрАТ «Оріон Телеком» 4 299,62 грн"),
        ("-700.38", "на 31.10.2026 заборгованість відсутня"),
    ],
)
def test_the_conclusion_names_the_creditor(opening, said):
    text = spoken(layout_for("reconciliation", "UA")(reconciliation("UA", opening=Decimal(opening))))
    assert said in text


def test_the_mirrored_half_swaps_debit_and_credit():
    text = spoken(layout_for("reconciliation", "RU")(reconciliation("RU", 2, mirrored=True)))
    assert "01.10.2026 | Акт № К-000000 | 1 234,56 |  | 01.10.2026 | Акт № К-000000 |  | 1 234,56" in text
    assert ">  | Обороты за период | 1 234,56 | 1 001,10 |  | Обороты за период | 1 001,10 | 1 234,56" in text


def test_a_quiet_period_still_has_its_reconciliation_act():
    data = replace(reconciliation("PL"), lines=[], debit=Decimal(0), credit=Decimal(0), closing=Decimal("500.00"))
    assert ">  | Obroty za okres | 0,00 | 0,00" in spoken(layout_for("reconciliation", "PL")(data))


def test_a_report_without_charges_says_so():
    empty = replace(charges("RU", 0), net=Decimal(0), tax=Decimal(0), gross=Decimal(0))
    assert "Начислений за период не было." in spoken(layout_for("charges", "RU")(empty))


def test_a_configured_layout_replaces_the_generic_one():
    register("act", "CZ", "app.reports.layouts.act:polish")
    assert layout_for("act", "CZ").__name__ == "polish"
    assert layout_for("act", "SK").__name__ == "generic"
    with pytest.raises(NoSuchLayout):
        layout_for("poem", "UA")


def test_a_number_that_carries_its_sign_is_not_given_another():
    words, formats = parts.speech("ru", "RU")
    assert parts.reference(words, formats, doc.Reference("№ 7")) == "№ 7"
    assert parts.reference(words, formats, doc.Reference("7", DAY)) == "№ 7 от 21 ноября 2026 г."


def test_the_same_document_can_be_walked_twice():
    document = layout_for("act", "UA")(act("UA"))
    assert spoken(document) == spoken(document)
    assert BUYERS["UA"].name in spoken(document) and CURRENCY["UA"] == "UAH"
