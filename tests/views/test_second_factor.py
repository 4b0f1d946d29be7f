"""The second step of signing in: codes by telephone and mail, an authenticator, and one's own factors."""

import datetime as dt
import re
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.models import CaughtMail, Policy, User
from tests import makers
from tests.views.forms import letters, post

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def olga(session: Session) -> User:
    made = makers.user(session, Role.OWNER, makers.company(session))
    made.phone = "+380671295010"
    session.commit()
    return made


def demand(session: Session, user: User) -> None:
    session.add(Policy(seller_id=user.company.seller_id, kind="second_factor", settings={"demanded": True}))
    session.commit()


def give_password(client: FlaskClient, user: User, query: str = "") -> Any:
    token = makers._token(client.get("/login/").get_data(as_text=True))
    data = {"username": user.username, "password": makers.PASSWORD, "csrf_token": token}
    return client.post(f"/login/{query}", data=data)


def sent(app: Flask, session: Session) -> CaughtMail:
    return letters(app, session)[-1]


def digits(letter: CaughtMail) -> str:
    found = re.search(r"\d{6}", letter.body)
    assert found is not None
    return found[0]


def is_in(client: FlaskClient) -> bool:
    return client.get("/profile/factors/").status_code == 200


@pytest.mark.covers("SMC-17", "SMC-18", "SMC-19", "SMC-20", "SMC-34")
@pytest.mark.parametrize(("way", "kind"), [("sms", "SMS"), ("call", "CALL")])
def test_olga_enters_a_code_sent_to_her_telephone(
    app: Flask, session: Session, olga: User, way: str, kind: str
) -> None:
    demand(session, olga)
    client = app.test_client()
    assert give_password(client, olga, "?next=/my/documents/").location == "/second/"
    assert not is_in(client)  # half way is not in
    page = client.get("/second/").get_data(as_text=True)
    assert "XXX-XXX-95010" in page and "67129" not in page
    assert post(client, "/second/", factor=way).location == "/second/code"
    assert "XXX-XXX-95010" in client.get("/second/code").get_data(as_text=True)
    letter = sent(app, session)
    assert (letter.recipient, letter.subject) == ("+380671295010", kind)
    assert post(client, "/second/code", code="000000").status_code == 200 and not is_in(client)
    assert post(client, "/second/code", code=digits(letter)).location == "/my/documents/"
    assert is_in(client)
    session.expire_all()
    assert olga.phone_confirmed_at is not None


def test_who_has_no_telephone_gets_the_code_by_mail(app: Flask, session: Session, olga: User) -> None:
    demand(session, olga)
    olga.phone = None
    session.commit()
    client = app.test_client()
    give_password(client, olga)
    assert post(client, "/second/", factor="sms").status_code == 200  # not hers
    assert post(client, "/second/", factor="email").location == "/second/code"
    assert post(client, "/second/code", code=digits(sent(app, session))).status_code == 302
    assert is_in(client)


@pytest.mark.covers("SMC-16")
def test_a_number_nobody_confirmed_locks_nobody_out(app: Flask, session: Session, olga: User) -> None:
    demand(session, olga)
    client = app.test_client()
    give_password(client, olga)
    page = client.get("/second/").get_data(as_text=True)
    assert all(f'value="{way}"' in page for way in ("sms", "call", "email"))
    post(client, "/second/", factor="email")
    post(client, "/second/code", code=digits(sent(app, session)))
    assert is_in(client) and client.get("/my/documents/").location == "/profile/factors/"  # mail is no second factor
    session.expire_all()
    assert olga.phone_confirmed_at is None  # a letter confirms no telephone
    page = "/profile/factors/"
    assert "asks everybody for a second step" in client.get(page).get_data(as_text=True)
    post(client, "/profile/factors/phone", page=page, phone="067 129 50 11", country="UA")
    post(client, "/profile/factors/phone/code", page=page, code=digits(sent(app, session)))
    assert client.get("/my/documents/").status_code == 200
    client = app.test_client()
    give_password(client, olga)
    assert 'value="email"' not in client.get("/second/").get_data(as_text=True)
    assert post(client, "/second/", factor="email").status_code == 200


def test_half_way_ends_after_ten_minutes_and_with_the_password(app: Flask, session: Session, olga: User) -> None:
    demand(session, olga)
    client = app.test_client()
    with clock.standing_at(NOON):
        give_password(client, olga)
    with clock.standing_at(NOON + dt.timedelta(minutes=11)):
        assert client.get("/second/").location == "/login/"
    client = app.test_client()
    give_password(client, olga)
    olga.session_epoch += 1
    session.commit()
    assert client.get("/second/").location == "/login/"


def test_a_stranger_has_no_second_step(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/second/").location == "/login/" and client.get("/second/code").location == "/second/"


def test_codes_of_another_person_open_nothing(app: Flask, session: Session, olga: User) -> None:
    demand(session, olga)
    boris = makers.user(session, Role.OWNER, makers.company(session))
    boris.phone = "+380671111111"
    demand(session, boris) if boris.company.seller_id != olga.company.seller_id else session.commit()
    hers, his = app.test_client(), app.test_client()
    give_password(his, boris)
    post(his, "/second/", factor="sms")
    code = digits(sent(app, session))
    give_password(hers, olga)
    post(hers, "/second/", factor="sms")
    assert post(hers, "/second/code", code=code).status_code == 200 and not is_in(hers)


@pytest.mark.covers("AST-024")
def test_an_authenticator_is_set_up_asked_for_and_switched_off(app: Flask, session: Session, olga: User) -> None:
    client = makers.sign_in(app.test_client(), olga)
    page = client.get("/profile/factors/authenticator").get_data(as_text=True)
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert key is not None and "<svg" in page
    totp = pyotp.TOTP(key[1].replace(" ", ""))
    path = "/profile/factors/authenticator"
    assert post(client, path, code="123").status_code == 200
    with clock.standing_at(clock.now()):
        assert post(client, path, code=totp.at(clock.now())).status_code == 302
    session.expire_all()
    assert olga.totp_secret and key[1].replace(" ", "") not in olga.totp_secret  # sealed
    desk, later = app.test_client(), clock.now() + dt.timedelta(minutes=2)
    with clock.standing_at(later):
        assert give_password(desk, olga).location == "/second/"
        assert post(desk, "/second/", factor="totp").location == "/second/code"
        code = totp.at(later)
        assert post(desk, "/second/code", code=code).status_code == 302 and is_in(desk)
        thief = app.test_client()
        give_password(thief, olga)
        post(thief, "/second/", factor="totp")
        assert post(thief, "/second/code", code=code).status_code == 200  # each code works once
        assert not is_in(thief)
    last = later + dt.timedelta(minutes=1)
    with clock.standing_at(last):
        off = "/profile/factors/authenticator/off"
        assert post(desk, off, page="/profile/factors/", code=totp.at(last)).status_code == 302
    session.expire_all()
    assert olga.totp_secret is None


def test_wrong_codes_of_an_authenticator_make_one_wait(app: Flask, session: Session, olga: User) -> None:
    client = makers.sign_in(app.test_client(), olga)
    page = client.get("/profile/factors/authenticator").get_data(as_text=True)
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert key is not None
    totp = pyotp.TOTP(key[1].replace(" ", ""))
    with clock.standing_at(NOON + dt.timedelta(days=1)):
        client = makers.sign_in(app.test_client(), olga)
        page = client.get("/profile/factors/authenticator").get_data(as_text=True)
        totp = pyotp.TOTP(re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", ""))  # type: ignore[index]
        post(client, "/profile/factors/authenticator", code=totp.at(clock.now()))
        desk = app.test_client()
        give_password(desk, olga)
        post(desk, "/second/", factor="totp")
        for _ in range(6):
            page = post(desk, "/second/code", code="000000").get_data(as_text=True)
        assert "Too many wrong codes" in page
        off = "/profile/factors/authenticator/off"
        for _ in range(5):
            post(client, off, page="/profile/factors/", code="000000")
        post(client, off, page="/profile/factors/", code=totp.at(clock.now() + dt.timedelta(seconds=30)))
        assert "Too many wrong codes" in client.get("/profile/factors/").get_data(as_text=True)
    session.expire_all()
    assert olga.totp_secret  # a session that was stolen cannot guess the authenticator away


@pytest.mark.covers("AST-016", "AST-017")
def test_a_telephone_is_confirmed_and_let_go_by_codes(app: Flask, session: Session, olga: User) -> None:
    with clock.standing_at(NOON):
        client = makers.sign_in(app.test_client(), olga)
        assert "Not confirmed" in client.get("/profile/factors/").get_data(as_text=True)
        post(client, "/profile/factors/phone", page="/profile/factors/", phone="067 222 33 44", country="UA")
        letter = sent(app, session)
        assert letter.recipient == "+380672223344"
        post(client, "/profile/factors/phone/code", page="/profile/factors/", code=digits(letter))
        session.expire_all()
        assert olga.phone == "+380672223344" and olga.phone_confirmed_at == NOON
    with clock.standing_at(NOON + dt.timedelta(minutes=5)):
        post(client, "/profile/factors/phone", page="/profile/factors/", phone="067 999 88 77", country="UA")
        session.expire_all()
        assert olga.phone == "+380672223344"  # a confirmed number is not simply overwritten
        post(client, "/profile/factors/phone/send", page="/profile/factors/")
        letter = sent(app, session)
        assert letter.recipient == "+380672223344"  # the old number
        post(client, "/profile/factors/phone/code", page="/profile/factors/", code=digits(letter))
        session.expire_all()
        assert olga.phone is None and olga.phone_confirmed_at is None


@pytest.mark.covers("SMC-35", "SMC-73")
def test_a_forgotten_password_asks_for_the_telephone_too(app: Flask, session: Session, olga: User) -> None:
    olga.phone_confirmed_at = clock.now()
    olga.company.seller.phone, olga.email = "+380445853550", "olga@example.org"
    session.commit()
    client, strong = app.test_client(), "Violet-Harbour-42"
    assert post(client, "/forgotten/", email="olga@example.org").location == "/forgotten/code"
    assert "+380445853550" in client.get("/forgotten/code").get_data(as_text=True)
    assert post(client, "/forgotten/code", code=digits(sent(app, session))).location == "/forgotten/second"
    assert client.get("/forgotten/password").location == "/forgotten/second"
    assert "XXX-XXX-95010" in post(client, "/forgotten/second", way="sms").get_data(as_text=True)
    letter = sent(app, session)
    assert letter.recipient == "+380671295010"
    assert post(client, "/forgotten/second", code="000000").status_code == 200
    assert client.get("/forgotten/password").location == "/forgotten/second"
    assert post(client, "/forgotten/second", code=digits(letter)).location == "/forgotten/password"
    assert post(client, "/forgotten/password", new=strong, again=strong).location == "/login/"
    makers.sign_in(app.test_client(), olga, strong)
