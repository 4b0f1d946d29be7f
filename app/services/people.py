"""People who sign in: made, switched on and off, their roles, single rights, passwords and sessions.

Every change of who a person is or what they may raises their session epoch: sessions of before end (T18).
"""

import secrets
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Permission, PermissionView, ViewMenu
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.access import tenancy
from app.access.permissions import CABINET_RIGHTS, OFFICE_RIGHTS, Right
from app.access.roles import RIGHTS, STAFF, Role, rights_of
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Forbidden, NotFound, Refused
from app.models import Company, Invitation, NoticePreference, OneTimeCode, Passkey, User, UserRight, UserSession
from app.models.base import Model
from app.rules import identifiers, mailing, passwords, registration
from app.services import setup, trail
from app.services.turns import one_at_a_time


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
    phone_country: str = "",
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
        phone=identifiers.check("phone", phone, phone_country) if phone.strip() else None,
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
    was_full = _is_full(session, user)
    user.roles = _role_rows(session, actor, wanted, user.company_id)
    _need_an_administrator(session)
    _need_an_owner(session, actor, user, was_full)
    _end_sessions(session, user)
    trail.record(session, actor, "user.roles", "ab_user", user.id, company_id=user.company_id, roles=list(wanted))
    return user


def switch_rights(session: Session, actor: Actor, user_id: int, rights: Iterable[Right], is_on: bool | None) -> User:
    """Switch rights on or off over what the roles say; nobody gives, back either, what they do not hold (AST-031)."""
    user, chosen = _managed(session, actor, user_id), list(dict.fromkeys(rights))
    if not chosen:
        raise Refused(N_("Select at least one right first."))
    if not set(chosen) <= (CABINET_RIGHTS if user.company_id is not None else OFFICE_RIGHTS):
        raise NotFound()
    if user.is_first and is_on is False:
        raise Refused(N_("The first person of a company keeps every right."))
    was_full, before = _is_full(session, user), rights_of_user(session, user)
    known = {
        row.right: row
        for row in session.scalars(sa.select(UserRight).where(UserRight.user_id == user.id))
        if row.right in set(chosen)
    }
    for right in chosen:
        _switch(session, user, known.get(right.value), right, is_on)
    session.flush()
    need_at_least(actor, rights_of_user(session, user) - before)
    _need_an_owner(session, actor, user, was_full)
    said = {"is_on": is_on, "rights": [right.value for right in chosen]}
    trail.record(session, actor, "user.right", "ab_user", user.id, company_id=user.company_id, **said)
    return user


def _switch(session: Session, user: User, row: UserRight | None, right: Right, is_on: bool | None) -> None:
    if is_on is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(UserRight(user_id=user.id, right=right.value, is_on=is_on))
    else:
        row.is_on = is_on


def switch_off(session: Session, actor: Actor, user_id: int) -> User:
    """A person who may no longer sign in; their sessions end, their traces stay."""
    user = _managed(session, actor, user_id)
    if user.id == actor.user_id:
        raise Refused(N_("You cannot switch yourself off. Ask another administrator."))
    if user.is_first:
        raise Refused(N_("The first person of a company cannot be switched off. Close the company instead."))
    was_full = _is_full(session, user)
    user.active = False
    _need_an_administrator(session)
    _need_an_owner(session, actor, user, was_full)
    _end_sessions(session, user)
    trail.record(session, actor, "user.switch_off", "ab_user", user.id, company_id=user.company_id)
    return user


def switch_on(session: Session, actor: Actor, user_id: int) -> User:
    """A person may sign in again."""
    user = _managed(session, actor, user_id)
    user.active = True
    trail.record(session, actor, "user.switch_on", "ab_user", user.id, company_id=user.company_id)
    return user


# -- edited and deleted -------------------------------------------------------------------------------------------

PROTECTED = N_("The e-mail and the name of a company's first user are changed by the provider only. Write to support.")
FULL_RIGHTS = N_(
    "The first user can be deleted once another active user has full rights: give somebody the role «Owner» first, "
    "or write to the provider."
)


def edit(
    session: Session,
    actor: Actor,
    user_id: int,
    *,
    first_name: str,
    last_name: str,
    display_name: str,
    locale: str,
    known_locales: Iterable[str],
    email: str | None = None,
) -> User:
    """Names and language of a person; the e-mail, and anything of a first user, by the provider only (AST-014, 018)."""
    user = _own_or_managed(session, actor, user_id)
    first, last = registration.human_name(first_name), registration.human_name(last_name, needed=False)
    shown = registration.human_name(display_name, needed=False) or None
    address = user.email if email is None else mailing.check_address(email).lower()
    changed = {
        name: value
        for name, value in (("first_name", first), ("last_name", last), ("display_name", shown), ("email", address))
        if (getattr(user, name) or "") != (value or "")
    }
    if not actor.is_staff and ("email" in changed or (user.is_first and {"first_name", "last_name"} & set(changed))):
        raise Refused(PROTECTED)
    if locale not in known_locales:
        raise Refused(N_("Choose one of the languages of the list."))
    if "email" in changed:
        _need_free(session, address, address, but=user.id)
        if user.username == user.email:
            user.username = address
        _end_sessions(session, user)
    for name, value in changed.items():
        setattr(user, name, value)
    user.locale = locale
    session.flush()
    trail.record(session, actor, "user.edit", "ab_user", user.id, company_id=user.company_id, fields=sorted(changed))
    return user


def remove_phone(session: Session, actor: Actor, user_id: int) -> User:
    """Take a telephone away whose owner lost it: the provider only (AST-015); sessions end."""
    user = _managed_by_staff(session, actor, user_id)
    if not user.phone:
        raise Refused(N_("This person has no telephone on record."))
    user.phone = user.phone_confirmed_at = None
    _end_sessions(session, user)
    trail.record(session, actor, "user.phone_removed", "ab_user", user.id, company_id=user.company_id)
    return user


def set_phone(session: Session, actor: Actor, user_id: int, number: str, country: str) -> User:
    """Another person's number, by the provider; its owner confirms it, and what the old number opened is shut."""
    user = _managed_by_staff(session, actor, user_id)
    user.phone, user.phone_confirmed_at = identifiers.check("phone", number, country), None
    _end_sessions(session, user)
    session.flush()
    trail.record(session, actor, "user.phone", "ab_user", user.id, company_id=user.company_id)
    return user


def remove_factors(session: Session, actor: Actor, user_id: int) -> User:
    """Take the authenticator and the passkeys of a person away who lost them: the provider only; sessions end."""
    user = _managed_by_staff(session, actor, user_id)
    user.totp_secret = user.totp_step = None
    session.execute(sa.delete(Passkey).where(Passkey.user_id == user.id))
    _end_sessions(session, user)
    trail.record(session, actor, "user.factors_removed", "ab_user", user.id, company_id=user.company_id)
    return user


def _managed_by_staff(session: Session, actor: Actor, user_id: int) -> User:
    if not actor.is_staff:
        raise NotFound()
    return _managed(session, actor, user_id)


def delete(session: Session, actor: Actor, user_id: int) -> None:
    """A person is no more; where history names them their row stays, without address, telephone and keys (AST-029)."""
    user = _managed(session, actor, user_id)
    if user.id == actor.user_id:
        raise Refused(N_("You cannot delete yourself. Ask another administrator."))
    was_full, company_id, name = _is_full(session, user), user.company_id, user.get_full_name()
    user.active = False
    _need_an_administrator(session)
    if user.is_first:
        _pass_on(session, actor, user)
    else:
        _need_an_owner(session, actor, user, was_full)
    kept = _is_named(session, user.id)
    forget(session, user)
    if not kept:
        session.execute(sa.update(Invitation).where(Invitation.user_id == user.id).values(user_id=None))
        user.roles = []
        session.flush()
        session.delete(user)
        session.flush()
    trail.record(session, actor, "user.delete", "ab_user", user_id, company_id=company_id, name=name, kept=kept)


def _pass_on(session: Session, actor: Actor, user: User) -> None:
    """The next person with full rights is the first now (AST-030); the provider may delete the very last one too."""
    heir = next((one for one in _full_people(session, user.company_id) if one.id != user.id), None)
    if heir is None and not actor.is_staff:
        raise Refused(FULL_RIGHTS)
    user.is_first = False
    if heir is not None:
        heir.is_first = True
    session.flush()


def forget(session: Session, user: User) -> None:
    """Nobody signs in as this person again: address, telephone, keys, choices and sessions are gone; the name stays."""
    user.active, user.deleted_at = False, clock.now()
    user.username = user.email = f"deleted-{user.id}@deleted.invalid"
    user.password = generate_password_hash(secrets.token_hex(32))
    user.phone = user.phone_confirmed_at = user.totp_secret = user.totp_step = user.avatar = None
    _end_sessions(session, user)
    for model in (Passkey, UserSession, UserRight, NoticePreference):
        session.execute(sa.delete(model).where(model.user_id == user.id))
    session.flush()


_OWN_TABLES = frozenset({"ab_user_role", "invitation"})


def _is_named(session: Session, user_id: int) -> bool:
    """Whether any row of history points at the person."""
    with tenancy.seeing(tenancy.EVERYONE, session):
        for table in Model.metadata.sorted_tables:
            if table.name in _OWN_TABLES:
                continue
            for column in table.columns:
                points = any(key.column.table.name == "ab_user" for key in column.foreign_keys)
                if points and _has(session, column, user_id, table.name):
                    return True
    return False


def _has(session: Session, column: sa.Column[int], user_id: int, table: str) -> bool:
    query = sa.select(sa.literal(1)).select_from(column.table).where(column == user_id)
    if table == "ab_user":  # FAB's created_by: one's own row is no history
        query = query.where(column.table.c.id != user_id)
    if table in ("passkey", "user_session", "user_right", "notice_preference"):
        return False
    return session.execute(query.limit(1)).first() is not None


def rights_of_user(session: Session, user: User) -> frozenset[Right]:
    """What the person may, single switches included."""
    names = [row.name for row in user.roles]
    return rights_of(names, _switches(session, user), user.company_id is not None)


def _is_full(session: Session, user: User) -> bool:
    return bool(user.company_id is not None and user.active and rights_of_user(session, user) >= CABINET_RIGHTS)


def _full_people(session: Session, company_id: int | None) -> list[User]:
    """The active people of a company who hold every right, the oldest first.

    Whoever else asks waits until the commit: two owners who switch each other off at once would leave none.
    """
    session.flush()
    one_at_a_time(session, f"owners:{company_id}")
    query = sa.select(User).where(User.roles.any(RoleRow.name == Role.OWNER.value))
    query = query.where(User.company_id == company_id, User.active.is_(True), User.deleted_at.is_(None))
    found = session.scalars(query.order_by(User.id)).all()
    return [one for one in found if _is_full(session, one)]


def _need_an_owner(session: Session, actor: Actor, user: User, was_full: bool) -> None:
    """A company keeps somebody who may do everything: its people could never give all rights again."""
    if was_full and not actor.is_staff and user.company_id is not None and not _full_people(session, user.company_id):
        raise Refused(N_("This is the last person with full rights. Give them to somebody else first."))


def join(
    session: Session, *, email: str, password: str, first_name: str, last_name: str, locale: str, company_id: int
) -> User:
    """An invited person of a company; their roles are the invitation's (`services.invitations`)."""
    return _sign_up(
        session,
        email,
        password,
        first_name=first_name,
        last_name=last_name,
        locale=locale,
        company_id=company_id,
        is_first=not _has_people(session, company_id),
    )


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
    return _sign_up(
        session,
        email,
        password,
        first_name=first_name,
        last_name=last_name,
        display_name=display_name,
        phone=phone,
        locale=locale,
        is_first=True,
    )


def _sign_up(session: Session, email: str, password: str, **facts: Any) -> User:
    """A person who chose a password themselves and signs in by their address."""
    _need_free(session, email, email)
    names = (facts["first_name"], facts["last_name"], facts.get("display_name", ""))
    good = _hash(passwords.need_good(password, (email, *names)))
    user = User(username=email, email=email, password=good, active=True, session_epoch=0, **facts)
    session.add(user)
    session.flush()
    return user


def renew_password(session: Session, user: User, new: str) -> None:
    """A new password for a person who has proved by a code that they are who they say; their sessions end."""
    if check_password_hash(user.password or "", passwords.normalise(new)):
        raise Refused(N_("The new password is the present one. Choose another."))
    user.password = _hash(passwords.need_good(new, (user.username, user.email, user.first_name, user.last_name)))
    _end_sessions(session, user)
    actor = Actor(user.id, f"{user.first_name} {user.last_name}".strip(), user.company_id)
    trail.record(session, actor, "user.password_forgotten", "ab_user", user.id, company_id=user.company_id)


def reset_password(session: Session, actor: Actor, user_id: int, new: str) -> User:
    """Another person's password, set by who manages them; their sessions end."""
    user = _managed(session, actor, user_id)
    user.password = _hash(passwords.need_good(new, (user.username, user.email, user.first_name, user.last_name)))
    _end_sessions(session, user)
    trail.record(session, actor, "user.password_reset", "ab_user", user.id, company_id=user.company_id)
    return user


def end_sessions(session: Session, actor: Actor, user_id: int) -> User:
    """Sign a person out everywhere: oneself, or someone one manages."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound()
    if user.id != actor.user_id:
        user = _managed(session, actor, user_id)
    _end_sessions(session, user)
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


def person_of(session: Session, actor: Actor) -> User:
    """The person who acts."""
    user = session.get(User, actor.user_id or 0)
    if user is None:
        raise NotFound()
    return user


def _own_or_managed(session: Session, actor: Actor, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None or user.deleted_at is not None:
        raise NotFound()
    return user if user.id == actor.user_id else _managed(session, actor, user_id)


def _managed(session: Session, actor: Actor, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None or user.deleted_at is not None:
        raise NotFound()
    _need_manager(actor, user.company_id)
    if user.id != actor.user_id:
        need_at_least(actor, rights_of_user(session, user))
    return user


def _switches(session: Session, user: User) -> dict[str, bool]:
    rows = session.execute(sa.select(UserRight.right, UserRight.is_on).where(UserRight.user_id == user.id))
    return {right: is_on for right, is_on in rows}


MORE_RIGHTS = N_("You cannot give, or change for others, more rights than you hold. Ask an owner.")


def holds(actor: Actor, rights: Iterable[str]) -> bool:
    """Whether the actor holds each of these rights; managing staff hold every company's."""
    return all(actor.may(right) or (actor.is_staff and right in CABINET_RIGHTS) for right in rights)


def need_at_least(actor: Actor, rights: Iterable[str]) -> None:
    """Nobody gives, or takes over, more than they hold themselves (T4)."""
    if not holds(actor, rights):
        raise Forbidden(MORE_RIGHTS)


def _role_rows(session: Session, actor: Actor, roles: list[Role], company_id: int | None) -> list[RoleRow]:
    if not roles:
        raise Refused(N_("Choose at least one role."))
    if any((role in STAFF) != (company_id is None) for role in roles):
        raise NotFound()
    for role in roles:
        need_at_least(actor, RIGHTS[role])
    setup.ensure_roles(session)
    return list(session.scalars(sa.select(RoleRow).where(RoleRow.name.in_([role.value for role in roles]))))


def _need_free(session: Session, username: str, email: str, but: int = 0) -> None:
    names = {username, email}
    query = sa.select(User.id).where(sa.or_(User.username.in_(names), User.email.in_(names)), User.id != but).limit(1)
    with tenancy.seeing(tenancy.EVERYONE, session):  # names are unique over all companies
        taken = session.scalar(query)
    if taken is not None:
        raise Refused(N_("Somebody already signs in with this user name or e-mail. Choose another."))


def _has_people(session: Session, company_id: int) -> bool:
    return (
        session.scalar(sa.select(User.id).where(User.company_id == company_id, User.deleted_at.is_(None)).limit(1))
        is not None
    )


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


def _end_sessions(session: Session, user: User) -> None:
    """Every session of before ends, and no code sent before opens anything: each was of who the person was then."""
    user.session_epoch = (user.session_epoch or 0) + 1
    mine = sa.update(OneTimeCode).where(OneTimeCode.user_id == user.id, OneTimeCode.is_void.is_(False))
    session.execute(mine.values(is_void=True))


def _hash(password: str) -> str:
    return generate_password_hash(password)
