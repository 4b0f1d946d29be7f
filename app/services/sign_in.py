"""Signing in: the password, the growing wait after wrong ones, and the sessions that end when they must."""

import datetime as dt
import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.core import clock
from app.core.errors import NotFound
from app.models import SignInAttempt, User, UserSession
from app.services.turns import one_at_a_time

WINDOW = dt.timedelta(minutes=15)
FREE_TRIES = 5  # of one name from one address, before the wait begins
FREE_TRIES_OF_ADDRESS = 30  # of any names from one address
LONGEST_WAIT = 15 * 60

# Checked where there is no such person, so that the answer takes as long (T20).
_NOBODYS = generate_password_hash("nobody has this password")


def hashed(text: str, secret: str) -> str:
    """A name or an address as it is counted: nothing to leak."""
    return hashlib.blake2b(text.strip().lower().encode(), key=secret.encode()[:64], digest_size=32).hexdigest()


def wait_seconds(session: Session, name_hash: str, address_hash: str, *, of_all: bool = False) -> int:
    """How long this name from this address must still wait; other addresses of the same name wait for nothing.

    Tries from one address are let in one at a time: the next is counted after this one's commit, whatever its name.
    `of_all`: this name's tries from all addresses count together, too: only for names no stranger can try, such as
    the second step of a person whose password was given, or anybody could lock them out.
    """
    one_at_a_time(session, address_hash, *([name_hash] if of_all else []))
    since = clock.now() - WINDOW
    of_pair = _failures(
        session, since, SignInAttempt.address_hash == address_hash, SignInAttempt.name_hash == name_hash
    )
    of_address = _failures(session, since, SignInAttempt.address_hash == address_hash)
    of_name = _failures(session, since, SignInAttempt.name_hash == name_hash) if of_all else (0, None)
    return max(
        _wait(*of_pair, FREE_TRIES), _wait(*of_address, FREE_TRIES_OF_ADDRESS), _wait(*of_name, FREE_TRIES_OF_ADDRESS)
    )


def _failures(session: Session, since: dt.datetime, *where: sa.ColumnElement[bool]) -> tuple[int, dt.datetime | None]:
    row = session.execute(
        sa.select(sa.func.count(SignInAttempt.id), sa.func.max(SignInAttempt.at)).where(
            SignInAttempt.at > since, *where
        )
    ).one()
    return row[0], row[1]


def _wait(failures: int, last: dt.datetime | None, free: int) -> int:
    if failures < free or last is None:
        return 0
    delay = min(2 ** min(failures - free, 10) * 5, LONGEST_WAIT)
    return max(0, int(delay - (clock.now() - last).total_seconds() + 0.999))


def note_failure(session: Session, name_hash: str, address_hash: str) -> None:
    """Count a wrong try; old ones are forgotten."""
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at < clock.now() - WINDOW))
    session.add(SignInAttempt(name_hash=name_hash, address_hash=address_hash, at=clock.now()))
    session.flush()


def forget_failures(session: Session, name_hash: str, address_hash: str) -> None:
    """A right try: the wrong ones of this name from this address no longer count."""
    session.execute(
        sa.delete(SignInAttempt).where(SignInAttempt.name_hash == name_hash, SignInAttempt.address_hash == address_hash)
    )


def person_with(session: Session, name: str, password: str) -> User | None:
    """The active person of this user name or e-mail and password; unknown names cost the same."""
    names = {name.strip(), name.strip().lower()}
    found = session.scalars(sa.select(User).where(sa.or_(User.username.in_(names), User.email.in_(names)))).all()
    user = next((one for one in found if one.username in names), found[0] if found else None)
    known = user is not None and bool(user.password) and bool(user.active)
    matches = check_password_hash(user.password if known and user else _NOBODYS, password)
    return user if known and matches and password.strip("\x00") else None


def welcome(session: Session, user: User) -> None:
    """Note a right sign-in on the person's row."""
    user.login_count = (user.login_count or 0) + 1
    user.fail_login_count = 0
    user.last_login = clock.now().replace(tzinfo=None)
    session.flush()


def begin_session(session: Session, user: User, sid: str, address: str, device: str, hours: int) -> None:
    """Keep a sign-in for the person's own list; those that have run out are forgotten."""
    now = clock.now()
    session.execute(sa.delete(UserSession).where(UserSession.user_id == user.id, UserSession.ends_at <= now))
    session.add(
        UserSession(
            user_id=user.id,
            sid=sid,
            epoch=user.session_epoch or 0,
            address=address[:45],
            device=device[:120],
            ends_at=now + dt.timedelta(hours=hours),
        )
    )
    session.flush()


def sessions_of(session: Session, user: User) -> list[UserSession]:
    """Where the person is signed in, the newest first."""
    query = sa.select(UserSession).where(
        UserSession.user_id == user.id,
        UserSession.epoch == (user.session_epoch or 0),
        UserSession.ends_at > clock.now(),
    )
    ended = user.ended_sessions or {}
    return [one for one in session.scalars(query.order_by(UserSession.id.desc())) if one.sid not in ended]


def end_one(session: Session, user: User, session_id: int, lasts: int) -> UserSession:
    """Sign the person out on one other device."""
    one = next((it for it in sessions_of(session, user) if it.id == session_id), None)
    if one is None:
        raise NotFound()
    end_session(session, user.id, one.sid, int(clock.now().timestamp()), lasts)
    return one


def end_session(session: Session, user_id: int, sid: str, now: int, lasts: int) -> None:
    """Shut one session of a person: `sid` opens nothing until the second it would have ended by itself."""
    user = session.get_one(User, user_id)
    kept = {known: until for known, until in (user.ended_sessions or {}).items() if until > now}
    user.ended_sessions = {**kept, sid: now + lasts}
    session.flush()
