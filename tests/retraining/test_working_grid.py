from __future__ import annotations

import numpy as np
import pytest

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.retraining.network.training.targets import build_target, share_inside
from han5k_review.retraining.network.working_grid import block_mean, reduce_volume

FINE = Grid.from_affine((47, 50, 21), np.diag([-1.0, -1.0, 2.5, 1.0]))


def ball(grid: Grid, centre: tuple[int, int, int], radius_mm: float) -> StructureMask:
    index = np.indices(grid.shape).reshape(3, -1).T
    apart = (index - np.array(centre)) * np.array(grid.spacing_mm)
    inside = (np.linalg.norm(apart, axis=1) <= radius_mm).reshape(grid.shape)
    return StructureMask.from_dense(inside, grid)


def air(grid: Grid) -> CtVolume:
    return CtVolume(grid=grid, hu=np.full(grid.shape, -1000, dtype=np.int16))


def test_factors_bring_the_spacing_close_to_but_not_above_the_asked_one() -> None:
    working, hu = reduce_volume(air(FINE), 5.0, crop_to_body=False)
    assert working.factors == (5, 5, 2)
    assert working.grid.spacing_mm == pytest.approx((5.0, 5.0, 5.0))
    assert hu.shape == (10, 10, 11)


def test_native_resolution_changes_nothing() -> None:
    volume = air(FINE)
    volume.hu[3, 4, 5] = 77
    working, hu = reduce_volume(volume, None, crop_to_body=False)
    assert working.grid == FINE
    assert np.array_equal(hu, volume.hu)
    mask = ball(FINE, (20, 20, 10), 7)
    assert working.reduce_mask(mask).sha256 == mask.sha256
    assert working.restore_mask(mask).sha256 == mask.sha256


def test_block_means_keep_the_sum_where_blocks_are_whole() -> None:
    array = np.arange(4 * 6 * 3, dtype=np.float32).reshape(4, 6, 3)
    means = block_mean(array, (2, 3, 1))
    assert means[0, 0, 0] == np.mean([array[i, j, 0] for i in (0, 1) for j in (0, 1, 2)])
    assert means.mean() == pytest.approx(array.mean())


def test_a_mask_comes_back_where_it_was() -> None:
    for crop in (False, True):
        volume = air(FINE)
        mask = ball(FINE, (22, 26, 10), 15)
        volume.hu[ball(FINE, (22, 26, 10), 18).dense()] = 30
        working, _ = reduce_volume(volume, 5.0, crop_to_body=crop)
        back = working.restore_mask(working.reduce_mask(mask))
        common = np.count_nonzero(back.dense() & mask.dense())
        assert 2 * common / (back.voxel_count + mask.voxel_count) > 0.9
        wanted = np.argwhere(mask.dense()).mean(axis=0) * FINE.spacing_mm
        found = np.argwhere(back.dense()).mean(axis=0) * FINE.spacing_mm
        assert np.abs(found - wanted).max() < 0.5


def test_the_body_is_the_largest_thing_denser_than_air() -> None:
    volume = air(FINE)
    body = ball(FINE, (22, 26, 10), 14)
    volume.hu[body.dense()] = 0
    volume.hu[2:5, 2:5, 2] = 0
    working, hu = reduce_volume(volume, None, crop_to_body=True)
    assert working.start_ijk == tuple(s - 1 for s in body.start_ijk)
    assert hu.shape == tuple(n + 2 for n in body.voxels.shape)


def test_what_lies_outside_the_body_is_cut_off() -> None:
    volume = air(FINE)
    volume.hu[ball(FINE, (22, 26, 10), 14).dense()] = 0
    working, _ = reduce_volume(volume, None, crop_to_body=True)
    assert working.reduce_mask(ball(FINE, (2, 2, 2), 2)).is_empty


LABELS = {"EyeL": 1, "LenL": 2, "OpticNerveL": 3}


def test_trusted_masks_that_meet_are_ignored_where_they_meet() -> None:
    eye, nerve = ball(FINE, (20, 20, 10), 8), ball(FINE, (28, 20, 10), 5)
    target = build_target({"EyeL": eye, "OpticNerveL": nerve}, LABELS, FINE, {})
    both = eye.dense() & nerve.dense()
    assert both.any()
    assert (target.values[both] == target.ignore_value).all()
    assert target.ignored_voxels == np.count_nonzero(both)
    assert (target.values[eye.dense() & ~both] == 1).all()
    assert (target.values[nerve.dense() & ~both] == 3).all()


def test_a_nested_structure_wins_over_its_container_in_any_order() -> None:
    eye, lens = ball(FINE, (20, 20, 10), 10), ball(FINE, (20, 14, 10), 4)
    for labels in (LABELS, {"LenL": 1, "EyeL": 2}):
        target = build_target({"EyeL": eye, "LenL": lens}, labels, FINE, {"LenL": "EyeL"})
        assert target.ignored_voxels == 0
        assert (target.values[lens.dense()] == labels["LenL"]).all()
        assert (target.values[eye.dense() & ~lens.dense()] == labels["EyeL"]).all()
    assert share_inside(lens, eye) > 0.9


def test_an_empty_trusted_mask_is_all_background() -> None:
    target = build_target({"EyeL": StructureMask.empty(FINE)}, LABELS, FINE, {})
    assert not target.values.any()


def test_what_is_ignored_does_not_cover_a_trusted_structure() -> None:
    eye = StructureMask.from_box(np.ones((4, 4, 4), dtype=bool), (2, 2, 2), FINE)
    zone = StructureMask.from_box(np.ones((4, 4, 4), dtype=bool), (4, 4, 4), FINE)
    target = build_target({"EyeL": eye}, LABELS, FINE, {}, zone)
    assert target.ignore_value == max(LABELS.values()) + 1
    assert np.array_equal(target.values == LABELS["EyeL"], eye.dense())
    assert np.array_equal(target.values == target.ignore_value, zone.dense() & ~eye.dense())
    assert target.ignored_voxels == 4**3 - 2**3
