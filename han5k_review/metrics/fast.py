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
from han5k_review.metrics.components import count_components, count_runs
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
from han5k_review.metrics.row_search import Floats, Integers, join_blocks, measure_distances
from han5k_review.metrics.search_tables import SearchTables, get_search_tables

_SHARE = 0.95
_MEDIAN = 0.5
_NO_AREAS = np.zeros(0)
_NO_BLOCKS = np.zeros((1, 1, 1), np.uint64)
_NO_AXIS = -1
_ALL_ONES = (1 << 64) - 1


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
        line = np.empty(mask.shape[2], np.uint64)
        fill_rows(voxels, np.array(start, dtype=np.int64), rows, line)
    return rows


def _find_sites(rows: Words, definition: Definition) -> Words:
    if definition is Definition.SURFEL:
        sites = np.zeros((rows.shape[0] - 1, rows.shape[1] - 1, rows.shape[2]), np.uint64)
        find_corner_sites(rows, sites)
        return sites
    return _find_edges(rows, _NO_AXIS)


def _find_edges(rows: Words, skipped_axis: int) -> Words:
    skip = np.array([_ALL_ONES if axis == skipped_axis else 0 for axis in range(3)], np.uint64)
    edges = np.zeros((rows.shape[0] - 2, rows.shape[1] - 2, rows.shape[2]), np.uint64)
    find_edges(rows, skip, edges)
    return edges


def _count_voxels(reference: Words, prediction: Words, axial_axis: int) -> VoxelFacts:
    contours = [_find_edges(rows, axial_axis).ravel() for rows in (reference, prediction)]
    components, voxels, *sums = _count_components(reference)
    other_components, other_voxels, *other_sums = _count_components(prediction)
    return VoxelFacts(
        reference_voxels=voxels,
        prediction_voxels=other_voxels,
        common_voxels=voxels - count_bits(reference.ravel(), prediction.ravel())[1],
        reference_centroid=_centroid(voxels, sums),
        prediction_centroid=_centroid(other_voxels, other_sums),
        added_path_pixels=count_bits(*contours)[1],
        reference_components=components,
        prediction_components=other_components,
    )


def _count_components(rows: Words) -> tuple[int, int, float, float, float]:
    runs = count_runs(rows)
    starts, stops = np.empty(runs, np.int64), np.empty(runs, np.int64)
    first = np.zeros((rows.shape[0], rows.shape[1] + 1), np.int64)
    return count_components(rows, np.arange(runs, dtype=np.int64), starts, stops, first)


def _centroid(voxels: int, sums: list[float]) -> tuple[float, float, float] | None:
    if voxels == 0:
        return None
    i, k, j = (value / voxels for value in sums)
    return (i, j, k)


Directed = tuple[Floats, Floats, float]


def _measure(
    own: _Surface, other: _Surface, tables: SearchTables, areas: Floats, *, keep_all: bool = False
) -> Directed:
    total, apart = count_bits(own.sites.ravel(), other.sites.ravel())
    size = total if keep_all else apart
    distances, areas_of_sites = np.zeros(size), np.ones(size)
    shared_area = measure_distances(
        own.rows,
        own.sites,
        other.sites,
        _join_blocks(other.sites, tables.block) if apart else _NO_BLOCKS,
        areas,
        tables.mm,
        tables.near_rows,
        tables.near_d2,
        tables.block,
        keep_all,
        np.zeros(3, np.int64),
        np.full(2, -1, np.int64),
        distances,
        areas_of_sites,
    )
    return distances, areas_of_sites, shared_area


def _join_blocks(sites: Words, block: Integers) -> Words:
    counts = [-(-sites.shape[axis] // int(block[axis])) for axis in range(2)]
    blocks = np.zeros((*counts, sites.shape[2]), np.uint64)
    join_blocks(sites, block, blocks)
    return blocks


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
