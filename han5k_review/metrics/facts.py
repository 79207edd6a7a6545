"""What an engine finds out about one pair of masks, before any policy is applied."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VoxelFacts:
    """Counts of voxels, centroids, contours and components of one pair.

    A centroid is in voxel indices along the array's axes, None for an empty mask.
    `added_path_pixels` counts reference contour pixels the prediction's contour does not cover.
    """

    reference_voxels: int
    prediction_voxels: int
    common_voxels: int
    reference_centroid: tuple[float, float, float] | None
    prediction_centroid: tuple[float, float, float] | None
    added_path_pixels: int
    reference_components: int
    prediction_components: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceFacts:
    """Distances between the surfaces of two masks that both have voxels, in mm.

    `surface_dice` is the share (0 to 1) of both surfaces that lies within the tolerance.
    """

    hd_mm: float
    hd95_mm: float
    masd_mm: float
    assd_mm: float
    median_mm: float
    surface_dice: float
