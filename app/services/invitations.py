"""Invitations: somebody is asked by mail to join a company, follows a link once and sets their own password (AST-028).

The link is `id-mac`: the mac is made from the installation's secret and the row's nonce, so that nothing kept opens
anything; sent again, it has a fresh nonce, and the link of before is dead. Whether an address is known to Kabinet
already is told to its owner by letter, never to who invites.
"""

import datetime as dt
import hmac
import secrets
from collections.abc import Iterable

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.permissions import Right
from app.access.roles import RIGHTS, STAFF, Role
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Company, Invitation, User
from app.rules import mailing, registration
from app.rules.codes import link_token
from app.services import letters, people, setup, trail
from app.services.turns import one_at_a_time

LIFE = dt.timedelta(days=7)
PAUSE = dt.timedelta(minutes=1)  # between two letters to one person
OF_DAY = 50  # letters of a company in a day: an invitation must not become a way to send spam
DEAD = N_("This invitation no longer holds: it was used, withdrawn or has run out. Ask for a new one.")


def invite(
    session: Session,
    actor: Actor,
    *,
    email: str,
    first_name: str,
    last_name: str,
    roles: Iterable[Role],
    base: str,
    locale: str = "en",
    company_id: int | None = None,
) -> Invitation:
    """Ask somebody to join the company with these roles; a letter with a link (below `base`) follows."""
    company_id = _own_company(session, actor, company_id)
    address = mailing.check_address(email).lower()
    wanted = list(dict.fromkeys(roles))
    _check_roles(actor, wanted)
    first, last = registration.human_name(first_name), registration.human_name(last_name, needed=False)
    if session.scalar(sa.select(User.id).where(User.company_id == company_id, User.email == address).limit(1)):
        raise Refused(N_("This person signs in to your company already. Find them in the list."))
    _one_at_a_time(session, company_id)
    waiting = session.scalars(_open(company_id).where(Invitation.email == address)).first()
    if waiting is not None:
        raise Refused(N_("This person is invited already. Send the invitation again, or withdraw it."))
    _need_patience(session, company_id)
    made = Invitation(
        company_id=company_id,
        email=address,
        first_name=first,
        last_name=last,
        locale=locale,
        roles=[role.value for role in wanted],
        nonce=secrets.token_hex(16),
        sent_times=1,
        sent_at=clock.now(),
        ends_at=clock.now() + LIFE,
        invited_by=actor.user_id,
    )
    session.add(made)
    session.flush()
    _order_letter(session, made, base)
    trail.record(
        session, actor, "user.invite", "invitation", made.id, company_id=company_id, email=address, roles=made.roles
    )
    return made


def send_again(session: Session, actor: Actor, invitation_id: int, base: str) -> Invitation:
    """A fresh link by a new letter; the one of before opens nothing any more."""
    one = _managed(session, actor, invitation_id)
    _one_at_a_time(session, one.company_id)
    session.refresh(one)
    if clock.now() - one.sent_at < PAUSE:
        raise Refused(N_("A letter was sent a moment ago. Wait a minute before sending another."))
    _need_patience(session, one.company_id)
    one.nonce, one.sent_at, one.ends_at = secrets.token_hex(16), clock.now(), clock.now() + LIFE
    one.sent_times += 1
    session.flush()
    _order_letter(session, one, base)
    trail.record(session, actor, "user.invite_again", "invitation", one.id, company_id=one.company_id)
    return one


def withdraw(session: Session, actor: Actor, invitation_id: int) -> Invitation:
    """The link opens nothing any more."""
    one = _managed(session, actor, invitation_id)
    one.withdrawn_at = clock.now()
    session.flush()
    trail.record(session, actor, "user.invite_withdraw", "invitation", one.id, company_id=one.company_id)
    return one


def waiting_of(session: Session, actor: Actor, company_id: int) -> list[Invitation]:
    """Invitations that were neither accepted nor withdrawn, the newest first; those that ran out can be sent again."""
    actor.need_company(company_id)
    actor.need(Right.USERS_READ if actor.is_staff else Right.CABINET_USERS)
    query = _open(company_id).order_by(Invitation.id.desc()).limit(OF_DAY)
    return list(session.scalars(query))


# -- who was invited ----------------------------------------------------------------------------------------------


def find(session: Session, token: str, secret: str) -> Invitation:
    """The invitation of a link that still holds; Refused with one sentence for every other link."""
    number = token.partition("-")[0]
    one = session.get(Invitation, int(number)) if number.isascii() and number.isdigit() and len(number) < 18 else None
    right = link_token(secret, one.id if one else 0, one.nonce if one else "0" * 32)
    if not hmac.compare_digest(token.encode(), right.encode()) or one is None:
        raise Refused(DEAD)
    if one.accepted_at is not None or one.withdrawn_at is not None or one.ends_at <= clock.now():
        raise Refused(DEAD)
    return one


def accept(
    session: Session, token: str, secret: str, password: str, first_name: str, last_name: str, locale: str
) -> User:
    """The invited person with the password they chose; the link is used up by the same statement that allows it."""
    one = find(session, token, secret)
    _need_inviter(session, one)
    used = (
        sa.update(Invitation)
        .where(Invitation.id == one.id, Invitation.nonce == one.nonce)
        .where(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.ends_at > clock.now())
        .values(accepted_at=clock.now())
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(used).scalar() is None:
        raise Refused(DEAD)
    user = people.join(
        session,
        email=one.email,
        password=password,
        first_name=registration.human_name(first_name),
        last_name=registration.human_name(last_name, needed=False),
        locale=locale,
        company_id=one.company_id,
    )
    setup.ensure_roles(session)
    names = [name for name in one.roles if name in set(Role) and Role(name) not in STAFF]
    user.roles = list(session.scalars(sa.select(RoleRow).where(RoleRow.name.in_(names))))
    session.refresh(one)
    one.user_id = user.id
    session.flush()
    self_actor = Actor(user.id, f"{user.first_name} {user.last_name}".strip(), user.company_id)
    trail.record(session, self_actor, "user.join", "ab_user", user.id, company_id=user.company_id, roles=names)
    return user


def _need_inviter(session: Session, one: Invitation) -> None:
    """Whoever invited still holds what they gave: a right is not passed on by who has lost it."""
    inviter = session.get(User, one.invited_by or 0)
    if inviter is None or inviter.company_id is None:
        return
    held = people.rights_of_user(session, inviter) if inviter.active else frozenset()
    if not all(RIGHTS[Role(name)] <= held for name in one.roles):
        raise Refused(DEAD)


# -- inside -------------------------------------------------------------------------------------------------------


def _own_company(session: Session, actor: Actor, company_id: int | None) -> int:
    wanted = company_id if actor.is_staff else actor.company_id
    actor.need(Right.USERS_WRITE if actor.is_staff else Right.CABINET_USERS)
    if wanted is None or session.get(Company, wanted) is None:
        raise NotFound()
    return wanted


def _check_roles(actor: Actor, roles: list[Role]) -> None:
    if not roles:
        raise Refused(N_("Choose at least one role."))
    if any(role in STAFF for role in roles):
        raise NotFound()
    for role in roles:
        people.need_at_least(actor, RIGHTS[role])


def _open(company_id: int) -> sa.Select[tuple[Invitation]]:
    return sa.select(Invitation).where(
        Invitation.company_id == company_id, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None)
    )


def _managed(session: Session, actor: Actor, invitation_id: int) -> Invitation:
    one = session.get(Invitation, invitation_id)
    if one is None:
        raise NotFound()
    actor.need_company(one.company_id)
    actor.need(Right.USERS_WRITE if actor.is_staff else Right.CABINET_USERS)
    _check_roles(actor, [Role(name) for name in one.roles])
    if one.accepted_at is not None or one.withdrawn_at is not None:
        raise Refused(N_("This invitation was used or withdrawn already. Invite the person anew."))
    return one


def _one_at_a_time(session: Session, company_id: int) -> None:
    """Whoever else of the company invites now waits until the commit: the limit of a day is counted, not raced past."""
    one_at_a_time(session, f"invitations:{company_id}")


def _need_patience(session: Session, company_id: int) -> None:
    since = clock.now() - dt.timedelta(days=1)
    query = sa.select(sa.func.count(Invitation.id)).where(
        Invitation.company_id == company_id, Invitation.sent_at > since
    )
    if (session.scalar(query) or 0) >= OF_DAY:
        raise Refused(N_("Your company has sent %(count)s invitations within a day. Go on tomorrow."), count=OF_DAY)


def _order_letter(session: Session, one: Invitation, base: str) -> None:
    """The invitation; where the address signs in elsewhere already, a letter to its owner that says what to do."""
    with tenancy.seeing(tenancy.EVERYONE, session):
        taken = session.scalar(sa.select(User.id).where(sa.or_(User.email == one.email, User.username == one.email)))
    letter = "invitation" if taken is None else "invitation_known"
    key = f"invitation-{one.id}-{one.nonce}"
    letters.order(session, letter, key, one.email, one.locale, invitation_id=one.id, base=base)
