"""Roles and rights as the office sees them: what each role may, who holds it, and what was switched for one person."""

from typing import Any

import sqlalchemy as sa
from flask import abort, request, url_for
from flask_appbuilder import AppBuilder
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload

from app.access import roles as access
from app.access.permissions import Right
from app.access.roles import STAFF, Role
from app.models import User, UserRight
from app.views import cells
from app.views.base import OfficePage, needs
from app.views.people import ROLES, words_of_right

MOST = 500  # people shown on the page of a role; the list of people has them all


class RolesPage(OfficePage):
    """Roles are made in the code and given on a person's page; here they are looked at."""

    route_base = "/office/roles"

    @expose("/")
    @needs(Right.USERS_READ)
    def index(self) -> Any:
        """Every role with what it may and how many people hold it; ?q= narrows by the words."""
        wanted = request.args.get("q", "").strip()[:100]
        return self.render_template(
            "kabinet/roles.html",
            title=gettext("Roles and rights"),
            rows=self._rows(wanted),
            search=wanted,
            files=self.files("export_list", q=wanted),
        )

    def _rows(self, wanted: str) -> list[dict[str, Any]]:
        counted = sa.select(RoleRow.name, sa.func.count(User.id)).join(RoleRow.user.of_type(User))
        counted = counted.where(User.deleted_at.is_(None)).group_by(RoleRow.name)
        held = dict(self.session.execute(counted).all())
        rows = [_row(role, held.get(role.value, 0)) for role in Role]
        return [row for row in rows if wanted.casefold() in f"{row['name']} {row['about']}".casefold()]

    @expose("/<name>")
    @needs(Right.USERS_READ)
    def show(self, name: str) -> Any:
        """One role: its rights, and who holds it."""
        role = _role(name)
        held = sa.select(User).where(User.roles.any(RoleRow.name == role.value), User.deleted_at.is_(None))
        people = held.options(selectinload(User.company)).order_by(User.last_name, User.id).limit(MOST)
        return self.render_template(
            "kabinet/role.html",
            title=str(ROLES[role][0]),
            about=str(ROLES[role][1]),
            rights=[(right.value, words_of_right(right)) for right in sorted(access.RIGHTS[role])],
            people=list(self.session.scalars(people)),
        )

    @expose("/export/<fmt>")
    @needs(Right.USERS_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """Every role with each of its rights as a file."""
        titles = [gettext("Role"), gettext("Side"), gettext("Right"), gettext("What it lets a person do")]
        shown = {row["code"] for row in self._rows(request.args.get("q", "").strip()[:100])}
        rows = (
            [str(ROLES[role][0]), _side(role), right.value, words_of_right(right)]
            for role in Role
            if role.value in shown
            for right in sorted(access.RIGHTS[role])
        )
        return self.export(gettext("Roles and rights"), titles, rows, fmt)

    @expose("/switched")
    @needs(Right.USERS_READ)
    def switched(self) -> Any:
        """Rights switched on or off for one person, over what their roles say."""
        args = self.page_args(size=50)
        query = sa.select(UserRight).order_by(UserRight.id.desc())
        if args.search:
            query = query.where(UserRight.right.startswith(args.search, autoescape=True))
        page = self.paginate(query, args)
        wanted = sa.select(User).where(User.id.in_([row.user_id for row in page.rows]))
        return self.render_template(
            "kabinet/rights.html",
            title=gettext("Rights switched for a person"),
            page=page,
            search=args.search,
            people={one.id: one for one in self.session.scalars(wanted)},
            words=_words,
            moment=cells.moment,
            files=self.files("export_switched", q=args.search),
        )

    @expose("/switched/export/<fmt>")
    @needs(Right.USERS_READ, Right.EXPORTS_RUN)
    def export_switched(self, fmt: str) -> Any:
        """The same as a file."""
        wanted = request.args.get("q", "").strip()[:100]
        query = sa.select(UserRight, User).join(User, User.id == UserRight.user_id).order_by(UserRight.id.desc())
        query = query.where(UserRight.right.startswith(wanted, autoescape=True))
        titles = [gettext("Person"), gettext("User name"), gettext("Right"), gettext("What it lets a person do")]
        rows = (
            [person.get_full_name(), person.username, row.right, _words(row.right), row.is_on, row.created_at]
            for row, person in self.session.execute(query)
        )
        return self.export(gettext("Rights"), [*titles, gettext("Switched on"), gettext("When")], rows, fmt)


def _row(role: Role, held: int) -> dict[str, Any]:
    name, about = (str(word) for word in ROLES[role])
    return {
        "code": role.value,
        "name": name,
        "about": about,
        "side": _side(role),
        "rights": len(access.RIGHTS[role]),
        "people": held,
        "url": url_for("RolesPage.show", name=role.value),
    }


def _side(role: Role) -> str:
    return gettext("Provider") if role in STAFF else gettext("Company")


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        abort(404)


def _words(name: str) -> str:
    """A right in words; one that is no more by its name."""
    return str(words_of_right(Right(name))) if name in set(Right) else name


def register(appbuilder: AppBuilder) -> None:
    """Add it to the settings."""
    settings = {"category": "Settings group", "category_label": _l("Settings"), "category_icon": "fa-gear"}
    appbuilder.add_view(RolesPage, "RolesPage", label=_l("Roles and rights"), icon="fa-user-lock", **settings)
