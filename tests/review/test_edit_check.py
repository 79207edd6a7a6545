"""The grade-edit check asks when, and only when, the grade does not fit the edit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from han5k_review.errors import ConfigError, GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.edit_check import (
    EditMeasure,
    check_grade,
    list_changed_slices,
    measure_edit,
)
from han5k_review.review.edit_rules import EditRules, read_edit_rules
from han5k_review.store.vocabulary import GradeLevel
from tests.review.conftest import GRID, block


@pytest.mark.parametrize(
    ("vrd", "levels"),
    [
        (0.0, {"no"}),
        (0.0001, {"minor"}),
        (0.10, {"minor"}),
        (0.11, {"minor", "major"}),
        (0.1999, {"minor", "major"}),
        (0.20, {"major"}),
        (float("inf"), {"major"}),
        (float("nan"), {"no"}),
    ],
)
def test_the_levels_that_fit_an_edit(vrd: float, levels: set[str]) -> None:
    found = EditRules().suggest_levels(vrd, is_empty=False)
    assert {level.value for level in found} == levels


@pytest.mark.parametrize("declared", [None, *GradeLevel])
def test_a_question_is_asked_only_of_a_grade_that_does_not_fit(
    declared: GradeLevel | None,
) -> None:
    measure = EditMeasure(vrd=0.15, apl_mm=80.0, slices_edited=4, is_empty=False)
    check = check_grade("ParotidL", measure, declared, EditRules())
    fits = declared in (None, GradeLevel.MINOR, GradeLevel.MAJOR)
    assert (check.question is None) == fits
    if check.question is not None:
        assert "15.0 %" in check.question
        assert "above 20 % as major" in check.question


def test_taking_everything_away_fits_an_absent_organ() -> None:
    measure = measure_edit(block(1), StructureMask.empty(GRID))
    assert (measure.vrd, measure.is_empty) == (1.0, True)
    assert check_grade("Lens", measure, GradeLevel.ABSENT, EditRules()).question is None
    assert check_grade("Lens", measure, GradeLevel.NO, EditRules()).question is not None


def test_an_edit_is_measured_against_the_contour_it_corrects() -> None:
    # 4 x 4 x 3 voxels of 2 x 2 x 3 mm; one row of four is added beside slice k = 2.
    dense = block(1).dense()
    dense[1:5, 6, 2] = True
    after = StructureMask.from_dense(dense, GRID)
    measure = measure_edit(block(1), after)
    assert measure.vrd == pytest.approx(4 / 48)
    assert measure.apl_mm == pytest.approx(4 * 2.0)  # the four new ones; the rest was contour
    assert measure.slices_edited == 1
    assert list_changed_slices(block(1), after) == [2]


def test_slices_are_counted_where_anything_changed() -> None:
    assert list_changed_slices(block(1), block(1)) == []
    assert list_changed_slices(StructureMask.empty(GRID), StructureMask.empty(GRID)) == []
    assert list_changed_slices(StructureMask.empty(GRID), block(1)) == [1, 2, 3]
    assert list_changed_slices(block(1), block(2)) == [1, 2, 3]


def test_an_edit_on_another_grid_is_refused() -> None:
    other = StructureMask.empty(Grid.from_affine((3, 3, 3), np.eye(4)))
    with pytest.raises(GeometryError):
        measure_edit(block(1), other)


def test_a_study_sets_its_own_thresholds(tmp_path: Path) -> None:
    assert read_edit_rules(tmp_path) == EditRules()
    table = tmp_path / "editing.csv"
    table.write_text("setting,value\nminor_vrd_up_to,0.05\nlease_seconds,60\n")
    rules = read_edit_rules(tmp_path)
    assert (rules.minor_vrd_up_to, rules.major_vrd_from, rules.lease_seconds) == (0.05, 0.20, 60)
    assert rules.status == "set by the study"


@pytest.mark.parametrize(
    "row",
    ["minor_vrd_up_to,0.3", "colour,1", "lease_seconds,soon", "one_editor,2", "lease_seconds,nan"],
)
def test_a_wrong_setting_is_refused_with_its_name(tmp_path: Path, row: str) -> None:
    (tmp_path / "editing.csv").write_text(f"setting,value\n{row}\n")
    with pytest.raises(ConfigError, match="expected"):
        read_edit_rules(tmp_path)
