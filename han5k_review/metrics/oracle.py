"""The slow, plain engine: `surface-distance` and SciPy, on the box of the pair.

Every measure is written the way its source writes it, so that the fast engine has something
outside itself to be equal to. `surface-distance` 0.1 fails on NumPy 2 when a mask is empty and
calls names that SciPy has deprecated: it is never called with an empty mask, and its deprecation
warnings are silenced here.
"""

from __future__ import annotations

import warnings

import numpy as np
import surface_distance
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.metrics.definition import Definition
from han5k_review.metrics.facts import SurfaceFacts, VoxelFacts
from han5k_review.metrics.inputs import BoolArray, Spacing

FloatArray = NDArray[np.float64]

_PERCENT = 95.0
_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=np.bool_)


def find_voxel_facts(reference: BoolArray, prediction: BoolArray, axial_axis: int) -> VoxelFacts:
    """Count voxels, contours and components of two masks of one shape."""
    added = _contour(reference, axial_axis) & ~_contour(prediction, axial_axis)
    return VoxelFacts(
        reference_voxels=int(np.count_nonzero(reference)),
        prediction_voxels=int(np.count_nonzero(prediction)),
        common_voxels=int(np.count_nonzero(reference & prediction)),
        reference_centroid=_centroid(reference),
        prediction_centroid=_centroid(prediction),
        added_path_pixels=int(np.count_nonzero(added)),
        reference_components=int(ndimage.label(reference, structure=_ALL_NEIGHBOURS)[1]),
        prediction_components=int(ndimage.label(prediction, structure=_ALL_NEIGHBOURS)[1]),
    )


def find_surface_facts(
    reference: BoolArray,
    prediction: BoolArray,
    spacing_mm: Spacing,
    *,
    tolerance_mm: float,
    definition: Definition,
) -> SurfaceFacts:
    """Measure the distances between the surfaces of two masks that both have voxels."""
    if definition is Definition.SURFEL:
        return _surfel_facts(reference, prediction, spacing_mm, tolerance_mm)
    return _voxel_facts(reference, prediction, spacing_mm, tolerance_mm, definition)


def _surfel_facts(
    reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing, tolerance_mm: float
) -> SurfaceFacts:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = surface_distance.compute_surface_distances(reference, prediction, spacing_mm)
    forth, back = surface_distance.compute_average_surface_distance(found)
    distances = np.concatenate([found["distances_gt_to_pred"], found["distances_pred_to_gt"]])
    areas = np.concatenate([found["surfel_areas_gt"], found["surfel_areas_pred"]])
    return SurfaceFacts(
        hd_mm=float(surface_distance.compute_robust_hausdorff(found, 100.0)),
        hd95_mm=float(surface_distance.compute_robust_hausdorff(found, _PERCENT)),
        masd_mm=float(forth + back) / 2.0,
        assd_mm=float((distances * areas).sum() / areas.sum()),
        median_mm=_weighted_median(distances, areas),
        surface_dice=float(surface_distance.compute_surface_dice_at_tolerance(found, tolerance_mm)),
    )


def _voxel_facts(
    reference: BoolArray,
    prediction: BoolArray,
    spacing_mm: Spacing,
    tolerance_mm: float,
    definition: Definition,
) -> SurfaceFacts:
    edge_reference = reference & ~ndimage.binary_erosion(reference)
    edge_prediction = prediction & ~ndimage.binary_erosion(prediction)
    forth = ndimage.distance_transform_edt(~edge_prediction, sampling=spacing_mm)[edge_reference]
    back = ndimage.distance_transform_edt(~edge_reference, sampling=spacing_mm)[edge_prediction]
    pooled = np.concatenate([forth, back])
    if definition is Definition.VOXEL_MAX:
        hd95 = max(np.percentile(forth, _PERCENT), np.percentile(back, _PERCENT))
    else:
        hd95 = np.percentile(pooled, _PERCENT)
    return SurfaceFacts(
        hd_mm=float(pooled.max()),
        hd95_mm=float(hd95),
        masd_mm=float((forth.mean() + back.mean()) / 2.0),
        assd_mm=float(pooled.mean()),
        median_mm=float(np.median(pooled)),
        surface_dice=float(np.count_nonzero(pooled <= tolerance_mm) / pooled.size),
    )


def _weighted_median(distances: FloatArray, areas: FloatArray) -> float:
    """Smallest distance within which half of the area lies."""
    order = np.argsort(distances, kind="stable")
    share = np.cumsum(areas[order]) / areas.sum()
    return float(distances[order][min(int(np.searchsorted(share, 0.5)), len(order) - 1)])


def _contour(mask: BoolArray, axial_axis: int) -> BoolArray:
    """Pixels with a background 4-neighbour in their axial slice."""
    cross = np.zeros((3, 3, 3), dtype=np.bool_)
    cross[1, 1, 1] = True
    for axis in range(3):
        if axis != axial_axis:
            place = [slice(1, 2)] * 3
            place[axis] = slice(0, 3)
            cross[tuple(place)] = True
    eroded: BoolArray = ndimage.binary_erosion(mask, structure=cross)
    return mask & ~eroded


def _centroid(mask: BoolArray) -> tuple[float, float, float] | None:
    """Mean index of the voxels along each axis, None for an empty mask."""
    if not mask.any():
        return None
    i, j, k = (float(values.mean()) for values in np.nonzero(mask))
    return (i, j, k)
