"""Requisites of parties that do not exist: numbers with right check digits from ranges that are given to nobody."""

import functools
from typing import Any

from app.rules.identifiers import complete
from app.rules.payer_fields import INDIVIDUAL, LEGAL_ENTITY, SOLE_PROPRIETOR

_CITIES = {
    "UA": (("01001", "Київ"), ("79000", "Львів"), ("61000", "Харків"), ("65000", "Одеса"), ("49000", "Дніпро")),
    "RU": (("101000", "Москва"), ("190000", "Санкт-Петербург"), ("420000", "Казань"), ("630000", "Новосибирск")),
    "PL": (("00-950", "Warszawa"), ("30-960", "Kraków"), ("50-950", "Wrocław"), ("80-958", "Gdańsk")),
}
_STREETS = {
    "UA": ("вул. Вигадана", "вул. Бузкова", "просп. Ліхтарний"),
    "RU": ("ул. Выдуманная", "ул. Сиреневая", "пр-т Фонарный"),
    "PL": ("ul. Zmyślona", "ul. Bzowa", "al. Latarniana"),
}
_BANKS = {"UA": "АТ «Банк-Приклад»", "RU": "АО «Банк Пример»", "PL": "Bank Przykładowy S.A."}
_RU_BIK = "044525999"
_PHONES = {"UA": "+38044000", "RU": "+7495000", "PL": "+4822000"}


@functools.cache
def _number(kind: str, pattern: str, country: str, **context: str) -> str:
    return complete(kind, pattern, country, **context)


def make_requisites(country: str, kind: str, number: int) -> dict[str, Any]:
    """Tax, register and bank numbers, address and phone of the party `number` of a country (0…9999)."""
    postal_code, city = _CITIES[country][number % len(_CITIES[country])]
    street = _STREETS[country][number % len(_STREETS[country])]
    made = {
        "phone": f"{_PHONES[country]}{number:04d}",
        "legal_country": country,
        "legal_postal_code": postal_code,
        "legal_city": city,
        "legal_address": f"{street}, {number % 80 + 1}",
    }
    return made | _NUMBERS[country](kind, number)


def _of_ukraine(kind: str, number: int) -> dict[str, str]:
    iban = _number("iban", f"UA??399999{26000000000000 + number:019d}", "UA")
    if kind == LEGAL_ENTITY:
        tax_code = _edrpou(number)
        return {"tax_code": tax_code, "vat_number": f"{tax_code[:7]}26{number % 1000:03d}", **_bank("UA", iban)}
    tax_code = _rntrc(number)
    return {"tax_code": tax_code, "iban": iban} if kind == INDIVIDUAL else {"tax_code": tax_code, **_bank("UA", iban)}


def _bank(country: str, iban: str) -> dict[str, str]:
    code = {"UA": "399999", "PL": "PRZKPLPW"}[country]
    return {"bank_name": _BANKS[country], "bik": code, "iban": iban}


def _edrpou(number: int) -> str:
    return _number("edrpou", f"991{number:04d}?", "UA")


def _rntrc(number: int) -> str:
    return _number("rntrc", f"99{number:07d}?", "UA")


def _of_russia(kind: str, number: int) -> dict[str, str]:
    if kind == INDIVIDUAL:
        return {"tax_code": _number("inn", f"990000{number:04d}??", "RU")}
    bank = {
        "bank_name": _BANKS["RU"],
        "bik": _RU_BIK,
        "settlement_account": _number("settlement_account", f"40702810?0000000{number:04d}", "RU", bik=_RU_BIK),
        "correspondent_account": _number("correspondent_account", "30101810?00000000999", "RU", bik=_RU_BIK),
    }
    if kind == SOLE_PROPRIETOR:
        return {
            "tax_code": _number("inn", f"990000{number:04d}??", "RU", payer_kind=kind),
            "ogrn": _number("ogrnip", f"399990000{number:04d}??", "RU"),
            **bank,
        }
    return {
        "tax_code": _number("inn", f"99000{number:04d}?", "RU", payer_kind=kind),
        "kpp": "990001001",
        "ogrn": _number("ogrn", f"19999000{number:04d}?", "RU"),
        **bank,
    }


def _of_poland(kind: str, number: int) -> dict[str, str]:
    tax_code = _number("nip", f"99{number:06d}??", "PL")  # two places: some beginnings have no check digit
    if kind == INDIVIDUAL:
        return {"tax_code": tax_code}
    iban = _number("iban", f"PL??99900005{number:016d}", "PL")
    made = {"tax_code": tax_code, "vat_number": f"PL{tax_code}", **_bank("PL", iban)}
    if kind == LEGAL_ENTITY:
        made |= {"ogrn": f"00099{number:05d}", "okpo": _number("regon", f"9990{number:04d}?", "PL")}
    return made


_NUMBERS = {"UA": _of_ukraine, "RU": _of_russia, "PL": _of_poland}
