"""Invoices formed and sent by jobs: a killed job begins again, and everything it does is there once."""

import datetime as dt

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Account, CaughtMail, Delivery, Document, DocumentFile, Job, Outbox, Seller
from app.services import billing, delivering, documents, papers, setup, work
from app.services.work import JobName, Topic
from app.views.security import actor_of
from jobs import context
from tests import makers

SYSTEM = Actor.system()
OCTOBER = Month(2026, 10)


@pytest.fixture
def account_id(app, session, monkeypatch):
    """An account whose October is closed, by e-mail to an address that is changed an hour later."""
    monkeypatch.setattr(context, "_app", app)
    with clock.standing_at(dt.date(2026, 10, 1)):
        setup.ensure_defaults(session)
        account = makers.account(session, makers.company(session))
        account.delivery, account.delivery_addresses = "email", "then@orion.example"
        makers.subscription(session, account, subscriber_id=makers.subscriber(session, account).id)
    with clock.standing_at(dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC)):
        run = billing.start_run(session, SYSTEM, account.seller_id, OCTOBER)
        billing.run_batch(session, SYSTEM, run.id)
    with clock.standing_at(dt.datetime(2026, 11, 1, 7, tzinfo=dt.UTC)):
        delivering.change_delivery(session, SYSTEM, account.id, "email", "xlsx", "now@orion.example")
    number = account.id
    session.commit()
    session.remove()
    return number


def answer_all(session, times=2):
    """Every bell that is rung, `times` each."""
    for _ in range(4):
        jobs = list(session.scalars(sa.select(Job.id).where(Job.state == "queued")))
        wishes = list(session.scalars(sa.select(Outbox.id).where(Outbox.state == "pending")))
        session.remove()
        for _ in range(times):
            context.perform("job", jobs)
            context.perform("outbox", wishes)


@pytest.mark.covers("A1-20")
@pytest.mark.parametrize("long", [papers.LONG, 0])
def test_the_regular_letter_goes_once_to_the_address_of_forming(session, account_id, monkeypatch, long):
    monkeypatch.setattr(papers, "LONG", long)
    answer_all(session)
    [letter] = session.scalars(sa.select(CaughtMail)).all()
    assert letter.recipient == "then@orion.example"
    assert [one["name"].rpartition(".")[2] for one in letter.attachments] == ["pdf", "pdf", "pdf"]
    assert session.scalars(sa.select(Job.name)).all() == ([] if long else ["send_invoice"])
    assert session.scalars(sa.select(Delivery.state)).all() == ["sent"]


@pytest.mark.covers("A1-25")
def test_a_job_killed_while_it_forms_files_begins_again_and_makes_each_once(session, account_id, monkeypatch):
    params = {"account_id": account_id, "month": str(OCTOBER), "format": "xlsx"}
    session.execute(sa.update(Seller).values(snapshot_id=None))  # edited since: the report freezes it anew
    owner = actor_of(makers.user(session, "owner", session.get(Account, account_id).company))
    job_id = work.order_job(session, owner, JobName.FORM_INVOICE, params).id
    session.commit()
    session.remove()
    made, made_before = documents.make_file, []

    def killed(*args, **named):
        if len(made_before) == 1:
            raise KeyboardInterrupt
        made_before.append(1)
        return made(*args, **named)

    monkeypatch.setattr(documents, "make_file", killed)
    with pytest.raises(KeyboardInterrupt):
        context.perform("job", [job_id])
    monkeypatch.setattr(documents, "make_file", made)
    session.remove()
    context.perform("job", [job_id])
    job = session.get(Job, job_id)
    assert job.state == "done" and len(job.result["files"]) == 3
    assert len(session.scalars(sa.select(DocumentFile.id)).all()) == 3
    assert len(session.scalars(sa.select(Document.id).where(Document.kind == "charges")).all()) == 1


def test_a_repeat_goes_to_the_addresses_it_was_ordered_to(session, account_id):
    invoice = papers.invoice_of(session, account_id, OCTOBER)
    params = {"document_id": invoice.id, "addresses": ["now@orion.example"], "format": "xlsx", "extent": papers.MONTH}
    work.order_job(session, SYSTEM, JobName.SEND_INVOICE, params)
    session.execute(sa.update(Outbox).where(Outbox.topic == Topic.MAIL_DOCUMENT).values(state="done"))
    session.commit()
    answer_all(session)
    [letter] = session.scalars(sa.select(CaughtMail)).all()
    assert letter.recipient == "now@orion.example" and len(letter.attachments) == 3


def test_charges_of_the_running_month_leave_once_for_each_address(session, account_id):
    addresses = ["a@orion.example", "b@orion.example"]
    params = {"account_id": account_id, "addresses": addresses, "format": "pdf"}
    session.execute(sa.update(Outbox).values(state="done"))
    owner = actor_of(makers.user(session, "owner", session.get(Account, account_id).company))
    with clock.standing_at(dt.date(2026, 11, 20)):
        work.order_job(session, owner, JobName.RUNNING_CHARGES, params)
        session.commit()
        answer_all(session)
    letters = session.scalars(sa.select(CaughtMail).order_by(CaughtMail.recipient)).all()
    assert [one.recipient for one in letters] == addresses
    assert session.get(Account, account_id).number in letters[0].body
    [part] = letters[0].attachments
    kept = documents.path_of(context.the_app().config["KABINET"].files_dir, part["sha256"])
    assert kept.read_bytes().startswith(b"%PDF")  # the mailbox of the office opens it from there
