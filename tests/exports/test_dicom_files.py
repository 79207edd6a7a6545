"""DICOM files of contours: each with its report, and valid by a program that is not ours."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from han5k_review.exports.contour_files import Contour
from han5k_review.exports.dicom_files import DicomFile, DicomForm, build_dicom_file
from han5k_review.exports.round_trips import build_round_trip_frame
from han5k_review.imaging.mask import StructureMask
from tests.exports.test_contour_files import GRIDS, blobs
from tests.imaging.dicom.writing import write_series


def ring() -> Contour:
    """A square of 10 x 10 voxels with a hole of 4 x 4, on two slices."""
    grid = GRIDS["straight"]
    dense = np.zeros(grid.shape, dtype=bool)
    dense[4:14, 4:14, 5:7] = True
    dense[7:11, 7:11, 5:7] = False
    return Contour(structure="Ring", mask=StructureMask.from_dense(dense, grid))


def build(contours: list[Contour], form: DicomForm, series: Path | None = None) -> DicomFile:
    return build_dicom_file(contours, form, patient="P1", image_sha256="a CT", series=series)


@pytest.mark.parametrize("form", list(DicomForm))
@pytest.mark.parametrize("name", list(GRIDS))
def test_every_form_comes_back_identical_and_says_so(form: DicomForm, name: str) -> None:
    contours = blobs(GRIDS[name])
    frame = build_round_trip_frame(build(contours, form).round_trips)
    assert frame["structure"].tolist() == [one.structure for one in contours]
    assert frame["identical"].all()
    assert (frame["hd_mm"] == 0).all()
    np.testing.assert_allclose(frame["volume_cc"], frame["volume_read_back_cc"])


def test_the_report_says_what_a_tool_makes_of_holes_that_fills_one_by_one() -> None:
    (trip,) = build([ring()], DicomForm.STRUCTURE_SET).round_trips
    voxel_cc = 0.9766 * 0.9766 * 3 / 1000
    assert trip.rule == "even-odd"
    assert trip.one_by_one_cc == pytest.approx(200 * voxel_cc)
    # The wall of the hole lies three voxels from the nearest surface that is left.
    assert trip.one_by_one_hd_mm == pytest.approx(3 * 0.9766)
    assert f"it would hold {200 * voxel_cc:.2f} cc" in trip.sentence
    for form in (DicomForm.KEYHOLES, DicomForm.SEGMENTATION):
        (trip,) = build([ring()], form).round_trips
        assert (trip.rule, trip.one_by_one_cc) == ("any", None)
        assert trip.sentence == f"Ring: read back identical, {168 * voxel_cc:.2f} cc"


DCIODVFY = Path(sys.executable).with_name("dciodvfy")
"""The program of dicom3tools, which requirements-dev.txt brings."""


@pytest.mark.parametrize("form", list(DicomForm))
@pytest.mark.parametrize("has_series", [False, True])
def test_dciodvfy_finds_no_error(form: DicomForm, has_series: bool, tmp_path: Path) -> None:
    grid = GRIDS["straight"]
    series = None
    if has_series:
        hu = np.zeros(grid.shape, dtype=np.int16)
        series = write_series(tmp_path / "ct", hu, grid)
    file = tmp_path / "contours.dcm"
    target = replace(ring(), structure="GTVp")
    file.write_bytes(build([*blobs(grid), ring(), target], form, series).content)
    checked = subprocess.run([DCIODVFY, file], capture_output=True, text=True, check=False)
    found = (checked.stdout + checked.stderr).splitlines()
    assert any("Segmentation" in line or "RTStructureSet" in line for line in found), found
    assert not [line for line in found if line.startswith(("Error", "Abort"))]
