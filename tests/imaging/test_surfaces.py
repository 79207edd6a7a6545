"""Surfaces lie where the mask lies and enclose about its volume."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.surfaces import Surface, build_surface
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.surface_files import SurfaceFiles

GRID = Grid.from_affine(
    (60, 50, 40), np.array([[-1, 0, 0, 40.0], [0, -1, 0, -100], [0, 0, 2, 300], [0, 0, 0, 1.0]])
)


def ball(radius_mm: float) -> StructureMask:
    i, j, k = np.indices(GRID.shape)
    inside = (i - 30) ** 2 + (j - 22) ** 2 + (2 * (k - 20)) ** 2 <= radius_mm**2
    return StructureMask.from_dense(inside, GRID)


def enclosed_cc(surface: Surface) -> float:
    """Volume by the divergence theorem: a sixth of the sum of triple products."""
    a, b, c = (surface.points_ras_mm[surface.triangles[:, n]].astype(float) for n in range(3))
    return abs(float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())) / 6 / 1000


def test_the_surface_of_a_ball_encloses_its_volume_around_its_centre() -> None:
    surface = build_surface(ball(14.0))
    assert enclosed_cc(surface) == pytest.approx(4 / 3 * np.pi * 1.4**3, rel=0.05)
    low, high = surface.points_ras_mm.min(axis=0), surface.points_ras_mm.max(axis=0)
    assert np.allclose((low + high) / 2, [10.0, -122.0, 340.0], atol=0.6)
    assert np.allclose(high - low, 28.0, atol=2.2)  # a pole may lose one step


def test_a_coarser_step_has_fewer_triangles() -> None:
    fine, coarse = build_surface(ball(14.0), 1.0), build_surface(ball(14.0), 4.0)
    assert len(coarse.triangles) < len(fine.triangles) / 3


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 20, 1), (3, 3, 1)])
def test_a_thin_structure_keeps_a_surface(shape: tuple[int, int, int]) -> None:
    voxels = np.ones(shape, dtype=bool)
    mask = StructureMask.from_box(voxels, (10, 10, 10), GRID)
    assert not build_surface(mask).is_empty


def test_an_empty_mask_has_an_empty_surface() -> None:
    assert build_surface(StructureMask.empty(GRID)).is_empty


def test_a_kept_surface_is_used_and_a_damaged_one_made_anew(tmp_path) -> None:
    labels = LabelFiles(folder=tmp_path / "labels")
    files = SurfaceFiles(folder=tmp_path / "surfaces", labels=labels)
    sha256 = labels.put_mask(ball(9.0))
    made = files.get_surface(sha256, GRID)
    labels.path(sha256).unlink()
    kept = files.get_surface(sha256, GRID)
    assert np.array_equal(kept.triangles, made.triangles)
    labels.put_mask(ball(9.0))
    next((tmp_path / "surfaces").rglob("*.npz")).write_bytes(b"damaged")
    assert np.array_equal(files.get_surface(sha256, GRID).triangles, made.triangles)
