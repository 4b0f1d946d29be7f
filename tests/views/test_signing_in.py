"""Signing in, staying in, and being out."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.models import User
from tests import makers


@pytest.fixture
def olga(session: Session) -> User:
    made = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    return made


def try_to_sign_in(client: FlaskClient, name: str, password: str, address: str = "10.0.0.1", **more: object):
    environ = {"REMOTE_ADDR": address}
    token = makers._token(client.get("/login/", environ_base=environ).get_data(as_text=True))
    data = {"username": name, "password": password, "csrf_token": token}
    return client.post("/login/", data=data, environ_base=environ, **more)


def is_in(client: FlaskClient) -> bool:
    return client.get("/profile/").status_code == 200


def test_a_person_signs_in_and_out(app: Flask, olga: User) -> None:
    client = app.test_client()
    assert client.get("/profile/").status_code == 302
    makers.sign_in(client, olga)
    assert olga.username in client.get("/profile/").get_data(as_text=True)
    assert client.get("/logout/").status_code == 200  # only asks
    assert is_in(client)
    token = makers._token(client.get("/logout/").get_data(as_text=True))
    assert client.post("/logout/", data={"csrf_token": token}).status_code == 302
    assert not is_in(client)


def test_wrong_password_and_unknown_name_get_the_same_answer(app: Flask, olga: User) -> None:
    wrong = try_to_sign_in(app.test_client(), olga.username, "wrong").get_data(as_text=True)
    nobody = try_to_sign_in(app.test_client(), "nobody-of-that-name", "wrong").get_data(as_text=True)
    message = "The name or the password is wrong"
    assert message in wrong and message in nobody
