"""`flask options FILE --company CODE`: a list to its end, without web or queue, the operator's part included."""

import re

import pytest
import sqlalchemy as sa

from app import models as m
from app.imports.reading import read_sheet


@pytest.fixture
def run(app, house, tmp_path):
    def call(*arguments):
        house.session.commit()  # an open transaction of the test would lock SQLite
        return app.test_cli_runner().invoke(args=[str(one) for one in arguments])

    return call


@pytest.fixture
def file(house, tmp_path):
    path = tmp_path / "options.csv"
    numbers = [one.number for one in house.subscribers]
    path.write_text(
        f"Номер;Послуга;Дія;Дата\n{numbers[0]};roaming;on;\n{numbers[1]};Запис розмов;увімкнути;2026-12-01\n"
        "+380000000000;roaming;on;\n",
        encoding="utf-8",
    )
    return path


def test_a_dry_run_says_what_it_would_cost_and_writes_nothing(run, house, file, tmp_path):
    result = tmp_path / "result.xlsx"
    came = run("options", file, "--company", house.company.code, "--dry-run", "--result", result)
    assert came.exit_code == 0, came.output
    assert "3 lines: 2 can be done, 1 unknown" in came.output and "each month after" in came.output
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Request)) == 0
    rows = [row.values for row in read_sheet(result).rows]
    assert [row[4] for row in rows] == ["Can be done", "Can be done", "Not asked for"]


@pytest.mark.covers("A1-16")
def test_a_list_runs_to_its_end_and_can_be_undone(run, house, file, tmp_path):
    result = tmp_path / "result.csv"
    came = run("options", file, "--company", house.company.code, "--result", result)
    assert came.exit_code == 0, came.output
    assert "1 done, 1 wait for their day" in came.output
    assert [row.values[4] for row in read_sheet(result).rows] == ["Done", "Waits for its day", "Not asked for"]
    batch = re.search(r"Batch (\d+)", came.output)[1]
    came = run("undo", batch)
    assert came.exit_code == 0 and "1 requests cancelled, 1 opposite ones asked for" in came.output, came.output
    house.session.expire_all()
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Option)) == 0
    assert run("undo", batch).exit_code == 2
    for unknown in ("999999", "9" * 30):
        came = run("undo", unknown)
        assert came.exit_code == 2 and f"There is no batch {unknown}" in came.output


@pytest.mark.parametrize("company", ["nobody", None])
def test_what_cannot_be_done_is_one_line(run, house, file, company):
    came = run("options", file if company else "no-such.csv", "--company", company or house.company.code)
    assert came.exit_code == 2 and len(came.output.strip().splitlines()) == 1


def test_a_list_of_which_nothing_can_be_done_is_refused(run, house, tmp_path):
    file, result = tmp_path / "options.csv", tmp_path / "result.csv"
    file.write_text("Номер;Послуга;Дія\n+380000000000;roaming;on\n", "utf-8")
    came = run("options", file, "--company", house.company.code, "--result", result)
    assert came.exit_code == 2 and "No line of this list can be applied" in came.stderr and result.exists()
    assert house.session.scalar(sa.select(sa.func.count()).select_from(m.Request)) == 0
