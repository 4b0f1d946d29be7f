"""People of a firm who confirm their carts at once, on as many connections as there are threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

from flask import Flask
from sqlalchemy.orm import Session

from app import models as m
from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.extensions import db
from app.services.shop import carts, orders, quotes
from tests import makers
from tests.services.shop.buying import TODAY, Buyer

THREADS = 12


Asked = tuple[Actor, orders.Checkout, str]


def rush(app: Flask, asked: list[Asked], threads: int = THREADS) -> list[str]:
    """Place all of these at once, each in a transaction of its own behind its company's wall; what became of each.

    With as many threads as orders nobody begins before everybody is there.
    """
    gate = Barrier(threads) if threads == len(asked) else None

    def place(one: Asked) -> str:
        actor, checkout, key = one
        if gate is not None:
            gate.wait()
        with app.app_context(), tenancy.seeing(actor.company_id or 0), clock.standing_at(TODAY):
            session = db.session()
            try:
                number = orders.place(session, actor, checkout, key).number
                session.commit()
                return number
            except Refused as error:
                session.rollback()
                return f"refused: {error.text}"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(place, asked))


def shoppers(session: Session, firm: Buyer, goods: m.Plan, count: int, code: str) -> list[Asked]:
    """People of one firm, each with the same goods in a cart of their own and the confirmation before their eyes."""
    found = []
    for at in range(count):
        user = makers.user(session, "owner", firm.company)
        actor = replace(firm.actor, user_id=user.id)
        cart = carts.cart_of(session, "", actor)
        carts.add(session, firm.seller, cart, quotes.Wish(goods.id))
        cart.promo_code = code
        session.flush()
        seen = orders.price(session, firm.seller, cart, carts.items_of(session, cart), firm.company.id)
        checkout = orders.Checkout(cart.id, firm.account.id, "invoice", orders.seen_of(seen))
        found.append((actor, checkout, f"{user.id}-{at}"))
    return found
