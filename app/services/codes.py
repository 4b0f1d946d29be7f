"""One-time codes asked for, sent and tried: hashed addresses, few tries, a pause between two, an hourly limit.

`is_right` counts the try in the same statement that allows it, so a thousand guesses at once are still five; the caller
commits whatever the answer is.
"""

import secrets
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_, Refused
from app.models import OneTimeCode
from app.rules import codes as rules
from app.rules.codes import CodeRule
from app.services.sign_in import hashed
from app.services.turns import one_at_a_time

RULE = CodeRule()


class Purpose(StrEnum):
    """What a code proves; a code of one purpose opens nothing of another."""

    PASSWORD = "password"  # noqa: S105  # a forgotten password
    REGISTER = "register"
    SIGN_IN = "sign_in"  # the second factor
    PHONE = "phone"  # a telephone confirmed, or let go


def ask(
    session: Session,
    purpose: Purpose,
    address: str,
    *,
    asker: str,
    secret: str,
    user_id: int | None = None,
    is_void: bool = False,
) -> OneTimeCode:
    """A fresh code for `address`; Refused where one was asked for a moment ago or too many this hour.

    `asker` is the network address. Its letter is the caller's to order (`letters`).
    """
    address_hash, asker_hash = hashed(f"{purpose}:{address}", secret), hashed(asker, secret)
    _need_patience(session, purpose, address_hash, asker_hash)
    code = OneTimeCode(
        purpose=purpose.value,
        address_hash=address_hash,
        asker_hash=asker_hash,
        nonce=secrets.token_hex(16),
        user_id=user_id,
        is_void=is_void,
        asked_at=clock.now(),
        ends_at=clock.now() + RULE.life,
    )
    session.add(code)
    session.flush()
    return code


def _need_patience(session: Session, purpose: Purpose, address_hash: str, asker_hash: str) -> None:
    """Who has given a password is not held to the limit of a network: a whole office signs in from one address."""
    one_at_a_time(session, address_hash, asker_hash)
    since = clock.now() - rules.HOUR
    asked = sa.select(sa.func.count(OneTimeCode.id), sa.func.max(OneTimeCode.asked_at)).where(
        OneTimeCode.asked_at > since
    )
    of_address, last = session.execute(asked.where(OneTimeCode.address_hash == address_hash)).one()
    strangers = (OneTimeCode.asker_hash == asker_hash, OneTimeCode.purpose != Purpose.SIGN_IN.value)
    of_asker = 0 if purpose is Purpose.SIGN_IN else session.execute(asked.where(*strangers)).one()[0]
    if last is not None and (left := RULE.pause_seconds - int((clock.now() - last).total_seconds())) > 0:
        raise Refused(
            N_("A code was sent a moment ago. Wait %(seconds)s seconds before asking for another."), seconds=left
        )
    if of_address >= RULE.of_address or of_asker >= RULE.of_asker:
        raise Refused(N_("Too many codes were asked for. Try again in an hour."))


def is_right(session: Session, code_id: int, purpose: Purpose, given: str, secret: str) -> bool:
    """Whether `given` is the code, counted as a try; a right one is used up. Commit whatever the answer is."""
    now = clock.now()
    counted = (
        sa.update(OneTimeCode)
        .where(OneTimeCode.id == code_id, OneTimeCode.purpose == purpose.value)
        .where(OneTimeCode.tries < RULE.tries, OneTimeCode.used_at.is_(None), OneTimeCode.ends_at > now)
        .values(tries=OneTimeCode.tries + 1)
        .returning(OneTimeCode.nonce, OneTimeCode.is_void)
    )
    row = session.execute(counted).first()
    nonce, is_void = (row.nonce, row.is_void) if row else ("", True)
    matches = rules.is_same(given, rules.code_of(secret, purpose, nonce))
    if row is None or is_void or not matches:
        return False
    session.execute(sa.update(OneTimeCode).where(OneTimeCode.id == code_id).values(used_at=now))
    return True


def is_of(code: OneTimeCode, address: str, secret: str) -> bool:
    """Whether the code was sent to this address."""
    return code.address_hash == hashed(f"{code.purpose}:{address}", secret)


def digits_of(code: OneTimeCode, secret: str) -> str:
    """The digits of a code that may still be used, for its letter; empty where it may not."""
    if code.used_at is not None or code.is_void or code.ends_at <= clock.now():
        return ""
    return rules.code_of(secret, code.purpose, code.nonce)
