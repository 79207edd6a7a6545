"""What is learned from corrections of made heads, whose organs are known."""

from __future__ import annotations

import numpy as np

from han5k_review.imaging.mask import StructureMask
from han5k_review.proposing.box import build_box, thin
from han5k_review.proposing.learning import Lesson, learn
from han5k_review.proposing.likeness import measure_likeness
from han5k_review.proposing.members import change, fit, see
from rigs.phantom_study import GRID, Head, build_head, cut_lower_half

WAYS = ((2, 0), (-2, 0), (2, 1), (-2, 1))  # voxels, axis: each drawn contour is off another way


def move(mask: StructureMask, voxels: int, axis: int) -> StructureMask:
    return StructureMask.from_dense(np.roll(mask.dense(), voxels, axis), GRID)


def correct(head: Head, drawn: StructureMask, revised: StructureMask) -> Lesson:
    box = build_box(drawn, head.volume)
    return Lesson(box=box, revised=thin(revised, box))


def test_contours_that_are_off_another_way_in_each_case_have_no_error_in_common() -> None:
    heads = [build_head(number) for number in range(len(WAYS))]
    truth = [head.masks["BrainStem"] for head in heads]
    lessons = [
        correct(head, move(mask, *way), mask)
        for head, mask, way in zip(heads, truth, WAYS, strict=True)
    ]
    learned = learn(lessons)
    # The CT shows the border, so unseen ones get better; what was wrong is still not one thing.
    assert learned.lowest_gain > 0
    assert learned.likeness < 0
    assert not learned.is_systematic


def test_the_same_change_is_alike_and_the_opposite_one_is_not() -> None:
    head = build_head(0)
    mask = head.masks["ParotidL"]
    box = build_box(mask, head.volume)
    up, down = (thin(move(mask, voxels, 2), box) for voxels in (1, -1))
    assert measure_likeness([(box, up), (box, up)]) > 0.99
    assert measure_likeness([(box, up), (box, down)]) < 0
    assert measure_likeness([(box, up), (box, box.drawn)]) == 0  # unchanged: like no other


def test_where_members_disagree_the_contour_stays_as_it_was_drawn() -> None:
    head = build_head(0)
    mask = head.masks["ParotidL"]
    lessons = [correct(head, mask, revised) for revised in (cut_lower_half(mask), mask)]
    seen = see(lessons[0].box)
    cuts, keeps = (fit([(seen.features, one.revised.ravel()[seen.near])]) for one in lessons)
    assert np.array_equal(change([cuts], seen)[0], lessons[0].revised)
    assert np.array_equal(change([cuts, keeps], seen)[0], seen.box.drawn)
