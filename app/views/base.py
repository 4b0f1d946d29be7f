"""What every page stands on: base classes of both sides, one way to call a service, and one to say what went wrong.

`OfficeView` is FAB's ModelView with its holes closed (`fab_facts.md`, «Tenancy»); `KabinetPage` is an own page;
`CabinetPage` an own page of a company. Nothing outside this module derives from FAB's view classes.
"""

import datetime as dt
import logging
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any, ClassVar, TypeVar

import sqlalchemy as sa
from flask import Flask, abort, flash, g, has_request_context, jsonify, redirect, request, url_for
from flask_appbuilder import BaseView, ModelView
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import format_decimal, gettext
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from wtforms.validators import InputRequired, Optional

from app.access import permissions
from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import DomainError, Forbidden, NotFound
from app.extensions import db
from app.models import Company
from app.models.base import Instant
from app.services import trail
from app.views import cells, counts, history
from app.views.fields import AmountField, RemoteSelect, required_or_not, state_field
from app.views.rows import Rows, whole
from app.views.security import current_actor

log = logging.getLogger(__name__)
T = TypeVar("T")
_SUM = re.compile(r"(-?\d+\.\d\d)( [A-Z]{3})?")  # as refusals name it: «27.60 UAH»
MAX_PAGE_SIZE = 200
ROWS_OF_LOOKUP = 20

history.install()


def say(error: DomainError) -> str:
    """The error's sentence in the reader's language."""
    text = gettext(error.text)
    shown = {name: _shown(name, it) for name, it in counts.counted(error.params).items()}
    return text % shown if shown else text


def _shown(name: str, value: Any) -> Any:
    """A day and a sum as the reader writes them; «what» is itself a phrase to be said in the reader's language."""
    if type(value) is dt.date:
        return cells.day(value)
    if isinstance(value, str) and (found := _SUM.fullmatch(value)):
        return format_decimal(Decimal(found[1]), "#,##0.00;−#,##0.00") + (found[2] or "")
    return gettext(value) if name == "what" and isinstance(value, str) and value else value


def hook(app: Flask) -> None:
    """Put the guards before and after every request (`views.guard`)."""
    from app.views import guard

    guard.install(app)


def attempt(service: Callable[..., Any], *args: Any, done: str = "", **named: Any) -> Any:
    """`service(session, actor, *args)`, committed; None where it refused (its sentence is flashed, nothing written).

    What is not there, or not allowed, is the page's 404 or 403.
    """
    try:
        result = service(db.session(), current_actor(), *args, **named)
        db.session.commit()
    except (NotFound, Forbidden):
        db.session.rollback()
        raise
    except DomainError as error:
        db.session.rollback()
        flash(say(error), "danger")
        return None
    if done:
        flash(done, "success")
    return True if result is None else result


def run(service: Callable[..., Any], ids: Iterable[int], done: str) -> bool:
    """Call `service(session, actor, id)` for each id; commit all or nothing, and say what happened."""

    def each(session: Any, actor: Actor) -> None:
        for one in ids:
            service(session, actor, one)

    return attempt(each, done=done) is not None


def needs(*rights: Right) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a page only to people who hold every one of these rights; others get 403."""
    return _checked(rights, all, "_needs")


def needs_one(*rights: Right) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a page to people who hold one of these rights at least; others get 403."""
    return _checked(rights, any, "_needs_one")


def _checked(
    rights: tuple[Right, ...], enough: Callable[[Iterable[bool]], bool], mark: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def wrap(page: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(page)
        def checked(self: Any, *args: Any, **named: Any) -> Any:
            if not enough(current_actor().may(right) for right in rights):
                abort(403)
            return page(self, *args, **named)

        setattr(checked, mark, rights)
        return checked

    return wrap


def open_to_all(page: Callable[..., Any]) -> Callable[..., Any]:
    """Let a page to people who have not signed in: sign-in itself, health, links from a mail, callbacks."""
    page._open_to_all = True  # type: ignore[attr-defined]
    return page


def for_signed_in(page: Callable[..., Any]) -> Callable[..., Any]:
    """Let a page to everybody who has signed in: their own profile, notices, the home page."""
    page._for_signed_in = True  # type: ignore[attr-defined]
    return page


@dataclass(frozen=True)
class PageArgs:
    """Which page of a list is asked for (from 1), how long, in which order, and the word searched for."""

    number: int = 1
    size: int = 25
    order: str = ""
    descending: bool = False
    search: str = ""

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True)
class PageOf:
    """A page of rows, as kabinet/macros.html's `pager` wants it."""

    rows: list[Any]
    total: int
    args: PageArgs

    @property
    def page(self) -> int:
        return self.args.number

    @property
    def pages(self) -> int:
        return max(1, math.ceil(self.total / self.args.size))

    @property
    def first(self) -> int:
        return self.args.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.args.offset + len(self.rows)

    def url(self, number: int) -> str:
        """The address of another page of the same list."""
        return here(page=number)


def here(**changed: Any) -> str:
    """This address with some of its query changed; a value of None takes it away."""
    kept: dict[str, Any] = {key: request.args.getlist(key) for key in request.args}
    kept.update(changed)
    return url_for(
        str(request.endpoint), **(request.view_args or {}), **{k: v for k, v in kept.items() if v is not None}
    )


class KabinetPage(BaseView):
    """An own page. `side` is who it is for: «office», «cabinet» or «both»; the other side gets 404."""

    side: ClassVar[str] = "both"
    default_view = "index"

    @property
    def session(self) -> Any:
        """The session of this request."""
        return db.session() if has_request_context() else None

    @property
    def actor(self) -> Actor:
        """The person of this request."""
        return current_actor()

    def page_args(self, *orders: str, size: int = 25) -> PageArgs:
        """What the address asks of a list: ?page= &size= &order= &dir= &q=; only `orders` order it, else the first."""
        number, length = whole(request.args.get("page", 1)), whole(request.args.get("size", size))
        order = request.args.get("order", "")
        if order not in orders:
            order = orders[0] if orders else ""
        return PageArgs(
            number=min(max(number or 1, 1), 10**6),
            size=min(max(length or size, 1), MAX_PAGE_SIZE),
            order=order,
            descending=request.args.get("dir") == "desc",
            search=request.args.get("q", "").replace("\x00", "").strip()[:200],
        )

    def paginate(self, query: Any, args: PageArgs) -> PageOf:
        """A page of a select of rows (one entity), with the count of all."""
        total = self.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery()))
        rows = list(self.session.scalars(query.limit(args.size).offset(args.offset)).unique())
        return PageOf(rows, total, args)

    def row(self, model: type[T], row_id: Any) -> T:
        """A row this person may see, or 404."""
        key = whole(row_id)
        found = None if key is None else self.session.get(model, key)
        if found is None:
            abort(404)
        company_id = found.id if isinstance(found, Company) else getattr(found, "company_id", None)
        if not self.actor.is_staff and company_id != self.actor.company_id:
            abort(404)
        return found

    def export(self, title: str, columns: list[Any], rows: Iterable[Any], fmt: str) -> Any:
        """A list as a file; see `views.exports.send_rows`."""
        from app.views.exports import send_rows

        return send_rows(title, columns, rows, fmt)


class OfficePage(KabinetPage):
    """An own page of the provider's staff; people of companies get 404."""

    side = "office"

    def files(self, page: str, **asked: Any) -> list[dict[str, Any]]:
        """The buttons of a list's files, for `page_header(actions=…)`; none for who may not take lists away."""
        if not self.actor.may(Right.EXPORTS_RUN):
            return []
        asked = {name: value for name, value in asked.items() if value}
        return [
            {"label": fmt.upper(), "url": url_for(f"{self.endpoint}.{page}", fmt=fmt, **asked), "icon": icon}
            for fmt, icon in (("xlsx", "fa-file-excel"), ("csv", "fa-file-csv"))
        ]


class CabinetPage(KabinetPage):
    """An own page of a company; staff and strangers get 404."""

    side = "cabinet"

    @property
    def company(self) -> Company:
        """The company of this request's person."""
        if not has_request_context():  # FAB reads every attribute of a view when it is made
            return None  # type: ignore[return-value]
        if "company" not in g:
            g.company = self.row(Company, self.actor.company_id)
        return g.company


_READ = ("list", "show", "lookup", "export")
_WRITE = ("add", "edit", "delete")
_MUST_SAY = ("list_columns", "search_columns", "order_columns", "base_order", "class_permission_name", "list_title")


class OfficeView(ModelView):
    """A table of the office. A subclass says what may be seen, searched, ordered and edited; nothing is by default.

    Required: datamodel = Rows(Model), class_permission_name («Customers»: the area of Right), list_title, list_columns,
    show_columns (or show_fieldsets), search_columns, order_columns, base_order; add_columns and edit_columns unless
    "add" or "edit" stand in exclude_route_methods. A relation in a form or a search is chosen by typing;
    `remote_selects` names the columns it is searched by (else name, number, code). `read_as` and `write_as` name the
    verbs of Right («read», «write», «issue»). `create`, `change` and `remove` are called inside the transaction:
    override them to ask a service.
    """

    side: ClassVar[str] = "office"
    datamodel: Rows
    read_as: ClassVar[str] = "read"
    write_as: ClassVar[str] = "write"
    remote_selects: ClassVar[dict[str, list[str]]] = {}
    export_columns: ClassVar[list[str] | None] = None
    eager: ClassVar[tuple[str, ...]] = ()
    validators_columns: dict[str, list[Any]] = {}  # copied for each view
    page_size = 25
    is_abstract: ClassVar[bool] = True

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.__dict__.get("is_abstract", False):
            return
        cls.is_abstract = False
        cls.exclude_route_methods = set(cls.exclude_route_methods) | {"download"}
        named = {name: cls.read_as for name in _READ} | {name: cls.write_as for name in _WRITE}
        actions = [name for name in dir(cls) if hasattr(getattr(cls, name, None), "_action")]
        named |= {name: cls.write_as for name in actions}
        cls.method_permission_name = {**named, **(cls.method_permission_name or {})}
        cls._refuse_what_is_unsaid()

    @classmethod
    def _refuse_what_is_unsaid(cls) -> None:
        wanted = list(_MUST_SAY)
        if not cls.show_fieldsets:
            wanted.append("show_columns")
        for form in ("add", "edit"):
            if form not in cls.exclude_route_methods and not getattr(cls, f"{form}_fieldsets"):
                wanted.append(f"{form}_columns")
        missing = [name for name in wanted if getattr(cls, name, None) is None or getattr(cls, name) == ""]
        if missing:
            raise TypeError(f"{cls.__name__} says nothing of {', '.join(missing)}")
        if not isinstance(cls.datamodel, Rows):
            raise TypeError(f"{cls.__name__}.datamodel is a Rows")
        if permissions.right_of(f"can_{cls.method_permission_name['list']}", cls.class_permission_name) is None:
            raise TypeError(
                f"{cls.__name__}: no Right {cls.class_permission_name}.{cls.method_permission_name['list']}"
            )

    # -- properties, forms, formats -------------------------------------------------------------------------------

    def _init_properties(self) -> None:
        said = {name: list(getattr(self, name) or []) for name in ("search_columns", "order_columns", "list_columns")}
        for form in ("show", "add", "edit"):
            fieldsets = getattr(self, f"{form}_fieldsets") or []
            columns = [column for _, part in fieldsets for column in part["fields"]]
            said[f"{form}_columns"] = columns or list(getattr(self, f"{form}_columns") or [])
        for name in ("label_columns", "formatters_columns"):  # a class's dictionaries are not this view's to fill
            setattr(self, name, dict(getattr(self, name) or {}))
        self.validators_columns = {key: list(checks) for key, checks in self.validators_columns.items()}
        for title in ("show_title", "add_title", "edit_title"):
            setattr(self, title, getattr(self, title) or self.list_title)
        super()._init_properties()
        for name, columns in said.items():  # FAB reads «nothing» as «everything»
            setattr(self, name, columns)
        self._filters = self.datamodel.get_filters(self.search_columns)
        self._gen_labels_columns([*self.show_columns, *self.add_columns, *self.edit_columns])
        self.datamodel.read_with(self._relations_listed())
        for name in (*self.list_columns, *self.show_columns):
            self.formatters_columns.setdefault(name, self._formatter(name))

    def _relations_listed(self) -> list[str]:
        listed = [name.rsplit(".", 1)[0] if "." in name else name for name in self.list_columns]
        return [
            *self.eager,
            *(n for n in dict.fromkeys(listed) if self.datamodel.is_relation_many_to_one(n.split(".")[0])),
        ]

    def _formatter(self, name: str) -> Callable[[Any], Any]:
        if self.datamodel.states(name):
            return cells.badge
        column = self.datamodel.list_columns.get(name)
        kind = getattr(column, "type", None)
        for known, shown in ((Instant, cells.moment), (sa.Date, cells.day), (sa.Boolean, cells.yes_no)):
            if isinstance(kind, known):
                return shown
        return cells.amount if self.datamodel.is_money(name) else cells.plain

    def _init_forms(self) -> None:
        for form in ("search", "add", "edit"):
            extra = dict(getattr(self, f"{form}_form_extra_fields") or {})
            for name in getattr(self, f"{form}_columns"):
                if name not in extra:
                    field = self._own_field(name)
                    if field is not None:
                        extra[name] = field
            setattr(self, f"{form}_form_extra_fields", extra)
        super()._init_forms()

    def _own_field(self, name: str) -> Any:
        """A field for what FAB's forms get wrong: relations, exact amounts, states."""
        known = {"label": self.label_columns.get(name, name), "description": self.description_columns.get(name, "")}
        rows, nullable = self.datamodel, self.datamodel.is_nullable(name)
        if rows.is_relation(name):
            self._searched_by(name)  # said now, not when somebody types
            address = f"{self.route_base or '/' + type(self).__name__.lower()}/lookup/{name}"
            check = [required_or_not(nullable), *self.validators_columns.get(name, [])]
            return RemoteSelect(datamodel=rows, col_name=name, endpoint=address, validators=check, **known)
        if rows.states(name):
            return state_field(known.pop("label"), rows.states(name), nullable, **known)
        if rows.is_money(name):
            check = [Optional() if nullable else InputRequired(), *self.validators_columns.get(name, [])]
            return AmountField(scale=rows.list_columns[name].type.scale, validators=check, **known)
        return None

    def _searched_by(self, name: str) -> list[str]:
        """The columns a remote select of this relation is searched by."""
        said = self.remote_selects.get(name)
        if said:
            return said
        related = self.datamodel.get_related_interface(name)
        usual = [column for column in ("name", "number", "code") if column in related.list_columns]
        if not usual:
            raise TypeError(f"{type(self).__name__}: {name} is a relation: say in remote_selects how it is searched")
        return usual

    # -- lists ----------------------------------------------------------------------------------------------------

    def _get_list_widget(  # noqa: PLR0913  # FAB's signature
        self,
        filters: Any,
        actions: Any = None,
        order_column: str = "",
        order_direction: str = "",
        page: int | None = None,
        page_size: int | None = None,
        widgets: Any = None,
        **more: Any,
    ) -> Any:
        if order_column not in self.order_columns:
            order_column = order_direction = ""
        size = min(max(page_size or self.page_size, 1), MAX_PAGE_SIZE)
        return super()._get_list_widget(
            filters, actions, order_column, order_direction, max(page or 0, 0), size, widgets, **more
        )

    @expose("/lookup/<col>")
    @has_access
    @permission_name("lookup")
    def lookup(self, col: str) -> Any:
        """What a remote select shows: twenty rows of the relation that match ?q=."""
        asked_for = {*self.search_columns, *self.add_columns, *self.edit_columns}
        if col not in asked_for or not self.datamodel.is_relation_many_to_one(col):
            abort(404)
        related = self.datamodel.get_related_interface(col)
        term = request.args.get("q", "").strip()[:100].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        page = min(max(whole(request.args.get("page", 1)) or 1, 1), 10_000)
        query = related.session.query(related.obj)
        if term:
            found = [getattr(related.obj, c).ilike(f"%{term}%", escape="\\") for c in self._searched_by(col)]
            query = query.filter(sa.or_(*found))
        rows = query.order_by(related.get_pk()).offset((page - 1) * ROWS_OF_LOOKUP).limit(ROWS_OF_LOOKUP + 1).all()
        results = [{"id": related.get_pk_value(r), "text": str(r)} for r in rows[:ROWS_OF_LOOKUP]]
        return jsonify(results=results, pagination={"more": len(rows) > ROWS_OF_LOOKUP})

    @expose("/export/<fmt>")
    @has_access
    @permission_name("export")
    def export(self, fmt: str) -> Any:
        """The list as it is filtered and ordered now, as XLSX or CSV."""
        from flask_appbuilder.urltools import get_filter_args, get_order_args

        from app.views.exports import send_rows

        if not current_actor().may(Right.EXPORTS_RUN):
            abort(403)
        get_filter_args(self._filters)
        column, direction = get_order_args().get(type(self).__name__, ("", ""))
        if column not in self.order_columns:
            column, direction = self.base_order
        query = self.datamodel.chosen(self._filters.get_joined_filters(self._base_filters), column, direction)
        names = self.export_columns or self.list_columns
        value = self.datamodel._get_attr_value
        rows = ([value(item, name) for name in names] for item in query.yield_per(1000))
        return send_rows(str(self.list_title), [str(self.label_columns.get(n, n)) for n in names], rows, fmt)

    # -- actions: rows through the view's own filters, 404 otherwise ------------------------------------------------

    def _rows_of(self, ids: list[str]) -> list[Any]:
        rows = [self.datamodel.get(one, self._base_filters) for one in dict.fromkeys(ids)]
        if not rows or any(row is None for row in rows):
            abort(404)
        return rows

    def _action_allowed(self, name: str) -> Any:
        found = self.actions.get(name)
        if found is None:
            abort(404)
        if not self.appbuilder.sm.has_access(self.get_action_permission_name(name), self.class_permission_name):
            abort(403)
        return found

    @expose("/action/<string:name>/<pk>", methods=["POST"])
    @permission_name("action")
    def action(self, name: str, pk: str) -> Any:
        """An action on one row."""
        found = self._action_allowed(name)
        return found.func(self._rows_of([pk])[0]) or redirect(self.get_redirect())

    @expose("/action_post", methods=["POST"])
    @permission_name("action")
    def action_post(self) -> Any:
        """An action on the chosen rows."""
        found = self._action_allowed(request.form.get("action", ""))
        ids = request.form.getlist("rowid")
        if not ids:
            flash(gettext("Choose at least one row first."), "warning")
            return redirect(self.get_redirect())
        return found.func(self._rows_of(ids[:5000])) or redirect(self.get_redirect())

    @expose("/delete/<pk>", methods=["POST"])
    @has_access
    def delete(self, pk: str) -> Any:
        """Take a row away; never by GET."""
        item = self._rows_of([pk])[0]
        self._write(lambda: self._note("deleted", item, self.remove, keep=True), self.delete_row_message)
        return redirect(self.get_redirect())

    def post_edit_redirect(self) -> Any:
        """What was saved is shown, not whatever was looked at before it."""
        return redirect(self._address_of((request.view_args or {}).get("pk")))

    def post_add_redirect(self) -> Any:
        """The new row; where it was added from the page of what it hangs on, that page again."""
        is_from_owner = any(name.startswith("_flt_") for name in request.args)
        return redirect(self.get_redirect() if is_from_owner else self._address_of(g.get("saved_pk")))

    def _address_of(self, pk: Any) -> str:
        if pk is None or "show" in self.exclude_route_methods:
            return str(self.get_redirect())
        return url_for(f"{self.endpoint}.show", pk=pk)

    # -- saving: the form comes back filled, with a sentence, and never with SQL -----------------------------------

    def create(self, item: Any) -> None:
        """Write a new row (flushed, not committed)."""
        self.pre_add(item)
        db.session.add(item)
        db.session.flush()
        self.post_add(item)

    def change(self, item: Any) -> None:
        """Write a changed row (flushed, not committed)."""
        self.pre_update(item)
        db.session.flush()
        self.post_update(item)

    def remove(self, item: Any) -> None:
        """Take a row away (flushed, not committed)."""
        self.pre_delete(item)
        db.session.delete(item)
        db.session.flush()
        self.post_delete(item)

    def _note(self, done: str, item: Any, act: Callable[[Any], None], keep: bool = False) -> None:
        changed = _changes(item)
        target_id = self.datamodel.get_pk_value(item) if keep else None
        act(item)
        target_id = target_id or self.datamodel.get_pk_value(item)
        table = item.__table__.name
        trail.record(db.session(), current_actor(), f"{table}.{done}", table, target_id, **changed)

    def _write(self, act: Callable[[], None], done: str) -> bool:
        try:
            act()
            db.session.commit()
        except (NotFound, Forbidden):
            db.session.rollback()
            raise
        except DomainError as error:
            db.session.rollback()
            flash(say(error), "danger")
        except IntegrityError:
            db.session.rollback()
            log.info("%s: refused by the database", type(self).__name__, exc_info=True)
            flash(
                gettext("Another record already has this value, or this one is still in use. Nothing was saved."),
                "danger",
            )
        except SQLAlchemyError:
            db.session.rollback()
            log.exception("%s: not saved", type(self).__name__)
            flash(gettext("It could not be saved. Check the values and try again; nothing was changed."), "danger")
        else:
            flash(str(done), "success")
            return True
        return False

    def _add(self) -> Any:
        if request.method != "POST":
            return super()._add()
        from flask_appbuilder.urltools import get_filter_args

        get_filter_args(self._filters, disallow_if_not_in_search=False)
        excluded = self._filters.get_relation_cols()
        form = self.add_form.refresh()
        self._fill_form_exclude_cols(excluded, form)
        if form.validate():
            self.process_form(form, True)
            item = self.datamodel.obj()
            form.populate_obj(item)
            if self._write(lambda: self._note("added", item, self.create), self.add_row_message):
                g.saved_pk = self.datamodel.get_pk_value(item)
                return None
        return self._get_add_widget(form=form, exclude_cols=excluded)

    def _edit(self, pk: Any) -> Any:
        item = self._rows_of([pk])[0]
        if request.method != "POST":
            return super()._edit(pk)
        form = self.edit_form.refresh(request.form)
        form._id = self.datamodel.get_pk_value(item)  # FAB's Unique leaves the row itself out
        if form.validate():
            self.process_form(form, False)
            with db.session.no_autoflush:
                form.populate_obj(item)
            if self._write(lambda: self._note("changed", item, self.change), self.edit_row_message):
                return None
        widgets = self._get_edit_widget(form=form)
        return self._get_related_views_widgets(item, orders={}, pages={}, page_sizes={}, widgets=widgets)


def _changes(item: Any) -> dict[str, Any]:
    """What a form changed in a row: column → [before, after], as text."""
    found = {}
    for attribute in sa.inspect(item).attrs:
        past = attribute.history
        if attribute.key in ("password",) or not past.has_changes():
            continue
        found[attribute.key] = [_text(past.deleted), _text(past.added)]
    return {"changes": found} if found else {}


def _text(values: Any) -> str:
    return ", ".join(str(value) for value in values or ())[:200]
