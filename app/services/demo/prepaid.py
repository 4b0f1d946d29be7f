"""Services of the demo's shop that two companies bought and paid for beforehand: renewing, stopped, waiting.

Orion's cloud server, hosting and domain name were bought a month ago and renewed; its certificate waits to be set up,
its notebooks are out of stock, its line is connected by hand. Vega's antivirus was not renewed and is stopped.
"""

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import CABINET_RIGHTS
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Account, Company, Outbox, Payer, PaymentMethod, Plan, PlatformOrder, Seller, Subscription, User
from app.provisioning import simulated_platform
from app.provisioning.platforms import Answer, Outcome
from app.rules.identifiers import make_account_number
from app.rules.lifecycle import OutboxState, RequestState
from app.services import payments
from app.services.demo.life import OFFICE
from app.services.shop import activating, carts, orders, quotes, renewals
from app.services.shop.orders import Checkout
from app.services.shop.quotes import Wish
from app.services.work import Topic

# plan → who makes it run, and how the simulated platform behaves (`provisioning.simulated_platform`)
PLATFORMS: dict[str, tuple[str, dict[str, object]]] = {
    "cloud-server-flex": ("simulated", {"delay_seconds": 15, "fail_times": 1}),
    "cert-domain-year": ("simulated", {"delay_seconds": 5, "needs_setup": True}),
    "cert-wildcard-year": ("simulated", {"delay_seconds": 5, "needs_setup": True}),
    "notebook-rent-plan": ("simulated", {"delay_seconds": 5, "stock": 0}),
    "name-com-ua-year": ("simulated", {"delay_seconds": 8, "refuse_ending": ".test"}),
    "internet-100": ("by_hand", {}),
    "internet-300": ("by_hand", {}),
    "internet-1000": ("by_hand", {}),
}
# company → plan, domain name; what was bought a month ago, and what was bought today with what came of it
LAST_MONTH = {
    "orion": (("cloud-server-flex", ""), ("web-business", ""), ("name-com-ua-year", "orion-cloud.com.ua")),
    "vega": (("antivirus-month", ""),),
}
TODAY = {
    "orion": (
        ("cert-domain-year", "orion-cloud.com.ua", Outcome.NEEDS_SETUP),
        ("notebook-rent-plan", "", Outcome.OUT_OF_STOCK),
        ("internet-100", "", Outcome.PENDING),
    )
}
MONEY = {"orion": Decimal("12000.00"), "vega": Decimal("100.00")}
NUMBER = {code: make_account_number("38", 9900 + place, 6) for place, code in enumerate(sorted(LAST_MONTH))}
REASONS = {
    Outcome.NEEDS_SETUP: simulated_platform.SETUP,
    Outcome.OUT_OF_STOCK: simulated_platform.SOLD_OUT,
}


def set_platforms(session: Session, seller: Seller) -> None:
    """Say who makes the Seller's plans run."""
    query = sa.select(Plan).where(Plan.seller_id == seller.id, Plan.code.in_(PLATFORMS))
    for plan in session.scalars(query):
        plan.platform, plan.platform_settings = PLATFORMS[plan.code]
    session.flush()


def buy_last_month(session: Session, month: Month) -> None:
    """What runs since the last closed month, and its renewal on that month's last day."""
    for company in _companies(session):
        with clock.standing_at(month.first_day + dt.timedelta(9)):
            account = _open_account(session, company)
            payments.record_payment(
                session, OFFICE, account.id, MONEY[company.code], clock.today(), key=f"demo-prepaid:{company.code}"
            )
            for code, identifier in LAST_MONTH[company.code]:
                made = _buy(session, company, account, code, identifier)
                _answer(session, made, Outcome.DONE)
        eve = month.period.last_day
        with clock.standing_at(eve):
            for one in renewals.due(session, account.seller_id, eve):
                renewals.renew_due(session, one, eve)
    _forget(session)


def buy_today(session: Session, today: dt.date) -> None:
    """What is not paid is stopped; what was bought today waits for something."""
    for company in _companies(session):
        account = _account_of(session, company)
        _choose_card(session, company, account)
        for one in renewals.unpaid(session, account.seller_id, today):
            renewals.stop(session, one, today)
        for code, identifier, outcome in TODAY.get(company.code, ()):
            _answer(session, _buy(session, company, account, code, identifier), outcome)
    _forget(session)


def _companies(session: Session) -> list[Company]:
    query = sa.select(Company).where(Company.code.in_(LAST_MONTH)).order_by(Company.code)
    return list(session.scalars(query))


def _open_account(session: Session, company: Company) -> Account:
    """An account without a contract: what is bought on it is paid for beforehand."""
    seller = session.get_one(Seller, company.seller_id)
    payer = session.scalars(sa.select(Payer).where(Payer.company_id == company.id).order_by(Payer.id)).first()
    assert payer is not None
    account = Account(
        company_id=company.id,
        seller_id=seller.id,
        payer_id=payer.id,
        number=NUMBER[company.code],
        currency=seller.currency,
    )
    session.add(account)
    session.flush()
    return account


def _account_of(session: Session, company: Company) -> Account:
    return session.scalars(sa.select(Account).where(Account.number == NUMBER[company.code])).one()


def _buy(session: Session, company: Company, account: Account, code: str, identifier: str) -> Subscription:
    seller = session.get_one(Seller, company.seller_id)
    owner = session.scalars(
        sa.select(User).where(User.company_id == company.id, User.active.is_(True)).order_by(User.id)
    ).first()
    assert owner is not None
    actor = Actor(owner.id, owner.username, company.id, rights=frozenset(CABINET_RIGHTS), locale=company.locale)
    plan = session.scalars(sa.select(Plan).where(Plan.seller_id == seller.id, Plan.code == code)).one()
    cart = carts.cart_of(session, "", actor)
    item = carts.add(session, seller, cart, Wish(plan.id, months=plan.period_months, identifier=identifier))
    session.flush()
    today = clock.today(seller.zone)
    seen = quotes.quote(session, seller, [carts.wish_of(item)], today, company_id=company.id)
    checkout = Checkout(cart.id, account.id, orders.BALANCE, orders.seen_of(seen))
    order = orders.place(session, actor, checkout, f"demo:{code}:{identifier}:{today}")
    return session.get_one(Subscription, order.lines[0].subscription_id)


def _answer(session: Session, made: Subscription, outcome: Outcome) -> None:
    """What the platform said, as if it had been asked then."""
    session.flush()
    task = session.scalars(sa.select(PlatformOrder).where(PlatformOrder.subscription_id == made.id)).one()
    made.state = "processing"
    task.state, task.reference = RequestState.SENT.value, f"SIM-platform-{task.id}"
    if outcome is not Outcome.PENDING:
        activating.settle(session, task, Answer(outcome, REASONS.get(outcome, ""), f"sim-{task.id}"))


def _choose_card(session: Session, company: Company, account: Account) -> None:
    """One service renews by a saved card, where the company has one."""
    card = session.scalars(
        sa.select(PaymentMethod).where(PaymentMethod.company_id == company.id).order_by(PaymentMethod.id)
    ).first()
    made = session.scalars(
        sa.select(Subscription).where(Subscription.account_id == account.id).order_by(Subscription.id.desc())
    ).first()
    if card is not None and made is not None:
        made.payment_method_id = card.id


def _forget(session: Session) -> None:
    """The platform was asked here already."""
    session.execute(
        sa.update(Outbox)
        .where(Outbox.topic == Topic.PROVISION.value, Outbox.state == OutboxState.PENDING.value)
        .values(state=OutboxState.DONE.value)
        .execution_options(synchronize_session=False)
    )
