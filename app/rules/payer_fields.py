"""Which identifiers a payer of a country and kind has, what they are called there, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import N_, DomainError
from app.rules.identifiers import InvalidIdentifier, Severity, check
from app.rules.mailing import InvalidAddress

INDIVIDUAL, LEGAL_ENTITY, SOLE_PROPRIETOR = "individual", "legal_entity", "sole_proprietor"
PAYER_KINDS = (INDIVIDUAL, LEGAL_ENTITY, SOLE_PROPRIETOR)


@dataclass(frozen=True)
class Field:
    """A field of the payer's form: its label (a national abbreviation or a message id) and its kind of check."""

    name: str
    label: str
    check: str = ""  # kind of identifiers.check; empty: any text
    required: bool = False


@dataclass(frozen=True)
class Problem:
    """What is wrong with a field: an English message id with its params."""

    field: str
    text: str
    params: Mapping[str, object]
    severity: Severity = "error"


_BANK = Field("bank_name", N_("Bank"))
_CONTACTS = (
    Field("postal_code", N_("Postal code"), "postal_code"),
    Field("phone", N_("Telephone"), "phone"),
    Field("email", N_("E-mail"), "email"),
)
_RU_BANK = (
    _BANK,
    Field("bik", "БИК", "bik"),
    Field("settlement_account", "Расчётный счёт", "settlement_account"),
    Field("correspondent_account", "Корреспондентский счёт", "correspondent_account"),
)
_UA_BANK = (_BANK, Field("bik", "МФО", "mfo"), Field("iban", "IBAN", "iban"))
_BY_BANK = (_BANK, Field("bik", "БИК (BIC)", "bic"), Field("iban", "Расчётный счёт (IBAN)", "iban"))
_KZ_BANK = (_BANK, Field("bik", "БИК (BIC)", "bic"), Field("iban", "ИИК (IBAN)", "iban"))
_PL_BANK = (_BANK, Field("bik", "BIC/SWIFT", "bic"), Field("iban", "NRB/IBAN", "iban"))
_ANY_BANK = (_BANK, Field("bik", "BIC/SWIFT", "bic"), Field("iban", "IBAN", "iban"))

_FIELDS: dict[tuple[str, str], tuple[Field, ...]] = {
    ("RU", INDIVIDUAL): (Field("tax_code", "ИНН", "inn"),),
    ("RU", LEGAL_ENTITY): (
        Field("tax_code", "ИНН", "inn", required=True),
        Field("kpp", "КПП", "kpp", required=True),
        Field("ogrn", "ОГРН", "ogrn"),
        Field("okpo", "ОКПО", "okpo"),
        *_RU_BANK,
    ),
    ("RU", SOLE_PROPRIETOR): (
        Field("tax_code", "ИНН", "inn", required=True),
        Field("ogrn", "ОГРНИП", "ogrnip"),
        Field("okpo", "ОКПО", "okpo"),
        *_RU_BANK,
    ),
    ("UA", INDIVIDUAL): (Field("tax_code", "РНОКПП", "person_ua"), Field("iban", "IBAN", "iban")),
    ("UA", LEGAL_ENTITY): (
        Field("tax_code", "ЄДРПОУ", "edrpou", required=True),
        Field("vat_number", "ІПН", "vat_ipn"),
        *_UA_BANK,
    ),
    ("UA", SOLE_PROPRIETOR): (
        Field("tax_code", "РНОКПП", "person_ua", required=True),
        Field("vat_number", "ІПН", "vat_ipn"),
        *_UA_BANK,
    ),
    ("BY", INDIVIDUAL): (Field("tax_code", "УНП", "unp"),),
    ("BY", LEGAL_ENTITY): (Field("tax_code", "УНП", "unp", required=True), Field("okpo", "ОКПО", "okpo"), *_BY_BANK),
    ("BY", SOLE_PROPRIETOR): (Field("tax_code", "УНП", "unp", required=True), *_BY_BANK),
    ("KZ", INDIVIDUAL): (Field("tax_code", "ИИН", "iin"),),
    ("KZ", LEGAL_ENTITY): (Field("tax_code", "БИН", "bin", required=True), *_KZ_BANK),
    ("KZ", SOLE_PROPRIETOR): (Field("tax_code", "ИИН", "iin", required=True), *_KZ_BANK),
    ("PL", INDIVIDUAL): (Field("tax_code", "NIP/PESEL", "nip_or_pesel"),),
    ("PL", LEGAL_ENTITY): (
        Field("tax_code", "NIP", "nip", required=True),
        Field("ogrn", "KRS", "krs"),
        Field("okpo", "REGON", "regon"),
        Field("vat_number", "VAT UE", "eu_vat"),
        *_PL_BANK,
    ),
    ("PL", SOLE_PROPRIETOR): (
        Field("tax_code", "NIP", "nip", required=True),
        Field("okpo", "REGON", "regon"),
        Field("vat_number", "VAT UE", "eu_vat"),
        *_PL_BANK,
    ),
}
_GENERIC: dict[str, tuple[Field, ...]] = {
    INDIVIDUAL: (Field("tax_code", N_("Tax number")),),
    LEGAL_ENTITY: (Field("tax_code", N_("Tax number")), Field("vat_number", "VAT", "eu_vat"), *_ANY_BANK),
    SOLE_PROPRIETOR: (Field("tax_code", N_("Tax number")), Field("vat_number", "VAT", "eu_vat"), *_ANY_BANK),
}


def label_of(name: str, country: str, kind: str) -> str:
    """What an identifier is called where the payer is: «УНП», «ЄДРПОУ», «NIP»; empty where it has none there."""
    fields = _FIELDS.get((country.upper(), kind)) or _GENERIC.get(kind, ())
    return next((field.label for field in fields if field.name == name), "")


def required_fields(country: str, payer_kind: str) -> tuple[Field, ...]:
    """The identifiers a form shows for such a payer, in their order, with labels and which of them must be filled."""
    own = _FIELDS.get((country.upper(), payer_kind)) or _GENERIC[payer_kind]
    return own + _CONTACTS


def check_payer(values: Mapping[str, str | None], country: str, kind: str) -> list[Problem]:
    """Everything wrong with the given fields of a payer; never raises, empty where all is well."""
    given = {name: text.strip() for name, text in values.items() if isinstance(text, str) and text.strip()}
    fields = required_fields(country, kind)
    problems = [problem for field in fields if (problem := _problem_of(field, given, country, kind))]
    for name in ("legal_postal_code", "actual_postal_code"):
        land = given.get(name.replace("postal_code", "country"), country)
        if problem := _problem_of(Field(name, N_("Postal code"), "postal_code"), given, land, kind):
            problems.append(problem)
    if country.upper() == "RU" and kind != LEGAL_ENTITY and "kpp" in given:
        problems.append(Problem("kpp", N_("Only legal entities have a КПП: leave it empty."), {}))
    return problems


def normalise_payer(values: Mapping[str, str | None], country: str, kind: str) -> dict[str, str]:
    """The given fields as they are stored: those that are right normalised, the rest as typed without outer blanks."""
    given = {name: text.strip() for name, text in values.items() if isinstance(text, str)}
    return given | {
        field.name: _checked(field, given, country, kind)
        for field in required_fields(country, kind)
        if field.check and given.get(field.name) and not _problem_of(field, given, country, kind)
    }


def _checked(field: Field, given: Mapping[str, str], country: str, kind: str) -> str:
    context = {"payer_kind": kind, "bik": given.get("bik", ""), "tax_code": given.get("tax_code", "")}
    return check(field.check, given[field.name], country, **context)


def _problem_of(field: Field, given: Mapping[str, str], country: str, kind: str) -> Problem | None:
    if field.name not in given:
        if field.required:
            return Problem(field.name, N_("Enter %(label)s: documents need it."), {"label": field.label})
        return None
    try:
        if field.check:
            _checked(field, given, country, kind)
    except InvalidIdentifier as error:
        return Problem(field.name, error.text, error.params, error.severity)
    except (InvalidAddress, DomainError) as error:
        return Problem(field.name, error.text, error.params)
    return None
