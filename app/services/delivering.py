"""How an account's regular documents reach the company: method, format, addresses, each with its history (A1-28…36)."""

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.core.period import Month
from app.models import Account, DeliveryChange
from app.rules.mailing import MAX_LENGTH, join_addresses, parse_addresses
from app.rules.policies import Calendar, PolicyKind, window_on
from app.services import trail

METHODS = ("email", "collect")
FORMATS = ("pdf", "xlsx", "xlsx_split")


def change_delivery(
    session: Session,
    actor: Actor,
    account_id: int,
    method: str,
    delivery_format: str,
    addresses: str = "",
    *,
    max_length: int = MAX_LENGTH,
) -> DeliveryChange | None:
    """From now on documents go this way; None where nothing changed. Empty `addresses` keep those in force."""
    actor.need(Right.CUSTOMERS_WRITE if actor.is_staff else Right.CABINET_DELIVERY)
    account = session.scalars(sa.select(Account).where(Account.id == account_id).with_for_update(of=Account)).first()
    if account is None:
        raise NotFound()
    actor.need_company(account.company_id)
    if method not in METHODS or delivery_format not in FORMATS:
        raise Refused(N_("Choose the way of delivery and the format from the lists."))
    wanted = addresses.strip() or account.delivery_addresses
    kept = join_addresses(parse_addresses(wanted, max_length)) if method == "email" else account.delivery_addresses
    if (method, delivery_format, kept) == (account.delivery, account.delivery_format, account.delivery_addresses):
        return None
    _begin_history(session, account)
    account.delivery, account.delivery_format, account.delivery_addresses = method, delivery_format, kept
    change = _change(account, clock.now(), actor.name)
    session.add(change)
    trail.record(session, actor, "delivery.change", "account", account.id, company_id=account.company_id, method=method)
    session.flush()
    return change


def _begin_history(session: Session, account: Account) -> None:
    """What was in force before the first change is kept too."""
    known = sa.select(DeliveryChange.id).where(DeliveryChange.account_id == account.id).limit(1)
    if session.scalar(known) is None:
        session.add(_change(account, account.created_at, ""))
        session.flush()


def _change(account: Account, valid_from: dt.datetime, by: str) -> DeliveryChange:
    return DeliveryChange(
        company_id=account.company_id,
        account_id=account.id,
        valid_from=valid_from,
        delivery=account.delivery,
        delivery_format=account.delivery_format,
        delivery_addresses=account.delivery_addresses,
        changed_by=by,
    )


def history_of(session: Session, account: Account, limit: int = 20) -> list[DeliveryChange]:
    """The last values with the instant each holds from, the newest first."""
    query = (
        sa.select(DeliveryChange)
        .where(DeliveryChange.account_id == account.id, DeliveryChange.company_id == account.company_id)
        .order_by(DeliveryChange.valid_from.desc(), DeliveryChange.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


@dataclass(frozen=True)
class Value:
    """How documents reach a company at an instant; `by` and `since` are empty where it never changed."""

    method: str
    format: str
    addresses: str
    by: str = ""
    since: dt.datetime | None = None


def value_at(session: Session, account: Account, moment: dt.datetime) -> Value:
    """The value an invoice formed at `moment` uses (A1-20); the account's own where it never changed."""
    query = (
        sa.select(DeliveryChange)
        .where(DeliveryChange.account_id == account.id, DeliveryChange.valid_from <= moment)
        .order_by(DeliveryChange.valid_from.desc(), DeliveryChange.id.desc())
        .limit(1)
    )
    change = session.scalars(query).first()
    if change is None:  # before anything was known of it: what was there first
        mine = sa.select(DeliveryChange).where(DeliveryChange.account_id == account.id)
        change = session.scalars(mine.order_by(DeliveryChange.valid_from, DeliveryChange.id).limit(1)).first()
    if change is None:
        return Value(account.delivery, account.delivery_format, account.delivery_addresses)
    return Value(
        change.delivery, change.delivery_format, change.delivery_addresses, change.changed_by, change.valid_from
    )


def next_forming(calendar: Calendar, today: dt.date, is_last_month_formed: bool) -> tuple[Month, dt.date]:
    """The month the next regular invoice is for, and the business day on which it is formed."""
    this = Month.of(today)
    day = dt.timedelta(days=calendar[PolicyKind.INVOICING_DAY]["day"] - 1)
    awaited = today <= this.first_day + day or window_on(calendar[PolicyKind.INVOICE_CLOSED_WINDOW], today) is not None
    if not is_last_month_formed and awaited:
        return this.shift(-1), max(today, this.first_day + day)
    return this, this.shift(1).first_day + day
