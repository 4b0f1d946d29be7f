"""Who is asking: FAB's security manager held to rights as code, one look-up a request."""

from flask import g, has_request_context
from flask_appbuilder.security.sqla.manager import SecurityManager

from app.access import permissions, roles, tenancy
from app.core.actor import Actor
from app.models import User, UserRight

# FAB's own pages everybody may open; every other pair must be a Right.
PUBLIC_VIEWS = frozenset({"AuthDBView", "LocaleView", "HomeView", "UtilView"})


def actor_of(user: User | None) -> Actor:
    """The Actor of a signed-in user; of nobody, an actor who sees nothing."""
    if user is None or not user.is_authenticated:
        return Actor(None, "anonymous")
    of_company = user.company_id is not None
    names = [role.name for role in user.roles]
    switched = dict(_switches(user))
    is_staff = not of_company and any(name in roles.STAFF for name in names)
    return Actor(
        user_id=user.id,
        name=f"{user.first_name} {user.last_name}".strip() or user.username,
        company_id=user.company_id,
        is_staff=is_staff,
        rights=roles.rights_of(names, switched, of_company),
        locale=user.locale or "en",
    )


def _switches(user: User) -> list[tuple[str, bool]]:
    from app.extensions import db

    rows = db.session.query(UserRight.right, UserRight.is_on).filter(UserRight.user_id == user.id)
    return [(right, is_on) for right, is_on in rows]


def current_actor() -> Actor:
    """The person of this request, looked up once."""
    if not has_request_context():
        return Actor(None, "anonymous")
    if "actor" not in g:
        g.actor = actor_of(getattr(g, "user", None))
    return g.actor


class KabinetSecurityManager(SecurityManager):
    """FAB's manager, with rights from `access.roles` instead of sixteen queries a page."""

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether this request's person may; FAB's decorators and menus ask here."""
        if view_name in PUBLIC_VIEWS:
            return True
        right = permissions.right_of(permission_name, view_name)
        return right is not None and current_actor().may(right)


def open_scope() -> None:
    """Before each request: hold it to the company of the person who asks."""
    from app.extensions import db

    tenancy.see(tenancy.scope_of(current_actor()), db.session())
