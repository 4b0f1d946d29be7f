"""Payers as a company keeps them itself: added, edited and deleted right where one is needed (AST-054, AST-099).

Codes are checked as the payer's country has them (`rules.payer_fields`). What documents say stays as it was: they have
requisites of their own, frozen when they were made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, DomainError, Forbidden, NotFound, Refused
from app.models import (
    Account,
    AutoTopUp,
    Company,
    Contract,
    Document,
    Order,
    Payer,
    Payment,
    PaymentAttempt,
    PaymentMethod,
)
from app.rules import payer_fields
from app.rules.payer_fields import PAYER_KINDS, Field, Problem
from app.services import trail

MOST = 100
ADDRESS = ("legal_postal_code", "legal_city", "legal_address")
USERS_OF = (Account, Contract, Order, PaymentAttempt, Payment, PaymentMethod, AutoTopUp, Document)


class Wrong(Refused):
    """The form has mistakes, field by field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(N_("Correct the marked fields, then save again."))
        self.problems = problems


@dataclass(frozen=True)
class Form:
    """What was entered: kind, country and the fields by name."""

    kind: str
    country: str
    values: Mapping[str, str]


def may_keep(actor: Actor) -> bool:
    """Whether this person adds and edits payers: who pays or buys does."""
    return actor.may(Right.CABINET_PAYMENTS) or actor.may(Right.CABINET_BUY)


def _need(actor: Actor) -> None:
    if not may_keep(actor):
        raise Forbidden(N_("You do not have the right to do this. Ask an owner or an administrator for it."))


def list_payers(session: Session, actor: Actor, kind: str = "") -> list[Payer]:
    """The company's payers, of one kind if asked, the oldest first."""
    _need(actor)
    query = sa.select(Payer).where(Payer.company_id == actor.company_id)
    if kind in PAYER_KINDS:
        query = query.where(Payer.kind == kind)
    return list(session.scalars(query.order_by(Payer.id).limit(MOST)))


def payer_of(session: Session, actor: Actor, payer_id: int) -> Payer:
    """One of them; NotFound for any other."""
    _need(actor)
    payer = session.get(Payer, payer_id)
    if payer is None:
        raise NotFound()
    actor.need_company(payer.company_id)
    return payer


def fields_of(country: str, kind: str) -> tuple[Field, ...]:
    """The codes and bank details such a payer has, in their order; contacts and the address are asked of everybody."""
    contacts = ("postal_code", "phone", "email")
    return tuple(one for one in payer_fields.required_fields(country, kind) if one.name not in contacts)


def add(session: Session, actor: Actor, form: Form) -> Payer:
    """A new payer of the actor's company; Wrong with every mistake of the form."""
    _need(actor)
    count = session.scalar(sa.select(sa.func.count(Payer.id)).where(Payer.company_id == actor.company_id)) or 0
    if count >= MOST:
        raise Refused(N_("There are %(most)s payers already. Delete one that nothing uses."), most=MOST)
    values = _checked(form)
    company = session.get_one(Company, actor.company_id)
    made = Payer(company_id=company.id, kind=form.kind, country=form.country, locale=company.locale, **values)
    made.legal_country = form.country
    session.add(made)
    session.flush()
    trail.record(session, actor, "payer.added", "payer", made.id, company_id=made.company_id, name=made.name)
    return made


def edit(session: Session, actor: Actor, payer_id: int, form: Form) -> Payer:
    """Change a payer; documents that are issued keep what they say."""
    payer = payer_of(session, actor, payer_id)
    values: dict[str, Any] = {**_checked(form), "kind": form.kind, "country": form.country}
    if payer.country != form.country:
        values["legal_country"] = form.country
    changed = {name: [getattr(payer, name), value] for name, value in values.items() if getattr(payer, name) != value}
    for name, (_, value) in changed.items():
        setattr(payer, name, value)
    session.flush()
    if changed:
        trail.record(
            session, actor, "payer.changed", "payer", payer.id, company_id=payer.company_id, fields=sorted(changed)
        )
    return payer


def _checked(form: Form) -> dict[str, str]:
    """The fields as they are stored; what a payer of this kind and country has not is emptied."""
    if form.kind not in PAYER_KINDS:
        raise Refused(N_("Choose who the payer is: an individual, a legal entity or a sole proprietor."))
    if len(form.country) != 2 or not form.country.isalpha():
        raise Refused(N_("Choose the country from the list."))
    own = {one.name for one in fields_of(form.country, form.kind)}
    names = ("name", "contact_person", "phone", "email", *ADDRESS, *sorted(own))
    given = {name: " ".join(form.values.get(name, "").split()) for name in names}
    problems = [one for one in payer_fields.check_payer(given, form.country, form.kind) if one.severity == "error"]
    problems += _missing(given)
    problems += [
        Problem(name, N_("It is too long: %(most)s characters at most."), {"most": _length(name)})
        for name, text in given.items()
        if len(text) > _length(name)
    ]
    if problems:
        raise Wrong(problems)
    return payer_fields.normalise_payer(given, form.country, form.kind)


def _missing(given: Mapping[str, str]) -> list[Problem]:
    wanted = {
        "name": N_("Enter the name: documents need it."),
        "email": N_("Enter an e-mail address."),
        "legal_city": N_("Enter the city."),
        "legal_address": N_("Enter the street and the house."),
    }
    return [Problem(name, text, {}) for name, text in wanted.items() if not given.get(name)]


def _length(name: str) -> int:
    return int(Payer.__table__.c[name].type.length)


def doubts_of(form: Form) -> list[DomainError]:
    """What looks odd but may be right: said, not refused."""
    found = payer_fields.check_payer(form.values, form.country, form.kind)
    return [DomainError(one.text, **dict(one.params)) for one in found if one.severity != "error"]


def remove(session: Session, actor: Actor, payer_id: int) -> None:
    """Delete a payer that nothing uses; Refused for any other."""
    payer = payer_of(session, actor, payer_id)
    if is_used(session, payer.id):
        raise Refused(
            N_("«%(name)s» is used by accounts, documents or payments and stays. You can edit it."), name=payer.name
        )
    trail.record(session, actor, "payer.deleted", "payer", payer.id, company_id=payer.company_id, name=payer.name)
    session.delete(payer)
    session.flush()


def is_used(session: Session, payer_id: int) -> bool:
    """Whether anything names this payer."""
    uses: list[Any] = [sa.select(sa.exists().where(table.payer_id == payer_id)) for table in USERS_OF]
    return any(session.scalars(sa.union_all(*uses)))
