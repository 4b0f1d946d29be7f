"""Identifiers per country: the table of domain.md §2, row by row, on real published numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import DomainError
from app.rules.identifiers import KINDS, DoubtfulIdentifier, InvalidIdentifier, check, complete, make_account_number

SBER = {"bik": "044525225"}

GOOD = [
    ("inn", "7707083893", "RU", {}, "7707083893"),
    ("inn", "77 0708 3893", "RU", {"payer_kind": "legal_entity"}, "7707083893"),
    ("inn", "500100732259", "RU", {"payer_kind": "individual"}, "500100732259"),
    ("kpp", "773601001", "RU", {}, "773601001"),
    ("kpp", "7736ab001", "RU", {}, "7736AB001"),
    ("ogrn", "1027700132195", "RU", {}, "1027700132195"),
    ("ogrnip", "304500116000157", "RU", {}, "304500116000157"),
    ("bik", "044525225", "RU", {}, "044525225"),
    ("bik", "017003983", "RU", {}, "017003983"),
    ("settlement_account", "40702810638050013199", "RU", SBER, "40702810638050013199"),
    ("settlement_account", "40702.810.6.38050013199", "RU", SBER, "40702810638050013199"),
    ("correspondent_account", "30101810400000000225", "RU", SBER, "30101810400000000225"),
    ("correspondent_account", "40102810445370000059", "RU", {"bik": "017003983"}, "40102810445370000059"),
    ("snils", "112-233-445 95", "RU", {}, "11223344595"),
    ("snils", "001-001-998 00", "RU", {}, "00100199800"),
    ("okpo", "00032537", "RU", {}, "00032537"),
    ("okpo", "00040778", "RU", {"payer_kind": "legal_entity"}, "00040778"),
    ("edrpou", "32855961", "UA", {}, "32855961"),
    ("rntrc", "1759013776", "UA", {}, "1759013776"),
    ("passport", "АБ № 123456", "UA", {}, "АБ123456"),
    ("person_ua", "123456789", "UA", {}, "123456789"),
    ("person_ua", "1759013776", "UA", {}, "1759013776"),
    ("vat_ipn", "328559612345", "UA", {"tax_code": "32855961"}, "328559612345"),
    ("mfo", "322313", "UA", {}, "322313"),
    ("unp", "200988541", "BY", {"payer_kind": "legal_entity"}, "200988541"),
    ("unp", "МА1953684", "BY", {"payer_kind": "individual"}, "MA1953684"),
    ("okpo", "37420020", "BY", {}, "37420020"),
    ("bin", "971240001315", "KZ", {}, "971240001315"),
    ("bin", "020240000555", "KZ", {}, "020240000555"),
    ("bin", "940140000385", "KZ", {}, "940140000385"),
    ("nip", "PL 526-000-12-46", "PL", {}, "5260001246"),
    ("regon", "123456785", "PL", {}, "123456785"),
    ("regon", "12345678512347", "PL", {}, "12345678512347"),
    ("krs", "0000127206", "PL", {}, "0000127206"),
    ("pesel", "44051401359", "PL", {}, "44051401359"),
    ("nip_or_pesel", "44051401359", "PL", {}, "44051401359"),
    ("eu_vat", "5260001246", "PL", {}, "PL5260001246"),
    ("eu_vat", "DE136695976", "DE", {}, "DE136695976"),
    ("iban", "UA21 3223 1300 0002 6007 2335 6600 1", "UA", {}, "UA213223130000026007233566001"),
    ("iban", "BY13NBRB3600900000002Z00AB00", "BY", {}, "BY13NBRB3600900000002Z00AB00"),
    ("iban", "KZ86125KZT5004100100", "KZ", {}, "KZ86125KZT5004100100"),
    ("iban", "61 1090 1014 0000 0712 1981 2874", "PL", {}, "PL61109010140000071219812874"),
    ("bic", "nbrbby2x", "BY", {}, "NBRBBY2X"),
    ("postal_code", "101000", "RU", {}, "101000"),
    ("postal_code", "220030", "BY", {}, "220030"),
    ("postal_code", "A15E3C1", "KZ", {}, "A15E3C1"),
    ("postal_code", "01001", "UA", {}, "01001"),
    ("postal_code", "00950", "PL", {}, "00-950"),
    ("postal_code", "sw1a 1aa", "GB", {}, "SW1A 1AA"),
    ("phone", "8 (999) 123-45-67", "RU", {}, "+79991234567"),
    ("phone", "8 (701) 234-56-78", "KZ", {}, "+77012345678"),
    ("phone", "0672495010", "UA", {}, "+380672495010"),
    ("phone", "80296100000", "BY", {}, "+375296100000"),
    ("phone", "+48 22 123 45 67", "UA", {}, "+48221234567"),
    ("msisdn", "+375 29 610-00-00", "", {}, "+375296100000"),
    ("account_number", "29000000017", "", {}, "29000000017"),
    ("iccid", "89380039911223344550", "", {}, "89380039911223344550"),
    ("imsi", "257021234567890", "", {}, "257021234567890"),
    ("email", " olga@example.org ", "", {}, "olga@example.org"),
]

BAD = [
    ("inn", "770708389", "RU", {}, "ИНН has 10 or 12 digits, this one has 9"),
    ("inn", "770708389", "RU", {"payer_kind": "legal_entity"}, "ИНН has 10 digits, this one has 9"),
    ("inn", "7707083894", "RU", {}, "check digit of ИНН does not fit"),
    ("inn", "77070838O3", "RU", {}, "digits only"),
    ("inn", "0000000000", "RU", {}, "zeros only"),
    ("kpp", "77360100", "RU", {}, "9 signs"),
    ("kpp", "000000000", "RU", {}, "zeros only"),
    ("ogrn", "1027700132196", "RU", {}, "check digit of ОГРН"),
    ("ogrn", "304500116000157", "RU", {}, "13 digits, this one has 15"),
    ("ogrnip", "304500116000158", "RU", {}, "check digit of ОГРНИП"),
    ("bik", "34525225", "RU", {}, "9 digits, this one has 8"),
    ("bik", "944525225", "RU", {}, "starts with 04"),
    ("settlement_account", "40702810638050013199", "RU", {}, "Enter the БИК as well"),
    ("settlement_account", "40702810638050013198", "RU", SBER, "do not belong together"),
    ("settlement_account", "40702810638050013199", "RU", {"bik": "044525974"}, "do not belong together"),
    ("settlement_account", "4070281063805001319", "RU", SBER, "20 digits, this one has 19"),
    ("correspondent_account", "30101810400000000226", "RU", SBER, "do not belong together"),
    ("correspondent_account", "40702810638050013199", "RU", SBER, "starts with 301"),
    ("snils", "112-233-445 96", "RU", {}, "check digit of СНИЛС"),
    ("okpo", "00032538", "RU", {}, "check digit of ОКПО"),
    ("okpo", "00032537", "RU", {"payer_kind": "sole_proprietor"}, "10 digits, this one has 8"),
    ("edrpou", "32855968", "UA", {}, "check digit of ЄДРПОУ"),
    ("edrpou", "00000000", "UA", {}, "zeros only"),
    ("rntrc", "0000000000", "UA", {}, "zeros only"),
    ("rntrc", "1759013770", "UA", {}, "check digit of РНОКПП"),
    ("passport", "AB123456", "UA", {}, "two Ukrainian letters"),
    ("vat_ipn", "123456789", "UA", {}, "10 or 12 digits"),
    ("vat_ipn", "999999912345", "UA", {"tax_code": "32855961"}, "first 7 digits of ЄДРПОУ"),
    ("unp", "200988542", "BY", {}, "check digit of УНП"),
    ("unp", "МА1953684", "BY", {"payer_kind": "legal_entity"}, "belongs to a person"),
    ("unp", "20098854", "BY", {}, "9 signs, this one has 8"),
    ("unp", "000000000", "BY", {}, "zeros only"),
    ("bin", "971240001316", "KZ", {}, "check digit of БИН"),
    ("bin", "971340001315", "KZ", {}, "year and month"),
    ("iin", "971240001315", "KZ", {}, "day of birth"),
    ("nip", "0000000000", "PL", {}, "zeros only"),
    ("nip", "5260001247", "PL", {}, "check digit of NIP"),
    ("regon", "000000000", "PL", {}, "zeros only"),
    ("regon", "123456786", "PL", {}, "check digit of REGON"),
    ("krs", "127206", "PL", {}, "10 digits, this one has 6"),
    ("pesel", "44051401358", "PL", {}, "check digit of PESEL"),
    ("eu_vat", "DE136695977", "DE", {}, "check digit of VAT"),
    ("iban", "RU0304452522540817810538091310419", "UA", {}, "begins with UA, this one with «RU»"),
    ("iban", "UA213223130000026007233566002", "UA", {}, "check digit of IBAN"),
    ("iban", "UA21322313", "UA", {}, "IBAN"),
    ("bic", "DEUTDEFF", "BY", {}, "bank in DE, not in BY"),
    ("bic", "12", "BY", {}, "BIC «12»"),
    ("postal_code", "12345", "RU", {}, "looks like 101000"),
    ("postal_code", "101000", "BY", {}, "looks like 220030"),
    ("phone", "103", "BY", {}, "no telephone number"),
    ("phone", "call me", "UA", {}, r"such as \+380"),
    ("account_number", "29000000018", "", {}, "check digit"),
    ("account_number", "29", "", {}, "from 4 to 20 digits, this one has 2"),
    ("iccid", "8938003991122334456", "", {}, "check digit of ICCID"),
    ("imsi", "2570212", "", {}, "14 or 15 digits"),
]


@pytest.mark.parametrize(("kind", "value", "country", "context", "stored"), GOOD)
def test_a_good_identifier_is_stored_in_one_way(kind, value, country, context, stored):
    assert check(kind, value, country, **context) == stored
    assert check(kind, stored, country, **context) == stored


@pytest.mark.parametrize(("kind", "value", "country", "context", "told"), BAD)
def test_a_bad_identifier_is_told_what_is_wrong(kind, value, country, context, told):
    with pytest.raises(InvalidIdentifier, match=told):
        check(kind, value, country, **context)


def test_every_kind_has_a_good_example_but_those_made_below():
    assert {row[0] for row in GOOD} | {"iin"} == set(KINDS)


def test_a_person_of_kazakhstan_has_an_iin():
    number = complete("iin", "90051530000?", "KZ")
    assert check("iin", number, "KZ") == number
    with pytest.raises(InvalidIdentifier, match="is it an ИИН"):
        check("bin", number, "KZ")


def test_the_vat_number_of_ukraine_is_only_doubted():
    with pytest.raises(DoubtfulIdentifier) as told:
        check("vat_ipn", "12", "UA")
    assert told.value.severity == "warning"


def test_the_currency_letter_of_an_account_counts_as_its_digit():
    digits = "407028101000000000"
    account = complete("settlement_account", digits[:8] + "?" + "00000000001", "RU", **SBER)
    lettered = account[:5] + "B" + account[6:]  # B stands for 1
    with_one = account[:5] + "1" + account[6:]

    def fits(number):
        try:
            return bool(check("settlement_account", number, "RU", **SBER))
        except InvalidIdentifier:
            return False

    assert fits(lettered) == fits(with_one)
    for key in "0123456789":
        assert fits(lettered[:8] + key + lettered[9:]) == fits(with_one[:8] + key + with_one[9:])


@given(st.sampled_from(["29", "375", "7"]), st.integers(0, 10**8 - 1))
def test_an_account_number_made_here_is_found_good_and_one_wrong_digit_is_noticed(prefix, sequence):
    number = make_account_number(prefix, sequence)
    assert check("account_number", number) == number
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    with pytest.raises(InvalidIdentifier):
        check("account_number", wrong)


@given(st.sampled_from(KINDS), st.text(max_size=30), st.sampled_from(["", "RU", "UA", "BY", "KZ", "PL", "DE", "GR"]))
def test_no_text_whatever_breaks_a_check(kind, value, country):
    try:
        assert check(kind, value, country, bik="044525225")
    except DomainError as error:
        assert str(error)
