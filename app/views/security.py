"""Who is asking: FAB's security manager held to rights as code, sign-in with a growing wait, sessions that end."""

import secrets
from typing import Any

from flask import current_app, flash, g, has_request_context, redirect, request, session
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_appbuilder.security.views import AuthDBView
from flask_babel import gettext, lazy_gettext
from flask_login import login_user
from sqlalchemy.orm import joinedload

from app.access import permissions, roles, tenancy
from app.core import clock
from app.core.actor import Actor
from app.models import User
from app.services import agreements, people, second_factor, trail
from app.services import sign_in as signing
from app.services.demo.people import PEOPLE
from app.views import history

# FAB's own pages everybody may open; every other pair must be a Right.
PUBLIC_VIEWS = frozenset({"SignInView", "LocaleView", "HomeView", "UtilView", "ProfilePage"})
SEEN_EVERY = 60  # seconds: how often an idle clock is wound; a cookie for each request would be too much


def actor_of(user: User | None) -> Actor:
    """The Actor of a signed-in user; of nobody, an actor who sees nothing."""
    if user is None or not user.is_authenticated:
        return Actor(None, "anonymous")
    of_company = user.company_id is not None
    names = [role.name for role in user.roles]
    switched = {row.right: row.is_on for row in user.switched}
    is_staff = not of_company and any(name in roles.STAFF for name in names)
    return Actor(
        user_id=user.id,
        name=f"{user.first_name} {user.last_name}".strip() or user.username,
        company_id=user.company_id,
        is_staff=is_staff,
        rights=roles.rights_of(names, switched, of_company),
        locale=user.locale or "en",
    )


def current_actor() -> Actor:
    """The person of this request, looked up once."""
    if not has_request_context():
        return Actor(None, "anonymous")
    if "actor" not in g:
        g.actor = actor_of(getattr(g, "user", None))
    return g.actor


# -- sessions -----------------------------------------------------------------------------------------------------


def open_session(user: User) -> None:
    """A fresh session of a person who has just proved who they are: nothing of the one before it stays (fixation)."""
    from app.views.cart import keep_cart  # it stands on this module

    locale, cart_key, cart_waits = session.get("locale"), session.get("cart_key", ""), session.get("cart_waits")
    session.clear()
    session["locale"] = user.locale or locale or current_app.config["BABEL_DEFAULT_LOCALE"]
    if cart_waits:
        session["cart_waits"] = True
    session["epoch"] = user.session_epoch or 0
    session["since"] = session["seen"] = _seconds()
    session["sid"] = secrets.token_hex(8)
    session.permanent = True
    _note_session(user)
    login_user(user, remember=False)
    keep_cart(user, cart_key)


def _note_session(user: User) -> None:
    """For the person's own list of where they are signed in."""
    from app.extensions import db

    hours = current_app.config["KABINET"].session_hours
    device = device_of(request.user_agent.string)
    signing.begin_session(db.session(), user, session["sid"], request.remote_addr or "", device, hours)
    db.session.commit()


def device_of(agent: str) -> str:
    """«Firefox, Windows» of what a browser says of itself; what is unknown is left out."""
    browsers = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    )
    said = [next((name for mark, name in known if mark in agent), "") for known in (browsers, systems)]
    return ", ".join(name for name in said if name)


def close_session() -> None:
    """Forget the person; their language stays."""
    locale = session.get("locale")
    session.clear()
    if locale:
        session["locale"] = locale


def session_holds(user: User) -> bool:
    """Whether this request's session is of the person's present epoch, not idle too long and not too old."""
    settings, now = current_app.config["KABINET"], _seconds()
    since, seen = session.get("since"), session.get("seen")
    if session.get("sid") in (user.ended_sessions or {}):
        return False
    if session.get("epoch") != (user.session_epoch or 0) or not isinstance(since, int) or not isinstance(seen, int):
        return False
    if now - seen > settings.session_idle_minutes * 60 or now - since > settings.session_hours * 3600:
        return False
    if now - seen >= SEEN_EVERY:
        session["seen"] = now
    return True


def _seconds() -> int:
    return int(clock.now().timestamp())


def finish_sign_in(user: User, factor: str = "") -> None:
    """Every proof was given: the sign-in is noted, a session begins, and what is still asked of the person is noted."""
    from app.extensions import db

    actor = actor_of(user)
    signing.welcome(db.session(), user)
    trail.record(db.session(), actor, "user.sign_in", "ab_user", user.id)
    with tenancy.seeing(tenancy.EVERYONE, db.session()):
        missing = "" if factor == "passkey" else second_factor.missing_of(db.session(), user)
        terms = agreements.asked_of(db.session(), actor)
        asked = terms.id if terms is not None else None
    open_session(user)
    if missing:
        session["must_set_up"] = missing
    if asked is not None:
        session["must_read"] = asked


# -- pages --------------------------------------------------------------------------------------------------------


class SignInView(AuthDBView):
    """Sign in and out. What is wrong is never told; how long to wait is, for any name alike."""

    invalid_login_message = lazy_gettext("The name or the password is wrong. Check both and try again.")

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> Any:
        """The form, and its answer."""
        if g.user is not None and g.user.is_authenticated:
            return redirect(self._target())
        form = LoginForm_db()
        if form.validate_on_submit():
            user = self._proved(form.username.data or "", form.password.data or "")
            if user is not None:
                return self._go_on(user)
        status = 200 if request.method == "GET" else 401
        page = self.render_template(
            self.login_template, title=self.title, form=form, kabinet_demo_users=demo_people(), **self._links()
        )
        return page, status

    def _links(self) -> dict[str, Any]:
        from app.views.doors import links  # it stands on this module

        return {"kabinet_login_links": links()}

    def _target(self) -> str:
        wanted = request.args.get("next", "")
        return wanted if history.is_own(wanted) else self.appbuilder.get_url_for_index

    def _proved(self, name: str, password: str) -> User | None:
        """The person of this name and password; None, with a word on the page, where there is none."""
        from app.extensions import db

        secret = current_app.config["SECRET_KEY"]
        name_hash, address_hash = (signing.hashed(text, secret) for text in (name, request.remote_addr or ""))
        wait = signing.wait_seconds(db.session(), name_hash, address_hash)
        if wait:
            flash(gettext("Too many wrong passwords. Try again in %(wait)s seconds.", wait=wait), "warning")
            return None
        user = signing.person_with(db.session(), name, password)
        if user is None:
            signing.note_failure(db.session(), name_hash, address_hash)
            db.session.commit()
            flash(str(self.invalid_login_message), "warning")
            return None
        signing.forget_failures(db.session(), name_hash, address_hash)
        return user

    def _go_on(self, user: User) -> Any:
        """To the second step where one is asked for, else in."""
        from app.extensions import db
        from app.views.second_factor import begin  # it stands on this module

        with tenancy.seeing(tenancy.EVERYONE, db.session()):
            is_asked = second_factor.is_asked(db.session(), user)
        if is_asked:
            db.session.commit()
            return begin(user, self._target())
        finish_sign_in(user)
        return redirect(self._target())

    @expose("/logout/", methods=["GET", "POST"])
    def logout(self) -> Any:
        """POST signs out; GET only asks, so that a picture on another site cannot."""
        if request.method == "POST":
            self._end_this_session()
            close_session()
            flash(gettext("You have signed out."), "info")
            return redirect(self.appbuilder.get_url_for_login)
        if not g.user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login)
        return self.render_template("kabinet/sign_out.html", title=gettext("Sign out"))

    def _end_this_session(self) -> None:
        """Write down that this session ended, so that a copy of its cookie opens nothing (ASVS 7.4.1)."""
        from app.extensions import db

        if g.user.is_authenticated and session.get("sid"):
            hours = current_app.config["KABINET"].session_hours
            signing.end_session(db.session(), g.user.id, session["sid"], _seconds(), hours * 3600)
            db.session.commit()


for _page in (SignInView.login, SignInView.logout):
    _page._open_to_all = True


def demo_people() -> list[dict[str, str]]:
    """The demo's people, shown on the sign-in page of a demo and nowhere else."""
    settings = current_app.config["KABINET"]
    if not settings.demo or settings.production:
        return []
    password = settings.demo_password
    return [{"username": one.username, "label": _label(one.role, one.company), "password": password} for one in PEOPLE]


def _label(role: roles.Role, company: str) -> str:
    from app.views.people import ROLES  # it stands on this module

    return f"{ROLES[role][0]} · {company}" if company else str(ROLES[role][0])


class KabinetSecurityManager(SecurityManager):
    """FAB's manager with rights from `access.roles` instead of sixteen queries a page, and none of its own pages."""

    authdbview = SignInView

    def register_views(self) -> None:
        """Only sign-in: FAB's JWT API, role, group, permission, statistics and user pages do not exist here."""
        self.auth_view = self.authdbview()
        self.appbuilder.add_view_no_menu(self.auth_view)

    def create_limiter(self, app: Any) -> Any:
        from app.extensions import limiter

        return limiter

    def load_user(self, pk: Any) -> User | None:
        """The person of the session cookie, where the session still holds."""
        if not str(pk).isdigit():
            return None
        user = self.session.get(User, int(pk), options=[joinedload(User.roles), joinedload(User.switched)])
        return user if user and user.is_active and session_holds(user) else None

    def load_user_jwt(self, _jwt_header: Any, jwt_data: Any) -> None:
        """Nobody signs in by a token of FAB's."""
        return

    def auth_user_db(self, username: str, password: str) -> User | None:
        from app.extensions import db

        return signing.person_with(db.session(), username or "", password or "")

    def reset_password(self, userid: Any, password: str) -> None:
        """`flask fab reset-password` is held to the same rule, and ends the person's sessions too."""
        user = self.session.get(User, userid)
        if user is not None:
            people.renew_password(self.session, user, password)
            self.session.commit()

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether this request's person may; FAB's decorators and menus ask here."""
        if permission_name == "menu_access":
            return self._shows(self.appbuilder.menu.find(view_name))
        if view_name in PUBLIC_VIEWS:
            return True
        right = permissions.right_of(permission_name, view_name)
        return right is not None and current_actor().may(right)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        return False

    def _shows(self, item: Any) -> bool:
        if item is None:
            return False
        if item.childs:
            return any(self._shows(child) for child in item.childs if child.name != "-")
        return self._may_open(item.baseview) if item.baseview is not None else current_actor().is_staff

    def _may_open(self, view: Any) -> bool:
        actor, page = current_actor(), getattr(view, view.default_view)
        side = getattr(view, "side", "both")
        if (side == "office" and not actor.is_staff) or (side == "cabinet" and actor.company_id is None):
            return False
        needed = getattr(page, "_needs", None)
        if needed is not None:
            return all(actor.may(right) for right in needed)
        if hasattr(page, "_needs_one"):
            return any(actor.may(right) for right in page._needs_one)
        if hasattr(page, "_permission_name"):
            name = f"can_{view.get_method_permission(view.default_view)}"
            return self.has_access(name, view.class_permission_name)
        return actor.user_id is not None
