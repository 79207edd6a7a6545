"""Pieces of a mask, counted on drawings small enough to count by hand."""

from __future__ import annotations

import numpy as np

from han5k_review.imaging.pieces import keep_largest, share_of_largest


def drawing(*boxes: tuple[slice, slice, slice]) -> np.ndarray:
    inside = np.zeros((12, 12, 12), dtype=bool)
    for box in boxes:
        inside[box] = True
    return inside


ORGAN = (slice(1, 5), slice(1, 5), slice(1, 5))  # 64 voxels
STRAY = (slice(9, 11), slice(9, 11), slice(9, 11))  # 8 voxels


def test_a_stray_piece_is_removed_and_the_organ_stays_as_it_was() -> None:
    both = drawing(ORGAN, STRAY)
    assert share_of_largest(both) == 64 / 72
    assert np.array_equal(keep_largest(both), drawing(ORGAN))
    assert both.sum() == 72, "the drawing that was given is not changed"


def test_what_touches_by_a_corner_is_one_piece() -> None:
    corner = (slice(5, 6), slice(5, 6), slice(5, 6))
    assert share_of_largest(drawing(ORGAN, corner)) == 1
    assert keep_largest(drawing(ORGAN, corner)).sum() == 65


def test_an_empty_drawing_stays_empty() -> None:
    assert not keep_largest(drawing()).any()
    assert share_of_largest(drawing()) == 0
    assert share_of_largest(np.zeros((0, 0, 0), dtype=bool)) == 0


def test_of_two_equal_pieces_the_one_that_begins_first_is_kept() -> None:
    low, high = (slice(0, 2),) * 3, (slice(6, 8),) * 3
    assert np.array_equal(keep_largest(drawing(low, high)), drawing(low))
    flipped = keep_largest(drawing(low, high)[::-1])
    assert np.array_equal(flipped[::-1], drawing(high)), "the first in the array it was given"
