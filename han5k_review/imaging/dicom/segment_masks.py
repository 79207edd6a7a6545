"""Segment masks: the frames of one segment on the grid of its CT, exactly or not at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.dicom.segments import Frames, Segment
from han5k_review.imaging.filled_boxes import FilledBox
from han5k_review.imaging.grid import NEAR_VOXELS, RAS_TO_LPS, Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.placement import Placement, get_placement
from han5k_review.texts.counts import say_count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stack:
    """How frames lie in a grid: along `axis`, frame n at `slices[n]`, each placed as the first."""

    place: Placement
    axis: int
    slices: NDArray[np.int64]


def build_segment_mask(segment: Segment, grid: Grid) -> tuple[StructureMask, tuple[str, ...]]:
    """The mask on `grid` (the CT's, in any axis order of the frames), and notices.

    GeometryError when the voxels of the frames are not voxels of the grid.
    """
    if segment.held is None or not segment.frames:
        return StructureMask.empty(grid), segment.notices
    stack = _stack(segment.held, segment.frames, grid)
    depth = grid.shape[stack.axis]
    inside = (stack.slices >= 0) & (stack.slices < depth)
    notices = list(segment.notices)
    if not inside.all():
        beyond = int(np.count_nonzero(~inside))
        notices.append(f"{say_count(beyond, 'slice')} of it left out, above or below the CT")
    change = stack.place.change
    is_flipped = change.flips[stack.axis]
    box = _collect(
        segment,
        [
            (frame, int(depth - 1 - k if is_flipped else k))
            for frame, k, within in zip(segment.frames, stack.slices, inside, strict=True)
            if within
        ],
        depth,
    )
    if box is None:
        return StructureMask.empty(grid), tuple(notices)
    turned = box.turned(change)
    start = list(stack.place.start_of(turned.start_ijk))
    start[stack.axis] = turned.start_ijk[stack.axis]
    mask = StructureMask.from_box(turned.values, (start[0], start[1], start[2]), grid)
    return mask, tuple(notices)


def _stack(held: Frames, frames: tuple[int, ...], grid: Grid) -> _Stack:
    corners = held.corners_lps_mm[list(frames)]
    through, normal = _find_axis(held, grid)
    linear = (RAS_TO_LPS @ grid.affine)[:3, :3]
    # Of all frames the one nearest to the middle of the CT: others may lie beyond it.
    centre_lps_mm = RAS_TO_LPS[:3, :3] @ grid.points_ras_mm((np.array(grid.shape) - 1) / 2)
    middle = int(np.abs((corners - centre_lps_mm) @ normal).argmin())
    place = get_placement(
        _build_plane_grid(held, corners[middle], normal, grid.spacing_mm[through]),
        grid,
        "the segmentation",
        remedy="Export the segmentation on the voxels of this CT.",
    )
    axis = place.change.permutation.index(2)
    steps = (corners - corners[middle]) @ np.linalg.inv(linear).T
    whole = np.zeros_like(steps)
    whole[:, axis] = np.rint(steps[:, axis])
    apart_mm = float(np.linalg.norm((steps - whole) @ linear.T, axis=1).max())
    limit_mm = NEAR_VOXELS * min(grid.spacing_mm)
    if apart_mm > limit_mm:
        raise GeometryError(
            f"frames on the slices of the CT were expected (within {limit_mm:.3f} mm), found one "
            f"{apart_mm:.3f} mm beside; export the segmentation on the voxels of this CT."
        )
    return _Stack(
        place=place, axis=axis, slices=place.start_ijk[axis] + whole[:, axis].astype(np.int64)
    )


def _find_axis(held: Frames, grid: Grid) -> tuple[int, NDArray[np.float64]]:
    """The axis of the grid that runs through the frames, and their normal (LPS)."""
    normal = np.cross(held.orientation[:3], held.orientation[3:])
    axes_lps = np.array(grid.lps_geometry[2]).reshape(3, 3)
    return int(np.abs(normal @ axes_lps).argmax()), normal


def _build_plane_grid(
    held: Frames,
    corner_lps_mm: NDArray[np.float64],
    normal: NDArray[np.float64],
    thickness_mm: float,
) -> Grid:
    """The grid of one frame: i along a row, j along a column, as thick as the CT's slices."""
    row, column = np.array(held.orientation[:3]), np.array(held.orientation[3:])
    return Grid.from_lps(
        (held.columns, held.rows, 1),
        (held.spacing_mm[1], held.spacing_mm[0], thickness_mm),
        [float(v) for v in corner_lps_mm],
        np.column_stack([row, column, normal]).ravel().tolist(),
    )


def _collect(segment: Segment, frames: list[tuple[int, int]], depth: int) -> FilledBox | None:
    """What is inside of frames at their places, by the file's own axes; None for nothing."""
    held = segment.held
    parts: list[tuple[int, int, int, NDArray[np.bool_]]] = []
    for frame, k in frames:
        plane = held.get_plane(frame, segment.number)  # type: ignore[union-attr]
        rows = np.flatnonzero(plane.any(axis=1))
        if rows.size:
            plane = plane[rows[0] : rows[-1] + 1]
            columns = np.flatnonzero(plane.any(axis=0))
            kept = plane[:, columns[0] : columns[-1] + 1]
            parts.append((k, int(rows[0]), int(columns[0]), kept))
    if not parts or held is None:
        return None
    first = [min(part[0] for part in parts), min(part[1] for part in parts)]
    first.append(min(part[2] for part in parts))
    last = [
        max(part[0] + 1 for part in parts),
        max(part[1] + part[3].shape[0] for part in parts),
        max(part[2] + part[3].shape[1] for part in parts),
    ]
    box = np.zeros([b - a for a, b in zip(first, last, strict=True)], dtype=np.bool_)
    for k, row, column, kept in parts:
        top, left = row - first[1], column - first[2]
        box[k - first[0], top : top + kept.shape[0], left : left + kept.shape[1]] |= kept
    return FilledBox(
        shape=(held.columns, held.rows, depth),
        start_ijk=(first[2], first[1], first[0]),
        values=box.transpose(2, 1, 0),
    )
