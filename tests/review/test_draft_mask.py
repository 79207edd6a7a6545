"""a draft mask is its base with every patch applied, wherever the strokes fall."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.drafts.draft_mask import DraftMask, MaskShelf
from han5k_review.store.vocabulary import PatchMode

GRID = Grid.from_affine((40, 30, 20), np.diag([-1.0, -1.0, 2.0, 1.0]))


def canvas_of(start: int, version: int = 0) -> DraftMask:
    dense = np.zeros(GRID.shape, dtype=bool)
    dense[start : start + 4, 4:9, 4:6] = True
    return DraftMask.from_mask(StructureMask.from_dense(dense, GRID), version)


@pytest.mark.parametrize("is_empty", [True, False])
@pytest.mark.parametrize("mode", list(PatchMode))
def test_patches_anywhere_equal_patches_on_the_whole_volume(
    mode: PatchMode, is_empty: bool
) -> None:
    draft_mask = DraftMask.from_mask(StructureMask.empty(GRID), 0) if is_empty else canvas_of(20)
    dense = draft_mask.to_mask().dense()
    random = np.random.default_rng(3)
    for version in range(1, 60):
        shape = random.integers(1, 10, 3)
        start = random.integers(0, np.array(GRID.shape) - shape + 1)
        marked = random.random(shape) < 0.5
        draft_mask.apply(mode, tuple(int(n) for n in start), marked)  # type: ignore[arg-type]
        place = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
        dense[place] = dense[place] ^ marked if mode is PatchMode.XOR else marked
        assert draft_mask.version == version
        assert draft_mask.voxels == np.count_nonzero(dense)
    assert np.array_equal(draft_mask.to_mask().dense(), dense)


def test_a_canvas_may_become_empty_and_full_again() -> None:
    draft_mask = canvas_of(0)
    everything = np.ones(GRID.shape, dtype=bool)
    draft_mask.apply(PatchMode.REPLACE, (0, 0, 0), ~everything)
    assert draft_mask.to_mask().is_empty
    draft_mask.apply(PatchMode.XOR, (0, 0, 0), everything)
    assert draft_mask.to_mask().voxel_count == everything.size


def test_the_shelf_keeps_the_newer_canvas_and_stays_in_bounds() -> None:
    shelf = MaskShelf(capacity_bytes=2 * canvas_of(0).box.nbytes)
    shelf.put(1, canvas_of(0, version=5))
    shelf.put(1, canvas_of(0, version=4))
    taken = shelf.take(1)
    assert taken is not None
    assert taken.version == 5
    assert shelf.take(1) is None
    for draft_id in (1, 2, 3):
        shelf.put(draft_id, canvas_of(0))
    assert [shelf.take(draft_id) is not None for draft_id in (1, 2, 3)] == [False, True, True]


def test_a_mask_that_was_taken_stays_as_it_was() -> None:
    draft_mask = canvas_of(20)
    taken = draft_mask.to_mask()
    draft_mask.apply(PatchMode.XOR, (20, 4, 4), np.ones((4, 5, 2), dtype=bool))
    assert taken.voxel_count == 40
    assert draft_mask.to_mask().is_empty
