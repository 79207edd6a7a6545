"""Which definition a number was computed under, and which engine computed it."""

from __future__ import annotations

from enum import StrEnum


class Definition(StrEnum):
    """What "the surface" is and how a percentile is taken; numbers of two definitions never mix.

    SURFEL        surface elements on the corner lattice, weighted by area; HD95 is the larger of
                  the two directed, area-weighted 95th percentiles, without interpolation
                  (google-deepmind/surface-distance; Nikolov et al., JMIR 2021;23:e26151).
    VOXEL_MAX     centres of the voxels a 6-neighbour erosion removes, unweighted; HD95 is the
                  larger of the two directed, linearly interpolated percentiles (MONAI,
                  MetricsReloaded).
    VOXEL_POOLED  the same voxels; HD95 is the percentile of both directions pooled (MedPy, and
                  the HD95 of SegRap2023's evaluator).
    MESH          triangles of a closed surface mesh, weighted by area, measured to the nearest
                  point of the other mesh; HD95 is the larger of the two directed, area-weighted
                  95th percentiles (MeshMetrics; needs the extra `mesh`).
    """

    SURFEL = "surfel"
    VOXEL_MAX = "voxel_max"
    VOXEL_POOLED = "voxel_pooled"
    MESH = "mesh"

    @property
    def version(self) -> str:
        """Version of this definition; it changes when the same masks would give other numbers."""
        return DEFINITION_VERSIONS[self]


DEFINITION_VERSIONS: dict[Definition, str] = {
    Definition.SURFEL: "1",
    Definition.VOXEL_MAX: "1",
    Definition.VOXEL_POOLED: "1",
    Definition.MESH: "1",  # pymeshmetrics 1.4, as pyproject.toml pins it
}


class Engine(StrEnum):
    """Who computes: both engines give the same panel, one of them quickly.

    FAST    compiled, on bit-packed rows of the pair's box.
    ORACLE  the `surface-distance` package (SURFEL) and SciPy's distance transform (voxels).

    Distances under MESH come from MeshMetrics whoever counts the voxels.
    """

    FAST = "fast"
    ORACLE = "oracle"
