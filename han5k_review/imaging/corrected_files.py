"""Contour files: named or single contours that come from another tool, on the grid of their CT.

A single mask (NIfTI, NRRD, MetaImage) has no name; the segments of a .seg.nrrd have. A file that
holds only a part of the CT's own grid (3D Slicer crops) is put in its place exactly; one on another
grid is resampled only when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.header_values import ImageHeader
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_files import RawImage, read_image, read_voxels
from han5k_review.imaging.label_images import (
    Labels,
    as_whole_numbers,
    check_single,
    find_value_boxes,
    read_filled_labels,
    union_of,
)
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.placement import find_placement, get_placement
from han5k_review.imaging.resampling import Resampling, resample_mask
from han5k_review.imaging.segmentation_files import (
    Segment,
    build_segments,
    is_segmentation,
    join_boxes,
)
from han5k_review.imaging.size_bounds import check_label_size
from han5k_review.texts.counts import say_count

_REMEDY = (
    "Ask for resampling (`--resample`, or the box beside the upload), or give the file that was "
    "drawn on this CT."
)
_SHOWN_VALUES = 12
_NO_IMAGE = (1, 1, 1)  # how 3D Slicer writes segments without any voxel


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContour:
    """One contour of a file: its name there (None: the file names none), and its mask.

    `notices` are sentences on how this contour had to be read.
    """

    name: str | None
    mask: StructureMask
    resampling: Resampling | None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourFile:
    """The contours of a file, and sentences about the whole file. Iterates over the contours."""

    contours: tuple[FileContour, ...]
    notices: tuple[str, ...]

    def __iter__(self) -> Iterator[FileContour]:
        return iter(self.contours)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placement:
    """How masks of a file get to the CT's grid: exactly at an offset, or by resampling."""

    target: Grid
    source: Grid
    start_ijk: tuple[int, int, int] | None

    def place(self, mask: StructureMask) -> tuple[StructureMask, Resampling | None]:
        if self.start_ijk is None:
            return resample_mask(mask, self.target)
        start = [a + b for a, b in zip(self.start_ijk, mask.start_ijk, strict=True)]
        placed = StructureMask.from_box(mask.voxels, (start[0], start[1], start[2]), self.target)
        return placed, None


def read_corrected(path: Path, grid: Grid, *, resample: bool = False) -> ContourFile:
    """The contours of a file, on `grid` (the CT's, in LPS axes).

    Raises DataError (too large, damaged, no whole numbers, two labels where one is expected, no
    named segments, two names for one value) or GeometryError (another grid and not `resample`),
    before memory is spent where the header tells; the message names the file.
    """
    if is_segmentation(path):
        return _read_segmentation(path, grid, resample)
    check_label_size(path, grid, must_match=not resample)
    image = read_image(path)
    labels, placement = _turn(image, as_whole_numbers(image.array, path), grid, path, resample)
    boxes = find_value_boxes(labels)
    check_single(boxes, path)
    mask, resampling = placement.place(union_of(labels, boxes, boxes.keys(), placement.source))
    contour = FileContour(name=None, mask=mask, resampling=resampling)
    return ContourFile(contours=(contour,), notices=image.notices)


def read_named_map(path: Path, grid: Grid, names: Mapping[int, str]) -> ContourFile:
    """The contours of a flat label map whose values another program named, on `grid`.

    A name whose value does not occur has an empty mask. Raises DataError for a value without a
    name, else as `read_corrected` without resampling.
    """
    labels, start = read_filled_labels(path, grid)
    boxes = find_value_boxes(labels)
    nameless = sorted(boxes.keys() - names.keys())
    if nameless:
        raise DataError(
            f"{path}: a name for each label value was expected, found none for "
            f"{', '.join(map(str, nameless[:_SHOWN_VALUES]))}; send the names with the label map."
        )
    contours = [
        FileContour(name=name, mask=union_of(labels, boxes, {value}, grid, start), resampling=None)
        for value, name in names.items()
    ]
    return ContourFile(contours=tuple(contours), notices=())


def open_segmentation(path: Path, grid: Grid) -> ImageHeader:
    """The header of a segmentation whose voxels lie in `grid`; reads no voxel.

    Raises DataError (unreadable, too large) or GeometryError (another grid).
    """
    check_label_size(path, grid, must_match=True)
    header = read_header(path)
    if header.grid.shape != _NO_IMAGE:
        get_placement(header.grid, grid, str(path), remedy=_REMEDY)
    return header


def _read_segmentation(path: Path, grid: Grid, resample: bool) -> ContourFile:
    check_label_size(path, grid, must_match=not resample)
    header = read_header(path)
    segments = build_segments(header.fields, header.channels, path)
    image = RawImage(array=read_voxels(header), grid=header.grid, notices=header.notices)
    layers = image.array if image.array.ndim == 4 else image.array[None]
    notices = list(image.notices)
    if image.grid.shape == _NO_IMAGE:
        contours = [_build_empty(segment, grid) for segment in segments]
        return ContourFile(contours=tuple(contours), notices=tuple(notices))
    found: dict[str, FileContour] = {}
    for number, layer in enumerate(layers):
        own = [segment for segment in segments if segment.layer == number]
        labels, cut = _cut(as_whole_numbers(layer, path), own)
        turned, placement = _turn(image, labels, grid, path, resample)
        boxes = find_value_boxes(turned)
        for segment in own:
            mask, resampling = placement.place(
                union_of(turned, boxes, {segment.value}, placement.source)
            )
            found[segment.name] = FileContour(
                name=segment.name, mask=mask, resampling=resampling, notices=cut
            )
        notices += _describe_nameless(turned, boxes, own, number)
    return ContourFile(
        contours=tuple(found[segment.name] for segment in segments), notices=tuple(notices)
    )


def _build_empty(segment: Segment, grid: Grid) -> FileContour:
    return FileContour(name=segment.name, mask=StructureMask.empty(grid), resampling=None)


def _cut(labels: Labels, segments: Sequence[Segment]) -> tuple[Labels, tuple[str, ...]]:
    """The layer within the `Extent` of its segments, and a notice of labelled voxels beyond.

    A file that 3D Slicer wrote has none beyond; of any other it shows only what lies within.
    """
    box = join_boxes([segment.box for segment in segments])
    if box is None:
        return labels, ()
    inside = np.zeros_like(labels)
    inside[box] = labels[box]
    beyond = int(np.count_nonzero(labels)) - int(np.count_nonzero(inside))
    if not beyond:
        return labels, ()
    lying = say_count(beyond, "voxel of its layer lies", "voxels of its layer lie")
    return inside, (
        f"{lying} beyond the Extent that the file gives; left out, as 3D Slicer does not show them "
        "either",
    )


def _describe_nameless(
    labels: Labels,
    boxes: Mapping[int, tuple[slice, ...]],
    segments: Sequence[Segment],
    layer: int,
) -> list[str]:
    """A notice of the values of a layer that no segment names, with their voxels."""
    rest = sorted(set(boxes) - {segment.value for segment in segments})
    if not rest:
        return []
    counts = [
        f"{say_count(int(np.count_nonzero(labels[boxes[one]] == one)), 'voxel')} of value {one}"
        for one in rest[:_SHOWN_VALUES]
    ]
    more = f" and {len(rest) - _SHOWN_VALUES} more values" if len(rest) > _SHOWN_VALUES else ""
    return [
        f"no segment names {', '.join(counts)}{more} in layer {layer}; left out, as 3D Slicer does "
        "not show them either"
    ]


def _turn(
    image: RawImage, labels: Labels, grid: Grid, path: Path, resample: bool
) -> tuple[Labels, _Placement]:
    """The labels in axes of their own or of the CT, and how they get onto the CT's grid."""
    place = find_placement(image.grid, grid)
    if place is None and not resample:
        get_placement(image.grid, grid, str(path), remedy=_REMEDY)
    turn = image.grid.reorientation_to_lps() if place is None else place.change
    placed = _Placement(
        target=grid,
        source=image.grid.reoriented(turn),
        start_ijk=None if place is None else place.start_ijk,
    )
    return turn.apply(labels), placed  # type: ignore[return-value]
