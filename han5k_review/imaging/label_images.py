"""Label images: multi-label maps and single masks -> StructureMask on the grid of their CT."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.errors import DataError
from han5k_review.imaging.filled_boxes import read_filled
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.header_values import ImageHeader
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_files import check_plain
from han5k_review.imaging.image_names import image_suffix
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.placement import Placement, get_placement
from han5k_review.imaging.size_bounds import check_label_size
from han5k_review.texts.counts import say_count

_DENSE_VALUES = 1 << 16
_SHOWN_VALUES = 12
_ROUNDING = 1e-6  # relative; float32 keeps 6e-8, and a slope times a number twice that
Labels = NDArray[np.integer]


def read_multi_label(
    path: Path, grid: Grid, unions: Mapping[str, Collection[int]], known: Collection[int]
) -> dict[str, StructureMask]:
    """Read a multi-label map: for each name of `unions` the mask of its label values.

    `known` are the values that may occur besides 0. Masks lie on `grid`, the CT's in LPS axes; a
    name whose values do not occur has an empty mask. Raises DataError naming the file and the
    values that nobody knows, GeometryError when the file is on another grid.
    """
    labels, start = read_filled_labels(path, grid)
    boxes = find_value_boxes(labels)
    strangers = sorted(set(boxes) - set(known))
    if strangers:
        raise DataError(
            f"{path}: only label values of its label map were expected, found "
            f"{_listed(strangers)}; add them to the label map (an empty structure leaves a value "
            "out)."
        )
    return {name: union_of(labels, boxes, values, grid, start) for name, values in unions.items()}


def read_mask(path: Path, grid: Grid) -> StructureMask:
    """Read one structure's mask: 0 is outside, one other value is inside.

    Raises DataError when the file holds more than one value besides 0, GeometryError when it is on
    another grid than `grid`.
    """
    labels, start = read_filled_labels(path, grid)
    boxes = find_value_boxes(labels)
    check_single(boxes, path)
    return union_of(labels, boxes, boxes.keys(), grid, start)


def read_filled_labels(path: Path, grid: Grid) -> tuple[Labels, tuple[int, int, int]]:
    """The labels (i, j, k) of a file on `grid`, cropped to what is not zero, and the crop's start.

    Raises as `read_mask`, but for the values.
    """
    header, place = open_labels(path, grid)
    box = read_filled(header).turned(place.change)
    return as_whole_numbers(box.values, path), place.start_of(box.start_ijk)


def open_labels(path: Path, grid: Grid) -> tuple[ImageHeader, Placement]:
    """The header of a label image, and how it lies in `grid`; reads no voxel.

    Raises DataError (unreadable, too large, not a plain image) or GeometryError (another grid).
    """
    check_label_size(path, grid, must_match=True)
    header = read_header(path)
    check_plain(header)
    return header, get_placement(header.grid, grid, str(path))


def check_single(boxes: Mapping[int, tuple[slice, ...]], path: Path) -> None:
    """DataError when a mask of one structure holds more than one value besides 0."""
    if len(boxes) > 1:
        raise DataError(
            f"{path}: a mask of one structure (0 and one other value) was expected, found the "
            f"values {_listed(sorted(boxes))}; give a label map for a multi-label image."
        )


def list_mask_files(folder: Path) -> list[Path]:
    """The image files of a folder of masks, by name; DataError when there is none."""
    files = sorted(f for f in folder.iterdir() if image_suffix(f) and not f.name.startswith("."))
    if not files:
        raise DataError(f"{folder}: a folder with one mask file per structure was expected, none.")
    return files


def as_whole_numbers(array: NDArray[np.generic], path: Path | str) -> Labels:
    """The labels of any shape as integers; DataError for fractions, NaN and infinity.

    What 32 bits leave open is no fraction: 255 times a slope of 1/255 is 1.00000006.
    """
    if array.dtype.kind == "f":
        wrong = array.size - np.count_nonzero(np.isfinite(array))
        if wrong:
            raise DataError(
                f"{path}: whole numbers as labels were expected, found "
                f"{say_count(int(wrong), 'voxel')} of NaN or infinity; set them to 0 (outside) and "
                "import again."
            )
        whole = np.rint(array)
        if not (np.abs(whole - array) <= _ROUNDING * np.maximum(np.abs(whole), 1)).all():
            raise DataError(
                f"{path}: whole numbers as labels were expected, found fractions (a "
                "probability map?)."
            )
        largest = float(np.abs(whole).max(initial=0))
        if largest >= 2**31:
            raise DataError(
                f"{path}: labels below {2**31} were expected, found {largest:.0f}; number them "
                "anew."
            )
        array = whole.astype(np.int32)
    if array.dtype.kind not in "iu":
        raise DataError(f"{path}: whole numbers as labels were expected, found {array.dtype}.")
    return array  # type: ignore[return-value]


def find_value_boxes(labels: Labels) -> dict[int, tuple[slice, ...]]:
    """Every value but 0 that occurs in (ni, nj, nk) labels, with the box it occurs in."""
    if labels.size == 0:
        return {}
    order = sorted(range(labels.ndim), key=lambda axis: -abs(labels.strides[axis]))
    boxes = _find_boxes(labels.transpose(order))
    back = [order.index(axis) for axis in range(labels.ndim)]
    return {value: tuple(box[axis] for axis in back) for value, box in boxes.items()}


def _find_boxes(labels: Labels) -> dict[int, tuple[slice, ...]]:
    """Boxes of an array in memory order, in which scipy is several times faster."""
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= _DENSE_VALUES:
        values, numbered = np.unique(labels, return_inverse=True)
        ranks = numbered.reshape(labels.shape).astype(np.int32) + 1
        found = ndimage.find_objects(ranks)
        pairs = zip((int(v) for v in values), found, strict=True)
        return {value: box for value, box in pairs if value != 0 and box is not None}
    found = ndimage.find_objects(labels)
    return {value: box for value, box in enumerate(found, start=1) if box is not None}


def union_of(
    labels: Labels,
    boxes: Mapping[int, tuple[slice, ...]],
    values: Collection[int],
    grid: Grid,
    labels_start: tuple[int, int, int] = (0, 0, 0),
) -> StructureMask:
    """The mask of all voxels whose label is one of `values`, looked for in their common box.

    `labels` (i, j, k) begin at `labels_start` of `grid`; `boxes` are those of `find_value_boxes`.
    """
    present = [value for value in values if value in boxes]
    if not present:
        return StructureMask.empty(grid)
    start = [min(boxes[v][axis].start for v in present) for axis in range(3)]
    stop = [max(boxes[v][axis].stop for v in present) for axis in range(3)]
    part = labels[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    inside = part == present[0] if len(present) == 1 else np.isin(part, present)
    i, j, k = (first + begin for first, begin in zip(labels_start, start, strict=True))
    return StructureMask.from_box(inside, (i, j, k), grid)


def _listed(values: list[int]) -> str:
    shown = ", ".join(str(v) for v in values[:_SHOWN_VALUES])
    more = len(values) - _SHOWN_VALUES
    return f"{shown} and {more} more" if more > 0 else shown
