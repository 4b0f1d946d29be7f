"""Lists of numbers as people have them: pasted from a table, from a letter, in a file with or without a header."""

import pytest

from app.core.errors import Refused
from app.imports.number_lists import NUMBER, NUMBER_WORDS, read_file, read_paste
from app.rules.dialling import is_number, spellings

COLUMNS = {NUMBER: NUMBER_WORDS, "name": ("name", "new name", "нова назва")}


def cells(found):
    return [(found.cell(line, NUMBER), found.cell(line, "name")) for line in found.lines]


def test_lines_copied_from_a_spreadsheet_are_cells_apart_by_tabs():
    found = read_paste("Номер\tНова назва\n+380671234567\tОфіс\n\n0671234568\tСклад\n", COLUMNS)
    assert cells(found) == [("+380671234567", "Офіс"), ("0671234568", "Склад")]
    assert found.headers == ["Номер", "Нова назва"]


def test_a_list_without_a_header_loses_no_line():
    assert cells(read_paste("0671234567;Офіс\n0671234568;Склад", COLUMNS)) == [
        ("0671234567", "Офіс"),
        ("0671234568", "Склад"),
    ]


def test_numbers_of_a_letter_in_one_line_are_as_many_lines():
    assert len(read_paste("+380 67 123-45-67, +380 67 123-45-68,+380671234569", COLUMNS).lines) == 3


def test_a_files_lines_keep_the_numbers_a_spreadsheet_shows():
    found = read_file("Підсумок\n\nНазва;Номер\nОфіс;380671234567\n".encode(), COLUMNS)
    assert [(line.at, found.cell(line, NUMBER)) for line in found.lines] == [(4, "380671234567")]


def test_the_column_of_numbers_is_found_where_nobody_named_it():
    assert read_file("Хто;Що;Куди\nОфіс;0671234567;Київ\n".encode(), COLUMNS).columns[NUMBER] == 1


@pytest.mark.parametrize("text", ["", " \n;;\n", "Хто;Що\nОфіс;Склад\n"])
def test_what_is_no_list_of_numbers_is_refused_with_a_sentence(text):
    with pytest.raises(Refused):
        read_paste(text, COLUMNS)


def test_a_list_that_is_too_long_says_how_long_it_may_be():
    with pytest.raises(Refused, match="at most 2"):
        read_paste("\n".join(["0671234567"] * 4), COLUMNS, limit=2)


@pytest.mark.parametrize(
    ("text", "country", "kept"),
    [
        ("+380 (67) 123-45-67", "UA", "+380671234567"),
        ("380671234567", "UA", "+380671234567"),
        ("0671234567", "UA", "+380671234567"),
        ("'067 123 45 67", "UA", "+380671234567"),
        ("8 029 123-45-67", "BY", "+375291234567"),
        ("8 (999) 000-00-01", "RU", "+79990000001"),
        ("799 000 001", "PL", "+48799000001"),
        ("00380671234567", "UA", "+380671234567"),
        ("1001", "", "1001"),
        ("LINE-7", "UA", "LINE-7"),
        ("8 067 123-45-67", "UA", "+380671234567"),
        ("380671234567.0", "UA", "+380671234567"),
        ("380671234567,00", "UA", "+380671234567"),
        ("3.80671234567E+11", "UA", "+380671234567"),
        ("tel:+380671234567", "UA", "+380671234567"),
    ],
)
def test_a_number_is_found_however_it_is_written(text, country, kept):
    assert kept in spellings(text, (country,))


def test_a_name_with_digits_is_no_number():
    assert not is_number("Офіс 1234567") and is_number("067 123-45-67")
