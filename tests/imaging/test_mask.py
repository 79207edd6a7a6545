"""Structure masks: the tight box, its place, volume, hash and bit order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from han5k_review.errors import GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from tests.imaging.phantoms import SHAPE, phantom_grid, phantom_labels


def test_a_mask_is_its_tight_box() -> None:
    mask = StructureMask.from_dense(phantom_labels() == 2, phantom_grid())
    assert mask.start_ijk == (4, 2, 1)
    assert mask.voxels.shape == (2, 3, 3)
    assert mask.voxel_count == 18
    assert mask.volume_cc == pytest.approx(18 * 0.009)
    assert mask.centre_ijk() in {(4, 3, 2), (5, 3, 2)}
    assert mask.box_grid == phantom_grid().cropped((4, 2, 1), (2, 3, 3))
    assert np.array_equal(mask.dense(), phantom_labels() == 2)
    assert not mask.voxels.flags.writeable


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.3))
def test_dense_and_box_are_inverse(seed: int, density: float) -> None:
    dense = np.random.default_rng(seed).random(SHAPE) < density
    mask = StructureMask.from_dense(dense, phantom_grid())
    assert np.array_equal(mask.dense(), dense)
    assert mask.voxel_count == int(dense.sum())
    again = StructureMask.from_box(mask.voxels, mask.start_ijk, phantom_grid())
    assert again.sha256 == mask.sha256
    bits = np.unpackbits(np.frombuffer(mask.packed_bits(), np.uint8), bitorder="little")
    assert np.array_equal(bits[: mask.voxels.size], mask.voxels.ravel(order="F"))


def test_an_empty_mask_has_no_box() -> None:
    mask = StructureMask.from_dense(np.zeros(SHAPE), phantom_grid())
    assert mask.is_empty
    assert mask.start_ijk == (0, 0, 0)
    assert mask.voxels.shape == (0, 0, 0)
    assert mask.centre_ijk() is None
    assert mask.sha256 == StructureMask.empty(phantom_grid()).sha256
    assert not mask.dense().any()


def test_the_hash_depends_on_place_and_voxels_only() -> None:
    dense = np.zeros(SHAPE, bool)
    dense[1:3, 1:3, 1:3] = True
    mask = StructureMask.from_dense(dense, phantom_grid())
    assert (
        StructureMask.from_dense(dense.astype(np.float32) * 7, phantom_grid()).sha256 == mask.sha256
    )
    moved = StructureMask.from_dense(np.roll(dense, 1, axis=0), phantom_grid())
    holed = dense.copy()
    holed[1, 1, 1] = False
    other = StructureMask.from_dense(holed, phantom_grid())
    assert len({mask.sha256, moved.sha256, other.sha256}) == 3


def test_the_hash_stands_for_the_same_voxels_in_a_larger_grid() -> None:
    """The box lies at the same place in the patient, whatever the scan around it."""
    small = phantom_grid().cropped((1, 1, 1), (4, 5, 3))
    inside = np.zeros(small.shape, bool)
    inside[1:3, 2:4, 1:2] = True
    large = np.zeros(SHAPE, bool)
    large[1:5, 1:6, 1:4] = inside
    assert (
        StructureMask.from_dense(inside, small).sha256
        == StructureMask.from_dense(large, phantom_grid()).sha256
    )


@pytest.mark.parametrize("start", [(-1, 0, 0), (6, 0, 0), (0, 0, 4)])
def test_a_box_beyond_the_grid_is_refused(start: tuple[int, int, int]) -> None:
    with pytest.raises(GeometryError, match="A box inside"):
        StructureMask.from_box(np.ones((2, 2, 2), bool), start, phantom_grid())


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(GeometryError, match="was expected, found"):
        StructureMask.from_dense(np.ones((2, 2, 2), bool), phantom_grid())


def test_slices_cut_the_box_out_of_the_grid() -> None:
    mask = StructureMask.from_dense(phantom_labels() == 3, phantom_grid())
    assert phantom_labels()[mask.slices].all()
    assert Grid.from_affine(mask.voxels.shape, mask.box_grid.affine) == mask.box_grid
