"""Notices to the people of a company: who gets which, kept in the cabinet and sent by mail, each once (AST-177…184).

A notice is a row for each person and channel, with a key, so that asking twice is asking once. A mail's row waits for
the outbox; when its turn comes and it is no longer true (the invoice is paid, its day has passed), it is dropped.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from app.access.permissions import Right
from app.access.roles import rights_of
from app.channels.base import Message
from app.channels.registry import mail_channel
from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound
from app.models import Company, Document, Notice, NoticePreference, Seller, User, UserRight
from app.reports.words import words_of
from app.rules import notices as rules
from app.rules.lifecycle import Settlement
from app.rules.notices import CHANNELS, CLASSES, NoticeClass, NoticeEvent
from app.services import policies, work
from app.services.mailing import Post
from app.services.work import Topic

Row = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """Somebody to be told: a person, or (without `user_id`) the address that a company's mail goes to."""

    address: str
    locale: str
    user_id: int | None = None
    switched: Mapping[tuple[str, str], bool] = field(default_factory=dict)

    def channels(self, event: NoticeEvent) -> list[str]:
        """The channels this reader wants the event through."""
        if self.user_id is None:
            return ["email"]
        return [one for one in CHANNELS if rules.is_wanted(self.switched, CLASSES[event], one)]


def readers_of(session: Session, company_ids: Collection[int], rights: Collection[Right]) -> dict[int, list[Reader]]:
    """The people of these companies who may sign in and hold one of the rights, by company."""
    query = (
        sa.select(User, Company.locale)
        .join(Company, Company.id == User.company_id)
        .where(User.company_id.in_(company_ids), User.active, User.restricted_at.is_(None))
        .options(selectinload(User.roles))
        .order_by(User.id)
    )
    people = session.execute(query).all()
    rights_switched: dict[int, dict[Any, bool]] = {}
    switched: dict[int, dict[Any, bool]] = {}
    ids = [user.id for user, _ in people]
    for one in session.scalars(sa.select(UserRight).where(UserRight.user_id.in_(ids))):
        rights_switched.setdefault(one.user_id, {})[one.right] = one.is_on
    for wish in session.scalars(sa.select(NoticePreference).where(NoticePreference.user_id.in_(ids))):
        switched.setdefault(wish.user_id, {})[wish.notice_class, wish.channel] = wish.is_on
    found: dict[int, list[Reader]] = {}
    for user, company_locale in people:
        held = rights_of([role.name for role in user.roles], rights_switched.get(user.id, {}), True)
        if held & set(rights):
            reader = Reader(user.email, user.locale or company_locale, user.id, switched.get(user.id, {}))
            found.setdefault(user.company_id, []).append(reader)
    return found


def rows_for(event: NoticeEvent, about: str, readers: Iterable[Reader], say: Any, **common: Any) -> list[Row]:
    """The notices that tell `readers` of an event; `say(locale)` gives subject, body of the notice and of the letter.

    Who is told twice at one address gets one letter; `about` names the thing: it makes the key.
    """
    rows: dict[str, Row] = {}
    for reader in readers:
        subject, text, letter = say(reader.locale)
        for channel in reader.channels(event):
            is_mail = channel == "email"
            whom = _short(reader.address.lower()) if is_mail else str(reader.user_id)
            key = f"{event.value}:{about}:{channel}:{whom}"
            row = {"key": key, "channel": channel, "event": event.value, "user_id": reader.user_id, **common}
            row |= {"recipient": reader.address, "subject": subject[:255], "body": letter if is_mail else text}
            row |= {"state": "pending" if is_mail else "sent", "sent_at": None if is_mail else clock.now()}
            rows.setdefault(key, {**row, "created_at": clock.now()})
    return list(rows.values())


def _short(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:24]


def put(session: Session, rows: Sequence[Row]) -> None:
    """Keep the notices that are not there yet, and wish for the letters among them."""
    if not rows:
        return
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Notice).on_conflict_do_nothing(index_elements=["key"]), list(rows))
    letters = [row for row in rows if row["channel"] == "email"]
    wishes = [({"notice": row["key"]}, f"notice:{row['key']}", row["company_id"]) for row in letters]
    work.put_outbox_many(session, Topic.SEND_NOTICE, wishes)


def letter_of(locale: str, text: str, seller: str, account: str = "") -> str:
    """A notice's sentence as a letter."""
    words = words_of(locale)
    line = words("notice_account", account=account) if account else ""
    return words("notice_letter", text=text, account=line, seller=seller)


# -- the outbox ---------------------------------------------------------------------------------------------------


def send(session: Session, key: str, post: Post) -> None:
    """Send one letter, unless it has gone or is no longer true; ChannelError says whether to try again."""
    notice = session.scalars(sa.select(Notice).where(Notice.key == key)).first()
    if notice is None or notice.state != "pending":
        return
    if _is_true(session, notice):
        mail_channel(session, post.smtp_url).send(_message(session, notice, post))
        notice.state, notice.sent_at = "sent", clock.now()
    else:
        notice.state = "dropped"
    session.flush()


def mark_failed(session: Session, key: str) -> None:
    """The letter will not go by itself any more; staff see it in the outbox and may try again."""
    session.execute(sa.update(Notice).where(Notice.key == key, Notice.state == "pending").values(state="failed"))


def _is_true(session: Session, notice: Notice) -> bool:
    """Whether it may still be said: of an invoice, while it is unpaid and nothing newer is to be said of it."""
    if notice.document_id is None:
        return True
    document = session.get_one(Document, notice.document_id)
    if document.settlement == Settlement.PAID.value or document.due_on is None:
        return False
    today = clock.today(policies.zone_of(session, document.seller_id))
    calendar = policies.calendar_for(session, document.seller_id)
    return rules.event_on(today, document.due_on, calendar) == notice.event


def _message(session: Session, notice: Notice, post: Post) -> Message:
    company = session.get_one(Company, notice.company_id)
    seller = session.get_one(Seller, company.seller_id)
    return Message(
        message_id=f"<notice-{notice.id}@kabinet>",
        recipient=notice.recipient,
        subject=f"{notice.subject} · {seller.short_name or seller.name}",
        body=notice.body,
        sender=seller.mail_from or post.sender,
        company_id=notice.company_id,
        user_id=notice.user_id,
    )


# -- the cabinet --------------------------------------------------------------------------------------------------


def unread_of(session: Session, actor: Actor) -> int:
    """How many notices wait to be read."""
    return session.scalar(unread_query(actor)) or 0


def unread_query(actor: Any) -> Any:
    """The same as a part of a statement that is asked anyway: every page shows the number."""
    return sa.select(sa.func.count(Notice.id)).where(*_mine(actor), _UNREAD)


_UNREAD = Notice.read_at.is_(None)


def _mine(actor: Any) -> tuple[Any, ...]:
    return (Notice.user_id == actor.user_id, Notice.company_id == actor.company_id, Notice.channel == "in_app")


def list_mine(session: Session, actor: Actor, after: int | None = None, limit: int = 25) -> tuple[list[Notice], Any]:
    """A page of one's own notices, the newest first; and the id the next page begins after."""
    return _page(session, sa.select(Notice).where(*_mine(actor)), after, limit)


def list_letters(session: Session, actor: Actor, after: int | None = None, limit: int = 25) -> tuple[list[Notice], Any]:
    """A page of the letters sent to the company, kept for all its people who see money (AST-184); others see theirs."""
    query = sa.select(Notice).where(Notice.company_id == actor.company_id, Notice.channel == "email")
    if not (actor.may(Right.CABINET_DOCUMENTS) or actor.may(Right.CABINET_PAYMENTS)):
        query = query.where(Notice.user_id == actor.user_id)
    return _page(session, query, after, limit)


def _page(session: Session, query: Any, after: int | None, limit: int) -> tuple[list[Notice], Any]:
    if after is not None:
        query = query.where(Notice.id < after)
    found = list(session.scalars(query.order_by(Notice.id.desc()).limit(limit + 1)))
    return found[:limit], (found[limit - 1].id if len(found) > limit else None)


def mark_read(session: Session, actor: Actor, notice_id: int | None = None) -> int:
    """One notice is read, or all of one's own; how many were not yet."""
    query = sa.update(Notice).where(*_mine(actor), _UNREAD)
    if notice_id is not None:
        if session.scalars(sa.select(Notice.id).where(*_mine(actor), Notice.id == notice_id)).first() is None:
            raise NotFound()
        query = query.where(Notice.id == notice_id)
    done: Any = session.execute(query.values(read_at=clock.now()).execution_options(synchronize_session=False))
    return int(done.rowcount)


def preferences_of(session: Session, actor: Actor) -> dict[tuple[str, str], bool]:
    """The whole matrix of a person: (class, channel) → on or off, defaults included (AST-180)."""
    rows = session.scalars(sa.select(NoticePreference).where(NoticePreference.user_id == actor.user_id))
    switched = {(row.notice_class, row.channel): row.is_on for row in rows}
    return {(one.value, way): rules.is_wanted(switched, one, way) for one in NoticeClass for way in CHANNELS}


def change_preferences(session: Session, actor: Actor, on: Collection[tuple[str, str]]) -> None:
    """From now on these (class, channel) pairs are on, and all the others off."""
    rows = session.scalars(sa.select(NoticePreference).where(NoticePreference.user_id == actor.user_id))
    known = {(row.notice_class, row.channel): row for row in rows}
    for pair, was_on in preferences_of(session, actor).items():
        is_on = pair in on
        if pair in known:
            known[pair].is_on = is_on
        elif is_on != was_on:
            session.add(NoticePreference(user_id=actor.user_id, notice_class=pair[0], channel=pair[1], is_on=is_on))
    session.flush()
