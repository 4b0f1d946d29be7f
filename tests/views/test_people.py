"""People: made, changed and switched off by who may, never above themselves and never next door."""

import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.permissions import CABINET_RIGHTS, Right
from app.access.roles import Role
from app.core import clock
from app.core.actor import Actor
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
    two = ["cabinet_documents.read", "cabinet_payments.read"]
    post(client, f"/my/people/{clerk.id}/change", action="right", right=two, is_on="on")
    assert {row.right for row in session.query(UserRight).filter_by(user_id=clerk.id, is_on=True)} == set(two)
    page = client.get(f"/my/people/{clerk.id}").get_data(as_text=True)
    assert "data-confirm" in page and page.count("Switched on") == 2
    theirs = makers.sign_in(app.test_client(), clerk)
    assert [theirs.get(path).status_code for path in ("/", "/my/tickets/")] == [200, 200]
    post(client, f"/my/people/{clerk.id}/change", action="right", right="cabinet.read", is_on="off")
    assert [theirs.get(path).status_code for path in ("/", "/my/tickets/", "/profile/")] == [403, 403, 200]


def test_nobody_rises_above_themselves(session: Session, owner: User) -> None:
    boss = makers.user(session, Role.COMPANY_ADMINISTRATOR, owner.company)
    clerk = makers.user(session, Role.EMPLOYEE, owner.company)
    actor = actor_of(boss)
    for rise in (
        lambda: people.change_roles(session, actor, boss.id, [Role.OWNER]),
        lambda: people.change_roles(session, actor, clerk.id, [Role.OWNER]),
        lambda: people.switch_rights(session, actor, clerk.id, [Right.CABINET_BUY], True),
        lambda: people.reset_password(session, actor, owner.id, NEW["password"]),
        lambda: people.switch_off(session, actor, owner.id),
        lambda: people.create_user(session, actor, **NEW, roles=[Role.OWNER], company_id=owner.company_id),
    ):
        with pytest.raises(Forbidden):
            rise()


@pytest.mark.covers("AST-029")
def test_a_manager_is_told_why_the_first_user_is_above_them(app: Flask, session: Session, orion: Company) -> None:
    chief = actor_of(makers.user(session, Role.ADMINISTRATOR))
    first = people.create_user(session, chief, **NEW, roles=[Role.OWNER], company_id=orion.id)
    boss, clerk = (makers.user(session, role, orion) for role in (Role.COMPANY_ADMINISTRATOR, Role.EMPLOYEE))
    session.commit()
    client = makers.sign_in(app.test_client(), boss)
    page = client.get(f"/my/people/{first.id}").get_data(as_text=True)
    assert "more rights than you hold" in page and "&#34;delete&#34;" not in page and 'value="edit"' not in page
    page = client.get(f"/my/people/{clerk.id}").get_data(as_text=True)
    assert "&#34;delete&#34;" in page and 'value="edit"' in page and 'value="owner"' not in page
    for act in ({"action": "delete"}, {"action": "off"}, {"action": "edit", "first_name": "X", "locale": "uk"}):
        assert post(client, f"/my/people/{first.id}/change", **act).location == f"/my/people/{first.id}"
        assert "more rights than you hold" in client.get("/my/people/").get_data(as_text=True)
    post(client, "/my/people/many", action="delete", rowid=[clerk.id, first.id])
    assert "more rights than you hold" in client.get("/my/people/").get_data(as_text=True)
    session.expire_all()
    assert first.active and clerk.active and (first.deleted_at, clerk.deleted_at) == (None, None)


def test_a_right_switched_off_by_the_owner_is_not_taken_back(session: Session, owner: User) -> None:
    boss = makers.user(session, Role.COMPANY_ADMINISTRATOR, owner.company)
    people.switch_rights(session, actor_of(owner), boss.id, [Right.CABINET_PAYMENTS], False)
    for way in (True, None):
        with pytest.raises(Forbidden), session.begin_nested():
            people.switch_rights(session, actor_of(boss), boss.id, [Right.CABINET_PAYMENTS], way)


def test_a_company_keeps_somebody_with_full_rights(session: Session, owner: User) -> None:
    second = makers.user(session, Role.OWNER, owner.company)
    actor = actor_of(owner)
    people.switch_off(session, actor, second.id)
    for act in (
        lambda: people.change_roles(session, actor, owner.id, [Role.EMPLOYEE]),
        lambda: people.switch_rights(session, actor, owner.id, [Right.CABINET_BUY], False),
    ):
        with pytest.raises(Refused, match="last person with full rights"), session.begin_nested():
            act()


@pytest.mark.postgres
@pytest.mark.covers("AST-029", "AST-030")
def test_the_first_user_is_deleted_once_another_has_full_rights(session: Session, orion: Company) -> None:
    chief = actor_of(makers.user(session, Role.ADMINISTRATOR))
    first = people.create_user(session, chief, **NEW, roles=[Role.OWNER], company_id=orion.id)
    clerk = makers.user(session, Role.COMPANY_ADMINISTRATOR, orion)
    second = makers.user(session, Role.OWNER, orion)
    people.switch_rights(session, chief, second.id, [Right.CABINET_TICKETS], False)  # so not full rights
    full = Actor(None, "Owner", orion.id, rights=CABINET_RIGHTS)
    with pytest.raises(Refused, match="another active user has full rights"), session.begin_nested():
        people.delete(session, full, first.id)
    people.switch_rights(session, chief, second.id, [Right.CABINET_TICKETS], None)
    people.delete(session, actor_of(second), first.id)
    session.expire_all()
    assert session.get(User, second.id).is_first and session.get(User, first.id) is None
    with pytest.raises(Forbidden):
        people.delete(session, actor_of(clerk), second.id)
    with pytest.raises(Refused, match="yourself"):
        people.delete(session, actor_of(second), second.id)


def test_who_history_names_is_kept_without_their_address(app: Flask, owner: User, session: Session) -> None:
    clerk = makers.user(session, Role.EMPLOYEE, owner.company)
    clerk.phone, name, number = "+380671234567", clerk.get_full_name(), clerk.id
    session.commit()
    theirs = makers.sign_in(app.test_client(), clerk)  # the audit trail names them now
    client = makers.sign_in(app.test_client(), owner)
    assert post(client, f"/my/people/{number}/change", action="delete").location == "/my/people/"
    session.expire_all()
    kept = session.get(User, number)
    assert kept.deleted_at and kept.get_full_name() == name and kept.phone is None and "deleted" in kept.email
    assert theirs.get("/profile/").status_code == 302  # signed out
    assert client.get(f"/my/people/{number}").status_code == 404
    assert name not in client.get("/my/people/").get_data(as_text=True)


@pytest.mark.covers("AST-014", "AST-018")
def test_the_first_users_name_and_everybodys_address_are_changed_by_the_provider(
    app: Flask, session: Session, orion: Company
) -> None:
    chief = makers.user(session, Role.ADMINISTRATOR)
    first = people.create_user(session, actor_of(chief), **NEW, roles=[Role.OWNER], company_id=orion.id)
    clerk = makers.user(session, Role.EMPLOYEE, orion)
    session.commit()
    client = makers.sign_in(app.test_client(), first, NEW["password"])
    form = {"action": "edit", "first_name": "Іван", "last_name": "Новий", "locale": "uk", "display_name": "Ivan"}
    post(client, f"/my/people/{first.id}/change", **form)
    assert "changed by the provider only" in client.get("/my/people/").get_data(as_text=True)
    post(client, f"/my/people/{clerk.id}/change", **form, email="thief@example.org")
    session.expire_all()
    assert (first.first_name, clerk.first_name) == ("Петро", clerk.first_name) and clerk.email != "thief@example.org"
    post(client, f"/my/people/{clerk.id}/change", **form)
    session.expire_all()
    assert (clerk.first_name, clerk.last_name, clerk.display_name) == ("Іван", "Новий", "Ivan")
    staff = makers.sign_in(app.test_client(), chief)
    post(staff, f"/office/people/{first.id}/change", **form, email="ivan@example.org")
    session.expire_all()
    assert (first.first_name, first.email) == ("Іван", "ivan@example.org")
    assert client.get("/profile/").status_code == 302  # a new address ends the sessions of the old one


@pytest.mark.covers("AST-015")
def test_only_the_provider_takes_a_lost_telephone_away(app: Flask, owner: User, session: Session) -> None:
    clerk, chief = makers.user(session, Role.EMPLOYEE, owner.company), makers.user(session, Role.ADMINISTRATOR)
    clerk.phone, clerk.phone_confirmed_at = "+380671234567", clock.now()
    session.commit()
    post(makers.sign_in(app.test_client(), owner), f"/my/people/{clerk.id}/change", action="phone_off")
    session.expire_all()
    assert clerk.phone
    post(makers.sign_in(app.test_client(), chief), f"/office/people/{clerk.id}/change", action="phone_off")
    session.expire_all()
    assert clerk.phone is None and clerk.phone_confirmed_at is None
    assert session.query(AuditEvent).filter_by(action="user.phone_removed", target_id=str(clerk.id)).count() == 1
    theirs, form = makers.sign_in(app.test_client(), clerk), {"action": "phone", "phone": "067 765 43 21"}
    post(makers.sign_in(app.test_client(), chief), f"/office/people/{clerk.id}/change", **form)
    session.expire_all()
    assert clerk.phone == "+380677654321" and theirs.get("/profile/").status_code == 302  # of the old number: shut


def test_several_people_are_switched_off_together_or_not_at_all(app: Flask, owner: User, session: Session) -> None:
    clerks = [makers.user(session, Role.EMPLOYEE, owner.company) for _ in range(2)]
    stranger = makers.user(session, Role.EMPLOYEE, makers.company(session))
    session.commit()
    client = makers.sign_in(app.test_client(), owner)
    ids = [one.id for one in clerks]
    assert post(client, "/my/people/many", action="off", rowid=[*ids, stranger.id]).status_code == 404
    session.expire_all()
    assert all(one.active for one in (*clerks, stranger))
    post(client, "/my/people/many", action="off", rowid=ids)
    session.expire_all()
    assert not any(one.active for one in clerks)


def test_what_changes_rights_is_done_shortly_after_a_proof(app: Flask, owner: User, session: Session) -> None:
    clerk = makers.user(session, Role.EMPLOYEE, owner.company)
    session.commit()
    client = makers.sign_in(app.test_client(), owner)
    with clock.standing_at(clock.now() + dt.timedelta(minutes=20)):
        act = {"action": "right", "right": "cabinet_users.write", "is_on": "on"}
        assert post(client, f"/my/people/{clerk.id}/change", **act).location == "/confirm/"
        assert session.query(UserRight).count() == 0
        assert post(client, "/confirm/", proof="wrong").status_code == 200
        assert post(client, "/confirm/", proof=makers.PASSWORD).status_code == 302
        post(client, f"/my/people/{clerk.id}/change", **act)
        assert session.query(UserRight).count() == 1


def test_a_company_person_never_gets_an_office_role_or_right(session: Session, owner: User) -> None:
    clerk = makers.user(session, Role.EMPLOYEE, owner.company)
    with pytest.raises(NotFound):
        people.change_roles(session, actor_of(owner), clerk.id, [Role.ADMINISTRATOR])
    with pytest.raises(NotFound):
        people.switch_rights(session, actor_of(owner), clerk.id, [Right.CUSTOMERS_READ], True)
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
        lambda: people.switch_rights(session, chief, first.id, [Right.CABINET_BUY], False),
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
