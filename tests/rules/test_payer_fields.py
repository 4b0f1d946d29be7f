"""What a payer's form asks for in each country, and what it says about what was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.payer_fields import PAYER_KINDS, check_payer, normalise_payer, required_fields

ROMASHKA = {
    "tax_code": "7707083893",
    "kpp": "773601001",
    "ogrn": "1027700132195",
    "okpo": "00032537",
    "bik": "044525225",
    "settlement_account": "40702810638050013199",
    "correspondent_account": "30101810400000000225",
    "legal_postal_code": "117997",
    "phone": "8 (495) 500-55-50",
    "email": "office@example.org",
}


def labels(country, kind):
    return {field.name: field.label for field in required_fields(country, kind)}


def told(values, country, kind):
    return {problem.field: problem.text % problem.params for problem in check_payer(values, country, kind)}


@pytest.mark.covers("AST-046")
def test_a_russian_legal_entity_is_asked_for_what_its_documents_need():
    assert labels("RU", "legal_entity") == {
        "tax_code": "ИНН",
        "kpp": "КПП",
        "ogrn": "ОГРН",
        "okpo": "ОКПО",
        "bank_name": "Bank",
        "bik": "БИК",
        "settlement_account": "Расчётный счёт",
        "correspondent_account": "Корреспондентский счёт",
        "postal_code": "Postal code",
        "phone": "Telephone",
        "email": "E-mail",
    }
    assert check_payer(ROMASHKA, "RU", "legal_entity") == []


@pytest.mark.covers("AST-051")
def test_a_sole_proprietor_of_russia_has_an_ogrnip_and_no_kpp():
    assert labels("RU", "sole_proprietor")["ogrn"] == "ОГРНИП"
    assert "kpp" not in labels("RU", "sole_proprietor")
    assert "leave it empty" in told({"tax_code": "500100732259", "kpp": "773601001"}, "RU", "sole_proprietor")["kpp"]


@pytest.mark.parametrize(
    ("country", "kind", "label"),
    [
        ("UA", "legal_entity", "ЄДРПОУ"),
        ("UA", "sole_proprietor", "РНОКПП"),
        ("BY", "legal_entity", "УНП"),
        ("KZ", "legal_entity", "БИН"),
        ("KZ", "sole_proprietor", "ИИН"),
        ("PL", "legal_entity", "NIP"),
        ("DE", "legal_entity", "Tax number"),
    ],
)
def test_the_tax_code_is_called_as_in_its_country(country, kind, label):
    assert labels(country, kind)["tax_code"] == label


def test_a_missing_identifier_is_asked_for_and_a_wrong_one_explained():
    problems = told({"kpp": "77", "bik": "044525225", "settlement_account": "1" * 20}, "RU", "legal_entity")
    assert problems["tax_code"] == "Enter ИНН: documents need it."
    assert "9 signs" in problems["kpp"]
    assert "do not belong together" in problems["settlement_account"]
    assert told({}, "RU", "individual") == {}


def test_the_vat_number_of_ukraine_is_a_warning():
    (problem,) = check_payer({"tax_code": "32855961", "vat_number": "999999912345"}, "UA", "legal_entity")
    assert (problem.field, problem.severity) == ("vat_number", "warning")


@pytest.mark.covers("AST-041")
def test_a_postal_code_is_read_in_the_country_of_its_address():
    values = {"legal_country": "PL", "legal_postal_code": "00-950", "actual_postal_code": "00-950"}
    assert list(told(values, "RU", "individual")) == ["actual_postal_code"]


def test_right_fields_are_stored_in_one_way_and_wrong_ones_as_typed():
    stored = normalise_payer(ROMASHKA | {"tax_code": " 7707 083893 ", "kpp": " 77 "}, "RU", "legal_entity")
    assert (stored["tax_code"], stored["kpp"], stored["phone"]) == ("7707083893", "77", "+74955005550")


@given(
    st.dictionaries(st.sampled_from([*ROMASHKA, "iban", "vat_number"]), st.none() | st.text(max_size=25)),
    st.sampled_from(["RU", "UA", "BY", "KZ", "PL", "DE", "", "ru"]),
    st.sampled_from(PAYER_KINDS),
)
def test_nothing_a_person_types_breaks_the_form(values, country, kind):
    for problem in check_payer(values, country, kind):
        assert problem.text % problem.params if problem.params else problem.text
    normalise_payer(values, country, kind)
