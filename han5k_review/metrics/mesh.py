"""The `mesh` definition: surface distances by MeshMetrics, an optional library.

Podobnik G, Vrtovec T. MeshMetrics: a precise implementation of distance-based image segmentation
metrics. arXiv 2509.05670. It brings VTK (some 565 MB), so it is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np

from han5k_review.errors import ConfigError
from han5k_review.metrics.definition import Definition
from han5k_review.metrics.facts import SurfaceFacts
from han5k_review.metrics.inputs import BoolArray, Spacing
from han5k_review.metrics.quantiles import sort_weighted_quantile

_PERCENT = 95.0


def check_installed(definition: Definition) -> None:
    """ConfigError when the definition needs a library that is not there."""
    if definition is Definition.MESH:
        _import_library()


def find_surface_facts(
    reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing, tolerance_mm: float
) -> SurfaceFacts:
    """Distances between the meshes of two boolean arrays of one shape that both have voxels.

    MeshMetrics closes a mask at the border of its array. It has no median: that is taken here from
    its distances and areas, of both directions together. ConfigError where it is not installed.
    """
    metrics = _import_library().DistanceMetrics(verbose=False)
    metrics.set_input(reference, prediction, spacing=spacing_mm)
    forth, forth_areas, back, back_areas = metrics.distances
    return SurfaceFacts(
        hd_mm=float(metrics.hd()),
        hd95_mm=float(metrics.hd(_PERCENT)),
        masd_mm=float(metrics.masd()),
        assd_mm=float(metrics.assd()),
        median_mm=sort_weighted_quantile(
            np.abs(np.concatenate([forth, back])), np.concatenate([forth_areas, back_areas]), 0.5
        ),
        surface_dice=float(metrics.nsd(tolerance_mm)),
    )


def _import_library() -> ModuleType:
    try:
        return importlib.import_module("meshmetrics")
    except ImportError as error:  # not there, or VTK lacks a library of the system
        raise ConfigError(
            "The library pymeshmetrics was expected for the definition mesh, found: "
            f"{error}; install it with `pip install 'han5k-review[mesh]'` or choose surfel, "
            "voxel_max or voxel_pooled."
        ) from error
