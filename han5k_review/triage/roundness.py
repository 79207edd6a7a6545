"""Roundness: how full the surroundings of a contour's surface are, at its edges and notches.

A voxel on a flat face has a half of its surroundings inside; at a tip it is less, in a notch of
the outside more (an integral invariant; Manay et al., IEEE TPAMI 28:1602, 2006). A contour that
was shrunk, swollen or drawn by slices has other edges than one that follows an organ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.mask import BoolArray
from han5k_review.triage.features import FeatureKey

_COARSE_MM, _AROUND_MM = 2.5, 4.0
_MARGIN_MM = 11.0  # beyond the reach of the weights


def measure_roundness(
    voxels: BoolArray, spacing_mm: NDArray[np.float64]
) -> dict[FeatureKey, float]:
    """Shares (0 to 1) of a mask that is not empty (i, j, k), with Gaussian weights of 4 mm.

    Fine grids are thinned to about 2.5 mm first.
    """
    steps = [max(1, int(_COARSE_MM // s)) for s in spacing_mm]
    thinned = voxels[tuple(slice(None, None, n) for n in steps)]
    if not thinned.any():  # thinner than the steps
        steps, thinned = [1, 1, 1], voxels
    sizes_mm = spacing_mm * steps
    inside = np.pad(thinned, [(max(2, round(_MARGIN_MM / s)),) * 2 for s in sizes_mm])
    full = ndimage.gaussian_filter(
        inside.astype(np.float32), (_AROUND_MM / sizes_mm).tolist(), truncate=2.5
    )
    rim = full[inside & ~ndimage.binary_erosion(inside)]
    shell = full[ndimage.binary_dilation(inside) & ~inside]
    tip, edge = np.percentile(rim, (2, 10))
    corner, notch, deepest = np.percentile(shell, (0, 98, 100))
    return {
        FeatureKey.FULL_TIP: float(tip),
        FeatureKey.FULL_EDGE: float(edge),
        FeatureKey.FULL_CORNER: float(corner),
        FeatureKey.FULL_NOTCH: float(notch),
        FeatureKey.FULL_DEEPEST: float(deepest),
    }
