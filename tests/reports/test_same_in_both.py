"""A document says the same as PDF and as XLSX: the same lines in the same order, the same totals, the same words."""

import datetime as dt
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from app.reports import document as doc
from app.reports.formats import Formats, formats_of
from app.reports.registry import layout_for
from app.reports.render import pdf, xlsx
from tests.reports.papers import MAKERS

COUNTRIES = ["UA", "RU", "PL", "DE"]
WORD = re.compile(r"[^\W_]+")  # a line to sign on is drawn on paper
MONEY = re.compile(r"(?<![\d.,])\d{1,3}(?:[\u202f\u00a0,]?\d{3})*[.,]\d\d(?![\d.,])")


def laid_out(kind: str, country: str) -> doc.Document:
    return layout_for(kind, country)(MAKERS[kind](country))


def squeezed(text: str) -> str:
    """Without blanks and line ends, which a PDF places by where a line breaks."""
    return "".join(text.split()).replace("\xad", "")


def printed(data: bytes) -> str:
    return squeezed(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages))


def as_printed(value: Any, formats: Formats) -> list[str]:
    """How a cell's value may stand on paper."""
    if isinstance(value, dt.datetime | dt.date):
        day = value.date() if isinstance(value, dt.datetime) else value
        return [squeezed(formats.cell(day, "date"))]
    if isinstance(value, str):
        return [squeezed(value)]
    number = Decimal(str(value))
    return [squeezed(formats.cell(number, kind)) for kind in ("money", "fine", "price", "quantity", "percent")]


def sheet_of(data: bytes) -> Any:
    """The first sheet, with what its formulas come to."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=True).worksheets[0]


def left_off_paper(laid: doc.Document, sheet: Any) -> set[int]:
    """Places of columns that a workbook has and paper has no room for."""
    titles: set[str] = set()
    for block in laid.blocks:
        if isinstance(block, doc.Table):
            titles |= {column.title for column in block.columns if column.only == "xlsx"}
            list(block.rows)  # a document that was not read to its end does not add up
    header = int(sheet.freeze_panes[1:]) - 1
    return {cell.column for cell in sheet[header] if cell.value in titles}


def said(sheet: Any, without: set[int]) -> list[Any]:
    header = int(sheet.freeze_panes[1:]) - 1
    return [
        cell.value
        for line in sheet.iter_rows()
        for cell in line
        if cell.value is not None and not (cell.row >= header and cell.column in without)
    ]


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("kind", list(MAKERS))
def test_everything_the_workbook_says_stands_on_the_paper(kind: str, country: str) -> None:
    laid = laid_out(kind, country)
    formats, paper = formats_of(laid.locale), printed(pdf.render(laid_out(kind, country)))
    sheet = sheet_of(xlsx.render(laid_out(kind, country)))
    for value in said(sheet, left_off_paper(laid, sheet)):
        if isinstance(value, str):  # a party stands in one cell and in several lines of paper: word by word
            missing = [word for word in WORD.findall(value) if word not in paper]
        else:
            missing = [value] if not any(text in paper for text in as_printed(value, formats)) else []
        assert missing == [], value


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("kind", list(MAKERS))
def test_every_sum_on_the_paper_is_a_number_of_the_workbook(kind: str, country: str) -> None:
    laid = laid_out(kind, country)
    formats, sheet = formats_of(laid.locale), sheet_of(xlsx.render(laid_out(kind, country)))
    known = {text for value in said(sheet, set()) for text in as_printed(value, formats)}
    words = "".join(text for text in known)
    lines = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.render(laid))).pages).replace("\xa0", "")
    sums = set(MONEY.findall(lines))
    assert len(sums) >= 3
    assert {one for one in sums if one not in known and one not in words} == set()
