"""Segmentation files: 3D Slicer's .seg.nrrd, several named segments in one or more layers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.image_files import RawImage, read_image
from han5k_review.imaging.label_images import align_labels, find_value_boxes, union_of
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.size_bounds import check_label_size

SEGMENTATION_SUFFIX = ".seg.nrrd"
_FIELD = re.compile(r"Segment(\d+)_(Name|LabelValue|Layer)")


def read_segments(path: Path, grid: Grid) -> dict[str, StructureMask]:
    """Read the segments of a .seg.nrrd by name, on `grid` (the CT's, in LPS axes).

    The key/value pairs `Segment<n>_Name`, `_LabelValue` and `_Layer` say which value of which layer
    is which segment. Raises DataError naming the file (no segments, a name twice), GeometryError
    when it is on another grid.
    """
    check_label_size(path, grid, must_match=True)
    image = read_image(path, channels=True)
    masks: dict[str, StructureMask] = {}
    for array, segments in list_layers(image, read_fields(image.fields, path), path):
        labels = align_labels(replace(image, array=array), grid, path)
        boxes = find_value_boxes(labels)
        for name, value in segments:
            masks[name] = union_of(labels, boxes, {value}, grid)
    return masks


def list_layers(
    image: RawImage, segments: Sequence[tuple[str, int, int]], path: Path
) -> Iterator[tuple[NDArray[np.generic], list[tuple[str, int]]]]:
    """Each layer that holds segments (ni, nj, nk), with their names and label values."""
    layers = image.array if image.array.ndim == 4 else image.array[None]
    for layer in sorted({layer for _, _, layer in segments}):
        if layer >= len(layers):
            raise DataError(
                f"{path}: a segment is in layer {layer}, but there are only {len(layers)} layers."
            )
        yield layers[layer], [(name, value) for name, value, place in segments if place == layer]


def read_fields(fields: dict[str, str], path: Path) -> list[tuple[str, int, int]]:
    """(name, label value, layer) of each segment."""
    found: dict[int, dict[str, str]] = {}
    for key, text in fields.items():
        match = _FIELD.fullmatch(key)
        if match:
            found.setdefault(int(match[1]), {})[match[2]] = text.strip()
    try:
        segments = [
            (parts["Name"], int(parts.get("LabelValue", number + 1)), int(parts.get("Layer", 0)))
            for number, parts in sorted(found.items())
        ]
    except (KeyError, ValueError) as error:
        raise DataError(
            f"{path}: each segment with a name, label value and layer was expected: {error}."
        ) from error
    names = [name for name, _, _ in segments]
    if not segments or len(set(names)) < len(names):
        raise DataError(
            f"{path}: named segments, each name once, were expected, found "
            f"{', '.join(names) or 'none'}."
        )
    return segments
