"""Lists of new names: judged, applied once, given back, undone; on both databases, two at once, and after a kill."""

import csv
import datetime as dt
import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from app import models as m
from app.access import tenancy
from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.core.period import Month
from app.extensions import db
from app.rules.policies import PolicyKind
from app.services import billing, importing, renaming, work
from jobs import context, schedule
from tests import makers

ROOT = Path(__file__).resolve().parents[2]
OPEN = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
FROZEN = dt.datetime(2026, 11, 29, 10, tzinfo=dt.UTC)
OPENS = dt.datetime(2026, 11, 30, 22, tzinfo=dt.UTC)  # midnight in Kyiv
both = pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])


@pytest.fixture(autouse=True)
def on_an_open_day():
    with clock.standing_at(OPEN):
        yield


@pytest.fixture
def lines(session: Any) -> list[m.Subscriber]:
    """Five subscribers of a company, by number."""
    account = makers.account(session)
    made = [
        makers.subscriber(session, account, number=f"+38067123450{n}", name=f"Стара назва {n}") for n in range(1, 6)
    ]
    session.commit()
    return made


def administrator(session: Any, company_id: int) -> Actor:
    user = makers.user(session, "company_administrator", session.get_one(m.Company, company_id))
    rights = frozenset({Right.CABINET_RENAME, Right.CABINET_SUBSCRIBERS})
    session.commit()
    return Actor(user.id, "Ольга Сікур", company_id, rights=rights, locale="uk")


@pytest.fixture
def actor(session: Any, lines: list[m.Subscriber]) -> Actor:
    return administrator(session, lines[0].company_id)


def upload(session: Any, data_dir: Any, actor: Actor, content: str | bytes, name: str = "list.csv", **more: Any) -> Any:
    """A list from a file's content, previewed."""
    data = content.encode() if isinstance(content, str) else content
    path = importing.store_upload(data_dir, io.BytesIO(data))
    opened = renaming.open_list(path)
    found = renaming.read_list(session, actor, actor.company_id, opened, path, name, **more)
    session.commit()
    return found


def apply_all(session: Any, actor: Actor, found: Any) -> Any:
    renaming.order(session, actor, found.request_id, by_job=False)
    session.commit()
    while not renaming.apply_step(session, actor, found.request_id).is_over:
        session.commit()
    session.commit()
    return found


def verdicts(session: Any, found: Any) -> dict[int, str]:
    return {one.line: one.outcome or one.verdict for one in renaming.page_of_lines(session, found).rows}


def names(session: Any) -> list[str]:
    session.expire_all()
    mine = m.Subscriber.number.startswith("+380671234")
    return list(session.scalars(sa.select(m.Subscriber.name).where(mine).order_by(m.Subscriber.number)))


LIST = """Номер;Нове ім'я
+380671234501;Марія Іванів
067 123-45-02;Ивaнов
380671234503;Стара назва 3
3.80671E+11;Хто це
+380501111111;Чужий
0671234504;
0671234504;Перша
0671234504;Друга
(067) 1234505;П'ятий
0671234505;П'ятий
+380671234501
"""


@pytest.mark.covers("A1-12")
def test_a_list_is_judged_line_by_line_and_nothing_is_written(session, data_dir, lines, actor):
    theirs = makers.subscriber(session, makers.account(session), number="+380501111111")
    found = upload(session, data_dir, actor, LIST)
    assert verdicts(session, found) == {
        2: "ok",
        3: "look_alike",
        4: "unchanged",
        5: "shortened",
        6: "unknown",  # another company's: told apart from nobody's by nothing
        7: "empty",
        8: "contradiction",
        9: "contradiction",
        10: "ok",
        11: "duplicate",
        12: "empty",
    }
    assert renaming.good_lines(found.counts) == 3
    rows = renaming.page_of_lines(session, found).rows
    assert rows[1].remark == "Иванов" and rows[0].now_called == "Стара назва 1"
    assert rows[4].subscriber_id == 0 and theirs.name not in str(rows[4])
    assert names(session)[:3] == ["Стара назва 1", "Стара назва 2", "Стара назва 3"]
    assert session.scalar(sa.select(sa.func.count()).select_from(m.SubscriberName)) == 0
    assert [one.line for one in renaming.page_of_lines(session, found, "refused").rows] == [4, 5, 6, 7, 8, 9, 11, 12]
    assert [one.line for one in renaming.page_of_lines(session, found, "look_alike").rows] == [3]
    assert [one.line for one in renaming.page_of_lines(session, found, after=10).rows] == [11, 12]


def test_doubles_of_a_contradiction_are_contradictions_too(session, data_dir, lines, actor):
    found = upload(session, data_dir, actor, "Номер;Назва\n" + "".join(f"0671234501;{name}\n" for name in "ААБАБ"))
    rows = renaming.page_of_lines(session, found).rows
    assert [(one.line, one.verdict, int(one.remark)) for one in rows] == [
        (line, "contradiction", other) for line, other in ((2, 4), (3, 4), (4, 2), (5, 4), (6, 2))
    ]


@pytest.mark.covers("A1-12")
def test_good_lines_are_applied_with_their_history_and_the_file_comes_back(session, data_dir, lines, actor):
    found = apply_all(session, actor, upload(session, data_dir, actor, LIST))
    assert names(session) == ["Марія Іванів", "Ивaнов", "Стара назва 3", "Стара назва 4", "П'ятий"]
    assert found.request.state == "done" and found.outcomes == {"done": 3}
    rows, _ = renaming.names_changed(session, actor, found.request_id)
    assert [(row["number"], row["old_name"], row["new_name"], row["changed_by"]) for row in rows][-1] == (
        "+380671234501",
        "Стара назва 1",
        "Марія Іванів",
        "Ольга Сікур",
    )
    out = io.BytesIO()
    opened = renaming.reopen(found, importing.stored_upload(data_dir, found.sha256))
    renaming.write_list_result(session, found, opened, out)
    back = list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert back[0] == ["Номер", "Нове ім'я", "Kabinet: Result"]
    assert back[1] == ["+380671234501", "Марія Іванів", "Renamed."]
    assert back[4][2].startswith("The spreadsheet has shortened the number")
    assert back[10][2] == "The same as line 10, which counts."
    assert len(back) == 12


def test_the_result_of_a_workbook_is_a_workbook_with_its_columns(session, data_dir, lines, actor):
    book = openpyxl.Workbook()
    book.active.append(["Отдел", "Имя", "Абонент"])
    book.active.append(["Склад", "Олег", 380671234501])
    book.active.append([7, None, "0671234502"])
    stream = io.BytesIO()
    book.save(stream)
    found = apply_all(session, actor, upload(session, data_dir, actor, stream.getvalue(), "Список.xlsx"))
    assert found.columns == {"number": 2, "name": 1, "header": True}
    opened = renaming.reopen(found, importing.stored_upload(data_dir, found.sha256))
    out = io.BytesIO()
    renaming.write_list_result(session, found, opened, out)
    rows = list(openpyxl.load_workbook(io.BytesIO(out.getvalue())).active.iter_rows(values_only=True))
    assert rows[0] == ("Отдел", "Имя", "Абонент", "Kabinet: Result")
    assert rows[1][1:] == ("Олег", "380671234501", "Renamed.")
    assert renaming.result_name(found, opened) == "Список-result.xlsx"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("0671234501;Олег\n0671234502;Ганна\n", 1),  # no header
        ("Олег\t0671234501\nГанна\t0671234502\n", 1),  # the other order
        ("0671234501;Олег", 1),  # one line
        ("Список абонентів;\nІм'я;Номер\nОлег;+380 67 1234501\n", 3),  # a title above
    ],
)
def test_columns_are_guessed_in_either_order_with_a_header_or_without(session, data_dir, lines, actor, content, line):
    found = upload(session, data_dir, actor, content)
    assert verdicts(session, found)[line] == "ok"
    apply_all(session, actor, found)
    assert names(session)[0] == "Олег"
    opened = renaming.reopen(found, importing.stored_upload(data_dir, found.sha256))
    out = io.BytesIO()
    renaming.write_list_result(session, found, opened, out)
    assert "Renamed." in out.getvalue().decode("utf-8-sig").splitlines()[line - 1]


def test_pasted_lines_need_no_separator(session, data_dir, lines, actor):
    path = renaming.store_text(data_dir, "0671234501 Олег Бойко\r\n+380 67 123 45 02 — Ганна\n")
    found = renaming.read_list(session, actor, actor.company_id, renaming.open_list(path), path, "", source="paste")
    assert verdicts(session, found) == {1: "ok", 2: "ok"}
    assert [one.name for one in renaming.page_of_lines(session, found).rows] == ["Олег Бойко", "Ганна"]


def test_suggested_spellings_are_taken_with_one_word(session, data_dir, lines, actor):
    found = upload(session, data_dir, actor, "0671234501;Ивaнов\n0671234502;Олег\n")
    renaming.take_suggestions(session, actor, found.request_id, True)
    apply_all(session, actor, found)
    assert names(session)[:2] == ["Иванов", "Олег"]
    out = io.BytesIO()
    renaming.write_list_result(session, found, None, out)
    results = [row[2] for row in openpyxl.load_workbook(io.BytesIO(out.getvalue())).active.values]
    assert results[1:] == ["Renamed, in the suggested spelling: «Иванов».", "Renamed."]


def test_a_list_longer_than_the_sellers_limit_is_refused(session, data_dir, lines, actor):
    seller_id = lines[0].account.seller_id
    session.add(m.Policy(seller_id=seller_id, kind="rename_list", settings={"lines": 2, "characters": 5}))
    session.commit()
    with pytest.raises(Refused, match="3 lines; at most 2"):
        upload(session, data_dir, actor, "0671234501;a\n0671234502;b\n0671234503;c\n")
    found = upload(session, data_dir, actor, "0671234501;abcdef\n0671234502;abcde\n")
    assert verdicts(session, found) == {1: "too_long", 2: "ok"}


def test_another_companys_list_is_not_there(session, data_dir, lines, actor):
    found = upload(session, data_dir, actor, LIST)
    stranger = administrator(session, makers.company(session).id)
    for ask in (renaming.list_of, renaming.order, renaming.undo, renaming.cancel):
        with pytest.raises(NotFound):
            ask(session, stranger, found.request_id)
    with pytest.raises(NotFound):
        renaming.rename_one(session, stranger, lines[0].id, "Чужий")


@both
def test_a_company_walled_in_renames_only_its_own(session, data_dir, lines, actor, database):
    theirs = makers.subscriber(session, makers.account(session), number="+380501111111", name="Не чіпати")
    session.commit()
    with tenancy.seeing(actor.company_id, session):
        found = upload(session, data_dir, actor, "0671234501;Олег\\Ко\n0501111111;Моє\n")
        apply_all(session, actor, found)
        assert found.outcomes == {"done": 1}
    session.expire_all()
    assert (lines[0].name, theirs.name) == ("Олег\\Ко", "Не чіпати")


def test_the_same_form_sent_twice_makes_one_list_and_one_job(session, data_dir, lines, actor):
    first = upload(session, data_dir, actor, LIST, key="form-1")
    assert upload(session, data_dir, actor, LIST, key="form-1").id == first.id
    job = renaming.order(session, actor, first.request_id).job_id
    assert renaming.order(session, actor, first.request_id).job_id == job
    assert session.scalar(sa.select(sa.func.count()).select_from(m.Job)) == 1


# --- one by one ------------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-12")
def test_one_subscriber_is_renamed_at_once(session, lines, actor):
    made = renaming.rename_one(session, actor, lines[0].id, "  Нова   назва ")
    assert names(session)[0] == "Нова назва" and made.request.state == "done"
    assert made.request.subscriber_id == lines[0].id
    for bad, sentence in (("", "no name"), ("х" * 101, "longer than 100"), ("Нова назва", "called so already")):
        with pytest.raises(Refused, match=sentence):
            renaming.rename_one(session, actor, lines[0].id, bad)


# --- the freeze ------------------------------------------------------------------------------------------------------


def set_policy(session: Any, seller_id: int, kind: PolicyKind, **settings: Any) -> None:
    session.add(m.Policy(seller_id=seller_id, kind=kind.value, settings=settings))
    session.commit()


@pytest.mark.covers("A1-14")
def test_in_the_last_two_days_it_is_refused_with_the_rule_and_the_day_it_opens(session, data_dir, lines, actor):
    set_policy(session, lines[0].account.seller_id, PolicyKind.RENAME_FREEZE, queue=False)
    with clock.standing_at(FROZEN):
        found = upload(session, data_dir, actor, "0671234501;Олег\n")
        for ask in (
            lambda: renaming.order(session, actor, found.request_id),
            lambda: renaming.rename_one(session, actor, lines[0].id, "Олег"),
        ):
            with pytest.raises(Refused, match="From 2026-11-29 to 2026-11-30.*by written application.*2026-12-01"):
                ask()
    with clock.standing_at(OPENS):
        apply_all(session, actor, found)
    assert names(session)[0] == "Олег"


@pytest.mark.covers("A1-14")
def test_a_list_that_waits_follows_a_freeze_the_office_changes(session, app, data_dir, lines, actor):
    context.use(app)
    with clock.standing_at(FROZEN - dt.timedelta(days=1)):
        session.add(m.Policy(seller_id=lines[0].account.seller_id, kind="rename_freeze", settings={"last_days": 3}))
        session.commit()
        found = upload(session, data_dir, actor, "0671234501;Олег\n")
        renaming.order(session, actor, found.request_id)
        session.commit()
        assert found.opens_at == OPENS
    freeze = session.scalars(sa.select(m.Policy).where(m.Policy.kind == "rename_freeze")).one()
    freeze.settings = {"last_days": 1}
    session.commit()
    with clock.standing_at(FROZEN):  # the last day but one is open now
        schedule.order_due(session)
        schedule.order_due(session)
        assert (found.opens_at, found.promised_by) == (FROZEN, FROZEN + dt.timedelta(hours=24))
        jobs = session.scalars(sa.select(m.Job.id).where(m.Job.name == "rename_apply")).all()
        session.remove()
        assert len(jobs) == 1
        context.perform("job", jobs)
        assert names(session)[0] == "Олег"


@pytest.mark.covers("A1-13", "A1-14")
def test_a_list_asked_for_in_the_freeze_is_done_in_its_first_allowed_minute(session, app, data_dir, lines, actor):
    context.use(app)
    with clock.standing_at(FROZEN):
        found = upload(session, data_dir, actor, "0671234501;Олег\n0671234502;Ганна\n")
        renaming.order(session, actor, found.request_id)
        renaming.rename_one(session, actor, lines[2].id, "Третій")
        session.commit()
        assert (found.opens_at, found.promised_by) == (OPENS, OPENS + dt.timedelta(hours=24))
    with clock.standing_at(OPENS - dt.timedelta(minutes=1)):
        schedule.order_due(session)
        assert renaming.apply_step(session, actor, found.request_id).done == 0
        assert session.scalar(sa.select(sa.func.count()).where(m.Job.name == "rename_apply")) == 0
    session.execute(sa.update(m.Subscriber).where(m.Subscriber.id == lines[1].id).values(name="Ганна"))  # meanwhile
    session.commit()
    with clock.standing_at(OPENS):
        schedule.order_due(session)
        schedule.order_due(session)
        jobs = session.scalars(sa.select(m.Job.id).where(m.Job.name == "rename_apply")).all()
        request_id = found.request_id
        session.remove()
        assert len(jobs) == 2
        context.perform("job", [*jobs, *jobs])
        assert names(session)[:3] == ["Олег", "Ганна", "Третій"]
        found = renaming.list_of(session, actor, request_id)
        assert found.outcomes == {"done": 1, "unchanged": 1}
        job = session.get(m.Job, jobs[0])
        text = (data_dir / job.result["file"]).read_text("utf-8-sig")
        assert "Перейменовано" in text or "Renamed." in text


def test_a_list_that_waits_may_be_cancelled(session, app, data_dir, lines, actor):
    with clock.standing_at(FROZEN):
        found = upload(session, data_dir, actor, "0671234501;Олег\n")
        renaming.order(session, actor, found.request_id)
        renaming.cancel(session, actor, found.request_id)
        session.commit()
    with clock.standing_at(OPENS):
        schedule.order_due(session)
        assert session.scalar(sa.select(sa.func.count()).where(m.Job.name == "rename_apply")) == 0
        assert renaming.apply_step(session, actor, found.request_id).is_over
    assert names(session)[0] == "Стара назва 1" and found.request.state == "cancelled"


def test_undoing_a_list_that_waits_cancels_it(session, data_dir, lines, actor):
    with clock.standing_at(FROZEN):
        found = upload(session, data_dir, actor, "0671234501;Олег\n")
        renaming.order(session, actor, found.request_id)
        assert renaming.undo(session, actor, found.request_id) is found
        with pytest.raises(Refused, match="already cancelled"):
            renaming.undo(session, actor, found.request_id)
    assert found.request.state == "cancelled" and found.due_at is None


@pytest.mark.covers("A1-14")
def test_what_a_freeze_cuts_short_goes_on_in_its_first_allowed_minute(
    session, app, data_dir, lines, actor, monkeypatch
):
    monkeypatch.setattr("app.services.renaming.lists.PACK", 1)
    monkeypatch.setattr("app.services.renaming.lists.STEP", 1)
    context.use(app)
    found, other = (upload(session, data_dir, actor, f"067123450{n};A\n067123450{n + 1};B\n") for n in (1, 3))
    for one in (found, other):
        renaming.order(session, actor, one.request_id)
    renaming.apply_step(session, actor, found.request_id, packs=1)
    session.commit()
    jobs = session.scalars(sa.select(m.Job.id).where(m.Job.name == "rename_apply")).all()
    first, second = found.request_id, other.request_id
    session.remove()
    with clock.standing_at(FROZEN):
        context.perform("job", jobs)
        assert names(session)[:4] == ["A", "Стара назва 2", "Стара назва 3", "Стара назва 4"]
        found, other = (renaming.list_of(session, actor, one) for one in (first, second))
        assert (found.opens_at, found.promised_by) == (OPENS, OPENS + dt.timedelta(hours=24))
        assert verdicts(session, found) == {1: "done", 2: "ok"} and other.request.state == "queued"
        assert session.get(m.Job, jobs[0]).state == "done"
    with clock.standing_at(OPENS):
        schedule.order_due(session)
        session.remove()
        more = session.scalars(sa.select(m.Job.id).where(m.Job.name == "rename_apply", m.Job.state == "queued")).all()
        session.remove()
        context.perform("job", more)
        assert len(more) == 2 and names(session)[:4] == ["A", "B", "A", "B"]
        assert renaming.list_of(session, actor, first).outcomes == {"done": 2}


def test_a_list_a_freeze_cut_short_can_be_ended_and_undone(session, data_dir, lines, actor, monkeypatch):
    monkeypatch.setattr("app.services.renaming.lists.PACK", 1)
    found = upload(session, data_dir, actor, "0671234501;A\n0671234502;B\n")
    renaming.order(session, actor, found.request_id, by_job=False)
    renaming.apply_step(session, actor, found.request_id, packs=1)
    with clock.standing_at(FROZEN):
        assert renaming.apply_step(session, actor, found.request_id).waits_until == OPENS
        back = renaming.undo(session, actor, found.request_id)
        assert verdicts(session, found) == {1: "done", 2: "stopped"}
        assert back.opens_at == OPENS and back.request.state == "queued"


@pytest.mark.covers("A1-13")
def test_a_list_is_begun_at_once_and_promised_within_a_day(session, data_dir, lines, actor):
    found = upload(session, data_dir, actor, "0671234501;Олег\n")
    renaming.order(session, actor, found.request_id)
    assert found.promised_by == OPEN + dt.timedelta(hours=24)
    assert session.get_one(m.Job, found.job_id).state == "queued"


# --- undo ------------------------------------------------------------------------------------------------------------


@both
def test_a_list_is_undone_and_lines_renamed_since_are_left(session, data_dir, lines, actor, database):
    found = apply_all(session, actor, upload(session, data_dir, actor, "0671234501;A\n0671234502;B\n0671234503;C\n"))
    renaming.rename_one(session, actor, lines[1].id, "Не чіпай")
    back = renaming.undo(session, actor, found.request_id, by_job=False)
    session.execute(sa.update(m.Subscriber).where(m.Subscriber.id == lines[2].id).values(name="Теж"))  # after the look
    assert renaming.apply_step(session, actor, back.request_id).is_over
    assert names(session)[:3] == ["Стара назва 1", "Не чіпай", "Теж"]
    assert verdicts(session, back) == {1: "done", 2: "renamed_since", 3: "renamed_since"}
    assert renaming.undo(session, actor, found.request_id).id == back.id
    rows, _ = renaming.names_changed(session, actor, back.request_id)
    assert [(row["old_name"], row["new_name"]) for row in rows] == [("A", "Стара назва 1")]
    again = renaming.undo(session, actor, back.request_id, by_job=False)  # an undo is a list as any other
    renaming.apply_step(session, actor, again.request_id)
    assert names(session)[0] == "A"
    out = io.BytesIO()
    renaming.write_list_result(session, back, None, out)
    assert openpyxl.load_workbook(io.BytesIO(out.getvalue())).active.max_row == 4


def test_after_the_billing_run_of_its_month_nothing_is_undone(session, data_dir, lines, actor):
    seller_id = lines[0].account.seller_id
    found = apply_all(session, actor, upload(session, data_dir, actor, "0671234501;A\n"))
    gate = renaming.gate_of(session, seller_id)
    assert renaming.why_not_undone(session, found, gate) is None
    with clock.standing_at(dt.datetime(2026, 12, 1, 9, tzinfo=dt.UTC)):
        billing.start_run(session, Actor.system(), seller_id, Month(2026, 10))
        assert renaming.why_not_undone(session, found, gate) is None  # an earlier month's
        billing.start_run(session, Actor.system(), seller_id, Month(2026, 11))
        with pytest.raises(Refused, match="2026-11 are already on its invoices"):
            renaming.undo(session, actor, found.request_id)


# --- names of a day --------------------------------------------------------------------------------------------------


@pytest.mark.covers("A1-15")
@both
def test_the_name_of_an_instant_is_the_last_one_before_it(session, lines, actor, database):
    days = [dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC) for day in (5, 20)] + [
        dt.datetime(2026, 12, 3, tzinfo=dt.UTC)
    ]
    for day, name in zip(days, ("перша", "друга", "третя"), strict=True):
        with clock.standing_at(day):
            renaming.rename_one(session, actor, lines[0].id, name)
    ids = [one.id for one in lines]

    def at(*day: int) -> str:
        return renaming.names_at(session, ids, dt.datetime(2026, *day, tzinfo=dt.UTC))[ids[0]]

    assert [at(11, 1), at(11, 6), at(11, 30), at(12, 1), at(12, 4)] == [
        "Стара назва 1",
        "перша",
        "друга",
        "друга",
        "третя",
    ]
    assert renaming.names_at(session, ids, OPEN)[ids[1]] == "Стара назва 2"


# --- two at once, killed midway --------------------------------------------------------------------------------------


@both
def test_two_administrators_renaming_the_same_lines_lose_nothing(app, session, data_dir, database, monkeypatch):
    monkeypatch.setattr("app.services.renaming.lists.PACK", 20)
    account = makers.account(session)
    count = 100
    for n in range(count):
        makers.subscriber(session, account, number=f"+3806712{n:05d}", name="0")
    actors = [administrator(session, account.company_id) for _ in range(2)]
    order = [list(range(count)), list(range(count - 1, -1, -1))]  # from both ends: locks would cross
    found = [
        upload(session, data_dir, actor, "".join(f"06712{n:05d};{actor.user_id}\n" for n in places))
        for actor, places in zip(actors, order, strict=True)
    ]
    requests = [one.request_id for one in found]
    for actor, request_id in zip(actors, requests, strict=True):
        renaming.order(session, actor, request_id, by_job=False)
    session.commit()
    session.remove()
    errors: list[BaseException] = []

    def work_on(actor: Actor, request_id: int) -> None:
        try:
            with app.app_context(), tenancy.seeing(actor.company_id):
                while not renaming.apply_step(db.session(), actor, request_id).is_over:
                    db.session.commit()
                db.session.commit()
                db.session.remove()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work_on, args=pair) for pair in zip(actors, requests, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    names = {str(actor.user_id) for actor in actors}
    history = session.execute(
        sa.select(m.SubscriberName.subscriber_id, m.SubscriberName.old_name, m.SubscriberName.new_name).order_by(
            m.SubscriberName.id
        )
    ).all()
    now = dict(session.execute(sa.select(m.Subscriber.id, m.Subscriber.name)).all())
    assert len(now) == count and set(now.values()) <= names
    for row_id, name in now.items():
        told = [(old, new) for subscriber_id, old, new in history if subscriber_id == row_id]
        assert len(told) == 2 and told[0][0] == "0" and told[0][1] == told[1][0] and told[1][1] == name


def run_python(app: Any, code: str) -> int:
    """Run code as a process of its own over the app's database; how it ended."""
    settings = app.config["KABINET"]
    environment = {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
    }
    return subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=False).returncode


@both
def test_a_worker_killed_midway_leaves_a_list_that_finishes_exactly_once(app, session, data_dir, database, monkeypatch):
    monkeypatch.setattr("app.services.renaming.lists.PACK", 10)
    account = makers.account(session)
    for n in range(100):
        makers.subscriber(session, account, number=f"+3806712{n:05d}", name="0")
    actor = administrator(session, account.company_id)
    found = upload(session, data_dir, actor, "".join(f"06712{n:05d};Нова {n}\n" for n in range(100)))
    renaming.order(session, actor, found.request_id)
    session.commit()
    job_id, request_id = found.job_id, found.request_id
    session.remove()
    code = (
        "import os\nfrom app.services import renaming\nfrom jobs import context\n"
        "real, calls = renaming.apply_step, []\n"
        "def step(*args):\n    now = real(*args)\n    calls.append(1)\n"
        "    if len(calls) == 3: os._exit(9)\n    return now\n"
        "renaming.apply_step = step\n"
        f"context.perform('job', [{job_id}])\n"
    )
    assert run_python(app, code) == 9  # after the third step, before it was kept
    found = renaming.list_of(session, actor, request_id)
    assert found.applied_packs == 8 and session.get_one(m.Job, job_id).state == "running"
    session.remove()
    context.use(app)
    context.perform("job", [job_id])
    context.perform("job", [job_id])
    assert session.get_one(m.Job, job_id).state == "done"
    assert session.scalar(sa.select(sa.func.count()).select_from(m.SubscriberName)) == 100
    assert session.scalar(sa.select(sa.func.count()).where(m.Subscriber.name.like("Нова %"))) == 100
    assert renaming.list_of(session, actor, request_id).outcomes == {"done": 100}


def test_a_list_stopped_midway_keeps_what_is_done(session, data_dir, lines, actor, monkeypatch):
    monkeypatch.setattr("app.services.renaming.lists.PACK", 1)
    found = upload(session, data_dir, actor, "0671234501;A\n0671234502;B\n0671234503;C\n")
    renaming.order(session, actor, found.request_id, by_job=False)
    renaming.apply_step(session, actor, found.request_id, packs=2)
    renaming.cancel(session, actor, found.request_id)
    assert verdicts(session, found) == {1: "done", 2: "done", 3: "stopped"}
    assert found.request.state == "done" and names(session)[:3] == ["A", "B", "Стара назва 3"]


def test_a_list_whose_command_was_killed_is_taken_over(session, data_dir, lines, actor):
    found = upload(session, data_dir, actor, "0671234501;A\n")
    renaming.order(session, actor, found.request_id, by_job=False)
    assert renaming.begin_due(session) == 0
    with clock.standing_at(OPEN + dt.timedelta(minutes=16)):
        assert renaming.begin_due(session) == 1
    assert work.job_for(session, Actor.system(), found.job_id).name == "rename_apply"


def test_a_list_nobody_orders_is_forgotten_after_a_month(session, data_dir, lines, actor):
    upload(session, data_dir, actor, "0671234501;A\n")
    kept = upload(session, data_dir, actor, "0671234502;B\n")
    renaming.order(session, actor, kept.request_id)
    assert renaming.forget_drafts(session, OPEN - dt.timedelta(days=30)) == 0
    assert renaming.forget_drafts(session, OPEN + dt.timedelta(days=30)) == 1
    assert session.scalars(sa.select(m.RenameList.id)).all() == [kept.id]
    assert session.scalar(sa.select(sa.func.count()).select_from(m.RenamePack)) == 1
