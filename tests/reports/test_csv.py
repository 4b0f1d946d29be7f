"""CSV registers: encoding, separators, no formulas."""

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.render.csv import write_register
from app.reports.render.xlsx import Column

COLUMNS = [Column("Назва"), Column("Сума", "money"), Column("Ціна", "decimal4"), Column("День", "date")]
ROW = ("ТОВ «А;Б»", Decimal("-12.5"), Decimal("0.12345"), dt.date(2026, 10, 1))


def written(rows, **more):
    out = io.BytesIO()
    write_register(out, COLUMNS, rows, **more)
    return out.getvalue()


def test_the_default_is_what_a_local_spreadsheet_opens():
    data = written([ROW])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").splitlines() == ["Назва;Сума;Ціна;День", '"ТОВ «А;Б»";-12.50;0.1235;2026-10-01']


def test_separator_mark_and_decimal_comma_can_be_chosen():
    text = written([ROW], delimiter="\t", bom=False, decimal_comma=True).decode()
    assert text.splitlines()[1] == "ТОВ «А;Б»\t-12,50\t0,1235\t2026-10-01"


def test_many_rows_come_out_in_order():
    rows = [(str(n), Decimal(n), None, None) for n in range(2500)]
    read = list(csv.reader(io.StringIO(written(rows).decode("utf-8-sig")), delimiter=";"))
    assert [line[0] for line in read[1:]] == [str(n) for n in range(2500)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_string_that_begins_like_a_formula_gets_an_apostrophe(start):
    read = list(
        csv.reader(
            io.StringIO(written([(start + "cmd", None, None, None)]).decode("utf-8-sig"), newline=""), delimiter=";"
        )
    )
    assert read[1][0] == f"'{start}cmd"


@given(st.text())
def test_no_cell_is_left_to_be_computed(text):
    read = list(
        csv.reader(io.StringIO(written([(text, None, None, None)]).decode("utf-8-sig"), newline=""), delimiter=";")
    )
    assert not read[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))
