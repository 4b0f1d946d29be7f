"""Identifiers that a state or its banks give out in Russia, Ukraine, Belarus, Kazakhstan and Poland (`domain.md` §2).

Rules without a source in python-stdnum (КПП, БИК, account key, СНИЛС, ОКПО, БИН) were verified on real numbers; see
the tests. Every function takes the value as typed and gives it normalised.
"""

import re

from stdnum.by import unp
from stdnum.pl import nip, pesel, regon
from stdnum.ru import inn, ogrn
from stdnum.ua import edrpou, rntrc

from app.core.errors import N_
from app.rules.digits import DoubtfulIdentifier, InvalidIdentifier, by_library, digits, need_key, weighted

# ---- Russia -------------------------------------------------------------------------------------------------------


def check_inn(value: str, payer_kind: str = "", **_: str) -> str:
    lengths = {"legal_entity": (10,), "individual": (12,), "sole_proprietor": (12,)}.get(payer_kind, (10, 12))
    return by_library("ИНН", inn.validate, digits("ИНН", value, *lengths))


def check_kpp(value: str, **_: str) -> str:
    number = re.sub(r"\s", "", value).upper()
    if not re.fullmatch(r"\d{4}[0-9A-Z]{2}\d{3}", number, re.ASCII):
        raise InvalidIdentifier(
            N_("%(label)s has 9 signs: four digits, two digits or Latin letters, three digits."), label="КПП"
        )
    if not number.strip("0"):
        raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label="КПП")
    return number


def check_ogrn(value: str, **_: str) -> str:
    return by_library("ОГРН", ogrn.validate, digits("ОГРН", value, 13))


def check_ogrnip(value: str, **_: str) -> str:
    return by_library("ОГРНИП", ogrn.validate, digits("ОГРНИП", value, 15))


def check_bik(value: str, **_: str) -> str:
    number = digits("БИК", value, 9)
    if number[:2] not in {"00", "01", "02", "04"}:  # 04: banks; the others: bodies of the treasury
        raise InvalidIdentifier(N_("%(label)s starts with 04 (00, 01 or 02 for the treasury)."), label="БИК")
    return number


_CURRENCY_LETTERS = dict(zip("ABCEHKMPTX", "0123456789", strict=True))


def _account_key_fits(prefix: str, account: str) -> bool:
    return weighted(prefix + account, (7, 1, 3) * 8) % 10 == 0


def _account(label: str, value: str) -> tuple[str, str]:
    """A 20-sign account as written and with its currency letter (position 6) turned into a digit."""
    written = re.sub(r"[\s.-]", "", value).upper()
    if len(written) == 20 and written[5] in _CURRENCY_LETTERS:
        return written, digits(label, written[:5] + _CURRENCY_LETTERS[written[5]] + written[6:], 20)
    return (number := digits(label, written, 20)), number


def check_settlement_account(value: str, bik: str = "", **_: str) -> str:
    label = "Расчётный счёт"
    written, number = _account(label, value)
    if not bik:
        raise InvalidIdentifier(N_("Enter the БИК as well: the account is checked against it."))
    bank = check_bik(bik)
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


def check_correspondent_account(value: str, bik: str = "", **_: str) -> str:
    label = "Корреспондентский счёт"
    number = digits(label, value, 20)
    if number[:3] not in {"301", "401"}:
        raise InvalidIdentifier(N_("A correspondent account starts with 301 (401 for the treasury)."))
    if not bik:
        raise InvalidIdentifier(N_("Enter the БИК as well: the account is checked against it."))
    bank = check_bik(bik)
    if not _account_key_fits("0" + bank[4:6], number):
        raise InvalidIdentifier(
            N_("The account and the БИК %(bik)s do not belong together: is a digit of one mistyped?"), bik=bank
        )
    return number


def check_snils(value: str, **_: str) -> str:
    number = digits("СНИЛС", value, 11)
    if int(number[:9]) > 1_001_998:  # older numbers carry no check digits
        need_key("СНИЛС", weighted(number[:9], tuple(range(9, 0, -1))) % 101 % 100 == int(number[9:]))
    return number


def check_okpo(value: str, payer_kind: str = "", country: str = "RU", **_: str) -> str:
    if country == "BY":  # 8 digits of the unit, or 12 with its branch; the check digit's rule is not published
        return digits("ОКПО", value, 8, 12)
    lengths = {"legal_entity": (8,), "sole_proprietor": (10,)}.get(payer_kind, (8, 10))
    number = digits("ОКПО", value, *lengths)
    size = len(number) - 1
    key = weighted(number[:size], tuple(range(1, size + 1))) % 11
    if key == 10:
        key = weighted(number[:size], tuple((n + 2) % 10 or 10 for n in range(1, size + 1))) % 11 % 10
    need_key("ОКПО", key == int(number[-1]))
    return number


# ---- Ukraine ------------------------------------------------------------------------------------------------------


def check_edrpou(value: str, **_: str) -> str:
    return by_library("ЄДРПОУ", edrpou.validate, digits("ЄДРПОУ", value, 8))


def check_rntrc(value: str, **_: str) -> str:
    return by_library("РНОКПП", rntrc.validate, digits("РНОКПП", value, 10))


def check_passport(value: str, **_: str) -> str:
    """Passport of a person who refused a tax number: series and number, or the number of an ID card."""
    number = re.sub(r"[\s№-]", "", value).upper()
    if not re.fullmatch(r"[А-ЯІЇЄҐ]{2}[0-9]{6}|[0-9]{9}", number):
        raise InvalidIdentifier(
            N_("A passport in place of the tax number is two Ukrainian letters and 6 digits, or 9 digits of a card.")
        )
    return number


def check_person_ua(value: str, **_: str) -> str:
    """РНОКПП, or the passport of a person without one."""
    return check_rntrc(value) if len(re.sub(r"\D", "", value)) == 10 else _passport_or_rntrc(value)


def _passport_or_rntrc(value: str) -> str:
    try:
        return check_passport(value)
    except InvalidIdentifier:
        return check_rntrc(value)


def check_vat_ipn(value: str, tax_code: str = "", **_: str) -> str:
    """ІПН of a VAT payer: a warning only, for its check digit is not public."""
    label, other = "ІПН", "ЄДРПОУ"
    try:
        number = digits(label, value, 10, 12)
    except InvalidIdentifier as error:
        raise DoubtfulIdentifier(error.text, **error.params) from error
    if len(number) == 12 and len(tax_code) == 8 and number[:7] != tax_code[:7]:
        raise DoubtfulIdentifier(
            N_("%(label)s usually begins with the first 7 digits of %(other)s: check both."), label=label, other=other
        )
    return number


def check_mfo(value: str, **_: str) -> str:
    return digits("МФО", value, 6)


# ---- Belarus, Kazakhstan, Poland ------------------------------------------------------------------------------------


def check_unp(value: str, payer_kind: str = "", **_: str) -> str:
    number = unp.compact(value)
    if not number.strip("0"):
        raise InvalidIdentifier(N_("%(label)s of zeros only does not exist: enter the real one."), label="УНП")
    if len(number) != 9:
        raise InvalidIdentifier(
            N_("%(label)s has %(length)s signs, this one has %(found)s."), label="УНП", length=9, found=len(number)
        )
    if payer_kind == "legal_entity" and not number.isdigit():
        raise InvalidIdentifier(N_("УНП with letters belongs to a person: a legal entity has 9 digits."))
    return by_library("УНП", unp.validate, number)


def _kazakh_key_fits(number: str) -> bool:
    key = weighted(number[:11], tuple(range(1, 12))) % 11
    if key == 10:
        key = weighted(number[:11], (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return key == int(number[11])  # 10 again: such numbers are not given out


def check_bin(value: str, **_: str) -> str:
    number = digits("БИН", value, 12)
    if not 1 <= int(number[2:4]) <= 12 or number[4] not in "456":
        raise InvalidIdentifier(
            N_("БИН begins with year and month of registration and 4, 5 or 6: is it an ИИН of a person?")
        )
    need_key("БИН", _kazakh_key_fits(number))
    return number


def check_iin(value: str, **_: str) -> str:
    number = digits("ИИН", value, 12)
    if not (1 <= int(number[2:4]) <= 12 and 1 <= int(number[4:6]) <= 31):
        raise InvalidIdentifier(N_("ИИН begins with the day of birth (year, month, day): is it a БИН of a company?"))
    need_key("ИИН", _kazakh_key_fits(number))
    return number


def check_nip(value: str, **_: str) -> str:
    return by_library("NIP", nip.validate, digits("NIP", re.sub(r"^\s*PL", "", value.upper()), 10))


def check_regon(value: str, **_: str) -> str:
    return by_library("REGON", regon.validate, digits("REGON", value, 9, 14))


def check_krs(value: str, **_: str) -> str:
    return digits("KRS", value, 10)


def check_pesel(value: str, **_: str) -> str:
    return by_library("PESEL", pesel.validate, digits("PESEL", value, 11))


def check_nip_or_pesel(value: str, **_: str) -> str:
    return check_pesel(value) if len(re.sub(r"\D", "", value)) == 11 else check_nip(value)
