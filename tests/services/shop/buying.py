"""What the tests of orders share: a customer with an account, goods at a price, a cart and its confirmation."""

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.access.roles import Role, rights_of
from app.core import clock
from app.core.actor import Actor
from app.services import payments
from app.services.shop import carts, orders, quotes
from app.services.shop.orders import Checkout
from tests import makers

TODAY = dt.date(2026, 11, 22)
SYSTEM = Actor.system()
RATES = ({"category": "standard", "rate_bp": 2000},)


class Buyer:
    """A company of a Seller, its owner, its account, and a cart."""

    def __init__(self, session: Session, *, with_contract: bool = False, limit: str = "", **of_seller: Any) -> None:
        self.session = session
        self.seller = makers.seller(session, **of_seller)
        self.company = makers.company(session, self.seller)
        payer = makers.payer(session, self.company)
        contract = makers.contract(session, self.company, payer) if with_contract else None
        self.account = makers.account(session, self.company, payer, contract_id=contract.id if contract else None)
        if limit:
            self.limit = m.CreditLimit(
                company_id=self.company.id, account_id=self.account.id, amount=Decimal(limit), used=Decimal(0)
            )
            session.add(self.limit)
        self.user = makers.user(session, "owner", self.company)
        if session.query(m.TaxRate).filter_by(country=self.seller.country or "UA").first() is None:
            for rate in RATES:
                session.add(m.TaxRate(country=self.seller.country, valid_from=dt.date(2020, 1, 1), **rate))
        session.flush()
        self.actor = Actor(
            self.user.id, "Ольга Сікур", self.company.id, rights=rights_of([Role.OWNER.value], {}, True), locale="uk"
        )

    def plan(self, price: str = "300.0000", **more: Any) -> m.Plan:
        """Goods of the Seller."""
        return makers.plan(self.session, self.seller, price, **more)

    def way(self, **more: Any) -> m.PaymentWay:
        """The sandbox as a way to pay."""
        known = {"seller_id": self.seller.id, "gateway": "sandbox", "name": f"Card {makers._next()}", "is_on": True}
        made = m.PaymentWay(**{**known, **more})
        self.session.add(made)
        self.session.flush()
        return made

    def put(self, plan: m.Plan, months: int = 1, **more: Any) -> m.CartItem:
        """Put goods into the cart."""
        cart = carts.cart_of(self.session, "", self.actor)
        item = carts.add(self.session, self.seller, cart, quotes.Wish(plan.id, months=months, **more))
        self.session.flush()
        return item

    @property
    def cart(self) -> m.Cart:
        return carts.cart_of(self.session, "", self.actor)

    def seen(self) -> quotes.Quotes:
        """The sums a page would show now."""
        items = [one for one in carts.items_of(self.session, self.cart) if one.is_selected]
        return quotes.quote(
            self.session,
            self.seller,
            [carts.wish_of(one) for one in items],
            clock.today(self.seller.zone),
            self.cart.promo_code,
            company_id=self.company.id,
        )

    def checkout(self, method: str = "balance", **more: Any) -> Checkout:
        """What the person confirms, having seen the sums of now."""
        seen = more.pop("seen", None) or orders.seen_of(self.seen())
        return Checkout(self.cart.id, self.account.id, method, seen, **more)

    def order(self, method: str = "balance", key: str = "", **more: Any) -> m.Order:
        """Confirm what is in the cart."""
        key = key or f"key-{makers._next()}"
        return orders.place(self.session, self.actor, self.checkout(method, **more), key)

    def pay(self, amount: str, **more: Any) -> m.Payment:
        """Money comes to the account."""
        day = clock.today(self.seller.zone)
        return payments.record_payment(
            self.session, SYSTEM, self.account.id, Decimal(amount), day, key=f"pay-{makers._next()}", **more
        )

    def orders(self) -> list[m.Order]:
        return list(self.session.scalars(sa.select(m.Order).where(m.Order.company_id == self.company.id)))

    def subscriptions(self) -> list[m.Subscription]:
        wanted = sa.select(m.Subscription).where(m.Subscription.account_id == self.account.id)
        return list(self.session.scalars(wanted.order_by(m.Subscription.id)))
