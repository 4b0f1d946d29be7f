"""Form fields of the catalogue: words in each language side by side, a picture, an icon."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import FileField
from wtforms.fields.core import Field
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from app.core.errors import DomainError
from app.services.shop import pictures
from app.views.base import say

LANGUAGES = (("uk", "Українська"), ("ru", "Русский"), ("pl", "Polski"), ("en", "English"))
LENGTHS = {"name": 255, "unit": 40}  # the others are texts of several lines
LONGEST = 4000
OTHER_LANGUAGES = _l("In other languages")
SAID = _l("What is left empty is shown in the words above.")
LABELS = {
    "name": _l("Name"),
    "description": _l("Description"),
    "unit": _l("Unit of measure"),
    "instructions": _l("Instructions"),
}
ICONS = (
    ("", "—"),
    ("fa-cloud", _l("Cloud")),
    ("fa-server", _l("Server")),
    ("fa-database", _l("Storage")),
    ("fa-key", _l("Licence")),
    ("fa-file-invoice", _l("Bookkeeping")),
    ("fa-globe", _l("Domain")),
    ("fa-certificate", _l("Certificate")),
    ("fa-phone", _l("Telephone")),
    ("fa-sim-card", _l("SIM card")),
    ("fa-network-wired", _l("Network")),
    ("fa-laptop", _l("Device")),
    ("fa-gamepad", _l("Games")),
    ("fa-book", _l("Books")),
    ("fa-gift", _l("Gift")),
    ("fa-robot", _l("Artificial intelligence")),
    ("fa-shield-halved", _l("Security")),
    ("fa-box", _l("Box")),
)


_LINE = Markup('<input class="form-control" id="{}" name="{}" lang="{}" maxlength="{}" value="{}">')
_TEXT = Markup('<textarea class="form-control" id="{}" name="{}" lang="{}" maxlength="{}" rows="3">{}</textarea>')


class TranslationsField(Field):
    """What a row says in each language: a field for each word of `parts`; kept as {"uk": {"name": …}, …}."""

    data: Any

    def __init__(
        self, label: Any = None, validators: Any = None, parts: Sequence[str] = ("name",), **more: Any
    ) -> None:
        super().__init__(label, validators, **more)
        self.parts = tuple(parts)

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Read the fields of every language; a language without a word is left out."""
        super().process(None, data, extra_filters)
        if formdata is None or not any(key.startswith(f"{self.name}-") for key in formdata):
            return
        found: dict[str, dict[str, str]] = dict(self.data or {})
        for locale, _ in LANGUAGES:
            said = {part: (formdata.get(f"{self.name}-{locale}-{part}") or "").strip() for part in self.parts}
            found[locale] = {part: text for part, text in said.items() if text}
        self.data = {locale: said for locale, said in found.items() if said}

    def pre_validate(self, form: Any) -> None:
        """No word longer than its column."""
        for said in (self.data or {}).values():
            for part, text in said.items():
                limit = LENGTHS.get(part, LONGEST)
                if len(text) > limit:
                    raise ValidationError(gettext("At most %(limit)s characters.", limit=limit))

    def widget(self, field: Any, **more: Any) -> Markup:
        """A group of inputs a language."""
        groups = Markup("").join(self._group(locale, title) for locale, title in LANGUAGES)
        return Markup('<div class="kb-fields is-columns" id="{}" role="group" aria-label="{}">{}</div>').format(
            self.id, self.label.text, groups
        )

    def _group(self, locale: str, title: str) -> Markup:
        said = (self.data or {}).get(locale) or {}
        inputs = Markup("").join(self._input(locale, title, part, said.get(part, "")) for part in self.parts)
        return Markup("<div>{}</div>").format(inputs)

    def _input(self, locale: str, title: str, part: str, text: str) -> Markup:
        name = f"{self.name}-{locale}-{part}"
        label = Markup('<label for="{}">{} · {}</label>').format(name, title, LABELS[part])
        shape = _LINE if part in LENGTHS else _TEXT
        body = shape.format(name, name, locale, LENGTHS.get(part, LONGEST), text)
        return Markup('<div class="kb-field">{}{}</div>').format(label, body)


class PictureField(FileField):
    """A picture of a row, kept by its digest: uploaded anew, taken away, or left as it is."""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        """Remember what is kept now; the upload is looked at when the form is checked."""
        super().process(formdata, data, extra_filters)
        self.kept = str(self.object_data or "") if isinstance(self.object_data, str) else ""
        self.is_removed = bool(formdata is not None and formdata.get(f"{self.name}-remove"))

    def pre_validate(self, form: Any) -> None:
        """Keep an uploaded picture; a file that is none is refused with the reason."""
        if not getattr(self.data, "filename", ""):
            return
        try:
            self.kept, self.is_removed = pictures.keep(current_app.config["KABINET"].data_dir, self.data.stream), False
        except DomainError as error:
            raise ValidationError(say(error)) from error

    def populate_obj(self, obj: Any, name: str) -> None:
        """The digest of the new picture, or of the one there was."""
        setattr(obj, name, "" if self.is_removed else self.kept or getattr(obj, name) or "")

    def _value(self) -> Any:
        return False

    def __call__(self, **more: Any) -> Markup:
        upload = super().__call__(accept="image/png,image/jpeg,image/webp", **more)
        if not self.kept:
            return upload
        shown = Markup(
            '<p><img class="kb-thumb" src="{}" alt="{}" width="160"></p>{}'
            '<label class="kb-check"><input type="checkbox" name="{}-remove" value="1"><span>{}</span></label>'
        )
        address = url_for("ShopPage.picture", sha256=self.kept)
        return shown.format(address, gettext("The picture now"), upload, self.name, gettext("Take the picture away"))
