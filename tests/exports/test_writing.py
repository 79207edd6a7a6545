from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from sqlmodel import select

from han5k_review.errors import ConfigError, StorageError
from han5k_review.exports import Selection, download_export, new_export_id, write_export
from han5k_review.exports.csv_files import build_csv
from han5k_review.exports.dictionary import SHEETS
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Audit
from tests.exports.conftest import COMMENT, LATER, NOON
from tests.exports.test_tables import export_of
from tests.exports.test_workbook import reopened, table_of


def audits(study: Study) -> list[Audit]:
    with reading(study.engine) as session:
        return list(session.exec(select(Audit).where(Audit.action == "export")))


def test_an_xlsx_export_reports_its_rows_and_leaves_an_audit_row(
    any_study: Study, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "grades.xlsx"
    report = write_export(any_study, out, actor="lead", now=LATER, export_id="E-7")
    assert report.paths == (out,)
    assert report.rows["Grades"] == 7
    assert reopened(out.read_bytes())["Grades"].max_row == 8
    (audit,) = audits(any_study)
    assert (audit.actor, audit.subject, audit.at_utc) == ("lead", "grades.xlsx", LATER)
    assert audit.detail["export_id"] == "E-7"
    assert audit.detail["rows"] == dict(report.rows)


@pytest.mark.parametrize(
    ("what", "main", "others"),
    [
        (Selection.AGREEMENT, "agreement", {"certificates", "readers"}),
        (Selection.METRICS, "metrics", {"summary", "cases"}),
    ],
)
def test_a_selection_writes_its_own_sheets_and_what_explains_them(
    study: Study, tmp_path: Path, what: Selection, main: str, others: set[str]
) -> None:
    out = tmp_path / "part.csv"
    report = write_export(study, out, actor="lead", now=LATER, what=what)
    others = others | {"about", "scale", "data-dictionary"}
    assert {path.name for path in report.paths} == {"part.csv", *(f"part-{k}.csv" for k in others)}
    written = pd.read_csv(out)
    (sheet,) = [sheet for sheet in SHEETS if sheet.key == main]
    assert list(written.columns) == [column.name for column in sheet.columns]
    assert len(written) == report.rows[sheet.title] > 0


def test_a_csv_export_is_the_grades_and_every_other_sheet_beside_them(
    study: Study, tmp_path: Path
) -> None:
    out = tmp_path / "grades.csv"
    report = write_export(study, out, actor="lead", now=LATER)
    assert report.paths[-1] == out
    assert {path.name for path in report.paths} == {
        "grades.csv",
        *(f"grades-{sheet.key}.csv" for sheet in SHEETS if sheet.key != "grades"),
    }
    assert sorted(tmp_path.glob("*.csv")) == sorted(report.paths)
    frame = pd.read_csv(out)
    assert len(frame) == 7
    assert frame["dice"].dtype == "float64"
    assert frame["comment"].dropna().tolist() == [f"'{COMMENT}"]  # looked like a formula
    about = pd.read_csv(tmp_path / "grades-about.csv")
    assert "Research use only. Not a medical device." in set(about["text"])


def test_csv_and_workbook_hold_the_same_cells(study: Study) -> None:
    table = export_of(study).get_table("metrics")
    lines = list(csv.reader(io.StringIO(build_csv(table).decode("utf-8-sig"))))
    assert lines[0] == list(table.names)
    for line, row in zip(lines[1:], table.rows, strict=True):
        for text, cell in zip(line, row, strict=True):
            if isinstance(cell, float):
                assert float(text) == cell
            elif cell is None:
                assert text == ""
            else:
                assert text == str(cell)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_spreadsheet_program_runs_a_csv_cell(text: str) -> None:
    (line,) = list(csv.reader(io.StringIO(build_csv(table_of(text)).decode("utf-8-sig"))))[1:]
    assert line == [f"'{text}"]


def test_downloads_are_the_files(study: Study) -> None:
    book = reopened(download_export(study, ".xlsx", actor="lead", now=LATER, export_id="E-1"))
    assert book["Grades"].max_row == 8
    archive = zipfile.ZipFile(
        io.BytesIO(download_export(study, ".zip", actor="lead", now=LATER, export_id="E-1"))
    )
    assert archive.namelist() == [f"{sheet.key}.csv" for sheet in SHEETS]
    assert len(audits(study)) == 2


def test_a_zip_is_written_whole(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "study.zip"
    write_export(study, out, actor="lead", now=LATER)
    assert zipfile.ZipFile(out).testzip() is None


def test_an_unknown_ending_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.ods"):
        write_export(study, tmp_path / "grades.ods", actor="lead", now=LATER)
    assert audits(study) == []


def test_a_disk_that_refuses_is_a_sentence_and_leaves_nothing(study: Study, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StorageError, match=r"grades\.xlsx"):
        write_export(study, blocked / "grades.xlsx", actor="lead", now=LATER)
    assert audits(study) == []
    assert blocked.read_text() == "not a folder"


def test_writing_again_replaces_the_file(study: Study, tmp_path: Path) -> None:
    out = tmp_path / "grades.xlsx"
    out.write_bytes(b"older")
    write_export(study, out, actor="lead", now=LATER, export_id="E-1")
    first = out.read_bytes()
    write_export(study, out, actor="lead", now=LATER, export_id="E-1")
    assert out.read_bytes() == first
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_export_ids_sort_by_time_and_never_repeat() -> None:
    assert new_export_id(NOON) < new_export_id(LATER)
    assert len({new_export_id(NOON) for _ in range(50)}) == 50
    assert new_export_id(NOON).startswith("20260504T120000Z-")
