"""What the office does not take for something else: junk months, wrong files, future periods; and where one lands."""

import io
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core.actor import Actor
from app.extensions import db
from app.rules.lifecycle import JobState
from app.services import billing, work
from app.services.work import JobName
from tests import makers
from tests.views.test_office_pages import (  # noqa: F401  # fixtures
    account,
    close_october,
    november,
    office,
    post,
    seller,
    text_of,
)

SYSTEM = Actor.system("test")


def asked(client: FlaskClient, path: str, **fields: object):
    token = makers._token(client.get("/office/payment/new").get_data(as_text=True))
    return client.post(path, data={"csrf_token": token, **fields})


@pytest.mark.parametrize("month", ["", "2026-13", "october", "2026-10-01'"])
def test_a_month_that_is_none_is_not_taken_for_the_last_one(office, session, seller, account, month) -> None:  # noqa: F811
    for address in ("/office/closing/start", "/office/closing/zip"):
        assert asked(office, address, seller=seller.id, month=month).status_code == 404
    assert office.get(f"/office/closing/preview?seller={seller.id}&month={month}").status_code == 404
    assert session.query(m.BillingRun).count() == 0 and session.query(m.Job).count() == 0


def test_a_document_has_no_other_files_than_its_own(office, session, seller, account) -> None:  # noqa: F811
    close_october(session, seller)
    invoice = session.scalars(sa.select(m.Document.id).where(m.Document.kind == "invoice")).one()
    assert office.get(f"/office/document/{invoice}/file/exe").status_code == 404


def test_an_unknown_way_of_payment_is_refused_beside_its_field(office, session, account) -> None:  # noqa: F811
    fields = {"account": account.id, "amount": "10.00", "paid_on": "2026-11-20", "method": "barter"}
    page = text_of(post(office, f"/office/payment/new?account={account.id}", **fields))
    assert "Choose the way of payment from the list." in page
    assert session.query(m.Payment).count() == 0


def test_a_month_with_nothing_to_bill_offers_no_run(office, session, seller, account) -> None:  # noqa: F811
    address = f"/office/closing/preview?seller={seller.id}&month=2026-10"
    assert "Start the run" in text_of(office.get(address))
    close_october(session, seller)
    page = text_of(office.get(address))
    assert "Nothing is left to bill" in page and "Start the run" not in page


def test_a_reconciliation_ends_today_at_the_latest(office, session, seller, account) -> None:  # noqa: F811
    close_october(session, seller)
    fields = {"company": account.company_id, "account": account.id, "start": "2026-10-01", "last": "2026-11-23"}
    page = text_of(post(office, "/office/reconciliation/make", **fields))
    assert "The period ends in the future." in page
    assert session.scalar(sa.select(sa.func.count()).where(m.Document.kind == "reconciliation")) == 0
    page = text_of(post(office, "/office/reconciliation/make", **{**fields, "last": "2026-11-22"}))
    assert "The act is made." in page


def test_what_was_saved_is_shown_not_what_was_looked_at_before(app, office, session, seller, account) -> None:  # noqa: F811
    company = session.get_one(m.Company, account.company_id)
    shown = f"/office/companies/show/{company.id}"
    edit = f"/office/companies/edit/{company.id}"
    text_of(office.get("/office/accounts/list/"))
    page = text_of(office.get(edit))
    form = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page))
    form |= {"seller": seller.id, "country": "UA", "locale": "uk", "name": "ТОВ «Нова назва»", "state": "active"}
    answer = office.post(edit, data=form)
    assert (answer.status_code, answer.headers.get("Location")) == (302, shown), text_of(answer)[:4000]
    assert "ТОВ «Нова назва»" in text_of(office.get(shown))


def test_the_figures_of_a_run_are_drawn_again_until_it_has_ended(office, session, seller, account) -> None:  # noqa: F811
    run = billing.start_run(session, SYSTEM, seller.id, billing.Month.parse("2026-10"))
    job = work.order_job(session, SYSTEM, JobName.BILLING_RUN, {"run_id": run.id})
    run_id, job_id = run.id, job.id
    session.commit()
    figures = f"/office/closing/run/{run_id}/figures"
    assert f'data-refresh="{figures}"' in text_of(office.get(f"/office/closing/run/{run_id}"))
    assert "X-Refresh" not in office.get(figures).headers
    while billing.run_batch(session, SYSTEM, run_id).left:
        pass
    session.get_one(m.Job, job_id).state = JobState.DONE.value
    session.commit()
    answer = office.get(figures)
    assert answer.headers["X-Refresh"] == "done" and "120.00 UAH" in text_of(answer)
    assert "data-refresh" not in text_of(office.get(f"/office/closing/run/{run_id}"))


def test_others_may_write_while_an_uploaded_file_is_read(office: FlaskClient, session: Session, seller) -> None:  # noqa: F811
    token = makers._token(office.get("/office/import/").get_data(as_text=True))
    said: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda c, cur, sql, *rest: said.append(sql.split("\n")[0]))
    text = "Customer code;Company name;Monthly charge\na-1;ТОВ «Вишня»;120.00\n"
    data = {"csrf_token": token, "kind": "customers", "file": (io.BytesIO(text.encode()), "c.csv")}
    assert office.post("/office/import/", data=data, content_type="multipart/form-data").status_code == 302
    read = next(place for place, sql in enumerate(said) if sql.startswith("SELECT seller."))
    begun = [sql for sql in said[:read] if sql.startswith("BEGIN")]
    assert begun[-1] in ("BEGIN", "BEGIN (implicit)"), "the file is looked at without the write lock"
    written = said[read:]
    assert any(sql.startswith("BEGIN IMMEDIATE") for sql in written)
    assert any(sql.startswith("INSERT INTO import_batch") for sql in written)
