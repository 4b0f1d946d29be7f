"""Agreements: written with a preview, from a day, never changed; asked for at the next sign-in when they are new."""

import datetime as dt
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.core.errors import NotFound, Refused
from app.models import Agreement, AgreementAcceptance, Seller, User
from app.services import agreements
from app.views.security import actor_of
from tests import makers
from tests.views import forms

post = partial(forms.post, page="/profile/")

DAY = dt.date(2026, 1, 1)


@pytest.fixture
def olga(session: Session) -> User:
    made = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    return made


@pytest.fixture
def seller(olga: User) -> Seller:
    return olga.company.seller


def version(session: Session, seller: Seller, number: int, locale: str = "uk", day: dt.date = DAY) -> Agreement:
    made = Agreement(
        seller_id=seller.id, version=number, locale=locale, title=f"Угода {number}", body="Текст.", valid_from=day
    )
    session.add(made)
    session.commit()
    return made


def test_the_agreement_in_force_is_the_latest_begun_in_ones_language(session: Session, seller: Seller) -> None:
    old, uk, en = (version(session, seller, *one) for one in ((1, "uk"), (2, "uk", DAY), (2, "en", DAY)))
    version(session, seller, 3, "uk", clock.today() + dt.timedelta(9))
    day = clock.today(seller.zone)
    assert agreements.in_force(session, seller.id, "en", day) is en
    assert agreements.in_force(session, seller.id, "pl", day) is uk  # the Seller's own language
    assert agreements.in_force(session, seller.id, "pl", dt.date(2025, 12, 31)) is None and old.version == 1


@pytest.mark.covers("SMC-30")
def test_an_owner_is_asked_for_a_new_version_at_the_next_sign_in(
    app: Flask, session: Session, olga: User, seller: Seller
) -> None:
    first = version(session, seller, 1)
    session.add(AgreementAcceptance(company_id=olga.company_id, agreement_id=first.id, user_id=olga.id))
    clerk = makers.user(session, Role.EMPLOYEE, olga.company)
    session.commit()
    assert makers.sign_in(app.test_client(), olga).get("/").status_code == 200
    second = version(session, seller, 2)
    client = makers.sign_in(app.test_client(), olga)
    assert client.get("/my/documents/").location == "/my/agreement/"
    assert "Угода 2" in client.get("/my/agreement/").get_data(as_text=True)
    post(client, "/my/agreement/later", page="/my/agreement/")
    assert client.get("/my/documents/").status_code == 200
    client = makers.sign_in(app.test_client(), olga)  # asked again
    page = "/my/agreement/"
    assert post(client, "/my/agreement/accept", page=page, agreement=second.id).location == "/my/agreement/"
    assert post(client, "/my/agreement/accept", page=page, agreement=first.id, agree="1").location == "/my/agreement/"
    assert post(client, "/my/agreement/accept", page=page, agreement=second.id, agree="1").location == "/"
    assert agreements.has_accepted(session, olga.company_id, second)
    assert makers.sign_in(app.test_client(), clerk).get("/").status_code == 200
    assert makers.sign_in(app.test_client(), olga).get("/my/documents/").status_code == 200


def test_another_sellers_agreement_is_not_there(session: Session, olga: User) -> None:
    foreign = version(session, makers.seller(session), 1)
    with pytest.raises(NotFound):
        agreements.accept(session, actor_of(olga), foreign.id)


def test_staff_write_a_version_look_at_it_and_withdraw_it_in_time(
    app: Flask, session: Session, seller: Seller, olga: User
) -> None:
    version(session, seller, 1)
    chief = makers.user(session, Role.ADMINISTRATOR)
    session.commit()
    client = makers.sign_in(app.test_client(), chief)
    tomorrow = clock.today(seller.zone) + dt.timedelta(1)
    form = {"seller": seller.id, "kind": "agreement", "valid_from": tomorrow.isoformat()}
    form |= {"title-uk": "Нова угода", "body-uk": "Перше.\r\n\r\nДруге.", "changes-uk": "Усе."}
    address = f"/office/agreements/new?seller={seller.id}"
    assert "<p>Друге.</p>" in post(client, address, **form, preview="1").get_data(as_text=True)
    assert session.query(Agreement).count() == 1
    assert post(client, address, **form, keep="1").status_code == 302
    made = session.query(Agreement).filter_by(version=2).one()
    assert (made.title, made.changes, made.valid_from) == ("Нова угода", "Усе.", tomorrow)
    assert "Нова угода" in client.get(f"/office/agreements/?seller={seller.id}").get_data(as_text=True)
    assert client.get(f"/office/agreements/accepted?seller={seller.id}").status_code == 200
    post(client, "/office/agreements/withdraw", seller=seller.id, kind="agreement", version=2)
    post(client, "/office/agreements/withdraw", seller=seller.id, kind="agreement", version=1)
    assert [one.version for one in session.query(Agreement)] == [1]


def test_a_version_needs_the_own_language_and_a_later_day(session: Session, seller: Seller) -> None:
    chief = actor_of(makers.user(session, Role.ADMINISTRATOR))
    today = clock.today(seller.zone)
    good = {"locale": "uk", "title": "Т", "body": "Т"}
    for kind, day, text in (
        ("agreement", today, good),
        ("privacy", today + dt.timedelta(1), {**good, "locale": "en"}),
        ("privacy", today + dt.timedelta(1), {**good, "body": ""}),
    ):
        with pytest.raises(Refused):
            agreements.write(session, chief, kind, seller.id, day, [text])
    agreements.write(session, chief, "privacy", seller.id, today + dt.timedelta(5), [good])
    with pytest.raises(Refused, match="Choose a later day"):
        agreements.write(session, chief, "privacy", seller.id, today + dt.timedelta(5), [good])
