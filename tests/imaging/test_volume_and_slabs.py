"""CT volumes and the slabs the viewer fetches: byte order by hand, and there and back."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.slabs import iter_slabs, read_slab
from han5k_review.imaging.volume import CtVolume
from tests.imaging.phantoms import phantom_grid, phantom_hu


def test_a_slab_is_all_low_bytes_then_all_high_bytes_i_fastest() -> None:
    hu = np.zeros((2, 1, 2), dtype=np.int16)
    hu[:, 0, 0] = (0x0102, -1)
    hu[:, 0, 1] = (0x0304, -32768)
    (slab,) = iter_slabs(hu)
    assert slab.shuffled == bytes([0x02, 0xFF, 0x04, 0x00, 0x01, 0xFF, 0x03, 0x80])
    assert (slab.first, slab.slices) == (0, 2)


@pytest.mark.parametrize("slab_slices", [1, 2, 5, 8])
def test_slabs_hold_the_volume(slab_slices: int) -> None:
    pieces = list(iter_slabs(phantom_hu(), slab_slices))
    back = [read_slab(p.shuffled, 7, 9, p.sha256) for p in pieces]
    assert np.array_equal(np.concatenate(back, axis=2), phantom_hu())
    assert [p.first for p in pieces] == list(range(0, 5, slab_slices))


def test_a_damaged_slab_is_refused() -> None:
    (slab,) = iter_slabs(phantom_hu())
    with pytest.raises(DataError, match="damaged"):
        read_slab(slab.shuffled[:-1] + b"x", 7, 9, slab.sha256)


def test_a_slab_of_a_flipped_view_is_the_slab_of_its_copy() -> None:
    view = phantom_hu()[::-1, :, ::-1]
    assert next(iter_slabs(view)).sha256 == next(iter_slabs(view.copy())).sha256


def test_the_hash_of_a_volume_depends_on_voxels_and_place() -> None:
    volume = CtVolume(grid=phantom_grid(), hu=phantom_hu())
    assert volume.sha256 == CtVolume(grid=phantom_grid(), hu=phantom_hu().copy("F")).sha256
    other = phantom_hu()
    other[3, 3, 3] += 1
    affine = phantom_grid().affine
    affine[2, 3] += 1
    moved = CtVolume(grid=Grid.from_affine((7, 9, 5), affine), hu=phantom_hu())
    assert len({volume.sha256, CtVolume(grid=phantom_grid(), hu=other).sha256, moved.sha256}) == 3


def test_a_volume_of_another_shape_than_its_grid_is_refused() -> None:
    with pytest.raises(GeometryError):
        CtVolume(grid=phantom_grid(), hu=np.zeros((7, 9, 4), np.int16))
