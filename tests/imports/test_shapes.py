"""Files as banks, billing systems and clouds write them, made small here: every line is read or given back."""

import json
from decimal import Decimal

import pytest

from app.imports.catalogs import read_catalog
from app.imports.fields import ImportKind
from app.imports.lines import ImportLine, iter_lines
from app.imports.mapping import Mapping, guess_mapping, validate_mapping
from app.imports.reading import Sheet, read_sheet

MBANK = """Bank Przykładowy S.A.;
Skrytka Pocztowa 1;
#Klient;
JAN KOWALSKI;
#Za okres:;
17.12.2025;17.12.2026;
#dla rachunków:;
mKonto - 12345678901234567890123456;
#Lista nie jest dokumentem, ponieważ operacje można, samodzielnie, edytować.;
a;
b;
c;
#Waluta;#Wpływy;#Wydatki;
PLN;1 050,00;-118,72;

#Data operacji;#Opis operacji;#Rachunek;#Kategoria;#Kwota;
2026-09-18;"SKLEP     ";"Moje konto";"Żywność";-118,72 PLN;;
2026-09-19;"PRZELEW
  FV 7  ";"Moje konto";"Wpływy";1 050,00 PLN;;
;;;#Saldo końcowe;931,28 PLN;
"""
PRIVAT = """ЄДРПОУ;МФО;Рахунок;Валюта;Номер документу;Дата операції;Рахунок кореспондента;ЄДРПОУ кореспондента;Сума;Призначення платежу;
11111111;305299;UA703052990000026001234567890;UAH;1;01.10.26;UA703052990000026001234567891;22222222;1 234.50;рах. 5;
11111111;305299;UA703052990000026001234567890;UAH;2;02.10.26;UA703052990000026001234567892;33333333;-70 000.00;оренда;
"""  # noqa: E501 - a line of the statement
SUBSCRIBERS = """Абонентська база на 01.10.2026

№ з/п;Особовий рахунок;ПІБ абонента;Номер телефону;Тарифний план;Абонплата, грн з ПДВ;Дата підключення;Інтернет
1;100200;Мельник Олена;380671112233;Старт;1 250,50;01.02.24;Так
2;100201;О’Коннор Дем’ян;380671112234;Бізнес;99,90;15.03.24;ні
Разом;;;;;1 350,40;;
"""


def read(text: str, kind: ImportKind, encoding: str = "utf-8") -> tuple[Sheet, Mapping, list[ImportLine]]:
    """The file as its kind, mapped by the guess."""
    sheet = read_sheet(text.encode(encoding))
    mapping = guess_mapping(sheet.headers, sheet.sample(), kind)
    assert not validate_mapping(mapping, sheet.headers)
    return sheet, mapping, list(iter_lines(sheet, mapping))


def said(line: ImportLine) -> str:
    """Why it was left out."""
    return " ".join(map(str, line.errors))


def test_a_banks_statement_is_found_below_its_address_and_particulars() -> None:
    sheet, mapping, lines = read(MBANK, ImportKind.PAYMENTS, "cp1250")
    assert (sheet.header_line, mapping.columns["amount"], mapping.columns["purpose"]) == (
        16,
        "#Kwota",
        "#Opis operacji",
    )
    out, came_in, balance = lines
    assert "the money went out" in said(out)
    assert came_in.good and came_in.values["amount"] == Decimal("1050.00") and came_in.values["currency"] == "PLN"
    assert "a total or a balance" in said(balance)


def test_the_payers_code_and_no_account_of_a_bank_is_taken_from_a_statement() -> None:
    _, mapping, lines = read(PRIVAT, ImportKind.PAYMENTS, "cp1251")
    assert "account_number" not in mapping.columns
    assert mapping.columns["payer_tax_code"] == "ЄДРПОУ кореспондента"
    assert [line.good for line in lines] == [True, False]
    assert lines[0].values["paid_on"].isoformat() == "2026-10-01"


def test_money_that_went_out_by_a_word_is_no_payment() -> None:
    text = "date,amount,description,direction\n15.04.2026,5000.00,Оплата 5,income\n16.04.2026,200.00,Оренда,expense\n"
    _, _, lines = read(text, ImportKind.PAYMENTS)
    assert [line.good for line in lines] == [True, False] and "«expense»" in said(lines[1])


def test_a_debit_of_a_statement_with_two_columns_is_given_back() -> None:
    header = "Дата проводки;Сумма по дебету;Сумма по кредиту;Назначение платежа"
    text = f"{header}\n01.10.2026;;12 500,00;счёт 5\n02.10.2026;3 000,00;;x\n"
    _, _, lines = read(text, ImportKind.PAYMENTS)
    assert lines[0].values["amount"] == Decimal(12500) and "no money came in" in said(lines[1])


def test_what_a_gateway_kept_may_be_written_with_a_minus() -> None:
    text = "Date,Name,Currency,Gross,Fee,Net,Invoice Number\n2026-10-31,A,USD,100.00,-3.20,96.80,INV-1\n"
    _, _, (line,) = read(text, ImportKind.PAYMENTS)
    assert (line.values["amount"], line.values["fee"]) == (Decimal(100), Decimal("3.20"))


def test_the_currency_of_a_header_must_agree_with_the_lines() -> None:
    text = "Дата;Деталі операції;Сума в валюті картки (UAH);Валюта\n01.10.2026;5;10.00;UAH\n02.10.2026;6;20.00;EUR\n"
    _, _, lines = read(text, ImportKind.PAYMENTS)
    assert [line.good for line in lines] == [True, False] and "The amount says UAH, the line says EUR" in said(lines[1])


def test_a_list_known_by_account_numbers_alone_is_a_list_of_customers() -> None:
    _, mapping, lines = read(SUBSCRIBERS, ImportKind.CUSTOMERS, "cp1251")
    assert mapping.services == ["Інтернет"]
    first, _, total = lines
    assert (first.values["company_code"], first.values["account_number"]) == ("100200", "100200")
    assert (first.values["monthly_charge"], first.values["currency"]) == (Decimal("1250.50"), "UAH")
    assert first.values["company_name"] == "Мельник Олена" and first.values["start_date"].isoformat() == "2024-02-01"
    assert "a total or a balance" in said(total)
    assert sum(line.values["monthly_charge"] for line in lines if line.good) == Decimal("1350.40")


def test_a_company_called_total_is_no_total() -> None:
    _, _, lines = read("Customer ID,Name,Monthly Charges\nTOTAL,Total SE,10.00\n2,B,5.00\n", ImportKind.CUSTOMERS)
    assert all(line.good for line in lines)


def test_a_charge_without_its_tax_is_not_taken_for_one_with_it() -> None:
    sheet = read_sheet("Код;Назва;Абонплата без ПДВ\n1;А;10,00\n".encode())
    assert "monthly_charge" not in guess_mapping(sheet.headers, sheet.sample(), ImportKind.CUSTOMERS).columns


def test_a_name_in_parts_is_put_together_in_the_files_order() -> None:
    text = "Client ID,First Name,Last Name,Company Name\n1,John,Smith,\n2,Ann,Lee,Acme\n"
    _, _, lines = read(text, ImportKind.CUSTOMERS)
    assert [line.values["company_name"] for line in lines] == ["John Smith", "Acme"]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("Kundennummer;Name;Monatliche Gebühr;Vertragsbeginn;Telefon", "1;Müller;1.049,90 €;31.12.2025;ja"),
        ("Numéro client;Nom;Abonnement mensuel;Date de début;Internet", "1;A;1 049,90 €;31/12/2025;oui"),
        ("ID do Cliente;Nome;Mensalidade;Data de início;Internet", "1;João;1.049,90 €;31 de dezembro de 2025;sim"),
    ],
)
def test_customers_come_with_headers_of_other_languages(header: str, line: str) -> None:
    _, mapping, (read_line,) = read(f"{header}\n{line}\n", ImportKind.CUSTOMERS, "cp1252")
    assert len(mapping.services) == 1
    assert read_line.values["monthly_charge"] == Decimal("1049.90")
    assert read_line.values["start_date"].isoformat() == "2025-12-31"


def test_retail_meters_with_product_and_sku_are_steps_and_no_licences() -> None:
    head = "currencyCode,tierMinimumUnits,retailPrice,unitPrice,meterId,meterName,productId,skuId,unitOfMeasure,type"
    rows = "USD,0,0.02,0.02,m1,Data,P,P/1,1 GB,Consumption\nUSD,100,0.01,0.01,m1,Data,P,P/1,1 GB,Consumption"
    catalog = read_catalog(f"{head}\n{rows}\n".encode())
    assert catalog.layout == "meters" and not catalog.errors
    assert catalog.lines[0].tiers == ((Decimal(0), Decimal("0.02")), (Decimal(100), Decimal("0.01")))


def test_models_are_read_from_a_list_of_their_providers() -> None:
    providers = [{"id": "acme", "models": [{"id": "m1", "name": "M 1", "prices": {"input_mtok": 0.25}}, {"id": "m2"}]}]
    catalog = read_catalog(json.dumps(providers).encode())
    (line,) = catalog.lines
    assert (line.product_code, line.price, line.unit_quantity) == ("acme/m1", Decimal("0.25"), 1_000_000)
    assert [one.product_code for one in catalog.unpriced] == ["acme/m2"]


def test_costs_per_token_are_read_from_an_object_of_models() -> None:
    models = {
        "m1": {
            "litellm_provider": "acme",
            "input_cost_per_token": 3e-06,
            "output_cost_per_image": 0.04,
            "mode": "chat",
        },
        "m2": {
            "litellm_provider": "acme",
            "input_cost_per_token_above_200k_tokens": 6e-06,
            "cache_read_input_token_cost": 3e-07,
        },
    }
    catalog = read_catalog(json.dumps(models).encode())
    assert [(one.product_code, one.plan_code, one.unit, one.unit_quantity, one.price) for one in catalog.lines] == [
        ("m1", "", "token", 1_000_000, Decimal(3)),
        ("m1", "", "image", 1, Decimal("0.04")),
        ("m2", "above-200k-tokens", "token", 1_000_000, Decimal(6)),
        ("m2", "", "token", 1_000_000, Decimal("0.3")),
    ]


def test_a_price_list_says_by_its_header_whether_tax_is_in_its_prices() -> None:
    catalog = read_catalog(b"Cennik 2026;;;\n\nKod;Nazwa;Cena brutto;Jm\nA1;Serwer;49,99;mies.\n")
    (line,) = catalog.lines
    assert (line.tax_included, line.charged, line.price) == (True, "period", Decimal("49.99"))
