"""Overlaps that a label map cannot hold come back, and only these."""

from __future__ import annotations

import numpy as np

from han5k_review.imaging.flat_masks import flatten_masks, has_overlaps, restore_overlaps
from han5k_review.imaging.mask import StructureMask
from rigs.studies import make_grid

LINE = make_grid((8, 1, 1))


def draw(**rows: str) -> dict[str, StructureMask]:
    """`draw(A="..##....")`: structures on a line of voxels."""
    return {
        name: StructureMask.from_dense(np.array([[[sign == "#"]] for sign in row]), LINE)
        for name, row in rows.items()
    }


def show(masks: dict[str, StructureMask]) -> dict[str, str]:
    return {
        name: "".join("#" if inside else "." for inside in mask.dense()[:, 0, 0])
        for name, mask in masks.items()
    }


def test_the_smallest_keeps_a_shared_voxel_and_what_has_none_left_goes() -> None:
    both = draw(
        Glands="##....##", Left="##......", Right="......##", Stem=".####...", Empty="." * 8
    )
    flat = flatten_masks(both)
    assert show(flat) == {"Left": "##......", "Right": "......##", "Stem": "..###..."}
    assert (has_overlaps(both), has_overlaps(flat)) == (True, False)


def test_what_was_shared_stays_shared_unless_the_map_gives_it_to_neither() -> None:
    before = draw(Cord="..####..", Stem="....####", Node="........")
    #   the stem took one more of the cord's, both lost one they shared, and a node is new
    after = draw(Cord="..#.....", Stem="...#.###", Node="#.......")
    assert show(restore_overlaps(before, after)) == {
        "Cord": "..#..#..",
        "Stem": "...#.###",
        "Node": "#.......",
    }


def test_a_map_that_nobody_changed_gives_back_what_was_there() -> None:
    random = np.random.default_rng(5)
    grid = make_grid((9, 8, 7))
    for _ in range(30):
        drawn = {
            str(n): StructureMask.from_dense(random.random(grid.shape) < share, grid)
            for n, share in enumerate(random.uniform(0.02, 0.5, 4))
        }
        flat = flatten_masks(drawn)
        found = restore_overlaps(drawn, flat)
        assert flat.keys() == found.keys()
        assert [one.sha256 for one in found.values()] == [drawn[name].sha256 for name in found]
