"""Billing under fire: workers, relays, database backends and Redis are killed; nothing is lost, doubled or torn.

300 faults in CI; NEMESIS_FAULTS asks for more. Victims are found by the ids this test started or PostgreSQL's own list.
"""

import datetime as dt
import hashlib
import logging
import os
import random
import signal
import sys
import time

import psutil
import pytest
import sqlalchemy as sa

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.extensions import db
from app.models import BillingRun, CaughtMail, Delivery, Document, DocumentFile, Job, Outbox, RunItem
from app.rules.lifecycle import JobState, OutboxState
from app.services import audit, billing, setup, work
from app.services.documents import path_of
from app.services.work import JobName
from jobs import context, relay, worker
from tests import makers

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.slow]

FAULTS = int(os.environ.get("NEMESIS_FAULTS", "300"))
SELLERS, ACCOUNTS, BATCH, MAILED = 6, 24, 3, 4
MONTHS = [Month.of(clock.today()).shift(-back) for back in range(10, 0, -1)]
SYSTEM = Actor.system()
PAUSE = 0.1  # seconds between two faults
DRAIN = 120  # seconds


class House:
    """Workers and relays forked from this process, started again when they are killed."""

    def __init__(self, app):
        self.app, self.pids = app, {}

    def up(self):
        for name in ("worker 1", "worker 2", "worker 3", "relay 1", "relay 2"):
            if not self._lives(name):
                self.pids[name] = self._fork(name)

    def _lives(self, name):
        pid = self.pids.get(name)
        return pid is not None and os.waitpid(pid, os.WNOHANG)[0] == 0

    def _fork(self, name):
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setpgid(0, 0)
            logging.disable(logging.CRITICAL)  # the noise of the dying
            worker.die_with_parent(signal.SIGKILL)
            db.engine.dispose(close=False)
            work.RING_AGAIN = dt.timedelta(seconds=1)
            work.DEATH_LIMIT = 10_000  # what sets aside a job that kills its workers must not count our kills
            with tenancy.seeing(tenancy.NOBODY):
                (worker if name.startswith("worker") else relay).main(self.app)
        finally:
            os._exit(0)

    def horses(self):
        found = []
        for name, pid in self.pids.items():
            if name.startswith("worker") and psutil.pid_exists(pid):
                try:
                    found += [child.pid for child in psutil.Process(pid).children()]
                except psutil.NoSuchProcess:
                    continue
        return found

    def down(self):
        for pid in self.pids.values():
            kill(pid)
            os.waitpid(pid, 0)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


class Nemesis:
    """One fault at a time, by chance."""

    def __init__(self, house, redis_server, admin, database, seed):
        self.house, self.redis, self.admin, self.database = house, redis_server, admin, database
        self.chance = random.Random(seed)
        self.done = dict.fromkeys(
            ("horse", "worker and horse", "worker", "relay", "backend", "redis", "flush", "crash"), 0
        )

    def strike(self):
        kind = self.chance.choices(list(self.done), weights=(34, 20, 14, 10, 17, 2, 2, 1))[0]
        if getattr(self, "_" + kind.replace(" ", "_"))():
            self.done[kind] += 1

    def _pick(self, prefix):
        return self.house.pids[self.chance.choice([name for name in self.house.pids if name.startswith(prefix)])]

    def _horse(self):
        horses = self.house.horses()
        return bool(horses) and kill(self.chance.choice(horses))

    def _worker(self):
        return kill(self._pick("worker"))

    def _worker_and_horse(self):
        pid = self._pick("worker")
        try:
            children = psutil.Process(pid).children()
        except psutil.NoSuchProcess:
            return False
        return all([kill(pid), *[kill(child.pid) for child in children]])

    def _relay(self):
        return kill(self._pick("relay"))

    def _backends(self, connection):
        return (
            connection.exec_driver_sql(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", (self.database,)
            )
            .scalars()
            .all()
        )

    def _backend(self):
        with self.admin.connect() as connection:
            pids = self._backends(connection)
            if not pids:
                return False
            connection.exec_driver_sql("SELECT pg_terminate_backend(%s)", (self.chance.choice(pids),))
        return True

    def _crash(self):
        """kill -9 of a backend: PostgreSQL throws everybody out and recovers from its log."""
        with self.admin.connect() as connection:
            pids = self._backends(connection)
        return bool(pids) and kill(self.chance.choice(pids))

    def _redis(self):
        self.redis.kill()
        self.redis.start()
        return True

    def _flush(self):
        import redis

        redis.Redis.from_url(self.redis.url).flushall()
        return True


def found_companies(session):
    """Sellers with companies that have one subscription each; every fourth gets its documents by mail."""
    setup.ensure_defaults(session)
    sellers = []
    for _ in range(SELLERS):
        seller = makers.seller(session)
        plan = makers.plan(session, seller)
        for place in range(ACCOUNTS):
            account = makers.account(session, makers.company(session, seller))
            if place % MAILED == 0:
                account.delivery, account.delivery_addresses = "email", f"buh{place}@orion.example"
            makers.subscription(session, account, plan, starts_on=MONTHS[0].first_day)
        sellers.append(seller.id)
    session.commit()
    return sellers


def retrying(attempt):
    """The test's own look at a database that is being killed."""
    for _ in range(200):
        try:
            return attempt()
        except (sa.exc.OperationalError, sa.exc.InterfaceError):
            db.session.remove()
            time.sleep(0.1)
    raise AssertionError("PostgreSQL did not come back")


def order_next(sellers, closed):
    """Give every Seller whose month is done the next one; how many runs have been ordered and not ended."""
    open_runs = 0
    for seller_id in sellers:
        last = closed.get(seller_id)
        state = last and db.session.get(Job, last[1]).state
        if state in (JobState.QUEUED.value, JobState.RUNNING.value):
            open_runs += 1
        elif (place := last[0] + 1 if last else 0) < len(MONTHS):
            run = billing.start_run(db.session, SYSTEM, seller_id, MONTHS[place])
            key = f"run:{run.id}"
            job = work.order_job(db.session, SYSTEM, JobName.BILLING_RUN, {"run_id": run.id, "batch": BATCH}, key=key)
            db.session.commit()
            closed[seller_id] = (place, job.id)
            open_runs += 1
    db.session.remove()
    return open_runs


def still_open():
    jobs = db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.state.in_(work.OPEN_STATES)))
    wishes = db.session.scalar(
        sa.select(sa.func.count()).select_from(Outbox).where(Outbox.state == OutboxState.PENDING.value)
    )
    db.session.remove()
    return (jobs or 0) + (wishes or 0)


def test_nothing_is_lost_or_doubled_under_three_hundred_faults(app, session, redis_server, postgres_server, tmp_path):
    settings = app.config["KABINET"]
    sellers = found_companies(session)
    context.handlers()
    house = House(app)
    database = sa.make_url(settings.database).database
    nemesis = Nemesis(house, redis_server, postgres_server, database, seed=7)
    closed: dict[int, tuple[int, int]] = {}
    db.session.remove()
    begun = time.monotonic()
    try:
        house.up()
        while sum(nemesis.done.values()) < FAULTS:
            retrying(lambda: order_next(sellers, closed))
            for _ in range(5):
                retrying(nemesis.strike)
                time.sleep(PAUSE)
                house.up()
        fired = time.monotonic() - begun
        limit = time.monotonic() + DRAIN
        while retrying(still_open) and time.monotonic() < limit:
            time.sleep(0.2)
            house.up()
    finally:
        house.down()
    drained = time.monotonic() - begun - fired
    told = f"{sum(nemesis.done.values())} faults in {fired:.0f} s, drained in {drained:.0f} s: {nemesis.done}"
    sys.stdout.write(f"\n{told}\n")
    assert_coherent(session, settings)


def assert_coherent(session, settings):
    """Every run whole, every number there, every letter sent, every file what its digest says."""
    ends = session.execute(sa.select(Job.state, sa.func.count()).group_by(Job.state)).all()
    messages = session.scalars(sa.select(Job.message).where(Job.state != JobState.DONE.value)).all()
    assert {state for state, _ in ends} == {JobState.DONE.value}, (ends, set(messages))
    items = dict(session.execute(sa.select(RunItem.state, sa.func.count()).group_by(RunItem.state)).all())
    runs = session.scalar(sa.select(sa.func.count()).select_from(BillingRun))
    assert items == {"done": runs * ACCOUNTS}, items
    for kind in ("invoice", "act"):
        per_account = session.execute(
            sa.select(sa.func.count()).where(Document.kind == kind).group_by(Document.account_id, Document.period_start)
        ).scalars()
        counts = list(per_account)
        assert len(counts) == runs * ACCOUNTS, f"{kind}s lost"
        assert set(counts) == {1}, f"{kind}s doubled"
        for seller_id, highest, how_many in session.execute(
            sa.select(Document.seller_id, sa.func.max(Document.sequence), sa.func.count(sa.distinct(Document.sequence)))
            .where(Document.kind == kind, Document.kind != "reconciliation")
            .group_by(Document.seller_id, sa.extract("year", Document.issued_on))
        ):
            assert highest == how_many, f"a gap in the {kind}s of Seller {seller_id}"
    assert [(name, count) for name, count, _ in audit.check_all(session) if count] == []
    parked = session.execute(sa.select(Outbox.key, Outbox.error).where(Outbox.state != OutboxState.DONE.value)).all()
    assert parked == []
    letters = session.scalar(sa.select(sa.func.count()).select_from(Delivery).where(Delivery.state == "sent"))
    assert letters == session.scalar(sa.select(sa.func.count()).select_from(CaughtMail))
    assert letters == session.scalar(
        sa.select(sa.func.count()).select_from(Outbox).where(Outbox.topic == "mail_document")
    )
    assert letters
    for file in session.scalars(sa.select(DocumentFile)):
        content = path_of(settings.files_dir, file.sha256).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256, "a torn file"
