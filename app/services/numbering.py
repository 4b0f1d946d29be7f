"""Numbers without gaps: one series for a Seller, kind and year; taken last, inside the issuing transaction."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.errors import N_, Refused
from app.models import Account, NumberSeries, Seller
from app.rules.identifiers import make_account_number

LONG_AGO = dt.date(2000, 1, 1)  # the day of a series that never begins again


def _series(session: Session, seller_id: int, kind: str, year: int) -> NumberSeries | None:
    wanted = sa.select(NumberSeries).where(
        NumberSeries.seller_id == seller_id, NumberSeries.kind == kind, NumberSeries.year == year
    )
    return session.scalars(wanted.execution_options(populate_existing=True)).first()


def open_series(session: Session, seller_id: int, kind: str, year: int) -> None:
    """Make the series' row where there is none, whoever else does the same meanwhile."""
    if _series(session, seller_id, kind, year) is None:
        dialect = session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        row = {"seller_id": seller_id, "kind": kind, "year": year, "last_number": 0}
        session.execute(insert(NumberSeries).values(row).on_conflict_do_nothing())


def date_for(session: Session, seller_id: int, kind: str, wanted: dt.date) -> dt.date:
    """`wanted`, or the date of the series' last document where that is later: numbers and dates go together."""
    last = session.scalar(
        sa.select(sa.func.max(NumberSeries.last_date)).where(
            NumberSeries.seller_id == seller_id, NumberSeries.kind == kind
        )
    )
    return max(wanted, last) if last else wanted


def take_numbers(session: Session, seller_id: int, kind: str, day: dt.date, count: int = 1) -> int:
    """The first of `count` consecutive numbers; the last statement before the rows that carry them.

    `UPDATE … RETURNING` holds the series' row until the commit: no gaps and no doubles in either database
    (`reliability.md` §3a). Refused where the series already has a later date.
    """
    open_series(session, seller_id, kind, day.year)
    taken = session.execute(
        sa.update(NumberSeries)
        .where(
            NumberSeries.seller_id == seller_id,
            NumberSeries.kind == kind,
            NumberSeries.year == day.year,
            sa.or_(NumberSeries.last_date.is_(None), NumberSeries.last_date <= day),
        )
        .values(last_number=NumberSeries.last_number + count, last_date=day)
        .returning(NumberSeries.last_number)
        .execution_options(synchronize_session=False)
    ).scalar()
    if taken is None:
        raise Refused(N_("The series already has a document of a later date. Issue it with today's date."))
    return taken - count + 1


def number_accounts(session: Session, seller_id: int, count: int) -> list[str]:
    """So many new account numbers with their control digit, in a series that never begins again; none is in use."""
    free: list[str] = []
    while len(free) < count:
        wanted = count - len(free)
        first = take_numbers(session, seller_id, "account", LONG_AGO, wanted)
        made = [make_account_number(f"{seller_id}", first + at, 7) for at in range(wanted)]
        taken: set[str] = set()
        for at in range(0, wanted, 500):
            taken |= set(session.scalars(sa.select(Account.number).where(Account.number.in_(made[at : at + 500]))))
        free += [number for number in made if number not in taken]
    return free


KIND_LETTERS = {"credit_note": "C", "correction_act": "CA", "reconciliation": "R", "payment": "P", "order": "O"}


def prefix_of(seller: Seller, kind: str, day: dt.date) -> str:
    """What stands before the number: the Seller's prefix, the kind where it is not the everyday one, the year."""
    letters = KIND_LETTERS.get(kind, "")
    return f"{seller.document_prefix}{letters + '-' if letters else ''}{day.year}-"


def write_number(seller: Seller, kind: str, day: dt.date, sequence: int) -> str:
    """The number as documents print it: «KB-2026-000123»."""
    return f"{prefix_of(seller, kind, day)}{sequence:0{seller.number_digits}d}"


def number_next(session: Session, seller: Seller, kind: str, day: dt.date) -> tuple[int, str]:
    """Take one number: (its place in the series, as printed)."""
    sequence = take_numbers(session, seller.id, kind, day)
    return sequence, write_number(seller, kind, day, sequence)
