"""PDF documents read back: text, pages, codes, stable bytes, hostile names."""

import datetime as dt
import hashlib
import io
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from app.reports import document as doc
from app.reports.layouts import parts
from app.reports.registry import layout_for
from app.reports.render import pdf
from app.reports.render.text import CAP, clean
from tests.reports.papers import BUYERS, MAKERS, OCTOBER, act, invoice, lined, lines, reconciliation


def made(kind, country, data=None):
    return pdf.render(layout_for(kind, country)(data or MAKERS[kind](country)))


def pages_of(data):
    return [page.extract_text().replace("\xa0", " ") for page in PdfReader(io.BytesIO(data)).pages]


@pytest.mark.parametrize("country", ["UA", "RU", "BY", "KZ", "PL", "DE"])
@pytest.mark.parametrize("kind", list(MAKERS))
def test_every_document_reads_back_from_its_pdf(kind, country):
    data = MAKERS[kind](country)
    text = " ".join(" ".join(pages_of(made(kind, country, data))).split())
    buyer = data.theirs if kind == "reconciliation" else data.buyer
    assert buyer.name in text
    assert "{" not in text and "None" not in text


def test_an_invoice_of_fifteen_lines_is_one_small_page():
    data = made("invoice", "UA", invoice("UA", 15))
    assert len(pages_of(data)) == 1
    assert len(data) <= 35_000


def test_the_same_document_gives_the_same_bytes_in_another_process_too():
    code = (
        "import hashlib;from tests.reports.papers import invoice;from app.reports.registry import layout_for;"
        "from app.reports.render import pdf;"
        "print(hashlib.sha256(pdf.render(layout_for('invoice','UA')(invoice('UA')))).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = made("invoice", "UA"), made("invoice", "UA")
    assert first == second
    assert other.stdout.strip() == hashlib.sha256(first).hexdigest()


def test_a_long_act_repeats_its_header_and_carries_its_total_on_every_page():
    data = act("UA", 200)
    sheets = pages_of(made("act", "UA", data))
    amounts = [line.net for line in data.lines]
    assert len(sheets) > 3
    for number, text in enumerate(sheets, 1):
        assert f"Сторінка {number} з" in text
    for text in sheets:
        if not re.search(r"^\d+ (?:Послуги|Оренда|Додаткова)", text, re.M):
            continue  # totals and signatures
        assert "Найменування робіт, послуг" in text
        last = max(int(found) for found in re.findall(r"^(\d+) (?:Послуги|Оренда|Додаткова)", text, re.M))
        if last == len(amounts):
            break
        carried = f"{sum(amounts[:last]):,.2f}".replace(",", " ").replace(".", ",")
        assert "Разом з початку" in text and carried in text


@pytest.mark.parametrize("count", range(14, 40, 3))
def test_signatures_never_stand_on_a_page_without_the_totals(count):
    last = pages_of(made("act", "UA", act("UA", count)))[-1]
    assert "ВИКОНАВЕЦЬ" in last and "Загальна вартість" in last


@pytest.mark.parametrize("count", range(27, 36, 3))
def test_the_name_of_a_contract_never_stands_alone_at_the_foot_of_a_page(count):
    data = reconciliation("UA", count)
    shares = [data.lines, data.lines[:0]]
    parts_ = [
        doc.ContractPart(
            contract=contract,
            opening=opening,
            lines=some,
            debit=sum((one.debit for one in some), Decimal(0)),
            credit=sum((one.credit for one in some), Decimal(0)),
            closing=opening + sum((one.debit - one.credit for one in some), Decimal(0)),
        )
        for contract, opening, some in zip((data.contract, None), (data.opening, Decimal(0)), shares, strict=True)
    ]
    sheets = pages_of(made("reconciliation", "UA", replace(data, parts=parts_)))
    at = next(text for text in sheets if "Поза договорами" in text)
    assert "Сальдо початкове" in at.partition("Поза договорами")[2]


def test_the_number_of_pages_stands_on_every_page():
    sheets = pages_of(made("reconciliation", "RU", reconciliation("RU", 300)))
    assert all(re.search(rf"Страница {n} из\s+{len(sheets)}\b", text) for n, text in enumerate(sheets, 1))


def test_lines_may_come_from_an_iterator_that_is_opened_anew():
    class Cursor:
        opened = 0

        def __iter__(self):
            Cursor.opened += 1
            return iter(lines("RU", 3))

    data = replace(invoice("RU"), lines=Cursor())
    assert made("invoice", "RU", data) == made("invoice", "RU")
    assert Cursor.opened == 1


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler draws the page for the scanner")
@pytest.mark.parametrize("country", ["UA", "RU", "PL", "DE"])
def test_the_printed_payment_code_scans(country, tmp_path):
    paper = tmp_path / "invoice.pdf"
    paper.write_bytes(made("invoice", country))
    subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", paper, tmp_path / "page"], check=True)
    found = zxingcpp.read_barcodes(np.array(Image.open(tmp_path / "page.png").convert("L")))
    starts = {
        "UA": b"https://bank.gov.ua/qr/",
        "RU": b"ST00012|Name=",
        "PL": b"5260250274|PL|",
        "DE": b"BCD\n002\n1\nSCT\n",
    }
    assert found and found[0].bytes.startswith(starts[country])


HOSTILE = [
    "A <B Ltd",
    "<font color=red>x</font> <a href='javascript:1'>y</a> <img src=/etc/passwd/>",
    "tab\tnull\x00bell\x07",
    "\u202eright to left\u202c שלום مرحبا",
    "漢字 😀 \U0001f469\u200d\U0001f4bb",
    "\ud800 lone",
    "(paren) \\ backslash ) ET Q",
    "=cmd|' /C calc'!A0",
    "",
    " ",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["invoice", "act"])
def test_a_hostile_name_is_printed_as_it_is(kind, name):
    line = replace(lines("UA", 1)[0], name=name)
    party = replace(BUYERS["UA"], name=name or "x", address=name, signatory=name)
    base = invoice if kind == "invoice" else act
    text = "".join(pages_of(made(kind, "UA", replace(base("UA", made=[line]), buyer=party))))
    visible = clean(name).replace("\xa0", " ")
    if not re.search("[\u0590-\u06ff]", name):  # readers reorder right-to-left text
        assert "".join(visible.split()) in "".join(text.split())


def test_a_word_of_two_hundred_thousand_letters_prints_at_once():
    word = "Щ" * 200_000
    line = replace(lines("UA", 1)[0], name=word, unit=word)
    data = replace(
        invoice("UA", made=[line]),
        number=word,
        buyer=replace(BUYERS["UA"], name=word, address=word, signatory=word, signatory_post=word),
        notes=[word],
    )
    started = time.process_time()
    assert len(pages_of(made("invoice", "UA", data))) < 10
    assert time.process_time() - started < 2


@settings(max_examples=60, deadline=2000)
@given(st.text(max_size=400))
def test_any_text_can_stand_in_any_place(text):
    line = replace(lines("PL", 1)[0], name=text, unit=text[:9], tax_label=text[:5])
    party = replace(BUYERS["PL"], name=text, tax_ids={text[:9] or "nip": text}, address=text)
    data = replace(invoice("PL", made=[line]), buyer=party, number=text, notes=[text], personal_account=text)
    assert made("invoice", "PL", data).endswith(b"%%EOF\n")


@given(st.text())
def test_clean_text_is_one_capped_line_without_controls(text):
    line = clean(text)
    assert len(line) <= CAP
    assert not any(ord(c) < 32 or c in "\x7f\u2028\u2029\u202e" or "\ud800" <= c <= "\udfff" for c in line)


def test_figures_too_wide_for_their_column_are_made_smaller_not_cut():
    huge = Decimal("123456789012345678901.89")
    line = replace(lines("RU", 1)[0], net=huge, gross=huge, tax=Decimal(0), tax_rate=None)
    text = "".join(pages_of(made("invoice", "RU", doc.InvoiceData(**lined("RU", [line])))))
    assert "123 456 789 012 345 678 901,89" in text


def test_a_document_in_a_language_without_texts_reads_english():
    text = "".join(pages_of(made("act", "UA", act("UA", locale="fr"))))
    assert "Certificate of services" in text


def test_the_file_says_its_title_language_and_date():
    reader = PdfReader(io.BytesIO(made("invoice", "PL")))
    assert reader.metadata.title == "Faktura VAT nr К-000127"
    assert reader.trailer["/Root"]["/Lang"] == "pl"
    assert reader.metadata.creation_date.date() == dt.date(2026, 11, 21)


def test_periods_print_as_a_month_or_as_their_days():
    _, formats = parts.speech("uk", "UA")
    assert formats.period(OCTOBER) == "жовтень 2026 р."
    assert formats.period(replace(OCTOBER, start=dt.date(2026, 10, 5))) == "05.10.2026 – 31.10.2026"
