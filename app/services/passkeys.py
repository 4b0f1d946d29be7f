"""Passkeys (WebAuthn): registered, named, removed; a second factor, and a way to sign in without a password.

The challenge lives in the session and is used once; origin and relying party come from the public address. The key
must have verified its owner (a finger, a face, a PIN), so a passkey alone is two factors. A counter that goes back is a
copied key: it is refused, and said in the audit trail.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import webauthn
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Passkey, User
from app.services import people, trail

AT_MOST = 10  # keys of a person
LONGEST_NAME = 60
TIMEOUT = 120_000  # milliseconds
WRONG = N_("The passkey was not accepted. Try again, or choose another way.")


@dataclass(frozen=True)
class Site:
    """Who asks: the origin in the browser's address line and the relying party's name."""

    origin: str
    name: str = "Kabinet"

    @property
    def rp_id(self) -> str:
        """The domain that keys belong to."""
        return urlsplit(self.origin).hostname or ""

    @property
    def can_have_keys(self) -> bool:
        """Browsers keep keys for names, not for bare addresses."""
        host = self.rp_id
        return bool(host) and not host.replace(".", "").isdigit() and ":" not in host


def new_challenge() -> str:
    """A fresh challenge, to be kept in the session."""
    return secrets.token_urlsafe(32)


def list_of(session: Session, user_id: int) -> list[Passkey]:
    """A person's keys, the oldest first."""
    return list(session.scalars(sa.select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def count_of(session: Session, user_id: int) -> int:
    """How many keys a person has."""
    return session.scalar(sa.select(sa.func.count(Passkey.id)).where(Passkey.user_id == user_id)) or 0


# -- registered, named, removed -----------------------------------------------------------------------------------


def registration_options(session: Session, user: User, site: Site, challenge: str) -> str:
    """What the browser is asked to make a key of, as JSON."""
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_id=f"kabinet-{user.id}".encode(),
        user_name=user.username,
        user_display_name=user.display_name or user.get_full_name() or user.username,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(list_of(session, user.id)),
    )
    return webauthn.options_to_json(options)


def add(
    session: Session, actor: Actor, name: str, credential: Mapping[str, Any], site: Site, challenge: str
) -> Passkey:
    """Keep the key that the browser made; the first answer proves that it works."""
    user = people.person_of(session, actor)
    if count_of(session, user.id) >= AT_MOST:
        raise Refused(N_("You have %(count)s passkeys already. Remove one first."), count=AT_MOST)
    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Refused(WRONG) from error
    credential_id = bytes_to_base64url(made.credential_id)
    if session.scalar(sa.select(Passkey.id).where(Passkey.credential == credential_id)) is not None:
        raise Refused(N_("This key is registered already."))
    key = Passkey(
        user_id=user.id,
        name=_name(name),
        credential=credential_id,
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
        transports=_transports(credential),
    )
    session.add(key)
    session.flush()
    trail.record(session, actor, "user.passkey_add", "passkey", key.id, company_id=user.company_id, name=key.name)
    return key


def rename(session: Session, actor: Actor, key_id: int, name: str) -> Passkey:
    """A name to know the key again by."""
    key = _own_key(session, actor, key_id)
    key.name = _name(name)
    session.flush()
    return key


def remove(session: Session, actor: Actor, key_id: int) -> None:
    """The key opens nothing any more."""
    key = _own_key(session, actor, key_id)
    name = key.name
    session.delete(key)
    session.flush()
    trail.record(session, actor, "user.passkey_remove", "passkey", key_id, name=name)


def _name(text: str) -> str:
    name = " ".join(text.split())[:LONGEST_NAME]
    if not name:
        raise Refused(N_("Give the passkey a name, for example the device it is on."))
    return name


def _transports(credential: Mapping[str, Any]) -> list[str]:
    answer = credential.get("response")
    said = answer.get("transports") if isinstance(answer, Mapping) else None
    known = {one.value for one in AuthenticatorTransport}
    return [one for one in said if isinstance(one, str) and one in known] if isinstance(said, list) else []


# -- asked for ----------------------------------------------------------------------------------------------------


def sign_in_options(keys: Sequence[Passkey], site: Site, challenge: str) -> str:
    """What the browser is asked to sign, as JSON; without keys any that it keeps for this site will do."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=base64url_to_bytes(challenge),
        timeout=TIMEOUT,
        allow_credentials=_descriptors(keys),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def person_with(session: Session, credential: Mapping[str, Any], site: Site, challenge: str) -> User | None:
    """Whose key signed the challenge; None for a wrong answer. Commit whatever the answer is."""
    key = _key_of(session, credential)
    user = session.get(User, key.user_id) if key is not None else None
    if key is None or user is None or not user.active:
        return None
    try:
        answer = parse_authentication_credential_json(dict(credential))
        handle = answer.response.user_handle
        if handle is not None and handle != f"kabinet-{user.id}".encode():
            return None
        proved = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(key.public_key),
            credential_current_sign_count=0,  # compared below, in the statement that writes it
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    return user if _count(session, key, proved.new_sign_count, user) else None


def _count(session: Session, key: Passkey, signed: int, user: User) -> bool:
    """Note the use; False where the counter did not go on: somebody has a copy of the key."""
    goes_on = sa.or_(Passkey.sign_count < signed, sa.and_(Passkey.sign_count == 0, sa.literal(signed) == 0))
    noted = (
        sa.update(Passkey)
        .where(Passkey.id == key.id, goes_on)
        .values(sign_count=signed, used_at=clock.now())
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(noted).scalar() is not None:
        return True
    actor = Actor(user.id, user.get_full_name(), user.company_id)
    trail.record(session, actor, "user.passkey_copied", "passkey", key.id, company_id=user.company_id)
    return False


def _key_of(session: Session, credential: Mapping[str, Any]) -> Passkey | None:
    said = credential.get("id")
    if not isinstance(said, str) or len(said) > 1400:
        return None
    return session.scalars(sa.select(Passkey).where(Passkey.credential == said)).first()


def _descriptors(keys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(key.credential),
            transports=[AuthenticatorTransport(one) for one in key.transports] or None,
        )
        for key in keys
    ]


def _own_key(session: Session, actor: Actor, key_id: int) -> Passkey:
    key = session.get(Passkey, key_id)
    if key is None or key.user_id != actor.user_id:
        raise NotFound()
    return key
