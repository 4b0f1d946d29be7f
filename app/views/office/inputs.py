"""Form fields made from a table's columns: native dates, exact percents, steps of prices, countries, languages."""

import json
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.models.base import Instant, Scaled
from app.views.fields import AmountField
from app.views.office.labels import choices

CURRENCIES = ("UAH", "RUB", "PLN", "EUR", "USD", "BYN", "KZT", "GBP", "CZK")
LANGUAGES = (("uk", "Українська"), ("ru", "Русский"), ("pl", "Polski"), ("en", "English"), ("kk", "Қазақша"))
NEAR = ("UA", "RU", "PL", "BY", "KZ")  # countries with layouts and identifiers of their own come first


def countries() -> list[tuple[str, str]]:
    """Countries by their names in the reader's language, the near ones first."""
    names = get_locale().territories
    rest = sorted((code for code in names if len(code) == 2 and code.isalpha() and code not in NEAR), key=names.get)
    return [("", "—"), *((code, f"{names[code]} ({code})") for code in (*NEAR, *rest))]


class JsonField(TextAreaField):
    """JSON shown and read as text; what is not JSON is refused with its place."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return json.dumps(self.data, ensure_ascii=False, indent=2) if self.data is not None else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        try:
            self.data = json.loads(text) if text else {}
        except ValueError as error:
            raise ValueError(gettext("This is not JSON: %(why)s", why=str(error))) from error


class TiersField(TextAreaField):
    """Steps of a price, one a line: «from quantity; price»."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(f"{start}; {price}" for start, price in self.data or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [self._step(line) for line in (valuelist[0] if valuelist else "").splitlines() if line.strip()]

    def _step(self, line: str) -> list[str]:
        try:
            start, price = (Decimal(part.strip().replace(",", ".")) for part in line.split(";"))
        except (ValueError, InvalidOperation) as error:
            raise ValueError(gettext("Write each step as «from quantity; price», for example «100; 0.45».")) from error
        if not (start.is_finite() and price.is_finite()) or start < 0:
            raise ValueError(gettext("Write each step as «from quantity; price», for example «100; 0.45»."))
        return [format(start, "f"), format(price, "f")]


class PercentField(AmountField):
    """Percent × 100 in the table, percent on the page: «20» is kept as 2000."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.data: Any = None if self.data is None else int(self.data * 100)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else format((Decimal(self.data) / 100).normalize(), "f")


def stripped(text: str | None) -> str:
    """Text without outer space; never None."""
    return (text or "").strip()


def stripped_or_none(text: str | None) -> str | None:
    """Text without outer space, None where nothing is left."""
    return (text or "").strip() or None


def field_for(
    column: sa.Column[Any],
    label: Any,
    *,
    hint: Any = "",
    required: bool = False,
    options: Iterable[Any] | None = None,
    checks: Iterable[Any] = (),
) -> Any:
    """The unbound form field of a column."""
    common: dict[str, Any] = {"description": hint}
    listed_checks = list(checks)
    decided = any(getattr(check, "alone", False) for check in listed_checks)
    first = InputRequired(_l("Fill this in.")) if required else Optional()
    rules = listed_checks if decided else [first, *listed_checks]
    default = getattr(column.default, "arg", None) if getattr(column.default, "is_scalar", False) else None
    wanted = _options_of(column) if options is None else options
    if wanted is not None:
        listed: Any = wanted if wanted is countries else _pairs(list(wanted))
        return SelectField(label, rules, choices=listed, default=default, **common)
    return _plain_field(column, label, rules, {**common, "default": default})


def _pairs(listed: list[Any]) -> list[tuple[str, Any]]:
    return listed if listed and isinstance(listed[0], tuple) else choices(listed)


def _options_of(column: sa.Column[Any]) -> Any:
    if "states" in column.info:
        return list(column.info["states"])
    if column.name in ("currency", "base", "quote"):
        return [(code, code) for code in CURRENCIES]
    if column.name == "country" or column.name.endswith("_country"):
        return countries
    if column.name == "locale":
        return [("", "—"), *LANGUAGES]
    return None


def _plain_field(column: sa.Column[Any], label: Any, rules: list[Any], common: dict[str, Any]) -> Any:
    kind = column.type
    if column.name.endswith("_bp"):
        return PercentField(label, validators=[*rules, NumberRange(0, 10000, _l("From 0 to 100 percent."))], **common)
    if isinstance(kind, Scaled):
        return AmountField(label, validators=rules, scale=kind.scale, **common)
    if isinstance(kind, sa.Boolean):
        return BooleanField(label, **common)
    if isinstance(kind, sa.JSON):
        return JsonField(label, rules, **{**common, "default": None})
    if isinstance(kind, Instant):
        raise TypeError(f"{column.name}: instants are written by services, not by people")
    if isinstance(kind, sa.Date):
        return DateField(label, rules, **common)
    if isinstance(kind, sa.Integer):
        return IntegerField(label, rules, **common)
    length = getattr(kind, "length", None)
    trim = stripped_or_none if column.nullable else stripped
    if length is None:
        return TextAreaField(label, rules, filters=[trim], **common)
    return StringField(label, [*rules, Length(max=length)], filters=[trim], **common)
