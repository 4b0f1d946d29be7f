"""Identifiers of people, companies, banks and lines: one `check` for every kind, per country as `domain.md` §2 says.

`check` gives the normalised value or raises InvalidIdentifier with a sentence naming what is wrong.
"""

import re
from collections.abc import Callable
from itertools import product

import phonenumbers
from stdnum import bic, iban, imsi, luhn
from stdnum.eu import vat

from app.core.errors import N_
from app.rules import national_identifiers as national
from app.rules.digits import DoubtfulIdentifier, InvalidIdentifier, Severity, by_library, digits, need_key
from app.rules.mailing import check_address

__all__ = [
    "KINDS",
    "DoubtfulIdentifier",
    "InvalidIdentifier",
    "Severity",
    "check",
    "complete",
    "make_account_number",
]


def _eu_vat(value: str, country: str = "", **_: str) -> str:
    """The VAT number of a member of the European Union, with its country's letters."""
    number = re.sub(r"[\s.-]", "", value).upper()
    letters = "EL" if country == "GR" else country
    if not number:
        raise InvalidIdentifier(N_("%(label)s has digits or letters, nothing of it was given."), label="VAT")
    if letters.lower() in vat.MEMBER_STATES or letters == "EL":
        number = number if number.startswith(letters) else letters + number
        if not number[2:].strip("0"):
            raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label="VAT")
        return by_library("VAT", vat.validate, number)
    return number


def _iban(value: str, country: str = "", **_: str) -> str:
    number = re.sub(r"[\s\u00a0-]", "", value).upper()
    if country == "PL" and re.fullmatch(r"[0-9]{26}", number):  # NRB: the same number without its country
        number = "PL" + number
    if country and not number.startswith(country):
        raise InvalidIdentifier(
            N_("The IBAN of this payer begins with %(country)s, this one with «%(found)s»."),
            country=country,
            found=number[:2],
        )
    if not number[4:].strip("0"):
        raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label="IBAN")
    return by_library("IBAN", iban.validate, number)


def _bic(value: str, country: str = "", **_: str) -> str:
    number = by_library("BIC", bic.validate, re.sub(r"\s", "", value).upper())
    if country and number[4:6] != country:
        raise InvalidIdentifier(
            N_("The BIC is of a bank in %(found)s, not in %(country)s."), country=country, found=number[4:6]
        )
    return number


_POSTAL_CODES: dict[str, tuple[str, str]] = {
    "RU": (r"\d{6}", "101000"),
    "BY": (r"2\d{5}", "220030"),
    "KZ": (r"\d{6}|[A-Z]\d{2}[A-Z]\d[A-Z]\d", "010000"),
    "UA": (r"\d{5}", "01001"),
    "PL": (r"\d{2}-\d{3}", "00-950"),
}


def _postal_code(value: str, country: str = "", **_: str) -> str:
    code = value.strip().upper()
    if country == "PL" and re.fullmatch(r"[0-9]{5}", code):
        code = f"{code[:2]}-{code[2:]}"
    pattern, example = _POSTAL_CODES.get(country, (r"[0-9A-Z][0-9A-Z -]{1,10}", "1010"))
    if not re.fullmatch(pattern, code, re.ASCII):
        raise InvalidIdentifier(
            N_("«%(value)s» is no postal code of the country: it looks like %(example)s."), value=code, example=example
        )
    return code


# ---- telephones and the telecom's own numbers ---------------------------------------------------------------------


def _phone(value: str, country: str = "", **_: str) -> str:
    """Any way of writing a telephone number → E.164; `country` reads numbers without their country code."""
    try:
        number = phonenumbers.parse(value, country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or number.extension or not phonenumbers.is_valid_number(number):
        example = phonenumbers.example_number(country) if country else None
        raise InvalidIdentifier(
            N_("«%(value)s» is no telephone number: write it with the country code, such as %(example)s."),
            value=value.strip(),
            example=phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            if example
            else "+380441234567",
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def make_account_number(prefix: str, sequence: int, width: int = 8) -> str:
    """The number of a personal account: region or series, `sequence` on `width` digits, Luhn digit."""
    body = f"{prefix}{sequence:0{width}d}"
    return body + luhn.calc_check_digit(body)


def _luhn_number(label: str, value: str, *lengths: int) -> str:
    number = digits(label, value, *lengths)
    need_key(label, bool(luhn.is_valid(number)))
    return number


def _account_number(value: str, **_: str) -> str:
    return _luhn_number("№", value, *range(4, 21))


def _iccid(value: str, **_: str) -> str:
    number = _luhn_number("ICCID", value, 19, 20)
    if not number.startswith("89"):
        raise InvalidIdentifier(N_("%(label)s starts with %(prefix)s."), label="ICCID", prefix="89")
    return number


def _imsi(value: str, **_: str) -> str:
    return by_library("IMSI", imsi.validate, digits("IMSI", value, 14, 15))


def _email(value: str, **_: str) -> str:
    return check_address(value)


_CHECKS: dict[str, Callable[..., str]] = {
    "inn": national.check_inn,
    "kpp": national.check_kpp,
    "ogrn": national.check_ogrn,
    "ogrnip": national.check_ogrnip,
    "bik": national.check_bik,
    "settlement_account": national.check_settlement_account,
    "correspondent_account": national.check_correspondent_account,
    "snils": national.check_snils,
    "okpo": national.check_okpo,
    "edrpou": national.check_edrpou,
    "rntrc": national.check_rntrc,
    "passport": national.check_passport,
    "person_ua": national.check_person_ua,
    "vat_ipn": national.check_vat_ipn,
    "mfo": national.check_mfo,
    "unp": national.check_unp,
    "bin": national.check_bin,
    "iin": national.check_iin,
    "nip": national.check_nip,
    "nip_or_pesel": national.check_nip_or_pesel,
    "regon": national.check_regon,
    "krs": national.check_krs,
    "pesel": national.check_pesel,
    "eu_vat": _eu_vat,
    "iban": _iban,
    "bic": _bic,
    "postal_code": _postal_code,
    "phone": _phone,
    "msisdn": _phone,
    "account_number": _account_number,
    "iccid": _iccid,
    "imsi": _imsi,
    "email": _email,
}
KINDS = tuple(_CHECKS)


def check(kind: str, value: str, country: str = "", **context: str) -> str:
    """The normalised `value`, or InvalidIdentifier saying what is wrong.

    `context`: `bik` for Russian accounts; `payer_kind` where lengths depend on it; `tax_code` for the ІПН.
    """
    return _CHECKS[kind](value, country=country.upper(), **context)


def complete(kind: str, pattern: str, country: str = "", **context: str) -> str:
    """`pattern` with each «?» replaced by the digits that make it valid: made-up numbers for demo and tests."""
    for tried in product("0123456789", repeat=pattern.count("?")):
        rest = iter(tried)
        number = "".join(next(rest) if sign == "?" else sign for sign in pattern)
        try:
            return check(kind, number, country, **context)
        except InvalidIdentifier:
            continue
    raise InvalidIdentifier(N_("No digits complete «%(value)s»: choose another beginning."), value=pattern)
