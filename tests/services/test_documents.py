"""Documents come as the same bytes for ever; a reconciliation act agrees to the last kopeck."""

import datetime as dt
import zipfile
from decimal import Decimal as D

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from pypdf import PdfReader

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.core.period import Month
from app.models import Document
from app.reports.formats import Formats
from app.services import audit, billing, documents, gathering, payments, reconciliation
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
OCTOBER = Month(2026, 10)


@pytest.fixture
def closed(session, app):
    """An account with September and October closed and 150.00 paid on 5 October."""
    with clock.standing_at(dt.date(2026, 11, 10)):
        ensure_defaults(session)
        seller = makers.seller(session)
        account = makers.account(session, makers.company(session, seller))
        makers.subscription(session, account)
        for month in (Month(2026, 9), OCTOBER):
            run = billing.start_run(session, OFFICE, seller.id, month)
            billing.run_batch(session, OFFICE, run.id)
        payments.record_payment(session, OFFICE, account.id, D("150.00"), dt.date(2026, 10, 5), reference="пп 17")
        yield account


def ids(session, kind):
    return [d.id for d in session.query(Document).filter_by(kind=kind).order_by(Document.id)]


@pytest.mark.parametrize("kind", ["invoice", "act"])
def test_a_document_is_rendered_once_and_is_the_same_again(session, closed, tmp_path, kind):
    (first, _) = ids(session, kind)
    path = documents.file_of(session, OFFICE, first, "pdf", tmp_path / "files")
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    assert session.get(Document, first).number in text
    assert "Сто двадцять гривень 00 копійок" in text or kind == "act"
    before = path.read_bytes()
    path.unlink()
    assert documents.file_of(session, OFFICE, first, "pdf", tmp_path / "files").read_bytes() == before


def test_a_workbook_has_the_invoice_total_as_a_number(session, closed, tmp_path):
    path = documents.file_of(session, OFFICE, ids(session, "invoice")[0], "xlsx", tmp_path / "files")
    copy = tmp_path / "invoice.xlsx"
    copy.write_bytes(path.read_bytes())
    cells = [cell.value for row in load_workbook(copy, data_only=True).active for cell in row]
    assert 120 in cells


@pytest.mark.parametrize(
    ("net", "quantity", "price", "printed"),
    [
        ("75.05", "1059483", "0.00007084", "0,00007084"),  # tokens, sold by the million
        ("71.12", "6", "11.8533", "11,8533"),
        ("150.00", "2", "75", "75,00"),
        ("63.98", "0.7096", "90.1635", "90,1635"),
    ],
)
def test_quantity_by_the_printed_price_comes_to_the_printed_sum(net, quantity, price, printed):
    found = gathering.net_price(D(0), D(quantity), D(net))

    assert found == D(price)
    assert Formats("uk").price(found) == printed
    assert round(found * D(quantity), 2) == D(net)


def test_an_edited_payer_does_not_change_an_issued_document(session, closed, tmp_path):
    first = ids(session, "invoice")[0]
    name = closed.payer.name
    closed.payer.name = "Зовсім інша назва"
    session.flush()
    text = PdfReader(documents.file_of(session, OFFICE, first, "pdf", tmp_path / "files")).pages[0].extract_text()
    assert name in text
    assert "інша" not in text


def test_a_stranger_gets_no_file(session, closed, tmp_path):
    stranger = Actor(7, "stranger", company_id=closed.company_id + 1, rights=frozenset({"cabinet_documents.read"}))
    with pytest.raises(NotFound):
        documents.file_of(session, stranger, ids(session, "invoice")[0], "pdf", tmp_path / "files")


@pytest.mark.covers("AST-067")
def test_a_reconciliation_act_reads_the_books(session, closed, tmp_path):
    act = reconciliation.make_act(session, OFFICE, closed.company_id, dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    assert (act.data["opening"], act.data["debit"], act.data["credit"], act.data["closing"]) == (
        "120.00",
        "120.00",
        "150.00",
        "90.00",
    )
    text = "".join(
        p.extract_text() for p in PdfReader(documents.file_of(session, OFFICE, act.id, "pdf", tmp_path)).pages
    )
    assert "Акт звірки взаємних розрахунків" in text
    assert "90,00" in text


def test_the_closing_of_a_period_is_the_opening_of_the_next(session, closed):
    september = reconciliation.statement(session, OFFICE, closed.id, dt.date(2026, 9, 1), dt.date(2026, 9, 30))
    october = reconciliation.statement(session, OFFICE, closed.id, dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    assert (september.closing, october.opening) == (D("120.00"), D("120.00"))


def test_a_period_that_ends_before_it_begins_is_refused(session, closed):
    with pytest.raises(Refused, match="ends before it begins"):
        reconciliation.statement(session, OFFICE, closed.id, dt.date(2026, 10, 2), dt.date(2026, 10, 1))


def test_a_charge_report_comes_to_the_invoices_of_its_month(session, closed, tmp_path):
    report = documents.charge_report(session, OFFICE, closed.id, OCTOBER)
    assert report.total == D("120.00")
    assert documents.charge_report(session, OFFICE, closed.id, OCTOBER).id == report.id
    documents.file_of(session, OFFICE, report.id, "pdf", tmp_path)
    documents.file_of(session, OFFICE, report.id, "xlsx", tmp_path)


def test_the_whole_month_comes_as_one_zip(session, closed, tmp_path):
    seen = []
    path = documents.zip_of_month(
        session, OFFICE, closed.seller_id, OCTOBER, tmp_path, lambda done, total: seen.append((done, total))
    )
    assert len(zipfile.ZipFile(path).namelist()) == 2
    assert seen[-1] == (2, 2)


def let_everything_happen(session, table):
    """Take away what keeps the rows of a table as they are: the database itself lets nobody change them."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
    for guard in session.scalars(sa.text(guards), {"table": table}).all():
        session.execute(sa.text(f"DROP TRIGGER {guard}"))


def test_the_audit_tells_of_a_changed_file_and_of_changed_requisites(session, closed, tmp_path):
    path = documents.file_of(session, OFFICE, ids(session, "invoice")[0], "pdf", tmp_path / "files")

    def broken():
        return [name for name, count, _ in audit.check_all(session, tmp_path / "files") if count]

    assert broken() == []
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    let_everything_happen(session, "party_snapshot")
    snapshot = session.scalars(sa.select(m.PartySnapshot)).first()
    session.execute(sa.update(m.PartySnapshot).where(m.PartySnapshot.id == snapshot.id).values(data={"name": "X"}))
    assert broken() == ["requisites_have_their_digest", "files_have_their_digest"]
