"""Policies as data of a Seller: what is closed says when it opens, and what cannot be meant is not kept."""

import datetime as dt

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Forbidden, NotFound, Refused
from app.core.period import Month
from app.models import AuditEvent, Document, Policy, migrating
from app.rules.policies import PolicyKind
from app.services import billing, policies
from tests import makers

STAFF = Actor.system("Оксана")


@pytest.mark.covers("A1-07")
def test_the_refusal_of_a_closed_window_names_the_rule_and_the_day_it_opens(session):
    seller = makers.seller(session, zone="Europe/Minsk")
    with pytest.raises(Refused, match="from 2026-07-01 to 2026-07-03.*again from 2026-07-04"):
        policies.need_open(
            session, seller.id, PolicyKind.INVOICE_CLOSED_WINDOW, dt.datetime(2026, 7, 2, 9, tzinfo=dt.UTC)
        )
    # In Minsk it is already the fourth.
    policies.need_open(session, seller.id, PolicyKind.INVOICE_CLOSED_WINDOW, dt.datetime(2026, 7, 3, 21, tzinfo=dt.UTC))


@pytest.mark.covers("A1-14")
def test_the_refusal_of_the_freeze_names_the_first_of_the_next_month(session):
    seller = makers.seller(session)
    with clock.standing_at(dt.date(2026, 2, 27)), pytest.raises(Refused, match="written application.*2026-03-01"):
        policies.need_open(session, seller.id, PolicyKind.RENAME_FREEZE)


def test_a_changed_policy_holds_for_its_seller_only_and_is_written_down(session):
    seller, other = makers.seller(session), makers.seller(session)
    policies.change_policy(session, STAFF, seller.id, "invoice_closed_window", {"first_day": 2, "last_day": 5})
    assert policies.calendar_for(session, seller.id)[PolicyKind.INVOICE_CLOSED_WINDOW].settings == {
        "first_day": 2,
        "last_day": 5,
    }
    assert policies.calendar_for(session, other.id)[PolicyKind.INVOICE_CLOSED_WINDOW]["last_day"] == 3
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "policy.change")).one()
    assert event.details["after"] == {"first_day": 2, "last_day": 5}
    assert event.actor == "Оксана"


def test_what_equals_the_default_is_not_kept_and_nothing_changed_is_not_written_down(session):
    seller = makers.seller(session)
    policies.change_policy(session, STAFF, seller.id, "rename_freeze", {"last_days": 3, "queue": True})
    assert session.scalars(sa.select(Policy)).one().settings == {"last_days": 3}
    policies.change_policy(session, STAFF, seller.id, "rename_freeze", {"last_days": 2, "queue": True})
    assert session.scalars(sa.select(Policy)).all() == []
    policies.change_policy(session, STAFF, seller.id, "rename_freeze", None)
    assert len(session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "policy.change")).all()) == 2


def test_policies_that_contradict_each_other_are_refused(session):
    seller = makers.seller(session)
    with pytest.raises(Refused, match="block must not come before"):
        policies.change_policy(session, STAFF, seller.id, "credit_block", {"days": 3})
    with pytest.raises(Refused, match="closed window goes from"):
        policies.change_policy(session, STAFF, seller.id, "invoice_closed_window", {"first_day": 9, "last_day": 3})
    assert session.scalars(sa.select(Policy)).all() == []


def test_only_who_may_change_settings_changes_a_policy(session):
    seller = makers.seller(session)
    clerk = Actor(user_id=1, name="clerk", is_staff=True, rights=frozenset({"settings.read"}))
    with pytest.raises(Forbidden):
        policies.change_policy(session, clerk, seller.id, "rename_freeze", {"last_days": 1})
    with pytest.raises(NotFound):
        policies.change_policy(session, STAFF, 999_999, "rename_freeze", {"last_days": 1})
    with pytest.raises(NotFound):
        policies.change_policy(session, STAFF, seller.id, "no_such_policy", {})


@pytest.mark.covers("AST-111")
def test_a_billing_run_takes_the_due_day_from_the_policy(session):
    account = makers.account(session)
    makers.subscription(session, account)
    policies.change_policy(session, STAFF, account.seller_id, "invoice_due", {"days": 10})
    with clock.standing_at(dt.date(2026, 11, 1)):
        run = billing.start_run(session, STAFF, account.seller_id, Month(2026, 10))
        billing.run_batch(session, STAFF, run.id)
    invoice = session.scalars(sa.select(Document).where(Document.kind == "invoice")).one()
    assert (invoice.issued_on, invoice.due_on) == (dt.date(2026, 11, 1), dt.date(2026, 11, 10))


def test_a_sellers_own_days_become_policies_when_the_tables_go_up(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    with engine.begin() as connection:
        migrating.upgrade(connection, "0002")
        connection.exec_driver_sql(
            "INSERT INTO seller (code, name, short_name, country, currency, zone, locale, vat_payer, rounding, "
            "tax_code, kpp, ogrn, vat_number, address, phone, email, bank_name, bik, settlement_account, "
            "correspondent_account, iban, director_name, director_post, director_name_genitive, "
            "director_post_genitive, accountant_name, acts_on, due_days, grace_days, block_days, number_digits, "
            "document_prefix, mail_from, created_at) VALUES ('a', '', '', 'UA', 'UAH', 'UTC', 'uk', 1, 'carry', "
            "'', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', 9, 15, 40, 6, '', '', 0)"
        )
    with engine.begin() as connection:
        migrating.upgrade(connection)
        rows = connection.exec_driver_sql("SELECT kind, settings FROM policy ORDER BY kind").all()
        assert rows == [("credit_block", '{"days": 40}'), ("invoice_due", '{"days": 10}')]
    engine.dispose()
