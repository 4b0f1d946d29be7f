"""Invitations: a link by mail, once, for one person, to one company."""

import datetime as dt
import re
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.models import AuditEvent, CaughtMail, Invitation, Policy, User
from app.services import people
from app.views.security import actor_of
from tests import makers
from tests.views import forms
from tests.views.forms import letters

post = partial(forms.post, page="/profile/")

PETRO = {"email": "petro@example.org", "first_name": "Петро", "last_name": "Коваль", "locale": "uk"}
STRONG = "Lilac-tractor-94"


@pytest.fixture
def owner(session: Session) -> User:
    made = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    return made


def link_in(letter: CaughtMail) -> str:
    found = re.search(r"/invited/\S+", letter.body)
    assert found is not None
    return found[0]


def join(client: FlaskClient, link: str, **more: Any) -> Any:
    form = {"first_name": "Петро", "last_name": "Коваль", "password": STRONG, "again": STRONG, **more}
    return post(client, link, page=link, **form)


@pytest.mark.covers("AST-027", "AST-028", "AST-012")
def test_an_invited_person_chooses_a_password_and_is_in(app: Flask, owner: User, session: Session) -> None:
    client = makers.sign_in(app.test_client(), owner)
    assert post(client, "/my/people/new", roles=["company_accountant"], **PETRO).location == "/my/people/"
    assert "petro@example.org" in client.get("/my/people/").get_data(as_text=True)
    letter = letters(app, session)[-1]
    assert letter.recipient == "petro@example.org" and owner.company.name in letter.subject and "Добрий" in letter.body
    guest = app.test_client()
    assert join(guest, link_in(letter), again="other").status_code == 200
    assert join(guest, link_in(letter)).location == "/"
    petro = session.query(User).filter_by(email="petro@example.org").one()
    assert (petro.company_id, petro.username, petro.is_first) == (owner.company_id, "petro@example.org", False)
    assert [role.name for role in petro.roles] == ["company_accountant"]
    assert guest.get("/my/documents/").status_code == 200 and guest.get("/my/people/").status_code == 403
    assert session.query(AuditEvent).filter_by(action="user.join", target_id=str(petro.id)).count() == 1
    again = app.test_client()
    assert again.get(link_in(letter)).location == "/login/"  # the link works once
    makers.sign_in(app.test_client(), petro, STRONG)


@pytest.mark.parametrize("kind", ["any", "strong"])
def test_who_joins_sets_up_the_factor_the_provider_demands(
    app: Flask, owner: User, session: Session, kind: str
) -> None:
    demanded = {"demanded": True, "kind": kind}
    client = makers.sign_in(app.test_client(), owner)
    post(client, "/my/people/new", roles=["employee"], **PETRO)
    guest, link = app.test_client(), link_in(letters(app, session)[-1])
    session.add(Policy(seller_id=owner.company.seller_id, kind="second_factor", settings=demanded))
    session.commit()
    join(guest, link)
    assert guest.get("/my/tickets/").location == "/profile/factors/"


def test_an_invitation_is_sent_again_and_withdrawn(app: Flask, owner: User, session: Session) -> None:
    client = makers.sign_in(app.test_client(), owner)
    post(client, "/my/people/new", roles=["employee"], **PETRO)
    first = link_in(letters(app, session)[-1])
    one = session.query(Invitation).one()
    address = f"/my/people/invitations/{one.id}"
    post(client, address, action="again")
    assert "Wait a minute" in client.get("/my/people/").get_data(as_text=True)
    with clock.standing_at(clock.now() + dt.timedelta(minutes=2)):
        post(client, address, action="again")
        second = link_in(letters(app, session)[-1])
        assert second != first and app.test_client().get(first).status_code == 302
        assert app.test_client().get(second).status_code == 200
        post(client, address, action="withdraw")
        assert app.test_client().get(second).status_code == 302
        assert "petro@example.org" not in client.get("/my/people/").get_data(as_text=True)


def test_a_link_runs_out_and_a_forged_one_never_held(app: Flask, owner: User, session: Session) -> None:
    client = makers.sign_in(app.test_client(), owner)
    post(client, "/my/people/new", roles=["employee"], **PETRO)
    link = link_in(letters(app, session)[-1])
    guest = app.test_client()
    for forged in (
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        "/invited/1",
        "/invited/x-y",
        "/invited/99999-" + "a" * 40,
    ):
        assert guest.get(forged).location == "/login/"
    with clock.standing_at(clock.now() + dt.timedelta(days=8)):
        assert guest.get(link).location == "/login/"
    assert session.query(User).count() == 1


def test_nobody_learns_whether_an_address_is_known(app: Flask, owner: User, session: Session) -> None:
    stranger = makers.user(session, Role.OWNER, makers.company(session))
    stranger.email = "known@example.org"
    session.commit()
    client = makers.sign_in(app.test_client(), owner)
    answer = post(client, "/my/people/new", roles=["employee"], **{**PETRO, "email": "known@example.org"})
    assert answer.location == "/my/people/" and "known@example.org" in client.get("/my/people/").get_data(as_text=True)
    letter = letters(app, session)[-1]
    assert letter.recipient == "known@example.org" and "/invited/" not in letter.body


def test_nobody_invites_above_themselves_or_into_the_office(app: Flask, owner: User, session: Session) -> None:
    boss = makers.user(session, Role.COMPANY_ADMINISTRATOR, owner.company)
    session.commit()
    client = makers.sign_in(app.test_client(), boss)
    said = post(client, "/my/people/new", roles=["owner"], **PETRO).get_data(as_text=True)
    assert "more rights than you hold" in said
    assert post(client, "/my/people/new", roles=["administrator"], **PETRO).status_code == 404
    assert session.query(Invitation).count() == 0


def test_an_inviter_who_lost_the_right_passes_nothing_on(app: Flask, owner: User, session: Session) -> None:
    boss = makers.user(session, Role.COMPANY_ADMINISTRATOR, owner.company)
    session.commit()
    post(makers.sign_in(app.test_client(), boss), "/my/people/new", roles=["company_administrator"], **PETRO)
    link = link_in(letters(app, session)[-1])
    people.change_roles(session, actor_of(owner), boss.id, [Role.EMPLOYEE])
    session.commit()
    assert join(app.test_client(), link).status_code == 200
    assert session.query(User).filter_by(email="petro@example.org").count() == 0


def test_the_neighbours_invitations_are_not_there(app: Flask, owner: User, session: Session) -> None:
    stranger = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    post(makers.sign_in(app.test_client(), stranger), "/my/people/new", roles=["employee"], **PETRO)
    one = session.query(Invitation).one()
    client = makers.sign_in(app.test_client(), owner)
    assert post(client, f"/my/people/invitations/{one.id}", action="withdraw").status_code == 404
    assert "petro@example.org" not in client.get("/my/people/").get_data(as_text=True)
