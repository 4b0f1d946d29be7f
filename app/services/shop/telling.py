"""What happens to a company's services, told to the people who look after them: in the cabinet and by letter."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.models import Account, Company, Plan, Product, Seller, Subscription
from app.reports.formats import formats_of
from app.reports.words import words_of
from app.rules.notices import NoticeEvent
from app.services import notices
from app.services.notices import Reader

CONCERNED = (Right.CABINET_SUBSCRIPTIONS, Right.CABINET_BUY)


def tell(session: Session, subscription: Subscription, event: NoticeEvent, about: str, **facts: Any) -> None:
    """Tell of an event of a subscription, once for each `about`.

    `facts` fill the words: days and sums as the reader writes them, `reason` a key of the words with its own facts.
    """
    company = session.get_one(Company, subscription.company_id)
    account = session.get_one(Account, subscription.account_id)
    seller = session.get_one(Seller, subscription.seller_id)
    plan = session.get_one(Plan, subscription.plan_id)
    product = session.get_one(Product, plan.product_id)
    readers = notices.readers_of(session, [company.id], CONCERNED).get(company.id, [])
    if not readers and company.email:
        readers = [Reader(company.email, company.locale)]

    def say(locale: str) -> tuple[str, str, str]:
        words, formats = words_of(locale), formats_of(words_of(locale).language)
        params = {"service": named(subscription, plan, words.language), **_said(facts, words, formats, account)}
        said = words(f"notice_{event.value}", **_with_instructions(params, product, words.language))
        letter = notices.letter_of(locale, said, seller.name, account.number)
        return words(f"notice_{event.value}_subject", **params), said, letter

    key = f"{subscription.id}:{about}"
    notices.put(session, notices.rows_for(event, key, readers, say, company_id=company.id))


def named(subscription: Subscription, plan: Plan, language: str = "") -> str:
    """What a subscription is called: its own name, else the plan's in the reader's language; with its domain name."""
    own = subscription.name or str((plan.translations or {}).get(language, {}).get("name") or plan.name)
    return f"{own} ({subscription.identifier})" if subscription.identifier else own


def _said(facts: Mapping[str, Any], words: Any, formats: Any, account: Account) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in facts.items():
        if isinstance(value, dt.date):
            found[name] = formats.date(value)
        elif isinstance(value, Decimal):
            found[name] = f"{formats.money(value)} {account.currency}"
        elif name == "reason":
            found[name] = words(f"notice_{value[0]}", **value[1])
        else:
            found[name] = str(value)
    return found


def _with_instructions(params: dict[str, str], product: Product, language: str) -> dict[str, str]:
    own = (product.translations or {}).get(language, {}).get("instructions") or product.instructions
    return {**params, "instructions": f"\n\n{own}" if own else ""}
