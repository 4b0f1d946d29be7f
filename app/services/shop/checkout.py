"""What the steps of a checkout show: what is ordered, on which account, and how it may be paid (AST-088, AST-089).

Nothing is written here: `shop.orders.place` orders what was confirmed, and judges all of it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from app.access.permissions import Right
from app.access.roles import rights_of
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.models import (
    Account,
    Cart,
    CartItem,
    Company,
    CreditLimit,
    PaymentMethod,
    PaymentWay,
    Seller,
    User,
    UserRight,
)
from app.rules.lifecycle import CompanyState
from app.services import ledger, methods, paying
from app.services.paying import Offer
from app.services.shop import carts, orders, spending
from app.services.shop.quotes import Quotes
from app.services.shop.spending import Room

ASKED = 5  # names of people who may buy


@dataclass(frozen=True)
class Desk:
    """What is being ordered, on which account; `accounts` are those it could be ordered on."""

    seller: Seller
    cart: Cart
    items: list[CartItem]
    quotes: Quotes
    accounts: list[Account]
    account: Account
    limit: CreditLimit | None

    @property
    def total(self) -> Decimal:
        """What is to be paid, without the commission of a way to pay."""
        return self.quotes.total

    @property
    def seen(self) -> str:
        """The digest of the sums that are shown."""
        return orders.seen_of(self.quotes)


@dataclass(frozen=True)
class Tile:
    """A way to pay for an order: `value` names it in forms (balance, invoice, saved:7, way:3)."""

    value: str
    name: str
    charged: Decimal
    way: PaymentWay | None = None
    method: PaymentMethod | None = None
    room: Room | None = None
    commission: Decimal = Decimal(0)
    cashback: Decimal = Decimal(0)
    refusal: DomainError | None = None

    @property
    def kind(self) -> str:
        """balance, invoice, saved or way."""
        return self.value.partition(":")[0]


def open_desk(session: Session, actor: Actor, account_id: int | None = None) -> Desk:
    """What the person's cart would order now; Refused (AlreadyOrdered) where there is nothing to order."""
    actor.need(Right.CABINET_BUY)
    cart, lines = carts.find(session, "", actor)
    items = [one for one in lines if one.is_selected]
    if cart is None or not items:
        raise orders.nothing_to_order(session, actor)
    seller = session.get_one(Company, actor.company_id).seller
    quotes = orders.price(session, seller, cart, items, actor.company_id)
    if quotes.refusal is not None:
        raise quotes.refusal
    accounts, limits = _accounts(session, actor, seller, quotes.currency)
    accounts = _of_renewals(quotes, accounts)
    account = accounts[0] if account_id is None else next((one for one in accounts if one.id == account_id), None)
    if account is None:
        raise NotFound()
    return Desk(seller, cart, items, quotes, accounts, account, limits.get(account.id))


def _of_renewals(found: Quotes, accounts: list[Account]) -> list[Account]:
    """Where services are renewed it is on their own account; Refused where they are of several."""
    services = [line.service for line in found.lines if line.service is not None]
    if not services:
        return accounts
    mine = [one for one in accounts if one.id == services[0].account_id]
    for one in mine:
        orders.need_account_of_renewals(found, one)
    if not mine:
        raise Refused(
            N_("The account of «%(name)s» is closed: it cannot be renewed. Write to us."), name=services[0].name
        )
    return mine


def _accounts(
    session: Session, actor: Actor, seller: Seller, currency: str
) -> tuple[list[Account], dict[int, CreditLimit]]:
    query = (
        sa.select(Account, CreditLimit)
        .outerjoin(CreditLimit, CreditLimit.account_id == Account.id)
        .where(Account.company_id == actor.company_id, Account.seller_id == seller.id, Account.currency == currency)
        .where(Account.state == CompanyState.ACTIVE.value)
        .order_by(Account.id)
    )
    rows = session.execute(query).all()
    if not rows:
        raise Refused(
            N_("Your company has no account in %(currency)s. Write to us and we will open one."), currency=currency
        )
    return [account for account, _ in rows], {account.id: limit for account, limit in rows if limit is not None}


def tiles(session: Session, actor: Actor, desk: Desk, balance: Decimal | None = None, only: str = "") -> list[Tile]:
    """Every way to pay, those that cannot be used with their reason; `balance` of the account where it is known.

    With the name of one (`only`), what is not of its kind may be left out.
    """
    kind = only.partition(":")[0]
    found = _from_account(session, desk, balance) if kind not in ("way", "saved") or not desk.total else []
    if desk.total and kind not in ("balance", "invoice") and actor.may(Right.CABINET_PAYMENTS):
        offers, saved = _online(session, desk.account, desk.total)
        found += _saved(saved, offers) + [_tile(offer, f"way:{offer.way.id}", offer.way.name) for offer in offers]
    return found


def _from_account(session: Session, desk: Desk, balance: Decimal | None) -> list[Tile]:
    """By invoice where there is a contract and something to pay, and from the balance."""
    account, total = desk.account, desk.total
    if balance is None:
        balance = ledger.balance(session, account.id).net
    room = spending.room(session, account, balance, desk.limit)
    own = Tile("balance", "", total, room=room, refusal=_checked(room, account, total, on_credit=False))
    if account.contract_id is None or not total:
        return [own]
    return [Tile("invoice", "", total, room=room, refusal=_checked(room, account, total)), own]


def _online(session: Session, account: Account, total: Decimal) -> tuple[list[Offer], list[PaymentMethod]]:
    """The ways of the Seller and the methods saved for them, in one statement; methods that work first."""
    query = (
        sa.select(PaymentWay, PaymentMethod)
        .outerjoin(PaymentMethod, sa.and_(PaymentMethod.way_id == PaymentWay.id, *methods.is_usable(account)))
        .where(PaymentWay.seller_id == account.seller_id, PaymentWay.is_on.is_(True))
        .order_by(PaymentWay.id, PaymentMethod.state.desc(), PaymentMethod.id)
    )
    rows = session.execute(query).all()
    ways = {way.id: way for way, _ in rows}
    saved = [method for _, method in rows if method is not None]
    return [paying.offer_of(way, total) for way in ways.values()], saved


def _checked(room: Room, account: Account, total: Decimal, *, on_credit: bool = True) -> DomainError | None:
    try:
        spending.check(room, account, total, on_credit=on_credit)
    except DomainError as refusal:
        return refusal
    return None


def _saved(saved: Sequence[PaymentMethod], offers: Sequence[Offer]) -> list[Tile]:
    by_way = {offer.way.id: offer for offer in offers}
    return [
        _tile(by_way[one.way_id], f"saved:{one.id}", one.called, one)
        for one in saved
        if one.way_id is not None and one.way_id in by_way
    ]


def _tile(offer: Offer, value: str, name: str, method: PaymentMethod | None = None) -> Tile:
    return Tile(
        value,
        name,
        offer.charged,
        way=offer.way,
        method=method,
        commission=offer.commission,
        cashback=offer.cashback if offer.refusal is None else Decimal(0),
        refusal=offer.refusal,
    )


def chosen(found: Sequence[Tile], value: str) -> Tile | None:
    """The tile of a name, where it can be used."""
    return next((one for one in found if one.value == value and one.refusal is None), None)


def who_may_buy(session: Session, actor: Actor) -> list[str]:
    """People of the company to ask, where one may not buy oneself."""
    people = session.scalars(
        sa.select(User)
        .where(User.company_id == actor.company_id, User.active)
        .options(selectinload(User.roles))
        .order_by(User.id)
        .limit(200)
    ).all()
    switched: dict[int, dict[str, bool]] = {}
    ids = [one.id for one in people]
    for row in session.scalars(sa.select(UserRight).where(UserRight.user_id.in_(ids))):
        switched.setdefault(row.user_id, {})[row.right] = row.is_on
    may = [
        one.display_name or f"{one.first_name} {one.last_name}".strip()
        for one in people
        if Right.CABINET_BUY in rights_of([role.name for role in one.roles], switched.get(one.id, {}), True)
    ]
    return may[:ASKED]
