"""What people of a company are told of its orders: placed, paid, cancelled; each in their own language, once."""

from typing import Any

from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.models import Order, Seller
from app.reports.formats import formats_of
from app.reports.words import words_of
from app.rules.notices import NoticeEvent
from app.services import notices

READERS = (Right.CABINET_BUY, Right.CABINET_PAYMENTS)


def tell_placed(session: Session, order: Order) -> None:
    """An order waits for its payment."""
    _tell(session, order, NoticeEvent.ORDER_PLACED)


def tell_paid(session: Session, order: Order) -> None:
    """What was ordered is on its way; a renewal is told of by those who renew."""
    if order.kind != "renewal":
        _tell(session, order, NoticeEvent.ORDER_DONE)


def tell_cancelled(session: Session, order: Order) -> None:
    """An order will not be done any more."""
    _tell(session, order, NoticeEvent.ORDER_CANCELLED)


def _tell(session: Session, order: Order, event: NoticeEvent) -> None:
    seller = session.get_one(Seller, order.account.seller_id)
    said: dict[str, tuple[str, str, str]] = {}

    def say(locale: str) -> tuple[str, str, str]:
        if locale not in said:
            said[locale] = _texts(order, event, seller, locale)
        return said[locale]

    readers = notices.readers_of(session, {order.company_id}, READERS).get(order.company_id, [])
    rows = notices.rows_for(event, str(order.id), readers, say, company_id=order.company_id, document_id=None)
    notices.put(session, rows)


def _texts(order: Order, event: NoticeEvent, seller: Seller, locale: str) -> tuple[str, str, str]:
    words = words_of(locale)
    formats = formats_of(words.language)
    params: dict[str, Any] = {
        "number": order.number,
        "total": f"{formats.money(order.total)} {order.currency}",
        "what": ", ".join(line.name for line in order.lines[:5]) + (" …" if len(order.lines) > 5 else ""),
    }
    text = words(f"notice_{event.value}", **params)
    letter = notices.letter_of(locale, text, seller.name, order.account.number)
    return words(f"notice_{event.value}_subject", **params), text, letter
