"""PostgreSQL checks the keys of a billing run for a whole statement at once, and as strictly as by its own means."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import (
    Account,
    Charge,
    Company,
    Component,
    Document,
    DocumentLine,
    EntryKind,
    LedgerAccount,
    LedgerKind,
    Posting,
    PriceVersion,
    Subscription,
)
from app.services import ledger
from tests import makers

pytestmark = pytest.mark.postgres
NOBODY = 987_654_321


@pytest.fixture
def charge(session):
    account = makers.account(session)
    made = makers.charge(session, makers.subscription(session, account))
    makers.document(session, account)
    session.commit()
    return made


def copied(session, table, **changed):
    """Insert the one row of a table again with other values."""
    columns = [c.name for c in table.columns if c.name != "id"]
    values = ", ".join(f":{name}" if name in changed else name for name in columns)
    session.execute(
        sa.text(f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {values} FROM {table.name} LIMIT 1"), changed
    )


@pytest.mark.parametrize("column", ["subscription_id", "component_id", "price_version_id"])
def test_a_charge_for_what_is_not_there_is_refused(session, charge, column):
    copied(session, Charge.__table__)  # what is there is taken
    with pytest.raises(IntegrityError, match=column):
        copied(session, Charge.__table__, **{column: NOBODY})


@pytest.mark.parametrize(
    "column", ["run_id", "payer_id", "payer_snapshot_id", "seller_snapshot_id", "basis_id", "contract_id"]
)
def test_a_document_of_what_is_not_there_is_refused_when_written_and_when_changed(session, charge, column):
    with pytest.raises(IntegrityError, match=column):
        copied(session, Document.__table__, number="X-1", **{column: NOBODY})
    session.rollback()
    copied(session, Document.__table__, number="X-2", state="draft")
    with pytest.raises(IntegrityError, match=column):
        session.execute(sa.text(f"UPDATE document SET {column} = {NOBODY} WHERE state = 'draft'"))


def test_a_posting_stands_between_known_accounts_and_in_an_entry_of_its_company(session, charge):
    account = session.scalars(sa.select(Account)).first()
    moves = [ledger.Move(LedgerKind.RECEIVABLE, LedgerKind.REVENUE, Decimal("1.00"))]
    ledger.post(session, account, EntryKind.BILLED, "k", dt.date(2026, 10, 1), moves)
    session.commit()
    other = makers.company(session)
    session.commit()
    for changed in ({"debit_id": NOBODY}, {"credit_id": NOBODY}, {"entry_id": NOBODY}, {"company_id": other.id}):
        with pytest.raises(IntegrityError, match="is not in"):
            copied(session, Posting.__table__, **changed)
        session.rollback()
    with pytest.raises(IntegrityError, match="is in posting"):
        session.execute(sa.delete(LedgerAccount))


@pytest.mark.parametrize("model", [Charge, Document, DocumentLine])
def test_a_row_of_another_company_than_what_it_belongs_to_is_refused(session, charge, model):
    other = makers.company(session)
    session.commit()
    with pytest.raises(IntegrityError, match="is not in"):
        more = {Document: {"number": "X-3"}, DocumentLine: {"position": 9}}.get(model, {})
        copied(session, model.__table__, company_id=other.id, **more)


def test_an_account_with_documents_cannot_go_to_another_company(session, charge):
    other = makers.company(session)
    session.commit()
    with pytest.raises(IntegrityError, match="is in"):
        session.execute(sa.update(Account).values(company_id=other.id))


def test_a_draft_may_be_deleted_until_something_stands_on_it(session, charge):
    copied(session, Document.__table__, number="X-4", state="draft")
    session.execute(sa.delete(Document).where(Document.number == "X-4"))
    copied(session, Document.__table__, number="X-5", state="draft")
    draft = session.scalars(sa.select(Document.id).where(Document.number == "X-5")).one()
    copied(session, DocumentLine.__table__, document_id=draft)
    with pytest.raises(IntegrityError, match="is in document_line"):
        session.execute(sa.delete(Document).where(Document.id == draft))


def test_what_a_charge_stands_on_cannot_be_deleted_and_what_nothing_stands_on_can(session, charge):
    copied(session, Charge.__table__, price_version_id=session.scalars(sa.select(PriceVersion.id)).first())
    session.commit()
    for model in (PriceVersion, Component, Subscription):
        with pytest.raises(IntegrityError):
            session.execute(sa.delete(model))
        session.rollback()
    spare = makers.plan(session, makers.seller(session))
    component = makers.component(session, spare)
    session.commit()
    session.execute(sa.delete(PriceVersion).where(PriceVersion.component_id == component.id))
    session.execute(sa.delete(Component).where(Component.id == component.id))
    session.commit()


def test_who_deletes_waits_for_who_writes(session, charge):
    """A price that is being used by a charge not yet committed is not deleted under it."""
    spare = makers.component(session, makers.plan(session, makers.seller(session)))
    session.commit()
    component_id = spare.id
    session.execute(sa.delete(PriceVersion).where(PriceVersion.component_id == component_id))
    session.commit()
    copied(session, Charge.__table__, component_id=component_id)  # open still
    said, engine = [], db.engine

    def delete() -> None:
        with engine.connect() as other:
            try:
                other.execute(sa.text(f"DELETE FROM component WHERE id = {component_id}"))
                other.commit()
                said.append("deleted")
            except IntegrityError as error:
                said.append(str(error))

    thread = threading.Thread(target=delete)
    thread.start()
    thread.join(0.5)
    assert not said  # it waits
    session.commit()
    thread.join(10)
    assert len(said) == 1 and "is in charge" in said[0]
    assert session.get(Company, charge.company_id) is not None
