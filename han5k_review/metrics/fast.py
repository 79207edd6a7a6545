"""The fast engine: pack the pair's box into bits once, take every measure from the bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from han5k_review.metrics.bit_rows import (
    Words,
    count_bits,
    fill_rows,
    find_corner_sites,
    find_edges,
)
from han5k_review.metrics.components import count_components
from han5k_review.metrics.definition import Definition
from han5k_review.metrics.facts import SurfaceFacts, VoxelFacts
from han5k_review.metrics.inputs import BoolArray, Spacing
from han5k_review.metrics.mesh import find_surface_facts
from han5k_review.metrics.pair_box import Index, PlacedPair
from han5k_review.metrics.quantiles import (
    linear_quantile,
    select_weighted_quantile,
    sort_weighted_quantile,
    sum_distances,
)
from han5k_review.metrics.row_search import Floats, measure_distances
from han5k_review.metrics.search_tables import SearchTables, get_search_tables

_SHARE = 0.95
_MEDIAN = 0.5
_NO_AREAS = np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Surface:
    """One mask as bit rows, and the sites of its surface."""

    rows: Words
    sites: Words


def find_facts(
    pair: PlacedPair,
    spacing_mm: Spacing,
    *,
    axial_axis: int,
    tolerance_mm: float,
    definition: Definition,
) -> tuple[VoxelFacts, SurfaceFacts | None]:
    """Find everything about one pair; no surface facts when a mask is empty."""
    reference = _pack(pair.reference, pair.reference_start, pair.shape)
    prediction = _pack(pair.prediction, pair.prediction_start, pair.shape)
    voxels = _count_voxels(reference, prediction, axial_axis)
    if not voxels.reference_voxels or not voxels.prediction_voxels:
        return voxels, None
    if definition is Definition.MESH:
        return voxels, find_surface_facts(*pair.dense(), spacing_mm, tolerance_mm)
    tables = get_search_tables(spacing_mm)
    one, other = (
        _Surface(rows=rows, sites=_find_sites(rows, definition)) for rows in (reference, prediction)
    )
    if definition is Definition.SURFEL:
        return voxels, _surfel_facts(one, other, tables, tolerance_mm)
    return voxels, _voxel_facts(one, other, tables, tolerance_mm, definition)


def _pack(mask: BoolArray, start: Index, shape: Index) -> Words:
    """The mask as bit rows of the pair's box, with a margin of background on every side."""
    rows = np.zeros((shape[0] + 2, shape[2] + 2, (shape[1] + 2 + 63) // 64), np.uint64)
    if mask.size:
        voxels = np.ascontiguousarray(mask).view(np.uint8)
        voxels.setflags(write=False)  # one type for the compiler, whoever owns the mask
        fill_rows(voxels, np.array(start, dtype=np.int64), rows)
    return rows


def _find_sites(rows: Words, definition: Definition) -> Words:
    if definition is Definition.SURFEL:
        return find_corner_sites(rows)
    return find_edges(rows, True, True, True)


def _count_voxels(reference: Words, prediction: Words, axial_axis: int) -> VoxelFacts:
    i, j, k = (axis != axial_axis for axis in range(3))
    contour = find_edges(reference, i, j, k)
    added = count_bits(contour, find_edges(prediction, i, j, k))[1]
    components, voxels, *sums = count_components(reference)
    other_components, other_voxels, *other_sums = count_components(prediction)
    return VoxelFacts(
        reference_voxels=voxels,
        prediction_voxels=other_voxels,
        common_voxels=voxels - count_bits(reference, prediction)[1],
        reference_centroid=_centroid(voxels, sums),
        prediction_centroid=_centroid(other_voxels, other_sums),
        added_path_pixels=added,
        reference_components=components,
        prediction_components=other_components,
    )


def _centroid(voxels: int, sums: list[float]) -> tuple[float, float, float] | None:
    if voxels == 0:
        return None
    i, k, j = (value / voxels for value in sums)
    return (i, j, k)


Directed = tuple[Floats, Floats, float]


def _measure(
    own: _Surface, other: _Surface, tables: SearchTables, areas: Floats, *, keep_all: bool = False
) -> Directed:
    return measure_distances(
        own.rows,
        own.sites,
        other.sites,
        areas,
        tables.mm,
        tables.near_rows,
        tables.near_d2,
        tables.block,
        keep_all,
    )


def _surfel_facts(
    one: _Surface, other: _Surface, tables: SearchTables, tolerance_mm: float
) -> SurfaceFacts:
    forth = _measure(one, other, tables, tables.code_areas)
    back = _measure(other, one, tables, tables.code_areas)
    quantiles = [
        select_weighted_quantile(*forth, _SHARE),
        select_weighted_quantile(*back, _SHARE),
        select_weighted_quantile(*_pool(forth, back), _MEDIAN),
    ]
    if None in quantiles:
        forth_all = _measure(one, other, tables, tables.code_areas, keep_all=True)
        back_all = _measure(other, one, tables, tables.code_areas, keep_all=True)
        quantiles = [
            sort_weighted_quantile(*forth_all[:2], _SHARE),
            sort_weighted_quantile(*back_all[:2], _SHARE),
            sort_weighted_quantile(*_pool(forth_all, back_all)[:2], _MEDIAN),
        ]
    forth_95, back_95, median = (float(value or 0.0) for value in quantiles)
    return _summarise(forth, back, tolerance_mm, max(forth_95, back_95), median)


def _voxel_facts(
    one: _Surface,
    other: _Surface,
    tables: SearchTables,
    tolerance_mm: float,
    definition: Definition,
) -> SurfaceFacts:
    forth = _measure(one, other, tables, _NO_AREAS)
    back = _measure(other, one, tables, _NO_AREAS)
    pooled = _pool(forth, back)
    if definition is Definition.VOXEL_MAX:
        hd95 = max(linear_quantile(d, int(zeros), _SHARE) for d, _, zeros in (forth, back))
    else:
        hd95 = linear_quantile(pooled[0], int(pooled[2]), _SHARE)
    median = linear_quantile(pooled[0], int(pooled[2]), _MEDIAN)
    return _summarise(forth, back, tolerance_mm, hd95, median)


def _pool(forth: Directed, back: Directed) -> Directed:
    return (
        np.concatenate([forth[0], back[0]]),
        np.concatenate([forth[1], back[1]]),
        forth[2] + back[2],
    )


def _summarise(
    forth: Directed, back: Directed, tolerance_mm: float, hd95_mm: float, median_mm: float
) -> SurfaceFacts:
    moments, farthest, within, totals = [], 0.0, 0.0, []
    for distances, areas, shared in (forth, back):
        apart, moment, largest, near = sum_distances(distances, areas, tolerance_mm)
        totals.append(apart + shared)
        moments.append(moment)
        farthest = max(farthest, largest)
        within += near + shared
    return SurfaceFacts(
        hd_mm=farthest,
        hd95_mm=hd95_mm,
        masd_mm=(moments[0] / totals[0] + moments[1] / totals[1]) / 2.0,
        assd_mm=sum(moments) / sum(totals),
        median_mm=median_mm,
        surface_dice=within / sum(totals),
    )
