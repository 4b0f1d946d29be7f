"""Nobody reads a code: rights, kinds of work, effects, notices and actions of the trail have words."""

import re
from pathlib import Path

import pytest
from flask import Flask

from app.access.permissions import Right
from app.models import Payer, Seller
from app.rules.notices import NoticeClass, NoticeEvent
from app.services.work import JobName, Topic
from app.views.office import cells, codes
from app.views.office.labels import LABELS
from app.views.people import RIGHTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (codes.JOBS, JobName),
        (codes.TOPICS, Topic),
        (codes.EVENTS, NoticeEvent),
        (codes.CLASSES, NoticeClass),
        (RIGHTS, Right),
    ],
)
def test_every_code_has_its_words(words, values) -> None:
    assert [one.value for one in values if one.value not in words] == []


def test_every_action_of_the_trail_has_its_words() -> None:
    wanted = set()
    for path in (ROOT / "app").rglob("*.py"):
        for call in re.findall(r"(?:trail\.record|_record)\((?:[^()]|\([^()]*\))*\)", path.read_text()):
            wanted |= set(re.findall(r'"([a-z]+\.[a-z_]+)"', call))
    assert len(wanted) > 20
    assert sorted(wanted - set(codes.ACTIONS)) == []


def test_a_change_of_a_row_is_said_by_the_rows_noun(app: Flask) -> None:
    with app.test_request_context():
        assert codes.action("company.changed") == "Company: changed"
        assert codes.action("tax_rate.added") == "Tax rate: added"
        assert cells.brief({"changes": {"name": ["Orion", "Vega"]}}) == "Name: Orion → Vega"


def test_frozen_requisites_are_shown_by_their_labels(app: Flask) -> None:
    for table in (Payer.__table__, Seller.__table__):
        unnamed = [c.name for c in table.columns if c.name not in LABELS]
        assert set(unnamed) <= {"snapshot_id", "company_id", "operator", "operator_settings"}
    with app.test_request_context():
        shown = str(cells.structure({"tax_code": "32855961", "get_by_post": False, "passport_issued_on": "2020-01-31"}))
    assert "tax_code" not in shown and "32855961" in shown and "No" in shown and "2020-01-31" not in shown


def test_rights_read_as_sentences_on_a_persons_page(app: Flask, session) -> None:
    from tests import makers

    admin = makers.user(session, "administrator")
    other = makers.user(session, "support")
    session.commit()
    page = makers.sign_in(app.test_client(), admin).get(f"/office/people/{other.id}").get_data(as_text=True)
    assert "Answer questions of companies" in page and "Tickets: write" not in page
