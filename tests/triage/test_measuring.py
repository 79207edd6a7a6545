"""Measures tied to shapes whose numbers are known by hand, and rules to shapes that break them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from han5k_review.anatomy.rules import RuleKey
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.triage.features import KEYS, FeatureKey
from han5k_review.triage.measuring import ContourMeasures, measure_case
from rigs.phantom_study import CATALOGUE
from rigs.studies import make_box, make_grid

GRID = make_grid((40, 40, 20), (2.0, 2.0, 3.0))


def make_ct() -> CtVolume:
    """Air around a body of water, 0 HU, in which slices 10 and above are 100 HU."""
    hu = np.full(GRID.shape, -1000, dtype=np.int16)
    hu[4:36, 4:36] = 0
    hu[4:36, 4:36, 10:] = 100
    return CtVolume(grid=GRID, hu=hu)


def value(measures: ContourMeasures, key: FeatureKey) -> float:
    return float(measures.values[KEYS.index(key)])


def measure(**masks: StructureMask) -> dict[str, ContourMeasures]:
    return measure_case(masks, make_ct(), CATALOGUE)


def test_a_box_has_the_numbers_of_a_box() -> None:
    """10 x 8 x 6 voxels of 2 x 2 x 3 mm: 20 x 16 x 18 mm, 5.76 cc, surface 1,936 mm2."""
    box = measure(BrainStem=make_box(GRID, (10, 20), (10, 18), (7, 13)))["BrainStem"]
    assert math.exp(value(box, FeatureKey.VOLUME)) == pytest.approx(5.76)
    assert math.exp(value(box, FeatureKey.HEIGHT)) == pytest.approx(18)
    ball = (36 * math.pi) ** (1 / 3) * 5760 ** (2 / 3)
    assert math.exp(value(box, FeatureKey.COMPACTNESS)) == pytest.approx(1936 / ball, rel=1e-5)
    # A uniform bar of length L has a standard deviation of L / sqrt(12).
    assert math.exp(value(box, FeatureKey.LENGTH_LONG)) == pytest.approx(20 / math.sqrt(12), 1e-5)
    assert value(box, FeatureKey.MIRRORED) == 1
    assert value(box, FeatureKey.HU_MEAN) == pytest.approx(50)  # half of it in either tissue
    assert value(box, FeatureKey.HU_SPREAD) == pytest.approx(50)
    assert value(box, FeatureKey.EDGE_UPRIGHT) == 0  # neither end lies where the tissue changes
    assert value(box, FeatureKey.BODY_SIDE) == pytest.approx((15 - 19.5) * 2, abs=4)
    assert box.broken == ()
    assert list(box.places_mm[:3]) == pytest.approx([14.5 * 2, 13.5 * 2, 9.5 * 3])


def test_a_flat_face_is_half_full_around_and_a_corner_less() -> None:
    """A wide plate: inside its face about a half and its own layer; along its edges a quarter."""
    plate = measure(BrainStem=make_box(GRID, (5, 35), (5, 35), (4, 16)))["BrainStem"]
    tip, edge, corner, notch, deepest = (
        value(plate, key)
        for key in (
            FeatureKey.FULL_TIP,
            FeatureKey.FULL_EDGE,
            FeatureKey.FULL_CORNER,
            FeatureKey.FULL_NOTCH,
            FeatureKey.FULL_DEEPEST,
        )
    )
    assert 1 / 8 < tip < edge < 1 / 2
    assert 0 < corner < 1 / 4
    assert 1 / 4 < notch <= deepest < 1 / 2  # a face has no notch
    dented = make_box(GRID, (5, 35), (5, 35), (4, 16)).dense()
    dented[18:22, 18:22, 12:] = False
    dent = measure(BrainStem=StructureMask.from_dense(dented, GRID))["BrainStem"]
    assert value(dent, FeatureKey.FULL_DEEPEST) > 1 / 2


def test_each_rule_speaks_of_the_shape_that_breaks_it() -> None:
    stem = make_box(GRID, (15, 25), (15, 25), (5, 15)).dense()
    stem[18:22, 18:22, 8] = False  # 16 voxels, 0.19 cc, closed in
    stem[:, :, 11:13] = False  # two slices
    stem[5:8, 5:8, 2] = True  # apart from it
    left = make_box(GRID, (6, 12), (10, 20), (0, 6))  # on the right, and at the first slice
    right = make_box(GRID, (28, 32), (10, 16), (4, 8))
    lens = make_box(GRID, (0, 3), (20, 30), (4, 8))  # in the air
    found = measure(
        BrainStem=StructureMask.from_dense(stem, GRID), ParotidL=left, ParotidR=right, LenL=lens
    )
    broken = {name: {one.key for one in measures.broken} for name, measures in found.items()}
    assert broken["BrainStem"] == {RuleKey.ISLANDS, RuleKey.HOLES, RuleKey.GAPS}
    assert broken["ParotidL"] == {RuleKey.SIDE, RuleKey.SYMMETRY, RuleKey.TRUNCATED}
    assert broken["ParotidR"] == {RuleKey.SIDE, RuleKey.SYMMETRY}
    assert broken["LenL"] == {RuleKey.BODY}
    said = [one.sentence for one in found["BrainStem"].broken]
    assert "It has holes of 0.19 cc." in said
    # Two are cut out, and two lie between it and the piece below.
    assert "Empty slices in the middle of it: 4." in said


def test_an_empty_contour_and_one_of_a_single_voxel_are_measured_without_a_warning() -> None:
    dot = make_box(GRID, (15, 16), (15, 16), (0, 1))
    found = measure(BrainStem=dot, ParotidL=StructureMask.empty(GRID))
    assert found["ParotidL"].is_empty
    assert math.exp(value(found["BrainStem"], FeatureKey.VOLUME)) == pytest.approx(0.012)


def test_overlap_and_change_against_the_earlier_version_are_shares() -> None:
    stem, cord = (
        make_box(GRID, (10, 20), (10, 20), (5, 9)),
        make_box(GRID, (10, 15), (10, 20), (5, 9)),
    )
    found = measure_case(
        {"BrainStem": stem, "Cord_HaN": cord}, make_ct(), CATALOGUE, {"BrainStem": cord}
    )
    assert [(one.other, one.share) for one in found["BrainStem"].overlaps] == [("Cord_HaN", 0.5)]
    assert found["BrainStem"].changed == pytest.approx(1 - 2 * 1 / 3)
    assert found["Cord_HaN"].changed is None
