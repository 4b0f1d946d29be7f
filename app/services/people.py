"""People who sign in: made, switched on and off, their roles, single rights, passwords and sessions.

Every change of who a person is or what they may raises their session epoch: sessions of before end (T18).
"""

from collections.abc import Iterable

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Permission, PermissionView, ViewMenu
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.access import tenancy
from app.access.permissions import CABINET_RIGHTS, OFFICE_RIGHTS, Right
from app.access.roles import RIGHTS, STAFF, Role, rights_of
from app.core.actor import Actor
from app.core.errors import N_, Forbidden, NotFound, Refused
from app.models import Company, User, UserRight
from app.rules import mailing, passwords
from app.services import setup, trail


def create_user(
    session: Session,
    actor: Actor,
    *,
    username: str,
    email: str,
    first_name: str,
    last_name: str,
    password: str,
    roles: Iterable[Role],
    company_id: int | None = None,
    locale: str = "en",
    phone: str = "",
) -> User:
    """A person of the provider, or of a company; their roles must be of the same side."""
    _need_manager(actor, company_id)
    if company_id is not None and session.get(Company, company_id) is None:
        raise NotFound()
    username, email = username.strip().lower(), mailing.check_address(email).lower()
    if not username or not first_name.strip():
        raise Refused(N_("Enter a user name and a first name."))
    _need_free(session, username, email)
    user = User(
        username=username,
        email=email,
        first_name=first_name.strip(),
        last_name=last_name.strip(),
        password=_hash(passwords.need_good(password, (username, email, first_name, last_name))),
        active=True,
        company_id=company_id,
        locale=locale,
        phone=phone.strip() or None,
        session_epoch=0,
        is_first=company_id is not None and not _has_people(session, company_id),
    )
    user.roles = _role_rows(session, actor, list(roles), company_id)
    session.add(user)
    session.flush()
    trail.record(
        session, actor, "user.create", "ab_user", user.id, company_id=company_id, roles=[row.name for row in user.roles]
    )
    return user


def change_roles(session: Session, actor: Actor, user_id: int, roles: Iterable[Role]) -> User:
    """Give a person these roles instead of theirs."""
    user = _managed(session, actor, user_id)
    wanted = list(roles)
    if user.is_first and Role.OWNER not in wanted:
        raise Refused(N_("The first person of a company stays its owner."))
    user.roles = _role_rows(session, actor, wanted, user.company_id)
    _need_an_administrator(session)
    _end_sessions(user)
    trail.record(session, actor, "user.roles", "ab_user", user.id, company_id=user.company_id, roles=list(wanted))
    return user


def switch_right(session: Session, actor: Actor, user_id: int, right: Right, is_on: bool | None) -> User:
    """Switch one right on or off over what the roles say; None returns to the roles (AST-031)."""
    user = _managed(session, actor, user_id)
    if right not in (CABINET_RIGHTS if user.company_id is not None else OFFICE_RIGHTS):
        raise NotFound()
    if user.is_first and is_on is False:
        raise Refused(N_("The first person of a company keeps every right."))
    if is_on:
        _need_at_least(actor, [right])
    row = session.scalars(sa.select(UserRight).where(UserRight.user_id == user.id, UserRight.right == right)).first()
    if is_on is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(UserRight(user_id=user.id, right=right.value, is_on=is_on))
    else:
        row.is_on = is_on
    session.flush()
    trail.record(
        session, actor, "user.right", "ab_user", user.id, company_id=user.company_id, right=right.value, is_on=is_on
    )
    return user


def switch_off(session: Session, actor: Actor, user_id: int) -> User:
    """A person who may no longer sign in; their sessions end, their traces stay."""
    user = _managed(session, actor, user_id)
    if user.id == actor.user_id:
        raise Refused(N_("You cannot switch yourself off. Ask another administrator."))
    if user.is_first:
        raise Refused(N_("The first person of a company cannot be switched off. Close the company instead."))
    user.active = False
    _need_an_administrator(session)
    _end_sessions(user)
    trail.record(session, actor, "user.switch_off", "ab_user", user.id, company_id=user.company_id)
    return user


def switch_on(session: Session, actor: Actor, user_id: int) -> User:
    """A person may sign in again."""
    user = _managed(session, actor, user_id)
    user.active = True
    trail.record(session, actor, "user.switch_on", "ab_user", user.id, company_id=user.company_id)
    return user


def change_password(session: Session, actor: Actor, user_id: int, old: str, new: str) -> User:
    """One's own password, with the old one as the proof; other sessions end."""
    user = session.get(User, user_id)
    if user is None or user.id != actor.user_id:
        raise NotFound()
    if not check_password_hash(user.password or "", passwords.normalise(old)):
        raise Refused(N_("The present password is wrong. Enter it again."))
    if old == new:
        raise Refused(N_("The new password is the present one. Choose another."))
    user.password = _hash(passwords.need_good(new, (user.username, user.email, user.first_name, user.last_name)))
    _end_sessions(user)
    trail.record(session, actor, "user.password", "ab_user", user.id, company_id=user.company_id)
    return user


def register(
    session: Session,
    *,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    display_name: str,
    phone: str,
    locale: str,
) -> User:
    """A person who came through the door: the first of a company that is still to be named, without a right yet."""
    _need_free(session, email, email)
    user = User(
        username=email,
        email=email,
        first_name=first_name,
        last_name=last_name,
        display_name=display_name,
        password=_hash(passwords.need_good(password, (email, first_name, last_name, display_name))),
        active=True,
        locale=locale,
        phone=phone,
        session_epoch=0,
        is_first=True,
    )
    session.add(user)
    session.flush()
    return user


def renew_password(session: Session, user: User, new: str) -> None:
    """A new password for a person who has proved by a code that they are who they say; their sessions end."""
    user.password = _hash(passwords.need_good(new, (user.username, user.email, user.first_name, user.last_name)))
    _end_sessions(user)
    actor = Actor(user.id, f"{user.first_name} {user.last_name}".strip(), user.company_id)
    trail.record(session, actor, "user.password_forgotten", "ab_user", user.id, company_id=user.company_id)


def reset_password(session: Session, actor: Actor, user_id: int, new: str) -> User:
    """Another person's password, set by who manages them; their sessions end."""
    user = _managed(session, actor, user_id)
    user.password = _hash(passwords.need_good(new, (user.username, user.email, user.first_name, user.last_name)))
    _end_sessions(user)
    trail.record(session, actor, "user.password_reset", "ab_user", user.id, company_id=user.company_id)
    return user


def end_sessions(session: Session, actor: Actor, user_id: int) -> User:
    """Sign a person out everywhere: oneself, or someone one manages."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound()
    if user.id != actor.user_id:
        user = _managed(session, actor, user_id)
    _end_sessions(user)
    trail.record(session, actor, "user.sign_out_everywhere", "ab_user", user.id, company_id=user.company_id)
    return user


def change_locale(session: Session, actor: Actor, user_id: int, locale: str, known: Iterable[str]) -> User:
    """One's own language."""
    user = session.get(User, user_id)
    if user is None or user.id != actor.user_id:
        raise NotFound()
    if locale not in known:
        raise Refused(N_("Choose one of the languages of the list."))
    user.locale = locale
    session.flush()
    return user


def sync_permissions(session: Session, pairs: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """Rows for each role and for each pair (permission, view) of FAB's pages; returns how many were made.

    What a role may is code (`access.roles`); the rows only let FAB's tables name it.
    """
    before = session.scalar(sa.select(sa.func.count(RoleRow.id))) or 0
    setup.ensure_roles(session)
    names = {row.name: row for row in session.scalars(sa.select(Permission))}
    views = {row.name: row for row in session.scalars(sa.select(ViewMenu))}
    known = {(row.permission.name, row.view_menu.name) for row in session.scalars(sa.select(PermissionView))}
    missing = sorted(set(pairs) - known)
    for permission, view in missing:
        names.setdefault(permission, Permission(name=permission))
        views.setdefault(view, ViewMenu(name=view))
        session.add(PermissionView(permission=names[permission], view_menu=views[view]))
    session.flush()
    after = session.scalar(sa.select(sa.func.count(RoleRow.id))) or 0
    return after - before, len(missing)


# -- who may manage whom ------------------------------------------------------------------------------------------


def _need_manager(actor: Actor, company_id: int | None) -> None:
    """Staff manage everybody with `users.write`; a company's people manage their own company's."""
    if actor.is_staff:
        actor.need(Right.USERS_WRITE)
        return
    actor.need_company(company_id)
    actor.need(Right.CABINET_USERS)


def _managed(session: Session, actor: Actor, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound()
    _need_manager(actor, user.company_id)
    if user.id != actor.user_id:
        names, switched = [row.name for row in user.roles], _switches(session, user)
        _need_at_least(actor, rights_of(names, switched, user.company_id is not None))
    return user


def _switches(session: Session, user: User) -> dict[str, bool]:
    rows = session.execute(sa.select(UserRight.right, UserRight.is_on).where(UserRight.user_id == user.id))
    return {right: is_on for right, is_on in rows}


def _need_at_least(actor: Actor, rights: Iterable[str]) -> None:
    """Nobody gives, or takes over, more than they hold themselves (T4); managing staff hold every company's rights."""
    asked = [right for right in rights if not (actor.is_staff and right in CABINET_RIGHTS)]
    if not all(actor.may(right) for right in asked):
        raise Forbidden(N_("You cannot give, or change for others, more rights than you hold. Ask an owner."))


def _role_rows(session: Session, actor: Actor, roles: list[Role], company_id: int | None) -> list[RoleRow]:
    if not roles:
        raise Refused(N_("Choose at least one role."))
    if any((role in STAFF) != (company_id is None) for role in roles):
        raise NotFound()
    for role in roles:
        _need_at_least(actor, RIGHTS[role])
    setup.ensure_roles(session)
    return list(session.scalars(sa.select(RoleRow).where(RoleRow.name.in_([role.value for role in roles]))))


def _need_free(session: Session, username: str, email: str) -> None:
    query = sa.select(User.id).where(sa.or_(User.username == username, User.email == email)).limit(1)
    with tenancy.seeing(tenancy.EVERYONE, session):  # names are unique over all companies
        taken = session.scalar(query)
    if taken is not None:
        raise Refused(N_("Somebody already signs in with this user name or e-mail. Choose another."))


def _has_people(session: Session, company_id: int) -> bool:
    return session.scalar(sa.select(User.id).where(User.company_id == company_id).limit(1)) is not None


def _need_an_administrator(session: Session) -> None:
    """Somebody must be left who can manage people."""
    session.flush()
    query = sa.select(User.id).join(User.roles).where(RoleRow.name == Role.ADMINISTRATOR, User.active.is_(True))
    with tenancy.seeing(tenancy.EVERYONE, session):
        left = session.scalar(query.limit(1))
    if left is None and session.scalar(
        sa.select(User.id).join(User.roles).where(RoleRow.name == Role.ADMINISTRATOR).limit(1)
    ):
        raise Refused(N_("This is the last administrator. Make another one first."))


def _end_sessions(user: User) -> None:
    user.session_epoch = (user.session_epoch or 0) + 1


def _hash(password: str) -> str:
    return generate_password_hash(password)
