"""Corrected files: contours that come back from another tool, on the grid of their CT.

A single mask (NIfTI, NRRD, MetaImage) has no name; the segments of a .seg.nrrd have. A file that
holds only a part of the CT's own grid (3D Slicer crops) is put in its place exactly; one on another
grid is resampled only when asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import GeometryError
from han5k_review.imaging.alignment import find_alignment, get_alignment
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.image_files import RawImage, read_image
from han5k_review.imaging.image_names import image_suffix
from han5k_review.imaging.label_images import (
    Labels,
    as_whole_numbers,
    check_single,
    find_value_boxes,
    union_of,
)
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.resampling import Resampling, resample_mask
from han5k_review.imaging.segmentation_files import (
    SEGMENTATION_SUFFIX,
    list_layers,
    read_fields,
)
from han5k_review.imaging.size_bounds import check_label_size


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContour:
    """One contour of a file: its name there (None: the file names none), and its mask."""

    name: str | None
    mask: StructureMask
    resampling: Resampling | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placement:
    """How masks of a file get to the CT's grid: exactly at an offset, or by resampling."""

    target: Grid
    source: Grid
    start_ijk: tuple[int, int, int] | None

    def place(self, name: str | None, mask: StructureMask) -> FileContour:
        if self.start_ijk is None:
            found, resampling = resample_mask(mask, self.target)
            return FileContour(name=name, mask=found, resampling=resampling)
        start = [a + b for a, b in zip(self.start_ijk, mask.start_ijk, strict=True)]
        moved = StructureMask.from_box(mask.voxels, (start[0], start[1], start[2]), self.target)
        return FileContour(name=name, mask=moved, resampling=None)


def read_corrected(path: Path, grid: Grid, *, resample: bool = False) -> list[FileContour]:
    """The contours of a file, on `grid` (the CT's, in LPS axes).

    Raises DataError (too large, damaged, no whole numbers, two labels where one is expected, no
    named segments) or GeometryError (another grid and not `resample`), before memory is spent where
    the header tells; the message names the file.
    """
    is_segmentation = image_suffix(path) == SEGMENTATION_SUFFIX
    check_label_size(path, grid, must_match=not resample, may_be_part=True)
    image = read_image(path, channels=is_segmentation)
    if not is_segmentation:
        labels, placement = _turn(image, as_whole_numbers(image.array, path), grid, path, resample)
        boxes = find_value_boxes(labels)
        check_single(boxes, path)
        mask = union_of(labels, boxes, boxes.keys(), placement.source)
        return [placement.place(None, mask)]
    contours = []
    for layer, segments in list_layers(image, read_fields(image.fields, path), path):
        labels, placement = _turn(image, as_whole_numbers(layer, path), grid, path, resample)
        boxes = find_value_boxes(labels)
        for name, value in segments:
            mask = union_of(labels, boxes, {value}, placement.source)
            contours.append(placement.place(name, mask))
    return contours


def _turn(
    image: RawImage, labels: Labels, grid: Grid, path: Path, resample: bool
) -> tuple[Labels, _Placement]:
    """The labels in axes of their own or of the CT, and how they get onto the CT's grid."""
    change = find_alignment(image.grid, grid)
    if change is not None:
        placed = _Placement(target=grid, source=grid, start_ijk=(0, 0, 0))
        return change.apply(labels), placed  # type: ignore[return-value]
    turn = image.grid.reorientation_to_lps()
    turned = image.grid.reoriented(turn)
    start = _find_start(grid, turned)
    if start is None and not resample:
        get_alignment(image.grid, grid, str(path))
    placed = _Placement(target=grid, source=turned, start_ijk=start)
    return turn.apply(labels), placed  # type: ignore[return-value]


def _find_start(grid: Grid, box: Grid) -> tuple[int, int, int] | None:
    """Where a file's grid begins within the CT's when it is a part of it; None when it is not."""
    try:
        return grid.start_of(box)
    except GeometryError:
        return None
