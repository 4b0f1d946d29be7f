"""Each family of jobs on a month that was really closed: what comes of it, and that asking twice gives the same."""

import zipfile

import pytest
import sqlalchemy as sa

from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Account, CaughtMail, Delivery, Document, Job
from app.rules.lifecycle import JobState
from app.services import billing, setup, work
from app.services.work import JobName
from jobs import context
from tests import makers

SYSTEM = Actor.system()
MONTH = Month.of(clock.today()).shift(-1)


@pytest.fixture
def account(app, session, monkeypatch):
    """One account with one subscription whose last month is closed by the job itself."""
    monkeypatch.setattr(context, "_app", app)
    setup.ensure_defaults(session)
    account = makers.account(session, makers.company(session))
    makers.subscription(session, account, starts_on=MONTH.first_day)
    run = billing.start_run(session, SYSTEM, account.seller_id, MONTH)
    account_id = account.id
    session.commit()
    done(session, JobName.BILLING_RUN, run_id=run.id)
    found = session.get_one(Account, account_id)
    session.expunge(found)
    session.rollback()
    return found


def done(session, name, times=2, **params):
    """The job ordered once, its bell answered `times`; its result."""
    job_id = work.order_job(session, SYSTEM, name, params).id
    session.commit()
    session.remove()
    for _ in range(times):
        context.perform("job", [job_id])
    job = session.get(Job, job_id)
    state, message, result = job.state, job.message, job.result
    session.remove()
    assert state == JobState.DONE, message
    return result


def count(session, model, *where):
    found = session.scalar(sa.select(sa.func.count()).select_from(model).where(*where))
    session.remove()
    return found


def test_a_closed_month_has_its_figures_and_closing_again_does_nothing(session, account):
    run = billing.start_run(session, SYSTEM, account.seller_id, MONTH)
    session.commit()
    result = done(session, JobName.BILLING_RUN, run_id=run.id)
    assert result["figures"] == {"accounts": 1, "billed": 1, "nothing_due": 0, "quarantined": 0}
    assert count(session, Document, Document.kind == "invoice") == 1


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("register", ["invoices", "acts", "payments", "charges", "balances"])
def test_a_register_is_a_file_with_its_rows(session, account, data_dir, register, form):
    result = done(session, JobName.EXPORT_REGISTER, register=register, month=str(MONTH), format=form)
    assert result["figures"]["rows"] == (0 if register == "payments" else 1)
    assert (data_dir / result["file"]).stat().st_size > 0


def test_the_month_is_one_zip_with_every_document(session, account, data_dir):
    result = done(session, JobName.MONTH_ZIP, seller_id=account.seller_id, month=str(MONTH))
    with zipfile.ZipFile(data_dir / result["file"]) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 2
    assert result["name"].endswith(f"-{MONTH}.zip")


def test_a_reconciliation_act_is_made_once_by_its_job(session, account):
    params = {
        "company_id": account.company_id,
        "start": str(MONTH.first_day),
        "last": str(MONTH.period.last_day),
        "account_id": account.id,
        "format": "xlsx",
    }
    result = done(session, JobName.RECONCILIATION, **params)
    assert result["name"].endswith(".xlsx")
    assert count(session, Document, Document.kind == "reconciliation") == 1


def test_a_charge_report_and_files_are_made(session, account):
    assert done(session, JobName.CHARGE_REPORT, account_id=account.id, month=str(MONTH))["document_id"]
    result = done(session, JobName.RENDER_DOCUMENTS, seller_id=account.seller_id, month=str(MONTH), formats=["pdf"])
    assert result["figures"] == {"files": 3}


def test_letters_are_ordered_once_and_sent(session, account):
    ids = session.scalars(sa.select(Document.id).where(Document.kind == "invoice")).all()
    session.remove()
    params = {"document_ids": list(ids), "addresses": ["buh@orion.example"], "formats": ["pdf", "xlsx"]}
    assert done(session, JobName.SEND_MAIL, **params)["figures"] == {"documents": 1, "letters": 1}
    wishes = [row.id for row in work.pending_outbox(session)]
    session.remove()
    for _ in range(2):
        context.perform("outbox", wishes)
    assert count(session, CaughtMail) == 1
    assert count(session, Delivery, Delivery.state == "sent") == 1


def test_the_nightly_check_and_the_housekeeping_end_well(session, account):
    assert done(session, JobName.AUDIT)["figures"]["breaches"] == 0
    assert done(session, JobName.HOUSEKEEPING)["figures"] == {"rows": 0}
