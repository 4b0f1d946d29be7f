"""The demo is loaded once, and everything in it holds."""

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import (
    Account,
    AuditEvent,
    BillingRun,
    Company,
    Document,
    InstalmentPart,
    Option,
    Payer,
    Payment,
    RunItem,
    Seller,
    Subscriber,
    Subscription,
    Usage,
    User,
)
from app.rules.payer_fields import check_payer
from app.services import audit, demo, importing, setup, sign_in
from app.services.demo.people import PEOPLE
from app.services.demo.story import tell_clients

PASSWORD = "kabinet-demo"
TODAY = dt.date(2026, 11, 22)


def count(session, model, *where):
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, sqlite_template):
    """A database with the small demo, loaded once for all tests that only read it."""
    import shutil

    path = tmp_path_factory.mktemp("demo") / "kabinet.db"
    shutil.copy(sqlite_template, path)
    engine = sa.create_engine(f"sqlite:///{path}")
    walled = type("Walled", (Session,), {})
    tenancy.guard(walled)
    with tenancy.seeing(tenancy.EVERYONE), clock.standing_at(TODAY), walled(engine) as session:
        setup.ensure_defaults(session)
        session.commit()
        told = []

        def commit():
            session.commit()
            if len(told) == 3:  # another machine loads it at the same time, and is quicker
                with walled(engine) as other:
                    demo.load(other, PASSWORD, "small", commit=other.commit)

        demo.load(session, PASSWORD, "small", lambda *word: told.append(word), commit)
        session.info["told"] = told
        yield session
    engine.dispose()


@pytest.fixture(autouse=True)
def everyone_today():
    with tenancy.seeing(tenancy.EVERYONE), clock.standing_at(TODAY):
        yield


def test_nothing_in_the_demo_breaks_an_invariant(loaded):
    assert [name for name, breaches, _ in audit.check_all(loaded) if breaches] == []


def test_two_machines_that_load_it_at_once_load_it_once(loaded):
    marks = loaded.scalars(sa.select(AuditEvent.target_id).where(AuditEvent.action == demo.MARK)).all()
    assert len(marks) == len(set(marks)) and demo.DONE in marks
    assert count(loaded, Company) == len(tell_clients("small"))


@pytest.mark.parametrize("person", PEOPLE, ids=lambda one: one.username)
def test_each_person_signs_in_with_the_password_in_their_role(loaded, person):
    user = sign_in.person_with(loaded, person.username, PASSWORD)
    assert user is not None
    assert [role.name for role in user.roles] == [person.role.value]
    assert (user.company.code if user.company else "") == person.company


def test_the_password_is_kept_as_a_slow_hash(loaded):
    kept = loaded.scalar(sa.select(User.password).where(User.username == "admin"))
    assert kept.startswith(("scrypt:", "pbkdf2:")) and check_password_hash(kept, PASSWORD)


def test_loading_again_changes_nothing(loaded):
    before = {table.name: count(loaded, table) for table in Model.metadata.sorted_tables}
    assert demo.load(loaded, "another password", "small") is False
    assert {table.name: count(loaded, table) for table in Model.metadata.sorted_tables} == before


def test_progress_is_told_in_words_and_ends_whole(loaded):
    told = loaded.info["told"]
    assert any(message == "Closing 2025-11 …" for _, _, message in told)
    assert told[-1][0] == told[-1][1]


def test_orion_has_its_subscribers_each_with_a_subscription(loaded):
    orion = loaded.scalars(sa.select(Company).where(Company.code == "orion")).one()
    wanted = tell_clients("small")[0].lines
    assert count(loaded, Subscriber, Subscriber.company_id == orion.id) == wanted
    with_plan = sa.select(Subscription.subscriber_id).where(Subscription.company_id == orion.id)
    assert count(loaded, Subscriber, Subscriber.company_id == orion.id, Subscriber.id.in_(with_plan)) == wanted
    assert count(loaded, Option, Option.company_id == orion.id) > 0


def test_the_full_story_has_sixty_companies_and_five_thousand_lines_of_orion():
    told = tell_clients("full")
    assert len(told) == 60 and len({client.code for client in told}) == 60
    assert told[0].lines == 5_000
    assert {client.kind for client in told} == {"legal_entity", "sole_proprietor", "individual"}


def test_the_twelve_months_before_this_one_are_closed_for_each_seller(loaded):
    months = [Month(2025, 11).shift(place).first_day for place in range(12)]
    for seller in loaded.scalars(sa.select(Seller)):
        runs = loaded.scalars(sa.select(BillingRun).where(BillingRun.seller_id == seller.id)).all()
        assert sorted(run.month for run in runs) == months
        assert {run.state for run in runs} == {"done"}
        assert count(loaded, Document, Document.seller_id == seller.id, Document.kind == "invoice") > 12


def test_this_month_has_usage_and_no_bill(loaded):
    first = TODAY.replace(day=1)
    assert count(loaded, Usage, Usage.day >= first) > 0
    assert count(loaded, Usage, Usage.day > TODAY) == 0
    assert count(loaded, BillingRun, BillingRun.month >= first) == 0


def test_every_payer_has_right_identifiers(loaded):
    for payer in loaded.scalars(sa.select(Payer)):
        given = {column.key: getattr(payer, column.key) for column in sa.inspect(Payer).column_attrs}
        assert check_payer(given, payer.country, payer.kind) == []


def test_life_leaves_debts_advances_credit_notes_and_one_quarantine(loaded):
    assert count(loaded, RunItem, RunItem.state == "quarantined") == 1
    assert count(loaded, Document, Document.kind == "credit_note") == 2
    assert count(loaded, Payment, Payment.state == "unconfirmed") == 1
    assert {"paid", "unpaid"} <= set(loaded.scalars(sa.select(Document.settlement).distinct()))
    assert count(loaded, InstalmentPart, InstalmentPart.state == "paid") == 2
    assert count(loaded, InstalmentPart, InstalmentPart.state == "planned") == 10


def test_companies_are_in_every_state(loaded):
    assert set(loaded.scalars(sa.select(Company.state).distinct())) == {"active", "suspended", "closed"}
    assert count(loaded, Account, Account.state == "closed") > 0


def test_an_interrupted_load_goes_on_with_its_own_months(session):
    class Interrupted(Exception):
        pass

    def stop_at_third_closing(done, total, message):
        if message == "Closing 2026-01 …":
            raise Interrupted

    setup.ensure_defaults(session)
    with pytest.raises(Interrupted):
        demo.load(session, PASSWORD, "small", stop_at_third_closing, session.commit)
    session.rollback()
    with clock.standing_at(dt.date(2026, 12, 2)):
        assert demo.load(session, PASSWORD, "full", commit=session.commit)
    assert count(session, BillingRun) == 36
    assert max(session.scalars(sa.select(BillingRun.month))) == dt.date(2026, 10, 1)
    assert [name for name, breaches, _ in audit.check_all(session) if breaches] == []


def test_a_seller_in_use_is_left_alone(session):
    seller = setup.ensure_defaults(session)
    seller.tax_code = "32855961"
    session.flush()
    demo.houses.add_sellers(session)
    assert session.get(Seller, seller.id).name == "My company"
    assert count(session, Seller) == 4


def test_the_files_of_examples_come_in_on_the_demo(session):
    kinds = {
        "price_list": "catalog",
        "customers": "customers",
        "payments": "payments",
        "usage": "usage",
        "Master": "usage",
    }
    examples = Path(__file__).resolve().parents[2] / "examples"
    office = Actor.system("office")
    demo.load(session, PASSWORD, "small", commit=session.commit)
    house = demo.houses.sellers_of(session)["UA"]
    came = {}
    for name in ("price_list.xlsx", "customers.csv", "payments.csv", "usage.csv", "Master.csv"):
        path, what = examples / name, name.partition(".")[0]
        kind = kinds[what]
        batch, _ = importing.preview_file(session, office, kind, path, name, seller_id=house.id)
        while importing.apply_batch(session, office, batch.id, path).left:
            pass
        now = importing.progress(batch)
        came[what] = (now.total, now.rejected, now.suspended)
    assert came == {
        "price_list": (10, 0, 0),
        "customers": (30, 2, 0),
        "payments": (12, 0, 0),
        "usage": (40, 0, 0),
        "Master": (41, 2, 1),  # a call of nobody's waits
    }
    assert [name for name, breaches, _ in audit.check_all(session) if breaches] == []
