"""What is due by the clock, read from the database: asking twice orders once, and what was missed is caught up."""

from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_
from app.services import renaming, work
from app.services.work import JobName

# name → what it is called, and the hour (UTC) from which it is ordered: people are not written to at night
DAILY = {
    JobName.AUDIT: (N_("Nightly check of the books"), 0),
    JobName.HOUSEKEEPING: (N_("Clearing away old files"), 0),
    JobName.INSTALMENTS: (N_("Instalments of the day"), 5),
    JobName.NOTICES: (N_("Notices of unpaid invoices"), 6),
}


def order_due(session: Session) -> None:
    """Order what today still lacks; any number of schedules may ask, at any time."""
    day = clock.today()
    with tenancy.seeing(tenancy.EVERYONE, session):
        for name, (title, hour) in DAILY.items():
            if clock.now().hour >= hour and not work.is_ordered(session, f"{name}:{day}"):
                work.order_job(session, Actor.system("schedule"), name, title=title, key=f"{name}:{day}")
        renaming.begin_due(session)
        session.commit()
