"""People hear of their invoices once each: when issued, before and after the due day, before and at the block."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.channels.base import ChannelError
from app.core import clock
from app.core.actor import Actor
from app.models import CaughtMail, Document, Job, Notice, NoticePreference, Outbox, UserRight
from app.rules.lifecycle import JobState
from app.services import notices, payments, setup, tickets, work
from app.services.mailing import Post
from app.services.work import JobName
from jobs import context, schedule
from tests import makers

SYSTEM = Actor.system("test")
ISSUED = dt.date(2026, 11, 1)  # due 15, warned 25, blocked 30 November


@pytest.fixture
def account(session):
    setup.ensure_defaults(session)
    company = makers.company(session, email="office@orion.example")
    return makers.account(session, company)


@pytest.fixture
def invoice(session, account):
    return makers.document(session, account, issued_on=ISSUED)


@pytest.fixture
def owner(session, account):
    return makers.user(session, "owner", account.company, locale="pl")


@pytest.fixture
def tell(app, session, monkeypatch) -> Callable[[str], dict[str, Any]]:
    """The notices job of a day, done by a worker; its figures."""
    monkeypatch.setattr(context, "_app", app)

    def run(day: str) -> dict[str, Any]:
        with clock.standing_at(dt.date.fromisoformat(day)):
            job_id = work.order_job(session, SYSTEM, JobName.NOTICES).id
            session.commit()
            session.remove()
            context.perform("job", [job_id])
            job = session.get_one(Job, job_id)
            assert job.state == JobState.DONE, job.message
            return dict((job.result or {})["figures"])

    return run


def said(session) -> list[tuple[str, str, str]]:
    rows = session.scalars(sa.select(Notice).order_by(Notice.id))
    return [(row.event, row.channel, row.recipient) for row in rows]


def post_letters(session, data_dir: Path, day: str) -> list[str]:
    """The outbox relayed on a day; the addresses of all the letters caught so far."""
    ids = list(session.scalars(sa.select(Outbox.id)))
    session.commit()
    session.remove()
    with clock.standing_at(dt.date.fromisoformat(day)):
        context.perform("outbox", ids)
    return list(session.scalars(sa.select(CaughtMail.recipient).order_by(CaughtMail.id)))


@pytest.mark.covers("AST-120", "AST-121", "AST-122", "AST-123", "AST-124")
def test_an_unpaid_invoice_is_spoken_of_on_five_days_and_never_twice(session, invoice, owner, tell, data_dir):
    email = owner.email
    for day, event in [
        ("2026-11-01", "invoice_issued"),
        ("2026-11-12", "due_soon"),
        ("2026-11-16", "overdue"),
        ("2026-11-25", "block_soon"),
        ("2026-11-30", "blocked"),
    ]:
        before = len(said(session))
        assert tell(day) == {"invoices": 1, "notices": 1, "letters": 2}
        assert said(session)[before:] == [
            (event, "in_app", email),
            (event, "email", email),
            (event, "email", "office@orion.example"),
        ]
        assert tell(day)["invoices"] == 0, "a second run of the day has nothing more to say"
        letters = post_letters(session, data_dir, day)
        assert letters[-2:] == [email, "office@orion.example"]
        assert post_letters(session, data_dir, day) == letters, "a bell rung twice sends nothing twice"
    for day in ("2026-11-05", "2026-11-13", "2026-11-20", "2026-12-20"):
        assert tell(day)["invoices"] == 0


def test_each_reads_in_their_own_language_what_is_left_and_what_comes(session, account, invoice, owner, tell):
    payments.record_payment(session, SYSTEM, account.id, Decimal("20.00"), dt.date(2026, 11, 3))
    session.commit()
    tell("2026-11-16")
    mine, _, companys = session.scalars(sa.select(Notice).order_by(Notice.id)).all()
    assert "nie zapłacono 100,00 UAH" in mine.body
    assert "do 29.11.2026: od 30.11.2026 przedłużenia i zakupy będą zablokowane" in mine.body
    assert "не сплачено 100,00 UAH" in companys.body


def test_after_a_week_of_downtime_only_what_is_true_now_is_said(session, invoice, owner, tell):
    tell("2026-11-19")
    assert {event for event, _, _ in said(session)} == {"overdue"}


def test_nobody_is_reminded_of_a_paid_invoice(session, account, invoice, owner, tell, data_dir):
    account_id = account.id
    tell("2026-11-12")
    payments.record_payment(session, SYSTEM, account_id, Decimal("120.00"), dt.date(2026, 11, 12))
    session.commit()
    assert post_letters(session, data_dir, "2026-11-12") == []
    assert set(session.scalars(sa.select(Notice.state).where(Notice.channel == "email"))) == {"dropped"}
    assert tell("2026-11-16")["invoices"] == 0


def test_a_letter_that_waited_past_its_day_is_dropped(session, invoice, owner, tell, data_dir):
    tell("2026-11-12")
    assert post_letters(session, data_dir, "2026-11-17") == []


def test_who_may_see_neither_documents_nor_payments_hears_of_no_money(session, account, invoice, tell):
    makers.user(session, "employee", account.company)
    away = makers.user(session, "owner", account.company, active=False)
    bookkeeper = makers.user(session, "company_accountant", account.company)
    for right in ("cabinet_documents.read", "cabinet_payments.read"):
        session.add(UserRight(user_id=bookkeeper.id, right=right, is_on=False))
    makers.user(session, "owner", makers.company(session))
    assert away.id
    assert tell("2026-11-12") == {"invoices": 1, "notices": 0, "letters": 1}


def test_a_person_who_wants_no_letters_gets_none(session, account, invoice, owner, tell):
    account.delivery_addresses = f"{owner.email};books@orion.example"  # told once there, though by two ways
    session.add(NoticePreference(user_id=owner.id, notice_class="money", channel="in_app", is_on=False))
    makers.user(session, "owner", account.company, email="quiet@orion.example")
    quiet = notices.readers_of(session, [account.company_id], ["cabinet_documents.read"])[account.company_id][-1]
    session.add(NoticePreference(user_id=quiet.user_id, notice_class="money", channel="email", is_on=False))
    email = owner.email
    assert tell("2026-11-16")["invoices"] == 1
    assert sorted(said(session)) == [
        ("overdue", "email", "books@orion.example"),
        ("overdue", "email", email),
        ("overdue", "in_app", "quiet@orion.example"),
    ]


def test_an_invoice_that_is_mailed_itself_is_not_announced_to_the_same_address(session, account, invoice, tell):
    account.delivery, account.delivery_addresses = "email", "books@orion.example"
    assert tell("2026-11-01")["letters"] == 0
    assert tell("2026-11-12")["letters"] == 1


def test_drafts_and_credit_notes_call_for_nothing(session, account, owner, tell):
    makers.document(session, account, state="draft", number=None)
    makers.document(session, account, kind="credit_note", total="-20.00")
    assert tell("2026-11-12")["invoices"] == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Document)) == 2


def test_a_letter_refused_by_the_server_is_tried_again(session, invoice, tell, data_dir):
    tell("2026-11-12")
    key = session.scalars(sa.select(Notice.key).where(Notice.channel == "email")).first()
    post = Post(data_dir / "files", "smtp://127.0.0.1:1")
    with clock.standing_at(dt.date(2026, 11, 12)), pytest.raises(ChannelError):
        notices.send(session, key, post)
    session.rollback()
    assert post_letters(session, data_dir, "2026-11-12") == ["office@orion.example"]


def test_the_schedule_tells_nobody_at_night_and_once_a_day(session):
    wanted = sa.select(sa.func.count()).select_from(Job).where(Job.name == JobName.NOTICES.value)
    for hour, orders in ((2, 0), (6, 1), (9, 1)):
        with clock.standing_at(dt.datetime(2026, 11, 12, hour, 30, tzinfo=dt.UTC)):
            schedule.order_due(session)
        assert session.scalar(wanted) == orders


def test_an_answer_of_support_reaches_who_asked(session, account, owner, data_dir):
    setup.ensure_defaults(session)
    makers.user(session, "company_administrator", account.company)
    asking = Actor(owner.id, "Ольга", account.company_id, rights=frozenset({"cabinet_tickets.write"}), locale="pl")
    ticket = tickets.open_ticket(session, asking, "Рахунок", "Де рахунок?")
    tickets.reply(session, SYSTEM, ticket.id, "Ось він.")
    email = owner.email
    assert said(session) == [("ticket_answered", "in_app", email), ("ticket_answered", "email", email)]
    assert notices.unread_of(session, asking) == 1
    assert notices.mark_read(session, asking) == 1
    assert notices.unread_of(session, asking) == 0
