"""What the demo's bank knows: a payment it has not confirmed, statements' lines, and the acts both sides sign."""

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core.period import Month
from app.models import (
    Account,
    BankLine,
    Company,
    Payer,
    Payment,
    Seller,
    User,
)
from app.services import expecting, reconciliation
from app.services.demo.life import OFFICE
from app.services.demo.names import make_name
from app.services.demo.people import actor_of


def add_expected_payment(session: Session, company: Company, bookkeeper: User, today: dt.date) -> None:
    """The customer says they paid; the bank's line has not come yet (A1-05)."""
    account_id = session.scalars(
        sa.select(Account.id).where(Account.company_id == company.id).order_by(Account.id).limit(1)
    ).one()
    expecting.register_payment(
        session,
        actor_of(bookkeeper, Role.COMPANY_ACCOUNTANT),
        account_id,
        Decimal("3500.00"),
        today - dt.timedelta(days=1),
        reference="418",
        purpose="Оплата за послуги, платіжна інструкція № 418",
    )


def make_acts(session: Session, companies: Sequence[Company], months: list[Month]) -> None:
    """Reconciliation acts of the last closed quarter."""
    for company in companies:
        reconciliation.make_act(session, OFFICE, company.id, months[-3].first_day, months[-1].period.last_day)


def add_bank_lines(session: Session, sellers: dict[str, Seller], month: Month) -> None:
    """The newest statements: lines matched to their payments, and for each Seller one that nobody recognised."""
    for country, seller in sellers.items():
        query = (
            sa.select(Payment, Payer.name, Payer.tax_code)
            .join(Payer, Payer.id == Payment.payer_id)
            .where(Payment.seller_id == seller.id, Payment.method == "bank_transfer", Payment.number.is_not(None))
            .where(Payment.paid_on >= month.shift(1).first_day)
            .order_by(Payment.id)
        )
        for payment, name, tax_code in session.execute(query):
            line = _bank_line(seller, payment.paid_on, payment.amount, name, tax_code, payment.purpose)
            line.key, line.payment_id = f"demo:{payment.id}", payment.id
            session.add(line)
        stray = make_name(country, random.Random(country)).full  # noqa: S311
        day = month.shift(1).first_day
        session.add(_bank_line(seller, day, Decimal("1234.56"), stray, "", "За зв'язок, дякую"))
    session.flush()


def _bank_line(seller: Seller, day: dt.date, amount: Decimal, name: str, tax_code: str, purpose: str) -> BankLine:
    return BankLine(
        seller_id=seller.id,
        key=f"demo:{seller.code}:{day}:{amount}",
        booked_on=day,
        currency=seller.currency,
        amount=amount,
        counterparty=name,
        tax_code=tax_code,
        purpose=purpose,
    )
