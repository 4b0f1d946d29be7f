"""The demo's companies with payers, contracts, accounts and what they have subscribed to."""

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.period import Month
from app.models import (
    Account,
    Company,
    Contract,
    CreditLimit,
    DeliveryChange,
    Payer,
    Plan,
    Promotion,
    Seller,
    Subscription,
    SubscriptionItem,
    SubscriptionPromotion,
)
from app.rules.identifiers import make_account_number
from app.rules.payer_fields import INDIVIDUAL, LEGAL_ENTITY
from app.services.demo.parties import make_requisites
from app.services.demo.story import HOUSE_OF, Client

_POST = {"UA": ("Директор", "директора", "директору"), "RU": ("Директор", "директора", "директору")}
_POST_PL = ("Prezes zarządu", "prezesa zarządu", "prezesowi zarządu")
_ACTS_ON = {"UA": "Статуту", "RU": "Устава", "PL": "umowy spółki"}
LINES, REST = "lines", "rest"  # the two accounts of a company: its lines, and all else


def add_company(session: Session, client: Client, seller: Seller) -> tuple[Company, Payer]:
    """A company and its payer, of the client's kind and country."""
    numbers = make_requisites(client.country, client.kind, client.number)
    place = f"{numbers['legal_postal_code']}, {numbers['legal_city']}, {numbers['legal_address']}"
    company = Company(
        code=client.code,
        name=client.name,
        seller_id=seller.id,
        country=client.country,
        locale=seller.locale,
        email=f"office@{client.code}.example",
        phone=numbers["phone"],
        address=place,
        domain_prefix=client.code,
    )
    session.add(company)
    session.flush()
    payer = Payer(
        company_id=company.id,
        kind=client.kind,
        country=client.country,
        locale=seller.locale,
        name=client.name,
        contact_person=client.director.full,
        email=f"books@{client.code}.example",
        get_by_email=client.number % 3 == 1,
        **numbers,
        **_signs(client),
    )
    session.add(payer)
    session.flush()
    return company, payer


def _signs(client: Client) -> dict[str, Any]:
    if client.kind == INDIVIDUAL:
        return {"birth_date": dt.date(1970 + client.number % 30, client.number % 12 + 1, client.number % 28 + 1)}
    if client.kind != LEGAL_ENTITY:
        return {"director_name": client.director.full}
    post, of_post, to_post = _POST.get(client.country, _POST_PL)
    return {
        "director_name": client.director.full,
        "director_post": post,
        "director_post_genitive": of_post,
        "director_post_dative": to_post,
        "acts_on": _ACTS_ON[client.country],
    }


def add_account(
    session: Session, client: Client, payer: Payer, seller: Seller, what: str, months: list[Month]
) -> Account:
    """An account under a contract of its own, with its way of delivery."""
    place = client.number * 10 + (1 if what == LINES else 2)
    signed_on = months[0].shift(-1 - client.number % 20).first_day + dt.timedelta(days=client.number % 25)
    contract = Contract(
        company_id=payer.company_id,
        seller_id=seller.id,
        payer_id=payer.id,
        number=f"{HOUSE_OF[client.country].country}-{place:04d}/{signed_on.year}",
        signed_on=signed_on,
    )
    session.add(contract)
    session.flush()
    by_mail = client.number % 3 == 1
    account = Account(
        company_id=payer.company_id,
        seller_id=seller.id,
        payer_id=payer.id,
        contract_id=contract.id,
        number=make_account_number({"UA": "38", "RU": "70", "PL": "48"}[client.country], place, 6),
        currency=seller.currency,
        delivery="email" if by_mail else "collect",
        delivery_format=("pdf", "xlsx", "xlsx_split")[client.number // 3 % 3] if by_mail else "pdf",
        delivery_addresses=f"books@{client.code}.example" if by_mail else "",
    )
    session.add(account)
    session.flush()
    session.add(
        DeliveryChange(
            company_id=account.company_id,
            account_id=account.id,
            valid_from=dt.datetime.combine(signed_on, dt.time(9), dt.UTC),
            delivery=account.delivery,
            delivery_format=account.delivery_format,
            delivery_addresses=account.delivery_addresses,
            changed_by="demo",
        )
    )
    session.flush()
    return account


def add_basket(
    session: Session, client: Client, account: Account, plans: dict[str, Plan], months: list[Month]
) -> list[Subscription]:
    """What the client has besides lines; some of it begun inside the year."""
    rng = random.Random(f"basket:{client.code}")  # noqa: S311
    made = []
    for offer, quantity in client.basket:
        plan = plans[offer]
        starts_on = _start_of(client, offer, months, rng)
        subscription = Subscription(
            company_id=account.company_id,
            seller_id=account.seller_id,
            account_id=account.id,
            plan_id=plan.id,
            name=plan.name,
            quantity=Decimal(quantity),
            starts_on=starts_on,
            auto_renew=rng.random() < 0.8,
        )
        session.add(subscription)
        session.flush()
        session.execute(sa.insert(SubscriptionItem), list(items_of(subscription, plan, rng)))
        made.append(subscription)
    return made


def _start_of(client: Client, offer: str, months: list[Month], rng: random.Random) -> dt.date:
    if client.code == "orion" and offer != "channel-100" or rng.random() < 0.7:
        return months[0].shift(-rng.randint(1, 8)).first_day
    return rng.choice(months[1:-2]).first_day + dt.timedelta(days=rng.randint(0, 27))


_AMOUNTS = {"cpu": (2, 8), "ram": (4, 32), "disk": (50, 700), "place": (50, 400), "user": (1, 6)}


def items_of(subscription: Subscription, plan: Plan, rng: random.Random) -> Any:
    """The dated parts of a new subscription, as rows."""
    several = len(plan.components) > 1
    for part in plan.components:
        low, high = _AMOUNTS.get(part.code, (1, 1))
        quantity = Decimal(rng.randint(low, high)) if high > 1 else subscription.quantity
        yield {
            "company_id": subscription.company_id,
            "subscription_id": subscription.id,
            "component_id": part.id,
            "name": f"{plan.name}: {part.name[:1].lower()}{part.name[1:]}" if several else plan.name,
            "quantity": Decimal(1) if part.charged == "usage" else quantity,
            "valid_from": subscription.starts_on,
            "valid_to": subscription.ends_on,
        }


def add_rewards(
    session: Session, client: Client, account: Account, subscriptions: list[Subscription], months: list[Month]
) -> None:
    """Promotions for some, credit limits for some."""
    if subscriptions and client.number % 4 == 1:
        code = ("SPRING" if client.number % 8 == 1 else "HELLO") + f"-{client.country}"
        promotion = session.scalars(sa.select(Promotion).where(Promotion.code == code)).one()
        first = max(subscriptions[0].starts_on, months[0].first_day)
        session.add(
            SubscriptionPromotion(
                company_id=account.company_id,
                subscription_id=subscriptions[0].id,
                promotion_id=promotion.id,
                valid_from=first,
                valid_to=Month.of(first).shift(3).first_day,
            )
        )
        promotion.used += 1
    if client.number % 5 == 1 or client.fate == "blocked":
        session.add(
            CreditLimit(
                company_id=account.company_id,
                account_id=account.id,
                amount=Decimal(50_000) if client.code == "orion" else Decimal(5_000),
            )
        )
    session.flush()
