"""Pages of long lists: the same rows as one plain statement would give, however they were counted and found."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.models import Company
from app.views import rows
from app.views.rows import Rows
from tests import makers

HOW_MANY = 57


@pytest.fixture
def companies(app: Flask, session: Session) -> Rows:
    seller = makers.seller(session)
    for n in range(HOW_MANY):
        makers.company(session, seller, name=f"Оріон {n % 5}", code=f"c{n:03d}")
    session.commit()
    rows._counts.clear()
    return Rows(Company, session)


def names_of(found: list[Company]) -> list[tuple[str, int]]:
    return [(row.name, row.id) for row in found]


def searched(datamodel: Rows, kind: type, word: str) -> rows.TypedFilters:
    return datamodel.get_filters(["name", "code"]).add_filter("name", kind, word)


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_every_page_has_its_rows_in_order_from_either_end(companies: Rows, session: Session, direction: str) -> None:
    everything = sorted(names_of(session.query(Company).all()), reverse=direction == "desc")
    paged = []
    for page in range(6):
        count, found = companies.query(companies.get_filters(), "name", direction, page, 10)
        assert count == HOW_MANY
        paged += names_of(found)
    assert paged == everything


def test_a_page_beyond_the_end_is_empty(companies: Rows) -> None:
    assert companies.query(companies.get_filters(), "name", "asc", 6, 10) == (HOW_MANY, [])


def test_a_big_number_is_remembered_for_a_while(
    companies: Rows, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "COUNTED", 10)
    assert companies.query(None, "name", "asc", 0, 10)[0] == HOW_MANY
    makers.company(session, makers.seller(session))
    assert companies.query(None, "name", "asc", 0, 10)[0] == HOW_MANY
    monkeypatch.setattr(rows, "REMEMBERED", 0.0)
    assert companies.query(None, "name", "asc", 0, 10)[0] == HOW_MANY + 1


def test_a_word_is_found_at_the_beginning_and_inside(companies: Rows) -> None:
    for kind, word, expected in (
        (rows.BeginsWith, "оріон 3", 11),
        (rows.BeginsWith, "ріон", 0),
        (rows.Contains, "ріон 3", 11),
        (rows.Contains, "100%", 0),
        (rows.Contains, "_", 0),
    ):
        count, found = companies.query(searched(companies, kind, word), "name", "asc", 0, 25)
        assert (count, len(found)) == (expected, expected), (kind, word)


def test_what_too_many_rows_have_is_not_counted_to_the_end(companies: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "FOUND", 20)
    count, found = companies.query(searched(companies, rows.Contains, "Оріон"), "name", "desc", 1, 10)
    assert str(count) == "20+"
    assert len(found) == 10
    assert names_of(found) == sorted(names_of(found), reverse=True)
