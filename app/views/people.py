"""Who may sign in: the provider's staff for everybody, a company's managers for their own people (AST-024…031)."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder import AppBuilder
from flask_appbuilder.baseviews import expose
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import selectinload

from app.access import roles as access
from app.access.permissions import CABINET_RIGHTS, OFFICE_RIGHTS, Right
from app.access.roles import STAFF, Role
from app.core import clock
from app.core.errors import Forbidden, NotFound
from app.models import Company, Invitation, User, UserRight
from app.services import invitations, passkeys, people
from app.views import cells
from app.views.base import CabinetPage, KabinetPage, OfficePage, PageArgs, PageOf, attempt, needs, run, say
from app.views.proof import base_address, need_proof
from app.views.rows import whole

_l = lazy_gettext

ROLES = {
    Role.ADMINISTRATOR: (_l("Administrator"), _l("Everything in the office, people and settings included.")),
    Role.BACK_OFFICE: (_l("Back office"), _l("Customers, catalogue, subscriptions, billing, documents and payments.")),
    Role.ACCOUNTANT: (_l("Accountant"), _l("Documents, payments, ledger and exports.")),
    Role.SUPPORT: (_l("Support"), _l("Reads customers and documents, answers questions.")),
    Role.OWNER: (_l("Owner"), _l("Everything in the company's cabinet.")),
    Role.COMPANY_ADMINISTRATOR: (_l("Company administrator"), _l("Everything but buying.")),
    Role.COMPANY_ACCOUNTANT: (_l("Company accountant"), _l("Documents, payments, delivery and questions.")),
    Role.EMPLOYEE: (_l("Employee"), _l("Reads subscriptions and asks questions.")),
}

RIGHTS = {
    Right.CUSTOMERS_READ: _l("See customers"),
    Right.CUSTOMERS_WRITE: _l("Change customers"),
    Right.CATALOG_READ: _l("See the catalogue"),
    Right.CATALOG_WRITE: _l("Change the catalogue"),
    Right.SUBSCRIPTIONS_READ: _l("See subscriptions"),
    Right.SUBSCRIPTIONS_WRITE: _l("Change subscriptions"),
    Right.BILLING_READ: _l("See billing"),
    Right.BILLING_RUN: _l("Close months"),
    Right.DOCUMENTS_READ: _l("See documents"),
    Right.DOCUMENTS_ISSUE: _l("Issue documents"),
    Right.PAYMENTS_READ: _l("See payments"),
    Right.PAYMENTS_WRITE: _l("Enter payments"),
    Right.LEDGER_READ: _l("See the books"),
    Right.EXPORTS_RUN: _l("Take lists as files"),
    Right.IMPORTS_RUN: _l("Load files"),
    Right.TICKETS_READ: _l("Read questions of companies"),
    Right.TICKETS_WRITE: _l("Answer questions of companies"),
    Right.JOBS_READ: _l("See everybody’s background work"),
    Right.SETTINGS_READ: _l("See the settings"),
    Right.SETTINGS_WRITE: _l("Change the settings"),
    Right.USERS_READ: _l("See people"),
    Right.USERS_WRITE: _l("Manage people"),
    Right.AUDIT_READ: _l("Read the audit trail"),
    Right.MAIL_READ: _l("Read caught mail"),
    Right.OFFICE_READ: _l("Enter the office"),
    Right.CABINET_READ: _l("Enter the cabinet"),
    Right.CABINET_DOCUMENTS: _l("See the company’s documents and charges"),
    Right.CABINET_PAYMENTS: _l("See and announce the company’s payments"),
    Right.CABINET_SUBSCRIPTIONS: _l("See the company’s subscriptions"),
    Right.CABINET_SUBSCRIBERS: _l("See the company’s subscribers"),
    Right.CABINET_BUY: _l("Buy and change the company’s subscriptions"),
    Right.CABINET_RENAME: _l("Rename subscribers and switch their services"),
    Right.CABINET_DELIVERY: _l("Choose how documents are delivered"),
    Right.CABINET_USERS: _l("Manage the company’s people"),
    Right.CABINET_TICKETS: _l("Ask the provider questions"),
}


def role_names(user: Any) -> list[str]:
    """A person's roles as words; roles of one's own making by their names."""
    known = {role.value: str(said[0]) for role, said in ROLES.items()}
    return [known.get(role.name, role.name) for role in user.roles]


class _PeoplePages(KabinetPage):
    """The pages of both sides; `at` builds their addresses."""

    default_view = "index"

    def at(self, page: str, **more: Any) -> str:
        return url_for(f"{type(self).__name__}.{page}", **more)

    def company_id(self) -> int | None:
        """The company whose people these are; None of the office means everybody's."""
        raise NotImplementedError

    def choices(self, company_id: int | None) -> list[tuple[str, str, str]]:
        """The roles that may be given to a person of a company, or of the provider."""
        wanted = [r for r in Role if (r in STAFF) == (company_id is None)]
        return [(r.value, str(ROLES[r][0]), str(ROLES[r][1])) for r in wanted]

    def listed(self) -> Any:
        args = self.page_args("last_name", "username", "last_login", size=50)
        page = self._page(self._found(args), args)
        names = {role.value: str(ROLES[role][0]) for role in Role}
        return self.render_template(
            "kabinet/people.html",
            title=gettext("People"),
            page=page,
            at=self.at,
            names=names,
            args=args,
            waiting=self.waiting(),
            now=clock.now(),
            moment=cells.moment,
            may_change=self.may_change(),
            files=self.list_files(args),
        )

    def list_files(self, args: PageArgs) -> list[dict[str, Any]]:
        """Buttons of the list as a file; the office has them."""
        return []

    def _found(self, args: PageArgs) -> Any:
        query = sa.select(User).options(selectinload(User.roles)).where(User.deleted_at.is_(None))
        if self.company_id() is not None:
            query = query.where(User.company_id == self.company_id())
        else:
            query = query.options(selectinload(User.company))
        if args.search:
            like = "%" + args.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            found = (User.last_name, User.first_name, User.username, User.email)
            query = query.where(sa.or_(*(column.ilike(like, escape="\\") for column in found)))
        order = getattr(User, args.order)
        return query.order_by(order.desc() if args.descending else order, User.id)

    def _page(self, query: Any, args: PageArgs) -> PageOf:
        """A page; the few people of a company are counted by reading them."""
        if args.number == 1:
            rows = list(self.session.scalars(query.limit(args.size + 1)))
            if len(rows) <= args.size:
                return PageOf(rows, len(rows), args)
        return self.paginate(query, args)

    def waiting(self) -> list[Invitation]:
        """Invitations nobody has followed yet; the office sees them on a person's company."""
        return []

    def may_change(self) -> bool:
        """Whether the buttons are shown."""
        return self.actor.may(Right.USERS_WRITE if self.actor.is_staff else Right.CABINET_USERS)

    def invited(self, company: Company) -> Any:
        """The form of an invitation, and its answer."""
        form = request.form
        if request.method == "POST":
            need_proof()
            if self._invite(company) is not None:
                return redirect(self.at("index"))
        return self.render_template(
            "kabinet/person_invite.html",
            title=gettext("Invite a person"),
            at=self.at,
            asked=form,
            chosen=form.getlist("roles") or [Role.EMPLOYEE.value],
            company=company,
            days=invitations.LIFE.days,
            choices=[one for one in self.choices(company.id) if self._may_give(one[0])],
            languages=_languages(),
        )

    def _invite(self, company: Company) -> Any:
        form = request.form
        asked: dict[str, Any] = {
            "email": form.get("email", ""),
            "first_name": form.get("first_name", ""),
            "last_name": form.get("last_name", ""),
            "roles": _roles(form.getlist("roles")),
            "locale": _known(form.get("locale", "")),
            "base": base_address(),
            "company_id": company.id,
        }
        done = gettext("The invitation is on its way: the person chooses a password of their own.")
        return _said(lambda: attempt(invitations.invite, **asked, done=done))

    def _may_give(self, role: str) -> bool:
        return self.actor.is_staff or all(self.actor.may(right) for right in access.RIGHTS[Role(role)])

    def invitation_changed(self, invitation_id: int) -> Any:
        """Sent again, or withdrawn."""
        action = request.form.get("action", "")
        if action == "again":
            done = gettext("A new letter is on its way; the link of the old one opens nothing any more.")
            _said(lambda: attempt(invitations.send_again, invitation_id, base_address(), done=done))
        elif action == "withdraw":
            withdrawn = gettext("The invitation is withdrawn.")
            _said(lambda: attempt(invitations.withdraw, invitation_id, done=withdrawn))
        else:
            flash(gettext("Choose what to do and send the form again."), "warning")
        return redirect(self.at("index"))

    def made(self) -> Any:
        company_id = self.company_id() or whole(request.values.get("company_id") or "")
        asked: dict[str, str] = {k: v for k, v in request.form.items() if k not in ("password", "csrf_token")}
        if request.method == "POST":
            need_proof()
            person = attempt(
                people.create_user,
                username=request.form.get("username", ""),
                email=request.form.get("email", ""),
                first_name=request.form.get("first_name", ""),
                last_name=request.form.get("last_name", ""),
                phone=request.form.get("phone", ""),
                phone_country=current_app.config["KABINET"].default_country,
                password=request.form.get("password", ""),
                locale=_known(request.form.get("locale", "")),
                roles=_roles(request.form.getlist("roles")),
                company_id=company_id,
                done=gettext("The person may sign in now."),
            )
            if person is not None:
                return redirect(self.at("one", user_id=person.id))
        company = self.session.get(Company, company_id) if company_id else None
        return self.render_template(
            "kabinet/person_new.html",
            title=gettext("New person"),
            at=self.at,
            asked=asked,
            chosen=request.form.getlist("roles"),
            company=company,
            choices=self.choices(company_id),
            languages=_languages(),
        )

    def person(self, user_id: int) -> User:
        """A person this actor manages, or 404."""
        user = self.session.get(User, user_id) if whole(user_id) is not None else None
        if user is None or (self.company_id() is not None and user.company_id != self.company_id()):
            raise NotFound()
        if user.deleted_at is not None:
            raise NotFound()
        return user

    def shown(self, user_id: int) -> Any:
        user = self.person(user_id)
        switched = dict(
            self.session.execute(sa.select(UserRight.right, UserRight.is_on).where(UserRight.user_id == user.id)).all()
        )
        held = {right for role in Role if role.value in {r.name for r in user.roles} for right in access.RIGHTS[role]}
        listed = sorted(CABINET_RIGHTS if user.company_id is not None else OFFICE_RIGHTS)
        has = [right for right in listed if switched.get(right.value, right in held)]
        is_above, chosen = not people.holds(self.actor, has), [role.name for role in user.roles]
        return self.render_template(
            "kabinet/person.html",
            title=user.get_full_name(),
            user=user,
            at=self.at,
            is_staff=self.actor.is_staff,
            is_self=user.id == self.actor.user_id,
            names_locked=user.is_first and not self.actor.is_staff,
            protected=people.PROTECTED,
            may_change=self.may_change() and not is_above,
            above=say(Forbidden(people.MORE_RIGHTS)) if self.may_change() and is_above else "",
            choices=[one for one in self.choices(user.company_id) if one[0] in chosen or self._may_give(one[0])],
            chosen=chosen,
            languages=_languages(),
            keys=passkeys.count_of(self.session, user.id) if self.actor.is_staff else 0,
            rights=[(right.value, words_of_right(right), right in held, switched.get(right.value)) for right in listed],
        )

    def changed(self, user_id: int) -> Any:
        user, form = self.person(user_id), request.form
        act = {**self._acts(user), **(self._acts_of_staff(user) if self.actor.is_staff else {})}.get(
            form.get("action", "")
        )
        if act is None:
            flash(gettext("Choose what to do and send the form again."), "warning")
        else:
            need_proof()
            gone = _said(act)
            if form.get("action") == "delete" and gone is not None:
                return redirect(self.at("index"))
        return redirect(self.at("one", user_id=user.id))

    def _acts(self, user: User) -> dict[str, Callable[[], Any]]:
        form = request.form
        return {
            "roles": lambda: attempt(
                people.change_roles, user.id, _roles(form.getlist("roles")), done=gettext("The roles are changed.")
            ),
            "right": lambda: self._switch(user),
            "off": lambda: attempt(people.switch_off, user.id, done=gettext("This person can no longer sign in.")),
            "on": lambda: attempt(people.switch_on, user.id, done=gettext("This person may sign in again.")),
            "sessions": lambda: attempt(people.end_sessions, user.id, done=gettext("Every session has ended.")),
            "edit": lambda: self._edit(user),
            "delete": lambda: attempt(people.delete, user.id, done=gettext("The person is deleted.")),
        }

    def _acts_of_staff(self, user: User) -> dict[str, Callable[[], Any]]:
        form = request.form
        return {
            "password": lambda: attempt(
                people.reset_password, user.id, form.get("password", ""), done=gettext("The password is set.")
            ),
            "phone": lambda: attempt(
                people.set_phone,
                user.id,
                form.get("phone", ""),
                current_app.config["KABINET"].default_country,
                done=gettext("The number is kept; its owner confirms it."),
            ),
            "phone_off": lambda: attempt(people.remove_phone, user.id, done=gettext("The telephone is removed.")),
            "factors_off": lambda: attempt(
                people.remove_factors, user.id, done=gettext("Authenticator and passkeys are removed.")
            ),
        }

    def _edit(self, user: User) -> Any:
        form = request.form
        return attempt(
            people.edit,
            user.id,
            first_name=form.get("first_name", user.first_name),
            last_name=form.get("last_name", user.last_name),
            display_name=form.get("display_name", ""),
            locale=form.get("locale", ""),
            known_locales=tuple(current_app.config["LANGUAGES"]),
            email=form.get("email"),
            done=gettext("The changes are kept."),
        )

    def _switch(self, user: User) -> Any:
        is_on = {"on": True, "off": False}.get(request.form.get("is_on", ""))
        try:
            rights = [Right(name) for name in request.form.getlist("right")]
        except ValueError:
            raise NotFound() from None
        return attempt(people.switch_rights, user.id, rights, is_on, done=gettext("The right is changed."))

    def many(self) -> Any:
        """One act for several people: all of them, or none."""
        acts = {
            "off": (people.switch_off, gettext("These people can no longer sign in.")),
            "on": (people.switch_on, gettext("These people may sign in again.")),
            "sessions": (people.end_sessions, gettext("Every session has ended.")),
            "delete": (people.delete, gettext("These people are deleted.")),
        }
        ids = [number for text in request.form.getlist("rowid") if (number := whole(text)) is not None]
        service, done = acts.get(request.form.get("action", ""), (None, ""))
        if service is None or not ids:
            flash(gettext("Select at least one row first."), "warning")
        else:
            need_proof()
            _said(lambda: run(service, [self.person(one).id for one in ids], done))
        return redirect(self.at("index"))


class StaffPeople(OfficePage, _PeoplePages):
    """Everybody who may sign in, for the provider."""

    route_base = "/office/people"

    def company_id(self) -> int | None:
        return None

    @expose("/")
    @needs(Right.USERS_READ)
    def index(self) -> Any:
        """The list."""
        return self.listed()

    def list_files(self, args: PageArgs) -> list[dict[str, Any]]:
        return self.files("export_list", q=args.search)

    @expose("/export/<fmt>")
    @needs(Right.USERS_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """The list as it is searched, as a file; nothing of a person whose data is restricted."""
        titles = [gettext("Full name"), gettext("User name"), gettext("E-mail"), gettext("Company"), gettext("Roles")]
        found = self._found(self.page_args("last_name", "username", "last_login"))
        rows = (
            [one.get_full_name(), one.username, "" if one.restricted_at else one.email]
            + [one.company.name if one.company else "", ", ".join(role_names(one)), one.active, one.last_login]
            for one in self.session.scalars(found).unique()
        )
        return self.export(gettext("People"), [*titles, gettext("May sign in"), gettext("Last signed in")], rows, fmt)

    @expose("/new", methods=["GET", "POST"])
    @needs(Right.USERS_WRITE)
    def new(self) -> Any:
        """A person of the provider, or (?company_id=) of a company."""
        return self.made()

    @expose("/<int:user_id>")
    @needs(Right.USERS_READ)
    def one(self, user_id: int) -> Any:
        """A person, their roles and rights."""
        return self.shown(user_id)

    @expose("/invite", methods=["GET", "POST"])
    @needs(Right.USERS_WRITE)
    def invite(self) -> Any:
        """An invitation to ?company_id=."""
        company = self.session.get(Company, whole(request.values.get("company_id") or "") or 0)
        if company is None:
            raise NotFound()
        return self.invited(company)

    @expose("/many", methods=["POST"])
    @needs(Right.USERS_WRITE)
    def bulk(self) -> Any:
        """Several people at once."""
        return self.many()

    @expose("/<int:user_id>/change", methods=["POST"])
    @needs(Right.USERS_WRITE)
    def change(self, user_id: int) -> Any:
        """Roles, a right, on and off, sessions, a password."""
        return self.changed(user_id)


class CompanyPeople(CabinetPage, _PeoplePages):
    """The company's own people, for who manages them."""

    route_base = "/my/people"

    def company_id(self) -> int | None:
        company_id = self.actor.company_id
        if company_id is None:
            raise NotFound()
        return company_id

    @expose("/")
    @needs(Right.CABINET_USERS)
    def index(self) -> Any:
        """The list."""
        return self.listed()

    def waiting(self) -> list[Invitation]:
        return invitations.waiting_of(self.session, self.actor, self.company_id() or 0)

    @expose("/new", methods=["GET", "POST"])
    @needs(Right.CABINET_USERS)
    def new(self) -> Any:
        """A person of this company is invited: nobody else ever knows their password."""
        return self.invited(self.company)

    @expose("/invitations/<int:invitation_id>", methods=["POST"])
    @needs(Right.CABINET_USERS)
    def invitation(self, invitation_id: int) -> Any:
        """Send an invitation again, or withdraw it."""
        return self.invitation_changed(invitation_id)

    @expose("/many", methods=["POST"])
    @needs(Right.CABINET_USERS)
    def bulk(self) -> Any:
        """Several people at once."""
        return self.many()

    @expose("/<int:user_id>")
    @needs(Right.CABINET_USERS)
    def one(self, user_id: int) -> Any:
        """A person, their roles and rights."""
        return self.shown(user_id)

    @expose("/<int:user_id>/change", methods=["POST"])
    @needs(Right.CABINET_USERS)
    def change(self, user_id: int) -> Any:
        """Roles, a right, on and off, sessions, a password."""
        return self.changed(user_id)


def register(appbuilder: AppBuilder) -> None:
    """Add both sides' pages."""
    appbuilder.add_view(
        StaffPeople,
        "StaffPeople",
        label=_l("People"),
        icon="fa-users",
        category="Settings group",
        category_label=_l("Settings"),
        category_icon="fa-gear",
    )
    appbuilder.add_view_no_menu(CompanyPeople)


def words_of_right(right: Right) -> str:
    """A right as words."""
    return str(RIGHTS[right])


def _said(act: Callable[[], Any]) -> Any:
    """What `act` answers; where it would reach above the actor's own rights, that is said on the page, as None."""
    try:
        return act()
    except Forbidden as error:
        flash(say(error), "danger")
        return None


def _roles(names: list[str]) -> list[Role]:
    return [Role(name) for name in names if name in {role.value for role in Role}]


def _known(locale: str) -> str:
    return locale if locale in current_app.config["LANGUAGES"] else "en"


def _languages() -> list[tuple[str, str]]:
    return [(code, said["name"]) for code, said in current_app.config["LANGUAGES"].items()]
