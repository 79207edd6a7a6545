"""Shape: what one mask alone tells, measured on its box."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.mask import BoolArray, StructureMask
from han5k_review.triage.features import FeatureKey

DIRECTIONS = np.array([d for d in product((-1.0, 0.0, 1.0), repeat=3) if any(d)])
DIRECTIONS /= np.linalg.norm(DIRECTIONS, axis=1, keepdims=True)
"""26 directions (left, back, top) to the faces, edges and corners of a cube."""
_COARSE_MM, _SMOOTH_MM = 2.5, 5.0
_BULGE, _DENT = 0.3, 0.6
_AROUND = np.ones((3, 3, 3), dtype=np.bool_)


def measure_shape(mask: StructureMask) -> dict[FeatureKey, float]:
    """The features of shape of a mask that is not empty."""
    spacing_mm = np.array(mask.grid.spacing_mm)
    voxels = mask.voxels
    padded = np.pad(voxels, 1)
    lengths_mm, tilt = _measure_axes(voxels, spacing_mm)
    areas = np.count_nonzero(voxels, axis=(0, 1))
    typical = float(np.median(areas[areas > 0]))
    bulges, dents = _measure_bulges(voxels, spacing_mm)
    runs = [_measure_runs(voxels, axis) for axis in range(3)]
    return {
        FeatureKey.SHORT_SIDEWAYS: (runs[0][0] + runs[1][0]) / 2,
        FeatureKey.SHORT_UPRIGHT: runs[2][0],
        FeatureKey.NOTCHES_SIDEWAYS: runs[0][1] + runs[1][1],
        FeatureKey.NOTCHES_UPRIGHT: runs[2][1],
        FeatureKey.BULGES: bulges,
        FeatureKey.DENTS: dents,
        FeatureKey.VOLUME: math.log(mask.volume_cc),
        FeatureKey.COMPACTNESS: _measure_compactness(padded, spacing_mm, mask.volume_cc),
        FeatureKey.LENGTH_LONG: lengths_mm[0],
        FeatureKey.LENGTH_MIDDLE: lengths_mm[1],
        FeatureKey.LENGTH_SHORT: lengths_mm[2],
        FeatureKey.TILT: tilt,
        FeatureKey.HEIGHT: math.log(voxels.shape[2] * spacing_mm[2]),
        FeatureKey.THIN_PARTS: _measure_thin_parts(padded),
        FeatureKey.MIRRORED: float(np.count_nonzero(voxels & voxels[::-1]) / voxels.sum()),
        FeatureKey.UPPER_END: float(areas[-1]) / typical,
        FeatureKey.LOWER_END: float(areas[0]) / typical,
        FeatureKey.AREA_JUMP: float(np.abs(np.diff(areas)).max(initial=0)) / typical,
        FeatureKey.AREA_BEND: float(np.abs(np.diff(areas, n=2)).max(initial=0)) / typical,
        FeatureKey.AREA_PEAK: measure_peak(np.log1p(areas)),
        FeatureKey.WIDTH_PEAK: max(_measure_width_peak(voxels, axis) for axis in (0, 1)),
        FeatureKey.UPPER_REPEAT: _measure_likeness(voxels[:, :, -1], voxels[:, :, -2:-1]),
        FeatureKey.LOWER_REPEAT: _measure_likeness(voxels[:, :, 0], voxels[:, :, 1:2]),
        FeatureKey.MIDDLE_JUMP: _measure_middle_jump(voxels, spacing_mm),
        FeatureKey.ISLANDS: math.log1p(_count_apart(voxels) * mask.grid.voxel_volume_cc),
        FeatureKey.HOLES: math.log1p(_count_holes(voxels) * mask.grid.voxel_volume_cc),
        FeatureKey.GAPS: float(np.count_nonzero(areas == 0)),
    }


def measure_reach_mm(mask: StructureMask) -> NDArray[np.float32]:
    """How far a mask reaches from its middle (directions,), in mm, for `DIRECTIONS`."""
    spacing_mm = np.array(mask.grid.spacing_mm)
    padded = np.pad(mask.voxels, 1)
    core = padded.copy()
    for axis in range(3):
        core &= np.roll(padded, 1, axis=axis) & np.roll(padded, -1, axis=axis)
    points_mm = (np.argwhere(padded & ~core) - 1) * spacing_mm
    count = mask.voxel_count
    middle_mm = np.array(
        [
            (np.count_nonzero(mask.voxels, axis=others) * np.arange(n)).sum() / count
            for n, others in zip(mask.voxels.shape, ((1, 2), (0, 2), (0, 1)), strict=True)
        ]
    )
    along = (points_mm - middle_mm * spacing_mm) @ DIRECTIONS.T
    return np.asarray(along.max(axis=0), dtype=np.float32)


def _measure_axes(
    voxels: BoolArray, spacing_mm: NDArray[np.float64]
) -> tuple[tuple[float, float, float], float]:
    """ln of the standard deviations (mm) along the principal axes, longest first; and the tilt.

    Moments come from projections, so that no list of voxels is built. The tilt is the cosine of the
    long axis with the patient's long axis.
    """
    count = float(np.count_nonzero(voxels))
    covariance = np.zeros((3, 3))
    middles = np.zeros(3)
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        weight = np.count_nonzero(voxels, axis=others)
        place = np.arange(weight.size) * spacing_mm[axis]
        middles[axis] = (weight * place).sum() / count
        covariance[axis, axis] = (weight * (place - middles[axis]) ** 2).sum() / count
        covariance[axis, axis] += spacing_mm[axis] ** 2 / 12  # a voxel is no point
    for one, other, summed in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        flat = np.count_nonzero(voxels, axis=summed)
        first, second = (
            np.arange(n) * spacing_mm[a] - middles[a]
            for n, a in zip(flat.shape, (one, other), strict=True)
        )
        covariance[one, other] = covariance[other, one] = first @ flat @ second / count
    values, vectors = np.linalg.eigh(covariance)
    short, middle, long = (math.log(max(v, 1e-6)) / 2 for v in values)
    return (long, middle, short), abs(float(vectors[2, 2]))


def _measure_compactness(
    padded: BoolArray, spacing_mm: NDArray[np.float64], volume_cc: float
) -> float:
    """ln of the surface of its voxel faces over that of a ball of the same volume."""
    surface = 0.0
    for axis in range(3):
        faces = np.count_nonzero(np.diff(padded.view(np.int8), axis=axis))
        surface += faces * float(np.prod(np.delete(spacing_mm, axis)))
    ball = (36 * math.pi) ** (1 / 3) * (1000 * volume_cc) ** (2 / 3)
    return math.log(surface / ball)


def _measure_thin_parts(padded: BoolArray) -> float:
    """Share of voxels that an opening in the slice (one voxel) takes away."""
    core = padded.copy()
    for axis in (0, 1):
        for step in (1, -1):
            core &= np.roll(padded, step, axis=axis)
    grown = core.copy()
    for axis in (0, 1):
        for step in (1, -1):
            grown |= np.roll(core, step, axis=axis)
    return 1 - np.count_nonzero(grown & padded) / np.count_nonzero(padded)


def _measure_middle_jump(voxels: BoolArray, spacing_mm: NDArray[np.float64]) -> float:
    """Largest step (mm) of the middle between two filled slices that follow each other."""
    areas = np.count_nonzero(voxels, axis=(0, 1)).astype(np.float64)
    filled = areas > 0
    rows, columns = voxels.sum(axis=1)[:, filled], voxels.sum(axis=0)[:, filled]
    i = np.arange(len(rows)) @ rows / areas[filled] * spacing_mm[0]
    j = np.arange(len(columns)) @ columns / areas[filled] * spacing_mm[1]
    return float(np.hypot(np.diff(i), np.diff(j)).max(initial=0.0))


def _count_apart(voxels: BoolArray) -> int:
    """Voxels outside the largest piece; pieces that touch by a corner are one."""
    pieces, count = ndimage.label(voxels, structure=_AROUND)
    if count < 2:
        return 0
    sizes = np.bincount(pieces.ravel())[1:]
    return int(sizes.sum() - sizes.max())


def _count_holes(voxels: BoolArray) -> int:
    """Voxels that are closed in on their axial slice."""
    flat = np.zeros((3, 3, 3), dtype=np.bool_)
    flat[:, 1, 1] = flat[1, :, 1] = True
    padded = np.pad(voxels, ((1, 1), (1, 1), (0, 0)))
    pieces, count = ndimage.label(~padded, structure=flat)
    if count <= padded.shape[2]:  # one background a slice
        return 0
    outside = np.unique(pieces[0, 0])
    return int(np.count_nonzero(~padded)) - int(np.isin(pieces, outside, kind="table").sum())


def _measure_likeness(last: BoolArray, before: BoolArray) -> float:
    """Dice of an end slice with the one beside it; 0 where there is one slice alone."""
    if not before.size:
        return 0.0
    both = np.count_nonzero(last & before[:, :, 0])
    return 2 * both / (np.count_nonzero(last) + np.count_nonzero(before))


def _measure_bulges(voxels: BoolArray, spacing_mm: NDArray[np.float64]) -> tuple[float, float]:
    """Shares of the volume that stand out from the smoothed contour, and that it lacks."""
    steps = [max(1, int(_COARSE_MM // s)) for s in spacing_mm]
    coarse = np.pad(voxels[tuple(slice(None, None, n) for n in steps)], 3)
    sigma = _SMOOTH_MM / (spacing_mm * steps)
    smooth = ndimage.gaussian_filter(coarse.astype(np.float32), sigma.tolist(), truncate=2.5)
    size = max(np.count_nonzero(coarse), 1)
    bulges = np.count_nonzero(coarse & (smooth < _BULGE)) / size
    return bulges, np.count_nonzero(~coarse & (smooth > _DENT)) / size


def measure_peak(profile: NDArray[np.floating]) -> float:
    """Largest distance of a value (slices,), in its unit, from the median of four slices around."""
    return float(np.abs(profile - ndimage.median_filter(profile, 9, mode="nearest")).max())


def _measure_width_peak(voxels: BoolArray, axis: int) -> float:
    """The peak of the widths (ln) of its slices along one axis."""
    filled = voxels.any(axis=1 - axis)
    first, last = filled.argmax(axis=0), len(filled) - filled[::-1].argmax(axis=0)
    return measure_peak(np.log(np.where(filled.any(axis=0), last - first, 1)))


def _measure_runs(voxels: BoolArray, axis: int) -> tuple[float, float]:
    """Share of the voxels in runs of fewer than three along an axis; further runs per filled row."""
    rows = np.moveaxis(voxels, axis, -1)
    padded = np.pad(rows, ((0, 0), (0, 0), (2, 2)))
    triple = padded[..., :-2] & padded[..., 1:-1] & padded[..., 2:]
    size = padded.shape[-1]
    long = np.zeros_like(padded)
    for step in range(3):
        long[..., step : size - 2 + step] |= triple
    short = np.count_nonzero(padded & ~long) / np.count_nonzero(rows)
    starts = np.count_nonzero(padded[..., 1:] & ~padded[..., :-1])
    filled = np.count_nonzero(rows.any(axis=-1))
    return short, starts / filled - 1
