"""Canvas: the CT while it is painted, and the masks that fall out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from han5k_review.demo.part import Part, Shade
from han5k_review.demo.solid import Float, Points, Solid
from han5k_review.demo.space import Box, Space
from han5k_review.imaging.mask import BoolArray, StructureMask

_CHUNK_VOXELS = 1_500_000
_EDGE_MM = 1.1


@dataclass(slots=True, kw_only=True)
class Canvas:
    """`hu` is float32 (ni, nj, nk), i fastest in memory; `pieces` collects masks per structure."""

    space: Space
    hu: Float
    pieces: dict[str, list[tuple[Box, BoolArray]]] = field(default_factory=dict)

    def paint(self, part: Part) -> None:
        """Blend the part's shade into the CT, soft at its edge, and note its voxels."""
        for box, points, distance in self.sample(part.solid, part.step):
            if part.structure is not None:
                inside = distance < 0
                if inside.any():
                    self.pieces.setdefault(part.structure, []).append((box, inside))
            if part.shade is not None:
                self.blend(box, points, distance, part.shade)

    def blend(self, box: Box, points: Points, distance: Float, shade: Shade) -> None:
        """Mix `shade` into `box` where `distance` is negative, over about a pixel at the edge."""
        cover = np.clip(np.float32(0.5) - distance * np.float32(1 / _EDGE_MM), 0, 1)
        if not cover.any():
            return
        target = self.hu[box]
        target += cover * (shade(points, distance) - target)

    def sample(self, solid: Solid, step: int = 1) -> Iterator[tuple[Box, Points, Float]]:
        """(box, points, distance in mm) in pieces along k that cover the solid's box."""
        whole = self.space.box(solid, step)
        if whole is None:
            return
        i, j, k = whole
        thickness = max(1, _CHUNK_VOXELS // ((i.stop - i.start) * (j.stop - j.start)))
        for first in range(k.start, k.stop, thickness):
            box = (i, j, slice(first, min(first + thickness, k.stop)))
            if step == 1:
                points = self.space.points(box)
                yield box, points, solid.distance_mm(points)
                continue
            coarse = solid.distance_mm(self.space.points(box, step))
            spans = [_near(coarse, axis) for axis in (0, 1)]
            if spans[0] is None or spans[1] is None:
                continue
            coarse = coarse[spans[0], spans[1]]
            tight = (_doubled(box[0], spans[0]), _doubled(box[1], spans[1]), box[2])
            for axis in (0, 1):
                coarse = _double(coarse, tight[axis].stop - tight[axis].start, axis)
            yield tight, self.space.points(tight), coarse

    def build_masks(self) -> dict[str, StructureMask]:
        """One mask per structure: the union of its pieces."""
        return {name: self._union(pieces) for name, pieces in self.pieces.items()}

    def _union(self, pieces: list[tuple[Box, BoolArray]]) -> StructureMask:
        start = [min(box[axis].start for box, _ in pieces) for axis in range(3)]
        stop = [max(box[axis].stop for box, _ in pieces) for axis in range(3)]
        whole = np.zeros([b - a for a, b in zip(start, stop, strict=True)], dtype=np.bool_)
        for box, inside in pieces:
            spans = [slice(s.start - a, s.stop - a) for s, a in zip(box, start, strict=True)]
            whole[spans[0], spans[1], spans[2]] |= inside
        return StructureMask.from_box(whole, (start[0], start[1], start[2]), self.space.grid)


def build_canvas(space: Space) -> Canvas:
    """A canvas full of air."""
    ni, nj, nk = space.grid.shape
    air: NDArray[np.float32] = np.full((nk, nj, ni), -1000.0, dtype=np.float32)
    return Canvas(space=space, hu=air.T)


def _near(distance: Float, axis: int) -> slice | None:
    """The span along `axis` (0 or 1) that holds everything within 2 mm of the solid."""
    filled = np.flatnonzero((distance < 2).any(axis=(1 - axis, 2)))
    if filled.size == 0:
        return None
    return slice(max(int(filled[0]) - 1, 0), int(filled[-1]) + 2)


def _doubled(span: slice, inner: slice) -> slice:
    """Voxels of `span` that the every-second-voxel span `inner` of it covers."""
    start: int = span.start
    return slice(start + 2 * inner.start, min(start + 2 * inner.stop, span.stop))


def _double(field_mm: Float, size: int, axis: int) -> Float:
    """Linear interpolation from every second voxel along `axis` to `size` voxels."""
    even = np.swapaxes(field_mm, 0, axis)
    full = np.empty((size, *even.shape[1:]), dtype=np.float32, order="F")
    full[::2] = even
    odd = size // 2
    following = even[1 : odd + 1]
    if len(following) < odd:
        following = np.concatenate([following, even[-1:]])
    full[1::2] = (even[:odd] + following) * np.float32(0.5)
    return np.swapaxes(full, 0, axis)
