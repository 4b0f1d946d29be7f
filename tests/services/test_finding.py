"""A word inside a name or a number is found whatever was written meanwhile: every row that has it, and no other."""

import random
import re
import unicodedata
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.access.permissions import Right
from app.core.actor import Actor
from app.extensions import db
from app.models import Company, Document, Subscriber
from app.services import finding
from app.services.cabinet import subscribers
from app.services.sets import is_postgresql
from app.views import rows
from app.views.rows import Rows
from tests import makers

BOTH = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], ids=["sqlite", "postgresql"]
)
WORDS = ("Оріон", "ОРІОН-плюс", "Ластівка", "Żubr łąka", "Straße", "Ёлка", "O'Neil & Co", "100% [x]*", "a_b\\c", "?!")
ASKED = ("оріон", "РІОН", "он-п", "łąk", "ŻUB", "ёлк", "Ёл", "neil", "0%", "[x]", "*", "b\\c", "_b", "?!", "77", "007")


def expected(session, word):
    return {c.id for c in session.scalars(sa.select(Company)) if word.lower() in c.name.lower()}


def found(session, word):
    return set(session.scalars(finding.ids_with(session, Company.name, word)))


@BOTH
def test_every_row_with_a_word_is_found_and_no_other_while_rows_come_change_and_go(session, database):
    chance, seller = random.Random(7), makers.seller(session)
    known = []
    for step in range(6):
        for n in range(20):
            name = f"{chance.choice(WORDS)} {chance.randrange(1000):03d} {chance.choice(WORDS).upper()}"
            known.append(makers.company(session, seller, name=name, code=f"s{step}n{n}"))
        for company in chance.sample(known, 12):  # by objects, and by a statement over many rows
            company.name = f"{chance.choice(WORDS)} renamed {chance.randrange(1000)}"
        session.flush()
        session.execute(sa.update(Company).where(Company.id % 9 == step).values(name=Company.name + " 77"))
        session.delete(known.pop())
        session.commit()
        if step % 2:
            assert finding.catch_up(session, at_once=15) == 15  # some are worked in, others wait still
            session.commit()
        session.expire_all()
        for word in ASKED:
            assert found(session, word) == expected(session, word), (step, word)
    while finding.catch_up(session):
        session.commit()
    assert not finding.is_anything_stale(session)
    for word in ASKED:
        assert found(session, word) == expected(session, word), word


@BOTH
def test_the_parts_propose_whatever_the_condition_accepts_in_any_alphabet(session, database):
    seller = makers.seller(session)
    letters = [chr(n) for n in (*range(0x21, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x1F00))]
    letters = [one for one in letters if unicodedata.category(one) in ("Lu", "Ll", "Lt")]
    pairs = [(one, other) for one in letters for other in {one.lower(), one.upper()} - {one} if len(other) == 1]
    for at in range(0, len(pairs), 10):  # ten in a company's name
        name = " ".join(f"q{one}w" for one, _ in pairs[at : at + 10])
        makers.company(session, seller, name=name, code=f"l{at}")
    session.commit()
    finding.catch_up(session)
    session.commit()
    missed = []
    for _, other in pairs:
        query = sa.select(Company.id).where(finding.has(session, Company.name, f"q{other}w"))
        if set(session.scalars(query)) != found(session, f"q{other}w"):
            missed.append(other)
    assert not missed


@BOTH
def test_a_list_of_a_common_word_is_in_order_on_every_page(session, monkeypatch, database):
    monkeypatch.setattr(rows, "FOUND", 20)
    seller = makers.seller(session)
    for n in range(60):
        makers.company(session, seller, name=f"Компанія {n * 37 % 60:02d}", code=f"c{n:03d}")
    session.commit()
    finding.catch_up(session, at_once=50)
    session.commit()
    listed = Rows(Company, session)
    everything = {}
    for common in (finding.COMMON, 5):  # once from the parts, once by walking the list
        monkeypatch.setattr(finding, "COMMON", common)
        for direction in ("asc", "desc"):
            filters = listed.get_filters(["name", "code"]).add_filter("name", rows.Contains, "компан")
            paged = []
            for page in range(6):
                count, some = listed.query(filters, "name", direction, page, 10)
                assert str(count) == "20+"
                paged += [row.name for row in some]
            everything[common, direction] = paged
            assert paged == sorted(paged, reverse=direction == "desc") and len(paged) == 60
    assert len({tuple(sorted(names)) for names in everything.values()}) == 1


@BOTH
def test_a_filter_beside_the_word_holds_too(session, database):
    account = makers.account(session)
    for n in range(30):
        makers.subscriber(session, account, number=f"+38050{n:07}", name=f"Абонент {n % 15}")
    session.commit()
    finding.catch_up(session)
    session.commit()
    listed = Rows(Subscriber, session)
    filters = listed.get_filters(["name", "number"]).add_filter("name", rows.Contains, "БОНЕНТ 1")
    filters = filters.add_filter("number", rows.BeginsWith, "+38050000002")
    count, some = listed.query(filters, "number", "asc", 0, 25)
    assert (count, [row.name for row in some]) == (5, [f"Абонент {n}" for n in range(10, 15)])


def test_staff_find_a_document_by_the_middle_of_its_number(app, session):
    account = makers.account(session)
    for number in ("INV-000777", "INV-000778"):
        makers.document(session, account, number=number)
    session.commit()
    client = makers.sign_in(app.test_client(), makers.user(session, "administrator"))
    for _ in range(2):  # before the parts are known, and after
        page = client.get("/office/documents/list/?_flt_2_number=0777").get_data(as_text=True)
        assert "INV-000777" in page and "INV-000778" not in page
        while finding.catch_up(session):
            session.commit()


def test_a_word_is_found_by_its_parts_not_by_walking(session):
    account = makers.account(session)
    makers.document(session, account, number="INV-000777")
    session.commit()
    finding.catch_up(session)
    session.commit()
    said = []
    sa.event.listen(
        db.engine, "before_cursor_execute", lambda c, cursor, sql, values, *rest: said.append((sql, values))
    )
    assert len(session.scalars(finding.ids_with(session, Document.number, "0777")).all()) == 1
    for sql, values in [one for one in said if "FROM document" in one[0] and "ORDER BY" not in one[0]]:
        if is_postgresql(session):  # which walks a table of one page unless it is told not to
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))
            plan = str(session.connection().exec_driver_sql(f"EXPLAIN {sql}", values).all())
            assert "Index Scan using pk_document" in plan and "Seq Scan on document" not in plan
            continue
        plan = str(session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all())
        assert "SEARCH document USING INTEGER PRIMARY KEY" in plan and "SCAN document" not in plan


def test_the_migration_knows_the_same_columns():
    text = (Path(__file__).parents[2] / "migrations/versions/0003_bulk_work.py").read_text()
    block = re.search(r"^SEARCHED = (\{.*?^\})", text, re.M | re.S)
    assert eval(block[1]) | {"shelf": ("words",)} == finding.SEARCHED  # our own text


def test_parts_that_most_names_have_are_not_asked_for(session):
    if is_postgresql(session):
        pytest.skip("PostgreSQL leaves common parts to the last by itself")
    for number in range(finding.SAMPLE):
        makers.company(session, name=f"Company {number}")
    session.commit()
    proposed = finding.proposal(session, Company.name, "any 77")
    assert proposed is not None and proposed.parts == ("y 7", " 77")
    assert finding.proposal(session, Company.name, "Company").parts == ("Com",)  # one has to be asked for
    assert len(session.scalars(finding.ids_with(session, Company.name, "any 77")).all()) == 1


def own(session, company, text):
    actor = Actor(None, "Olga", company.id, rights=frozenset({Right.CABINET_SUBSCRIBERS}))
    return [row["name"] for row in subscribers.find(session, actor, text).rows]


@BOTH
@pytest.mark.covers("A1-10")
def test_a_part_finds_a_companys_own_subscribers_alone(session, database):
    mine, theirs = (makers.account(session) for _ in range(2))
    lines = [makers.subscriber(session, mine, number=f"+3806700{n:05d}", name=f"Відділ {n} Київ") for n in range(300)]
    makers.subscriber(session, theirs, number="+380990100299", name="Відділ 299 Київ")
    session.commit()
    while finding.catch_up(session):
        session.commit()
    lines[7].name = "Склад запчастин"
    session.commit()  # noted, not worked in yet
    company = mine.company
    proposed = finding.own_subscribers(session, company.id, "00299", "00299")
    assert set(proposed) == {lines[299].id, lines[7].id}  # what waits is looked at too
    assert own(session, company, "00299") == ["Відділ 299 Київ"] and own(session, company, "л 299 к") == own(
        session, company, "0299"
    )
    assert own(session, company, "пчаст") == ["Склад запчастин"] and own(session, company, "л 7 К") == []
    assert own(session, company, "1002") == [] and own(session, theirs.company, "1002") == ["Відділ 299 Київ"]
    assert len(own(session, company, "ділВ".swapcase()[:3])) == 50
    if is_postgresql(session):
        rare = sa.text("SELECT find_telling('find_subscriber_name', find_parts('відділ 299'))")
        assert len(session.scalar(rare)) == 8  # nothing is known of them yet
        session.execute(sa.text("ANALYZE find_subscriber_name"))
        assert len(session.scalar(rare)) == 4 and {"299", " 29", "л 2"} < set(session.scalar(rare))
        assert own(session, company, "л 299 к") == ["Відділ 299 Київ"]
        asked = sa.text("SELECT * FROM find_own_subscribers(:company, '00299', '00299', 100)")
        session.execute(sa.text(f"SET LOCAL app.tenant = '{theirs.company_id}'"))
        assert not session.scalars(asked, {"company": company.id}).all()  # one company asks for another's
