"""Policies as data of a Seller: what is closed says when it opens, and what cannot be meant is not kept."""

import datetime as dt

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Forbidden, NotFound, Refused
from app.models import AuditEvent, Policy
from app.rules.policies import PolicyKind
from app.services import policies
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
