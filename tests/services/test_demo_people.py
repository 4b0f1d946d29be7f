"""DEMO_PASSWORD as it is set today lets the demo's people in, but not over a password that one of them chose."""

import pytest
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.services.demo import people
from tests import makers


@pytest.fixture
def loaded(session: Session) -> Session:
    for code in ("orion", "vega"):
        makers.company(session, code=code)
    people.add_people(session, "the-first-one")
    return session


def those_who_enter(session: Session, password: str) -> set[str]:
    return {name for name, user in people.people_of(session).items() if check_password_hash(user.password, password)}


def test_a_password_set_later_is_given_to_everybody_and_ends_their_sessions(loaded: Session) -> None:
    assert people.give_password(loaded, "the-first-one") == []
    assert {user.session_epoch for user in people.people_of(loaded).values()} == {0}
    assert people.give_password(loaded, "another-one") == []
    assert len(those_who_enter(loaded, "another-one")) == 9
    assert {user.session_epoch for user in people.people_of(loaded).values()} == {1}


def test_who_chose_a_password_keeps_it_and_is_named(loaded: Session) -> None:
    people.people_of(loaded)["owner"].password = generate_password_hash("chosen by the owner")
    assert people.give_password(loaded, "another-one") == ["owner"]
    assert those_who_enter(loaded, "chosen by the owner") == {"owner"}
    assert len(those_who_enter(loaded, "another-one")) == 8


def test_where_no_demo_is_loaded_nobody_is_given_anything(session: Session) -> None:
    assert people.give_password(session, "another-one") == []
