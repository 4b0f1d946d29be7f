"""The shop's pages over 6,000 products (in 40 categories) against 100,000: statements, CPU and wall time.

usage: python -m benchmarks.shop [FEW MANY] [sqlite | postgresql]
A stranger asks for each page, a customer for a cart of twenty lines; times are of this process and, on PostgreSQL, of
the database's; p95 is of 40 calls after one that compiles the templates.
"""

import os
import sys
from pathlib import Path

import sqlalchemy as sa

from app import models as m
from app.core.actor import Actor
from app.extensions import db
from app.services import finding
from app.services.shop import carts, shelves
from app.services.shop.quotes import Wish
from benchmarks.billing import Meter
from benchmarks.pages import Figures, Watch, ask, compare, copy_row, fresh
from tests import makers

CALLS = 40
SHELVES = 40  # categories; every eighth is a parent
LINES = 20  # of a person's cart
OWN = {"cart of 20 lines": "/cart/", "its quick look": "/cart/mini", "its checkout": "/my/checkout/"}


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
    deep, one = count // 15 - 3, count * 7 // 10
    return {
        "first page": "/shop/",
        "deep page": f"/shop/?page={deep}",
        "category": "/shop/category/shelf-1",
        "category with those below": "/shop/category/shelf-8",
        "by price": "/shop/?order=cheap",
        "by price, dearest, deep": f"/shop/?order=dear&page={deep}",
        "by name": "/shop/?order=name",
        "newest, 60 a page": "/shop/?order=new&size=60",
        "search, a few found": f"/shop/?size=15&q=товар+{one}",
        "search, all found": "/shop/?q=сервер",
        "search, none found": "/shop/?q=телескоп",
        "search in a category": "/shop/category/shelf-8?q=432",
        "product": f"/shop/product/sku-{one}",
        "live total": "/shop/total?plan={plan}&months=3",
    }


def buyer(seller: m.Seller, count: int) -> m.User:
    """The owner of a company with LINES products in the cart."""
    company = makers.company(db.session, seller)
    makers.account(db.session, company, makers.payer(db.session, company))
    owner = makers.user(db.session, "owner", company)
    actor = Actor(owner.id, "Olga", company.id)
    cart = carts.cart_of(db.session(), "", actor)
    codes = [f"offer-{count // LINES * n + 1}" for n in range(LINES)]
    for plan_id in db.session.scalars(sa.select(m.Plan.id).where(m.Plan.code.in_(codes)).order_by(m.Plan.id)).all():
        carts.add(db.session(), seller, cart, Wish(plan_id))
    db.session.commit()
    return owner


def measure(url: str | None, folder: Path, count: int) -> Figures:
    """Fill a new database, ask for each page."""
    with fresh(url, folder) as app:
        seller = fill(count)
        plan = db.session.scalar(sa.select(m.Plan.id).where(m.Plan.code == f"offer-{count * 7 // 10}"))
        asked = {name: path.format(plan=plan) for name, path in pages(count).items()}
        watch, owner = Watch(), buyer(seller, count)
        found = ask(watch, app.test_client(), asked, CALLS)
        return found | ask(watch, makers.sign_in(app.test_client(), owner), OWN, CALLS)


if __name__ == "__main__":
    os.environ.setdefault("CI", "")
    compare(sys.argv[1:], (6_000, 100_000), "The shop", "products", measure)
