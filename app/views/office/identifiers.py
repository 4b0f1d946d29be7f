"""Codes of payers on the form: each field is checked as its country has it, and says what is wrong with it."""

from typing import Any

from flask import flash
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms.validators import StopValidation, ValidationError

from app.core.errors import DomainError
from app.rules import payer_fields
from app.views.base import say

FIELDS = (
    "tax_code",
    "kpp",
    "ogrn",
    "okpo",
    "vat_number",
    "bik",
    "settlement_account",
    "correspondent_account",
    "iban",
    "phone",
    "email",
    "legal_postal_code",
    "actual_postal_code",
)

HINTS = {
    "country": _l("Decides which codes are asked for and how they are checked."),
    "tax_code": _l("ЄДРПОУ or РНОКПП, ИНН, NIP, УНП, БИН: the number the country knows this payer by."),
    "kpp": _l("Legal entities of Russia only."),
    "ogrn": _l("ОГРН or ОГРНИП of Russia, KRS of Poland."),
    "okpo": _l("ОКПО of Russia and Belarus, REGON of Poland."),
    "vat_number": _l("ІПН of a VAT payer of Ukraine, VAT UE of the European Union."),
    "bik": _l("МФО, БИК or BIC, as the country has it. The account is checked against it."),
    "settlement_account": _l("Accounts that are not an IBAN."),
    "director_name_genitive": _l("As contracts write it: «in the person of …»."),
    "director_name_dative": _l("As letters write it: «to …»."),
    "locale": _l("Documents are made in this language; the company's where empty."),
    "legal_address": _l("Street and house."),
}


class AsTheCountryHasIt:
    """The validator of one code; it alone decides, also about an empty field."""

    alone = True

    def __call__(self, form: Any, field: Any) -> None:
        for problem in _problems(form):
            if problem.field != field.name:
                continue
            text = say(DomainError(problem.text, **dict(problem.params)))
            if problem.severity == "error":
                raise ValidationError(text)
            flash(gettext("%(field)s: %(doubt)s", field=field.label.text, doubt=text), "warning")
        raise StopValidation()


def _problems(form: Any) -> list[payer_fields.Problem]:
    values, country, kind = form.data, form.country.data or "", form.kind.data or ""
    if not country or kind not in payer_fields.PAYER_KINDS:
        return []
    return payer_fields.check_payer(values, country, kind)


def normalise(payer: Any) -> None:
    """Write the codes as they are stored: without blanks, in the right case."""
    values = {name: getattr(payer, name) or "" for name in FIELDS}
    for name, value in payer_fields.normalise_payer(values, payer.country, payer.kind).items():
        setattr(payer, name, value)


CHECKS: dict[str, list[Any]] = {name: [AsTheCountryHasIt()] for name in FIELDS}
