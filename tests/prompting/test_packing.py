"""A contour goes to nnInteractive as its own client would pack the whole mask."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.imaging.mask import StructureMask
from han5k_review.prompting.client import pack_array, unpack_array
from han5k_review.prompting.packing import pack_mask
from rigs.viewer_cases import lps_grid

HEAD = 8 + len("uint8") + 3 * 8


@pytest.mark.parametrize(
    ("shape", "part"),
    [
        ((300, 280, 201), np.s_[2:5, 1:4, 1:2]),  # more zeros than one chunk holds
        *(((7, 5, 3), part) for part in (np.s_[:0], np.s_[:], np.s_[:1], np.s_[-1:, -2:, 1:])),
    ],
)
def test_a_packed_contour_is_read_as_the_dense_mask(
    shape: tuple[int, int, int], part: tuple[slice, ...]
) -> None:
    dense = np.zeros(shape, np.bool_)
    dense[part] = np.random.default_rng(1).random(dense[part].shape) < 0.7
    packed = pack_mask(StructureMask.from_dense(dense, lps_grid(shape, (1.0, 1.0, 2.5))))
    read = unpack_array(packed)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, dense)
    assert packed[:HEAD] == pack_array(dense.view(np.uint8))[:HEAD]
