"""Promo codes: whether one counts for a purchase, why not, and how it is used up (never more often than allowed)."""

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import N_, Refused
from app.models import Order, Promotion, Seller
from app.rules.lifecycle import OrderState

Goods = Sequence[tuple[int, Decimal]]  # (product, its price with tax)


def normalised(code: str) -> str:
    """A code as it is kept and compared."""
    return code.strip().upper()[:64]


def find(session: Session, seller: Seller, codes: Collection[str]) -> dict[str, Promotion]:
    """The Seller's promotions with these codes, in one statement."""
    wanted = {normalised(code) for code in codes} - {""}
    if not wanted:
        return {}
    found = session.scalars(
        sa.select(Promotion).where(Promotion.seller_id == seller.id, Promotion.code.in_(sorted(wanted)))
    )
    return {promotion.code: promotion for promotion in found}


def check(
    session: Session,
    seller: Seller,
    code: str,
    *,
    goods: Goods = (),
    day: dt.date | None = None,
    company_id: int | None = None,
    currency: str = "",
    whole_sum: Decimal | None = None,
) -> Promotion:
    """The promotion of a code that counts today for these goods; Refused with the reason.

    Another Seller's code is answered as one that does not exist.
    """
    promotion = find(session, seller, [code]).get(normalised(code))
    first = promotion is None or not promotion.first_purchase_only or is_first_purchase(session, company_id)
    return examine(
        promotion,
        code,
        goods=goods,
        day=day or clock.today(seller.zone),
        seller=seller,
        currency=currency or seller.currency,
        is_first=first,
        whole_sum=whole_sum,
    )


def examine(
    promotion: Promotion | None,
    code: str,
    *,
    goods: Goods,
    day: dt.date,
    seller: Seller,
    currency: str,
    is_first: bool = True,
    whole_sum: Decimal | None = None,
) -> Promotion:
    """The promotion, where it counts for these goods; `whole_sum` is held against its minimum instead of their sum."""
    if promotion is None:
        raise Refused(N_("There is no promo code %(code)s. Check its letters and digits."), code=code.strip()[:64])
    name = promotion.code
    if day < promotion.valid_from:
        raise Refused(N_("Promo code %(code)s counts from %(day)s. Use it then."), code=name, day=promotion.valid_from)
    if promotion.valid_to is not None and day >= promotion.valid_to:
        raise Refused(N_("Promo code %(code)s has run out. Remove it to go on."), code=name)
    if promotion.use_limit is not None and promotion.used >= promotion.use_limit:
        raise used_up(name)
    if promotion.product_id is not None and goods and all(product != promotion.product_id for product, _ in goods):
        raise Refused(N_("Promo code %(code)s is for another product. Remove it to go on."), code=name)
    if not is_first:
        raise Refused(N_("Promo code %(code)s is for a first purchase only. Remove it to go on."), code=name)
    if promotion.amount and not promotion.percent_bp and currency != seller.currency:
        raise Refused(
            N_("Promo code %(code)s counts only for prices in %(currency)s. Remove it to go on."),
            code=name,
            currency=seller.currency,
        )
    counted = sum((price for product, price in goods if promotion.product_id in (None, product)), Decimal(0))
    if (whole_sum if whole_sum is not None else counted) < promotion.minimum_sum:
        raise Refused(
            N_("Promo code %(code)s counts from %(sum)s %(currency)s. Add something, or remove the code."),
            code=name,
            sum=f"{promotion.minimum_sum:.2f}",
            currency=currency,
        )
    return promotion


def settle(promotion: Promotion) -> None:
    """What a promotion must be before it is kept: one code, one kind of discount, days in order."""
    promotion.code = normalised(promotion.code or "")
    if not promotion.code or len(promotion.code.split()) > 1:
        raise Refused(N_("A promo code is one word of letters and digits."))
    if bool(promotion.percent_bp) == bool(promotion.amount):
        raise Refused(N_("Give either a percentage or an amount, one of the two."))
    if (promotion.percent_bp or 0) < 0 or (promotion.percent_bp or 0) > 10_000 or (promotion.amount or 0) < 0:
        raise Refused(N_("A discount is between 0 and the whole price."))
    if promotion.valid_to is not None and promotion.valid_to <= promotion.valid_from:
        raise Refused(N_("The last day is before the first. Change one of them."))
    if promotion.use_limit is not None and promotion.use_limit < (promotion.used or 0):
        raise Refused(
            N_("It has been used %(used)s times already. Allow as many, or end it by a date."), used=promotion.used
        )
    seller_id = promotion.seller.id if promotion.seller is not None else promotion.seller_id
    if promotion.product is not None and promotion.product.seller_id != seller_id:
        raise Refused(N_("The product is another Seller's. Choose one of this Seller."))


def used_up(code: str) -> Refused:
    """The refusal of a code that was used as often as it may be."""
    return Refused(N_("Promo code %(code)s has been used as often as it may be. Remove it to go on."), code=code)


def is_first_purchase(session: Session, company_id: int | None) -> bool:
    """Whether a company has bought nothing yet: orders that were cancelled do not count."""
    if company_id is None:
        return True
    bought = sa.select(Order.id).where(Order.company_id == company_id, Order.state != OrderState.CANCELLED.value)
    return session.scalars(bought.limit(1)).first() is None


def use(session: Session, promotion_id: int, times: int = 1) -> None:
    """Take a use of a promotion; Refused where none is left. The database decides, whoever else asks meanwhile."""
    taken = sa.update(Promotion).where(
        Promotion.id == promotion_id,
        sa.or_(Promotion.use_limit.is_(None), Promotion.used + times <= Promotion.use_limit),
    )
    done: Any = session.execute(taken.values(used=Promotion.used + times).execution_options(synchronize_session=False))
    if not done.rowcount:
        raise used_up(session.scalars(sa.select(Promotion.code).where(Promotion.id == promotion_id)).first() or "?")


def give_back(session: Session, promotion_id: int, times: int = 1) -> None:
    """Return a use: the order was cancelled before it was fulfilled."""
    session.execute(
        sa.update(Promotion)
        .where(Promotion.id == promotion_id, Promotion.used >= times)
        .values(used=Promotion.used - times)
        .execution_options(synchronize_session=False)
    )
