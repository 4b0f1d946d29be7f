"""News: staff write it, see how it reads and to how many it goes; everybody who wants it gets it once."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.models import Job, Notice, NoticePreference, Outbox, Seller, User
from app.services import news
from app.services.news import News, Receivers, Words
from jobs import context
from tests import makers

OFFICE = Actor.system("test")


@pytest.fixture
def seller(session: Session) -> Seller:
    return makers.seller(session)


@pytest.fixture
def people(session: Session, seller: Seller) -> list[User]:
    """Two at Orion (one reads Polish), one at Vega who is gone, one at another Seller's customer."""
    orion, vega = makers.company(session, seller), makers.company(session, seller)
    other = makers.company(session, makers.seller(session))
    found = [
        makers.user(session, "owner", orion),
        makers.user(session, "employee", orion, locale="pl"),
        makers.user(session, "owner", vega, active=False),
        makers.user(session, "owner", other),
    ]
    session.commit()
    return found


def wants_mail(session: Session, user: User, is_on: bool = True, channel: str = "email") -> None:
    session.add(NoticePreference(user_id=user.id, notice_class="news", channel=channel, is_on=is_on))
    session.commit()


def post(client: FlaskClient, path: str, **data: Any) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/office/news/").get_data(as_text=True))
    assert token
    return client.post(path, data={"csrf_token": token[1], **data})


def form(seller: Seller, **more: Any) -> dict[str, Any]:
    return {"seller": seller.id, "subject": "New tariffs", "text": "From 1 December.\nRead on.", "key": "k1", **more}


def test_staff_see_how_it_reads_and_how_many_get_it(app: Flask, session: Session, seller: Seller, people: Any) -> None:
    wants_mail(session, people[1])
    client = makers.sign_in(app.test_client(), makers.user(session, "back_office"))
    shown = post(client, "/office/news/look", **form(seller, subject_pl="Nowe taryfy", text_pl="Od 1 grudnia."))
    page = shown.get_data(as_text=True)
    assert "From 1 December." in page and "Nowe taryfy" in page
    assert news.receivers(session, OFFICE, seller.id) == Receivers(companies=1, in_app=2, letters=1)
    assert session.scalar(sa.select(sa.func.count(Job.id)).where(Job.name == "news")) == 0


def test_news_without_words_is_refused_with_what_is_missing(app: Flask, session: Session, seller: Seller) -> None:
    session.commit()
    client = makers.sign_in(app.test_client(), makers.user(session, "back_office"))
    page = post(client, "/office/news/look", **form(seller, subject="")).get_data(as_text=True)
    assert "Write the subject and the text" in page and "Send the news" not in page


@pytest.mark.covers("AST-026", "AST-177")
def test_everybody_gets_it_once_in_their_own_words(app: Flask, session: Session, seller: Seller, people: Any) -> None:
    wants_mail(session, people[1])
    olga, piotr, *_ = [one.id for one in people]
    client = makers.sign_in(app.test_client(), makers.user(session, "back_office"))
    given = form(seller, subject_pl="Nowe taryfy", text_pl="Od 1 grudnia.")
    for _ in range(2):  # the button pressed twice
        assert post(client, "/office/news/send", **given).status_code == 302
    for _ in range(2):  # and a job that was killed at its end
        tell(app, session)
    job = session.scalars(sa.select(Job).where(Job.name == "news")).one()
    assert (job.result or {})["figures"] == {"companies": 1, "notices": 2, "letters": 1}
    kept = session.scalars(sa.select(Notice).where(Notice.event == "news").order_by(Notice.id)).all()
    assert {(one.user_id, one.channel, one.subject) for one in kept} == {
        (olga, "in_app", "New tariffs"),
        (piotr, "in_app", "Nowe taryfy"),
        (piotr, "email", "Nowe taryfy"),
    }  # nobody who is gone, nobody of another Seller
    topics = session.scalars(sa.select(Outbox.topic).where(Outbox.topic == "send_notice")).all()
    assert len(topics) == 1
    assert "New tariffs" in client.get("/office/news/").get_data(as_text=True)


def tell(app: Flask, session: Session) -> None:
    context.use(app)
    job = session.scalars(sa.select(Job).where(Job.name == "news")).one()
    number, job.state = job.id, "queued"
    session.commit()
    session.remove()  # type: ignore[attr-defined]  # SQLite has one writer
    context.perform("job", [number])


def test_who_switched_news_off_is_left_in_peace(session: Session, seller: Seller, people: Any) -> None:
    wants_mail(session, people[0], is_on=False, channel="in_app")
    said = News(seller.id, Words("New tariffs", "From 1 December."))
    companies = news.companies_after(session, seller.id, 0, 100)
    assert news.tell(session, OFFICE, said, "1", companies) == (1, 0)
    assert news.receivers(session, OFFICE, seller.id).in_app == 1


def test_support_may_read_what_was_sent_but_not_send(app: Flask, session: Session, seller: Seller) -> None:
    session.commit()
    client = makers.sign_in(app.test_client(), makers.user(session, "support"))
    page = client.get("/office/news/").get_data(as_text=True)
    assert "Sent before" in page and "See how it reads" not in page
    token = makers._token(client.get("/profile/").get_data(as_text=True))
    assert client.post("/office/news/send", data={**form(seller), "csrf_token": token}).status_code == 403
