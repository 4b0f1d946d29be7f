"""Agreements with a Seller's customers and its privacy policy: versions, languages, who accepted which and when.

A version has its text in one or more languages and a first day; whoever accepts it in one language has accepted it.
What came into force, or was accepted, never changes: what is to be said otherwise is a new version.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Agreement, AgreementAcceptance, Company, PrivacyPolicy, Seller, User
from app.services import trail

Text = Agreement | PrivacyPolicy
KINDS: dict[str, type[Agreement] | type[PrivacyPolicy]] = {"agreement": Agreement, "privacy": PrivacyPolicy}


# -- what holds ---------------------------------------------------------------------------------------------------


def in_force(session: Session, seller_id: int, locale: str, day: dt.date) -> Agreement | None:
    """The agreement that holds on `day`, in this language where it is written in it; None where there is none."""
    own_words = sa.case((Agreement.locale == locale, 0), (Agreement.locale == Seller.locale, 1), else_=2)
    query = sa.select(Agreement).join(Seller, Seller.id == Agreement.seller_id)
    query = query.where(Agreement.seller_id == seller_id, Agreement.valid_from <= day)
    return session.scalars(query.order_by(Agreement.version.desc(), own_words, Agreement.id).limit(1)).first()


def has_accepted(session: Session, company_id: int, terms: Agreement) -> bool:
    """Whether somebody accepted this version for the company, in whatever language."""
    query = _accepted(company_id).where(Agreement.seller_id == terms.seller_id, Agreement.version == terms.version)
    return session.scalar(query.limit(1)) is not None


def in_force_for(
    session: Session, seller_id: int, locale: str, day: dt.date, company_id: int | None
) -> tuple[Agreement | None, bool]:
    """The agreement that holds on `day`, and whether the company has accepted this version; one statement."""
    theirs = sa.orm.aliased(Agreement)
    accepted = (
        sa.select(AgreementAcceptance.id)
        .join(theirs, theirs.id == AgreementAcceptance.agreement_id)
        .where(AgreementAcceptance.company_id == (company_id or 0))
        .where(theirs.seller_id == Agreement.seller_id, theirs.version == Agreement.version)
        .exists()
    )
    own_words = sa.case((Agreement.locale == locale, 0), (Agreement.locale == Seller.locale, 1), else_=2)
    query = sa.select(Agreement, accepted).join(Seller, Seller.id == Agreement.seller_id)
    query = query.where(Agreement.seller_id == seller_id, Agreement.valid_from <= day)
    found = session.execute(query.order_by(Agreement.version.desc(), own_words, Agreement.id).limit(1)).first()
    return (found[0], bool(found[1])) if found else (None, False)


def _accepted(company_id: int) -> Any:
    query = sa.select(Agreement.version).join(AgreementAcceptance, AgreementAcceptance.agreement_id == Agreement.id)
    return query.where(AgreementAcceptance.company_id == company_id)


def asked_of(session: Session, actor: Actor) -> Agreement | None:
    """The new version this person must be asked for: of who may buy, where the company accepted an older one only."""
    if actor.company_id is None or not actor.may(Right.CABINET_BUY):
        return None
    seller = session.scalars(
        sa.select(Seller).join(Company, Company.seller_id == Seller.id).where(Company.id == actor.company_id)
    ).one()
    terms = in_force(session, seller.id, actor.locale, clock.today(seller.zone))
    if terms is None:
        return None
    latest = session.scalar(
        sa.select(sa.func.max(Agreement.version))
        .join(AgreementAcceptance, AgreementAcceptance.agreement_id == Agreement.id)
        .where(AgreementAcceptance.company_id == actor.company_id, Agreement.seller_id == seller.id)
    )
    return terms if latest is not None and latest < terms.version else None


def accept(session: Session, actor: Actor, agreement_id: int) -> AgreementAcceptance:
    """The person accepts the version in force for their company; accepted twice is accepted once."""
    terms = session.get(Agreement, agreement_id)
    company = session.get(Company, actor.company_id or 0)
    if terms is None or company is None or company.seller_id != terms.seller_id or actor.user_id is None:
        raise NotFound()
    actor.need(Right.CABINET_BUY)
    seller = session.get_one(Seller, terms.seller_id)
    holding = in_force(session, seller.id, terms.locale, clock.today(seller.zone))
    if holding is None or holding.version != terms.version:
        raise Refused(N_("This version of the agreement is not in force. Reload the page and read the present one."))
    known = session.scalars(
        sa.select(AgreementAcceptance).where(
            AgreementAcceptance.user_id == actor.user_id, AgreementAcceptance.agreement_id == terms.id
        )
    ).first()
    if known is not None:
        return known
    made = AgreementAcceptance(company_id=company.id, agreement_id=terms.id, user_id=actor.user_id)
    session.add(made)
    session.flush()
    trail.record(
        session, actor, "agreement.accept", "agreement", terms.id, company_id=company.id, version=terms.version
    )
    return made


# -- the office ---------------------------------------------------------------------------------------------------


def write(
    session: Session, actor: Actor, kind: str, seller_id: int, valid_from: dt.date, texts: Sequence[dict[str, str]]
) -> int:
    """A new version from a day to come, in each language of `texts` (locale, title, body, changes); its number."""
    actor.need(Right.SETTINGS_WRITE)
    model, seller = _model_of(kind), session.get(Seller, seller_id)
    if seller is None:
        raise NotFound()
    written = [one for one in texts if one["title"].strip() or one["body"].strip()]
    _check(written, seller.locale)
    newest = session.execute(
        sa.select(model.version, model.valid_from)
        .where(model.seller_id == seller.id)
        .order_by(model.version.desc())
        .limit(1)
    ).first()
    _check_day(valid_from, clock.today(seller.zone), newest.valid_from if newest else None)
    version = (newest.version if newest else 0) + 1
    for one in written:
        session.add(
            model(
                seller_id=seller.id,
                version=version,
                locale=one["locale"],
                title=one["title"].strip(),
                body=one["body"].strip(),
                changes=one.get("changes", "").strip(),
                valid_from=valid_from,
            )
        )
    session.flush()
    trail.record(session, actor, f"{kind}.write", kind, seller.id, version=version, valid_from=valid_from)
    return version


def withdraw(session: Session, actor: Actor, kind: str, seller_id: int, version: int) -> None:
    """Take back a version whose day has not come: nobody can have accepted it."""
    actor.need(Right.SETTINGS_WRITE)
    model, seller = _model_of(kind), session.get(Seller, seller_id)
    rows = session.scalars(sa.select(model).where(model.seller_id == seller_id, model.version == version)).all()
    if seller is None or not rows:
        raise NotFound()
    if rows[0].valid_from <= clock.today(seller.zone):
        raise Refused(N_("A version that came into force stays as it is. Write a new one that follows it."))
    for row in rows:
        session.delete(row)
    session.flush()
    trail.record(session, actor, f"{kind}.withdraw", kind, seller.id, version=version)


def _model_of(kind: str) -> Any:
    if kind not in KINDS:
        raise NotFound()
    return KINDS[kind]


def _check(texts: Sequence[dict[str, str]], own_locale: str) -> None:
    if any(not one["title"].strip() or not one["body"].strip() for one in texts):
        raise Refused(N_("A language needs both a title and a text. Fill in both, or leave both empty."))
    if own_locale not in {one["locale"] for one in texts}:
        raise Refused(N_("Write the text in the Seller’s own language at least."))
    if any(len(one["title"]) > 200 or len(one["body"]) > 200_000 for one in texts):
        raise Refused(N_("A title has at most 200 characters, a text 200,000."))


def _check_day(day: dt.date, today: dt.date, newest: dt.date | None) -> None:
    if day <= today:
        raise Refused(N_("A new version comes into force tomorrow at the earliest: people must be able to read it."))
    if newest is not None and day <= newest:
        raise Refused(N_("The version before it begins on %(day)s. Choose a later day."), day=newest)


def versions_of(session: Session, actor: Actor, kind: str, seller_id: int) -> list[Text]:
    """Every version in every language, the newest first."""
    actor.need(Right.SETTINGS_READ)
    model = _model_of(kind)
    query = sa.select(model).where(model.seller_id == seller_id).order_by(model.version.desc(), model.locale)
    return list(session.scalars(query))


def privacy_versions(session: Session, seller_id: int, locale: str) -> list[PrivacyPolicy]:
    """Every version of the privacy policy, announced ones too, one language each, the newest first."""
    query = sa.select(PrivacyPolicy).where(PrivacyPolicy.seller_id == seller_id).order_by(PrivacyPolicy.version.desc())
    own = session.scalar(sa.select(Seller.locale).where(Seller.id == seller_id))
    best: dict[int, PrivacyPolicy] = {}
    for row in session.scalars(query):
        rank = {locale: 0, own: 1}
        if row.version not in best or rank.get(row.locale, 2) < rank.get(best[row.version].locale, 2):
            best[row.version] = row
    return list(best.values())


def acceptances_of(
    session: Session, actor: Actor, seller_id: int, after: int | None = None, limit: int = 50
) -> tuple[list[Any], int | None]:
    """Who accepted which version, the newest first: (acceptance, agreement, company, person); and the next place."""
    actor.need(Right.SETTINGS_READ)
    query = (
        sa.select(AgreementAcceptance, Agreement, Company, User)
        .join(Agreement, Agreement.id == AgreementAcceptance.agreement_id)
        .join(Company, Company.id == AgreementAcceptance.company_id)
        .join(User, User.id == AgreementAcceptance.user_id)
        .where(Agreement.seller_id == seller_id)
    )
    if after is not None:
        query = query.where(AgreementAcceptance.id < after)
    rows = list(session.execute(query.order_by(AgreementAcceptance.id.desc()).limit(limit + 1)))
    return rows[:limit], (rows[limit - 1][0].id if len(rows) > limit else None)
