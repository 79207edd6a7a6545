"""The strokes that a scripted reader thinks of: along what is wrong on a slice, by brush size.

Arrays are (i, j, k); all is drawn on axial slices, as contours of the head and neck are. A path
goes once through what is wrong, from voxel to voxel; it never fills by scribbling.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.assist_parts.strokes_hand import Mask, Points, Stroke

# Of the editor's sizes those that differ on voxels of 3 to 5 mm (edit/tools.js: SIZES_MM).
_SIZES_MM = (2.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0)
_BALL_MM = (8.0, 12.0, 15.0, 20.0, 30.0)
_HARM = (0, 1, 3)
"""How many right voxels the brush may make wrong at a place where it is led along."""
_PLACES, _TRIED = 4, 8
_AROUND = np.ones((3, 3), bool)


Rated = tuple[int, int, Stroke]
"""Voxels mended by a rough count, voxels of the way, and the stroke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is wrong in one piece on one slice: missing, or too much."""

    is_missing: bool
    k: int
    piece: Mask

    @property
    def tool(self) -> str:
        return "brush" if self.is_missing else "eraser"


def list_places(
    reference: Mask, now: Mask, most: int, slices: Sequence[int] | None = None
) -> list[Place]:
    """The largest pieces, on all slices or some."""
    found: list[tuple[int, bool, int, Mask, int]] = []
    for is_missing in (True, False):
        wrong = reference & ~now if is_missing else now & ~reference
        for k in np.flatnonzero(wrong.any((0, 1))) if slices is None else slices:
            pieces, count = ndimage.label(wrong[:, :, k], _AROUND)
            sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
            found += [(-int(n), is_missing, int(k), pieces, at) for at, n in enumerate(sizes, 1)]
    found.sort(key=lambda one: (one[0], one[1], one[2], one[4]))
    return [
        Place(is_missing=is_missing, k=k, piece=pieces == at)
        for _, is_missing, k, pieces, at in found[:most]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """The strokes for one contour; what was thought of a slice is known while it stays as it is."""

    reference: Mask
    spacing_mm: tuple[float, float, float]
    known: dict[tuple[object, ...], list[Rated]] = field(default_factory=dict)

    def list_strokes(
        self, now: Mask, slices: Sequence[int] | None = None, *, is_ball: bool = False
    ) -> list[Stroke]:
        """The strokes that mend most by a rough count, on the slices with the largest errors."""
        rated: list[Rated] = []
        for place in list_places(self.reference, now, _PLACES, slices):
            far = round(max(_BALL_MM) / 2 / self.spacing_mm[2]) if is_ball else 0
            seen = now[:, :, max(0, place.k - far) : place.k + far + 1]
            key = (is_ball, place.k, place.is_missing, place.piece.tobytes(), seen.tobytes())
            if key not in self.known:
                self.known[key] = [
                    one
                    for size_mm in (_BALL_MM if is_ball else _SIZES_MM)
                    for one in self._rate(place, now, size_mm, is_ball)
                ]
            rated += self.known[key]
        rated.sort(key=lambda one: (-one[0], one[1]))
        kept: dict[tuple[int, int], Stroke] = {}
        for count, _, stroke in rated:
            if count <= 0 or len(kept) == _TRIED:
                break
            kept.setdefault((count, stroke.k), stroke)
        return list(kept.values())

    def _rate(self, place: Place, now: Mask, size_mm: float, is_ball: bool) -> Iterator[Rated]:
        """A click, and ways along the piece."""
        discs = _list_discs(size_mm / 2, self.spacing_mm, is_ball)
        reach = max(max(disc.shape) for disc in discs.values()) // 2
        box = _box_of(place.piece, reach + 1)
        mends, harms = np.zeros((2, *place.piece[box].shape), dtype=np.int32)
        for k, disc in _list_slices(place.k, discs, now.shape[2]):
            wrong = now[(*box, k)] ^ self.reference[(*box, k)]
            touched = now[(*box, k)] != place.is_missing
            mends += _sum_below(touched & wrong, disc)
            harms += _sum_below(touched & ~wrong, disc)
        best = np.unravel_index(int((mends - harms).argmax()), mends.shape)
        touching = ndimage.binary_dilation(place.piece[box], discs[0]) & (mends > 0)
        ways = [find_way(touching & (harms <= most)) for most in _HARM]
        for way in (np.array([best]), *ways):
            if len(way):
                line = np.zeros(place.piece[box].shape, bool)
                line[tuple(way.T)] = True
                mended = 0
                for k, disc in _list_slices(place.k, discs, now.shape[2]):
                    own = now[(*box, k)]
                    changed = ndimage.binary_dilation(line, disc) & (own != place.is_missing)
                    right = own[changed] == self.reference[(*box, k)][changed]
                    mended += len(right) - 2 * int(right.sum())
                points = [(int(i) + box[0].start, int(j) + box[1].start) for i, j in way]
                drawn = Stroke(
                    tool=place.tool, k=place.k, points=points, size_mm=size_mm, is_ball=is_ball
                )
                yield mended, len(points), drawn


def _sum_below(cells: Mask, disc: Mask) -> NDArray[np.int32]:
    """How many of the cells the brush would cover at each place."""
    whole = cells.astype(np.int32)
    return np.asarray(ndimage.correlate(whole, disc.astype(np.int32), mode="constant"))


def _list_slices(k: int, discs: dict[int, Mask], count: int) -> list[tuple[int, Mask]]:
    return [(k + step, disc) for step, disc in discs.items() if 0 <= k + step < count]


@cache
def _list_discs(
    radius_mm: float, spacing_mm: tuple[float, float, float], is_ball: bool
) -> dict[int, Mask]:
    """Slices away -> what the brush covers there, around its middle; odd sizes."""
    half = [int(radius_mm / step + 1e-6) for step in spacing_mm]
    found = {}
    for step in range(-half[2], half[2] + 1) if is_ball else (0,):
        i, j = np.mgrid[-half[0] : half[0] + 1, -half[1] : half[1] + 1]
        far = (i * spacing_mm[0]) ** 2 + (j * spacing_mm[1]) ** 2 + (step * spacing_mm[2]) ** 2
        found[step] = far <= radius_mm**2 * (1 + 1e-9)
    return found


def _box_of(piece: Mask, room: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(piece.any(1)), np.flatnonzero(piece.any(0))
    return (
        slice(max(0, int(rows[0]) - room), int(rows[-1]) + room + 1),
        slice(max(0, int(columns[0]) - room), int(columns[-1]) + room + 1),
    )


def find_way(cells: Mask) -> NDArray[np.int64]:
    """From end to end of the largest piece: the longest of the shortest ways, (n, 2)."""
    pieces, count = ndimage.label(cells, _AROUND)
    if not count:
        return np.zeros((0, 2), dtype=np.int64)
    largest = int(np.bincount(pieces.ravel())[1:].argmax()) + 1
    places = [(int(i), int(j)) for i, j in np.argwhere(pieces == largest)]
    end = _walk(places[0], places)[0]
    far, before = _walk(end, places)
    way = [far]
    while way[-1] != end:
        way.append(before[way[-1]])
    return np.array(way)


def _walk(
    start: tuple[int, int], places: Points
) -> tuple[tuple[int, int], dict[tuple[int, int], tuple[int, int]]]:
    """The farthest place, and from where each was reached; straight steps before slanting ones."""
    left = set(places)
    left.discard(start)
    before: dict[tuple[int, int], tuple[int, int]] = {}
    queue = [start]
    steps = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
    for here in queue:
        for di, dj in steps:
            to = (here[0] + di, here[1] + dj)
            if to in left:
                left.discard(to)
                before[to] = here
                queue.append(to)
    return queue[-1], before
