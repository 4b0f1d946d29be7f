"""Headers in five languages find their fields; a saved mapping serves the next file; a wrong one says what is wrong."""

import json
from decimal import Decimal

import pytest

from app.imports.fields import FIELDS, ImportKind
from app.imports.lines import iter_lines
from app.imports.mapping import Mapping, guess_mapping, validate_mapping
from app.imports.reading import Row, read_sheet

ENGLISH = [
    "customerID",
    "gender",
    "SeniorCitizen",
    "Partner",
    "Dependents",
    "tenure",
    "PhoneService",
    "MultipleLines",
    "InternetService",
    "OnlineSecurity",
    "OnlineBackup",
    "DeviceProtection",
    "TechSupport",
    "StreamingTV",
    "StreamingMovies",
    "Contract",
    "PaperlessBilling",
    "PaymentMethod",
    "MonthlyCharges",
    "TotalCharges",
    "Churn",
]
SPANISH = [
    "ClienteID",
    "Genero",
    "Adulto Mayor",
    "Pareja",
    "Dependientes",
    "Permanencia",
    "Servicio telefonico",
    "Lineas multiples",
    "Servicio de internet",
    "Seguridad en linea",
    "Respaldo en linea",
    "Proteccion de dispositivo",
    "Soporte tecnico",
    "StreamingTV",
    "StreamingMovies",
    "Contrato",
    "Facturacion sin papel",
    "Metodo de pago",
    "Cargos mensuales",
    "Cargos totales",
    "CHURN",
]
LINES = [
    "A-1,Female,0,Yes,No,1,No,No phone service,DSL,No,Yes,"
    "No,No,No,No,Month-to-month,Yes,Electronic check,29.85,29.85,No",
    "A-2,Male,0,No,No,34,Yes,No,DSL,Yes,No,Yes,No,No,No,One year,No,Mailed check,56.95,1889.5,No",
    "A-3,Male,1,No,No,2,Yes,Yes,Fiber optic,Yes,Yes,No,Yes,No,Yes,Two year,Yes,Mailed check,53.85,108.15,Yes",
    "A-4,Male,0,No,Yes,45,Yes,No,No,No internet service,No internet service,No internet service,No internet service,"
    "No internet service,No internet service,One year,No,Bank transfer (automatic),20,900,No",
    "A-5,Male,0,Yes,Yes,0,Yes,No,No,No internet service,No internet service,No internet service,No internet service,"
    "No internet service,No internet service,Two year,No,Mailed check,19.7, ,No",
    "A-6,Female,0,No,No,8,Yes,Yes,Fiber optic,No,No,Yes,No,Yes,Yes,Month-to-month,Yes,Electronic check,99.65,820.5,Yes",
]
FOUND = {
    "company_code": 0, "contract_kind": 15, "monthly_charge": 18, "total_charged": 19, "payment_method_note": 17,
    "tenure_months": 5,
}  # fmt: skip


def variants() -> dict[str, tuple[list[str], list[list[str]], str]]:
    lines = [line.split(",") for line in LINES]
    order = list(range(20, -1, -1))
    comma = [[cell.replace(".", ",") if at in (18, 19) else cell for at, cell in enumerate(line)] for line in lines]
    return {
        "Spanish": (SPANISH, lines, ","),
        "English": (ENGLISH, lines, ","),
        "upper case": ([name.upper() for name in ENGLISH], lines, ","),
        "lower case": ([name.lower() for name in SPANISH], lines, ","),
        "extra spaces": ([f"  {name.replace(' ', '   ')} " for name in SPANISH], lines, ","),
        "underscores": ([name.replace(" ", "_") for name in SPANISH], lines, ","),
        "accents": (
            [name.replace("telefonico", "telefónico").replace("Metodo", "Método") for name in SPANISH],
            lines,
            ",",
        ),
        "semicolons and decimal commas": (ENGLISH, comma, ";"),
        "another order": ([ENGLISH[at] for at in order], [[line[at] for at in order] for line in lines], ","),
    }


@pytest.mark.parametrize("name", variants())
def test_the_telecom_columns_are_found_however_they_are_written(name: str) -> None:
    headers, lines, delimiter = variants()[name]
    content = "\n".join(delimiter.join(line) for line in [headers, *lines])
    sheet = read_sheet(content.encode())
    mapping = guess_mapping(sheet.headers, sheet.sample(), ImportKind.CUSTOMERS)
    back = (lambda at: 20 - at) if name == "another order" else (lambda at: at)
    assert {field: back(sheet.headers.index(column)) for field, column in mapping.columns.items()} == FOUND
    assert sorted(back(sheet.headers.index(column)) for column in mapping.services) == list(range(6, 15))
    assert validate_mapping(mapping, sheet.headers) == []
    assert mapping.score > 0.9
    charges = [line.values["monthly_charge"] for line in iter_lines(sheet, mapping)]
    assert charges == [Decimal(x) for x in ("29.85", "56.95", "53.85", "20", "19.7", "99.65")]


def guessed(kind: ImportKind, header: str, *lines: str) -> Mapping:
    headers = header.split(";")
    rows = [Row(number, line.split(";"), headers) for number, line in enumerate(lines, 2)]
    return guess_mapping(headers, rows, kind)


def test_ukrainian_customers() -> None:
    mapping = guessed(
        ImportKind.CUSTOMERS,
        "Код клієнта;Назва;ЄДРПОУ;Телефон;Ел. пошта;Договір №;Дата договору;Тариф;Абонплата;Валюта;Інтернет;Відтік",
        "К1;ТОВ Ромашка;12345678;0501112233;a@b.ua;Д-1;01.02.2024;Бізнес;100,50;грн;Так;Ні",
    )
    assert mapping.columns == {
        "company_code": "Код клієнта", "company_name": "Назва", "tax_code": "ЄДРПОУ", "email": "Ел. пошта",
        "phone": "Телефон",
        "contract_number": "Договір №", "contract_date": "Дата договору", "currency": "Валюта", "plan": "Тариф",
        "monthly_charge": "Абонплата",
    }  # fmt: skip
    assert mapping.services == ["Інтернет"]


def test_russian_and_polish_customers() -> None:
    russian = guessed(
        ImportKind.CUSTOMERS,
        "Код клиента;Наименование;ИНН;Лицевой счёт;Тарифный план;Абонентская плата, руб.;Дата подключения;Адрес;Страна",
        "1;ООО Ромашка;7707083893;100;Базовый;1 200,50;01.02.2024;Москва;Россия",
    )
    names = ("company_code", "company_name", "tax_code", "account_number", "plan")
    assert [russian.columns.get(name) for name in names] == [
        "Код клиента", "Наименование", "ИНН", "Лицевой счёт", "Тарифный план",
    ]  # fmt: skip
    assert [russian.columns.get(name) for name in ("monthly_charge", "start_date", "address", "country")] == [
        "Абонентская плата, руб.", "Дата подключения", "Адрес", "Страна",
    ]  # fmt: skip
    polish = guessed(
        ImportKind.CUSTOMERS,
        "Kod klienta;Nazwa;NIP;Adres;Kraj;Numer umowy;Opłata miesięczna;Waluta;Metoda płatności",
        "1;Firma;5260001246;Kraków;Polska;U/1;99,00;PLN;przelew",
    )
    assert len(polish.columns) == 9
    assert polish.columns["monthly_charge"] == "Opłata miesięczna"


def test_payments_usage_prices_and_subscribers() -> None:
    payments = guessed(
        ImportKind.PAYMENTS,
        "Дата платежа;Номер;Сумма;Плательщик;ИНН;Назначение платежа;Счет на оплату;Лицевой счет",
        "01.02.2024;1;100;ООО;7707083893;за услуги;5;100",
    )
    assert payments.columns["amount"] == "Сумма"
    assert payments.columns["invoice_number"] == "Счет на оплату"
    assert payments.columns["account_number"] == "Лицевой счет"
    usage = guessed(
        ImportKind.USAGE,
        "id;account;subscriber;service;quantity;unit;started_at;destination",
        "1;100;380501112233;voice;60;sec;2024-01-01 10:00:00;380671112233",
    )
    assert len(usage.columns) == 8
    prices = guessed(
        ImportKind.CATALOG, "Артикул;Найменування;Група;Од.;Ціна;Валюта;Кількість від", "a;b;c;шт;1,5;UAH;1"
    )
    assert list(prices.columns) == ["code", "name", "category", "unit", "price", "currency", "from_quantity"]
    subscribers = guessed(ImportKind.SUBSCRIBERS, "Особовий рахунок;Номер телефону;Назва", "1;380501112233;Іван")
    assert list(subscribers.columns) == ["account_number", "number", "name"]


def test_one_header_two_meanings_is_decided_by_the_cells() -> None:
    kinds = guessed(
        ImportKind.CUSTOMERS, "id;contract", *(f"C{n};{('One year', 'Two year')[n % 2]}" for n in range(20))
    )
    numbers = guessed(ImportKind.CUSTOMERS, "id;contract", *(f"C{n};D-{n}/2026" for n in range(20)))
    assert kinds.columns == {"company_code": "id", "contract_kind": "contract"}
    assert numbers.columns == {"company_code": "id", "contract_number": "contract"}


def test_cells_that_cannot_be_amounts_are_no_amounts() -> None:
    mapping = guessed(
        ImportKind.PAYMENTS, "account;amount;sum;date", "1;first;10.50;2026-01-01", "2;second;11;2026-01-02"
    )
    assert mapping.columns["amount"] == "sum"


def test_people_traits_and_churn_are_no_services() -> None:
    headers, lines, _ = variants()["English"]
    rows = [Row(number, line, headers) for number, line in enumerate(lines, 2)]
    mapping = guess_mapping(headers, rows, ImportKind.CUSTOMERS)
    assert mapping.unmapped(headers) == [
        "gender",
        "SeniorCitizen",
        "Partner",
        "Dependents",
        "PaperlessBilling",
        "Churn",
    ]


def test_a_mapping_survives_json_and_fits_headers_written_otherwise() -> None:
    headers, lines, _ = variants()["Spanish"]
    rows = [Row(number, line, headers) for number, line in enumerate(lines, 2)]
    mapping = guess_mapping(headers, rows, ImportKind.CUSTOMERS)
    again = Mapping.from_dict(json.loads(json.dumps(mapping.to_dict())))
    assert again == mapping
    shouted = [name.upper() for name in headers]
    assert validate_mapping(again, shouted) != []
    assert validate_mapping(again.fitted(shouted), shouted) == []


def test_a_wrong_mapping_says_what_is_wrong() -> None:
    headers = ["a", "b"]
    wrong = Mapping(
        ImportKind.PAYMENTS, {"amount": "a", "paid_on": "a", "hat": "b", "currency": "c"}, notations={"amount": "x"}
    )
    assert [str(problem) for problem in validate_mapping(wrong, headers)] == [
        "The column «a» is chosen twice. Choose another column for one of the two.",
        "«hat» is not a field of this kind of import. Remove it from the mapping.",
        "The file has no column «c» that the mapping names. Choose another column for it.",
        "Choose a column for at least one of: Account number, Customer code, Payer's tax code, Invoice number, "
        "Purpose.",
        "«x» is no notation for «Amount». Choose «.», «,», «dmy» or «mdy».",
    ]
    assert [problem.field for problem in validate_mapping(Mapping(ImportKind.CUSTOMERS), headers)] == ["company_code"]


def test_every_field_is_found_by_its_own_name_and_label() -> None:
    for kind, known in FIELDS.items():
        for one in known.fields:
            assert guess_mapping([one.name], [], kind).columns, (kind, one.name)
        assert set(known.keys) <= set(known.by_name)
