"""Rejected lines come back as the same file with a reason, and nothing in them becomes a formula."""

import io

import openpyxl
import pytest

from app.imports.fields import ImportKind
from app.imports.lines import iter_lines
from app.imports.mapping import guess_mapping
from app.imports.reading import read_sheet
from app.imports.rejects import file_name, safe_text, sentences, write_result
from tests.imports.test_reading import saved


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("cp1251", ";"), ("utf-8-sig", ","), ("utf-16", "\t"), ("utf-8", "|")]
)
def test_a_csv_keeps_its_delimiter_encoding_and_columns(encoding: str, delimiter: str) -> None:
    text = "Код,Назва,Сума\nК1,Їжак,1.50\nК2,,2.50\nК3,Ґава,x\n".replace(",", delimiter)
    sheet = read_sheet(text.encode(encoding))
    out = io.BytesIO()
    assert write_result(sheet, {4: "Не сума. Виправте."}, out, "Причина") == 1
    assert out.getvalue().decode(encoding) == (
        "Код,Назва,Сума,Kabinet: Причина\r\nК3,Ґава,x,Не сума. Виправте.\r\n".replace(",", delimiter)
    )
    assert read_sheet(out.getvalue()).encoding == encoding


def test_every_line_may_come_back_with_its_result() -> None:
    sheet = read_sheet(b"a,b\n1,2\n3,4\n")
    out = io.BytesIO()
    assert write_result(sheet, {2: "Done", 3: "Refused"}, out, "Result", every_line=True) == 2
    assert out.getvalue() == b"a,b,Kabinet: Result\r\n1,2,Done\r\n3,4,Refused\r\n"


def test_sentences_the_encoding_has_no_letters_for_turn_the_file_into_utf8() -> None:
    sheet = read_sheet("kod;nazwa\n1;Spółka Żółć\n".encode("cp1250"))
    assert sheet.encoding == "cp1250"
    out = io.BytesIO()
    write_result(sheet, {2: "Виправте"}, out)
    assert out.getvalue().decode("utf-8-sig").splitlines()[1] == "1;Spółka Żółć;Виправте"


def test_a_workbook_keeps_numbers_dates_and_texts(tmp_path) -> None:
    import datetime as dt

    rows = [["code", "sum", "day", "phone", "blank"], ["007", 29.85, dt.date(2026, 10, 31), "+380501112233", None]]
    rows += [["008", 20, dt.date(2026, 11, 1), " x ", None]]
    sheet = read_sheet(saved(rows))
    target = tmp_path / "rejected.xlsx"
    assert write_result(sheet, {2: "Wrong", 3: "Worse"}, target) == 2
    page = openpyxl.load_workbook(target).active
    assert [cell.value for cell in page[1]] == ["code", "sum", "day", "phone", "blank", "Kabinet: Reason"]
    assert [cell.value for cell in page[2]][:2] == ["007", 29.85]
    assert page["C2"].value.date() == dt.date(2026, 10, 31)
    assert page["D2"].data_type == "s"
    again = read_sheet(target)
    assert [row.values[:5] for row in again.rows] == [row.values for row in sheet.rows]
    assert again.number_columns == sheet.number_columns


@pytest.mark.parametrize("evil", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")'])
def test_no_cell_becomes_a_formula(evil: str, tmp_path) -> None:
    assert safe_text(evil) == "'" + evil
    sheet = read_sheet(saved([["a", "b"], ["x", "y"]]))
    target = tmp_path / "r.xlsx"
    write_result(sheet, {2: evil}, target)
    cell = openpyxl.load_workbook(target).active["C2"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", evil, True)


def test_plain_numbers_and_phones_stay_as_they_were() -> None:
    assert [safe_text(cell) for cell in ("-5.00", "+380501112233", "-1 234,56", "a=b")] == [
        "-5.00", "+380501112233", "-1 234,56", "a=b",
    ]  # fmt: skip


def test_unprintable_characters_do_not_break_a_workbook(tmp_path) -> None:
    sheet = read_sheet(saved([["a", "b"], ["x & <y>", '"q"']]))
    write_result(sheet, {2: "bell \x07 & <tag> \ud800"}, tmp_path / "r.xlsx")
    row = openpyxl.load_workbook(tmp_path / "r.xlsx").active[2]
    assert [cell.value for cell in row] == ["x & <y>", '"q"', "bell   & <tag>  "]


def test_a_corrected_file_comes_back_without_the_added_column() -> None:
    sheet = read_sheet(b"code,monthly fee\nC1,x\n")
    out = io.BytesIO()
    mapping = guess_mapping(sheet.headers, sheet.sample(), ImportKind.CUSTOMERS)
    write_result(sheet, {line.number: sentences(line.errors) for line in iter_lines(sheet, mapping)}, out)
    corrected = read_sheet(out.getvalue().replace(b"C1,x", b"C1,5.50"))
    mapping = guess_mapping(corrected.headers, corrected.sample(), ImportKind.CUSTOMERS)
    [line] = iter_lines(corrected, mapping)
    assert (line.good, line.attributes, line.services) == (True, {}, [])
    again = io.BytesIO()
    write_result(corrected, {2: "still"}, again)
    assert again.getvalue() == b"code,monthly fee,Kabinet: Reason\r\nC1,5.50,still\r\n"


def test_cells_beyond_the_header_are_kept_behind_the_reason() -> None:
    sheet = read_sheet(b"a,b\n1,2,3\n")
    out = io.BytesIO()
    write_result(sheet, {2: "too long"}, out)
    assert out.getvalue() == b"a,b,Kabinet: Reason\r\n1,2,too long,3\r\n"


def test_the_name_of_the_file_stays_and_its_ending_is_true() -> None:
    sheet = read_sheet(b"a,b\n1,2\n")
    assert file_name("../Клієнти жовтень.xlsx", sheet, "rejected") == "Клієнти жовтень-rejected.csv"
    assert file_name("C:\\x\\y.csv", sheet, "result") == "y-result.csv"
