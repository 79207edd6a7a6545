"""What no patient has is said in the dry run, with the number and the names; it is not refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.importing.plausibility import list_image_warnings, list_label_warnings
from han5k_review.importing.reports import CaseOutcome, CaseReport
from han5k_review.importing.sources import build_source
from han5k_review.store.study import Study
from tests.conftest import ROOT
from tests.importing.case_files import plan, source, write_case, write_labels

CATALOGUE = read_catalogue(ROOT / "data" / "structures.csv")


def case_file(study: Study, shared_data: Path, folder: Path, **cells: str) -> CaseReport:
    files = shared_data.parent / "cases" / "files"
    paths = {key: text if key == "label_map" else str(files / text) for key, text in cells.items()}
    (case,) = plan(
        study, build_source({"case": "HN-1", **paths}, folder=folder, study=study, origin="test")
    ).cases
    return case


def test_left_and_right_exchanged_are_said_with_both_names(
    study: Study, shared_data: Path, tmp_path: Path
) -> None:
    case = case_file(study, shared_data, tmp_path, ct="ct.nii.gz", labels="swap")
    assert case.outcome is CaseOutcome.NEW
    (warning,) = case.warnings
    # The boxes of the two files lie 22 voxels of 2 mm apart.
    assert warning.startswith("labels: Left and right may be swapped: ParotidL lies")
    assert "44.0 mm" in warning


def test_a_scout_is_said(study: Study, shared_data: Path, tmp_path: Path) -> None:
    case = case_file(study, shared_data, tmp_path, ct="scout.nii.gz")
    assert "CT: an image of 1 x 36 x 24 voxels is 1 thick along one axis" in "".join(case.warnings)


def test_a_structure_that_fills_the_image_is_said(
    study: Study, shared_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "map.csv").write_text("structure,values\nBrain,1\n")
    case = case_file(
        study, shared_data, tmp_path, ct="ct.nii.gz", labels="full.nii.gz", label_map="map.csv"
    )
    assert case.warnings == ("labels: Brain fills 100 % of the image: an inverted mask?",)


def test_an_inverted_reference_is_said_by_its_role(study: Study, tmp_path: Path) -> None:
    write_case(study, tmp_path)
    write_labels(tmp_path / "masks", "ParotidL.nii.gz", np.ones((7, 9, 5), np.uint8))
    (case,) = plan(study, source(study, tmp_path, reference="masks")).cases
    assert case.warnings[-1] == "reference: ParotidL fills 100 % of the image: an inverted mask?"


def masks(affine: NDArray[np.float64], **boxes: slice) -> dict[StructureName, StructureMask]:
    """Blocks along i on a grid of 20 x 4 x 4 voxels."""
    grid = Grid.from_affine((20, 4, 4), affine)
    found = {}
    for name, span in boxes.items():
        dense = np.zeros(grid.shape, dtype=bool)
        dense[span] = True
        found[StructureName(name)] = StructureMask.from_dense(dense, grid)
    return found


LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def test_a_pair_on_its_own_sides_is_no_warning() -> None:
    right_way = masks(LPS, ParotidL=slice(15, 18), ParotidR=slice(2, 5))
    assert list_label_warnings(right_way, CATALOGUE) == []
    # The same voxels on a grid that grows to the patient's right are the wrong way round.
    mirrored = masks(np.diag([1.0, -1.0, 1.0, 1.0]), ParotidL=slice(15, 18), ParotidR=slice(2, 5))
    (warning,) = list_label_warnings(mirrored, CATALOGUE)
    assert "13.0 mm to the patient's right" in warning


def test_one_side_alone_and_an_empty_side_are_no_warning() -> None:
    assert list_label_warnings(masks(LPS, ParotidL=slice(1, 3)), CATALOGUE) == []
    half = masks(LPS, ParotidL=slice(1, 3), ParotidR=slice(0, 0))
    assert list_label_warnings(half, CATALOGUE) == []


def test_an_impossible_volume_is_said_with_the_number() -> None:
    # 4 x 4 x 4 voxels of 50 x 50 x 40 mm are 6,400 cc; 3 x 4 x 4 are 4,800 cc.
    large = np.diag([-50.0, -50.0, 40.0, 1.0])
    assert list_label_warnings(masks(large, Brain=slice(0, 3)), CATALOGUE) == []
    (warning,) = list_label_warnings(masks(large, Brain=slice(0, 4)), CATALOGUE)
    assert warning.startswith("Brain has 6,400 cc, more than the 5,000 cc")


@pytest.mark.parametrize(("thickness", "count"), [(1, 1), (2, 1), (3, 0), (40, 0)])
def test_fewer_than_three_voxels_are_no_volume(thickness: int, count: int) -> None:
    assert len(list_image_warnings(Grid.from_affine((64, thickness, 64), LPS))) == count
