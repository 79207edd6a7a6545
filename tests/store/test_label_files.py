"""Reading label files: the short way gives what the long way gives, and refuses the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.store.label_files import LabelFiles

TILTED = np.array(
    [[-0.9, 0.1, 0, 12.3456], [-0.1, -0.9, 0, -250.123], [0, 0, 2.5, 731.77], [0, 0, 0, 1.0]]
)
GRID = Grid.from_affine((12, 9, 7), TILTED)


def block() -> StructureMask:
    dense = np.zeros(GRID.shape, dtype=bool)
    dense[2:6, 3:9, 1:4] = True
    dense[2, 3, 1] = False
    return StructureMask.from_dense(dense, GRID)


def rewrite(path: Path, voxels: np.ndarray, affine: np.ndarray) -> None:
    image = nib.Nifti1Image(voxels, affine)
    path.write_bytes(gzip.compress(image.to_bytes()))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
def test_any_mask_comes_back_with_its_place_and_its_hash(
    tmp_path_factory: pytest.TempPathFactory, seed: int, share: float
) -> None:
    files = LabelFiles(folder=tmp_path_factory.mktemp("labels"))
    dense = np.random.default_rng(seed).random(GRID.shape) < share
    mask = StructureMask.from_dense(dense, GRID)
    sha256 = files.put_mask(mask)
    back = files.get_mask(sha256, GRID)
    assert back.sha256 == sha256
    assert back.start_ijk == mask.start_ijk
    assert np.array_equal(back.dense(), dense)
    assert back.is_empty or not back.voxels.flags.writeable


def test_reading_agrees_with_a_library(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    sha256 = files.put_mask(block())
    image = nib.load(files.path(sha256))
    back = files.get_mask(sha256, GRID)
    assert np.array_equal(np.asarray(image.dataobj) != 0, back.voxels)
    assert np.allclose(image.affine, back.box_grid.affine, atol=1e-4)


def test_a_mask_of_another_grid_is_refused(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    sha256 = files.put_mask(block())
    shifted = TILTED.copy()
    shifted[0, 3] += 0.3
    for stored in (sha256, files.put_mask(StructureMask.empty(GRID))):
        with pytest.raises(DataError, match="does not match its hash"):
            files.get_mask(stored, Grid.from_affine(GRID.shape, shifted))
    with pytest.raises(DataError, match="does not match its hash"):
        files.get_mask(sha256, Grid.from_affine((5, 9, 7), TILTED))


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    files = LabelFiles(folder=tmp_path)
    mask = block()
    path = files.path(files.put_mask(mask))
    affine = mask.box_grid.affine
    for voxels in (mask.voxels.astype(np.int16), mask.voxels.astype(np.uint8) * 3):
        rewrite(path, voxels, affine)
        with pytest.raises(DataError, match=path.name):
            files.get_mask(mask.sha256, GRID)
    path.write_bytes(gzip.compress(b"short"))
    with pytest.raises(DataError, match=path.name):
        files.get_mask(mask.sha256, GRID)


@pytest.mark.parametrize("change", ["a voxel more", "moved", "looser box"])
def test_a_file_that_holds_another_mask_is_refused(tmp_path: Path, change: str) -> None:
    files = LabelFiles(folder=tmp_path)
    mask = block()
    path = files.path(files.put_mask(mask))
    voxels, affine = mask.voxels.astype(np.uint8), mask.box_grid.affine
    if change == "a voxel more":
        voxels[0, 0, 0] = 1
    elif change == "moved":
        affine[:3, 3] += affine[:3, 0]
    else:
        voxels = np.pad(voxels, ((0, 1), (0, 0), (0, 0)))
    rewrite(path, voxels, affine)
    with pytest.raises(DataError, match="does not match its hash"):
        files.get_mask(mask.sha256, GRID)
