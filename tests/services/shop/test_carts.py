"""Carts: what somebody means to buy, from the first click to the checkout."""

import datetime as dt
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.models import Cart, CartItem, PriceVersion
from app.services.shop import carts
from app.services.shop.quotes import Wish
from tests import makers

DAY = dt.date(2026, 11, 22)


@pytest.fixture
def seller(session):
    with clock.standing_at(DAY):
        yield makers.seller(session, vat_payer=False)


def of(user):
    return Actor(user.id, user.username, user.company_id)


def test_the_same_plan_with_the_same_choices_is_one_line_and_another_length_is_another(session, seller):
    plan, cart = makers.plan(session, seller, "660"), carts.cart_of(session, "stranger", None)
    for months in (1, 1, 12):
        carts.add(session, seller, cart, Wish(plan.id, months=months))
    assert [(i.quantity, i.months) for i in carts.items_of(session, cart)] == [(D(2), 1), (D(1), 12)]
    assert carts.count(session, "stranger", None) == 2


@pytest.mark.covers("AST-081")
def test_only_the_chosen_lines_are_in_the_total(session, seller):
    cart = carts.cart_of(session, "stranger", None)
    small, large = (carts.add(session, seller, cart, Wish(makers.plan(session, seller, p).id)) for p in ("60", "600"))
    carts.select(session, cart, [large.id])
    basket = carts.basket_of(session, seller, "stranger", None)
    assert [e.is_selected for e in basket.entries] == [False, True]
    assert basket.quotes.total == D("180.00")
    carts.remove(session, cart, [small.id, large.id])
    assert carts.basket_of(session, seller, "stranger", None).quotes.total == D("0.00")


def test_a_changed_price_is_told_until_it_was_seen(session, seller):
    plan, cart = makers.plan(session, seller, "60"), carts.cart_of(session, "stranger", None)
    carts.add(session, seller, cart, Wish(plan.id))
    session.scalars(sa.select(PriceVersion)).one().unit_price = D(90)
    session.flush()
    session.expire_all()
    basket = carts.basket_of(session, seller, "stranger", None)
    assert (basket.entries[0].was, basket.entries[0].quote.alone) == (D("18.00"), D("27.00"))
    carts.note_seen(session, basket)
    assert carts.basket_of(session, seller, "stranger", None).entries[0].was is None


def test_a_plan_that_is_no_longer_sold_says_so_and_is_in_no_total(session, seller):
    plan, cart = makers.plan(session, seller, "60"), carts.cart_of(session, "stranger", None)
    carts.add(session, seller, cart, Wish(plan.id))
    plan.is_on_sale = False
    session.flush()
    basket = carts.basket_of(session, seller, "stranger", None)
    assert "no longer sold" in str(basket.entries[0].refusal)
    assert (basket.chosen, basket.quotes.total) == ([], D("0.00"))


def test_nobody_finds_another_ones_cart_or_a_line_of_it(session, seller):
    plan = makers.plan(session, seller)
    mine, theirs = (carts.cart_of(session, key, None) for key in ("mine", "theirs"))
    line = carts.add(session, seller, theirs, Wish(plan.id))
    for forbidden in (
        lambda: carts.change(session, seller, mine, line.id, quantity=D(5)),
        lambda: carts.remove(session, mine, [line.id]),
        lambda: carts.set_promo(session, seller, mine, "", line.id),
    ):
        with pytest.raises(NotFound):
            forbidden()
    user = makers.user(session, "owner", makers.company(session, seller))
    assert carts.find(session, "", None) == (None, [])
    assert carts.find(session, "theirs", of(user)) == (None, [])


def test_a_strangers_cart_goes_into_the_persons_own(session, seller):
    plan, other = makers.plan(session, seller), makers.plan(session, seller)
    user = makers.user(session, "owner", makers.company(session, seller))
    own = carts.cart_of(session, "", of(user))
    carts.add(session, seller, own, Wish(plan.id))
    stray = carts.cart_of(session, "stranger", None)
    for wanted in (plan, other):
        carts.add(session, seller, stray, Wish(wanted.id))
    assert carts.merge_into(session, user, "stranger") == 2
    assert [(i.plan_id, i.quantity) for i in carts.items_of(session, own)] == [(plan.id, D(2)), (other.id, D(1))]
    assert {i.company_id for i in carts.items_of(session, own)} == {user.company_id}
    assert carts.find(session, "stranger", None) == (None, [])


def test_who_registers_keeps_the_cart_and_the_key_opens_it_no_more(session, seller):
    carts.add(session, seller, carts.cart_of(session, "stranger", None), Wish(makers.plan(session, seller).id))
    user = makers.user(session, "owner", makers.company(session, seller))
    assert carts.merge_into(session, user, "stranger") == 1
    assert carts.count(session, "", of(user)) == 1
    assert carts.count(session, "stranger", None) == 0


def test_a_cart_holds_fifty_lines_and_one_currency(session, seller):
    cart = carts.cart_of(session, "stranger", None)
    plan = makers.plan(session, seller)
    with pytest.raises(Refused, match="is not: order what is in the cart first"):
        carts.add(session, seller, cart, Wish(plan.id))
        carts.add(session, seller, cart, Wish(makers.plan(session, seller, currency="EUR").id))
    session.add_all(CartItem(cart_id=cart.id, plan_id=plan.id, months=m + 2) for m in range(carts.LINES))
    with pytest.raises(Refused, match="50 lines at most"):
        carts.add(session, seller, cart, Wish(plan.id, months=12, parameters={}, identifier="x"))


def test_strangers_carts_nobody_touched_for_a_month_are_forgotten(session, seller):
    plan = makers.plan(session, seller)
    user = makers.user(session, "owner", makers.company(session, seller))
    for key, who in (("stranger", None), ("", of(user))):
        carts.add(session, seller, carts.cart_of(session, key, who), Wish(plan.id))
    with clock.standing_at(DAY + dt.timedelta(days=29)):
        assert carts.forget_old(session) == 0
    with clock.standing_at(DAY + dt.timedelta(days=31)):
        assert carts.forget_old(session) == 1
    assert [c.user_id for c in session.scalars(sa.select(Cart))] == [user.id]
    assert len(session.scalars(sa.select(CartItem)).all()) == 1
