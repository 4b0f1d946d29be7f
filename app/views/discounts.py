"""A promotion in a sentence: what customers read beside its code, and the office before they do."""

import datetime as dt

from flask_babel import gettext

from app.models import Promotion
from app.views.cabinet.frame import day, in_words, money, percent


def told(promotion: Promotion, currency: str) -> str:
    """«10 % off the first period, until Dec 31, 2026, for orders from 500.00 UAH, for a first purchase.»"""
    said = [_off(promotion, currency)]
    if promotion.product is not None:
        said.append(gettext("only «%(product)s»", product=in_words(promotion.product).name))
    if promotion.valid_to is not None:
        said.append(gettext("until %(day)s", day=day(promotion.valid_to - dt.timedelta(days=1))))
    if promotion.minimum_sum:
        said.append(gettext("for orders from %(sum)s", sum=money(promotion.minimum_sum, currency)))
    if promotion.first_purchase_only:
        said.append(gettext("for a first purchase"))
    return ", ".join(said)


def _off(promotion: Promotion, currency: str) -> str:
    if promotion.percent_bp:
        return gettext("%(percent)s off the first period", percent=percent(promotion.percent_bp))
    return gettext("%(sum)s off the order, once", sum=money(promotion.amount, currency))
