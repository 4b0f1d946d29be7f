"""Signing in, staying in, and being out (T18–T21)."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.extensions import appbuilder
from app.models import AuditEvent, SignInAttempt, User
from app.services import people
from tests import makers

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def olga(session: Session) -> User:
    made = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    return made


def try_to_sign_in(client: FlaskClient, name: str, password: str, address: str = "10.0.0.1", query: str = "") -> Any:
    environ = {"REMOTE_ADDR": address}
    token = makers._token(client.get("/login/", environ_base=environ).get_data(as_text=True))
    data = {"username": name, "password": password, "csrf_token": token}
    return client.post(f"/login/{query}", data=data, environ_base=environ)


def is_in(client: FlaskClient) -> bool:
    return client.get("/profile/").status_code == 200


def copy_of(app: Flask, client: FlaskClient) -> FlaskClient:
    """Another browser holding a stolen copy of the session cookie."""
    thief = app.test_client()
    thief.set_cookie("session", client.get_cookie("session").value)
    return thief


def test_a_person_signs_in_and_out(app: Flask, olga: User) -> None:
    client = app.test_client()
    assert client.get("/profile/").status_code == 302
    makers.sign_in(client, olga)
    assert olga.username in client.get("/profile/").get_data(as_text=True)
    assert client.get("/logout/").status_code == 200  # only asks
    assert is_in(client)
    thief, phone = copy_of(app, client), makers.sign_in(app.test_client(), olga)
    assert is_in(thief)
    token = makers._token(client.get("/logout/").get_data(as_text=True))
    assert client.post("/logout/", data={"csrf_token": token}).status_code == 302
    assert not is_in(client) and not is_in(thief)
    assert is_in(phone)


def test_signing_out_takes_the_token_of_the_page(app: Flask, olga: User) -> None:
    client = makers.sign_in(app.test_client(), olga)
    assert client.post("/logout/").status_code == 400
    assert is_in(client)


def test_a_right_sign_in_is_written_in_the_trail(app: Flask, olga: User, session: Session) -> None:
    makers.sign_in(app.test_client(), olga)
    event = session.query(AuditEvent).filter_by(action="user.sign_in").one()
    assert (event.user_id, event.company_id) == (olga.id, olga.company_id)


def test_wrong_password_and_unknown_name_get_the_same_answer(app: Flask, olga: User) -> None:
    wrong = try_to_sign_in(app.test_client(), olga.username, "wrong").get_data(as_text=True)
    nobody = try_to_sign_in(app.test_client(), "nobody-of-that-name", "wrong").get_data(as_text=True)
    message = "The name or the password is wrong"
    assert message in wrong and message in nobody


def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    app: Flask, olga: User, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from werkzeug.security import generate_password_hash

    from app.services import sign_in

    checked: list[str] = []

    def counted(hash_: str, password: str) -> bool:
        checked.append(hash_.rsplit("$", 2)[0])
        return False

    monkeypatch.setattr(sign_in, "check_password_hash", counted)
    olga.password = generate_password_hash("Correct-horse-7")
    for name in (olga.username, "nobody"):
        sign_in.person_with(session, name, "wrong")
    assert len(checked) == 2 and checked[0] == checked[1]  # one check each, of the same method and cost


def test_a_person_who_was_switched_off_cannot_sign_in(app: Flask, olga: User, session: Session) -> None:
    olga.active = False
    session.commit()
    answer = try_to_sign_in(app.test_client(), olga.username, makers.PASSWORD)
    assert answer.status_code == 401 and "is wrong" in answer.get_data(as_text=True)


def test_an_e_mail_address_signs_in_too(app: Flask, olga: User) -> None:
    assert try_to_sign_in(app.test_client(), olga.email.upper(), makers.PASSWORD).status_code == 302


def test_wrong_passwords_make_the_wait_grow(app: Flask, olga: User) -> None:
    with clock.standing_at(NOON):
        for _ in range(5):
            try_to_sign_in(app.test_client(), olga.username, "wrong")
        answer = try_to_sign_in(app.test_client(), olga.username, makers.PASSWORD)
        assert answer.status_code == 401 and "in 5 seconds" in answer.get_data(as_text=True)
    with clock.standing_at(NOON + dt.timedelta(seconds=6)):
        try_to_sign_in(app.test_client(), olga.username, "wrong")
        answer = try_to_sign_in(app.test_client(), olga.username, makers.PASSWORD)
        assert "in 10 seconds" in answer.get_data(as_text=True)
    with clock.standing_at(NOON + dt.timedelta(seconds=30)):
        assert try_to_sign_in(app.test_client(), olga.username, makers.PASSWORD).status_code == 302


def test_a_guesser_does_not_lock_the_victim_out_elsewhere(app: Flask, olga: User) -> None:
    with clock.standing_at(NOON):
        for _ in range(8):
            try_to_sign_in(app.test_client(), olga.username, "wrong", address="203.0.113.9")
        assert try_to_sign_in(app.test_client(), olga.username, makers.PASSWORD, address="10.9.9.9").status_code == 302


def test_one_address_trying_many_names_waits_too(app: Flask, session: Session) -> None:
    from app.services import sign_in

    with clock.standing_at(NOON):
        for n in range(30):
            sign_in.note_failure(session, sign_in.hashed(f"name{n}", "s"), sign_in.hashed("203.0.113.9", "s"))
        here, elsewhere = (sign_in.hashed(text, "s") for text in ("203.0.113.9", "203.0.113.10"))
        fresh = sign_in.hashed("another", "s")
        assert sign_in.wait_seconds(session, fresh, here) > 0
        assert sign_in.wait_seconds(session, fresh, elsewhere) == 0


def test_attempts_keep_neither_names_nor_addresses(app: Flask, olga: User, session: Session) -> None:
    try_to_sign_in(app.test_client(), olga.username, "wrong", address="203.0.113.9")
    kept = session.query(SignInAttempt).one()
    assert len(kept.name_hash) == len(kept.address_hash) == 64
    assert olga.username not in kept.name_hash and "203" not in kept.address_hash[:3]


def test_a_session_is_made_afresh_on_sign_in(app: Flask, olga: User) -> None:
    client = app.test_client()
    client.get("/login/")
    with client.session_transaction() as planted:
        planted["planted"] = "by an attacker"
    before = client.get_cookie("session").value
    makers.sign_in(client, olga)
    with client.session_transaction() as now:
        assert "planted" not in now
    assert client.get_cookie("session").value != before


def test_a_password_reset_by_fabs_own_command_is_held_to_the_rule(app: Flask, olga: User, session: Session) -> None:
    client, number = makers.sign_in(app.test_client(), olga), olga.id
    session.commit()
    with app.app_context():
        with pytest.raises(DomainError):
            appbuilder.sm.reset_password(number, "short")
        appbuilder.sm.reset_password(number, "Lilac-tractor-94")
    assert not is_in(client)
    makers.sign_in(app.test_client(), olga, "Lilac-tractor-94")


def test_sign_out_everywhere_ends_every_session(app: Flask, olga: User) -> None:
    laptop, phone = makers.sign_in(app.test_client(), olga), makers.sign_in(app.test_client(), olga)
    token = makers._token(laptop.get("/profile/").get_data(as_text=True))
    laptop.post("/profile/sign-out-everywhere", data={"csrf_token": token})
    assert not is_in(laptop) and not is_in(phone)


def test_deactivation_a_reset_and_new_roles_end_sessions(app: Flask, olga: User, session: Session) -> None:
    chief = Actor.system()
    for change in (
        lambda: people.reset_password(session, chief, olga.id, makers.PASSWORD),
        lambda: people.change_roles(session, chief, olga.id, [Role.EMPLOYEE]),
        lambda: people.switch_off(session, chief, olga.id),
    ):
        client = makers.sign_in(app.test_client(), olga)
        assert is_in(client)
        change()
        session.commit()
        assert not is_in(client)


def test_an_idle_session_ends_and_a_used_one_lives_to_its_limit(app: Flask, olga: User) -> None:
    with clock.standing_at(NOON):
        idle = makers.sign_in(app.test_client(), olga)
        used = makers.sign_in(app.test_client(), olga)
    for minutes in range(20, 12 * 60, 20):
        with clock.standing_at(NOON + dt.timedelta(minutes=minutes)):
            assert is_in(used)
    with clock.standing_at(NOON + dt.timedelta(minutes=31)):
        assert not is_in(idle)
    with clock.standing_at(NOON + dt.timedelta(hours=12, minutes=5)):
        assert not is_in(used)


FAR = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:x",
]


@pytest.mark.parametrize("target", FAR)
def test_sign_in_leads_nowhere_else(app: Flask, olga: User, target: str) -> None:
    client = app.test_client()
    token = makers._token(client.get("/login/").get_data(as_text=True))
    data = {"username": olga.username, "password": makers.PASSWORD, "csrf_token": token}
    answer = client.post("/login/", query_string={"next": target}, data=data)
    assert answer.status_code == 302 and answer.headers["Location"] == "/"


def test_back_leads_only_to_own_pages(app: Flask, olga: User) -> None:
    client = makers.sign_in(app.test_client(), olga)
    for target in FAR:
        with client.session_transaction() as kept:
            kept["page_history"] = [target, target]
        assert client.get("/back").headers["Location"] == "/"


def test_a_language_chosen_by_a_link_touches_only_the_session(app: Flask, olga: User, session: Session) -> None:
    client = makers.sign_in(app.test_client(), olga)
    answer = client.get("/lang/pl")
    assert answer.headers["Location"].startswith("/")
    assert session.get(User, olga.id).locale == "en"
    assert '<html lang="pl"' in client.get("/profile/").get_data(as_text=True)
    assert client.get("/lang/xx").status_code == 404


def test_a_kept_language_is_on_the_person(app: Flask, olga: User, session: Session) -> None:
    client = makers.sign_in(app.test_client(), olga)
    token = makers._token(client.get("/profile/").get_data(as_text=True))
    client.post("/profile/language", data={"locale": "uk", "csrf_token": token})
    session.expire_all()
    assert session.get(User, olga.id).locale == "uk"
    assert '<html lang="uk"' in makers.sign_in(app.test_client(), olga).get("/profile/").get_data(as_text=True)


def test_strangers_are_sent_to_sign_in_and_programs_get_401(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/profile/?a=b").headers["Location"] == "/login/?next=/profile/?a%3Db"
    assert client.get("/profile/", headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/security/login",
        "/api/v1/security/refresh",
        "/api/v1/security/users/",
        "/api/v1/menu/",
        "/users/list/",
        "/roles/list/",
        "/groups/list/",
        "/permissions/list/",
        "/viewmenus/list/",
        "/permissionviews/list/",
        "/userstatschartview/chart/",
        "/registeruser/list/",
        "/resetmypassword/form",
        "/resetpassword/form?pk=1",
        "/userinfoeditview/form",
    ],
)
def test_fabs_own_security_pages_do_not_exist(app: Flask, session: Session, address: str) -> None:
    chief = makers.user(session, Role.ADMINISTRATOR)
    session.commit()
    client = makers.sign_in(app.test_client(), chief)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code in (400, 404)  # 400: no token, asked before the address is looked at
