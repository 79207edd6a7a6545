"""Polygons: closed contours of many slices filled at once: a pixel is inside by its centre.

Even-odd rule: a centre is inside where a line from it to the left crosses the contours of its
slice an odd number of times. So a hole is a contour of its own, and a keyhole needs no care.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MOST_CROSSINGS = 2_000_000
_MOST_PIXELS = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edges:
    """Edges of polygons in index coordinates: from `begin` to `end`, each (n, 2); `layer` (n)."""

    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    layer: NDArray[np.int64]


def build_edges(polygons: Sequence[NDArray[np.floating]], layers: Sequence[int]) -> Edges:
    """The closed polygons as edges on their layers: points (n, 2) in pixels, a layer each."""
    points = np.concatenate(polygons) if polygons else np.empty((0, 2))
    sizes = np.array([len(polygon) for polygon in polygons], dtype=np.int64)
    stops = np.cumsum(sizes)
    following = np.arange(1, len(points) + 1)
    following[stops - 1] = stops - sizes
    return Edges(begin=points, end=points[following], layer=np.repeat(np.array(layers), sizes))


def fill_layers(
    edges: Edges, size: tuple[int, int], layer_count: int
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Masks (n, size i, size j) of the layers from `first` on, as (first, masks), in pieces.

    Layers count from 0 to `layer_count` - 1; what lies outside of `size` is cut off.
    """
    at_once = max(1, _MOST_PIXELS // (size[0] * size[1]))
    order = np.argsort(edges.layer, kind="stable")
    sorted_layers = edges.layer[order]
    for first in range(0, layer_count, at_once):
        last = min(first + at_once, layer_count)
        start, stop = np.searchsorted(sorted_layers, (first, last))
        part = order[start:stop]
        piece = Edges(begin=edges.begin[part], end=edges.end[part], layer=edges.layer[part] - first)
        yield first, _fill(piece, size, last - first)


def _fill(edges: Edges, size: tuple[int, int], layer_count: int) -> NDArray[np.bool_]:
    """Toggle each row where an edge crosses it, then run along the row: odd is inside."""
    ni, nj = size
    toggles = np.zeros(layer_count * nj * (ni + 1), dtype=np.uint8)
    # From the lower end up, so that a way there and back (a keyhole) cancels to the last bit.
    is_falling = (edges.begin[:, 1] > edges.end[:, 1])[:, None]
    lower = np.where(is_falling, edges.end, edges.begin)
    upper = np.where(is_falling, edges.begin, edges.end)
    low, high = lower[:, 1], upper[:, 1]
    # Row j is crossed by an edge from y to y' when min <= j < max: a point belongs to one edge.
    begin = np.ceil(np.clip(low, 0, nj)).astype(np.int64)
    rows = np.ceil(np.clip(high, 0, nj)).astype(np.int64) - begin
    for part in _split(rows):
        count = rows[part]
        edge = np.repeat(np.arange(part.start, part.stop), count)
        offset = np.arange(edge.size) - np.repeat(np.cumsum(count) - count, count)
        j = begin[edge] + offset
        x0, y0 = lower[edge, 0], lower[edge, 1]
        x1, y1 = upper[edge, 0], upper[edge, 1]
        x = x0 + (j - y0) * ((x1 - x0) / (y1 - y0))
        i = np.ceil(np.clip(x, 0, ni)).astype(np.int64)
        place = (edges.layer[edge] * nj + j) * (ni + 1) + i
        where, times = np.unique(place, return_counts=True)
        toggles[where] ^= (times & 1).astype(np.uint8)
    table = toggles.reshape(layer_count, nj, ni + 1)
    inside = np.bitwise_xor.accumulate(table, axis=2)[:, :, :ni]
    return inside.transpose(0, 2, 1).astype(np.bool_)


def _split(rows: NDArray[np.int64]) -> Iterator[slice]:
    """Edges in runs of so many crossings that memory stays small."""
    total = np.cumsum(rows)
    start, done = 0, 0
    while start < rows.size:
        stop = max(start + 1, int(np.searchsorted(total, done + _MOST_CROSSINGS, side="right")))
        yield slice(start, stop)
        start, done = stop, int(total[stop - 1])
