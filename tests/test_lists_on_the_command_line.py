"""Lists of a company from the command line: each runs to its end by itself, or says one clear line why not."""

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.services import setup
from tests import makers

OPEN = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
FROZEN = dt.datetime(2026, 11, 29, 10, tzinfo=dt.UTC)


@pytest.fixture
def company(app: Any, session: Any) -> str:
    """The code of a company with three subscribers."""
    setup.ensure_defaults(session)
    account = makers.account(session)
    for n in (1, 2, 3):
        makers.subscriber(session, account, number=f"+38067123450{n}", name=f"Стара {n}")
    code = session.get_one(m.Company, account.company_id).code
    session.commit()
    session.remove()
    return code


def run(app: Any, *words: str, on: dt.datetime = OPEN) -> Any:
    with clock.standing_at(on):
        return app.test_cli_runner().invoke(args=list(words))


def names(session: Any) -> list[str]:
    found = list(session.scalars(sa.select(m.Subscriber.name).order_by(m.Subscriber.number)))
    session.remove()
    return found


def test_what_is_wrong_is_one_line_said_before_anything_is_done(app, session, company, tmp_path: Path):
    file, result = tmp_path / "people.csv", tmp_path / "result.csv"
    file.write_text("Номер;Нова назва\n0671234501;Марія\n", "utf-8")
    nowhere = run(app, "rename", str(file), "--company", company, "--result", str(tmp_path / "no" / "r.csv"))
    assert nowhere.exit_code == 2 and "Nothing can be written to the folder" in nowhere.output
    assert names(session)[0] == "Стара 1"
    export = ["export", "subscribers", "--format", "pdf"]
    for words in (["rename", str(file)], ["undo", "x"], export, ["options", "--x"]):
        wrong = run(app, *words)
        assert wrong.exit_code == 2 and len(wrong.output.strip().splitlines()) == 1, wrong.output
    file.write_text("Номер;Нова назва\n0509999999;Хто\n", "utf-8")
    bad = run(app, "rename", str(file), "--company", company, "--result", str(result))
    assert bad.exit_code == 2 and "no such number" in result.read_text("utf-8-sig")


def test_a_list_is_renamed_and_undone_by_commands(app, session, company, tmp_path: Path):
    file, result = tmp_path / "people.csv", tmp_path / "result.csv"
    file.write_text("Номер;Нова назва\n0671234501;Марія\n0671234502;Ивaнов\n0501111111;Хто\n", "utf-8")
    looked = run(app, "rename", str(file), "--company", company, "--dry-run", "--result", str(result))
    assert looked.exit_code == 0, looked.output
    assert "Dry run, nothing written: 3 lines: 2 to be renamed, 1 look alike, 1 unknown." in looked.output
    assert "Will be renamed." in result.read_text("utf-8-sig") and names(session)[0] == "Стара 1"
    done = run(app, "rename", str(file), "--company", company, "--take-suggestions", "--result", str(result))
    assert done.exit_code == 0 and "2 renamed, 1 left as they were." in done.output
    assert names(session) == ["Марія", "Иванов", "Стара 3"]
    rows = list(csv.reader(result.open(encoding="utf-8-sig"), delimiter=";"))
    assert [row[-1][:12] for row in rows[1:]] == ["Renamed.", "Renamed, in ", "There is no "]
    batch = session.scalar(sa.select(m.RenameList.request_id))
    session.remove()
    back = run(app, "undo", str(batch))
    assert back.exit_code == 0 and "2 renamed" in back.output
    assert names(session) == ["Стара 1", "Стара 2", "Стара 3"]


def test_results_come_in_the_format_of_their_name_or_are_refused_beforehand(app, session, company, tmp_path: Path):
    file, book, pasted = tmp_path / "people.csv", tmp_path / "book.xlsx", tmp_path / "pasted.csv"
    file.write_text("Номер;Нова назва\n0671234501;Ивaнов\n", "utf-8")
    for words in (["rename", str(file)], ["options", str(file)]):
        wrong = run(app, *words, "--company", company, "--result", str(tmp_path / "r.pdf"))
        assert wrong.exit_code == 2 and "Results are written as .xlsx or .csv" in wrong.output
    assert names(session)[0] == "Стара 1"
    done = run(app, "rename", str(file), "--company", company, "--result", str(book))
    assert done.exit_code == 0, done.output
    rows = list(openpyxl.load_workbook(book).active.values)
    assert rows[1][:2] == ("0671234501", "Ивaнов") and "Probably meant: «Иванов»" in rows[1][2]
    again = run(app, "rename", str(book), "--company", company, "--dry-run", "--result", str(pasted))
    assert again.exit_code == 0, again.output
    rows = list(csv.reader(pasted.open(encoding="utf-8-sig"), delimiter=";"))
    assert rows[0][:2] == ["Номер", "Нова назва"] and rows[1][-1] == "It is called so already."
    listed = tmp_path / "lines.csv"
    assert run(app, "export", "subscribers", "--company", company, "--out", str(listed)).exit_code == 0
    assert "Ивaнов" in listed.read_text("utf-8-sig")
    both = ("export", "subscribers", "--company", company, "--format", "csv", "--out", str(tmp_path / "x.xlsx"))
    assert run(app, *both).exit_code == 2


def test_undo_cancels_a_batch_that_waits(app, session, company, tmp_path: Path):
    file = tmp_path / "people.csv"
    file.write_text("0671234501;Марія\n", "utf-8")
    run(app, "rename", str(file), "--company", company, on=FROZEN)
    batch = session.scalar(sa.select(m.RenameList.request_id))
    session.remove()
    undone = run(app, "undo", str(batch), on=FROZEN)
    assert undone.exit_code == 0 and "is cancelled: no name was changed" in undone.output, undone.output
    assert run(app, "undo", str(batch), on=FROZEN).exit_code == 2
    assert session.scalar(sa.select(m.Request.state)) == "cancelled"


def test_in_a_freeze_the_command_says_what_happens(app, session, company, tmp_path: Path):
    file = tmp_path / "people.csv"
    file.write_text("0671234501;Марія\n", "utf-8")
    dry = run(app, "rename", str(file), "--company", company, "--dry-run", on=FROZEN)
    assert dry.exit_code == 0 and "Rename here again from 2026-12-01" in dry.output
    waits = run(app, "rename", str(file), "--company", company, on=FROZEN)
    assert waits.exit_code == 0 and "begins by itself on 2026-12-01 00:00" in waits.output
    seller = session.scalar(sa.select(m.Company.seller_id).where(m.Company.code == company))
    session.add(m.Policy(seller_id=seller, kind="rename_freeze", settings={"queue": False}))
    session.commit()
    session.remove()
    refused = run(app, "rename", str(file), "--company", company, on=FROZEN)
    assert refused.exit_code == 2 and "Rename here again from 2026-12-01" in refused.stderr
    assert names(session)[0] == "Стара 1"


def test_the_limit_of_what_a_company_uploads_is_not_the_operators(app, session, company, tmp_path: Path):
    seller = session.scalar(sa.select(m.Company.seller_id).where(m.Company.code == company))
    session.add(m.Policy(seller_id=seller, kind="rename_list", settings={"lines": 1}))
    session.commit()
    session.remove()
    file = tmp_path / "people.csv"
    file.write_text("Номер;Нова назва\n0671234501;Марія\n0671234502;Олег\n", "utf-8")
    done = run(app, "rename", str(file), "--company", company)
    assert done.exit_code == 0 and names(session)[:2] == ["Марія", "Олег"], done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("rename", "none.csv", "--company", "{company}"), "There is no file «none.csv»"),
        (("rename", "{file}", "--company", "nobody"), "There is no company nobody"),
        (("rename", "{file}", "--company", "{company}"), "No line of this list can be applied"),
        (("undo", "999999"), "There is no batch 999999"),
        (("export", "subscribers", "--out", "x.csv"), "Say whose subscribers"),
        (("export", "invoices", "--out", "x.csv"), "Say the month"),
    ],
)
def test_what_goes_wrong_is_one_line_and_exit_2(app, company, tmp_path: Path, words, sentence):
    file = tmp_path / "bad.csv"
    file.write_text("0501111111;Хто\n", "utf-8")
    done = run(app, *(word.format(company=company, file=file) for word in words))
    assert done.exit_code == 2 and sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_company_subscribers_are_exported_and_the_file_comes_back_as_a_list(app, session, company, tmp_path: Path):
    for fmt in ("xlsx", "csv"):
        out = tmp_path / f"lines.{fmt}"
        done = run(app, "export", "subscribers", "--company", company, "--format", fmt, "--out", str(out))
        assert done.exit_code == 0 and "3 rows" in done.output
    book = openpyxl.load_workbook(tmp_path / "lines.xlsx")
    assert [cell.value for cell in book.active[2]][:2] == ["+380671234501", "Стара 1"]
    book.active["B2"] = "Нова"
    book.save(tmp_path / "lines.xlsx")
    done = run(app, "rename", str(tmp_path / "lines.xlsx"), "--company", company)
    assert done.exit_code == 0 and "3 lines: 1 to be renamed, 2 unchanged." in done.output
    assert names(session)[0] == "Нова"
