"""What is due by the clock, read from the database: asking twice orders once, and what was missed is caught up."""

from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_
from app.services import renaming, top_up, work
from app.services.shop import renewals
from app.services.work import JobName

# name → what it is called, and the hour (UTC) from which it is ordered: people are not written to at night
DAILY = {
    JobName.AUDIT: (N_("Nightly check of the books"), 0),
    JobName.HOUSEKEEPING: (N_("Clearing away old files"), 0),
    JobName.EXPIRE_ORDERS: (N_("Clearing away of unpaid orders"), 1),
    JobName.INSTALMENTS: (N_("Instalments of the day"), 5),
    JobName.NOTICES: (N_("Notices of unpaid invoices"), 6),
}
RENEWALS_HOUR = 6  # of each Seller's own day


def order_due(session: Session) -> None:
    """Order what today still lacks; any number of schedules may ask, at any time."""
    day = clock.today()
    with tenancy.seeing(tenancy.EVERYONE, session):
        for name, (title, hour) in DAILY.items():
            if clock.now().hour >= hour and not work.is_ordered(session, f"{name}:{day}"):
                work.order_job(session, Actor.system("schedule"), name, title=title, key=f"{name}:{day}")
        _order_renewals(session)
        _order_top_ups(session)
        renaming.begin_due(session)
        session.commit()


def _order_renewals(session: Session) -> None:
    """The renewals of each Seller's business day."""
    for seller_id, day in renewals.days_of_sellers(session, RENEWALS_HOUR):
        key = f"renewals:{seller_id}:{day}"
        if not work.is_ordered(session, key):
            params, title = {"seller_id": seller_id}, N_("Renewals of the day")
            work.order_job(session, Actor.system("schedule"), JobName.RENEWALS, params, title, key=key)


def _order_top_ups(session: Session) -> None:
    """Each hour, where anybody has it: balances fall at any time, and renewals must find the money there."""
    key = f"{JobName.TOP_UP}:{clock.now():%Y-%m-%dT%H}"
    if top_up.is_any_on(session) and not work.is_ordered(session, key):
        title = N_("Automatic top-up of accounts")
        work.order_job(session, Actor.system("schedule"), JobName.TOP_UP, title=title, key=key)
