"""A bought plan becomes a service that runs: its platform takes time, runs out, fails, or wants it to be set up."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.provisioning.platforms import Outcome
from app.provisioning.simulated_platform import SimulatedPlatform
from app.services.shop import activating, attending, platforms, spending
from tests.services.shop.buying import TODAY, Buyer

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
STAFF = Actor(None, "Ірина", is_staff=True, rights=frozenset({"*"}))


@pytest.fixture(autouse=True)
def at_noon():
    with clock.standing_at(NOON):
        yield


class Works:
    """The worker's part: makes the effects that are due, as the outbox would, until nothing is."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder

    def run(self, seconds: int = 0) -> None:
        moment = clock.now() + dt.timedelta(seconds=seconds)
        with clock.standing_at(moment):
            for _ in range(40):
                due = self._due()
                if not due:
                    return
                for wish in due:
                    self._make(wish)

    def _due(self) -> list[m.Outbox]:
        topics = ("provision", "ask_platform")
        query = sa.select(m.Outbox).where(m.Outbox.topic.in_(topics), m.Outbox.state == "pending")
        return list(self.session.scalars(query.where(m.Outbox.due_at <= clock.now()).order_by(m.Outbox.id)))

    def _make(self, wish: m.Outbox) -> None:
        keep = self.session.commit
        if wish.topic == "provision":
            platforms.hand_over(self.session, wish.payload["order_id"], self.folder, keep)
        else:
            platforms.ask(self.session, wish.payload["order_id"], wish.payload["asked"], self.folder, keep)
        wish.state = "done"
        self.session.commit()


@pytest.fixture
def works(session: Session, tmp_path: Path) -> Works:
    return Works(session, tmp_path)


def bought(session: Session, months: int = 1, instructions: str = "", **of_plan) -> tuple[Buyer, m.Subscription]:
    olga = Buyer(session)
    olga.pay("5000.00")
    plan = olga.plan("300.0000", **of_plan)
    plan.product.instructions = instructions
    olga.put(plan, months)
    olga.order("balance")
    session.commit()
    return olga, olga.subscriptions()[-1]


def notices_of(session: Session, event: str) -> list[m.Notice]:
    return list(session.query(m.Notice).filter_by(event=event).order_by(m.Notice.id))


@pytest.mark.covers("AST-083")
def test_a_paid_service_is_started_by_its_platform_and_its_people_are_told_how_to_use_it(session, works):
    olga, made = bought(session, instructions="Відкрийте https://portal.example")
    assert made.state == "ordered"
    works.run()
    assert made.state == "processing"
    works.run(seconds=10)
    assert (made.state, made.starts_on, made.paid_until) == ("active", TODAY, dt.date(2026, 12, 1))
    assert made.reference.startswith("sim-")
    said = notices_of(session, "service_ready")
    assert {one.channel for one in said} == {"in_app", "email"}
    assert all("https://portal.example" in one.body for one in said)


def test_a_worker_killed_between_sending_and_writing_down_has_the_service_made_once(session, works):
    _olga, made = bought(session)
    order = session.query(m.PlatformOrder).one()
    claimed = platforms.claim(session, order.id)
    session.commit()
    SimulatedPlatform(works.folder).create(claimed.task)  # it went out, and then the worker was killed
    works.run()
    works.run(seconds=10)
    assert made.state == "active"
    (task,) = SimulatedPlatform(works.folder).tasks()
    assert task["times"] == 2 and session.query(m.PlatformOrder).one().state == "done"


def test_the_same_wish_made_twice_does_nothing_new(session, works):
    _olga, made = bought(session)
    works.run(seconds=10)
    works.run(seconds=20)
    order = session.query(m.PlatformOrder).one()
    platforms.hand_over(session, order.id, works.folder, session.commit)
    platforms.ask(session, order.id, 0, works.folder, session.commit)
    assert made.state == "active" and len(notices_of(session, "service_ready")) == 2
    assert len(SimulatedPlatform(works.folder).tasks()) == 1


def test_a_platform_that_fails_is_tried_again_and_in_the_end_a_person_looks(session, works):
    _olga, made = bought(session, platform_settings={"is_down": True})
    for turn in range(14):
        works.run(seconds=3600 * turn)
    order = session.query(m.PlatformOrder).one()
    assert (order.state, order.attempts, made.state) == ("failed", platforms.TRIES, "processing")
    (waiting,), _more = attending.waiting(session, STAFF)
    assert waiting.id == order.id
    made.plan.platform_settings = {}
    attending.try_again(session, STAFF, order.id)
    session.commit()
    works.run(seconds=60_000)
    works.run(seconds=60_010)
    assert made.state == "active"
    assert attending.waiting(session, STAFF) == ([], None)


@pytest.mark.covers("AST-158")
def test_a_service_that_needs_set_up_says_so_and_runs_when_the_customer_has_done_it(session, works):
    olga, made = bought(session, platform_settings={"needs_setup": True})
    works.run()
    works.run(seconds=10)
    assert made.state == "needs_setup" and made.reason
    assert notices_of(session, "service_needs_setup")
    activating.set_up(session, olga.actor, made.id)
    assert made.state == "processing"
    works.run(seconds=20)
    works.run(seconds=40)
    assert made.state == "active"
    with pytest.raises(Refused, match="Nothing is left"):
        activating.set_up(session, olga.actor, made.id)


def test_what_is_out_of_stock_waits_and_can_be_given_up_for_free_money(session, works):
    olga, made = bought(session, platform_settings={"stock": 0})
    works.run()
    works.run(seconds=10)
    assert made.state == "out_of_stock" and notices_of(session, "service_out_of_stock")
    before = spending.room_of(session, olga.account.id)
    assert before.outstanding == Decimal("90.00")
    activating.cancel(session, olga.actor, made.id)
    after = spending.room_of(session, olga.account.id)
    assert (made.state, after.outstanding, after.free) == ("ended", Decimal("0.00"), Decimal("5000.00"))
    with pytest.raises(Refused):
        activating.cancel(session, olga.actor, made.id)


def test_what_is_in_stock_again_is_started_by_the_staff(session, works):
    _olga, made = bought(session, platform_settings={"stock": 0})
    works.run()
    works.run(seconds=10)
    (waiting,), _more = attending.waiting(session, STAFF)
    made.plan.platform_settings = {"stock": 5}
    attending.try_again(session, STAFF, waiting.id)
    session.commit()
    assert made.state == "processing"
    works.run(seconds=20)
    works.run(seconds=40)
    assert made.state == "active"


def test_a_service_made_by_hand_waits_for_the_staff(session, works):
    _olga, made = bought(session, platform="by_hand")
    works.run(seconds=60)
    (waiting,), _more = attending.waiting(session, STAFF)
    assert made.state == "processing"
    with pytest.raises(Refused, match="reason"):
        attending.say(session, STAFF, waiting.id, Outcome.OUT_OF_STOCK)
    attending.say(session, STAFF, waiting.id, Outcome.DONE)
    assert made.state == "active"
    with pytest.raises(Refused, match="ended already"):
        attending.say(session, STAFF, waiting.id, Outcome.DONE)


def test_all_that_was_paid_for_begins_on_the_day_it_runs(session, works):
    olga, made = bought(session, months=2, platform="by_hand")
    works.run(seconds=60)
    (waiting,), _more = attending.waiting(session, STAFF)
    with clock.standing_at(NOON + dt.timedelta(days=3)):
        attending.say(session, STAFF, waiting.id, Outcome.DONE)
    line = session.query(m.OrderLine).one()
    item = session.query(m.SubscriptionItem).one()
    assert made.starts_on == line.starts_on == item.valid_from == dt.date(2026, 11, 25)
    assert made.ends_on == made.paid_until == line.ends_on == dt.date(2027, 1, 4)


def test_tasks_of_one_service_are_done_one_after_the_other(session, works):
    _olga, made = bought(session)
    activating.wish(session, made, "suspend")
    session.commit()
    works.run()
    assert [one["action"] for one in SimulatedPlatform(works.folder).tasks()] == ["create"]
    works.run(seconds=10)
    works.run(seconds=20)
    assert [one["action"] for one in SimulatedPlatform(works.folder).tasks()] == ["create", "suspend"]


def test_another_company_cannot_touch_the_service(session, works):
    _olga, made = bought(session, platform_settings={"stock": 0})
    works.run()
    works.run(seconds=10)
    stranger = Buyer(session)
    for act in (activating.cancel, activating.set_up):
        with pytest.raises(NotFound):
            act(session, stranger.actor, made.id)
