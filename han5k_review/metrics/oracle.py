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
from scipy import ndimage

from han5k_review.metrics.definition import Definition
from han5k_review.metrics.facts import SurfaceFacts, VoxelFacts
from han5k_review.metrics.inputs import BoolArray, Spacing
from han5k_review.metrics.mesh import find_surface_facts
from han5k_review.metrics.pair_box import PlacedPair
from han5k_review.metrics.quantiles import sort_weighted_quantile

_PERCENT = 95.0
_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=np.bool_)


def find_facts(
    pair: PlacedPair,
    spacing_mm: Spacing,
    *,
    axial_axis: int,
    tolerance_mm: float,
    definition: Definition,
) -> tuple[VoxelFacts, SurfaceFacts | None]:
    """Find everything about one pair; no surface facts when a mask is empty."""
    reference, prediction = pair.dense()
    voxels = _count_voxels(reference, prediction, axial_axis)
    if not voxels.reference_voxels or not voxels.prediction_voxels:
        return voxels, None
    if definition is Definition.MESH:
        return voxels, find_surface_facts(reference, prediction, spacing_mm, tolerance_mm)
    if definition is Definition.SURFEL:
        return voxels, _surfel_facts(reference, prediction, spacing_mm, tolerance_mm)
    return voxels, _voxel_facts(reference, prediction, spacing_mm, tolerance_mm, definition)


def _count_voxels(reference: BoolArray, prediction: BoolArray, axial_axis: int) -> VoxelFacts:
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
        median_mm=sort_weighted_quantile(distances, areas, 0.5),
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
