"""Workbooks read back cell by cell; their formulas recomputed."""
# ruff: noqa: DTZ001 (cells of a spreadsheet have no time zone)

import datetime as dt
import io
import re
import zipfile
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.reports.document import HoursDetail, HoursLine
from app.reports.registry import layout_for
from app.reports.render import xlsx
from tests.reports.papers import BUYERS, MAKERS, charges, invoice, lines, reconciliation

COLUMNS = [
    xlsx.Column("Text"),
    xlsx.Column("Count", "int"),
    xlsx.Column("Sum", "money"),
    xlsx.Column("Price", "decimal4"),
    xlsx.Column("Day", "date"),
    xlsx.Column("Moment", "datetime", 20),
]


def row(number, text="Рядок"):
    moment = dt.datetime(2026, 10, 1 + number % 28, number % 24, 30, 15)
    return f"{text} {number}", number, Decimal(number) / 100, Decimal(number) / 10000, moment.date(), moment


def register(rows, **more):
    out = io.BytesIO()
    count = xlsx.write_register(out, COLUMNS, rows, **more)
    return count, out.getvalue()


def opened(data, values=False):
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def computed(sheet, formula):
    """What a formula of ours comes to: SUM, SUMIF, ROUND, and sums of cells."""

    def figures(reference):
        cells = sheet[reference]
        cells = [c for line in cells for c in line] if isinstance(cells, tuple) else [cells]
        return [cell.value or 0 for cell in cells]

    def number(value):
        return computed(sheet, value) if isinstance(value, str) and value.startswith("=") else Decimal(str(value))

    def summed(found):
        return str(sum((number(v) for v in figures(found[1])), Decimal(0)))

    def summed_if(found):
        pairs = zip(figures(found[1]), figures(found[3]), strict=True)
        return str(sum((number(v) for rate, v in pairs if str(rate) == found[2]), Decimal(0)))

    text = formula[1:]
    text = re.sub(r"SUMIF\((\w+:\w+),([\d.]+),(\w+:\w+)\)", summed_if, text)
    text = re.sub(r"SUM\((\w+:\w+)\)", summed, text)
    text = re.sub(r"\b[A-Z]{1,2}\d+\b", lambda found: f"({number(sheet[found[0]].value or 0)})", text)
    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)", r"D('\1')", text.replace(",2)", ")").replace("ROUND", "R"))
    return eval(
        text, {"D": Decimal, "R": lambda x: Decimal(x).quantize(Decimal("0.01"), "ROUND_HALF_UP")}
    )  # our own text


@pytest.mark.parametrize("country", ["UA", "RU", "BY", "KZ", "PL", "DE"])
@pytest.mark.parametrize("kind", list(MAKERS))
def test_every_formula_of_a_document_recomputes_to_the_printed_figure(kind, country):
    data = xlsx.render(layout_for(kind, country)(MAKERS[kind](country)))
    formulas, figures = opened(data), opened(data, values=True)
    found = 0
    for sheet in formulas:
        for cell in (c for line in sheet.iter_rows() for c in line if c.data_type == "f"):
            found += 1
            printed = figures[sheet.title][cell.coordinate].value
            assert computed(sheet, cell.value) == Decimal(str(printed)), (sheet.title, cell.coordinate, cell.value)
    assert found >= 3


@pytest.mark.parametrize("country", ["UA", "RU", "PL", "DE"])
@pytest.mark.parametrize("kind", list(MAKERS))
def test_every_table_is_frozen_and_filtered_at_its_header(kind, country):
    for sheet in opened(xlsx.render(layout_for(kind, country)(MAKERS[kind](country)))):
        header = int(sheet.freeze_panes[1:]) - 1
        assert sheet.auto_filter.ref.startswith(f"A{header}:")
        assert all(sheet.cell(header, at).value for at in range(1, 5)) and sheet.cell(header, 1).font.bold


def test_an_invoice_is_numbers_dates_a_frozen_header_and_a_filter():
    data = invoice("UA")
    sheet = opened(xlsx.render(layout_for("invoice", "UA")(data))).active
    header = int(sheet.freeze_panes[1:]) - 1
    assert [c.value for c in sheet[header]][:6] == [
        "№",
        "Товари (роботи, послуги)",
        "Кіл-сть",
        "Од.",
        "Ціна без ПДВ",
        "Сума без ПДВ",
    ]
    first = sheet[header + 1]
    assert [c.value for c in first] == [1, data.lines[0].name, 1, "міс.", 1150.25, 1150.25, 20, 1380.3, 230.05]
    assert first[5].number_format == "#,##0.00" and first[1].data_type == "s"
    assert sheet.auto_filter.ref == f"A{header}:I{header + 3}"
    assert sheet.column_dimensions["B"].width > 40
    assert sheet.print_title_rows == f"${header}:${header}"


def test_a_reconciliation_act_has_dates_that_are_dates():
    sheet = opened(xlsx.render(layout_for("reconciliation", "RU")(reconciliation("RU")))).active
    first = int(sheet.freeze_panes[1:]) + 1
    assert sheet[f"A{first}"].value == dt.datetime(2026, 10, 1)
    assert sheet[f"A{first}"].is_date and sheet[f"C{first}"].value == 1234.56


def test_the_detail_of_charges_has_a_sheet_of_its_own_with_all_decimals():
    book = opened(xlsx.render(layout_for("charges", "UA")(charges("UA", 8))))
    assert book.sheetnames == ["Нарахування", "Деталізація"]
    sheet = book["Деталізація"]
    first = int(sheet.freeze_panes[1:])
    assert sheet[f"H{first}"].value == 10.1234 and sheet[f"H{first}"].number_format == "#,##0.0000"
    assert not any("Абонент +" in str(cell.value) for line in sheet.iter_rows() for cell in line)


def test_the_summary_of_charges_ends_with_formulas_of_its_totals():
    data = xlsx.render(layout_for("charges", "UA")(charges("UA", 8)))
    written, shown = opened(data)["Нарахування"], opened(data, values=True)["Нарахування"]
    (last,) = [line[0].row for line in written.iter_rows() if line[0].value == "Всього"]
    first = int(written.freeze_panes[1:])
    for letter in "DEF":
        assert written[f"{letter}{last}"].value == f"=SUM({letter}{first}:{letter}{last - 1})"
        summed = sum(Decimal(str(shown[f"{letter}{row}"].value)) for row in range(first, last))
        assert Decimal(str(shown[f"{letter}{last}"].value)) == summed


def test_sub_totals_by_working_hours_are_formulas_over_their_service():
    amounts = {"work": Decimal("1.5000")}
    taxes = {"work": Decimal("0.3000")}
    rows = [HoursLine(f"38067{n}", "", f"Calls {n % 2}", "min", {"work": Decimal(n)}, amounts, taxes) for n in range(4)]
    data = replace(charges("DE", 8), by_hours=HoursDetail("9–18", rows, {}, has_amounts=True))
    sheet = opened(xlsx.render(layout_for("charges", "DE")(data))).worksheets[-1]
    totals = [line for line in sheet.iter_rows() if line[0].value == "Total"]
    first, last = totals[0][0].row - 4, totals[0][0].row - 1
    assert [line[2].value for line in totals] == ["Calls 0", "Calls 1", None]
    assert totals.pop()[5].value == f"=SUM(F{first}:F{last})"
    for line in totals:
        at = line[0].row
        mine = f"(C{first}:C{last}=C{at})*(D{first}:D{last}=D{at})"
        assert line[4].value == f"=SUMPRODUCT({mine}*E{first}:E{last})"


def test_a_register_reads_back_cell_by_cell():
    rows = [row(n) for n in range(1, 1200)]
    count, data = register(rows, totals=["Sum", "Price"], sheet="Реєстр", total_label="Разом")
    sheet = opened(data)["Реєстр"]
    assert count == 1199 and sheet.freeze_panes == "A2" and sheet.auto_filter.ref == "A1:F1200"
    for number, line in enumerate(rows, 2):
        text, count, amount, price, day, moment = (cell.value for cell in sheet[number])
        assert (text, count, amount, price) == (line[0], line[1], float(line[2]), float(line[3]))
        assert day == dt.datetime.combine(line[4], dt.time()) and moment == line[5]
    assert sheet["A1201"].value == "Разом" and sheet["C1201"].value == "=SUM(C2:C1200)"
    assert opened(data, values=True).active["C1201"].value == float(sum(line[2] for line in rows))
    assert sheet["C2"].number_format == "#,##0.00" and sheet["D2"].number_format == "#,##0.0000"


def test_rows_beyond_a_sheet_go_on_to_further_sheets():
    count, data = register((row(n) for n in range(250)), totals=["Sum"], sheet="Реєстр", last_row=101)
    book = opened(data)
    assert count == 250 and book.sheetnames == ["Реєстр", "Реєстр 2", "Реєстр 3"]
    assert [sheet.max_row for sheet in book] == [100, 100, 54]
    assert book["Реєстр 3"]["C54"].value == "=SUM('Реєстр'!C2:C100,'Реєстр 2'!C2:C100,C2:C53)"


def test_an_exactly_full_sheet_keeps_its_total():
    count, data = register((row(n) for n in range(99)), totals=["Sum"], last_row=101)
    book = opened(data)
    assert count == 99 and len(book.sheetnames) == 1
    assert book.active["C101"].value == "=SUM(C2:C100)"


def test_an_empty_register_opens_and_has_its_header():
    count, data = register([], totals=["Sum"])
    assert count == 0 and [cell.value for cell in opened(data).active[1]][0] == "Text"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["", "=", "+", "-", "@", "\t", "\r", "'"]))
def test_no_text_ever_becomes_a_formula(text, start):
    hostile = start + text
    count, data = register(
        [(hostile, 1, Decimal(1), Decimal(1), dt.date(2026, 1, 1), dt.datetime(2026, 1, 1))], sheet=hostile
    )
    cell = opened(data).active["A2"]
    assert count == 1 and cell.data_type != "f"
    if cell.value and cell.value[0] in "=+-@":
        assert cell.quotePrefix


@pytest.mark.parametrize(
    "text", ['A <B> & "C"', "  spaces  ", "two\nlines", "_x0041_", "Ґанок №1 😀", "=1+1", "а" * 32767]
)
def test_text_comes_back_as_it_went_in(text):
    _, data = register([(text, None, None, None, None, None)])
    got = opened(data).active["A2"].value
    assert got.replace("_x005F_", "_") == text


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["=", "+", "-", "@", ""]))
def test_no_name_in_a_document_becomes_a_formula(text, start):
    name = start + text
    line = replace(lines("RU", 1)[0], name=name, unit=name[:9], tax_label=name[:5])
    party = replace(BUYERS["RU"], name=name, address=name, tax_ids={name[:9] or "inn": name})
    data = replace(invoice("RU", made=[line]), buyer=party, number=name, notes=[name])
    for row in opened(xlsx.render(layout_for("invoice", "RU")(data))).active.iter_rows():
        assert all(cell.value.startswith(("=SUM", "=ROUND")) for cell in row if cell.data_type == "f")


def test_control_characters_are_dropped_and_endless_text_is_cut():
    _, data = register([("a\x00b\x1fc\ufffe", None, None, None, None, None), ("я" * 40_000, *[None] * 5)])
    sheet = opened(data).active
    assert sheet["A2"].value == "abc" and len(sheet["A3"].value) == 32_767


def test_the_same_workbook_has_the_same_bytes():
    document = layout_for("act", "PL")(MAKERS["act"]("PL"))
    assert xlsx.render(document) == xlsx.render(document)
    assert register([row(1)]) == register([row(1)])
    _, data = register([row(1)])
    assert {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(data)).infolist()} == {(2020, 1, 1, 0, 0, 0)}


def test_a_missing_value_leaves_its_cell_empty():
    _, data = register([(None, None, None, None, None, None), row(1)], totals=["Sum"])
    assert [cell.value for cell in opened(data).active[2]] == [None] * 6
