"""People: made, changed and switched off by who may, never above themselves and never next door."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.permissions import Right
from app.access.roles import Role
from app.core.errors import DomainError, Forbidden, NotFound, Refused
from app.models import AuditEvent, Company, User, UserRight
from app.services import people
from app.views.security import actor_of
from tests import makers

NEW = {
    "username": "petro",
    "email": "petro@example.org",
    "first_name": "Петро",
    "last_name": "Коваль",
    "password": "Lilac-tractor-94",
}


@pytest.fixture
def orion(session: Session) -> Company:
    return makers.company(session)


@pytest.fixture
def owner(session: Session, orion: Company) -> User:
    made = makers.user(session, Role.OWNER, orion)
    session.commit()
    return made


def post(client: FlaskClient, address: str, **fields: object):
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/profile/").get_data(as_text=True))[1]
    return client.post(address, data={"csrf_token": token, **fields})


@pytest.mark.covers("AST-024", "AST-026")
def test_an_owner_makes_an_employee_who_signs_in(app: Flask, owner: User, session: Session) -> None:
    client = makers.sign_in(app.test_client(), owner)
    answer = post(client, "/my/people/new", roles=["employee"], **NEW)
    assert answer.status_code == 302
    petro = session.query(User).filter_by(username="petro").one()
    assert petro.company_id == owner.company_id and [r.name for r in petro.roles] == ["employee"]
    makers.sign_in(app.test_client(), petro, NEW["password"])


def test_a_refused_person_leaves_the_form_filled(app: Flask, owner: User) -> None:
    client = makers.sign_in(app.test_client(), owner)
    page = post(client, "/my/people/new", roles=["employee"], **{**NEW, "password": "short"}).get_data(as_text=True)
    assert "at least 8 characters" in page and 'value="petro@example.org"' in page and 'value="short"' not in page


@pytest.mark.covers("AST-031")
def test_a_right_is_switched_over_the_role(app: Flask, owner: User, session: Session) -> None:
    clerk = makers.user(session, Role.EMPLOYEE, owner.company)
    session.commit()
    assert makers.sign_in(app.test_client(), clerk).get("/my/people/").status_code == 403
    client = makers.sign_in(app.test_client(), owner)
    post(client, f"/my/people/{clerk.id}/change", action="right", right="cabinet_users.write", is_on="on")
    assert makers.sign_in(app.test_client(), clerk).get("/my/people/").status_code == 200
    post(client, f"/my/people/{clerk.id}/change", action="right", right="cabinet_users.write", is_on="")
    assert session.query(UserRight).count() == 0


def test_nobody_rises_above_themselves(session: Session, owner: User) -> None:
    boss = makers.user(session, Role.COMPANY_ADMINISTRATOR, owner.company)
    clerk = makers.user(session, Role.EMPLOYEE, owner.company)
    actor = actor_of(boss)
    for rise in (
        lambda: people.change_roles(session, actor, boss.id, [Role.OWNER]),
        lambda: people.change_roles(session, actor, clerk.id, [Role.OWNER]),
        lambda: people.switch_right(session, actor, clerk.id, Right.CABINET_BUY, True),
        lambda: people.reset_password(session, actor, owner.id, NEW["password"]),
        lambda: people.switch_off(session, actor, owner.id),
        lambda: people.create_user(session, actor, **NEW, roles=[Role.OWNER], company_id=owner.company_id),
    ):
        with pytest.raises(Forbidden):
            rise()


def test_a_company_person_never_gets_an_office_role_or_right(session: Session, owner: User) -> None:
    clerk = makers.user(session, Role.EMPLOYEE, owner.company)
    with pytest.raises(NotFound):
        people.change_roles(session, actor_of(owner), clerk.id, [Role.ADMINISTRATOR])
    with pytest.raises(NotFound):
        people.switch_right(session, actor_of(owner), clerk.id, Right.CUSTOMERS_READ, True)
    clerk.roles = [makers.role(session, Role.ADMINISTRATOR)]  # even where a row says so
    session.flush()
    actor = actor_of(clerk)
    assert not actor.is_staff and not any(right.startswith("customers") for right in actor.rights)


def test_people_next_door_are_not_there(session: Session, owner: User) -> None:
    stranger = makers.user(session, Role.EMPLOYEE, makers.company(session))
    chief = makers.user(session, Role.ADMINISTRATOR)
    with tenancy.seeing(owner.company_id, session):
        for target in (stranger, chief):
            for act in (people.switch_off, people.switch_on, people.end_sessions):
                with pytest.raises(NotFound):
                    act(session, actor_of(owner), target.id)
            with pytest.raises(NotFound):
                people.reset_password(session, actor_of(owner), target.id, NEW["password"])


def test_the_last_administrator_and_oneself_stay(session: Session) -> None:
    chief, second = makers.user(session, Role.ADMINISTRATOR), makers.user(session, Role.ADMINISTRATOR)
    with pytest.raises(Refused, match="yourself"):
        people.switch_off(session, actor_of(chief), chief.id)
    people.switch_off(session, actor_of(chief), second.id)
    with pytest.raises(Refused, match="last administrator"):
        people.change_roles(session, actor_of(chief), chief.id, [Role.SUPPORT])


def test_the_first_person_stays_the_owner(session: Session, orion: Company) -> None:
    chief = actor_of(makers.user(session, Role.ADMINISTRATOR))
    first = people.create_user(session, chief, **NEW, roles=[Role.OWNER], company_id=orion.id)
    assert first.is_first
    for act in (
        lambda: people.switch_off(session, chief, first.id),
        lambda: people.change_roles(session, chief, first.id, [Role.EMPLOYEE]),
        lambda: people.switch_right(session, chief, first.id, Right.CABINET_BUY, False),
    ):
        with pytest.raises(Refused):
            act()


def test_names_and_addresses_are_taken_once(session: Session, orion: Company) -> None:
    chief = actor_of(makers.user(session, Role.ADMINISTRATOR))
    people.create_user(session, chief, **NEW, roles=[Role.OWNER], company_id=orion.id)
    with pytest.raises(DomainError, match="already signs in"):
        people.create_user(session, chief, **{**NEW, "username": "PETRO"}, roles=[Role.OWNER], company_id=orion.id)


def test_an_administrator_manages_everybody_and_it_is_written_down(app: Flask, owner: User, session: Session) -> None:
    chief = makers.user(session, Role.ADMINISTRATOR)
    session.commit()
    client = makers.sign_in(app.test_client(), chief)
    assert owner.username in client.get("/office/people/?q=owner").get_data(as_text=True)
    assert client.get(f"/office/people/{owner.id}").status_code == 200
    post(client, f"/office/people/{owner.id}/change", action="off")
    session.expire_all()
    assert not session.get(User, owner.id).active
    assert session.query(AuditEvent).filter_by(action="user.switch_off", target_id=str(owner.id)).count() == 1


def test_staff_without_the_right_do_not_see_people(app: Flask, session: Session) -> None:
    helper = makers.user(session, Role.SUPPORT)
    session.commit()
    assert makers.sign_in(app.test_client(), helper).get("/office/people/").status_code == 403


def test_permissions_are_made_once(app: Flask, session: Session) -> None:
    runner = app.test_cli_runner()
    first = runner.invoke(args=["sync-permissions"])
    again = runner.invoke(args=["sync-permissions"])
    assert first.exit_code == 0 and "permissions made: 0" not in first.output
    assert {row.name for row in session.query(RoleRow)} >= {role.value for role in Role}
    assert again.output.strip() == "Roles made: 0; permissions made: 0."
