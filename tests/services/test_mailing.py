"""Documents by mail: to whom it may go, once for one occasion, with the document's own files and words."""

import datetime as dt

import pytest
import sqlalchemy as sa

from app.core.actor import Actor
from app.core.errors import Forbidden, NotFound, Refused
from app.models import CaughtMail, Delivery, Document, Outbox, Payer, Seller
from app.services import mailing, parties
from app.services.mailing import Post
from app.views.security import actor_of
from tests import makers

SYSTEM = Actor.system()


@pytest.fixture
def document(session):
    return makers_document(session)


def makers_document(session):
    """A charges report: the one kind that needs no lines to be printed."""
    account = makers.account(session, makers.company(session, locale="uk"))
    made = Document(
        company_id=account.company_id,
        kind="charges",
        seller_id=account.seller_id,
        account_id=account.id,
        payer_id=account.payer_id,
        number="7",
        issued_on=dt.date(2026, 11, 1),
        period_start=dt.date(2026, 10, 1),
        period_end=dt.date(2026, 11, 1),
        currency="UAH",
        locale="uk",
        settlement="paid",
        seller_snapshot_id=parties.freeze(session, session.get_one(Seller, account.seller_id)),
        payer_snapshot_id=parties.freeze(session, session.get_one(Payer, account.payer_id)),
        data={"last_charge": 0},
    )
    session.add(made)
    session.flush()
    return made


def post(tmp_path):
    return Post(tmp_path / "files")


def count(session, model):
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_each_address_has_its_delivery_and_its_wish(session, document):
    made = mailing.send_document(session, SYSTEM, document.id, ["a@orion.example", "b@orion.example"], ["pdf", "xlsx"])
    assert [(one.address, one.format, one.state) for one in made] == [
        ("a@orion.example", "pdf+xlsx", "pending"),
        ("b@orion.example", "pdf+xlsx", "pending"),
    ]
    assert len({one.message_id for one in made}) == 2
    assert count(session, Outbox) == 2


def test_one_occasion_sends_once_and_a_person_may_send_again(session, document):
    for _ in range(3):
        mailing.send_document(session, SYSTEM, document.id, ["a@orion.example"], occasion="regular")
    assert count(session, Delivery) == 1
    mailing.send_document(session, SYSTEM, document.id, ["a@orion.example"])
    assert count(session, Delivery) == 2


@pytest.mark.parametrize("addresses", [[], ["nobody"], ["a@orion.example\nBcc: x@evil.example"]])
def test_what_is_no_address_is_refused_before_anything_is_written(session, document, addresses):
    with pytest.raises(Exception, match="address|Enter|mail"):
        mailing.send_document(session, SYSTEM, document.id, addresses)
    assert count(session, Delivery) == 0


def test_an_unknown_format_is_refused(session, document):
    with pytest.raises(Refused, match="PDF"):
        mailing.send_document(session, SYSTEM, document.id, ["a@orion.example"], ["exe"])


def test_a_strangers_document_is_not_there_and_an_employee_has_no_right(session, document):
    stranger = makers.user(session, "owner", makers.company(session))
    employee = makers.user(session, "employee", document.company)
    with pytest.raises(NotFound):
        mailing.send_document(session, actor_of(stranger), document.id, ["a@orion.example"])
    with pytest.raises(Forbidden):
        mailing.send_document(session, actor_of(employee), document.id, ["a@orion.example"])


def test_as_agreed_goes_to_the_accounts_addresses_in_its_format(session, document):
    account = document.account
    assert mailing.send_as_agreed(session, SYSTEM, [document.id], "again") == 0
    account.delivery, account.delivery_addresses = "email", "a@orion.example;b@orion.example"
    account.delivery_format = "xlsx"
    for _ in range(2):
        mailing.send_as_agreed(session, SYSTEM, [document.id], "again")
    found = session.scalars(sa.select(Delivery).order_by(Delivery.id)).all()
    assert [(one.address, one.format) for one in found] == [("a@orion.example", "xlsx"), ("b@orion.example", "xlsx")]


def test_a_letter_speaks_the_documents_language_and_bears_its_file(session, document, tmp_path):
    [delivery] = mailing.send_document(session, SYSTEM, document.id, ["a@orion.example"])
    for _ in range(2):
        mailing.deliver(session, delivery.id, post(tmp_path))
    [caught] = session.scalars(sa.select(CaughtMail)).all()
    assert delivery.state == "sent"
    assert delivery.sent_at
    assert "Добрий день" in caught.body
    assert caught.message_id == delivery.message_id
    assert caught.attachments[0]["name"].endswith(".pdf")
