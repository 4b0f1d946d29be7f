"""Passkeys: added, named, used instead of a password and as second step, removed; forged and copied ones refused."""

import copy
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.models import AuditEvent, Passkey, Policy, User
from tests import makers
from tests.authenticator import Authenticator
from tests.views import forms

post = partial(forms.post, page="/profile/")

ORIGIN = "http://localhost"


@pytest.fixture
def olga(session: Session) -> User:
    made = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    return made


@pytest.fixture
def phone() -> Authenticator:
    return Authenticator(ORIGIN, "localhost")


def send(client: FlaskClient, path: str, body: Any = None, page: str = "/login/") -> Any:
    token = makers._token(client.get(page, follow_redirects=True).get_data(as_text=True))
    return client.post(path, json=body or {}, headers={"X-CSRFToken": token})


def add(client: FlaskClient, key: Authenticator, name: str = "Work laptop") -> Any:
    options = send(client, "/passkeys/new", page="/profile/").json
    return send(client, "/passkeys/keep", {"credential": key.make(options), "name": name}, page="/profile/")


def sign_in(client: FlaskClient, key: Authenticator, **more: Any) -> Any:
    options = send(client, "/passkeys/sign-in/ask").json
    return send(client, "/passkeys/sign-in", {"credential": key.sign(options), **more})


def is_in(client: FlaskClient) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.mark.covers("SMC-17")
def test_olga_adds_a_passkey_and_signs_in_with_it_alone(
    app: Flask, session: Session, olga: User, phone: Authenticator
) -> None:
    assert add(makers.sign_in(app.test_client(), olga), phone).status_code == 200
    session.add(Policy(seller_id=olga.company.seller_id, kind="second_factor", settings={"demanded": True}))
    session.commit()
    client = app.test_client()
    assert sign_in(client, phone, next="/my/documents/").json == {"redirect": "/my/documents/"}
    assert is_in(client)
    assert sign_in(app.test_client(), phone, next="https://evil.example/").json == {"redirect": "/"}
    key = session.query(Passkey).one()
    assert (key.user_id, key.name, key.sign_count) == (olga.id, "Work laptop", 2) and key.used_at


def test_a_passkey_is_the_second_step_after_the_password(
    app: Flask, session: Session, olga: User, phone: Authenticator
) -> None:
    add(makers.sign_in(app.test_client(), olga), phone)
    client = app.test_client()
    answer = post(client, "/login/", page="/login/", username=olga.username, password=makers.PASSWORD)
    assert answer.location == "/second/" and not is_in(client)
    page = client.get("/second/").get_data(as_text=True)
    assert "Use a passkey" in page and 'value="email"' not in page  # mail renews the password already
    options = send(client, "/passkeys/sign-in/ask", page="/second/").json
    assert [one["id"] for one in options["allowCredentials"]] == [session.query(Passkey).one().credential]
    assert send(client, "/passkeys/sign-in", {"credential": phone.sign(options)}, page="/second/").status_code == 200
    assert is_in(client)


def test_somebody_elses_key_does_not_pass_the_second_step(
    app: Flask, session: Session, olga: User, phone: Authenticator
) -> None:
    thief, own = makers.user(session, Role.OWNER, makers.company(session)), Authenticator(ORIGIN, "localhost")
    session.commit()
    add(makers.sign_in(app.test_client(), olga), phone)
    add(makers.sign_in(app.test_client(), thief), own)
    client = app.test_client()
    post(client, "/login/", page="/login/", username=olga.username, password=makers.PASSWORD)
    options = send(client, "/passkeys/sign-in/ask", page="/second/").json
    assert send(client, "/passkeys/sign-in", {"credential": own.sign(options)}, page="/second/").status_code == 400
    assert not is_in(client)


@pytest.mark.parametrize("wrong", ["origin", "rp", "unverified", "signature", "unknown", "replayed", "handle"])
def test_a_wrong_answer_opens_nothing(
    app: Flask, session: Session, olga: User, phone: Authenticator, wrong: str
) -> None:
    add(makers.sign_in(app.test_client(), olga), phone)
    client, forged = app.test_client(), copy.copy(phone)
    if wrong == "origin":
        forged.origin = "https://evil.example"
    elif wrong == "rp":
        forged.rp_id = "evil.example"
    elif wrong == "unverified":
        forged.verifies = False
    elif wrong == "signature":
        forged.key = Authenticator(ORIGIN, "localhost").key
    elif wrong == "unknown":
        forged.credential_id = b"nobody"
    elif wrong == "handle":
        forged.user_handle = "a2FiaW5ldC0w"
    options = send(client, "/passkeys/sign-in/ask").json
    answer = forged.sign(options)
    if wrong == "replayed":
        assert send(client, "/passkeys/sign-in", {"credential": answer}).status_code == 200
        client = app.test_client()
        send(client, "/passkeys/sign-in/ask")
    assert send(client, "/passkeys/sign-in", {"credential": answer}).status_code == 400
    assert send(client, "/passkeys/sign-in", {"credential": answer}).status_code == 400  # the challenge is used up
    assert not is_in(client)


def test_a_copied_key_is_refused_and_written_down(
    app: Flask, session: Session, olga: User, phone: Authenticator
) -> None:
    add(makers.sign_in(app.test_client(), olga), phone)
    stolen = copy.copy(phone)
    assert sign_in(app.test_client(), phone).status_code == 200
    client = app.test_client()
    assert sign_in(client, stolen).status_code == 400 and not is_in(client)
    assert session.query(AuditEvent).filter_by(action="user.passkey_copied", user_id=olga.id).count() == 1


def test_a_switched_off_person_has_no_key(app: Flask, session: Session, olga: User, phone: Authenticator) -> None:
    add(makers.sign_in(app.test_client(), olga), phone)
    olga.active = False
    session.commit()
    assert sign_in(app.test_client(), phone).status_code == 400


def test_keys_are_named_and_removed_by_their_owner_only(
    app: Flask, session: Session, olga: User, phone: Authenticator
) -> None:
    client = makers.sign_in(app.test_client(), olga)
    add(client, phone)
    number = session.query(Passkey).one().id
    colleague = makers.user(session, Role.OWNER, olga.company)
    session.commit()
    theirs = makers.sign_in(app.test_client(), colleague)
    assert post(theirs, f"/passkeys/{number}/remove").status_code == 404
    assert post(theirs, f"/passkeys/{number}/rename", name="mine").status_code == 404
    post(client, f"/passkeys/{number}/rename", name="Telephone")
    assert "Telephone" in client.get("/passkeys/").get_data(as_text=True)
    assert add(client, phone).status_code == 400  # the same key twice
    post(client, f"/passkeys/{number}/remove")
    assert session.query(Passkey).count() == 0
    assert sign_in(app.test_client(), phone).status_code == 400


def test_a_seller_may_demand_a_passkey_of_everybody(
    app: Flask, session: Session, olga: User, phone: Authenticator
) -> None:
    client = makers.sign_in(app.test_client(), olga)
    settings = {"demanded": True, "kind": "passkey"}
    session.add(Policy(seller_id=olga.company.seller_id, kind="second_factor", settings=settings))
    session.commit()
    fresh = app.test_client()
    post(fresh, "/login/", page="/login/", username=olga.username, password=makers.PASSWORD)
    with fresh.session_transaction() as kept:
        kept["must_set_up"] = "passkey"  # as after the code by mail
        kept.update({name: value for name, value in _signed(client).items() if name != "must_set_up"})
    assert fresh.get("/my/documents/").location == "/profile/factors/"
    assert "asks everybody for a passkey" in fresh.get("/profile/factors/").get_data(as_text=True)
    assert add(fresh, phone).status_code == 200
    assert fresh.get("/my/documents/").status_code == 200
    again = app.test_client()
    post(again, "/login/", page="/login/", username=olga.username, password=makers.PASSWORD)
    page = again.get("/second/").get_data(as_text=True)
    assert "Use a passkey" in page and "Send a code" not in page  # nothing weaker any more


def _signed(client: FlaskClient) -> dict[str, Any]:
    with client.session_transaction() as kept:
        return dict(kept)


@pytest.mark.covers("AST-024")
def test_operations_are_confirmed_by_the_passkey(
    app: Flask, session: Session, olga: User, phone: Authenticator
) -> None:
    client = makers.sign_in(app.test_client(), olga)
    add(client, phone)
    with client.session_transaction() as kept:
        kept["since"] -= 3600
    number = session.query(Passkey).one().id
    assert post(client, f"/passkeys/{number}/remove").location == "/confirm/"
    assert session.query(Passkey).count() == 1
    options = send(client, "/passkeys/ask", page="/confirm/").json
    assert send(client, "/passkeys/prove", {"credential": phone.sign(options)}, page="/confirm/").status_code == 200
    post(client, f"/passkeys/{number}/remove")
    assert session.query(Passkey).count() == 0
