"""Around every request: hosts, proxies, errors as sentences, and nothing of one person left for the next."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.access import tenancy
from app.access.roles import Role
from app.core.errors import Forbidden, NotFound, Refused
from app.extensions import db, only_reading
from app.views import guard
from tests import makers
from tests.conftest import settings_at


def test_nothing_of_a_request_stays_after_it(app: Flask, session: Session) -> None:
    owner = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    client = makers.sign_in(app.test_client(), owner)
    client.get("/profile/")
    assert tenancy.scope() == tenancy.EVERYONE  # this test's own, as before the request
    assert only_reading.get() is False


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (NotFound(), 404, "Go back to the list"),
        (Forbidden("You may not."), 403, "You may not."),
        (Refused("Less than %(least)s is not billed.", least=5), 400, "Less than 5 is not billed."),
    ],
)
def test_a_refusal_is_a_sentence_for_people_and_programs(
    app: Flask, error: Exception, status: int, sentence: str
) -> None:
    with app.test_request_context("/", headers={"Accept": "application/json"}):
        answer, code = guard.domain_error(error)
        assert code == status and sentence in answer.get_json()["message"]
    with app.test_request_context("/"):
        page, code = guard.domain_error(error)
        assert code == status and sentence in page


def test_a_fault_shows_a_number_and_no_trace(app: Flask) -> None:
    with app.test_request_context("/"):
        page, code = guard.broken(RuntimeError("secret detail"))
    assert code == 500 and "give this number" in page and "secret detail" not in page and "Traceback" not in page


def test_a_wrong_method_names_the_right_ones(app: Flask, session: Session) -> None:
    owner = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    answer = makers.sign_in(app.test_client(), owner).get("/profile/language")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]


def served(data_dir: Path, **more: Any) -> Flask:
    return create_app(settings_at(data_dir, **more))


def test_only_our_hosts_are_answered(data_dir: Path) -> None:
    client = served(data_dir, trusted_hosts=("kabinet.example",)).test_client()
    assert client.get("/login/", headers={"Host": "kabinet.example"}).status_code == 200
    assert client.get("/login/", headers={"Host": "evil.example"}).status_code == 400


def test_a_proxy_is_believed_only_where_there_is_one(data_dir: Path) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "kabinet.example"}
    for proxies, scheme in ((0, "http"), (1, "https")):
        app = served(data_dir, proxies=proxies)
        seen: list[str] = []
        app.before_request(lambda seen=seen: seen.append(guard.request.scheme))
        app.test_client().get("/login/", headers=forwarded)
        assert seen == [scheme]


def test_production_asks_for_https(data_dir: Path) -> None:
    client = served(data_dir, production=True, demo=False).test_client()
    answer = client.get("/login/")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=Lax"))


def test_a_file_that_is_too_large_is_refused_with_a_sentence(app: Flask, session: Session) -> None:
    chief = makers.user(session, Role.ADMINISTRATOR)
    session.commit()
    client = makers.sign_in(app.test_client(), chief)
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = client.post("/profile/language", data={"locale": "x" * 5000})
    assert answer.status_code == 413 and "too large" in answer.get_data(as_text=True)
    db.session.rollback()


def test_a_program_gets_json(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/api/v1/nothing").get_json()["message"]
    assert client.post("/login/", json={}).status_code == 400
