"""The demo's people, all with one password: the provider's four, orion's four, and a stranger from vega."""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.access.roles import RIGHTS, Role
from app.core.actor import Actor
from app.models import Company, User
from app.rules import passwords
from app.services import setup


@dataclass(frozen=True)
class Person:
    """Who signs in under which name, in which role and language; `company` empty: of the provider."""

    username: str
    role: Role
    first_name: str
    last_name: str
    locale: str
    company: str = ""

    @property
    def email(self) -> str:
        """Their address, in a domain that does not exist."""
        return f"{self.username}@{self.company or 'kabinet'}.example"


PEOPLE = (
    Person("admin", Role.ADMINISTRATOR, "Остап", "Довгань", "en"),
    Person("office", Role.BACK_OFFICE, "Дарина", "Осадча", "uk"),
    Person("accountant", Role.ACCOUNTANT, "Соломія", "Левицька", "uk"),
    Person("support", Role.SUPPORT, "Łucja", "Gajewska", "pl"),
    Person("owner", Role.OWNER, "Соломія", "Марчук", "uk", "orion"),
    Person("manager", Role.COMPANY_ADMINISTRATOR, "Назар", "Яремчук", "uk", "orion"),
    Person("bookkeeper", Role.COMPANY_ACCOUNTANT, "Лариса", "Бондар", "uk", "orion"),
    Person("employee", Role.EMPLOYEE, "Тарас", "Зозуля", "uk", "orion"),
    Person("stranger", Role.OWNER, "Илья", "Громов", "ru", "vega"),
)


def add_people(session: Session, password: str) -> dict[str, User]:
    """Everybody of PEOPLE; who already has the name or the address is left as they are."""
    setup.ensure_roles(session)
    roles = {row.name: row for row in session.scalars(sa.select(RoleRow))}
    companies: dict[str, int] = {code: id_ for code, id_ in session.execute(sa.select(Company.code, Company.id))}
    hashed = generate_password_hash(
        passwords.normalise(password)
    )  # a slow hash: made once, for everybody has the same password
    for person in PEOPLE:
        taken = sa.or_(User.username == person.username, User.email == person.email)
        if session.scalar(sa.select(User.id).where(taken)) is not None:
            continue
        session.add(
            User(
                username=person.username,
                email=person.email,
                first_name=person.first_name,
                last_name=person.last_name,
                password=hashed,
                active=True,
                company_id=companies[person.company] if person.company else None,
                locale=person.locale,
                is_first=person.role == Role.OWNER,
                session_epoch=0,
                roles=[roles[person.role.value]],
            )
        )
    session.flush()
    return people_of(session)


def people_of(session: Session) -> dict[str, User]:
    """The demo's people by user name."""
    names = [person.username for person in PEOPLE]
    return {user.username: user for user in session.scalars(sa.select(User).where(User.username.in_(names)))}


def give_password(session: Session, password: str) -> list[str]:
    """Everybody who has the demo's common password gets `password` where it is another by now; who has their own.

    The common one was hashed once for all: whoever has the same hash as others never chose a password.
    """
    found = people_of(session)
    password = passwords.normalise(password)
    shared, held = Counter(user.password for user in found.values()).most_common(1)[0] if found else ("", 0)
    if held > 1 and not check_password_hash(shared, password):
        hashed = generate_password_hash(password)
        for user in found.values():
            if user.password == shared:
                user.password, user.session_epoch = hashed, (user.session_epoch or 0) + 1
        session.flush()
        shared = hashed
    return [
        name
        for name, user in found.items()
        if not (held > 1 and user.password == shared) and not check_password_hash(user.password or "", password)
    ]


def actor_of(user: User, role: Role) -> Actor:
    """A person of the demo, acting."""
    name = f"{user.first_name} {user.last_name}"
    return Actor(user.id, name, user.company_id, user.company_id is None, frozenset(RIGHTS[role]))
