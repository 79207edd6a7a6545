"""ROI masks: the contours of one ROI filled on the grid of a CT, and what a person should know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.dicom.contours import PlanarContour, Roi
from han5k_review.imaging.dicom.polygons import build_edges, fill_layers
from han5k_review.imaging.grid import RAS_TO_LPS, Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.texts.counts import say_count

OFF_SLICE_SHARE = 0.1
"""A plane further than this share of the spacing from its slice is said to lie between slices."""
_SAME_PLANE = 0.01  # in spacings, for planes and sides that are meant to be one
_FLAT = 0.1  # in spacings: how far the points of one contour may leave their plane


class FillRule(StrEnum):
    """What contours of one structure on one slice mean that lie within or across one another."""

    EVEN_ODD = "even-odd"
    UNION = "union"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelMask:
    """The mask of an ROI or segment, and notices.

    `other` is the mask by the other rule of filling; None where both rules give the same.
    `off_slice_mm` is how far a contour that was drawn lies from its slice; 0 where all lie on one.
    """

    mask: StructureMask
    notices: tuple[str, ...]
    other: StructureMask | None = None
    off_slice_mm: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Planes:
    """Contours in index coordinates: `points` (n, 2) each, along axes `across`; `slices` each."""

    points: tuple[NDArray[np.float64], ...]
    slices: tuple[int, ...]
    axis: int
    notices: tuple[str, ...]
    off_slice_mm: float


def build_roi_mask(roi: Roi, grid: Grid, rule: FillRule = FillRule.EVEN_ODD) -> LabelMask:
    """Fill an ROI on `grid` (the CT's, any axes that its contours are planar in).

    GeometryError when a contour is not planar along one axis of the grid.
    """
    notices = [
        f"{say_count(count, 'contour')} of type {kind} not drawn, as nothing is enclosed"
        for kind, count in roi.not_drawn
    ]
    if not roi.contours:
        return LabelMask(mask=StructureMask.empty(grid), notices=tuple(notices))
    planes = _place(roi.contours, grid)
    notices += planes.notices
    if not planes.points:
        return LabelMask(mask=StructureMask.empty(grid), notices=tuple(notices))
    mask, union = _fill(planes, grid)
    off_mm = planes.off_slice_mm
    if union is None:
        notices += _list_gaps(planes.slices)
        return LabelMask(mask=mask, notices=tuple(notices), off_slice_mm=off_mm)
    missing_cc = union.volume_cc - mask.volume_cc
    words = (
        f"by the even-odd rule {missing_cc:.2f} cc inside of them are outside of the structure "
        f"(holes); their union would hold {union.volume_cc:.2f} cc instead of {mask.volume_cc:.2f}"
        if rule is FillRule.EVEN_ODD
        else f"their union is taken, {union.volume_cc:.2f} cc; by the even-odd rule it would be "
        f"{mask.volume_cc:.2f} cc, {missing_cc:.2f} cc less (holes)"
    )
    notices.append(f"contours lie within or across one another: {words}")
    notices += _list_gaps(planes.slices)
    taken, other = (mask, union) if rule is FillRule.EVEN_ODD else (union, mask)
    return LabelMask(mask=taken, notices=tuple(notices), other=other, off_slice_mm=off_mm)


def _place(contours: Sequence[PlanarContour], grid: Grid) -> _Planes:
    """Bring contours to index coordinates and each to its slice."""
    to_index = np.linalg.inv(RAS_TO_LPS @ grid.affine)
    sizes = np.cumsum([len(contour.points_lps_mm) for contour in contours])[:-1]
    points = np.concatenate([contour.points_lps_mm for contour in contours])
    indices = points @ to_index[:3, :3].T + to_index[:3, 3]
    parts = np.split(indices, sizes)
    axis, spread = _find_axis(parts)
    if spread > _FLAT:
        raise GeometryError(
            "contours in the planes of the CT's slices were expected, found one that leaves its "
            f"slice by {spread * grid.spacing_mm[axis]:.2f} mm; export the contours on this CT."
        )
    heights = np.array([part[:, axis].mean() for part in parts])
    across = [n for n in range(3) if n != axis]
    flat = [np.ascontiguousarray(part[:, across]) for part in parts]
    return _choose_planes(flat, heights, axis, grid)


def _find_axis(parts: Sequence[NDArray[np.float64]]) -> tuple[int, float]:
    """The axis along which every contour is flat, the last where several are, and the worst."""
    spreads = np.array([np.ptp(part, axis=0) for part in parts]).max(axis=0)
    axis = 2 if spreads[2] <= _FLAT else int(spreads.argmin())
    return axis, float(spreads[axis])


def _choose_planes(
    flat: Sequence[NDArray[np.float64]], heights: NDArray[np.float64], axis: int, grid: Grid
) -> _Planes:
    """Keep, per slice, the contours of the plane nearest to it."""
    slices = np.floor(heights + 0.5).astype(np.int64)
    inside = (slices >= 0) & (slices < grid.shape[axis])
    apart = np.abs(heights - slices)
    nearest = np.full(grid.shape[axis], np.inf)
    np.minimum.at(nearest, slices[inside], apart[inside])
    kept = inside.copy()
    # Of planes at one distance on both sides of a slice, the lower one counts.
    kept[inside] = apart[inside] <= nearest[slices[inside]] + _SAME_PLANE
    lowest = np.full(grid.shape[axis], np.inf)
    np.minimum.at(lowest, slices[kept], heights[kept])
    kept[kept] = heights[kept] <= lowest[slices[kept]] + 2 * _SAME_PLANE
    across = [size for n, size in enumerate(grid.shape) if n != axis]
    off_mm = apart[kept] * grid.spacing_mm[axis]
    off_mm = off_mm[off_mm > OFF_SLICE_SHARE * grid.spacing_mm[axis]]
    chosen = np.flatnonzero(kept).tolist()
    return _Planes(
        points=tuple(flat[n] for n in chosen),
        slices=tuple(int(slices[n]) for n in chosen),
        axis=axis,
        notices=_list_place_notices(
            outside=int(np.count_nonzero(~inside)),
            crowded=int(np.count_nonzero(inside & ~kept)),
            off_mm=off_mm,
            cut=sum(_leaves(flat[n], across) for n in chosen),
        ),
        off_slice_mm=float(off_mm.max(initial=0.0)),
    )


def _leaves(points: NDArray[np.float64], sizes: Sequence[int]) -> bool:
    low, high = points.min(axis=0), points.max(axis=0)
    edge = 0.5 + _SAME_PLANE
    return bool((low < -edge).any() or (high > np.array(sizes) - 1 + edge).any())


def _list_place_notices(
    *, outside: int, crowded: int, off_mm: NDArray[np.float64], cut: int
) -> tuple[str, ...]:
    notices = []
    if outside:
        notices.append(f"{say_count(outside, 'contour')} not drawn, above or below the CT")
    if off_mm.size:
        lying = say_count(off_mm.size, "contour lies", "contours lie")
        notices.append(
            f"{lying} between slices, up to {off_mm.max():.2f} mm from the "
            "nearest; they are drawn on the nearest"
        )
    if crowded:
        notices.append(
            f"{say_count(crowded, 'contour')} not drawn, as another plane "
            "lies nearer to their slice"
        )
    if cut:
        notices.append(f"{say_count(cut, 'contour')} cut off at the sides of the CT")
    return tuple(notices)


def _fill(planes: _Planes, grid: Grid) -> tuple[StructureMask, StructureMask | None]:
    """The even-odd mask, and that of the union of the contours where it is another."""
    across = [n for n in range(3) if n != planes.axis]
    sizes = np.array([grid.shape[n] for n in across])
    every = np.concatenate(planes.points)
    low = np.clip(np.floor(every.min(axis=0)), 0, sizes - 1).astype(np.int64)
    high = np.clip(np.ceil(every.max(axis=0)), 0, sizes - 1).astype(np.int64) + 1
    points = [part - low for part in planes.points]
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    used = sorted(set(planes.slices))
    layer_of = {k: n for n, k in enumerate(used)}
    layers = [layer_of[k] for k in planes.slices]
    box = np.zeros((used[-1] - used[0] + 1, *size), dtype=np.bool_)
    for first, masks in fill_layers(build_edges(points, layers), size, len(used)):
        for n, plane in enumerate(masks, start=first):
            box[used[n] - used[0]] = plane
    start = [0, 0, 0]
    start[planes.axis] = used[0]
    for n, begin in zip(across, low, strict=True):
        start[n] = int(begin)

    def build(found: NDArray[np.bool_]) -> StructureMask:
        voxels = np.moveaxis(found, 0, planes.axis)
        return StructureMask.from_box(voxels, (start[0], start[1], start[2]), grid)

    union = _find_union(points, layers, box, used, size)
    return build(box), None if union is None else build(union)


def _find_union(
    points: Sequence[NDArray[np.float64]],
    layers: Sequence[int],
    box: NDArray[np.bool_],
    used: Sequence[int],
    size: tuple[int, int],
) -> NDArray[np.bool_] | None:
    """The box with the union of the contours of each slice; None where even-odd is the same."""
    members: dict[int, list[int]] = {}
    for number, layer in enumerate(layers):
        members.setdefault(layer, []).append(number)
    several = {layer: own for layer, own in members.items() if len(own) > 1}
    numbers = [number for own in several.values() for number in own]
    if not numbers:
        return None
    owner = [layer for layer, own in several.items() for _ in own]
    union = box.copy()
    edges = build_edges([points[number] for number in numbers], range(len(numbers)))
    for first, masks in fill_layers(edges, size, len(numbers)):
        for n, plane in enumerate(masks, start=first):
            union[used[owner[n]] - used[0]] |= plane
    return None if (union == box).all() else union


def _list_gaps(slices: Sequence[int]) -> list[str]:
    used = np.unique(slices)
    missing = int(used[-1] - used[0] + 1 - used.size)
    if not missing:
        return []
    every = ""
    steps = np.diff(used)
    if used.size > 2 and (steps == steps[0]).all():
        every = f" (it is contoured on every {_ordinal(int(steps[0]))} slice)"
    return [
        f"{missing} of {used[-1] - used[0] + 1} slices between its first and last contour have none"
        f"{every}; they are left empty"
    ]


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
