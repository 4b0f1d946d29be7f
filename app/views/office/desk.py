"""A table of the back office, said in a few lines: what is seen, searched, edited, and by whom.

`Desk` turns what a subclass says into what `OfficeView` and FAB want: form fields of each column, words and links in
lists, titles, and which of add, edit and delete there are.
"""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError
from wtforms import SelectField
from wtforms.validators import Optional

from app.core.errors import DomainError
from app.extensions import db
from app.models import OfCompany
from app.models.base import Scaled
from app.views.base import OfficeView
from app.views.office import cells, codes
from app.views.office.inputs import countries, field_for
from app.views.office.labels import LABELS, choices
from app.views.rows import Rows

# What a row is found by where it is chosen in a form or a search.
SEARCHED_BY: dict[str, list[str]] = {
    "Account": ["number"],
    "Category": ["name", "code"],
    "Company": ["name", "code"],
    "Component": ["name", "code"],
    "Contract": ["number"],
    "Payer": ["name", "tax_code"],
    "Plan": ["name", "code"],
    "Product": ["name", "code"],
    "Promotion": ["code", "name"],
    "Seller": ["name", "code"],
    "Subscriber": ["number", "name"],
    "Subscription": ["name"],
    "Tariff": ["name", "code"],
}
PERCENTS = ("tax_bp", "rate_bp", "percent_bp", "rate_markup_bp", "commission_bp", "cashback_bp")


class Kept(DomainError):
    """The row is in use; the sentence says what to do instead."""


class Desk(OfficeView):
    """One table, the newest row first. Say at least model, area, route_base, names, list_columns and search_columns.

    form_columns (or form_fieldsets_of): columns of both forms; without them nobody may add or edit. `fixed` ones are
    asked for only when a row is made. `required`, `hints`, `options` (values of a select), `checks` (validators) are by
    column. related: names of views shown as tabs. `menu = False` hides it.
    """

    is_abstract = True
    model: ClassVar[Any] = None
    area: ClassVar[str] = ""
    order_columns = ["id"]
    base_order = ("id", "desc")
    names: ClassVar[tuple[Any, Any]] = ("", "")
    form_columns: ClassVar[list[str]] = []
    form_fieldsets_of: ClassVar[list[tuple[Any, list[str]]]] = []
    fixed: ClassVar[frozenset[str]] = frozenset()
    required: ClassVar[frozenset[str]] = frozenset()
    hints: ClassVar[dict[str, Any]] = {}
    options: ClassVar[dict[str, Any]] = {}
    checks: ClassVar[dict[str, list[Any]]] = {}
    labels: ClassVar[dict[str, Any]] = {}
    formats: ClassVar[dict[str, Any]] = {}
    own_fields: ClassVar[dict[str, Any]] = {}
    own_choices: ClassVar[dict[str, dict[str, Any]]] = {}  # column of a search → its codes with their words
    related: ClassVar[tuple[str, ...]] = ()
    addable: ClassVar[bool] = True
    deletable: ClassVar[bool] = False
    keeps_by: ClassVar[Any] = ""
    menu: ClassVar[bool] = True
    list_template = "office/list.html"
    delete_row_message = _l("Deleted.")
    add_row_message = _l("Saved.")
    edit_row_message = _l("Saved.")

    def __init_subclass__(cls, **more: Any) -> None:
        if not cls.__dict__.get("is_abstract", False):
            cls._spell_out()
        super().__init_subclass__(**more)

    @classmethod
    def _spell_out(cls) -> None:
        cls.datamodel = Rows(cls.model)
        cls.class_permission_name = cls.area
        cls.extra_args = {"desk_name": cls.__name__}
        cls.label_columns = {**LABELS, **cls.labels}
        cls.list_title, one = cls.names
        cls.show_title = one
        cls.add_title, cls.edit_title = _l("%(what)s: new", what=one), _l("%(what)s: edit", what=one)
        cls.remote_selects = {name: cls._searched_by(name) for name in cls._chosen()}
        cls.description_columns = dict(cls.hints)
        cls.formatters_columns = cls._formats()
        cls._spell_out_forms()
        if "show_columns" not in cls.__dict__ and not cls.__dict__.get("show_fieldsets"):
            cls._spell_out_show()
        cls._spell_out_search()
        codes.THINGS.setdefault(cls.model.__tablename__, one)
        if cls.menu:
            cells.SHOWN.setdefault(cls.model, cls.__name__)

    @classmethod
    def _chosen(cls) -> list[str]:
        return [name for name in (*cls.search_columns, *cls._form_names()) if cls.datamodel.is_relation(name)]

    @classmethod
    def _searched_by(cls, relation: str) -> list[str]:
        return SEARCHED_BY[cls.datamodel.get_related_model(relation).__name__]

    @classmethod
    def _form_names(cls) -> list[str]:
        parts = [name for _, columns in cls.form_fieldsets_of for name in columns]
        return parts or list(cls.form_columns)

    @classmethod
    def _spell_out_forms(cls) -> None:
        names = cls._form_names()
        excluded = {"add"} if not (names and cls.addable) else set()
        excluded |= set() if names else {"edit"}
        excluded |= set() if cls.deletable else {"delete"}
        cls.exclude_route_methods = excluded
        fields = {name: cls._field(name) for name in names if name in cls.datamodel.list_columns}
        cls.add_form_extra_fields = {**fields, **cls.own_fields}
        cls.edit_form_extra_fields = {**fields, **cls.own_fields}
        cls.add_columns = names
        cls.edit_columns = [name for name in names if name not in cls.fixed]
        if cls.form_fieldsets_of:
            cls.add_fieldsets = [(title, {"fields": columns}) for title, columns in cls.form_fieldsets_of]
            kept = [(title, [c for c in columns if c not in cls.fixed]) for title, columns in cls.form_fieldsets_of]
            cls.edit_fieldsets = [(title, {"fields": columns}) for title, columns in kept if columns]

    @classmethod
    def _field(cls, name: str) -> Any:
        column = cls.datamodel.list_columns[name]
        return field_for(
            column,
            cls.label_columns.get(name, name),
            hint=cls.hints.get(name, ""),
            required=name in cls.required,
            options=cls.options.get(name),
            checks=cls.checks.get(name, ()),
        )

    @classmethod
    def _spell_out_show(cls) -> None:
        if cls.form_fieldsets_of:
            cls.show_fieldsets = [(title, {"fields": columns}) for title, columns in cls.form_fieldsets_of]
        else:
            cls.show_columns = list(dict.fromkeys([*cls.list_columns, *cls._form_names()]))

    @classmethod
    def _spell_out_search(cls) -> None:
        found: dict[str, Any] = {}
        for name, words in cls.own_choices.items():
            found[name] = SelectField(cls.label_columns[name], [Optional()], choices=lambda w=words: list(w.items()))
        for name in cls.search_columns:
            listed: Any = cls.options.get(name)
            if name == "country":
                listed = countries
            if listed is not None:
                listed = listed if listed is countries else choices(listed)
                found[name] = SelectField(cls.label_columns[name], [Optional()], choices=listed)
        cls.search_form_extra_fields = found

    @classmethod
    def _formats(cls) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, column in cls.datamodel.list_columns.items():
            kind = column.type
            if "states" in column.info:
                found[name] = cells.state
            elif name in PERCENTS:
                found[name] = cells.percent
            elif isinstance(kind, Scaled):
                found[name] = cells.amount if kind.scale == 100 else cells.fine
            elif isinstance(kind, sa.Date):
                found[name] = cells.date
            elif name in ("number", "code", "phone"):
                found[name] = cells.whole
            elif isinstance(kind, sa.JSON):
                found[name] = cells.structure
            elif name in cls.options:
                found[name] = cells.kind
        for name in (*cls.list_columns, *cls._form_names(), *(cls.show_columns or [])):
            if cls.datamodel.is_relation(name.split(".")[0]) and name not in found:
                found[name] = cells.linked
        return {**found, **cls.formats}

    # -- what a row needs before it is written ----------------------------------------------------------------------

    def complete(self, item: Any) -> None:
        """Fill what follows from the rest; override where something does."""

    def pre_add(self, item: Any) -> None:
        """Give a new row its company, from what it hangs on."""
        if isinstance(item, OfCompany) and item.company_id is None:
            for relation in self._chosen():
                owner = getattr(item, relation, None)
                if owner is not None and getattr(owner, "company_id", None):
                    item.company_id = owner.company_id
                    break
        self.complete(item)

    def pre_update(self, item: Any) -> None:
        """The same completion for a changed row."""
        self.complete(item)

    def remove(self, item: Any) -> None:
        """Delete where nothing hangs on the row; otherwise say what to do instead."""
        try:
            with db.session.begin_nested():
                super().remove(item)
        except IntegrityError as error:
            raise Kept(str(self.keeps_by) or gettext("It is in use and stays.")) from error
