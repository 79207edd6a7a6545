from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import ndimage

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.structure import StructureName
from han5k_review.demo.case import DemoCase
from han5k_review.demo.pseudo import PseudoLabels, build_pseudo_labels
from han5k_review.imaging.flaws import FLAWS, PseudoError, roughen
from han5k_review.imaging.mask import StructureMask

NAMES = [StructureName(n) for n in ("ParotidL", "Cord_HaN", "Submandibular_R", "Thyroid")]


def dice(first: StructureMask, second: StructureMask) -> float:
    common = int((first.dense() & second.dense()).sum())
    return 2 * common / (first.voxel_count + second.voxel_count)


def filled_slices(mask: StructureMask) -> int:
    return int(mask.voxels.any(axis=(0, 1)).sum())


def flawed(
    case: DemoCase, name: StructureName, error: PseudoError
) -> tuple[StructureMask, StructureMask]:
    mask = case.references[name]
    return mask, FLAWS[error](mask, np.random.default_rng(3))


def test_every_kind_of_error_befalls_a_case(pseudo: PseudoLabels) -> None:
    counts = Counter(pseudo.errors.values())
    assert set(counts) == set(PseudoError)
    assert counts[PseudoError.NONE] >= 0.6 * len(pseudo.errors)


def test_pseudo_labels_cover_all_references_and_none_is_empty(
    case: DemoCase, pseudo: PseudoLabels
) -> None:
    assert list(pseudo.masks) == list(case.references) == list(pseudo.errors)
    assert not any(mask.is_empty for mask in pseudo.masks.values())


def test_most_structures_are_nearly_right_but_not_quite(
    case: DemoCase, pseudo: PseudoLabels
) -> None:
    for name, error in pseudo.errors.items():
        if error is PseudoError.NONE:
            score = dice(pseudo.masks[name], case.references[name])
            assert score > 0.65, name
    good = [n for n, e in pseudo.errors.items() if e is PseudoError.NONE]
    scores = [dice(pseudo.masks[n], case.references[n]) for n in good]
    assert 0.85 < float(np.median(scores)) < 0.98


def test_wrong_structures_score_worse_than_right_ones(case: DemoCase, pseudo: PseudoLabels) -> None:
    def median(kinds: set[PseudoError]) -> float:
        names = [n for n, e in pseudo.errors.items() if e in kinds]
        return float(np.median([dice(pseudo.masks[n], case.references[n]) for n in names]))

    assert median(set(PseudoError) - {PseudoError.NONE}) < median({PseudoError.NONE})


@pytest.mark.parametrize("name", NAMES)
def test_missing_slice_empties_slices_between_filled_ones(
    case: DemoCase, name: StructureName
) -> None:
    before, after = flawed(case, name, PseudoError.MISSING_SLICE)
    assert after.voxels.shape[2] == before.voxels.shape[2]
    assert filled_slices(after) in (filled_slices(before) - 1, filled_slices(before) - 2)


@pytest.mark.parametrize("name", NAMES)
def test_island_adds_one_component(case: DemoCase, name: StructureName) -> None:
    before, after = flawed(case, name, PseudoError.ISLAND)
    whole = np.ones((3, 3, 3))
    count = ndimage.label(before.voxels, whole)[1]
    assert ndimage.label(after.voxels, whole)[1] == count + 1
    assert (after.dense() & before.dense()).sum() == before.voxel_count


@pytest.mark.parametrize("name", NAMES)
def test_over_segmentation_contains_the_mask(case: DemoCase, name: StructureName) -> None:
    before, after = flawed(case, name, PseudoError.OVER_SEGMENTATION)
    assert (after.dense() & before.dense()).sum() == before.voxel_count
    assert after.voxel_count > 1.2 * before.voxel_count


@pytest.mark.parametrize("name", NAMES)
def test_under_segmentation_lies_inside_the_mask(case: DemoCase, name: StructureName) -> None:
    before, after = flawed(case, name, PseudoError.UNDER_SEGMENTATION)
    assert (after.dense() & before.dense()).sum() == after.voxel_count
    assert 0.5 < after.voxel_count / before.voxel_count < 0.8


@pytest.mark.parametrize("name", NAMES)
def test_leak_stays_joined_to_the_mask(case: DemoCase, name: StructureName) -> None:
    before, after = flawed(case, name, PseudoError.LEAK)
    assert after.voxel_count > before.voxel_count
    assert ndimage.label(after.voxels)[1] <= ndimage.label(before.voxels)[1]


@pytest.mark.parametrize("name", NAMES)
def test_truncated_loses_one_end(case: DemoCase, name: StructureName) -> None:
    before, after = flawed(case, name, PseudoError.TRUNCATED)
    ends_before = (before.slices[2].start, before.slices[2].stop)
    ends_after = (after.slices[2].start, after.slices[2].stop)
    assert sum(a == b for a, b in zip(ends_before, ends_after, strict=True)) == 1
    assert 0.55 <= after.voxels.shape[2] / before.voxels.shape[2] <= 0.8


@pytest.mark.parametrize("name", NAMES)
def test_shifted_keeps_the_shape(case: DemoCase, name: StructureName) -> None:
    before, after = flawed(case, name, PseudoError.SHIFTED)
    assert np.array_equal(before.voxels, after.voxels)
    moved = np.subtract(after.start_ijk, before.start_ijk) * before.grid.spacing_mm
    assert 3 <= float(np.linalg.norm(moved)) <= 8


def test_swapped_side_puts_both_of_a_pair_on_the_other_side(
    case: DemoCase, pseudo: PseudoLabels, catalogue: Catalogue
) -> None:
    swapped = [n for n, e in pseudo.errors.items() if e is PseudoError.SWAPPED_SIDE]
    assert len(swapped) >= 2
    for name in swapped:
        pair = catalogue.get_structure(name).pair
        assert pair in swapped
        assert dice(pseudo.masks[name], case.references[name]) == 0.0
        assert dice(pseudo.masks[name], case.references[pair]) > 0.65


def test_roughness_moves_the_boundary_by_a_voxel_or_so(case: DemoCase) -> None:
    mask = case.references[StructureName("BrainStem")]
    rough = roughen(mask, np.random.default_rng(5))
    assert 0.9 < dice(mask, rough) < 1.0


def test_the_same_generator_gives_the_same_pseudo_labels(
    case: DemoCase, pseudo: PseudoLabels, catalogue: Catalogue
) -> None:
    again = build_pseudo_labels(case, catalogue, np.random.default_rng(1))
    assert again.errors == pseudo.errors
    for name, mask in pseudo.masks.items():
        assert again.masks[name].sha256 == mask.sha256
