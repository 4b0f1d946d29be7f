"""News of a Seller to the people of its customers: staff write it, a job tells it, once to each (AST-026, AST-177).

The job keeps the words, so that what was said can be read again. People get it as they chose for the class «news»:
in the cabinet unless they switched it off, by mail where they switched it on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import Company, Job, NoticePreference, Seller, User
from app.rules import notices as rules
from app.rules.notices import NoticeClass, NoticeEvent
from app.services import notices, trail, work
from app.services.work import JobName

LONGEST_SUBJECT, LONGEST_TEXT = 200, 5_000


@dataclass(frozen=True)
class Words:
    """What is said in one language."""

    subject: str
    text: str


@dataclass(frozen=True)
class News:
    """What is told to whom; `others` are the words of readers of other languages than the main ones are for."""

    seller_id: int
    words: Words
    others: Mapping[str, Words] = field(default_factory=dict)

    def words_for(self, locale: str) -> Words:
        """In the reader's language where there are such words."""
        return self.others.get(locale, self.words)


@dataclass(frozen=True)
class Receivers:
    """How many would be told: companies, people in their cabinet, people by mail."""

    companies: int
    in_app: int
    letters: int


def check(session: Session, actor: Actor, news: News) -> Seller:
    """The Seller that speaks; Refused says what is missing."""
    actor.need(Right.CUSTOMERS_WRITE)
    seller = session.get(Seller, news.seller_id)
    if seller is None:
        raise NotFound(N_("There is no such Seller. Choose one from the list."))
    for words in (news.words, *news.others.values()):
        if not words.subject or not words.text:
            raise Refused(N_("Write the subject and the text of the news."))
        if len(words.subject) > LONGEST_SUBJECT or len(words.text) > LONGEST_TEXT:
            raise Refused(
                N_("The news is too long: %(subject)s characters of subject and %(text)s of text at most."),
                subject=LONGEST_SUBJECT,
                text=LONGEST_TEXT,
            )
    return seller


def receivers(session: Session, actor: Actor, seller_id: int) -> Receivers:
    """How many customers of a Seller would be told now."""
    actor.need(Right.CUSTOMERS_READ)
    people = (
        sa.select(User.id, User.company_id)
        .join(Company, Company.id == User.company_id)
        .where(Company.seller_id == seller_id, User.active)
        .subquery()
    )
    counted = sa.select(
        sa.func.count(sa.distinct(people.c.company_id)), *(_wanting(people, one) for one in rules.CHANNELS)
    )
    companies, in_app, letters = session.execute(counted).one()
    return Receivers(companies, in_app or 0, letters or 0)


def _wanting(people: Any, channel: str) -> Any:
    """How many of them want news through a channel: a switch of their own, or what holds without one."""
    switched = sa.exists().where(
        NoticePreference.user_id == people.c.id,
        NoticePreference.notice_class == NoticeClass.NEWS.value,
        NoticePreference.channel == channel,
    )
    if rules.is_wanted({}, NoticeClass.NEWS, channel):
        wants = ~switched.where(NoticePreference.is_on.is_(False))
    else:
        wants = switched.where(NoticePreference.is_on)
    return sa.func.sum(sa.case((wants, 1), else_=0))


def order(session: Session, actor: Actor, news: News, key: str) -> Job:
    """Have it told in the background; the same form sent twice is one piece of news."""
    seller = check(session, actor, news)
    job = work.order_job(session, actor, JobName.NEWS, as_params(news), news.words.subject, key=f"news:{key}")
    trail.record(session, actor, "news.order", "seller", seller.id, subject=news.words.subject)
    return job


def told(session: Session, actor: Actor, limit: int = 25) -> list[Job]:
    """The news of late, the newest first."""
    actor.need(Right.CUSTOMERS_READ)
    query = sa.select(Job).where(Job.name == JobName.NEWS.value).order_by(Job.id.desc()).limit(limit)
    return list(session.scalars(query))


def as_params(news: News) -> dict[str, Any]:
    """As a job keeps it."""
    others = {locale: [words.subject, words.text] for locale, words in news.others.items()}
    return {"seller_id": news.seller_id, "words": [news.words.subject, news.words.text], "others": others}


def from_params(params: Mapping[str, Any]) -> News:
    """As the job reads it."""
    others = {locale: Words(*words) for locale, words in params["others"].items()}
    return News(int(params["seller_id"]), Words(*params["words"]), others)


# -- telling ------------------------------------------------------------------------------------------------------


def companies_after(session: Session, seller_id: int, after: int, limit: int) -> list[int]:
    """The next companies of a Seller that have people who may sign in, by id."""
    people = sa.exists().where(User.company_id == Company.id, User.active)
    query = sa.select(Company.id).where(Company.seller_id == seller_id, Company.id > after, people)
    return list(session.scalars(query.order_by(Company.id).limit(limit)))


def tell(session: Session, actor: Actor, news: News, about: str, company_ids: Sequence[int]) -> tuple[int, int]:
    """Tell the people of these companies; how many in the cabinet and how many by mail."""
    seller = check(session, actor, news)
    name = seller.short_name or seller.name

    def say(locale: str) -> tuple[str, str, str]:
        words = news.words_for(locale)
        return words.subject, words.text, notices.letter_of(locale, words.text, name)

    rows: list[notices.Row] = []
    for company_id, readers in notices.readers_of(session, company_ids, (Right.CABINET_READ,)).items():
        rows += notices.rows_for(NoticeEvent.NEWS, about, readers, say, company_id=company_id)
    notices.put(session, rows)
    letters = sum(row["channel"] == "email" for row in rows)
    return len(rows) - letters, letters
