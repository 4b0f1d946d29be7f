"""The doors: a stranger becomes a person of a new company, and a person who forgot the password gets a new one.

Nothing here tells a stranger whether an address is known: the same steps, the same sentences, the same work.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.roles import Role
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.domains.base import DomainRegister, DomainsError
from app.models import Account, Agreement, AgreementAcceptance, Company, OneTimeCode, Payer, Seller, User
from app.rules import identifiers, mailing, registration
from app.services import agreements, codes, letters, numbering, people, second_factor, setup, trail
from app.services.codes import Purpose

AGREE = N_("Read the agreement and tick that you accept it: without it you cannot register.")
OTHER_TERMS = N_("Another agreement is in force for the country you chose. Read it and tick that you accept it.")
PHONE_FIRST = N_("Confirm your telephone first: enter the code that was sent to it.")
TAKEN = N_("The domain name «%(prefix)s» is taken. Choose another, or add letters or digits.")


@dataclass(frozen=True)
class Asker:
    """Who is at the door: their network address, their language, and the installation's secret for codes."""

    address: str
    locale: str
    secret: str


# -- a forgotten password -----------------------------------------------------------------------------------------


def ask_new_password(session: Session, email: str, asker: Asker) -> OneTimeCode:
    """Send a code to a person's address; an unknown address is answered alike, as long, and nothing is sent."""
    address = mailing.check_address(email).lower()
    user = _person_of(session, address)
    code = codes.ask(
        session,
        Purpose.PASSWORD,
        address,
        asker=asker.address,
        secret=asker.secret,
        user_id=user.id if user else None,
        is_void=user is None,
    )
    locale = (user.locale if user else "") or asker.locale
    letters.order(session, "password", f"code-{code.id}", address, locale, code_id=code.id)  # a void code is not sent
    return code


def person_of(session: Session, code_id: int) -> User:
    """Whose address the right code proved."""
    user = session.get(User, _proved(session, code_id, Purpose.PASSWORD).user_id or 0)
    if user is None or not user.active:
        raise NotFound()
    return user


def set_new_password(session: Session, code_id: int, password: str) -> User:
    """The person's new password, after their code was right; every session of theirs ends."""
    user = person_of(session, code_id)
    people.renew_password(session, user, password)
    return user


def _person_of(session: Session, address: str) -> User | None:
    found = session.scalars(sa.select(User).where(User.email == address)).first()
    return found if found is not None and found.active else None


def _proved(session: Session, code_id: int, purpose: Purpose, locked: bool = False) -> OneTimeCode:
    """The code that was right a moment ago; what it opened stays open as long as a code lives.

    `locked`: a form sent twice at once is done once, and the second is answered by a sentence.
    """
    code = session.get(OneTimeCode, code_id, with_for_update=locked or None)
    if code is None or code.purpose != purpose or code.used_at is None or code.is_void:
        raise NotFound()
    if clock.now() - code.used_at > codes.RULE.life:
        raise Refused(N_("The confirmation has run out. Ask for a new code."))
    return code


# -- registration -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewPerson:
    """The account form (SMC-05)."""

    password: str
    given_name: str
    display_name: str
    surname: str
    phone_country: str
    phone: str


@dataclass(frozen=True)
class NewCompany:
    """The company form (SMC-21…30)."""

    name: str
    country: str
    address: str
    address_more: str
    postal_code: str
    city: str
    phone: str
    prefix: str
    prefix_again: str


def ask_registration(session: Session, email: str, asker: Asker) -> OneTimeCode:
    """Send a code to a new address; a known one is told by mail that it has an account already."""
    address = mailing.check_address(email).lower()
    known = session.scalars(sa.select(User).where(User.email == address)).first()
    code = codes.ask(
        session,
        Purpose.REGISTER,
        address,
        asker=asker.address,
        secret=asker.secret,
        is_void=known is not None,
    )
    if known is None:
        letters.order(session, "register", f"code-{code.id}", address, asker.locale, code_id=code.id)
    else:
        letters.order(session, "known", f"known-{code.id}", address, known.locale or asker.locale, user_id=known.id)
    return code


def register(session: Session, code_id: int, email: str, form: NewPerson, asker: Asker) -> User:
    """A person whose address is proved; their company comes with the next form."""
    address = mailing.check_address(email).lower()
    code = _proved(session, code_id, Purpose.REGISTER, locked=True)
    if not codes.is_of(code, address, asker.secret):
        raise NotFound()
    names = {
        "first_name": registration.latin_name(form.given_name),
        "display_name": registration.latin_name(form.display_name),
        "last_name": registration.latin_name(form.surname),
    }
    user = people.register(
        session,
        email=address,
        password=form.password,
        phone=identifiers.check("phone", form.phone, form.phone_country),
        locale=asker.locale,
        **names,
    )
    code.ends_at = code.used_at or clock.now()
    trail.record(session, _self(user), "user.register", "ab_user", user.id)
    return user


def finish_registration(
    session: Session, user_id: int, form: NewCompany, register: DomainRegister, accepted_id: int | None
) -> Company:
    """The company of a person who has registered, with its payer and account; the welcome letter follows.

    `accepted_id`: the agreement that was shown and ticked; it must be the one of the chosen country's Seller (SMC-30).
    """
    user = _newcomer(session, user_id)
    seller = seller_for(session, form.country)
    terms = _accepted(session, seller, user.locale or "en", accepted_id)
    prefix = free_prefix(register, form.prefix)
    if registration.domain_prefix(form.prefix_again) != prefix:
        raise Refused(N_("The domain name and its confirmation differ. Enter the same name twice."))
    address = ", ".join(
        line
        for line in (
            registration.line_of_address(form.address),
            registration.line_of_address(form.address_more, needed=False),
        )
        if line
    )
    return _found(
        session,
        user,
        seller,
        {
            "name": registration.company_name(form.name),
            "country": form.country,
            "phone": identifiers.check("phone", form.phone, form.country),
            "domain_prefix": prefix,
            "address": address,
        },
        {
            "kind": "legal_entity",
            "legal_postal_code": registration.line_of_address(form.postal_code, limit=12),
            "legal_city": registration.line_of_address(form.city, limit=120),
        },
        terms,
        prefix + register.suffix,
    )


def skip_company(session: Session, user_id: int, country: str) -> Company:
    """Registration without the company form (SMC-31): the person is their own customer, without a domain."""
    user = _newcomer(session, user_id)
    seller = seller_for(session, country)
    values = {"name": user.display_name or user.email, "country": seller.country, "phone": user.phone or ""}
    return _found(session, user, seller, values, {"kind": "individual"}, None)


def may_confirm_later(session: Session) -> bool:
    """Whether a newcomer may leave the telephone's code for later: not where a Seller demands a second factor."""
    sellers = session.scalars(sa.select(Seller.id))
    return not any(second_factor.demanded_by(session, seller_id) for seller_id in sellers)


def free_prefix(register: DomainRegister, text: str) -> str:
    """The prefix as it is kept, where nobody has it; Refused otherwise (SMC-29)."""
    prefix = registration.domain_prefix(text)
    try:
        is_free = register.is_free(prefix)
    except DomainsError as error:
        raise Refused(N_("The register of domains does not answer. Try again in a minute.")) from error
    if not is_free:
        raise Refused(TAKEN, prefix=prefix)
    return prefix


def seller_for(session: Session, country: str) -> Seller:
    """The Seller of a country, else the first one."""
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise Refused(N_("Choose the country from the list."))
    query = sa.select(Seller).order_by(sa.case((Seller.country == country, 0), else_=1), Seller.id).limit(1)
    seller = session.scalars(query).first()
    if seller is None:
        raise Refused(N_("Registration is closed for now. Write to the provider."))
    return seller


def terms_of(session: Session, seller: Seller, locale: str) -> Agreement | None:
    """The Seller's terms in force, in this language where they are written in it; None where there are none."""
    return agreements.in_force(session, seller.id, locale, clock.today(seller.zone))


def _accepted(session: Session, seller: Seller, locale: str, accepted_id: int | None) -> Agreement | None:
    """The agreement as it was read, in whatever language; Refused where it is not the one in force."""
    terms = terms_of(session, seller, locale)
    if terms is None:
        return None
    read = session.get(Agreement, accepted_id) if accepted_id is not None else None
    if read is None:
        raise Refused(AGREE)
    if (read.seller_id, read.version) != (terms.seller_id, terms.version):
        raise Refused(OTHER_TERMS)
    return read


def _newcomer(session: Session, user_id: int) -> User:
    user = session.scalars(sa.select(User).where(User.id == user_id).with_for_update(of=User)).first()
    if user is None or not user.is_first or user.company_id is not None:
        raise NotFound()
    if user.phone_confirmed_at is None and not may_confirm_later(session):
        raise Refused(PHONE_FIRST)
    return user


def _self(user: User) -> Actor:
    return Actor(user.id, f"{user.first_name} {user.last_name}".strip(), user.company_id)


def _found(
    session: Session,
    user: User,
    seller: Seller,
    company: Mapping[str, str],
    payer: Mapping[str, str],
    terms: Agreement | None,
    domain: str = "",
) -> Company:
    locale = user.locale or seller.locale
    with tenancy.seeing(tenancy.EVERYONE, session):
        setup.ensure_roles(session)
        made = _make_company(session, user, seller, company, locale)
        _open_account(session, user, seller, made, payer)
        user.company_id = made.id
        user.roles = [session.scalars(sa.select(RoleRow).where(RoleRow.name == Role.OWNER.value)).one()]
        user.session_epoch = (user.session_epoch or 0) + 1
        if terms is not None:
            session.add(AgreementAcceptance(company_id=made.id, agreement_id=terms.id, user_id=user.id))
        trail.record(session, _self(user), "company.register", "company", made.id, company_id=made.id)
        letter = "welcome" if domain else "welcome_without_domain"
        letters.order(session, letter, f"welcome-{user.id}", user.email, locale, user_id=user.id, domain=domain)
        session.flush()
    return made


def _make_company(session: Session, user: User, seller: Seller, company: Mapping[str, str], locale: str) -> Company:
    made = Company(
        **{"address": "", **company},
        code=_code_of(session, company.get("domain_prefix", ""), user.id),
        seller_id=seller.id,
        locale=locale,
        email=user.email,
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError as error:  # somebody took the prefix between the look and the insert
        raise Refused(TAKEN, prefix=company.get("domain_prefix", "")) from error
    return made


def _open_account(session: Session, user: User, seller: Seller, made: Company, payer: Mapping[str, str]) -> None:
    """The company's first account, and the payer in whose name it is paid: the company itself."""
    paying = Payer(
        **payer,
        company_id=made.id,
        country=made.country,
        locale=made.locale,
        name=made.name,
        contact_person=f"{user.first_name} {user.last_name}",
        phone=made.phone,
        email=made.email,
        legal_country=made.country,
        legal_address=made.address,
    )
    session.add(paying)
    session.flush()
    session.add(
        Account(
            company_id=made.id,
            seller_id=seller.id,
            payer_id=paying.id,
            number=numbering.number_accounts(session, seller.id, 1)[0],
            currency=seller.currency,
            delivery_addresses=made.email,
        )
    )


def _code_of(session: Session, prefix: str, user_id: int) -> str:
    """A company's code: its prefix where no other company is called so, else the newcomer's number."""
    wanted = prefix or f"c{user_id}"
    taken = session.scalar(sa.select(Company.id).where(Company.code == wanted).limit(1))
    return wanted if taken is None else f"{wanted}-{user_id}"
