"""Lines of a file through a mapping: typed, checked, explained; blank and malformed cells reported, never guessed."""

import datetime as dt
import os
import time
from decimal import Decimal

import pytest

from app.imports.fields import ImportKind
from app.imports.lines import ImportLine, check_lines, iter_lines
from app.imports.mapping import Mapping, Problem, guess_mapping
from app.imports.reading import Sheet, read_sheet
from tests.imports.files import SAMPLES

TELCO = SAMPLES / "customers" / "telco_customers.csv"
needs_telco = pytest.mark.skipif(
    not TELCO.exists(), reason=f"no {TELCO.name}: ../shared/samples is not beside this repository"
)


def lines_of(kind: ImportKind, text: str, **notations: str) -> list[ImportLine]:
    sheet = read_sheet(text.encode())
    mapping = guess_mapping(sheet.headers, sheet.sample(), kind)
    mapping.notations = notations
    return list(iter_lines(sheet, mapping))


def said(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


@needs_telco
def test_the_telecom_sample_loads_whole_and_its_blank_cells_are_reported() -> None:
    sheet = read_sheet(TELCO)
    mapping = guess_mapping(sheet.headers, sheet.sample(), ImportKind.CUSTOMERS)
    lines = list(iter_lines(sheet, mapping))
    assert len(lines) == 7043
    assert all(line.good for line in lines)
    assert sum(line.values["monthly_charge"] for line in lines) == Decimal("456116.60")
    warned = [line for line in lines if line.warnings]
    assert len(warned) == 11
    assert {str(line.warnings[0]) for line in warned} == {"«Cargos totales» is blank; the line is taken without it."}
    assert warned[0].number == 490
    assert sum(line.attributes["CHURN"] == "Yes" for line in lines) == 1869
    assert sum(("Servicio de internet", "Fiber optic") in line.services for line in lines) == 3096
    assert sum(any(name == "Lineas multiples" for name, _ in line.services) for line in lines) == 2971


@needs_telco
def test_the_counts_of_the_sample_are_the_previews() -> None:
    sheet = read_sheet(TELCO)
    verdict = check_lines(sheet, guess_mapping(sheet.headers, sheet.sample(), ImportKind.CUSTOMERS))
    assert (verdict.total, verdict.good, verdict.warned, verdict.rejected) == (7043, 7043, 11, 0)
    assert len(verdict.problems) == 11


def test_the_samples_are_not_forgotten_where_they_are() -> None:
    if os.environ.get("CI") and SAMPLES.exists():
        assert TELCO.exists()


def test_a_line_is_typed_and_its_other_columns_are_kept() -> None:
    [line] = lines_of(
        ImportKind.CUSTOMERS,
        "code;name;country;start date;monthly fee;currency;quantity;Colour\n"
        "C1; ТОВ «Їжак» ;Україна;01.10.2026;1 200,50;грн;3;red\n",
    )
    assert line.values == {
        "company_code": "C1",
        "company_name": "ТОВ «Їжак»",
        "country": "UA",
        "start_date": dt.date(2026, 10, 1),
        "monthly_charge": Decimal("1200.50"),
        "currency": "UAH",
        "quantity": Decimal(3),
    }
    assert line.attributes == {"Colour": "red"}
    assert (line.number, line.good, line.errors, line.warnings) == (2, True, [], [])


def test_a_required_blank_rejects_the_line_and_an_optional_malformed_cell_does_not() -> None:
    first, second, third = lines_of(
        ImportKind.CUSTOMERS, "code,name,monthly fee,tenure\n,x,1.50,1\nC2,y,2.50,soon\nC3,z,3.50,3\n"
    )
    assert said(first.errors) == ["«code» is blank, and every line needs it. Fill it in."]
    assert said(second.warnings) == ["«soon» is not a whole number. Write digits only, like 12."]
    assert second.good
    assert "tenure_months" not in second.values
    assert second.warnings[0].column == "tenure"
    assert third.good


def test_a_malformed_charge_rejects_the_line_because_money_hangs_on_it() -> None:
    bad, negative, blank, zero = lines_of(ImportKind.CUSTOMERS, "code,monthly fee\nC1,free\nC2,-5.00\nC3, \nC4,0\n")
    assert said(bad.errors) == ["«free» is not an amount. Write digits only, like 1234.56."]
    assert said(negative.errors) == ["«-5.00» is less than 0. Correct it."]
    assert said(blank.errors) == [
        "«monthly fee» is blank and the line names no plan, so there is nothing to charge. Fill in one of them."
    ]
    assert zero.good
    assert zero.values["monthly_charge"] == 0


def test_an_ambiguous_amount_is_refused_until_a_person_chooses_the_sign() -> None:
    text = "code;monthly fee\nC1;1,234\nC2;2,345\n"
    assert [line.errors[0].text[:20] for line in lines_of(ImportKind.CUSTOMERS, text)] == ["«%(cell)s» can be re"] * 2
    chosen = lines_of(ImportKind.CUSTOMERS, text, monthly_charge=",")
    assert [line.values["monthly_charge"] for line in chosen] == [Decimal("1.234"), Decimal("2.345")]


def test_a_repeated_line_names_the_first() -> None:
    first, second, third = lines_of(ImportKind.CUSTOMERS, "code,monthly fee\nC1,1.50\nC2,2.50\nC1,1.50\n")
    assert first.good
    assert second.good
    assert said(third.errors) == ["The line repeats line 2. Keep one of the two."]


def test_two_subscriptions_of_one_customer_are_no_repetition() -> None:
    lines = lines_of(ImportKind.CUSTOMERS, "code,plan,monthly fee\nC1,Gold,1.50\nC1,Silver,2.50\n")
    assert all(line.good for line in lines)


def test_long_and_short_lines_are_explained() -> None:
    good, long, short = lines_of(ImportKind.CUSTOMERS, "code,name,phone\nC1,a,b\nC2,a,b,c\nC3,a\n")
    assert good.good
    assert said(long.errors)[0].startswith("The line has 4 cells, the header only 3.")
    assert short.good
    assert said(short.warnings)[0].startswith("The line has 2 cells, the header 3;")


def test_a_blank_service_cell_is_reported() -> None:
    on, blank = lines_of(ImportKind.CUSTOMERS, "code,monthly fee,Internet\nC1,1.50,Yes\nC2,1.50, \n")
    assert on.services == [("Internet", "Yes")]
    assert blank.services == []
    assert said(blank.warnings) == ["«Internet» is blank; the service is taken as not ordered."]


def test_the_currency_beside_an_amount_serves_and_must_agree() -> None:
    alone = lines_of(ImportKind.PAYMENTS, "account,date,amount\n1,2026-10-01,₴20.50\n")[0]
    assert (alone.values["amount"], alone.values["currency"]) == (Decimal("20.50"), "UAH")
    other = lines_of(ImportKind.PAYMENTS, "account,date,amount,currency\n1,2026-10-01,20.50 zł,UAH\n")[0]
    assert said(other.errors) == ["The amount says PLN, the line says UAH. Correct one of them."]


def test_payments_need_an_account_an_amount_and_a_day() -> None:
    lines = lines_of(
        ImportKind.PAYMENTS,
        "Особовий рахунок;Код клієнта;Дата;Сума;Номер документа\n"
        "100;;01.10.2026;100,50;1\n;;01.10.2026;10;2\n101;;;10;3\n102;;01.10.2026;0;4\n100;;01.10.2026;100,50;1\n",
    )
    assert [line.good for line in lines] == [True, False, False, False, False]
    assert said(lines[1].errors) == ["The line names none of: «Особовий рахунок», «Код клієнта». Fill in one of them."]
    assert said(lines[3].errors) == ["«0» must be more than zero. Correct it."]
    assert said(lines[4].errors) == ["The line repeats line 2. Keep one of the two."]


def test_usage_is_dated_in_the_sellers_zone() -> None:
    sheet = read_sheet(b"id,subscriber,service,quantity,started_at\n1,380,voice,60,2026-07-01 10:00:00\n")
    mapping = guess_mapping(sheet.headers, sheet.sample(), ImportKind.USAGE)
    [line] = iter_lines(sheet, mapping, zone="Europe/Kyiv")
    assert line.values["started_at"].astimezone(dt.UTC).isoformat() == "2026-07-01T07:00:00+00:00"
    assert line.values["quantity"] == 60


def test_an_end_before_its_start_is_refused() -> None:
    [line] = lines_of(ImportKind.CUSTOMERS, "code,plan,start date,end date\nC1,Gold,2026-10-02,2026-10-01\n")
    assert said(line.errors) == ["It ends on 2026-10-01, before it starts on 2026-10-02. Correct one of the dates."]


def test_a_mapping_that_does_not_fit_is_refused_at_once() -> None:
    sheet = read_sheet(b"a,b\n1,2\n")
    with pytest.raises(Problem, match="no column «code»"):
        list(iter_lines(sheet, Mapping(ImportKind.CUSTOMERS, {"company_code": "code"})))


def test_a_spreadsheets_own_numbers_are_never_ambiguous(tmp_path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["code", "monthly fee"], ["C1", 1.234], ["C2", 2.345]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    sheet = read_sheet(tmp_path / "x.xlsx")
    mapping = guess_mapping(sheet.headers, sheet.sample(), ImportKind.CUSTOMERS)
    assert [line.values["monthly_charge"] for line in iter_lines(sheet, mapping)] == [
        Decimal("1.234"),
        Decimal("2.345"),
    ]


def test_fifty_thousand_lines_are_checked_in_little_time() -> None:
    headers = "code;name;monthly fee;quantity;start date;Internet;TV;address;total charged;currency"
    body = "".join(
        f"C{n};Компанія {n};{n % 90 + 1},{n % 90 + 10};1;01.{n % 12 + 1:02d}.2026;Так;Ні;вул. {n};{n},50;UAH\n"
        for n in range(50_000)
    )
    sheet: Sheet = read_sheet(f"{headers}\n{body}".encode())
    mapping = guess_mapping(sheet.headers, sheet.sample(), ImportKind.CUSTOMERS)
    started = time.process_time()
    verdict = check_lines(sheet, mapping)
    assert verdict.good == 50_000
    assert time.process_time() - started < 2.4  # measured 0.65; parse and check together have 2 CPU seconds
