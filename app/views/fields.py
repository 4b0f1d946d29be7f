"""Fields of office forms: selects that search on the server, exact amounts, states."""

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_appbuilder.fields import AJAXSelectField
from flask_appbuilder.fieldwidgets import BS3TextFieldWidget, Select2Widget
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from wtforms import Field, SelectField
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError
from wtforms.widgets import html_params

from app.core.money import CENTS


class RemoteSelectWidget:
    """A select that draws only what is chosen; kabinet.js asks the server for the rest."""

    def __call__(self, field: Any, **more: Any) -> Markup:
        row = field.row()
        chosen = Markup("")
        if row is not None:
            key = field.related().get_pk_value(row)
            chosen = Markup('<option value="{}" selected>{}</option>').format(key, str(row))
        name = more.pop("name_", field.name)
        attributes = {
            "class_": "form-control kabinet-remote",
            "data_url": field.endpoint,
            "style": "width:100%",
            **more,
        }
        if field.flags.required:
            attributes["required"] = True
        written = Markup(html_params(id=field.id, name=name, **attributes))  # noqa: S704  # html_params escapes
        return Markup("<select {}><option value=''></option>{}</select>").format(written, chosen)


class RemoteSelect(AJAXSelectField):
    """A relation chosen from `endpoint`; a row that is not there is refused, an empty one is None."""

    widget = RemoteSelectWidget()

    def __init__(self, *args: Any, endpoint: str = "", **more: Any) -> None:
        self.endpoint = endpoint
        super().__init__(*args, **more)

    def related(self) -> Any:
        """The rows to choose from."""
        return self.datamodel.get_related_interface(self.col_name)

    def row(self) -> Any:
        """The row chosen, or None."""
        if self.data in (None, ""):
            return None
        return self.related().get(self.data) if isinstance(self.data, int | str) else self.data

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = self.related().get(valuelist[0]) if valuelist[0] else None

    def pre_validate(self, form: Any) -> None:
        if self.raw_data and self.raw_data[0] and self.data is None:
            raise ValidationError(gettext("Choose one from the list."))


class AmountField(Field):
    """An exact amount: «1 234,50» and «1234.50» are the same; more decimals than are kept are refused, not rounded."""

    widget = BS3TextFieldWidget()

    def __init__(self, *args: Any, scale: int = CENTS, **more: Any) -> None:
        self.scale = scale
        super().__init__(*args, **more)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = "".join(valuelist[0].split()).replace(",", ".") if valuelist else ""
        if not text:
            self.data = None
            return
        try:
            self.data = Decimal(text)
        except InvalidOperation:
            raise ValueError(gettext("Enter a number, for example 1234.50.")) from None
        if not self.data.is_finite() or abs(self.data) >= 10**13:
            raise ValueError(gettext("Enter a smaller number."))
        if self.data * self.scale % 1:
            raise ValueError(gettext("At most %(places)s decimals are kept here.", places=len(str(self.scale)) - 1))


def state_field(label: Any, states: Any, nullable: bool = False, **more: Any) -> SelectField:
    """A choice among the values of a StrEnum."""
    choices: list[tuple[str, Any]] = [(one.value, lazy_gettext(words_of(one.value))) for one in states]
    if nullable:
        choices.insert(0, ("", ""))
    return SelectField(label, choices=choices, widget=Select2Widget(), validators=[required_or_not(nullable)], **more)


def words_of(value: str) -> str:
    """A state's name as words: the message id that catalogues translate."""
    return value.replace("_", " ").capitalize()


def required_or_not(nullable: bool, by_presence: bool = False) -> Any:
    """The validator of a field that must, or need not, be filled."""
    if nullable:
        return Optional()
    return InputRequired() if by_presence else DataRequired()
