"""An operator closes a month with commands alone: customers in, documents, payments, an act, registers, audit."""

import csv
import datetime as dt
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from app.core import clock
from app.core.actor import Actor
from app.services import trail

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TODAY = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)


@pytest.fixture
def operator(app: Any) -> Any:
    """Runs a command that must succeed; what it said."""

    def run(*words: str, wrong: str = "") -> str:
        with clock.standing_at(TODAY):
            done = app.test_cli_runner().invoke(args=[str(word) for word in words])
        assert done.exit_code == (2 if wrong else 0), done.output
        if wrong:
            assert wrong in done.stderr and len(done.stderr.strip().splitlines()) == 1
        return done.output

    return run


def test_a_month_is_closed_from_a_file_to_the_audit(operator: Any, tmp_path: Path) -> None:
    for name in ("customers.csv", "payments.csv"):
        shutil.copy(EXAMPLES / name, tmp_path)
    loaded = operator("import-customers", tmp_path / "customers.csv")
    assert "28 created" in loaded and "  line 14, error: " in loaded  # which line, and why
    assert "28 accounts would be billed, 42003.40 UAH" in operator("close-month", "2026-10", "--dry-run")
    assert "28 accounts billed, 42003.40 UAH" in operator("close-month", "2026-10")
    assert "Nothing new was due" in operator("close-month", "2026-10")
    assert "12 created" in operator("import-payments", tmp_path / "payments.csv")

    act = tmp_path / "act.xlsx"
    asked = ("reconciliation", "ek-001", "2026-09-01", "2026-11-20", "--out", act)
    assert "closing balance 0.00 UAH" in operator(*asked, "--format", "xlsx")
    assert load_workbook(act).active["A1"].value == "Акт звірки взаємних розрахунків"
    balances = tmp_path / "balances.csv"
    operator("export", "balances", "--month", "2026-10", "--format", "csv", "--out", balances)
    text = balances.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 28 and rows[0]["Closing debt"] == "1200.00"
    assert "FAIL" not in operator("audit")


def test_rejected_lines_go_where_one_can_write(operator: Any, app: Any, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "customers.csv", tmp_path)
    named = tmp_path / "wrong.csv"
    said = operator("import-customers", tmp_path / "customers.csv", "--rejects", named)
    assert f"The rejected lines with their reasons: {named}" in said
    assert "Kabinet: Reason" in named.read_text("utf-8-sig").splitlines()[0]
    (tmp_path / "customers.rejected.csv").mkdir()  # nothing can be written beside the input
    said = operator("import-customers", tmp_path / "customers.csv")
    kept = list(app.config["KABINET"].data_dir.glob("customers.rejected-*.csv"))
    assert len(kept) == 1 and str(kept[0]) in said


def test_a_month_that_still_runs_is_closed_with_a_warning(operator: Any, tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "customers.csv", tmp_path)
    operator("import-customers", tmp_path / "customers.csv")
    warning = "2026-11 ends only on 2026-11-30"
    assert warning in operator("close-month", "2026-11", "--dry-run")
    assert warning in operator("close-month", "2026-11")
    assert "ends only" not in operator("close-month", "2026-10")
    operator("close-month", "2026-12", wrong="2026-12 has not begun yet")


def test_the_audit_ends_with_1_where_an_invariant_is_broken(app: Any, operator: Any, session: Any) -> None:
    assert "FAIL" not in operator("audit")
    triggers = session.scalars(
        sa.text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='audit_event'")
    )
    for name in list(triggers):
        session.execute(sa.text(f"DROP TRIGGER {name}"))  # noqa: S608
    trail.record(session, Actor.system("test"), "first", "x")
    trail.record(session, Actor.system("test"), "second", "x")
    session.commit()
    assert "FAIL" not in operator("audit")
    session.execute(sa.text("UPDATE audit_event SET actor = 'nobody' WHERE action = 'first'"))
    session.commit()
    with clock.standing_at(TODAY):
        done = app.test_cli_runner().invoke(args=["audit"])
    assert done.exit_code == 1
    assert [line.split()[:3] for line in done.output.splitlines() if line.startswith("FAIL")] == [
        ["FAIL", "1", "the_trail_is_unbroken:"]
    ]


def test_what_an_operator_mistypes_is_one_line(operator: Any, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    operator("nosuch", wrong="There is no command «nosuch»")
    operator("close-month", "2026-13", wrong="no such month: 2026-13")
    operator("close-month", "2026-10", "--seller", "nobody", wrong="There is no Seller nobody")
    operator("reconciliation", "nobody", "2026-01-01", "2026-02-01", "--out", out, wrong="There is no company nobody")
    operator("export", "invoices", "--month", "2026-10", "--format", "doc", "--out", out, wrong="'doc' is not one of")
    operator("export", "everything", "--month", "2026-10", "--out", out, wrong="There is no register everything")
    operator("export", "invoices", "--month", "2026-10", "--out", tmp_path / "no" / "x", wrong="folder")
    operator("import-customers", wrong="Missing argument 'FILE'")
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04broken")
    operator("import-customers", tmp_path / "broken.xlsx", wrong="The file is damaged")
    assert list(tmp_path.glob("out*")) == []
