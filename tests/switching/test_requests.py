"""Requests of a list: asked for once, sent, refused, failed, tried again, done, billed as the preview said, undone."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.core.errors import Refused
from app.provisioning.simulated import SimulatedOperator
from app.services import switching
from app.services.switching import operating, running
from tests import makers
from tests.switching.conftest import TODAY


def lines(house, batch):
    query = sa.select(m.RequestLine).where(m.RequestLine.request_id == batch.id).order_by(m.RequestLine.position)
    return list(house.session.scalars(query))


def outbox(house, topic):
    query = sa.select(m.Outbox).where(m.Outbox.topic == topic, m.Outbox.state == "pending").order_by(m.Outbox.id)
    return list(house.session.scalars(query))


@pytest.mark.covers("A1-16")
def test_what_is_switched_on_is_billed_as_the_preview_said(house):
    batch = house.switch(house.numbers(0, 1), day=dt.date(2026, 11, 16))
    assert batch.state == "queued" and house.states(batch) == ["new", "new"]
    with clock.standing_at(dt.datetime(2026, 11, 16, 9, tzinfo=dt.UTC)):
        previewed = sum(line.first_amount for line in lines(house, batch))
        ids = list(house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id)))
        running.send(house.session, ids, house.folder, house.session.commit)
        running.ask(house.session, ids, 0, house.folder, house.session.commit)
        house.session.commit()
        house.session.expire_all()
        assert house.states(batch) == ["done", "done"] and batch.state == "done"
    with clock.standing_at(dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)):
        house.close("2026-11")
        assert house.charged(house.roaming, "2026-11") == previewed == Decimal("95.0000")
        house.close("2026-12")
        assert house.charged(house.roaming, "2026-12") == sum(line.month_amount for line in lines(house, batch))
        document = house.session.scalars(sa.select(m.Document).where(m.Document.kind == "invoice")).first()
        both = batch.details["summary"]["sums"]["UAH"]["first"]
        assert document.total == Decimal("600.00") + Decimal(both["total"])


@pytest.mark.covers("A1-16")
def test_what_is_switched_off_is_billed_less_by_what_the_preview_said(house):
    house.switch(house.numbers(0))
    with clock.standing_at(dt.datetime(2026, 11, 13, 9, tzinfo=dt.UTC)):
        off = house.switch(house.numbers(0), "off", dt.date(2026, 11, 13))
        assert house.states(off) == ["done"]
        saved = lines(house, off)[0].first_amount
        assert saved < 0 and lines(house, off)[0].month_amount == Decimal("-95.0000")
    with clock.standing_at(dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)):
        house.close("2026-11")
        full = Decimal("95.0000") * 21 / 30
        assert house.charged(house.roaming, "2026-11") == full + saved == Decimal("9.5000")
        house.close("2026-12")
        assert house.charged(house.roaming, "2026-12") == 0


def test_an_option_done_late_is_charged_from_the_day_it_was_done(house):
    batch = house.ask(house.list_of(house.numbers(0)))
    with clock.standing_at(dt.datetime(2026, 11, 12, 9, tzinfo=dt.UTC)):
        house.run(batch)
    assert house.session.scalars(sa.select(m.Option.valid_from)).one() == dt.date(2026, 11, 12)


def test_a_list_confirmed_twice_is_asked_for_once(house):
    batch = house.list_of(house.numbers(0, 1))
    for _ in range(2):
        house.ask(batch)
    assert house.states(batch) == ["queued", "queued"]
    with pytest.raises(Refused):
        switching.take_paste(house.session, house.actor, batch.id, house.numbers(2))


def test_a_list_of_nothing_that_can_be_done_is_refused(house):
    with pytest.raises(Refused):
        switching.confirm(house.session, house.actor, house.list_of("+380000000000").id)


@pytest.mark.covers("A1-16")
def test_two_administrators_at_once_ask_for_each_option_once(house):
    mine, theirs = house.list_of(house.numbers(0, 1)), house.list_of(house.numbers(1, 2))
    house.ask(mine)
    house.ask(theirs)
    assert house.verdicts(mine) == ["ok", "ok"] and house.verdicts(theirs) == ["open_request", "ok"]
    assert house.verdicts(house.list_of(house.numbers(1))) == ["open_request"]
    house.run(mine)
    house.run(theirs)
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 3


def test_the_operators_refusal_is_what_the_administrator_reads(house):
    house.operator(refuse_ending=house.subscribers[0].number[-3:])
    batch = house.switch(house.numbers(0, 1))
    assert house.states(batch) == ["rejected", "done"] and batch.state == "done"
    refused = house.session.scalars(sa.select(m.Request).where(m.Request.state == "rejected")).one()
    assert "does not offer" in refused.reason
    assert house.verdicts(house.list_of(house.numbers(0))) == ["ok"]  # it may be asked for again


def test_a_failed_order_is_tried_again_at_growing_pauses_and_is_still_one(house):
    house.operator(fail_times=2)
    batch = house.ask(house.list_of(house.numbers(0)))
    [wish] = outbox(house, "send_orders")
    running.send(house.session, wish.payload["request_ids"], house.folder, house.session.commit)
    house.session.commit()
    assert house.states(batch) == ["failed"]
    assert house.verdicts(house.list_of(house.numbers(0))) == ["open_request"]
    again = outbox(house, "send_orders")[-1]
    assert again.id != wish.id and again.due_at > clock.now()
    house.run(batch, patience=5)
    assert house.states(batch) == ["done"]
    assert [one["times"] for one in SimulatedOperator({}, house.folder).orders()] == [1]


def test_an_operator_that_is_silent_is_asked_at_growing_pauses(house):
    house.operator(delay_seconds=60)
    batch = house.ask(house.list_of(house.numbers(0)))
    [wish] = outbox(house, "send_orders")
    running.send(house.session, wish.payload["request_ids"], house.folder, house.session.commit)
    pauses = []
    for asked in range(3):
        running.ask(house.session, wish.payload["request_ids"], asked, house.folder, house.session.commit)
        pauses.append((outbox(house, "ask_orders")[-1].due_at - clock.now()).total_seconds())
    assert pauses == [2, 4, 8] and house.states(batch) == ["sent"]
    with clock.standing_at(clock.now() + dt.timedelta(seconds=61)):
        running.ask(house.session, wish.payload["request_ids"], 3, house.folder, house.session.commit)
    assert house.states(batch) == ["done"]


def test_a_worker_killed_between_sending_and_keeping_sends_the_same_order_again(house):
    batch = house.ask(house.list_of(house.numbers(0, 1)))
    [wish] = outbox(house, "send_orders")
    ids = wish.payload["request_ids"]
    claimed = operating.claim(house.session, ids)
    by = operating.operators(house.session, [house.seller.id], house.folder, running.open_operator)
    house.session.commit()
    operating.send_orders(claimed, by)
    house.session.rollback()  # and here it died: nothing of the answers is kept
    with pytest.raises(Refused):
        switching.cancel_request(house.session, house.actor, ids[0])  # it may be at the operator
    running.send(house.session, ids, house.folder, house.session.commit)
    running.ask(house.session, ids, 0, house.folder, house.session.commit)
    house.session.commit()
    assert house.states(batch) == ["done", "done"]
    orders = SimulatedOperator({}, house.folder).orders()
    assert [one["times"] for one in orders] == [2, 2]
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 2


def test_what_is_answered_twice_is_written_once(house):
    batch = house.switch(house.numbers(0))
    [id_] = house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id))
    assert operating.complete(house.session, [id_]) == []
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.SubscriptionItem)) == 5


def test_what_is_done_after_the_plan_ended_is_rejected_with_the_reason_and_not_charged(house):
    batch = house.ask(house.list_of(house.numbers(0, 1)))
    first, second = house.session.scalars(
        sa.select(m.Subscription).where(m.Subscription.subscriber_id.in_(one.id for one in house.subscribers[:2]))
    )
    first.ends_on = second.ends_on = dt.date(2026, 11, 9)
    plan = house.session.get_one(m.Plan, second.plan_id)
    makers.subscription(house.session, house.account, plan, subscriber_id=second.subscriber_id)  # another followed
    house.run(batch)
    assert house.states(batch) == ["rejected", "done"] and batch.state == "done"
    reason = house.session.scalar(sa.select(m.Request.reason).where(m.Request.state == "rejected"))
    assert "no longer in force" in reason
    assert house.session.scalars(sa.select(m.Option.subscriber_id)).all() == [second.subscriber_id]


@pytest.mark.covers("A1-16")
def test_what_is_not_sent_yet_can_be_cancelled(house):
    batch = house.ask(house.list_of(house.numbers(0, 1)))
    [first, _] = house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id))
    switching.cancel_request(house.session, house.actor, first)
    assert house.states(batch) == ["cancelled", "queued"]
    house.run(batch)
    assert house.states(batch) == ["cancelled", "done"]
    with pytest.raises(Refused):
        switching.cancel_request(house.session, house.actor, first)


def test_undo_before_anything_is_sent_cancels_the_list(house):
    batch = house.ask(house.list_of(house.numbers(0, 1)))
    undone = switching.undo_batch(house.session, house.actor, batch.id)
    assert (undone.cancelled, undone.batch_id) == (2, None) and batch.state == "cancelled"
    with pytest.raises(Refused):
        switching.undo_batch(house.session, house.actor, batch.id)


def test_undo_after_it_is_done_leaves_nothing_to_bill(house):
    batch = house.switch(house.numbers(0, 1))
    undone = switching.undo_batch(house.session, house.actor, batch.id)
    counter = house.run(house.session.get_one(m.Request, undone.batch_id))
    assert house.states(counter) == ["done", "done"] and counter.state == "done"
    assert counter.kind == "option_off" and len(lines(house, counter)) == 2
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 0
    house.close("2026-11")
    assert house.charged(house.roaming, "2026-11") == 0
    assert [one["action"] for one in SimulatedOperator({}, house.folder).orders()] == ["on", "on", "off", "off"]
    assert not switching.can_undo(house.session, batch)


def test_undo_of_switching_off_brings_the_option_back_as_it_was(house):
    house.switch(house.numbers(0))
    before = house.session.execute(sa.select(m.Option.valid_from, m.Option.valid_to)).all()
    with clock.standing_at(dt.datetime(2026, 11, 12, 9, tzinfo=dt.UTC)):
        off = house.switch(house.numbers(0), "off", dt.date(2026, 11, 12))
        undone = switching.undo_batch(house.session, house.actor, off.id)
        house.run(house.session.get_one(m.Request, undone.batch_id))
    assert house.session.execute(sa.select(m.Option.valid_from, m.Option.valid_to)).all() == before
    same_day = house.switch(house.numbers(0), "off")
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 0
    undone = switching.undo_batch(house.session, house.actor, same_day.id)
    house.run(house.session.get_one(m.Request, undone.batch_id))
    assert house.session.execute(sa.select(m.Option.valid_from, m.Option.valid_to)).all() == before
    house.close("2026-11")
    assert house.charged(house.roaming, "2026-11") == Decimal("66.5000")


def test_a_list_that_is_billed_cannot_be_undone_any_more(house):
    batch = house.switch(house.numbers(0))
    house.close("2026-11")
    assert not switching.can_undo(house.session, batch)
    with pytest.raises(Refused):
        switching.undo_batch(house.session, house.actor, batch.id)


def test_a_job_killed_midway_asks_for_the_rest_and_for_nothing_twice(house):
    batch = house.list_of(house.numbers(0, 1, 2))
    switching.confirm(house.session, house.actor, batch.id)
    assert switching.ask_step(house.session, house.actor, batch.id, size=2).left == 1
    house.session.commit()
    switching.ask_step(house.session, house.actor, batch.id, size=2)
    house.session.rollback()  # killed before it was kept
    while switching.ask_step(house.session, house.actor, batch.id, size=2).left:
        pass
    assert house.states(batch) == ["queued"] * 3
    assert sorted(one for wish in outbox(house, "send_orders") for one in wish.payload["request_ids"]) == sorted(
        house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id))
    )
    house.run(batch)
    assert batch.state == "done"


def test_a_subscriber_blocked_meanwhile_is_left_out_with_the_reason(house):
    batch = house.list_of(house.numbers(0, 1))
    house.subscribers[0].state = "blocked"
    house.session.flush()
    house.ask(batch)
    assert house.verdicts(batch) == ["not_active", "ok"] and house.states(batch) == ["queued"]


def test_lines_for_a_later_day_wait_for_its_midnight(house):
    batch = house.ask(house.list_of(house.numbers(0), day=TODAY + dt.timedelta(days=5)))
    [wish] = outbox(house, "send_orders")
    assert house.states(batch) == ["new"] and wish.due_at == dt.datetime(2026, 11, 14, 22, tzinfo=dt.UTC)


def test_orders_by_hand_wait_for_a_person(house):
    house.seller.operator = "by_hand"
    batch = house.switch(house.numbers(0))
    assert house.states(batch) == ["sent"]
    operating.complete(
        house.session, list(house.session.scalars(sa.select(m.Request.id).where(m.Request.parent_id == batch.id)))
    )
    assert house.states(batch) == ["done"]
