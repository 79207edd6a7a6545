from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from han5k_review.errors import DataError
from han5k_review.exports import Export, build_export, build_frame
from han5k_review.exports.columns import Cell, Kind, Sheet
from han5k_review.exports.dictionary import SHEETS
from han5k_review.metrics import Panel
from han5k_review.store.study import Study
from rigs.databases import open_new_study
from tests.exports.conftest import COMMENT, LATER


def export_of(study: Study) -> Export:
    return build_export(study, export_id="E-1", now=LATER)


def lines(export: Export, key: str) -> list[dict[str, Cell]]:
    table = export.get_table(key)
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def one(export: Export, key: str, **wanted: Cell) -> dict[str, Cell]:
    (found,) = [
        line
        for line in lines(export, key)
        if all(line[name] == value for name, value in wanted.items())
    ]
    return found


def test_grades_hold_every_grade_in_force_and_history_every_act(any_study: Study) -> None:
    export = export_of(any_study)
    assert export.rows["Grades"] == 7
    assert export.rows["Grade history"] == 10
    acts = [(line["act"], line["is_current"]) for line in lines(export, "grade-history")]
    assert sorted(acts) == sorted(
        [("graded", True)] * 6 + [("graded", False)] * 2 + [("changed", True), ("withdrawn", False)]
    )


def test_a_grade_row_says_what_was_graded_by_whom_and_how_well_it_fits(any_study: Study) -> None:
    row = one(export_of(any_study), "grades", case="HN-001", structure="BrainStem", reader="R1")
    expected = {
        "study": "Grading study",
        "protocol_version": "1.2",
        "patient": "P0",
        "tg263": "Brainstem",
        "contour_source": "pseudo",
        "model_version": None,
        "is_under_review": True,
        "reader_role": "reader",
        "read_index": 1,
        "is_repeat": False,
        "blinded": True,
        "scale": "han5k-3",
        "grade_code": "no",
        "grade_title": "No revision",
        "grade_level": "no",
        "issue_tags": "over; island",
        "flagged_slices": "3; 4",
        "comment": COMMENT,
        "opened_at_utc": "2026-05-04T11:59:40.000Z",
        "first_graded_at_utc": "2026-05-04T12:00:00.000Z",
        "graded_at_utc": "2026-05-04T12:00:00.000Z",
        "active_seconds": 12.25,
        "grade_changes": 0,
        "edited": False,
        "dice": 1.0,
        "hd95_mm": 0.0,
        "tolerance_mm": 1.0,
        "definition": "surfel",
        "spacing_k_mm": 3.0,
        "export_id": "E-1",
    }
    assert {name: row[name] for name in expected} == expected


def test_a_changed_grade_counts_its_changes_and_names_its_revision(any_study: Study) -> None:
    row = one(export_of(any_study), "grades", case="HN-003", structure="BrainStem")
    assert (row["grade_level"], row["grade_changes"]) == ("major", 1)
    assert row["first_graded_at_utc"] == "2026-05-04T12:02:00.000Z"
    assert row["graded_at_utc"] == "2026-05-04T12:03:00.000Z"
    assert row["edited"] is True
    assert row["revision_decision"] is None
    assert row["revision_vrd"] == pytest.approx(1 / 6)


def test_infinite_and_undefined_values_are_empty_and_say_which_mask_is(any_study: Study) -> None:
    export = export_of(any_study)
    far = one(export, "metrics", case="HN-001", structure="LenL")
    assert (far["dice"], far["hd95_mm"], far["empty_mask"]) == (0.0, None, "contour")
    undefined = one(export, "metrics", case="HN-001", structure="LenR")
    assert (undefined["dice"], undefined["empty_mask"]) == (None, "both")
    gap = one(export, "metrics", case="HN-001", structure="ParotidL")
    assert (gap["reason"], gap["dice"]) == ("no reference", None)


def test_summary_counts_each_case_once_with_its_worst_grade(any_study: Study) -> None:
    export = export_of(any_study)
    stem = one(export, "summary", structure="BrainStem")
    # HN-001 and HN-002: no and minor by two readers, HN-003 major, HN-004 minor.
    counts = ("cases", "no_revision", "minor_revision", "major_revision", "grades")
    assert tuple(stem[name] for name in counts) == (4, 0, 3, 1, 6)
    assert stem["proportion_acceptable"] == 0.75
    assert stem["acceptable_low"] == pytest.approx(0.1941, abs=1e-4)  # tables of Clopper-Pearson
    assert stem["acceptable_high"] == pytest.approx(0.9937, abs=1e-4)
    assert stem["dice_median"] == pytest.approx(0.75)
    assert stem["hd95_mm_median"] == pytest.approx(3.0)
    lens = one(export, "summary", structure="LenL")
    assert (lens["pairs_infinite"], lens["hd95_mm_median"], lens["dice_median"]) == (4, None, 0.0)
    assert lens["proportion_acceptable"] is None
    other = one(export, "summary", structure="LenR")
    assert (other["cases"], other["not_graded"], other["pairs_undefined"]) == (0, 1, 4)


def test_nobodys_login_and_no_password_hash_is_in_any_sheet(any_study: Study) -> None:
    text = repr([(table, *table.rows) for table in export_of(any_study).tables])
    for secret in ("anna.login", "ben.login", "argon-"):
        assert secret not in text
    assert "R1" in text


def test_equal_data_id_and_time_give_equal_tables(any_study: Study) -> None:
    assert export_of(any_study) == export_of(any_study)


def test_both_databases_give_the_same_sheets(study: Study, any_study: Study) -> None:
    def settled(export: Export) -> list[object]:
        return [t.rows for t in export.tables if t.key not in ("about",)]

    assert settled(export_of(study)) == settled(export_of(any_study))


def test_an_empty_study_has_all_sheets_and_no_rows(empty_study: Study) -> None:
    export = export_of(empty_study)
    assert [t.title for t in export.tables] == [s.title for s in SHEETS]
    assert export.rows["Grades"] == export.rows["Metrics"] == export.rows["Summary"] == 0
    assert export.rows["Scale"] == 5
    assert build_frame(export.get_table("grades")).empty


def test_a_database_without_a_study_is_refused(tmp_path: Path, study: Study) -> None:
    bare = open_new_study(tmp_path / "bare")
    (bare.root / "tables").mkdir()
    for table in study.tables.glob("*.csv"):
        (bare.tables / table.name).write_bytes(table.read_bytes())
    with pytest.raises(DataError, match="han5k init"):
        export_of(bare)
    bare.engine.dispose()


def test_frames_have_the_types_of_the_dictionary(study: Study) -> None:
    frame = build_frame(export_of(study).get_table("grades"))
    assert frame["dice"].dtype == "Float64"
    assert frame["read_index"].dtype == "Int64"
    assert frame["blinded"].dtype == "boolean"
    assert len(frame) == 7


def test_every_number_of_the_panel_has_its_column() -> None:
    names = {column.name for sheet in SHEETS if sheet.key == "metrics" for column in sheet.columns}
    assert {field.name for field in dataclasses.fields(Panel)} <= names


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: str(sheet.key))
def test_names_and_headings_are_unique_and_every_column_is_described(sheet: Sheet[Any]) -> None:
    names = [column.name for column in sheet.columns]
    headings = [column.heading for column in sheet.columns]
    assert len(set(names)) == len(names)
    assert len(set(headings)) == len(headings)
    assert len(sheet.title) <= 31
    for column in sheet.columns:
        assert column.description.endswith("."), column.name
        assert column.source
        assert column.unit == "UTC" if column.kind is Kind.TIME else column.unit != "UTC"
        if column.name.endswith(("_mm", "_cc")):
            assert column.unit == column.name[-2:]
