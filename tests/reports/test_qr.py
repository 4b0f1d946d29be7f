"""Payment codes, encoded and scanned back."""

import base64
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
import zxingcpp

from app.reports.render import qr

RU = qr.Transfer(
    name="ООО «Облако»",
    account="40702810638050013199",
    amount=Decimal("1234.5"),
    currency="RUB",
    purpose="Оплата по счету № 7, л/с 1000457",
    tax_id="7707083893",
    bank_name="ПАО БАНК «ПРИМЕР»",
    bic="044525225",
    corr_account="30101810400000000225",
    kpp="770701001",
    personal_account="1000457",
)
UA = qr.Transfer(
    "ТОВ «Хмара Плюс»",
    "UA21 3223 1300 0002 6007 2335 66001",
    Decimal("590"),
    "UAH",
    "Оплата за рахунком № 7",
    "32855961",
)
PL = qr.Transfer(
    "Chmura Sp. z o.o. w Warszawie", "PL61109010140000071219812874", Decimal("0.07"), "PLN", "Faktura 7", "5260250274"
)


def scanned(payload):
    symbol = qr.matrix(payload)
    stride = len(symbol.rows) // symbol.size
    bits = np.unpackbits(np.frombuffer(symbol.rows, np.uint8).reshape(symbol.size, stride), axis=1)[:, : symbol.size]
    picture = np.pad(np.kron(1 - bits, np.ones((4, 4), np.uint8)) * 255, 16, constant_values=255).astype(np.uint8)
    return zxingcpp.read_barcode(picture).bytes


def test_the_russian_code_follows_st00012():
    text = scanned(qr.russian(RU)).decode()
    assert text == (
        "ST00012|Name=ООО «Облако»|PersonalAcc=40702810638050013199|BankName=ПАО БАНК «ПРИМЕР»|BIC=044525225"
        "|CorrespAcc=30101810400000000225|Sum=123450|Purpose=Оплата по счету № 7, л/с 1000457|PayeeINN=7707083893"
        "|KPP=770701001|PersAcc=1000457"
    )


def test_another_separator_is_taken_where_a_value_has_the_first():
    assert qr.russian(replace(RU, purpose="a|b")).startswith(b"ST00012#Name=")
    assert b"Purpose=a/b#^~" in qr.russian(replace(RU, purpose="a|b#^~"))


def test_the_ukrainian_code_is_nbu_002_in_cp1251():
    link = scanned(qr.ukrainian(UA)).decode()
    payload = base64.urlsafe_b64decode(link.removeprefix(qr.NBU_PREFIX) + "==")
    assert payload.decode("cp1251").split("\r\n") == [
        *("BCD", "002", "2", "UCT", "", "ТОВ «Хмара Плюс»", "UA213223130000026007233566001", "UAH590.00"),
        *("32855961", "", "", "Оплата за рахунком № 7", ""),
    ]


def test_the_longest_ukrainian_payload_stays_within_the_standard():
    link = qr.ukrainian(replace(UA, name="Ж" * 300, purpose="Ж" * 500, amount=Decimal("999999999.99")))
    assert len(base64.urlsafe_b64decode(link.removeprefix(qr.NBU_PREFIX.encode()) + b"==")) <= 331


def test_long_names_stay_within_the_russian_and_the_european_standard():
    parts = qr.russian(replace(RU, name="Ж" * 500, bank_name="Б" * 500)).split(b"|")
    assert len(b"|".join(parts[1:6])) <= 300 and parts[1].decode().startswith("Name=ЖЖЖ")
    assert len(qr.epc(replace(UA, name="Ж" * 500, purpose="Ж" * 500))) <= 331


def test_the_polish_code_is_zbp():
    assert scanned(qr.polish(PL)).decode() == (
        "5260250274|PL|61109010140000071219812874|000007|Chmura Sp. z o.o. w |Faktura 7|||"
    )


def test_the_euro_code_is_epc():
    text = scanned(
        qr.epc(replace(UA, name="Wolke GmbH", account="DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX"))
    ).decode()
    assert text.split("\n")[:8] == [
        "BCD",
        "002",
        "1",
        "SCT",
        "COBADEFFXXX",
        "Wolke GmbH",
        "DE89370400440532013000",
        "EUR590.00",
    ]


@pytest.mark.parametrize(
    ("country", "transfer"),
    [
        ("UA", replace(UA, currency="USD")),
        ("UA", replace(UA, account="26007233566001")),
        ("RU", replace(RU, bic="")),
        ("PL", replace(PL, account="PL123")),
        ("UA", replace(UA, amount=Decimal(0))),
        ("DE", replace(UA, currency="EUR", account="")),
        ("KZ", replace(UA, currency="KZT")),
    ],
)
def test_no_code_is_made_where_no_bank_would_read_it(country, transfer):
    assert qr.payload_for(country, transfer) is None


@pytest.mark.parametrize(
    ("country", "transfer", "start"), [("RU", RU, b"ST00012"), ("UA", UA, b"https"), ("PL", PL, b"5260")]
)
def test_each_country_has_its_code(country, transfer, start):
    assert qr.payload_for(country, transfer).startswith(start)
