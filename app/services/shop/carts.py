"""Carts: what somebody means to buy, signed in or not, until it is ordered.

A stranger's cart is found by a long random key in their session's cookie, a person's by the person; signing in merges
the first into the second. Only the owner's rows are ever looked at: another cart's line is answered as one not there.
"""

import datetime as dt
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.money import half_up
from app.models import Cart, CartItem, Seller, Subscription, User
from app.rules import parameters
from app.services.shop import promotions, quotes
from app.services.shop.quotes import Quote, Quotes, Wish

LINES = 50  # a cart may have
KEPT_DAYS = 30  # a stranger's cart nobody touched
TOO_MANY = N_("A cart has %(lines)s lines at most. Order these first, or remove some.")


def new_key() -> str:
    """A key nobody guesses, for the session of a stranger."""
    return secrets.token_urlsafe(32)


def wish_of(item: CartItem) -> Wish:
    """A line as it is quoted."""
    chosen = {code: Decimal(str(value)) for code, value in (item.parameters or {}).items()}
    return Wish(
        item.plan_id,
        item.quantity,
        item.months,
        chosen,
        item.identifier,
        item.promo_code,
        item.subscription_id,
        item.days or 0,
    )


def _owned(key: str, actor: Actor | None) -> sa.ColumnElement[bool]:
    if actor is not None and actor.user_id is not None:
        return Cart.user_id == actor.user_id
    return sa.and_(Cart.user_id.is_(None), Cart.key == key)


def find(session: Session, key: str, actor: Actor | None) -> tuple[Cart | None, list[CartItem]]:
    """The cart of whoever asks and its lines, in one statement; (None, []) where there is none."""
    if not key and (actor is None or actor.user_id is None):
        return None, []
    wanted = (
        sa.select(Cart, CartItem)
        .outerjoin(CartItem, CartItem.cart_id == Cart.id)
        .where(_owned(key, actor))
        .order_by(Cart.id, CartItem.id)
    )
    rows = session.execute(wanted).all()
    if not rows:
        return None, []
    cart = rows[0][0]
    return cart, [item for owner, item in rows if item is not None and owner is cart]


def cart_of(session: Session, key: str, actor: Actor | None) -> Cart:
    """The cart of whoever asks, made where there is none."""
    cart, _ = find(session, key, actor)
    if cart is None:
        signed = actor is not None and actor.user_id is not None
        cart = Cart(
            key=new_key() if signed else key,
            user_id=actor.user_id if signed and actor else None,
            company_id=actor.company_id if actor else None,
        )
        session.add(cart)
    cart.touched_at = clock.now()
    session.flush()
    return cart


def items_of(session: Session, cart: Cart) -> list[CartItem]:
    """The lines of a cart in their order."""
    return list(session.scalars(sa.select(CartItem).where(CartItem.cart_id == cart.id).order_by(CartItem.id)))


def _item(session: Session, cart: Cart, item_id: int) -> CartItem:
    item = session.scalars(sa.select(CartItem).where(CartItem.cart_id == cart.id, CartItem.id == item_id)).first()
    if item is None:
        raise NotFound()
    return item


def count(session: Session, key: str, actor: Actor | None) -> int:
    """How many lines the cart of whoever asks has."""
    return len(find(session, key, actor)[1])


# -- changing ----------------------------------------------------------------------------------------------------------


def _quoted(session: Session, seller: Seller, wish: Wish, company_id: int | None) -> Quote:
    line = quotes.quote(session, seller, [wish], clock.today(seller.zone), company_id=company_id).lines[0]
    refusal = line.refusal or line.promo_refusal
    if refusal is not None:
        raise refusal
    return line


def add(session: Session, seller: Seller, cart: Cart, wish: Wish, auto_renew: bool = True) -> CartItem:
    """Put a plan into the cart; the same plan with the same choices only grows in quantity."""
    items = items_of(session, cart)
    same = next((item for item in items if _is_same(item, wish)), None)
    if same is None and len(items) >= LINES:
        raise Refused(TOO_MANY, lines=LINES)
    if same is not None:
        wish = _more(same, wish)
    line = _quoted(session, seller, wish, cart.company_id)
    _need_currency(cart, items, line)
    item = same or CartItem(cart_id=cart.id, company_id=cart.company_id, plan_id=wish.plan_id)
    _write(item, wish, line)
    item.is_selected, item.auto_renew = True, auto_renew and not line.is_trial
    session.add(item)
    _touch(cart, seller, line)
    session.flush()
    return item


def add_renewal(
    session: Session, seller: Seller, cart: Cart, service: Subscription, months: int, days: int = 0
) -> CartItem:
    """Put the renewal of a service beside what is bought; a service stands in a cart once, for the period said last."""
    items = items_of(session, cart)
    item = next((one for one in items if one.subscription_id == service.id), None)
    if item is None and len(items) >= LINES:
        raise Refused(TOO_MANY, lines=LINES)
    wish = Wish(service.plan_id, service.quantity, months, {}, service.identifier, "", service.id, days)
    line = _quoted(session, seller, wish, cart.company_id)
    _need_currency(cart, [one for one in items if one is not item], line)
    item = item or CartItem(cart_id=cart.id, company_id=cart.company_id, plan_id=service.plan_id)
    item.subscription_id, item.quantity, item.identifier = service.id, service.quantity, service.identifier
    item.months, item.days, item.seen_price = months, days, line.alone
    item.is_selected, item.auto_renew, item.promo_code = True, service.auto_renew, ""
    item.parameters = {}
    session.add(item)
    _touch(cart, seller, line)
    session.flush()
    return item


def _more(item: CartItem, wish: Wish) -> Wish:
    quantity = wish.quantity if wish.identifier else item.quantity + wish.quantity
    return Wish(
        wish.plan_id, quantity, wish.months, wish.parameters, wish.identifier, wish.promo_code or item.promo_code
    )


def _is_same(item: CartItem, wish: Wish) -> bool:
    mine = wish_of(item)
    return item.subscription_id is None and (mine.plan_id, mine.months, mine.parameters, mine.identifier) == (
        wish.plan_id,
        wish.months,
        wish.parameters,
        wish.identifier.strip().lower(),
    )


def _need_currency(cart: Cart, items: list[CartItem], line: Quote) -> None:
    assert line.plan is not None
    if items and cart.currency and line.plan.currency != cart.currency:
        raise Refused(
            N_("The cart is in %(currency)s and «%(name)s» is not: order what is in the cart first, or empty it."),
            currency=cart.currency,
            name=line.name,
        )


def _touch(cart: Cart, seller: Seller, line: Quote) -> None:
    cart.touched_at = clock.now()
    cart.seller_id = seller.id
    cart.currency = line.plan.currency if line.plan else seller.currency


def _write(item: CartItem, wish: Wish, line: Quote) -> None:
    assert line.plan is not None
    item.quantity, item.months = wish.quantity, wish.months
    item.parameters = {code: format(value.normalize(), "f") for code, value in sorted(wish.parameters.items())}
    item.identifier = quotes.check_identifier(line.plan, wish.identifier)[:253]
    item.promo_code = promotions.normalised(wish.promo_code)
    item.seen_price = line.alone


def change(
    session: Session,
    seller: Seller,
    cart: Cart,
    item_id: int,
    *,
    quantity: Decimal | None = None,
    months: int | None = None,
    chosen: dict[str, Decimal] | None = None,
    identifier: str | None = None,
    auto_renew: bool | None = None,
) -> CartItem:
    """Change a line of the cart; what is None stays. Refused where the plan does not allow it."""
    item = _item(session, cart, item_id)
    if item.subscription_id is not None:
        raise Refused(N_("The period of a renewal is chosen on the page of its service."))
    was = wish_of(item)
    wish = Wish(
        item.plan_id,
        was.quantity if quantity is None else quantity,
        was.months if months is None else months,
        was.parameters if chosen is None else chosen,
        was.identifier if identifier is None else identifier,
        was.promo_code,
    )
    line = quotes.quote(session, seller, [wish], clock.today(seller.zone), company_id=cart.company_id).lines[0]
    if line.refusal is not None:
        raise line.refusal
    _write(item, wish, line)
    if auto_renew is not None:
        item.auto_renew = auto_renew and not line.is_trial
    cart.touched_at = clock.now()
    session.flush()
    return item


def remove(session: Session, cart: Cart, item_ids: Collection[int]) -> int:
    """Take lines out of the cart; returns how many there were. Lines of other carts are not found."""
    wanted = set(item_ids)
    gone: Any = session.execute(
        sa.delete(CartItem)
        .where(CartItem.cart_id == cart.id, CartItem.id.in_(wanted))
        .execution_options(synchronize_session="fetch")
    )
    if wanted and not gone.rowcount:
        raise NotFound()
    cart.touched_at = clock.now()
    session.flush()
    return int(gone.rowcount)


def select(session: Session, cart: Cart, item_ids: Collection[int]) -> None:
    """Choose exactly these lines for the order."""
    wanted = set(item_ids)
    for item in items_of(session, cart):
        item.is_selected = item.id in wanted
    cart.touched_at = clock.now()
    session.flush()


def set_promo(session: Session, seller: Seller, cart: Cart, code: str, item_id: int | None = None) -> None:
    """Put a promo code on the order, or on one line; an empty one takes it off. Refused where it does not count."""
    code = promotions.normalised(code)
    if item_id is not None:
        item = _item(session, cart, item_id)
        if code and item.subscription_id is not None:
            raise Refused(quotes.FOR_PURCHASES)
        if code:
            wish = wish_of(item)
            wish = Wish(wish.plan_id, wish.quantity, wish.months, wish.parameters, wish.identifier, code)
            _quoted(session, seller, wish, cart.company_id)
        item.promo_code = code
    else:
        if code:
            _check_order_code(session, seller, cart, code)
        cart.promo_code = code
    cart.touched_at = clock.now()
    session.flush()


def _check_order_code(session: Session, seller: Seller, cart: Cart, code: str) -> None:
    wishes = [wish_of(item) for item in items_of(session, cart) if item.is_selected]
    if not wishes:
        raise Refused(N_("Choose what the promo code is for: nothing in the cart is selected."))
    refusal = quotes.quote(
        session, seller, wishes, clock.today(seller.zone), promo_code=code, company_id=cart.company_id
    ).promo_refusal
    if refusal is not None:
        raise refusal


# -- seeing ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A line with its price; `was` is what it cost when last seen, where that has changed."""

    item: CartItem
    quote: Quote
    is_selected: bool
    was: Decimal | None

    @property
    def refusal(self) -> DomainError | None:
        """Why the line cannot be ordered."""
        return self.quote.refusal

    @property
    def unit_price(self) -> Decimal:
        """What one piece costs for the first period, before discounts."""
        return half_up(self.quote.price / self.item.quantity)


@dataclass(frozen=True)
class Basket:
    """A cart as it is shown: every line priced, the totals of the chosen ones."""

    cart: Cart | None
    entries: list[Entry]
    quotes: Quotes

    @property
    def chosen(self) -> list[Entry]:
        """What goes to checkout."""
        return [entry for entry in self.entries if entry.is_selected]


def basket_of(session: Session, seller: Seller, key: str, actor: Actor | None) -> Basket:
    """The cart of whoever asks, priced today."""
    cart, items = find(session, key, actor)
    return priced(session, seller, cart, items)


def priced(session: Session, seller: Seller, cart: Cart | None, items: Iterable[CartItem]) -> Basket:
    """Lines with today's prices; one that can no longer be sold is in no total."""
    items = list(items)
    day, wishes = clock.today(seller.zone), [wish_of(item) for item in items]
    left_out = {at for at, item in enumerate(items) if not item.is_selected}
    company_id, code = (cart.company_id, cart.promo_code) if cart else (None, "")
    found = quotes.quote(session, seller, wishes, day, code, company_id, left_out)
    entries = [
        Entry(
            item,
            line,
            item.is_selected and line.refusal is None,
            item.seen_price
            if line.refusal is None and item.seen_price is not None and item.seen_price != line.alone
            else None,
        )
        for item, line in zip(items, found.lines, strict=True)
    ]
    return Basket(cart, entries, found)


def note_seen(session: Session, basket: Basket) -> None:
    """The prices just shown are known now: only the next change is explained."""
    for entry in basket.entries:
        if entry.was is not None:
            entry.item.seen_price = entry.quote.alone
    session.flush()


# -- signing in, and getting old ---------------------------------------------------------------------------------------


def merge_into(session: Session, user: User, key: str) -> int:
    """What a stranger put into a cart goes into the person's own; returns how many lines that has then.

    Called where somebody signs in or registers, under a scope that sees rows without a company.
    """
    own, kept = _own_cart(session, user)
    stray = session.scalars(sa.select(Cart).where(Cart.user_id.is_(None), Cart.key == key)).first() if key else None
    if stray is None:
        return len(kept)
    if own is None:
        stray.user_id, stray.company_id, stray.key = user.id, user.company_id, new_key()
        moved = items_of(session, stray)
        for item in moved:
            item.company_id = user.company_id
        session.flush()
        return len(moved)
    for item in items_of(session, stray):
        _move(session, item, own, kept)
    own.promo_code = stray.promo_code or own.promo_code
    own.currency, own.seller_id, own.touched_at = own.currency or stray.currency, own.seller_id, clock.now()
    session.flush()
    session.delete(stray)
    session.flush()
    return len(kept)


def _own_cart(session: Session, user: User) -> tuple[Cart | None, list[CartItem]]:
    """The person's cart, theirs in their company too where they have joined one since."""
    own = session.scalars(sa.select(Cart).where(Cart.user_id == user.id).order_by(Cart.id)).first()
    if own is None:
        return None, []
    kept = items_of(session, own)
    if own.company_id != user.company_id:
        own.company_id = user.company_id
        for item in kept:
            item.company_id = user.company_id
        session.flush()
    return own, kept


def _move(session: Session, item: CartItem, own: Cart, kept: list[CartItem]) -> None:
    """A stranger's line into the person's cart; what does not fit (too many lines or pieces) is left behind."""
    same = next((one for one in kept if _is_same(one, wish_of(item))), None)
    if same is not None:
        more = same.quantity if same.identifier else same.quantity + item.quantity
        same.quantity, same.is_selected = min(more, Decimal(parameters.MOST_ALIKE)), True
        session.delete(item)
    elif len(kept) >= LINES:
        session.delete(item)
    else:
        item.cart_id, item.company_id = own.id, own.company_id
        kept.append(item)


def forget_old(session: Session) -> int:
    """Delete strangers' carts nobody touched for a month, and their lines; returns how many carts."""
    before = clock.now() - dt.timedelta(days=KEPT_DAYS)
    old = sa.select(Cart.id).where(Cart.user_id.is_(None), sa.func.coalesce(Cart.touched_at, Cart.created_at) < before)
    ids = list(session.scalars(old.limit(1000)))
    quiet = {"synchronize_session": False}
    session.execute(sa.delete(CartItem).where(CartItem.cart_id.in_(ids)).execution_options(**quiet))
    session.execute(sa.delete(Cart).where(Cart.id.in_(ids)).execution_options(**quiet))
    return len(ids)
