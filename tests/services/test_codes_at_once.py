"""Codes asked for and passwords tried at once on PostgreSQL: the pause and the limits are counted, not raced past."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.roles import Role
from app.core.errors import Refused
from app.extensions import db
from app.models import Invitation, OneTimeCode, SignInAttempt
from app.services import codes, invitations, people, sign_in
from app.services.codes import Purpose
from app.views.security import actor_of
from tests import makers

THREADS = 8


@pytest.mark.postgres
def test_many_who_ask_at_once_get_one_code(app: Flask, session: Session) -> None:
    def ask(at: int) -> str:
        with app.app_context():
            try:
                codes.ask(db.session(), Purpose.REGISTER, "olga@contoso.example", asker=f"10.0.0.{at}", secret="s")
                db.session.commit()
                return "sent"
            except Refused as error:
                db.session.rollback()
                return error.text
            finally:
                db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        became = list(pool.map(ask, range(12)))
    assert became.count("sent") == 1 and session.query(OneTimeCode).count() == 1, became


def test_one_network_asks_for_thirty_codes_an_hour_but_its_people_sign_in(session: Session) -> None:
    for at in range(codes.RULE.of_asker):
        codes.ask(session, Purpose.REGISTER, f"olga{at}@contoso.example", asker="10.0.0.1", secret="s")
    with pytest.raises(Refused, match="Too many codes"):
        codes.ask(session, Purpose.PHONE, "+380671234567", asker="10.0.0.1", secret="s")
    codes.ask(session, Purpose.SIGN_IN, "+380671234567", asker="10.0.0.1", secret="s")


@pytest.mark.postgres
def test_many_wrong_tries_at_once_are_let_in_no_more_than_one_after_another(app: Flask, session: Session) -> None:
    address = sign_in.hashed("10.0.0.1", "s")
    became = at_once(app, [(sign_in.hashed("olga", "s"), address)] * 12)
    assert became.count(True) == sign_in.FREE_TRIES == session.query(SignInAttempt).count()


@pytest.mark.postgres
def test_many_names_tried_at_once_from_one_network_are_counted_together(app: Flask, session: Session) -> None:
    address = sign_in.hashed("10.0.0.1", "s")
    became = at_once(app, [(sign_in.hashed(f"olga{at}", "s"), address) for at in range(40)])
    assert became.count(True) == sign_in.FREE_TRIES_OF_ADDRESS == session.query(SignInAttempt).count()


def test_a_name_that_needs_a_password_is_counted_over_all_networks(session: Session) -> None:
    name = sign_in.hashed("second:1", "s")
    for at in range(sign_in.FREE_TRIES_OF_ADDRESS):
        sign_in.note_failure(session, name, sign_in.hashed(f"10.0.0.{at}", "s"))
    fresh = sign_in.hashed("10.0.1.1", "s")
    assert sign_in.wait_seconds(session, name, fresh, of_all=True) > 0 == sign_in.wait_seconds(session, name, fresh)


@pytest.mark.postgres
def test_invitations_at_once_are_no_more_than_a_day_allows(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "OF_DAY", 3)
    owner = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    actor = actor_of(owner)

    def invite(at: int) -> bool:
        who: dict[str, Any] = {"email": f"petro{at % 6}@example.org", "first_name": "Petro", "last_name": ""}
        with app.app_context(), tenancy.seeing(tenancy.scope_of(actor), db.session()):
            try:
                invitations.invite(db.session(), actor, **who, roles=[Role.EMPLOYEE], base="http://localhost")
                db.session.commit()
                return True
            except Refused:
                db.session.rollback()
                return False
            finally:
                db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        became = list(pool.map(invite, range(12)))
    assert became.count(True) == 3 == session.query(Invitation).count()


@pytest.mark.postgres
def test_two_owners_who_switch_each_other_off_at_once_leave_one(app: Flask, session: Session) -> None:
    company = makers.company(session)
    anna, boris = (makers.user(session, Role.OWNER, company) for _ in range(2))
    anna.is_first = boris.is_first = False
    session.commit()
    by_anna, by_boris, boris_id = actor_of(anna), actor_of(boris), boris.id

    def switch_boris_off() -> str:
        with app.app_context(), tenancy.seeing(tenancy.scope_of(by_anna), db.session()):
            try:
                people.switch_off(db.session(), by_anna, boris_id)
                db.session.commit()
                return "off"
            except Refused as error:
                return error.text
            finally:
                db.session.rollback()
                db.session.remove()

    people.switch_off(session, by_boris, anna.id)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(switch_boris_off)
        with pytest.raises(TimeoutError):
            asked.result(timeout=0.5)
        session.commit()
        assert "last person with full rights" in asked.result()


def at_once(app: Flask, tries: list[tuple[str, str]]) -> list[bool]:
    """Which of these names, each from an address, were let in to be tried."""

    def attempt(of: tuple[str, str]) -> bool:
        name, address = of
        with app.app_context():
            try:
                if sign_in.wait_seconds(db.session(), name, address):
                    return False
                sign_in.note_failure(db.session(), name, address)
                db.session.commit()
                return True
            finally:
                db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(attempt, tries))
