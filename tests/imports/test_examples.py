"""The files of `examples/` are read as the README says: their good lines clean, their bad lines with reasons."""

from pathlib import Path

import pytest

from app.imports.catalogs import read_catalog
from app.imports.fields import ImportKind
from app.imports.lines import check_lines
from app.imports.mapping import guess_mapping
from app.imports.reading import read_sheet

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def verdict_of(name, kind):
    sheet = read_sheet(EXAMPLES / name)
    mapping = guess_mapping(sheet.headers, sheet.sample(), kind)
    assert mapping.unmapped(sheet.headers) == []
    return check_lines(sheet, mapping, "Europe/Kyiv")


def test_the_customers_have_two_bad_lines_and_every_column_is_recognised():
    verdict = verdict_of("customers.csv", ImportKind.CUSTOMERS)
    assert (verdict.total, verdict.good, verdict.warned, verdict.rejected) == (30, 28, 0, 2)
    assert [(number, problem.field) for number, _, problem in verdict.problems] == [
        (14, "start_date"),
        (25, "monthly_charge"),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "lines"), [("payments.csv", ImportKind.PAYMENTS, 12), ("usage.csv", ImportKind.USAGE, 40)]
)
def test_payments_and_usage_are_clean(name, kind, lines):
    verdict = verdict_of(name, kind)
    assert (verdict.total, verdict.good, verdict.problems) == (lines, lines, [])


def test_the_price_list_has_ten_priced_goods():
    catalog = read_catalog(EXAMPLES / "price_list.xlsx")
    assert (len(catalog.lines), catalog.errors, catalog.warnings) == (10, [], [])
    assert str(catalog.lines[0].tiers[0][1]) == "390"
