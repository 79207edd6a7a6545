"""The matrix of odd headers: every cell as stated, every place as nibabel or ITK says."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tests.imaging.defects import Cell, Defect
from tests.imaging.matrix import (
    DEFECTS,
    ROLES,
    Seen,
    judge,
    mask,
    measure_matrix,
    true_place,
    write_defect,
)

Rows = list[dict[str, Seen]]
READ_BY_LIBRARIES = [d for d in DEFECTS if d.cell is not Cell.REFUSED and not d.oracle]
NAMES = [defect.name for defect in DEFECTS]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return measure_matrix(tmp_path_factory.mktemp("matrix"))


@pytest.mark.parametrize("number", range(len(DEFECTS)), ids=NAMES)
def test_each_role_makes_the_same_of_a_file(rows: Rows, number: int) -> None:
    defect = DEFECTS[number]
    found = {role: judge(rows[number][role], defect) for role in ROLES}
    assert found == {role: defect.cell for role in ROLES} | {"upload": defect.upload or defect.cell}


@pytest.mark.parametrize("number", range(len(DEFECTS)), ids=NAMES)
def test_a_refusal_names_the_file_and_its_own_reason(rows: Rows, number: int) -> None:
    for role, seen in rows[number].items():
        if seen.cell is not Cell.REFUSED:
            continue
        stem = {"CT": "ct", "label": "ParotidL", "reference": "ParotidL"}.get(role, "corrected")
        assert f"{stem}{DEFECTS[number].suffix}" in seen.sentence
        assert "expected" in seen.sentence
        assert "grid of their CT" not in seen.sentence


@pytest.mark.parametrize("defect", READ_BY_LIBRARIES, ids=lambda defect: defect.name)
def test_the_stated_place_is_that_of_nibabel_or_itk(tmp_path: Path, defect: Defect) -> None:
    path = write_defect(defect, tmp_path, "mask", mask())
    place = place_by_nibabel(path) if ".nii" in defect.suffix else place_by_itk(path)
    assert np.allclose(place, true_place(defect.affine), atol=0.15)
    # Only the qform that is 0.14 mm beside its sform needs as much as a tenth of a voxel.
    assert "0.14 mm" in defect.name or np.allclose(place, true_place(defect.affine), atol=0.01)


def place_by_nibabel(path: Path) -> NDArray[np.float64]:
    image = nib.load(path)
    voxels = np.squeeze(np.asanyarray(image.dataobj))
    centre = np.append(np.argwhere(voxels > 0).mean(axis=0)[:3], 1.0)
    return (image.affine @ centre)[:3]  # type: ignore[no-any-return]


def place_by_itk(path: Path) -> NDArray[np.float64]:
    image = sitk.ReadImage(str(path))
    centre = np.argwhere(sitk.GetArrayFromImage(image) > 0).mean(axis=0)[::-1]
    lps = image.TransformContinuousIndexToPhysicalPoint([float(v) for v in centre])
    return np.array([-1.0, -1.0, 1.0]) * lps


def test_every_defect_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
