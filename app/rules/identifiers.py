"""Identifiers of people, companies, banks and lines, checked per country as `domain.md` §2 says.

`check` gives the normalised value or raises InvalidIdentifier with a sentence naming what is wrong. Rules without a
source in python-stdnum (КПП, БИК, account key, СНИЛС, ОКПО, БИН) were verified on real numbers; see the tests.
"""

import re
from collections.abc import Callable
from itertools import product
from typing import Literal

import phonenumbers
from stdnum import bic, iban, imsi, luhn
from stdnum.by import unp
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.pl import nip, pesel, regon
from stdnum.ru import inn, ogrn
from stdnum.ua import edrpou, rntrc

from app.core.errors import N_, DomainError
from app.rules.mailing import check_address

Severity = Literal["error", "warning"]


class InvalidIdentifier(DomainError):
    """An identifier that cannot be right; a warning where no public rule proves it wrong."""

    severity: Severity = "error"


class DoubtfulIdentifier(InvalidIdentifier):
    """An identifier that looks wrong, though nobody published the rule."""

    severity: Severity = "warning"


# ---- what every number goes through -------------------------------------------------------------------------------


def _digits(label: str, value: str, *lengths: int) -> str:
    """`value` without blanks and hyphens, all digits, of one of two lengths, not all zeros."""
    number = re.sub(r"[\s\u00a0-]", "", value)
    if not re.fullmatch(r"[0-9]*", number):
        raise InvalidIdentifier(N_("%(label)s has digits only: remove the letters and signs."), label=label)
    if len(number) not in lengths:
        _refuse_length(label, len(number), lengths)
    if not number.strip("0"):
        raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label=label)
    return number


def _refuse_length(label: str, found: int, lengths: tuple[int, ...]) -> None:
    if len(lengths) == 1:
        raise InvalidIdentifier(
            N_("%(label)s has %(length)s digits, this one has %(found)s."), label=label, length=lengths[0], found=found
        )
    raise InvalidIdentifier(
        N_("%(label)s has %(shorter)s or %(longer)s digits, this one has %(found)s."),
        label=label,
        shorter=min(lengths),
        longer=max(lengths),
        found=found,
    )


def _need_key(label: str, fits: bool) -> None:
    if not fits:
        raise InvalidIdentifier(N_("The check digit of %(label)s does not fit: is a digit mistyped?"), label=label)


def _by_library(label: str, validate: Callable[[str], str], number: str) -> str:
    """The library's verdict in our words."""
    try:
        return validate(number)
    except InvalidChecksum:
        _need_key(label, False)
    except ValidationError as error:
        raise InvalidIdentifier(
            N_("%(label)s «%(value)s» is not written as such a number is: compare it with the paper."),
            label=label,
            value=number,
        ) from error
    return number


def _weighted(number: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


# ---- Russia -------------------------------------------------------------------------------------------------------


def _inn(value: str, payer_kind: str = "", **_: str) -> str:
    lengths = {"legal_entity": (10,), "individual": (12,), "sole_proprietor": (12,)}.get(payer_kind, (10, 12))
    return _by_library("ИНН", inn.validate, _digits("ИНН", value, *lengths))


def _kpp(value: str, **_: str) -> str:
    number = re.sub(r"\s", "", value).upper()
    if not re.fullmatch(r"\d{4}[0-9A-Z]{2}\d{3}", number, re.ASCII):
        raise InvalidIdentifier(
            N_("%(label)s has 9 signs: four digits, two digits or Latin letters, three digits."), label="КПП"
        )
    if not number.strip("0"):
        raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label="КПП")
    return number


def _ogrn(value: str, **_: str) -> str:
    return _by_library("ОГРН", ogrn.validate, _digits("ОГРН", value, 13))


def _ogrnip(value: str, **_: str) -> str:
    return _by_library("ОГРНИП", ogrn.validate, _digits("ОГРНИП", value, 15))


def _bik(value: str, **_: str) -> str:
    number = _digits("БИК", value, 9)
    if number[:2] not in {"00", "01", "02", "04"}:  # 04: banks; the others: bodies of the treasury
        raise InvalidIdentifier(N_("%(label)s starts with 04 (00, 01 or 02 for the treasury)."), label="БИК")
    return number


_CURRENCY_LETTERS = dict(zip("ABCEHKMPTX", "0123456789", strict=True))


def _account_key_fits(prefix: str, account: str) -> bool:
    return _weighted(prefix + account, (7, 1, 3) * 8) % 10 == 0


def _account(label: str, value: str) -> tuple[str, str]:
    """A 20-sign account as written and with its currency letter (position 6) turned into a digit."""
    written = re.sub(r"[\s.-]", "", value).upper()
    if len(written) == 20 and written[5] in _CURRENCY_LETTERS:
        return written, _digits(label, written[:5] + _CURRENCY_LETTERS[written[5]] + written[6:], 20)
    return (number := _digits(label, written, 20)), number


def _settlement_account(value: str, bik: str = "", **_: str) -> str:
    label = "Расчётный счёт"
    written, number = _account(label, value)
    if not bik:
        raise InvalidIdentifier(N_("Enter the БИК as well: the account is checked against it."))
    bank = _bik(bik)
    in_division = _account_key_fits("0" + bank[4:6], number)
    if bank.startswith("04") and bank[6:] not in {"000", "001", "002"}:
        fits = _account_key_fits(bank[6:], number)
    else:  # accounts kept by a division of the Bank of Russia or by the treasury
        fits = in_division or _account_key_fits(bank[6:], number)
    if not fits:
        raise InvalidIdentifier(
            N_("The account and the БИК %(bik)s do not belong together: is a digit of one mistyped?"), bik=bank
        )
    return written


def _correspondent_account(value: str, bik: str = "", **_: str) -> str:
    label = "Корреспондентский счёт"
    number = _digits(label, value, 20)
    if number[:3] not in {"301", "401"}:
        raise InvalidIdentifier(N_("A correspondent account starts with 301 (401 for the treasury)."))
    if not bik:
        raise InvalidIdentifier(N_("Enter the БИК as well: the account is checked against it."))
    bank = _bik(bik)
    if not _account_key_fits("0" + bank[4:6], number):
        raise InvalidIdentifier(
            N_("The account and the БИК %(bik)s do not belong together: is a digit of one mistyped?"), bik=bank
        )
    return number


def _snils(value: str, **_: str) -> str:
    number = _digits("СНИЛС", value, 11)
    if int(number[:9]) > 1_001_998:  # older numbers carry no check digits
        _need_key("СНИЛС", _weighted(number[:9], tuple(range(9, 0, -1))) % 101 % 100 == int(number[9:]))
    return number


def _okpo(value: str, payer_kind: str = "", country: str = "RU", **_: str) -> str:
    if country == "BY":  # 8 digits of the unit, or 12 with its branch; the check digit's rule is not published
        return _digits("ОКПО", value, 8, 12)
    lengths = {"legal_entity": (8,), "sole_proprietor": (10,)}.get(payer_kind, (8, 10))
    number = _digits("ОКПО", value, *lengths)
    size = len(number) - 1
    key = _weighted(number[:size], tuple(range(1, size + 1))) % 11
    if key == 10:
        key = _weighted(number[:size], tuple((n + 2) % 10 or 10 for n in range(1, size + 1))) % 11 % 10
    _need_key("ОКПО", key == int(number[-1]))
    return number


# ---- Ukraine ------------------------------------------------------------------------------------------------------


def _edrpou(value: str, **_: str) -> str:
    return _by_library("ЄДРПОУ", edrpou.validate, _digits("ЄДРПОУ", value, 8))


def _rntrc(value: str, **_: str) -> str:
    return _by_library("РНОКПП", rntrc.validate, _digits("РНОКПП", value, 10))


def _passport(value: str, **_: str) -> str:
    """Passport of a person who refused a tax number: series and number, or the number of an ID card."""
    number = re.sub(r"[\s№-]", "", value).upper()
    if not re.fullmatch(r"[А-ЯІЇЄҐ]{2}[0-9]{6}|[0-9]{9}", number):
        raise InvalidIdentifier(
            N_("A passport in place of the tax number is two Ukrainian letters and 6 digits, or 9 digits of a card.")
        )
    return number


def _person_ua(value: str, **_: str) -> str:
    """РНОКПП, or the passport of a person without one."""
    return _rntrc(value) if len(re.sub(r"\D", "", value)) == 10 else _passport_or_rntrc(value)


def _passport_or_rntrc(value: str) -> str:
    try:
        return _passport(value)
    except InvalidIdentifier:
        return _rntrc(value)


def _vat_ipn(value: str, tax_code: str = "", **_: str) -> str:
    """ІПН of a VAT payer: a warning only, for its check digit is not public."""
    label, other = "ІПН", "ЄДРПОУ"
    try:
        number = _digits(label, value, 10, 12)
    except InvalidIdentifier as error:
        raise DoubtfulIdentifier(error.text, **error.params) from error
    if len(number) == 12 and len(tax_code) == 8 and number[:7] != tax_code[:7]:
        raise DoubtfulIdentifier(
            N_("%(label)s usually begins with the first 7 digits of %(other)s: check both."), label=label, other=other
        )
    return number


def _mfo(value: str, **_: str) -> str:
    return _digits("МФО", value, 6)


# ---- Belarus, Kazakhstan, Poland, elsewhere -----------------------------------------------------------------------


def _unp(value: str, payer_kind: str = "", **_: str) -> str:
    number = unp.compact(value)
    if not number.strip("0"):
        raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label="УНП")
    if len(number) != 9:
        raise InvalidIdentifier(
            N_("%(label)s has %(length)s signs, this one has %(found)s."), label="УНП", length=9, found=len(number)
        )
    if payer_kind == "legal_entity" and not number.isdigit():
        raise InvalidIdentifier(N_("УНП with letters belongs to a person: a legal entity has 9 digits."))
    return _by_library("УНП", unp.validate, number)


def _kazakh_key_fits(number: str) -> bool:
    key = _weighted(number[:11], tuple(range(1, 12))) % 11
    if key == 10:
        key = _weighted(number[:11], (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return key == int(number[11])  # 10 again: such numbers are not given out


def _bin(value: str, **_: str) -> str:
    number = _digits("БИН", value, 12)
    if not 1 <= int(number[2:4]) <= 12 or number[4] not in "456":
        raise InvalidIdentifier(
            N_("БИН begins with year and month of registration and 4, 5 or 6: is it an ИИН of a person?")
        )
    _need_key("БИН", _kazakh_key_fits(number))
    return number


def _iin(value: str, **_: str) -> str:
    number = _digits("ИИН", value, 12)
    if not (1 <= int(number[2:4]) <= 12 and 1 <= int(number[4:6]) <= 31):
        raise InvalidIdentifier(N_("ИИН begins with the day of birth (year, month, day): is it a БИН of a company?"))
    _need_key("ИИН", _kazakh_key_fits(number))
    return number


def _nip(value: str, **_: str) -> str:
    return _by_library("NIP", nip.validate, _digits("NIP", re.sub(r"^\s*PL", "", value.upper()), 10))


def _regon(value: str, **_: str) -> str:
    return _by_library("REGON", regon.validate, _digits("REGON", value, 9, 14))


def _krs(value: str, **_: str) -> str:
    return _digits("KRS", value, 10)


def _pesel(value: str, **_: str) -> str:
    return _by_library("PESEL", pesel.validate, _digits("PESEL", value, 11))


def _nip_or_pesel(value: str, **_: str) -> str:
    return _pesel(value) if len(re.sub(r"\D", "", value)) == 11 else _nip(value)


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
        return _by_library("VAT", vat.validate, number)
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
    return _by_library("IBAN", iban.validate, number)


def _bic(value: str, country: str = "", **_: str) -> str:
    number = _by_library("BIC", bic.validate, re.sub(r"\s", "", value).upper())
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
    number = _digits(label, value, *lengths)
    _need_key(label, bool(luhn.is_valid(number)))
    return number


def _account_number(value: str, **_: str) -> str:
    return _luhn_number("№", value, *range(4, 21))


def _iccid(value: str, **_: str) -> str:
    number = _luhn_number("ICCID", value, 19, 20)
    if not number.startswith("89"):
        raise InvalidIdentifier(N_("%(label)s starts with %(prefix)s."), label="ICCID", prefix="89")
    return number


def _imsi(value: str, **_: str) -> str:
    return _by_library("IMSI", imsi.validate, _digits("IMSI", value, 14, 15))


def _email(value: str, **_: str) -> str:
    return check_address(value)


_CHECKS: dict[str, Callable[..., str]] = {
    "inn": _inn,
    "kpp": _kpp,
    "ogrn": _ogrn,
    "ogrnip": _ogrnip,
    "bik": _bik,
    "settlement_account": _settlement_account,
    "correspondent_account": _correspondent_account,
    "snils": _snils,
    "okpo": _okpo,
    "edrpou": _edrpou,
    "rntrc": _rntrc,
    "passport": _passport,
    "person_ua": _person_ua,
    "vat_ipn": _vat_ipn,
    "mfo": _mfo,
    "unp": _unp,
    "bin": _bin,
    "iin": _iin,
    "nip": _nip,
    "nip_or_pesel": _nip_or_pesel,
    "regon": _regon,
    "krs": _krs,
    "pesel": _pesel,
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
    for digits in product("0123456789", repeat=pattern.count("?")):
        rest = iter(digits)
        number = "".join(next(rest) if sign == "?" else sign for sign in pattern)
        try:
            return check(kind, number, country, **context)
        except InvalidIdentifier:
            continue
    raise InvalidIdentifier(N_("No digits complete «%(value)s»: choose another beginning."), value=pattern)
