"""A person's own data: what is kept and done with it, as a list and a file; wishes to erase or restrict it (AST-020).

Erasing takes away everything that says who the person is where the law does not oblige us to keep it. Documents,
payments and the trail of actions stay for their term; the trail is chained by digests and cannot be edited.
"""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, NotFound, Refused
from app.models import (
    Agreement,
    AgreementAcceptance,
    AuditEvent,
    Company,
    DataWish,
    Invitation,
    Notice,
    NoticePreference,
    TicketMessage,
    User,
    UserRight,
)
from app.services import letters, passkeys, people, sign_in, trail, work
from app.services.work import JobName

KINDS = ("erase", "restrict", "release")
LONGEST = 1000
ERASED = "—"
Row = tuple[str, str, str]  # part, field, value


# -- what is kept -------------------------------------------------------------------------------------------------


def actions_on(
    session: Session, actor: Actor, after: int | None = None, limit: int = 25
) -> tuple[list[AuditEvent], int | None]:
    """What was done by the person and to their row, the newest first; and the next place (AST-020)."""
    user = people.person_of(session, actor)
    mine = sa.or_(
        AuditEvent.user_id == user.id, sa.and_(AuditEvent.target == "ab_user", AuditEvent.target_id == str(user.id))
    )
    query = sa.select(AuditEvent).where(mine)
    if after is not None:
        query = query.where(AuditEvent.id < after)
    with tenancy.seeing(tenancy.EVERYONE, session):  # of the days before they had a company, too: all of it is theirs
        rows = list(session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit + 1)))
    return rows[:limit], (rows[limit - 1].id if len(rows) > limit else None)


def order_export(session: Session, actor: Actor, title: str) -> int:
    """Ask for a file of everything kept about the person, mailed to their address; once an hour (AST-021)."""
    user = people.person_of(session, actor)
    hour = clock.now().strftime("%Y%m%d%H")
    job = work.order_job(session, actor, JobName.PERSONAL_DATA, {}, title, key=f"personal:{user.id}:{hour}")
    trail.record(session, actor, "data.export", "ab_user", user.id, company_id=user.company_id)
    return int(job.id)


def rows_of(session: Session, user: User) -> Iterator[Row]:
    """Everything that is kept about a person, part by part."""
    yield from _person(user)
    for part, found in (
        ("rights", _switched(session, user)),
        ("notices", _chosen(session, user)),
        ("sessions", _sessions(session, user)),
        ("passkeys", [(one.name, one.created_at) for one in passkeys.list_of(session, user.id)]),
        ("agreements", _agreements(session, user)),
        ("requests", _wishes(session, user)),
        ("messages", _messages(session, user)),
        ("notices sent", _sent(session, user)),
        ("actions", _actions(session, user)),
    ):
        yield from ((part, str(field), _text(value)) for field, value in found)


def write_csv(rows: Iterable[Row], out: TextIO) -> int:
    """The rows as a CSV that a spreadsheet reads as text; how many there were."""
    writer, count = csv.writer(out, delimiter=";", lineterminator="\r\n"), 0
    writer.writerow(("Part", "Field", "Value"))
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
        count += 1
    return count


def mail(session: Session, actor: Actor, path: str, name: str, key: str) -> None:
    """Send the file to the address of the person's settings."""
    user = people.person_of(session, actor)
    letters.order(session, "personal_data", key, user.email, user.locale or "en", user_id=user.id, file=path, name=name)


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] in "=+-@\t\r" and not cell[1:].replace(" ", "").isdigit() else cell


def _person(user: User) -> Iterator[Row]:
    said = {
        "user name": user.username,
        "e-mail": user.email,
        "first name": user.first_name,
        "last name": user.last_name,
        "name to be shown": user.display_name,
        "telephone": user.phone,
        "telephone confirmed": user.phone_confirmed_at,
        "language": user.locale,
        "company": user.company.name if user.company else "",
        "roles": ", ".join(role.name for role in user.roles),
        "authenticator": "on" if user.totp_secret else "off",
        "picture": "yes" if user.avatar else "no",
        "last sign-in": user.last_login,
        "use restricted": user.restricted_at,
    }
    yield from (("person", field, _text(value)) for field, value in said.items())


def _switched(session: Session, user: User) -> list[tuple[str, str]]:
    rows = session.scalars(sa.select(UserRight).where(UserRight.user_id == user.id).order_by(UserRight.id))
    return [(row.right, "on" if row.is_on else "off") for row in rows]


def _chosen(session: Session, user: User) -> list[tuple[str, str]]:
    rows = session.scalars(sa.select(NoticePreference).where(NoticePreference.user_id == user.id))
    return [(f"{row.notice_class}, {row.channel}", "on" if row.is_on else "off") for row in rows]


def _sessions(session: Session, user: User) -> list[tuple[object, str]]:
    return [(_text(one.created_at), f"{one.device} {one.address}") for one in sign_in.sessions_of(session, user)]


def _agreements(session: Session, user: User) -> list[tuple[str, dt.datetime]]:
    query = sa.select(Agreement, AgreementAcceptance.created_at).join(
        AgreementAcceptance, AgreementAcceptance.agreement_id == Agreement.id
    )
    rows = session.execute(query.where(AgreementAcceptance.user_id == user.id))
    return [(f"{terms.title} {terms.version}", at) for terms, at in rows]


def _wishes(session: Session, user: User) -> list[tuple[str, str]]:
    rows = session.scalars(sa.select(DataWish).where(DataWish.user_id == user.id).order_by(DataWish.id))
    return [(f"{row.kind} {_text(row.created_at)}", f"{row.state} {row.reason}".strip()) for row in rows]


def _messages(session: Session, user: User) -> list[tuple[str, str]]:
    rows = session.scalars(sa.select(TicketMessage).where(TicketMessage.user_id == user.id).order_by(TicketMessage.id))
    return [(_text(row.created_at), row.body) for row in rows]


def _sent(session: Session, user: User) -> list[tuple[str, str]]:
    rows = session.scalars(sa.select(Notice).where(Notice.user_id == user.id).order_by(Notice.id))
    return [(f"{_text(row.created_at)} {row.channel}", row.subject) for row in rows]


def _actions(session: Session, user: User) -> list[tuple[str, str]]:
    rows = session.scalars(sa.select(AuditEvent).where(AuditEvent.user_id == user.id).order_by(AuditEvent.id))
    return [(_text(row.at), f"{row.action} {row.target} {row.target_id}") for row in rows]


def _text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else str(value)


# -- wishes -------------------------------------------------------------------------------------------------------


def ask(session: Session, actor: Actor, kind: str, note: str) -> DataWish:
    """Ask the provider to erase the person's data, to restrict its use, or to lift the restriction (AST-022, 023)."""
    user = people.person_of(session, actor)
    if user.company_id is None or actor.company_id != user.company_id:
        raise NotFound()
    if kind not in KINDS:
        raise Refused(N_("Choose what to ask for."))
    if (kind == "release") != (user.restricted_at is not None) and kind != "erase":
        raise Refused(N_("The use of your data is restricted already, or not restricted at all."))
    if open_of(session, user.id) is not None:
        raise Refused(N_("A request of yours is waiting already. Cancel it first to ask for something else."))
    made = DataWish(company_id=user.company_id, user_id=user.id, kind=kind, note=" ".join(note.split())[:LONGEST])
    session.add(made)
    session.flush()
    trail.record(session, actor, "data.wish", "data_wish", made.id, company_id=user.company_id, kind=kind)
    return made


def cancel(session: Session, actor: Actor, wish_id: int) -> DataWish:
    """The person has changed their mind."""
    wish = session.get(DataWish, wish_id)
    if wish is None or wish.user_id != actor.user_id:
        raise NotFound()
    _need_new(wish)
    wish.state, wish.decided_at = "cancelled", clock.now()
    session.flush()
    trail.record(session, actor, "data.wish_cancel", "data_wish", wish.id, company_id=wish.company_id)
    return wish


def wishes_of(session: Session, user_id: int) -> list[DataWish]:
    """A person's wishes, the newest first."""
    query = sa.select(DataWish).where(DataWish.user_id == user_id).order_by(DataWish.id.desc()).limit(20)
    return list(session.scalars(query))


def open_of(session: Session, user_id: int) -> DataWish | None:
    """The wish that waits to be decided."""
    return session.scalars(sa.select(DataWish).where(DataWish.user_id == user_id, DataWish.state == "new")).first()


def waiting(
    session: Session, actor: Actor, after: int | None = None, limit: int = 50
) -> tuple[list[tuple[DataWish, User, Company]], int | None]:
    """Every wish for the staff, those that wait first; and the next place."""
    actor.need(Right.USERS_WRITE)
    query = (
        sa.select(DataWish, User, Company)
        .join(User, User.id == DataWish.user_id)
        .join(Company, Company.id == DataWish.company_id)
    )
    if after is not None:
        query = query.where(DataWish.id < after)
    rows = session.execute(query.order_by(DataWish.id.desc()).limit(limit + 1)).all()
    found = [(wish, user, company) for wish, user, company in rows]
    return found[:limit], (found[limit - 1][0].id if len(found) > limit else None)


def decide(session: Session, actor: Actor, wish_id: int, is_granted: bool, reason: str) -> DataWish:
    """The staff does what was asked for, or refuses it with a reason; the person is told by letter."""
    if not actor.is_staff:
        raise NotFound()
    actor.need(Right.USERS_WRITE)
    wish = session.get(DataWish, wish_id)
    if wish is None:
        raise NotFound()
    _need_new(wish)
    reason = " ".join(reason.split())[:LONGEST]
    if not is_granted and not reason:
        raise Refused(N_("Say why: the person is told the reason."))
    user = session.get_one(User, wish.user_id)
    wish.state, wish.reason = ("done" if is_granted else "refused"), reason
    wish.decided_by, wish.decided_at = actor.name, clock.now()
    session.flush()
    address, locale = user.email, user.locale or "en"
    letter = "wish_done" if is_granted else "wish_refused"
    told = {"about": user.display_name or user.first_name, "reason": reason}
    letters.order(session, letter, f"wish-{wish.id}", address, locale, user_id=user.id, **told)
    trail.record(session, actor, f"data.{wish.state}", "data_wish", wish.id, company_id=wish.company_id, kind=wish.kind)
    if is_granted:
        _DO[wish.kind](session, actor, user)
    return wish


def _erase(session: Session, actor: Actor, user: User) -> None:
    people.delete(session, actor, user.id)
    gone = session.get(User, user.id)
    if gone is None:
        return
    gone.first_name, gone.last_name, gone.display_name, gone.restricted_at = ERASED, "", None, None
    gone.last_login = None
    invited = sa.update(Invitation).where(Invitation.user_id == gone.id)
    session.execute(invited.values(email=gone.email, first_name=ERASED, last_name=""))
    session.execute(sa.update(Notice).where(Notice.user_id == gone.id).values(recipient=gone.email))
    session.flush()


def _restrict(session: Session, actor: Actor, user: User) -> None:
    user.restricted_at = clock.now()
    session.flush()


def _release(session: Session, actor: Actor, user: User) -> None:
    user.restricted_at = None
    session.flush()


_DO = {"erase": _erase, "restrict": _restrict, "release": _release}


def _need_new(wish: DataWish) -> None:
    if wish.state != "new":
        raise Refused(N_("This request is decided or cancelled already."))


def export(session: Session, actor: Actor, path: Path) -> int:
    """Write the person's file."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        return write_csv(rows_of(session, people.person_of(session, actor)), out)
