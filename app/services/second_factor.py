"""The second factor: a code by short message, call or mail, or one of an authenticator (SMC-17…20, AST-016…024).

Who is asked for it: a person who has an authenticator or a passkey, and everybody of a company whose Seller's policy
demands it. A person's telephone is confirmed by the first right code that reaches it; until then mail is a way too, so
that a mistyped number locks nobody out.
"""

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import Company, OneTimeCode, User
from app.rules import identifiers
from app.rules.policies import PolicyKind
from app.services import codes, letters, passkeys, people, policies, sealing, trail
from app.services.codes import Purpose

STEP_SECONDS = 30
ISSUER = "Kabinet"
WRONG = N_("The code is wrong or has run out. Check the digits, or ask for a new code.")


ACCEPTED = {"strong": {"totp", "passkey"}, "passkey": {"passkey"}}


def ways_of(session: Session, user: User) -> list[str]:
    """The ways this person may use now: those the Seller's policy accepts, where they have one of them; else all.

    Whoever reads the mail of a person with a passkey renews the password with it: mail is no second proof there.
    """
    found = factors_of(user)
    if passkeys.count_of(session, user.id):
        found = ["passkey", *(way for way in found if way != "email")]
    accepted = ACCEPTED.get(_demanded_kind(session, user), set(found))
    return [way for way in found if way in accepted] or found


def ways_of_renewal(user: User) -> list[str]:
    """What is asked for besides the letter before a password is renewed (SMC-35, SMC-38); maybe nothing.

    A number nobody has confirmed proves nothing: it may be a mistyped one.
    """
    has_phone = user.phone_confirmed_at is not None
    return [way for way in factors_of(user) if way == "totp" or (has_phone and way != "email")]


def send_renewal_code(session: Session, user: User, factor: str, *, asker: str, secret: str) -> OneTimeCode:
    """A code by telephone that goes with the one of the letter."""
    if factor not in ways_of_renewal(user) or factor == "totp":
        raise Refused(N_("Choose one of the ways of the list."))
    return _send(session, user, Purpose.SIGN_IN, factor, user.phone or "", asker, secret)


def missing_of(session: Session, user: User) -> str:
    """The kind of factor the Seller's policy demands and this person has not set up yet; empty where all is well.

    Mail lets a person in who has nothing else, but is no second factor: the mail renews the password, too.
    """
    kind = _demanded_kind(session, user)
    if not kind:
        return ""
    has = {"totp"} if user.totp_secret else set()
    if user.phone_confirmed_at is not None:
        has.add("phone")
    if passkeys.count_of(session, user.id):
        has.add("passkey")
    return "" if has & ACCEPTED.get(kind, has) else kind


def _demanded_kind(session: Session, user: User) -> str:
    if user.company_id is None:
        return ""
    seller_id = session.scalar(sa.select(Company.seller_id).where(Company.id == user.company_id))
    return demanded_by(session, seller_id) if seller_id else ""


def demanded_by(session: Session, seller_id: int) -> str:
    """The kind of second factor a Seller's policy demands of its customers; empty where it demands none."""
    policy = policies.calendar_for(session, seller_id)[PolicyKind.SECOND_FACTOR]
    return str(policy["kind"]) if policy["demanded"] else ""


def factors_of(user: User) -> list[str]:
    """How this person may prove who they are, the strongest first; mail is left where nothing else is sure to work."""
    found = ["totp"] if user.totp_secret else []
    if user.phone:
        found += ["sms", "call"]
    if not user.totp_secret and user.phone_confirmed_at is None:
        found.append("email")
    return found


def is_asked(session: Session, user: User) -> bool:
    """Whether this person passes a second factor at each sign-in."""
    return bool(user.totp_secret or passkeys.count_of(session, user.id) or _demanded_kind(session, user))


def send_code(session: Session, user: User, factor: str, *, asker: str, secret: str) -> OneTimeCode:
    """Send a code to sign in by the chosen way; Refused for a way this person does not have."""
    if factor not in ways_of(session, user) or factor in ("totp", "passkey"):
        raise Refused(N_("Choose one of the ways of the list."))
    address = user.email if factor == "email" else user.phone
    return _send(session, user, Purpose.SIGN_IN, factor, address, asker, secret)


def _send(
    session: Session, user: User, purpose: Purpose, kind: str, address: str, asker: str, secret: str
) -> OneTimeCode:
    code = codes.ask(session, purpose, address, asker=asker, secret=secret, user_id=user.id)
    letters.order(session, purpose.value, f"code-{code.id}", address, user.locale or "en", kind=kind, code_id=code.id)
    return code


def passes(session: Session, user: User, code_id: int | None, given: str, secret: str) -> bool:
    """Whether the code is right: the one that was sent, or the authenticator's. Commit whatever the answer is."""
    if code_id is None:
        return "totp" in ways_of(session, user) and passes_totp(session, user, given, secret)
    code = session.get(OneTimeCode, code_id)
    if code is None or code.user_id != user.id or not codes.is_right(session, code_id, Purpose.SIGN_IN, given, secret):
        return False
    if user.phone and codes.is_of(code, user.phone, secret) and user.phone_confirmed_at is None:
        user.phone_confirmed_at = clock.now()
    return True


# -- an authenticator ---------------------------------------------------------------------------------------------


def new_secret() -> str:
    """A fresh secret for an authenticator, to be confirmed by its first code."""
    return pyotp.random_base32()


def address_of(secret: str, user: User) -> str:
    """The otpauth:// address that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER)


def switch_on_totp(session: Session, actor: Actor, totp_secret: str, given: str, secret: str) -> User:
    """From now on this person's sign-in asks for their authenticator's code; the first one proves that it works."""
    user = people.person_of(session, actor)
    step = _step_of(totp_secret, given)
    if step is None:
        raise Refused(WRONG)
    user.totp_secret, user.totp_step = sealing.seal(totp_secret, secret), step
    trail.record(session, actor, "user.totp_on", "ab_user", user.id, company_id=user.company_id)
    return user


def switch_off_totp(session: Session, actor: Actor, given: str, secret: str) -> User:
    """The authenticator is no longer asked for; its code is the proof."""
    user = people.person_of(session, actor)
    if not passes_totp(session, user, given, secret):
        raise Refused(WRONG)
    user.totp_secret = user.totp_step = None
    trail.record(session, actor, "user.totp_off", "ab_user", user.id, company_id=user.company_id)
    return user


def passes_totp(session: Session, user: User, given: str, secret: str) -> bool:
    """Whether `given` is the authenticator's code of this half-minute or one beside it; each works once."""
    key = sealing.unseal(user.totp_secret or "", secret)
    step = _step_of(key, given) if key else None
    if step is None:
        return False
    used = (
        sa.update(User)
        .where(User.id == user.id, sa.or_(User.totp_step.is_(None), User.totp_step < step))
        .values(totp_step=step)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(used).scalar() is not None


def _step_of(totp_secret: str, given: str) -> int | None:
    totp, now = pyotp.TOTP(totp_secret), int(clock.now().timestamp()) // STEP_SECONDS
    typed = given.replace(" ", "")
    for step in (now, now - 1, now + 1):
        if pyotp.utils.strings_equal(typed, totp.generate_otp(step)):
            return step
    return None


# -- a telephone --------------------------------------------------------------------------------------------------


def change_phone(session: Session, actor: Actor, number: str, country: str) -> User:
    """One's own number, where none is confirmed; it is confirmed by a code next (AST-017)."""
    user = people.person_of(session, actor)
    if user.phone_confirmed_at is not None:
        raise Refused(N_("Let the confirmed number go first: a code is sent to it."))
    user.phone = identifiers.check("phone", number, country)
    trail.record(session, actor, "user.phone", "ab_user", user.id, company_id=user.company_id)
    return user


def send_phone_code(session: Session, actor: Actor, way: str = "sms", *, asker: str, secret: str) -> OneTimeCode:
    """A short message or a call to the number on record: to confirm it, or, once confirmed, to let it go."""
    user = people.person_of(session, actor)
    if way not in ("sms", "call"):
        raise Refused(N_("Choose one of the ways of the list."))
    if not user.phone:
        raise Refused(N_("Enter a telephone number first."))
    return _send(session, user, Purpose.PHONE, way, user.phone, asker, secret)


def confirm_phone(session: Session, actor: Actor, code_id: int, given: str, secret: str) -> bool:
    """A right code confirms the number, or clears a confirmed one (AST-016, AST-017); False for a wrong one."""
    user = people.person_of(session, actor)
    code = session.get(OneTimeCode, code_id)
    if code is None or code.user_id != user.id or not user.phone or not codes.is_of(code, user.phone, secret):
        return False
    if not codes.is_right(session, code_id, Purpose.PHONE, given, secret):
        return False
    if user.phone_confirmed_at is None:
        user.phone_confirmed_at = clock.now()
    else:
        user.phone = user.phone_confirmed_at = None
    trail.record(session, actor, "user.phone_confirmed", "ab_user", user.id, company_id=user.company_id)
    return True
